//! Search by the first letters of a name.
//!
//! Names are compared without case, accents and separators, and with look-alikes taken for one another: `jos` finds
//! `José`, `0livia` finds `Olivia`. Whoever does not want to be found is not in the index. There is no second page, so the index
//! cannot be read out quicker than 20 names a query; limiting queries is the caller's.
//!
//! **Cost.** Names stand in order, in chunks of at most 256; of each chunk the highest weight is known. The 20 best of all that
//! fit can only be in the 20 chunks with the highest weights, so no query reads more than 22 chunks, however many names
//! fit.

mod chunk;

use crate::name::{self, Name};
use chunk::Chunk;
use core::cmp::Reverse;
use countersign::UserId;
use thiserror::Error;

/// Fewest letters of a query.
pub const LETTERS_MIN: usize = 3;
/// Most users that a search finds.
pub const RESULTS_MAX: usize = 20;
/// Longer queries are not looked at, in bytes.
pub const QUERY_MAX: usize = 128;
/// Bytes after which keys are no longer told apart.
const KEY_MAX: usize = 128;

/// What a name is found by. Many names can have the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<[u8]>);

impl Key {
    /// The key of a name.
    pub fn of(name: &Name) -> Self {
        Self(cut(name::search_form(name.as_str())))
    }
}

/// Why a text finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QueryError {
    /// Fewer than [`LETTERS_MIN`] letters or digits.
    #[error("a search needs at least {LETTERS_MIN} letters or digits")]
    TooShort,
    /// More than [`QUERY_MAX`] bytes.
    #[error("a search has at most {QUERY_MAX} bytes")]
    TooLong,
}

/// The first letters of names, as they were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(Box<[u8]>);

impl Query {
    /// Takes any text of the right length; what cannot be in a name finds nothing.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.len() > QUERY_MAX {
            return Err(QueryError::TooLong);
        }
        let form = name::search_form(text);
        if name::count_letters(text) < LETTERS_MIN || form.is_empty() {
            return Err(QueryError::TooShort);
        }
        Ok(Self(cut(form)))
    }
}

/// A user who was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Who.
    pub user: UserId,
    /// Whether the whole name is what was asked for.
    pub exact: bool,
    /// What was given with the name.
    pub weight: i32,
}

/// A name in the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What it is found by.
    pub key: Key,
    /// Whose it is.
    pub user: UserId,
    /// The higher, the earlier it is found: the rating, for example.
    pub weight: i32,
}

/// An index that has no room for another name; those in it are found as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the index holds {0} names, as many as it was made for")]
pub struct Full(pub usize);

/// Names in order.
#[derive(Debug)]
pub struct Index {
    capacity: usize,
    len: usize,
    /// None is empty.
    chunks: Vec<Chunk>,
    /// The highest weight of each chunk: a search reads one array.
    highest: Vec<i32>,
}

/// A place in the index: chunk, and place in it.
type Place = (usize, usize);

impl Index {
    /// An empty index for at most `capacity` names.
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, len: 0, chunks: Vec::new(), highest: Vec::new() }
    }

    /// An index of many names, in any order. Of equal key and user the first stays.
    pub fn rebuild(
        capacity: usize,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<Self, Full> {
        let mut sorted = Vec::new();
        for entry in entries {
            if sorted.len() == capacity {
                return Err(Full(capacity));
            }
            sorted.push(entry);
        }
        sorted.sort_by(|one, two| (&one.key, one.user).cmp(&(&two.key, two.user)));
        sorted.dedup_by(|two, one| one.key == two.key && one.user == two.user);
        let chunks: Vec<Chunk> = sorted.chunks(Chunk::LOAD).map(Chunk::load).collect();
        let highest = chunks.iter().map(Chunk::highest).collect();
        Ok(Self { capacity, len: sorted.len(), chunks, highest })
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Makes a name findable, or gives it another weight. A new name of a user does not replace the old one:
    /// [`Self::remove`] that first.
    pub fn set(&mut self, key: &Key, user: UserId, weight: i32) -> Result<(), Full> {
        let (chunk, found) = self.find(key, &user);
        if let Ok(index) = found {
            self.highest[chunk] = self.chunks[chunk].set_weight(index, weight);
            return Ok(());
        }
        if self.len == self.capacity {
            return Err(Full(self.capacity));
        }
        let entry = Entry { key: key.clone(), user, weight };
        self.len += 1;
        let Some(there) = self.chunks.get_mut(chunk) else {
            self.chunks.push(Chunk::load(&[entry]));
            self.highest.push(weight);
            return Ok(());
        };
        there.insert(found.unwrap_or_else(|index| index), &entry);
        self.highest[chunk] = self.highest[chunk].max(weight);
        if there.len() > Chunk::MAX {
            let upper = there.split();
            self.highest[chunk] = there.highest();
            self.highest.insert(chunk + 1, upper.highest());
            self.chunks.insert(chunk + 1, upper);
        }
        Ok(())
    }

    /// Makes a name unfindable. False if it was so already.
    pub fn remove(&mut self, key: &Key, user: &UserId) -> bool {
        let (chunk, Ok(index)) = self.find(key, user) else { return false };
        self.len -= 1;
        self.chunks[chunk].remove(index);
        if self.chunks[chunk].len() == 0 {
            self.chunks.remove(chunk);
            self.highest.remove(chunk);
            return true;
        }
        self.highest[chunk] = self.chunks[chunk].highest();
        if self.chunks[chunk].len() < Chunk::MIN {
            self.join(chunk);
        }
        true
    }

    /// The first [`RESULTS_MAX`]: whole names before beginnings, then by weight, then by name, then by user id.
    pub fn search(&self, query: &Query) -> Vec<Hit> {
        let prefix = &query.0[..];
        let start = self.partition(|key| key < prefix);
        let whole = self.partition(|key| key <= prefix);
        let end = self.partition(|key| &key[..key.len().min(prefix.len())] <= prefix);
        let mut hits = self.best(start, whole, RESULTS_MAX, true);
        hits.extend(self.best(whole, end, RESULTS_MAX - hits.len(), false));
        hits
    }

    /// Heap bytes in use or reserved.
    pub fn memory(&self) -> usize {
        self.chunks.iter().map(Chunk::memory).sum::<usize>()
            + self.chunks.capacity() * size_of::<Chunk>()
            + self.highest.capacity() * size_of::<i32>()
    }

    /// Where a name is, or would be.
    fn find(&self, key: &Key, user: &UserId) -> (usize, Result<usize, usize>) {
        let after = self.chunks.partition_point(|chunk| chunk.compare(0, &key.0, user).is_le());
        let chunk = after.saturating_sub(1);
        let found = self.chunks.get(chunk).map_or(Err(0), |there| there.find(&key.0, user));
        (chunk, found)
    }

    /// The first place whose key is not `below`.
    fn partition(&self, below: impl Fn(&[u8]) -> bool) -> Place {
        let after = self.chunks.partition_point(|chunk| below(chunk.key(0)));
        let Some(chunk) = after.checked_sub(1) else { return (0, 0) };
        match self.chunks[chunk].partition(below) {
            index if index == self.chunks[chunk].len() => (after, 0),
            index => (chunk, index),
        }
    }

    /// The best `count` from `start` to before `end`.
    fn best(&self, start: Place, end: Place, count: usize, exact: bool) -> Vec<Hit> {
        if count == 0 || start >= end {
            return Vec::new();
        }
        let mut best = Best::new(count);
        for chunk in self.worth_reading(start.0, end, count) {
            if !best.takes(self.highest[chunk], chunk) {
                continue;
            }
            let there = &self.chunks[chunk];
            let from = if chunk == start.0 { start.1 } else { 0 };
            let to = if chunk == end.0 { end.1 } else { there.len() };
            for (index, weight) in (from..to).zip(&there.weights()[from..to]) {
                best.offer(*weight, (chunk, index));
            }
        }
        let hit = |(Reverse(weight), (chunk, index)): &(Reverse<i32>, Place)| Hit {
            user: self.chunks[*chunk].user(*index),
            exact,
            weight: *weight,
        };
        best.places.iter().map(hit).collect()
    }

    /// The two chunks at the ends, which may be there only in part, and the `count` highest between them; highest first.
    fn worth_reading(&self, first: usize, end: Place, count: usize) -> Vec<usize> {
        let last = if end.1 == 0 { end.0 - 1 } else { end.0 };
        let between = first + 1..last;
        let mut chosen = Best::new(count);
        for (chunk, highest) in between.clone().zip(self.highest.get(between).unwrap_or_default()) {
            chosen.offer(*highest, (chunk, 0));
        }
        let mut chunks: Vec<usize> = chosen.places.iter().map(|(_, place)| place.0).collect();
        chunks.push(first);
        if last > first {
            chunks.push(last);
        }
        chunks
    }

    /// Joins a small chunk with a neighbour that has room.
    fn join(&mut self, chunk: usize) {
        let has_room = |pair: &[Chunk]| pair[0].len() + pair[1].len() <= Chunk::LOAD;
        let starts = [chunk.checked_sub(1), Some(chunk)];
        let start = starts.into_iter().flatten().find(|&start| {
            let pair = self.chunks.get(start..start + 2);
            pair.is_some_and(has_room)
        });
        let Some(start) = start else { return };
        let upper = self.chunks.remove(start + 1);
        self.chunks[start].append(&upper);
        let highest = self.highest.remove(start + 1);
        self.highest[start] = self.highest[start].max(highest);
    }
}

/// The best few places so far: highest weight, then first in order.
struct Best {
    count: usize,
    places: Vec<(Reverse<i32>, Place)>,
}

impl Best {
    fn new(count: usize) -> Self {
        Self { count, places: Vec::with_capacity(count + 1) }
    }

    /// Whether something of this weight in this chunk could be among the best.
    fn takes(&self, weight: i32, chunk: usize) -> bool {
        let worst = self.places.last();
        self.places.len() < self.count || worst > Some(&(Reverse(weight), (chunk, 0)))
    }

    fn offer(&mut self, weight: i32, place: Place) {
        let new = (Reverse(weight), place);
        if self.places.len() == self.count && self.places.last() < Some(&new) {
            return;
        }
        let index = self.places.partition_point(|there| *there < new);
        self.places.insert(index, new);
        self.places.truncate(self.count);
    }
}

/// Cuts between two letters.
fn cut(form: String) -> Box<[u8]> {
    let mut end = form.len().min(KEY_MAX);
    while !form.is_char_boundary(end) {
        end -= 1;
    }
    form.as_bytes()[..end].into()
}
