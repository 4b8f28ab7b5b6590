//! The board against a sorted vector.

use countersign::{Timestamp, UserId};
use countersign_ranks::board::{Board, Full, PAGE_MAX, Player, RebuildError, Row};
use proptest::prelude::*;
use std::cmp::Reverse;

/// Everything by counting.
#[derive(Default)]
struct Model(Vec<Player>);

impl Model {
    fn set(&mut self, player: Player) {
        match self.0.iter_mut().find(|there| there.user == player.user) {
            Some(there) if there.rating == player.rating => {}
            Some(there) => *there = player,
            None => self.0.push(player),
        }
    }

    fn remove(&mut self, user: &UserId) -> bool {
        let before = self.0.len();
        self.0.retain(|there| there.user != *user);
        self.0.len() < before
    }

    fn rows(&self) -> Vec<Row> {
        let mut sorted = self.0.clone();
        sorted.sort_by_key(|player| (Reverse(player.rating), player.reached, player.user));
        let rank = |player: &Player| 1 + self.count(|other| other.rating > player.rating);
        let rows = sorted.iter().zip(1..);
        rows.map(|(player, position)| Row { rank: rank(player), position, player: *player })
            .collect()
    }

    fn count(&self, is: impl Fn(&Player) -> bool) -> u32 {
        u32::try_from(self.0.iter().filter(|player| is(player)).count()).unwrap()
    }
}

fn user(number: u32) -> UserId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.wrapping_mul(0x9E37_79B9).to_be_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    UserId::from_bytes(bytes)
}

fn player(number: u32, rating: i32, reached: u64) -> Player {
    Player { user: user(number), rating, reached: Timestamp::from_millis(reached) }
}

#[derive(Debug, Clone)]
enum Step {
    Set(u32, i32, u64),
    Remove(u32),
}

fn steps(users: u32, spread: i32, count: usize) -> impl Strategy<Value = Vec<Step>> {
    let set = (0..users, -spread..spread, 0..4_u64).prop_map(|(who, r, at)| Step::Set(who, r, at));
    let remove = (0..users).prop_map(Step::Remove);
    prop::collection::vec(prop_oneof![3 => set, 1 => remove], 0..count)
}

fn assert_same(board: &Board, model: &Model) {
    let rows = model.rows();
    assert_eq!(board.len() as usize, rows.len());
    assert_eq!(board.is_empty(), rows.is_empty());
    assert_eq!(board.rows(1).collect::<Vec<_>>(), rows);
    assert_eq!(board.rows(0).count(), rows.len());
    assert_eq!(board.at(board.len() + 1), None);
    // A hundred rows stand for all: each is counted through.
    for (index, row) in rows.iter().enumerate().step_by(1 + rows.len() / 100) {
        let standing = board.standing(&row.player.user).unwrap();
        assert_eq!((standing.rank, standing.position), (row.rank, row.position));
        assert_eq!((standing.of, standing.rating), (board.len(), row.player.rating));
        assert_eq!(standing.equal, model.count(|other| other.rating == row.player.rating));
        let lower = model.count(|other| other.rating < row.player.rating);
        let others = (board.len() - 1).max(1);
        let alone = board.len() == 1;
        let share = if alone { 10_000 } else { lower * 10_000 / others };
        assert_eq!(u32::from(standing.percentile()), share);
        assert_eq!(board.get(&row.player.user), Some(row.player));
        assert_eq!(board.at(row.position), Some(row.player));
        let around = rows[index.saturating_sub(2)..].iter().take(index.min(2) + 1 + 3);
        let (same, neighbours) = board.around(&row.player.user, 2, 3).unwrap();
        assert_eq!(same, standing);
        assert!(neighbours.iter().eq(around));
    }
}

fn apply(board: &mut Board, model: &mut Model, steps: Vec<Step>) {
    for step in steps {
        match step {
            Step::Set(who, rating, at) => {
                let player = player(who, rating, at);
                board.set(player.user, rating, player.reached).unwrap();
                model.set(player);
            }
            Step::Remove(who) => {
                assert_eq!(board.remove(&user(who)), model.remove(&user(who)));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_board_says_what_counting_says(
        start in prop::collection::vec((-30..30, 0..4_u64), 0..700),
        steps in steps(900, 40, 600),
    ) {
        let mut model = Model::default();
        let players = (0..).zip(&start).map(|(who, (rating, at))| player(who, *rating, *at));
        players.for_each(|player| model.set(player));
        let mut board = Board::rebuild(1000, model.0.iter().copied()).unwrap();
        apply(&mut board, &mut model, steps);
        assert_same(&board, &model);
    }

    #[test]
    fn a_board_is_the_same_set_one_by_one_or_rebuilt(steps in steps(500, 1_000_000, 1500)) {
        let (mut board, mut model) = (Board::new(500), Model::default());
        apply(&mut board, &mut model, steps);
        let rebuilt = Board::rebuild(500, model.0.iter().copied()).unwrap();
        assert!(board.rows(1).eq(rebuilt.rows(1)));
        assert_same(&board, &model);
    }

    #[test]
    fn counts_and_bins_are_counts(
        ratings in prop::collection::vec(-50..50, 0..600),
        mut edges in prop::collection::vec(-60..60, 0..12),
    ) {
        let players = (0..).zip(&ratings).map(|(who, rating)| player(who, *rating, 0));
        let model = Model(players.collect());
        let board = Board::rebuild(600, model.0.iter().copied()).unwrap();
        edges.sort_unstable();
        let bins = board.histogram(&edges);
        let mut low = i32::MIN;
        for (bin, edge) in bins.iter().zip(edges.iter().chain([&i32::MAX])) {
            assert_eq!(*bin, model.count(|player| (low..*edge).contains(&player.rating)));
            assert_eq!(board.count_between(low, *edge), model.count(|player| (low..=*edge).contains(&player.rating)));
            assert_eq!(board.rank_of(*edge), 1 + model.count(|player| player.rating > *edge));
            low = *edge;
        }
        assert_eq!(bins.iter().sum::<u32>(), board.len());
    }
}

/// A plain generator, so that the same players come in every run.
fn numbers(seed: u64) -> impl Iterator<Item = u32> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as u32
    })
}

#[test]
fn twenty_thousand_come_move_and_go() {
    let (mut board, mut model) = (Board::new(20_000), Model::default());
    let mut random = numbers(7);
    let mut draw = || random.next().unwrap();
    for who in 0..20_000 {
        let player = player(who, (draw() % 5_000) as i32, u64::from(draw() % 3));
        board.set(player.user, player.rating, player.reached).unwrap();
        model.0.push(player);
    }
    for _ in 0..20_000 {
        let index = (draw() % 20_000) as usize;
        let moved = player(index as u32, (draw() % 5_000) as i32, 9);
        board.set(moved.user, moved.rating, moved.reached).unwrap();
        if model.0[index].rating != moved.rating {
            model.0[index] = moved;
        }
    }
    let sorted = |model: &Model| {
        let mut players = model.0.clone();
        players.sort_by_key(|player| (Reverse(player.rating), player.reached, player.user));
        players
    };
    assert!(board.rows(1).map(|row| row.player).eq(sorted(&model)));
    let full = board.memory();
    for gone in model.0.split_off(400) {
        assert!(board.remove(&gone.user));
    }
    assert_same(&board, &model);
    assert!(board.memory() < full, "chunks of those who left are given back");
    for gone in model.0.drain(..) {
        assert!(board.remove(&gone.user));
    }
    assert_same(&board, &model);
}

#[test]
fn whoever_has_the_rating_keeps_the_time_of_it() {
    let mut board = Board::new(2);
    board.set(user(1), 10, Timestamp::from_millis(5)).unwrap();
    board.set(user(2), 10, Timestamp::from_millis(6)).unwrap();
    let version = board.version();
    board.set(user(1), 10, Timestamp::from_millis(7)).unwrap();
    assert_eq!(board.version(), version);
    assert_eq!(board.at(1).unwrap(), player(1, 10, 5));
    board.set(user(1), 11, Timestamp::from_millis(7)).unwrap();
    board.set(user(1), 10, Timestamp::from_millis(8)).unwrap();
    assert!(board.version() > version);
    assert_eq!(board.at(2).unwrap(), player(1, 10, 8));
}

#[test]
fn a_full_board_refuses_and_goes_on() {
    let mut board = Board::new(2);
    board.set(user(1), 10, Timestamp::ZERO).unwrap();
    board.set(user(2), 20, Timestamp::ZERO).unwrap();
    assert_eq!(board.set(user(3), 30, Timestamp::ZERO), Err(Full(2)));
    board.set(user(1), 40, Timestamp::ZERO).unwrap();
    assert!(!board.remove(&user(3)));
    assert!(board.remove(&user(2)));
    board.set(user(3), 30, Timestamp::ZERO).unwrap();
    assert_eq!(board.standing(&user(3)).unwrap().rank, 2);
    assert_eq!(board.standing(&user(2)), None);
    assert_eq!(board.around(&user(2), 1, 1), None);
}

#[test]
fn nobody_is_ranked_twice() {
    let twice = [player(1, 10, 0), player(2, 10, 0), player(1, 30, 0)];
    assert_eq!(Board::rebuild(9, twice).unwrap_err(), RebuildError::Twice(user(1)));
    assert_eq!(Board::rebuild(1, twice).unwrap_err(), RebuildError::Full(Full(1)));
}

#[test]
fn pages_end_where_the_board_ends_and_are_never_long() {
    let board = Board::rebuild(500, (0..500).map(|who| player(who, who as i32, 0))).unwrap();
    assert_eq!(board.page(0, u32::MAX).len(), PAGE_MAX as usize);
    assert_eq!(board.page(495, 50).len(), 5);
    assert_eq!(board.page(500, 50), []);
    assert_eq!(board.page(u32::MAX, 50), []);
    assert_eq!(board.around(&user(499), 7, 2).unwrap().1.len(), 3);
    let (_, many) = board.around(&user(0), u32::MAX, u32::MAX).unwrap();
    assert_eq!(many.len(), PAGE_MAX as usize);
    assert_eq!(many.last().unwrap().player.user, user(0));
}

#[test]
fn extreme_ratings_have_their_place() {
    let ratings = [i32::MIN, i32::MAX, 0];
    let players = (0..).zip(ratings).map(|(who, rating)| player(who, rating, u64::MAX));
    let board = Board::rebuild(3, players).unwrap();
    assert_eq!(
        board.rows(1).map(|row| row.player.rating).collect::<Vec<_>>(),
        [i32::MAX, 0, i32::MIN]
    );
    assert_eq!(board.count_between(i32::MIN, i32::MAX), 3);
    assert_eq!(board.histogram(&[i32::MIN, 1, i32::MAX]), [0, 2, 0, 1]);
}
