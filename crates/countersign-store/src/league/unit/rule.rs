//! Disputes, rulings, and pending matches whose time has come.

use super::book::{Target, post, rebook};
use super::season::carry;
use super::{missing, notify};
use crate::AuditEvent;
use crate::league::{
    DISPUTE_TEXT_MAX, DISPUTES_MAX, DisputeEntry, DisputeId, DisputeOutcome, DisputeQueue,
    DisputeState, LineKind, NewDispute, NewRuling, NoticeKind, Rated, Ruling, RulingKind,
    RulingOutcome, StoredGame, StoredSeat, Tables, Weight,
};
use countersign::{Timestamp, UserId};
use countersign_league::MatchId;
use countersign_league::evidence::Settlement;

/// Frivolous disputes until flags lose their weight.
const FRIVOLOUS_MAX: u8 = 3;

/// See [`crate::LeagueStore::open_dispute`].
pub fn open_dispute<T: Tables>(
    tables: &mut T,
    new: &NewDispute,
) -> Result<DisputeOutcome, T::Error> {
    if new.text.len() > DISPUTE_TEXT_MAX {
        return Ok(DisputeOutcome::TextTooLong);
    }
    let Some(game) = tables.game(new.match_id)? else {
        return Ok(DisputeOutcome::NoMatch);
    };
    let seats = tables.seats(game.no)?;
    if seats.iter().all(|seat| seat.user != new.user) {
        return Ok(DisputeOutcome::NotAPlayer);
    }
    let open = open_disputes(tables, new.match_id)?;
    if let Some(known) = open.iter().find(|entry| entry.user == Some(new.user)) {
        return Ok(DisputeOutcome::Known(known.id));
    }
    if open.len() >= DISPUTES_MAX {
        return Ok(DisputeOutcome::TooMany);
    }
    let id = tables.add_dispute(&DisputeEntry {
        id: DisputeId(0),
        match_id: new.match_id,
        user: Some(new.user),
        kind: new.kind,
        text: new.text.clone(),
        opened: new.now,
        state: DisputeState::Open,
    })?;
    let others = seats.iter().map(|seat| seat.user).filter(|user| *user != new.user);
    let others: Vec<UserId> = others.collect();
    notify(tables, &others, NoticeKind::Disputed, Some(new.match_id), new.now)?;
    Ok(DisputeOutcome::Opened(id))
}

/// See [`crate::LeagueStore::rule`].
pub fn rule<T: Tables>(tables: &mut T, new: &NewRuling) -> Result<RulingOutcome, T::Error> {
    let Some(mut game) = tables.game(new.match_id)? else {
        return Ok(RulingOutcome::NoMatch);
    };
    let mut seats = tables.seats(game.no)?;
    if !fits(&new.ruling, &seats) || !is_lost(tables, &new.ruling, new.match_id)? {
        return Ok(RulingOutcome::Mismatch);
    }
    let ratings = match &new.ruling {
        Ruling::Uphold => uphold(tables, &mut game, &mut seats, new.now)?,
        Ruling::Void => {
            let target =
                Target { settlement: Settlement::Void, score: game.score, winner: game.winner };
            rebook(tables, &mut game, &mut seats, &target, new.now)?
        }
        Ruling::Amend { score, winner, lines } => {
            seats.iter_mut().zip(lines).for_each(|(seat, &line)| seat.line = line);
            let target = Target { settlement: Settlement::Settled, score: *score, winner: *winner };
            rebook(tables, &mut game, &mut seats, &target, new.now)?
        }
        Ruling::Refund { amounts } => refund(tables, &game, amounts, new.now)?,
    };
    let ended = end_disputes(tables, new.match_id, new.ruling.kind(), new.now)?;
    count_frivolous(tables, &new.frivolous)?;
    let users: Vec<UserId> = seats.iter().map(|seat| seat.user).collect();
    notify(tables, &users, NoticeKind::Ruled, Some(new.match_id), new.now)?;
    let word = match new.ruling.kind() {
        RulingKind::Uphold => "uphold",
        RulingKind::Amend => "amend",
        RulingKind::Void => "void",
        RulingKind::Refund => "refund",
    };
    tables.add_audit(AuditEvent {
        at: new.now,
        action: "match.ruled".to_owned(),
        user: None,
        session: None,
        detail: format!(r#"{{"match":"{}","ruling":"{word}"}}"#, new.match_id),
    })?;
    Ok(RulingOutcome::Ruled { settlement: game.settlement, ratings, ended })
}

/// See [`crate::LeagueStore::apply_due`].
pub fn apply_due<T: Tables>(
    tables: &mut T,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(MatchId, Vec<Rated>)>, T::Error> {
    let mut applied = Vec::new();
    for mut game in tables.games_due(now, limit)? {
        let mut seats = tables.seats(game.no)?;
        applied.push((game.match_id, uphold(tables, &mut game, &mut seats, now)?));
    }
    Ok(applied)
}

/// What waits or is frozen counts; what is void or unrated stays so.
fn uphold<T: Tables>(
    tables: &mut T,
    game: &mut StoredGame,
    seats: &mut [StoredSeat],
    now: Timestamp,
) -> Result<Vec<Rated>, T::Error> {
    match game.settlement {
        Settlement::Pending | Settlement::Frozen => {
            let target =
                Target { settlement: Settlement::Settled, score: game.score, winner: game.winner };
            rebook(tables, game, seats, &target, now)
        }
        Settlement::Settled | Settlement::Unrated | Settlement::Void => Ok(Vec::new()),
    }
}

fn fits(ruling: &Ruling, seats: &[StoredSeat]) -> bool {
    match ruling {
        Ruling::Uphold | Ruling::Void => true,
        Ruling::Amend { lines, .. } => lines.len() == seats.len(),
        Ruling::Refund { amounts } => {
            amounts.iter().all(|(user, _)| seats.iter().any(|seat| seat.user == *user))
        }
    }
}

/// Whether a refund gives nobody more back than the match has cost so far: another one may have come first.
fn is_lost<T: Tables>(tables: &T, ruling: &Ruling, match_id: MatchId) -> Result<bool, T::Error> {
    let Ruling::Refund { amounts } = ruling else { return Ok(true) };
    for (at, &(user, amount)) in amounts.iter().enumerate() {
        let is_named_once = amounts.iter().skip(at + 1).all(|(other, _)| *other != user);
        let of_match = tables.lines_of(user, 0, u32::MAX)?;
        let of_match = of_match.iter().filter(|line| line.match_id == Some(match_id));
        let lost = -of_match.map(|line| line.amount).sum::<i64>();
        if !is_named_once || i64::from(amount) > lost.max(0) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn refund<T: Tables>(
    tables: &mut T,
    game: &StoredGame,
    amounts: &[(UserId, i32)],
    now: Timestamp,
) -> Result<Vec<Rated>, T::Error> {
    let season = tables.season()?.number;
    let mut ratings = Vec::new();
    for &(user, amount) in amounts {
        let player = tables.player(user)?;
        let mut player = player.ok_or_else(|| missing("a player of a settled match"))?;
        carry(tables, &mut player, season, now)?;
        let amount = i64::from(amount);
        let before = player.rating();
        post(tables, now, Some(game.match_id), &[(LineKind::Correction, user, amount)])?;
        player.balance += amount;
        tables.put_player(&player)?;
        ratings.push(Rated { user, before, after: player.rating(), season });
    }
    Ok(ratings)
}

fn open_disputes<T: Tables>(tables: &T, match_id: MatchId) -> Result<Vec<DisputeEntry>, T::Error> {
    let mut all = tables.disputes(DisputeQueue::OfMatch(match_id), DisputeId(0), u32::MAX)?;
    all.retain(|entry| entry.state == DisputeState::Open);
    Ok(all)
}

fn end_disputes<T: Tables>(
    tables: &mut T,
    match_id: MatchId,
    kind: RulingKind,
    now: Timestamp,
) -> Result<u32, T::Error> {
    let mut ended = 0;
    for mut entry in open_disputes(tables, match_id)? {
        entry.state = DisputeState::Ruled(kind, now);
        tables.put_dispute(&entry)?;
        ended += 1;
    }
    Ok(ended)
}

fn count_frivolous<T: Tables>(tables: &mut T, users: &[UserId]) -> Result<(), T::Error> {
    for &user in users {
        if let Some(mut player) = tables.player(user)? {
            player.frivolous = player.frivolous.saturating_add(1);
            if player.frivolous >= FRIVOLOUS_MAX {
                player.flag_weight = Weight::None;
            }
            tables.put_player(&player)?;
        }
    }
    Ok(())
}
