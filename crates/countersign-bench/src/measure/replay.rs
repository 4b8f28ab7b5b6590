//! What a request id costs to remember.

use super::Bench;
use crate::failure::Result;
use crate::process::{Process, Side};
use crate::report::{Report, Row};
use crate::targets;

/// Live ids.
const IDS: usize = 3_000_000;

/// Time and memory per id with three million alive, each round in a process of its own.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants_any(&[targets::REPLAY_BYTES, targets::REPLAY_NS]) {
        return Ok(());
    }
    bench.announce("replay: three million live ids");
    let ids = bench.scaled(IDS).to_string();
    let args = ["fill-replay-set", "--ids", &ids].map(str::to_owned);
    let (mut nanoseconds, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let line = Process::start_self(bench.cores, Side::Server, &args)?.line()?;
        let (time, memory) = line.split_once(' ').ok_or("the replay set said nothing")?;
        nanoseconds.push(time.parse()?);
        bytes.push(memory.parse()?);
    }
    for (name, rounds, note) in [
        (targets::REPLAY_BYTES, bytes, "growth of resident memory"),
        (
            targets::REPLAY_NS,
            nanoseconds,
            "CPU time of SharedSeen::first_use, growing from empty, one thread",
        ),
    ] {
        if bench.wants(name) {
            let baseline = format!("{ids} live");
            report.add(Row { name, rounds, judged: None, baseline, note: note.to_owned() });
        }
    }
    Ok(())
}
