//! Expectations, stakes and rating changes.

use super::chain::{SplitMix, start};
use alloc::format;
use alloc::vec::Vec;
use countersign::Malformed;
use countersign::UserId;
use countersign_league::draw::Draw;
use countersign_league::evidence::{Outcome, SeatFlags, Stakes};
use countersign_league::rating::{
    Deltas, Ending, Rated, difference, expectation, final_deltas, stakes, table,
};
use countersign_league::{Params, Team};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SEEDS: u64 = 160;

pub(crate) fn cases() -> impl Iterator<Item = Result<Value, Malformed>> {
    let first = core::iter::once_with(table_case).chain(expectations());
    first.map(Ok).chain((0..SEEDS).map(match_case))
}

/// The table itself follows from its definition; its digest says whether an implementation has the same.
fn table_case() -> Value {
    let mut hash = Sha256::new();
    table::EXPECTATION.iter().for_each(|entry| hash.update(entry.to_be_bytes()));
    json!({
        "name": "the table as big-endian u16",
        "of": "table",
        "entries": table::EXPECTATION.len(),
        "sha256": hex::encode(hash.finalize()),
    })
}

fn expectations() -> impl Iterator<Item = Value> {
    let edges = [0, 1, 499, 500, 501, 999, 1_000, 1_001, 399_999, 400_000, 799_500, 799_999];
    let far = [800_000, 800_001, 1_000_000, 2_147_483_647, 4_294_967_295];
    let mut numbers = SplitMix(1);
    let some = (0..60).map(move |_| (numbers.next() % 800_000) as i64);
    let all = edges.into_iter().chain(far).chain(some);
    all.flat_map(|difference| [difference, -difference]).map(|difference| {
        json!({
            "name": format!("{difference} thousandths"),
            "of": "expectation",
            "difference": difference,
            "expectation": expectation(difference),
        })
    })
}

/// Even and uneven teams, by turns under rules that do not rate uneven ones, with four ends each.
fn match_case(seed: u64) -> Result<Value, Malformed> {
    let mut numbers = SplitMix(seed << 32);
    let sizes = [1 + numbers.next() % 11, 1 + numbers.next() % 11];
    let sizes = if seed.is_multiple_of(2) { [sizes[0]; 2] } else { sizes };
    let params = Params { odd_rated: seed % 5 != 3, ..Params::OFFICIAL };
    let teams = teams(sizes, &mut numbers);
    let players: Vec<Rated> = teams.iter().map(|_| player(&mut numbers)).collect();
    let of = |team| -> Vec<i32> {
        let seats = players.iter().zip(&teams).filter(|(_, side)| **side == team);
        seats.map(|(player, _)| player.rating).collect()
    };
    let difference = difference(&of(Team::A), &of(Team::B));
    let stakes = stakes(&params, &players, &teams);
    let users = (0..teams.len()).map(|seat| UserId::from_bytes([seat as u8; 16])).collect();
    let draw = Draw { users, teams, north: Team::A, chosen: 0 };
    let mut endings = Vec::new();
    for _ in 0..4 {
        endings.push(ending_case(&draw, &stakes, &mut numbers)?);
    }
    let player = |player: &Rated| json!([player.rating, player.matches]);
    let stake = |stakes: &Stakes| json!([stakes.win, stakes.draw, stakes.loss]);
    Ok(json!({
        "name": format!("match {seed}, {} against {}", sizes[0], sizes[1]),
        "of": "match",
        "k_first": params.k_first,
        "k_first_matches": params.k_first_matches,
        "k": params.k,
        "odd_rated": params.odd_rated,
        "players": players.iter().map(player).collect::<Vec<_>>(),
        "teams": numbers_of(&draw.teams),
        "difference": difference,
        "stakes": stakes.iter().map(stake).collect::<Vec<_>>(),
        "endings": endings,
    }))
}

fn ending_case(draw: &Draw, stakes: &[Stakes], numbers: &mut SplitMix) -> Result<Value, Malformed> {
    let number = numbers.next();
    let outcome =
        Outcome::from_number(if number.is_multiple_of(3) { (number >> 8) as u8 % 9 } else { 0 })?;
    let loser = if number >> 16 & 1 == 0 { Team::A } else { Team::B };
    let loser = (outcome == Outcome::Conceded).then_some(loser);
    let score = [(number >> 24) as u8 % 4, (number >> 32) as u8 % 4];
    let flag = |_| {
        let number = numbers.next();
        SeatFlags(if number.is_multiple_of(8) { (number >> 8) as u8 & 31 } else { 0 })
    };
    let seats: Vec<SeatFlags> = draw.teams.iter().map(flag).collect();
    let ending = Ending { outcome, loser, score, seats: &seats };
    let Deltas { seats: deltas, bank } = final_deltas(&start(draw, stakes), ending);
    Ok(json!({
        "outcome": outcome as u8,
        "loser": loser.map(|team| team as u8),
        "score": score,
        "flags": seats.iter().map(|flags| flags.0).collect::<Vec<_>>(),
        "deltas": deltas,
        "bank": bank,
    }))
}

/// Mostly ordinary ratings, sometimes any number at all.
fn player(numbers: &mut SplitMix) -> Rated {
    let number = numbers.next();
    let rating = match number % 32 {
        0 => (number >> 32) as i32,
        _ => 100_000 + ((number >> 32) % 2_900_000) as i32,
    };
    Rated { rating, matches: (number >> 8) as u16 % 20 }
}

/// So many of each team, in an order that the numbers make.
fn teams(sizes: [u64; 2], numbers: &mut SplitMix) -> Vec<Team> {
    let mut left = sizes;
    let mut teams = Vec::new();
    while left[0] + left[1] > 0 {
        let team = if numbers.next() % (left[0] + left[1]) < left[0] { Team::A } else { Team::B };
        left[team.index()] -= 1;
        teams.push(team);
    }
    teams
}

pub(crate) fn numbers_of(teams: &[Team]) -> Vec<u8> {
    teams.iter().map(|team| *team as u8).collect()
}
