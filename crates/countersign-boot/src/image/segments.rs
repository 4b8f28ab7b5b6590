//! The segments, each within the bounds of the slot and of the chip's memory.

use core::ops::Range;

use super::descriptor::Descriptor;
use super::{HEADER_LEN, ImageError, SEGMENTS_MAX};
use crate::bytes::{self, u32_at};
use crate::chip::Chip;
use crate::layout::PAGE;

const SEGMENT_HEADER_LEN: usize = 8;

/// Addresses below this are no memory: tools mark padding with them.
const PADDING_BELOW: u32 = 0x1000_0000;

/// Bytes that have to be in RAM before the image starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copy<'a> {
    /// Where to, a multiple of 4.
    pub to: u32,
    /// What, a multiple of 4.
    pub bytes: &'a [u8],
}

/// Pages of flash that have to be mapped before the image starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// Where to, at the beginning of a page.
    pub to: u32,
    /// The first page's place in the slot, in bytes from its beginning.
    pub from: u32,
    /// How many, 1 to 25.
    pub pages: u32,
}

/// Where a segment goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nowhere; it moves the next one.
    Padding,
    /// It is copied to these cells of RAM.
    Ram(u32, u32),
    /// It is mapped by these entries of the table, from the first to the one after the last.
    Flash(u32, u32),
}

/// Only its header: there are up to 16 of them on a small stack.
#[derive(Debug, Clone, Copy)]
struct Segment {
    address: u32,
    /// Of its data, from the beginning of the slot.
    offset: u32,
    len: u32,
}

#[derive(Debug)]
pub(super) struct Segments<'a> {
    slot: &'a [u8],
    chip: Chip,
    all: [Segment; SEGMENTS_MAX],
    count: usize,
}

impl<'a> Segments<'a> {
    /// All of them, and where the last one ends.
    pub(super) fn parse(
        slot: &'a [u8],
        count: usize,
        chip: Chip,
    ) -> Result<(Self, usize), ImageError> {
        let none = Segment { address: 0, offset: 0, len: 0 };
        let mut segments = Self { slot, chip, all: [none; SEGMENTS_MAX], count: 0 };
        let mut at = HEADER_LEN;
        for _ in 0..count {
            let segment = Segment::parse(slot, at, chip)?;
            if segments.iter().any(|other| segment.meets(other, chip)) {
                return Err(ImageError::Overlap);
            }
            at += SEGMENT_HEADER_LEN + segment.len as usize;
            *segments.all.get_mut(segments.count).ok_or(ImageError::SegmentCount)? = segment;
            segments.count += 1;
        }
        Ok((segments, at))
    }

    fn iter(&self) -> impl Iterator<Item = &Segment> {
        self.all.iter().take(self.count)
    }

    pub(super) fn copies(&self) -> impl Iterator<Item = Copy<'a>> {
        self.iter().filter_map(|segment| match segment.place(self.chip) {
            Place::Ram(..) => Some(Copy { to: segment.address, bytes: segment.bytes(self.slot) }),
            Place::Padding | Place::Flash(..) => None,
        })
    }

    pub(super) fn mappings(&self) -> impl Iterator<Item = Mapping> {
        self.iter().filter_map(|segment| match segment.place(self.chip) {
            Place::Flash(first, end) => Some(Mapping {
                to: segment.address - segment.address % PAGE,
                from: segment.offset - segment.offset % PAGE,
                pages: end - first,
            }),
            Place::Padding | Place::Ram(..) => None,
        })
    }

    pub(super) fn descriptor(&self) -> Option<Descriptor<'a>> {
        let first = self.iter().next()?;
        match first.place(self.chip) {
            Place::Flash(..) => Descriptor::parse(first.bytes(self.slot)),
            Place::Padding | Place::Ram(..) => None,
        }
    }

    pub(super) fn xor(&self) -> u8 {
        self.iter().fold(0, |sum, segment| sum ^ bytes::xor(segment.bytes(self.slot)))
    }

    pub(super) fn may_execute(&self, entry: u32) -> bool {
        let windows = || self.chip.ram().iter().chain(self.chip.flash());
        let has_code =
            windows().any(|window| window.executable && window.cells(entry, 2).is_some());
        has_code && entry.is_multiple_of(2) && self.iter().any(|segment| segment.holds(entry))
    }
}

impl Segment {
    fn parse(slot: &[u8], at: usize, chip: Chip) -> Result<Self, ImageError> {
        let address = u32_at(slot, at).ok_or(ImageError::Truncated)?;
        let len = u32_at(slot, at + 4).ok_or(ImageError::Truncated)?;
        let start = at + SEGMENT_HEADER_LEN;
        let rest = slot.get(start..).ok_or(ImageError::Truncated)?;
        if len as usize > rest.len() {
            return Err(ImageError::Truncated);
        }
        if !address.is_multiple_of(4) || !len.is_multiple_of(4) {
            return Err(ImageError::Unaligned);
        }
        let offset = start as u32;
        let place = Place::of(address, len, chip).ok_or(ImageError::Window)?;
        if matches!(place, Place::Flash(..)) && address % PAGE != offset % PAGE {
            return Err(ImageError::Page);
        }
        Ok(Self { address, offset, len })
    }

    /// What `parse` found within the slot.
    fn bytes<'a>(&self, slot: &'a [u8]) -> &'a [u8] {
        let rest = slot.get(self.offset as usize..).unwrap_or(&[]);
        rest.get(..self.len as usize).unwrap_or(&[])
    }

    /// What `parse` found in a window.
    fn place(&self, chip: Chip) -> Place {
        Place::of(self.address, self.len, chip).unwrap_or(Place::Padding)
    }

    /// Whether both cannot be where they want to be. Mapped ones may share a page of the table if it is the same page of
    /// flash.
    fn meets(&self, other: &Self, chip: Chip) -> bool {
        match (self.place(chip), other.place(chip)) {
            (Place::Ram(first, end), Place::Ram(other_first, other_end)) => {
                intersect(&(first..end), &(other_first..other_end))
            }
            (Place::Flash(first, end), Place::Flash(other_first, other_end)) => {
                intersect(&(first..end), &(other_first..other_end))
                    && (self.offset / PAGE).wrapping_sub(first)
                        != (other.offset / PAGE).wrapping_sub(other_first)
            }
            (Place::Padding, _) | (_, Place::Padding) => false,
            (Place::Ram(..), Place::Flash(..)) | (Place::Flash(..), Place::Ram(..)) => false,
        }
    }

    /// Padding holds nothing: no window begins below [`PADDING_BELOW`].
    fn holds(&self, address: u32) -> bool {
        address.checked_sub(self.address).is_some_and(|within| within < self.len)
    }
}

impl Place {
    /// `None` where no image may be.
    fn of(address: u32, len: u32, chip: Chip) -> Option<Self> {
        if address < PADDING_BELOW {
            return Some(Self::Padding);
        }
        if let Some(cells) = chip.ram().iter().find_map(|window| window.cells(address, len)) {
            return Some(Self::Ram(cells.start, cells.end));
        }
        let cells = chip.flash().iter().find_map(|window| window.cells(address, len))?;
        Some(Self::Flash(cells.start / PAGE, cells.end.div_ceil(PAGE)))
    }
}

fn intersect(one: &Range<u32>, other: &Range<u32>) -> bool {
    one.start < other.end && other.start < one.end
}
