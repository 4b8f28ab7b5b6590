//! Sealed frames: two directional keys, counters as nonces, a window against replay.

use super::{MAX_FRAME, VERSION};
use alloc::vec::Vec;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The kind byte of a sealed frame.
pub(super) const SEALED: u8 = 4;
const HEADER: usize = 10;
const TAG: usize = 16;

/// The keys of one handshake. Cleared when dropped; no `Debug`.
pub(super) struct Keys {
    /// Seals the master's signature, once.
    pub(super) confirm: Zeroizing<[u8; 32]>,
    /// Seals the slave's signature, once.
    pub(super) answer: Zeroizing<[u8; 32]>,
    pub(super) from_master: Zeroizing<[u8; 32]>,
    pub(super) from_slave: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// HKDF-SHA-256 with the transcript as salt.
    pub(super) fn derive(transcript: &[u8; 32], shared: &[u8; 32]) -> Option<Self> {
        let hkdf = Hkdf::<Sha256>::new(Some(transcript), shared);
        let expand = |label: &[u8]| {
            let mut key = Zeroizing::new([0; 32]);
            hkdf.expand(label, key.as_mut_slice()).ok().map(|()| key)
        };
        Some(Self {
            confirm: expand(b"countersign-pair-v1 confirm")?,
            answer: expand(b"countersign-pair-v1 answer")?,
            from_master: expand(b"countersign-pair-v1 from master")?,
            from_slave: expand(b"countersign-pair-v1 from slave")?,
        })
    }
}

/// Encrypts `bytes[from..]` in place and appends the tag; what stands before is authenticated too.
pub(super) fn seal_from(
    key: &[u8; 32],
    counter: u32,
    bytes: &mut Vec<u8>,
    from: usize,
) -> Option<()> {
    seal_with(&ChaCha20Poly1305::new(key.into()), counter, bytes, from)
}

/// Opens `bytes[from..]`, if the tag over everything is right.
pub(super) fn open_from(
    key: &[u8; 32],
    counter: u32,
    bytes: &[u8],
    from: usize,
) -> Option<Vec<u8>> {
    open_with(&ChaCha20Poly1305::new(key.into()), counter, bytes, from)
}

fn seal_with(
    cipher: &ChaCha20Poly1305,
    counter: u32,
    bytes: &mut Vec<u8>,
    from: usize,
) -> Option<()> {
    let (header, body) = bytes.split_at_mut_checked(from)?;
    let tag = cipher.encrypt_inout_detached(&nonce(counter).into(), header, body.into()).ok()?;
    bytes.extend_from_slice(&tag);
    Some(())
}

fn open_with(
    cipher: &ChaCha20Poly1305,
    counter: u32,
    bytes: &[u8],
    from: usize,
) -> Option<Vec<u8>> {
    let (header, sealed) = bytes.split_at_checked(from)?;
    let (body, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
    let mut body = body.to_vec();
    let tag = Tag::try_from(tag).ok()?;
    let nonce = nonce(counter).into();
    cipher.decrypt_inout_detached(&nonce, header, body.as_mut_slice().into(), &tag).ok()?;
    Some(body)
}

fn nonce(counter: u32) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&counter.to_be_bytes());
    nonce
}

/// The epoch that a sealed frame claims.
pub(super) fn epoch_of(frame: &[u8]) -> Option<u32> {
    match frame.split_first_chunk::<6>()? {
        (&[VERSION, SEALED, a, b, c, d], _) => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

/// One established session. No `Debug`: it holds keys.
pub(super) struct Session {
    pub(super) epoch: u32,
    to_peer: ChaCha20Poly1305,
    from_peer: ChaCha20Poly1305,
    sent: u32,
    window: Window,
}

impl Session {
    pub(super) fn of_master(epoch: u32, keys: &Keys) -> Self {
        Self::new(epoch, &keys.from_master, &keys.from_slave)
    }

    pub(super) fn of_slave(epoch: u32, keys: &Keys) -> Self {
        Self::new(epoch, &keys.from_slave, &keys.from_master)
    }

    fn new(epoch: u32, to_peer: &[u8; 32], from_peer: &[u8; 32]) -> Self {
        Self {
            epoch,
            to_peer: ChaCha20Poly1305::new(to_peer.into()),
            from_peer: ChaCha20Poly1305::new(from_peer.into()),
            sent: 0,
            window: Window::default(),
        }
    }

    /// `u8 1 ‖ u8 4 ‖ u32 epoch ‖ u32 counter ‖ sealed body`. Nothing once the counter is used up, or for too long a body.
    pub(super) fn seal(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        if HEADER + body.len() + TAG > MAX_FRAME {
            return None;
        }
        self.sent = self.sent.checked_add(1)?;
        let mut frame = Vec::with_capacity(HEADER + body.len() + TAG);
        frame.extend_from_slice(&[VERSION, SEALED]);
        frame.extend_from_slice(&self.epoch.to_be_bytes());
        frame.extend_from_slice(&self.sent.to_be_bytes());
        frame.extend_from_slice(body);
        seal_with(&self.to_peer, self.sent, &mut frame, HEADER)?;
        Some(frame)
    }

    /// The body, and the counter that orders it; each counter once.
    pub(super) fn open(&mut self, frame: &[u8]) -> Option<(u32, Vec<u8>)> {
        if frame.len() > MAX_FRAME || epoch_of(frame)? != self.epoch {
            return None;
        }
        let counter = frame.get(6..HEADER)?;
        let counter = u32::from_be_bytes(counter.try_into().ok()?);
        if self.window.has(counter) {
            return None;
        }
        let body = open_with(&self.from_peer, counter, frame, HEADER)?;
        self.window.add(counter);
        Some((counter, body))
    }
}

/// Which counters were seen: the highest, and the 64 up to it. Older ones count as seen.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    highest: u32,
    /// Bit `n`: `highest - n` was seen.
    seen: u64,
}

impl Window {
    fn has(&self, counter: u32) -> bool {
        match self.highest.checked_sub(counter) {
            None => false,
            Some(_) if counter == 0 => true,
            Some(age) => age >= 64 || self.seen >> age & 1 == 1,
        }
    }

    /// Only after the frame proved genuine: else a forger could push the window away.
    fn add(&mut self, counter: u32) {
        match self.highest.checked_sub(counter) {
            None => {
                let step = counter - self.highest;
                self.seen = if step < 64 { self.seen << step | 1 } else { 1 };
                self.highest = counter;
            }
            Some(age) if age < 64 => self.seen |= 1 << age,
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    extern crate std;

    fn sides() -> (Session, Session) {
        let keys = Keys::derive(&[1; 32], &[2; 32]).unwrap();
        (Session::of_master(7, &keys), Session::of_slave(7, &keys))
    }

    #[test]
    fn each_side_opens_only_the_other() {
        let (mut master, mut slave) = sides();
        let frame = master.seal(b"hello").unwrap();
        assert!(master.open(&frame).is_none(), "a reflected frame");
        assert_eq!(slave.open(&frame), Some((1, b"hello".to_vec())));
        assert!(slave.open(&frame).is_none(), "a repeated frame");
    }

    #[test]
    fn any_flipped_bit_is_refused_and_changes_nothing() {
        let (mut master, mut slave) = sides();
        let frame = master.seal(b"body").unwrap();
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(slave.open(&flipped).is_none(), "bit {bit}");
        }
        assert!(slave.open(&frame).is_some());
    }

    #[test]
    fn a_used_up_counter_ends_the_session() {
        let (mut master, _) = sides();
        master.sent = u32::MAX - 1;
        assert!(master.seal(b"last").is_some());
        assert!(master.seal(b"one more").is_none());
    }

    #[test]
    fn a_body_that_does_not_fit_is_not_sent() {
        let (mut master, _) = sides();
        assert_eq!(master.seal(&[0; 224]).map(|frame| frame.len()), Some(MAX_FRAME));
        assert!(master.seal(&[0; 225]).is_none());
    }

    proptest! {
        #[test]
        fn the_window_is_a_set_with_a_horizon(counters in proptest::collection::vec(0_u32..300, 0..400)) {
            let (mut window, mut set) = (Window::default(), BTreeSet::new());
            for counter in counters {
                let highest = set.last().copied().unwrap_or(0_u32);
                let is_old = counter == 0 || counter + 64 <= highest;
                prop_assert_eq!(window.has(counter), is_old || set.contains(&counter));
                if !window.has(counter) {
                    window.add(counter);
                    set.insert(counter);
                }
            }
        }
    }
}
