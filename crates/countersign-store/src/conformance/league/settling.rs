//! Properties of settling: once, wholly, with one receipt.

use super::*;
use crate::Store;
use crate::league::{
    DisputeId, DisputeKind, DisputeQueue, EvidenceView, FORKS_MAX, GameFilter, HeadToHead,
    HistoryCursor, NewDispute, NewRuling, NoticeKind, Ruling, SeatResult, Tally,
};
use countersign::UserId;

const USERS: [u32; 6] = [1, 2, 3, 4, 5, 6];

/// Match, seats, evidence, ratings, tables, meetings, device, notices.
pub async fn a_settled_match_is_everywhere(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let new = game(1, &USERS);
    let referee = told(Settlement::Settled);
    let outcome = store.settle_game(new.clone(), referee).await?;
    let SettleOutcome::Settled { receipt, settlement, ratings: changed, reused } = outcome else {
        return Err(unexpected("it was not settled".to_owned()));
    };
    assert_eq!((settlement, reused), (Settlement::Settled, vec![]));
    let after = [1_508_000, 1_508_000, 1_508_000, 1_492_000, 1_492_000, 1_492_000];
    let told: Vec<_> = changed.iter().map(|rated| (rated.before, rated.after)).collect();
    assert_eq!(told, after.map(|after| (FIRST, after)));
    assert_eq!(ratings(store.as_ref(), &USERS).await?, after);
    let Some(view) = store.find_game(match_id(1)).await? else {
        return Err(unexpected("the match is not found".to_owned()));
    };
    let stored = &view.game;
    assert_eq!((stored.no, stored.result, stored.device), (1, new.result, device_id(1)));
    assert_eq!((stored.score, stored.winner), ([2, 1], Some(Team::A)));
    assert_eq!((stored.reason, stored.integrity, stored.season), (7, 205, 1));
    assert_eq!((stored.started, stored.ended), (new.lineup.started, new.lineup.ended));
    let counted: Vec<_> = view.seats.iter().map(|seat| (seat.booked, seat.counted)).collect();
    assert_eq!(counted[0], (8_000, Some(SeatResult::Won)));
    assert_eq!(counted[5], (-8_000, Some(SeatResult::Lost)));
    let evidence = EvidenceView {
        result: new.result,
        bundle: new.bundle.clone(),
        receipt: receipt.clone(),
        received: new.now,
    };
    assert_eq!(view.evidence, [evidence]);
    assert_eq!(store.find_receipt(match_id(1), new.result).await?, Some(receipt));
    let first = player(store.as_ref(), 1).await?;
    assert_eq!((first.matches, first.season_matches, first.opponents), (1, 1, 3));
    assert_eq!((first.joined, first.finished, first.last_match), (1, 1, new.lineup.ended));
    let met = HeadToHead { won: 1, drawn: 0, lost: 0 };
    assert_eq!(store.head_to_head(user_id(1), user_id(4)).await?, met);
    assert_eq!(store.head_to_head(user_id(4), user_id(1)).await?, met.mirrored());
    assert_eq!(store.head_to_head(user_id(1), user_id(2)).await?, HeadToHead::default());
    let rows = store.season_rows(1, vec![user_id(4)]).await?;
    assert_eq!(rows[0].tally, Tally { won: 0, drawn: 0, lost: 1 });
    let device = store.find_device(device_id(1)).await?;
    assert_eq!(device.map(|device| (device.seq_high, device.seq_missing)), Some((1, 0)));
    let notices = store.notices_after(0, 100).await?;
    let of = |user: UserId| notices.iter().filter(move |notice| notice.user == user);
    let kinds: Vec<_> = of(user_id(6)).map(|notice| (notice.kind, notice.match_id)).collect();
    let this = Some(match_id(1));
    assert_eq!(kinds, [(NoticeKind::Result, this), (NoticeKind::Rating, this)]);
    sound(store.as_ref()).await
}

/// Whatever a later referee would say, and nothing counts twice.
pub async fn the_same_result_gets_the_first_receipt(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let receipt = settled(store.as_ref(), game(1, &USERS)).await?;
    let before = (ratings(store.as_ref(), &USERS).await?, store.notices_after(0, 100).await?);
    let other = told(Settlement::Void);
    let late = NewGame { now: at(1 << 20), bundle: vec![1], ..game(1, &USERS) };
    let again = store.settle_game(late, other.clone()).await?;
    assert_eq!(again, SettleOutcome::Before { receipt });
    assert!(other.shown().is_empty(), "nobody is asked twice");
    let after = (ratings(store.as_ref(), &USERS).await?, store.notices_after(0, 100).await?);
    assert_eq!(before, after);
    let evidence = store.find_game(match_id(1)).await?.map(|view| view.evidence.len());
    assert_eq!(evidence, Some(1));
    Ok(())
}

/// All 22 phones at once.
pub async fn parallel_submitters_get_one_receipt(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let calls = shared(store, 22).map(|(n, store)| async move {
        // Referees that disagree: the first one's word is everybody's.
        let mut referee = told(Settlement::Settled);
        referee.deltas = vec![line(n as i32, 0), line(-(n as i32), 0)];
        store.settle_game(game(1, &USERS), referee).await
    });
    let outcomes = in_parallel(calls).await?;
    let mut receipts: Vec<_> = Vec::new();
    let mut settled = 0;
    for outcome in outcomes {
        match outcome {
            SettleOutcome::Settled { receipt, .. } => {
                settled += 1;
                receipts.push(receipt);
            }
            SettleOutcome::Before { receipt } => receipts.push(receipt),
            SettleOutcome::Fork { .. }
            | SettleOutcome::TooManyForks
            | SettleOutcome::UnknownDevice
            | SettleOutcome::UnknownPlayer(_) => {
                return Err(unexpected(format!("{outcome:?}")));
            }
        }
    }
    receipts.dedup();
    assert_eq!((settled, receipts.len()), (1, 1));
    assert_eq!(player(store.as_ref(), 1).await?.matches, 1);
    sound(store.as_ref()).await
}

/// The first one keeps its receipt; the second has its own, the same for everybody.
pub async fn another_result_is_kept_and_suspects_the_device<S: LeagueStore + Store>(
    store: &Arc<S>,
) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let first = settled(store.as_ref(), game(1, &USERS)).await?;
    let other =
        NewGame { result: digest(0x61, 99), score: [0, 9], bundle: vec![9], ..game(1, &USERS) };
    let outcome = store.settle_game(other.clone(), told(Settlement::Settled)).await?;
    let SettleOutcome::Fork { receipt, first: digest_of_first } = outcome else {
        return Err(unexpected(format!("a fork was not seen: {outcome:?}")));
    };
    assert_eq!(digest_of_first, game(1, &USERS).result);
    let expected = format!("frozen fork of {digest_of_first} []");
    assert_eq!(String::from_utf8_lossy(&receipt), expected);
    let again = store.settle_game(other, told(Settlement::Settled)).await?;
    assert_eq!(again, SettleOutcome::Before { receipt });
    let again = store.settle_game(game(1, &USERS), told(Settlement::Settled)).await?;
    assert_eq!(again, SettleOutcome::Before { receipt: first });
    let view = store.find_game(match_id(1)).await?;
    let view = view.map(|view| (view.evidence.len(), view.game.forks, view.game.settlement));
    assert_eq!(view, Some((2, 1, Settlement::Frozen)));
    let device = store.find_device(device_id(1)).await?.map(|device| device.status);
    assert_eq!(device, Some(DeviceStatus::Suspect));
    let open = store.disputes(DisputeQueue::Open, DisputeId(0), 9).await?;
    let open: Vec<_> = open.iter().map(|entry| (entry.match_id, entry.kind, entry.user)).collect();
    assert_eq!(open, [(match_id(1), DisputeKind::Fork, None)]);
    let audit = store.audit_after(0, 99).await?;
    assert_eq!(audit.iter().filter(|entry| entry.event.action == "match.fork").count(), 1);
    Ok(())
}

/// It must not begin to count because nobody looked for a day.
pub async fn a_fork_freezes_what_was_pending(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled_as(store.as_ref(), game(1, &USERS), told(Settlement::Pending)).await?;
    let other = NewGame { result: digest(0x61, 99), ..game(1, &USERS) };
    store.settle_game(other, told(Settlement::Pending)).await?;
    assert_eq!(store.apply_due(at(1 << 30), 9).await?, []);
    let now = store.find_game(match_id(1)).await?.map(|view| view.game.settlement);
    assert_eq!(now, Some(Settlement::Frozen));
    Ok(())
}

/// Nobody knows which of the two was played. Upheld, the first counts again; a second fork of a void one wakes nothing.
pub async fn a_fork_takes_back_what_was_counted(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    let counted = ratings(store.as_ref(), &USERS).await?;
    let other = |n| NewGame { result: digest(0x61, n), ..game(1, &USERS) };
    store.settle_game(other(98), told(Settlement::Settled)).await?;
    assert_eq!(ratings(store.as_ref(), &USERS).await?, [FIRST; 6]);
    assert_eq!(player(store.as_ref(), 1).await?.matches, 0);
    sound(store.as_ref()).await?;
    let rule =
        |ruling| NewRuling { match_id: match_id(1), ruling, frivolous: Vec::new(), now: at(9_000) };
    store.rule(rule(Ruling::Uphold)).await?;
    assert_eq!(ratings(store.as_ref(), &USERS).await?, counted);
    store.rule(rule(Ruling::Void)).await?;
    store.settle_game(other(99), told(Settlement::Settled)).await?;
    let view = store.find_game(match_id(1)).await?;
    let view = view.map(|view| (view.game.forks, view.game.settlement));
    assert_eq!(view, Some((2, Settlement::Void)));
    assert_eq!(ratings(store.as_ref(), &USERS).await?, [FIRST; 6]);
    sound(store.as_ref()).await
}

/// A burnt key cannot fill the disk.
pub async fn forks_are_bounded(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    for n in 0..=FORKS_MAX {
        let other = NewGame { result: digest(0x63, n), ..game(1, &USERS) };
        let outcome = store.settle_game(other, told(Settlement::Settled)).await?;
        let kept = matches!(outcome, SettleOutcome::Fork { .. });
        assert_eq!(kept, n < FORKS_MAX, "{outcome:?}");
    }
    let kept = store.find_game(match_id(1)).await?.map(|view| view.evidence.len());
    assert_eq!(kept, Some(1 + FORKS_MAX as usize));
    Ok(())
}

/// Not even a notice.
pub async fn unknown_devices_and_players_settle_nothing(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let mut elsewhere = game(1, &USERS);
    elsewhere.lineup.device = device_id(7);
    let outcome = store.settle_game(elsewhere, told(Settlement::Settled)).await?;
    assert_eq!(outcome, SettleOutcome::UnknownDevice);
    let stranger = game(1, &[1, 2, 3, 4, 5, 66]);
    let outcome = store.settle_game(stranger, told(Settlement::Settled)).await?;
    assert_eq!(outcome, SettleOutcome::UnknownPlayer(user_id(66)));
    assert_eq!(store.find_game(match_id(1)).await?, None);
    assert_eq!(store.notices_after(0, 9).await?, []);
    assert_eq!(ratings(store.as_ref(), &USERS).await?, [FIRST; 6]);
    Ok(())
}

/// The next try settles.
pub async fn a_receipt_that_cannot_be_signed_settles_nothing(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let mut mute = told(Settlement::Settled);
    mute.signs = Err("the key is not at hand".to_owned());
    let failed = store.settle_game(game(1, &USERS), mute).await;
    assert!(failed.is_err_and(|error| error.to_string().contains("not at hand")));
    assert_eq!(store.find_game(match_id(1)).await?, None);
    assert_eq!(store.find_device(device_id(1)).await?.map(|device| device.seq_high), Some(0));
    assert_eq!(ratings(store.as_ref(), &USERS).await?, [FIRST; 6]);
    settled(store.as_ref(), game(1, &USERS)).await?;
    Ok(())
}

/// Not before; once; with what was decided.
pub async fn a_pending_match_counts_when_it_is_due(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let pending = |n: u64| Told { counts_at: at(n), ..told(Settlement::Pending) };
    settled_as(store.as_ref(), game(1, &USERS), pending(90_000)).await?;
    settled_as(store.as_ref(), game(2, &USERS), pending(80_000)).await?;
    assert_eq!(ratings(store.as_ref(), &USERS).await?, [FIRST; 6]);
    assert_eq!(store.apply_due(at(79_999), 9).await?, []);
    let due = store.apply_due(at(90_000), 1).await?;
    let due: Vec<_> = due.iter().map(|(id, rated)| (*id, rated.len())).collect();
    assert_eq!(due, [(match_id(2), 6)]);
    let due = store.apply_due(at(90_000), 9).await?;
    assert_eq!(due.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [match_id(1)]);
    assert_eq!(store.apply_due(at(1 << 30), 9).await?, []);
    let expected = [1_516_000, 1_516_000, 1_516_000, 1_484_000, 1_484_000, 1_484_000];
    assert_eq!(ratings(store.as_ref(), &USERS).await?, expected);
    let view = store.find_game(match_id(1)).await?.map(|view| view.game.settlement);
    assert_eq!(view, Some(Settlement::Settled));
    sound(store.as_ref()).await
}

/// Unrated, void and frozen ones are kept and shown.
pub async fn what_does_not_count_changes_no_rating(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let ways = [Settlement::Unrated, Settlement::Void, Settlement::Frozen];
    for (n, settlement) in (1..).zip(ways) {
        settled_as(store.as_ref(), game(n, &USERS), told(settlement)).await?;
        let view = store.find_game(match_id(n)).await?.map(|view| view.game.settlement);
        assert_eq!(view, Some(settlement));
    }
    assert_eq!(ratings(store.as_ref(), &USERS).await?, [FIRST; 6]);
    assert_eq!(store.apply_due(at(1 << 30), 9).await?, []);
    let first = player(store.as_ref(), 1).await?;
    assert_eq!((first.matches, first.opponents), (0, 0));
    let history = store.history(user_id(1), HistoryCursor::NEWEST, 9).await?;
    assert_eq!(history.len(), 3);
    assert_eq!(store.season_rows(1, vec![user_id(1)]).await?, []);
    sound(store.as_ref()).await
}

/// By the end of the match, not by its arrival.
pub async fn a_history_is_paged_newest_first(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2, 3, 4, 5, 6, 7]).await?;
    for n in [3, 1, 5, 2, 4] {
        settled(store.as_ref(), game(n, &USERS)).await?;
    }
    settled(store.as_ref(), game(6, &[7, 2, 3, 4, 5, 6])).await?;
    let mut seen = Vec::new();
    let mut after = HistoryCursor::NEWEST;
    loop {
        let page = store.history(user_id(1), after, 2).await?;
        let Some(last) = page.last() else { break };
        after = HistoryCursor::after(last);
        seen.extend(page.iter().map(|entry| (entry.game.match_id, entry.seat.user)));
    }
    let expected: Vec<_> = (1..=5).rev().map(|n| (match_id(n), user_id(1))).collect();
    assert_eq!(seen, expected);
    assert_eq!(store.history(user_id(9), HistoryCursor::NEWEST, 2).await?, []);
    Ok(())
}

/// By settlement, device, player, open dispute and time; last settled first, page by page.
pub async fn matches_are_listed_by_filter_and_page(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2, 3, 4, 5, 6, 7]).await?;
    active_device(store.as_ref(), 2).await?;
    for (n, settlement) in [
        (1, Settlement::Settled),
        (2, Settlement::Pending),
        (3, Settlement::Frozen),
        (4, Settlement::Settled),
    ] {
        settled_as(store.as_ref(), game(n, &USERS), told(settlement)).await?;
    }
    let mut other = game(5, &[7, 2, 3, 4, 5, 6]);
    other.lineup.device = device_id(2);
    settled(store.as_ref(), other).await?;
    let dispute = NewDispute {
        match_id: match_id(4),
        user: user_id(2),
        kind: DisputeKind::Goal,
        text: String::new(),
        now: at(50),
    };
    store.open_dispute(dispute).await?;
    let all = GameFilter::ALL;
    for (filter, before, limit, expected) in [
        (all, u64::MAX, 9, vec![5, 4, 3, 2, 1]),
        (all, 5, 2, vec![4, 3]),
        (GameFilter { settlement: Some(Settlement::Pending), ..all }, 9, 9, vec![2]),
        (GameFilter { settlement: Some(Settlement::Settled), ..all }, 9, 9, vec![5, 4, 1]),
        (GameFilter { device: Some(device_id(2)), ..all }, 9, 9, vec![5]),
        (GameFilter { user: Some(user_id(1)), ..all }, 9, 9, vec![4, 3, 2, 1]),
        (GameFilter { user: Some(user_id(7)), ..all }, 5, 9, vec![]),
        (GameFilter { disputed: true, ..all }, 9, 9, vec![4]),
        (GameFilter { ended_from: at(3 * 3_600), ..all }, 9, 9, vec![5, 4, 3]),
    ] {
        let found = store.games_before(filter, before, limit).await?;
        let found: Vec<_> = found.iter().map(|game| game.match_id).collect();
        let expected: Vec<_> = expected.into_iter().map(match_id).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
    Ok(())
}
