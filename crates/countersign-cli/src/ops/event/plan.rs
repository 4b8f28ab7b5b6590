//! An event as the store keeps it until it is signed: everything but judges' keys and addresses.

use super::error::EventError;
use countersign::{EventId, Signer, SigningKey, Timestamp, VerifyingKey};
use countersign_judging::event::{
    Assignment, Category, Conflict, Criterion, Event, HubKey, Judge, Project, Round, RoundState,
};
use countersign_judging::{Bundle, CategoryId, JudgeId, ProjectId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) starts_ms: u64,
    pub(super) ends_ms: u64,
    /// 64 hexadecimal digits; nothing: the QR alone opens the traffic.
    pub(super) salt: Option<String>,
    pub(super) categories: Vec<PlanCategory>,
    pub(super) rounds: Vec<PlanRound>,
    pub(super) hubs: Vec<PlanHub>,
    pub(super) projects: Vec<PlanProject>,
    pub(super) judges: Vec<PlanJudge>,
    /// Judge and project.
    pub(super) conflicts: Vec<(String, String)>,
    /// Judge, round, project, category.
    pub(super) assignments: Vec<(String, u8, String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanCategory {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) criteria: Vec<PlanCriterion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanCriterion {
    pub(super) title: String,
    #[serde(default)]
    pub(super) least: u16,
    pub(super) most: u16,
    #[serde(default = "one")]
    pub(super) weight: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanRound {
    pub(super) number: u8,
    pub(super) title: String,
    #[serde(default)]
    pub(super) open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanHub {
    pub(super) name: String,
    pub(super) key: String,
    pub(super) sealing_key: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlanProject {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) table: String,
    pub(super) categories: Vec<String>,
    pub(super) anchor: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlanJudge {
    pub(super) id: String,
    pub(super) name: String,
    /// Most projects for them.
    pub(super) capacity: Option<u16>,
    /// What they may be asked to judge; empty: everything.
    pub(super) categories: Vec<String>,
}

const fn one() -> u16 {
    1
}

impl Plan {
    /// As the store has it.
    pub(super) fn encode(&self) -> Result<Vec<u8>, EventError> {
        serde_json::to_vec(self).map_err(|error| EventError::Damaged(error.to_string()))
    }

    pub(super) fn decode(content: &[u8]) -> Result<Self, EventError> {
        serde_json::from_slice(content).map_err(|error| EventError::Damaged(error.to_string()))
    }

    /// Everything that is wrong with it, with stand-ins for the judges' keys, which come later.
    pub(super) fn check(&self) -> Result<(), EventError> {
        let mut keys = BTreeMap::new();
        for (n, judge) in (0_u32..).zip(&self.judges) {
            let mut seed = [0x5a; 32];
            seed[..4].copy_from_slice(&n.to_be_bytes());
            let key = SigningKey::from_seed(&seed).verifying_key().clone();
            keys.insert(id::<JudgeId>(&judge.id, "judge")?, key);
        }
        self.bundle(1, &keys).map(drop)
    }

    /// The bundle with these keys; judges without one are left out, with what names them.
    pub(super) fn bundle(
        &self,
        version: u32,
        keys: &BTreeMap<JudgeId, VerifyingKey>,
    ) -> Result<Bundle, EventError> {
        let event = self.event(version, keys)?;
        Bundle::new(event).map_err(EventError::Faults)
    }

    fn event(
        &self,
        version: u32,
        keys: &BTreeMap<JudgeId, VerifyingKey>,
    ) -> Result<Event, EventError> {
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

fn category(of: &PlanCategory) -> Result<Category, EventError> {
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

fn project(of: &PlanProject) -> Result<Project, EventError> {
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

fn hub(of: &PlanHub) -> Result<HubKey, EventError> {
    let key = bytes(&of.key, &format!("the key of hub {}", of.name))?;
    let key = VerifyingKey::from_bytes(&key)
        .map_err(|error| EventError::HubKey { hub: of.name.clone(), why: error.to_string() })?;
    let sealing = of.sealing_key.as_deref();
    let sealing = sealing.map(|hex| bytes(hex, &format!("the sealing key of hub {}", of.name)));
    Ok(HubKey { name: of.name.clone(), key, sealing: sealing.transpose()? })
}

fn bytes(hex: &str, what: &str) -> Result<[u8; 32], EventError> {
    let mut bytes = [0; 32];
    match hex::decode_to_slice(hex, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(EventError::Hex(what.to_owned())),
    }
}

/// An id that people can type.
pub(super) fn id<T: core::str::FromStr>(text: &str, what: &'static str) -> Result<T, EventError> {
    text.parse().map_err(|_| EventError::Id { what, text: text.to_owned() })
}

/// The event's id of a command line.
pub(super) fn event_id(text: &str) -> Result<EventId, String> {
    EventId::new(text).map_err(|error| error.to_string())
}
