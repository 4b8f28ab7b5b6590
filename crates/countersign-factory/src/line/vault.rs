//! The sealed vault: one file with every secret of the chip line.
//!
//! ```text
//!   "GLV1" ‖ u32 memory KiB ‖ u32 passes ‖ u32 lanes ‖ salt 16 ‖ nonce 24 ‖ XChaCha20-Poly1305 ( … ) ‖ tag 16
//! ```
//!
//! The key is Argon2id of the passphrase. Everything before the ciphertext is authenticated with it. Each writing has a nonce of its own.
//! The content: `u8 format ‖ u16 length, PKCS #8 ‖ u32 pairs ‖ pairs`, a pair being `u8 length, serial ‖ u8 halves (2 the slave, 3 both) ‖
//! 3 × 32 of each, the master first ‖ u8 count ‖ count × chip`, a chip being `u8 half (1 master, 2 slave) ‖ u8 place (0 folder, 1 port) ‖
//! address 6`: the chips that a half was burnt into, the newest last.

use super::address::Address;
use super::chip::Site;
use crate::random::{RandomError, random};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305};
use countersign::Malformed;
use countersign::wire::{Reader, put_lp8};
use countersign_keys::disk::{self, Access, DiskError};
use countersign_keys::{KeyFileError, key_file};
use countersign_provision::Half;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MAGIC: &[u8; 4] = b"GLV1";
const FORMAT: u8 = 2;
/// RFC 9106, section 4, second choice: 64 MiB, three passes, four lanes.
const COST: [u32; 3] = [64 * 1024, 3, 4];
/// Most that a file may ask for; more would be an attack on the memory of whoever opens it.
const COST_MAX: [u32; 3] = [1024 * 1024, 16, 16];
const SALT: usize = 16;
const NONCE: usize = 24;
const TAG: usize = 16;
const HEAD: usize = MAGIC.len() + 12 + SALT + NONCE;
/// Most pairs in a vault: a thousand full batches would not fit, a hundred do.
const PAIRS_MAX: usize = 131_072;
const FILE_MAX: usize = 64 * 1024 * 1024;
/// Most chips that a pair remembers: two halves, and many trials.
const CHIPS_MAX: usize = 64;

type Key = Zeroizing<[u8; 32]>;

/// What opens the vault. Wiped when dropped, never shown.
pub struct VaultPassphrase(Zeroizing<String>);

impl VaultPassphrase {
    /// Fewest characters: a vault may be stolen and tried at leisure.
    pub const MIN: usize = 12;

    /// Takes a passphrase as it was typed, or the first line of a file.
    pub fn new(text: impl Into<String>) -> Result<Self, VaultError> {
        let text = Zeroizing::new(text.into());
        match text.chars().count() {
            Self::MIN..=1024 => Ok(Self(text)),
            _ => Err(VaultError::Passphrase),
        }
    }

    /// Reads the first line of a file that only its owner can read.
    pub fn read(path: &Path) -> Result<Self, VaultError> {
        let file = disk::read(path)?.ok_or_else(|| VaultError::Missing(path.to_owned()))?;
        key_file::check_mode(path, &file.file)?;
        let text = core::str::from_utf8(&file.content).map_err(|_| VaultError::Passphrase)?;
        Self::new(text.lines().next().unwrap_or_default())
    }
}

impl fmt::Debug for VaultPassphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultPassphrase(..)")
    }
}

/// The eFuse keys of one chip, as `espefuse burn-key` takes them.
#[derive(Clone, PartialEq, Eq)]
pub struct ChipKeySet {
    /// `BLOCK_KEY0`: flash encryption.
    pub(super) flash: Key,
    /// `BLOCK_KEY1`: the device key is derived from it.
    pub(super) identity: Key,
    /// `BLOCK_KEY2`: the key of the sealed record is derived from it.
    pub(super) record: Key,
}

impl ChipKeySet {
    /// Three fresh keys.
    pub(super) fn draw() -> Result<Self, RandomError> {
        let key = || random().map(Zeroizing::new);
        Ok(Self { flash: key()?, identity: key()?, record: key()? })
    }

    fn keys(&self) -> [&Key; 3] {
        [&self.flash, &self.identity, &self.record]
    }

    /// Flash encryption, identity, record. Whoever has them has the chip.
    pub fn expose(&self) -> [[u8; 32]; 3] {
        self.keys().map(|key| **key)
    }
}

impl fmt::Debug for ChipKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChipKeySet(..)")
    }
}

/// The keys of the chips of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairKeySet {
    /// Of the master; a master that runs Linux has its key in a file.
    pub master: Option<ChipKeySet>,
    /// Of the slave.
    pub slave: ChipKeySet,
}

impl PairKeySet {
    /// Of one half, if it is a chip.
    pub const fn of(&self, half: Half) -> Option<&ChipKeySet> {
        match half {
            Half::Master => self.master.as_ref(),
            Half::Slave => Some(&self.slave),
        }
    }

    fn chips(&self) -> impl Iterator<Item = &ChipKeySet> {
        self.master.iter().chain([&self.slave])
    }
}

/// A chip that a half was burnt into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownChip {
    /// Which half.
    pub half: Half,
    /// Where it was.
    pub site: Site,
    /// Which chip.
    pub address: Address,
}

#[derive(Clone)]
struct Pair {
    keys: PairKeySet,
    /// The newest last.
    chips: Vec<KnownChip>,
}

/// Why a vault cannot be used. Shows nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Too easy, or no text.
    #[error(
        "a vault's passphrase is a line of 12 to 1,024 characters; five random words are a good one"
    )]
    Passphrase,
    /// Not there.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// Nothing is overwritten.
    #[error("{} exists; a vault is never overwritten: there may be no other copy of its keys", .0.display())]
    Exists(PathBuf),
    /// Not a vault, cut off, or one that asks for too much.
    #[error("{} is no vault, or it is damaged: {what}; take the copy from your backup", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The tag does not fit.
    #[error(
        "{} does not open: the passphrase is another one, or the file was changed; if you are sure of the passphrase, \
         take the copy from your backup", .0.display()
    )]
    Closed(PathBuf),
    /// Two chips would be one.
    #[error(
        "a key that was drawn for {0} is in the vault already; the generator of this machine repeats itself, and no \
         key that it gives can be used"
    )]
    KeyTwice(String),
    /// Two pairs would be one.
    #[error("the vault has keys for {0} already")]
    SerialTwice(String),
    /// Too many tries.
    #[error("the vault remembers {CHIPS_MAX} chips for {0}, and no more; make another pair")]
    Chips(String),
    /// Full.
    #[error("the vault is full: it holds {PAIRS_MAX} pairs; begin another station")]
    Full,
    /// Others can read the file.
    #[error(transparent)]
    Mode(#[from] KeyFileError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// An open vault. What is in it is wiped when it is dropped.
pub struct Vault {
    path: PathBuf,
    cost: [u32; 3],
    salt: [u8; SALT],
    key: Key,
    boot_key: Zeroizing<Vec<u8>>,
    pairs: BTreeMap<String, Pair>,
    /// SHA-256 of every eFuse key.
    used: HashSet<[u8; 32]>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({}, {} pairs)", self.path.display(), self.pairs.len())
    }
}

impl Vault {
    /// Makes a vault around the key that signs images (PKCS #8).
    pub(super) fn create(
        path: &Path,
        passphrase: &VaultPassphrase,
        boot_key: Zeroizing<Vec<u8>>,
    ) -> Result<Self, VaultError> {
        if path.symlink_metadata().is_ok() {
            return Err(VaultError::Exists(path.to_owned()));
        }
        let (cost, salt) = (COST, random()?);
        let key = derive(path, passphrase, cost, &salt)?;
        let (pairs, used) = (BTreeMap::new(), HashSet::new());
        let vault = Self { path: path.to_owned(), cost, salt, key, boot_key, pairs, used };
        vault.save()?;
        Ok(vault)
    }

    /// Opens a vault that only its owner can read.
    pub fn open(path: &Path, passphrase: &VaultPassphrase) -> Result<Self, VaultError> {
        let file = disk::read_up_to(path, FILE_MAX)?;
        let mut file = file.ok_or_else(|| VaultError::Missing(path.to_owned()))?;
        key_file::check_mode(path, &file.file)?;
        let format = |what| VaultError::Format { path: path.to_owned(), what };
        if file.content.len() < HEAD + TAG || !file.content.starts_with(MAGIC) {
            return Err(format("it does not begin like one"));
        }
        let (head, sealed) = file.content.split_at_mut(HEAD);
        let (cost, salt, nonce) = read_head(head).map_err(|_| format("its head"))?;
        if cost.iter().zip(COST_MAX).any(|(cost, most)| *cost > most) {
            return Err(format("it asks for more memory or time than any vault"));
        }
        let key = derive(path, passphrase, cost, &salt)?;
        let (body, tag) = sealed.split_at_mut(sealed.len() - TAG);
        let tag = Tag::try_from(&*tag).map_err(|_| format("its tag"))?;
        XChaCha20Poly1305::new((&*key).into())
            .decrypt_inout_detached((&nonce).into(), head, body.into(), &tag)
            .map_err(|_| VaultError::Closed(path.to_owned()))?;
        let (boot_key, pairs) = read_body(body).map_err(|_| format("its content"))?;
        let mut vault = Self {
            path: path.to_owned(),
            cost,
            salt,
            key,
            boot_key,
            pairs: BTreeMap::new(),
            used: HashSet::new(),
        };
        for (serial, Pair { keys, chips }) in pairs {
            vault.add(&serial, keys)?;
            vault.pairs.entry(serial).and_modify(|pair| pair.chips = chips);
        }
        Ok(vault)
    }

    /// Writes the vault so that a crash leaves the old one or the new one.
    pub(super) fn save(&self) -> Result<(), VaultError> {
        let nonce: [u8; NONCE] = random()?;
        let chips: usize = self.pairs.values().map(|pair| pair.chips.len()).sum();
        let pairs = self.pairs.len() * (33 + 2 + 192) + chips * 8;
        let size = HEAD + TAG + 7 + self.boot_key.len() + pairs;
        if size > FILE_MAX {
            return Err(VaultError::Full);
        }
        let mut out = Zeroizing::new(Vec::with_capacity(size));
        out.extend_from_slice(MAGIC);
        self.cost.iter().for_each(|cost| out.extend_from_slice(&cost.to_be_bytes()));
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&nonce);
        self.put_body(&mut out);
        let (head, body) = out.split_at_mut(HEAD);
        let tag = XChaCha20Poly1305::new((&*self.key).into())
            .encrypt_inout_detached((&nonce).into(), head, body.into())
            .map_err(|_| VaultError::Full)?;
        out.extend_from_slice(&tag);
        Ok(disk::replace(&self.path, &out, Access::Private)?)
    }

    /// Takes the keys of a new pair in: none of them may be there already.
    pub(super) fn add(&mut self, serial: &str, keys: PairKeySet) -> Result<(), VaultError> {
        if self.pairs.len() == PAIRS_MAX {
            return Err(VaultError::Full);
        }
        if self.pairs.contains_key(serial) {
            return Err(VaultError::SerialTwice(serial.to_owned()));
        }
        for key in keys.chips().flat_map(ChipKeySet::keys) {
            if !self.used.insert(Sha256::digest(key.as_slice()).into()) {
                return Err(VaultError::KeyTwice(serial.to_owned()));
            }
        }
        self.pairs.insert(serial.to_owned(), Pair { keys, chips: Vec::new() });
        Ok(())
    }

    /// The keys of a pair.
    pub fn pair(&self, serial: &str) -> Option<&PairKeySet> {
        self.pairs.get(serial).map(|pair| &pair.keys)
    }

    /// The chips that the halves of a pair were burnt into, the newest last.
    pub fn chips(&self, serial: &str) -> &[KnownChip] {
        self.pairs.get(serial).map_or(&[], |pair| &pair.chips)
    }

    /// The chip that a half is in.
    pub fn chip_of(&self, serial: &str, half: Half, site: Site) -> Option<Address> {
        let of_half = |chip: &&KnownChip| (chip.half, chip.site) == (half, site);
        self.chips(serial).iter().rfind(of_half).map(|chip| chip.address)
    }

    /// Which half was burnt into a chip.
    pub fn whose(&self, address: Address) -> Option<(&str, Half)> {
        self.pairs.iter().find_map(|(serial, pair)| {
            let chip = pair.chips.iter().rfind(|chip| chip.address == address)?;
            Some((serial.as_str(), chip.half))
        })
    }

    /// Remembers that a half goes into a chip.
    pub(super) fn remember(&mut self, serial: &str, chip: KnownChip) -> Result<(), VaultError> {
        let Some(pair) = self.pairs.get_mut(serial) else { return Ok(()) };
        if pair.chips.len() == CHIPS_MAX {
            return Err(VaultError::Chips(serial.to_owned()));
        }
        pair.chips.push(chip);
        Ok(())
    }

    /// The serials that it has keys for, in their order.
    pub fn serials(&self) -> impl Iterator<Item = &str> {
        self.pairs.keys().map(String::as_str)
    }

    /// The key that signs images, as PEM for the tools.
    pub(super) fn boot_key_pem(&self) -> Zeroizing<Vec<u8>> {
        pem(&self.boot_key)
    }

    /// The same, PKCS #8. Whoever has it makes firmware for all chips of this line.
    pub fn expose_boot_key(&self) -> &[u8] {
        &self.boot_key
    }

    fn put_body(&self, out: &mut Vec<u8>) {
        out.push(FORMAT);
        out.extend_from_slice(&(self.boot_key.len() as u16).to_be_bytes());
        out.extend_from_slice(&self.boot_key);
        out.extend_from_slice(&(self.pairs.len() as u32).to_be_bytes());
        for (serial, pair) in &self.pairs {
            put_lp8(out, serial.as_bytes());
            out.push(if pair.keys.master.is_some() { BOTH } else { SLAVE });
            for key in pair.keys.chips().flat_map(ChipKeySet::keys) {
                out.extend_from_slice(key.as_slice());
            }
            out.push(pair.chips.len() as u8);
            for KnownChip { half, site, address } in &pair.chips {
                let half = if *half == Half::Master { MASTER } else { SLAVE };
                out.extend_from_slice(&[half, u8::from(*site == Site::Port)]);
                out.extend_from_slice(address.as_bytes());
            }
        }
    }
}

/// The text form of a PKCS #8 key: RFC 7468.
pub(super) fn pem(key: &[u8]) -> Zeroizing<Vec<u8>> {
    use base64::Engine;
    let text = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(key));
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() + text.len() / 64 + 64));
    out.extend_from_slice(b"-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out.extend_from_slice(b"-----END PRIVATE KEY-----\n");
    out
}

fn derive(
    path: &Path,
    passphrase: &VaultPassphrase,
    [memory, passes, lanes]: [u32; 3],
    salt: &[u8; SALT],
) -> Result<Key, VaultError> {
    let format = |_| VaultError::Format { path: path.to_owned(), what: "its Argon2 parameters" };
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(format)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.0.as_bytes(), salt, key.as_mut_slice())
        .map_err(format)?;
    Ok(key)
}

type Head = ([u32; 3], [u8; SALT], [u8; NONCE]);

fn read_head(head: &[u8]) -> Result<Head, Malformed> {
    let mut reader = Reader::new(head);
    let _magic: [u8; 4] = reader.array()?;
    let cost = [reader.u32()?, reader.u32()?, reader.u32()?];
    Ok((cost, reader.array()?, reader.array()?))
}

type Body = (Zeroizing<Vec<u8>>, Vec<(String, Pair)>);

/// Halves in a vault.
const MASTER: u8 = 1;
const SLAVE: u8 = 2;
const BOTH: u8 = MASTER | SLAVE;

fn read_body(body: &[u8]) -> Result<Body, Malformed> {
    let mut reader = Reader::new(body);
    match reader.u8()? {
        FORMAT => {}
        other => return Err(Malformed::Version(other)),
    }
    let len = usize::from(reader.u16()?);
    let boot_key = Zeroizing::new(reader.slice(len)?.to_vec());
    let count = reader.u32()? as usize;
    if count > PAIRS_MAX {
        return Err(Malformed::Range);
    }
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        let serial = core::str::from_utf8(reader.lp8()?).map_err(|_| Malformed::Range)?;
        pairs.push((serial.to_owned(), read_pair(&mut reader)?));
    }
    reader.finish()?;
    Ok((boot_key, pairs))
}

fn read_pair(reader: &mut Reader<'_>) -> Result<Pair, Malformed> {
    fn keys(reader: &mut Reader<'_>) -> Result<ChipKeySet, Malformed> {
        let mut key = || reader.array().map(Zeroizing::new);
        Ok(ChipKeySet { flash: key()?, identity: key()?, record: key()? })
    }
    let master = match reader.u8()? {
        BOTH => Some(keys(reader)?),
        SLAVE => None,
        _ => return Err(Malformed::Range),
    };
    let (slave, count) = (keys(reader)?, usize::from(reader.u8()?));
    if count > CHIPS_MAX {
        return Err(Malformed::Range);
    }
    let mut chips = Vec::with_capacity(count);
    for _ in 0..count {
        let half = match reader.u8()? {
            MASTER => Half::Master,
            SLAVE => Half::Slave,
            _ => return Err(Malformed::Range),
        };
        let site = match reader.u8()? {
            0 => Site::Folder,
            1 => Site::Port,
            _ => return Err(Malformed::Range),
        };
        chips.push(KnownChip { half, site, address: Address::from_bytes(reader.array()?) });
    }
    Ok(Pair { keys: PairKeySet { master, slave }, chips })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seeds: [u8; 6]) -> PairKeySet {
        let key = |seed| Zeroizing::new([seed; 32]);
        let chip = |at: usize| ChipKeySet {
            flash: key(seeds[at]),
            identity: key(seeds[at + 1]),
            record: key(seeds[at + 2]),
        };
        PairKeySet { master: Some(chip(0)), slave: chip(3) }
    }

    #[test]
    fn no_key_comes_in_twice_whatever_it_is_for_and_whenever_it_came() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.sealed");
        let passphrase = VaultPassphrase::new("five random words").unwrap();
        let boot_key = Zeroizing::new(vec![9; 1700]);
        let mut vault = Vault::create(&path, &passphrase, boot_key.clone()).unwrap();
        vault.add("GL-00001", keys([1, 2, 3, 4, 5, 6])).unwrap();
        vault.save().unwrap();
        for place in 0..6 {
            for old in 1..=6 {
                let mut seeds = [11, 12, 13, 14, 15, 16];
                seeds[place] = old;
                let mut vault = Vault::open(&path, &passphrase).unwrap();
                let refused = vault.add("GL-00002", keys(seeds)).unwrap_err();
                assert!(matches!(refused, VaultError::KeyTwice(_)), "{refused}");
            }
        }
        assert!(matches!(vault.add("GL-00002", keys([11; 6])), Err(VaultError::KeyTwice(_))));
        let again = vault.add("GL-00001", keys([21, 22, 23, 24, 25, 26]));
        assert!(matches!(again, Err(VaultError::SerialTwice(_))));
        assert!(matches!(Vault::create(&path, &passphrase, boot_key), Err(VaultError::Exists(_))));
        let read = Vault::open(&path, &passphrase).unwrap();
        assert_eq!(read.pair("GL-00001"), Some(&keys([1, 2, 3, 4, 5, 6])));
        assert_eq!((read.expose_boot_key(), read.serials().count()), (&[9; 1700][..], 1));
    }

    #[test]
    fn a_vault_remembers_the_chips_of_each_half_and_where_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.sealed");
        let passphrase = VaultPassphrase::new("five random words").unwrap();
        let mut vault = Vault::create(&path, &passphrase, Zeroizing::new(vec![9; 10])).unwrap();
        vault.add("GL-00001", keys([1, 2, 3, 4, 5, 6])).unwrap();
        vault.add("GL-00002", PairKeySet { master: None, ..keys([7, 8, 9, 10, 11, 12]) }).unwrap();
        let chip = |half, site, last| {
            let address = Address::from_bytes([2, 0, 0, 0, 0, last]);
            KnownChip { half, site, address }
        };
        let first = [
            chip(Half::Slave, Site::Folder, 1),
            chip(Half::Slave, Site::Port, 2),
            chip(Half::Master, Site::Port, 3),
            chip(Half::Slave, Site::Port, 4),
        ];
        first.iter().for_each(|chip| vault.remember("GL-00001", *chip).unwrap());
        vault.save().unwrap();
        let vault = Vault::open(&path, &passphrase).unwrap();
        assert_eq!((vault.chips("GL-00001"), vault.chips("GL-00002")), (&first[..], &[][..]));
        let of = |half, site| vault.chip_of("GL-00001", half, site).map(|at| at.as_bytes()[5]);
        assert_eq!(
            (of(Half::Slave, Site::Port), of(Half::Slave, Site::Folder)),
            (Some(4), Some(1))
        );
        assert_eq!((of(Half::Master, Site::Port), of(Half::Master, Site::Folder)), (Some(3), None));
        assert_eq!(vault.whose(first[1].address), Some(("GL-00001", Half::Slave)));
        assert_eq!(vault.whose(Address::from_bytes([2, 0, 0, 0, 0, 9])), None);
        let mixed = vault.pair("GL-00002").unwrap();
        assert!(mixed.of(Half::Master).is_none() && mixed.of(Half::Slave).is_some());
        let mut vault = vault;
        for _ in first.len()..CHIPS_MAX {
            vault.remember("GL-00001", first[0]).unwrap();
        }
        assert!(matches!(vault.remember("GL-00001", first[0]), Err(VaultError::Chips(_))));
        vault.save().unwrap();
        assert_eq!(Vault::open(&path, &passphrase).unwrap().chips("GL-00001").len(), CHIPS_MAX);
    }

    #[test]
    fn nothing_of_a_vault_is_shown() {
        let shown = format!("{:?} {:?}", keys([1; 6]), VaultPassphrase::new("five random words"));
        assert!(!shown.contains("random") && !shown.contains("1, 1"), "{shown}");
    }
}
