//! The draw: the same for everybody, even for nobody else, and close.

use countersign::UserId;
use countersign_league::draw::{Draw, DrawError, Entrant, draw, first_secret, opens};
use countersign_league::{Commitment, MatchId, Nonce, Params, Team};
use proptest::prelude::*;

const MATCH: MatchId = MatchId::from_bytes([7; 16]);

fn entrants(count: u8) -> Vec<Entrant> {
    let entrant = |i: u8| Entrant {
        user: UserId::from_bytes([i; 16]),
        nonce: Nonce::from_bytes([i ^ 0x55; 16]),
        rating: 1_500_000 + i32::from(i) * 10_000,
    };
    (0..count).map(entrant).collect()
}

fn secret(number: u32) -> [u8; 32] {
    let mut secret = [0; 32];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    secret
}

fn drawn(number: u32, entrants: &[Entrant]) -> Draw {
    draw(&Params::OFFICIAL, &secret(number), &MATCH, entrants).unwrap()
}

fn size(draw: &Draw, team: Team) -> usize {
    draw.teams.iter().filter(|side| **side == team).count()
}

fn imbalance(draw: &Draw, entrants: &[Entrant]) -> u64 {
    let total = |team| -> i64 {
        let seats = draw.teams.iter().zip(entrants);
        seats.filter(|(side, _)| **side == team).map(|(_, one)| i64::from(one.rating)).sum()
    };
    let sizes = Team::BOTH.map(|team| size(draw, team) as i64);
    (total(Team::A) * sizes[1] - total(Team::B) * sizes[0]).unsigned_abs()
}

#[test]
fn too_few_too_many_or_twice_are_refused() {
    let params = Params::OFFICIAL;
    let error = |entrants: &[Entrant]| draw(&params, &[0; 32], &MATCH, entrants).unwrap_err();
    assert_eq!(error(&entrants(0)), DrawError::Count(0));
    assert_eq!(error(&entrants(1)), DrawError::Count(1));
    assert_eq!(error(&entrants(23)), DrawError::Count(23));
    let mut twice = entrants(6);
    twice[5].user = twice[2].user;
    assert_eq!(error(&twice), DrawError::Twice);
}

#[test]
fn the_order_in_which_players_came_does_not_matter() {
    let sorted = entrants(14);
    let expected = drawn(1, &sorted);
    assert!(expected.users.is_sorted());
    for turn in 1..14 {
        let mut turned = sorted.clone();
        turned.rotate_left(turn);
        assert_eq!(drawn(1, &turned), expected);
        turned.reverse();
        assert_eq!(drawn(1, &turned), expected);
    }
}

/// Two seeds give 22 players the same teams and ends once in 1.4 million times.
#[test]
fn every_bit_of_every_share_changes_the_draw() {
    let people = entrants(22);
    // Without the choice of the best, so that nothing evens out.
    let params = Params { draws: 1, ..Params::OFFICIAL };
    let with = |secret: &[u8; 32], id: &MatchId, people: &[Entrant]| {
        let draw = draw(&params, secret, id, people).unwrap();
        (draw.teams, draw.north)
    };
    let before = with(&secret(3), &MATCH, &people);
    for bit in 0..256 {
        let mut changed = secret(3);
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(with(&changed, &MATCH, &people), before, "secret, bit {bit}");
    }
    for bit in 0..128 {
        let mut id = *MATCH.as_bytes();
        id[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(with(&secret(3), &MatchId::from_bytes(id), &people), before, "match, bit {bit}");
        for seat in 0..people.len() {
            let mut changed = people.clone();
            let mut nonce = *changed[seat].nonce.as_bytes();
            nonce[bit / 8] ^= 1 << (bit % 8);
            changed[seat].nonce = Nonce::from_bytes(nonce);
            assert_ne!(with(&secret(3), &MATCH, &changed), before, "seat {seat}, bit {bit}");
        }
    }
}

#[test]
fn odd_players_go_to_either_team() {
    let people = entrants(7);
    let larger: Vec<usize> = (0..2000).map(|i| size(&drawn(i, &people), Team::A)).collect();
    assert!(larger.iter().all(|size| [3, 4].contains(size)));
    let fours = larger.iter().filter(|size| **size == 4).count();
    assert!((900..1100).contains(&fours), "{fours}");
}

#[test]
fn teams_and_ends_are_drawn_evenly() {
    let mut people = entrants(10);
    // Equal players: every permutation is as good, so the first is taken and nothing is favoured.
    people.iter_mut().for_each(|one| one.rating = 1_500_000);
    let rounds: u32 = 4000;
    let mut together = [[0_u32; 10]; 10];
    let mut in_a = [0_u32; 10];
    let mut north = 0_u32;
    for number in 0..rounds {
        let Draw { teams, north: side, chosen, .. } = drawn(number, &people);
        assert_eq!(chosen, 0);
        north += u32::from(side == Team::A);
        for i in 0..10 {
            in_a[i] += u32::from(teams[i] == Team::A);
            (0..10).for_each(|j| together[i][j] += u32::from(teams[i] == teams[j]));
        }
    }
    // Five standard deviations: 158 of 4000 at one half, 157 at four ninths.
    assert!(north.abs_diff(rounds / 2) < 158, "{north}");
    assert!(in_a.iter().all(|count| count.abs_diff(rounds / 2) < 158), "{in_a:?}");
    for (i, row) in together.iter().enumerate() {
        for (j, count) in row.iter().enumerate().filter(|(j, _)| *j != i) {
            assert!(count.abs_diff(rounds * 4 / 9) < 157, "{i} {j} {count}");
        }
    }
}

#[test]
fn the_closest_of_all_permutations_is_taken_and_the_first_of_equals() {
    let people = entrants(12);
    for number in 0..200 {
        let mut best: Option<Draw> = None;
        for draws in 1..=16 {
            let params = Params { draws, ..Params::OFFICIAL };
            let now = draw(&params, &secret(number), &MATCH, &people).unwrap();
            if let Some(before) = best {
                let closer = imbalance(&now, &people) < imbalance(&before, &people);
                // A further permutation is taken only if it is closer.
                assert_eq!(closer, now.chosen == draws - 1);
                assert!(closer || now == before);
            }
            best = Some(now);
        }
    }
}

#[test]
fn no_permutations_mean_one() {
    let [none, one] = [0, 1]
        .map(|draws| draw(&Params { draws, ..Params::OFFICIAL }, &secret(1), &MATCH, &entrants(8)));
    assert_eq!(none, one);
}

#[test]
fn only_the_fixed_secret_opens_the_commitment() {
    let commit = Commitment::to(&secret(1));
    assert!(opens(&secret(1), &commit));
    assert!(!opens(&secret(2), &commit));
}

#[test]
fn a_commitment_to_the_first_draw_fixes_the_redraw() {
    let commit = Commitment::to(&first_secret(&secret(1)));
    assert!(opens(&first_secret(&secret(1)), &commit));
    assert!(opens(&secret(1), &commit));
    assert!(!opens(&first_secret(&first_secret(&secret(1))), &commit));
}

proptest! {
    #[test]
    fn teams_differ_by_one_at_most(
        ratings in prop::collection::vec(any::<i32>(), 2..=22),
        secret in any::<[u8; 32]>(),
    ) {
        let mut people = entrants(ratings.len() as u8);
        people.iter_mut().zip(&ratings).for_each(|(one, rating)| one.rating = *rating);
        let draw = draw(&Params::OFFICIAL, &secret, &MATCH, &people).unwrap();
        prop_assert_eq!(draw.teams.len(), people.len());
        prop_assert!(size(&draw, Team::A).abs_diff(size(&draw, Team::B)) <= 1);
        prop_assert!(draw.chosen < 16);
    }
}
