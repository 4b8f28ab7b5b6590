//! The event: its keys, its bundle, its people.

use crate::dice::Dice;
use crate::key::Key;
use crate::time::server_time;
use countersign::evidence::{Signed, open};
use countersign::keyset::{KeyState, KeysetContent, OnlineKey};
use countersign::{EventId, Keyset, Realm, Signer, Timestamp};
use countersign_judging::Bundle;
use countersign_judging::event::{
    Category, Criterion, Event, HubKey, Judge, Project, Round, RoundState,
};
use countersign_mesh::{BleUuid, EventCode, EventKey, EventKeys, HubKeys, KeyEpoch, Role};

/// Projects that are judged.
pub(crate) const PROJECTS: usize = 40;

/// The only category.
pub(crate) const CATEGORY: &str = "INNOVATION";

/// Everything that was agreed before the day.
pub(crate) struct Fair {
    pub(crate) realm: Realm,
    pub(crate) id: EventId,
    pub(crate) keys: EventKeys,
    pub(crate) hub: Key,
    pub(crate) judges: Vec<Key>,
    pub(crate) keyset: Keyset,
    pub(crate) bundle: Signed<Bundle>,
    /// The bundle as devices get it.
    pub(crate) frame: Vec<u8>,
    /// What is on the screen.
    pub(crate) code: String,
}

impl Fair {
    /// `None` only if the constants of this crate are wrong.
    pub(crate) fn new(judges: usize, dice: &mut Dice) -> Option<Self> {
        let realm = Realm::new("nodus", "fair.example.org").ok()?;
        let id = EventId::new("FAIR-2026").ok()?;
        let (server, root, hub) =
            (Key::new(dice.bytes()), Key::new(dice.bytes()), Key::new(dice.bytes()));
        let judges: Vec<Key> = (0..judges).map(|_| Key::new(dice.bytes())).collect();
        let salt: [u8; 32] = dice.bytes();
        let event = event(id, salt, &hub, &judges)?;
        let frame = server.frame(&realm, dice.bytes(), server_time(0), &Bundle::new(event).ok()?);
        let bundle = open(&realm, server.verifying_key(), &frame).ok()?;
        let mut key: [u8; 32] = dice.bytes();
        // Its first byte is the epoch.
        key[0] = 0;
        let code = EventCode {
            event: id,
            key: EventKey::from_bytes(key),
            ble: BleUuid::from_bytes(dice.bytes()),
        };
        let keys = EventKeys::derive(&code.key, &salt, &id, KeyEpoch::new(0));
        Some(Self {
            keyset: keyset(&realm, &server, &root)?,
            realm,
            id,
            keys,
            hub,
            judges,
            bundle,
            frame,
            code: code.to_text().to_string(),
        })
    }

    /// What a relay of the event knows.
    pub(crate) fn member(&self) -> Option<Role> {
        let hubs = vec![self.hub.verifying_key().clone()];
        let hubs = HubKeys::new(self.realm.clone(), self.id, hubs).ok()?;
        Some(Role::Member { keys: vec![self.keys.net.clone()], hubs })
    }
}

/// The id of a judge, by number.
pub(crate) fn judge_id(number: usize) -> String {
    format!("J{:03}", number + 1)
}

/// The id of a project, by number.
pub(crate) fn project_id(number: usize) -> String {
    format!("PROJECT_{:03}", number + 1)
}

fn event(id: EventId, salt: [u8; 32], hub: &Key, judges: &[Key]) -> Option<Event> {
    let category = CATEGORY.parse().ok()?;
    let criterion = |title: &str| Criterion { title: title.into(), min: 0, max: 10, weight: 1 };
    let projects = (0..PROJECTS).map(|number| {
        Some(Project {
            id: project_id(number).parse().ok()?,
            title: format!("Machine {number}"),
            table: format!("T{number}"),
            categories: vec![category],
            anchor: false,
        })
    });
    let judges = judges.iter().enumerate().map(|(number, key)| {
        Some(Judge {
            id: judge_id(number).parse().ok()?,
            name: format!("Judge {number}"),
            key: key.verifying_key().clone(),
        })
    });
    Some(Event {
        id,
        version: 1,
        title: "The fair".into(),
        starts: server_time(0),
        ends: Timestamp::from_millis(server_time(0).as_millis() + 36_000_000),
        salt: Some(salt),
        categories: vec![Category {
            id: category,
            title: "Innovation".into(),
            criteria: ["new", "useful", "shown"].map(criterion).to_vec(),
        }],
        projects: projects.collect::<Option<Vec<_>>>()?,
        judges: judges.collect::<Option<Vec<_>>>()?,
        rounds: vec![Round { number: 1, title: "Round".into(), state: RoundState::Open }],
        conflicts: Vec::new(),
        assignments: Vec::new(),
        hubs: vec![HubKey { name: "Hub".into(), key: hub.verifying_key().clone(), sealing: None }],
    })
}

fn keyset(realm: &Realm, server: &Key, root: &Key) -> Option<Keyset> {
    let far = Timestamp::from_millis(u64::MAX / 2);
    let content = KeysetContent {
        version: 1,
        issued: Timestamp::ZERO,
        expires: far,
        min_protocol: 1,
        keys: vec![OnlineKey {
            key: server.verifying_key().clone(),
            state: KeyState::Active,
            not_before: Timestamp::ZERO,
            not_after: far,
        }],
        roots: vec![root.verifying_key().clone()],
        pins: Vec::new(),
    };
    let frame = content.sign(realm, root);
    Keyset::open(realm, core::slice::from_ref(root.verifying_key()), 0, &frame).ok()
}
