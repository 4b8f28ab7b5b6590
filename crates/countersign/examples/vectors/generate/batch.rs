//! Batch signatures, of pushes and responses.

use super::Result;
use super::case::Sample;
use super::forge;
use super::json::Json;
use super::world::*;
use countersign::batch;
use countersign::*;

pub(super) fn cases() -> Result<Vec<Json>> {
    let mut cases = Vec::new();
    for (width, shown) in
        [(1, &[0][..]), (2, &[0, 1]), (3, &[0, 1, 2]), (5, &[0, 3, 4]), (64, &[0, 31, 63])]
    {
        let frames = pushes(width)?;
        for i in shown {
            cases.push(leaf(&frames[*i])?.accepted(&format!("push {i} of {width}"))?);
        }
    }
    let answers = responses()?;
    for (i, sample) in answers.iter().enumerate() {
        cases.push(sample.accepted(&format!("response {i} of {}", answers.len()))?);
    }
    cases.extend(damaged_paths()?);
    cases.extend(wrong_leaves(&answers)?);
    cases.extend(wrong_flags()?);
    Ok(cases)
}

fn leaf(frame: &[u8]) -> Result<Sample> {
    Sample::new(Kind::Push, Who::Server, frame.into())
}

/// Frames of `width` pushes under one signature.
fn pushes(width: u64) -> Result<Vec<Vec<u8>>> {
    let mut headers = Vec::new();
    let mut leaves = Vec::new();
    for seq in 1..=width {
        let header = PushHeader { flags: Flags::BATCH, ..push_header(seq)? };
        let unsigned = push(header, b"{}")?;
        leaves.push(batch::leaf(unsigned.signing_input()));
        headers.push(Frame::split(&unsigned.seal(&[0; 64]))?.header.to_vec());
    }
    let fields = batch::sign(&realm()?, &Who::Server.key(), &leaves).ok_or("too many leaves")?;
    let frames =
        headers.iter().zip(fields).map(|(header, field)| Frame::join(header, &field, b"{}"));
    Ok(frames.collect())
}

/// Three answers to different requests under one signature.
fn responses() -> Result<Vec<Sample>> {
    let realm = realm()?;
    let fp = Who::Server.fingerprint();
    let mut asked = Vec::new();
    for id in [0xb0, 0xb1, 0xb2] {
        let header =
            RequestHeader { request_id: RequestId::from_bytes([id; 16]), ..request_header()? };
        asked.push(request(header, Payload::whole(b"{}".into()))?.reply_to());
    }
    let answers: Vec<_> = asked
        .iter()
        .map(|reply_to| UnsignedResponse::for_batch(&realm, &fp, reply_to, worked_answer()))
        .collect();
    let frames =
        response::sign_batch(&realm, &Who::Server.key(), &answers).ok_or("too many leaves")?;
    let samples = frames.into_iter().zip(asked).map(|(frame, reply_to)| {
        Ok(Sample::new(Kind::Response, Who::Server, frame)?.answering(reply_to))
    });
    samples.collect()
}

/// The first of five pushes, with a signature field that was changed: 64 bytes, depth, index, three nodes.
fn damaged_paths() -> Result<Vec<Json>> {
    let good = leaf(&pushes(5)?[0])?;
    let field = good.parts()?.signature.to_vec();
    let patched = |at: usize, byte: u8| {
        let mut field = field.clone();
        field[at] = byte;
        field
    };
    let longer = |bytes: &[u8]| [&field[..], bytes].concat();
    let mut depth_7 = longer(&[0; 4 * 32]);
    depth_7[64] = 7;
    let mut deeper = longer(&[0; 32]);
    deeper[64] = 4;
    let mut shallower = field[..field.len() - 32].to_vec();
    shallower[64] = 2;
    let swapped = [&field[..67], &field[99..131], &field[67..99], &field[131..]].concat();
    let mut cases = Vec::new();
    for (name, check, field) in [
        ("a bit of R flipped", "S1", patched(0, field[0] ^ 1)),
        ("a bit of S flipped", "S1", patched(32, field[32] ^ 1)),
        ("S + L", "S1", [&forge::with_l_added(&field[..64])?[..], &field[64..]].concat()),
        ("depth 7", "S0", depth_7),
        ("depth 255", "S0", patched(64, 255)),
        ("depth 2 with three nodes", "S0", patched(64, 2)),
        ("depth 4 with three nodes", "S0", patched(64, 4)),
        ("unused bit 3 of the index", "S0", patched(66, 8)),
        ("unused bit 15 of the index", "S0", patched(65, 0x80)),
        ("first node on the other side", "S1", patched(66, 1)),
        ("a bit of a node flipped", "S1", patched(67, field[67] ^ 1)),
        ("two nodes swapped", "S1", swapped),
        ("one node more", "S1", deeper),
        ("one node less", "S1", shallower),
        ("half a node more", "S0", longer(&[0; 16])),
        ("no path", "S0", field[..64].to_vec()),
        ("cut after the depth", "S0", field[..65].to_vec()),
        ("empty", "S0", Vec::new()),
    ] {
        cases.push(good.refused(format!("sig field: {name}"), check, good.with_signature(&field)?));
    }
    Ok(cases)
}

/// Paths and signatures that belong to something else.
fn wrong_leaves(answers: &[Sample]) -> Result<Vec<Json>> {
    let five = pushes(5)?;
    let first = leaf(&five[0])?;
    let of = |frame: &[u8]| Ok::<_, Malformed>(Frame::split(frame)?.signature.to_vec());
    let input = first.context.signing_input(&first.header()?);
    let leaf_alone = [&forge::sign(Who::Server, &input)[..], &[0, 0, 0]].concat();
    let bare_root = [&forge::sign(Who::Server, &batch::leaf(&input))[..], &[0, 0, 0]].concat();
    let mut cases = Vec::new();
    for (name, field) in [
        ("the path of another leaf", of(&five[1])?),
        ("the path of another tree", of(&pushes(3)?[1])?),
        ("the signature over the input, no root", leaf_alone),
        ("the signature over the root without a context", bare_root),
    ] {
        cases.push(first.refused(name, "S1", first.with_signature(&field)?));
    }
    let swapped = answers[0].with_signature(answers[1].parts()?.signature)?;
    cases.push(answers[0].refused("a response with another's path", "R1", swapped));
    let name = "a response of the batch to another request";
    cases.push(answers[0].refused(name, "R1", answers[1].frame.clone()));
    Ok(cases)
}

/// The flag and the field have to agree.
fn wrong_flags() -> Result<Vec<Json>> {
    let batched = leaf(&pushes(2)?[0])?;
    let mut header = batched.header()?;
    header[3] = 0;
    let parts = batched.parts()?;
    let without_flag = Frame::join(&header, parts.signature, parts.payload);
    let request = super::request::sample(worked_request()?)?;
    let mut request_header = request.header()?;
    request_header[3] = 4;
    let field = [&[9; 64][..], &[0, 0, 0]].concat();
    let batched_request = Frame::join(&request_header, &field, request.parts()?.payload);
    Ok(vec![
        batched.refused("the field without the flag", "S0", without_flag),
        batched.refused("the flag without the field", "S0", batched.resigned(&batched.header()?)?),
        request.refused("a request with the flag", "V1", request.resigned(&request_header)?),
        request.refused("a request with flag and field", "V1", batched_request),
    ])
}
