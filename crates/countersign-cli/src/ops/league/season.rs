//! Seasons.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::LeagueError;
use super::ask::{Sure, Why};
use super::desk::{Desk, PAGE};
use super::show::since;
use crate::output::note;
use countersign_store::league::{LeagueStore, SeasonOutcome};
use serde_json::json;

/// Players between two words on how far it is.
const SAID_EVERY: u64 = 10_000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum SeasonCommand {
    /// Show the present season, and how many players are in it
    Show,
    /// Open the next season, and pull every rating a quarter of the way to 1500
    #[command(after_help = "\
The season is open at once, also for the running server; ratings are then carried over in portions, as lines of the ledger. \
A match that settles meanwhile carries its players by itself, with the same result. An interrupted command is run \
again as it was: it goes on where it stopped. Nothing brings a closed season back.

Example: countersign league season open 3 --reason 'spring 2027'")]
    Open {
        /// Number of the season; the one after the present one
        number: u16,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        sure: Sure,
    },
}

pub(super) fn run(
    command: &SeasonCommand,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    match command {
        SeasonCommand::Show => show(desk, out),
        SeasonCommand::Open { number, why, sure } => open(*number, why, *sure, desk, out),
    }
}

/// Players in this season, and those that are still to be carried into it.
fn counts(season: u16, desk: &Desk<'_>) -> Result<(u64, u64), OpsError> {
    let (mut carried, mut left, mut after) = (0, 0, None);
    loop {
        let page = wait(desk.store.players_after(after, PAGE))?;
        let Some(last) = page.last() else { return Ok((carried, left)) };
        after = Some(last.user);
        let here = page.iter().filter(|player| player.season >= season).count() as u64;
        carried += here;
        left += page.len() as u64 - here;
    }
}

fn show(desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let season = wait(desk.store.season())?;
    let (carried, left) = counts(season.number, desk)?;
    if desk.json {
        let (number, opened) = (season.number, season.opened.as_millis());
        return Ok(out.json(&json!({
            "season": number, "opened_ms": opened, "players": carried, "to_be_carried": left,
        }))?);
    }
    let opened = since(season.opened, "the beginning");
    out.line(format_args!("Season {}, since {opened}", season.number))?;
    out.line(format_args!("  players         {carried}"))?;
    out.line(format_args!("  to be carried   {left}"))?;
    if left > 0 {
        let number = season.number;
        out.line(format_args!(
            "Go on with: countersign league season open {number} --reason TEXT"
        ))?;
    }
    Ok(())
}

fn open(
    number: u16,
    why: &Why,
    sure: Sure,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let current = wait(desk.store.season())?.number;
    if number != current {
        if current.checked_add(1) != Some(number) {
            return Err(LeagueError::NotNextSeason { current }.into());
        }
        let (players, left) = counts(current, desk)?;
        let players = players + left;
        let what = format!(
            "Season {current} would end, and the ratings of {players} players be pulled towards 1500."
        );
        sure.confirm(&what, &number.to_string())?;
    }
    let is_new = match wait(desk.store.open_season(number, desk.now))? {
        SeasonOutcome::Opened => true,
        SeasonOutcome::Open => false,
        SeasonOutcome::NotNext { current } => {
            return Err(LeagueError::NotNextSeason { current }.into());
        }
    };
    if is_new {
        desk.note("league.season", None, &why.reason, json!({ "season": number }))?;
    }
    let (mut carried, mut said) = (0_u64, 0);
    loop {
        let count = wait(desk.store.carry_players(PAGE, desk.now))?;
        if count == 0 {
            break;
        }
        carried += u64::from(count);
        if carried / SAID_EVERY > said {
            said = carried / SAID_EVERY;
            note(&format!("{carried} players carried …"));
        }
    }
    if desk.json {
        return Ok(out.json(&json!({ "season": number, "opened": is_new, "carried": carried }))?);
    }
    let what = if is_new { "is open" } else { "was open already" };
    out.line(format_args!("Season {number} {what}; {carried} players were carried into it."))?;
    Ok(())
}
