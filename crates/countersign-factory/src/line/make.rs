//! A batch of pairs whose keys go into chips.

use super::record::{self, RecordError};
use super::station::{Line, LineError};
use super::vault::{ChipKeySet, PairKeySet, Vault, VaultError, VaultPassphrase};
use crate::batch::Batch;
use crate::chip::{ChipKeys, ChipPair};
use crate::config::{SettingsError, check_prefix};
use crate::factory::FactoryError;
use crate::make::{Made, MakeError, Order, make, next_number};
use crate::plan::{Secrets, serial_of};
use countersign::Timestamp;
use countersign_league::evidence::BatchManifest;
use countersign_provision::Half;
use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What the masters of a batch are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Master {
    /// A chip, whose soft-AP takes ten phones at most.
    Chip,
    /// A computer that runs Linux, with its key in a file and a chip as its radio.
    Linux,
}

impl Master {
    /// Most phones that one serves.
    pub const fn players_max(self) -> u8 {
        match self {
            Self::Chip => 10,
            Self::Linux => 22,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Chip => "chip",
            Self::Linux => "linux",
        }
    }

    const fn secrets(self) -> Secrets {
        match self {
            Self::Chip => Secrets::Chip,
            Self::Linux => Secrets::SlaveChip,
        }
    }

    const fn of(keys: &PairKeySet) -> Self {
        match keys.master {
            Some(_) => Self::Chip,
            None => Self::Linux,
        }
    }
}

impl fmt::Display for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Master {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Chip, Self::Linux];
        all.into_iter().find(|kind| kind.as_str() == text).ok_or("a master is chip or linux")
    }
}

/// What is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipOrder {
    /// How many pairs, 1 to 1,024.
    pub count: usize,
    /// What the masters are.
    pub master: Master,
    /// How many phones each serves: 6 to [`Master::players_max`].
    pub max_players: u8,
    /// Serials begin with this; the settings say what if this does not.
    pub prefix: Option<String>,
    /// Where the batch's folder goes; the station's folder if nothing is said.
    pub out: Option<PathBuf>,
}

/// Why a batch is not finished. What is made stays; the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum ChipMakeError {
    /// Nothing to make, or too much.
    #[error("a batch has 1 to {} pairs; say how many with --count", BatchManifest::MAX_PAIRS)]
    Count,
    /// More phones than the radio of such a master takes.
    #[error(
        "a master that is a {master} serves 6 to {} players, not {max_players}; for more, up to {}, take a master that runs \
         Linux: --master linux", master.players_max(), Master::Linux.players_max()
    )]
    MaxPlayers {
        /// What the masters are.
        master: Master,
        /// What was asked for.
        max_players: u8,
    },
    /// Serials that cannot be.
    #[error(transparent)]
    Prefix(#[from] SettingsError),
    /// An interrupted run has drawn keys for another number of pairs.
    #[error(
        "keys are drawn for {count} pairs, {first} to {last}, that are not made yet; make them first: \
         countersign factory chip make --master {master} --count {count} --prefix {prefix}"
    )]
    Drawn {
        /// How many.
        count: usize,
        /// For which masters.
        master: Master,
        /// The first serial.
        first: String,
        /// The last serial.
        last: String,
        /// What their serials begin with.
        prefix: String,
    },
    /// One after the other.
    #[error(
        "{} was begun and is not finished; go on with it first: countersign factory chip make --master {master} \
         --count {count} --max-players {max_players}", folder.display()
    )]
    Unfinished {
        /// The batch.
        folder: PathBuf,
        /// What its masters are.
        master: Master,
        /// How many pairs it is to have.
        count: usize,
        /// For how many phones.
        max_players: u8,
    },
    /// The same for a batch that another command makes.
    #[error("{} was begun by `countersign factory make` and is not finished; go on with it first", .0.display())]
    Other(PathBuf),
    /// A batch of chips whose keys nobody has.
    #[error(
        "the vault has no keys for {serial} of {}, which is not finished; take the vault's copy from your backup (or go on \
         with `countersign factory make --keys` if its keys came in a file)", batch.display()
    )]
    NoKeys {
        /// The pair.
        serial: String,
        /// Its batch.
        batch: PathBuf,
    },
    /// The keys make no batch.
    #[error(transparent)]
    Keys(#[from] crate::chip::ChipError),
    /// The batch cannot be made.
    #[error(transparent)]
    Make(#[from] MakeError),
    /// A record cannot be sealed.
    #[error("{serial}, {half}: {source}")]
    Record {
        /// The pair.
        serial: String,
        /// Which half.
        half: Half,
        /// Why.
        source: Box<RecordError>,
    },
    /// The vault cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The line cannot be used.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The station cannot be used.
    #[error(transparent)]
    Factory(#[from] FactoryError),
}

/// What is being counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Pairs: certificates, folders, labels.
    Pairs,
    /// Sealed records.
    Records,
}

/// Makes a batch, or goes on with the one that was interrupted: keys into the vault, then certificates and folders, then records.
/// `progress` hears how many pairs of how many are there, and then how many records.
pub fn make_chips(
    line: &Line<'_>,
    passphrase: &VaultPassphrase,
    order: &ChipOrder,
    now: Timestamp,
    progress: &mut dyn FnMut(Stage, usize, usize),
) -> Result<Made, ChipMakeError> {
    let _lock = line.lock()?;
    if !(1..=BatchManifest::MAX_PAIRS).contains(&order.count) {
        return Err(ChipMakeError::Count);
    }
    let (master, max_players) = (order.master, order.max_players);
    if !(6..=master.players_max()).contains(&max_players) {
        return Err(ChipMakeError::MaxPlayers { master, max_players });
    }
    let mut vault = line.vault(passphrase)?;
    let made = match unsealed(line, &vault, order)? {
        Some(batch) => Made { earlier: batch.plan.count, batch },
        None => {
            let serials = serials(line, &mut vault, order)?;
            let order = certified(&vault, &serials, order)?;
            let mut count = |done, total| progress(Stage::Pairs, done, total);
            make(line.factory, &order, now, &mut count)?
        }
    };
    for (index, serial) in made.batch.serials().enumerate() {
        seal(&made.batch, &vault, &serial)?;
        progress(Stage::Records, index + 1, made.batch.plan.count);
    }
    Ok(made)
}

/// Seals again the records that are missing, or that their chips would refuse, of all finished batches whose keys are in the vault.
/// Returns the halves whose records were written, as "GL-00001 slave".
pub fn seal_records(
    line: &Line<'_>,
    passphrase: &VaultPassphrase,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<String>, ChipMakeError> {
    let _lock = line.lock()?;
    let vault = line.vault(passphrase)?;
    let batches = line.factory.batches()?;
    let finished = batches.iter().filter(|batch| batch.is_finished());
    let pairs: Vec<_> = finished
        .flat_map(|batch| batch.serials().map(move |serial| (batch, serial)))
        .filter(|(_, serial)| vault.pair(serial).is_some())
        .collect();
    let mut written = Vec::new();
    for (index, (batch, serial)) in pairs.iter().enumerate() {
        let halves = seal(batch, &vault, serial)?;
        written.extend(halves.into_iter().map(|half| format!("{serial} {half}")));
        progress(index + 1, pairs.len());
    }
    Ok(written)
}

/// The order with the public keys that follow from the vault's.
fn certified(vault: &Vault, serials: &[String], order: &ChipOrder) -> Result<Order, ChipMakeError> {
    let pairs = serials.iter().filter_map(|serial| {
        let keys = vault.pair(serial)?;
        let (master, slave) = (keys.master.as_ref().map(record::device_key), &keys.slave);
        Some(ChipPair { serial: serial.clone(), master, slave: record::device_key(slave) })
    });
    Ok(Order {
        count: Some(order.count),
        max_players: order.max_players,
        prefix: order.prefix.clone(),
        out: order.out.clone(),
        keys: Some(ChipKeys::new(pairs.collect())?),
    })
}

/// The serials of the batch that is to be made or gone on with; their keys are in the vault, and the vault is on the disk.
fn serials(
    line: &Line<'_>,
    vault: &mut Vault,
    order: &ChipOrder,
) -> Result<Vec<String>, ChipMakeError> {
    let batches = line.factory.batches()?;
    if let Some(batch) = batches.iter().find(|batch| !batch.is_finished()) {
        return goes_on(vault, batch, order);
    }
    let known: HashSet<String> = batches.iter().flat_map(Batch::serials).collect();
    let prefix = order.prefix.clone();
    let prefix = prefix.unwrap_or_else(|| line.factory.config.device.serial_prefix.clone());
    check_prefix(&prefix)?;
    let drawn: Vec<String> =
        vault.serials().filter(|serial| !known.contains(*serial)).map(str::to_owned).collect();
    if let (Some(first), Some(last)) = (drawn.first(), drawn.last()) {
        let drawn_for =
            first.rsplit_once('-').map_or(first.as_str(), |(prefix, _)| prefix).to_owned();
        let master = vault.pair(first).map_or(order.master, Master::of);
        if (drawn.len(), master, &drawn_for) == (order.count, order.master, &prefix) {
            return Ok(drawn);
        }
        let prefix = drawn_for;
        let (first, last, count) = (first.clone(), last.clone(), drawn.len());
        return Err(ChipMakeError::Drawn { count, master, first, last, prefix });
    }
    draw(vault, &batches, &prefix, order)
}

/// The serials of a batch that was begun here, if the order is the same.
fn goes_on(vault: &Vault, batch: &Batch, order: &ChipOrder) -> Result<Vec<String>, ChipMakeError> {
    let (plan, folder) = (&batch.plan, batch.folder.clone());
    let serials: Vec<String> = batch.serials().collect();
    let is_known = |serial: &String| vault.pair(serial).is_some();
    let master = match plan.secret {
        Secrets::Chip => Master::Chip,
        Secrets::SlaveChip => Master::Linux,
        Secrets::File => return Err(ChipMakeError::Other(folder)),
    };
    if let Some(serial) = serials.iter().find(|serial| !is_known(serial)) {
        return Err(ChipMakeError::NoKeys { serial: serial.clone(), batch: folder });
    }
    let (count, max_players) = (plan.count, plan.max_players);
    match (count, master, max_players) == (order.count, order.master, order.max_players) {
        true => Ok(serials),
        false => Err(ChipMakeError::Unfinished { folder, master, count, max_players }),
    }
}

fn draw(
    vault: &mut Vault,
    batches: &[Batch],
    prefix: &str,
    order: &ChipOrder,
) -> Result<Vec<String>, ChipMakeError> {
    let first = next_number(batches, prefix);
    let mut serials = Vec::with_capacity(order.count);
    for index in 0..order.count {
        let serial = serial_of(prefix, u64::from(first) + index as u64);
        let chip = || ChipKeySet::draw().map_err(VaultError::from);
        let master = match order.master {
            Master::Chip => Some(chip()?),
            Master::Linux => None,
        };
        let slave = chip()?;
        vault.add(&serial, PairKeySet { master, slave })?;
        serials.push(serial);
    }
    vault.save()?;
    Ok(serials)
}

/// A finished batch that is what was ordered and lacks records: they come after the manifest.
fn unsealed(
    line: &Line<'_>,
    vault: &Vault,
    order: &ChipOrder,
) -> Result<Option<Batch>, ChipMakeError> {
    let lacks = |batch: &Batch| {
        let plan = &batch.plan;
        let Some(last) = batch.serials().last() else { return false };
        let record = batch.folder.join(&last).join(Half::Slave.as_str()).join(record::RECORD_FILE);
        (plan.count, plan.max_players) == (order.count, order.max_players)
            && (plan.secret, batch.is_finished()) == (order.master.secrets(), true)
            && vault.pair(&last).is_some()
            && !record.exists()
    };
    Ok(line.factory.batches()?.into_iter().find(lacks))
}

/// Writes what is missing of a pair's records; returns whose were written.
fn seal(batch: &Batch, vault: &Vault, serial: &str) -> Result<Vec<Half>, ChipMakeError> {
    let keys = vault.pair(serial).ok_or_else(|| ChipMakeError::NoKeys {
        serial: serial.to_owned(),
        batch: batch.folder.clone(),
    })?;
    let mut written = Vec::new();
    for half in Half::BOTH {
        let Some(keys) = keys.of(half) else { continue };
        let folder = batch.folder.join(serial).join(half.as_str());
        let wrote = record::write(&folder, keys).map_err(|source| {
            let (serial, source) = (serial.to_owned(), Box::new(source));
            ChipMakeError::Record { serial, half, source }
        })?;
        written.extend(wrote.then_some(half));
    }
    Ok(written)
}
