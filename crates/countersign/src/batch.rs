//! One signature for up to 64 answers: a Merkle tree as in Roughtime; each answer stays verifiable by itself.

use crate::domain::{Domain, Realm};
use crate::key::{BadSignature, Signature, Signer, VerifyingKey};
use crate::wire::{Flags, Malformed, Reader};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

/// Most leaves under one signature.
pub const LEAVES_MAX: usize = 64;

/// Longest path, in nodes.
pub const DEPTH_MAX: u8 = 6;

/// A hash in the tree.
pub type Node = [u8; 32];

/// The leaf of a message: `SHA-256(0x00 ‖ signing input)`.
pub fn leaf(signing_input: &[u8]) -> Node {
    Sha256::new_with_prefix([0]).chain_update(signing_input).finalize().into()
}

/// One signature field per leaf, in order. `None` unless there are 1 to [`LEAVES_MAX`] leaves.
pub fn sign(realm: &Realm, key: &impl Signer, leaves: &[Node]) -> Option<Vec<Vec<u8>>> {
    if !(1..=LEAVES_MAX).contains(&leaves.len()) {
        return None;
    }
    let mut paths: Vec<Path> = leaves.iter().map(|_| Path::default()).collect();
    let mut level = leaves.to_vec();
    let mut width = 1;
    while level.len() > 1 {
        for (index, path) in paths.iter_mut().enumerate() {
            let position = index / width;
            if let Some(sibling) = level.get(position ^ 1) {
                path.push(sibling, position % 2 == 1);
            }
        }
        level = level.chunks(2).map(parent_or_promoted).collect();
        width *= 2;
    }
    let signature = key.sign(&input(realm, key.verifying_key(), &level[0]));
    Some(paths.iter().map(|path| path.encode(&signature)).collect())
}

/// Checks a signature field, alone or in a batch as the flags say.
pub(crate) fn verify(
    realm: &Realm,
    key: &VerifyingKey,
    flags: Flags,
    signing_input: &[u8],
    field: &[u8],
) -> Result<(), BadSignature> {
    if !flags.contains(Flags::BATCH) {
        return key.verify(signing_input, field.try_into().map_err(|_| BadSignature)?);
    }
    let (signature, path) = Path::decode(field).map_err(|_| BadSignature)?;
    key.verify(&input(realm, key, &path.root(leaf(signing_input))), &signature)
}

/// Whether a signature field has the shape that the flags ask for.
pub(crate) fn check_shape(flags: Flags, field: &[u8]) -> Result<(), Malformed> {
    if flags.contains(Flags::BATCH) {
        Path::decode(field).map(|_| ())
    } else if field.len() == 64 {
        Ok(())
    } else {
        Err(Malformed::SignatureLength(field.len()))
    }
}

#[derive(Default)]
struct Path {
    nodes: Vec<Node>,
    /// Bit i: node i stands on the left.
    left: u16,
}

impl Path {
    fn push(&mut self, sibling: &Node, on_the_left: bool) {
        self.left |= u16::from(on_the_left) << self.nodes.len();
        self.nodes.push(*sibling);
    }

    fn encode(&self, signature: &Signature) -> Vec<u8> {
        let mut out = Vec::with_capacity(67 + 32 * self.nodes.len());
        out.extend_from_slice(signature);
        out.push(self.nodes.len() as u8);
        out.extend_from_slice(&self.left.to_be_bytes());
        self.nodes.iter().for_each(|node| out.extend_from_slice(node));
        out
    }

    fn decode(field: &[u8]) -> Result<(Signature, Self), Malformed> {
        let mut reader = Reader::new(field);
        let signature = reader.array()?;
        let depth = reader.u8()?;
        let left = reader.u16()?;
        if depth > DEPTH_MAX || left >> depth != 0 {
            return Err(Malformed::Range);
        }
        let nodes = (0..depth).map(|_| reader.array()).collect::<Result<_, _>>()?;
        reader.finish().map_err(|_| Malformed::SignatureLength(field.len()))?;
        Ok((signature, Self { nodes, left }))
    }

    fn root(&self, leaf: Node) -> Node {
        let step = |hash, (i, sibling): (usize, &Node)| match self.left >> i & 1 {
            1 => parent(sibling, &hash),
            _ => parent(&hash, sibling),
        };
        self.nodes.iter().enumerate().fold(leaf, step)
    }
}

fn parent(left: &Node, right: &Node) -> Node {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

fn parent_or_promoted(pair: &[Node]) -> Node {
    match pair {
        [left, right] => parent(left, right),
        [last, ..] => *last,
        [] => [0; 32],
    }
}

fn input(realm: &Realm, key: &VerifyingKey, root: &Node) -> Vec<u8> {
    realm.signing_input(Domain::Batch, key.fingerprint(), &[root])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    #[test]
    fn every_leaf_of_every_width_verifies_and_no_other() {
        let realm = Realm::new("league", "league.example.org").unwrap();
        let key = SigningKey::from_seed(&[2; 32]);
        for count in 1..=LEAVES_MAX {
            let inputs: Vec<[u8; 1]> = (0..count).map(|i| [i as u8]).collect();
            let leaves: Vec<Node> = inputs.iter().map(|input| leaf(input)).collect();
            let fields = sign(&realm, &key, &leaves).unwrap();
            for (i, field) in fields.iter().enumerate() {
                let ok =
                    |input: &[u8]| verify(&realm, key.verifying_key(), Flags::BATCH, input, field);
                assert_eq!(ok(&inputs[i]), Ok(()), "leaf {i} of {count}");
                assert_eq!(ok(&[0xff]), Err(BadSignature));
            }
        }
        assert_eq!(sign(&realm, &key, &[]), None);
        assert_eq!(sign(&realm, &key, &[[0; 32]; 65]), None);
    }
}
