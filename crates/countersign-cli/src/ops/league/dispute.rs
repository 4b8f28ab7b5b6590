//! Disputes, and rulings on matches.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::ask::{Sure, Why};
use super::desk::Desk;
use super::show::{change, score};
use super::{LeagueError, ruling};
use clap::ValueEnum;
use countersign::UserId;
use countersign_keys::Utc;
use countersign_league::MatchId;
use countersign_server::desk::dispute;
use countersign_store::league::{
    DisputeEntry, DisputeId, DisputeQueue, DisputeState, GameView, LeagueStore, NewRuling, Rated,
    Ruling, RulingOutcome,
};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum DisputeCommand {
    /// List disputes, oldest first
    #[command(after_help = "\
Examples:
  countersign league dispute list                          what is open
  countersign league dispute list --queue user --of 'Zoe Example'
  countersign league dispute list --queue match --of 3f0c…")]
    List {
        /// Which: all that are open, all of a match, or all that a player opened
        #[arg(long, value_enum, default_value_t = Queue::Open)]
        queue: Queue,
        /// The match (id) or the player (name, address or id)
        #[arg(long, value_name = "WHAT", required_if_eq_any([("queue", "match"), ("queue", "user")]))]
        of: Option<String>,
        /// Those with a higher number than this
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: u64,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
    /// Show a dispute with what was said
    Show {
        /// Its number
        id: u64,
    },
    /// Rule on a match: ends all its open disputes
    Resolve(ResolveArgs),
}

/// Which disputes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Queue {
    Open,
    Match,
    User,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Decision {
    /// The result stands: the match counts
    Uphold,
    /// Nothing of the match counts
    Void,
    /// The result stands, and who lost points by it gets them back
    Refund,
    /// Goals are taken out, and the result is computed anew
    AnnulGoal,
}

/// Arguments of `dispute resolve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
uphold       the result stands. What was pending or frozen counts from now on; so does what was unrated or struck, unless \
the device itself called it void, or its rules are never rated
void         nothing of it counts: ratings, tables and meetings are taken back
refund       the result stands. Everybody who lost points by it gets them back from the bank, or only --player
annul-goal   these goals (numbered from 0, as `league match show` lists them) do not count. Score, winner and changes \
are computed again from the evidence. A later ruling replaces this one: name all goals

Nothing in the ledger is edited: what changes is written as corrections, and every player of the match is told. A device \
that was under suspicion stays so: see `league device set`.

Examples:
  countersign league dispute resolve 31 uphold --reason 'the video shows the ball behind the line'
  countersign league dispute resolve 31 annul-goal 2 --reason 'both captains agree'
  countersign league dispute resolve 3f0c… void --reason 'device opened, case 12'    a match without a dispute")]
pub(super) struct ResolveArgs {
    /// Number of a dispute, or id of a match
    case: String,
    /// What is decided
    decision: Decision,
    /// Goals to annul
    #[arg(value_name = "GOAL", required_if_eq("decision", "annul-goal"))]
    goals: Vec<u8>,
    /// Refund only this player; may be given several times
    #[arg(long, value_name = "PLAYER")]
    player: Vec<String>,
    /// Whoever opened the dispute did so without ground; after the third time the player's flags do not count any more
    #[arg(long)]
    frivolous: bool,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    sure: Sure,
}

pub(super) fn run(
    command: &DisputeCommand,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    match command {
        DisputeCommand::List { queue, of, after, limit } => {
            let queue = self::queue(*queue, of.as_deref().unwrap_or_default(), desk)?;
            let entries = wait(desk.store.disputes(queue, DisputeId(*after), *limit))?;
            list(&entries, *limit, desk, out)
        }
        DisputeCommand::Show { id } => show(&find(*id, desk)?, desk, out),
        DisputeCommand::Resolve(args) => resolve(args, desk, out),
    }
}

fn queue(queue: Queue, of: &str, desk: &Desk<'_>) -> Result<DisputeQueue, OpsError> {
    Ok(match queue {
        Queue::Open => DisputeQueue::Open,
        Queue::Match => {
            DisputeQueue::OfMatch(of.parse().map_err(|_| LeagueError::NotACase(of.to_owned()))?)
        }
        Queue::User => DisputeQueue::OfUser(desk.player(of)?.user),
    })
}

fn find(id: u64, desk: &Desk<'_>) -> Result<DisputeEntry, OpsError> {
    let entry = wait(desk.store.find_dispute(DisputeId(id)))?;
    Ok(entry.ok_or(LeagueError::NoDispute(id))?)
}

fn list(
    entries: &[DisputeEntry],
    limit: u32,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    if desk.json {
        return Ok(out.json(&entries.iter().map(dispute::view).collect())?);
    }
    let names = desk.names(entries.iter().filter_map(|entry| entry.user).collect())?;
    let head = ["no", "opened", "kind", "state", "match", "by"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(entries.iter().map(|entry| {
        let by = entry.user.map(|user| names.get(&user).cloned().unwrap_or(user.to_string()));
        vec![
            entry.id.0.to_string(),
            Utc(entry.opened).to_string(),
            dispute::kind_word(entry.kind).to_owned(),
            dispute::state_word(entry.state).to_owned(),
            entry.match_id.to_string(),
            by.unwrap_or_else(|| "the server".to_owned()),
        ]
    }));
    out.table(&rows)?;
    if let Some(last) = entries.last().filter(|_| entries.len() as u64 == u64::from(limit)) {
        out.line(format_args!("There may be more: --after {}", last.id.0))?;
    }
    Ok(())
}

fn show(entry: &DisputeEntry, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    if desk.json {
        return Ok(out.json(&dispute::view(entry))?);
    }
    let DisputeEntry { id, match_id, user, kind, text, opened, state } = entry;
    out.line(format_args!(
        "dispute {}  {}  {}",
        id.0,
        dispute::kind_word(*kind),
        dispute::state_word(*state)
    ))?;
    out.line(format_args!("  match   {match_id}"))?;
    let by = match user {
        Some(user) => {
            let names = desk.names(vec![*user])?;
            names.get(user).map_or(user.to_string(), |name| format!("{name} ({user})"))
        }
        None => "the server: the device signed two results".to_owned(),
    };
    out.line(format_args!("  by      {by}"))?;
    out.line(format_args!("  opened  {}", Utc(*opened)))?;
    if let DisputeState::Ruled(_, at) = state {
        out.line(format_args!("  ruled   {}", Utc(*at)))?;
    }
    // A player's words may hold anything, also what moves the cursor of a terminal.
    text.lines().try_for_each(|line| out.line(format_args!("  | {}", line.escape_debug())))?;
    Ok(())
}

fn resolve(args: &ResolveArgs, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let extra_goals = !args.goals.is_empty() && args.decision != Decision::AnnulGoal;
    if extra_goals || (!args.player.is_empty() && args.decision != Decision::Refund) {
        return Err(LeagueError::Extra.into());
    }
    let (match_id, dispute) = case(&args.case, desk)?;
    let frivolous = if args.frivolous { Some(author(dispute.as_ref())?) } else { None };
    let view = desk.game(match_id)?;
    let players = args.player.iter().map(|given| desk.player(given).map(|player| player.user));
    let players = players.collect::<Result<Vec<_>, _>>()?;
    let ruling = match args.decision {
        Decision::Uphold => ruling::uphold(&view, desk)?,
        Decision::Void => Ruling::Void,
        Decision::Refund => ruling::refund(&view, &players, desk)?,
        Decision::AnnulGoal => ruling::annul(&view, &args.goals, desk)?,
    };
    args.sure.confirm(&preview(&view, &ruling), &args.case)?;
    let new =
        NewRuling { match_id, ruling, frivolous: frivolous.into_iter().collect(), now: desk.now };
    let (settlement, ratings, ended) = match wait(desk.store.rule(new))? {
        RulingOutcome::Ruled { settlement, ratings, ended } => (settlement, ratings, ended),
        RulingOutcome::NoMatch => return Err(LeagueError::NoMatch(match_id).into()),
        RulingOutcome::Mismatch => return Err(LeagueError::Mismatch(match_id).into()),
    };
    let word = args.decision.to_possible_value().map(|value| value.get_name().to_owned());
    let detail = json!({
        "match": match_id.to_string(),
        "decision": word,
        "goals": args.goals,
        "disputes": ended,
        "frivolous": args.frivolous,
    });
    desk.note("league.ruling", None, &args.why.reason, detail)?;
    if desk.json {
        let ratings = ratings.iter().map(rated_json).collect::<Vec<_>>();
        let (id, state) = (match_id.to_string(), settlement.as_str());
        return Ok(out.json(&json!({
            "match": id, "state": state, "disputes_ended": ended, "ratings": ratings,
        }))?);
    }
    let state = settlement.as_str();
    out.line(format_args!("Match {match_id} is {state} now; {ended} disputes ended."))?;
    changed(&ratings, desk, out)
}

fn case(given: &str, desk: &Desk<'_>) -> Result<(MatchId, Option<DisputeEntry>), OpsError> {
    if let Ok(match_id) = given.parse::<MatchId>() {
        return Ok((match_id, None));
    }
    let number = given.parse().map_err(|_| LeagueError::NotACase(given.to_owned()))?;
    let entry = find(number, desk)?;
    Ok((entry.match_id, Some(entry)))
}

/// Whose dispute it is, while it is open: nobody is blamed twice for one.
fn author(dispute: Option<&DisputeEntry>) -> Result<UserId, LeagueError> {
    let open = dispute.filter(|entry| entry.state == DisputeState::Open);
    open.and_then(|entry| entry.user).ok_or(LeagueError::NotFrivolous)
}

/// What is asked before it is done.
fn preview(view: &GameView, ruling: &Ruling) -> String {
    let (id, was) = (view.game.match_id, score(view.game.score, view.game.winner));
    let players = view.seats.len();
    match ruling {
        Ruling::Uphold => format!("Match {id} ({was}) stands as it is."),
        Ruling::Void => {
            format!("Match {id} ({was}) would count for none of its {players} players.")
        }
        Ruling::Amend { score: is, winner, lines } => {
            let now = score(*is, *winner);
            let differ = view.seats.iter().zip(lines);
            let differ = differ.filter(|(seat, line)| seat.booked != line.total()).count();
            format!(
                "Match {id} ({was}) would count as {now}; the ratings of {differ} players change."
            )
        }
        Ruling::Refund { amounts } => {
            let sum = amounts.iter().map(|(_, amount)| i64::from(*amount)).sum();
            let (count, sum) = (amounts.len(), change(sum));
            format!("{count} players of match {id} would get {sum} points back.")
        }
    }
}

fn changed(ratings: &[Rated], desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let names = desk.names(ratings.iter().map(|rated| rated.user).collect())?;
    for Rated { user, before, after, .. } in ratings {
        let name = names.get(user).cloned().unwrap_or_else(|| user.to_string());
        let by = change(i64::from(*after) - i64::from(*before));
        out.line(format_args!("  {name}  {by} to {}", super::show::points((*after).into())))?;
    }
    Ok(())
}

fn rated_json(rated: &Rated) -> Value {
    let Rated { user, before, after, season } = rated;
    json!({ "user": user.to_string(), "before": before, "after": after, "season": season })
}
