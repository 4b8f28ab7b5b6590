//! From nothing to the first answer, and what a server at rest occupies.

use super::Bench;
use crate::failure::Result;
use crate::load::connection::{Connection, connect};
use crate::process::{Process, Side};
use crate::report::{Report, Row};
use crate::sample::as_f64;
use crate::targets;
use countersign_server::clock::instant;
use std::time::Duration;

/// After this long a server is at rest.
const REST: Duration = Duration::from_millis(1_000);

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Spawn, keys, database, sockets, one answer; then the resident memory.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants_any(&[targets::START, targets::RSS]) {
        return Ok(());
    }
    bench.announce("server: start and rest");
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("data").display().to_string();
        let args = ["serve-full", "--init", "--data", &data].map(str::to_owned);
        let begun = instant();
        let mut process = Process::start_self(bench.cores, Side::Server, &args)?;
        let address = process.address()?;
        let status = bench.runtime.block_on(async {
            let mut connection = Connection::new(connect(address, None).await?);
            Ok::<_, crate::failure::Failure>(connection.exchange(HEALTH).await?.status)
        })?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        if status != 200 {
            return Err(format!("/health answered {status}").into());
        }
        std::thread::sleep(REST);
        memory.push(as_f64(usize::try_from(process.resident()? / 1024)?) / 1024.0);
    }
    for (name, rounds, note) in [
        (
            targets::START,
            times,
            "from spawn to the answer of /health, keys and database made on the way",
        ),
        (
            targets::RSS,
            memory,
            "resident a second later; this program with the server in it, not `countersign` itself",
        ),
    ] {
        if bench.wants(name) {
            let baseline = "an empty folder".to_owned();
            report.add(Row { name, rounds, judged: None, baseline, note: note.to_owned() });
        }
    }
    Ok(())
}
