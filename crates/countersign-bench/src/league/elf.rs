//! How much of an ELF file is code, as `size` tells it.

/// Bytes by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sizes {
    /// Instructions: `.text` and what else can run.
    pub(crate) text: u32,
    /// Tables and texts that stay in flash.
    pub(crate) rodata: u32,
}

// Flags of sections that take memory, can be written, can run; and the type of those without bytes in the file.
const ALLOC: u32 = 2;
const WRITE: u32 = 1;
const EXEC: u32 = 4;
const NOBITS: u32 = 8;

/// Of a 32-bit little-endian file; `None` for anything else.
pub(crate) fn sizes(file: &[u8]) -> Option<Sizes> {
    if file.get(..6)? != b"\x7fELF\x01\x01" {
        return None;
    }
    let (table, entry, count) = (word(file, 32)?, half(file, 46)?, half(file, 48)?);
    let mut sizes = Sizes::default();
    for number in 0..usize::from(count) {
        let at = usize::try_from(table).ok()? + number * usize::from(entry);
        let (kind, flags, size) = (word(file, at + 4)?, word(file, at + 8)?, word(file, at + 20)?);
        if flags & ALLOC == 0 || kind == NOBITS {
            continue;
        }
        if flags & EXEC != 0 {
            sizes.text += size;
        } else if flags & WRITE == 0 {
            sizes.rodata += size;
        }
    }
    Some(sizes)
}

fn word(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(file.get(at..at + 4)?.try_into().ok()?))
}

fn half(file: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(file.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with sections of these types, flags and sizes, and nothing else.
    fn file(sections: &[[u32; 3]]) -> Vec<u8> {
        let mut file = b"\x7fELF\x01\x01".to_vec();
        file.resize(52, 0);
        file[32..36].copy_from_slice(&52_u32.to_le_bytes());
        file[46..48].copy_from_slice(&40_u16.to_le_bytes());
        file[48..50].copy_from_slice(&(sections.len() as u16).to_le_bytes());
        for [kind, flags, size] in sections {
            for word in [0, *kind, *flags, 0, 0, *size, 0, 0, 0, 0] {
                file.extend_from_slice(&word.to_le_bytes());
            }
        }
        file
    }

    #[test]
    fn code_constants_and_the_rest_are_told_apart() {
        let sections = [
            [1, ALLOC | EXEC, 100],
            [1, ALLOC | EXEC, 10],
            [1, ALLOC, 7],
            [1, ALLOC | WRITE, 1_000],
            [NOBITS, ALLOC | WRITE, 2_000],
            [1, 0, 4_000],
        ];
        assert_eq!(sizes(&file(&sections)), Some(Sizes { text: 110, rodata: 7 }));
    }

    #[test]
    fn other_files_have_no_sizes() {
        assert_eq!(sizes(b"\x7fELF\x02\x01 64 bits"), None);
        let whole = file(&[[1, ALLOC, 7]]);
        assert_eq!(sizes(&whole[..whole.len() - 20]), None);
        assert_eq!(sizes(&[]), None);
    }
}
