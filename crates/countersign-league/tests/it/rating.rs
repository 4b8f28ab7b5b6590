//! Stakes and deltas: exact symmetry, against the real curve, and against another library.

use crate::agreement::chain;
use countersign::UserId;
use countersign_league::draw::Draw;
use countersign_league::evidence::{MatchStart, Outcome, SeatFlags, Stakes};
use countersign_league::rating::table::EXPECTATION;
use countersign_league::rating::{
    Deltas, Ending, ONE, Rated, change, difference, expectation, final_deltas, floor_relief,
    round_half_away, stakes,
};
use countersign_league::{Params, Team};
use proptest::prelude::*;

const OFFICIAL: Params = Params::OFFICIAL;

fn curve(points: f64) -> f64 {
    1.0 / (1.0 + 10_f64.powf(-points / 400.0))
}

#[test]
fn the_table_is_the_curve() {
    for (points, entry) in EXPECTATION.iter().enumerate() {
        let exact = 65536.0 * curve(points as f64);
        // No entry is so close to a half that the last bits of a float could decide it.
        assert!((exact.fract() - 0.5).abs() > 1e-6 || points == 0, "{points}");
        assert_eq!(exact.round(), f64::from(*entry), "{points}");
    }
}

#[test]
fn interpolation_stays_close_to_the_curve_and_grows() {
    let mut before = 0;
    for milli in -800_000..=800_000 {
        let now = expectation(milli);
        let error = now as f64 / 65536.0 - curve(milli as f64 / 1000.0);
        assert!(error.abs() < 2e-5, "{milli}: {error}");
        assert!(now >= before, "{milli}");
        assert_eq!(now + expectation(-milli), ONE);
        before = now;
    }
}

#[test]
fn beyond_800_points_nothing_changes() {
    for far in [800_001, 1_000_000, i64::MAX] {
        assert_eq!(expectation(far), expectation(800_000));
        assert_eq!(expectation(-far), expectation(-800_000));
    }
    assert_eq!(expectation(i64::MIN), expectation(-800_000));
}

#[test]
fn halves_go_away_from_zero() {
    let rounded = [(5, 2, 3), (-5, 2, -3), (4, 3, 1), (-4, 3, -1), (5, 3, 2), (-5, 3, -2)];
    for (dividend, divisor, expected) in rounded {
        assert_eq!(round_half_away(dividend, divisor), expected, "{dividend}/{divisor}");
    }
    assert_eq!(round_half_away(i64::MIN + 1, 1), i64::MIN + 1);
    assert_eq!(round_half_away(7, 0), 7);
}

#[test]
fn means_are_compared_and_an_empty_team_is_an_equal() {
    assert_eq!(difference(&[1_500_000, 1_600_000], &[1_400_000]), 150_000);
    // 1/3 of a thousandth is nothing, 2/3 are one.
    assert_eq!(difference(&[1, 0, 0], &[0]), 0);
    assert_eq!(difference(&[1, 1, 0], &[0]), 1);
    assert_eq!(difference(&[], &[9]), 0);
}

/// `skillratings` computes 1 against 1 with floats and whole-number K.
#[test]
fn one_against_one_is_what_skillratings_says() {
    use skillratings::Outcomes::{DRAW, LOSS, WIN};
    use skillratings::elo::{EloConfig, EloRating, elo};
    for k in [24, 40] {
        for (a, b) in (0..600).map(|i| (1_000_000 + i * 1_687, 1_800_000 - i * 977)) {
            for (score, outcome) in [(ONE, WIN), (ONE / 2, DRAW), (0, LOSS)] {
                let rated = |milli: i32| EloRating { rating: f64::from(milli) / 1000.0 };
                let config = EloConfig { k: f64::from(k) };
                let (new, _) = elo(&rated(a), &rated(b), &outcome, &config);
                let theirs = new.rating * 1000.0 - f64::from(a);
                let ours = change(k, score, expectation(difference(&[a], &[b])));
                assert!((theirs - f64::from(ours)).abs() < 1.4, "{a} {b}: {theirs} {ours}");
            }
        }
    }
}

#[test]
fn uneven_teams_are_rated_by_means_or_not_at_all() {
    let players = [1_500_000, 1_600_000, 1_550_000].map(|rating| Rated { rating, matches: 99 });
    let teams = [Team::A, Team::A, Team::B];
    let rated = stakes(&OFFICIAL, &players, &teams);
    assert_eq!(rated, [Stakes { win: 12_000, draw: 0, loss: -12_000 }; 3]);
    let params = Params { odd_rated: false, ..OFFICIAL };
    assert_eq!(stakes(&params, &players, &teams), [Stakes::default(); 3]);
}

#[test]
fn the_first_matches_weigh_more() {
    let players = [9, 10].map(|matches| Rated { rating: 1_500_000, matches });
    let stakes = stakes(&OFFICIAL, &players, &Team::BOTH);
    assert_eq!(stakes.iter().map(|stakes| stakes.win).collect::<Vec<_>>(), [20_000, 12_000]);
}

#[test]
fn the_floor_takes_only_what_is_missing() {
    for (rating, change, relief) in
        [(150, -40, 0), (110, -40, 30), (100, -1, 1), (90, -7, 7), (90, 5, 0), (i32::MIN, -9, 9)]
    {
        assert_eq!(floor_relief(rating, change, 100), relief, "{rating} {change}");
    }
}

/// A start with these teams and stakes, seat by seat.
fn start(teams: &[Team], stakes: &[Stakes]) -> MatchStart {
    let users = (0..).zip(teams).map(|(seat, _)| UserId::from_bytes([seat; 16])).collect();
    let draw = Draw { users, teams: teams.to_vec(), north: Team::A, chosen: 0 };
    chain::start(&draw, stakes)
}

#[test]
fn leavers_lose_and_their_team_loses_half() {
    let teams = [Team::A, Team::A, Team::B, Team::B];
    let start = start(&teams, &[Stakes { win: 11, draw: 1, loss: -9 }; 4]);
    let flags = |seat: usize, bits: u8| {
        let mut seats = [SeatFlags::default(); 4];
        seats[seat] = SeatFlags(bits);
        seats
    };
    let ending = |score, loser: Option<Team>, seats: &[SeatFlags]| {
        let outcome = if loser.is_none() { Outcome::Final } else { Outcome::Conceded };
        final_deltas(&start, Ending { outcome, loser, score, seats })
    };
    let none = flags(0, SeatFlags::CONFIRMED);
    let left = flags(0, SeatFlags::LEFT);
    let hurt = flags(0, SeatFlags::LEFT | SeatFlags::INJURED);
    let absent = flags(0, SeatFlags::LEFT | SeatFlags::INJURED | SeatFlags::ABSENT);
    for (score, loser, seats, expected, bank) in [
        ([2, 1], None, none, [11, 11, -9, -9], -4),
        ([1, 1], None, none, [1, 1, 1, 1], -4),
        ([1, 2], None, left, [-9, -5, 11, 11], -8),
        ([2, 1], None, left, [-9, 11, -9, -9], 16),
        ([1, 1], None, left, [-9, 1, 1, 1], 6),
        ([1, 2], None, hurt, [-9, -9, 11, 11], -4),
        ([1, 2], None, absent, [-9, -5, 11, 11], -8),
        ([9, 0], Some(Team::A), none, [-9, -9, 11, 11], -4),
    ] {
        let deltas = ending(score, loser, &seats);
        assert_eq!(deltas, Deltas { seats: expected.into(), bank }, "{score:?} {seats:?}");
    }
}

#[test]
fn void_matches_change_nothing() {
    let start = start(&Team::BOTH, &[Stakes { win: 11, draw: 1, loss: -9 }; 2]);
    for number in 2..=8 {
        let outcome = Outcome::from_number(number).unwrap();
        let seats = [SeatFlags(SeatFlags::LEFT); 2];
        let ending = Ending { outcome, loser: None, score: [3, 0], seats: &seats };
        assert_eq!(final_deltas(&start, ending), Deltas { seats: vec![0, 0], bank: 0 });
    }
}

fn teams_of(split: usize, count: usize) -> Vec<Team> {
    (0..count).map(|seat| if seat < split { Team::A } else { Team::B }).collect()
}

proptest! {
    #[test]
    fn swapping_the_teams_only_changes_the_sign(
        a in prop::collection::vec(any::<i32>(), 1..12),
        b in prop::collection::vec(any::<i32>(), 1..12),
    ) {
        prop_assert_eq!(difference(&a, &b), -difference(&b, &a));
        prop_assert_eq!(expectation(difference(&a, &b)) + expectation(difference(&b, &a)), ONE);
    }

    #[test]
    fn equal_k_and_sizes_leave_nothing_for_the_bank(
        ratings in prop::collection::vec(100_000..3_000_000_i32, 2..=22),
        score in any::<[u8; 2]>(),
    ) {
        let half = ratings.len() / 2;
        let players: Vec<Rated> =
            ratings[..2 * half].iter().map(|&rating| Rated { rating, matches: 50 }).collect();
        let teams = teams_of(half, 2 * half);
        let stakes = stakes(&OFFICIAL, &players, &teams);
        for (one, other) in stakes[..half].iter().zip(&stakes[half..]) {
            prop_assert_eq!([one.win, one.draw, one.loss], [-other.loss, -other.draw, -other.win]);
        }
        let seats = vec![SeatFlags::default(); 2 * half];
        let ending = Ending { outcome: Outcome::Final, loser: None, score, seats: &seats };
        prop_assert_eq!(final_deltas(&start(&teams, &stakes), ending).bank, 0);
    }

    #[test]
    fn whatever_happens_the_ledger_balances(
        players in prop::collection::vec((any::<i32>(), any::<u16>(), 0_u8..32), 2..=22),
        split in 1_usize..21,
        outcome in 0_u8..9,
        score in any::<[u8; 2]>(),
    ) {
        let teams = teams_of(split.min(players.len() - 1), players.len());
        let rated: Vec<Rated> =
            players.iter().map(|&(rating, matches, _)| Rated { rating, matches }).collect();
        let flags: Vec<SeatFlags> = players.iter().map(|player| SeatFlags(player.2)).collect();
        let outcome = Outcome::from_number(outcome).unwrap();
        let loser = (outcome == Outcome::Conceded).then_some(Team::B);
        let stakes = stakes(&OFFICIAL, &rated, &teams);
        for stake in &stakes {
            prop_assert!(stake.loss <= 0 && 0 <= stake.win && stake.loss <= stake.draw);
        }
        let deltas = final_deltas(
            &start(&teams, &stakes),
            Ending { outcome, loser, score, seats: &flags },
        );
        prop_assert_eq!(deltas.seats.len(), players.len());
        prop_assert_eq!(deltas.seats.iter().map(|&delta| i64::from(delta)).sum::<i64>(), -deltas.bank);
    }
}
