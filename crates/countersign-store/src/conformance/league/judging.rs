//! Properties of the facts on which a match is judged.

use super::*;
use crate::league::{DeviceFilter, FactsOutcome, NewPenalty, PenaltyCause, SeqFact};

const USERS: [u32; 6] = [1, 2, 3, 4, 5, 6];
const HOURS_OF_DAY: u32 = 24;

async fn seq_of(store: &impl LeagueStore, n: u32) -> Result<SeqFact> {
    let referee = told(Settlement::Settled);
    settled_as(store, game(n, &USERS), referee.clone()).await?;
    Ok(referee.shown()[0].seq)
}

/// And closes them when a late result arrives.
pub async fn the_counter_of_a_device_knows_gaps(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    for (n, expected, high, missing) in [
        (1, SeqFact::Next, 1, 0),
        (2, SeqFact::Next, 2, 0),
        (5, SeqFact::Gap(2), 5, 2),
        (4, SeqFact::Late, 5, 1),
        (6, SeqFact::Next, 6, 1),
        (3, SeqFact::Late, 6, 0),
    ] {
        assert_eq!(seq_of(store.as_ref(), n).await?, expected, "match {n}");
        let device = store.find_device(device_id(1)).await?;
        let counts = device.map(|device| (device.seq_high, device.seq_missing));
        assert_eq!(counts, Some((high, missing)), "match {n}");
        let filter = DeviceFilter { has_gaps: true, ..DeviceFilter::default() };
        let listed = store.list_devices(filter, None, 9).await?;
        assert_eq!(!listed.is_empty(), missing > 0, "match {n}");
    }
    Ok(())
}

/// Whatever the referee says: a device that counts twice has two lives.
pub async fn a_number_that_is_used_twice_freezes(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    let before = ratings(store.as_ref(), &USERS).await?;
    let mut twin = game(2, &USERS);
    twin.lineup.device_seq = 1;
    let referee = told(Settlement::Settled);
    let outcome = store.settle_game(twin, referee.clone()).await?;
    let SettleOutcome::Settled { settlement, .. } = outcome else {
        return Err(unexpected(format!("{outcome:?}")));
    };
    assert_eq!(settlement, Settlement::Frozen);
    assert_eq!(referee.shown()[0].seq, SeqFact::Reused(match_id(1)));
    assert_eq!(ratings(store.as_ref(), &USERS).await?, before);
    let device = store.find_device(device_id(1)).await?;
    let device = device.map(|device| (device.status, device.seq_high));
    assert_eq!(device, Some((DeviceStatus::Suspect, 1)));
    Ok(())
}

async fn facts(store: &impl LeagueStore, game: &NewGame) -> Result<Facts> {
    let outcome = store.settlement_facts(game.lineup.clone()).await?;
    let FactsOutcome::Facts(facts) = outcome else {
        return Err(unexpected(format!("no facts: {outcome:?}")));
    };
    Ok(*facts)
}

/// Meetings of opponents within the window and later; rated matches of the same day, by player and device.
pub async fn facts_hold_meetings_and_the_day(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2, 3, 4, 5, 6, 7]).await?;
    let month = 30 * HOURS_OF_DAY;
    settled(store.as_ref(), game(1, &USERS)).await?;
    // Player 1 with 4 instead of against; 7 takes the place of 6.
    settled(store.as_ref(), game(month, &[1, 4, 3, 2, 5, 7])).await?;
    settled(store.as_ref(), game(month + 3, &USERS)).await?;
    for (n, expected) in [
        // Both windows hold the later ones, too: bringing results in reverse order is no way around the count.
        (2, 2),
        (month + 2, 1),
        (2 * month + 4, 0),
    ] {
        let facts = facts(store.as_ref(), &game(n, &USERS)).await?;
        let met = facts.meetings.iter().find(|meeting| (meeting.a, meeting.b) == (0, 3));
        assert_eq!(met.map_or(0, |meeting| meeting.times), expected, "match {n}");
    }
    let facts = facts(store.as_ref(), &game(month + 2, &USERS)).await?;
    let of = |a, b| facts.meetings.iter().find(|m| (m.a, m.b) == (a, b)).map(|m| m.times);
    assert_eq!((of(0, 4), of(1, 3), of(0, 5)), (Some(2), Some(2), Some(1)));
    let day_of = |n: u32| game(n, &USERS).lineup.ended.as_millis() / 86_400_000;
    let same_day = [month, month + 3].iter().filter(|&&n| day_of(n) == day_of(month + 2)).count();
    assert_eq!(facts.players[0].rated as usize, same_day);
    assert_eq!(facts.device_rated as usize, same_day);
    let six = [month + 3].iter().filter(|&&n| day_of(n) == day_of(month + 2)).count();
    assert_eq!(facts.players[5].rated as usize, six);
    Ok(())
}

/// Pending ones count, else a wave of them would slip through; others do not.
pub async fn facts_leave_out_what_was_not_rated(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let ways = [Settlement::Unrated, Settlement::Void, Settlement::Frozen, Settlement::Pending];
    for (n, settlement) in (1..).zip(ways) {
        let mut new = game(n, &USERS);
        new.lineup.ended = at(0);
        new.lineup.started = at(0);
        settled_as(store.as_ref(), new, told(settlement)).await?;
    }
    let mut new = game(9, &USERS);
    (new.lineup.started, new.lineup.ended) = (at(0), at(0));
    let facts = facts(store.as_ref(), &new).await?;
    assert_eq!((facts.device_rated, facts.players[2].rated), (1, 1));
    assert_eq!(facts.meetings.len(), 9);
    assert!(facts.meetings.iter().all(|meeting| meeting.times == 1));
    let stranger = store.settlement_facts(game(9, &[1, 2, 3, 4, 5, 99]).lineup).await?;
    assert_eq!(stranger, FactsOutcome::UnknownPlayer(user_id(99)));
    Ok(())
}

/// Their draws cannot hide how often they played among themselves. One more or other player, and only opponents met.
pub async fn in_a_match_of_the_same_players_everybody_met_everybody(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2, 3, 4, 5, 6, 7]).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    // 1 and 4 in one team.
    settled(store.as_ref(), game(2, &[1, 4, 3, 2, 5, 6])).await?;
    settled(store.as_ref(), game(3, &[1, 4, 3, 2, 5, 7])).await?;
    let times = |facts: &Facts, a, b| {
        let met = facts.meetings.iter().find(|meeting| (meeting.a, meeting.b) == (a, b));
        met.map_or(0, |meeting| meeting.times)
    };
    let same = facts(store.as_ref(), &game(4, &USERS)).await?;
    assert_eq!((times(&same, 0, 3), times(&same, 0, 4)), (2, 3));
    let other = facts(store.as_ref(), &game(4, &[1, 2, 3, 4, 5, 7])).await?;
    assert_eq!((times(&other, 0, 3), times(&other, 0, 4), times(&other, 0, 5)), (2, 3, 1));
    let more = facts(store.as_ref(), &game(4, &[1, 2, 3, 7, 4, 5, 6])).await?;
    assert_eq!(times(&more, 0, 4), 1, "1 and 4 met once, and never all seven");
    Ok(())
}

/// Of the match's end: a leaver of another match did nothing here.
pub async fn a_bar_by_an_operator_is_a_fact_and_one_by_the_ladder_is_not(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let ended = game(1, &USERS).lineup.ended;
    let bar = |until| PenaltyCause::Operator { until };
    let after = ended.plus(Duration::from_secs(1));
    for (n, cause) in [
        (1, bar(after)),
        (2, bar(ended)),
        (3, PenaltyCause::Left),
        (3, PenaltyCause::Left),
        (4, bar(after)),
    ] {
        let new = NewPenalty { user: user_id(n), cause, match_id: None, now: ended };
        let given = store.penalize(new).await?;
        if let Some(given) = given.filter(|_| n == 4) {
            store.pardon(given.id, after).await?;
        }
    }
    let facts = facts(store.as_ref(), &game(1, &USERS)).await?;
    let banned: Vec<_> = facts.players.iter().map(|known| known.banned).collect();
    assert_eq!(banned, [true, false, false, false, false, false]);
    Ok(())
}

/// Each referee is shown all matches that were settled before its own: the limits hold for a wave, too.
pub async fn matches_that_arrive_at_once_see_each_other(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    const WAVE: u32 = 12;
    league(store.as_ref(), 1, &USERS).await?;
    let referee = told(Settlement::Settled);
    let calls = shared(store, WAVE).map(|(n, store)| {
        let (referee, mut new) = (referee.clone(), game(n + 1, &USERS));
        (new.lineup.started, new.lineup.ended) = (at(0), at(0));
        async move { store.settle_game(new, referee).await }
    });
    in_parallel(calls).await?;
    let shown = referee.shown();
    let mut met: Vec<_> =
        shown.iter().map(|facts| facts.meetings.first().map_or(0, |m| m.times)).collect();
    let mut rated: Vec<_> = shown.iter().map(|facts| facts.device_rated).collect();
    met.sort_unstable();
    rated.sort_unstable();
    let expected: Vec<_> = (0..WAVE).collect();
    assert_eq!((met, rated), (expected.clone(), expected));
    Ok(())
}
