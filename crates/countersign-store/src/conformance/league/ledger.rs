//! Properties of the ledger, and of seasons.

use super::*;
use crate::league::{LineKind, Replay, SeasonOutcome, SeatResult, Tally, rubber_band};

const USERS: [u32; 6] = [1, 2, 3, 4, 5, 6];

/// A small seeded generator (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % u64::from(end)) as u32
    }

    fn shuffle(&mut self, list: &mut [u32]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end as u32 + 1) as usize);
        }
    }
}

/// Match `n` of a group of eight players: who, with what result, is drawn from the number alone.
fn drawn(group: u32, n: u32) -> (NewGame, Told) {
    let mut draw = Draw(u64::from(n));
    let mut users: Vec<_> = (1..=8).collect();
    draw.shuffle(&mut users);
    let users: Vec<_> = users.iter().take(6).map(|user| group * 100 + user).collect();
    let mut new = game(group * 1_000 + n, &users);
    new.lineup.device = device_id(group);
    new.lineup.device_seq = n;
    new.lineup.ended = at(u64::from(draw.below(1 << 22)));
    new.lineup.started = new.lineup.ended;
    new.winner = [None, Some(Team::A), Some(Team::B)][draw.below(3) as usize];
    let mut referee = told(Settlement::Settled);
    let big = 600_000;
    referee.deltas = (0..6)
        .map(|_| line(draw.below(2 * big) as i32 - big as i32, draw.below(9_000) as i32))
        .collect();
    (new, referee)
}

/// The same matches in groups of players that differ by nothing else, each group in another order. Deltas are large enough
/// to go far below the floor and back.
pub async fn settlements_in_any_order_give_the_same_ratings(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    const MATCHES: u32 = 12;
    let mut results = Vec::new();
    for group in 1..=4 {
        let users: Vec<_> = (1..=8).map(|user| group * 100 + user).collect();
        league(store.as_ref(), group, &users).await?;
        let mut order: Vec<_> = (1..=MATCHES).collect();
        Draw(u64::from(group)).shuffle(&mut order);
        for n in order {
            let (new, referee) = drawn(group, n);
            settled_as(store.as_ref(), new, referee).await?;
        }
        let mut state = Vec::new();
        for user in users {
            let player = player(store.as_ref(), user).await?;
            let rows = store.season_rows(1, vec![player.user]).await?;
            let table = rows.first().map(|row| (row.tally, row.form.clone()));
            let counts = (player.matches, player.opponents, player.last_match);
            state.push((player.balance, player.rating(), counts, table));
        }
        let device = store.find_device(device_id(group)).await?;
        let device = device.map(|device| (device.seq_high, device.seq_missing));
        assert_eq!(device, Some((MATCHES, 0)));
        results.push(state);
    }
    for other in &results {
        assert_eq!(other, &results[0]);
    }
    assert!(results[0].iter().any(|player| player.0 != i64::from(FIRST)));
    sound(store.as_ref()).await
}

/// Line by line, without gaps, also through rulings and a season.
pub async fn ratings_follow_from_the_ledger(store: &Arc<impl LeagueStore>) -> Result<()> {
    let users: Vec<_> = (101..=108).collect();
    league(store.as_ref(), 1, &users).await?;
    for n in 1..=10 {
        let (new, referee) = drawn(1, n);
        settled_as(store.as_ref(), new, referee).await?;
        if n == 5 {
            store.open_season(2, at(5)).await?;
        }
    }
    while store.carry_players(3, at(6)).await? > 0 {}
    let mut replay = Replay::default();
    loop {
        let page = store.ledger_after(replay.last(), 7).await?;
        if page.is_empty() {
            break;
        }
        for line in &page {
            assert!(replay.add(line), "line {} does not follow {}", line.seq, replay.last());
        }
    }
    assert_eq!(replay.balances().len(), users.len());
    assert_eq!(replay.balances().values().sum::<i64>() + replay.bank(), 0);
    for user in users {
        let player = player(store.as_ref(), user).await?;
        assert_eq!(replay.balances().get(&player.user), Some(&player.balance));
        let own = store.ledger_of(player.user, 0, 1_000).await?;
        assert_eq!(own.iter().map(|line| line.amount).sum::<i64>(), player.balance);
    }
    let check = store.check_ledger().await?;
    assert!(check.is_sound() && check.lines == replay.last(), "{check:?}");
    Ok(())
}

/// So that a later match finds the same balance whichever came first.
pub async fn the_floor_is_shown_and_not_booked(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    for (n, delta, rating) in
        [(1, -1_350_000, 150_000), (2, -100_000, 100_000), (3, 90_000, 140_000)]
    {
        let mut referee = told(Settlement::Settled);
        referee.deltas = vec![line(delta, 0)];
        let receipt = settled_as(store.as_ref(), game(n, &USERS), referee).await?;
        let receipt = String::from_utf8_lossy(&receipt).into_owned();
        assert!(receipt.contains(&format!("({delta}, 0, {rating})")), "{receipt}");
        assert_eq!(player(store.as_ref(), 1).await?.rating(), rating);
    }
    assert_eq!(player(store.as_ref(), 1).await?.balance, 140_000);
    sound(store.as_ref()).await
}

/// Whether carried by the sweep or by a match.
pub async fn a_new_season_pulls_everybody_once(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2, 3, 4, 5, 6, 7, 8]).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    assert_eq!(store.open_season(2, at(9)).await?, SeasonOutcome::Opened);
    assert_eq!(store.season().await?.number, 2);
    // Carries the six; the two others are left to the sweep.
    settled(store.as_ref(), game(2, &USERS)).await?;
    let pulled = 1_508_000 + rubber_band(1_508_000);
    assert_eq!(i64::from(ratings(store.as_ref(), &[1]).await?[0]), pulled + 8_000);
    assert_eq!(store.carry_players(1, at(10)).await?, 1);
    assert_eq!(store.carry_players(9, at(10)).await?, 1);
    assert_eq!(store.carry_players(9, at(10)).await?, 0);
    for n in 1..=8 {
        let player = player(store.as_ref(), n).await?;
        assert_eq!((player.season, player.season_matches), (2, u32::from(n <= 6)));
        let seasons = store.ledger_of(player.user, 0, 99).await?;
        let pulls = seasons.iter().filter(|line| line.kind == LineKind::Season).count();
        assert_eq!(pulls, usize::from(n <= 6), "player {n}: a pull of nothing is no line");
    }
    sound(store.as_ref()).await
}

/// Else the pull would depend on whether the sweep or the match came first.
pub async fn what_counts_late_is_not_pulled(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    settled_as(store.as_ref(), game(2, &USERS), told(Settlement::Pending)).await?;
    store.open_season(2, at(9)).await?;
    store.apply_due(at(1 << 30), 9).await?;
    let expected = 1_508_000 + rubber_band(1_508_000) + 8_000;
    assert_eq!(player(store.as_ref(), 1).await?.balance, expected);
    assert_eq!(store.carry_players(9, at(10)).await?, 0);
    // It is a match of the season in which it was settled.
    let rows = store.season_rows(1, vec![user_id(1)]).await?;
    assert_eq!((rows[0].tally.won, rows[0].closed_at), (2, Some(1_508_000)));
    assert_eq!(player(store.as_ref(), 1).await?.season_matches, 0);
    sound(store.as_ref()).await
}

/// With the rating at its end, and a form of five.
pub async fn a_season_has_its_own_table(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let winners =
        [Some(Team::A), None, Some(Team::B), Some(Team::A), Some(Team::A), None, Some(Team::A)];
    for (n, winner) in (1..).zip(winners) {
        // The last one arrives first.
        let new = NewGame { winner, ..game(8 - n, &USERS) };
        settled(store.as_ref(), new).await?;
    }
    let rows = store.season_rows(1, vec![user_id(6), user_id(1), user_id(99)]).await?;
    assert_eq!(rows.iter().map(|row| row.user).collect::<Vec<_>>(), [user_id(1), user_id(6)]);
    assert_eq!(rows[0].tally, Tally { won: 4, drawn: 2, lost: 1 });
    assert_eq!(rows[1].tally, Tally { won: 1, drawn: 2, lost: 4 });
    use SeatResult::{Drawn, Lost, Won};
    assert_eq!(rows[0].form, [Won, Drawn, Lost, Won, Won]);
    assert_eq!(rows[0].closed_at, None);
    let end = ratings(store.as_ref(), &[1]).await?[0];
    store.open_season(2, at(9)).await?;
    while store.carry_players(2, at(9)).await? > 0 {}
    assert_eq!(store.season_rows(2, vec![user_id(1)]).await?, []);
    let closed = store.season_rows(1, vec![user_id(1)]).await?;
    assert_eq!(closed[0].closed_at, Some(end));
    settled(store.as_ref(), game(20, &USERS)).await?;
    let rows = store.season_rows(2, vec![user_id(1)]).await?;
    assert_eq!((rows[0].tally.matches(), rows[0].form.len()), (1, 1));
    Ok(())
}

/// And once.
pub async fn only_the_next_season_opens(store: &Arc<impl LeagueStore>) -> Result<()> {
    for (number, expected) in [
        (3, SeasonOutcome::NotNext { current: 1 }),
        (0, SeasonOutcome::NotNext { current: 1 }),
        (1, SeasonOutcome::Open),
        (2, SeasonOutcome::Opened),
        (2, SeasonOutcome::Open),
        (1, SeasonOutcome::NotNext { current: 2 }),
        (3, SeasonOutcome::Opened),
    ] {
        assert_eq!(store.open_season(number, at(u64::from(number))).await?, expected);
    }
    let season = store.season().await?;
    assert_eq!((season.number, season.opened), (3, at(3)));
    Ok(())
}
