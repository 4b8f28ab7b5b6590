extern crate std;

use super::*;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use proptest::prelude::*;
use std::println;

fn visit(judge: usize, project: usize) -> Visit {
    Visit { judge: JudgeIndex(judge as u16), project: ProjectIndex(project as u16) }
}

fn uniform(judges: usize, projects: usize, views: u16, seed: u64) -> Task {
    Task {
        judges: vec![JudgeSlot { capacity: u16::MAX, categories: Categories::ALL }; judges],
        projects: vec![ProjectSlot { views, categories: Categories::ALL, anchor: false }; projects],
        conflicts: vec![],
        seed,
    }
}

fn loads(plan: &Plan, judges: usize) -> Vec<usize> {
    (0..judges).map(|judge| plan.list(JudgeIndex(judge as u16)).len()).collect()
}

fn views(plan: &Plan, projects: usize) -> Vec<usize> {
    let mut views = vec![0; projects];
    plan.visits().for_each(|visit| views[visit.project.at()] += 1);
    views
}

/// How often each pair of judges meets.
fn meetings(plan: &Plan, judges: usize) -> Vec<usize> {
    let sets: Vec<BTreeSet<_>> = (0..judges)
        .map(|judge| plan.list(JudgeIndex(judge as u16)).iter().copied().collect())
        .collect();
    (0..judges)
        .flat_map(|a| (0..a).map(move |b| (a, b)))
        .map(|(a, b)| sets[a].intersection(&sets[b]).count())
        .collect()
}

fn allowed(task: &Task, visit: Visit) -> bool {
    let (judge, project) = (task.judges[visit.judge.at()], task.projects[visit.project.at()]);
    judge.capacity > 0
        && judge.categories.0 & project.categories.0 != 0
        && !task.conflicts.contains(&visit)
}

/// The most visits that any plan can have: plain augmenting paths, project by project.
fn most_visits(task: &Task) -> usize {
    fn augment(
        task: &Task,
        held: &mut BTreeMap<usize, Vec<usize>>,
        tried: &mut BTreeSet<usize>,
        project: usize,
    ) -> bool {
        for judge in 0..task.judges.len() {
            let has = held.get(&judge).is_some_and(|held| held.contains(&project));
            if has || !allowed(task, visit(judge, project)) || !tried.insert(judge) {
                continue;
            }
            let list = held.get(&judge).cloned().unwrap_or_default();
            if list.len() < usize::from(task.judges[judge].capacity) {
                held.entry(judge).or_default().push(project);
                return true;
            }
            for other in list {
                held.entry(judge).and_modify(|held| held.retain(|it| *it != other));
                if augment(task, held, tried, other) {
                    held.entry(judge).or_default().push(project);
                    return true;
                }
                held.entry(judge).or_default().push(other);
            }
        }
        false
    }
    let mut held = BTreeMap::new();
    let mut count = 0;
    for (project, slot) in task.projects.iter().enumerate() {
        for _ in 0..slot.views {
            count += usize::from(augment(task, &mut held, &mut BTreeSet::new(), project));
        }
    }
    count
}

fn thorny() -> impl Strategy<Value = Task> {
    let judge = (0_u16..6, 1_u64..8)
        .prop_map(|(capacity, set)| JudgeSlot { capacity, categories: Categories(set) });
    let project = (0_u16..5, 1_u64..8).prop_map(|(views, set)| ProjectSlot {
        views,
        categories: Categories(set),
        anchor: false,
    });
    let sides = (proptest::collection::vec(judge, 1..9), proptest::collection::vec(project, 1..12));
    (sides, proptest::collection::vec((0_usize..9, 0_usize..12), 0..20), any::<u64>()).prop_map(
        |((judges, projects), conflicts, seed)| {
            let inside = |(judge, project): &(usize, usize)| {
                *judge < judges.len() && *project < projects.len()
            };
            let conflicts =
                conflicts.into_iter().filter(inside).map(|(a, b)| visit(a, b)).collect();
            Task { judges, projects, conflicts, seed }
        },
    )
}

/// What holds for every plan: no visit twice, none that the task forbids, no judge above his room, no one-step move that would
/// make loads more even.
fn is_sound(task: &Task, plan: &Plan, done: &[Visit]) -> Result<(), TestCaseError> {
    let loads = loads(plan, task.judges.len());
    let all: BTreeSet<_> = plan.visits().collect();
    prop_assert_eq!(all.len(), plan.visits().count());
    prop_assert!(done.iter().all(|visit| all.contains(visit)));
    for visit in all.iter().filter(|visit| !done.contains(visit)) {
        prop_assert!(allowed(task, *visit), "{:?}", visit);
        let room = usize::from(task.judges[visit.judge.at()].capacity);
        prop_assert!(loads[visit.judge.at()] <= room, "{:?}", visit.judge);
        for (taker, slot) in task.judges.iter().enumerate() {
            let moved = Visit { judge: JudgeIndex(taker as u16), ..*visit };
            let may = allowed(task, moved)
                && !all.contains(&moved)
                && loads[taker] < usize::from(slot.capacity);
            prop_assert!(
                !may || loads[taker] + 2 > loads[visit.judge.at()],
                "{:?} to {}",
                visit,
                taker
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_project_has_its_views_and_every_judge_his_share(
        judges in 2_usize..20, projects in 1_usize..40, views_wanted in 1_u16..6, seed in any::<u64>()
    ) {
        let wanted = views_wanted.min(judges as u16);
        let task = uniform(judges, projects, wanted, seed);
        let plan = Plan::deal(&task).unwrap();
        is_sound(&task, &plan, &[])?;
        prop_assert!(plan.short().is_empty());
        prop_assert!(views(&plan, projects).iter().all(|views| *views == usize::from(wanted)));
        let loads = loads(&plan, judges);
        let (least, most) = (loads.iter().min().unwrap(), loads.iter().max().unwrap());
        prop_assert!(most - least <= 1, "{loads:?}");
        let busy = loads.iter().filter(|load| **load > 0).count();
        if wanted > 1 && projects * usize::from(wanted) >= projects + busy - 1 {
            prop_assert_eq!(plan.groups(), 1);
        }
    }

    #[test]
    fn conflicts_categories_and_room_hold_and_no_plan_has_more_visits(task in thorny()) {
        let plan = Plan::deal(&task).unwrap();
        is_sound(&task, &plan, &[])?;
        let wanted: usize = task.projects.iter().map(|slot| usize::from(slot.views)).sum();
        let short: usize = plan.short().iter().map(|(_, missing)| usize::from(*missing)).sum();
        prop_assert_eq!(plan.visits().count(), most_visits(&task));
        prop_assert_eq!(plan.visits().count() + short, wanted);
    }

    #[test]
    fn dealing_again_keeps_what_is_done_and_is_as_full_as_it_can_be(
        task in thorny(), gone in 0_usize..9, worked in proptest::collection::vec(any::<bool>(), 60)
    ) {
        let before = Plan::deal(&task).unwrap();
        let done: Vec<_> = before.visits().zip(&worked).filter(|(_, worked)| **worked).map(|(it, _)| it).collect();
        let mut after = task.clone();
        if let Some(slot) = after.judges.get_mut(gone) {
            slot.capacity = 0;
        }
        let plan = Plan::deal_again(&after, &visits(&before), &done).unwrap();
        is_sound(&after, &plan, &done)?;
        if gone >= task.judges.len() {
            prop_assert_eq!(plan.visits().collect::<BTreeSet<_>>(), before.visits().collect::<BTreeSet<_>>());
        }
    }
}

fn visits(plan: &Plan) -> Vec<Visit> {
    plan.visits().collect()
}

#[test]
fn judges_meet_evenly() {
    // A projective plane of order 3 would have each pair meet once; 6 of 36 projects for each judge leave 7 or 8 of 10.
    for (judges, projects, wanted) in [(13, 13, 4), (12, 40, 3), (108, 195, 7)] {
        let plan = Plan::deal(&uniform(judges, projects, wanted, 3)).unwrap();
        let meetings = meetings(&plan, judges);
        let mean = meetings.iter().sum::<usize>() as f64 / meetings.len() as f64;
        let squares =
            meetings.iter().map(|it| (*it as f64 - mean) * (*it as f64 - mean)).sum::<f64>();
        let variance = squares / meetings.len() as f64;
        let most = meetings.iter().max().unwrap();
        println!(
            "{judges} judges, {projects} projects, {wanted} views: mean {mean:.2} variance {variance:.3} most {most}"
        );
        assert!((*most as f64) < mean + 2.0, "{most} of {mean}");
        // Lots alone give a variance near the mean.
        assert!(variance < 0.4 * mean, "{variance} of {mean}");
    }
}

#[test]
fn the_same_task_is_the_same_plan_and_another_seed_is_another() {
    let plan = |seed| Plan::deal(&uniform(12, 40, 3, seed)).unwrap();
    assert_eq!(plan(1), plan(1));
    assert_ne!(plan(1), plan(2));
}

#[test]
fn anchors_come_first_and_not_all_judges_begin_with_the_same() {
    let mut task = uniform(4, 10, 2, 1);
    (task.projects[3].anchor, task.projects[7].anchor) = (true, true);
    task.conflicts = vec![visit(2, 3)];
    let plan = Plan::deal(&task).unwrap();
    let firsts: Vec<Vec<u16>> = (0..4)
        .map(|judge| plan.list(JudgeIndex(judge)).iter().take(2).map(|it| it.0).collect())
        .collect();
    assert_eq!(firsts[..2], [[3, 7], [7, 3]]);
    assert_eq!((firsts[2][0], &firsts[3][..]), (7, &[7, 3][..]));
    assert_eq!(loads(&plan, 4), [6, 6, 5, 6]);
    assert_eq!((plan.groups(), plan.short()), (1, &[][..]));
    let done = [visit(0, 3), visit(0, 7)];
    let again = Plan::deal_again(&task, &visits(&plan), &done).unwrap();
    assert_eq!(again.visits().collect::<BTreeSet<_>>(), plan.visits().collect::<BTreeSet<_>>());
}

#[test]
fn a_judge_who_leaves_hands_on_only_what_he_has_not_done() {
    let mut task = uniform(12, 40, 3, 5);
    let before = Plan::deal(&task).unwrap();
    let own: Vec<_> = before.visits().filter(|visit| visit.judge.0 == 4).collect();
    let done: Vec<_> = own[..3].to_vec();
    task.judges[4].capacity = 0;
    let after = Plan::deal_again(&task, &visits(&before), &done).unwrap();
    assert_eq!(after.list(JudgeIndex(4)).len(), 3);
    assert!(after.short().is_empty() && after.groups() == 1);
    let old: BTreeSet<_> = before.visits().collect();
    let new = after.visits().filter(|visit| !old.contains(visit)).count();
    assert_eq!(new, own.len() - 3, "nobody else's visits move");
}

#[test]
fn a_judge_who_comes_late_gets_his_share_and_nothing_that_is_done() {
    let before = Plan::deal(&uniform(12, 40, 3, 5)).unwrap();
    let done: Vec<_> = before.visits().filter(|visit| visit.project.0 < 10).collect();
    let task = uniform(13, 40, 3, 5);
    let after = Plan::deal_again(&task, &visits(&before), &done).unwrap();
    let late = after.list(JudgeIndex(12));
    assert_eq!(late.len(), 9);
    assert!(late.iter().all(|project| project.0 >= 10) && after.short().is_empty());
    let old: BTreeSet<_> = before.visits().collect();
    assert_eq!(after.visits().filter(|visit| !old.contains(visit)).count(), 9);
}

#[test]
fn a_judge_sees_how_many_more_he_must_do() {
    let plan = Plan::deal(&uniform(4, 8, 2, 1)).unwrap();
    let judge = JudgeIndex(2);
    let list = plan.list(judge).to_vec();
    let left: Vec<_> = plan.left(judge, |project| project == list[1]).collect();
    assert_eq!(left, [list[0], list[2], list[3]]);
    assert_eq!(plan.left(JudgeIndex(9), |_| false).count(), 0);
}

#[test]
fn judges_who_can_share_nothing_are_said_to_be_apart() {
    let mut task = uniform(4, 8, 2, 1);
    for at in 0..8 {
        task.judges[at / 2].categories = Categories(1 << (at / 4));
        task.projects[at].categories = Categories(1 << (at / 4));
    }
    assert_eq!(Plan::deal(&task).unwrap().groups(), 2);
    task.projects.push(ProjectSlot { views: 0, categories: Categories::ALL, anchor: true });
    assert_eq!(Plan::deal(&task).unwrap().groups(), 1);
}

#[test]
fn what_is_too_much_or_not_there_is_refused() {
    let mut task = uniform(2, 2, 1, 1);
    let plan = Plan::deal(&task).unwrap();
    let stranger = visit(2, 0);
    assert_eq!(
        Plan::deal_again(&task, &visits(&plan), &[stranger]),
        Err(AssignError::Unknown(stranger))
    );
    task.conflicts = vec![stranger];
    assert_eq!(Plan::deal(&task), Err(AssignError::Unknown(stranger)));
    let crowd = uniform(5000, 1, 1, 1);
    let refused = AssignError::TooMany { what: "judges", given: 5000, most: 4096 };
    assert_eq!(Plan::deal(&crowd), Err(refused));
}

#[test]
fn a_big_event_of_crowded_and_empty_categories_is_dealt_out() {
    let mut task = uniform(1000, 2400, 3, 1);
    for (at, slot) in task.judges.iter_mut().enumerate() {
        slot.categories = Categories(1 << (at / 500));
    }
    for (at, slot) in task.projects.iter_mut().enumerate() {
        slot.categories = Categories(1 << (at / 1600));
    }
    let plan = Plan::deal(&task).unwrap();
    let loads = loads(&plan, 1000);
    assert!(loads[..500].iter().all(|load| (9..=10).contains(load)));
    assert!(loads[500..].iter().all(|load| (4..=5).contains(load)));
    assert_eq!((plan.short(), plan.groups()), (&[][..], 2));
}

#[test]
fn a_big_event_is_dealt_out() {
    let plan = Plan::deal(&uniform(2000, 5000, 4, 1)).unwrap();
    assert!(plan.short().is_empty());
    assert!(loads(&plan, 2000).iter().all(|load| *load == 10));
    assert_eq!(plan.groups(), 1);
    assert!(meetings(&plan, 2000).iter().all(|meetings| *meetings <= 2));
}
