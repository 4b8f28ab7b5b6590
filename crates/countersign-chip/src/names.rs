//! A master's DNS: its own name, and an honest refusal for every other one.
//!
//! Whoever answered for other names would break what phones do to find out whether they are on the internet.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Longest message over UDP without extensions, RFC 1035.
pub const MESSAGE_MAX: usize = 512;

const HEADER: usize = 12;
const A: u16 = 1;
const ANY: u16 = 255;
const INTERNET: u16 = 1;
/// Seconds that the answer holds: longer than a match.
const LIFE: u32 = 3600;
const REFUSED: u8 = 5;
const NOT_IMPLEMENTED: u8 = 4;

/// The answer to a query; `None` if it is none, or too broken to be answered.
pub fn answer(query: &[u8], host: &str, address: Ipv4Addr) -> Option<Vec<u8>> {
    let header: [u8; HEADER] = *query.first_chunk()?;
    if query.len() > MESSAGE_MAX || header[2] & 0x80 != 0 {
        return None;
    }
    // Opcode 0 is a standard query; there is one question in each.
    if header[2] & 0x78 != 0 {
        return Some(reply(&header, &[], NOT_IMPLEMENTED, None));
    }
    if header[4..6] != [0, 1] {
        return None;
    }
    let rest = query.get(HEADER..)?;
    let (is_ours, name) = name(rest, host)?;
    let (kind, class) = (word(rest, name)?, word(rest, name + 2)?);
    let question = rest.get(..name + 4)?;
    Some(match (is_ours && class == INTERNET, kind) {
        (false, _) => reply(&header, question, REFUSED, None),
        (true, A | ANY) => reply(&header, question, 0, Some(address)),
        // The name is there, and has no such record.
        (true, _) => reply(&header, question, 0, None),
    })
}

/// Whether the name is the host, and its length.
fn name(bytes: &[u8], host: &str) -> Option<(bool, usize)> {
    let mut labels = host.split('.').filter(|label| !label.is_empty());
    let (mut at, mut is_ours) = (0_usize, !host.is_empty());
    loop {
        let len = usize::from(*bytes.get(at)?);
        at += 1;
        if len == 0 {
            return Some((is_ours && labels.next().is_none(), at));
        }
        // A question has nothing before it that it could point to.
        if len > 63 {
            return None;
        }
        let label = bytes.get(at..at + len)?;
        is_ours &= labels.next().is_some_and(|ours| ours.as_bytes().eq_ignore_ascii_case(label));
        at += len;
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn reply(header: &[u8; HEADER], question: &[u8], code: u8, address: Option<Ipv4Addr>) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + question.len() + 16);
    out.extend_from_slice(&header[..2]);
    // An answer, authoritative; opcode and "recursion desired" come back.
    out.push(0x84 | header[2] & 0x79);
    out.push(code);
    out.extend_from_slice(&u16::from(!question.is_empty()).to_be_bytes());
    out.extend_from_slice(&u16::from(address.is_some()).to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(question);
    if let Some(address) = address {
        // The name stands in the question.
        out.extend_from_slice(&[0xc0, HEADER as u8]);
        out.extend_from_slice(&A.to_be_bytes());
        out.extend_from_slice(&INTERNET.to_be_bytes());
        out.extend_from_slice(&LIFE.to_be_bytes());
        out.extend_from_slice(&4_u16.to_be_bytes());
        out.extend_from_slice(&address.octets());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "gl-00001.glt.example.org";
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

    fn query(host: &str, kind: u16) -> Vec<u8> {
        let mut out = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in host.split('.').filter(|label| !label.is_empty()) {
            out.push(label.len() as u8);
            out.extend_from_slice(label.as_bytes());
        }
        out.push(0);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&INTERNET.to_be_bytes());
        out
    }

    #[test]
    fn its_own_name_is_answered_in_any_case() {
        let query = query("GL-00001.glt.Example.ORG", A);
        let found = answer(&query, HOST, ADDRESS).unwrap();
        assert_eq!(found[..8], [0x12, 0x34, 0x85, 0, 0, 1, 0, 1]);
        assert_eq!(found[HEADER..query.len()], query[HEADER..]);
        assert_eq!(
            found[query.len()..],
            [0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 10, 77, 0, 1]
        );
    }

    #[test]
    fn other_kinds_of_its_name_are_empty_and_other_names_refused() {
        let found = answer(&query(HOST, 28), HOST, ADDRESS).unwrap();
        assert_eq!((found[3], &found[6..8]), (0, &[0, 0][..]), "no IPv6 address");
        for other in ["example.org", "connectivitycheck.gstatic.com", "", "glt.example.org"] {
            let found = answer(&query(other, A), HOST, ADDRESS).unwrap();
            assert_eq!((found[3], &found[6..8]), (REFUSED, &[0, 0][..]), "{other}");
        }
        assert_eq!(
            answer(&query("", A), "", ADDRESS).unwrap()[3],
            REFUSED,
            "a device without a name"
        );
    }

    #[test]
    fn broken_queries_are_not_answered() {
        let whole = query(HOST, A);
        for len in 0..whole.len() {
            assert_eq!(answer(&whole[..len], HOST, ADDRESS), None, "{len} bytes");
        }
        let mut reply = whole.clone();
        reply[2] |= 0x80;
        assert_eq!(answer(&reply, HOST, ADDRESS), None, "an answer");
        let mut pointer = whole.clone();
        pointer[HEADER] = 0xc0;
        assert_eq!(answer(&pointer, HOST, ADDRESS), None, "a pointer to itself");
        let mut two = whole.clone();
        two[5] = 2;
        assert_eq!(answer(&two, HOST, ADDRESS), None, "two questions");
        let mut update = whole;
        update[2] = 0x28;
        assert_eq!(answer(&update, HOST, ADDRESS).unwrap()[3], NOT_IMPLEMENTED);
        assert_eq!(answer(&[0; MESSAGE_MAX + 1], HOST, ADDRESS), None);
    }
}
