//! The journal's two areas: while one match is written down, the match before is still there.
//!
//! ```text
//!   sector number  generation << 8 | its place in the area        the higher generation with a whole entry counts
//!   item key       entry << 4 | piece << 1 | whether it is the last piece
//! ```
//!
//! An entry is in pieces, because it may be longer than a sector. One whose last piece is missing was never written; it comes again
//! under the same number.

use super::sector::{self, Area, FlashError, SECTOR, VALUE_MAX, size_of};
use alloc::vec::Vec;
use core::ops::Range;
use countersign_league::journal::ENTRIES_MAX;
use embedded_storage::nor_flash::NorFlash;

/// Shorter pieces than this go to the next sector.
const PIECE_MIN: u32 = 64;
const PIECES_MAX: u16 = 8;
/// Sectors of an area, for the lower byte of a sector's number.
const SECTORS_MAX: u32 = 256;

/// A journal of a master, on two areas of flash.
#[derive(Debug)]
pub struct Journal {
    areas: [Area; 2],
    current: Option<Current>,
    generation: u32,
    /// The highest that was begun, whole or not: what an attempt left behind belongs to nobody.
    last_generation: u32,
    /// The next entry begins a new journal.
    is_new: bool,
    /// An area, and its sectors that were erased since the start and not written since.
    blank: (usize, Range<u32>),
}

#[derive(Debug, Clone, Copy)]
struct Current {
    area: usize,
    sector: u32,
    free: Option<u32>,
    entries: u32,
}

impl Journal {
    /// Finds the newest journal with at least one whole entry; writes nothing.
    pub fn open<F: NorFlash>(
        flash: &mut F,
        ranges: [Range<u32>; 2],
    ) -> Result<Self, FlashError<F::Error>> {
        let [zero, one] = ranges;
        let areas = [Area::new(flash, zero)?, Area::new(flash, one)?];
        if areas.iter().any(|area| area.sectors > SECTORS_MAX) {
            return Err(FlashError::Geometry);
        }
        let mut journal = Self {
            areas,
            current: None,
            generation: 0,
            last_generation: 0,
            is_new: true,
            blank: (0, 0..0),
        };
        for area in [0, 1] {
            let Some(generation) = generation(flash, &areas[area])? else { continue };
            journal.last_generation = journal.last_generation.max(generation);
            let mut found = Entries::default();
            let end = walk(flash, &areas[area], generation, &mut found)?;
            if !found.lengths.is_empty() && generation >= journal.generation {
                let entries = found.lengths.len() as u32;
                journal.current = Some(Current { area, entries, ..end });
                (journal.generation, journal.is_new) = (generation, false);
            }
        }
        Ok(journal)
    }

    /// All whole entries, one after the other, for [`journal::read`](countersign_league::journal::read).
    pub fn read<F: NorFlash>(&self, flash: &mut F) -> Result<Vec<u8>, FlashError<F::Error>> {
        let Some(current) = &self.current else { return Ok(Vec::new()) };
        let (area, mut entries) = (&self.areas[current.area], Entries::default());
        walk(flash, area, self.generation, &mut entries)?;
        let length = entries.lengths.iter().sum();
        // No byte more: a master that starts in a match has not much memory.
        let mut entries = Entries { bytes: Vec::with_capacity(length), ..Entries::default() };
        walk(flash, area, self.generation, &mut entries)?;
        entries.bytes.truncate(length);
        Ok(entries.bytes)
    }

    /// Only so many entries belong to the chain: the next one takes the place of what stands behind them.
    pub fn keep(&mut self, entries: u32) {
        if let Some(current) = &mut self.current {
            current.entries = current.entries.min(entries);
        }
    }

    /// What is appended next begins a new journal. Until that is durable the old one stays.
    pub fn start_new(&mut self) {
        self.is_new = true;
    }

    /// Erases one sector that the journal in use will need, so that no entry has to wait for it: 45 ms, 400 ms at most. `false`: all of
    /// them are, or there is no journal.
    pub fn prepare<F: NorFlash>(&mut self, flash: &mut F) -> Result<bool, FlashError<F::Error>> {
        let Some(current) = self.current.filter(|_| !self.is_new) else { return Ok(false) };
        let next = current.sector + 1;
        if self.blank.0 != current.area || !(self.blank.1.start..=self.blank.1.end).contains(&next)
        {
            self.blank = (current.area, next..next);
        }
        let (area, sector) = (self.areas[current.area], self.blank.1.end);
        if sector >= area.sectors {
            return Ok(false);
        }
        sector::erase(flash, area.address(sector))?;
        self.blank.1.end += 1;
        Ok(true)
    }

    /// Durable when it returns. The area is not full before a journal has [`JOURNAL_MAX`](super::JOURNAL_MAX) bytes; the game ends a match
    /// that would have more.
    pub fn append<F: NorFlash>(
        &mut self,
        flash: &mut F,
        entry: &[u8],
    ) -> Result<(), FlashError<F::Error>> {
        let (mut current, generation) = match self.current {
            Some(current) if !self.is_new => (current, self.generation),
            Some(_) | None => self.begin(flash)?,
        };
        if current.entries >= ENTRIES_MAX {
            return Err(FlashError::Full);
        }
        if let Some(current) = self.current.as_mut().filter(|_| !self.is_new) {
            // What fails half-way is left where it is.
            current.free = None;
        }
        self.write(flash, generation, &mut current, entry)?;
        current.entries += 1;
        (self.current, self.generation, self.is_new) = (Some(current), generation, false);
        Ok(())
    }

    fn next_area(&self) -> usize {
        self.current.map_or(0, |current| 1 - current.area)
    }

    fn begin<F: NorFlash>(
        &mut self,
        flash: &mut F,
    ) -> Result<(Current, u32), FlashError<F::Error>> {
        let area = self.next_area();
        // The header's number has 24 bits for it: more journals than the flash has erases.
        let generation = (self.last_generation + 1) & 0x00ff_ffff;
        self.last_generation = generation;
        let mut current = Current { area, sector: 0, free: None, entries: 0 };
        self.open_sector(flash, generation, &mut current)?;
        Ok((current, generation))
    }

    fn open_sector<F: NorFlash>(
        &mut self,
        flash: &mut F,
        generation: u32,
        current: &mut Current,
    ) -> Result<(), FlashError<F::Error>> {
        let area = self.areas[current.area];
        if current.sector >= area.sectors {
            return Err(FlashError::Full);
        }
        let address = area.address(current.sector);
        let is_blank = self.blank.0 == current.area && self.blank.1.contains(&current.sector);
        self.blank.1.start = self.blank.1.start.max(current.sector + 1);
        if !is_blank {
            sector::erase(flash, address)?;
        }
        sector::begin(flash, address, generation << 8 | current.sector)?;
        current.free = Some(address + sector::HEADER as u32);
        Ok(())
    }

    fn write<F: NorFlash>(
        &mut self,
        flash: &mut F,
        generation: u32,
        current: &mut Current,
        entry: &[u8],
    ) -> Result<(), FlashError<F::Error>> {
        let (mut rest, mut piece) = (entry, 0);
        loop {
            let room = self.room(current);
            if room < PIECE_MIN {
                current.sector += 1;
                self.open_sector(flash, generation, current)?;
                continue;
            }
            let most = (room as usize - sector::ITEM).min(VALUE_MAX);
            let (bytes, left) = rest.split_at(most.min(rest.len()));
            if piece >= PIECES_MAX {
                return Err(FlashError::TooLong(entry.len()));
            }
            let key = key_of(current.entries, piece, left.is_empty());
            let number = generation << 8 | current.sector;
            let Some(at) = current.free.take() else { continue };
            sector::append(flash, at, number, key, bytes)?;
            current.free = Some(at + size_of(bytes.len()));
            (rest, piece) = (left, piece + 1);
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Bytes that are left in the sector.
    fn room(&self, current: &Current) -> u32 {
        let end = self.areas[current.area].address(current.sector) + SECTOR;
        current.free.map_or(0, |free| end - free)
    }
}

/// What is whole, as it is found.
#[derive(Debug, Default)]
struct Entries {
    /// Of each entry.
    lengths: Vec<usize>,
    /// Of all, and of what is not whole yet.
    length: usize,
    /// As many as there was room for at the beginning: none, to look how many there are.
    bytes: Vec<u8>,
    /// Pieces of the entry that is not whole yet.
    pieces: u16,
}

impl Entries {
    fn take(&mut self, key: u16, value: &[u8]) {
        let (entry, piece, is_last) = (usize::from(key >> 4), key >> 1 & 7, key & 1 == 1);
        if piece == 0 && entry <= self.lengths.len() {
            // Again, or for the first time.
            self.lengths.truncate(entry);
            self.pieces = 0;
            self.length = self.lengths.iter().sum();
            self.bytes.truncate(self.length);
        } else if entry != self.lengths.len() || piece != self.pieces {
            return;
        }
        if self.bytes.capacity() - self.bytes.len() >= value.len() {
            self.bytes.extend_from_slice(value);
        }
        self.length += value.len();
        self.pieces += 1;
        if is_last {
            let before: usize = self.lengths.iter().sum();
            self.lengths.push(self.length - before);
            self.pieces = 0;
        }
    }
}

const fn key_of(entry: u32, piece: u16, is_last: bool) -> u16 {
    (entry as u16) << 4 | piece << 1 | is_last as u16
}

/// The generation of an area, by its first sector.
fn generation<F: NorFlash>(
    flash: &mut F,
    area: &Area,
) -> Result<Option<u32>, FlashError<F::Error>> {
    let number = sector::number(flash, area.address(0))?;
    Ok(number.filter(|number| number & 0xff == 0).map(|number| number >> 8))
}

/// Reads the sectors of a generation in order; tells where it goes on.
fn walk<F: NorFlash>(
    flash: &mut F,
    area: &Area,
    generation: u32,
    entries: &mut Entries,
) -> Result<Current, FlashError<F::Error>> {
    let mut end = Current { area: 0, sector: 0, free: None, entries: 0 };
    for sector in 0..area.sectors {
        let number = generation << 8 | sector;
        if sector::number(flash, area.address(sector))? != Some(number) {
            break;
        }
        let scan = sector::scan(flash, area.address(sector), number)?;
        for item in &scan.items {
            let value = sector::read(flash, number, item.key, item.place)?;
            entries.take(item.key, &value);
        }
        (end.sector, end.free) = (sector, scan.free);
    }
    Ok(end)
}
