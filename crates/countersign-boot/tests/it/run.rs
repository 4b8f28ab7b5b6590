//! Whole runs of the second stage over a flash in memory, with the signatures of a real library.

use crate::power::confirm;
use crate::world::*;
use countersign_boot::image::SignatureSector;
use countersign_boot::layout::{self, BOOT_STATE, FLASH};
use countersign_boot::slots::{ATTEMPTS_MAX, RECORD_LEN, Write};
use countersign_boot::start::WriteFailed;
use countersign_boot::*;
use std::sync::LazyLock;

/// A flash, the eFuses, and where power fails.
pub(crate) struct Device {
    pub(crate) flash: Vec<u8>,
    pub(crate) fuses: u16,
    /// After so many bytes erased or written nothing happens any more.
    pub(crate) power: Option<usize>,
    pub(crate) is_worn: bool,
}

/// Images of the secure versions 1, 2 and 3, signed once for all tests.
pub(crate) static IMAGES: LazyLock<[Vec<u8>; 3]> =
    LazyLock::new(|| [1, 2, 3].map(|version| Parts::new(Chip::Esp32C3, version).signed(&[&OURS])));

impl Device {
    /// As it leaves the factory.
    pub(crate) fn new() -> Self {
        let flash = vec![0xff; FLASH as usize];
        let mut device = Self { flash, fuses: 1, power: None, is_worn: false };
        device.put(Slot::Zero, &IMAGES[0]);
        device
    }

    pub(crate) fn put(&mut self, slot: Slot, image: &[u8]) {
        let at = layout::offset(slot) as usize;
        self.flash[at..at + layout::APP_SLOT_MAX as usize].fill(0xff);
        self.flash[at..at + image.len()].copy_from_slice(image);
    }

    pub(crate) fn slots(&self) -> Slots {
        let record = |at: u32| self.flash[at as usize..].first_chunk().unwrap();
        Slots::read(BOOT_STATE.map(record))
    }

    /// What an application does to the record.
    pub(crate) fn keep(&mut self, change: impl FnOnce(State) -> State) {
        let slots = self.slots();
        let write = slots.write(&change(*slots.state()));
        self.apply(&write);
    }

    /// One reset: the slot and the secure version of what starts.
    pub(crate) fn boot(&mut self) -> Result<(Slot, Standing, u8), Halt> {
        let flash = self.flash.clone();
        let mut board = Run { device: self, flash: &flash, rom: Rom::ours() };
        start(&mut board)
            .map(|choice| (choice.slot, choice.standing, choice.image.secure_version().get()))
    }

    pub(crate) fn update(&mut self, slot: Slot, image: &[u8]) {
        self.keep(|state| state.begin(slot.other()).unwrap());
        self.put(slot, image);
        self.keep(|state| state.ready(slot.other()).unwrap());
    }

    fn has_power(&mut self) -> bool {
        match &mut self.power {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    /// Erases and writes byte by byte, as long as there is power.
    pub(crate) fn apply(&mut self, write: &Write) {
        let at = BOOT_STATE[write.sector] as usize;
        for byte in at..at + RECORD_LEN {
            if self.has_power() {
                self.flash[byte] = 0xff;
            }
        }
        for (byte, value) in write.record.iter().enumerate() {
            if self.has_power() {
                self.flash[at + byte] &= value;
            }
        }
    }
}

struct Run<'a> {
    device: &'a mut Device,
    flash: &'a [u8],
    rom: Rom,
}

impl SignatureCheck for Run<'_> {
    fn sha256(&mut self, bytes: &[u8]) -> [u8; 32] {
        self.rom.sha256(bytes)
    }

    fn verify(&mut self, sector: &SignatureSector<'_>, digest: &[u8; 32]) -> Option<[u8; 32]> {
        self.rom.verify(sector, digest)
    }
}

impl<'a> Board<'a> for Run<'a> {
    fn chip(&self) -> Chip {
        Chip::Esp32C3
    }

    fn record(&mut self, sector: usize) -> [u8; RECORD_LEN] {
        *self.device.flash[BOOT_STATE[sector] as usize..].first_chunk().unwrap()
    }

    fn write(&mut self, write: &Write) -> Result<(), WriteFailed> {
        if self.device.is_worn {
            return Err(WriteFailed);
        }
        self.device.apply(write);
        let is_there = self.record(write.sector) == write.record;
        is_there.then_some(()).ok_or(WriteFailed)
    }

    fn slot(&mut self, slot: Slot) -> &'a [u8] {
        &self.flash[layout::offset(slot) as usize..][..layout::APP_SLOT_MAX as usize]
    }

    fn floor(&mut self) -> SecureVersion {
        SecureVersion::from_fuses(self.device.fuses)
    }

    fn raise_floor(&mut self, version: SecureVersion) {
        self.device.fuses |= version.fuses();
    }
}

#[test]
fn an_update_that_fails_rolls_back_and_burns_nothing() {
    let mut device = Device::new();
    assert_eq!(device.boot(), Ok((Slot::Zero, Standing::Trial, 1)));
    device.keep(confirm);
    device.update(Slot::One, &IMAGES[1]);
    for _ in 0..ATTEMPTS_MAX {
        assert_eq!(device.boot(), Ok((Slot::One, Standing::Trial, 2)));
    }
    assert_eq!(device.boot(), Ok((Slot::Zero, Standing::Confirmed, 1)));
    assert_eq!(device.fuses, 1);
}

#[test]
fn a_confirmed_update_rules_out_what_was_before_it() {
    let mut device = Device::new();
    device.boot().unwrap();
    device.keep(confirm);
    device.update(Slot::One, &IMAGES[1]);
    assert_eq!(device.boot(), Ok((Slot::One, Standing::Trial, 2)));
    assert_eq!(device.fuses, 1, "not yet: it may have to go back");
    device.keep(confirm);
    assert_eq!(device.boot(), Ok((Slot::One, Standing::Confirmed, 2)));
    assert_eq!(device.fuses, 0b11);
    // The older image is good in every other way. Nothing brings it back.
    device.put(Slot::One, &[]);
    let halt = device.boot().unwrap_err();
    let older = Refusal::Older {
        image: SecureVersion::new(1).unwrap(),
        floor: SecureVersion::new(2).unwrap(),
    };
    assert_eq!(halt.why, [older, Refusal::Image(ImageError::Magic)]);
}

#[test]
fn a_downgrade_by_update_is_refused() {
    let mut device = Device::new();
    device.fuses = 0b111;
    device.put(Slot::Zero, &IMAGES[2]);
    device.boot().unwrap();
    device.keep(confirm);
    device.update(Slot::One, &IMAGES[1]);
    assert_eq!(device.boot(), Ok((Slot::Zero, Standing::Confirmed, 3)));
    assert_eq!(device.slots().state().of(Slot::One), SlotState::Refused);
}

#[test]
fn a_lost_record_starts_what_is_signed() {
    let mut device = Device::new();
    device.boot().unwrap();
    device.keep(confirm);
    device.update(Slot::One, &IMAGES[1]);
    device.boot().unwrap();
    device.keep(confirm);
    device.boot().unwrap();
    for at in BOOT_STATE {
        device.flash[at as usize..at as usize + RECORD_LEN].fill(0);
    }
    // Slot 0 was ruled out by the eFuses.
    assert_eq!(device.boot(), Ok((Slot::One, Standing::Trial, 2)));
}

#[test]
fn a_flash_that_takes_no_record_starts_no_trial_but_the_confirmed_image() {
    let mut device = Device::new();
    device.boot().unwrap();
    device.keep(confirm);
    device.update(Slot::One, &IMAGES[1]);
    device.is_worn = true;
    for _ in 0..10 {
        assert_eq!(device.boot(), Ok((Slot::Zero, Standing::Confirmed, 1)));
    }
}

#[test]
fn a_new_device_whose_flash_takes_no_record_still_starts() {
    let mut device = Device::new();
    device.is_worn = true;
    assert_eq!(device.boot(), Ok((Slot::Zero, Standing::LastResort, 1)));
}

#[test]
fn nothing_starts_from_an_empty_flash() {
    let mut device = Device::new();
    device.put(Slot::Zero, &[]);
    let halt = device.boot().unwrap_err();
    assert_eq!(halt.why, [Refusal::Image(ImageError::Magic); 2]);
}
