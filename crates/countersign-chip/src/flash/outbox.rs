//! Bundles that wait for a courier: longer than a value, so in pieces, and there once the line that lists them is.

use super::sector::{FlashError, VALUE_MAX};
use super::store::Store;
use alloc::vec::Vec;
use core::ops::Range;
use countersign::wire::Reader;
use countersign_league::MatchId;
use countersign_league::evidence::Bundle;
use embedded_storage::nor_flash::NorFlash;

/// Bundles that wait at the same time: as many results as may be unsettled.
pub const BUNDLES_MAX: u16 = 8;

/// One place more, so that a bundle can take the place of an older one of its match when all wait.
const PLACES: u16 = BUNDLES_MAX + 1;

/// In the lower byte of a key, for the line that lists a bundle; smaller ones are its pieces.
const LINE: u16 = 0xff;

/// Why a bundle was not kept or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutboxError<E> {
    /// A bundle of a length that none has.
    #[error("a bundle has 1 to {max} bytes, not {0}", max = Bundle::MAX)]
    Length(usize),
    /// No place, or no room.
    #[error("the outbox is full; let a phone carry a result first")]
    Full,
    /// Pieces are missing.
    #[error("the bundle of match {0} is not whole")]
    Torn(MatchId),
    /// The flash said no.
    #[error(transparent)]
    Flash(FlashError<E>),
}

/// A bundle that waits: no more than a piece of it, at most [`VALUE_MAX`] bytes, is ever in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parcel {
    id: MatchId,
    place: u16,
    length: u32,
}

impl Parcel {
    /// Bytes of the bundle.
    pub fn len(&self) -> usize {
        (self.length as usize).min(Bundle::MAX)
    }

    /// Whether there are none; no bundle is empty.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many pieces it has.
    pub fn pieces(&self) -> u16 {
        pieces(self.len())
    }
}

/// The bundles of a master that no receipt has come for.
#[derive(Debug)]
pub struct Outbox {
    store: Store,
    /// Match and length, by place.
    lines: [Option<(MatchId, u32)>; PLACES as usize],
}

impl Outbox {
    /// Finds what waits; writes nothing.
    pub fn open<F: NorFlash>(
        flash: &mut F,
        range: Range<u32>,
    ) -> Result<Self, FlashError<F::Error>> {
        let store = Store::open(flash, range)?;
        let mut lines = [None; PLACES as usize];
        for (place, line) in (0..).zip(&mut lines) {
            let bytes = store.read(flash, key(place, LINE))?;
            *line = bytes.and_then(|bytes| {
                let mut reader = Reader::new(&bytes);
                Some((MatchId::from_bytes(reader.array().ok()?), reader.u32().ok()?))
            });
        }
        Ok(Self { store, lines })
    }

    /// What waits: match and number of bytes.
    pub fn waiting(&self) -> impl Iterator<Item = (MatchId, u32)> + '_ {
        self.lines.iter().flatten().copied()
    }

    /// One of them, for [`Outbox::piece`].
    pub fn find(&self, id: &MatchId) -> Option<Parcel> {
        let found = (0..).zip(&self.lines).find(|(_, line)| is_of(line, id));
        let (place, Some((id, length))) = found? else { return None };
        Some(Parcel { id: *id, place, length: *length })
    }

    /// A piece of a bundle, by its number; `None` behind the last one, and once the bundle has gone or another one has come.
    pub fn piece<F: NorFlash>(
        &self,
        flash: &mut F,
        parcel: &Parcel,
        piece: u16,
    ) -> Result<Option<Vec<u8>>, OutboxError<F::Error>> {
        let line = self.lines.get(usize::from(parcel.place)).copied().flatten();
        if line != Some((parcel.id, parcel.length)) || piece >= parcel.pieces() {
            return Ok(None);
        }
        let bytes = self.store.read(flash, key(parcel.place, piece)).map_err(OutboxError::Flash)?;
        let before = usize::from(piece) * VALUE_MAX;
        match bytes.filter(|bytes| bytes.len() == VALUE_MAX.min(parcel.len() - before)) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(OutboxError::Torn(parcel.id)),
        }
    }

    /// Keeps a bundle until its receipt is there. It takes the place of another one of its match; the same one again is not written
    /// again: a master offers its last one at every start. Durable when it returns.
    pub fn put<F: NorFlash>(
        &mut self,
        flash: &mut F,
        id: &MatchId,
        bundle: &[u8],
    ) -> Result<(), OutboxError<F::Error>> {
        if bundle.is_empty() || bundle.len() > Bundle::MAX {
            return Err(OutboxError::Length(bundle.len()));
        }
        let before =
            (0..).zip(&self.lines).find(|(_, line)| is_of(line, id)).map(|(place, _)| place);
        match before {
            Some(_) if self.holds(flash, id, bundle)? => return Ok(()),
            None if self.waiting().count() >= usize::from(BUNDLES_MAX) => {
                return Err(OutboxError::Full);
            }
            Some(_) | None => {}
        }
        let free = (0..).zip(&self.lines).find(|(_, line)| line.is_none());
        let (place, _) = free.ok_or(OutboxError::Full)?;
        self.sweep(flash)?;
        for (piece, bytes) in (0..).zip(bundle.chunks(VALUE_MAX)) {
            self.write(flash, key(place, piece), bytes)?;
        }
        let line = [&id.as_bytes()[..], &(bundle.len() as u32).to_be_bytes()].concat();
        self.write(flash, key(place, LINE), &line)?;
        self.lines[usize::from(place)] = Some((*id, bundle.len() as u32));
        match before {
            Some(before) => self.remove(flash, before),
            None => Ok(()),
        }
    }

    /// The receipt is here.
    pub fn settle<F: NorFlash>(
        &mut self,
        flash: &mut F,
        id: &MatchId,
    ) -> Result<(), OutboxError<F::Error>> {
        for place in 0..PLACES {
            if is_of(&self.lines[usize::from(place)], id) {
                self.remove(flash, place)?;
            }
        }
        Ok(())
    }

    /// Whether exactly this waits already. One whose pieces are missing does not.
    fn holds<F: NorFlash>(
        &self,
        flash: &mut F,
        id: &MatchId,
        bundle: &[u8],
    ) -> Result<bool, OutboxError<F::Error>> {
        let Some(parcel) = self.find(id).filter(|parcel| parcel.len() == bundle.len()) else {
            return Ok(false);
        };
        for (number, bytes) in (0..).zip(bundle.chunks(VALUE_MAX)) {
            match self.piece(flash, &parcel, number) {
                Ok(Some(found)) if found == bytes => {}
                Ok(_) | Err(OutboxError::Torn(_)) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn remove<F: NorFlash>(
        &mut self,
        flash: &mut F,
        place: u16,
    ) -> Result<(), OutboxError<F::Error>> {
        self.store.remove(flash, key(place, LINE)).map_err(OutboxError::Flash)?;
        self.lines[usize::from(place)] = None;
        self.sweep(flash)
    }

    /// Takes away the pieces that no line lists: a bundle that was removed, or never whole.
    fn sweep<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), OutboxError<F::Error>> {
        let is_listed = |key: &u16| self.lines[usize::from(key >> 8)].is_some();
        let loose: Vec<u16> = self.store.keys().filter(|key| !is_listed(key)).collect();
        for key in loose {
            self.store.remove(flash, key).map_err(OutboxError::Flash)?;
        }
        Ok(())
    }

    fn write<F: NorFlash>(
        &mut self,
        flash: &mut F,
        key: u16,
        bytes: &[u8],
    ) -> Result<(), OutboxError<F::Error>> {
        self.store.write(flash, key, bytes).map_err(|error| match error {
            FlashError::Full => OutboxError::Full,
            FlashError::Flash(_)
            | FlashError::Geometry
            | FlashError::TooLong(_)
            | FlashError::Changed(_) => OutboxError::Flash(error),
        })
    }
}

const fn key(place: u16, piece: u16) -> u16 {
    place << 8 | piece
}

fn pieces(length: usize) -> u16 {
    length.div_ceil(VALUE_MAX) as u16
}

fn is_of(line: &Option<(MatchId, u32)>, id: &MatchId) -> bool {
    line.as_ref().is_some_and(|(found, _)| found == id)
}
