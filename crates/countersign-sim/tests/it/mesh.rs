//! Days of the mesh: each scenario on both kinds of air, the same day twice, and days with a fault that has to be found.

use countersign_sim::mesh::{
    Config, Fault, Policy, Report, Scenario, measure, plot, reference, run, table,
};
use std::collections::BTreeMap;

const AIRS: [Policy; 2] = [Policy::ShippedBroadcast, Policy::ShippedGatt];

fn day(seed: u64, policy: Policy, scenario: Scenario, fault: Fault) -> Report {
    run(&Config { seed, nodes: 50, votes: 60, policy, scenario, fault, trace: false })
}

#[track_caller]
fn assert_well(seed: u64, policy: Policy, scenario: Scenario, report: &Report) {
    let (scenario, policy) = (scenario.word(), policy.word());
    let replay = format!(
        "countersign-sim mesh run --seed {seed} --scenario {scenario} --policy {policy} --votes 60 --trace"
    );
    assert!(report.violations.is_empty(), "{replay}: {:#?}", report.violations);
    assert_eq!(report.figures.arrived, report.figures.cast, "{replay}");
    assert!(report.figures.cast > 40, "{replay}");
}

/// Days of a scenario on both kinds of air; what must have happened on them did.
fn holds(scenario: Scenario, seen: &[&str]) {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for policy in AIRS {
        for seed in 0..2 {
            let report = day(seed, policy, scenario, Fault::None);
            assert_well(seed, policy, scenario, &report);
            report
                .counts
                .iter()
                .for_each(|(what, count)| *counts.entry(what).or_default() += count);
        }
    }
    for what in seen {
        assert!(counts.contains_key(what), "never seen: {what}; {counts:?}");
    }
}

#[test]
fn on_a_calm_day_every_vote_arrives_once() {
    holds(Scenario::Calm, &["judge: votes", "hub: accepted"]);
}

#[test]
fn relay_drops_of_a_fifth_of_the_nodes_lose_no_vote() {
    holds(Scenario::Droppers, &["hub: accepted"]);
}

#[test]
fn after_a_partition_heals_all_votes_are_there() {
    holds(Scenario::Partition, &["partition: begins", "partition: heals"]);
}

#[test]
fn five_thousand_junk_ids_a_minute_by_an_outsider_lose_no_vote() {
    holds(Scenario::Flood, &["evil: junk"]);
}

#[test]
fn five_thousand_packets_a_minute_with_the_key_lose_no_vote() {
    holds(Scenario::Insider, &["evil: flood with the key"]);
}

#[test]
fn replays_clones_and_squatted_ids_change_no_ballot() {
    let seen = [
        "evil: replay",
        "evil: clone in a new packet",
        "evil: id squatted",
        "evil: another judge's id used",
        "hub: invalid",
        "hub: duplicate",
    ];
    holds(Scenario::Clones, &seen);
}

#[test]
fn what_a_hub_receipted_is_in_its_log_after_every_crash() {
    holds(Scenario::Crash, &["hub: crash", "hub: accepted"]);
}

#[test]
fn wrong_clocks_are_mended_by_what_the_hub_says() {
    holds(Scenario::Clocks, &["hub: accepted"]);
}

#[test]
fn relays_that_die_come_back_from_their_snapshots_and_forward_nothing_twice() {
    holds(Scenario::Restarts, &["relay: died", "relay: switched off"]);
}

#[test]
fn mixed_days_hold() {
    for seed in 0..12 {
        let policy = AIRS[seed as usize % 2];
        let report = day(seed, policy, Scenario::Mixed, Fault::None);
        assert_well(seed, policy, Scenario::Mixed, &report);
    }
}

#[test]
fn the_same_seed_is_the_same_day() {
    for policy in AIRS {
        let config = |trace| Config {
            seed: 3,
            nodes: 30,
            votes: 30,
            policy,
            scenario: Scenario::Mixed,
            fault: Fault::None,
            trace,
        };
        let (first, again) = (run(&config(true)), run(&config(false)));
        assert_eq!((first.digest, &first.counts), (again.digest, &again.counts));
        assert_eq!(first.figures, again.figures);
        assert!(first.trace.len() > 100 && again.trace.is_empty());
        let other = run(&Config { seed: 4, ..config(false) });
        assert_ne!(other.digest, first.digest);
    }
}

/// What is broken on purpose is found, and the same day is well without it.
fn is_found(fault: Fault, scenario: Scenario, policy: Policy, word: &str) {
    let says = |report: &Report| report.violations.iter().any(|what| what.contains(word));
    let found = (0..8).find(|seed| says(&day(*seed, policy, scenario, fault)));
    assert!(found.is_some(), "{fault:?} was not found in 8 days");
    let seed = found.unwrap_or_default();
    let whole = day(seed, policy, scenario, Fault::None);
    assert_well(seed, policy, scenario, &whole);
}

#[test]
fn a_relay_without_a_memory_is_found() {
    for policy in AIRS {
        is_found(Fault::NoDedupe, Scenario::Calm, policy, "twice within 60 s");
    }
}

#[test]
fn a_hub_that_receipts_too_early_is_found() {
    let word = "went out, and the log lost it";
    is_found(Fault::ReceiptBeforeSync, Scenario::Crash, Policy::ShippedGatt, word);
}

#[test]
fn a_hub_that_believes_ids_before_signatures_is_found() {
    let word = "was said last";
    is_found(Fault::IdBeforeSignature, Scenario::Clones, Policy::ShippedBroadcast, word);
}

#[test]
fn a_hub_that_counts_packets_is_found() {
    is_found(Fault::CountsPackets, Scenario::Calm, Policy::ShippedGatt, "are counted");
}

#[test]
fn a_memory_that_a_flood_fills_is_found() {
    let word = "dropped an honest packet";
    is_found(Fault::SmallMemory, Scenario::Insider, Policy::ShippedGatt, word);
}

#[test]
fn without_jitter_the_air_collides_and_with_it_votes_arrive() {
    let cell = |policy| measure(policy, 100, 0..1, |_, _| {});
    let (naive, jitter) = (cell(Policy::Naive), cell(Policy::Suppress));
    assert!(naive.figures.delivery() < 92.0, "{:.1}", naive.figures.delivery());
    assert!(naive.figures.collisions() > 50.0, "{:.1}", naive.figures.collisions());
    assert!(jitter.figures.delivery() > 98.0, "{:.1}", jitter.figures.delivery());
    let cells = [naive, jitter];
    assert!(table(&cells).contains("+ suppress 2, TTL 15"));
    let svg = plot(&cells);
    assert_eq!(svg.matches("<polyline").count(), 4, "two policies in two panels");
    assert_eq!(reference(Policy::Suppress, 500), (Some(99.0), Some(578.0)));
}
