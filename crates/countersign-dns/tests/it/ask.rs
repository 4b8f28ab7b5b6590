//! Queries, byte by byte, and what an answer says.

use domain::base::iana::{Class, Rcode};
use domain::base::{Message, Rtype};
use domain::rdata::{A, Soa, Txt};
use std::net::Ipv4Addr;

pub(crate) const IN: u16 = 1;
pub(crate) const A_TYPE: u16 = 1;
pub(crate) const TXT_TYPE: u16 = 16;
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 77, 1);

/// RFC 1035 section 4.1: number 0x1234, recursion desired, one question.
pub(crate) fn query(name: &str, rtype: u16, class: u16) -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(&rtype.to_be_bytes());
    bytes.extend_from_slice(&class.to_be_bytes());
    bytes
}

/// The same with EDNS (RFC 6891 section 6.1.2).
pub(crate) fn edns(name: &str, rtype: u16, size: u16, version: u8) -> Vec<u8> {
    let mut bytes = query(name, rtype, IN);
    bytes[11] = 1;
    bytes.extend_from_slice(&[0, 0, 41]);
    bytes.extend_from_slice(&size.to_be_bytes());
    bytes.extend_from_slice(&[0, version, 0, 0, 0, 0]);
    bytes
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Said {
    pub(crate) rcode: u8,
    pub(crate) authoritative: bool,
    pub(crate) truncated: bool,
    pub(crate) addresses: Vec<Ipv4Addr>,
    pub(crate) texts: Vec<String>,
    /// Whether a SOA says how long the absence may be remembered.
    pub(crate) absence: bool,
}

impl Said {
    pub(crate) fn address() -> Self {
        Self { authoritative: true, addresses: vec![ADDRESS], ..Self::default() }
    }

    pub(crate) fn texts(texts: &[&str]) -> Self {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        Self { authoritative: true, texts, ..Self::default() }
    }

    pub(crate) fn nothing(rcode: Rcode) -> Self {
        Self { rcode: rcode.to_int(), authoritative: true, absence: true, ..Self::default() }
    }

    pub(crate) fn refused(rcode: Rcode) -> Self {
        Self { rcode: rcode.to_int(), ..Self::default() }
    }
}

pub(crate) fn read(answer: &[u8]) -> Said {
    let message = Message::from_octets(answer).unwrap();
    let header = message.header();
    assert!(header.qr() && !header.ra());
    assert_eq!(header.id(), 0x1234);
    let section = message.answer().unwrap();
    assert!(section.clone().all(|record| record.unwrap().class() == Class::IN));
    let texts = section.limit_to::<Txt<_>>().map(|record| {
        let text = record.unwrap().data().text::<Vec<u8>>();
        String::from_utf8(text).unwrap()
    });
    let mut authority = message.authority().unwrap();
    Said {
        rcode: header.rcode().to_int(),
        authoritative: header.aa(),
        truncated: header.tc(),
        addresses: section.limit_to::<A>().map(|it| it.unwrap().data().addr()).collect(),
        texts: texts.collect(),
        absence: authority.any(|record| {
            let record = record.unwrap();
            record.rtype() == Rtype::SOA && record.to_record::<Soa<_>>().unwrap().is_some()
        }),
    }
}
