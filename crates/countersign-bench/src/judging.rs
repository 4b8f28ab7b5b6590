//! An event with one hub, and votes for it.

use crate::failure::Result;
use crate::servers::relay::Dice;
use countersign::evidence::{Stamp, seal};
use countersign::{
    EventId, Fingerprint, KeyState, KeysetContent, OnlineKey, Realm, RecordHeader, RecordId,
    Signer, SigningKey, Timestamp, VerifyingKey,
};
use countersign_hub::{Folder, HubOptions, LinkOptions, Package, Trust};
use countersign_judging::event::{
    Assignment, Category, Criterion, Event, HubKey, Judge, Project, Round, RoundState,
};
use countersign_judging::vote::ReceivedVote;
use countersign_judging::{Bundle, Vote as Ballot, VoteId};
use countersign_mesh::seal::{HubSealKey, HubSealSecret, open, open_at_hub};
use countersign_mesh::{EventCode, EventKeys, Flags, NetChecked, Packet, PacketType, Sealer, T16};
use countersign_server::clock::now;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

const JUDGES: usize = 40;
const PROJECTS: usize = 60;
const ROOT: [u8; 32] = [1; 32];
const ONLINE: [u8; 32] = [2; 32];
const HOUR: u64 = 3_600_000;

/// The event, and the folder of its hub.
pub(crate) struct Fair {
    dir: PathBuf,
    package: Package,
    bundle: Bundle,
    realm: Realm,
    sealer: Sealer,
    /// What the baseline opens is sealed to this, with the same work as to the hub.
    secret: HubSealSecret,
    made: usize,
}

/// The same vote, for the hub and for the baseline.
pub(crate) struct Vote {
    /// Sealed to the hub.
    pub(crate) packet: NetChecked,
    /// Sealed to us.
    own: NetChecked,
    judge: usize,
}

impl Fair {
    /// Makes the folder and an event that names it.
    pub(crate) fn found(dir: &Path) -> Result<Self> {
        let dir = dir.join("hub");
        let made = Folder::init(&dir, "Hall")?;
        let bytes = |digits: &str| digits.parse::<Fingerprint>().map(|it| *it.as_bytes());
        let hub = HubKey {
            name: "Hall".to_owned(),
            key: VerifyingKey::from_bytes(&bytes(&made.key)?)?,
            sealing: Some(bytes(&made.sealing)?),
        };
        let realm = Realm::new("fair", "fair.example.org")?;
        let bundle = Bundle::new(event(hub)?).map_err(|_| "the event is none")?;
        let stamp = Stamp {
            id: RecordId::from_bytes([1; 16]),
            created: now(),
            previous: RecordHeader::FIRST,
        };
        let record = seal(&realm, &SigningKey::from_seed(&ONLINE), stamp, &bundle)?;
        let package = Package {
            app: "fair".to_owned(),
            audience: "fair.example.org".to_owned(),
            sets: vec![keyset(&realm)],
            bundle: record,
        };
        let (sealer, secret) = (Sealer::new([5; 32]), HubSealSecret::from_bytes([6; 32]));
        Ok(Self { dir, package, bundle, realm, sealer, secret, made: 0 })
    }

    /// How its hub is started.
    pub(crate) fn options(&self) -> HubOptions {
        let root = SigningKey::from_seed(&ROOT).verifying_key().clone();
        HubOptions {
            dir: self.dir.clone(),
            package: Some((self.package.clone(), Trust::Roots(vec![root]))),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            organiser_lan: false,
            code: None,
            links: LinkOptions::default(),
        }
    }

    /// The keys of the code that the hub shows.
    pub(crate) fn keys(&self, code: &str) -> Result<EventKeys> {
        let code: EventCode = code.parse()?;
        let salt = self.bundle.salt.ok_or("the event has no salt")?;
        Ok(EventKeys::derive(&code.key, &salt, &self.bundle.id, code.key.epoch()))
    }

    /// So many votes as there never were: first ones of every judge for every project, then revisions.
    pub(crate) fn votes(&mut self, keys: &EventKeys, count: usize) -> Result<Vec<Vote>> {
        let first = self.made;
        self.made += count;
        let hub = self.bundle.hubs.first().and_then(|hub| hub.sealing).ok_or("no hub")?;
        let (hub, own) = (HubSealKey::from_bytes(hub), self.secret.public());
        let mut dice = Dice::new(first as u64);
        let votes = (first..first + count).map(|number| {
            let judge = number % JUDGES;
            let content = self.ballot(number)?;
            let mut sealed = |hub| -> Result<NetChecked> {
                let (kind, flags) = (PacketType::Vote, Flags::RECEIPT_WANTED);
                let sealer = &self.sealer;
                let made = sealer.seal_to_hub(
                    keys,
                    hub,
                    kind,
                    flags,
                    T16::UNKNOWN,
                    &content,
                    &mut dice,
                )?;
                checked(made, keys)
            };
            Ok(Vote { packet: sealed(&hub)?, own: sealed(&own)?, judge })
        });
        votes.collect()
    }

    fn ballot(&self, number: usize) -> Result<Vec<u8>> {
        let (judge, rest) = (number % JUDGES, number / JUDGES);
        let (project, earlier) = (rest % PROJECTS, rest / PROJECTS);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let ballot = Ballot {
            project: project_id(project)?,
            category: "IDEA".parse()?,
            points: vec![7, 3, 9],
            id: VoteId::from_bytes(id),
            seconds: now().as_millis() / 1_000,
            judge: judge_id(judge)?,
            revision: u32::try_from(earlier)? + 1,
            round: 1,
        };
        Ok(ballot.sign(&self.realm, &self.bundle.id, &judge_key(judge))?)
    }

    /// What no hub can leave out, on two threads.
    pub(crate) fn open_all(&self, keys: &EventKeys, votes: &[Vote]) -> Result<()> {
        let judges: Vec<_> =
            (0..JUDGES).map(|judge| judge_key(judge).verifying_key().clone()).collect();
        let halves = votes.chunks(votes.len().div_ceil(2));
        std::thread::scope(|threads| {
            let work = |half: &[Vote]| -> Result<()> {
                half.iter().try_for_each(|vote| self.open_one(keys, &judges, vote))
            };
            let started: Vec<_> = halves.map(|half| threads.spawn(move || work(half))).collect();
            started.into_iter().try_for_each(|one| one.join().map_err(|_| "a thread ended")?)
        })
    }

    fn open_one(&self, keys: &EventKeys, judges: &[VerifyingKey], vote: &Vote) -> Result<()> {
        let content = open(&keys.app, &vote.own)?;
        let content = open_at_hub(&self.secret, &content)?;
        let received = ReceivedVote::decode(&content)?;
        let signed = received.verify(&self.realm, &self.bundle.id, &judges[vote.judge])?;
        black_box(signed);
        Ok(())
    }
}

fn checked(packet: Packet, keys: &EventKeys) -> Result<NetChecked> {
    packet.check_net(&keys.net).map_err(|_| "a packet without a tag".into())
}

fn judge_key(number: usize) -> SigningKey {
    let mut seed = [0x40; 32];
    seed[..8].copy_from_slice(&(number as u64).to_be_bytes());
    SigningKey::from_seed(&seed)
}

fn judge_id(number: usize) -> Result<countersign_judging::JudgeId> {
    Ok(format!("J{number}").parse()?)
}

fn project_id(number: usize) -> Result<countersign_judging::ProjectId> {
    Ok(format!("P{number}").parse()?)
}

fn keyset(realm: &Realm) -> Vec<u8> {
    let root = SigningKey::from_seed(&ROOT);
    let (not_before, not_after) =
        (Timestamp::from_millis(0), Timestamp::from_millis(9_000_000_000_000));
    let key = SigningKey::from_seed(&ONLINE).verifying_key().clone();
    let content = KeysetContent {
        version: 1,
        issued: not_before,
        expires: not_after,
        min_protocol: 1,
        keys: vec![OnlineKey { key, state: KeyState::Active, not_before, not_after }],
        roots: vec![root.verifying_key().clone()],
        pins: Vec::new(),
    };
    content.sign(realm, &root)
}

fn event(hub: HubKey) -> Result<Event> {
    let criterion = |title: &str| Criterion { title: title.to_owned(), min: 0, max: 10, weight: 1 };
    let judge = |number| {
        let (id, key) = (judge_id(number)?, judge_key(number).verifying_key().clone());
        Ok(Judge { id, name: format!("Judge {number}"), key })
    };
    let project = |number| {
        Ok(Project {
            id: project_id(number)?,
            title: format!("Project {number}"),
            table: format!("T{number}"),
            categories: vec!["IDEA".parse()?],
            anchor: false,
        })
    };
    let assigned = (0..JUDGES).flat_map(|judge| (0..PROJECTS).map(move |it| (judge, it)));
    let assigned = assigned.map(|(judge, project)| {
        Ok(Assignment {
            judge: judge_id(judge)?,
            round: 1,
            project: project_id(project)?,
            category: "IDEA".parse()?,
        })
    });
    let hour = now().as_millis() / HOUR * HOUR;
    Ok(Event {
        id: EventId::new("FAIR")?,
        version: 1,
        title: "Science Fair".to_owned(),
        starts: Timestamp::from_millis(hour - HOUR),
        ends: Timestamp::from_millis(hour + 24 * HOUR),
        salt: Some([9; 32]),
        categories: vec![Category {
            id: "IDEA".parse()?,
            title: "Best idea".to_owned(),
            criteria: ["New", "Useful", "Clear"].map(criterion).to_vec(),
        }],
        projects: (0..PROJECTS).map(project).collect::<Result<_>>()?,
        judges: (0..JUDGES).map(judge).collect::<Result<_>>()?,
        rounds: vec![Round { number: 1, title: "Only round".to_owned(), state: RoundState::Open }],
        conflicts: Vec::new(),
        assignments: assigned.collect::<Result<_>>()?,
        hubs: vec![hub],
    })
}
