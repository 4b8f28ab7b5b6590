//! What the fuses of a chip say: `espefuse summary`.

use super::address::Address;
use super::chip::{Bench, Chip};
use super::tool::{MemoryFile, Program, ToolError, Tools};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;

/// Most bytes of a summary; that of a C6 has about 60 KB.
const SUMMARY_MAX: u64 = 1024 * 1024;

/// All fuses of a chip, as they were when they were read.
#[derive(Debug, Clone)]
pub struct Fuses(BTreeMap<String, Fuse>);

#[derive(Debug, Clone, Deserialize)]
struct Fuse {
    block: u32,
    raw_value: String,
    value: serde_json::Value,
    readable: bool,
    writeable: bool,
}

/// What a block of 32 bytes shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Nothing was burnt.
    Empty,
    /// These bytes.
    Holds(Vec<u8>),
    /// Nobody can read it any more; `??` in summaries.
    Hidden,
}

/// Why the fuses cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FusesError {
    /// The tool failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Not the summary that is expected.
    #[error("the summary of the fuses cannot be understood: {0}")]
    Summary(String),
}

impl Fuses {
    /// Reads them; changes nothing.
    pub(super) fn read(tools: &Tools, chip: Chip, bench: &Bench) -> Result<Self, FusesError> {
        let mut to = MemoryFile::new(b"")?;
        let mut arguments = espefuse(chip, bench);
        arguments.extend(["summary", "--format", "json", "--file"].map(OsString::from));
        arguments.push(to.path().into());
        tools.run(Program::Espefuse, arguments)?;
        Self::parse(&to.read(SUMMARY_MAX)?)
    }

    /// Reads a summary in JSON.
    pub fn parse(json: &[u8]) -> Result<Self, FusesError> {
        serde_json::from_slice(json)
            .map(Self)
            .map_err(|error| FusesError::Summary(error.to_string()))
    }

    fn fuse(&self, name: &str) -> Result<&Fuse, FusesError> {
        self.0.get(name).ok_or_else(|| FusesError::Summary(format!("{name} is not in it")))
    }

    /// The names of all fields of block 0, which is ours but for a few.
    pub(super) fn of_block_0(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, fuse)| fuse.block == 0).map(|(name, _)| name.as_str())
    }

    /// The address that the maker gave the chip.
    pub(super) fn address(&self) -> Result<Address, FusesError> {
        let said = self.word("MAC")?;
        let text = said.split_whitespace().next().unwrap_or_default();
        text.parse().map_err(|_| FusesError::Summary(format!("MAC is {said:?}")))
    }

    /// A field's bits as a number.
    pub(super) fn number(&self, name: &str) -> Result<u64, FusesError> {
        let raw = &self.fuse(name)?.raw_value;
        let digits = raw.strip_prefix("0x").unwrap_or(raw);
        u64::from_str_radix(digits, 16)
            .map_err(|_| FusesError::Summary(format!("{name} is {raw:?}, which is no number")))
    }

    /// A field's word: `HMAC_UP`.
    pub(super) fn word(&self, name: &str) -> Result<&str, FusesError> {
        let value = self.fuse(name)?.value.as_str();
        value.ok_or_else(|| FusesError::Summary(format!("{name} has no word")))
    }

    /// A block's bytes in the order of the chip's memory.
    pub(super) fn block(&self, name: &str) -> Result<Block, FusesError> {
        if !self.fuse(name)?.readable {
            return Ok(Block::Hidden);
        }
        let bytes: String = self.word(name)?.split_whitespace().collect();
        let bytes = hex::decode(bytes)
            .map_err(|_| FusesError::Summary(format!("{name} shows no bytes")))?;
        Ok(if bytes.iter().all(|byte| *byte == 0) { Block::Empty } else { Block::Holds(bytes) })
    }

    /// Whether a field can still be burnt.
    pub(super) fn is_writeable(&self, name: &str) -> Result<bool, FusesError> {
        Ok(self.fuse(name)?.writeable)
    }
}

/// The beginning of every call of espefuse for a chip.
pub(super) fn espefuse(chip: Chip, bench: &Bench) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["--chip", chip.as_str()].map(OsString::from).into();
    match bench {
        Bench::Virtual(chip) => {
            arguments.extend(["--virt", "--path-efuse-file"].map(OsString::from));
            arguments.push(chip.fuses().into());
        }
        Bench::Port(port) => {
            arguments.push("--port".into());
            arguments.push(port.into());
        }
    }
    arguments
}
