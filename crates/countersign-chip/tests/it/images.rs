//! What a release says of an image, from the image alone.

use countersign_boot::image::ImageError;
use countersign_boot::{Chip, SecureVersion};
use countersign_chip::update::{ImageFault, ImageKind, Release};
use sha2::{Digest, Sha256};

const SECTOR: usize = 4096;

/// An image as the tools make it, with a signature whose digest is right; nobody here looks further.
fn image(chip: Chip, project: &str, version: &str) -> Vec<u8> {
    let mapped: u32 = if chip == Chip::Esp32C3 { 0x3c00_0020 } else { 0x4200_0020 };
    let code: u32 = if chip == Chip::Esp32C3 { 0x4038_0000 } else { 0x4080_0000 };
    let mut descriptor = vec![0; 256];
    descriptor[..4].copy_from_slice(&0xabcd_5432_u32.to_le_bytes());
    descriptor[4] = 3;
    descriptor[16..16 + version.len()].copy_from_slice(version.as_bytes());
    descriptor[48..48 + project.len()].copy_from_slice(project.as_bytes());
    let mut bytes = vec![0xe9, 2, 2, 0x2f];
    bytes.extend(code.to_le_bytes());
    bytes.extend([0xee, 0, 0, 0]);
    bytes.extend(chip.id().to_le_bytes());
    bytes.extend([0; 9]);
    bytes.push(1);
    let mut checksum = 0xef;
    for (address, data) in [(mapped, descriptor), (code, vec![0x13; 64])] {
        bytes.extend(address.to_le_bytes());
        bytes.extend((data.len() as u32).to_le_bytes());
        checksum ^= data.iter().fold(0, |sum, byte| sum ^ byte);
        bytes.extend(data);
    }
    bytes.resize(bytes.len() | 15, 0);
    bytes.push(checksum);
    bytes.extend(Sha256::digest(&bytes));
    bytes.resize(bytes.len().next_multiple_of(SECTOR), 0xff);
    let mut block = vec![0xe7, 2, 0, 0];
    block.extend(Sha256::digest(&bytes));
    block.resize(1196, 0x5a);
    let crc = crc(&block);
    block.extend(crc.to_le_bytes());
    block.resize(SECTOR, 0xff);
    bytes.extend(block);
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(bytes)
}

#[test]
fn a_release_says_what_the_image_says() {
    for (chip, project, kind) in [
        (Chip::Esp32C3, "countersign-slave", ImageKind::Slave),
        (Chip::Esp32C6, "countersign-master", ImageKind::Master),
        (Chip::Esp32C6, "countersign-radio", ImageKind::Radio),
    ] {
        let image = image(chip, project, "1.2.3");
        let release = Release::of_image(&image).unwrap();
        assert_eq!((release.kind, release.chip, release.version), (kind, chip, 0x01_02_03));
        assert_eq!(Some(release.secure_version), SecureVersion::new(3));
        assert_eq!(release.length as usize, image.len());
        assert_eq!(release.hash, <[u8; 32]>::from(Sha256::digest(&image)));
        assert_eq!(release.blocks, Release::blocks_of(&image));
    }
}

#[test]
fn what_a_device_would_not_start_or_not_take_is_not_released() {
    let good = image(Chip::Esp32C3, "countersign-slave", "1.2.3");
    let fault = |image: &[u8]| Release::of_image(image).unwrap_err();
    assert_eq!(fault(&[0; 9_000]), ImageFault::Shape(ImageError::Magic));
    assert_eq!(fault(&good[..300]), ImageFault::Shape(ImageError::Truncated));
    let longer = [&good[..], &[0xff; 4096]].concat();
    let (found, expected) = (longer.len(), good.len());
    assert_eq!(fault(&longer), ImageFault::Length { found, expected });
    let mut changed = good.clone();
    // The first byte of the padding.
    let at = good.len() - SECTOR - 1;
    changed[at] ^= 1;
    assert_eq!(fault(&changed), ImageFault::Unsigned);
    changed[at] ^= 1;
    changed[good.len() - SECTOR..].fill(0xff);
    assert_eq!(fault(&changed), ImageFault::Unsigned);
    assert_eq!(fault(&image(Chip::Esp32C3, "something-else", "1.2.3")), ImageFault::Project);
    for version in ["", "1", "1.2", "1.2.3.4", "1.2.256", "1.2.x", "v1.2.3", "1.2.-3"] {
        assert_eq!(fault(&image(Chip::Esp32C3, "countersign-slave", version)), ImageFault::Version);
    }
}
