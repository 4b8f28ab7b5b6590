//! The second stage's binary itself, both chips', on an emulated core. Only the ROM is not the chip's: chip.py has its functions.

use crate::power::confirm;
use crate::tools::{python, tool};
use crate::world::*;
use countersign_boot::layout::{self, BOOT_STATE, FLASH, SECOND_STAGE_MAX, SECTOR};
use countersign_boot::slots::{ATTEMPTS_MAX, RECORD_LEN};
use countersign_boot::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The images that the ROM loads, in a folder that ends with the tests.
static IMAGES: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    for (chip, target) in CHIPS.into_iter().zip(["riscv32imc", "riscv32imac"]) {
        let (name, target) = (chip.name(), format!("{target}-unknown-none-elf"));
        let status = Command::new(std::env::var_os("CARGO").unwrap())
            .current_dir(firmware())
            .args(["build", "--quiet", "--locked", "--release", "--package", "second-stage"])
            .args(["--features", name, "--target", &target, "--target-dir"])
            .arg(&target_dir)
            .status();
        assert!(status.unwrap().success());
        let elf = target_dir.join(target).join("release/second-stage");
        std::fs::copy(elf, folder.path().join(name)).unwrap();
        let options = "elf2image --flash-mode dio --flash-freq 80m --flash-size 4MB";
        tool(folder.path(), &format!("esptool --chip {name} {options} -o {name}.bin {name}"));
    }
    folder
});

fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../firmware")
}

/// A chip with its flash, which is kept from one reset to the next.
struct Device {
    chip: Chip,
    folder: tempfile::TempDir,
    fuses: u16,
    digests: Vec<[u8; 32]>,
}

/// What a reset came to.
#[derive(Debug, PartialEq, Eq)]
enum Reset {
    Started { entry: u32, slot: Slot },
    Halted { reasons: [u32; 2] },
}

impl Device {
    fn new(chip: Chip, image: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("flash"), vec![0xff; FLASH as usize]).unwrap();
        let device = Self { chip, folder, fuses: 1, digests: vec![OURS.fuses] };
        device.put(Slot::Zero, image);
        device
    }

    fn change(&self, change: impl FnOnce(&mut [u8])) {
        let file = self.folder.path().join("flash");
        let mut flash = std::fs::read(&file).unwrap();
        change(&mut flash);
        std::fs::write(file, flash).unwrap();
    }

    fn put(&self, slot: Slot, image: &[u8]) {
        let at = layout::offset(slot) as usize;
        self.change(|flash| flash[at..at + image.len()].copy_from_slice(image));
    }

    fn slots(&self) -> Slots {
        let flash = std::fs::read(self.folder.path().join("flash")).unwrap();
        Slots::read(BOOT_STATE.map(|at| flash[at as usize..].first_chunk::<RECORD_LEN>().unwrap()))
    }

    /// What an application does to the record.
    fn keep(&self, change: impl FnOnce(State) -> State) {
        let slots = self.slots();
        let write = slots.write(&change(*slots.state()));
        let at = BOOT_STATE[write.sector] as usize;
        self.change(|flash| flash[at..at + RECORD_LEN].copy_from_slice(&write.record));
    }

    /// Runs the binary until it jumps or waits for ever. What starts has to find its segments in their places.
    fn reset(&mut self, parts: &Parts) -> Reset {
        let (name, root) = (self.chip.name(), Path::new(env!("CARGO_MANIFEST_DIR")));
        let loaded = parts.segments.iter().filter(|(address, _)| *address != 0);
        let output = Command::new(python("unicorn"))
            .arg(root.join("tests/it/chip.py"))
            .arg(name)
            .arg(firmware().join(format!("second-stage/ld/{name}.x")))
            .arg(IMAGES.path().join(format!("{name}.bin")))
            .arg(self.folder.path().join("flash"))
            .arg(self.fuses.to_string())
            .args(self.digests.iter().map(hex))
            .arg("--")
            .args(loaded.clone().map(|(address, data)| format!("{address:x}:{}", data.len())))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let number = |before: &str| {
            let rest = text.lines().find_map(|line| line.strip_prefix(before));
            rest.and_then(|number| number.parse::<u32>().ok())
        };
        self.fuses = number("fuses ").unwrap() as u16;
        assert!(number("stack ").unwrap() < 4 * 1024, "of the ROM's 8 KiB: {text}");
        let reason = |slot: u32| number(&format!("slot {slot}: refused, reason "));
        if text.ends_with("halted\n") {
            return Reset::Halted { reasons: [reason(0).unwrap(), reason(1).unwrap()] };
        }
        for (address, data) in loaded {
            assert!(text.contains(&hex(&sha256(data))), "{address:#x} is not in its place: {text}");
        }
        let entry = text.lines().find_map(|line| line.strip_prefix("started 0x")).unwrap();
        let slot = Slot::BOTH[number("starting slot ").unwrap() as usize];
        // An application finds out from the table of pages where it runs.
        let pages: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("page ")).collect();
        assert!(!pages.is_empty(), "some of it is mapped: {text}");
        for page in pages {
            assert_eq!(Slot::of_page(page.parse().unwrap()), Some(slot), "{text}");
        }
        Reset::Started { entry: u32::from_str_radix(entry, 16).unwrap(), slot }
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_second_stage_fits_and_lies_where_the_rom_leaves_room() {
    for (chip, code, data) in
        [(Chip::Esp32C3, 0x403c_e710, 0x3fcd_5710), (Chip::Esp32C6, 0x4086_e610, 0x4087_5610)]
    {
        let image = std::fs::read(IMAGES.path().join(format!("{}.bin", chip.name()))).unwrap();
        assert!(image.len() <= 20 * 1024, "{} bytes", image.len());
        let with_signature = image.len().next_multiple_of(SECTOR as usize) + SECTOR as usize;
        assert!(with_signature <= SECOND_STAGE_MAX as usize);
        let word = |at: usize| u32::from_le_bytes(*image[at..].first_chunk().unwrap());
        assert_eq!((image[1], word(4)), (2, code), "two segments, entered at the first address");
        let second = 24 + 8 + word(28) as usize;
        let mut addresses = [word(24), word(second)];
        addresses.sort_unstable();
        let mut expected = [code, data];
        expected.sort_unstable();
        assert_eq!(addresses, expected);
        assert!(!chip.may_copy(code, 4) && !chip.may_copy(data, 4), "an image could overwrite it");
    }
}

#[test]
fn on_both_chips_the_binary_starts_a_signed_image_with_everything_in_place() {
    for chip in CHIPS {
        let parts = Parts::new(chip, 1);
        let mut device = Device::new(chip, &parts.signed(&[&OURS]));
        let started = Reset::Started { entry: parts.entry, slot: Slot::Zero };
        assert_eq!(device.reset(&parts), started);
        let state = *device.slots().state();
        assert_eq!(state.of(Slot::Zero), SlotState::Trying { attempts: 1 });
        device.keep(confirm);
        let before = device.slots();
        assert_eq!(device.reset(&parts), started);
        assert_eq!(device.slots(), before, "a confirmed image costs no writing");
    }
}

#[test]
fn on_both_chips_the_binary_refuses_unsigned_changed_and_foreign_images() {
    for chip in CHIPS {
        let parts = Parts::new(chip, 1);
        let mut changed = parts.signed(&[&OURS]);
        changed[400] ^= 1;
        // The same in another place, so that the checksum does not see it.
        changed[401] ^= 1;
        for (image, reason) in [
            (parts.unsigned(), 7),
            (changed, 8),
            (parts.signed(&[&OTHER]), 9),
            (Parts::new(chip, 0).signed(&[&OURS]), 6),
        ] {
            let mut device = Device::new(chip, &image);
            assert_eq!(device.reset(&parts), Reset::Halted { reasons: [reason, 1] });
            assert_eq!(device.fuses, 1);
        }
        let mut device = Device::new(chip, &parts.signed(&[&OURS]));
        device.digests.clear();
        assert_eq!(device.reset(&parts), Reset::Halted { reasons: [9, 1] });
    }
}

#[test]
fn the_binary_rolls_back_and_burns_only_what_was_confirmed() {
    let (chip, older) = (Chip::Esp32C3, Parts::new(Chip::Esp32C3, 1));
    let newer = Parts::new(chip, 2);
    let mut device = Device::new(chip, &older.signed(&[&OURS]));
    device.reset(&older);
    device.keep(|state| confirm(state).begin(Slot::Zero).unwrap());
    device.put(Slot::One, &newer.signed(&[&OURS]));
    device.keep(|state| state.ready(Slot::Zero).unwrap());
    for _ in 0..ATTEMPTS_MAX {
        let tried = Reset::Started { entry: newer.entry, slot: Slot::One };
        assert_eq!(device.reset(&newer), tried);
        assert_eq!(device.fuses, 1);
    }
    let back = Reset::Started { entry: older.entry, slot: Slot::Zero };
    assert_eq!(device.reset(&older), back);
    device.keep(|state| state.begin(Slot::Zero).unwrap().ready(Slot::Zero).unwrap());
    device.reset(&newer);
    device.keep(confirm);
    device.reset(&newer);
    assert_eq!(device.fuses, 0b11);
    device.change(|flash| flash[layout::offset(Slot::One) as usize] = 0);
    assert_eq!(device.reset(&older), Reset::Halted { reasons: [6, 1] });
}
