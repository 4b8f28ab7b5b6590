//! Properties of penalties and notices.

use super::*;
use crate::league::{
    NewPenalty, NoticeKind, PardonOutcome, Penalty, PenaltyCause, PenaltyId, PenaltyKind,
    SeatResult,
};

const USERS: [u32; 6] = [1, 2, 3, 4, 5, 6];
const DAY: u64 = 24 * 60 * 60;

fn new_penalty(user: u32, cause: PenaltyCause, now: Timestamp) -> NewPenalty {
    NewPenalty { user: user_id(user), cause, match_id: None, now }
}

async fn penalty(store: &impl LeagueStore, new: NewPenalty) -> Result<Penalty> {
    store.penalize(new).await?.ok_or_else(|| unexpected("no such player".to_owned()))
}

/// A warning, 1, 3, 7, 14 days; a step down for three clean matches.
pub async fn the_ladder_goes_up_and_down(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    for (n, (level, days)) in (1..).zip([(1, 0), (2, 1), (3, 3), (4, 7), (5, 14), (5, 14)]) {
        let new = new_penalty(1, PenaltyCause::Left, at(n));
        let given = penalty(store.as_ref(), new).await?;
        let until = if days == 0 { Timestamp::ZERO } else { at(n + days * DAY) };
        assert_eq!((given.level, given.until), (level, until));
        let player = player(store.as_ref(), 1).await?;
        assert_eq!((player.leaver_level, player.barred_until), (level, until));
    }
    for n in 1..=7 {
        settled(store.as_ref(), game(n, &USERS)).await?;
        let expected = 5 - u8::try_from(n / 3).unwrap_or_default();
        assert_eq!(player(store.as_ref(), 1).await?.leaver_level, expected, "after {n}");
    }
    let all = store.penalties(user_id(1), PenaltyId(0), 99).await?;
    assert_eq!(all.len(), 6);
    let later = store.penalties(user_id(1), all[2].id, 2).await?;
    assert_eq!(later, all[3..5]);
    let nobody = new_penalty(99, PenaltyCause::Left, at(0));
    assert_eq!(store.penalize(nobody).await?, None);
    Ok(())
}

/// In the table and on the ladder; the team's result stands.
pub async fn a_leaver_loses_although_the_team_won(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let mut referee = told(Settlement::Settled);
    referee.deltas[0] = line(-12_000, 0);
    referee.conduct = vec![Conduct::Left, Conduct::Finished, Conduct::Excused];
    settled_as(store.as_ref(), game(1, &USERS), referee).await?;
    let Some(view) = store.find_game(match_id(1)).await? else {
        return Err(unexpected("no match".to_owned()));
    };
    let counted: Vec<_> = view.seats.iter().take(3).filter_map(|seat| seat.counted).collect();
    assert_eq!(counted, [SeatResult::Lost, SeatResult::Won, SeatResult::Won]);
    let mut shown = Vec::new();
    for n in 1..=3 {
        let player = player(store.as_ref(), n).await?;
        shown.push((player.leaver_level, player.joined, player.finished));
    }
    assert_eq!(shown, [(1, 1, 0), (0, 1, 1), (0, 0, 0)]);
    let log = store.penalties(user_id(1), PenaltyId(0), 9).await?;
    let log: Vec<_> = log.iter().map(|given| (given.kind, given.match_id)).collect();
    assert_eq!(log, [(PenaltyKind::Left, Some(match_id(1)))]);
    sound(store.as_ref()).await
}

/// Rain is nobody's fault.
pub async fn nobody_is_blamed_if_a_third_left(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let mut referee = told(Settlement::Settled);
    referee.conduct = vec![Conduct::Left, Conduct::Left];
    settled_as(store.as_ref(), game(1, &USERS), referee).await?;
    for n in 1..=2 {
        let player = player(store.as_ref(), n).await?;
        assert_eq!((player.leaver_level, player.joined), (0, 0));
        assert_eq!(store.penalties(player.user, PenaltyId(0), 9).await?, []);
    }
    let seats = store.find_game(match_id(1)).await?.map(|view| view.seats);
    let conduct: Vec<_> = seats.iter().flatten().map(|seat| seat.conduct).take(3).collect();
    assert_eq!(conduct, [Conduct::Excused, Conduct::Excused, Conduct::Finished]);
    Ok(())
}

/// By the end of the match, however late it came: the latest injury, and a step of the ladder of missed starts.
pub async fn injuries_and_missed_starts_are_remembered(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2, 3, 4, 5, 6, 9]).await?;
    let (first, second) = (game(1, &USERS), game(2, &USERS));
    let (ended, later) = (first.lineup.ended, second.lineup.ended);
    for (new, injured) in [(second, vec![2, 3]), (first, vec![3, 4])] {
        let mut referee = told(Settlement::Settled);
        referee.conduct = vec![Conduct::Finished; 2];
        referee.conduct.push(Conduct::Excused);
        referee.injured = injured;
        settled_as(store.as_ref(), new, referee).await?;
    }
    let mut seen = Vec::new();
    for n in 1..=6 {
        seen.push(player(store.as_ref(), n).await?.injured);
    }
    let never = Timestamp::ZERO;
    assert_eq!(seen, [never, never, later, later, ended, never]);
    assert_eq!(store.penalties(user_id(3), PenaltyId(0), 9).await?, [], "no penalty");
    let mut times = Vec::new();
    for n in 3..=4 {
        let mut abandoned = game(n, &USERS);
        abandoned.lineup.ended = at(20_000 + u64::from(n));
        abandoned.now = at(90_000);
        let referee =
            Told { no_starts: vec![user_id(1), user_id(9), user_id(99)], ..told(Settlement::Void) };
        settled_as(store.as_ref(), abandoned, referee).await?;
        times.push(at(20_000 + u64::from(n)));
    }
    let log = store.penalties(user_id(1), PenaltyId(0), 9).await?;
    let log: Vec<_> = log.iter().map(|given| (given.kind, given.at, given.until)).collect();
    let until = times[1].plus(Duration::from_secs(600));
    let kind = PenaltyKind::NoStart;
    assert_eq!(log, [(kind, times[0], never), (kind, times[1], until)]);
    assert_eq!(player(store.as_ref(), 1).await?.leaver_level, 0);
    let spectator = store.penalties(user_id(9), PenaltyId(0), 9).await?;
    assert_eq!(spectator.len(), 2, "who is missing has no seat");
    Ok(())
}

/// A warning, ten minutes, half an hour; forgotten after one.
pub async fn missed_starts_count_for_an_hour(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    for (seconds, bar) in
        [(0, 0), (60, 600), (120, 1_800), (3_599, 1_800), (8_000, 0), (8_001, 600)]
    {
        let new = new_penalty(1, PenaltyCause::NoStart, at(seconds));
        let given = penalty(store.as_ref(), new).await?;
        let until = if bar == 0 { Timestamp::ZERO } else { at(seconds + bar) };
        assert_eq!((given.kind, given.until), (PenaltyKind::NoStart, until), "at {seconds}");
        assert_eq!(given.level, 0);
    }
    Ok(())
}

/// Its step and its bar, and nobody else's.
pub async fn a_pardon_takes_a_penalty_back(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let mut given = Vec::new();
    for n in 1..=3 {
        given.push(penalty(store.as_ref(), new_penalty(1, PenaltyCause::Left, at(n))).await?);
    }
    let until = at(10 * DAY);
    let new = new_penalty(1, PenaltyCause::Operator { until }, at(9));
    given.push(penalty(store.as_ref(), new).await?);
    assert_eq!(player(store.as_ref(), 1).await?.barred_until, until);
    for (index, level, expected) in
        [(3, 3, given[2].until), (2, 2, given[1].until), (1, 1, Timestamp::ZERO)]
    {
        let id = given[index].id;
        assert_eq!(store.pardon(id, at(20)).await?, PardonOutcome::Pardoned);
        assert_eq!(store.pardon(id, at(21)).await?, PardonOutcome::Already);
        let player = player(store.as_ref(), 1).await?;
        assert_eq!((player.leaver_level, player.barred_until), (level, expected));
    }
    let log = store.penalties(user_id(1), PenaltyId(0), 9).await?;
    let pardoned: Vec<_> = log.iter().map(|given| given.pardoned).collect();
    assert_eq!(pardoned, [None, Some(at(20)), Some(at(20)), Some(at(20))]);
    assert_eq!(store.pardon(PenaltyId(99), at(20)).await?, PardonOutcome::NoPenalty);
    Ok(())
}

/// Numbers only grow, also after all were forgotten.
pub async fn notices_are_read_in_order_and_forgotten(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    for n in 1..=3 {
        penalty(store.as_ref(), new_penalty(n, PenaltyCause::Left, at(0))).await?;
    }
    let all = store.notices_after(0, 9).await?;
    let users: Vec<_> = all.iter().map(|notice| (notice.kind, notice.user)).collect();
    assert_eq!(users, [1, 2, 3].map(|n| (NoticeKind::Penalty, user_id(n))));
    assert!(all.is_sorted_by(|one, next| one.id < next.id));
    assert_eq!(store.notices_after(all[0].id, 1).await?, all[1..2]);
    store.drop_notices(all[1].id).await?;
    assert_eq!(store.notices_after(0, 9).await?, all[2..]);
    store.drop_notices(u64::MAX).await?;
    penalty(store.as_ref(), new_penalty(1, PenaltyCause::Left, at(1))).await?;
    let next = store.notices_after(all[2].id, 9).await?;
    assert_eq!(next.len(), 1, "its number is not one that was read before");
    Ok(())
}
