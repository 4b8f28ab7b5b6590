//! Everything that is wrong with an event's description, at once, in sentences for its organiser.

use super::{
    ASSIGNMENTS_MAX, CATEGORIES_MAX, CONFLICTS_MAX, CRITERIA_MAX, Event, HUBS_MAX, JUDGES_MAX,
    PROJECTS_MAX, ROUNDS_MAX, TEXT_MAX,
};
use crate::bundle;
use crate::id::{CategoryId, JudgeId, ProjectId};
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use thiserror::Error;

/// Most faults that are reported; a table with one wrong column has thousands.
pub const FAULTS_MAX: usize = 100;

/// A table of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Categories.
    Categories,
    /// Criteria of one category.
    Criteria,
    /// Projects.
    Projects,
    /// Judges.
    Judges,
    /// Rounds.
    Rounds,
    /// Conflicts of interest.
    Conflicts,
    /// Assignments.
    Assignments,
    /// Hubs.
    Hubs,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Categories => "categories",
            Self::Criteria => "criteria",
            Self::Projects => "projects",
            Self::Judges => "judges",
            Self::Rounds => "rounds",
            Self::Conflicts => "conflicts",
            Self::Assignments => "assignments",
            Self::Hubs => "hubs",
        })
    }
}

/// Something of an event that has a name: "project PROJECT_004".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is: "project", "judge".
    pub what: &'static str,
    /// Its id or number.
    pub id: String,
}

impl Named {
    fn new(what: &'static str, id: &dyn fmt::Display) -> Self {
        Self { what, id: id.to_string() }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.id)
    }
}

/// One thing that is wrong with a description.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventFault {
    /// A table with more rows than allowed.
    #[error("there are {found} {field}; at most {max} are allowed")]
    TooMany {
        /// The table.
        field: Field,
        /// Its rows.
        found: usize,
        /// How many it may have.
        max: usize,
    },
    /// A table without a row.
    #[error("there are no {0}; there has to be at least one")]
    None(Field),
    /// A title or name of a length that is not allowed.
    #[error("the text of {0} has to have 1 to {TEXT_MAX} bytes")]
    Text(Named),
    /// The same id twice.
    #[error("{0} is listed twice")]
    Twice(Named),
    /// A reference to something that is not there.
    #[error("{of} names the {missing}, which is not in the event")]
    Unknown {
        /// What refers to it.
        of: Named,
        /// What is missing.
        missing: Named,
    },
    /// A range without room, or a weight of nothing.
    #[error("{0} needs a most that is above its least, and a weight above 0")]
    Criterion(Named),
    /// A project that cannot be judged.
    #[error("{0} has no category, or one twice")]
    NoCategory(Named),
    /// An assignment of a project in a category that it is not in.
    #[error("{judge} is assigned {project} as {category}, which is not a category of it")]
    NotItsCategory {
        /// The judge.
        judge: JudgeId,
        /// The project.
        project: ProjectId,
        /// The category.
        category: CategoryId,
    },
    /// Somebody is asked to do what they must not do.
    #[error("{judge} is assigned {project}, with which they have a conflict of interest")]
    AssignedInConflict {
        /// The judge.
        judge: JudgeId,
        /// The project.
        project: ProjectId,
    },
    /// Two hold the same key: neither could be told from the other.
    #[error("{0} has a key that somebody else in the event has as well")]
    SharedKey(Named),
    /// Version or round 0.
    #[error("{0} counts from 1")]
    Zero(&'static str),
    /// It ends before it begins.
    #[error("the event ends before it starts")]
    Times,
    /// It does not fit a bundle.
    #[error("the bundle would have {0} bytes; at most {max} are allowed", max = bundle::CONTENT_MAX)]
    TooLarge(usize),
}

impl Event {
    /// Everything that is wrong with it, at most [`FAULTS_MAX`] of it; nothing if it can become a bundle. The order of the
    /// tables does not matter.
    pub fn check(&self) -> Vec<EventFault> {
        let mut sorted = self.clone();
        sorted.sort();
        let mut faults = Faults(Vec::new());
        sorted.check_counts(&mut faults);
        sorted.check_ids(&mut faults);
        if !faults.0.is_empty() {
            return faults.0;
        }
        sorted.check_texts(&mut faults);
        sorted.check_rubrics(&mut faults);
        sorted.check_keys(&mut faults);
        sorted.check_references(&mut faults);
        if faults.0.is_empty() {
            let len = bundle::content_len(&sorted);
            faults.add_if(len > bundle::CONTENT_MAX, || EventFault::TooLarge(len));
        }
        faults.0
    }

    fn check_counts(&self, faults: &mut Faults) {
        let tables = [
            (Field::Categories, self.categories.len(), CATEGORIES_MAX),
            (Field::Projects, self.projects.len(), PROJECTS_MAX),
            (Field::Judges, self.judges.len(), JUDGES_MAX),
            (Field::Rounds, self.rounds.len(), ROUNDS_MAX),
            (Field::Conflicts, self.conflicts.len(), CONFLICTS_MAX),
            (Field::Assignments, self.assignments.len(), ASSIGNMENTS_MAX),
            (Field::Hubs, self.hubs.len(), HUBS_MAX),
        ];
        for (field, found, max) in tables {
            faults.add_if(found > max, || EventFault::TooMany { field, found, max });
            let needed = matches!(field, Field::Categories | Field::Rounds);
            faults.add_if(needed && found == 0, || EventFault::None(field));
        }
        for category in &self.categories {
            let found = category.criteria.len();
            let field = Field::Criteria;
            let max = CRITERIA_MAX;
            faults.add_if(found > max, || EventFault::TooMany { field, found, max });
            faults.add_if(found == 0, || EventFault::None(field));
        }
        faults.add_if(self.version == 0, || EventFault::Zero("the version of an event"));
        let round_zero = self.rounds.iter().any(|round| round.number == 0);
        faults.add_if(round_zero, || EventFault::Zero("the number of a round"));
        faults.add_if(self.ends < self.starts, || EventFault::Times);
    }

    fn check_ids(&self, faults: &mut Faults) {
        faults.twice(&self.categories, "category", |category| category.id);
        faults.twice(&self.projects, "project", |project| project.id);
        faults.twice(&self.judges, "judge", |judge| judge.id);
        faults.twice(&self.rounds, "round", |round| round.number);
        faults.twice(&self.hubs, "hub", |hub| *hub.key.fingerprint());
        for pair in self.conflicts.windows(2).filter(|pair| pair[0] == pair[1]) {
            let Some(conflict) = pair.first() else { continue };
            let id = alloc::format!("{} with {}", conflict.judge, conflict.project);
            faults.add(EventFault::Twice(Named { what: "conflict of", id }));
        }
        for pair in self.assignments.windows(2).filter(|pair| pair[0] == pair[1]) {
            let Some(one) = pair.first() else { continue };
            let id = alloc::format!("{} to {}", one.judge, one.project);
            faults.add(EventFault::Twice(Named { what: "assignment of", id }));
        }
    }

    fn check_texts(&self, faults: &mut Faults) {
        let mut text = |text: &str, what: &'static str, id: &dyn fmt::Display| {
            let fits = (1..=TEXT_MAX).contains(&text.len());
            faults.add_if(!fits, || EventFault::Text(Named::new(what, id)));
        };
        text(&self.title, "event", &self.id);
        for category in &self.categories {
            text(&category.title, "category", &category.id);
            for criterion in &category.criteria {
                text(&criterion.title, "a criterion of category", &category.id);
            }
        }
        for project in &self.projects {
            text(&project.title, "project", &project.id);
            if !project.table.is_empty() {
                text(&project.table, "the table of project", &project.id);
            }
        }
        self.judges.iter().for_each(|judge| text(&judge.name, "judge", &judge.id));
        self.rounds.iter().for_each(|round| text(&round.title, "round", &round.number));
        self.hubs.iter().for_each(|hub| text(&hub.name, "hub", hub.key.fingerprint()));
    }

    fn check_rubrics(&self, faults: &mut Faults) {
        for category in &self.categories {
            for criterion in &category.criteria {
                let bad = criterion.max <= criterion.min || criterion.weight == 0;
                faults.add_if(bad, || {
                    let id = alloc::format!("{} of category {}", criterion.title, category.id);
                    EventFault::Criterion(Named { what: "criterion", id })
                });
            }
        }
    }

    fn check_keys(&self, faults: &mut Faults) {
        let mut seen = BTreeSet::new();
        for hub in &self.hubs {
            seen.insert(*hub.key.fingerprint());
        }
        for judge in &self.judges {
            let new = seen.insert(*judge.key.fingerprint());
            faults.add_if(!new, || EventFault::SharedKey(Named::new("judge", &judge.id)));
        }
    }

    fn check_references(&self, faults: &mut Faults) {
        for project in &self.projects {
            let of = || Named::new("project", &project.id);
            let ascending = project.categories.is_sorted_by(|a, b| a < b);
            let bad = project.categories.is_empty() || !ascending;
            faults.add_if(bad, || EventFault::NoCategory(of()));
            for category in &project.categories {
                let missing = || Named::new("category", category);
                faults.known(self.category(category).is_some(), of, missing);
            }
        }
        for conflict in &self.conflicts {
            let of = || Named { what: "a", id: "conflict of interest".into() };
            let judge = || Named::new("judge", &conflict.judge);
            faults.known(self.judge(&conflict.judge).is_some(), of, judge);
            let project = || Named::new("project", &conflict.project);
            faults.known(self.project(&conflict.project).is_some(), of, project);
        }
        for one in &self.assignments {
            let of = || Named { what: "an", id: "assignment".into() };
            faults.known(self.judge(&one.judge).is_some(), of, || Named::new("judge", &one.judge));
            faults.known(self.round(one.round).is_some(), of, || Named::new("round", &one.round));
            let (judge, project, category) = (one.judge, one.project, one.category);
            let Some(target) = self.project(&project) else {
                faults.known(false, of, || Named::new("project", &project));
                continue;
            };
            let its_own = target.categories.contains(&category);
            faults.add_if(!its_own, || EventFault::NotItsCategory { judge, project, category });
            let conflict = self.has_conflict(&judge, &project);
            faults.add_if(conflict, || EventFault::AssignedInConflict { judge, project });
        }
    }
}

struct Faults(Vec<EventFault>);

impl Faults {
    fn add(&mut self, fault: EventFault) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(fault);
        }
    }

    fn add_if(&mut self, wrong: bool, fault: impl FnOnce() -> EventFault) {
        if wrong {
            self.add(fault());
        }
    }

    fn known(&mut self, known: bool, of: impl FnOnce() -> Named, missing: impl FnOnce() -> Named) {
        self.add_if(!known, || EventFault::Unknown { of: of(), missing: missing() });
    }

    /// The rows are sorted by their id.
    fn twice<T, I: PartialEq + fmt::Display>(
        &mut self,
        rows: &[T],
        what: &'static str,
        id: impl Fn(&T) -> I,
    ) {
        for pair in rows.windows(2) {
            if let [one, other] = pair
                && id(one) == id(other)
            {
                self.add(EventFault::Twice(Named::new(what, &id(one))));
            }
        }
    }
}
