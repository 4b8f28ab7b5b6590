//! What each zone answers.

use crate::ask::{A_TYPE, ADDRESS, IN, Said, TXT_TYPE, edns, query, read};
use countersign_dns::{Challenges, PublishError, Transport, Zone, ZoneError};
use domain::base::Message;
use domain::base::iana::Rcode;

const HOST: &str = "d1d1d1d1d1d1d1d1.glt.example.org";
const AAAA_TYPE: u16 = 28;
const ANY_TYPE: u16 = 255;
const CAA_TYPE: u16 = 257;
const HTTPS_TYPE: u16 = 65;
/// Assigned to nothing.
const UNKNOWN_TYPE: u16 = 4711;

fn own() -> Zone {
    Zone::own(HOST, ADDRESS).unwrap()
}

fn league() -> Zone {
    Zone::league("glt.example.org", ADDRESS, "ns.example.org").unwrap()
}

fn ask(zone: &Zone, name: &str, rtype: u16) -> Said {
    read(&zone.answer(&query(name, rtype, IN), Transport::Udp).unwrap())
}

#[test]
fn a_device_answers_its_own_name_in_any_case() {
    for name in [HOST, "D1D1d1d1D1D1d1d1.GLT.example.ORG"] {
        assert_eq!(ask(&own(), name, A_TYPE), Said::address());
        assert_eq!(ask(&own(), name, ANY_TYPE), Said::address());
    }
    for rtype in [AAAA_TYPE, TXT_TYPE, CAA_TYPE, HTTPS_TYPE, UNKNOWN_TYPE] {
        assert_eq!(ask(&own(), HOST, rtype), Said::nothing(Rcode::NOERROR));
    }
    assert_eq!(ask(&own(), &format!("x.{HOST}"), A_TYPE), Said::nothing(Rcode::NXDOMAIN));
}

#[test]
fn a_device_refuses_every_other_name() {
    for name in [
        "",
        "org",
        "glt.example.org",
        "d2d2d2d2d2d2d2d2.glt.example.org",
        "connectivitycheck.gstatic.com",
        "captive.apple.com",
    ] {
        assert_eq!(ask(&own(), name, A_TYPE), Said::refused(Rcode::REFUSED), "{name}");
    }
    let other_class = own().answer(&query(HOST, A_TYPE, 3), Transport::Udp).unwrap();
    assert_eq!(read(&other_class), Said::refused(Rcode::REFUSED));
}

#[test]
fn every_device_of_the_league_has_the_address() {
    let zone = league();
    assert_eq!(ask(&zone, HOST, A_TYPE), Said::address());
    assert_eq!(ask(&zone, HOST, CAA_TYPE), Said::nothing(Rcode::NOERROR));
    assert_eq!(ask(&zone, "glt.example.org", A_TYPE), Said::nothing(Rcode::NOERROR));
    assert_eq!(ask(&zone, "glt.example.org", CAA_TYPE), Said::nothing(Rcode::NOERROR));
    let nxdomain = Said::nothing(Rcode::NXDOMAIN);
    for name in ["a.b.glt.example.org", "_x.glt.example.org", "-x.glt.example.org"] {
        assert_eq!(ask(&zone, name, A_TYPE), nxdomain, "{name}");
    }
    assert_eq!(ask(&zone, "example.org", A_TYPE), Said::refused(Rcode::REFUSED));
    assert_eq!(ask(&zone, "xglt.example.org", A_TYPE), Said::refused(Rcode::REFUSED));
}

#[test]
fn the_apex_names_its_name_server() {
    for rtype in [2, 6] {
        let answer = league().answer(&query("glt.example.org", rtype, IN), Transport::Udp).unwrap();
        let message = Message::from_octets(&answer[..]).unwrap();
        assert_eq!(message.header_counts().ancount(), 1);
        assert!(message.header().aa());
    }
}

#[test]
fn challenges_are_answered_while_they_are_published() {
    let zone = league();
    let name = format!("_acme-challenge.{HOST}");
    assert_eq!(ask(&zone, &name, TXT_TYPE), Said::nothing(Rcode::NXDOMAIN));
    zone.publish(HOST, "first").unwrap();
    zone.publish("D1D1D1D1D1D1D1D1.glt.example.org.", "second").unwrap();
    zone.publish(HOST, "second").unwrap();
    assert_eq!(ask(&zone, &name, TXT_TYPE), Said::texts(&["first", "second"]));
    assert_eq!(ask(&zone, &name.to_uppercase(), TXT_TYPE), Said::texts(&["first", "second"]));
    assert_eq!(ask(&zone, &name, A_TYPE), Said::nothing(Rcode::NOERROR));
    let other = "_acme-challenge.d2.glt.example.org";
    assert_eq!(ask(&zone, other, TXT_TYPE), Said::nothing(Rcode::NXDOMAIN));
    zone.withdraw(HOST, "first").unwrap();
    assert_eq!(ask(&zone, &name, TXT_TYPE), Said::texts(&["second"]));
    zone.withdraw(HOST, "second").unwrap();
    assert_eq!(ask(&zone, &name, TXT_TYPE), Said::nothing(Rcode::NXDOMAIN));
}

#[test]
fn challenges_are_bounded_and_only_for_names_of_the_zone() {
    let zone = league();
    for outside in ["glt.example.org", "example.org", "a.b.glt.example.org"] {
        assert_eq!(zone.publish(outside, "v"), Err(ZoneError::Outside(outside.into())));
    }
    assert!(matches!(zone.publish("a b.glt.example.org", "v"), Err(ZoneError::Name(_))));
    assert_eq!(own().publish(HOST, "v"), Err(ZoneError::NoChallenges));
    assert_eq!(zone.publish(HOST, ""), Err(PublishError::Length.into()));
    assert_eq!(zone.publish(HOST, &"v".repeat(256)), Err(PublishError::Length.into()));
    for value in 0..Challenges::VALUES_MAX {
        zone.publish(HOST, &value.to_string()).unwrap();
    }
    assert_eq!(zone.publish(HOST, "more"), Err(PublishError::Full.into()));
    for host in 1..Challenges::HOSTS_MAX {
        zone.publish(&format!("h{host}.glt.example.org"), "v").unwrap();
    }
    assert_eq!(zone.publish("more.glt.example.org", "v"), Err(PublishError::Full.into()));
    zone.withdraw("h1.glt.example.org", "v").unwrap();
    zone.publish("more.glt.example.org", "v").unwrap();
}

#[test]
fn an_answer_too_long_for_udp_says_so() {
    let zone = league();
    let name = format!("_acme-challenge.{HOST}");
    let long: Vec<String> = (0..4).map(|value| value.to_string().repeat(255)).collect();
    long.iter().for_each(|value| zone.publish(HOST, value).unwrap());
    let all = Said::texts(&long.iter().map(String::as_str).collect::<Vec<_>>());
    let cut = Said { truncated: true, ..Said::default() };
    assert_eq!(ask(&zone, &name, TXT_TYPE), cut);
    let over_tcp = zone.answer(&query(&name, TXT_TYPE, IN), Transport::Tcp).unwrap();
    assert_eq!(read(&over_tcp), all);
    let with_room = zone.answer(&edns(&name, TXT_TYPE, 4096, 0), Transport::Udp).unwrap();
    assert_eq!(read(&with_room), all);
    assert!(with_room.len() <= 1232);
}

#[test]
fn edns_is_answered_with_edns_and_other_versions_are_named_bad() {
    let answer = league().answer(&edns(HOST, A_TYPE, 1232, 0), Transport::Udp).unwrap();
    assert_eq!(read(&answer), Said::address());
    let message = Message::from_octets(&answer[..]).unwrap();
    assert_eq!(message.opt().unwrap().udp_payload_size(), 1232);
    let answer = league().answer(&edns(HOST, A_TYPE, 1232, 1), Transport::Udp).unwrap();
    let message = Message::from_octets(&answer[..]).unwrap();
    assert_eq!(message.opt().unwrap().rcode(message.header()).to_int(), 16);
    assert_eq!(message.header_counts().ancount(), 0);
}

#[test]
fn names_that_are_none_make_no_zone() {
    let long =
        format!("{}.{}.{}.{}", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(63));
    for bad in ["", ".", "a..b", "a b", "*.example.org", "_x.example.org", &"a".repeat(64), &long] {
        assert_eq!(Zone::own(bad, ADDRESS).unwrap_err(), ZoneError::Name(bad.into()), "{bad}");
    }
}
