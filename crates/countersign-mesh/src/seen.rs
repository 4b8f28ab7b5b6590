//! Which packets were here: two exact generations of a minute, and a quick look for what is new for sure.

use crate::Entropy;
use crate::packet::PacketId;
use crate::relay::LinkId;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use core::hash::BuildHasher;
use hashbrown::HashMap;
use siphasher::sip::SipHasher13;

/// Milliseconds of a generation: an id is remembered for one to two of them.
pub(crate) const GENERATION: u64 = 60_000;

/// Who asks for a place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// A link, which gets at most half of the places.
    Link(LinkId),
    /// Own packets and those that the hub signed: an eighth more is there for them alone.
    Reserved,
}

/// No place is left in this generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// Hashes with a key that nobody outside knows: ids can be ground until they collide.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keyed(u64, u64);

impl Keyed {
    pub(crate) fn new(entropy: &mut impl Entropy) -> Self {
        let mut key = [0; 16];
        entropy.fill(&mut key);
        let [a, b, c, d, e, f, g, h, rest @ ..] = key;
        Self(u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes(rest))
    }
}

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, self.1)
    }
}

/// The memory that keeps a packet from being forwarded twice. It never forgets early: when it is full, it says so.
#[derive(Debug)]
pub(crate) struct Seen {
    current: Generation,
    previous: Generation,
    turned: u64,
    capacity: usize,
    by_link: BTreeMap<LinkId, usize>,
}

impl Seen {
    pub(crate) fn new(capacity: usize, entropy: &mut impl Entropy, now: u64) -> Self {
        let keyed = Keyed::new(entropy);
        let mut mask = [0; PacketId::LEN];
        entropy.fill(&mut mask);
        let generation =
            || Generation { ids: HashMap::with_hasher(keyed), bloom: Bloom::new(mask) };
        Self {
            current: generation(),
            previous: generation(),
            turned: now,
            capacity,
            by_link: BTreeMap::new(),
        }
    }

    /// Whether it was forwarded, if it was here. `[M6]`
    pub(crate) fn get(&mut self, id: &PacketId, now: u64) -> Option<bool> {
        self.turn(now);
        let known = [&self.current, &self.previous].map(|generation| generation.get(id));
        match known {
            [None, None] => None,
            _ => Some(known.contains(&Some(true))),
        }
    }

    /// Remembers an id that was not here.
    pub(crate) fn insert(&mut self, id: PacketId, place: Place, now: u64) -> Result<(), Full> {
        self.turn(now);
        let used = self.current.ids.len();
        match place {
            Place::Reserved if used >= self.capacity + self.capacity / 8 => return Err(Full),
            Place::Reserved => {}
            Place::Link(link) => {
                let of_link = self.by_link.entry(link).or_default();
                if used >= self.capacity || *of_link >= self.capacity / 2 {
                    return Err(Full);
                }
                *of_link += 1;
            }
        }
        self.current.set(id, false);
        Ok(())
    }

    /// From now on it counts as forwarded, for a whole generation at least, whenever it came.
    pub(crate) fn mark_forwarded(&mut self, id: PacketId, now: u64) {
        self.turn(now);
        self.current.set(id, true);
    }

    /// Everything that is remembered, with whether it was forwarded.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PacketId, bool)> {
        let forwarded = |(id, forwarded): (_, &bool)| (id, *forwarded);
        self.current.ids.iter().chain(&self.previous.ids).map(forwarded)
    }

    fn turn(&mut self, now: u64) {
        let passed = now.saturating_sub(self.turned) / GENERATION;
        if passed == 0 {
            return;
        }
        self.turned += passed * GENERATION;
        core::mem::swap(&mut self.current, &mut self.previous);
        self.current.clear();
        if passed > 1 {
            self.previous.clear();
        }
        self.by_link.clear();
    }
}

#[derive(Debug)]
struct Generation {
    ids: HashMap<PacketId, bool, Keyed>,
    bloom: Bloom,
}

impl Generation {
    fn get(&self, id: &PacketId) -> Option<bool> {
        if self.bloom.is_new(id) { None } else { self.ids.get(id).copied() }
    }

    fn set(&mut self, id: PacketId, forwarded: bool) {
        self.bloom.add(&id);
        self.ids.insert(id, forwarded);
    }

    fn clear(&mut self) {
        self.ids.clear();
        self.bloom.words.fill(0);
    }
}

/// Four kilobytes, seven bits per id. It decides nothing: it only says that an id is new for sure.
#[derive(Debug)]
struct Bloom {
    words: Box<[u64]>,
    mask: [u8; PacketId::LEN],
}

impl Bloom {
    const BITS: usize = 1 << 15;
    const PER_ID: usize = 7;

    fn new(mask: [u8; PacketId::LEN]) -> Self {
        Self { words: vec![0; Self::BITS / 64].into_boxed_slice(), mask }
    }

    /// Ids are hashes, so their own bytes say where; the mask keeps that from whoever grinds ids.
    fn bits(&self, id: &PacketId) -> [usize; Self::PER_ID] {
        core::array::from_fn(|index| {
            let [low, high] =
                [2 * index, 2 * index + 1].map(|at| id.as_bytes()[at] ^ self.mask[at]);
            usize::from(u16::from_le_bytes([low, high])) % Self::BITS
        })
    }

    fn add(&mut self, id: &PacketId) {
        for bit in self.bits(id) {
            self.words[bit / 64] |= 1 << (bit % 64);
        }
    }

    fn is_new(&self, id: &PacketId) -> bool {
        self.bits(id).into_iter().any(|bit| self.words[bit / 64] & (1 << (bit % 64)) == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(number: u64) -> PacketId {
        let mut bytes = [0; 16];
        for (half, chunk) in bytes.chunks_exact_mut(8).enumerate() {
            let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (half as u64) << 7);
            chunk.copy_from_slice(
                &(mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_le_bytes(),
            );
        }
        PacketId::from_bytes(bytes)
    }

    fn seen(capacity: usize) -> Seen {
        Seen::new(capacity, &mut |bytes: &mut [u8]| bytes.fill(0x5a), 0)
    }

    proptest! {
        #[test]
        fn m6_an_id_is_remembered_for_one_to_two_generations_after_it_was_forwarded(
            steps in prop::collection::vec((0_u64..20_000, 0_u64..12, any::<bool>()), 1..200)
        ) {
            let mut seen = seen(1_000);
            let (mut now, mut marked) = (0, BTreeMap::new());
            for (pause, number, mark) in steps {
                now += pause;
                let known = seen.get(&id(number), now);
                if let Some(at) = marked.get(&number) {
                    if now - at <= GENERATION {
                        prop_assert_eq!(known, Some(true));
                    }
                    if now - at > 2 * GENERATION {
                        prop_assert_ne!(known, Some(true));
                    }
                }
                if known.is_none() {
                    seen.insert(id(number), Place::Link(LinkId(1)), now).unwrap();
                }
                if mark && known != Some(true) {
                    seen.mark_forwarded(id(number), now);
                    marked.insert(number, now);
                }
            }
        }
    }

    #[test]
    fn m6_ten_thousand_ids_saturate_the_bloom_filter_and_change_nothing() {
        let mut seen = seen(16_384);
        for number in 0..10_000 {
            let link = LinkId(number as u32 % 4);
            assert_eq!(seen.get(&id(number), 0), None, "{number} is new");
            seen.insert(id(number), Place::Link(link), 0).unwrap();
        }
        let sure =
            (10_000..20_000).filter(|number| seen.current.bloom.is_new(&id(*number))).count();
        assert!(sure < 6_000, "the filter is saturated: sure of {sure} in 10,000");
        assert!((10_000..20_000).all(|number| seen.get(&id(number), 0).is_none()));
        assert!((0..10_000).all(|number| seen.get(&id(number), 0) == Some(false)));
    }

    #[test]
    fn m6_a_link_takes_half_and_the_hub_has_a_share_of_its_own() {
        let mut seen = seen(64);
        let mut taken = |range: core::ops::Range<u64>, place| {
            range.filter(|number| seen.insert(id(*number), place, 0).is_ok()).count()
        };
        assert_eq!(taken(0..100, Place::Link(LinkId(1))), 32);
        assert_eq!(taken(100..200, Place::Link(LinkId(2))), 32);
        assert_eq!(taken(200..300, Place::Link(LinkId(3))), 0);
        assert_eq!(taken(300..400, Place::Reserved), 8);
        assert!((0..32).all(|number| seen.get(&id(number), 119_999).is_some()));
        assert!((0..32).all(|number| seen.get(&id(number), 120_000).is_none()));
    }
}
