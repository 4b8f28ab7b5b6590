//! Who is asked to judge what.

use super::plan::{Plan, PlanJudge, PlanProject};
use countersign_judging::assignment::{
    AssignError, Categories, JudgeSlot, Plan as Dealt, ProjectSlot, Task, Visit,
};
use countersign_judging::event::ASSIGNMENTS_MAX;
use countersign_judging::tally::{JudgeIndex, ProjectIndex};

/// A description as the rules of assignment see it: judges and projects by their places.
#[derive(Debug, Clone, Copy)]
pub struct Slots<'a>(pub &'a Plan);

impl<'a> Slots<'a> {
    /// What is to be dealt out: so many views of each project; `seed` decides between equals.
    pub fn task(self, views: u16, seed: u64) -> Task {
        let plan = self.0;
        let bits = |names: &[String]| {
            let place = |name: &String| plan.categories.iter().position(|it| it.id == *name);
            let bit = |name: &String| {
                place(name).map_or(0, |at| 1_u64.checked_shl(at as u32).unwrap_or(0))
            };
            Categories(names.iter().map(bit).fold(0, |all, bit| all | bit))
        };
        let judge = |judge: &PlanJudge| JudgeSlot {
            capacity: judge.capacity.unwrap_or(u16::MAX),
            categories: if judge.categories.is_empty() {
                Categories::ALL
            } else {
                bits(&judge.categories)
            },
        };
        let project = |project: &PlanProject| ProjectSlot {
            views,
            categories: bits(&project.categories),
            anchor: project.anchor,
        };
        let conflicts = plan.conflicts.iter();
        Task {
            judges: plan.judges.iter().map(judge).collect(),
            projects: plan.projects.iter().map(project).collect(),
            conflicts: conflicts.filter_map(|(judge, it)| self.visit(judge, it)).collect(),
            seed,
        }
    }

    /// The visit of this judge to this project.
    pub fn visit(self, judge: &str, project: &str) -> Option<Visit> {
        let judge = self.0.judges.iter().position(|it| it.id == judge)?;
        let project = self.0.projects.iter().position(|it| it.id == project)?;
        Some(Visit {
            judge: JudgeIndex(u16::try_from(judge).ok()?),
            project: ProjectIndex(u16::try_from(project).ok()?),
        })
    }

    /// Projects for which no judge is left, and how many views each lacks.
    pub fn short(self, dealt: &Dealt) -> Vec<(&'a str, u16)> {
        let named = dealt.short().iter().filter_map(|(project, missing)| {
            Some((self.0.projects.get(usize::from(project.0))?.id.as_str(), *missing))
        });
        named.collect()
    }
}

impl PlanJudge {
    /// What the judge may judge of the project's categories.
    pub fn common(&self, project: &PlanProject) -> Vec<String> {
        let wanted =
            |category: &&String| self.categories.is_empty() || self.categories.contains(category);
        project.categories.iter().filter(wanted).cloned().collect()
    }
}

impl Plan {
    /// Visits that so many views of each project ask for, at least.
    pub fn visits(&self, views: u16) -> usize {
        let anchors = self.projects.iter().filter(|project| project.anchor).count();
        let others = self.projects.len() - anchors;
        let of_anchors = anchors.saturating_mul(self.judges.len());
        others.saturating_mul(usize::from(views)).saturating_add(of_anchors)
    }

    /// Asks for every visit in all categories that the judge may judge there; more than an event may have are not counted any further.
    pub fn assign(&mut self, dealt: &Dealt, round: u8) {
        let mut rows = Vec::new();
        let room = (ASSIGNMENTS_MAX + 1).saturating_sub(self.assignments.len());
        for Visit { judge, project } in dealt.visits() {
            let judge = self.judges.get(usize::from(judge.0));
            let project = self.projects.get(usize::from(project.0));
            let (Some(judge), Some(project)) = (judge, project) else { continue };
            if rows.len() >= room {
                break;
            }
            for category in judge.common(project) {
                rows.push((judge.id.clone(), round, project.id.clone(), category));
            }
        }
        self.assignments.extend(rows);
    }
}

/// Deals out a round in which nobody has judged; what was assigned in it is replaced.
pub fn deal_out(plan: &mut Plan, round: u8, views: u16, seed: u64) -> Result<Dealt, AssignError> {
    let dealt = Dealt::deal(&Slots(plan).task(views, seed))?;
    plan.assignments.retain(|(_, of, _, _)| *of != round);
    plan.assign(&dealt, round);
    Ok(dealt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::event::{Source, Sources};

    #[test]
    fn what_no_event_may_have_is_not_written_out_before_it_is_refused() {
        let event = "[event]\nid = \"F\"\ntitle = \"Fair\"\nstarts = 2027-03-20T08:00:00Z\n\
             ends = 2027-03-20T18:00:00Z\n[[round]]\nnumber = 1\ntitle = \"Day\"\n\
             [[category]]\nid = \"A\"\ntitle = \"A\"\ncriteria = [{ title = \"New\", most = 10 }]\n\
             [[category]]\nid = \"B\"\ntitle = \"B\"\ncriteria = [{ title = \"New\", most = 10 }]\n";
        let rows = |count: u32, row: fn(u32) -> String| (1..=count).map(row).collect::<String>();
        let projects = rows(200, |n| format!("P{n},Kettle,T{n},A B,yes\n"));
        let projects = format!("id,title,table,categories,anchor\n{projects}");
        let judges = rows(400, |n| format!("J{n},Ana,ana{n}@example.org\n"));
        let judges = format!("id,name,email\n{judges}");
        fn source<'a>(name: &'a str, text: &'a str) -> Source<'a> {
            Source { name, content: text.as_bytes() }
        }
        let sources = Sources {
            event: source("event", event),
            projects: source("projects", &projects),
            judges: source("judges", &judges),
            conflicts: None,
        };
        let (mut plan, _) = sources.read(None).unwrap();
        assert_eq!(plan.visits(3), 80_000, "every judge sees every anchor");
        deal_out(&mut plan, 1, 3, 1).unwrap();
        let rows = plan.assignments.len();
        assert!((ASSIGNMENTS_MAX + 1..ASSIGNMENTS_MAX + 3).contains(&rows), "{rows}");
        assert!(plan.check().is_err());
    }
}
