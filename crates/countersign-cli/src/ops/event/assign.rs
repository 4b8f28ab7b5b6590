//! Who is asked to judge what.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::desk::Desk;
use super::plan::{Plan, PlanJudge, PlanProject};
use super::{EventError, Named, publish};
use countersign_judging::assignment::{
    Categories, JudgeSlot, Plan as Dealt, ProjectSlot, Task, Visit,
};
use countersign_judging::tally::{JudgeIndex, ProjectIndex};
use countersign_store::event::{EventStore, Seat};
use serde_json::json;

/// Arguments of `event assign`.
#[derive(Debug, clap::Args)]
pub(super) struct AssignArgs {
    #[command(flatten)]
    event: Named,
    /// By how many judges each project is to be seen
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    views: u16,
    /// In which round
    #[arg(long, value_name = "N", default_value_t = 1)]
    round: u8,
    /// Decides between equals: the same number gives the same plan
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(
    args: &AssignArgs,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let event = args.event.id;
    let (stored, mut plan) = desk.event(event)?;
    let task = task(&plan, args);
    let dealt = Dealt::deal(&task).map_err(EventError::from)?;
    plan.assignments.retain(|(_, round, _, _)| *round != args.round);
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
    plan.check()?;
    let roster = wait(desk.store.roster(event))?.into_iter();
    let seats = roster.map(|line| Seat { judge: line.judge, address: line.address });
    publish::put(&plan, seats.collect(), Some(stored.revision), desk)?;
    let short: Vec<_> = dealt
        .short()
        .iter()
        .filter_map(|(project, missing)| {
            Some((at(&plan.projects, project.0)?.id.clone(), *missing))
        })
        .collect();
    let visits = dealt.visits().count();
    let said = json!({ "round": args.round, "visits": visits, "views": args.views,
        "seed": args.seed, "groups": dealt.groups(), "short": short });
    desk.note("event.assign", event, said.clone())?;
    if desk.json {
        return Ok(out.json(&said)?);
    }
    out.line(format_args!("Round {}: {visits} visits are assigned.", args.round))?;
    for (project, missing) in &short {
        out.line(format_args!("{project} lacks {missing} views: no judge is left for it."))?;
    }
    if dealt.groups() > 1 {
        let groups = dealt.groups();
        out.line(format_args!(
            "The judges fall into {groups} groups that share no project; an anchor for all mends it."
        ))?;
    }
    Ok(())
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

fn task(plan: &Plan, args: &AssignArgs) -> Task {
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
        views: args.views,
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
        seed: args.seed,
    }
}
