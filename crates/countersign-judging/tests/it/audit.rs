//! Anybody can count again.

use crate::world::{HOUR, Hub, hub, judge, realm, stamp, vote};
use countersign::SigningKey;
use countersign::evidence::seal;
use countersign_judging::audit::{AuditFault, verify_log};
use countersign_judging::log::{Act, Chain, Entry, Reader};
use countersign_judging::venue::RestoreFault;
use countersign_judging::{LogHead, Vote};

const NOON: u64 = 3 * HOUR;

fn fair() -> Hub {
    let mut hub = Hub::open(1);
    for n in 1..=6 {
        let project = format!("PROJECT_{n:03}").parse().unwrap();
        hub.accepts(&Vote { project, ..vote(n, NOON) }, NOON);
    }
    hub
}

fn head_by(key: &SigningKey, head: &LogHead) -> Vec<u8> {
    seal(&realm(), key, stamp(), head).unwrap()
}

fn verify(hub: &Hub, log: &[u8], head: &[u8]) -> Result<usize, AuditFault> {
    let audit = verify_log(&realm(), &hub.bundles, log, head)?;
    Ok(audit.venue.ballots().count())
}

#[test]
fn an_exported_log_verifies_with_bundles_and_head_alone() {
    let fair = fair();
    let head = head_by(&hub(1), &fair.venue.head());
    assert_eq!(verify(&fair, &fair.log, &head), Ok(6));
}

#[test]
fn a_shortened_log_a_foreign_head_and_a_torn_end_are_refused() {
    let mut fair = fair();
    let (log, head) = (fair.log.clone(), head_by(&hub(1), &fair.venue.head()));
    let by_judge = head_by(&judge(1), &fair.venue.head());
    assert!(matches!(verify(&fair, &log, &by_judge), Err(AuditFault::OtherHub(_))));
    let by_other = head_by(&hub(2), &fair.venue.head());
    assert!(matches!(verify(&fair, &log, &by_other), Err(AuditFault::OtherHub(_))));
    let torn = &log[..log.len() - 1];
    assert!(matches!(verify(&fair, torn, &head), Err(AuditFault::Torn(_))));
    let earlier = fair.venue.head();
    fair.accepts(&Vote { revision: 2, points: vec![1, 1, 1], ..vote(9, NOON) }, NOON);
    let other = AuditFault::OtherLog { signed: 8, found: 9 };
    assert_eq!(verify(&fair, &fair.log, &head), Err(other));
    // The earlier head is one of the longer log all the same.
    assert!(fair.venue.agrees_with(&earlier));
    let forged = LogHead { root: fair.venue.head().root, ..earlier };
    assert!(!fair.venue.agrees_with(&forged));
}

/// A hub that is not honest can write any chain it likes, and sign it; the rules do not hold in it.
#[test]
fn a_chain_by_a_dishonest_hub_does_not_verify() {
    let fair = fair();
    let mut entries = Vec::new();
    let mut reader = Reader::new(&fair.log);
    while let Some(entry) = reader.next_entry().unwrap() {
        entries.push(entry);
    }
    let rewritten = |entries: &[Entry]| {
        let mut chain = Chain::new();
        let log: Vec<u8> = entries.iter().flat_map(|entry| chain.append(entry).unwrap()).collect();
        let (chain, root, entries) = (chain.head(), chain.root(), chain.entries());
        let head = LogHead { chain, root, entries, ..fair.venue.head() };
        verify(&fair, &log, &head_by(&hub(1), &head))
    };
    assert_eq!(rewritten(&entries), Ok(6));
    let points = |entry: &mut Entry| {
        let Act::Vote { content } = &mut entry.act else { panic!() };
        let at = content.windows(4).position(|four| four == b"[9,8").unwrap();
        content[at + 1] = b'1';
    };
    let mut changed = entries.clone();
    points(&mut changed[4]);
    assert!(matches!(rewritten(&changed), Err(AuditFault::Log(RestoreFault::Vote { .. }))));
    let mut twice = entries.clone();
    twice.push(entries[5].clone());
    let said_twice = AuditFault::Log(RestoreFault::OtherOutcome(8));
    assert_eq!(rewritten(&twice), Err(said_twice));
    // Without the entry that opened the round nothing could be accepted.
    let mut closed = entries.clone();
    closed.remove(1);
    assert!(matches!(rewritten(&closed), Err(AuditFault::Log(RestoreFault::Vote { .. }))));
    // A revocation that reaches back.
    let key = crate::world::print(&judge(1));
    let mut backdated = entries.clone();
    backdated.push(Entry { at: crate::world::at(0), act: Act::Revoke { key } });
    assert_eq!(rewritten(&backdated), Err(AuditFault::Log(RestoreFault::Backdated(8))));
    // A vote that came from elsewhere, and is here already.
    let Act::Vote { content } = entries[2].act.clone() else { panic!() };
    let merged = |accepted, hub: &SigningKey| {
        let (hub, content) = (crate::world::print(hub), content.clone());
        let mut again = entries.clone();
        again.push(Entry { at: entries[2].at, act: Act::MergedVote { hub, accepted, content } });
        rewritten(&again)
    };
    let from_nowhere = Err(AuditFault::Log(RestoreFault::Merged(8)));
    assert_eq!(merged(entries[2].at, &hub(2)), from_nowhere);
    assert_eq!(merged(crate::world::at(0), &judge(1)), from_nowhere);
    assert_eq!(merged(crate::world::at(0), &hub(2)), Ok(6));
    // A vote left out: the chain is one, the head says what it says, and the ballot root does not fit.
    let mut fewer = entries.clone();
    fewer.remove(3);
    assert!(matches!(rewritten(&fewer), Err(AuditFault::OtherLog { .. })));
}
