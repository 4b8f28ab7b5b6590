//! The slave's 257 slots in one file of fixed size: each has two places, and the older one is written.

use countersign_keys::disk::{DiskError, failed};
use countersign_league::pair::slave::Slot;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const SLOTS: usize = 257;
/// A place has a disk sector of its own: `u32 number of the write ‖ u16 length ‖ bytes ‖ … ‖ first 8 bytes of SHA-256 of the rest`.
const PLACE: usize = 512;
const SUM: usize = 8;
const BYTES_MAX: usize = PLACE - SUM - 6;

/// The file, and which place of each slot is the newer one.
pub(crate) struct Slots {
    path: PathBuf,
    file: File,
    written: Vec<Written>,
}

/// Number and newest bytes of a slot.
pub(crate) type Found = (u16, Vec<u8>);

/// Number of the newest write of a slot, and the place where it is.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    number: u32,
    place: u8,
}

impl Slots {
    /// Opens or makes the file; tells the newest whole bytes of every slot that has some.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Found>), DiskError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(failed(path, "opened"))?;
        let size = (SLOTS * 2 * PLACE) as u64;
        let grow = || {
            if file.metadata()?.len() != size {
                file.set_len(size)?;
                file.sync_all()?;
            }
            Ok(())
        };
        grow().map_err(failed(path, "given its size"))?;
        let mut slots =
            Self { path: path.to_owned(), file, written: vec![Written::default(); SLOTS] };
        let found = slots.load().map_err(failed(path, "read"))?;
        Ok((slots, found))
    }

    /// Durable when it returns; a loss of power before leaves what was there.
    pub(crate) fn write(&mut self, slot: &Slot) -> Result<(), DiskError> {
        let number = usize::from(slot.number);
        let written = self.written.get_mut(number).filter(|_| slot.bytes.len() <= BYTES_MAX);
        let Some(written) = written else {
            let error = io::Error::from(io::ErrorKind::InvalidInput);
            return Err(failed(&self.path, "given a slot of this number and length")(error));
        };
        let next = Written { number: written.number.wrapping_add(1), place: 1 - written.place };
        let bytes = encode(next.number, &slot.bytes);
        let write = self.file.write_all_at(&bytes, offset(number, next.place));
        write.and_then(|()| self.file.sync_data()).map_err(failed(&self.path, "written"))?;
        *written = next;
        Ok(())
    }

    fn load(&mut self) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for (slot, written) in self.written.iter_mut().enumerate() {
            let mut newest: Option<(Written, Vec<u8>)> = None;
            for place in [0, 1] {
                let mut bytes = [0; PLACE];
                self.file.read_exact_at(&mut bytes, offset(slot, place))?;
                let Some((number, bytes)) = decode(&bytes) else { continue };
                // Numbers may go round; the two are never far apart.
                let is_newer = newest
                    .as_ref()
                    .is_none_or(|(other, _)| number.wrapping_sub(other.number) < u32::MAX / 2);
                if is_newer {
                    newest = Some((Written { number, place }, bytes));
                }
            }
            if let Some((newest, bytes)) = newest {
                *written = newest;
                found.extend(u16::try_from(slot).map(|slot| (slot, bytes)));
            }
        }
        Ok(found)
    }
}

fn offset(slot: usize, place: u8) -> u64 {
    ((slot * 2 + usize::from(place)) * PLACE) as u64
}

fn encode(number: u32, bytes: &[u8]) -> [u8; PLACE] {
    let mut place = [0; PLACE];
    place[..4].copy_from_slice(&number.to_be_bytes());
    place[4..6].copy_from_slice(&(bytes.len() as u16).to_be_bytes());
    place[6..6 + bytes.len()].copy_from_slice(bytes);
    let sum = Sha256::digest(&place[..PLACE - SUM]);
    place[PLACE - SUM..].copy_from_slice(&sum[..SUM]);
    place
}

fn decode(place: &[u8; PLACE]) -> Option<(u32, Vec<u8>)> {
    let (rest, sum) = place.split_last_chunk::<SUM>()?;
    if Sha256::digest(rest)[..SUM] != sum[..] {
        return None;
    }
    let (number, rest) = rest.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let bytes = rest.get(..usize::from(u16::from_be_bytes(*len)))?;
    Some((u32::from_be_bytes(*number), bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(number: u16, byte: u8) -> Slot {
        Slot { number, bytes: vec![byte; 168] }
    }

    #[test]
    fn the_newest_bytes_of_every_slot_come_back() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("slots.bin");
        let (mut slots, found) = Slots::open(&path).unwrap();
        assert!(found.is_empty());
        for (number, byte) in [(0, 1), (256, 2), (0, 3), (0, 4), (7, 5)] {
            slots.write(&slot(number, byte)).unwrap();
        }
        let (mut slots, found) = Slots::open(&path).unwrap();
        assert_eq!(found, [(0, vec![4; 168]), (7, vec![5; 168]), (256, vec![2; 168])]);
        slots.write(&slot(0, 6)).unwrap();
        assert_eq!(Slots::open(&path).unwrap().1[0], (0, vec![6; 168]));
        assert!(slots.write(&slot(257, 1)).is_err());
        assert!(slots.write(&Slot { number: 0, bytes: vec![0; BYTES_MAX + 1] }).is_err());
    }

    #[test]
    fn a_torn_write_leaves_what_was_there() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("slots.bin");
        let (mut slots, _) = Slots::open(&path).unwrap();
        slots.write(&slot(3, 1)).unwrap();
        let before = std::fs::read(&path).unwrap();
        slots.write(&slot(3, 2)).unwrap();
        let after = std::fs::read(&path).unwrap();
        let changed: Vec<usize> = (0..after.len()).filter(|i| before[*i] != after[*i]).collect();
        for torn in 0..changed.len() {
            let mut bytes = before.clone();
            changed[..torn].iter().for_each(|index| bytes[*index] = after[*index]);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Slots::open(&path).unwrap().1, [(3, vec![1; 168])], "{torn}");
        }
    }
}
