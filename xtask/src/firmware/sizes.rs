//! What an ELF file puts where.

use object::elf::{FileHeader32, PT_LOAD, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_NOBITS};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use object::{LittleEndian, ReadRef};

/// Where both chips map their flash for instructions and for data.
const MAPPED: [std::ops::Range<u32>; 2] = [0x3c00_0000..0x3d00_0000, 0x4200_0000..0x4300_0000];
/// The always-on memory, of no interest here.
const ALWAYS_ON: std::ops::Range<u32> = 0x5000_0000..0x5001_0000;

/// An image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Elf {
    pub(super) sizes: Sizes,
    /// Address and bytes of everything that is loaded.
    pub(super) loaded: Vec<(u32, Vec<u8>)>,
}

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sizes {
    /// Instructions, in flash or RAM.
    pub(super) text: u64,
    /// Constants.
    pub(super) rodata: u64,
    /// Variables with a value at the start.
    pub(super) data: u64,
    /// Variables without.
    pub(super) bss: u64,
    /// All that is stored in flash.
    pub(super) flash: u64,
    /// All that is taken in RAM, instructions too.
    pub(super) ram: u64,
    /// What the linker left for the stack.
    pub(super) stack: u64,
}

/// Reads a 32-bit little-endian file. The error completes "the file is …".
pub(super) fn read(file: &[u8]) -> Result<Elf, String> {
    let not = |error: object::Error| format!("not an ELF file for these chips ({error})");
    let header = FileHeader32::<LittleEndian>::parse(file).map_err(not)?;
    let endian = header.endian().map_err(not)?;
    let mut loaded = Vec::new();
    for segment in header.program_headers(endian, file).map_err(not)? {
        let (at, size) = segment.file_range(endian);
        if segment.p_type(endian) == PT_LOAD && size > 0 {
            let bytes = file.read_bytes_at(at, size).map_err(|()| "cut short".to_owned())?;
            loaded.push((segment.p_vaddr(endian), bytes.to_vec()));
        }
    }
    let sections = header.sections(endian, file).map_err(not)?;
    let mut sizes = Sizes::default();
    for section in sections.iter() {
        let name = sections.section_name(endian, section).map_err(not)?;
        let flags = section.sh_flags(endian).0;
        if flags & SHF_ALLOC.0 == 0 || ALWAYS_ON.contains(&section.sh_addr(endian)) {
            continue;
        }
        let what = Section {
            name,
            address: section.sh_addr(endian),
            size: section.sh_size(endian).into(),
            is_stored: section.sh_type(endian) != SHT_NOBITS,
            is_written: flags & SHF_WRITE.0 != 0,
            is_run: flags & SHF_EXECINSTR.0 != 0,
        };
        sizes.add(&what);
    }
    Ok(Elf { sizes, loaded })
}

struct Section<'f> {
    name: &'f [u8],
    address: u32,
    size: u64,
    is_stored: bool,
    is_written: bool,
    is_run: bool,
}

impl Sizes {
    fn add(&mut self, section: &Section<'_>) {
        let Section { size, is_stored, is_written, is_run, .. } = *section;
        // `.rwdata_dummy` and its like only keep addresses free that are taken under another name.
        if section.name == b".stack" {
            self.stack += size;
            return;
        } else if !is_stored && !is_written {
            return;
        }
        match (is_run, is_written, is_stored) {
            (true, ..) => self.text += size,
            (false, false, _) => self.rodata += size,
            (false, true, true) => self.data += size,
            (false, true, false) => self.bss += size,
        }
        if is_stored {
            self.flash += size;
        }
        if !MAPPED.iter().any(|mapped| mapped.contains(&section.address)) {
            self.ram += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(sections: &[(&str, u32, u64, [bool; 3])]) -> Sizes {
        let mut sizes = Sizes::default();
        for (name, address, size, [is_stored, is_written, is_run]) in sections {
            sizes.add(&Section {
                name: name.as_bytes(),
                address: *address,
                size: *size,
                is_stored: *is_stored,
                is_written: *is_written,
                is_run: *is_run,
            });
        }
        sizes
    }

    #[test]
    fn flash_and_memory_are_told_apart() {
        let found = sizes(&[
            (".text", 0x4201_0020, 1_000, [true, false, true]),
            (".rwtext", 0x4038_0000, 100, [true, false, true]),
            (".rwdata_dummy", 0x3fc8_0000, 100, [false, false, false]),
            (".rodata", 0x3c00_0020, 500, [true, false, false]),
            (".data", 0x3fc8_9af8, 30, [true, true, false]),
            (".bss", 0x3fc8_b200, 7, [false, true, false]),
            (".stack", 0x3fc9_0000, 9_000, [false, false, false]),
        ]);
        let expected = Sizes {
            text: 1_100,
            rodata: 500,
            data: 30,
            bss: 7,
            flash: 1_630,
            ram: 137,
            stack: 9_000,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn other_files_are_refused() {
        assert!(read(b"").is_err());
        assert!(
            read(b"\x7fELF\x02\x01\x01 for 64 bits, and much longer than its header would be")
                .is_err()
        );
        let itself = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(read(&itself).is_err(), "a program for this machine");
    }
}
