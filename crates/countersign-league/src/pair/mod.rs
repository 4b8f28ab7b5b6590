//! The link between the two halves of a pair, over a radio that loses, repeats, reorders, and lets everybody talk.
//!
//! ```text
//!   Master                                                     Slave
//!     Hello   nonce, ephemeral key, epoch ───────────────────▶
//!     ◀─────────────── Answer  the same, boot, sealed signature
//!     Confirm sealed signature ──────────────────────────────▶
//!     ◀═══════════ sealed: beat 1 Hz, pong, report (signed), seal
//!     sealed: control (wanted state, ack), ping ═════════════▶
//!     outside of a match: parcels, in pieces ════════════════▶
//! ```
//!
//! Both machines are pure: [`Master`] and [`Slave`] take frames, orders, sensor events and time, and give outputs. What a
//! shell must persist comes as an output too, and has to be durable *before* the outputs after it are carried out.
//! Every frame has at most [`MAX_FRAME`] bytes. The bytes are specified in `docs/league.md` section 5.

pub mod bridge;
pub mod channel;
mod clock;
mod control;
mod handshake;
pub mod master;
mod parcel;
pub mod report;
mod resend;
mod ring;
pub mod serial;
mod session;
pub mod slave;

pub use clock::Mapped;
pub use control::{Light, Phase};
pub use master::Master;
pub use parcel::{ANSWER_MAX, PARCEL_LATE, PARCEL_MAX};
pub use report::{Chain, Report, ReportError, ReportKind};
pub use slave::Slave;

use crate::evidence::PairCertificate;
use crate::id::DeviceId;
use alloc::collections::VecDeque;
use countersign::VerifyingKey;

/// Longest frame in bytes, everything included: what one ESP-NOW packet carries.
pub const MAX_FRAME: usize = 250;
/// Time between two beats, and between two knocks. Milliseconds.
pub const BEAT: u64 = 1_000;
/// Three missed beats: the link is down. Milliseconds.
pub const LOST: u64 = 3 * BEAT + BEAT / 4;

const VERSION: u8 = 1;
/// Outputs that wait before frames are left out, which the radio may lose as well; of everything else there is no more than one
/// call brings. Callers drain after every call.
const OUTPUTS: usize = 64;

/// A cryptographic generator. On the chips it gives random bits only while the radio runs.
pub trait Entropy {
    /// Thirty-two fresh bytes. Bytes that were given before break the secrecy of the link.
    fn draw(&mut self) -> [u8; 32];
}

impl<F: FnMut() -> [u8; 32]> Entropy for F {
    fn draw(&mut self) -> [u8; 32] {
        self()
    }
}

/// The two halves, as their certificate names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The pair.
    pub device: DeviceId,
    /// Key of the master.
    pub master: VerifyingKey,
    /// Key of the slave.
    pub slave: VerifyingKey,
}

impl From<&PairCertificate> for Pair {
    fn from(certificate: &PairCertificate) -> Self {
        Self {
            device: certificate.device,
            master: certificate.master.clone(),
            slave: certificate.slave.clone(),
        }
    }
}

/// The other side holds what only our other half can hold, or claims to, and yet its signature is wrong.
/// Lock the pair, and journal it: noise on the radio does not look like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BadPeer {
    /// In the handshake: somebody speaks for our pair without its key.
    Handshake,
    /// A report inside the sealed link.
    Report,
    /// A seal inside the sealed link.
    Seal,
}

fn is_due(at: Option<u64>, now: u64) -> bool {
    at.is_some_and(|at| at <= now)
}

fn push<T>(outputs: &mut VecDeque<T>, output: T, is_frame: bool) {
    if outputs.len() < OUTPUTS || !is_frame {
        outputs.push_back(output);
    }
}
