//! A form that is being filled in, and what it was before.

use countersign_app::judge::{Ballot, Place};
use countersign_judging::event::Category;

/// Most steps back.
const UNDO_MAX: usize = 50;

/// Points of a project, some perhaps missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// What is judged.
    pub place: Place,
    /// In the rubric's order.
    pub points: Vec<Option<u16>>,
    /// Whether the person is being asked if they must not judge this.
    pub is_recusing: bool,
    /// Changes whenever a field that can be typed into has to show something else than what was typed.
    pub generation: u32,
    undo: Vec<Vec<Option<u16>>>,
}

impl Form {
    /// As it was left: the draft, or what was voted, or nothing.
    pub fn open(place: Place, criteria: usize, ballot: Option<&Ballot>) -> Self {
        let voted = |ballot: &Ballot| ballot.points.iter().copied().map(Some).collect();
        let mut points: Vec<_> =
            ballot.map(|it| it.draft.clone().unwrap_or_else(|| voted(it))).unwrap_or_default();
        points.resize(criteria, None);
        Self { place, points, is_recusing: false, generation: 0, undo: Vec::new() }
    }

    /// Gives so many points, or takes them away. `false` if that changes nothing.
    pub fn set(&mut self, criterion: usize, points: Option<u16>) -> bool {
        let Some(there) = self.points.get(criterion).filter(|there| **there != points) else {
            return false;
        };
        debug_assert_ne!(*there, points);
        if self.undo.len() == UNDO_MAX {
            self.undo.remove(0);
        }
        self.undo.push(self.points.clone());
        self.points[criterion] = points;
        true
    }

    /// A step back; `false` if there was none.
    pub fn undo(&mut self) -> bool {
        let before = self.undo.pop();
        let is_step = before.is_some();
        self.points = before.unwrap_or_else(|| core::mem::take(&mut self.points));
        self.generation += 1;
        is_step
    }

    /// Whether there is a step back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// All points, if none is missing or outside its range.
    pub fn complete(&self, category: &Category) -> Option<Vec<u16>> {
        let all = self.points.iter().copied().collect::<Option<Vec<u16>>>()?;
        let fits = all.len() == category.criteria.len()
            && category
                .criteria
                .iter()
                .zip(&all)
                .all(|(criterion, points)| (criterion.min..=criterion.max).contains(points));
        fits.then_some(all)
    }

    /// Whether it says something else than the vote.
    pub fn differs(&self, ballot: Option<&Ballot>) -> bool {
        let voted = ballot.filter(|ballot| ballot.revision > 0 && !ballot.points.is_empty());
        match voted {
            None => self.points.iter().any(Option::is_some),
            Some(ballot) => {
                !ballot.points.iter().copied().map(Some).eq(self.points.iter().copied())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::place;

    fn form() -> Form {
        Form::open(place("P1", "IDEAS").unwrap(), 2, None)
    }

    #[test]
    fn every_change_can_be_taken_back_in_order() {
        let mut form = form();
        assert!(form.set(0, Some(3)) && form.set(1, Some(4)) && form.set(0, Some(5)));
        assert!(!form.set(0, Some(5)), "nothing new");
        assert!(form.undo());
        assert_eq!(form.points, [Some(3), Some(4)]);
        assert!(form.undo() && form.undo() && !form.undo());
        assert_eq!(form.points, [None, None]);
    }

    #[test]
    fn steps_back_are_bounded_and_a_criterion_that_is_none_changes_nothing() {
        let mut form = form();
        for points in 0..200 {
            assert!(form.set(0, Some(points)));
        }
        assert!(!form.set(7, Some(1)));
        let steps = (0..200).take_while(|_| form.undo()).count();
        assert_eq!(steps, UNDO_MAX);
        assert_eq!(form.points, [Some(149), None]);
    }
}
