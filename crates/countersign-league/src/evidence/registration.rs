//! How a factory tells the server of its pairs: the payload of `factory.register`.

use super::{Artefact, BatchManifest, PairCertificate};
use alloc::vec::Vec;
use countersign::Malformed;
use countersign::wire::Reader;

/// Why bytes are no registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not one of ours, or cut short.
    #[error("the registration cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// Longer than [`Registration::MAX`].
    #[error(
        "a registration has at most {} bytes; send fewer certificates at once",
        Registration::MAX
    )]
    TooLong,
}

/// A batch manifest and some of the pair certificates that it lists. Nothing in it is verified.
///
/// `LP32 manifest ‖ u16 n ‖ n × LP16 pair certificate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The manifest's frame.
    pub manifest: Vec<u8>,
    /// Frames of pair certificates: at most [`Registration::MAX_PAIRS`].
    pub pairs: Vec<Vec<u8>>,
}

impl Registration {
    /// Most bytes of a registration: with the request's envelope it stays below a server's default limit of 64 KiB.
    pub const MAX: usize = 60 * 1024;
    /// Most certificates in one.
    pub const MAX_PAIRS: usize = 100;

    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = (self.manifest.len() as u32).to_be_bytes().to_vec();
        out.extend_from_slice(&self.manifest);
        out.extend_from_slice(&(self.pairs.len() as u16).to_be_bytes());
        for pair in &self.pairs {
            out.extend_from_slice(&(pair.len() as u16).to_be_bytes());
            out.extend_from_slice(pair);
        }
        out
    }

    /// Reads exactly one; every frame is bounded by its type.
    pub fn decode(bytes: &[u8]) -> Result<Self, RegistrationError> {
        if bytes.len() > Self::MAX {
            return Err(RegistrationError::TooLong);
        }
        let mut reader = Reader::new(bytes);
        let len = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
        let manifest = bounded(&mut reader, len, BatchManifest::MAX_FRAME)?;
        let count = usize::from(reader.u16()?);
        if count > Self::MAX_PAIRS {
            return Err(Malformed::Range.into());
        }
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            let len = usize::from(reader.u16()?);
            pairs.push(bounded(&mut reader, len, PairCertificate::MAX_FRAME)?);
        }
        reader.finish()?;
        Ok(Self { manifest, pairs })
    }

    /// How many of these certificates, from the first on, fit beside the manifest: at least 1 if there are any and both kinds of
    /// frame keep to the limits of their types.
    pub fn fitting(manifest: &[u8], pairs: &[Vec<u8>]) -> usize {
        let mut len = 4 + manifest.len() + 2;
        let fits = |pair: &&Vec<u8>| {
            len += 2 + pair.len();
            len <= Self::MAX
        };
        pairs.iter().take(Self::MAX_PAIRS).take_while(fits).count()
    }
}

fn bounded(reader: &mut Reader<'_>, len: usize, max: usize) -> Result<Vec<u8>, Malformed> {
    if len > max {
        return Err(Malformed::Range);
    }
    reader.slice(len).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    fn example() -> Registration {
        Registration { manifest: vec![7; 300], pairs: vec![vec![1; 320], vec![], vec![2; 512]] }
    }

    #[test]
    fn the_bytes_are_those_of_the_document() {
        let small =
            Registration { manifest: vec![0xaa; 3], pairs: vec![vec![0xbb; 2], vec![0xcc]] };
        let bytes = [0, 0, 0, 3, 0xaa, 0xaa, 0xaa, 0, 2, 0, 2, 0xbb, 0xbb, 0, 1, 0xcc];
        assert_eq!(small.encode(), bytes);
        assert_eq!(Registration::decode(&bytes), Ok(small));
    }

    #[test]
    fn nothing_may_be_missing_or_left_over() {
        let bytes = example().encode();
        assert_eq!(Registration::decode(&bytes), Ok(example()));
        for len in 0..bytes.len() {
            assert!(Registration::decode(&bytes[..len]).is_err(), "{len}");
        }
        assert!(Registration::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn every_length_has_a_limit() {
        let range = Err(Malformed::Range.into());
        let with = |manifest: usize, pairs: Vec<Vec<u8>>| {
            Registration::decode(&Registration { manifest: vec![0; manifest], pairs }.encode())
        };
        assert!(with(BatchManifest::MAX_FRAME, vec![vec![0; 512]; 50]).is_ok());
        assert_eq!(with(BatchManifest::MAX_FRAME + 1, vec![]), range);
        assert_eq!(with(9, vec![vec![0; 513]]), range);
        assert!(with(9, vec![vec![]; 100]).is_ok());
        assert_eq!(with(9, vec![vec![]; 101]), range);
        assert_eq!(with(30_000, vec![vec![0; 512]; 80]), Err(RegistrationError::TooLong));
        assert!(Registration::decode(&[0xff; 4]).is_err());
    }

    #[test]
    fn a_full_batch_goes_out_in_parts_that_fit() {
        let manifest = vec![0; BatchManifest::MAX_FRAME];
        for len in [0, 1, 320, PairCertificate::MAX_FRAME] {
            let pairs = vec![vec![0; len]; BatchManifest::MAX_PAIRS];
            let (mut rest, mut calls) = (&pairs[..], 0);
            while !rest.is_empty() {
                let n = Registration::fitting(&manifest, rest);
                let part = Registration { manifest: manifest.clone(), pairs: rest[..n].to_vec() };
                assert_eq!(Registration::decode(&part.encode()), Ok(part));
                (rest, calls) = (&rest[n..], calls + 1);
            }
            assert!(calls <= 20, "{calls}");
        }
        assert_eq!(Registration::fitting(&manifest, &[]), 0);
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(read) = Registration::decode(&bytes) {
                prop_assert_eq!(read.encode(), bytes);
            }
        }
    }
}
