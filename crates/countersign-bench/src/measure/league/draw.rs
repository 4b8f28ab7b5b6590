//! What device and server compute alike for 22 players: teams, what is at stake, what became of it.

use super::super::Bench;
use crate::failure::Result;
use crate::league::matches::{League, SEATS, deltas};
use crate::process::own_cpu;
use crate::report::{Report, Row, number};
use crate::sample::{Spread, micros_each};
use crate::targets;
use countersign::{Signer, SigningKey};
use countersign_league::Params;
use countersign_league::draw::{Entrant, draw};
use countersign_league::evidence::{MatchStart, SeatFlags, Ticket, open};
use countersign_league::rating::{Rated, stakes};
use countersign_league::settlement::read;
use std::hint::black_box;

const DRAWS: usize = 50_000;
const VERIFICATIONS: usize = 10_000;

/// CPU time of draw, stakes and rating changes together, beside one verification.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::DRAW) {
        return Ok(());
    }
    bench.announce("league: draw and rating of 22 players");
    let league = League::found(1)?;
    let pitch = league.pitches.first().ok_or("a league has a pitch")?;
    let bundle = read(&league.play(pitch, 1)?.bundle)?;
    let start: MatchStart =
        open(&league.keys.realm, pitch.master.verifying_key(), &bundle.start)?.value;
    let server = league.keys.online.verifying_key();
    let ticket = |seat: &countersign_league::evidence::PlayerEvidence| -> Result<Ticket> {
        Ok(open(&league.keys.realm, server, &seat.ticket)?.value)
    };
    let tickets = bundle.players.iter().map(ticket).collect::<Result<Vec<_>>>()?;
    let (mut ours, mut verify) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        ours.push(rate(bench, &start, &tickets)?);
        verify.push(verification(bench)?);
    }
    let quotients: Vec<_> = ours.iter().zip(&verify).map(|(ours, one)| ours / one).collect();
    let middle = |rounds: &[f64]| number(Spread::of(rounds).map_or(0.0, |spread| spread.median));
    report.add(Row {
        name: targets::DRAW,
        baseline: format!("one Ed25519 verification {} us", middle(&verify)),
        note: format!("{} verifications", middle(&quotients)),
        judged: None,
        rounds: ours,
    });
    Ok(())
}

/// Microseconds of CPU for a match.
fn rate(bench: &Bench, start: &MatchStart, tickets: &[Ticket]) -> Result<f64> {
    let count = bench.scaled(DRAWS);
    let (params, seats) = (Params::OFFICIAL, [SeatFlags::default(); SEATS]);
    let mut entrants: Vec<_> = tickets
        .iter()
        .map(|ticket| Entrant { user: ticket.user, nonce: start.challenge, rating: ticket.rating })
        .collect();
    let rated: Vec<Rated> = tickets.iter().map(Rated::from).collect();
    let before = own_cpu()?;
    for number in 0..count {
        // Another seed, other teams.
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&number.to_be_bytes());
        entrants[0].nonce = countersign_league::Nonce::from_bytes(nonce);
        let draw = draw(&params, &start.secret, &start.match_id, &entrants)?;
        black_box(stakes(&params, &rated, &draw.teams));
        black_box(deltas(black_box(start), &seats));
    }
    Ok(micros_each(own_cpu()?.saturating_sub(before), count))
}

fn verification(bench: &Bench) -> Result<f64> {
    const MESSAGE: [u8; 200] = [7; 200];
    let count = bench.scaled(VERIFICATIONS);
    let key = SigningKey::from_seed(&[7; 32]);
    let signature = key.sign(&MESSAGE);
    let before = own_cpu()?;
    for _ in 0..count {
        key.verifying_key().verify(black_box(&MESSAGE), &signature)?;
    }
    Ok(micros_each(own_cpu()?.saturating_sub(before), count))
}
