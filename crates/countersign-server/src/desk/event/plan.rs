//! An event as the store keeps it until it is signed: everything but judges' keys and addresses.

use super::fault::PlanError;
use countersign::{Signer, SigningKey, Timestamp, VerifyingKey};
use countersign_judging::event::{
    Assignment, Category, Conflict, Criterion, Event, HubKey, Judge, Project, Round, RoundState,
};
use countersign_judging::{Bundle, CategoryId, JudgeId, ProjectId};
use countersign_store::event::{NewEvent, Seat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// When it begins.
    pub starts_ms: u64,
    /// When it is over.
    pub ends_ms: u64,
    /// 64 hexadecimal digits; nothing: the QR alone opens the traffic.
    pub salt: Option<String>,
    /// What is judged, by which rubric.
    pub categories: Vec<PlanCategory>,
    /// Rounds.
    pub rounds: Vec<PlanRound>,
    /// Hubs.
    pub hubs: Vec<PlanHub>,
    /// Projects.
    pub projects: Vec<PlanProject>,
    /// Who judges.
    pub judges: Vec<PlanJudge>,
    /// Judge and project.
    pub conflicts: Vec<(String, String)>,
    /// Judge, round, project, category.
    pub assignments: Vec<Row>,
    /// Who made it at the console, as an account's id; nothing: somebody beside the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// Judge, round, project, category.
pub type Row = (String, u8, String, String);

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCategory {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// The rubric.
    pub criteria: Vec<PlanCriterion>,
}

/// A criterion of a rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCriterion {
    /// What people call it.
    pub title: String,
    /// Fewest points.
    #[serde(default)]
    pub least: u16,
    /// Most points.
    pub most: u16,
    /// How much it weighs.
    #[serde(default = "one")]
    pub weight: u16,
}

/// A round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRound {
    /// From 1.
    pub number: u8,
    /// What people call it.
    pub title: String,
    /// Whether it is open from the start.
    #[serde(default)]
    pub open: bool,
}

/// A hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanHub {
    /// What people call it.
    pub name: String,
    /// Its key, 64 hexadecimal digits.
    pub key: String,
    /// Its key for sealing.
    pub sealing_key: Option<String>,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanProject {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where it stands; may be empty.
    pub table: String,
    /// What is judged, by which rubric.
    pub categories: Vec<String>,
    /// Whether everybody judges it first.
    pub anchor: bool,
}

/// A judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanJudge {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Most projects for them.
    pub capacity: Option<u16>,
    /// What they may be asked to judge; empty: everything.
    pub categories: Vec<String>,
}

const fn one() -> u16 {
    1
}

impl Plan {
    /// As the store has it.
    pub fn encode(&self) -> Result<Vec<u8>, PlanError> {
        serde_json::to_vec(self).map_err(|error| PlanError::Damaged(error.to_string()))
    }

    /// Reads it again.
    pub fn decode(content: &[u8]) -> Result<Self, PlanError> {
        serde_json::from_slice(content).map_err(|error| PlanError::Damaged(error.to_string()))
    }

    /// Everything that is wrong with it, with stand-ins for the judges' keys, which come later.
    pub fn check(&self) -> Result<(), PlanError> {
        self.described().map(drop)
    }

    /// The event with the same stand-ins, for what has no keys in it.
    pub fn described(&self) -> Result<Bundle, PlanError> {
        let mut keys = BTreeMap::new();
        for (n, judge) in (0_u32..).zip(&self.judges) {
            let mut seed = [0x5a; 32];
            seed[..4].copy_from_slice(&n.to_be_bytes());
            let key = SigningKey::from_seed(&seed).verifying_key().clone();
            keys.insert(id::<JudgeId>(&judge.id, "judge")?, key);
        }
        self.bundle(1, &keys)
    }

    /// The bundle with these keys; judges without one are left out, with what names them.
    pub fn bundle(
        &self,
        version: u32,
        keys: &BTreeMap<JudgeId, VerifyingKey>,
    ) -> Result<Bundle, PlanError> {
        let event = self.event(version, keys)?;
        Bundle::new(event).map_err(PlanError::Faults)
    }

    /// Takes over from the description before what is in no file, and says how many assignments do not fit any more: of what is
    /// gone, or conflicts now.
    pub fn follow(&mut self, before: &Self) -> usize {
        self.salt.clone_from(&before.salt);
        self.owner.clone_from(&before.owner);
        self.assignments.clone_from(&before.assignments);
        let judges: BTreeSet<&str> = self.judges.iter().map(|judge| judge.id.as_str()).collect();
        let rounds: BTreeSet<_> = self.rounds.iter().map(|round| round.number).collect();
        let (projects, conflicts) = (&self.projects, &self.conflicts);
        self.assignments.retain(|(judge, round, project, category)| {
            let found = projects.iter().find(|it| it.id == *project);
            judges.contains(judge.as_str())
                && rounds.contains(round)
                && found.is_some_and(|it| it.categories.contains(category))
                && !conflicts.iter().any(|(who, what)| who == judge && what == project)
        });
        before.assignments.len() - self.assignments.len()
    }

    /// For the store, in place of the revision that it was made from.
    pub fn stored(
        &self,
        seats: Vec<Seat>,
        from: Option<u32>,
        now: Timestamp,
    ) -> Result<NewEvent, PlanError> {
        Ok(NewEvent {
            id: id(&self.id, "event")?,
            title: self.title.clone(),
            starts: Timestamp::from_millis(self.starts_ms),
            ends: Timestamp::from_millis(self.ends_ms),
            content: self.encode()?,
            seats,
            from,
            now,
        })
    }

    /// How much there is of everything.
    pub fn counts(&self) -> Value {
        json!({
            "projects": self.projects.len(),
            "judges": self.judges.len(),
            "categories": self.categories.len(),
            "rounds": self.rounds.len(),
            "hubs": self.hubs.len(),
            "conflicts": self.conflicts.len(),
            "assignments": self.assignments.len(),
        })
    }

    fn event(
        &self,
        version: u32,
        keys: &BTreeMap<JudgeId, VerifyingKey>,
    ) -> Result<Event, PlanError> {
        let mut judges = Vec::new();
        for judge in &self.judges {
            let id = id::<JudgeId>(&judge.id, "judge")?;
            if let Some(key) = keys.get(&id) {
                judges.push(Judge { id, name: judge.name.clone(), key: key.clone() });
            }
        }
        let (mut conflicts, mut assignments) = (Vec::new(), Vec::new());
        let has_key = |judge: &JudgeId| keys.contains_key(judge);
        for (judge, project) in &self.conflicts {
            conflicts
                .push(Conflict { judge: id(judge, "judge")?, project: id(project, "project")? });
        }
        for (judge, round, project, category) in &self.assignments {
            assignments.push(Assignment {
                judge: id(judge, "judge")?,
                round: *round,
                project: id(project, "project")?,
                category: id(category, "category")?,
            });
        }
        // Only of judges who are on the roster and have no key yet; a name that is on no roster is a fault.
        let absent = |judge: &JudgeId| {
            self.judges.iter().any(|known| known.id == judge.as_str()) && !has_key(judge)
        };
        conflicts.retain(|conflict| !absent(&conflict.judge));
        assignments.retain(|assignment| !absent(&assignment.judge));
        Ok(Event {
            id: id(&self.id, "event")?,
            version,
            title: self.title.clone(),
            starts: Timestamp::from_millis(self.starts_ms),
            ends: Timestamp::from_millis(self.ends_ms),
            salt: self.salt.as_deref().map(|hex| bytes(hex, "the salt")).transpose()?,
            categories: self.categories.iter().map(category).collect::<Result<_, _>>()?,
            projects: self.projects.iter().map(project).collect::<Result<_, _>>()?,
            judges,
            rounds: self.rounds.iter().map(round).collect(),
            conflicts,
            assignments,
            hubs: self.hubs.iter().map(hub).collect::<Result<_, _>>()?,
        })
    }
}

fn category(of: &PlanCategory) -> Result<Category, PlanError> {
    let criterion = |it: &PlanCriterion| Criterion {
        title: it.title.clone(),
        min: it.least,
        max: it.most,
        weight: it.weight,
    };
    let id = id(&of.id, "category")?;
    Ok(Category {
        id,
        title: of.title.clone(),
        criteria: of.criteria.iter().map(criterion).collect(),
    })
}

fn project(of: &PlanProject) -> Result<Project, PlanError> {
    let categories = of.categories.iter().map(|it| id::<CategoryId>(it, "category"));
    Ok(Project {
        id: id::<ProjectId>(&of.id, "project")?,
        title: of.title.clone(),
        table: of.table.clone(),
        categories: categories.collect::<Result<_, _>>()?,
        anchor: of.anchor,
    })
}

fn round(of: &PlanRound) -> Round {
    let state = if of.open { RoundState::Open } else { RoundState::Draft };
    Round { number: of.number, title: of.title.clone(), state }
}

fn hub(of: &PlanHub) -> Result<HubKey, PlanError> {
    let key = bytes(&of.key, &format!("the key of hub {}", of.name))?;
    let key = VerifyingKey::from_bytes(&key)
        .map_err(|error| PlanError::HubKey { hub: of.name.clone(), why: error.to_string() })?;
    let sealing = of.sealing_key.as_deref();
    let sealing = sealing.map(|hex| bytes(hex, &format!("the sealing key of hub {}", of.name)));
    Ok(HubKey { name: of.name.clone(), key, sealing: sealing.transpose()? })
}

fn bytes(hex: &str, what: &str) -> Result<[u8; 32], PlanError> {
    let mut bytes = [0; 32];
    match hex::decode_to_slice(hex, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(PlanError::Hex(what.to_owned())),
    }
}

/// An id that people can type.
pub fn id<T: core::str::FromStr>(text: &str, what: &'static str) -> Result<T, PlanError> {
    text.parse().map_err(|_| PlanError::Id { what, text: text.to_owned() })
}
