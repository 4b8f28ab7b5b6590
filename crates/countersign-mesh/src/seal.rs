//! Making packets, and opening the sealed ones.

use crate::Entropy;
use crate::keys::{AppKey, EventKeys, NetKeys, mac};
use crate::packet::{
    AAD_LEN, Flags, HEADER_LEN, MAX_LEN, NET_TAG_LEN, NONCE_LEN, NetChecked, Packet, PacketError,
    PacketType, T16, aad, header,
};
use aes_gcm::{Aes256Gcm, KeyInit as _, aead::AeadInOut, aead::Tag};
use alloc::vec::Vec;
use core::fmt;
use countersign::wire::put_lp8;
use hkdf::Hkdf;
use hmac::Mac as _;
use sha2::Sha256;
use thiserror::Error;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Bytes of the tag of AES-256-GCM.
pub const GCM_TAG_LEN: usize = 16;
/// The largest content of a sealed packet, before it is sealed to a hub: 978 bytes.
pub const CONTENT_MAX: usize = MAX_LEN - HEADER_LEN - GCM_TAG_LEN - NET_TAG_LEN;
/// What sealing to the hub adds: a public key and a tag.
pub const HUB_SEAL_LEN: usize = 32 + GCM_TAG_LEN;

/// Why no packet can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealError {
    /// More than a packet holds.
    #[error("the content has {0} bytes; a packet holds at most 978, or 930 when sealed to the hub")]
    TooLong(usize),
    /// A type that is sealed, where one in clear belongs, or the other way round.
    #[error("a packet of type {0:?} is not made this way")]
    Type(PacketType),
    /// The hub's key is a point that gives every sender the same secret.
    #[error("the hub's sealing key is weak")]
    WeakHubKey,
}

/// Why a packet does not open. Deliberately says no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the packet does not open with this key")]
pub struct OpenError;

/// The hub's public key for votes that no other judge may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubSealKey(PublicKey);

impl HubSealKey {
    /// From its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(PublicKey::from(bytes))
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

/// The hub's private half.
pub struct HubSealSecret(StaticSecret);

impl HubSealSecret {
    /// From 32 random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(StaticSecret::from(bytes))
    }

    /// What goes into the bundle.
    pub fn public(&self) -> HubSealKey {
        HubSealKey(PublicKey::from(&self.0))
    }
}

impl fmt::Debug for HubSealSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HubSealSecret(..)")
    }
}

/// Makes the packets of one device.
pub struct Sealer {
    secret: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Sealer {
    /// With a secret that only this device has: where its generator fails, nonces still differ by device and by content.
    pub fn new(device_secret: [u8; 32]) -> Self {
        Self { secret: Zeroizing::new(device_secret) }
    }

    /// A sealed packet: VOTE, AUTH or BUNDLE. The same content gives another packet each time.
    pub fn seal(
        &self,
        keys: &EventKeys,
        kind: PacketType,
        flags: Flags,
        t16: T16,
        content: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Packet, SealError> {
        if !kind.is_sealed() || flags.contains(Flags::SEALED) {
            return Err(SealError::Type(kind));
        }
        self.seal_inner(keys, kind, flags, t16, content, entropy)
    }

    /// The same, readable by the hub alone: 48 bytes longer.
    #[expect(clippy::too_many_arguments, reason = "each is one field of the packet")]
    pub fn seal_to_hub(
        &self,
        keys: &EventKeys,
        hub: &HubSealKey,
        kind: PacketType,
        flags: Flags,
        t16: T16,
        content: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Packet, SealError> {
        if !kind.is_sealed() {
            return Err(SealError::Type(kind));
        }
        if content.len() > CONTENT_MAX - HUB_SEAL_LEN {
            return Err(SealError::TooLong(content.len()));
        }
        let ephemeral = StaticSecret::from(self.hedged(b"nodus-eph-1", content, entropy));
        let shared = ephemeral.diffie_hellman(&hub.0);
        if !shared.was_contributory() {
            return Err(SealError::WeakHubKey);
        }
        let public = PublicKey::from(&ephemeral);
        let mut inner = public.as_bytes().to_vec();
        let body = content.to_vec();
        let key = hub_key(shared.as_bytes(), public.as_bytes(), hub.as_bytes());
        // The key is used once, so a nonce of zeros is used once with it.
        inner.extend_from_slice(
            &encrypt(&key, &[0; NONCE_LEN], public.as_bytes(), body)
                .ok_or(SealError::TooLong(content.len()))?,
        );
        self.seal_inner(keys, kind, flags.with(Flags::SEALED), t16, &inner, entropy)
    }

    /// A packet in clear: RECEIPT, BEACON or CONTROL with the hub's signature at its end, as [`crate::hub::sign`] makes it.
    pub fn publish(
        &self,
        net: &NetKeys,
        kind: PacketType,
        t16: T16,
        content: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Packet, SealError> {
        if !kind.is_the_hubs() {
            return Err(SealError::Type(kind));
        }
        self.clear(net, kind, t16, content, entropy)
    }

    pub(crate) fn clear(
        &self,
        net: &NetKeys,
        kind: PacketType,
        t16: T16,
        content: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Packet, SealError> {
        let nonce = self.nonce(content, entropy);
        let mut bytes = header(kind, Flags::NONE, net, t16, &nonce);
        bytes.extend_from_slice(content);
        compose(net, bytes, content.len())
    }

    fn seal_inner(
        &self,
        keys: &EventKeys,
        kind: PacketType,
        flags: Flags,
        t16: T16,
        content: &[u8],
        entropy: &mut impl Entropy,
    ) -> Result<Packet, SealError> {
        if content.len() > CONTENT_MAX {
            return Err(SealError::TooLong(content.len()));
        }
        let nonce = self.nonce(content, entropy);
        let mut bytes = header(kind, flags, &keys.net, t16, &nonce);
        let aad: [u8; AAD_LEN] = aad(&bytes);
        let sealed = encrypt(keys.app.expose(), &nonce, &aad, content.to_vec())
            .ok_or(SealError::TooLong(content.len()))?;
        bytes.extend_from_slice(&sealed);
        compose(&keys.net, bytes, content.len())
    }

    /// `HMAC-SHA256(device secret, random 32 ‖ content)[..12]`. `[M15]`
    fn nonce(&self, content: &[u8], entropy: &mut impl Entropy) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&self.hedged(b"", content, entropy)[..NONCE_LEN]);
        nonce
    }

    fn hedged(&self, label: &[u8], content: &[u8], entropy: &mut impl Entropy) -> [u8; 32] {
        let mut random = Zeroizing::new([0; 32]);
        entropy.fill(random.as_mut_slice());
        let hash = mac(self.secret.as_slice())
            .chain_update(label)
            .chain_update(random.as_slice())
            .chain_update(content)
            .finalize();
        hash.into_bytes().into()
    }
}

/// What was sealed under the event's key. The content is nobody's word yet. `[M16]`
pub fn open(app: &AppKey, packet: &NetChecked) -> Result<Vec<u8>, OpenError> {
    let packet = packet.packet();
    if !packet.packet_type().is_sealed() {
        return Err(OpenError);
    }
    decrypt(app.expose(), &packet.nonce(), &packet.aad(), packet.content()).ok_or(OpenError)
}

/// Opens what [`Sealer::seal_to_hub`] put inside the content that [`open`] gave.
pub fn open_at_hub(secret: &HubSealSecret, content: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (public, sealed) = content.split_first_chunk::<32>().ok_or(OpenError)?;
    let shared = secret.0.diffie_hellman(&PublicKey::from(*public));
    if !shared.was_contributory() {
        return Err(OpenError);
    }
    let key = hub_key(shared.as_bytes(), public, secret.public().as_bytes());
    decrypt(&key, &[0; NONCE_LEN], public, sealed).ok_or(OpenError)
}

fn compose(net: &NetKeys, bytes: Vec<u8>, content_len: usize) -> Result<Packet, SealError> {
    Packet::compose(net, bytes).map_err(|error| match error {
        PacketError::Length(_)
        | PacketError::Version(_)
        | PacketError::Type(_)
        | PacketError::Flags(_)
        | PacketError::Ttl(_) => SealError::TooLong(content_len),
    })
}

/// `HKDF-SHA256(salt = ephemeral ‖ hub, shared secret)` with `LP8("nodus-seal-1")`.
fn hub_key(shared: &[u8; 32], ephemeral: &[u8; 32], hub: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let hkdf = Hkdf::<Sha256>::new(Some(&[*ephemeral, *hub].concat()), shared);
    let mut info = Vec::with_capacity(16);
    put_lp8(&mut info, b"nodus-seal-1");
    let mut key = Zeroizing::new([0; 32]);
    // HKDF gives up to 8,160 bytes, and this is 32.
    let _ = hkdf.expand(&info, key.as_mut_slice());
    key
}

fn encrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    mut bytes: Vec<u8>,
) -> Option<Vec<u8>> {
    let cipher = Aes256Gcm::new(key.into());
    let tag = cipher.encrypt_inout_detached(nonce.into(), aad, bytes.as_mut_slice().into()).ok()?;
    bytes.extend_from_slice(&tag);
    Some(bytes)
}

fn decrypt(key: &[u8; 32], nonce: &[u8; NONCE_LEN], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (body, tag) = sealed.split_last_chunk::<GCM_TAG_LEN>()?;
    let tag = Tag::<Aes256Gcm>::from(*tag);
    let mut bytes = body.to_vec();
    let cipher = Aes256Gcm::new(key.into());
    cipher
        .decrypt_inout_detached(nonce.into(), aad, bytes.as_mut_slice().into(), &tag)
        .ok()
        .map(|()| bytes)
}
