//! What is said about updates where no HTTP goes: between a master and its slave, and between a Linux master and its radio.

use super::{CHUNK_MAX, ChunkError, OfferError, Places, Progress, RELEASE_MAX, Updater};
use crate::flash::FlashError;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{Display, Write};
use countersign::Malformed;
use countersign::wire::Reader;
use embedded_storage::nor_flash::{ErrorType, NorFlash};

const RELEASE: u8 = 1;
const CHUNK: u8 = 2;
const WANTED: u8 = 1;
const READY: u8 = 2;
const REFUSED: u8 = 3;
const NO_UPDATES: u8 = 4;

/// What a courier says to a half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'b> {
    /// Take this signed release, or go on with it.
    Release(&'b [u8]),
    /// The next chunk.
    Chunk {
        /// Its number.
        number: u32,
        /// As [`super::with_hashes`] gives it.
        bytes: &'b [u8],
    },
}

impl<'b> Request<'b> {
    /// Longest request.
    pub const MAX: usize = 1 + 4 + CHUNK_MAX;

    /// `u8 1 ‖ release`, or `u8 2 ‖ u32 number ‖ hashes ‖ chunk`.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Release(frame) => [&[RELEASE], *frame].concat(),
            Self::Chunk { number, bytes } => [&[CHUNK], &number.to_be_bytes()[..], bytes].concat(),
        }
    }

    /// Reads one. What is in it is judged by the updater.
    pub fn decode(bytes: &'b [u8]) -> Result<Self, Malformed> {
        match bytes.split_first() {
            Some((&RELEASE, frame)) if frame.len() <= RELEASE_MAX => Ok(Self::Release(frame)),
            Some((&CHUNK, rest)) if rest.len() <= 4 + CHUNK_MAX => {
                let (number, bytes) = rest.split_first_chunk().ok_or(Malformed::Truncated)?;
                Ok(Self::Chunk { number: u32::from_be_bytes(*number), bytes })
            }
            Some(_) => Err(Malformed::Range),
            None => Err(Malformed::Truncated),
        }
    }

    /// What the half says to it. `None` for `updater`: its image takes no updates.
    ///
    /// # Errors
    ///
    /// The flash: the half is to start again, because what it knows of its store may be behind.
    pub fn answer<A, D>(
        &self,
        updater: Option<&mut Updater>,
        places: &mut Places<'_, A, D>,
    ) -> Result<Reply, FlashError<D::Error>>
    where
        A: NorFlash + ErrorType<Error = D::Error>,
        D: NorFlash,
        D::Error: 'static,
    {
        let Some(updater) = updater else { return Ok(Reply::NoUpdates) };
        match *self {
            Self::Release(frame) => match updater.offer(frame, places) {
                Ok(progress) => Ok(Reply::Progress(progress)),
                Err(OfferError::Flash(error)) => Err(error),
                Err(why) => Ok(Reply::refused(&why)),
            },
            Self::Chunk { number, bytes } => match updater.chunk(number, bytes, places) {
                Ok(progress) => Ok(Reply::Progress(progress)),
                Err(ChunkError::Flash(error)) => Err(error),
                Err(why) => Ok(Reply::refused(&why)),
            },
        }
    }
}

/// What the half says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// How far it is.
    Progress(Progress),
    /// It does not take that, and why: a sentence of at most [`Reply::WHY_MAX`] bytes.
    Refused(String),
    /// Its image was built without a release key.
    NoUpdates,
}

impl Reply {
    /// Longest sentence, in bytes.
    pub const WHY_MAX: usize = 180;
    /// Longest reply.
    pub const MAX: usize = 1 + Self::WHY_MAX;

    /// No, and why.
    pub fn refused(why: &impl Display) -> Self {
        let mut short = Short(String::new());
        // Longer sentences are cut.
        let _ = write!(short, "{why}");
        Self::Refused(short.0)
    }

    /// `u8 1 ‖ u32 chunk ‖ u32 of`, `u8 2`, `u8 3 ‖ why`, or `u8 4`.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Progress(Progress::Wanted { chunk, of }) => {
                [&[WANTED], &chunk.to_be_bytes()[..], &of.to_be_bytes()].concat()
            }
            Self::Progress(Progress::Ready) => [READY].to_vec(),
            Self::Refused(why) => [&[REFUSED], why.as_bytes()].concat(),
            Self::NoUpdates => [NO_UPDATES].to_vec(),
        }
    }

    /// Reads one.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let reply = match reader.u8()? {
            WANTED => Self::Progress(Progress::Wanted { chunk: reader.u32()?, of: reader.u32()? }),
            READY => Self::Progress(Progress::Ready),
            REFUSED => {
                let why = bytes.get(1..).filter(|why| why.len() <= Self::WHY_MAX);
                let why = why.and_then(|why| core::str::from_utf8(why).ok());
                return why.map(|why| Self::Refused(why.to_string())).ok_or(Malformed::Range);
            }
            NO_UPDATES => Self::NoUpdates,
            _ => return Err(Malformed::Range),
        };
        reader.finish()?;
        Ok(reply)
    }
}

/// Takes what fits a reply.
struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for letter in text.chars() {
            if self.0.len() + letter.len_utf8() > Reply::WHY_MAX {
                return Err(core::fmt::Error);
            }
            self.0.push(letter);
        }
        Ok(())
    }
}

const _: () = assert!(Request::MAX < 8 * 1024, "a chip holds one in memory");
