//! Counts three invented events and compares the digests of all their numbers. The exit code is 0 if all are the same, else the
//! number of the first that is not.
//!
//! It needs neither a clock nor a terminal, so that it runs wherever the crate does, also as `wasm32-unknown-unknown`:
//! ```text
//! cargo run --release -p countersign-judging --example agreement
//! ```

use countersign_judging::tally::{
    Estimate, JudgeIndex, Points, ProjectIndex, Rules, Score, Sheet, Tally,
};
use std::process::ExitCode;

/// Of each event: judges, projects, votes for each project, anchors; and what its tally comes to.
const EVENTS: [(u16, u16, u16, u16, u64); 3] = [
    (12, 40, 3, 0, 0x0ace_4501_5b8d_a575),
    (108, 195, 7, 2, 0x058b_71f5_0c18_4760),
    (400, 900, 5, 0, 0x056a_19e8_057e_0957),
];

fn main() -> ExitCode {
    let differs = |&(judges, projects, views, anchors, expected): &(_, _, _, _, _)| {
        digest(&event(judges, projects, views, anchors)) != Some(expected)
    };
    match EVENTS.iter().position(differs) {
        Some(event) => ExitCode::from(event as u8 + 1),
        None => ExitCode::SUCCESS,
    }
}

/// Worth, leaning and noise from small numbers; every number that comes out is exact.
fn event(judges: u16, projects: u16, views: u16, anchors: u16) -> Option<Sheet> {
    let mut state = u64::from(projects);
    let mut scores = Vec::new();
    for project in 0..projects {
        let worth = next(&mut state) % 400_000;
        let (voters, first) = match project < anchors {
            true => (judges, 0),
            false => (views, (next(&mut state) % u64::from(judges)) as u16),
        };
        let stride = 1 + (project / judges) % (judges / views);
        for vote in 0..voters {
            let judge = match voters == judges {
                true => vote,
                false => (first + vote * stride) % judges,
            };
            let leaning = u64::from(judge) * 7_919 % 300_000;
            let points = (worth + leaning + next(&mut state) % 300_000) as u32;
            scores.push(Score {
                judge: JudgeIndex(judge),
                project: ProjectIndex(project),
                points: Points::new(points)?,
            });
        }
    }
    let first: Vec<_> = (0..anchors).map(ProjectIndex).collect();
    Sheet::new(judges, projects, scores, &first, &[]).ok()
}

/// FNV-1a over every number of the tally.
fn digest(sheet: &Option<Sheet>) -> Option<u64> {
    let tally = Tally::count(sheet.as_ref()?, &Rules::default());
    let mut numbers = vec![tally.noise.map_or(-1, i64::from), i64::from(tally.groups)];
    for standing in &tally.projects {
        for estimate in [standing.raw, standing.ridge, standing.bradley_terry] {
            numbers.extend(of(estimate?)?);
        }
    }
    for leaning in &tally.judges {
        numbers.push(leaning.offset.map_or(i64::MIN, i64::from));
    }
    let bytes = numbers.iter().flat_map(|number| number.to_be_bytes());
    Some(bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    }))
}

fn of(estimate: Estimate) -> Option<[i64; 5]> {
    let error = estimate.error.map_or(-1, i64::from);
    let Some(place) = estimate.place else {
        return Some([estimate.value.into(), error, 0, 0, 0]);
    };
    let (best, worst) = place.range?;
    Some([estimate.value.into(), error, place.rank.into(), best.into(), worst.into()])
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_sheet_is_the_same_bits_everywhere() {
        for (judges, projects, views, anchors, expected) in EVENTS {
            let found = digest(&event(judges, projects, views, anchors));
            assert_eq!(found, Some(expected), "{judges} judges: {:#018x}", found.unwrap_or(0));
        }
    }
}
