//! The server's keys of today and before, and what is known of a device: what evidence is verified with.

use super::LeagueError;
use countersign::{Frame, Keyset, VerifyingKey};
use countersign_keys::ReadError;
use countersign_keys::folder::{read_history, read_keyset, read_realm};
use countersign_league::proof::ServerKeys;
use countersign_league::ruleset::BUILT_IN;
use countersign_league::settlement::{KnownDevice, KnownRules};
use countersign_store::league::Device;
use std::path::Path;

/// The current set of a key folder, and the former ones, for keys that are not listed any more.
pub(super) fn read(folder: &Path) -> Result<ServerKeys, LeagueError> {
    let realm = read_realm(folder)?.ok_or_else(|| LeagueError::NoRealm(folder.to_owned()))?;
    let current = read_keyset(folder, &realm)?;
    let history = read_history(folder).map_err(ReadError::from)?;
    let mut roots = current.keyset.content.roots.clone();
    roots.extend(history.values().filter_map(|frame| roots_of(frame)).flatten());
    let former = history
        .into_values()
        .filter_map(|frame| Keyset::open(&realm, &roots, 0, &frame).ok().map(|set| (set, frame)));
    let version = current.keyset.content.version;
    let former: Vec<_> = former.filter(|(set, _)| set.content.version < version).collect();
    let sets = [(current.keyset, current.frame)].into_iter().chain(former).collect();
    Ok(ServerKeys::new(realm, sets))
}

fn roots_of(frame: &[u8]) -> Option<Vec<VerifyingKey>> {
    let header = Frame::split(frame).ok()?.header;
    countersign::keyset::decode(header).ok().map(|(content, _)| content.roots)
}

/// The rules for a check. Whether a league rates them is its server's configuration, and no check depends on it.
pub(super) fn rules(is_rated: bool) -> Vec<KnownRules> {
    BUILT_IN.into_iter().map(|(_, params)| KnownRules { params, rated: is_rated }).collect()
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
