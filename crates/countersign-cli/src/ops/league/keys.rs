//! The server's keys of today and before, and what is known of a device: what evidence is verified with.

use super::LeagueError;
use countersign::keyset::{KeyChoiceError, KeysetError};
use countersign::{Fingerprint, Frame, Keyset, Realm, Timestamp, VerifyingKey};
use countersign_keys::ReadError;
use countersign_keys::folder::{read_history, read_keyset, read_realm};
use countersign_league::settlement::{KnownDevice, KnownRules};
use countersign_server::desk::game::RULES;
use countersign_store::league::Device;
use std::path::Path;

/// Key sets, the newest first: a key counts as the newest set says that names it.
pub(super) struct ServerKeys {
    pub(super) realm: Realm,
    sets: Vec<(Keyset, Vec<u8>)>,
}

impl ServerKeys {
    /// The current set of a key folder, and the former ones, for keys that are not listed any more.
    pub(super) fn read(folder: &Path) -> Result<Self, LeagueError> {
        let realm = read_realm(folder)?.ok_or_else(|| LeagueError::NoRealm(folder.to_owned()))?;
        let current = read_keyset(folder, &realm)?;
        let history = read_history(folder).map_err(ReadError::from)?;
        let mut roots = current.keyset.content.roots.clone();
        roots.extend(history.values().filter_map(|frame| roots_of(frame)).flatten());
        let former = history.into_iter().rev().filter_map(|(_, frame)| {
            Keyset::open(&realm, &roots, 0, &frame).ok().map(|set| (set, frame))
        });
        let version = current.keyset.content.version;
        let former: Vec<_> = former.filter(|(set, _)| set.content.version < version).collect();
        let sets = [(current.keyset, current.frame)].into_iter().chain(former).collect();
        Ok(Self { realm, sets })
    }

    /// Sets from elsewhere, which one of these roots has to have signed.
    pub(super) fn open(
        realm: Realm,
        roots: &[VerifyingKey],
        frames: &[Vec<u8>],
    ) -> Result<Self, KeysetError> {
        let open =
            |frame: &Vec<u8>| Keyset::open(&realm, roots, 0, frame).map(|set| (set, frame.clone()));
        let mut sets = frames.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        sets.sort_by_key(|(set, _)| core::cmp::Reverse(set.content.version));
        Ok(Self { realm, sets })
    }

    /// The server's key of this fingerprint, if it was one at that time.
    pub(super) fn at(&self, signer: &Fingerprint, at: Timestamp) -> Option<VerifyingKey> {
        self.named(signer, at).and_then(|(_, chosen)| chosen.ok())
    }

    /// The current set's frame, and those of the sets that these keys need.
    pub(super) fn frames(&self, signers: &[(Fingerprint, Timestamp)]) -> Vec<Vec<u8>> {
        let mut wanted: Vec<_> =
            signers.iter().filter_map(|(key, at)| self.named(key, *at)).collect();
        wanted.sort_by_key(|(index, _)| *index);
        let mut indexes: Vec<_> =
            [0].into_iter().chain(wanted.into_iter().map(|(index, _)| index)).collect();
        indexes.dedup();
        indexes.iter().filter_map(|index| self.sets.get(*index)).map(|(_, f)| f.clone()).collect()
    }

    fn named(
        &self,
        signer: &Fingerprint,
        at: Timestamp,
    ) -> Option<(usize, Result<VerifyingKey, KeyChoiceError>)> {
        let mut chosen = self
            .sets
            .iter()
            .enumerate()
            .map(|(index, (set, _))| (index, set.record_key(signer, at).cloned()));
        chosen.find(|(_, chosen)| !matches!(chosen, Err(KeyChoiceError::Unknown(_))))
    }
}

fn roots_of(frame: &[u8]) -> Option<Vec<VerifyingKey>> {
    let header = Frame::split(frame).ok()?.header;
    countersign::keyset::decode(header).ok().map(|(content, _)| content.roots)
}

/// The rules for a check. Whether a league rates them is its server's configuration, and no check depends on it.
pub(super) fn rules(is_rated: bool) -> Vec<KnownRules> {
    RULES.iter().map(|(_, params)| KnownRules { params: params.clone(), rated: is_rated }).collect()
}

/// A device as a check wants it; `None` if its stored keys are no keys.
pub(super) fn known(device: &Device) -> Option<KnownDevice> {
    Some(KnownDevice {
        device: device.pair.device,
        master: VerifyingKey::from_bytes(&device.pair.master).ok()?,
        slave: VerifyingKey::from_bytes(&device.pair.slave).ok()?,
        status: device.status,
        max_players: device.pair.max_players,
    })
}
