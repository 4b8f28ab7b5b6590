//! Bytes that no honest asker sends.

use crate::ask::{A_TYPE, ADDRESS, IN, Said, edns, query, read};
use countersign_dns::{QUERY_MAX, Transport, Zone};
use domain::base::iana::Rcode;
use proptest::prelude::*;

const HOST: &str = "d1.glt.example.org";

fn zone() -> Zone {
    let zone = Zone::league("glt.example.org", ADDRESS, "ns.example.org").unwrap();
    zone.publish(HOST, "value").unwrap();
    zone
}

fn answer(query: &[u8]) -> Option<Said> {
    zone().answer(query, Transport::Udp).map(|answer| read(&answer))
}

#[test]
fn answers_are_not_answered() {
    let mut reply = query(HOST, A_TYPE, IN);
    reply[2] |= 0x80;
    assert_eq!(answer(&reply), None);
    assert_eq!(zone().answer(&[], Transport::Udp), None);
    assert_eq!(zone().answer(&query(HOST, A_TYPE, IN)[..11], Transport::Udp), None);
}

#[test]
fn what_is_no_single_question_is_refused_without_an_echo() {
    let whole = query(HOST, A_TYPE, IN);
    for (at, value) in [(5, 0), (5, 2), (4, 255), (7, 1), (9, 1), (11, 2), (10, 255)] {
        let mut bent = whole.clone();
        bent[at] = value;
        assert_eq!(answer(&bent), Some(Said::refused(Rcode::FORMERR)), "byte {at}");
    }
    for opcode in [1, 2, 4, 5, 15] {
        let mut bent = whole.clone();
        bent[2] = opcode << 3;
        assert_eq!(answer(&bent), Some(Said::refused(Rcode::NOTIMP)), "opcode {opcode}");
    }
    let mut long = edns(HOST, A_TYPE, 1232, 0);
    long.resize(QUERY_MAX + 1, 0);
    assert_eq!(answer(&long), Some(Said::refused(Rcode::FORMERR)));
}

#[test]
fn a_name_that_points_at_itself_ends() {
    let mut bytes = query("", A_TYPE, IN);
    bytes.splice(12..13, [0xc0, 12]);
    assert_eq!(answer(&bytes), Some(Said::refused(Rcode::FORMERR)));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_say_much(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for transport in [Transport::Udp, Transport::Tcp] {
            if let Some(answer) = zone().answer(&bytes, transport) {
                prop_assert!(answer.len() >= 12 && answer.len() <= 1232);
            }
        }
    }

    #[test]
    fn no_bent_query_makes_it_panic(at in 0..60usize, value: u8, cut in 12..70usize) {
        let mut bytes = edns(&format!("_acme-challenge.{HOST}"), 16, 1232, 0);
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(cut);
        if let Some(answer) = zone().answer(&bytes, Transport::Udp) {
            prop_assert!(answer.len() <= 1232);
        }
    }
}
