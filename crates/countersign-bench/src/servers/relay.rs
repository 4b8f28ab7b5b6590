//! A relay for measurements, and a process of its own for what it remembers.

use crate::failure::Result;
use crate::output;
use crate::process::resident;
use crate::sample::as_f64;
use countersign::{EventId, Realm, Signer, SigningKey};
use countersign_mesh::relay::Limits;
use countersign_mesh::{
    Bearer, Entropy, EventKey, EventKeys, Flags, Hop, HubKeys, KeyEpoch, LinkId, PacketType, Relay,
    RelayConfig, Role, Sealer, T16,
};

/// Links of the relay.
pub(crate) const LINKS: u32 = 6;
/// The first of them.
pub(crate) const A: LinkId = LinkId(0);

/// SplitMix64: the same packets in every run.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl Entropy for Dice {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            let fresh = (mixed ^ mixed >> 31).to_le_bytes();
            chunk.copy_from_slice(&fresh[..chunk.len()]);
        }
    }
}

/// An event's keys.
pub(crate) fn keys() -> Result<EventKeys> {
    let key = EventKey::from_bytes([7; 32]);
    Ok(EventKeys::derive(&key, &[9; 32], &EventId::new("FAIR")?, KeyEpoch::new(7)))
}

/// Who has K_net.
pub(crate) fn member() -> Result<Role> {
    let hub = SigningKey::from_seed(&[3; 32]).verifying_key().clone();
    let hubs =
        HubKeys::new(Realm::new("nodus", "fair.example.org")?, EventId::new("FAIR")?, vec![hub])?;
    Ok(Role::Member { keys: vec![keys()?.net], hubs })
}

/// Votes of 220 bytes, each a new packet.
pub(crate) fn packets(seed: u64, count: usize) -> Result<Vec<Vec<u8>>> {
    let (keys, sealer, mut dice) = (keys()?, Sealer::new([5; 32]), Dice(seed));
    let votes = (0..count).map(|_| {
        let content = [7; 174];
        let (kind, flags) = (PacketType::Vote, Flags::RECEIPT_WANTED);
        let packet = sealer.seal(&keys, kind, flags, T16::UNKNOWN, &content, &mut dice)?;
        Ok(packet.with_ttl(countersign_mesh::Ttl::MAX).as_bytes().to_vec())
    });
    votes.collect()
}

/// A relay whose shares are no limit.
pub(crate) fn relay(role: Role, ids: usize) -> Result<Relay<Dice>> {
    const MANY: u32 = 1 << 30;
    let limits = Limits {
        seen_per_generation: 4 * ids,
        link_rate: MANY,
        link_burst: MANY,
        send_rate: MANY,
        send_burst: MANY,
        keyless_rate: MANY,
        keyless_burst: MANY,
        ..Limits::default()
    };
    let mut relay = Relay::new(RelayConfig { role, limits }, Dice(1), 0);
    for link in 0..LINKS {
        relay.link_up(LinkId(link), Bearer::PointToPoint, 244, 0)?;
    }
    Ok(relay)
}

/// Bytes per id, as the parent reads it.
pub(super) fn fill(ids: u32) -> Result<()> {
    let mut relay = relay(Role::Keyless { tag: None }, usize::try_from(ids)?)?;
    let mut bytes = packets(0, 1)?.pop().unwrap_or_default();
    let before = resident("self")?;
    for id in 0..ids {
        // Another nonce, another packet; nobody here checks its tag. No hops left: nothing waits.
        bytes[1] = 0;
        bytes[10..14].copy_from_slice(&id.to_be_bytes());
        relay.handle_packet(Hop::only(A), &bytes, 1);
        while relay.poll_output().is_some() {}
    }
    let reason = countersign_mesh::relay::DropReason::TtlSpent;
    if relay.counters().dropped(reason) != u64::from(ids) {
        return Err("the relay did not take every id".into());
    }
    let grown = resident("self")?.saturating_sub(before);
    let count = as_f64(usize::try_from(ids)?);
    output::line(&format!("{}", as_f64(usize::try_from(grown)?) / count));
    Ok(())
}
