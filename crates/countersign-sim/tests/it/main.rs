//! Two hundred nights, each with its own luck; the same night twice; and nights with a fault that has to be found.

mod mesh;

use countersign_sim::{Config, Fault, Report, Scenario, run};
use std::collections::BTreeMap;

/// What two hundred nights must have seen, so that they cannot silently stop trying something.
const SEEN: [&str; 44] = [
    "act: abort",
    "act: absent",
    "act: annul",
    "act: concede",
    "act: confirm",
    "act: flag",
    "act: injury",
    "act: leave",
    "act: quit",
    "act: return",
    "ball: over the line",
    "ball: perhaps",
    "ball: rattle",
    "ball: touch",
    "ball: unseen",
    "device: receipt taken",
    "evil: act",
    "evil: acts withheld",
    "evil: cloned device",
    "evil: forged result",
    "evil: handshake",
    "evil: radio frame",
    "evil: receipt",
    "evil: submitted twice",
    "evil: tampered",
    "evil: ticket",
    "link: bit flipped",
    "link: duplicated",
    "link: internet cut",
    "link: lost in a partition",
    "link: radio cut",
    "link: wifi cut",
    "outcome: conceded",
    "outcome: void, goals missing",
    "outcome: void, power",
    "phone: device had old keys",
    "phone: died",
    "phone: travel ticket",
    "power: cut at a slave's slot",
    "power: cut at the link's record",
    "power: journal torn",
    "power: match resumed",
    "server: fork found",
    "settlement: frozen",
];

fn night(seed: u64, scenario: Scenario, fault: Fault) -> Report {
    run(&Config { seed, scenario, fault, trace: false })
}

#[test]
fn two_hundred_nights() {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for seed in 0..200 {
        let report = night(seed, Scenario::Mixed, Fault::None);
        let replay = format!("countersign-sim --seed {seed} --trace");
        assert!(report.violations.is_empty(), "{replay}: {:#?}", report.violations);
        report.counts.iter().for_each(|(what, count)| *counts.entry(what).or_default() += count);
    }
    for what in SEEN {
        assert!(counts.contains_key(what), "never seen: {what}");
    }
    let all: u64 = counts.iter().filter(|(what, _)| what.starts_with("outcome")).map(|c| c.1).sum();
    let finals = counts.get("outcome: final").copied().unwrap_or_default();
    assert!(all >= 300 && finals * 10 >= all * 4, "{finals} of {all} matches are final");
}

#[test]
fn every_scenario_has_its_nights() {
    for (word, scenario) in Scenario::ALL {
        assert_eq!(Scenario::named(word), Some(scenario));
        for seed in 500..508 {
            let report = night(seed, scenario, Fault::None);
            assert!(report.violations.is_empty(), "{word} {seed}: {:#?}", report.violations);
        }
    }
}

#[test]
fn the_same_seed_is_the_same_night() {
    for seed in [7, 12] {
        let first = run(&Config { seed, trace: true, ..Config::default() });
        let again = run(&Config { seed, trace: false, ..Config::default() });
        assert_eq!((first.digest, &first.counts), (again.digest, &again.counts));
        assert!(first.trace.len() > 100 && again.trace.is_empty());
        assert_ne!(night(seed + 1, Scenario::Mixed, Fault::None).digest, first.digest);
    }
}

/// What is broken on purpose is found, and the scenario is one in which it matters.
fn is_found(fault: Fault, scenario: Scenario, within: u64) {
    let found = (0..within).find(|seed| !night(*seed, scenario, fault).violations.is_empty());
    assert!(found.is_some(), "{fault:?} was not found in {within} nights");
    let seed = found.unwrap_or_default();
    let whole = night(seed, scenario, Fault::None);
    assert!(whole.violations.is_empty(), "{fault:?}: the night {seed} fails without it, too");
}

#[test]
fn a_disk_that_acknowledges_too_early_is_found() {
    is_found(Fault::AckBeforeSync, Scenario::Power, 20);
}

#[test]
fn a_slave_that_forgets_is_found() {
    is_found(Fault::SlaveForgets, Scenario::Power, 120);
}

#[test]
fn a_server_that_settles_twice_is_found() {
    is_found(Fault::SettlesTwice, Scenario::Calm, 10);
}

#[test]
fn a_server_that_believes_a_master_alone_is_found() {
    is_found(Fault::NoSealCheck, Scenario::Evil, 20);
}

#[test]
fn a_server_that_overlooks_forks_is_found() {
    is_found(Fault::NoForkCheck, Scenario::Evil, 20);
}
