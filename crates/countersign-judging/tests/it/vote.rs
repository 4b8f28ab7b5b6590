//! A vote has one form: what is accepted is written again as the same bytes, and no changed byte verifies.

use crate::world::{judge, realm};
use countersign::{EventId, Signer};
use countersign_judging::{ReceivedVote, Vote, VoteId};
use proptest::collection::vec;
use proptest::prelude::*;

fn votes() -> impl Strategy<Value = Vote> {
    let id = "[A-Za-z0-9_.-]{1,32}";
    let points = vec(any::<u16>(), 0..=32);
    let numbers = (0..=253_402_300_799_u64, 1..=u32::MAX, 1..=u8::MAX);
    (id, id, id, points, any::<[u8; 16]>(), numbers).prop_map(
        |(project, category, judge, points, id, (seconds, revision, round))| Vote {
            project: project.parse().unwrap(),
            category: category.parse().unwrap(),
            points,
            id: VoteId::from_bytes(id),
            seconds,
            judge: judge.parse().unwrap(),
            revision,
            round,
        },
    )
}

fn fair() -> EventId {
    EventId::new("FAIR").unwrap()
}

/// What was read, written again without its signature.
fn reread(content: &[u8]) -> Option<Vec<u8>> {
    let received = ReceivedVote::decode(content).ok()?;
    let signed = received.verify(&realm(), &fair(), judge(1).verifying_key()).ok()?;
    signed.vote.to_json().ok()
}

proptest! {
    #[test]
    fn every_vote_is_read_as_it_was_written(vote in votes()) {
        let content = vote.sign(&realm(), &fair(), &judge(1)).unwrap();
        prop_assert!(content.len() <= 600);
        let received = ReceivedVote::decode(&content).unwrap();
        let signed = received.verify(&realm(), &fair(), judge(1).verifying_key()).unwrap();
        prop_assert_eq!(&signed.vote, &vote);
        prop_assert_eq!(signed.content, content);
    }

    /// Signed after the change, so that only the form can refuse it.
    #[test]
    fn whatever_is_accepted_is_written_again_as_the_same_bytes(
        vote in votes(),
        changes in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8), 1..4),
    ) {
        const BYTES: &[u8] = br#"{}[]",:0123456789 -+.eE\pcsgtjrnA_"#;
        let mut json = vote.to_json().unwrap();
        for (place, byte, change) in changes {
            let (at, byte) = (place.index(json.len()), *byte.get(BYTES));
            match change {
                0 => json[at] = byte,
                1 => json.insert(at, byte),
                2 => drop(json.remove(at)),
                _ => json.swap(at, 0),
            }
        }
        let kind = countersign::Name::new("vote").unwrap();
        let subject = countersign::statement::Subject { kind: &kind, context: b"FAIR" };
        let signature = countersign::statement::sign(&realm(), &judge(1), subject, &json);
        let content = [json.as_slice(), &signature].concat();
        if let Some(again) = reread(&content) {
            prop_assert_eq!(again, json);
        }
    }

    #[test]
    fn a_changed_byte_never_verifies(
        vote in votes(),
        place in any::<prop::sample::Index>(),
        bits in 1..=u8::MAX,
    ) {
        let mut content = vote.sign(&realm(), &fair(), &judge(1)).unwrap();
        let at = place.index(content.len());
        content[at] ^= bits;
        prop_assert_eq!(reread(&content), None);
    }

    #[test]
    fn no_bytes_make_the_reader_fail(content in vec(any::<u8>(), 0..700)) {
        prop_assert_eq!(reread(&content), None);
    }
}

#[test]
fn the_form_is_that_of_the_document() {
    let vote = crate::world::vote(0, 0);
    let json = String::from_utf8(vote.to_json().unwrap()).unwrap();
    assert_eq!(
        json,
        r#"{"p":"PROJECT_004","c":"INNOVATION","s":[9,8,10],"g":"AAAAAAAAAAAAAAAAAAAAAA","t":1774893600,"j":"J001","r":1,"n":1}"#
    );
}
