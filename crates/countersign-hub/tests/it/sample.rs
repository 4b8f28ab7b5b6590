//! A small event for tests: three projects, three judges, one category.

use countersign::evidence::{Stamp, seal};
use countersign::{
    EventId, KeyState, KeysetContent, OnlineKey, Realm, RecordHeader, RecordId, Signer, SigningKey,
    Timestamp, VerifyingKey,
};
use countersign_hub::{Package, Trust};
use countersign_judging::event::{
    Assignment, Category, Criterion, Event, HubKey, Judge, Project, Round, RoundState,
};
use countersign_judging::{Bundle, Vote, VoteId};

/// When the bundles of these tests are signed; hubs and votes have the time of the machine.
pub(crate) const SIGNED: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// The time of the machine.
#[expect(clippy::disallowed_methods, reason = "a judge's clock")]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(since.as_millis() as u64)
}

/// A server with its root.
pub(crate) struct Deployment {
    pub(crate) root: SigningKey,
    pub(crate) online: SigningKey,
}

impl Deployment {
    pub(crate) fn new() -> Self {
        Self { root: SigningKey::from_seed(&[1; 32]), online: SigningKey::from_seed(&[2; 32]) }
    }

    pub(crate) fn realm() -> Realm {
        Realm::new("fair", "fair.example.org").unwrap()
    }

    pub(crate) fn trust(&self) -> Trust {
        Trust::Roots(vec![self.root.verifying_key().clone()])
    }

    pub(crate) fn keyset(&self, version: u64, state: KeyState) -> Vec<u8> {
        let key = self.online.verifying_key().clone();
        let (not_before, not_after) =
            (Timestamp::from_millis(0), Timestamp::from_millis(9_000_000_000_000));
        let content = KeysetContent {
            version,
            issued: not_before,
            expires: not_after,
            min_protocol: 1,
            keys: vec![OnlineKey { key, state, not_before, not_after }],
            roots: vec![self.root.verifying_key().clone()],
            pins: Vec::new(),
        };
        content.sign(&Self::realm(), &self.root)
    }

    pub(crate) fn package(&self, event: &Event) -> Package {
        let bundle = Bundle::new(event.clone()).unwrap();
        let id = RecordId::from_bytes([event.version as u8; 16]);
        let stamp = Stamp { id, created: SIGNED, previous: RecordHeader::FIRST };
        let record = seal(&Self::realm(), &self.online, stamp, &bundle).unwrap();
        Package {
            app: "fair".into(),
            audience: "fair.example.org".into(),
            sets: vec![self.keyset(1, KeyState::Active)],
            bundle: record,
        }
    }
}

/// The key of a judge's device.
pub(crate) fn judge_key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[0x40 + number; 32])
}

/// Judges J0 to J2, projects P0 to P2 in the category IDEA with two criteria of 0 to 10 points.
pub(crate) fn event(hubs: &[(&str, &VerifyingKey, [u8; 32])]) -> Event {
    let judge = |number: u8| Judge {
        id: format!("J{number}").parse().unwrap(),
        name: format!("Judge {number} <b>"),
        key: judge_key(number).verifying_key().clone(),
    };
    let project = |number: u8| Project {
        id: format!("P{number}").parse().unwrap(),
        title: format!("Project {number} & \"co\""),
        table: format!("T{number}"),
        categories: vec!["IDEA".parse().unwrap()],
        anchor: false,
    };
    let criterion = |title: &str| Criterion { title: title.into(), min: 0, max: 10, weight: 1 };
    let assign = |(judge, project): (u8, u8)| Assignment {
        judge: format!("J{judge}").parse().unwrap(),
        round: 1,
        project: format!("P{project}").parse().unwrap(),
        category: "IDEA".parse().unwrap(),
    };
    let pairs = (0..3).flat_map(|judge| (0..3).map(move |project| (judge, project)));
    Event {
        id: EventId::new("FAIR").unwrap(),
        version: 1,
        title: "Science Fair".into(),
        starts: Timestamp::from_millis(now().as_millis() / 3_600_000 * 3_600_000 - 3_600_000),
        ends: Timestamp::from_millis(now().as_millis() + 86_400_000),
        salt: Some([9; 32]),
        categories: vec![Category {
            id: "IDEA".parse().unwrap(),
            title: "Best idea".into(),
            criteria: vec![criterion("New"), criterion("Useful")],
        }],
        projects: (0..3).map(project).collect(),
        judges: (0..3).map(judge).collect(),
        rounds: vec![Round { number: 1, title: "Only round".into(), state: RoundState::Open }],
        conflicts: Vec::new(),
        assignments: pairs.map(assign).collect(),
        hubs: hubs
            .iter()
            .map(|(name, key, sealing)| HubKey {
                name: (*name).into(),
                key: (*key).clone(),
                sealing: Some(*sealing),
            })
            .collect(),
    }
}

/// A signed vote of a judge, at that time.
pub(crate) fn vote(
    judge: u8,
    project: u8,
    revision: u32,
    points: &[u16],
    at: Timestamp,
) -> Vec<u8> {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&revision.to_be_bytes());
    id[4..8].copy_from_slice(&[judge, project, points.first().copied().unwrap_or(0) as u8, 0]);
    let vote = Vote {
        project: format!("P{project}").parse().unwrap(),
        category: "IDEA".parse().unwrap(),
        points: points.to_vec(),
        id: VoteId::from_bytes(id),
        seconds: at.as_millis() / 1000,
        judge: format!("J{judge}").parse().unwrap(),
        revision,
        round: 1,
    };
    let event = EventId::new("FAIR").unwrap();
    vote.sign(&Deployment::realm(), &event, &judge_key(judge)).unwrap()
}
