//! Keys that were made on the chip: only their public halves come here.

use crate::plan::Secrets;
use countersign::VerifyingKey;
use countersign_league::claim::check_serial;
use countersign_league::evidence::BatchManifest;
use std::collections::HashSet;

/// One row of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipPair {
    /// Printed on both halves.
    pub serial: String,
    /// Key of the master; none if the master runs Linux and gets its key in a file here.
    pub master: Option<VerifyingKey>,
    /// Key of the slave.
    pub slave: VerifyingKey,
}

impl ChipPair {
    /// The keys that chips made.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.master.iter().chain([&self.slave])
    }
}

/// A file `serial,master,slave`, in which all masters have a key or none has: at most [`BatchManifest::MAX_PAIRS`] rows, no serial and no key twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipKeys(Vec<ChipPair>);

/// Why a file of keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChipError {
    /// Not three fields.
    #[error(
        "line {0}: a row is serial,master,slave; the keys are 64 hexadecimal digits each (the master's may be empty if it runs \
         Linux)"
    )]
    Row(usize),
    /// Two kinds of master.
    #[error(
        "line {0}: this master has a key and others have none, or the other way round; make a batch of each"
    )]
    Uneven(usize),
    /// Not a serial.
    #[error("line {line}: {serial:?} is no serial: 1 to 32 of A-Z, 0-9 and '-'")]
    Serial {
        /// Which line, from 1.
        line: usize,
        /// What stands there.
        serial: String,
    },
    /// Not a key.
    #[error("line {line}: the {half}'s key is none: {what}")]
    Key {
        /// Which line, from 1.
        line: usize,
        /// Master or slave.
        half: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// Two devices would be one.
    #[error("line {line}: {what} stands in an earlier line or field too")]
    Twice {
        /// Which line, from 1.
        line: usize,
        /// The serial or the key.
        what: String,
    },
    /// No rows, or too many for a batch.
    #[error("a batch has 1 to {} pairs, this file has {}", BatchManifest::MAX_PAIRS, .0)]
    Count(usize),
}

impl ChipKeys {
    /// Most bytes of a file.
    pub const MAX: usize = 256 * 1024;

    /// The keys of pairs that are made here; checked as if they came in a file.
    pub(crate) fn new(pairs: Vec<ChipPair>) -> Result<Self, ChipError> {
        Self::parse(&Self(pairs).to_text())
    }

    /// Reads a file. A first line `serial,master,slave`, empty lines and lines with `#` in front are left out.
    pub fn parse(text: &str) -> Result<Self, ChipError> {
        let (mut pairs, mut seen) = (Vec::new(), HashSet::new());
        for (index, row) in text.lines().enumerate() {
            let (line, row) = (index + 1, row.trim());
            let is_header = pairs.is_empty() && row.eq_ignore_ascii_case("serial,master,slave");
            if row.is_empty() || row.starts_with('#') || is_header {
                continue;
            }
            let pair = parse_row(line, row)?;
            if pairs.len() == BatchManifest::MAX_PAIRS {
                return Err(ChipError::Count(pairs.len() + 1));
            }
            if pairs
                .first()
                .is_some_and(|first: &ChipPair| first.master.is_some() != pair.master.is_some())
            {
                return Err(ChipError::Uneven(line));
            }
            let keys = pair.keys().map(|key| hex::encode(key.as_bytes()));
            for what in [pair.serial.clone()].into_iter().chain(keys) {
                if !seen.insert(what.clone()) {
                    return Err(ChipError::Twice { line, what });
                }
            }
            pairs.push(pair);
        }
        if pairs.is_empty() { Err(ChipError::Count(0)) } else { Ok(Self(pairs)) }
    }

    /// Where the secret keys of these pairs are.
    pub(crate) fn secrets(&self) -> Secrets {
        match self.0.iter().any(|pair| pair.master.is_some()) {
            true => Secrets::Chip,
            false => Secrets::SlaveChip,
        }
    }

    /// The rows.
    pub fn pairs(&self) -> &[ChipPair] {
        &self.0
    }

    /// The same file, as it is kept with the batch.
    pub fn to_text(&self) -> String {
        let row = |pair: &ChipPair| {
            let master = pair.master.as_ref().map(|key| hex::encode(key.as_bytes()));
            let (master, slave) = (master.unwrap_or_default(), hex::encode(pair.slave.as_bytes()));
            format!("{},{master},{slave}\n", pair.serial)
        };
        std::iter::once("serial,master,slave\n".to_owned()).chain(self.0.iter().map(row)).collect()
    }
}

fn parse_row(line: usize, row: &str) -> Result<ChipPair, ChipError> {
    let mut fields = row.split(',').map(str::trim);
    let (Some(serial), Some(master), Some(slave), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(ChipError::Row(line));
    };
    check_serial(serial).map_err(|_| ChipError::Serial { line, serial: serial.to_owned() })?;
    let key = |half, text: &str| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ChipError::Row(line))?;
        VerifyingKey::from_bytes(&bytes).map_err(|error| ChipError::Key {
            line,
            half,
            what: error.to_string(),
        })
    };
    let master = (!master.is_empty()).then(|| key("master", master)).transpose()?;
    let slave = key("slave", slave)?;
    Ok(ChipPair { serial: serial.to_owned(), master, slave })
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::{Signer, SigningKey};

    fn hex_key(seed: u8) -> String {
        hex::encode(SigningKey::from_seed(&[seed; 32]).verifying_key().as_bytes())
    }

    #[test]
    fn a_file_is_read_with_and_without_decoration() {
        let rows =
            format!("A-1,{},{}\nA-2, {} ,{}\n", hex_key(1), hex_key(2), hex_key(3), hex_key(4));
        let bare = ChipKeys::parse(&rows).unwrap();
        assert_eq!(bare.pairs().len(), 2);
        let decorated = format!("Serial,Master,Slave\r\n# from station 3\n\n{rows}");
        assert_eq!(ChipKeys::parse(&decorated).unwrap(), bare);
        assert_eq!(ChipKeys::parse(&bare.to_text()).unwrap(), bare);
        assert!(bare.to_text().len() < ChipKeys::MAX);
    }

    #[test]
    fn wrong_rows_are_named() {
        let (one, two, three) = (hex_key(1), hex_key(2), hex_key(3));
        let small_order = "01".to_owned() + &"00".repeat(31);
        for (text, sentence) in [
            (String::new(), "has 0"),
            (format!("A-1,{one}"), "line 1: a row is"),
            (format!("A-1,{one},{two},{three}"), "line 1: a row is"),
            (format!("A-1,{one},{}", &two[..62]), "line 1: a row is"),
            (format!("a-1,{one},{two}"), "line 1: \"a-1\" is no serial"),
            (format!("../A,{one},{two}"), "is no serial"),
            (format!("A-1,{small_order},{two}"), "line 1: the master's key is none"),
            (format!("A-1,{one},{one}"), "line 1: "),
            (format!("A-1,{one},{two}\nA-1,{three},{}", hex_key(4)), "line 2: A-1 stands in"),
            (format!("A-1,{one},{two}\nA-2,{three},{one}"), "line 2: "),
        ] {
            let said = ChipKeys::parse(&text).unwrap_err().to_string();
            assert!(said.contains(sentence), "{text}: {said}");
        }
    }

    #[test]
    fn masters_that_run_linux_have_no_key_and_stand_in_a_batch_of_their_own() {
        let rows = format!("A-1,,{}\nA-2,,{}\n", hex_key(1), hex_key(2));
        let keys = ChipKeys::parse(&rows).unwrap();
        assert_eq!(keys.secrets(), Secrets::SlaveChip);
        assert!(keys.pairs().iter().all(|pair| pair.master.is_none()));
        assert_eq!(ChipKeys::parse(&keys.to_text()).unwrap(), keys);
        let both = format!("A-1,{},{}\n", hex_key(3), hex_key(4));
        assert_eq!(ChipKeys::parse(&both).unwrap().secrets(), Secrets::Chip);
        let uneven = both + &format!("A-2,,{}\n", hex_key(5));
        assert_eq!(ChipKeys::parse(&uneven), Err(ChipError::Uneven(2)));
        let no_slave = format!("A-1,{},\n", hex_key(3));
        assert_eq!(ChipKeys::parse(&no_slave), Err(ChipError::Row(1)));
    }

    #[test]
    fn a_batch_has_a_limit() {
        let key = |n: u32| {
            let mut seed = [0; 32];
            seed[..4].copy_from_slice(&n.to_be_bytes());
            hex::encode(SigningKey::from_seed(&seed).verifying_key().as_bytes())
        };
        let row = |n: u32| format!("A-{n},{},{}\n", key(2 * n), key(2 * n + 1));
        let full: String = (0..1024).map(row).collect();
        assert_eq!(ChipKeys::parse(&full).unwrap().pairs().len(), 1024);
        assert_eq!(ChipKeys::parse(&(full + &row(1024))), Err(ChipError::Count(1025)));
    }
}
