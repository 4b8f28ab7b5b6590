//! Settling a match.

use super::book::{Target, book, rebook};
use super::device::suspect;
use super::player::{blame, penalize};
use super::season::carry;
use super::{misuse, notify};
use crate::AuditEvent;
use crate::league::tables::Appearance;
use crate::league::{
    BUNDLE_MAX, Conduct, Device, DisputeEntry, DisputeId, DisputeKind, DisputeQueue, DisputeState,
    EvidenceView, FORKS_MAX, Facts, FactsOutcome, IssuedTicket, Lineup, MEETINGS_WINDOW, Meeting,
    NewGame, NewPenalty, NoticeKind, Penalty, PenaltyCause, PenaltyId, PenaltyKind, Player,
    PlayerFacts, RECEIPT_MAX, Rated, Referee, SealCause, SealedLine, Sealing, SeqFact,
    SettleOutcome, StoredGame, StoredSeat, Tables, TicketState, Verdict, VerdictLine, rating_of,
    too_many_gone,
};
use countersign::{Timestamp, UserId};
use countersign_league::evidence::Settlement;
use countersign_league::{MatchId, Seat, Team};
use std::collections::BTreeSet;

const DAY: u64 = 24 * 60 * 60 * 1_000;

/// See [`crate::LeagueStore::settle_game`].
pub fn settle<T: Tables>(
    tables: &mut T,
    new: &NewGame,
    referee: &impl Referee,
) -> Result<SettleOutcome, T::Error> {
    check_shape(new)?;
    if let Some(receipt) = tables.receipt(new.lineup.match_id, new.result)? {
        return Ok(SettleOutcome::Before { receipt });
    }
    if let Some(first) = tables.game(new.lineup.match_id)? {
        return fork(tables, first, new, referee);
    }
    let mut players = match players_of(tables, &new.lineup)? {
        Ok(players) => players,
        Err(user) => return Ok(SettleOutcome::UnknownPlayer(user)),
    };
    let Some(device) = tables.device(new.lineup.device)? else {
        return Ok(SettleOutcome::UnknownDevice);
    };
    let season = tables.season()?.number;
    for player in &mut players {
        carry(tables, player, season, new.now)?;
    }
    let known = known(tables, &new.lineup, season, device, players)?;
    settle_first(tables, new, known, referee)
}

fn check_shape<E: From<crate::StoreError>>(new: &NewGame) -> Result<(), E> {
    let users: BTreeSet<_> = new.lineup.seats.iter().map(|seat| seat.user).collect();
    match () {
        () if new.bundle.len() > BUNDLE_MAX => Err(misuse("the bundle is too long to be kept")),
        () if users.len() != new.lineup.seats.len() => Err(misuse("a player has two seats")),
        () if new.lineup.seats.len() > countersign_league::team::MAX_PLAYERS => {
            Err(misuse("a match has at most 22 seats"))
        }
        () if new.lineup.device_seq == 0 => Err(misuse("a device counts its matches from 1")),
        () => Ok(()),
    }
}

/// What is known of a match that is not settled.
pub fn facts<T: Tables>(tables: &T, lineup: &Lineup) -> Result<FactsOutcome, T::Error> {
    let Some(device) = tables.device(lineup.device)? else {
        return Ok(FactsOutcome::UnknownDevice);
    };
    let season = tables.season()?.number;
    Ok(match players_of(tables, lineup)? {
        Ok(players) => {
            let known = known(tables, lineup, season, device, players)?;
            FactsOutcome::Facts(Box::new(known.facts))
        }
        Err(user) => FactsOutcome::UnknownPlayer(user),
    })
}

/// Players by seat, or the first user who is none.
fn players_of<T: Tables>(
    tables: &T,
    lineup: &Lineup,
) -> Result<Result<Vec<Player>, UserId>, T::Error> {
    let mut players = Vec::with_capacity(lineup.seats.len());
    for seat in &lineup.seats {
        match tables.player(seat.user)? {
            Some(player) => players.push(player),
            None => return Ok(Err(seat.user)),
        }
    }
    Ok(Ok(players))
}

/// What is read once for a match.
struct Known {
    facts: Facts,
    /// By seat: those whose state the facts show.
    tickets: Vec<Option<IssuedTicket>>,
}

fn known<T: Tables>(
    tables: &T,
    lineup: &Lineup,
    season: u16,
    device: Device,
    of_seats: Vec<Player>,
) -> Result<Known, T::Error> {
    let day = Timestamp::from_millis(lineup.ended.as_millis() / DAY * DAY);
    let next_day = Timestamp::from_millis(day.as_millis().saturating_add(DAY));
    let since = lineup.started.minus(MEETINGS_WINDOW);
    let count = lineup.seats.len();
    let (mut players, mut tickets) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut appearances = Vec::with_capacity(count);
    for (seat, player) in lineup.seats.iter().zip(of_seats) {
        let mut seen = tables.appearances(seat.user, since.min(day))?;
        let today = |seen: &&Appearance| day <= seen.ended && seen.ended < next_day;
        let rated = seen.iter().filter(today).count() as u32;
        seen.retain(|seen| seen.ended >= since);
        seen.sort_unstable_by_key(|seen| seen.no);
        appearances.push(seen);
        let ticket = tables.ticket(seat.ticket)?.filter(|issued| issued.ticket.user == seat.user);
        let banned = is_banned(tables, &player, lineup.ended)?;
        let state = ticket.as_ref().map(|issued| issued.state);
        players.push(PlayerFacts { player, rated, banned, ticket: state });
        tickets.push(ticket);
    }
    let facts = Facts {
        seq: seq_fact(tables, lineup, device.seq_high)?,
        device_rated: tables.rated_on_device(lineup.device, day, next_day)?,
        season,
        meetings: meetings(lineup, &appearances),
        device,
        players,
    };
    Ok(Known { facts, tickets })
}

/// Whether an operator's bar ended after this time, or lasts. Bars of the ladder do not reach back.
fn is_banned<T: Tables>(tables: &T, player: &Player, at: Timestamp) -> Result<bool, T::Error> {
    if player.barred_until <= at {
        return Ok(false);
    }
    let all = tables.penalties(player.user, PenaltyId(0), u32::MAX)?;
    let bans = |known: &Penalty| {
        known.kind == PenaltyKind::Operator && known.pardoned.is_none() && known.until > at
    };
    Ok(all.iter().any(bans))
}

fn seq_fact<T: Tables>(tables: &T, lineup: &Lineup, high: u32) -> Result<SeqFact, T::Error> {
    if let Some(other) = tables.game_by_seq(lineup.device, lineup.device_seq)? {
        return Ok(SeqFact::Reused(other.match_id));
    }
    Ok(match lineup.device_seq.checked_sub(high) {
        None | Some(0) => SeqFact::Late,
        Some(1) => SeqFact::Next,
        Some(ahead) => SeqFact::Gap(ahead - 1),
    })
}

fn meetings(lineup: &Lineup, appearances: &[Vec<Appearance>]) -> Vec<Meeting> {
    let of = |team| {
        let seats = (0..).zip(&lineup.seats).zip(appearances);
        seats.filter(move |((_, seat), _)| seat.team == team).map(|((seat, _), seen)| (seat, seen))
    };
    let same_roster = of_all(appearances);
    let mut meetings = Vec::new();
    for (a, seen_a) in of(Team::A) {
        for (b, seen_b) in of(Team::B) {
            let opposed = |one: &&Appearance| {
                let other = seen_b.binary_search_by_key(&one.no, |other| other.no);
                let other = other.ok().and_then(|at| seen_b.get(at));
                other.is_some_and(|o| o.team != one.team || same_roster.contains(&one.no))
            };
            let times = seen_a.iter().filter(opposed).count() as u32;
            if times > 0 {
                meetings.push(Meeting { a, b, times });
            }
        }
    }
    meetings
}

/// Matches in which all of them played.
fn of_all(appearances: &[Vec<Appearance>]) -> BTreeSet<u64> {
    let Some((first, others)) = appearances.split_first() else { return BTreeSet::new() };
    let has = |seen: &Vec<Appearance>, no| seen.binary_search_by_key(&no, |one| one.no).is_ok();
    let nos = first.iter().map(|one| one.no);
    nos.filter(|no| others.iter().all(|seen| has(seen, *no))).collect()
}

/// The first result of a match.
fn settle_first<T: Tables>(
    tables: &mut T,
    new: &NewGame,
    known: Known,
    referee: &impl Referee,
) -> Result<SettleOutcome, T::Error> {
    let Known { facts, tickets } = known;
    let mut verdict = referee.decide(&facts);
    let count = new.lineup.seats.len();
    if verdict.lines.len() != count || verdict.conduct.len() != count {
        return Err(misuse("a verdict has one line and one conduct for each seat"));
    }
    let reused = take_back_reused(&mut verdict, &facts);
    excuse_if_too_many(&mut verdict);
    let counted_twice = matches!(facts.seq, SeqFact::Reused(_));
    if counted_twice {
        verdict.settlement = Settlement::Frozen;
    }
    let receipt = sealed(referee, &sealing(new, &facts, &verdict))?;
    let mut game = stored_game(new, &facts, &verdict);
    game.no = tables.add_game(&game)?;
    add_evidence(tables, new, &receipt)?;
    let mut seats = stored_seats(new, &verdict);
    note_device(tables, new, &facts)?;
    let mut players: Vec<Player> = facts.players.into_iter().map(|known| known.player).collect();
    for (seat, player) in seats.iter().zip(&mut players) {
        blame(tables, player, seat.conduct, Some(game.match_id), new.now)?;
    }
    note_injuries(&mut players, new, &verdict);
    tables.update_tickets(&used(&tickets, game.match_id))?;
    let users: Vec<UserId> = seats.iter().map(|seat| seat.user).collect();
    notify(tables, &users, NoticeKind::Result, Some(game.match_id), new.now)?;
    let ratings = first_booking(tables, &mut game, &mut seats, &mut players, new.now)?;
    tables.add_seats(&game, &seats)?;
    tables.update_players(&players)?;
    note_missed(tables, new, &verdict)?;
    Ok(SettleOutcome::Settled { receipt, settlement: verdict.settlement, ratings, reused })
}

/// Injuries are remembered although the ladder does not know them.
fn note_injuries(players: &mut [Player], new: &NewGame, verdict: &Verdict) {
    let ended = new.lineup.ended.min(new.now);
    for seat in &verdict.injured {
        if let Some(player) = players.get_mut(usize::from(*seat)) {
            player.injured = player.injured.max(ended);
        }
    }
}

/// Starts that were missed, by players who are not in the match.
fn note_missed<T: Tables>(
    tables: &mut T,
    new: &NewGame,
    verdict: &Verdict,
) -> Result<(), T::Error> {
    let ended = new.lineup.ended.min(new.now);
    for &user in &verdict.no_starts {
        let match_id = Some(new.lineup.match_id);
        let cause = PenaltyCause::NoStart;
        penalize(tables, &NewPenalty { user, cause, match_id, now: ended })?;
    }
    Ok(())
}

/// What a match that counts at once is worth; [`stored_game`] says what becomes of it.
fn first_booking<T: Tables>(
    tables: &mut T,
    game: &mut StoredGame,
    seats: &mut [StoredSeat],
    players: &mut [Player],
    now: Timestamp,
) -> Result<Vec<Rated>, T::Error> {
    match game.settlement {
        Settlement::Settled => {
            let target = Target::of(game);
            book(tables, game, seats, players, &target, now)
        }
        Settlement::Pending | Settlement::Unrated | Settlement::Void | Settlement::Frozen => {
            Ok(Vec::new())
        }
    }
}

/// A ticket counts in one match: in the second, the line of its seat is taken back.
fn take_back_reused(verdict: &mut Verdict, facts: &Facts) -> Vec<(Seat, MatchId)> {
    let mut reused = Vec::new();
    for ((seat, line), known) in (0..).zip(&mut verdict.lines).zip(&facts.players) {
        if let Some(TicketState::Used(other)) = known.ticket {
            line.adjustment = line.sporting.saturating_neg();
            reused.push((seat, other));
        }
    }
    reused
}

fn excuse_if_too_many(verdict: &mut Verdict) {
    let gone = verdict.conduct.iter().filter(|&&conduct| conduct == Conduct::Left).count();
    if gone > 0 && too_many_gone(gone, verdict.conduct.len()) {
        let left = verdict.conduct.iter_mut().filter(|conduct| **conduct == Conduct::Left);
        left.for_each(|conduct| *conduct = Conduct::Excused);
    }
}

fn sealing(new: &NewGame, facts: &Facts, verdict: &Verdict) -> Sealing {
    let counts = verdict.settlement == Settlement::Settled;
    let lines = facts.players.iter().zip(&verdict.lines).map(|(known, line)| SealedLine {
        user: known.player.user,
        sporting: line.sporting,
        adjustment: line.adjustment,
        rating: rating_of(known.player.balance + if counts { line.total() } else { 0 }),
    });
    Sealing {
        match_id: new.lineup.match_id,
        result: new.result,
        settlement: verdict.settlement,
        cause: SealCause::Verdict(verdict.reason),
        integrity: verdict.integrity,
        lines: lines.collect(),
    }
}

fn sealed<E: From<crate::StoreError>>(
    referee: &impl Referee,
    sealing: &Sealing,
) -> Result<Vec<u8>, E> {
    match referee.seal(sealing) {
        Ok(receipt) if receipt.len() <= RECEIPT_MAX => Ok(receipt),
        Ok(_) => Err(misuse("the receipt is too long to be kept")),
        Err(why) => Err(misuse(&format!("the receipt could not be signed: {why}"))),
    }
}

fn stored_game(new: &NewGame, facts: &Facts, verdict: &Verdict) -> StoredGame {
    StoredGame {
        no: 0,
        match_id: new.lineup.match_id,
        result: new.result,
        device: new.lineup.device,
        device_seq: new.lineup.device_seq,
        ruleset: new.ruleset,
        season: facts.season,
        started: new.lineup.started,
        ended: new.lineup.ended,
        outcome: new.outcome,
        score: new.score,
        winner: new.winner,
        settlement: verdict.settlement,
        reason: verdict.reason,
        integrity: verdict.integrity,
        counts_at: verdict.counts_at,
        settled: new.now,
        forks: 0,
    }
}

fn stored_seats(new: &NewGame, verdict: &Verdict) -> Vec<StoredSeat> {
    let judged = verdict.lines.iter().zip(&verdict.conduct);
    let seats = (0..).zip(&new.lineup.seats).zip(judged);
    seats
        .map(|((seat, given), (&line, &conduct)): (_, (&VerdictLine, &Conduct))| StoredSeat {
            seat,
            user: given.user,
            team: given.team,
            ticket: given.ticket,
            line,
            conduct,
            booked: 0,
            counted: None,
        })
        .collect()
}

fn add_evidence<T: Tables>(tables: &mut T, new: &NewGame, receipt: &[u8]) -> Result<(), T::Error> {
    let evidence = EvidenceView {
        result: new.result,
        bundle: new.bundle.clone(),
        receipt: receipt.to_vec(),
        received: new.now,
    };
    tables.add_evidence(new.lineup.match_id, &evidence)
}

/// Tickets that no match has taken yet, taken by this one.
fn used(tickets: &[Option<IssuedTicket>], match_id: MatchId) -> Vec<IssuedTicket> {
    let is_free = |issued: &&IssuedTicket| !matches!(issued.state, TicketState::Used(_));
    let free = tickets.iter().flatten().filter(is_free);
    free.map(|&issued| IssuedTicket { state: TicketState::Used(match_id), ..issued }).collect()
}

fn note_device<T: Tables>(tables: &mut T, new: &NewGame, facts: &Facts) -> Result<(), T::Error> {
    let mut device = facts.device.clone();
    match facts.seq {
        SeqFact::Next => device.seq_high = new.lineup.device_seq,
        SeqFact::Gap(missing) => {
            device.seq_high = new.lineup.device_seq;
            device.seq_missing = device.seq_missing.saturating_add(missing);
        }
        SeqFact::Late => device.seq_missing = device.seq_missing.saturating_sub(1),
        SeqFact::Reused(first) => {
            open_fork(tables, first, new.now)?;
            return suspect(tables, device.pair.device, new.now);
        }
    }
    tables.put_device(&device)
}

/// Another result of a match that is settled.
fn fork<T: Tables>(
    tables: &mut T,
    mut first: StoredGame,
    new: &NewGame,
    referee: &impl Referee,
) -> Result<SettleOutcome, T::Error> {
    if first.forks >= FORKS_MAX {
        return Ok(SettleOutcome::TooManyForks);
    }
    let receipt = sealed(
        referee,
        &Sealing {
            match_id: first.match_id,
            result: new.result,
            settlement: Settlement::Frozen,
            cause: SealCause::Fork(first.result),
            integrity: 0,
            lines: Vec::new(),
        },
    )?;
    add_evidence(tables, new, &receipt)?;
    first.forks += 1;
    match first.settlement {
        // Nobody knows which of the two was played: what the first one moved waits with it.
        Settlement::Settled | Settlement::Pending => {
            let mut seats = tables.seats(first.no)?;
            let (settlement, score, winner) = (Settlement::Frozen, first.score, first.winner);
            rebook(tables, &mut first, &mut seats, &Target { settlement, score, winner }, new.now)?;
        }
        Settlement::Unrated | Settlement::Void | Settlement::Frozen => tables.put_game(&first)?,
    }
    open_fork(tables, first.match_id, new.now)?;
    suspect(tables, first.device, new.now)?;
    tables.add_audit(AuditEvent {
        at: new.now,
        action: "match.fork".to_owned(),
        user: None,
        session: None,
        detail: format!(
            r#"{{"match":"{}","first":"{}","other":"{}"}}"#,
            first.match_id, first.result, new.result
        ),
    })?;
    Ok(SettleOutcome::Fork { receipt, first: first.result })
}

/// Puts a match into the operators' queue, once.
fn open_fork<T: Tables>(tables: &mut T, match_id: MatchId, now: Timestamp) -> Result<(), T::Error> {
    let known = tables.disputes(DisputeQueue::OfMatch(match_id), DisputeId(0), u32::MAX)?;
    let is_open =
        |entry: &DisputeEntry| entry.kind == DisputeKind::Fork && entry.state == DisputeState::Open;
    if known.iter().any(is_open) {
        return Ok(());
    }
    let entry = DisputeEntry {
        id: DisputeId(0),
        match_id,
        user: None,
        kind: DisputeKind::Fork,
        text: String::new(),
        opened: now,
        state: DisputeState::Open,
    };
    tables.add_dispute(&entry).map(drop)
}
