//! When a certificate ends.

use countersign::Timestamp;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The notAfter of an X.509 certificate (RFC 5280 4.1.2.5). Walks only as much DER as that needs:
/// rustls has checked the rest, and a certificate parser for one date is too much.
pub(super) fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = expect(SEQUENCE, certificate)?;
    let (body, _) = expect(SEQUENCE, certificate)?;
    // Version 1 certificates have none.
    let after_version = expect(VERSION, body).map_or(body, |(_, rest)| rest);
    let (_serial, rest) = expect(INTEGER, after_version)?;
    let (_signature, rest) = expect(SEQUENCE, rest)?;
    let (_issuer, rest) = expect(SEQUENCE, rest)?;
    let (validity, _) = expect(SEQUENCE, rest)?;
    let (_, _not_before, rest) = element(validity)?;
    let (tag, time, _) = element(rest)?;
    timestamp(tag, time)
}

fn expect(expected: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(input)?;
    (tag == expected).then_some((content, rest))
}

/// Tag, content and what follows.
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count)?;
        (digits.iter().fold(0usize, |len, digit| len << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

fn timestamp(tag: u8, time: &[u8]) -> Option<Timestamp> {
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = digits(time, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => digits(time, 4)?,
        _ => return None,
    };
    let (month, rest) = digits(rest, 2)?;
    let (day, rest) = digits(rest, 2)?;
    let (hour, rest) = digits(rest, 2)?;
    let (minute, rest) = digits(rest, 2)?;
    let (second, rest) = digits(rest, 2)?;
    let valid = rest == b"Z"
        && year >= 1970
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp::from_millis(seconds * 1000))
}

fn digits(text: &[u8], count: usize) -> Option<(u64, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some((digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')), rest))
}

/// Days since 1970-01-01, for a year from 1970 on.
fn days(year: u64, month: u64, day: u64) -> u64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let to_year = year * 365 + year / 4 - year / 100 + year / 400;
    let to_month = (153 * month + 2) / 5;
    // 719,468 days lie between 0000-03-01 and 1970-01-01.
    to_year + to_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn certificate(year: i32, month: u8, day: u8) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, month, day);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn both_time_formats_are_read() {
        for (year, month, day, seconds) in [
            (2026, 1, 1, 1_767_225_600),
            (2028, 2, 29, 1_835_395_200),
            (2049, 12, 31, 2_524_521_600),
            (2051, 3, 1, 2_561_241_600_u64),
            (2100, 3, 1, 4_107_542_400),
        ] {
            let read = not_after(&certificate(year, month, day)).unwrap();
            assert_eq!(read, Timestamp::from_millis(seconds * 1000), "{year}-{month}-{day}");
        }
    }

    #[test]
    fn a_cut_certificate_has_no_date_and_does_not_panic() {
        let whole = certificate(2030, 6, 15);
        for len in 0..whole.len() {
            assert_eq!(not_after(&whole[..len]), None);
        }
    }

    #[test]
    fn flipped_bytes_do_not_panic() {
        let whole = certificate(2030, 6, 15);
        for position in 0..whole.len().min(300) {
            for flip in [0x01, 0x80, 0xff] {
                let mut broken = whole.clone();
                broken[position] ^= flip;
                let _date = not_after(&broken);
            }
        }
    }
}
