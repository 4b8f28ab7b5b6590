//! Three keys out of the one in the QR: who relays cannot read, who reads can do both.

use core::fmt;
use countersign::{EventId, byte_id, wire::put_lp8};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::packet::{FLAGS_AT, NET_TAG_LEN};

byte_id!(
    /// Which event a packet belongs to, without showing the event's name.
    EventTag, 4);

/// Counts the event's keys: 0 at first, one more after each re-keying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KeyEpoch(u8);

impl KeyEpoch {
    /// That epoch.
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// Declares a 32 byte secret: cleared when dropped, shown by nothing.
macro_rules! secret_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<[u8; 32]>);

        impl $name {
            /// Wraps raw bytes.
            pub fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(Zeroizing::new(bytes))
            }

            /// The raw bytes: for key files and QR texts only.
            pub fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret_key!(
    /// The key in the event's QR.
    EventKey);
secret_key!(
    /// `K_app`: opens what is sealed.
    AppKey);

/// `K_net` of one epoch with the event's tag: makes and checks the tags of packets, opens nothing.
#[derive(Clone)]
pub struct NetKeys {
    key: Zeroizing<[u8; 32]>,
    // The key is absorbed once, not once per packet.
    mac: Hmac<Sha256>,
    tag: EventTag,
    epoch: KeyEpoch,
}

impl NetKeys {
    /// Keys that were derived elsewhere, as a relay box gets them.
    pub fn new(key: [u8; 32], tag: EventTag, epoch: KeyEpoch) -> Self {
        Self { mac: mac(&key), key: Zeroizing::new(key), tag, epoch }
    }

    /// The raw key: for QR texts only.
    pub fn expose(&self) -> &[u8; 32] {
        &self.key
    }

    /// Which event.
    pub const fn event_tag(&self) -> EventTag {
        self.tag
    }

    /// Which of its keys.
    pub const fn epoch(&self) -> KeyEpoch {
        self.epoch
    }

    /// `HMAC-SHA256(K_net, packet without net tag, ttl 0)[..8]`.
    pub(crate) fn tag_of(&self, body: &[u8]) -> [u8; NET_TAG_LEN] {
        let mut tag = [0; NET_TAG_LEN];
        tag.copy_from_slice(&self.absorb(body).finalize().into_bytes()[..NET_TAG_LEN]);
        tag
    }

    /// In constant time.
    pub(crate) fn is_tag_of(&self, body: &[u8], tag: &[u8]) -> bool {
        self.absorb(body).verify_truncated_left(tag).is_ok()
    }

    fn absorb(&self, body: &[u8]) -> Hmac<Sha256> {
        let (first, rest) = body.split_at(FLAGS_AT.min(body.len()));
        let version_and_type = first.first().copied().unwrap_or_default();
        self.mac.clone().chain_update([version_and_type, 0]).chain_update(rest)
    }
}

impl fmt::Debug for NetKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetKeys({}, epoch {}, ..)", self.tag, self.epoch.0)
    }
}

/// Everything that the QR and the roster salt give.
#[derive(Debug, Clone)]
pub struct EventKeys {
    /// Opens.
    pub app: AppKey,
    /// Relays.
    pub net: NetKeys,
}

impl EventKeys {
    /// HKDF-SHA256 with the bundle's roster salt, so that a photo of the QR alone opens nothing; an empty salt is the seed's mode.
    pub fn derive(key: &EventKey, salt: &[u8], event: &EventId, epoch: KeyEpoch) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(salt), key.expose());
        let info = |label: &[u8], epoch: Option<KeyEpoch>| {
            let mut info = alloc::vec::Vec::with_capacity(64);
            put_lp8(&mut info, label);
            put_lp8(&mut info, event.as_str().as_bytes());
            info.extend(epoch.map(KeyEpoch::get));
            info
        };
        let mut app = Zeroizing::new([0; 32]);
        let mut net = Zeroizing::new([0; 32]);
        let mut tag = [0; EventTag::LEN];
        // HKDF gives up to 8,160 bytes, and these are 32 and 4.
        let _ = hkdf.expand(&info(b"nodus-app-1", Some(epoch)), app.as_mut_slice());
        let _ = hkdf.expand(&info(b"nodus-net-1", Some(epoch)), net.as_mut_slice());
        let _ = hkdf.expand(&info(b"nodus-tag-1", None), &mut tag);
        Self { app: AppKey(app), net: NetKeys::new(*net, EventTag::from_bytes(tag), epoch) }
    }
}

/// HMAC takes keys of any length; the empty one stands for a failure that cannot happen, and checks nothing.
pub(crate) fn mac(key: &[u8]) -> Hmac<Sha256> {
    match Hmac::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => Hmac::new(&Default::default()),
    }
}
