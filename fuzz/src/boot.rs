//! Targets of the second stage: what lies in flash.

use countersign_boot::image::{BLOCK_LEN, SignatureSector};
use countersign_boot::layout::{APP_SLOT_MAX, PAGE, SECTOR};
use countersign_boot::slots::{ATTEMPTS_MAX, RECORD_LEN};
use countersign_boot::*;

/// Takes every signature for a good one, so that what comes after it is reached.
struct Gullible;

const DIGEST: [u8; 32] = [0xa5; 32];

impl SignatureCheck for Gullible {
    fn sha256(&mut self, _: &[u8]) -> [u8; 32] {
        DIGEST
    }

    fn verify(&mut self, _: &SignatureSector<'_>, digest: &[u8; 32]) -> Option<[u8; 32]> {
        Some(*digest)
    }
}

/// One byte says which chip, the rest is a slot. Whatever starts stays within the slot and within the memory for images, and no
/// byte of memory is wanted twice.
pub fn boot_image(data: &[u8]) {
    let Some((chip, slot)) = data.split_first() else { return };
    let chip = if chip & 1 == 0 { Chip::Esp32C3 } else { Chip::Esp32C6 };
    let Ok(image) = Unverified::parse(slot, chip) else { return };
    let Ok(image) = image.verify(&mut Gullible, SecureVersion::ZERO) else { return };
    assert!(image.len() <= slot.len() && image.len() <= APP_SLOT_MAX as usize);
    let within = slot.as_ptr_range();
    let mut taken: Vec<(u32, u32)> = Vec::new();
    for copy in image.copies() {
        let len = copy.bytes.len() as u32;
        assert!(chip.may_copy(copy.to, len) && copy.to.is_multiple_of(4) && len.is_multiple_of(4));
        let from = copy.bytes.as_ptr_range();
        assert!(within.start <= from.start && from.end <= within.end);
        // The C3 has its RAM twice.
        let first = if copy.to >> 20 == 0x403 { copy.to - 0x70_0000 } else { copy.to };
        assert!(taken.iter().all(|(start, end)| first + len <= *start || *end <= first));
        taken.push((first, first + len));
    }
    let mut table = [None; 256];
    for mapping in image.mappings() {
        assert!(mapping.from.is_multiple_of(PAGE) && mapping.to.is_multiple_of(PAGE));
        assert!((1..=25).contains(&mapping.pages));
        assert!(chip.may_map(mapping.to, mapping.pages * PAGE));
        for page in 0..mapping.pages {
            let from = mapping.from + page * PAGE;
            assert!((from as usize) < slot.len());
            let entry = &mut table[((mapping.to / PAGE + page) & 0x7f) as usize];
            assert!(entry.is_none_or(|other| other == from));
            *entry = Some(from);
        }
    }
    assert!(chip.may_copy(image.entry(), 2) || chip.may_map(image.entry(), 2));
    assert!(image.version().len() <= 32);
}

/// Two records, then what happens to the device. A state lasts, an image that nobody confirmed starts only so often, and what
/// starts was examined.
pub fn boot_slots(data: &[u8]) {
    let Some((zero, rest)) = data.split_first_chunk::<RECORD_LEN>() else { return };
    let Some((one, events)) = rest.split_first_chunk::<RECORD_LEN>() else { return };
    let mut sectors = [*zero, *one];
    let mut trials = 0;
    for event in events {
        let slots = Slots::read([&sectors[0], &sectors[1]]);
        let state = *slots.state();
        let next = match event & 7 {
            0 => state.confirm(state.running()).unwrap_or(state),
            1 => state.begin(state.running()).unwrap_or(state),
            2 => state.ready(state.running()).unwrap_or(state),
            _ => {
                let is_good = |slot: Slot| (event >> (3 + slot.index())) & 1 == 0;
                let examined = |slot| if is_good(slot) { Ok(slot) } else { Err(Refusal::Changed) };
                match choose(&state, examined) {
                    Ok(choice) => {
                        assert!(choice.image == choice.slot && is_good(choice.slot));
                        let is_trial = choice.standing == Standing::Trial;
                        trials = if is_trial { trials + 1 } else { 0 };
                        // Both slots of a device without a record, one after the other.
                        assert!(trials <= 2 * ATTEMPTS_MAX);
                        assert!(!is_trial || choice.write.is_some());
                        choice.write.unwrap_or(state)
                    }
                    Err(halt) => {
                        assert!(!is_good(Slot::Zero) && !is_good(Slot::One));
                        halt.write.unwrap_or(state)
                    }
                }
            }
        };
        if event & 7 < 3 {
            trials = 0;
        }
        let write = slots.write(&next);
        sectors[write.sector] = write.record;
        assert_eq!(*Slots::read([&sectors[0], &sectors[1]]).state(), next);
    }
}

/// Good inputs of a target, to begin with.
pub fn good(target: &str) -> Vec<Vec<u8>> {
    match target {
        "boot_image" => vec![
            image(0, [0x3c00_0020, 0x4201_0000, 0x3fc8_8000, 0x4038_0000]),
            image(1, [0x4200_0020, 0x4201_0000, 0x4080_8000, 0x4080_0000]),
        ],
        _ => {
            let fresh = [0xff; RECORD_LEN];
            let record = |state: &State| Slots::read([&fresh, &fresh]).write(state).record;
            let confirmed = State::FRESH.confirm(Slot::Zero).unwrap();
            let updated = confirmed.begin(Slot::Zero).unwrap().ready(Slot::Zero).unwrap();
            vec![
                [&fresh, &fresh, &[3, 0, 1, 2, 3, 3, 3, 3, 3][..]].concat(),
                [&record(&confirmed), &fresh, &[1, 2, 3, 0, 3][..]].concat(),
                [&fresh, &record(&updated), &[19, 11, 27, 3, 0][..]].concat(),
            ]
        }
    }
}

/// Mapped data with the descriptor, mapped code, data and code in RAM, all in one sector; then a block of a signature.
fn image(chip: u8, addresses: [u32; 4]) -> Vec<u8> {
    let mut descriptor = vec![0; 256];
    descriptor[..4].copy_from_slice(&0xabcd_5432_u32.to_le_bytes());
    descriptor[4] = 1;
    descriptor[16..21].copy_from_slice(b"1.0.0");
    descriptor[180] = 16;
    let parts = [descriptor, vec![1; 64], vec![2; 32], vec![3; 32]];
    let mut bytes = vec![0xe9, 4, 2, 0x2f, 0, 0, 0, 0, 0xee, 0, 0, 0, 5 + 8 * chip, 0];
    bytes.resize(23, 0);
    bytes.push(1);
    let mut checksum = 0xef;
    for (index, (mut address, data)) in addresses.into_iter().zip(parts).enumerate() {
        if index == 1 {
            // Code lies where it does in the page, which only the place in the image decides.
            address += bytes.len() as u32 + 8;
            bytes[4..8].copy_from_slice(&address.to_le_bytes());
        }
        bytes.extend(address.to_le_bytes());
        bytes.extend((data.len() as u32).to_le_bytes());
        checksum ^= data.iter().fold(0, |sum, byte| sum ^ byte);
        bytes.extend(data);
    }
    bytes.resize(bytes.len() | 15, 0);
    bytes.push(checksum);
    bytes.resize(SECTOR as usize, 0xff);
    let mut block = vec![0xe7, 2, 0, 0];
    block.extend(DIGEST);
    block.resize(BLOCK_LEN - 20, 7);
    block.extend(crc32(&block).to_le_bytes());
    bytes.extend(block);
    bytes.resize(2 * SECTOR as usize, 0xff);
    bytes.insert(0, chip);
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, byte)
}
