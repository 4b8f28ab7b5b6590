//! Reads field after field and notes each; stops at the end instead of failing.

use super::Row;
use crate::client::show;
use countersign::Timestamp;

pub(super) struct Walker<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) rows: Vec<Row>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, rows: Vec::new() }
    }

    /// The next `len` bytes, noted with a value made of them. What is missing is said.
    pub(super) fn field(
        &mut self,
        name: impl Into<String>,
        len: usize,
        show: impl FnOnce(&[u8]) -> (String, String),
    ) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = rest.get(..len);
        let (value, meaning) = match found {
            Some(bytes) => show(bytes),
            None if rest.is_empty() => return None,
            None => (hex::encode(rest), format!("cut off: {len} bytes belong here")),
        };
        let taken = found.map_or(rest.len(), <[u8]>::len);
        self.rows.push(Row { offset: self.at, len: taken, name: name.into(), value, meaning });
        self.at += taken;
        found
    }

    pub(super) fn hex(
        &mut self,
        name: impl Into<String>,
        len: usize,
        meaning: &str,
    ) -> Option<&'a [u8]> {
        self.field(name, len, |bytes| (hex::encode(bytes), meaning.to_owned()))
    }

    pub(super) fn u8(
        &mut self,
        name: impl Into<String>,
        meaning: impl FnOnce(u8) -> String,
    ) -> Option<u8> {
        let byte = |bytes: &[u8]| bytes.first().copied().unwrap_or(0);
        self.field(name, 1, |b| (byte(b).to_string(), meaning(byte(b)))).map(byte)
    }

    pub(super) fn u16(&mut self, name: impl Into<String>, meaning: &str) -> Option<u16> {
        let number = |bytes: &[u8]| number(bytes) as u16;
        self.field(name, 2, |b| (number(b).to_string(), meaning.to_owned())).map(number)
    }

    pub(super) fn u32(&mut self, name: impl Into<String>, meaning: &str) -> Option<u32> {
        let number = |bytes: &[u8]| number(bytes) as u32;
        self.field(name, 4, |b| (number(b).to_string(), meaning.to_owned())).map(number)
    }

    pub(super) fn u64(&mut self, name: impl Into<String>, meaning: &str) -> Option<u64> {
        self.field(name, 8, |b| (number(b).to_string(), meaning.to_owned())).map(number)
    }

    pub(super) fn time(&mut self, name: impl Into<String>) {
        self.field(name, 8, |bytes| {
            let millis = number(bytes);
            (millis.to_string(), show::time(Timestamp::from_millis(millis)))
        });
    }

    /// `LP8` of text.
    pub(super) fn text(&mut self, name: &str) -> Option<&'a [u8]> {
        let len = self.u8(format!("{name}.len"), |_| String::new())?;
        self.field(name, usize::from(len), |bytes| (printable(bytes), String::new()))
    }

    /// `LP8` of bytes.
    pub(super) fn lp8(&mut self, name: &str) -> Option<&'a [u8]> {
        let len = self.u8(format!("{name}.len"), |_| String::new())?;
        self.hex(name, usize::from(len), "")
    }

    /// Whatever is left before a place.
    pub(super) fn rest_until(&mut self, end: usize, name: &str, meaning: &str) {
        if self.at < end.min(self.bytes.len()) {
            let len = end.min(self.bytes.len()) - self.at;
            self.hex(name, len, meaning);
        }
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The bytes not yet read.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// A walk over the bytes before a place, for headers: fields must not reach into what follows.
    pub(super) fn bounded(&mut self, end: usize, walk: impl FnOnce(&mut Walker<'a>)) {
        let mut inner = Walker {
            bytes: &self.bytes[..end.min(self.bytes.len())],
            at: self.at,
            rows: std::mem::take(&mut self.rows),
        };
        walk(&mut inner);
        self.at = inner.at;
        self.rows = inner.rows;
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Text as text, everything else as hexadecimal; nothing that a terminal would act on.
pub(super) fn printable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        Ok(_) | Err(_) => hex::encode(bytes),
    }
}
