extern crate std;

use super::*;
use crate::tally::system::System;
use alloc::vec;
use std::println;

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// Mean 0, deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| (self.next() >> 11) as f64 / (1_u64 << 53) as f64).sum::<f64>() - 6.0
    }

    fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut all: Vec<_> = (0..count).collect();
        for at in (1..count).rev() {
            all.swap(at, self.below(at + 1));
        }
        all
    }
}

fn score(judge: usize, project: usize, millionths: f64) -> Score {
    Score {
        judge: JudgeIndex(judge as u16),
        project: ProjectIndex(project as u16),
        points: Points::new(millionths.clamp(0.0, 1e6) as u32).unwrap(),
    }
}

struct World {
    sheet: Sheet,
    truth: Vec<f64>,
}

/// Projects of deviation 1, judges of deviation 1, a noise of deviation `noise`; a deviation is 0.1 of the range. Every project
/// has `views` judges; they are dealt out evenly.
fn world(seed: u64, judges: usize, projects: usize, views: usize, noise: f64) -> World {
    let mut draw = Draw(seed);
    let truth: Vec<f64> = (0..projects).map(|_| draw.normal()).collect();
    let bias: Vec<f64> = (0..judges).map(|_| draw.normal()).collect();
    let mut scores = Vec::new();
    for (project, truth) in truth.iter().enumerate() {
        for judge in draw.shuffled(judges).into_iter().take(views) {
            let points = 5e5 + 1e5 * (truth + bias[judge] + noise * draw.normal());
            scores.push(score(judge, project, points));
        }
    }
    let sheet = Sheet::new(judges as u16, projects as u16, scores, &[], &[]).unwrap();
    World { sheet, truth }
}

/// Kendall's τ-b without ties in `truth`.
fn tau(truth: &[f64], tally: &Tally, of: impl Fn(&Standing) -> Option<Estimate>) -> f64 {
    let (mut agree, mut pairs) = (0.0, 0.0);
    for a in 0..truth.len() {
        for b in 0..a {
            let (Some(x), Some(y)) = (of(&tally.projects[a]), of(&tally.projects[b])) else {
                continue;
            };
            pairs += 1.0;
            agree += f64::from((x.value - y.value).signum()) * (truth[a] - truth[b]).signum();
        }
    }
    agree / pairs
}

/// The values that the tests compare methods by, over `seeds` worlds: mean τ of raw, ridge and Bradley-Terry, and how often
/// ridge was at least as good as raw.
fn contest(seeds: u64, make: impl Fn(u64) -> World) -> ([f64; 3], u64) {
    let (mut means, mut better) = ([0.0; 3], 0);
    for seed in 0..seeds {
        let World { sheet, truth } = make(seed);
        let tally = Tally::count(&sheet, &Rules::default());
        let taus = [
            tau(&truth, &tally, |standing| standing.raw),
            tau(&truth, &tally, |standing| standing.ridge),
            tau(&truth, &tally, |standing| standing.bradley_terry),
        ];
        better += u64::from(taus[1] >= taus[0]);
        for (mean, tau) in means.iter_mut().zip(taus) {
            *mean += tau / seeds as f64;
        }
    }
    (means, better)
}

#[test]
fn ridge_is_nearer_to_the_truth_than_raw_where_judges_lean() {
    for (views, gain) in [(3, 0.05), (5, 0.04)] {
        let ([raw, ridge, strength], better) = contest(60, |seed| world(seed, 12, 40, views, 1.0));
        println!(
            "{views} views: raw {raw:.3} ridge {ridge:.3} Bradley-Terry {strength:.3} {better}/60"
        );
        assert!(ridge > raw + gain, "{views} views: raw {raw:.3}, ridge {ridge:.3}");
        assert!(ridge > strength, "{views} views: ridge {ridge:.3}, Bradley-Terry {strength:.3}");
        assert!(strength > raw, "{views} views: raw {raw:.3}, Bradley-Terry {strength:.3}");
        assert!(better >= 48, "{views} views: better in {better} of 60");
    }
}

/// Every judge has projects of his own and nothing connects them but what all score first.
fn islands(seed: u64, anchors: usize) -> World {
    const JUDGES: usize = 12;
    const OWN: usize = 4;
    let mut draw = Draw(seed);
    let projects = JUDGES * OWN + anchors;
    let truth: Vec<f64> = (0..projects).map(|_| draw.normal()).collect();
    let mut scores = Vec::new();
    for judge in 0..JUDGES {
        let bias = draw.normal();
        let own = judge * OWN..(judge + 1) * OWN;
        for project in own.chain(JUDGES * OWN..projects) {
            scores.push(score(
                judge,
                project,
                5e5 + 1e5 * (truth[project] + bias + 0.3 * draw.normal()),
            ));
        }
    }
    let first: Vec<_> = (JUDGES * OWN..projects).map(|at| ProjectIndex(at as u16)).collect();
    let sheet = Sheet::new(JUDGES as u16, projects as u16, scores, &first, &[]).unwrap();
    World { sheet, truth: truth[..JUDGES * OWN].to_vec() }
}

#[test]
fn anchors_show_how_judges_lean_whom_nothing_else_connects() {
    let (without, _) = contest(40, |seed| islands(seed, 0));
    let (with, _) = contest(40, |seed| islands(seed, 2));
    println!("no anchors {without:.3?}, two {with:.3?}");
    assert!(with[1] > without[1] + 0.07, "ridge {:.3} against {:.3}", with[1], without[1]);
    let rules = Rules { votes_min: 1, ..Rules::default() };
    let alone = Tally::count(&islands(1, 0).sheet, &rules);
    let joined = Tally::count(&islands(1, 1).sheet, &rules);
    assert_eq!((alone.groups, joined.groups), (12, 1));
    let anchor = joined.projects.last().unwrap();
    assert!(anchor.anchor && anchor.ridge.unwrap().place.is_none());
    assert_eq!(joined.projects.iter().filter(|it| it.ridge.unwrap().place.is_some()).count(), 48);
}

#[test]
fn disconnected_sheets_have_an_answer_and_say_so() {
    let scores = [
        (0, 0, 9e5),
        (0, 1, 5e5),
        (1, 0, 8e5),
        (1, 1, 4e5),
        (2, 2, 2e5),
        (2, 3, 1e5),
        (3, 2, 3e5),
        (3, 3, 1e5),
    ];
    let scores = scores.map(|(judge, project, points)| score(judge, project, points));
    let sheet = Sheet::new(4, 4, scores.to_vec(), &[], &[]).unwrap();
    let tally = Tally::count(&sheet, &Rules::default());
    assert_eq!(tally.projects.iter().map(|it| it.group).collect::<Vec<_>>(), [0, 0, 1, 1]);
    assert_eq!((tally.groups, tally.bradley_terry), (2, Rest::Settled));
    let ranks = |of: fn(&Standing) -> Option<Estimate>| -> Vec<u32> {
        tally.projects.iter().map(|it| of(it).unwrap().place.unwrap().rank).collect()
    };
    assert_eq!(ranks(|it| it.raw), [1, 2, 3, 4]);
    // Each group has one that always wins; the strengths cannot know more.
    assert_eq!(ranks(|it| it.bradley_terry), [1, 3, 1, 3]);
}

#[test]
fn equal_values_share_a_rank_and_missing_votes_are_missing() {
    let said = [(0, 9e5), (1, 5e5), (2, 5e5), (3, 1e5)];
    let mut scores: Vec<_> = said
        .iter()
        .flat_map(|(project, points)| [0, 1].map(|judge| score(judge, *project, *points)))
        .collect();
    scores.push(score(0, 4, 1e6));
    let recused = [(JudgeIndex(1), ProjectIndex(4)), (JudgeIndex(0), ProjectIndex(5))];
    let sheet = Sheet::new(3, 6, scores, &[], &recused).unwrap();
    let tally = Tally::count(&sheet, &Rules::default());
    for method in
        [|it: &Standing| it.raw, |it: &Standing| it.ridge, |it: &Standing| it.bradley_terry]
    {
        let places: Vec<_> =
            tally.projects.iter().map(|it| method(it).and_then(|it| it.place)).collect();
        let ranks: Vec<_> =
            places.iter().flatten().map(|place| (place.rank, place.shared_by)).collect();
        assert_eq!(ranks, [(1, 1), (2, 2), (2, 2), (4, 1)]);
    }
    let [.., few, none] = &tally.projects[..] else { panic!() };
    assert_eq!((few.votes, few.recused, few.raw.unwrap().value), (1, 1, 1_000_000));
    assert_eq!((few.raw.unwrap().error, few.raw.unwrap().place), (None, None));
    assert_eq!((none.votes, none.recused), (0, 1));
    assert_eq!((none.raw, none.ridge, none.bradley_terry), (None, None, None));
    assert_eq!(tally.judges[2].offset, None);
}

#[test]
fn nothing_is_said_of_errors_where_there_is_nothing_to_tell_them_by() {
    let sheet = Sheet::new(1, 1, vec![score(0, 0, 7e5)], &[], &[]).unwrap();
    let tally = Tally::count(&sheet, &Rules { votes_min: 1, ..Rules::default() });
    let ridge = tally.projects[0].ridge.unwrap();
    assert_eq!((ridge.value, ridge.error, tally.noise), (700_000, None, None));
    assert_eq!(ridge.place.unwrap().range, None);
    let empty = Tally::count(&Sheet::new(0, 0, vec![], &[], &[]).unwrap(), &Rules::default());
    assert_eq!((empty.projects.len(), empty.groups), (0, 0));
}

/// The normal equations as they stand in a textbook, projects first, solved for many right sides by elimination with pivots.
fn textbook(sheet: &Sheet, doubt: f64, right: &mut [Vec<f64>]) {
    let (projects, judges) = (sheet.projects().len(), sheet.judges().len());
    let size = projects + judges;
    let mut matrix = vec![vec![0.0; size]; size];
    for (at, row) in matrix.iter_mut().enumerate() {
        row[at] = doubt;
    }
    for project in sheet.projects() {
        for (judge, _) in sheet.of_project(project) {
            let (a, b) = (project.at(), projects + judge.at());
            for (row, column) in [(a, a), (b, b), (a, b), (b, a)] {
                matrix[row][column] += 1.0;
            }
        }
    }
    for column in 0..size {
        let best = (column..size)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
            .unwrap();
        matrix.swap(column, best);
        right.iter_mut().for_each(|right| right.swap(column, best));
        for row in 0..size {
            let times = matrix[row][column] / matrix[column][column];
            if row == column || times == 0.0 {
                continue;
            }
            let pivot = matrix[column].clone();
            matrix[row].iter_mut().zip(&pivot).for_each(|(to, from)| *to -= times * from);
            right.iter_mut().for_each(|right| right[row] -= times * right[column]);
        }
    }
    for right in right {
        right.iter_mut().enumerate().for_each(|(at, value)| *value /= matrix[at][at]);
    }
}

#[test]
fn ridge_and_its_errors_are_those_of_a_dense_solver() {
    let worlds = [
        world(5, 6, 14, 3, 1.0).sheet,
        world(6, 9, 20, 2, 0.2).sheet,
        islands(7, 1).sheet,
        islands(8, 0).sheet,
    ];
    for sheet in worlds {
        let rules = Rules::default();
        let tally = Tally::count(&sheet, &rules);
        let (projects, judges) = (sheet.projects().len(), sheet.judges().len());
        let all: Vec<_> = sheet
            .judges()
            .flat_map(|judge| {
                sheet
                    .of_judge(judge)
                    .iter()
                    .map(move |(it, points)| (judge, *it, f64::from(points.millionths())))
            })
            .collect();
        let mean = all.iter().map(|(_, _, points)| points).sum::<f64>() / all.len() as f64;
        let mut right = vec![vec![0.0; projects + judges]; 1 + projects + judges];
        for (judge, project, points) in &all {
            right[0][project.at()] += points - mean;
            right[0][projects + judge.at()] += points - mean;
        }
        for unit in 0..projects + judges {
            right[1 + unit][unit] = 1.0;
        }
        textbook(&sheet, rules.judge.votes(), &mut right);
        let (found, inverse) = (&right[0], &right[1..]);
        // Σ over votes of the leverage.
        let explained: f64 = all
            .iter()
            .map(|(judge, project, _)| (project.at(), projects + judge.at()))
            .map(|(a, b)| inverse[a][a] + inverse[b][b] + 2.0 * inverse[a][b])
            .sum();
        let rest: f64 = all
            .iter()
            .map(|(judge, project, points)| {
                points - mean - found[project.at()] - found[projects + judge.at()]
            })
            .map(|left| left * left)
            .sum();
        let noise = rest / (all.len() as f64 - explained);
        assert!((f64::from(tally.noise.unwrap()) - noise.sqrt()).abs() < 1.5);
        for (at, standing) in tally.projects.iter().enumerate() {
            let ridge = standing.ridge.unwrap();
            assert!((f64::from(ridge.value) - mean - found[at]).abs() < 0.51, "project {at}");
            let to_mean = |a: usize, b: usize| {
                f64::from(u8::from(a == b))
                    - 1.0 / projects as f64 * f64::from(u8::from(b < projects))
            };
            let variance: f64 = (0..projects)
                .flat_map(|a| (0..projects).map(move |b| (a, b)))
                .map(|(a, b)| to_mean(at, a) * to_mean(at, b) * inverse[a][b])
                .sum();
            let expected = (noise * variance).sqrt();
            assert!((f64::from(ridge.error.unwrap()) - expected).abs() < 1.5, "project {at}");
        }
        for (at, leaning) in tally.judges.iter().enumerate() {
            assert!((f64::from(leaning.offset.unwrap()) - found[projects + at]).abs() < 0.51);
        }
    }
}

#[test]
fn strengths_expect_as_many_wins_as_there_were() {
    let World { sheet, .. } = world(3, 12, 30, 4, 1.0);
    let tally = Tally::count(&sheet, &Rules::default());
    assert_eq!(tally.bradley_terry, Rest::Settled);
    let chance: Vec<f64> =
        tally.projects.iter().map(|it| f64::from(it.bradley_terry.unwrap().value) / 1e6).collect();
    let strength = |at: ProjectIndex| chance[at.at()] / (1.0 - chance[at.at()]);
    let mut wins = vec![0.0; chance.len()];
    let mut expected = vec![0.0; chance.len()];
    for judge in sheet.judges() {
        let scored = sheet.of_judge(judge);
        for (a, of_a) in scored {
            for (b, of_b) in scored.iter().filter(|(b, _)| b != a) {
                wins[a.at()] += match of_a.cmp(of_b) {
                    core::cmp::Ordering::Greater => 1.0,
                    core::cmp::Ordering::Equal => 0.5,
                    core::cmp::Ordering::Less => 0.0,
                };
                expected[a.at()] += strength(*a) / (strength(*a) + strength(*b));
            }
        }
    }
    for (at, chance) in chance.iter().enumerate() {
        assert!((wins[at] + 0.5 - expected[at] - chance).abs() < 1e-3, "project {at}");
    }
}

#[test]
fn ninety_five_of_a_hundred_intervals_hold_the_truth() {
    let (mut held, mut all) = (0, 0);
    for seed in 100..140 {
        let World { sheet, truth } = world(seed, 12, 40, 4, 1.0);
        let tally = Tally::count(&sheet, &Rules::default());
        let mean = truth.iter().sum::<f64>() / 40.0;
        let shown =
            tally.projects.iter().map(|it| f64::from(it.ridge.unwrap().value)).sum::<f64>() / 40.0;
        for (standing, truth) in tally.projects.iter().zip(&truth) {
            let ridge = standing.ridge.unwrap();
            let distance = f64::from(ridge.value) - shown - 1e5 * (truth - mean);
            held += u32::from(distance.abs() <= 1.96 * f64::from(ridge.error.unwrap()));
            all += 1;
        }
    }
    let share = f64::from(held) / f64::from(all);
    println!("{:.1} % of {all} intervals hold the truth", share * 100.0);
    assert!((0.92..0.98).contains(&share), "{share}");
}

#[test]
fn the_near_errors_are_within_a_tenth_of_the_exact_ones() {
    let World { sheet, .. } = world(9, 108, 195, 7, 1.0);
    let system = System::new(&sheet, &Rules::default());
    let (exact, near) = (spread::exact(&system), spread::near(&system));
    for (exact, near) in exact.projects.iter().zip(&near.projects) {
        let ratio = (near / exact).sqrt();
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
    }
}

#[test]
fn a_big_event_is_counted_and_the_ranks_are_right() {
    let World { sheet, truth } = world(1, 2000, 5000, 8, 1.0);
    let tally = Tally::count(&sheet, &Rules::default());
    assert_eq!((tally.spread, tally.bradley_terry, tally.groups), (Spread::Near, Rest::Settled, 1));
    let [raw, ridge] = [tau(&truth, &tally, |it| it.raw), tau(&truth, &tally, |it| it.ridge)];
    assert!(ridge > raw + 0.02, "raw {raw:.3}, ridge {ridge:.3}");
}
