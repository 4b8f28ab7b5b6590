//! Images made by esptool and signed by espsecure, as the factory makes them.

use crate::world::*;
use countersign_boot::image::{Copy, Mapping};
use countersign_boot::layout::SECTOR;
use countersign_boot::*;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Where esptool puts the program's hash into the descriptor.
const BY_ESPTOOL: Range<usize> = 144..176;

/// The Python that has a package. `cargo xtask setup` has installed it.
pub(crate) fn python(package: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(format!("../../target/tools/{package}/bin/python"));
    assert!(python.exists(), "{package} is missing; `cargo xtask setup` installs it");
    python
}

/// Runs one of esptool's programs in a folder.
pub(crate) fn tool(folder: &Path, line: &str) {
    let mut words = line.split_whitespace();
    let output = Command::new(python("esptool"))
        .current_dir(folder)
        .args(["-m", words.next().unwrap()])
        .args(words)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{line}: {text}{}", String::from_utf8_lossy(&output.stderr));
}

/// What the tools have made: keys, and for each chip an image that is padded, and one that is signed.
struct Factory {
    folder: tempfile::TempDir,
}

static FACTORY: LazyLock<Factory> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for key in ["ours", "other"] {
        tool(at, &format!("espsecure generate-signing-key --version 2 --scheme rsa3072 {key}.pem"));
        tool(
            at,
            &format!("espsecure digest-sbv2-public-key --keyfile {key}.pem --output {key}.digest"),
        );
    }
    tool(at, "espsecure digest-sbv2-public-key --keyfile ours.pem --output ours.digest");
    for chip in CHIPS {
        let name = chip.name();
        std::fs::write(at.join(format!("{name}.elf")), elf(chip)).unwrap();
        tool(
            at,
            &format!(
                "esptool --chip {name} elf2image --flash-mode dio --flash-freq 80m --flash-size 4MB \
                 --secure-pad-v2 -o {name}.padded {name}.elf"
            ),
        );
        sign(at, "ours", name);
    }
    sign(at, "other", Chip::Esp32C3.name());
    tool(
        at,
        "espsecure sign-data --version 2 --append-signatures --keyfile ours.pem \
         -o esp32c3.both esp32c3.other",
    );
    Factory { folder }
});

fn sign(at: &Path, key: &str, name: &str) {
    let line = "espsecure sign-data --version 2 --keyfile";
    tool(at, &format!("{line} {key}.pem -o {name}.{key} {name}.padded"));
}

impl Factory {
    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }

    fn rom(&self) -> Rom {
        Rom { trusted: vec![self.file("ours.digest").try_into().unwrap()] }
    }
}

/// The parts of a program, by section: data in flash with the descriptor in front, code in flash, data and code in RAM.
fn sections(chip: Chip) -> [(&'static str, u32, Vec<u8>); 4] {
    let [data, code, ram_data, ram] = addresses(chip);
    let mut first = descriptor(5, "2.1.0");
    first.extend((0..5000_u32).map(|byte| byte as u8));
    [
        (".flash.appdesc", data, first),
        (".text", code + 0x20, (0..20_000_u32).map(|byte| (byte >> 3) as u8).collect()),
        (".data", ram_data, vec![3; 400]),
        (".rwtext", ram, vec![4; 1200]),
    ]
}

/// A program with headers of sections, which is all that esptool looks at.
fn elf(chip: Chip) -> Vec<u8> {
    let mut names = b"\0.shstrtab\0".to_vec();
    let mut headers = vec![[0_u32; 10]];
    let mut body = Vec::new();
    for (name, address, data) in sections(chip) {
        let (flags, at) = (6, 52 + body.len() as u32);
        headers.push([names.len() as u32, 1, flags, address, at, data.len() as u32, 0, 0, 4, 0]);
        names.extend(name.as_bytes());
        names.push(0);
        body.extend(data);
    }
    let at = 52 + body.len() as u32;
    headers.push([1, 3, 0, 0, at, names.len() as u32, 0, 0, 1, 0]);
    body.extend(names);
    body.resize(body.len().next_multiple_of(4), 0);
    let [_, code, _, _] = addresses(chip);
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend([2, 0, 0xf3, 0, 1, 0, 0, 0]);
    for word in [code + 0x20, 0, 52 + body.len() as u32, 0] {
        bytes.extend(word.to_le_bytes());
    }
    for half in [52, 32, 0, 40, headers.len() as u16, headers.len() as u16 - 1] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(body);
    bytes.extend(headers.iter().flatten().flat_map(|word| word.to_le_bytes()));
    bytes
}

#[test]
fn an_image_of_the_real_tools_starts() {
    for chip in CHIPS {
        let image = FACTORY.file(&format!("{}.ours", chip.name()));
        let slot = in_slot(&image);
        let verified = verify(&slot, chip, &mut FACTORY.rom()).unwrap();
        let [first, text, data, rwtext] = sections(chip);
        let mut copies: Vec<Copy<'_>> = verified.copies().collect();
        copies.sort_by_key(|copy| copy.to);
        let mut expected =
            [Copy { to: data.1, bytes: &data.2 }, Copy { to: rwtext.1, bytes: &rwtext.2 }];
        expected.sort_by_key(|copy| copy.to);
        assert_eq!(copies, expected);
        // What is mapped shows the program at the addresses for which it was linked.
        let mappings: Vec<Mapping> = verified.mappings().collect();
        for (_, address, bytes) in [first, text] {
            let mapping = mappings.iter().find(|mapping| mapping.to == address & !0xffff).unwrap();
            let at = (mapping.from + (address - mapping.to)) as usize;
            let shown = &slot[at..at + bytes.len()];
            let is_same = |(place, same): (usize, bool)| same || BY_ESPTOOL.contains(&place);
            let same = shown.iter().zip(&bytes).map(|(one, other)| one == other);
            assert!(same.enumerate().all(is_same), "{address:#x}");
            assert_eq!(mapping.pages, 1);
        }
        assert_eq!(mappings.len(), 2);
        assert_eq!((verified.secure_version().get(), verified.version()), (5, &b"2.1.0"[..]));
        assert_eq!(verified.len(), image.len());
    }
}

#[test]
fn what_the_real_tools_did_not_sign_or_another_key_did_is_refused() {
    for chip in CHIPS {
        let name = chip.name();
        let refusal = |file: &str| {
            let slot = in_slot(&FACTORY.file(&format!("{name}.{file}")));
            verify(&slot, chip, &mut FACTORY.rom()).err()
        };
        assert_eq!(refusal("padded"), Some(Refusal::Unsigned));
        let other_chip = CHIPS.into_iter().find(|other| *other != chip).unwrap();
        let slot = in_slot(&FACTORY.file(&format!("{name}.ours")));
        let refusal = verify(&slot, other_chip, &mut FACTORY.rom()).err();
        assert_eq!(refusal, Some(Refusal::Image(ImageError::OtherChip)));
    }
    let other = in_slot(&FACTORY.file("esp32c3.other"));
    let refusal = verify(&other, Chip::Esp32C3, &mut FACTORY.rom()).err();
    assert_eq!(refusal, Some(Refusal::NotOurs));
    let both = in_slot(&FACTORY.file("esp32c3.both"));
    assert!(verify(&both, Chip::Esp32C3, &mut FACTORY.rom()).is_ok());
}

#[test]
fn no_changed_bit_of_an_image_of_the_real_tools_starts() {
    let image = FACTORY.file("esp32c6.ours");
    let mut slot = in_slot(&image);
    let end = image.len() - SECTOR as usize + 1200;
    let mut rng = Rng(5);
    let head = (0..32).flat_map(|byte| (0..8).map(move |bit| (byte, bit)));
    let anywhere: Vec<(usize, usize)> = (0..500).map(|_| (rng.below(end), rng.below(8))).collect();
    for (byte, bit) in head.chain(anywhere) {
        slot[byte] ^= 1 << bit;
        let verdict = verify(&slot, Chip::Esp32C6, &mut FACTORY.rom());
        assert!(verdict.is_err(), "bit {bit} of byte {byte}");
        slot[byte] ^= 1 << bit;
    }
}
