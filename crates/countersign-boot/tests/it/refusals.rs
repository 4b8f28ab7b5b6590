//! Images that must not start, each with the reason.

use crate::world::*;
use countersign_boot::image::{BLOCK_LEN, Copy, KEY_LEN, MODULUS_LEN, Mapping};
use countersign_boot::layout::SECTOR;
use countersign_boot::*;

/// At the end of a block; nothing covers them.
const RESERVED: usize = 16;

fn refusal(slot: &[u8], chip: Chip) -> Refusal {
    verify(slot, chip, &mut Rom::ours()).err().unwrap()
}

/// What is wrong with the shape of an image whose signature is good.
fn shape(change: impl FnOnce(&mut Parts)) -> ImageError {
    let mut parts = Parts::new(Chip::Esp32C3, 1);
    change(&mut parts);
    match refusal(&in_slot(&parts.signed(&[&OURS])), Chip::Esp32C3) {
        Refusal::Image(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn a_signed_image_yields_its_segments() {
    for chip in CHIPS {
        let parts = Parts::new(chip, 3);
        let slot = in_slot(&parts.signed(&[&OURS]));
        let image = verify(&slot, chip, &mut Rom::ours()).unwrap();
        let [data, code, _, ram] = addresses(chip);
        let copies: Vec<Copy<'_>> = image.copies().collect();
        assert_eq!(copies, [Copy { to: ram, bytes: &parts.segments[1].1 }]);
        let mappings: Vec<Mapping> = image.mappings().collect();
        let expected = [
            Mapping { to: data - 0x20, from: 0, pages: 1 },
            Mapping { to: code, from: 0x1_0000, pages: 1 },
        ];
        assert_eq!(mappings, expected);
        assert_eq!(image.entry(), code + 4);
        assert_eq!((image.secure_version().get(), image.version()), (3, &b"1.0.0"[..]));
        assert_eq!(image.len(), parts.signed(&[&OURS]).len());
    }
}

#[test]
fn an_image_that_nobody_signed_is_refused() {
    let parts = Parts::new(Chip::Esp32C6, 1);
    assert_eq!(refusal(&in_slot(&parts.unsigned()), Chip::Esp32C6), Refusal::Unsigned);
    assert_eq!(refusal(&in_slot(&parts.signed(&[])), Chip::Esp32C6), Refusal::Unsigned);
}

#[test]
fn an_image_signed_by_another_key_is_refused() {
    let slot = in_slot(&Parts::new(Chip::Esp32C3, 1).signed(&[&OTHER]));
    assert_eq!(refusal(&slot, Chip::Esp32C3), Refusal::NotOurs);
}

#[test]
fn one_of_several_signatures_is_enough() {
    let parts = Parts::new(Chip::Esp32C3, 1);
    for keys in [[&*OTHER, &*OURS], [&*OURS, &*OTHER]] {
        let slot = in_slot(&parts.signed(&keys));
        assert!(verify(&slot, Chip::Esp32C3, &mut Rom::ours()).is_ok());
    }
}

#[test]
fn a_device_that_trusts_no_key_starts_nothing() {
    let slot = in_slot(&Parts::new(Chip::Esp32C3, 1).signed(&[&OURS]));
    let mut rom = Rom { trusted: Vec::new() };
    assert_eq!(verify(&slot, Chip::Esp32C3, &mut rom).err(), Some(Refusal::NotOurs));
}

#[test]
fn the_signature_of_another_image_is_refused() {
    let older = Parts::new(Chip::Esp32C3, 1).signed(&[&OURS]);
    let mut newer = Parts::new(Chip::Esp32C3, 2).signed(&[&OURS]);
    let at = newer.len() - SECTOR as usize;
    newer[at..].copy_from_slice(&older[at..]);
    assert_eq!(refusal(&in_slot(&newer), Chip::Esp32C3), Refusal::Changed);
}

#[test]
fn a_block_that_claims_the_right_digest_is_not_a_signature() {
    let parts = Parts::new(Chip::Esp32C3, 1);
    let mut bytes = parts.unsigned();
    let digest = sha256(&bytes);
    bytes.extend(block(digest, &[7; KEY_LEN], &[9; MODULUS_LEN]));
    let trusting = &mut Rom { trusted: vec![sha256(&[7; KEY_LEN])] };
    assert_eq!(verify(&in_slot(&bytes), Chip::Esp32C3, trusting).err(), Some(Refusal::NotOurs));
}

#[test]
fn a_rom_that_answers_for_other_bytes_is_not_believed() {
    struct Confused(Rom);
    impl SignatureCheck for Confused {
        fn sha256(&mut self, bytes: &[u8]) -> [u8; 32] {
            self.0.sha256(bytes)
        }
        fn verify(&mut self, _: &image::SignatureSector<'_>, _: &[u8; 32]) -> Option<[u8; 32]> {
            Some([0; 32])
        }
    }
    let slot = in_slot(&Parts::new(Chip::Esp32C3, 1).signed(&[&OURS]));
    let image = Unverified::parse(&slot, Chip::Esp32C3).unwrap();
    let refusal = image.verify(&mut Confused(Rom::ours()), SecureVersion::ZERO).err();
    assert_eq!(refusal, Some(Refusal::NotOurs));
}

/// Every bit of the header and of the first segment's, of every byte of the descriptor, and bits from anywhere: nothing that the signature
/// covers may change, and what it does not cover changes nothing.
#[test]
fn a_changed_bit_is_refused_wherever_it_is() {
    let parts = Parts::new(Chip::Esp32C3, 1);
    let mut slot = in_slot(&parts.signed(&[&OURS]));
    let signed = parts.unsigned().len();
    let block = signed + 1200;
    let mut rng = Rng(1);
    let head = (0..24 + 8 + 256).flat_map(|byte| (0..8).map(move |bit| (byte, bit)));
    let anywhere: Vec<(usize, u32)> =
        (0..600).map(|_| (rng.below(block), rng.below(8) as u32)).collect();
    let in_block: Vec<(usize, u32)> =
        (0..200).map(|_| (signed + rng.below(1200), rng.below(8) as u32)).collect();
    for (byte, bit) in head.chain(anywhere).chain(in_block) {
        slot[byte] ^= 1 << bit;
        assert!(verify(&slot, Chip::Esp32C3, &mut Rom::ours()).is_err(), "bit {bit} of {byte}");
        slot[byte] ^= 1 << bit;
    }
    slot[block] ^= 1;
    assert!(verify(&slot, Chip::Esp32C3, &mut Rom::ours()).is_ok(), "a reserved byte");
}

#[test]
fn an_image_cut_off_anywhere_is_refused() {
    let image = Parts::new(Chip::Esp32C6, 1).signed(&[&OURS]);
    let mut rng = Rng(2);
    let early = 0..400;
    let late = image.len() - SECTOR as usize - 200..image.len() - SECTOR as usize + 1300;
    let anywhere: Vec<usize> = (0..400).map(|_| rng.below(image.len())).collect();
    for len in early.chain(late.step_by(7)).chain(anywhere) {
        let cut = Unverified::parse(&image[..len], Chip::Esp32C6);
        assert_eq!(cut.err(), Some(ImageError::Truncated), "{len} bytes");
        // In flash, what is missing reads as ones, as it does at the end of the sector of signatures.
        let is_whole = len >= image.len() - SECTOR as usize + BLOCK_LEN - RESERVED;
        let slot = in_slot(&image[..len]);
        assert_eq!(verify(&slot, Chip::Esp32C6, &mut Rom::ours()).is_ok(), is_whole, "{len} bytes");
    }
}

#[test]
fn an_older_secure_version_is_refused() {
    let slot = in_slot(&Parts::new(Chip::Esp32C3, 2).signed(&[&OURS]));
    for (floor, is_fine) in [(0, true), (2, true), (3, false), (16, false)] {
        let floor = SecureVersion::new(floor).unwrap();
        let image = Unverified::parse(&slot, Chip::Esp32C3).unwrap();
        let version = image.secure_version();
        match image.verify(&mut Rom::ours(), floor) {
            Ok(_) => assert!(is_fine),
            Err(refusal) => {
                assert!(!is_fine);
                assert_eq!(refusal, Refusal::Older { image: version, floor });
            }
        }
    }
}

#[test]
fn a_secure_version_that_no_fuse_can_say_is_refused() {
    for version in [17, 256, 257, u32::MAX] {
        let error = shape(|parts| *parts = Parts::new(Chip::Esp32C3, version));
        assert_eq!(error, ImageError::Descriptor);
    }
}

#[test]
fn an_erased_slot_is_no_image() {
    assert_eq!(refusal(&in_slot(&[]), Chip::Esp32C3), Refusal::Image(ImageError::Magic));
    assert_eq!(refusal(&[], Chip::Esp32C3), Refusal::Image(ImageError::Truncated));
}

#[test]
fn an_image_for_another_chip_is_refused() {
    let slot = in_slot(&Parts::new(Chip::Esp32C6, 1).signed(&[&OURS]));
    assert_eq!(refusal(&slot, Chip::Esp32C3), Refusal::Image(ImageError::OtherChip));
    assert_eq!(shape(|parts| parts.chip_id = 0xffff), ImageError::OtherChip);
}

#[test]
fn huge_counts_and_lengths_are_refused() {
    assert_eq!(shape(|parts| parts.count = Some(0)), ImageError::SegmentCount);
    for count in [17, 128, 255] {
        assert_eq!(shape(|parts| parts.count = Some(count)), ImageError::SegmentCount);
    }
    let image = Parts::new(Chip::Esp32C3, 1).signed(&[&OURS]);
    for len in [0x19_0000, 0x7fff_fffc, 0x8000_0000, 0xffff_fff0, u32::MAX] {
        let mut slot = in_slot(&image);
        slot[28..32].copy_from_slice(&u32::to_le_bytes(len));
        assert_eq!(refusal(&slot, Chip::Esp32C3), Refusal::Image(ImageError::Truncated));
    }
    // More or fewer segments than were signed.
    for count in (0..=u8::MAX).filter(|count| *count != 4) {
        let mut slot = in_slot(&image);
        slot[1] = count;
        assert!(verify(&slot, Chip::Esp32C3, &mut Rom::ours()).is_err(), "{count}");
    }
}

#[test]
fn an_image_without_a_hash_or_with_a_wrong_checksum_is_refused() {
    assert_eq!(shape(|parts| parts.hash = 0), ImageError::NoHash);
    assert_eq!(shape(|parts| parts.hash = 2), ImageError::NoHash);
    let mut slot = in_slot(&Parts::new(Chip::Esp32C3, 1).signed(&[&OURS]));
    slot[24 + 8 + 256] ^= 1;
    assert_eq!(refusal(&slot, Chip::Esp32C3), Refusal::Image(ImageError::Checksum));
}

#[test]
fn a_segment_outside_of_the_memory_for_images_is_refused() {
    for address in [
        0x1000_0000, // below everything
        0x3fc7_fffc, // just before the RAM
        0x3fcc_e700, // into the second stage's data
        0x4037_c000, // the cache
        0x403c_e700, // into the second stage's code
        0x3fcd_e710, // what the ROM keeps
        0x3fce_0000, // beyond
        0x4000_0000, // the ROM
        0x6000_8000, // registers
        0x5000_1fc0, // across the end of the RTC's
        0xffff_fff0, // around the end
    ] {
        assert_eq!(
            shape(|parts| parts.segments[1].0 = address),
            ImageError::Window,
            "{address:#x}"
        );
    }
    for address in [0x3c7f_0000 + 0x1_0000, 0x427f_0000 + 0x1_0000, 0x4400_0000] {
        assert_eq!(
            shape(|parts| parts.segments[3].0 = address),
            ImageError::Window,
            "{address:#x}"
        );
    }
    assert_eq!(shape(|parts| parts.segments[1].1.clear()), ImageError::Window);
}

#[test]
fn segments_that_meet_are_refused() {
    let [_, _, data, code] = addresses(Chip::Esp32C3);
    let both = |first: u32, second: u32| {
        move |parts: &mut Parts| {
            parts.segments[1].0 = first;
            parts.segments.push((second, vec![0; 16]));
        }
    };
    assert_eq!(shape(both(data, data)), ImageError::Overlap);
    assert_eq!(shape(both(data, data + 124)), ImageError::Overlap);
    // The same cells by their other address.
    assert_eq!(shape(both(code, data - 0x8000)), ImageError::Overlap);
    assert_eq!(shape(both(code, data - 0x8000 + 124)), ImageError::Overlap);
}

#[test]
fn one_entry_of_the_table_cannot_show_two_pages() {
    // Both windows of the C3 share the table: code at the same page number as data.
    let error = shape(|parts| {
        parts.segments[3].0 = 0x4200_0000;
        parts.entry = 0x4200_0004;
    });
    assert_eq!(error, ImageError::Overlap);
}

#[test]
fn a_mapped_segment_keeps_its_place_in_the_page() {
    assert_eq!(shape(|parts| parts.segments[0].0 += 4), ImageError::Page);
    assert_eq!(shape(|parts| parts.segments[3].0 += 0x8000), ImageError::Page);
}

#[test]
fn a_segment_at_an_odd_address_or_of_odd_length_is_refused() {
    for step in [1, 2, 3] {
        assert_eq!(shape(|parts| parts.segments[1].0 += step), ImageError::Unaligned);
        assert_eq!(
            shape(|parts| parts.segments[1].1.truncate(128 - step as usize)),
            ImageError::Unaligned
        );
    }
}

#[test]
fn the_entry_is_code_of_the_image() {
    let [data, code, ram_data, ram] = addresses(Chip::Esp32C3);
    let beyond = code + 4096;
    for entry in [0, data, ram_data, ram + 128, beyond, code + 1, 0x4000_0000, u32::MAX] {
        assert_eq!(shape(|parts| parts.entry = entry), ImageError::Entry, "{entry:#x}");
    }
    let mut parts = Parts::new(Chip::Esp32C3, 1);
    parts.entry = ram + 126;
    assert!(verify(&in_slot(&parts.signed(&[&OURS])), Chip::Esp32C3, &mut Rom::ours()).is_ok());
}

#[test]
fn an_image_without_a_descriptor_in_front_is_refused() {
    let wrong = |at: usize| move |parts: &mut Parts| parts.segments[0].1[at] ^= 1;
    assert_eq!(shape(wrong(0)), ImageError::Descriptor);
    // Pages of 128 KiB.
    assert_eq!(shape(wrong(180)), ImageError::Descriptor);
    assert_eq!(shape(|parts| parts.segments[0].1.truncate(252)), ImageError::Page);
    let error = shape(|parts| {
        parts.segments.remove(0);
        parts.segments.truncate(1);
        parts.entry = parts.segments[0].0;
    });
    assert_eq!(error, ImageError::Descriptor);
}

#[test]
fn an_image_and_its_signatures_fit_in_a_slot() {
    let mut parts = Parts::new(Chip::Esp32C6, 1);
    parts.segments[3].1 = vec![5; 0x17_f000 - 0x1_0000];
    parts.segments.truncate(4);
    let fits = parts.signed(&[&OURS]);
    assert!(verify(&fits, Chip::Esp32C6, &mut Rom::ours()).is_ok());
    parts.segments[3].1 = vec![5; 0x19_0000 - 0x1_0000 - 0x1000];
    let mut too_long = parts.signed(&[&OURS]);
    assert!(too_long.len() > layout::APP_SLOT_MAX as usize);
    assert_eq!(refusal(&too_long, Chip::Esp32C6), Refusal::Image(ImageError::Truncated));
    too_long.truncate(layout::APP_SLOT_MAX as usize);
    assert_eq!(refusal(&too_long, Chip::Esp32C6), Refusal::Image(ImageError::Truncated));
}
