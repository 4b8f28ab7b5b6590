//! Who sits where while the plan is made.

use super::{Categories, Task, Visit};
use crate::tally::graph::{top, unite};
use alloc::vec;
use alloc::vec::Vec;

/// A judge at a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) judge: u16,
    /// He has been there already.
    pub(super) fixed: bool,
}

pub(super) struct Hall<'a> {
    pub(super) task: &'a Task,
    /// By project; anchors have only seats that are done.
    seats: Vec<Vec<Seat>>,
    /// Projects by judge, without anchors; in no order that means something.
    visits: Vec<Vec<u16>>,
    /// By judge.
    done_anchors: Vec<Vec<u16>>,
    /// How often two judges meet, both ways.
    meetings: Vec<u16>,
    /// Sorted.
    conflicts: Vec<Visit>,
    /// By category: those that judges or projects link share a number.
    kin: Vec<usize>,
}

/// Whoever is in no category is alone here.
const NOWHERE: usize = 64;

impl<'a> Hall<'a> {
    pub(super) fn new(task: &'a Task) -> Self {
        let (judges, projects) = (task.judges.len(), task.projects.len());
        let mut conflicts = task.conflicts.clone();
        conflicts.sort_unstable();
        Self {
            task,
            seats: vec![Vec::new(); projects],
            visits: vec![Vec::new(); judges],
            done_anchors: vec![Vec::new(); judges],
            meetings: vec![0; judges * judges],
            conflicts,
            kin: kin(task),
        }
    }

    /// No chain of moves leads from one kin to another.
    pub(super) fn kin_of_judge(&self, judge: usize) -> usize {
        self.kin[first(self.task.judges[judge].categories)]
    }

    pub(super) fn kin_of_project(&self, project: usize) -> usize {
        self.kin[first(self.task.projects[project].categories)]
    }

    pub(super) fn seats(&self, project: usize) -> &[Seat] {
        &self.seats[project]
    }

    pub(super) fn visits(&self, judge: usize) -> &[u16] {
        &self.visits[judge]
    }

    pub(super) fn done_anchors(&self, judge: usize) -> &[u16] {
        &self.done_anchors[judge]
    }

    pub(super) fn judges(&self) -> usize {
        self.visits.len()
    }

    pub(super) fn load(&self, judge: usize) -> usize {
        self.visits[judge].len()
    }

    pub(super) fn has_room(&self, judge: usize) -> bool {
        self.load(judge) < usize::from(self.task.judges[judge].capacity)
    }

    /// Whether the task lets a judge see a project.
    pub(super) fn may_see(&self, judge: usize, project: usize) -> bool {
        let (slot, other) = (&self.task.judges[judge], &self.task.projects[project]);
        let visit = Visit {
            judge: super::JudgeIndex(judge as u16),
            project: super::ProjectIndex(project as u16),
        };
        slot.capacity > 0
            && slot.categories.meets(other.categories)
            && self.conflicts.binary_search(&visit).is_err()
    }

    pub(super) fn sits(&self, judge: usize, project: usize) -> bool {
        self.seats[project].iter().any(|seat| usize::from(seat.judge) == judge)
    }

    /// Whether he could go there besides, room aside.
    pub(super) fn may_join(&self, judge: usize, project: usize) -> bool {
        !self.sits(judge, project) && self.may_see(judge, project)
    }

    pub(super) fn may_sit(&self, judge: usize, project: usize) -> bool {
        self.has_room(judge) && self.may_join(judge, project)
    }

    pub(super) fn is_movable(&self, judge: usize, project: usize) -> bool {
        self.seats[project].iter().any(|seat| usize::from(seat.judge) == judge && !seat.fixed)
    }

    /// A visit that was made stays, whatever the task says. Said twice it counts once.
    pub(super) fn seat_done(&mut self, visit: Visit) {
        let (judge, project) = (visit.judge.at(), visit.project.at());
        if self.sits(judge, project) {
            return;
        }
        let seat = Seat { judge: visit.judge.0, fixed: true };
        if self.task.projects[project].anchor {
            self.seats[project].push(seat);
            self.done_anchors[judge].push(visit.project.0);
        } else {
            self.seat(seat, project);
        }
    }

    pub(super) fn seat(&mut self, seat: Seat, project: usize) {
        self.meet(usize::from(seat.judge), project, 1);
        self.seats[project].push(seat);
        self.visits[usize::from(seat.judge)].push(project as u16);
    }

    pub(super) fn unseat(&mut self, judge: usize, project: usize) {
        self.seats[project].retain(|seat| usize::from(seat.judge) != judge);
        self.visits[judge].retain(|visit| usize::from(*visit) != project);
        self.meet(judge, project, u16::MAX);
    }

    /// Adds to his meetings with everybody at a project; [`u16::MAX`] takes one off.
    fn meet(&mut self, judge: usize, project: usize, times: u16) {
        let judges = self.judges();
        for seat in &self.seats[project] {
            let other = usize::from(seat.judge);
            for cell in [judge * judges + other, other * judges + judge] {
                self.meetings[cell] = self.meetings[cell].wrapping_add(times);
            }
        }
    }

    pub(super) fn meetings(&self, a: usize, b: usize) -> u32 {
        u32::from(self.meetings[a * self.judges() + b])
    }

    /// How often a judge already meets those who sit at a project, but for `without`.
    pub(super) fn acquaintance(&self, judge: usize, project: usize, without: usize) -> u32 {
        let others = self.seats[project].iter().map(|seat| usize::from(seat.judge));
        let others = others.filter(|other| *other != without && *other != judge);
        others.map(|other| self.meetings(judge, other)).sum()
    }

    /// A number that looks drawn by lot and is the same every time.
    pub(super) fn lot(&self, a: usize, b: usize) -> u64 {
        mixed(mixed(self.task.seed ^ mixed(a as u64)) ^ b as u64)
    }
}

fn kin(task: &Task) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..=NOWHERE).collect();
    let judges = task.judges.iter().map(|slot| slot.categories);
    let projects = task.projects.iter().filter(|slot| !slot.anchor).map(|slot| slot.categories);
    for set in judges.chain(projects) {
        let members = (0..NOWHERE).filter(|category| set.0 >> category & 1 == 1);
        members.for_each(|category| unite(&mut parents, first(set), category));
    }
    (0..=NOWHERE).map(|category| top(&mut parents, category)).collect()
}

/// 64, which is nowhere, for no category.
const fn first(set: Categories) -> usize {
    set.0.trailing_zeros() as usize
}

/// The last step of SplitMix64.
pub(super) const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
