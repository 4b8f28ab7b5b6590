//! The rating ledger.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::desk::{Desk, PAGE};
use super::show::{change, line_kind, points};
use countersign::UserId;
use countersign_keys::Utc;
use countersign_store::league::{LeagueStore, LedgerCheck, LedgerLine, Replay};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Lines that are read at once for a replay.
const LINES: u32 = 2_000;
/// A balance that changes while it is looked at is looked at again, at most so often.
const LOOKS: usize = 3;

/// Arguments of `league ledger`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "\
Double entry, append only: every change of a rating is a line, and the lines of one posting sum to 0 with that of the bank. \
A rating is the sum of its lines.

Examples:
  countersign league ledger --user 'Zoe Example'     why her rating is what it is
  countersign league ledger --after 1200 --json
  countersign league ledger check")]
pub(super) struct LedgerArgs {
    #[command(subcommand)]
    command: Option<LedgerCommand>,
    /// Only lines of this player: name, address or id
    #[arg(long, value_name = "PLAYER")]
    user: Option<String>,
    /// Lines with a higher number than this
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u64,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
}

#[derive(Debug, clap::Subcommand)]
enum LedgerCommand {
    /// Compute every rating again from the lines, and compare
    #[command(after_help = "\
Also while the server runs. Reads the whole ledger. The exit code is 1 when something does not agree; `countersign \
doctor` asks the same question. The bank has minus what all players have together.")]
    Check,
}

pub(super) fn run(
    args: &LedgerArgs,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<ExitCode, OpsError> {
    match args.command {
        Some(LedgerCommand::Check) => check(desk, out),
        None => list(args, desk, out).map(|()| ExitCode::SUCCESS),
    }
}

fn list(args: &LedgerArgs, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let user = args.user.as_deref().map(|given| desk.player(given)).transpose()?;
    let lines = match &user {
        Some(player) => wait(desk.store.ledger_of(player.user, args.after, args.limit))?,
        None => wait(desk.store.ledger_after(args.after, args.limit))?,
    };
    if desk.json {
        return Ok(out.json(&lines.iter().map(as_json).collect())?);
    }
    let mut users: Vec<_> = lines.iter().filter_map(|line| line.user).collect();
    users.sort_unstable();
    users.dedup();
    let names = desk.names(users)?;
    let head = ["line", "posting", "at", "kind", "amount", "whose", "match"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(lines.iter().map(|line| {
        let whose = line.user.map(|user| names.get(&user).cloned().unwrap_or(user.to_string()));
        vec![
            line.seq.to_string(),
            line.posting.to_string(),
            Utc(line.at).to_string(),
            line_kind(line.kind).to_owned(),
            change(line.amount),
            whose.unwrap_or_else(|| "the bank".to_owned()),
            line.match_id.map(String::from).unwrap_or_default(),
        ]
    }));
    out.table(&rows)?;
    if let Some(last) = lines.last().filter(|_| lines.len() as u64 == u64::from(args.limit)) {
        out.line(format_args!("There may be more: --after {}", last.seq))?;
    }
    Ok(())
}

/// What was found out about the ledger.
struct Findings {
    check: LedgerCheck,
    replay: Replay,
    /// Number of the line after which one is missing.
    gap: Option<u64>,
    /// Players whose balance is not the sum of their lines: stored and replayed.
    wrong: Vec<(UserId, i64, i64)>,
}

impl Findings {
    fn sum(&self) -> i64 {
        self.replay.balances().values().sum::<i64>() + self.replay.bank()
    }

    fn is_sound(&self) -> bool {
        self.check.is_sound() && self.gap.is_none() && self.wrong.is_empty() && self.sum() == 0
    }
}

fn check(desk: &Desk<'_>, out: &mut Output<'_>) -> Result<ExitCode, OpsError> {
    let mut replay = Replay::default();
    let gap = go_on(&mut replay, desk)?;
    let wrong = if gap.is_none() { compare(&mut replay, desk)? } else { Vec::new() };
    let check = wait(desk.store.check_ledger())?;
    let found = Findings { check, replay, gap, wrong };
    let is_sound = found.is_sound();
    if desk.json {
        out.json(&found_json(&found))?;
    } else {
        text(&found, out)?;
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Adds the lines that are there now; the number after which one is missing, if one is.
fn go_on(replay: &mut Replay, desk: &Desk<'_>) -> Result<Option<u64>, OpsError> {
    loop {
        let page = wait(desk.store.ledger_after(replay.last(), LINES))?;
        if page.is_empty() {
            return Ok(None);
        }
        if !page.iter().all(|line| replay.add(line)) {
            return Ok(Some(replay.last()));
        }
    }
}

/// Every stored balance against the replayed one. What differs may have changed meanwhile, and is looked at again.
fn compare(replay: &mut Replay, desk: &Desk<'_>) -> Result<Vec<(UserId, i64, i64)>, OpsError> {
    let (mut differ, mut after) = (Vec::new(), None);
    loop {
        let page = wait(desk.store.players_after(after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        let of = |user| replay.balances().get(user).copied().unwrap_or_default();
        differ.extend(page.iter().filter(|it| it.balance != of(&it.user)).map(|it| it.user));
        if differ.len() >= LedgerCheck::MAX {
            break;
        }
    }
    let mut wrong = Vec::new();
    for user in differ {
        for look in 1..=LOOKS {
            let Some(player) = wait(desk.store.find_player(user))? else { break };
            go_on(replay, desk)?;
            let replayed = replay.balances().get(&user).copied().unwrap_or_default();
            match player.balance == replayed {
                true => break,
                false if look == LOOKS => wrong.push((user, player.balance, replayed)),
                false => {}
            }
        }
    }
    Ok(wrong)
}

fn text(found: &Findings, out: &mut Output<'_>) -> Result<(), OpsError> {
    let Findings { check, replay, gap, wrong } = found;
    let players = replay.balances().len();
    out.line(format_args!("{} lines of {players} players", replay.last()))?;
    out.line(format_args!("  sum   {}", points(found.sum())))?;
    out.line(format_args!("  bank  {}", points(replay.bank())))?;
    if let Some(after) = gap {
        out.line(format_args!("  bad   after line {after} one is missing"))?;
    }
    for posting in &check.unbalanced {
        out.line(format_args!("  bad   the posting {posting} does not sum to 0"))?;
    }
    for (user, stored, lines) in check.wrong.iter().chain(wrong) {
        let (stored, lines) = (points(*stored), points(*lines));
        out.line(format_args!("  bad   {user} has {stored}, but the lines say {lines}"))?;
    }
    out.line(match found.is_sound() {
        true => "Every rating follows from the ledger.",
        false => "The ledger is not sound: keep a copy of the files, and see `countersign doctor`.",
    })?;
    Ok(())
}

fn found_json(found: &Findings) -> Value {
    let Findings { check, replay, gap, wrong } = found;
    let wrong = check.wrong.iter().chain(wrong).map(|(user, stored, lines)| {
        json!({ "user": user.to_string(), "stored": stored, "lines": lines })
    });
    json!({
        "ok": found.is_sound(),
        "lines": replay.last(),
        "players": replay.balances().len(),
        "sum": found.sum(),
        "bank": replay.bank(),
        "missing_after": gap,
        "unbalanced": check.unbalanced,
        "wrong": wrong.collect::<Vec<_>>(),
    })
}

fn as_json(line: &LedgerLine) -> Value {
    let LedgerLine { seq, posting, at, kind, user, match_id, amount } = line;
    json!({
        "line": seq,
        "posting": posting,
        "at_ms": at.as_millis(),
        "kind": line_kind(*kind),
        "amount": amount,
        "user": user.map(String::from),
        "match": match_id.map(String::from),
    })
}
