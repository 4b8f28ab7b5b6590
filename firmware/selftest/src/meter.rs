//! What a part of the work costs, and what came of it.

use crate::board;
use sha2::{Digest, Sha256};

/// Runs a part and tells its figures. `bytes` is what another machine has to come to as well.
pub(crate) fn part<T, B: AsRef<[u8]>>(
    name: &str,
    work: impl FnOnce() -> T,
    bytes: impl FnOnce(&T) -> B,
) -> T {
    board::mark();
    let before = board::instructions();
    let outcome = apart(work);
    let instructions = board::instructions() - before;
    let used = board::used();
    let digest = Sha256::digest(bytes(&outcome).as_ref());
    board::say(format_args!(
        "{{\"part\":\"{name}\",\"instructions\":{instructions},\"stack\":{},\"heap\":{},\"digest\":\"{}\"}}",
        used.stack,
        used.heap,
        hex::encode(&digest[..16])
    ));
    outcome
}

/// A frame of its own, so that the part's stack lies below the painted mark.
#[inline(never)]
fn apart<T>(work: impl FnOnce() -> T) -> T {
    work()
}
