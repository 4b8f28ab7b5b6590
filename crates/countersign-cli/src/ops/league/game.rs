//! Matches.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::desk::Desk;
use super::show::{change, clock, score};
use super::{evidence, export};
use countersign_keys::Utc;
use countersign_league::MatchId;
use countersign_league::evidence::{GoalState, Settlement};
use countersign_server::desk::game::{Story, conduct, outcome, rules, said, sentence, team};
use countersign_server::desk::{dispute, game};
use countersign_store::league::{
    DisputeId, DisputeQueue, EvidenceView, GameFilter, GameView, LeagueStore, StoredGame,
};
use std::path::PathBuf;
use std::process::ExitCode;

/// More disputes of one match are not shown.
const DISPUTES_SHOWN: u32 = 100;

#[derive(Debug, clap::Subcommand)]
pub(super) enum MatchCommand {
    /// List matches, last settled first
    #[command(after_help = "\
pending   counts by itself at the time that is shown, unless a player disputes it
frozen    counts only after your ruling: its device was under suspicion, or signed two results
disputed  has an open dispute, whatever it is otherwise

Examples:
  countersign league match list --frozen
  countersign league match list --user 'Zoe Example' --limit 20
  countersign league match list --device GL-00007 --json")]
    List(ListArgs),
    /// Show a match: score, goals, lines, the reason as players read it, digests, disputes, other results
    Show {
        /// Id of the match
        id: MatchId,
    },
    /// Check the stored evidence again, as if it had just arrived
    #[command(after_help = "\
Computes everything again from the stored bundle, the stored keys of the device, and the key sets in keys/ of the \
data folder: all checks of docs/league.md, \"Settlement\", the receipt, and whether the stored match is the one of \
the evidence. The first check that fails is named; later ones were not reached. The exit code is 1 then.

A device that was revoked since, or a ruling, changes nothing here: the evidence is what it was.")]
    Verify {
        /// Id of the match
        id: MatchId,
    },
    /// Write a match to a file that anybody can check without this server
    #[command(after_help = "\
The file holds the key sets, a certificate of the device's keys that is signed now with the server's online key, the \
bundle and the receipt. Players appear in it with the names of their tickets. Whoever gets it needs the root key, from \
you or from a client's program:

  countersign league match export 3f0c… match.csx
  countersign league verify match.csx --root 8139770e…f9b394")]
    Export {
        /// Id of the match
        id: MatchId,
        /// The file to write; one that is there is not replaced
        file: PathBuf,
    },
}

/// Which matches.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Only those that wait for their 24 hours
    #[arg(long, group = "queue")]
    pending: bool,
    /// Only those that wait for a ruling
    #[arg(long, group = "queue")]
    frozen: bool,
    /// Only those with an open dispute
    #[arg(long, group = "queue")]
    disputed: bool,
    /// Only those of this device: id or serial
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Only those with this player: name, address or id
    #[arg(long, value_name = "PLAYER")]
    user: Option<String>,
    /// Those with a smaller number than this
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    before: u64,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

pub(super) fn run(
    command: &MatchCommand,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<ExitCode, OpsError> {
    match command {
        MatchCommand::List(args) => list(args, desk, out)?,
        MatchCommand::Show { id } => show(&desk.game(*id)?, desk, out)?,
        MatchCommand::Verify { id } => return evidence::verify(&desk.game(*id)?, desk, out),
        MatchCommand::Export { id, file } => export::export(&desk.game(*id)?, file, desk, out)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(args: &ListArgs, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let device = args.device.as_deref().map(|given| desk.device(given)).transpose()?;
    let player = args.user.as_deref().map(|given| desk.player(given)).transpose()?;
    let settlement = match (args.pending, args.frozen) {
        (true, _) => Some(Settlement::Pending),
        (false, true) => Some(Settlement::Frozen),
        (false, false) => None,
    };
    let filter = GameFilter {
        settlement,
        disputed: args.disputed,
        device: device.map(|device| device.pair.device),
        user: player.map(|player| player.user),
        ..GameFilter::ALL
    };
    let games = wait(desk.store.games_before(filter, args.before, args.limit))?;
    if desk.json {
        return Ok(out.json(&games.iter().map(game::view).collect())?);
    }
    let head = ["no", "match", "ended", "score", "state", "why"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(games.iter().map(|game| {
        vec![
            game.no.to_string(),
            game.match_id.to_string(),
            Utc(game.ended).to_string(),
            score(game.score, game.winner),
            game.settlement.as_str().to_owned(),
            waiting(game),
        ]
    }));
    out.table(&rows)?;
    if let Some(last) = games.last().filter(|_| games.len() as u64 == u64::from(args.limit)) {
        out.line(format_args!("There may be more: --before {}", last.no))?;
    }
    Ok(())
}

/// What a match waits for, or why it is what it is.
fn waiting(game: &StoredGame) -> String {
    match game.settlement {
        Settlement::Settled => String::new(),
        Settlement::Pending => format!("counts at {}", Utc(game.counts_at)),
        Settlement::Unrated | Settlement::Void | Settlement::Frozen => sentence(game.reason),
    }
}

/// What the device signed; or why it cannot be shown.
fn story(view: &GameView, desk: &Desk<'_>) -> Result<Story, String> {
    let device = wait(desk.store.find_device(view.game.device)).map_err(|e| e.to_string())?;
    let device = device.ok_or("the device is not known")?;
    let keys = desk.keys().map_err(|error| error.to_string())?;
    Story::read(keys.realm(), &device, view)
}

fn show(view: &GameView, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let disputes = desk.store.disputes(
        DisputeQueue::OfMatch(view.game.match_id),
        DisputeId(0),
        DISPUTES_SHOWN,
    );
    let disputes = wait(disputes)?;
    let story = story(view, desk);
    if desk.json {
        return Ok(out.json(&game::whole(view, &disputes, story.as_ref().ok()))?);
    }
    head(&view.game, out)?;
    match &story {
        Ok(story) => goals(story, out)?,
        Err(why) => out.line(format_args!("  goals       not shown: {why}"))?,
    }
    lines(view, story.as_ref().ok(), desk, out)?;
    for (index, evidence) in view.evidence.iter().enumerate() {
        let what = if index == 0 { "settled" } else { "other" };
        let EvidenceView { result, bundle, received, .. } = evidence;
        let (at, bytes) = (Utc(*received), bundle.len());
        out.line(format_args!("  result      {result}  {what}, came at {at}, {bytes} bytes"))?;
    }
    for entry in &disputes {
        let (kind, state) = (dispute::kind_word(entry.kind), dispute::state_word(entry.state));
        let (id, at) = (entry.id.0, Utc(entry.opened));
        out.line(format_args!("  dispute     {id}  {kind}, {state}, opened at {at}"))?;
    }
    Ok(())
}

fn head(game: &StoredGame, out: &mut Output<'_>) -> Result<(), OpsError> {
    let shown = score(game.score, game.winner);
    out.line(format_args!("match {}  {shown}  {}", game.match_id, game.settlement.as_str()))?;
    out.line(format_args!("  why         {}", sentence(game.reason)))?;
    if game.settlement == Settlement::Pending {
        out.line(format_args!("  counts at   {}", Utc(game.counts_at)))?;
    }
    out.line(format_args!("  outcome     {}", outcome(game.outcome)))?;
    out.line(format_args!("  rules       {}", rules(game.ruleset)))?;
    out.line(format_args!("  device      {}, its match {}", game.device, game.device_seq))?;
    out.line(format_args!("  played      {} to {}", Utc(game.started), Utc(game.ended)))?;
    out.line(format_args!("  settled     {} as number {}", Utc(game.settled), game.no))?;
    out.line(format_args!("  season      {}", game.season))?;
    out.line(format_args!("  integrity   {} of 256", game.integrity))?;
    Ok(())
}

fn goals(story: &Story, out: &mut Output<'_>) -> Result<(), OpsError> {
    let result = &story.result;
    let north = team(story.start.north);
    out.line(format_args!("  goals       {} ({north} defends the north)", result.goals.len()))?;
    for (index, goal) in result.goals.iter().enumerate() {
        let state = match goal.state {
            GoalState::Counted => "",
            GoalState::Annulled => "  annulled by both teams",
        };
        let end = match goal.end {
            countersign_league::End::North => "north",
            countersign_league::End::South => "south",
        };
        let (at, by) = (clock(goal.at), team(goal.team));
        out.line(format_args!("    {index:3}  {at}  {by}  {end}{state}"))?;
    }
    Ok(())
}

fn lines(
    view: &GameView,
    story: Option<&Story>,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let names = desk.names(view.seats.iter().map(|seat| seat.user).collect())?;
    let head =
        ["   ", "seat", "team", "player", "sporting", "adjusted", "booked", "conduct", "said"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for seat in &view.seats {
        let flags = story.and_then(|story| story.result.seats.get(usize::from(seat.seat)));
        rows.push(vec![
            "   ".to_owned(),
            seat.seat.to_string(),
            team(seat.team).to_owned(),
            names.get(&seat.user).cloned().unwrap_or_else(|| seat.user.to_string()),
            change(seat.line.sporting.into()),
            change(seat.line.adjustment.into()),
            change(seat.booked),
            conduct(seat.conduct).to_owned(),
            flags.map(|flags| said(*flags).join(" ")).unwrap_or_default(),
        ]);
    }
    Ok(out.table(&rows)?)
}
