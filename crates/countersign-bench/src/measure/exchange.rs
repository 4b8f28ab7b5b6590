//! Requests per CPU-second of the full path, divided by those of each baseline and peer.

use super::contender::{Contender, echo_traffic};
use super::{Bench, RATIOS, mtls};
use crate::failure::Result;
use crate::process::{Process, Side};
use crate::report::{Report, Row, number};
use crate::sample::Spread;
use crate::targets;

/// Requests of a warm-up.
const WARM_UP: usize = 1_000;

/// A contender with its place in the report.
struct Entry {
    id: &'static str,
    label: &'static str,
    contender: Contender,
    /// Requests of a round: a third of a second of CPU, or less.
    requests: usize,
    micros: Vec<f64>,
}

impl Entry {
    fn new(id: &'static str, label: &'static str, contender: Contender, requests: usize) -> Self {
        Self { id, label, contender, requests, micros: Vec::new() }
    }

    fn round(&mut self, bench: &Bench) -> Result<()> {
        let micros = self.contender.cost(bench, bench.scaled(self.requests), None)?;
        self.micros.push(micros);
        Ok(())
    }
}

/// All ratios in one interleaved run.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let direct: Vec<_> = RATIOS.into_iter().filter(|id| *id != targets::MTLS).collect();
    let ours = bench.wants_any(&direct);
    let with_mtls = bench.wants(targets::MTLS);
    if !ours && !with_mtls {
        return Ok(());
    }
    bench.announce("exchange: CPU time per request");
    let mut entries = Vec::new();
    if ours {
        entries.push(Entry::new("full", "full path", Contender::full(bench, None, &[])?, 5_000));
        entries.extend(peers(bench)?);
    }
    // Behind gateway and nginx; on the load's core, as another machine would be.
    let mut upstream = Process::start_self(bench.cores, Side::Load, &["serve-echo".to_owned()])?;
    let behind = upstream.address()?;
    let nginx = if with_mtls { mtls::start(bench, behind)? } else { None };
    let connections = nginx.as_ref().map(|nginx| nginx.new_connections(bench)).transpose()?;
    if let Some(nginx) = nginx {
        let contender = nginx.into_contender(echo_traffic());
        entries.push(Entry::new(targets::MTLS, "nginx mTLS proxy", contender, 10_000));
        let gateway = Contender::full(bench, Some(behind), &[])?;
        entries.push(Entry::new("gateway", "gateway mode", gateway, 3_000));
    }
    for entry in &entries {
        entry.contender.cost(bench, WARM_UP, None)?;
    }
    for _ in 0..bench.rounds {
        for entry in &mut entries {
            entry.round(bench)?;
        }
    }
    for id in direct.into_iter().filter(|id| bench.wants(id)) {
        report.add(ratio(&entries, "full", id, ""));
    }
    if with_mtls {
        let note = connections.map(|micros| {
            format!("a new mTLS connection with one request costs nginx {} us", number(micros))
        });
        report.add(ratio(&entries, "gateway", targets::MTLS, &note.unwrap_or_default()));
    }
    Ok(())
}

fn peers(bench: &Bench) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    if bench.wants(targets::FLOOR) {
        let floor = Contender::floor(bench)?;
        entries.push(Entry::new(targets::FLOOR, "axum + dalek verify + sign", floor, 5_000));
    }
    if bench.wants(targets::ECHO) {
        entries.push(Entry::new(targets::ECHO, "axum echo", Contender::echo(bench)?, 15_000));
    }
    #[cfg(feature = "peers")]
    entries.extend(built_in_peers(bench)?);
    Ok(entries)
}

#[cfg(feature = "peers")]
fn built_in_peers(bench: &Bench) -> Result<Vec<Entry>> {
    use super::contender::Traffic;
    use crate::load::peers::{jwt_shots, look_rfc9421, rfc9421_shots};
    let mut entries = Vec::new();
    if bench.wants(targets::JWT) {
        let traffic = Traffic::Fixed(jwt_shots()?, |_, _, _| Ok(()));
        let jwt = Contender::small(bench, "serve-jwt", traffic)?;
        entries.push(Entry::new(targets::JWT, "axum + JWT EdDSA", jwt, 6_000));
    }
    if bench.wants(targets::RFC9421) {
        let traffic = Traffic::Fixed(rfc9421_shots()?, look_rfc9421);
        let peer = Contender::small(bench, "serve-rfc9421", traffic)?;
        entries.push(Entry::new(targets::RFC9421, "axum + RFC 9421 both ways", peer, 2_000));
    }
    Ok(entries)
}

/// How many times the requests of `id` go into the CPU time of one of its own.
fn ratio(entries: &[Entry], subject: &str, id: &'static str, note: &str) -> Row {
    let find = |name: &str| entries.iter().find(|entry| entry.id == name);
    let (Some(subject), Some(peer)) = (find(subject), find(id)) else {
        let missing = match id {
            targets::MTLS => "nginx is not installed",
            _ => "this program was built without the feature `peers`",
        };
        let (baseline, note) = (String::new(), missing.to_owned());
        return Row { name: id, rounds: Vec::new(), judged: None, baseline, note };
    };
    let rounds = peer.micros.iter().zip(&subject.micros).map(|(peer, own)| peer / own).collect();
    let own = format!("{}: {}", subject.label, micros(&subject.micros));
    let note = if note.is_empty() { own } else { format!("{own}; {note}") };
    let baseline = format!("{} {}", peer.label, micros(&peer.micros));
    Row { name: id, rounds, judged: None, baseline, note }
}

fn micros(rounds: &[f64]) -> String {
    Spread::of(rounds).map_or_else(String::new, |it| {
        format!("{} us ({} .. {})", number(it.median), number(it.min), number(it.max))
    })
}
