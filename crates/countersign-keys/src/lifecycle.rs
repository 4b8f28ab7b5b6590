//! The steps of a key set's life, as pure functions: a set in, the next set or a reason out.
//!
//! Every step raises the version and sets the time of issue. None touches files or signs. A key's state only ever moves
//! down the list prepared, active, retired, tainted, revoked; each refusal says what to do instead.

use crate::utc::Utc;
use core::fmt;
use core::time::Duration;
use countersign::keyset::{KEYS_MAX, PINS_MAX, ROOTS_MAX};
use countersign::{
    Fingerprint, KeyState, KeysetContent, OnlineKey, ServerKeyId, Timestamp, VerifyingKey,
};

/// When a key may sign: `not_before ≤ t < not_after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// First time at which it signs.
    pub not_before: Timestamp,
    /// First time at which it signs no more.
    pub not_after: Timestamp,
}

/// A step in the life of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Start to sign.
    Activate,
    /// Stop to sign.
    Retire,
    /// Believe no new answer.
    Taint,
    /// Believe nothing.
    Revoke,
}

/// What becomes of the roots that are trusted now when another one joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldRoots {
    /// They stay trusted, so that devices that are offline can follow later.
    Keep,
    /// They are trusted no more by whoever takes this set.
    Drop,
}

/// Why a step is refused, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LifecycleError {
    /// Not in the set.
    #[error("the key set has no key {0}; `keys show` lists its keys")]
    Unknown(ServerKeyId),
    /// A step that this state does not have.
    #[error("key {id} is {}, so it cannot be {}: {instead}", state_name(*.state), verb_past(*.verb))]
    Illegal {
        /// Which key.
        id: ServerKeyId,
        /// Its state.
        state: KeyState,
        /// The step.
        verb: Verb,
        /// What to do instead.
        instead: &'static str,
    },
    /// Nothing would be left that can sign answers.
    #[error(
        "key {id} is the only key that signs now; activate another one first, or name a prepared one as \
         its replacement in the same step"
    )]
    LastActive {
        /// Which key.
        id: ServerKeyId,
    },
    /// Clients would refuse its answers.
    #[error("key {id} may not sign before {}; wait until then, or prepare one that starts now", Utc(*.from))]
    TooEarly {
        /// Which key.
        id: ServerKeyId,
        /// Its start.
        from: Timestamp,
    },
    /// Clients would refuse its answers.
    #[error("key {id} could sign until {} only; prepare a new one", Utc(*.until))]
    Over {
        /// Which key.
        id: ServerKeyId,
        /// Its end.
        until: Timestamp,
    },
    /// A key cannot replace itself.
    #[error("key {0} cannot be its own replacement; name another prepared key")]
    OwnReplacement(ServerKeyId),
    /// An interval that is over, or empty.
    #[error("a key's time has to start now or later and end after its start; {} to {} does not",
        Utc(.0.not_before), Utc(.0.not_after))]
    BadInterval(Interval),
    /// Clients find keys by these four bytes.
    #[error("the key set already has a key {0}; generate another one")]
    Duplicate(ServerKeyId),
    /// No place, and nothing that can be left out.
    #[error(
        "the key set is full: at most {KEYS_MAX} keys, and none of them is revoked or retired and over"
    )]
    Full,
    /// Every other step would sign a set that nobody accepts.
    #[error("the key set expired at {}; renew it first", Utc(*.0))]
    Expired(Timestamp),
    /// The new expiry lies in the past.
    #[error("the key set would expire at {}, which is not in the future", Utc(*.0))]
    BadExpiry(Timestamp),
    /// A clock that went back.
    #[error("the clock says {}, but the key set was issued at {}; set the clock first",
        Utc(*.now), Utc(*.issued))]
    ClockBehind {
        /// When the current set was issued.
        issued: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
    /// A lost certificate key would lock every client out.
    #[error(
        "one pin alone locks every client out when its key is lost; give the pin of a spare key too, or none"
    )]
    SinglePin,
    /// More than fits.
    #[error("a key set has at most {PINS_MAX} pins; {0} were given")]
    TooManyPins(usize),
    /// Already trusted.
    #[error("{0} is the only trusted root already")]
    SameRoot(Fingerprint),
    /// Already trusted beside others.
    #[error("{0} is trusted already; to trust it alone from now on, drop the other roots")]
    KnownRoot(Fingerprint),
    /// More than fits.
    #[error("a key set has at most {ROOTS_MAX} roots; drop the old ones in the same step")]
    TooManyRoots,
}

type Step = Result<KeysetContent, LifecycleError>;

/// Publishes a new online key ahead of its use.
///
/// In a full set, the oldest key that no client has a use for any more makes place: revoked ones first, then retired ones
/// whose interval is over. The history of the key folder keeps them.
pub fn prepare(
    current: &KeysetContent,
    key: VerifyingKey,
    interval: Interval,
    now: Timestamp,
) -> Step {
    let mut next = draft(current, now)?;
    let Interval { not_before, not_after } = interval;
    if not_before < now || not_after <= not_before {
        return Err(LifecycleError::BadInterval(interval));
    }
    let id = id_of(&key);
    if next.keys.iter().any(|known| id_of(&known.key) == id) {
        return Err(LifecycleError::Duplicate(id));
    }
    if next.keys.len() >= KEYS_MAX {
        let spare = spare(&next.keys, now).ok_or(LifecycleError::Full)?;
        next.keys.remove(spare);
    }
    next.keys.push(OnlineKey { key, state: KeyState::Prepared, not_before, not_after });
    Ok(next)
}

/// Lets a prepared key sign. Keys that signed until now are retired and stay valid for `overlap`, at most to their end.
pub fn activate(
    current: &KeysetContent,
    id: ServerKeyId,
    overlap: Duration,
    now: Timestamp,
) -> Step {
    let mut next = draft(current, now)?;
    let before: Vec<usize> = active(&next.keys).collect();
    start(&mut next, id, now)?;
    for index in before {
        stop(&mut next.keys[index], KeyState::Retired, now.plus(overlap));
    }
    Ok(next)
}

/// Stops an active key beside which another one signs. It stays valid for `overlap`, at most to its end.
pub fn retire(current: &KeysetContent, id: ServerKeyId, overlap: Duration, now: Timestamp) -> Step {
    let mut next = draft(current, now)?;
    let index = index_of(&next, id)?;
    allow(id, next.keys[index].state, Verb::Retire)?;
    leave_one(&next, index, now)?;
    stop(&mut next.keys[index], KeyState::Retired, now.plus(overlap));
    Ok(next)
}

/// Clients believe no new answer of this key; what it signed before stays verifiable. A prepared key can take its place
/// in the same step.
pub fn taint(
    current: &KeysetContent,
    id: ServerKeyId,
    replacement: Option<ServerKeyId>,
    now: Timestamp,
) -> Step {
    burn(current, id, Verb::Taint, replacement, now)
}

/// Clients believe nothing that this key ever signed. A prepared key can take its place in the same step.
pub fn revoke(
    current: &KeysetContent,
    id: ServerKeyId,
    replacement: Option<ServerKeyId>,
    now: Timestamp,
) -> Step {
    burn(current, id, Verb::Revoke, replacement, now)
}

/// Gives the set a new life; its keys stay as they are. The only step for a set that has expired.
pub fn renew(current: &KeysetContent, expires: Timestamp, now: Timestamp) -> Step {
    if expires <= now {
        return Err(LifecycleError::BadExpiry(expires));
    }
    draft(&KeysetContent { expires, ..current.clone() }, now)
}

/// Replaces the hashes that TLS certificates may have: none, or at least two.
pub fn set_pins(current: &KeysetContent, pins: &[[u8; 32]], now: Timestamp) -> Step {
    Ok(KeysetContent { pins: checked_pins(pins)?, ..draft(current, now)? })
}

/// Trusts another root. The set that says so has to be signed by a root that is trusted already.
pub fn change_root(
    current: &KeysetContent,
    root: VerifyingKey,
    old: OldRoots,
    now: Timestamp,
) -> Step {
    let mut next = draft(current, now)?;
    let known = next.roots.contains(&root);
    match (old, known) {
        (OldRoots::Keep, true) => return Err(LifecycleError::KnownRoot(*root.fingerprint())),
        (OldRoots::Keep, false) => next.roots.push(root),
        (OldRoots::Drop, true) if next.roots.len() == 1 => {
            return Err(LifecycleError::SameRoot(*root.fingerprint()));
        }
        (OldRoots::Drop, true | false) => next.roots = vec![root],
    }
    if next.roots.len() > ROOTS_MAX { Err(LifecycleError::TooManyRoots) } else { Ok(next) }
}

/// Pins as a set holds them: sorted, without duplicates; none, or two and more.
pub fn checked_pins(pins: &[[u8; 32]]) -> Result<Vec<[u8; 32]>, LifecycleError> {
    let mut pins = pins.to_vec();
    pins.sort_unstable();
    pins.dedup();
    match pins.len() {
        1 => Err(LifecycleError::SinglePin),
        count if count > PINS_MAX => Err(LifecycleError::TooManyPins(count)),
        _ => Ok(pins),
    }
}

/// The four bytes by which clients and commands find a key.
pub fn id_of(key: &VerifyingKey) -> ServerKeyId {
    key.fingerprint().server_key_id()
}

/// The word for a state in tables and errors.
pub fn state_name(state: KeyState) -> &'static str {
    match state {
        KeyState::Prepared => "prepared",
        KeyState::Active => "active",
        KeyState::Retired => "retired",
        KeyState::Tainted => "tainted",
        KeyState::Revoked => "revoked",
    }
}

/// Whether the key may sign new answers at this time.
pub fn signs(key: &OnlineKey, at: Timestamp) -> bool {
    key.state == KeyState::Active && key.not_before <= at && at < key.not_after
}

/// The place of the key whose answers count: of those that sign, the one that started last.
pub fn signing_key(keys: &[OnlineKey], at: Timestamp) -> Option<&OnlineKey> {
    keys.iter().filter(|key| signs(key, at)).max_by_key(|key| key.not_before)
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(verb_past(*self))
    }
}

/// The next version, to be changed.
fn draft(current: &KeysetContent, now: Timestamp) -> Step {
    if now < current.issued {
        return Err(LifecycleError::ClockBehind { issued: current.issued, now });
    }
    if current.expires <= now {
        return Err(LifecycleError::Expired(current.expires));
    }
    Ok(KeysetContent { version: current.version.saturating_add(1), issued: now, ..current.clone() })
}

fn burn(
    current: &KeysetContent,
    id: ServerKeyId,
    verb: Verb,
    replacement: Option<ServerKeyId>,
    now: Timestamp,
) -> Step {
    let mut next = draft(current, now)?;
    let index = index_of(&next, id)?;
    allow(id, next.keys[index].state, verb)?;
    match replacement {
        Some(other) if other == id => return Err(LifecycleError::OwnReplacement(id)),
        Some(other) => start(&mut next, other, now)?,
        None => leave_one(&next, index, now)?,
    }
    let state = if verb == Verb::Revoke { KeyState::Revoked } else { KeyState::Tainted };
    stop(&mut next.keys[index], state, now);
    Ok(next)
}

fn start(next: &mut KeysetContent, id: ServerKeyId, now: Timestamp) -> Result<(), LifecycleError> {
    let index = index_of(next, id)?;
    let key = &mut next.keys[index];
    allow(id, key.state, Verb::Activate)?;
    if now < key.not_before {
        return Err(LifecycleError::TooEarly { id, from: key.not_before });
    }
    if key.not_after <= now {
        return Err(LifecycleError::Over { id, until: key.not_after });
    }
    key.state = KeyState::Active;
    Ok(())
}

fn stop(key: &mut OnlineKey, state: KeyState, end: Timestamp) {
    key.state = state;
    // A prepared key that is revoked before its start would end before it begins.
    key.not_after = key.not_after.min(end).max(key.not_before);
}

/// The table of legal steps.
fn allow(id: ServerKeyId, state: KeyState, verb: Verb) -> Result<(), LifecycleError> {
    let instead = match (verb, state) {
        (Verb::Activate, KeyState::Prepared)
        | (Verb::Retire, KeyState::Active)
        | (Verb::Taint, KeyState::Active | KeyState::Retired)
        | (
            Verb::Revoke,
            KeyState::Prepared | KeyState::Active | KeyState::Retired | KeyState::Tainted,
        ) => return Ok(()),
        (Verb::Activate, KeyState::Active) => "it signs already",
        (Verb::Activate, KeyState::Retired | KeyState::Tainted | KeyState::Revoked) => {
            "no key comes back; prepare a new one and activate that"
        }
        (Verb::Retire | Verb::Taint, KeyState::Prepared) => {
            "it has signed nothing yet; revoke it if it is not wanted"
        }
        (Verb::Retire, KeyState::Retired) => "it signs no more already",
        (Verb::Retire, KeyState::Tainted) => "no new answer of it is believed already",
        (Verb::Taint, KeyState::Tainted) => {
            "it is already; revoke it if its old answers are not to be believed either"
        }
        (Verb::Retire | Verb::Taint | Verb::Revoke, KeyState::Revoked) => {
            "revoked is final, and says more"
        }
    };
    Err(LifecycleError::Illegal { id, state, verb, instead })
}

/// Refuses to stop the last key that signs now. A key that does not sign may always go.
fn leave_one(next: &KeysetContent, leaving: usize, now: Timestamp) -> Result<(), LifecycleError> {
    let key = &next.keys[leaving];
    let mut others = next.keys.iter().enumerate().filter(|(index, _)| *index != leaving);
    if key.state != KeyState::Active || others.any(|(_, other)| signs(other, now)) {
        Ok(())
    } else {
        Err(LifecycleError::LastActive { id: id_of(&key.key) })
    }
}

fn spare(keys: &[OnlineKey], now: Timestamp) -> Option<usize> {
    let oldest = |wanted: KeyState| {
        let fits = |key: &OnlineKey| key.state == wanted && key.not_after <= now;
        let fitting = keys.iter().enumerate().filter(|(_, key)| fits(key));
        fitting.min_by_key(|(_, key)| key.not_after).map(|(index, _)| index)
    };
    oldest(KeyState::Revoked).or_else(|| oldest(KeyState::Retired))
}

fn active(keys: &[OnlineKey]) -> impl Iterator<Item = usize> {
    let active =
        |(index, key): (usize, &OnlineKey)| (key.state == KeyState::Active).then_some(index);
    keys.iter().enumerate().filter_map(active)
}

fn index_of(content: &KeysetContent, id: ServerKeyId) -> Result<usize, LifecycleError> {
    let found = content.keys.iter().position(|online| id_of(&online.key) == id);
    found.ok_or(LifecycleError::Unknown(id))
}

fn verb_past(verb: Verb) -> &'static str {
    match verb {
        Verb::Activate => "activated",
        Verb::Retire => "retired",
        Verb::Taint => "tainted",
        Verb::Revoke => "revoked",
    }
}
