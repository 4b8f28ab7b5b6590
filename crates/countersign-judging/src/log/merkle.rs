//! The Merkle tree of RFC 9162 section 2.1 with SHA-256, kept so that roots and proofs of any size are quick.

use crate::id::Root;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A tree that grows at its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// Level k holds the hashes of the complete subtrees of 2^k leaves, from the left.
    levels: Vec<Vec<Root>>,
}

/// A path from a leaf to a root: RFC 9162 section 2.1.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Which leaf, from 0.
    pub index: u64,
    /// Leaves of the tree that the root is of.
    pub size: u64,
    /// The siblings, from the leaf upwards; at most 63.
    pub path: Vec<Root>,
}

/// The path does not lead from the leaf to the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the proof does not lead from this entry to this root")]
pub struct NotIncluded;

impl Tree {
    /// A tree without leaves.
    pub const fn new() -> Self {
        Self { levels: Vec::new() }
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, Vec::len) as u64
    }

    /// Adds a leaf with this content.
    pub fn push(&mut self, content: &[u8]) {
        let mut node = leaf(content);
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else { return };
            nodes.push(node);
            let [.., left, right] = nodes.as_slice() else { return };
            if nodes.len() % 2 == 1 {
                return;
            }
            node = parent(left, right);
        }
    }

    /// The root: MTH of all leaves.
    pub fn root(&self) -> Root {
        self.range(0, self.size())
    }

    /// The root of the first `size` leaves, as it was when there were no more. `None` if there are fewer.
    pub fn root_at(&self, size: u64) -> Option<Root> {
        (size <= self.size()).then(|| self.range(0, size))
    }

    /// The proof that a leaf is in the tree of the first `size` leaves. `None` if it is not.
    pub fn prove(&self, index: u64, size: u64) -> Option<Inclusion> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut from, mut to) = (0, size);
        let mut path = Vec::new();
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                path.push(self.range(middle, to));
                to = middle;
            } else {
                path.push(self.range(from, middle));
                from = middle;
            }
        }
        path.reverse();
        Some(Inclusion { index, size, path })
    }

    /// MTH of the leaves from `from` to before `to`; `from` is a multiple of the largest power of two in the range.
    fn range(&self, from: u64, to: u64) -> Root {
        match to - from {
            0 => Root::from_bytes(Sha256::digest([]).into()),
            len if len.is_power_of_two() => {
                let nodes = self.levels.get(len.trailing_zeros() as usize);
                let node = nodes.and_then(|nodes| nodes.get((from / len) as usize));
                node.copied().unwrap_or(Root::from_bytes([0; 32]))
            }
            len => {
                let middle = from + split(len);
                parent(&self.range(from, middle), &self.range(middle, to))
            }
        }
    }
}

impl Inclusion {
    /// Checks the proof as RFC 9162 section 2.1.3.2 says. Needs nothing but the entry and a root that is trusted.
    pub fn verify(&self, content: &[u8], root: &Root) -> Result<(), NotIncluded> {
        if self.index >= self.size {
            return Err(NotIncluded);
        }
        let (mut fn_, mut sn) = (self.index, self.size - 1);
        let mut hash = leaf(content);
        for sibling in &self.path {
            if sn == 0 {
                return Err(NotIncluded);
            }
            if fn_ & 1 == 1 || fn_ == sn {
                hash = parent(sibling, &hash);
                while fn_ & 1 == 0 && fn_ != 0 {
                    fn_ >>= 1;
                    sn >>= 1;
                }
            } else {
                hash = parent(&hash, sibling);
            }
            fn_ >>= 1;
            sn >>= 1;
        }
        if sn == 0 && hash == *root { Ok(()) } else { Err(NotIncluded) }
    }
}

/// The root over contents, in their order.
pub fn root_of<'a>(contents: impl IntoIterator<Item = &'a [u8]>) -> Root {
    let mut tree = Tree::new();
    contents.into_iter().for_each(|content| tree.push(content));
    tree.root()
}

/// The largest power of two below `len`, which is at least 2.
const fn split(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}

fn leaf(content: &[u8]) -> Root {
    Root::from_bytes(Sha256::new_with_prefix([0]).chain_update(content).finalize().into())
}

fn parent(left: &Root, right: &Root) -> Root {
    let hash = Sha256::new_with_prefix([1])
        .chain_update(left.as_bytes())
        .chain_update(right.as_bytes())
        .finalize();
    Root::from_bytes(hash.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(count: usize) -> Vec<Vec<u8>> {
        (0..count).map(|i| alloc::vec![i as u8; i % 5]).collect()
    }

    fn tree(contents: &[Vec<u8>]) -> Tree {
        let mut tree = Tree::new();
        contents.iter().for_each(|content| tree.push(content));
        tree
    }

    /// The definition in RFC 9162 section 2.1.1, word for word.
    fn mth(d: &[Vec<u8>]) -> Root {
        match d {
            [] => Root::from_bytes(Sha256::digest([]).into()),
            [d0] => leaf(d0),
            _ => {
                let k = (1..).map(|i| 1 << i).take_while(|k| *k < d.len()).last().unwrap_or(1);
                parent(&mth(&d[..k]), &mth(&d[k..]))
            }
        }
    }

    /// The definition in RFC 9162 section 2.1.3.1, word for word.
    fn path(m: usize, d: &[Vec<u8>]) -> Vec<Root> {
        if d.len() == 1 {
            return Vec::new();
        }
        let k = (1..).map(|i| 1 << i).take_while(|k| *k < d.len()).last().unwrap_or(1);
        if m < k {
            [path(m, &d[..k]), alloc::vec![mth(&d[k..])]].concat()
        } else {
            [path(m - k, &d[k..]), alloc::vec![mth(&d[..k])]].concat()
        }
    }

    #[test]
    fn roots_and_paths_are_those_of_rfc_9162() {
        let all = contents(70);
        let whole = tree(&all);
        for size in 0..=all.len() {
            assert_eq!(whole.root_at(size as u64), Some(mth(&all[..size])), "{size}");
            assert_eq!(tree(&all[..size]).root(), mth(&all[..size]));
            for index in 0..size {
                let proof = whole.prove(index as u64, size as u64).unwrap();
                assert_eq!(proof.path, path(index, &all[..size]), "{index} of {size}");
            }
        }
        assert_eq!(whole.root_at(71), None);
    }

    /// The example of RFC 9162 section 2.1.5: seven leaves; the paths of d0, d3, d4 and d6 named by their nodes.
    #[test]
    fn the_example_of_rfc_9162_with_seven_leaves() {
        let d = contents(7);
        let [a, b, c, e, f, j] = [0, 1, 2, 3, 4, 6].map(|i: usize| leaf(&d[i]));
        let i = parent(&f, &leaf(&d[5]));
        let (g, h) = (parent(&a, &b), parent(&c, &e));
        let k = parent(&g, &h);
        let l = parent(&i, &j);
        let t = tree(&d);
        assert_eq!(t.root(), parent(&k, &l));
        assert_eq!(t.prove(0, 7).unwrap().path, [b, h, l]);
        assert_eq!(t.prove(3, 7).unwrap().path, [c, g, l]);
        assert_eq!(t.prove(4, 7).unwrap().path, [leaf(&d[5]), j, k]);
        assert_eq!(t.prove(6, 7).unwrap().path, [i, k]);
    }

    #[test]
    fn a_proof_holds_for_its_entry_place_size_and_root_only() {
        let all = contents(33);
        let whole = tree(&all);
        for size in 1..=33_u64 {
            let root = whole.root_at(size).unwrap();
            for index in 0..size {
                let proof = whole.prove(index, size).unwrap();
                let content = &all[index as usize];
                assert_eq!(proof.verify(content, &root), Ok(()));
                assert_eq!(proof.verify(b"another entry", &root), Err(NotIncluded));
                let moved = Inclusion { index: (index + 1) % size, ..proof.clone() };
                assert!(size == 1 || moved.verify(content, &root).is_err(), "{index} of {size}");
                let mut shorter = proof.clone();
                if shorter.path.pop().is_some() {
                    assert!(shorter.verify(content, &root).is_err());
                }
                let mut longer = proof.clone();
                longer.path.push(root);
                assert!(longer.verify(content, &root).is_err());
            }
        }
    }
}
