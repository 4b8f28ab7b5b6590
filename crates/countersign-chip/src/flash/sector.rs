//! One sector as a short log: a header, then items until it is full or one of them is torn.
//!
//! ```text
//!   header  "CSL1" ‖ u32 number ‖ u32 check                    number: how many sectors of the area were begun before, and one
//!   item    u16 key ‖ u16 length ‖ u32 check ‖ bytes ‖ 0xff to a multiple of four
//! ```
//!
//! The check is CRC-32 over the sector's number and everything else of the item, so that no leftover of an erase that was cut short
//! passes for an item.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use crc::{CRC_32_ISO_HDLC, Crc};
use embedded_storage::nor_flash::NorFlash;

/// Bytes that are erased together.
pub const SECTOR: u32 = 4096;
/// Longest value: one alone in its sector.
pub const VALUE_MAX: usize = SECTOR as usize - HEADER - ITEM;

const MAGIC: [u8; 4] = *b"CSL1";
pub(super) const HEADER: usize = 12;
pub(super) const ITEM: usize = 8;
const ALIGN: usize = 4;
/// Fewest sectors of an area: one that is written, one that is empty, one with what is older.
const SECTORS_MIN: u32 = 3;
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Why something was not kept or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlashError<E> {
    /// The chip said no.
    #[error("the flash failed: {0:?}")]
    Flash(E),
    /// An area that cannot be used, or a flash of another kind.
    #[error(
        "an area is at least {SECTORS_MIN} whole sectors of {SECTOR} bytes, read and written by words of at most {ALIGN}"
    )]
    Geometry,
    /// Longer than one sector takes.
    #[error("a value has at most {VALUE_MAX} bytes, not {0}")]
    TooLong(usize),
    /// More than the area holds.
    #[error("the area is full; remove something or give it more sectors")]
    Full,
    /// A value that was read when the area was opened, and now reads differently.
    #[error("the value of key {0} has changed in the flash")]
    Changed(u16),
}

/// Where an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Address of its first byte.
    pub(super) at: u32,
    /// Length of its value.
    pub(super) length: u16,
}

/// An item that is whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) key: u16,
    pub(super) place: Place,
}

/// The items of a sector, and where the next one may be written: nowhere after a torn one.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) items: Vec<Item>,
    pub(super) free: Option<u32>,
}

/// Whole sectors in a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    start: u32,
    pub(super) sectors: u32,
}

impl Area {
    pub(super) fn new<F: NorFlash>(
        flash: &F,
        range: Range<u32>,
    ) -> Result<Self, FlashError<F::Error>> {
        let is_whole = range.start.is_multiple_of(SECTOR) && range.end.is_multiple_of(SECTOR);
        let sectors = range.end.saturating_sub(range.start) / SECTOR;
        let is_there = range.end as usize <= flash.capacity();
        let is_fine = ALIGN.is_multiple_of(F::WRITE_SIZE) && ALIGN.is_multiple_of(F::READ_SIZE);
        let is_sector = (SECTOR as usize).is_multiple_of(F::ERASE_SIZE);
        match is_whole && sectors >= SECTORS_MIN && is_there && is_fine && is_sector {
            true => Ok(Self { start: range.start, sectors }),
            false => Err(FlashError::Geometry),
        }
    }

    pub(super) const fn address(&self, sector: u32) -> u32 {
        self.start + sector * SECTOR
    }

    pub(super) const fn sector_of(&self, address: u32) -> u32 {
        (address - self.start) / SECTOR
    }

    pub(super) const fn after(&self, sector: u32) -> u32 {
        (sector + 1) % self.sectors
    }
}

/// Bytes that a value takes in a sector.
pub(super) const fn size_of(length: usize) -> u32 {
    (ITEM + length.next_multiple_of(ALIGN)) as u32
}

/// The number of a sector, if its header is whole.
pub(super) fn number<F: NorFlash>(
    flash: &mut F,
    sector: u32,
) -> Result<Option<u32>, FlashError<F::Error>> {
    let mut bytes = [0; HEADER];
    flash.read(sector, &mut bytes).map_err(FlashError::Flash)?;
    let number = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    Ok((bytes == header(number)).then_some(number))
}

/// The whole items of a sector.
pub(super) fn scan<F: NorFlash>(
    flash: &mut F,
    sector: u32,
    number: u32,
) -> Result<Scan, FlashError<F::Error>> {
    let mut bytes = vec![0; SECTOR as usize];
    flash.read(sector, &mut bytes).map_err(FlashError::Flash)?;
    let (mut scan, mut at, mut is_torn) = (Scan::default(), HEADER, false);
    while let Some((head, rest)) = bytes.get(at..).and_then(|rest| rest.split_first_chunk::<ITEM>())
    {
        if head.iter().chain(rest).all(|byte| *byte == 0xff) {
            break;
        }
        let (key, length) = parse(head);
        // A length that nobody wrote: nothing behind it was written either.
        let Some(value) = rest.get(..usize::from(length)) else {
            is_torn = true;
            break;
        };
        if *head == item(number, key, value) {
            scan.items.push(Item { key, place: Place { at: sector + at as u32, length } });
        } else {
            is_torn = true;
        }
        at += size_of(value.len()) as usize;
    }
    let has_room = !is_torn && at + ITEM <= SECTOR as usize;
    scan.free = has_room.then_some(sector + at as u32);
    Ok(scan)
}

/// Writes the header of a sector that was erased.
pub(super) fn begin<F: NorFlash>(
    flash: &mut F,
    sector: u32,
    number: u32,
) -> Result<(), FlashError<F::Error>> {
    flash.write(sector, &header(number)).map_err(FlashError::Flash)
}

pub(super) fn erase<F: NorFlash>(flash: &mut F, sector: u32) -> Result<(), FlashError<F::Error>> {
    flash.erase(sector, sector + SECTOR).map_err(FlashError::Flash)
}

/// Writes an item where a scan or an item before it said that there is room.
pub(super) fn append<F: NorFlash>(
    flash: &mut F,
    at: u32,
    number: u32,
    key: u16,
    value: &[u8],
) -> Result<Place, FlashError<F::Error>> {
    let length = u16::try_from(value.len()).map_err(|_| FlashError::TooLong(value.len()))?;
    let mut bytes = Vec::with_capacity(size_of(value.len()) as usize);
    bytes.extend_from_slice(&item(number, key, value));
    bytes.extend_from_slice(value);
    bytes.resize(size_of(value.len()) as usize, 0xff);
    flash.write(at, &bytes).map_err(FlashError::Flash)?;
    Ok(Place { at, length })
}

/// The value at a place, as long as it is what was written.
pub(super) fn read<F: NorFlash>(
    flash: &mut F,
    number: u32,
    key: u16,
    place: Place,
) -> Result<Vec<u8>, FlashError<F::Error>> {
    let mut bytes = vec![0; size_of(place.length.into()) as usize];
    flash.read(place.at, &mut bytes).map_err(FlashError::Flash)?;
    let mut value = bytes.split_off(ITEM);
    value.truncate(place.length.into());
    match bytes == item(number, key, &value) {
        true => Ok(value),
        false => Err(FlashError::Changed(key)),
    }
}

fn header(number: u32) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..8].copy_from_slice(&number.to_be_bytes());
    let check = CRC.checksum(&bytes[..8]);
    bytes[8..].copy_from_slice(&check.to_be_bytes());
    bytes
}

fn item(number: u32, key: u16, value: &[u8]) -> [u8; ITEM] {
    let mut head = [0; ITEM];
    head[..2].copy_from_slice(&key.to_be_bytes());
    head[2..4].copy_from_slice(&(value.len() as u16).to_be_bytes());
    let mut digest = CRC.digest();
    digest.update(&number.to_be_bytes());
    digest.update(&head[..4]);
    digest.update(value);
    head[4..].copy_from_slice(&digest.finalize().to_be_bytes());
    head
}

const fn parse(head: &[u8; ITEM]) -> (u16, u16) {
    (u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]))
}
