//! An organiser's files, and what the server makes of them.

use crate::said::Value;
use countersign_web_kit::said;
use countersign_web_kit::said::Read;
use serde_json::json;

/// Most bytes of a question with files in it; the server takes 64 KiB unless it is set to more.
const QUESTION_MAX: usize = 64_000;

/// What an event is made of, as text. Nothing in it has been looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// TOML: event, categories, rounds, hubs.
    pub event: String,
    /// CSV.
    pub projects: String,
    /// CSV.
    pub judges: String,
    /// CSV; may be empty.
    pub conflicts: String,
}

impl Files {
    /// For the server.
    pub fn json(&self) -> Value {
        let Self { event, projects, judges, conflicts } = self;
        json!({ "event": event, "projects": projects, "judges": judges, "conflicts": conflicts })
    }

    /// Whether they do not fit into one question.
    pub fn are_too_long(&self) -> bool {
        self.json().to_string().len() > QUESTION_MAX
    }
}

/// The place where files become an event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SetUp {
    /// As they were sent last.
    pub files: Files,
    /// How often; fields of another turn are made anew, with these files in them.
    pub turn: u32,
    /// What the server said of them.
    pub checked: Option<Checked>,
}

/// `console.event_check`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// What is wrong, each with its place.
    Faults(Vec<String>),
    /// What they describe.
    Good(Box<Preview>),
}

impl Read for Checked {
    fn read(value: &Value) -> Option<Self> {
        let faults: Vec<String> = Read::read(&value["faults"])?;
        match faults.is_empty() {
            true => Some(Self::Good(Box::new(Read::read(value)?))),
            false => Some(Self::Faults(faults)),
        }
    }
}

said! {
    /// An event that is not stored yet.
    Preview {
        /// Its id.
        event: String,
        /// What people call it.
        title: String,
        /// When it begins.
        starts_ms: u64,
        /// When it is over.
        ends_ms: u64,
        /// Of the event that has this id already.
        revision: Option<u64>,
        /// Whether that one may be changed.
        may_change: bool,
        /// What is judged.
        categories: Vec<Category>,
        /// When.
        rounds: Vec<Stage>,
        /// Names of hubs.
        hubs: Vec<String>,
        /// What is judged.
        projects: Vec<Listed>,
        /// By whom.
        judges: Vec<Invited>,
        /// How many must not judge what.
        conflicts: u64,
    }

    /// A category.
    Category {
        /// What people call it.
        title: String,
        /// Its rubric.
        criteria: Vec<Criterion>,
    }

    /// A criterion.
    Criterion {
        /// What people call it.
        title: String,
        /// Fewest points.
        least: u32,
        /// Most points.
        most: u32,
        /// How much it weighs.
        weight: u32,
    }

    /// A round.
    Stage {
        /// Its number.
        number: u32,
        /// What people call it.
        title: String,
    }

    /// A project.
    Listed {
        /// Its id.
        id: String,
        /// Its title.
        title: String,
        /// Where it stands.
        table: String,
        /// Ids of its categories.
        categories: Vec<String>,
    }

    /// A judge.
    Invited {
        /// Their id.
        judge: String,
        /// Their name.
        name: String,
        /// Their address.
        address: Option<String>,
        /// Most projects for them.
        capacity: Option<u32>,
    }
}
