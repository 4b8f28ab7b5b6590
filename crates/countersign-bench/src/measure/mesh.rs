//! The relay alone, what it remembers, and halls of relays in simulated air.

use super::Bench;
use crate::failure::Result;
use crate::process::{Process, Side, own_cpu};
use crate::report::{Report, Row, number};
use crate::sample::{Spread, as_f64};
use crate::servers::relay::{A, LINKS, keys, member, packets, relay};
use crate::targets::{self, DELIVERY, P95};
use countersign_mesh::relay::Output;
use countersign_mesh::{Hop, LinkId};
use countersign_sim::mesh::{Policy, SIZES, measure as hall, reference};
use std::hint::black_box;

/// Packets of a round; each comes once over each link.
const PACKETS: usize = 20_000;
/// Ids of one generation.
const IDS: usize = 1_000_000;

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if bench.wants(targets::RELAY_PPS) {
        relaying(bench, report)?;
    }
    if bench.wants(targets::SEEN_BYTES) {
        remembering(bench, report)?;
    }
    let sizes = (0..SIZES.len()).filter(|size| bench.wants_any(&[DELIVERY[*size], P95[*size]]));
    let mut sizes: Vec<usize> = sizes.collect();
    if bench.wants(targets::SIM_SPEED) && !sizes.contains(&3) {
        sizes.push(3);
    }
    sizes.into_iter().try_for_each(|size| halls(bench, report, size))
}

/// Packets per CPU second through a relay with six links, each packet once over each, as in a hall of connections.
fn relaying(bench: &Bench, report: &mut Report) -> Result<()> {
    bench.announce("mesh: a relay alone");
    let count = bench.scaled(PACKETS);
    let (mut all, mut bare, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..bench.rounds {
        let packets = packets(round as u64, count)?;
        all.push(rate(&packets, LINKS)?);
        fresh.push(rate(&packets, 1)?);
        bare.push(hashing(&packets)?);
    }
    let quotients: Vec<_> = all.iter().zip(&bare).map(|(all, bare)| all / bare).collect();
    let middle = |rounds: &[f64]| number(Spread::of(rounds).map_or(0.0, |spread| spread.median));
    report.add(Row {
        name: targets::RELAY_PPS,
        baseline: format!("decode, HMAC and id alone {}/s", middle(&bare)),
        note: format!(
            "{} of the baseline; {} links, the first of {} copies is new; new ones only: {}/s, kept and forwarded",
            middle(&quotients),
            LINKS,
            LINKS,
            middle(&fresh),
        ),
        judged: None,
        rounds: all,
    });
    Ok(())
}

fn rate(packets: &[Vec<u8>], copies: u32) -> Result<f64> {
    let mut relay = relay(member()?, packets.len())?;
    let before = own_cpu()?;
    for (now, packet) in (0..).zip(packets) {
        for link in 0..copies {
            relay.handle_packet(Hop::only(LinkId(link)), packet, now);
        }
        relay.handle_timeout(now);
        while let Some(output) = relay.poll_output() {
            black_box(matches!(output, Output::Send { .. }));
        }
    }
    let took = own_cpu()?.saturating_sub(before);
    let new = relay.counters().delivered;
    if new != packets.len() as u64 {
        return Err(format!("the relay took {new} of {} packets", packets.len()).into());
    }
    Ok(as_f64(packets.len()) * f64::from(copies) / took.as_secs_f64())
}

/// What no relay can leave out.
fn hashing(packets: &[Vec<u8>]) -> Result<f64> {
    let net = keys()?.net;
    let before = own_cpu()?;
    // As often as through the relay: the kernel counts CPU time in steps of milliseconds.
    for bytes in packets.iter().cycle().take(packets.len() * LINKS as usize) {
        let packet = countersign_mesh::Packet::decode(bytes)?;
        let checked = packet.check_net(&net).map_err(|_| "a packet without a tag")?;
        black_box(checked.packet().id());
    }
    let took = own_cpu()?.saturating_sub(before);
    Ok(as_f64(packets.len()) * f64::from(LINKS) / took.as_secs_f64())
}

fn remembering(bench: &Bench, report: &mut Report) -> Result<()> {
    bench.announce("mesh: a million packets in one generation");
    let ids = bench.scaled(IDS).to_string();
    let args = ["fill-relay", "--ids", &ids].map(str::to_owned);
    let bytes = (0..bench.rounds).map(|_| {
        Ok(Process::start_self(bench.cores, Side::Server, &args)?.line()?.parse::<f64>()?)
    });
    report.add(Row {
        name: targets::SEEN_BYTES,
        rounds: bytes.collect::<Result<Vec<_>>>()?,
        judged: None,
        baseline: format!("{ids} ids of 16 bytes"),
        note: "growth of resident memory of a relay that keeps nothing else".to_owned(),
    });
    Ok(())
}

/// The system as it is shipped; the design had a model of its own.
fn halls(bench: &Bench, report: &mut Report, size: usize) -> Result<()> {
    let nodes = SIZES[size];
    bench.announce(&format!("mesh: {nodes} relays"));
    let (mut delivery, mut p95, mut speed, mut gatt) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut wrong = 0;
    for seed in 0..bench.rounds as u64 {
        let before = own_cpu()?;
        let mut count =
            |_, report: &countersign_sim::mesh::Report| wrong += report.violations.len();
        let broadcast = hall(Policy::ShippedBroadcast, nodes, seed..seed + 1, &mut count).figures;
        let took = own_cpu()?.saturating_sub(before).as_secs_f64();
        speed.push(as_f64(nodes) * broadcast.seconds / took);
        delivery.push(broadcast.delivery() / 100.0);
        p95.push(broadcast.latency(95));
        let gatt_figures = hall(Policy::ShippedGatt, nodes, seed..seed + 1, &mut count).figures;
        gatt.push(gatt_figures.latency(95));
        delivery.push(gatt_figures.delivery() / 100.0);
    }
    if wrong > 0 {
        return Err(format!("{wrong} rules of the mesh were broken at {nodes} nodes").into());
    }
    let design = reference(Policy::Suppress, nodes);
    let known = |figure: Option<f64>| figure.map_or_else(String::new, number);
    let middle = |rounds: &[f64]| number(Spread::of(rounds).map_or(0.0, |spread| spread.median));
    let mut add = |name, rounds, baseline: String, note: String| {
        if bench.wants(name) {
            report.add(Row { name, rounds, judged: None, baseline, note });
        }
    };
    let baseline = format!("design, each vote said once: {} %", known(design.0));
    add(DELIVERY[size], delivery, baseline, "both kinds of air".to_owned());
    let note = format!("tap to log, broadcast; GATT {} ms", middle(&gatt));
    add(P95[size], p95, format!("design {} ms", known(design.1)), note);
    if nodes == 500 {
        let baseline = "virtual time: 1 per node".to_owned();
        let note = "nodes x virtual seconds per CPU second, 500 nodes, broadcast".to_owned();
        add(targets::SIM_SPEED, speed, baseline, note);
    }
    Ok(())
}

/// The link that everything comes over first.
const _: () = assert!(A.0 == 0, "copies come over the links after it");
