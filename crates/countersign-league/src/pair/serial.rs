//! Link frames over a UART, for a master whose radio is a chip of its own.
//!
//! `COBS(frame ‖ u32 CRC-32, big-endian) ‖ 0`. No zero stands inside, so that a reader finds the next frame after any garbage.
//! The checksum finds a noisy line; it proves nothing, the link does that itself.

use super::MAX_FRAME;
use alloc::vec::Vec;
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);
const BODY: usize = MAX_FRAME + 4;
/// Longest encoding of a frame, without the zero: COBS adds one byte in 254, and one.
const MAX_ENCODED: usize = BODY + BODY / 254 + 1;

/// A frame of more than [`MAX_FRAME`] bytes, or of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a link frame has 1 to 250 bytes, not {0}")]
pub struct FrameLength(pub usize);

/// Why something between two zeros is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// Longer than any frame.
    #[error("no end within the length of the longest frame")]
    TooLong,
    /// Not COBS, or shorter than a checksum and one byte.
    #[error("not an encoded frame")]
    Encoding,
    /// Bytes were lost or changed on the line.
    #[error("the checksum is wrong")]
    Checksum,
}

/// One frame for the line.
pub fn encode(frame: &[u8]) -> Result<Vec<u8>, FrameLength> {
    if frame.is_empty() || frame.len() > MAX_FRAME {
        return Err(FrameLength(frame.len()));
    }
    let mut body = Vec::with_capacity(BODY);
    body.extend_from_slice(frame);
    body.extend_from_slice(&CRC.checksum(frame).to_be_bytes());
    let mut line = cobs::encode_vec(&body);
    line.push(0);
    Ok(line)
}

/// Finds frames in what the line brings, byte by byte. Holds at most one encoded frame.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    is_too_long: bool,
}

impl Decoder {
    /// A decoder at the start of a line; whatever comes before the first zero may be half a frame.
    pub fn new() -> Self {
        Self { buffer: Vec::with_capacity(MAX_ENCODED), is_too_long: false }
    }

    /// Takes one byte. A frame, or the reason why there is none, comes with the zero that ends it.
    pub fn take(&mut self, byte: u8) -> Option<Result<Vec<u8>, SerialError>> {
        if byte != 0 {
            match self.buffer.len() < MAX_ENCODED {
                true => self.buffer.push(byte),
                false => self.is_too_long = true,
            }
            return None;
        }
        let found = match (self.is_too_long, self.buffer.is_empty()) {
            (true, _) => Some(Err(SerialError::TooLong)),
            (false, true) => None,
            (false, false) => Some(self.decode()),
        };
        self.buffer.clear();
        self.is_too_long = false;
        found
    }

    fn decode(&mut self) -> Result<Vec<u8>, SerialError> {
        let len = cobs::decode_in_place(&mut self.buffer).map_err(|_| SerialError::Encoding)?;
        let body = self.buffer.get(..len).ok_or(SerialError::Encoding)?;
        match body.split_last_chunk::<4>() {
            Some((frame, _)) if frame.is_empty() || frame.len() > MAX_FRAME => {
                Err(SerialError::Encoding)
            }
            Some((frame, sum)) if CRC.checksum(frame).to_be_bytes() == *sum => Ok(frame.to_vec()),
            Some(_) => Err(SerialError::Checksum),
            None => Err(SerialError::Encoding),
        }
    }
}
