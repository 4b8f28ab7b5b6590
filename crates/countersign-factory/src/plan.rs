//! `plan.toml`: what a batch is to be. Written before anything else of it, and never changed.

use crate::config::check_prefix;
use countersign_league::BatchId;
use countersign_league::evidence::BatchManifest;
use countersign_provision::{Half, SecretPlace, text};
use serde::{Deserialize, Serialize};

/// What a batch is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of this format: 1.
    pub format: u32,
    /// The batch.
    #[serde(with = "text::plain")]
    pub batch: BatchId,
    /// The station that makes it.
    pub station: String,
    /// How many pairs: 1 to 1,024.
    pub count: usize,
    /// How many phones each of them serves: 6 to 22.
    pub max_players: u8,
    /// Serials are this, '-', and five digits. With keys from chips their file names the serials.
    pub prefix: String,
    /// The number of the first serial.
    pub first: u32,
    /// Where the secret keys are made.
    pub secret: Secrets,
}

/// Where the secret keys of a batch's pairs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Secrets {
    /// In files, of both halves.
    File,
    /// In chips, of both halves.
    Chip,
    /// In a file of a master that runs Linux, and in the slave's chip.
    SlaveChip,
}

impl Secrets {
    /// Where the key of one half is.
    pub const fn of(self, half: Half) -> SecretPlace {
        match (self, half) {
            (Self::Chip, Half::Master | Half::Slave) | (Self::SlaveChip, Half::Slave) => {
                SecretPlace::Chip
            }
            (Self::File, Half::Master | Half::Slave) | (Self::SlaveChip, Half::Master) => {
                SecretPlace::File
            }
        }
    }
}

impl Plan {
    /// The version that this crate writes and reads.
    pub const FORMAT: u32 = 1;

    /// Reads and checks a plan; says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let plan: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if plan.format != Self::FORMAT {
            return Err(format!("format {} is not known", plan.format));
        }
        if !(1..=BatchManifest::MAX_PAIRS).contains(&plan.count) {
            return Err(format!("count is 1 to {}", BatchManifest::MAX_PAIRS));
        }
        if !(6..=22).contains(&plan.max_players) {
            return Err("max_players is 6 to 22".to_owned());
        }
        check_prefix(&plan.prefix).map_err(|error| error.to_string())?;
        Ok(plan)
    }

    pub(crate) fn to_text(&self) -> Result<String, String> {
        let body = toml::to_string(self).map_err(|error| error.to_string())?;
        Ok(format!(
            "# What this batch is to be. `countersign factory make` goes on with it.\n{body}"
        ))
    }

    /// The serial of a pair whose secret keys are in files.
    pub(crate) fn serial(&self, index: usize) -> String {
        serial_of(&self.prefix, u64::from(self.first) + index as u64)
    }
}

/// A serial that is counted.
pub(crate) fn serial_of(prefix: &str, number: u64) -> String {
    format!("{prefix}-{number:05}")
}
