//! Up to 256 names in order, packed: about 32 bytes a name.

use super::{Entry, KEY_MAX};
use core::cmp::Ordering;
use countersign::UserId;

/// Names in the order of key and user.
#[derive(Debug)]
pub(super) struct Chunk {
    /// All keys, one after the other.
    text: Vec<u8>,
    /// Where each key ends.
    ends: Vec<u16>,
    users: Vec<UserId>,
    weights: Vec<i32>,
}

impl Chunk {
    /// Most names; one more is there only until [`Self::split`].
    pub(super) const MAX: usize = 256;
    /// Below this a chunk is joined with a neighbour, if both fit.
    pub(super) const MIN: usize = Self::MAX / 4;
    /// How full chunks are after a bulk load.
    pub(super) const LOAD: usize = Self::MAX / 4 * 3;

    /// From entries in order.
    pub(super) fn load(entries: &[Entry]) -> Self {
        let bytes = entries.iter().map(|entry| entry.key.0.len()).sum();
        let mut chunk = Self {
            text: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(entries.len()),
            users: Vec::with_capacity(entries.len()),
            weights: Vec::with_capacity(entries.len()),
        };
        entries.iter().for_each(|entry| chunk.insert(chunk.len(), entry));
        chunk
    }

    pub(super) fn len(&self) -> usize {
        self.users.len()
    }

    pub(super) fn key(&self, index: usize) -> &[u8] {
        &self.text[self.start(index)..usize::from(self.ends[index])]
    }

    pub(super) fn user(&self, index: usize) -> UserId {
        self.users[index]
    }

    pub(super) fn weights(&self) -> &[i32] {
        &self.weights
    }

    pub(super) fn highest(&self) -> i32 {
        self.weights.iter().copied().max().unwrap_or(i32::MIN)
    }

    /// How the name at a place stands to another one.
    pub(super) fn compare(&self, index: usize, key: &[u8], user: &UserId) -> Ordering {
        self.key(index).cmp(key).then_with(|| self.users[index].cmp(user))
    }

    pub(super) fn find(&self, key: &[u8], user: &UserId) -> Result<usize, usize> {
        let index = first(self.len(), |index| self.compare(index, key, user).is_lt());
        match index < self.len() && self.compare(index, key, user).is_eq() {
            true => Ok(index),
            false => Err(index),
        }
    }

    /// The first place whose key is not `below`.
    pub(super) fn partition(&self, below: impl Fn(&[u8]) -> bool) -> usize {
        first(self.len(), |index| below(self.key(index)))
    }

    /// Returns the highest weight that is there then.
    pub(super) fn set_weight(&mut self, index: usize, weight: i32) -> i32 {
        self.weights[index] = weight;
        self.highest()
    }

    pub(super) fn insert(&mut self, index: usize, entry: &Entry) {
        let (start, key) = (self.start(index), &entry.key.0);
        self.text.splice(start..start, key.iter().copied());
        self.ends.insert(index, offset(start));
        self.ends[index..].iter_mut().for_each(|end| *end += offset(key.len()));
        self.users.insert(index, entry.user);
        self.weights.insert(index, entry.weight);
    }

    pub(super) fn remove(&mut self, index: usize) {
        let (start, len) = (self.start(index), self.key(index).len());
        self.text.drain(start..start + len);
        self.ends.remove(index);
        self.ends[index..].iter_mut().for_each(|end| *end -= offset(len));
        self.users.remove(index);
        self.weights.remove(index);
    }

    /// Leaves the lower half and returns the upper one.
    pub(super) fn split(&mut self) -> Self {
        let half = self.len() / 2;
        let start = self.start(half);
        let mut ends = self.ends.split_off(half);
        ends.iter_mut().for_each(|end| *end -= offset(start));
        Self {
            text: self.text.split_off(start),
            ends,
            users: self.users.split_off(half),
            weights: self.weights.split_off(half),
        }
    }

    /// Takes over a chunk that comes after this one.
    pub(super) fn append(&mut self, upper: &Self) {
        let start = offset(self.text.len());
        self.text.extend_from_slice(&upper.text);
        self.ends.extend(upper.ends.iter().map(|end| end + start));
        self.users.extend_from_slice(&upper.users);
        self.weights.extend_from_slice(&upper.weights);
    }

    pub(super) fn memory(&self) -> usize {
        self.text.capacity()
            + self.ends.capacity() * size_of::<u16>()
            + self.users.capacity() * size_of::<UserId>()
            + self.weights.capacity() * size_of::<i32>()
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| usize::from(self.ends[before]))
    }
}

const _: () = assert!((Chunk::MAX + 1) * KEY_MAX <= u16::MAX as usize, "a chunk's text fits");

fn offset(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}

/// The first of `len` places that is not `below`.
fn first(len: usize, below: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        match below(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}
