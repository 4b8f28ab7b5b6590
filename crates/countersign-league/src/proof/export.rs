//! A match in one file.
//!
//! `"CSX1" ‖ LP8 app ‖ LP8 audience ‖ u8 n ‖ n × LP16 key set ‖ LP16 league.device ‖ u32 length ‖ bundle ‖ LP16 receipt`.

use crate::evidence::{Artefact as _, Bundle, DeviceCertificate, MatchReceipt};
use alloc::string::String;
use alloc::vec::Vec;
use countersign::Malformed;
use countersign::wire::{Reader, put_lp8};

const MAGIC: [u8; 4] = *b"CSX1";

/// The parts of a file; nothing is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The app of the realm.
    pub app: String,
    /// The audience of the realm.
    pub audience: String,
    /// Frames of 1 to [`Export::SETS_MAX`] key sets.
    pub sets: Vec<Vec<u8>>,
    /// Frame of the device's certificate.
    pub device: Vec<u8>,
    /// The bundle's bytes.
    pub bundle: Vec<u8>,
    /// Frame of the receipt.
    pub receipt: Vec<u8>,
}

impl Export {
    /// Most key sets in a file.
    pub const SETS_MAX: usize = 16;
    /// Most bytes of a key set, which has 16 keys at most.
    pub const SET_MAX: usize = 4_096;
    /// Longer files are none.
    pub const MAX: usize = 1_024
        + Self::SETS_MAX * (Self::SET_MAX + 2)
        + DeviceCertificate::MAX_FRAME
        + Bundle::MAX
        + MatchReceipt::MAX_FRAME;

    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_lp8(&mut out, self.app.as_bytes());
        put_lp8(&mut out, self.audience.as_bytes());
        out.push(self.sets.len().min(Self::SETS_MAX) as u8);
        self.sets.iter().take(Self::SETS_MAX).for_each(|set| put(&mut out, set));
        put(&mut out, &self.device);
        out.extend_from_slice(&(self.bundle.len() as u32).to_be_bytes());
        out.extend_from_slice(&self.bundle);
        put(&mut out, &self.receipt);
        out
    }

    /// Reads exactly one file; every part is bounded by its type.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != MAGIC {
            return Err(Malformed::Range);
        }
        let app = text(reader.lp8()?)?;
        let audience = text(reader.lp8()?)?;
        let count = usize::from(reader.u8()?);
        if count == 0 || count > Self::SETS_MAX {
            return Err(Malformed::Range);
        }
        let sets =
            (0..count).map(|_| take(&mut reader, Self::SET_MAX)).collect::<Result<_, _>>()?;
        let device = take(&mut reader, DeviceCertificate::MAX_FRAME)?;
        let length = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        if length > Bundle::MAX {
            return Err(Malformed::Range);
        }
        let bundle = reader.slice(length)?.to_vec();
        let receipt = take(&mut reader, MatchReceipt::MAX_FRAME)?;
        reader.finish()?;
        Ok(Self { app, audience, sets, device, bundle, receipt })
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn take(reader: &mut Reader<'_>, max: usize) -> Result<Vec<u8>, Malformed> {
    let length = usize::from(reader.u16()?);
    match length <= max {
        true => reader.slice(length).map(<[u8]>::to_vec),
        false => Err(Malformed::Range),
    }
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    core::str::from_utf8(bytes).map(Into::into).map_err(|_| Malformed::Range)
}
