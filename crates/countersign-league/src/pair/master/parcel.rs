//! What the master brings its slave for the shells: one parcel at a time, outside of a match.

use super::{Link, Master, Output};
use crate::pair::Phase;
use crate::pair::control::ToSlave;
use crate::pair::parcel::{Have, Outgoing};
use countersign::Signer;

/// Why a parcel is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    /// The slave is not heard, or its clock is not known yet.
    #[error("the slave is not heard; bring it near and switch it on")]
    NoSlave,
    /// The goals have something else to do.
    #[error("a match is open; come back after it")]
    Match,
    /// One is under way.
    #[error("something else is on its way to the slave; try again soon")]
    Busy,
    /// Empty, or too long.
    #[error("a parcel has 1 to {max} bytes", max = crate::pair::PARCEL_MAX)]
    Length,
}

impl<S: Signer> Master<S> {
    /// Brings the slave some bytes. What it says to them comes as [`Output::Answered`], or [`Output::Undelivered`] comes.
    pub fn bring(&mut self, bytes: &[u8], now: u64) -> Result<(), ParcelError> {
        if !matches!(self.phase, Phase::Idle | Phase::Check) {
            return Err(ParcelError::Match);
        }
        if self.link != Link::Up {
            return Err(ParcelError::NoSlave);
        }
        if self.parcel.is_some() {
            return Err(ParcelError::Busy);
        }
        let number = self.parcels.checked_add(1).ok_or(ParcelError::NoSlave)?;
        let parcel = Outgoing::new(number, bytes, now).ok_or(ParcelError::Length)?;
        (self.parcels, self.parcel) = (number, Some(parcel));
        self.send_pieces();
        Ok(())
    }

    /// Whether a parcel is under way.
    pub const fn is_bringing(&self) -> bool {
        self.parcel.is_some()
    }

    pub(super) fn handle_have(&mut self, have: Have, now: u64) {
        if self.parcel.as_mut().is_some_and(|parcel| parcel.hear(have, now)) {
            self.send_pieces();
        }
    }

    pub(super) fn handle_parcel_answer(&mut self, number: u32, bytes: &[u8]) {
        if self.parcel.as_ref().is_some_and(|parcel| parcel.number() == number) {
            self.parcel = None;
            self.emit(Output::Answered(bytes.to_vec()));
        }
    }

    /// Time, a match, or the end of the session.
    pub(super) fn look_after_parcel(&mut self, now: u64) {
        let is_quiet = matches!(self.phase, Phase::Idle | Phase::Check);
        let is_lost = !is_quiet || self.link != Link::Up;
        let Some(parcel) = self.parcel.as_mut() else { return };
        if is_lost || parcel.is_late(now) {
            self.parcel = None;
            self.emit(Output::Undelivered);
        } else if parcel.is_due(now) {
            self.send_pieces();
        }
    }

    fn send_pieces(&mut self) {
        let Some(parcel) = self.parcel.take() else { return };
        parcel.burst().for_each(|piece| self.send(&ToSlave::Piece(piece)));
        self.parcel = Some(parcel);
    }
}
