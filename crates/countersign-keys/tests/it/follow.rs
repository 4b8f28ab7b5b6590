//! Whatever an operator does, a client that follows along opens every set, believes the key that signs, and believes no
//! burnt one.

use crate::world::{DAY, NOW, realm};
use core::time::Duration;
use countersign::verify::{Pending, verify_response};
use countersign::*;
use countersign_keys::Unsigned;
use countersign_keys::lifecycle::{
    Interval, LifecycleError, OldRoots, activate, change_root, id_of, prepare, renew, retire,
    revoke, set_pins, signing_key, taint,
};
use proptest::prelude::*;

/// A step by an operator; numbers choose among the keys, modulo.
#[derive(Debug, Clone)]
enum Act {
    Prepare { starts: u8, days: u8 },
    Activate(u8),
    Retire(u8),
    Taint(u8, Option<u8>),
    Revoke(u8, Option<u8>),
    Renew(u8),
    Pins(u8),
    Root(OldRoots),
    Wait(u8),
}

fn act() -> impl Strategy<Value = Act> {
    let key = any::<u8>;
    prop_oneof![
        4 => (0..4_u8, 1..100_u8).prop_map(|(starts, days)| Act::Prepare { starts, days }),
        4 => key().prop_map(Act::Activate),
        2 => key().prop_map(Act::Retire),
        2 => (key(), any::<Option<u8>>()).prop_map(|(id, by)| Act::Taint(id, by)),
        2 => (key(), any::<Option<u8>>()).prop_map(|(id, by)| Act::Revoke(id, by)),
        2 => (1..200_u8).prop_map(Act::Renew),
        1 => (0..5_u8).prop_map(Act::Pins),
        1 => prop_oneof![Just(OldRoots::Keep), Just(OldRoots::Drop)].prop_map(Act::Root),
        4 => (0..20_u8).prop_map(Act::Wait),
    ]
}

struct Operator {
    content: KeysetContent,
    roots: Vec<SigningKey>,
    online: Vec<SigningKey>,
    now: Timestamp,
    next_seed: u64,
}

struct Client {
    roots: Vec<VerifyingKey>,
    version: u64,
}

impl Operator {
    fn new() -> Self {
        let (root, online) = (SigningKey::from_seed(&[0xf0; 32]), SigningKey::from_seed(&[1; 32]));
        let key = OnlineKey {
            key: online.verifying_key().clone(),
            state: KeyState::Active,
            not_before: NOW,
            not_after: NOW.plus(100 * DAY),
        };
        let content = KeysetContent {
            version: 1,
            issued: NOW,
            expires: NOW.plus(60 * DAY),
            min_protocol: 1,
            keys: vec![key],
            roots: vec![root.verifying_key().clone()],
            pins: Vec::new(),
        };
        Self { content, roots: vec![root], online: vec![online], now: NOW, next_seed: 0 }
    }

    fn fresh(&mut self) -> SigningKey {
        self.next_seed += 1;
        let mut seed = [0x77; 32];
        seed[..8].copy_from_slice(&self.next_seed.to_be_bytes());
        SigningKey::from_seed(&seed)
    }

    fn id(&self, choice: u8) -> ServerKeyId {
        id_of(&self.content.keys[usize::from(choice) % self.content.keys.len()].key)
    }

    /// The signed next set, or why there is none.
    fn perform(&mut self, act: &Act) -> Result<Vec<u8>, LifecycleError> {
        let (content, now) = (&self.content, self.now);
        let next = match *act {
            Act::Prepare { starts, days } => {
                let key = self.fresh();
                let not_before = now.plus(DAY * u32::from(starts));
                let interval =
                    Interval { not_before, not_after: not_before.plus(DAY * u32::from(days)) };
                let next = prepare(&self.content, key.verifying_key().clone(), interval, now)?;
                self.online.push(key);
                next
            }
            Act::Activate(choice) => activate(content, self.id(choice), 7 * DAY, now)?,
            Act::Retire(choice) => retire(content, self.id(choice), 7 * DAY, now)?,
            Act::Taint(choice, by) => {
                taint(content, self.id(choice), by.map(|by| self.id(by)), now)?
            }
            Act::Revoke(choice, by) => {
                revoke(content, self.id(choice), by.map(|by| self.id(by)), now)?
            }
            Act::Renew(days) => renew(content, now.plus(DAY * u32::from(days)), now)?,
            Act::Pins(count) => {
                let pins: Vec<_> = (0..count).map(|byte| [byte; 32]).collect();
                set_pins(content, &pins, now)?
            }
            Act::Root(old) => {
                let root = self.fresh();
                let next = change_root(&self.content, root.verifying_key().clone(), old, now)?;
                self.roots.push(root);
                next
            }
            Act::Wait(days) => {
                self.now = now.plus(DAY * u32::from(days));
                return Ok(Vec::new());
            }
        };
        let trusted = |root: &&SigningKey| self.content.roots.contains(root.verifying_key());
        let root = self.roots.iter().find(trusted).unwrap();
        let frame = Unsigned { realm: realm(), content: next.clone() }.sign(root).unwrap();
        self.content = next;
        Ok(frame)
    }
}

/// Whether a client with this set believes an answer that this key signs at this time.
fn believed(keyset: &Keyset, key: &SigningKey, at: Timestamp) -> bool {
    let request_id = RequestId::from_bytes([3; 16]);
    let reply_to = ReplyTo { request_id, digest: RequestDigest::from_bytes([4; 32]) };
    let answer = Answer {
        timestamp: at,
        result: ResultCode::OK,
        epoch: Epoch::NONE,
        payload: Payload::whole(b"{}".to_vec()),
    };
    let fingerprint = *key.verifying_key().fingerprint();
    let frame = UnsignedResponse::new(&realm(), &fingerprint, &reply_to, answer).sign(key);
    verify_response(&realm(), keyset, &Pending { reply_to }, None, &frame).is_ok()
}

fn check(operator: &Operator, keyset: &Keyset) -> Result<(), TestCaseError> {
    let now = operator.now;
    let keys = &keyset.content.keys;
    prop_assert!(keys.iter().any(|key| key.state == KeyState::Active));
    if let Some(signing) = signing_key(keys, now) {
        let key = operator.online.iter().find(|key| *key.verifying_key() == signing.key).unwrap();
        prop_assert!(believed(keyset, key, now));
    }
    for online in keys {
        let key = operator.online.iter().find(|key| *key.verifying_key() == online.key).unwrap();
        match online.state {
            KeyState::Tainted | KeyState::Revoked => {
                for at in [online.not_before, now.minus(Duration::from_secs(1)), now] {
                    prop_assert!(!believed(keyset, key, at));
                }
            }
            KeyState::Prepared | KeyState::Active | KeyState::Retired => {
                let inside = online.not_before <= now && now < online.not_after;
                prop_assert_eq!(believed(keyset, key, now), inside);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_client_follows_every_sequence_of_steps(acts in proptest::collection::vec(act(), 1..40)) {
        let mut operator = Operator::new();
        let mut client = Client { roots: operator.content.roots.clone(), version: 1 };
        for act in acts {
            let before = operator.content.clone();
            let Ok(frame) = operator.perform(&act) else {
                prop_assert_eq!(&operator.content, &before);
                continue;
            };
            if frame.is_empty() {
                continue;
            }
            let keyset = Keyset::open(&realm(), &client.roots, client.version, &frame);
            let keyset = keyset.map_err(|error| TestCaseError::fail(format!("{act:?}: {error}")))?;
            prop_assert!(keyset.content.version == client.version + 1);
            prop_assert!(keyset.check_current(operator.now).is_ok());
            for known in &before.keys {
                let still = keyset.content.keys.iter().find(|online| online.key == known.key);
                prop_assert!(still.is_none_or(|online| online.state as u8 >= known.state as u8));
            }
            check(&operator, &keyset)?;
            client = Client { roots: keyset.content.roots, version: keyset.content.version };
        }
    }
}
