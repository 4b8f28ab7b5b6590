//! The bundle has one form, and nothing wrong with it gets into one.

use crate::world::{bundle, event, judge, realm, server};
use countersign::Signer;
use countersign::evidence::{Artefact, open, seal};
use countersign_judging::event::{
    Assignment, Conflict, EventFault, Field, JUDGES_MAX, Judge, PROJECTS_MAX, Project,
};
use countersign_judging::{Bundle, Event};

#[test]
fn a_bundle_is_read_as_it_was_written_whatever_the_order_of_its_tables() {
    let mut shuffled = event();
    shuffled.projects.reverse();
    shuffled.judges.reverse();
    shuffled.categories.reverse();
    shuffled.hubs.reverse();
    let (one, other) = (Bundle::new(event()).unwrap(), Bundle::new(shuffled).unwrap());
    assert_eq!(one.encode(), other.encode());
    assert_eq!(Bundle::decode(&one.encode()), Ok(one.clone()));
    for len in 0..one.encode().len() {
        assert!(Bundle::decode(&one.encode()[..len]).is_err());
    }
}

#[test]
fn whatever_is_read_is_written_again_as_the_same_bytes() {
    let bytes = Bundle::new(event()).unwrap().encode();
    let mut accepted = 0;
    for at in 0..bytes.len() {
        for bit in [0, 3, 6] {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            if let Ok(read) = Bundle::decode(&changed) {
                assert_eq!(read.encode(), changed, "byte {at}");
                accepted += 1;
            }
        }
    }
    // Titles, times and numbers may be anything within their limits.
    assert!(accepted > 0);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let faults = |change: fn(&mut Event)| {
        let mut event = event();
        change(&mut event);
        let said: Vec<String> = event.check().iter().map(EventFault::to_string).collect();
        assert!(Bundle::new(event).is_err());
        said.join("\n")
    };
    assert!(faults(|e| e.rounds.clear()).contains("there are no rounds"));
    assert!(faults(|e| e.categories[0].criteria.clear()).contains("there are no criteria"));
    assert!(faults(|e| e.version = 0).contains("counts from 1"));
    let twice = faults(|e| e.judges.push(e.judges[0].clone()));
    assert!(twice.contains("judge J001 is listed twice"), "{twice}");
    let shared = faults(|e| e.judges[1].key = e.judges[0].key.clone());
    assert!(shared.contains("judge J002 has a key that somebody else"), "{shared}");
    let both = faults(|e| {
        e.categories[0].criteria[0].max = 0;
        e.judges[2].name.clear();
    });
    assert!(both.contains("criterion new of category INNOVATION"), "{both}");
    assert!(both.contains("the text of judge J003"), "{both}");
    let unknown = faults(|e| e.projects[3].categories = vec!["NOPE".parse().unwrap()]);
    assert!(unknown.contains("project PROJECT_004 names the category NOPE"), "{unknown}");
    let conflict = faults(|e| {
        e.conflicts.push(Conflict { judge: e.judges[0].id, project: e.projects[0].id });
    });
    assert!(conflict.contains("J001 is assigned PROJECT_001, with which"), "{conflict}");
    let category = faults(|e| {
        let one = e.assignments[0];
        let wrong = Assignment { category: "DESIGN".parse().unwrap(), ..one };
        e.assignments.push(Assignment { project: e.projects[5].id, ..wrong });
    });
    assert!(category.contains("PROJECT_006 as DESIGN, which is not a category"), "{category}");
}

#[test]
fn the_largest_fair_fits_its_limits_and_one_more_does_not() {
    let mut big = event();
    let project = |number: usize| Project {
        id: format!("P{number:04}").parse().unwrap(),
        title: format!("A machine that does something, number {number}"),
        table: format!("Hall {}", number % 40),
        ..event().projects[5].clone()
    };
    let of = |number: usize| {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&(number as u64 + 1000).to_be_bytes());
        let key = countersign::SigningKey::from_seed(&seed).verifying_key().clone();
        let id = format!("J{number:04}").parse().unwrap();
        Judge { id, name: format!("Judge number {number}"), key }
    };
    big.conflicts.clear();
    big.assignments.clear();
    big.projects = (0..PROJECTS_MAX).map(project).collect();
    big.judges = (0..JUDGES_MAX).map(of).collect();
    let round = |judge: usize| {
        let (of, projects) = (big.judges[judge].id, &big.projects);
        (0..20).map(move |n| Assignment {
            judge: of,
            round: 1,
            project: projects[(judge * 20 + n) % PROJECTS_MAX].id,
            category: "INNOVATION".parse().unwrap(),
        })
    };
    big.assignments = (0..JUDGES_MAX).flat_map(round).collect();
    let signed = bundle(big.clone());
    let frame = seal(&realm(), &server(), crate::world::stamp(), &signed.value).unwrap();
    assert!(frame.len() <= Bundle::MAX_FRAME, "{}", frame.len());
    let read = open::<Bundle>(&realm(), server().verifying_key(), &frame).unwrap();
    assert_eq!(read.value, signed.value);
    big.judges.push(of(JUDGES_MAX));
    let too_many =
        EventFault::TooMany { field: Field::Judges, found: JUDGES_MAX + 1, max: JUDGES_MAX };
    assert_eq!(big.check(), [too_many]);
    big.judges.pop();
    big.projects.iter_mut().for_each(|project| project.title = "x".repeat(120));
    big.judges.iter_mut().for_each(|judge| judge.name = "x".repeat(120));
    assert!(matches!(big.check()[..], [EventFault::TooLarge(_)]));
}

#[test]
fn a_bundle_by_another_key_is_none() {
    let frame = seal(&realm(), &judge(1), crate::world::stamp(), &bundle(event()).value).unwrap();
    assert!(open::<Bundle>(&realm(), server().verifying_key(), &frame).is_err());
}
