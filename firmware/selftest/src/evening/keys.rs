//! Who is who: the same keys on every machine, so that every byte is the same.

use super::Disk;
use crate::dice::Dice;
use alloc::rc::Rc;
use alloc::vec::Vec;
use countersign::{
    KeyState, Keyset, KeysetContent, OnlineKey, Realm, RecordDigest, RecordId, Signature, Signer,
    SigningKey, Timestamp, VerifyingKey,
};
use countersign_league::device::Parts;
use countersign_league::evidence::{Stamp, seal};
use countersign_league::game::Setup;
use countersign_league::goal::Calibration;
use countersign_league::pair::Pair;
use countersign_league::{Artefact, DeviceId, Params};

/// As on a chip: `countersign_chip::flash::JOURNAL_MAX`.
const JOURNAL_MAX: u32 = 52 * 1024;
/// When the server signs its tickets.
pub(super) const EVENING: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const CALIBRATION: Calibration =
    Calibration { rest: 100, noise: 2, contact: 8, noisy: 3 };

/// A key that a half and its later starts share.
#[derive(Clone)]
pub(crate) struct Key(Rc<SigningKey>);

impl Key {
    pub(super) fn of(seed: u8) -> Self {
        Self(Rc::new(SigningKey::from_seed(&[seed; 32])))
    }

    pub(crate) fn master() -> Self {
        Self::of(4)
    }

    pub(crate) fn slave() -> Self {
        Self::of(5)
    }

    pub(super) fn server() -> Self {
        Self::of(3)
    }

    /// A frame of this content.
    pub(super) fn frame<T: Artefact>(&self, value: &T) -> Vec<u8> {
        let (id, previous) = (RecordId::from_bytes([9; 16]), RecordDigest::from_bytes([0; 32]));
        let frame = seal(&realm(), self, Stamp { id, created: EVENING, previous }, value);
        frame.unwrap_or_default()
    }
}

impl Signer for Key {
    fn verifying_key(&self) -> &VerifyingKey {
        self.0.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}

pub(super) fn realm() -> Realm {
    let Ok(realm) = Realm::new("league", "league.example.org") else { panic!("no realm") };
    realm
}

pub(crate) const fn device_id() -> DeviceId {
    DeviceId::from_bytes([0xde; 16])
}

pub(crate) fn pair() -> Pair {
    Pair {
        device: device_id(),
        master: Key::master().verifying_key().clone(),
        slave: Key::slave().verifying_key().clone(),
    }
}

/// What a master was made with: its key, its other half, and whom it believes.
pub(crate) struct Made {
    key: Key,
    pair: Pair,
    keyset: Keyset,
    roots: Vec<VerifyingKey>,
}

impl Made {
    pub(crate) fn master() -> Self {
        let root = Key::of(2);
        let roots = [root.verifying_key().clone()].to_vec();
        let far = Timestamp::from_millis(u64::MAX / 2);
        let online = OnlineKey {
            key: Key::server().verifying_key().clone(),
            state: KeyState::Active,
            not_before: Timestamp::ZERO,
            not_after: far,
        };
        let content = KeysetContent {
            version: 1,
            issued: Timestamp::ZERO,
            expires: far,
            min_protocol: 1,
            keys: [online].into(),
            roots: roots.clone(),
            pins: Vec::new(),
        };
        let keyset = Keyset::open(&realm(), &roots, 0, &content.sign(&realm(), &root));
        let Ok(keyset) = keyset else { panic!("a good key set was refused") };
        Self { key: Key::master(), pair: pair(), keyset, roots }
    }

    /// What it starts with.
    pub(crate) fn parts<'d>(&self, disk: &'d Disk, params: &Params) -> Parts<'d, Key, Dice> {
        let Pair { device, master, slave } = self.pair.clone();
        Parts {
            setup: Setup {
                realm: realm(),
                device,
                master,
                slave,
                firmware: 1,
                max_players: 22,
                journal_max: JOURNAL_MAX,
                params: params.clone(),
            },
            signer: self.key.clone(),
            entropy: Dice(u64::from(disk.boots) << 32 | 0xd1ce),
            keyset: self.keyset.clone(),
            roots: self.roots.clone(),
            certificate: None,
            tls_key: None,
            chain: None,
            journal: &disk.journal,
            link: disk.link.as_deref(),
            boot: disk.boots,
            calibration: CALIBRATION,
        }
    }
}
