//! Players.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::LeagueError;
use super::ask::{Sure, Why};
use super::desk::{Desk, PAGE};
use super::show::{penalty_kind, points, since, visibility, weight};
use clap::ValueEnum;
use countersign::Timestamp;
use countersign_keys::Utc;
use countersign_store::league::{
    LeagueStore, NewPenalty, PardonOutcome, Penalty, PenaltyCause, PenaltyId, Player, SeasonRow,
    SeatResult, Weight, Weights,
};
use countersign_store::{SessionStatus, Store};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A rating is provisional before so many rated matches …
const PROVISIONAL_MATCHES: u32 = 10;
/// … and so many opponents.
const PROVISIONAL_OPPONENTS: u32 = 15;

#[derive(Debug, clap::Subcommand)]
pub(super) enum PlayerCommand {
    /// Show a player: rating, reliability, penalties, weights, sessions
    Show {
        /// Name, address of the account, or id
        player: String,
    },
    /// Let a player start no rated match for some days
    #[command(after_help = "\
The bar goes into the player's next tickets, and devices refuse them; a ticket that is out already keeps its player in \
until it expires, 12 hours at most. The player sees it in the log of penalties.

Example: countersign league player bar 'Zoe Example' --days 14 --reason 'threats, dispute 31'")]
    Bar {
        /// Name, address of the account, or id
        player: String,
        /// For how many days, 1 to 3650
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        sure: Sure,
    },
    /// Take a penalty back: its bar, and its step on the ladder
    Pardon {
        /// Its number, as `league player show` lists it
        penalty: u64,
        #[command(flatten)]
        why: Why,
    },
    /// Say whether a player's flags and votes count
    #[command(after_help = "\
Flags count for nothing after three frivolous disputes. Votes are never taken by the server itself. What is not named \
stays as it is.

Example: countersign league player weights 'Zoe Example' --flags full --reason 'appeal of 3 May'")]
    Weights {
        /// Name, address of the account, or id
        player: String,
        /// Flags of matches
        #[arg(long, value_enum, required_unless_present = "votes")]
        flags: Option<Counts>,
        /// Votes in matches
        #[arg(long, value_enum)]
        votes: Option<Counts>,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Counts {
    /// They count
    Full,
    /// They do not
    None,
}

impl From<Counts> for Weight {
    fn from(counts: Counts) -> Self {
        match counts {
            Counts::Full => Self::Full,
            Counts::None => Self::None,
        }
    }
}

pub(super) fn run(
    command: &PlayerCommand,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    match command {
        PlayerCommand::Show { player } => show(&desk.player(player)?, desk, out),
        PlayerCommand::Bar { player, days, why, sure } => {
            bar(&desk.player(player)?, *days, why, *sure, desk, out)
        }
        PlayerCommand::Pardon { penalty, why } => pardon(*penalty, why, desk, out),
        PlayerCommand::Weights { player, flags, votes, why } => {
            let player = desk.player(player)?;
            let weights = Weights {
                flags: flags.map_or(player.flag_weight, Weight::from),
                votes: votes.map_or(player.vote_weight, Weight::from),
            };
            set_weights(&player, weights, why, desk, out)
        }
    }
}

/// What is shown of a player beside the row itself.
struct Profile {
    penalties: Vec<Penalty>,
    season: Option<SeasonRow>,
    sessions: usize,
}

fn profile(player: &Player, desk: &Desk<'_>) -> Result<Profile, OpsError> {
    let (mut penalties, mut after) = (Vec::new(), PenaltyId(0));
    loop {
        let page = wait(desk.store.penalties(player.user, after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = last.id;
        penalties.extend(page);
        // The newest say enough of somebody who has more.
        let surplus = penalties.len().saturating_sub(PAGE as usize);
        penalties.drain(..surplus);
    }
    let season = wait(desk.store.season())?.number;
    let season = wait(desk.store.season_rows(season, vec![player.user]))?.pop();
    let sessions = wait(desk.store.list_sessions(player.user))?;
    let live = |session: &&_| is_live(session);
    Ok(Profile { penalties, season, sessions: sessions.iter().filter(live).count() })
}

fn is_live(session: &countersign_store::StoredSession) -> bool {
    session.status == SessionStatus::Live
}

const fn is_provisional(player: &Player) -> bool {
    player.matches < PROVISIONAL_MATCHES || player.opponents < PROVISIONAL_OPPONENTS
}

/// Matches that were played to their end, of those that were started, in percent; 100 before the first.
fn reliability(player: &Player) -> u32 {
    let percent = u64::from(player.finished) * 100;
    percent.checked_div(player.joined.into()).map_or(100, |percent| percent as u32)
}

fn show(player: &Player, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let Profile { penalties, season, sessions } = profile(player, desk)?;
    if desk.json {
        let value = as_json(player, &penalties, season.as_ref(), sessions);
        return Ok(out.json(&value)?);
    }
    let name = if player.erased.is_some() { "an erased player" } else { &player.name };
    out.line(name)?;
    out.line(format_args!("  user         {}", player.user))?;
    let mark = if is_provisional(player) { " (provisional)" } else { "" };
    out.line(format_args!("  rating       {}{mark}", points(player.rating().into())))?;
    if i64::from(player.rating()) != player.balance {
        out.line(format_args!("  balance      {}, below the floor", points(player.balance)))?;
    }
    let (matches, opponents) = (player.matches, player.opponents);
    let last = since(player.last_match, "never");
    out.line(format_args!("  matches      {matches} rated, {opponents} opponents, last {last}"))?;
    if let Some(SeasonRow { season, tally, form, .. }) = &season {
        let form: String = form.iter().map(|result| letter(*result)).collect();
        let (won, drawn, lost) = (tally.won, tally.drawn, tally.lost);
        out.line(format_args!(
            "  season {season:<5} {won} won, {drawn} drawn, {lost} lost  {form}"
        ))?;
    }
    let (finished, joined) = (player.finished, player.joined);
    out.line(format_args!(
        "  reliability  {} %: finished {finished} of {joined} matches",
        reliability(player)
    ))?;
    out.line(format_args!("  ladder       step {}", player.leaver_level))?;
    let barred = match player.barred_until > desk.now {
        true => format!("until {}", Utc(player.barred_until)),
        false => "no".to_owned(),
    };
    out.line(format_args!("  barred       {barred}"))?;
    let (flags, votes) = (weight(player.flag_weight), weight(player.vote_weight));
    let frivolous = player.frivolous;
    out.line(format_args!(
        "  weights      flags {flags}, votes {votes}; {frivolous} frivolous disputes"
    ))?;
    out.line(format_args!("  profile      {}", visibility(player.visibility)))?;
    out.line(format_args!("  sessions     {sessions} live"))?;
    for penalty in &penalties {
        let Penalty { id, kind, at, level, until, pardoned, .. } = penalty;
        let (kind, until) = (penalty_kind(*kind), since(*until, "a warning"));
        let pardoned = if pardoned.is_some() { ", taken back" } else { "" };
        let (id, at) = (id.0, Utc(*at));
        out.line(format_args!(
            "  penalty      {id}  {at}  {kind}, step {level}, {until}{pardoned}"
        ))?;
    }
    Ok(())
}

const fn letter(result: SeatResult) -> char {
    match result {
        SeatResult::Won => 'W',
        SeatResult::Drawn => 'D',
        SeatResult::Lost => 'L',
    }
}

fn bar(
    player: &Player,
    days: u16,
    why: &Why,
    sure: Sure,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let until = desk.now.plus(DAY * u32::from(days));
    let what = format!("{} would start no rated match before {}.", player.name, Utc(until));
    sure.confirm(&what, &player.name)?;
    let cause = PenaltyCause::Operator { until };
    let new = NewPenalty { user: player.user, cause, match_id: None, now: desk.now };
    let penalty = wait(desk.store.penalize(new))?;
    let penalty = penalty.ok_or_else(|| LeagueError::NotInLeague(player.user.to_string()))?;
    let detail = json!({ "penalty": penalty.id.0, "days": days });
    desk.note("league.bar", Some(player.user), &why.reason, detail)?;
    if desk.json {
        return Ok(out.json(&penalty_json(&penalty))?);
    }
    let (name, until, id) = (&player.name, Utc(until), penalty.id.0);
    out.line(format_args!("{name} is barred until {until}, as penalty {id}."))?;
    Ok(())
}

fn pardon(id: u64, why: &Why, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    match wait(desk.store.pardon(PenaltyId(id), desk.now))? {
        PardonOutcome::Pardoned => {}
        PardonOutcome::Already => return Err(LeagueError::Pardoned(id).into()),
        PardonOutcome::NoPenalty => return Err(LeagueError::NoPenalty(id).into()),
    }
    desk.note("league.pardon", None, &why.reason, json!({ "penalty": id }))?;
    if desk.json {
        return Ok(out.json(&json!({ "penalty": id, "pardoned": true }))?);
    }
    out.line(format_args!("Penalty {id} is taken back."))?;
    Ok(())
}

fn set_weights(
    player: &Player,
    weights: Weights,
    why: &Why,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let before = Weights { flags: player.flag_weight, votes: player.vote_weight };
    let shown = |weights: Weights| json!({ "flags": weight(weights.flags), "votes": weight(weights.votes) });
    if before != weights {
        if !wait(desk.store.set_weights(player.user, weights))? {
            return Err(LeagueError::NotInLeague(player.user.to_string()).into());
        }
        let detail = json!({ "before": shown(before), "after": shown(weights) });
        desk.note("league.weights", Some(player.user), &why.reason, detail)?;
    }
    if desk.json {
        return Ok(out.json(&shown(weights))?);
    }
    let (flags, votes) = (weight(weights.flags), weight(weights.votes));
    out.line(format_args!("{}: flags count {flags}, votes count {votes}.", player.name))?;
    Ok(())
}

fn penalty_json(penalty: &Penalty) -> Value {
    let Penalty { id, user, kind, match_id, at, level, until, pardoned } = penalty;
    json!({
        "penalty": id.0,
        "user": user.to_string(),
        "kind": penalty_kind(*kind),
        "match": match_id.map(String::from),
        "at_ms": at.as_millis(),
        "level": level,
        "until_ms": (*until != Timestamp::ZERO).then(|| until.as_millis()),
        "pardoned_ms": pardoned.map(Timestamp::as_millis),
    })
}

fn as_json(
    player: &Player,
    penalties: &[Penalty],
    season: Option<&SeasonRow>,
    sessions: usize,
) -> Value {
    let season = season.map(|SeasonRow { season, tally, form, .. }| {
        let form: String = form.iter().map(|result| letter(*result)).collect();
        let (won, drawn, lost) = (tally.won, tally.drawn, tally.lost);
        json!({ "season": season, "won": won, "drawn": drawn, "lost": lost, "form": form })
    });
    json!({
        "user": player.user.to_string(),
        "name": player.name,
        "rating": player.rating(),
        "balance": player.balance,
        "provisional": is_provisional(player),
        "season": season,
        "matches": player.matches,
        "opponents": player.opponents,
        "last_match_ms": (player.last_match != Timestamp::ZERO).then(|| player.last_match.as_millis()),
        "joined": player.joined,
        "finished": player.finished,
        "reliability_percent": reliability(player),
        "level": player.leaver_level,
        "barred_until_ms": (player.barred_until != Timestamp::ZERO).then(|| player.barred_until.as_millis()),
        "flags": weight(player.flag_weight),
        "votes": weight(player.vote_weight),
        "frivolous": player.frivolous,
        "visibility": visibility(player.visibility),
        "created_ms": player.created.as_millis(),
        "erased_ms": player.erased.map(Timestamp::as_millis),
        "sessions": sessions,
        "penalties": penalties.iter().map(penalty_json).collect::<Vec<_>>(),
    })
}
