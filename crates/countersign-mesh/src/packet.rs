//! Packet version 1: its bytes, its shape, its id.

use crate::keys::{EventTag, KeyEpoch, NetKeys};
use alloc::vec::Vec;
use core::fmt;
use countersign::byte_id;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The only packet version there is.
pub const VERSION: u8 = 1;
/// Bytes before the content.
pub const HEADER_LEN: usize = 22;
/// Bytes of the net tag at the end.
pub const NET_TAG_LEN: usize = 8;
/// The shortest packet: no content.
pub const MIN_LEN: usize = HEADER_LEN + NET_TAG_LEN;
/// The longest packet.
pub const MAX_LEN: usize = 1_024;
/// Bytes of the nonce.
pub const NONCE_LEN: usize = 12;
/// How much of the header the seal covers, with the hops left as zero.
pub(crate) const AAD_LEN: usize = 10;
pub(crate) const TTL_AT: usize = 1;

pub(crate) const FLAGS_AT: usize = 2;
const EPOCH_AT: usize = 3;
const NONCE_AT: usize = 10;
/// The tag of AES-GCM, and a hub's signature: what a content cannot be shorter than.
const GCM_TAG_LEN: usize = 16;
const SIGNATURE_LEN: usize = 64;

byte_id!(
    /// Computed over the whole packet with its hops left as zero; never sent, so nobody can choose one.
    PacketId, 16);
byte_id!(
    /// The first eight bytes of a [`PacketId`], as receipts name packets.
    ShortId, 8);

impl PacketId {
    /// As receipts name it.
    pub fn short(&self) -> ShortId {
        let [a, b, c, d, e, f, g, h, ..] = *self.as_bytes();
        ShortId::from_bytes([a, b, c, d, e, f, g, h])
    }
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PacketType {
    /// A judge's vote, sealed.
    Vote = 1,
    /// What a hub decided about packets, in clear, signed by the hub.
    Receipt = 2,
    /// The hub's time and the distance to it, in clear, signed by the hub.
    Beacon = 3,
    /// A new key, a revoked judge, a round: in clear, signed by the hub.
    Control = 4,
    /// A judge and a hub getting to know each other, sealed.
    Auth = 5,
    /// A neighbour's question what it lacks; never goes further than one link.
    Sync = 6,
    /// A piece of a newer bundle, sealed.
    Bundle = 7,
}

impl PacketType {
    /// Every type, by its number.
    pub const ALL: [Self; 7] = [
        Self::Vote,
        Self::Receipt,
        Self::Beacon,
        Self::Control,
        Self::Auth,
        Self::Sync,
        Self::Bundle,
    ];

    /// Whether only the hub may say this, in clear and signed.
    pub const fn is_the_hubs(self) -> bool {
        matches!(self, Self::Receipt | Self::Beacon | Self::Control)
    }

    /// Whether the content is sealed under the event's key.
    pub const fn is_sealed(self) -> bool {
        matches!(self, Self::Vote | Self::Auth | Self::Bundle)
    }

    /// Whether relays keep it for neighbours that come later.
    pub const fn is_kept(self) -> bool {
        matches!(self, Self::Vote | Self::Receipt | Self::Control)
    }

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|known| *known as u8 == number)
    }

    const fn content_min(self) -> usize {
        match self {
            Self::Vote | Self::Auth | Self::Bundle => GCM_TAG_LEN,
            Self::Receipt | Self::Beacon | Self::Control => SIGNATURE_LEN,
            Self::Sync => 0,
        }
    }
}

/// Flag bits of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u8);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// The sender waits for a receipt.
    pub const RECEIPT_WANTED: Self = Self(1);
    /// The content is sealed to the hub's key too, so that other judges cannot read it.
    pub const SEALED: Self = Self(1 << 1);

    /// The bits.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// How many more times a packet may be forwarded: 0 to 15. Anybody can change it on the way, so nothing is concluded from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Ttl(u8);

impl Ttl {
    /// Stays with the neighbour.
    pub const ZERO: Self = Self(0);
    /// While nobody knows how far the hub is.
    pub const DEFAULT: Self = Self(7);
    /// The farthest.
    pub const MAX: Self = Self(15);

    /// That many, or 15.
    pub const fn new(hops: u8) -> Self {
        if hops > Self::MAX.0 { Self::MAX } else { Self(hops) }
    }

    /// Twice the way to the hub and three: the way may get longer, and a detour is longer.
    pub const fn for_distance(hops: u8) -> Self {
        Self::new(hops.saturating_mul(2).saturating_add(3))
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// One fewer, unless there is none left.
    pub const fn forwarded(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(left) => Some(Self(left)),
            None => None,
        }
    }
}

/// Minutes since the event's start by hub time, 0 to 65,534, or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct T16(u16);

impl T16 {
    /// The sender knew no hub time.
    pub const UNKNOWN: Self = Self(0xffff);

    /// That minute; later ones are all the last.
    pub const fn from_minutes(minutes: u64) -> Self {
        if minutes > 0xfffe { Self(0xfffe) } else { Self(minutes as u16) }
    }

    /// The minute, unless it is unknown.
    pub const fn minutes(self) -> Option<u16> {
        if self.0 == Self::UNKNOWN.0 { None } else { Some(self.0) }
    }

    /// The two bytes.
    pub const fn bits(self) -> u16 {
        self.0
    }
}

/// Why bytes are not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PacketError {
    /// Too short or too long, also for its type.
    #[error("a packet of this type cannot have {0} bytes; packets have 30 to 1,024")]
    Length(usize),
    /// Another version.
    #[error("packet version {0} is not supported; this is version 1")]
    Version(u8),
    /// An unknown type.
    #[error("there is no packet type {0}; types are 1 to 7")]
    Type(u8),
    /// A flag that does not exist, or not for this type.
    #[error("the flags {0:#04x} are not allowed here")]
    Flags(u8),
    /// More than 15 hops.
    #[error("{0} hops are left; at most 15 may be")]
    Ttl(u8),
}

/// A packet whose shape is right. Nothing says yet who made it.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    bytes: Vec<u8>,
    kind: PacketType,
}

impl Packet {
    /// Takes bytes in: length, version, type, flags, hops. `[M1]`
    pub fn decode(bytes: &[u8]) -> Result<Self, PacketError> {
        let kind = check_shape(bytes)?;
        Ok(Self { bytes: bytes.to_vec(), kind })
    }

    /// Puts a packet together and tags it.
    pub(crate) fn compose(net: &NetKeys, mut bytes: Vec<u8>) -> Result<Self, PacketError> {
        let tag = net.tag_of(&bytes);
        bytes.extend_from_slice(&tag);
        let kind = check_shape(&bytes)?;
        Ok(Self { bytes, kind })
    }

    /// Its bytes as they are sent.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it carries.
    pub const fn packet_type(&self) -> PacketType {
        self.kind
    }

    /// Hops that are left.
    pub fn ttl(&self) -> Ttl {
        Ttl::new(self.bytes[TTL_AT])
    }

    /// Its flags.
    pub fn flags(&self) -> Flags {
        Flags(self.bytes[FLAGS_AT])
    }

    /// Which of the event's keys it belongs to.
    pub fn epoch(&self) -> KeyEpoch {
        KeyEpoch::new(self.bytes[EPOCH_AT])
    }

    /// Which event it belongs to.
    pub fn event_tag(&self) -> EventTag {
        let [_, _, _, _, a, b, c, d, ..] = *self.header();
        EventTag::from_bytes([a, b, c, d])
    }

    /// When it was made, by its own account.
    pub fn t16(&self) -> T16 {
        let header = self.header();
        T16(u16::from_be_bytes([header[8], header[9]]))
    }

    /// The nonce.
    pub fn nonce(&self) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&self.header()[NONCE_AT..]);
        nonce
    }

    /// What it carries: sealed bytes with their tag, or a content and the hub's signature.
    pub fn content(&self) -> &[u8] {
        &self.bytes[HEADER_LEN..self.bytes.len() - NET_TAG_LEN]
    }

    /// `SHA-256("nodus-pid-1" ‖ packet with ttl 0)[..16]`.
    pub fn id(&self) -> PacketId {
        let hash = Sha256::new_with_prefix(b"nodus-pid-1")
            .chain_update([self.bytes[0], 0])
            .chain_update(&self.bytes[FLAGS_AT..])
            .finalize();
        let mut id = [0; PacketId::LEN];
        id.copy_from_slice(&hash[..PacketId::LEN]);
        PacketId::from_bytes(id)
    }

    /// The same packet with other hops left: the only byte that changes on the way.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Ttl) -> Self {
        self.bytes[TTL_AT] = ttl.get();
        self
    }

    pub(crate) fn set_ttl(&mut self, ttl: Ttl) {
        self.bytes[TTL_AT] = ttl.get();
    }

    /// Whether somebody with the mesh's key made it. `[M4]`
    pub fn check_net(self, net: &NetKeys) -> Result<NetChecked, Packet> {
        let (body, tag) = self.bytes.split_at(self.bytes.len() - NET_TAG_LEN);
        if net.is_tag_of(body, tag) { Ok(NetChecked(self)) } else { Err(self) }
    }

    pub(crate) fn aad(&self) -> [u8; AAD_LEN] {
        aad(&self.bytes)
    }

    fn header(&self) -> &[u8; HEADER_LEN] {
        // Every constructor has checked the length.
        self.bytes.first_chunk().unwrap_or(&[0; HEADER_LEN])
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packet({:?} {}, {} bytes)", self.kind, self.id(), self.bytes.len())
    }
}

/// A packet whose net tag holds: it was made by somebody in the event, or by somebody who photographed the QR. Only
/// [`Packet::check_net`] makes one:
///
/// ```compile_fail,E0423
/// # use countersign_mesh::{NetChecked, Packet};
/// fn believe(packet: Packet) -> NetChecked {
///     NetChecked(packet)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetChecked(pub(crate) Packet);

impl NetChecked {
    /// The packet.
    pub const fn packet(&self) -> &Packet {
        &self.0
    }

    /// The packet, without the mark.
    pub fn into_packet(self) -> Packet {
        self.0
    }
}

/// The header up to the content, with no hops left.
pub(crate) fn header(
    kind: PacketType,
    flags: Flags,
    net: &NetKeys,
    t16: T16,
    nonce: &[u8; NONCE_LEN],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(&[VERSION << 4 | kind as u8, 0, flags.0, net.epoch().get()]);
    bytes.extend_from_slice(net.event_tag().as_bytes());
    bytes.extend_from_slice(&t16.0.to_be_bytes());
    bytes.extend_from_slice(nonce);
    bytes
}

/// What the seal covers besides the content: everything before the nonce, with no hops left.
pub(crate) fn aad(bytes: &[u8]) -> [u8; AAD_LEN] {
    let mut aad = bytes.first_chunk().copied().unwrap_or_default();
    aad[TTL_AT] = 0;
    aad
}

fn check_shape(bytes: &[u8]) -> Result<PacketType, PacketError> {
    if !(MIN_LEN..=MAX_LEN).contains(&bytes.len()) {
        return Err(PacketError::Length(bytes.len()));
    }
    if bytes[0] >> 4 != VERSION {
        return Err(PacketError::Version(bytes[0] >> 4));
    }
    let number = bytes[0] & 0x0f;
    let kind = PacketType::from_number(number).ok_or(PacketError::Type(number))?;
    if bytes.len() < MIN_LEN + kind.content_min() {
        return Err(PacketError::Length(bytes.len()));
    }
    let allowed = match kind.is_sealed() {
        true => Flags::RECEIPT_WANTED.with(Flags::SEALED),
        false => Flags::NONE,
    };
    let flags = Flags(bytes[FLAGS_AT]);
    if !allowed.contains(flags) {
        return Err(PacketError::Flags(flags.0));
    }
    if bytes[TTL_AT] > Ttl::MAX.get() {
        return Err(PacketError::Ttl(bytes[TTL_AT]));
    }
    Ok(kind)
}
