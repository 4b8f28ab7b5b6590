//! Reading within bounds, and the two checks that are no cryptography.

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// CRC-32 as in zlib, bit by bit: a table would cost a kilobyte of the second stage.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = (crc & 1).wrapping_neg();
            crc = (crc >> 1) ^ (0xedb8_8320 & carry);
        }
    }
    !crc
}

/// All bytes xored, four at a time.
pub(crate) fn xor(bytes: &[u8]) -> u8 {
    let (words, rest) = bytes.as_chunks::<4>();
    let word = words.iter().fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    word.to_le_bytes().iter().chain(rest).fold(0, |sum, byte| sum ^ byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_zlib() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn the_rest_after_whole_words_is_xored_too() {
        assert_eq!(xor(&[1, 2, 4, 8, 16, 32]), 63);
    }
}
