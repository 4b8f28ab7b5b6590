//! Which chip, which program, and where the chip is: a folder or a serial port.

use countersign_keys::disk::{self, DiskError};
use countersign_provision::Half;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A chip that this line knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chip {
    /// ESP32-C3; from revision 0.3, which has Secure Boot version 2.
    #[serde(rename = "esp32c3")]
    Esp32C3,
    /// ESP32-C6.
    #[serde(rename = "esp32c6")]
    Esp32C6,
}

impl Chip {
    /// As the tools call it.
    pub const fn as_str(self) -> &'static str {
        self.boot().name()
    }

    /// The same for the second stage's library.
    pub(super) const fn boot(self) -> countersign_boot::Chip {
        match self {
            Self::Esp32C3 => countersign_boot::Chip::Esp32C3,
            Self::Esp32C6 => countersign_boot::Chip::Esp32C6,
        }
    }

    /// The oldest revision that can do what the plan asks for: major × 100 + minor.
    pub(super) const fn revision_min(self) -> u32 {
        match self {
            Self::Esp32C3 => 3,
            Self::Esp32C6 => 1,
        }
    }

    /// The frequency of the flash in an image's header: the highest that the chip's ROM can start from.
    pub(super) const fn flash_freq(self) -> &'static str {
        "80m"
    }
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Chip {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Esp32C3, Self::Esp32C6]
            .into_iter()
            .find(|chip| chip.as_str() == text)
            .ok_or("a chip is esp32c3 or esp32c6")
    }
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The master of a small game.
    Master,
    /// The slave.
    Slave,
    /// The radio of a master that runs Linux; it has no identity.
    Radio,
}

impl Kind {
    /// Its word in commands and names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Slave => "slave",
            Self::Radio => "radio",
        }
    }
}

impl From<Half> for Kind {
    fn from(half: Half) -> Self {
        match half {
            Half::Master => Self::Master,
            Half::Slave => Self::Slave,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Master, Self::Slave, Self::Radio]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or("an image is for a master, a slave or a radio")
    }
}

/// A chip in a folder: the fuses in `efuse.bin`, 4 MB of flash in `flash.bin`. What it lets itself do is decided by Espressif's own model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Virtual {
    pub(super) folder: PathBuf,
}

impl Virtual {
    /// A chip in this folder; one without files is as it comes from the maker.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Its fuses.
    pub fn fuses(&self) -> PathBuf {
        self.folder.join("efuse.bin")
    }

    /// Keeps others off the chip until it is dropped, and until the tools that were started meanwhile have ended: one whose command was
    /// killed may still be burning. Waits for them.
    pub(super) fn hold(&self) -> Result<Held, DiskError> {
        disk::make_folder(&self.folder)?;
        let path = self.folder.join(".lock");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(disk::failed(&path, "opened"))?;
        file.lock().map_err(disk::failed(&path, "locked"))?;
        #[cfg(unix)]
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())
            .map_err(|error| disk::failed(&path, "locked")(error.into()))?;
        Ok(Held(file))
    }

    /// Its flash.
    pub fn flash(&self) -> PathBuf {
        self.folder.join("flash.bin")
    }
}

/// Nobody else works on a virtual chip.
#[derive(Debug)]
pub(super) struct Held(
    #[expect(dead_code, reason = "closing the file is what unlocks")] std::fs::File,
);

/// Where the chip is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bench {
    /// In a folder.
    Virtual(Virtual),
    /// At a serial port, in its ROM's download mode. The tools keep others off it.
    Port(PathBuf),
}

impl Bench {
    pub(super) fn hold(&self) -> Result<Option<Held>, DiskError> {
        match self {
            Self::Virtual(chip) => chip.hold().map(Some),
            Self::Port(_) => Ok(None),
        }
    }
}

/// Where a chip was when it was burnt. A trial in a folder does not count against the chip that is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// In a folder.
    Folder,
    /// At a port.
    Port,
}

impl From<&Bench> for Site {
    fn from(bench: &Bench) -> Self {
        match bench {
            Bench::Virtual(_) => Self::Folder,
            Bench::Port(_) => Self::Port,
        }
    }
}
