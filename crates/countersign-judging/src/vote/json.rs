//! The one form of a vote's JSON: these fields, this order, no blanks, no leading zeros. Written and read by hand, because what
//! is signed must have one spelling, and a general parser has many.

use super::{SECONDS_MAX, Vote};
use crate::event::CRITERIA_MAX;
use alloc::vec::Vec;
use core::fmt::{Display, Write};
use core::str::FromStr;

/// `{"p":"…","c":"…","s":[…],"g":"…","t":…,"j":"…","r":…,"n":…}`
pub(super) fn write(vote: &Vote) -> Vec<u8> {
    let mut out = Text(Vec::with_capacity(192));
    out.field(r#"{"p":""#, &vote.project);
    out.field(r#"","c":""#, &vote.category);
    out.0.extend_from_slice(br#"","s":["#);
    for (place, points) in vote.points.iter().enumerate() {
        out.field(if place == 0 { "" } else { "," }, points);
    }
    out.field(r#"],"g":""#, &vote.id);
    out.field(r#"","t":"#, &vote.seconds);
    out.field(r#","j":""#, &vote.judge);
    out.field(r#"","r":"#, &vote.revision);
    out.field(r#","n":"#, &vote.round);
    out.0.push(b'}');
    out.0
}

/// Reads the one form; the error is the byte at which it ends.
pub(super) fn read(json: &[u8]) -> Result<Vote, usize> {
    let mut cursor = Cursor { json, at: 0 };
    let vote = cursor.vote().ok_or(cursor.at)?;
    if cursor.at == json.len() { Ok(vote) } else { Err(cursor.at) }
}

struct Text(Vec<u8>);

impl Text {
    fn field(&mut self, before: &str, value: &dyn Display) {
        self.0.extend_from_slice(before.as_bytes());
        // Writing to a vector does not fail.
        let _ = write!(self, "{value}");
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

struct Cursor<'a> {
    json: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn vote(&mut self) -> Option<Vote> {
        Some(Vote {
            project: self.text(r#"{"p":""#)?,
            category: self.text(r#"","c":""#)?,
            points: self.points()?,
            id: self.text(r#"],"g":""#)?,
            seconds: self.number(r#"","t":"#, SECONDS_MAX)?,
            judge: self.text(r#","j":""#)?,
            revision: self.counted(r#"","r":"#, u32::MAX.into())?.try_into().ok()?,
            round: self.counted(r#","n":"#, u8::MAX.into())?.try_into().ok()?,
        })
        .filter(|_| self.literal("}").is_some())
    }

    fn points(&mut self) -> Option<Vec<u16>> {
        self.literal(r#"","s":["#)?;
        let mut points = Vec::new();
        while self.json.get(self.at) != Some(&b']') {
            let before = if points.is_empty() { "" } else { "," };
            if points.len() == CRITERIA_MAX {
                return None;
            }
            points.push(self.number(before, u16::MAX.into())?.try_into().ok()?);
        }
        Some(points)
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        self.json.get(self.at..)?.starts_with(text.as_bytes()).then(|| self.at += text.len())
    }

    /// Up to the quote; ids have no character that JSON would escape.
    fn text<T: FromStr>(&mut self, before: &str) -> Option<T> {
        self.literal(before)?;
        let rest = self.json.get(self.at..)?;
        let len = rest.iter().position(|byte| *byte == b'"')?;
        let text = core::str::from_utf8(rest.get(..len)?).ok()?;
        let value = text.parse().ok()?;
        self.at += len;
        Some(value)
    }

    fn number(&mut self, before: &str, max: u64) -> Option<u64> {
        self.literal(before)?;
        let rest = self.json.get(self.at..)?;
        let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = rest.get(..len)?;
        let leading_zero = len > 1 && digits.first() == Some(&b'0');
        let value: u64 = core::str::from_utf8(digits).ok()?.parse().ok()?;
        if leading_zero || value > max {
            return None;
        }
        self.at += len;
        Some(value)
    }

    fn counted(&mut self, before: &str, max: u64) -> Option<u64> {
        self.number(before, max).filter(|number| *number != 0)
    }
}
