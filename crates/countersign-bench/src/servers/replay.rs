//! A process of its own for the replay set, so that its memory is what it needs and nothing else.

use crate::failure::Result;
use crate::output;
use crate::process::{own_cpu, resident};
use crate::sample::as_f64;
use countersign::{FreshnessWindow, ReplayKey, ReplayLimits, RequestId, SessionId, Timestamp};
use countersign_server::clock::now;
use countersign_server::random;
use countersign_server::seen::SharedSeen;
use std::time::Duration;

/// Ids of one session; the sessions follow from it.
const PER_SESSION: u32 = 1_000;

/// What filling it took, as the parent reads it: nanoseconds per id, then bytes per id.
pub(super) fn fill(ids: u32) -> Result<()> {
    let total = usize::try_from(ids)?;
    let limits = ReplayLimits { per_session: 2 * PER_SESSION, total: 2 * total };
    let window = FreshnessWindow::default();
    let seen = SharedSeen::new(random::bytes()?, window, limits);
    let (begin, before) = (now(), resident("self")?);
    let started = own_cpu()?;
    for number in 0..ids {
        // The ids arrive over a minute, each with the time of its arrival: all of them stay alive.
        let time = begin.plus(Duration::from_millis(u64::from(number) * 60_000 / u64::from(ids)));
        let key = key(number, ids / PER_SESSION, time);
        seen.first_use(key, time)?;
    }
    let took = own_cpu()?.saturating_sub(started);
    if seen.len() != total {
        return Err("the replay set forgot ids that are alive".into());
    }
    let grown = resident("self")?.saturating_sub(before);
    let count = as_f64(total);
    let bytes = as_f64(usize::try_from(grown)?);
    output::line(&format!("{} {}", took.as_secs_f64() * 1e9 / count, bytes / count));
    Ok(())
}

fn key(number: u32, sessions: u32, timestamp: Timestamp) -> ReplayKey {
    let session = u128::from(scattered(u64::from(number % sessions.max(1))));
    let request = u128::from(scattered(u64::from(number) | 1 << 40));
    ReplayKey {
        session: SessionId::from_bytes((session << 64 | session).to_be_bytes()),
        request_id: RequestId::from_bytes(request.to_be_bytes()),
        timestamp,
    }
}

/// The finisher of SplitMix64: one to one, and looks random.
fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
