//! The flash of a slave's chip, and what its image does with a parcel. What is in the flash outlives the slave.

use countersign::evidence::{Stamp, seal};
use countersign::{Realm, RecordHeader, RecordId, Signer, SigningKey, Timestamp};
use countersign_boot::layout::APP_SLOTS;
use countersign_boot::{Chip, SecureVersion, Slot, SlotState};
use countersign_chip::flash::{STORE, Store};
use countersign_chip::update::{
    ImageKind, Places, Publisher, Release, Request, Running, Updater, boot_state,
};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::ops::Range;
use std::sync::{Arc, Mutex};

const BYTES: usize = 4 * 1024 * 1024;

/// Four megabytes.
#[derive(Clone)]
pub(super) struct Flash(Arc<Mutex<Vec<u8>>>);

/// What takes updates, from one start of the slave to the next.
pub(super) struct Updates {
    flash: Flash,
    store: Store,
    updater: Updater,
}

impl Flash {
    /// With a confirmed image of version 7 in slot 0.
    pub(super) fn new() -> Self {
        let mut flash = Self(Arc::new(Mutex::new(vec![0xff; BYTES])));
        boot_state::confirm(&mut flash, Slot::Zero).unwrap();
        flash
    }

    /// What the second stage would find in the slot that does not run, and that many of its bytes.
    pub(super) fn waiting(&self, len: usize) -> (SlotState, Vec<u8>) {
        let state = *boot_state::read(&mut self.clone()).unwrap().state();
        (state.of(Slot::One), self.bytes(APP_SLOTS[1], len))
    }

    fn bytes(&self, offset: u32, len: usize) -> Vec<u8> {
        self.0.lock().unwrap()[range(offset, len)].to_vec()
    }
}

fn range(offset: u32, len: usize) -> Range<usize> {
    offset as usize..offset as usize + len
}

impl ErrorType for Flash {
    type Error = Infallible;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.bytes(offset, bytes.len()));
        Ok(())
    }

    fn capacity(&self) -> usize {
        BYTES
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Infallible> {
        self.0.lock().unwrap()[range(from, (to - from) as usize)].fill(0xff);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Infallible> {
        let mut flash = self.0.lock().unwrap();
        for (cell, byte) in flash[range(offset, bytes.len())].iter_mut().zip(bytes) {
            assert_eq!(*cell, 0xff, "written twice without an erase");
            *cell = *byte;
        }
        Ok(())
    }
}

impl Updates {
    /// At a start of the slave.
    pub(super) fn open(flash: Flash) -> Self {
        let (mut app, mut data) = (flash.clone(), flash.clone());
        let mut store = Store::open(&mut data, STORE).unwrap();
        let mut places = Places { app: &mut app, data: &mut data, store: &mut store };
        let publisher = Publisher { realm: realm(), key: key().verifying_key().clone() };
        let running = Running {
            kind: ImageKind::Slave,
            chip: Chip::Esp32C3,
            slot: Slot::Zero,
            version: 7,
            secure_version: SecureVersion::ZERO,
        };
        let updater = Updater::open(publisher, running, &mut places).unwrap();
        Self { flash, store, updater }
    }

    /// What the shell says to a parcel.
    pub(super) fn answer(&mut self, parcel: &[u8]) -> Vec<u8> {
        let (mut app, mut data) = (self.flash.clone(), self.flash.clone());
        let mut places = Places { app: &mut app, data: &mut data, store: &mut self.store };
        let request = Request::decode(parcel).unwrap();
        request.answer(Some(&mut self.updater), &mut places).unwrap().encode()
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[0x4e; 32])
}

fn realm() -> Realm {
    Realm::new("countersign", "firmware").unwrap()
}

/// A signed release of this image.
pub(super) fn release(image: &[u8]) -> Vec<u8> {
    let release = Release {
        kind: ImageKind::Slave,
        chip: Chip::Esp32C3,
        version: 8,
        secure_version: SecureVersion::ZERO,
        length: image.len() as u32,
        hash: Sha256::digest(image).into(),
        blocks: Release::blocks_of(image),
    };
    let created = Timestamp::from_millis(1_790_000_000_000);
    let stamp = Stamp { id: RecordId::from_bytes([8; 16]), created, previous: RecordHeader::FIRST };
    seal(&realm(), &key(), stamp, &release).unwrap()
}
