//! Properties of disputes and rulings.

use super::*;
use crate::league::{
    DISPUTE_TEXT_MAX, DisputeId, DisputeKind, DisputeOutcome, DisputeQueue, DisputeState,
    HeadToHead, LineKind, NewDispute, NewRuling, NoticeKind, RULING_WINDOW, Ruling, RulingKind,
    RulingOutcome, Tally, Weight,
};

const USERS: [u32; 6] = [1, 2, 3, 4, 5, 6];

fn dispute(n: u32, user: u32) -> NewDispute {
    NewDispute {
        match_id: match_id(n),
        user: user_id(user),
        kind: DisputeKind::Goal,
        text: format!("Player {user} saw no goal."),
        now: at(50),
    }
}

fn ruling(n: u32, ruling: Ruling) -> NewRuling {
    NewRuling { match_id: match_id(n), ruling, frivolous: Vec::new(), now: at(60) }
}

async fn opened(store: &impl LeagueStore, new: NewDispute) -> Result<DisputeId> {
    let outcome = store.open_dispute(new).await?;
    let DisputeOutcome::Opened(id) = outcome else {
        return Err(unexpected(format!("the dispute was not opened: {outcome:?}")));
    };
    Ok(id)
}

async fn settlement_of(store: &impl LeagueStore, n: u32) -> Result<Option<Settlement>> {
    Ok(store.find_game(match_id(n)).await?.map(|view| view.game.settlement))
}

/// Upheld, it counts at once.
pub async fn a_disputed_match_waits_for_its_ruling(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled_as(store.as_ref(), game(1, &USERS), told(Settlement::Pending)).await?;
    let id = opened(store.as_ref(), dispute(1, 4)).await?;
    opened(store.as_ref(), dispute(1, 5)).await?;
    assert_eq!(store.apply_due(at(72 * 3_600), 9).await?, []);
    let outcome = store.rule(ruling(1, Ruling::Uphold)).await?;
    let RulingOutcome::Ruled { settlement, ratings: changed, ended } = outcome else {
        return Err(unexpected(format!("no ruling: {outcome:?}")));
    };
    assert_eq!((settlement, changed.len(), ended), (Settlement::Settled, 6, 2));
    assert_eq!(ratings(store.as_ref(), &[1, 4]).await?, [1_508_000, 1_492_000]);
    let entries = store.disputes(DisputeQueue::OfMatch(match_id(1)), DisputeId(0), 9).await?;
    assert_eq!(entries[0].id, id);
    let ruled = DisputeState::Ruled(RulingKind::Uphold, at(60));
    assert!(entries.iter().all(|entry| entry.state == ruled));
    let again = store.rule(ruling(1, Ruling::Uphold)).await?;
    let nothing =
        RulingOutcome::Ruled { settlement: Settlement::Settled, ratings: Vec::new(), ended: 0 };
    assert_eq!(again, nothing);
    assert_eq!(store.apply_due(at(1 << 30), 9).await?, []);
    sound(store.as_ref()).await
}

/// Then it counts as it is, the dispute stays open, and a ruling can still take everything back.
pub async fn a_dispute_that_nobody_rules_on_holds_nothing_back_for_longer_than_three_days(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let new = game(1, &USERS);
    let due = new.now.plus(RULING_WINDOW);
    settled_as(store.as_ref(), new, told(Settlement::Pending)).await?;
    opened(store.as_ref(), dispute(1, 4)).await?;
    assert_eq!(store.apply_due(due.minus(Duration::from_millis(1)), 9).await?, []);
    let applied = store.apply_due(due, 9).await?;
    assert_eq!(applied.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [match_id(1)]);
    assert_eq!(ratings(store.as_ref(), &[1, 4]).await?, [1_508_000, 1_492_000]);
    assert_eq!(store.disputes(DisputeQueue::Open, DisputeId(0), 9).await?.len(), 1);
    store.rule(ruling(1, Ruling::Void)).await?;
    assert_eq!(ratings(store.as_ref(), &USERS).await?, [FIRST; 6]);
    sound(store.as_ref()).await
}

/// Strangers do not, and nobody twice while the first is open.
pub async fn only_players_dispute_and_once(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2, 3, 4, 5, 6, 7]).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    let id = opened(store.as_ref(), dispute(1, 4)).await?;
    assert_eq!(store.open_dispute(dispute(1, 4)).await?, DisputeOutcome::Known(id));
    assert_eq!(store.open_dispute(dispute(1, 7)).await?, DisputeOutcome::NotAPlayer);
    assert_eq!(store.open_dispute(dispute(2, 4)).await?, DisputeOutcome::NoMatch);
    let long = NewDispute { text: "x".repeat(DISPUTE_TEXT_MAX + 1), ..dispute(1, 5) };
    assert_eq!(store.open_dispute(long).await?, DisputeOutcome::TextTooLong);
    let told: Vec<_> = store
        .notices_after(0, 99)
        .await?
        .into_iter()
        .filter(|notice| notice.kind == NoticeKind::Disputed)
        .map(|notice| notice.user)
        .collect();
    assert_eq!(told, [1, 2, 3, 5, 6].map(user_id));
    store.rule(ruling(1, Ruling::Uphold)).await?;
    opened(store.as_ref(), dispute(1, 4)).await?;
    Ok(())
}

/// Open ones, those of a match, those of a user; page by page.
pub async fn disputes_are_listed_by_queue(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    let mut ids = Vec::new();
    for n in 1..=3 {
        settled(store.as_ref(), game(n, &USERS)).await?;
        for user in [1, 2] {
            ids.push(opened(store.as_ref(), dispute(n, user)).await?);
        }
    }
    store.rule(ruling(2, Ruling::Uphold)).await?;
    for (queue, after, limit, expected) in [
        (DisputeQueue::Open, 0, 9, vec![0, 1, 4, 5]),
        (DisputeQueue::Open, 1, 2, vec![1, 4]),
        (DisputeQueue::OfMatch(match_id(2)), 0, 9, vec![2, 3]),
        (DisputeQueue::OfUser(user_id(2)), 0, 9, vec![1, 3, 5]),
        (DisputeQueue::OfUser(user_id(3)), 0, 9, vec![]),
    ] {
        let after = if after == 0 { DisputeId(0) } else { ids[after - 1] };
        let found = store.disputes(queue, after, limit).await?;
        let found: Vec<_> = found.iter().map(|entry| entry.id).collect();
        assert_eq!(found, expected.into_iter().map(|at| ids[at]).collect::<Vec<_>>());
    }
    let ruled = store.find_dispute(ids[2]).await?.map(|entry| (entry.match_id, entry.state));
    let expected = DisputeState::Ruled(RulingKind::Uphold, at(60));
    assert_eq!(ruled, Some((match_id(2), expected)));
    assert_eq!(store.find_dispute(DisputeId(99)).await?, None);
    Ok(())
}

/// Ratings, tables, meetings; the lines stay, and others join them.
pub async fn a_void_ruling_takes_everything_back(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    let before = player(store.as_ref(), 1).await?;
    let lines = store.ledger_after(0, 1_000).await?;
    settled(store.as_ref(), game(2, &USERS)).await?;
    let outcome = store.rule(ruling(2, Ruling::Void)).await?;
    assert!(
        matches!(&outcome, RulingOutcome::Ruled { settlement: Settlement::Void, ratings, .. } if ratings.len() == 6),
        "{outcome:?}"
    );
    let after = player(store.as_ref(), 1).await?;
    let counts = |player: &Player| (player.balance, player.matches, player.opponents);
    assert_eq!(counts(&after), counts(&before));
    let rows = store.season_rows(1, vec![user_id(1)]).await?;
    assert_eq!((rows[0].tally, rows[0].form.len()), (Tally { won: 1, drawn: 0, lost: 0 }, 1));
    let met = store.head_to_head(user_id(1), user_id(4)).await?;
    assert_eq!(met, HeadToHead { won: 1, drawn: 0, lost: 0 });
    let more = store.ledger_after(0, 1_000).await?;
    assert_eq!(more[..lines.len()], lines);
    assert!(more.last().is_some_and(|line| line.kind == LineKind::Correction));
    store.rule(ruling(1, Ruling::Void)).await?;
    let after = player(store.as_ref(), 1).await?;
    assert_eq!(counts(&after), (i64::from(FIRST), 0, 0));
    assert_eq!(store.rule(ruling(9, Ruling::Void)).await?, RulingOutcome::NoMatch);
    sound(store.as_ref()).await
}

/// As if it had been settled so, with the difference in the ledger.
pub async fn an_amended_result_is_booked_as_the_difference(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    let lost = [line(-9_000, 1_000); 3];
    let lines = [lost, [line(9_000, -1_500); 3]].concat();
    let amend = Ruling::Amend { score: [1, 2], winner: Some(Team::B), lines };
    store.rule(ruling(1, amend.clone())).await?;
    let expected = [1_492_000, 1_492_000, 1_492_000, 1_507_500, 1_507_500, 1_507_500];
    assert_eq!(ratings(store.as_ref(), &USERS).await?, expected);
    let Some(view) = store.find_game(match_id(1)).await? else {
        return Err(unexpected("the match is gone".to_owned()));
    };
    assert_eq!((view.game.score, view.game.winner), ([1, 2], Some(Team::B)));
    assert_eq!((view.seats[5].line, view.seats[5].booked), (line(9_000, -1_500), 7_500));
    let own = store.ledger_of(user_id(1), 0, 99).await?;
    let last = own.last().map(|line| (line.kind, line.amount));
    assert_eq!(last, Some((LineKind::Correction, -16_000)));
    let rows = store.season_rows(1, vec![user_id(1), user_id(4)]).await?;
    assert_eq!((rows[0].tally.lost, rows[0].tally.won, rows[1].tally.won), (1, 0, 1));
    let met = store.head_to_head(user_id(1), user_id(4)).await?;
    assert_eq!(met, HeadToHead { won: 0, drawn: 0, lost: 1 });
    assert_eq!(player(store.as_ref(), 1).await?.opponents, 3);
    let count = own.len();
    store.rule(ruling(1, amend)).await?;
    assert_eq!(store.ledger_of(user_id(1), 0, 99).await?.len(), count, "nothing is no line");
    sound(store.as_ref()).await
}

/// The result stands.
pub async fn a_refund_comes_from_the_bank(store: &Arc<impl LeagueStore>) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    let amounts = vec![(user_id(4), 8_000), (user_id(5), 3_000)];
    store.rule(ruling(1, Ruling::Refund { amounts })).await?;
    let expected = [1_508_000, 1_508_000, 1_508_000, 1_500_000, 1_495_000, 1_492_000];
    assert_eq!(ratings(store.as_ref(), &USERS).await?, expected);
    assert_eq!(settlement_of(store.as_ref(), 1).await?, Some(Settlement::Settled));
    // Who asks twice gets it once, and nobody gets more than the match took.
    for amounts in [vec![(user_id(4), 8_000)], vec![(user_id(5), 5_001)], vec![(user_id(1), 1)]] {
        let again = store.rule(ruling(1, Ruling::Refund { amounts })).await?;
        assert_eq!(again, RulingOutcome::Mismatch);
    }
    assert_eq!(ratings(store.as_ref(), &USERS).await?, expected);
    // A later ruling takes back what the match did, and leaves what was given.
    store.rule(ruling(1, Ruling::Void)).await?;
    let expected = [1_500_000, 1_500_000, 1_500_000, 1_508_000, 1_503_000, 1_500_000];
    assert_eq!(ratings(store.as_ref(), &USERS).await?, expected);
    sound(store.as_ref()).await
}

/// Neither lines for other seats, nor a refund for a stranger.
pub async fn a_ruling_that_does_not_fit_changes_nothing(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &[1, 2, 3, 4, 5, 6, 7]).await?;
    settled(store.as_ref(), game(1, &USERS)).await?;
    opened(store.as_ref(), dispute(1, 4)).await?;
    let short = Ruling::Amend { score: [0, 0], winner: None, lines: vec![line(0, 0); 5] };
    let stranger = Ruling::Refund { amounts: vec![(user_id(4), 1), (user_id(7), 1)] };
    for wrong in [short, stranger] {
        assert_eq!(store.rule(ruling(1, wrong)).await?, RulingOutcome::Mismatch);
    }
    assert_eq!(ratings(store.as_ref(), &[1, 4]).await?, [1_508_000, 1_492_000]);
    let open = store.disputes(DisputeQueue::Open, DisputeId(0), 9).await?;
    assert_eq!(open.len(), 1);
    Ok(())
}

/// At the third.
pub async fn frivolous_disputes_cost_the_weight_of_flags(
    store: &Arc<impl LeagueStore>,
) -> Result<()> {
    league(store.as_ref(), 1, &USERS).await?;
    for n in 1..=3 {
        settled(store.as_ref(), game(n, &USERS)).await?;
        opened(store.as_ref(), dispute(n, 4)).await?;
        let frivolous = vec![user_id(4)];
        store.rule(NewRuling { frivolous, ..ruling(n, Ruling::Uphold) }).await?;
        let expected = if n < 3 { Weight::Full } else { Weight::None };
        assert_eq!(player(store.as_ref(), 4).await?.flag_weight, expected);
    }
    assert_eq!(player(store.as_ref(), 5).await?.flag_weight, Weight::Full);
    Ok(())
}
