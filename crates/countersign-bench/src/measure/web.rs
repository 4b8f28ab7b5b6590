//! The pages in a real browser, as Lighthouse sees them on a slow phone: a quarter of this machine's speed, 1.6 Mbit/s, 150 ms of round trip.

use super::Bench;
use crate::failure::Result;
use crate::process::{Process, Side};
use crate::report::{Report, Row};
use crate::targets;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

/// `cargo xtask setup --bench` brings it here.
const LIGHTHOUSE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../target/tools/lighthouse/node_modules/.bin/lighthouse"
);
/// Most rounds; one takes 10 s and more.
const ROUNDS: usize = 3;
/// Places of pages, in the order of [`targets::PERFORMANCE`].
const PAGES: [&str; 4] = ["/", "/pitch", "/judge", "/console"];

/// What Lighthouse found in one visit of somebody who was never there.
struct Visit {
    score: f64,
    interactive_ms: f64,
    kib: f64,
    /// How quick Lighthouse found this machine.
    cpu: f64,
}

/// One page after the other, each in a browser of its own.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let ids = [&[targets::FIRST_LOAD, targets::INTERACTIVE], &targets::PERFORMANCE[..]].concat();
    if !bench.wants_any(&ids) {
        return Ok(());
    }
    bench.announce("web: Lighthouse on every page");
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data").display().to_string();
    let args = ["serve-full", "--init", "--data", &data].map(str::to_owned);
    let mut process = Process::start_self(bench.cores, Side::Server, &args)?;
    let address = process.address()?;
    for (page, name) in PAGES.into_iter().zip(targets::PERFORMANCE) {
        let visits: Vec<Visit> = (0..bench.rounds.min(ROUNDS))
            .map(|_| visit(address, page, folder.path()))
            .collect::<Result<_>>()?;
        let column = |of: fn(&Visit) -> f64| visits.iter().map(of).collect::<Vec<f64>>();
        let mut row = |name, rounds, note: &str| {
            if bench.wants(name) {
                let cpu =
                    crate::sample::Spread::of(&column(|it| it.cpu)).map_or(0.0, |it| it.median);
                let baseline = format!("CPU index {cpu:.0} of Lighthouse");
                report.add(Row { name, rounds, judged: None, baseline, note: note.to_owned() });
            }
        };
        row(name, column(|it| it.score), &format!("Lighthouse's performance of {page}, of 100"));
        if page == "/" {
            row(targets::INTERACTIVE, column(|it| it.interactive_ms), "time to interactive of /");
            row(targets::FIRST_LOAD, column(|it| it.kib), "all that / loads, with its headers");
        }
    }
    Ok(())
}

fn visit(address: SocketAddr, page: &str, folder: &Path) -> Result<Visit> {
    let found = folder.join("lighthouse.json");
    let mut command = Command::new(LIGHTHOUSE);
    command
        .arg(format!("http://{address}{page}"))
        .args(["--only-categories=performance", "--quiet"]);
    command.args(["--chrome-flags=--headless=new --no-sandbox", "--output=json", "--output-path"]);
    let output = command.arg(&found).output();
    let output = output.map_err(|error| {
        format!("Lighthouse cannot be started ({error}): `cargo xtask setup --bench` installs it")
    })?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let found: Value = serde_json::from_slice(&std::fs::read(found)?)?;
    let audit = |name: &str| number(&found["audits"][name]["numericValue"], name);
    Ok(Visit {
        score: number(&found["categories"]["performance"]["score"], "score")? * 100.0,
        interactive_ms: audit("interactive")?,
        kib: audit("total-byte-weight")? / 1024.0,
        cpu: number(&found["environment"]["benchmarkIndex"], "benchmarkIndex")?,
    })
}

fn number(value: &Value, name: &str) -> Result<f64> {
    Ok(value.as_f64().ok_or_else(|| format!("Lighthouse did not find {name}"))?)
}
