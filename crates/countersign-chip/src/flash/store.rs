//! Small values by number, in sectors that are written one after the other, round and round.
//!
//! ```text
//!   … | older | older | head: written | next: nothing that counts | oldest | …
//! ```
//!
//! The newest item of a key counts. A full head is left; the next sector is erased and becomes the head, and first of all takes over
//! what still counts in the sector after it, so that the next one is empty again. Every sector is erased equally often.
//!
//! If the power fails while the new head takes over, some of what counts is still in the sector after it: this is seen at the start,
//! and the head, which holds nothing but copies, is left out and begun again. Nothing is ever erased that exists only once.

use super::sector::{self, Area, FlashError, Item, Place, SECTOR, Scan, VALUE_MAX, size_of};
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use embedded_storage::nor_flash::NorFlash;

/// Most keys of a store, removed ones included.
pub const KEYS_MAX: usize = 512;

/// An area of flash with values in it. The flash itself stays with the caller, who has other things in it.
#[derive(Debug)]
pub struct Store {
    area: Area,
    index: BTreeMap<u16, Place>,
    /// The number of each sector, 0 if it was not begun.
    numbers: Vec<u32>,
    /// Erased since the start, and nothing written since. What looks erased after a loss of power may not be.
    blank: Vec<bool>,
    last_number: u32,
    head: Option<Head>,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    sector: u32,
    /// Where the next item goes.
    free: Option<u32>,
}

impl Store {
    /// Finds what is there; writes nothing.
    pub fn open<F: NorFlash>(
        flash: &mut F,
        range: Range<u32>,
    ) -> Result<Self, FlashError<F::Error>> {
        let area = Area::new(flash, range)?;
        let count = area.sectors as usize;
        let mut store = Self {
            area,
            index: BTreeMap::new(),
            numbers: vec![0; count],
            blank: vec![false; count],
            last_number: 0,
            head: None,
        };
        let mut begun = Vec::with_capacity(count);
        for sector in 0..area.sectors {
            if let Some(number) = sector::number(flash, area.address(sector))? {
                store.numbers[sector as usize] = number;
                begun.push((number, sector));
            }
        }
        begun.sort_unstable();
        let Some((head, older)) = begun.split_last() else { return Ok(store) };
        for (number, sector) in older {
            let scan = sector::scan(flash, area.address(*sector), *number)?;
            store.take(&scan);
        }
        store.take_head(flash, *head)?;
        Ok(store)
    }

    /// The value of a key, if it has one.
    pub fn read<F: NorFlash>(
        &self,
        flash: &mut F,
        key: u16,
    ) -> Result<Option<Vec<u8>>, FlashError<F::Error>> {
        match self.index.get(&key) {
            Some(place) if place.length > 0 => self.value(flash, key, *place).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// All keys that have a value, ascending.
    pub fn keys(&self) -> impl Iterator<Item = u16> + '_ {
        self.index.iter().filter(|(_, place)| place.length > 0).map(|(key, _)| *key)
    }

    /// Gives a key a value of at most [`VALUE_MAX`] bytes; an empty one is none. Durable when it returns.
    pub fn write<F: NorFlash>(
        &mut self,
        flash: &mut F,
        key: u16,
        value: &[u8],
    ) -> Result<(), FlashError<F::Error>> {
        if value.len() > VALUE_MAX {
            return Err(FlashError::TooLong(value.len()));
        }
        if !self.index.contains_key(&key) && self.index.len() >= KEYS_MAX {
            return Err(FlashError::Full);
        }
        // Every sector was the head once, and had no room.
        for _ in 0..=self.area.sectors {
            if self.append(flash, key, value)? {
                return Ok(());
            }
            self.advance(flash)?;
            if !self.has_room(value.len()) {
                self.gather(flash)?;
            }
        }
        Err(FlashError::Full)
    }

    /// Takes a key's value away. The key itself goes on to count in [`KEYS_MAX`].
    pub fn remove<F: NorFlash>(
        &mut self,
        flash: &mut F,
        key: u16,
    ) -> Result<(), FlashError<F::Error>> {
        match self.index.get(&key) {
            Some(place) if place.length > 0 => self.write(flash, key, &[]),
            Some(_) | None => Ok(()),
        }
    }

    /// Erases so many sectors ahead, as far as there are some: until they are written no write has to wait for an erase, during which a
    /// chip does nothing else. For quiet times: 45 ms for each, 400 ms at most.
    pub fn prepare<F: NorFlash>(
        &mut self,
        flash: &mut F,
        sectors: u32,
    ) -> Result<(), FlashError<F::Error>> {
        let mut sector = self.head.map_or(self.area.sectors - 1, |head| head.sector);
        for _ in 0..sectors.min(self.area.sectors - 1) {
            sector = self.area.after(sector);
            if !self.release(flash, sector)? {
                break;
            }
            self.clear(flash, sector)?;
        }
        Ok(())
    }

    fn take(&mut self, scan: &Scan) {
        for item in &scan.items {
            self.index.insert(item.key, item.place);
        }
    }

    fn take_head<F: NorFlash>(
        &mut self,
        flash: &mut F,
        (number, sector): (u32, u32),
    ) -> Result<(), FlashError<F::Error>> {
        let scan = sector::scan(flash, self.area.address(sector), number)?;
        let before = self.index.clone();
        self.take(&scan);
        self.last_number = number;
        self.head = Some(Head { sector, free: scan.free });
        let next = self.area.after(sector);
        if !self.is_released(next) && self.is_copy(flash, &scan, &before, next)? {
            let previous = (sector + self.area.sectors - 1) % self.area.sectors;
            self.index = before;
            self.head = Some(Head { sector: previous, free: None });
        }
        Ok(())
    }

    /// Whether a head holds nothing but what it began to take over from the sector after it.
    fn is_copy<F: NorFlash>(
        &self,
        flash: &mut F,
        scan: &Scan,
        before: &BTreeMap<u16, Place>,
        next: u32,
    ) -> Result<bool, FlashError<F::Error>> {
        for Item { key, place } in &scan.items {
            let Some(original) = before.get(key) else { return Ok(false) };
            if self.area.sector_of(original.at) != next
                || self.value(flash, *key, *original)? != self.value(flash, *key, *place)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn value<F: NorFlash>(
        &self,
        flash: &mut F,
        key: u16,
        place: Place,
    ) -> Result<Vec<u8>, FlashError<F::Error>> {
        let number = self.numbers[self.area.sector_of(place.at) as usize];
        sector::read(flash, number, key, place)
    }

    fn has_room(&self, length: usize) -> bool {
        self.room() >= size_of(length)
    }

    /// Bytes that are left in the head.
    fn room(&self) -> u32 {
        let Some(Head { sector, free: Some(free) }) = self.head else { return 0 };
        self.area.address(sector) + SECTOR - free
    }

    fn append<F: NorFlash>(
        &mut self,
        flash: &mut F,
        key: u16,
        value: &[u8],
    ) -> Result<bool, FlashError<F::Error>> {
        let Some(Head { sector, free: Some(free) }) = self.head else { return Ok(false) };
        if !self.has_room(value.len()) {
            return Ok(false);
        }
        let number = self.numbers[sector as usize];
        // What fails half-way is found torn.
        self.head = Some(Head { sector, free: None });
        let place = sector::append(flash, free, number, key, value)?;
        self.index.insert(key, place);
        self.head = Some(Head { sector, free: Some(free + size_of(value.len())) });
        Ok(true)
    }

    /// Makes the next sector the head, and takes over what counts in the one after it.
    fn advance<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), FlashError<F::Error>> {
        let head = self.head.map_or(self.area.sectors - 1, |head| head.sector);
        // The next one, except where a value went bad: then the one after it.
        let ahead = (1..=self.area.sectors).map(|step| (head + step) % self.area.sectors);
        let mut released = ahead.filter(|sector| self.is_released(*sector));
        let sector = released.next().ok_or(FlashError::Full)?;
        drop(released);
        self.clear(flash, sector)?;
        let (address, number) = (self.area.address(sector), self.last_number.wrapping_add(1));
        self.blank[sector as usize] = false;
        sector::begin(flash, address, number)?;
        (self.numbers[sector as usize], self.last_number) = (number, number);
        self.head = Some(Head { sector, free: Some(address + sector::HEADER as u32) });
        self.release(flash, self.area.after(sector)).map(|_| ())
    }

    /// Takes over what counts in the sectors ahead, as long as it fits: otherwise few old values in every sector could leave no
    /// sector with room for a long one.
    fn gather<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), FlashError<F::Error>> {
        let Some(Head { sector: head, .. }) = self.head else { return Ok(()) };
        let mut sector = self.area.after(head);
        while self.area.after(sector) != head && self.release(flash, sector)? {
            sector = self.area.after(sector);
        }
        Ok(())
    }

    fn live(&self, sector: u32) -> impl Iterator<Item = (u16, Place)> + '_ {
        let is_in = move |place: &Place| self.area.sector_of(place.at) == sector;
        self.index.iter().map(|(key, place)| (*key, *place)).filter(move |(_, place)| is_in(place))
    }

    fn is_released(&self, sector: u32) -> bool {
        self.live(sector).next().is_none()
    }

    /// Copies what counts in a sector into the head; false, and nothing done, if it does not fit.
    fn release<F: NorFlash>(
        &mut self,
        flash: &mut F,
        sector: u32,
    ) -> Result<bool, FlashError<F::Error>> {
        let live: Vec<_> = self.live(sector).collect();
        let size: u32 = live.iter().map(|(_, place)| size_of(place.length.into())).sum();
        if size > self.room() {
            return Ok(live.is_empty());
        }
        for (key, place) in live {
            let value = self.value(flash, key, place)?;
            self.append(flash, key, &value)?;
        }
        Ok(true)
    }

    fn clear<F: NorFlash>(
        &mut self,
        flash: &mut F,
        sector: u32,
    ) -> Result<(), FlashError<F::Error>> {
        if !self.blank[sector as usize] {
            self.numbers[sector as usize] = 0;
            sector::erase(flash, self.area.address(sector))?;
            self.blank[sector as usize] = true;
        }
        Ok(())
    }
}
