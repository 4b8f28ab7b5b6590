//! A small fair: six projects, two categories, four judges, two rounds, two hubs.

use countersign::evidence::{Artefact, Signed, Stamp, open, seal};
use countersign::{
    EventId, Fingerprint, Realm, RecordDigest, RecordId, Signer, SigningKey, Timestamp,
};
use countersign_judging::event::{
    Assignment, Category, Conflict, Criterion, Event, HubKey, Judge, Project, Round, RoundState,
};
use countersign_judging::venue::{Outcome, Refusal, Slot, Status, Verdict, VoteReceipt};
use countersign_judging::{Bundle, Venue, Vote, VoteId};

pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const HOUR: u64 = 60 * MINUTE;

/// When the day begins, in milliseconds; a whole second.
pub(crate) const MORNING: u64 = 1_774_893_600_000;

pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(MORNING + millis)
}

pub(crate) fn realm() -> Realm {
    Realm::new("fair", "fair.example.org").unwrap()
}

pub(crate) fn server() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

pub(crate) fn hub(number: u8) -> SigningKey {
    SigningKey::from_seed(&[100 + number; 32])
}

pub(crate) fn judge(number: u8) -> SigningKey {
    SigningKey::from_seed(&[10 + number; 32])
}

pub(crate) fn print(key: &SigningKey) -> Fingerprint {
    *key.verifying_key().fingerprint()
}

fn criterion(title: &str, min: u16, max: u16, weight: u16) -> Criterion {
    Criterion { title: title.into(), min, max, weight }
}

pub(crate) fn event() -> Event {
    let innovation = vec![
        criterion("new", 0, 10, 2),
        criterion("useful", 0, 10, 1),
        criterion("shown", 1, 10, 1),
    ];
    let [new, nice] = ["INNOVATION", "DESIGN"].map(|id| id.parse().unwrap());
    let project = |number: u8| Project {
        id: format!("PROJECT_{number:03}").parse().unwrap(),
        title: format!("Machine {number}"),
        table: format!("T{number}"),
        categories: if number <= 3 { vec![nice, new] } else { vec![new] },
        anchor: number == 1,
    };
    let round =
        |number: u8| Round { number, title: format!("Round {number}"), state: RoundState::Draft };
    let assigned = |number: u8| Assignment {
        judge: "J001".parse().unwrap(),
        round: 1,
        project: format!("PROJECT_{number:03}").parse().unwrap(),
        category: new,
    };
    Event {
        id: EventId::new("FAIR").unwrap(),
        version: 1,
        title: "The fair".into(),
        starts: at(0),
        ends: at(9 * HOUR),
        salt: Some([7; 32]),
        categories: vec![
            Category { id: new, title: "Innovation".into(), criteria: innovation },
            Category {
                id: nice,
                title: "Design".into(),
                criteria: vec![criterion("looks", 0, 100, 1)],
            },
        ],
        projects: (1..=6).map(project).collect(),
        judges: (1..=4)
            .map(|number| Judge {
                id: format!("J{number:03}").parse().unwrap(),
                name: format!("Judge {number}"),
                key: judge(number).verifying_key().clone(),
            })
            .collect(),
        rounds: vec![round(1), round(2)],
        conflicts: vec![Conflict {
            judge: "J002".parse().unwrap(),
            project: "PROJECT_002".parse().unwrap(),
        }],
        assignments: (1..=3).map(assigned).collect(),
        hubs: (1..=2)
            .map(|number| HubKey {
                name: format!("Hub {number}"),
                key: hub(number).verifying_key().clone(),
                sealing: None,
            })
            .collect(),
    }
}

pub(crate) fn stamp() -> Stamp {
    let previous = RecordDigest::from_bytes([0; 32]);
    Stamp { id: RecordId::from_bytes([3; 16]), created: at(0), previous }
}

pub(crate) fn signed<T: Artefact>(key: &SigningKey, value: &T) -> Signed<T> {
    let frame = seal(&realm(), key, stamp(), value).unwrap();
    open(&realm(), key.verifying_key(), &frame).unwrap()
}

pub(crate) fn bundle(event: Event) -> Signed<Bundle> {
    signed(&server(), &Bundle::new(event).unwrap())
}

/// A vote of judge 1 on project 4 in round 1, at this moment; the id is new for every `serial`.
pub(crate) fn vote(serial: u16, millis: u64) -> Vote {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&serial.to_be_bytes());
    Vote {
        project: "PROJECT_004".parse().unwrap(),
        category: "INNOVATION".parse().unwrap(),
        points: vec![9, 8, 10],
        id: VoteId::from_bytes(id),
        seconds: (MORNING + millis) / 1000,
        judge: "J001".parse().unwrap(),
        revision: 1,
        round: 1,
    }
}

/// By the key of the judge that it names.
pub(crate) fn sealed(vote: &Vote) -> Vec<u8> {
    let number = vote.judge.as_str()[1..].parse().unwrap();
    by(&judge(number), vote)
}

pub(crate) fn by(key: &SigningKey, vote: &Vote) -> Vec<u8> {
    vote.sign(&realm(), &EventId::new("FAIR").unwrap(), key).unwrap()
}

/// A hub: its venue and its file.
#[derive(Clone)]
pub(crate) struct Hub {
    pub(crate) venue: Venue,
    pub(crate) log: Vec<u8>,
    pub(crate) bundles: Vec<Signed<Bundle>>,
}

impl Hub {
    /// Round 1 is open.
    pub(crate) fn open(number: u8) -> Self {
        let mut hub = Self::begin(number);
        hub.log.extend(hub.venue.open_round(1, at(0)).unwrap());
        hub
    }

    pub(crate) fn begin(number: u8) -> Self {
        let bundle = bundle(event());
        let print = print(&hub(number));
        let (venue, log) = Venue::begin(realm(), print, bundle.clone(), at(0)).unwrap();
        Self { venue, log, bundles: vec![bundle] }
    }

    pub(crate) fn take(&mut self, content: &[u8], millis: u64) -> Outcome {
        let Verdict { outcome, entry } = self.venue.take_vote(content, at(millis));
        self.log.extend(entry.unwrap_or_default());
        outcome
    }

    pub(crate) fn says(&mut self, vote: &Vote, millis: u64) -> Outcome {
        self.take(&sealed(vote), millis)
    }

    #[track_caller]
    pub(crate) fn accepts(&mut self, vote: &Vote, millis: u64) -> VoteReceipt {
        match self.says(vote, millis) {
            Outcome::Accepted(receipt) => receipt,
            other => panic!("not accepted: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn refuses(&mut self, vote: &Vote, millis: u64) -> Refusal {
        self.refuses_bytes(&sealed(vote), millis)
    }

    /// A refused vote leaves no trace.
    #[track_caller]
    pub(crate) fn refuses_bytes(&mut self, content: &[u8], millis: u64) -> Refusal {
        let before = (self.log.len(), self.venue.head());
        let outcome = self.take(content, millis);
        assert_eq!((self.log.len(), self.venue.head()), before);
        match outcome {
            Outcome::Refused(refusal) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    pub(crate) fn status(&mut self, vote: &Vote, millis: u64) -> Status {
        self.says(vote, millis).status()
    }

    pub(crate) fn revoke(&mut self, key: &SigningKey, millis: u64) {
        self.log.extend(self.venue.revoke(&print(key), at(millis)).unwrap());
    }

    pub(crate) fn amend(&mut self, change: impl FnOnce(&mut Event), millis: u64) {
        let bundle = self.amended(change);
        self.bundles.push(bundle.clone());
        self.log.extend(self.venue.amend(bundle, at(millis)).unwrap());
    }

    pub(crate) fn amended(&self, change: impl FnOnce(&mut Event)) -> Signed<Bundle> {
        let mut event = self.venue.bundle().event().clone();
        event.version += 1;
        change(&mut event);
        bundle(event)
    }

    pub(crate) fn merge(&mut self, other: &Self, millis: u64) -> countersign_judging::venue::Merge {
        let merge = self.venue.merge(&other.venue, at(millis)).unwrap();
        self.log.extend(&merge.entries);
        merge
    }

    pub(crate) fn ballot(&self, vote: &Vote) -> Option<Vec<u16>> {
        let ballot = self.venue.ballots().find(|ballot| Slot::of(ballot.vote) == Slot::of(vote));
        ballot.map(|ballot| ballot.vote.points.clone())
    }
}
