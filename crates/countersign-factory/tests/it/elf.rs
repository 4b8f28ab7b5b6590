//! The smallest programs that the tools take for those of a chip.

use countersign_factory::line::Chip;

/// An application: a descriptor and data in mapped flash, a word of code. `fill` makes it another program.
pub(crate) fn app(chip: Chip, version: &str, secure_version: u32, fill: u8) -> Vec<u8> {
    app_of(chip, (version, secure_version, fill), 3000)
}

/// The same with so much data in flash.
pub(crate) fn app_of(chip: Chip, app: (&str, u32, u8), len: usize) -> Vec<u8> {
    program_of(chip, "trial", app, len)
}

/// The same of another project.
pub(crate) fn program_of(
    chip: Chip,
    project: &str,
    (version, secure_version, fill): (&str, u32, u8),
    len: usize,
) -> Vec<u8> {
    let mut descriptor = vec![0; 256];
    descriptor[..4].copy_from_slice(&0xabcd_5432_u32.to_le_bytes());
    descriptor[4..8].copy_from_slice(&secure_version.to_le_bytes());
    descriptor[16..16 + version.len()].copy_from_slice(version.as_bytes());
    descriptor[48..48 + project.len()].copy_from_slice(project.as_bytes());
    descriptor[180] = 16;
    descriptor.resize(len, fill);
    let data = match chip {
        Chip::Esp32C3 => 0x3c00_0020,
        Chip::Esp32C6 => 0x4200_0020,
    };
    program(
        0x4201_0020,
        &[(".flash.appdesc", data, descriptor), (".text", 0x4201_0020, vec![0x13; 64])],
    )
}

/// A second stage: a little code in RAM, more where it is to be too long.
pub(crate) fn second_stage(chip: Chip, len: usize) -> Vec<u8> {
    let code = match chip {
        Chip::Esp32C3 => 0x403c_e710,
        Chip::Esp32C6 => 0x4086_e610,
    };
    program(code, &[(".text", code, vec![0x13; len])])
}

/// Headers of sections are all that esptool looks at.
fn program(entry: u32, sections: &[(&str, u32, Vec<u8>)]) -> Vec<u8> {
    let mut names = b"\0.shstrtab\0".to_vec();
    let (mut headers, mut body) = (vec![[0_u32; 10]], Vec::new());
    for (name, address, data) in sections {
        let (name_at, at) = (names.len() as u32, 52 + body.len() as u32);
        headers.push([name_at, 1, 6, *address, at, data.len() as u32, 0, 0, 4, 0]);
        names.extend(name.bytes().chain([0]));
        body.extend(data);
    }
    headers.push([1, 3, 0, 0, 52 + body.len() as u32, names.len() as u32, 0, 0, 1, 0]);
    body.extend(names);
    body.resize(body.len().next_multiple_of(4), 0);
    let mut file = [&b"\x7fELF\x01\x01\x01"[..], &[0; 9], &[2, 0, 0xf3, 0, 1, 0, 0, 0]].concat();
    for word in [entry, 0, 52 + body.len() as u32, 0] {
        file.extend(word.to_le_bytes());
    }
    for half in [52, 32, 0, 40, headers.len() as u16, headers.len() as u16 - 1] {
        file.extend(half.to_le_bytes());
    }
    file.extend(body);
    file.extend(headers.iter().flatten().flat_map(|word| word.to_le_bytes()));
    file
}
