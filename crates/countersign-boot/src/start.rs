//! One run of the second stage, from the record of slots to the image that starts. What touches the chip is a [`Board`].

use crate::chip::Chip;
use crate::choose::{Choice, Halt, Standing, choose, without_trials};
use crate::image::{Refusal, SecureVersion, SignatureCheck, Unverified, Verified};
use crate::slots::{RECORD_LEN, Slot, Slots, State, Write};

/// The flash did not take a record, or gives back another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteFailed;

/// What a run needs of the chip. `'a` is as long as both slots stay readable, which ends when the image is mapped.
pub trait Board<'a>: SignatureCheck {
    /// Which chip it is.
    fn chip(&self) -> Chip;

    /// The beginning of one of the two sectors of the record.
    fn record(&mut self, sector: usize) -> [u8; RECORD_LEN];

    /// Erases the sector, writes the record, and reads it back.
    ///
    /// # Errors
    ///
    /// [`WriteFailed`]. An `Ok` that is not true lets an image that does not work start forever.
    fn write(&mut self, write: &Write) -> Result<(), WriteFailed>;

    /// A whole slot, decrypted if flash is encrypted.
    fn slot(&mut self, slot: Slot) -> &'a [u8];

    /// The secure version in the eFuses. One that is too low lets an image start that was ruled out.
    fn floor(&mut self) -> SecureVersion;

    /// Burns the eFuses up to this version, for good. Called only with the version of an image that was verified and confirmed.
    fn raise_floor(&mut self, version: SecureVersion);
}

/// Reads the record, decides, writes what has to be on flash first, and gives back what is to be copied, mapped and jumped to.
///
/// # Errors
///
/// [`Halt`] if nothing may start.
pub fn start<'a>(board: &mut impl Board<'a>) -> Result<Choice<Verified<'a>>, Halt> {
    let sectors = [board.record(0), board.record(1)];
    let slots = Slots::read([&sectors[0], &sectors[1]]);
    let (choice, written) = decide(board, &slots, slots.state())?;
    let choice = match (choice.standing, written) {
        (Standing::Trial, Err(WriteFailed)) => {
            decide(board, &slots, &without_trials(slots.state()))?.0
        }
        (Standing::Trial | Standing::Confirmed | Standing::LastResort, _) => choice,
    };
    let version = choice.image.secure_version();
    if choice.standing == Standing::Confirmed && version > board.floor() {
        board.raise_floor(version);
    }
    Ok(choice)
}

type Decided<'a> = (Choice<Verified<'a>>, Result<(), WriteFailed>);

fn decide<'a>(
    board: &mut impl Board<'a>,
    slots: &Slots,
    state: &State,
) -> Result<Decided<'a>, Halt> {
    let chosen = choose(state, |slot| examine(board, slot));
    let write = match &chosen {
        Ok(choice) => choice.write,
        Err(halt) => halt.write,
    };
    let written = write.map_or(Ok(()), |state| board.write(&slots.write(&state)));
    Ok((chosen?, written))
}

fn examine<'a>(board: &mut impl Board<'a>, slot: Slot) -> Result<Verified<'a>, Refusal> {
    let image = Unverified::parse(board.slot(slot), board.chip())?;
    let floor = board.floor();
    image.verify(board, floor)
}
