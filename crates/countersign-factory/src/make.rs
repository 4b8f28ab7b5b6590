//! Making a batch, and going on with one that was interrupted.

use crate::batch::{
    ASIDE, Batch, BatchError, MANIFEST_FILE, SHEET_FILE, aside, name_of, number_of, remove_folder,
};
use crate::chip::ChipKeys;
use crate::config::{SettingsError, check_prefix};
use crate::factory::{Factory, FactoryError};
use crate::label::{Label, LabelError};
use crate::mark::mark;
use crate::plan::{Plan, Secrets};
use crate::random::{RandomError, passphrase, random};
use countersign::{Malformed, RecordHeader, RecordId, Signer, SigningKey, Timestamp, VerifyingKey};
use countersign_keys::disk::{self, Access, DiskError};
use countersign_keys::{KeyFileError, Utc, key_file};
use countersign_league::evidence::{BatchManifest, PairCertificate, Stamp, digest_of, seal};
use countersign_league::{BatchId, DeviceId};
use countersign_provision::{
    DeviceConfig, Half, KeysConfig, PAIR_FILE, Parts, Passphrase, Provision, ProvisionError,
    WifiConfig, WifiError, WifiName, host_label,
};
use std::collections::HashSet;
use std::path::PathBuf;

/// What is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// How many pairs, 1 to 1,024; not needed with keys.
    pub count: Option<usize>,
    /// How many phones each serves: 6 to 22.
    pub max_players: u8,
    /// Serials begin with this; the settings say what if this does not.
    pub prefix: Option<String>,
    /// Where the batch's folder goes; the station's folder if nothing is said.
    pub out: Option<PathBuf>,
    /// Public keys that chips made; secret keys are made here for all other halves.
    pub keys: Option<ChipKeys>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The finished batch.
    pub batch: Batch,
    /// How many of its pairs an earlier, interrupted run had made.
    pub earlier: usize,
}

/// Why a batch is not finished. What is made stays; the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Nothing to make, or too much.
    #[error("a batch has 1 to {} pairs; say how many with --count", BatchManifest::MAX_PAIRS)]
    Count,
    /// Another number than the file of keys has.
    #[error("the file of keys has {rows} pairs, not {count}; leave --count out")]
    OtherCount {
        /// What was asked for.
        count: usize,
        /// What the file has.
        rows: usize,
    },
    /// A device that nobody could play with, or more than the rules allow.
    #[error("a pair serves 6 to 22 players, not {0}")]
    MaxPlayers(u8),
    /// Serials that cannot be.
    #[error(transparent)]
    Prefix(#[from] SettingsError),
    /// One after the other.
    #[error("{} was begun and is not finished; go on with it first: {command}", folder.display())]
    Unfinished {
        /// The batch.
        folder: PathBuf,
        /// The command that goes on.
        command: String,
    },
    /// Devices would refuse the server's keys.
    #[error("the key set expired at {}; fetch the current one with `countersign factory refresh`", Utc(*.0))]
    KeysetExpired(Timestamp),
    /// Two pairs would look alike.
    #[error("the serial {serial} is taken by a pair in {}", folder.display())]
    SerialTaken {
        /// The serial.
        serial: String,
        /// The batch that has it.
        folder: PathBuf,
    },
    /// Two devices would be one.
    #[error(
        "the key {key} of {serial} is in use by another device; every device needs keys of its own"
    )]
    KeyTaken {
        /// The pair that wants it.
        serial: String,
        /// The key, in hexadecimal digits.
        key: String,
    },
    /// A name or passphrase that no phone takes.
    #[error(transparent)]
    Wifi(#[from] WifiError),
    /// The label cannot be drawn.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// A key cannot be made.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A certificate does not fit.
    #[error("a certificate cannot be made: {0}")]
    Certificate(#[from] Malformed),
    /// A half's folder does not read back as it was written.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The station cannot be used.
    #[error(transparent)]
    Factory(#[from] FactoryError),
    /// A batch cannot be used.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Not to be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Makes a batch, or goes on with the one that was interrupted. `progress` hears how many pairs of how many are there.
///
/// Killed at any point, the next run goes on: whole pairs stay as they are, and what was not whole is thrown away with its keys.
pub fn make(
    factory: &Factory,
    order: &Order,
    now: Timestamp,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Made, MakeError> {
    let _lock = factory.lock()?;
    let key = factory.key()?;
    let expires = factory.keyset.content.expires;
    if expires <= now {
        return Err(MakeError::KeysetExpired(expires));
    }
    let count = check(order)?;
    let batches = factory.batches()?;
    let unfinished = batches.iter().find(|batch| !batch.is_finished());
    let others = batches.iter().filter(|batch| Some(*batch) != unfinished);
    let used = keys_in_use(factory, others)?;
    let batch = match unfinished {
        Some(batch) if agrees(order, count, batch) => batch.clone(),
        Some(batch) => {
            let (folder, command) = (batch.folder.clone(), command_for(factory, batch));
            return Err(MakeError::Unfinished { folder, command });
        }
        None => begin(factory, order, count, &batches, &used)?,
    };
    let mut run = Run { factory, key, batch, now, used };
    let earlier = run.pairs(progress)?;
    run.finish()?;
    Ok(Made { batch: run.batch, earlier })
}

fn check(order: &Order) -> Result<usize, MakeError> {
    if !(6..=22).contains(&order.max_players) {
        return Err(MakeError::MaxPlayers(order.max_players));
    }
    if let Some(prefix) = &order.prefix {
        check_prefix(prefix)?;
    }
    let rows = order.keys.as_ref().map(|keys| keys.pairs().len());
    match (order.count, rows) {
        (Some(count), Some(rows)) if count != rows => Err(MakeError::OtherCount { count, rows }),
        (count, rows) => rows
            .or(count)
            .filter(|count| (1..=BatchManifest::MAX_PAIRS).contains(count))
            .ok_or(MakeError::Count),
    }
}

/// Whether an order asks for what an unfinished batch is to be.
fn agrees(order: &Order, count: usize, batch: &Batch) -> bool {
    let plan = &batch.plan;
    let prefix = order.prefix.as_ref().is_none_or(|prefix| *prefix == plan.prefix);
    let place = order.out.as_ref().is_none_or(|out| {
        out.canonicalize().ok() == batch.folder.parent().and_then(|p| p.canonicalize().ok())
    });
    let keys = match (&order.keys, plan.secret) {
        (None, Secrets::File) => true,
        (Some(keys), Secrets::Chip | Secrets::SlaveChip) => keys
            .pairs()
            .iter()
            .enumerate()
            .all(|(index, pair)| batch.chip_keys(index) == Some(pair)),
        (None, Secrets::Chip | Secrets::SlaveChip) | (Some(_), Secrets::File) => false,
    };
    count == plan.count && order.max_players == plan.max_players && prefix && place && keys
}

/// What to type to go on with a batch.
fn command_for(factory: &Factory, batch: &Batch) -> String {
    let Plan { count, max_players, prefix, .. } = &batch.plan;
    let (dir, folder) = (factory.path().display(), batch.folder.display());
    match batch.plan.secret {
        Secrets::File => format!(
            "countersign factory make --dir {dir} --count {count} --max-players {max_players} --prefix {prefix}"
        ),
        Secrets::Chip | Secrets::SlaveChip => format!(
            "countersign factory make --dir {dir} --keys {folder}/keys.csv --max-players {max_players}"
        ),
    }
}

fn begin(
    factory: &Factory,
    order: &Order,
    count: usize,
    batches: &[Batch],
    used: &HashSet<[u8; 32]>,
) -> Result<Batch, MakeError> {
    let place = match &order.out {
        Some(out) => factory.remember_place(out)?,
        None => factory.path().to_owned(),
    };
    let prefix =
        order.prefix.clone().unwrap_or_else(|| factory.config.device.serial_prefix.clone());
    let number = batches.iter().filter_map(|batch| number_of(&batch.name())).max().unwrap_or(0);
    let plan = Plan {
        format: Plan::FORMAT,
        batch: BatchId::from_bytes(random()?),
        station: factory.config.station.clone(),
        count,
        max_players: order.max_players,
        first: next_number(batches, &prefix),
        prefix,
        secret: order.keys.as_ref().map_or(Secrets::File, ChipKeys::secrets),
    };
    let planned: HashSet<String> = match &order.keys {
        Some(keys) => keys.pairs().iter().map(|pair| pair.serial.clone()).collect(),
        None => (0..count).map(|index| plan.serial(index)).collect(),
    };
    for batch in batches {
        if let Some(serial) = batch.serials().find(|serial| planned.contains(serial)) {
            return Err(MakeError::SerialTaken { serial, folder: batch.folder.clone() });
        }
    }
    // Before the batch is begun: a plan that cannot be carried out would stand in the way of all others.
    for pair in order.keys.iter().flat_map(|keys| keys.pairs()) {
        for key in pair.keys() {
            if used.contains(key.as_bytes()) {
                return Err(key_taken(&pair.serial, key));
            }
        }
    }
    let folder = place.join(name_of(number.saturating_add(1)));
    Ok(Batch::begin(&folder, plan, order.keys.clone())?)
}

/// The first number of a prefix that no batch has used: from 1.
pub(crate) fn next_number(batches: &[Batch], prefix: &str) -> u32 {
    let after = |batch: &Batch| {
        let numbers = batch.serials().filter_map(|serial| {
            let (before, digits) = serial.rsplit_once('-')?;
            (before == prefix).then(|| digits.parse::<u32>().ok())?
        });
        numbers.max().map_or(1, |last| last.saturating_add(1))
    };
    batches.iter().map(after).max().unwrap_or(1)
}

/// The public keys of all pairs of some batches.
fn keys_in_use<'b>(
    factory: &Factory,
    batches: impl Iterator<Item = &'b Batch>,
) -> Result<HashSet<[u8; 32]>, BatchError> {
    let mut used = HashSet::new();
    for batch in batches {
        for serial in batch.made() {
            let pair = batch.certificate(&serial, &factory.realm, &factory.config.key)?.value;
            used.extend([*pair.master.as_bytes(), *pair.slave.as_bytes()]);
        }
    }
    Ok(used)
}

fn key_taken(serial: &str, key: &VerifyingKey) -> MakeError {
    MakeError::KeyTaken { serial: serial.to_owned(), key: hex::encode(key.as_bytes()) }
}

/// The work on one batch.
struct Run<'f> {
    factory: &'f Factory,
    key: SigningKey,
    batch: Batch,
    now: Timestamp,
    used: HashSet<[u8; 32]>,
}

/// The keys of a pair that is being made; the secret ones only of halves whose keys are made here.
struct PairKeys {
    public: [VerifyingKey; 2],
    secret: [Option<SigningKey>; 2],
}

impl Run<'_> {
    /// Makes what is missing; returns how many were there.
    fn pairs(&mut self, progress: &mut dyn FnMut(usize, usize)) -> Result<usize, MakeError> {
        for name in disk::names(&self.batch.folder)? {
            if name.starts_with(ASIDE) && self.batch.folder.join(&name).is_dir() {
                remove_folder(&self.batch.folder.join(name))?;
            }
        }
        let earlier: Vec<String> = self.batch.made().collect();
        for serial in &earlier {
            let pair = self.certificate(serial)?;
            for key in [pair.master, pair.slave] {
                self.use_key(serial, &key)?;
            }
        }
        let (mut done, total) = (earlier.len(), self.batch.plan.count);
        let there: HashSet<&String> = earlier.iter().collect();
        for index in 0..total {
            if !there.contains(&self.batch.serial(index)) {
                self.pair(index)?;
                done += 1;
                progress(done, total);
            }
        }
        Ok(earlier.len())
    }

    /// One pair, built aside and put in place when it reads back as it should.
    fn pair(&mut self, index: usize) -> Result<(), MakeError> {
        let serial = self.batch.serial(index);
        let keys = self.keys(index)?;
        for key in &keys.public {
            self.use_key(&serial, key)?;
        }
        let [master, slave] = keys.public.clone();
        let Plan { batch, max_players, .. } = self.batch.plan;
        let device = DeviceId::from_bytes(random()?);
        let (serial, mark) = (serial, mark(index));
        let pair = PairCertificate { device, batch, serial, mark, master, slave, max_players };
        let frame = seal(&self.factory.realm, &self.key, self.stamp()?, &pair)?;
        let place = self.batch.folder.join(&pair.serial);
        let aside = aside(&place);
        disk::make_folder(&aside)?;
        disk::create(&aside.join(PAIR_FILE), &frame, Access::Public)?;
        let wifi = self.wifi(&pair)?;
        for (half, index) in [(Half::Master, 0), (Half::Slave, 1)] {
            let config = self.config(half, &pair, &wifi);
            let folder = aside.join(half.as_str());
            let keyset = &self.factory.keyset_frame;
            let key = keys.secret[index].as_ref();
            Provision::write(&folder, Parts { config: &config, key, pair: &frame, keyset })?;
            let read = Provision::read(&folder)?;
            if half == Half::Master {
                for file in Label::of(&read.config).files()? {
                    disk::create(&aside.join(file.name), file.content.as_bytes(), file.access)?;
                }
            }
        }
        disk::sync_folder(&aside)?;
        Ok(disk::publish(&aside, &place)?)
    }

    /// The sheet, and then the manifest: with it the batch is complete.
    fn finish(&self) -> Result<(), MakeError> {
        let (mut digests, mut pairs) = (Vec::new(), Vec::new());
        for serial in self.batch.serials() {
            pairs.push(self.certificate(&serial)?);
            digests.push(digest_of(&self.factory.realm, &self.batch.certificate_frame(&serial)?)?);
        }
        digests.sort_unstable();
        let sheet = crate::html::sheet(&self.batch.plan, &pairs);
        disk::replace(&self.batch.folder.join(SHEET_FILE), sheet.as_bytes(), Access::Public)?;
        let Plan { batch, station, .. } = self.batch.plan.clone();
        let manifest = BatchManifest { batch, station, pairs: digests };
        let frame = seal(&self.factory.realm, &self.key, self.stamp()?, &manifest)?;
        Ok(disk::replace(&self.batch.folder.join(MANIFEST_FILE), &frame, Access::Public)?)
    }

    fn keys(&self, index: usize) -> Result<PairKeys, MakeError> {
        let chips = self.batch.chip_keys(index);
        let key = |made: Option<&VerifyingKey>| match made {
            Some(made) => Ok::<_, KeyFileError>((made.clone(), None)),
            None => {
                let key = key_file::generate()?;
                Ok((key.verifying_key().clone(), Some(key)))
            }
        };
        let (master, master_secret) = key(chips.and_then(|pair| pair.master.as_ref()))?;
        let (slave, slave_secret) = key(chips.map(|pair| &pair.slave))?;
        Ok(PairKeys { public: [master, slave], secret: [master_secret, slave_secret] })
    }

    fn use_key(&mut self, serial: &str, key: &VerifyingKey) -> Result<(), MakeError> {
        if self.used.insert(*key.as_bytes()) {
            return Ok(());
        }
        Err(key_taken(serial, key))
    }

    fn certificate(&self, serial: &str) -> Result<PairCertificate, BatchError> {
        let signed = self.batch.certificate(serial, &self.factory.realm, &self.factory.config.key);
        signed.map(|signed| signed.value)
    }

    fn stamp(&self) -> Result<Stamp, RandomError> {
        let id = RecordId::from_bytes(random()?);
        Ok(Stamp { id, created: self.now, previous: RecordHeader::FIRST })
    }

    fn wifi(&self, pair: &PairCertificate) -> Result<WifiConfig, MakeError> {
        let (prefix, id) = (&self.factory.config.wifi.prefix, pair.device.to_string());
        let name = WifiName::new(format!("{prefix} {} {}", pair.mark, &id[..4]))?;
        Ok(WifiConfig { name, passphrase: Passphrase::new(passphrase()?)? })
    }

    fn config(&self, role: Half, pair: &PairCertificate, wifi: &WifiConfig) -> DeviceConfig {
        let settings = &self.factory.config;
        let (own, partner) = match role {
            Half::Master => (pair.master.clone(), pair.slave.clone()),
            Half::Slave => (pair.slave.clone(), pair.master.clone()),
        };
        DeviceConfig {
            format: DeviceConfig::FORMAT,
            role,
            device: pair.device,
            batch: pair.batch,
            serial: pair.serial.clone(),
            mark: pair.mark.clone(),
            max_players: pair.max_players,
            ruleset: settings.device.ruleset.clone(),
            realm: settings.realm.clone(),
            server: settings.server.clone(),
            keys: KeysConfig {
                factory: settings.key.clone(),
                own,
                partner,
                secret: self.batch.plan.secret.of(role),
            },
            wifi: wifi.clone(),
            network: settings.network(&host_label(&pair.device)),
        }
    }
}
