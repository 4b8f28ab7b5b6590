//! What an operator should do before it becomes an outage.

use crate::folder::{ReadError, online_files, online_path, read_keyset, root_path};
use crate::lifecycle::{id_of, signing_key};
use crate::utc::Utc;
use core::time::Duration;
use countersign::{KeyState, OnlineKey, Realm, ServerKeyId, Timestamp};
use std::path::{Path, PathBuf};

const DAY: Duration = Duration::from_secs(86_400);
/// How long before its end something is worth a warning.
const NEAR: Duration = Duration::from_secs(30 * 86_400);
/// How long before its end an online key should have a successor that clients know.
const SUCCESSOR: Duration = Duration::from_secs(60 * 86_400);

/// Something that needs the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Whoever breaks into the server owns the deployment for good.
    #[error("the root key lies on the server ({}); move it to two offline media and delete it here", .0.display())]
    RootOnServer(PathBuf),
    /// Clients refuse the set.
    #[error("the key set expired at {}; clients refuse it: run `keys renew`", Utc(*.0))]
    KeysetExpired(Timestamp),
    /// Clients will refuse the set.
    #[error("the key set expires at {}, in {days} days; run `keys renew`", Utc(*.at))]
    KeysetExpiresSoon {
        /// When.
        at: Timestamp,
        /// Whole days until then.
        days: u64,
    },
    /// No answer is believed.
    #[error("no active key may sign now; run `keys prepare --starts-in 0s` and `keys activate`")]
    NoneSigns,
    /// The server cannot sign.
    #[error("the file {} of the key that signs is missing; put it there, or activate another key", .0.display())]
    KeyFileMissing(PathBuf),
    /// Clients will refuse answers.
    #[error("online key {id} may sign until {}, {days} days more; activate its successor", Utc(*.at))]
    KeyEndsSoon {
        /// Which key.
        id: ServerKeyId,
        /// When.
        at: Timestamp,
        /// Whole days until then.
        days: u64,
    },
    /// Nothing to activate.
    #[error("online key {id} may sign until {} and has no prepared successor; run `keys prepare`", Utc(*.at))]
    NoSuccessor {
        /// Which key.
        id: ServerKeyId,
        /// When.
        at: Timestamp,
    },
    /// A private key that has no use any more can only be stolen.
    #[error("{} is of no use any more (its key is over, burnt, or in no set); delete it", .0.display())]
    UselessKeyFile(PathBuf),
}

/// Everything worth telling about a key folder at this time.
pub fn warnings(folder: &Path, realm: &Realm, now: Timestamp) -> Result<Vec<Warning>, ReadError> {
    let content = read_keyset(folder, realm)?.keyset.content;
    let mut found = Vec::new();
    let root = root_path(folder);
    if root.symlink_metadata().is_ok() {
        found.push(Warning::RootOnServer(root));
    }
    if content.expires <= now {
        found.push(Warning::KeysetExpired(content.expires));
    } else if content.expires <= now.plus(NEAR) {
        let at = content.expires;
        found.push(Warning::KeysetExpiresSoon { at, days: days(at, now) });
    }
    match signing_key(&content.keys, now) {
        Some(online) => about_signing(folder, &content.keys, online, now, &mut found),
        None => found.push(Warning::NoneSigns),
    }
    let useful = |key: &&OnlineKey| useful(key, now);
    let used: Vec<_> = content.keys.iter().filter(useful).collect();
    for name in online_files(folder)? {
        let path = folder.join(name);
        if !used.iter().any(|online| online_path(folder, online.key.fingerprint()) == path) {
            found.push(Warning::UselessKeyFile(path));
        }
    }
    Ok(found)
}

fn about_signing(
    folder: &Path,
    keys: &[OnlineKey],
    online: &OnlineKey,
    now: Timestamp,
    found: &mut Vec<Warning>,
) {
    let (id, at) = (id_of(&online.key), online.not_after);
    let path = online_path(folder, online.key.fingerprint());
    if path.symlink_metadata().is_err() {
        found.push(Warning::KeyFileMissing(path));
    }
    if at <= now.plus(NEAR) {
        found.push(Warning::KeyEndsSoon { id, at, days: days(at, now) });
    }
    let succeeds = |key: &OnlineKey| key.state == KeyState::Prepared && at < key.not_after;
    if at <= now.plus(SUCCESSOR) && !keys.iter().any(succeeds) {
        found.push(Warning::NoSuccessor { id, at });
    }
}

/// A retired key signs no more, so its private half is of no use either.
fn useful(online: &OnlineKey, now: Timestamp) -> bool {
    match online.state {
        KeyState::Prepared | KeyState::Active => now < online.not_after,
        KeyState::Retired | KeyState::Tainted | KeyState::Revoked => false,
    }
}

fn days(at: Timestamp, now: Timestamp) -> u64 {
    at.since(now).as_secs() / DAY.as_secs()
}
