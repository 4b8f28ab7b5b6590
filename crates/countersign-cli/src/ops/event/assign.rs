//! Who is asked to judge what.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::again::{AgainArgs, Row, Spoken};
use super::desk::Desk;
use super::plan::{Plan, PlanJudge, PlanProject};
use super::{EventError, Named, publish};
use countersign_judging::assignment::{
    Categories, JudgeSlot, Plan as Dealt, ProjectSlot, Task, Visit,
};
use countersign_judging::tally::{JudgeIndex, ProjectIndex};
use countersign_store::event::{EventStore, Seat};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Views of a project where nothing else is said.
const VIEWS: u16 = 3;

/// Arguments of `event assign`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  countersign event assign FAIR_2027 --views 3
  countersign event assign FAIR_2027 --round 2 --views 5
  countersign event assign FAIR_2027 --again --without J017            J017 has left; the hub has handed over what it has so far
  countersign event assign FAIR_2027 --again --log log.bin             somebody came late (event amend); the hub's log by hand")]
pub(super) struct AssignArgs {
    #[command(flatten)]
    event: Named,
    /// By how many judges each project is to be seen [default: 3; with --again as before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=2_000))]
    views: Option<u16>,
    /// In which round
    #[arg(long, value_name = "N", default_value_t = 1)]
    round: u8,
    /// Decides between equals: the same number gives the same plan
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    again: AgainArgs,
}

pub(super) fn run(
    args: &AssignArgs,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let event = args.event.id;
    let (stored, mut plan) = desk.event(event)?;
    let spoken = args.again.spoken(event, args.round, &plan, desk)?;
    let (before, others): (Vec<Row>, Vec<Row>) =
        plan.assignments.drain(..).partition(|(_, round, _, _)| *round == args.round);
    plan.assignments = others;
    let (before_visits, views) = visits(&plan, &before, args);
    let task = task(&plan, views, args.seed);
    let dealt = match &spoken {
        None => Dealt::deal(&task).map_err(EventError::from)?,
        Some(spoken) => spoken.deal(task, &plan, &before_visits, common)?,
    };
    for Visit { judge, project } in dealt.visits() {
        let (Some(judge), Some(project)) =
            (at(&plan.judges, judge.0), at(&plan.projects, project.0))
        else {
            continue;
        };
        for category in common(judge, project) {
            let (judge, project) = (judge.id.clone(), project.id.clone());
            plan.assignments.push((judge, args.round, project, category));
        }
    }
    if let Some(spoken) = &spoken {
        spoken.keep(&before, &mut plan);
    }
    plan.check()?;
    let roster = wait(desk.store.roster(event))?.into_iter();
    let seats = roster.map(|line| Seat { judge: line.judge, address: line.address });
    publish::put(&plan, seats.collect(), Some(stored.revision), desk)?;
    let said = Said {
        moved: plan
            .assignments
            .iter()
            .filter(|row| row.1 == args.round && !before.contains(row))
            .count(),
        judged: spoken.as_ref().map(Spoken::judged),
        plan: &plan,
        dealt: &dealt,
        views,
    };
    desk.note("event.assign", event, said.json(args))?;
    if desk.json {
        return Ok(out.json(&said.json(args))?);
    }
    said.print(args, out)
}

/// The round's visits as they were, and how many views a project is to have.
fn visits(plan: &Plan, before: &[Row], args: &AssignArgs) -> (Vec<Visit>, u16) {
    let visit = |(judge, _, project, _): &Row| {
        let judge = plan.judges.iter().position(|it| it.id == *judge)?;
        let project = plan.projects.iter().position(|it| it.id == *project)?;
        Some(Visit {
            judge: JudgeIndex(u16::try_from(judge).ok()?),
            project: ProjectIndex(u16::try_from(project).ok()?),
        })
    };
    let visits: BTreeSet<Visit> = before.iter().filter_map(visit).collect();
    let mut views: BTreeMap<ProjectIndex, u16> = BTreeMap::new();
    for Visit { project, .. } in &visits {
        if at(&plan.projects, project.0).is_some_and(|it| !it.anchor) {
            *views.entry(*project).or_default() += 1;
        }
    }
    let before = args.again.is_again().then(|| views.into_values().max()).flatten();
    (visits.into_iter().collect(), args.views.or(before).unwrap_or(VIEWS))
}

/// What was dealt out.
struct Said<'a> {
    plan: &'a Plan,
    dealt: &'a Dealt,
    views: u16,
    /// Slots that were judged before, of a round that is dealt out again.
    judged: Option<usize>,
    /// Assignments that were not there before.
    moved: usize,
}

impl Said<'_> {
    fn short(&self) -> Vec<(&str, u16)> {
        let named = self.dealt.short().iter().filter_map(|(project, missing)| {
            Some((at(&self.plan.projects, project.0)?.id.as_str(), *missing))
        });
        named.collect()
    }

    fn json(&self, args: &AssignArgs) -> serde_json::Value {
        json!({ "round": args.round, "visits": self.dealt.visits().count(), "views": self.views, "seed": args.seed,
            "groups": self.dealt.groups(), "short": self.short(), "judged": self.judged, "new": self.moved })
    }

    fn print(&self, args: &AssignArgs, out: &mut Output<'_>) -> Result<(), OpsError> {
        let (round, visits) = (args.round, self.dealt.visits().count());
        match self.judged {
            None => out.line(format_args!("Round {round}: {visits} visits are assigned."))?,
            Some(judged) => out.line(format_args!(
                "Round {round} again: {visits} visits are assigned; {judged} judgements stay, {} are asked of somebody new. \
                 The hub takes it over with the next version of the bundle.",
                self.moved
            ))?,
        }
        for (project, missing) in self.short() {
            out.line(format_args!("{project} lacks {missing} views: no judge is left for it."))?;
        }
        if self.dealt.groups() > 1 {
            let groups = self.dealt.groups();
            out.line(format_args!(
                "The judges fall into {groups} groups that share no project; an anchor for all mends it."
            ))?;
        }
        Ok(())
    }
}

fn at<T>(table: &[T], index: u16) -> Option<&T> {
    table.get(usize::from(index))
}

/// What the judge may judge of the project's categories.
fn common(judge: &PlanJudge, project: &PlanProject) -> Vec<String> {
    let wanted =
        |category: &&String| judge.categories.is_empty() || judge.categories.contains(category);
    project.categories.iter().filter(wanted).cloned().collect()
}

fn task(plan: &Plan, views: u16, seed: u64) -> Task {
    let bits = |names: &[String]| {
        let place = |name: &String| plan.categories.iter().position(|it| it.id == *name);
        let bit =
            |name: &String| place(name).map_or(0, |at| 1_u64.checked_shl(at as u32).unwrap_or(0));
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
    let visit = |(judge, project): &(String, String)| {
        let judge = plan.judges.iter().position(|it| it.id == *judge)?;
        let project = plan.projects.iter().position(|it| it.id == *project)?;
        Some(Visit {
            judge: JudgeIndex(u16::try_from(judge).ok()?),
            project: ProjectIndex(u16::try_from(project).ok()?),
        })
    };
    Task {
        judges: plan.judges.iter().map(judge).collect(),
        projects: plan.projects.iter().map(project).collect(),
        conflicts: plan.conflicts.iter().filter_map(visit).collect(),
        seed,
    }
}
