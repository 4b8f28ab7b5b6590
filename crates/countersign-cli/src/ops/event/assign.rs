//! Who is asked to judge what.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::again::{AgainArgs, Spoken};
use super::desk::Desk;
use super::{EventError, Named, publish};
use countersign_judging::assignment::{Plan as Dealt, Visit};
use countersign_judging::tally::ProjectIndex;
use countersign_server::desk::event::{Plan, PlanJudge, Row, Slots};
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
    let task = Slots(&plan).task(views, args.seed);
    let dealt = match &spoken {
        None => Dealt::deal(&task).map_err(EventError::from)?,
        Some(spoken) => spoken.deal(task, &plan, &before_visits, PlanJudge::common)?,
    };
    plan.assign(&dealt, args.round);
    if let Some(spoken) = &spoken {
        spoken.keep(&before, &mut plan);
    }
    plan.check().map_err(EventError::from)?;
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
    let visit = |(judge, _, project, _): &Row| Slots(plan).visit(judge, project);
    let visits: BTreeSet<Visit> = before.iter().filter_map(visit).collect();
    let mut views: BTreeMap<ProjectIndex, u16> = BTreeMap::new();
    for Visit { project, .. } in &visits {
        if plan.projects.get(usize::from(project.0)).is_some_and(|it| !it.anchor) {
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
        Slots(self.plan).short(self.dealt)
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
