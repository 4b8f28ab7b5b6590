//! What every kind of frame has to withstand.

use super::Result;
use super::case::{Context, Sample, word};
use super::forge;
use super::json::Json;
use super::world::Who;
use countersign::{Frame, Kind};

/// The ids of the checks that refuse the same thing in different kinds.
pub(super) struct Checks {
    pub(super) shape: &'static str,
    pub(super) signature: &'static str,
    /// The right frame, read under somebody else's key.
    pub(super) other_key: &'static str,
    pub(super) payload: &'static str,
}

/// Where keys enter.
const KEY: &str = "L5";

/// A byte of the header, by name.
pub(super) type Field = (&'static str, usize);

/// All of it. `allowed_flags` are those of the kind.
pub(super) fn common(
    sample: &Sample,
    checks: &Checks,
    allowed_flags: u16,
    fields: &[Field],
) -> Result<Vec<Json>> {
    let mut cases = shapes(sample, checks, allowed_flags)?;
    cases.extend(flips(sample, checks, fields)?);
    cases.extend(cuts(sample, checks)?);
    cases.extend(places(sample, checks)?);
    cases.extend(signatures(sample, checks)?);
    cases.extend(keys(sample, checks)?);
    Ok(cases)
}

/// Correctly signed headers that break a rule of the format.
fn shapes(sample: &Sample, checks: &Checks, allowed_flags: u16) -> Result<Vec<Json>> {
    let mut cases = Vec::new();
    let header = sample.header()?;
    let mut patched = |name: String, patch: &dyn Fn(&mut Vec<u8>)| -> Result<()> {
        let mut header = header.clone();
        patch(&mut header);
        cases.push(sample.refused(name, checks.shape, sample.resigned(&header)?));
        Ok(())
    };
    for version in [0, 2, 0xff] {
        patched(format!("version {version}"), &|header| header[0] = version)?;
    }
    for kind in (0..=7).filter(|kind| *kind != sample.context.kind as u8) {
        patched(format!("kind byte {kind}"), &|header| header[1] = kind)?;
    }
    for bit in (0..16).filter(|bit| allowed_flags >> bit & 1 == 0) {
        let flag = 1u16 << bit;
        patched(format!("flag bit {bit} set"), &|header| {
            header[2] |= (flag >> 8) as u8;
            header[3] |= flag as u8;
        })?;
    }
    patched("header with a byte after its last field".into(), &|header| header.push(0))?;
    patched("header without its last byte".into(), &|header| header.truncate(header.len() - 1))?;
    patched("header of two bytes".into(), &|header| header.truncate(2))?;
    patched("empty header".into(), &|header| header.clear())?;
    for len in [0, 32, 63, 65, 67, 99] {
        let frame = sample.with_signature(&vec![9; len])?;
        cases.push(sample.refused(format!("signature of {len} bytes"), checks.shape, frame));
    }
    Ok(cases)
}

/// Single bits.
fn flips(sample: &Sample, checks: &Checks, fields: &[Field]) -> Result<Vec<Json>> {
    let header_len = sample.header()?.len();
    let signature = 2 + header_len + 2;
    let flip = |name: &str, at: usize, bit: u8, check: &str| {
        let mut frame = sample.frame.clone();
        frame[at] ^= 1 << bit;
        sample.refused(format!("bit flip in {name}"), check, frame)
    };
    let mut cases = vec![
        flip("header_len, high byte", 0, 7, checks.shape),
        flip("header_len, low byte", 1, 0, checks.shape),
        flip("sig_len, high byte", signature - 2, 0, checks.shape),
        flip("sig_len, low byte", signature - 1, 0, checks.shape),
        flip("R, first byte", signature, 0, checks.signature),
        flip("R, sign bit", signature + 31, 7, checks.signature),
        flip("S, first byte", signature + 32, 0, checks.signature),
        flip("S, top bit", signature + 63, 7, checks.signature),
    ];
    // `A2: signer_fp` says that another check than the signature's comes first.
    cases.extend(fields.iter().map(|(name, at)| match name.split_once(": ") {
        Some((check, name)) => flip(name, 2 + at, 0, check),
        None => flip(name, 2 + at, 0, checks.signature),
    }));
    if signature + 64 < sample.frame.len() {
        cases.push(flip("the payload's first byte", signature + 64, 0, checks.payload));
        cases.push(flip("the payload's last byte", sample.frame.len() - 1, 6, checks.payload));
    }
    Ok(cases)
}

/// Too short and too long.
fn cuts(sample: &Sample, checks: &Checks) -> Result<Vec<Json>> {
    let header_len = sample.header()?.len();
    let signed_len = 2 + header_len + 2 + 64;
    let cut = |len: usize, check: &str| {
        sample.refused(format!("cut to {len} bytes"), check, sample.frame[..len].into())
    };
    let inside = [0, 1, 2, 2 + header_len / 2, 2 + header_len, 3 + header_len, 4 + header_len];
    let mut cases: Vec<Json> = inside.iter().map(|len| cut(*len, checks.shape)).collect();
    cases.push(cut(signed_len - 1, checks.shape));
    if signed_len < sample.frame.len() {
        cases.push(cut(sample.frame.len() - 1, checks.payload));
        cases.push(cut(signed_len, checks.payload));
    }
    for (name, more) in [("a zero byte", &[0][..]), ("itself", &sample.frame)] {
        let frame = [&sample.frame, more].concat();
        cases.push(sample.refused(format!("followed by {name}"), checks.payload, frame));
    }
    Ok(cases)
}

/// Right bytes in the wrong place: another realm, another kind, another key.
fn places(sample: &Sample, checks: &Checks) -> Result<Vec<Json>> {
    let mut cases = Vec::new();
    for (app, audience) in [
        ("league", "staging.example.org"),
        ("leagues", "league.example.org"),
        ("league", "league.example.orgs"),
        ("league", "League.example.org"),
    ] {
        let context =
            Context { app: app.into(), audience: audience.into(), ..sample.context.clone() };
        let name = format!("signed for league at league.example.org, read by {app} at {audience}");
        cases.push(context.refused(name, checks.signature, sample.frame.clone()));
    }
    let parts = sample.parts()?;
    let others =
        [Kind::Request, Kind::Response, Kind::Push, Kind::Record, Kind::Keyset, Kind::Register];
    for other in others.into_iter().filter(|other| *other != sample.context.kind) {
        let context = Context { kind: other, ..sample.context.clone() };
        let signature = forge::sign(sample.signer, &context.signing_input(parts.header));
        let name = format!("signed as a {}", word(other));
        cases.push(sample.refused(name, checks.signature, sample.with_signature(&signature)?));
    }
    let bare = forge::sign(sample.signer, parts.header);
    let name = "signed without a context";
    cases.push(sample.refused(name, checks.signature, sample.with_signature(&bare)?));
    Ok(cases)
}

/// Signatures that some verifier would accept, by the right key.
fn signatures(sample: &Sample, checks: &Checks) -> Result<Vec<Json>> {
    let parts = sample.parts()?;
    let input = sample.context.signing_input(parts.header);
    let neutral = |r| forge::with_neutral_r(sample.signer, &input, r);
    let mut zero_s: [u8; 64] = parts.signature.try_into()?;
    zero_s[32..].fill(0);
    let stranger = Frame::join(parts.header, &forge::sign(Who::Stranger, &input), parts.payload);
    let mut cases = vec![sample.refused("signed by a stranger's key", checks.signature, stranger)];
    for (name, signature) in [
        ("S + L", forge::with_l_added(parts.signature)?),
        ("R of small order, S = k·a", neutral(forge::IDENTITY)),
        ("R not canonical, S = k·a", neutral(forge::IDENTITY_AGAIN)),
        ("S = 0", zero_s),
        ("all zero signature", [0; 64]),
        ("all one signature", [0xff; 64]),
    ] {
        cases.push(sample.refused(name, checks.signature, sample.with_signature(&signature)?));
    }
    Ok(cases)
}

/// Keys that nobody may have, and one that is somebody else's.
fn keys(sample: &Sample, checks: &Checks) -> Result<Vec<Json>> {
    if sample.context.kind == Kind::Register {
        return Ok(Vec::new()); // Its key stands in the header.
    }
    let parts = sample.parts()?;
    let public_key = *Who::Stranger.public().as_bytes();
    let other = Context { public_key, ..sample.context.clone() };
    let mut cases =
        vec![other.refused("read under another key", checks.other_key, sample.frame.clone())];
    for (name, public_key, signature) in [
        ("the key is the neutral point", forge::IDENTITY, forge::by_the_neutral_key(Who::Device)),
        ("the key is not canonical", forge::P_PLUS_3, [9; 64]),
        ("the key is no point", forge::NO_POINT, [9; 64]),
    ] {
        let context = Context { public_key, ..sample.context.clone() };
        let frame = Frame::join(parts.header, &signature, parts.payload);
        cases.push(context.refused(name, KEY, frame));
    }
    let public_key = forge::mixed_order_key(sample.signer);
    let context = Context { public_key, ..sample.context.clone() };
    let input = context.signing_input(parts.header);
    let signature = forge::by_the_mixed_order_key(sample.signer, &input)?;
    let frame = Frame::join(parts.header, &signature, parts.payload);
    cases.push(context.refused("the key has a part of small order", KEY, frame));
    Ok(cases)
}
