//! Finding things in an event whose tables are sorted, as those of a bundle are.

use super::{Assignment, Category, Conflict, Event, HubKey, Judge, Project, Round};
use crate::id::{CategoryId, JudgeId, ProjectId};
use alloc::vec::Vec;
use countersign::Fingerprint;

impl Event {
    /// Brings the tables into the order of the canonical bytes, by id.
    pub(crate) fn sort(&mut self) {
        self.categories.sort_by_key(|category| category.id);
        self.projects.sort_by_key(|project| project.id);
        self.projects.iter_mut().for_each(|project| project.categories.sort());
        self.judges.sort_by_key(|judge| judge.id);
        self.rounds.sort_by_key(|round| round.number);
        self.conflicts.sort();
        self.assignments.sort();
        self.hubs.sort_by_key(|hub| *hub.key.fingerprint());
    }

    /// The category of that id. Like all these: only in the sorted event of a bundle.
    pub fn category(&self, id: &CategoryId) -> Option<&Category> {
        let at = self.categories.binary_search_by_key(id, |category| category.id).ok()?;
        self.categories.get(at)
    }

    /// The project of that id.
    pub fn project(&self, id: &ProjectId) -> Option<&Project> {
        let at = self.projects.binary_search_by_key(id, |project| project.id).ok()?;
        self.projects.get(at)
    }

    /// The judge of that id.
    pub fn judge(&self, id: &JudgeId) -> Option<&Judge> {
        let at = self.judges.binary_search_by_key(id, |judge| judge.id).ok()?;
        self.judges.get(at)
    }

    /// The round of that number.
    pub fn round(&self, number: u8) -> Option<&Round> {
        let at = self.rounds.binary_search_by_key(&number, |round| round.number).ok()?;
        self.rounds.get(at)
    }

    /// The hub whose key has that fingerprint.
    pub fn hub(&self, key: &Fingerprint) -> Option<&HubKey> {
        let at = self.hubs.binary_search_by_key(key, |hub| *hub.key.fingerprint()).ok()?;
        self.hubs.get(at)
    }

    /// Whether the judge must not judge the project.
    pub fn has_conflict(&self, judge: &JudgeId, project: &ProjectId) -> bool {
        let conflict = Conflict { judge: *judge, project: *project };
        self.conflicts.binary_search(&conflict).is_ok()
    }

    /// What the judge is asked to do, by round.
    pub fn assignments_of(&self, judge: &JudgeId) -> &[Assignment] {
        let from = self.assignments.partition_point(|one| one.judge < *judge);
        let to = self.assignments.partition_point(|one| one.judge <= *judge);
        self.assignments.get(from..to).unwrap_or_default()
    }

    /// The pairs of project and category that can be voted on.
    pub fn entries(&self) -> Vec<(ProjectId, CategoryId)> {
        let of = |project: &Project| {
            let id = project.id;
            project.categories.clone().into_iter().map(move |category| (id, category))
        };
        self.projects.iter().flat_map(of).collect()
    }
}
