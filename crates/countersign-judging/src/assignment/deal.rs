//! Seats with even loads: each new seat goes to the judge with the least load that a chain of moves can reach (Harvey, Ladner,
//! Lovász, Tamir 2003, "Semi-matchings for bipartite graphs and load balancing"). So no plan has more seats, and none is more even.

use super::hall::{Hall, Seat};
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

/// Gives every project its views: one round for the first view of each, one for the second, so that a shortage is shared.
pub(super) fn fill(hall: &mut Hall<'_>) {
    let mut projects: Vec<_> =
        (0..hall.task.projects.len()).filter(|at| !hall.task.projects[*at].anchor).collect();
    projects.sort_unstable_by_key(|project| hall.lot(usize::MAX, *project));
    let wanted = |at: usize| usize::from(hall.task.projects[at].views);
    let most = projects.iter().map(|at| wanted(*at)).max().unwrap_or(0);
    for round in 0..most {
        projects.retain(|project| {
            let wants = usize::from(hall.task.projects[*project].views) > round;
            let is_behind = wants && hall.seats(*project).len() <= round;
            // What finds no seat now never will: seats only become fewer.
            !is_behind || add(hall, *project)
        });
    }
}

/// Takes from judges who have two more than another whom a chain of moves reaches; from those with the most first, so that no
/// visit moves twice.
pub(super) fn level(hall: &mut Hall<'_>) {
    let mut again = true;
    while again {
        again = false;
        let most = (0..hall.judges()).map(|judge| hall.load(judge)).max().unwrap_or(0);
        for load in (2..=most).rev() {
            for judge in 0..hall.judges() {
                let chain = if hall.load(judge) == load { relief(hall, judge) } else { None };
                if let Some(chain) = chain {
                    apply(hall, &chain);
                    again = true;
                }
            }
        }
    }
}

/// A judge who takes a project, and the one whom he has it from, if any.
#[derive(Clone, Copy)]
struct Step {
    project: usize,
    taker: usize,
    giver: Option<usize>,
}

/// One more seat at a project, if there is any way.
fn add(hall: &mut Hall<'_>, project: usize) -> bool {
    let least = least_load(hall, hall.kin_of_project(project));
    let direct = (0..hall.judges())
        .filter(|judge| Some(hall.load(*judge)) == least && hall.may_sit(*judge, project))
        .min_by_key(|judge| {
            let known = hall.acquaintance(*judge, project, usize::MAX);
            (known, hall.lot(*judge, project))
        });
    if let Some(judge) = direct {
        hall.seat(Seat { judge: judge as u16, fixed: false }, project);
        return true;
    }
    let first = (0..hall.judges())
        .filter(|judge| hall.may_join(*judge, project))
        .map(|taker| Step { project, taker, giver: None });
    match least.and_then(|least| chain(hall, first.collect(), usize::MAX, least)) {
        Some(chain) => {
            apply(hall, &chain);
            true
        }
        None => false,
    }
}

fn relief(hall: &Hall<'_>, judge: usize) -> Option<Vec<Step>> {
    let limit = hall.load(judge).checked_sub(1)?;
    let least = least_load(hall, hall.kin_of_judge(judge)).filter(|least| *least < limit)?;
    let projects = hall.visits(judge).iter().map(|project| usize::from(*project));
    let first = projects.flat_map(|project| gifts(hall, judge, project));
    chain(hall, first.collect(), limit, least)
}

/// Of the judges of a kin that have room.
fn least_load(hall: &Hall<'_>, kin: usize) -> Option<usize> {
    let open = |judge: &usize| hall.kin_of_judge(*judge) == kin && hall.has_room(*judge);
    (0..hall.judges()).filter(open).map(|judge| hall.load(judge)).min()
}

/// To whom a judge could give a project.
fn gifts<'a>(
    hall: &'a Hall<'_>,
    giver: usize,
    project: usize,
) -> impl Iterator<Item = Step> + use<'a> {
    let may_go = hall.is_movable(giver, project);
    let takers = (0..hall.judges()).filter(move |taker| may_go && hall.may_join(*taker, project));
    takers.map(move |taker| Step { project, taker, giver: Some(giver) })
}

/// The shortest chain to a judge with room and the least load that can be reached, below `limit`; last step first. It need not
/// look further than one with `least`.
fn chain(hall: &Hall<'_>, first: Vec<Step>, limit: usize, least: usize) -> Option<Vec<Step>> {
    // Who takes a project from one could take it from any other: each is looked at once.
    let mut passed = vec![false; hall.task.projects.len()];
    let mut reached: Vec<Option<Step>> = vec![None; hall.judges()];
    // He who wants to give does not take.
    let start = first.first().and_then(|step| step.giver);
    if let Some(start) = start {
        reached[start] = first.first().copied();
    }
    let mut queue = VecDeque::new();
    let mut best: Option<usize> = None;
    let mut reach = |steps: Vec<Step>, queue: &mut VecDeque<usize>| {
        for step in steps {
            if reached[step.taker].is_some() {
                continue;
            }
            reached[step.taker] = Some(step);
            queue.push_back(step.taker);
            let load = hall.load(step.taker);
            let better = best.is_none_or(|best| load < hall.load(best));
            if hall.has_room(step.taker) && load < limit && better {
                best = Some(step.taker);
            }
        }
        best.is_some_and(|best| hall.load(best) == least)
    };
    let mut found = reach(first, &mut queue);
    while let Some(judge) = queue.pop_front().filter(|_| !found) {
        for project in hall.visits(judge).iter().map(|project| usize::from(*project)) {
            if !found && !passed[project] && hall.is_movable(judge, project) {
                passed[project] = true;
                found = reach(gifts(hall, judge, project).collect(), &mut queue);
            }
        }
    }
    let mut steps = Vec::new();
    let mut at = best;
    while let Some(judge) = at {
        let step = reached[judge]?;
        steps.push(step);
        at = step.giver.filter(|giver| Some(*giver) != start);
    }
    (!steps.is_empty()).then_some(steps)
}

fn apply(hall: &mut Hall<'_>, chain: &[Step]) {
    for step in chain {
        if let Some(giver) = step.giver {
            hall.unseat(giver, step.project);
        }
        hall.seat(Seat { judge: step.taker as u16, fixed: false }, step.project);
    }
}
