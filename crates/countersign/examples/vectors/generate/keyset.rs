//! Key sets.

use super::Result;
use super::case::{Context, Sample};
use super::forge;
use super::hostile::{Checks, Field, common};
use super::json::Json;
use super::world::*;
use countersign::*;

/// A key set has no payload: whatever follows the signature spoils the shape.
const CHECKS: Checks = Checks { shape: "K1", signature: "K2", other_key: "K2", payload: "K1" };
const FIELDS: [Field; 13] = [
    ("version", 11),
    ("issued_ms", 19),
    ("expires_ms", 27),
    ("min_protocol", 28),
    ("audience", 30),
    ("state", STATE),
    ("not_before_ms", STATE + 8),
    ("not_after_ms", STATE + 16),
    ("the online key", ONLINE_KEY),
    ("n_roots", N_ROOTS),
    ("the root", N_ROOTS + 3),
    ("n_pins", N_PINS),
    ("a pin", N_PINS + 1),
];
const N_KEYS: usize = 48;
const STATE: usize = 49;
const ONLINE_ALG: usize = 66;
const ONLINE_KEY: usize = 68;
const N_ROOTS: usize = 100;
const N_PINS: usize = 135;

pub(super) fn cases() -> Result<Vec<Json>> {
    let good = sample(&keyset(), Who::Root)?;
    let mut cases = accepted()?;
    cases.extend(common(&good, &CHECKS, 0, &FIELDS)?);
    cases.extend(patched(&good)?);
    cases.extend(counts(&good)?);
    cases.extend(content(&good)?);
    let expired = Context { now: Some(keyset().expires), ..good.context.clone() };
    cases.push(expired.refused("at the moment it expires", "K6", good.frame));
    Ok(cases)
}

fn sample(content: &KeysetContent, root: Who) -> Result<Sample> {
    Sample::new(Kind::Keyset, root, content.sign(&realm()?, &root.key()))
}

fn accepted() -> Result<Vec<Json>> {
    let states = [
        KeyState::Prepared,
        KeyState::Active,
        KeyState::Retired,
        KeyState::Tainted,
        KeyState::Revoked,
    ];
    let people = [Who::Device, Who::Server, Who::NewRoot, Who::Stranger, Who::Root];
    let all_states = people.into_iter().zip(states).map(|(who, state)| online_key(who, state));
    let forever = OnlineKey {
        not_before: Timestamp::ZERO,
        not_after: Timestamp::from_millis(u64::MAX),
        ..online_key(Who::Server, KeyState::Active)
    };
    let two_roots = vec![Who::Root.public(), Who::NewRoot.public()];
    let change = KeysetContent { version: 8, roots: vec![Who::NewRoot.public()], ..keyset() };
    let mut cases = Vec::new();
    for (name, root, content) in [
        ("one active key", Who::Root, keyset()),
        ("keys in all states", Who::Root, KeysetContent { keys: all_states.collect(), ..keyset() }),
        ("no pin", Who::Root, KeysetContent { pins: Vec::new(), ..keyset() }),
        (
            "16 keys, 4 roots, 16 pins",
            Who::Root,
            KeysetContent {
                keys: vec![online_key(Who::Server, KeyState::Prepared); 16],
                roots: vec![Who::Root.public(); 4],
                pins: (0..16).map(|i| [i; 32]).collect(),
                ..keyset()
            },
        ),
        ("a key for all times", Who::Root, KeysetContent { keys: vec![forever], ..keyset() }),
        ("two roots", Who::Root, KeysetContent { roots: two_roots, ..keyset() }),
        ("root change, by the old root", Who::Root, change.clone()),
        (
            "after the root change, by the new root",
            Who::NewRoot,
            KeysetContent { version: 9, ..change },
        ),
        ("the largest version", Who::Root, KeysetContent { version: u64::MAX, ..keyset() }),
    ] {
        cases.push(sample(&content, root)?.accepted(name)?);
    }
    Ok(cases)
}

/// Single fields, correctly signed.
fn patched(good: &Sample) -> Result<Vec<Json>> {
    let mut mixed = [0; 33];
    mixed[0] = 32;
    mixed[1..].copy_from_slice(&forge::mixed_order_key(Who::Server));
    let neutral = forge::IDENTITY;
    let patches: [(&str, &str, usize, &[u8]); 15] = [
        ("no online key", "K1", N_KEYS, &[0]),
        ("state 5", "K1", STATE, &[5]),
        ("algorithm 2", "K5", ONLINE_ALG, &[2]),
        ("algorithm 0 of a root", "K5", N_ROOTS + 1, &[0]),
        ("key of 31 bytes", "K5", ONLINE_ALG + 1, &[31]),
        ("the online key is the neutral point", "K5", ONLINE_KEY, &neutral),
        ("the online key is not canonical", "K5", ONLINE_KEY, &forge::P_PLUS_3),
        ("the online key has a part of small order", "K5", ONLINE_KEY - 1, &mixed),
        ("the root is the neutral point", "K5", N_ROOTS + 3, &neutral),
        ("the root is no point", "K5", N_ROOTS + 3, &forge::NO_POINT),
        ("no root", "K1", N_ROOTS, &[0]),
        ("two pins announced, one there", "K1", N_PINS, &[2]),
        ("a space in the audience", "K1", 30, b" "),
        ("not UTF-8 in the audience", "K1", 30, b"\xff"),
        ("another audience in the header", "K3", 30, b"league.example.net"),
    ];
    let each = patches.into_iter().map(|(name, check, at, bytes)| {
        let mut header = good.header()?;
        header[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(good.refused(name, check, good.resigned(&header)?))
    });
    each.collect()
}

fn counts(good: &Sample) -> Result<Vec<Json>> {
    let online = online_key(Who::Server, KeyState::Active);
    let mut cases = Vec::new();
    for (name, content) in [
        ("17 keys", KeysetContent { keys: vec![online; 17], ..keyset() }),
        ("5 roots", KeysetContent { roots: vec![Who::Root.public(); 5], ..keyset() }),
        ("17 pins", KeysetContent { pins: vec![[1; 32]; 17], ..keyset() }),
    ] {
        cases.push(good.refused(name, "K1", sample(&content, Who::Root)?.frame));
    }
    Ok(cases)
}

fn content(good: &Sample) -> Result<Vec<Json>> {
    let by_new = KeysetContent { version: 8, roots: vec![Who::NewRoot.public()], ..keyset() };
    let next = KeysetContent { min_protocol: 2, ..keyset() };
    let mut with_payload = good.frame.clone();
    with_payload.extend_from_slice(b"{}");
    Ok(vec![
        good.refused(
            "root change by the new root alone",
            "K2",
            sample(&by_new, Who::NewRoot)?.frame,
        ),
        good.refused("signed by an online key", "K2", sample(&keyset(), Who::Server)?.frame),
        good.refused("protocol 2 required", "K7", sample(&next, Who::Root)?.frame),
        good.refused("with a payload", "K1", with_payload),
    ])
}
