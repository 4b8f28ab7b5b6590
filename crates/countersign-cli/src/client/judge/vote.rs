//! Votes from the command line.

use super::super::failure::{Exit, Failure};
use super::DayArgs;
use super::places::{ballot, place};
use super::run::{Watch, start, until_open};
use clap::Args;
use countersign_app::judge::{BallotState, JudgeTap, Place};
use countersign_client::HeadlessJudge;
use std::path::PathBuf;
use std::time::Duration;

/// Votes, or changes votes, and waits for the receipts
///
/// Exit code 0 means that a hub has every vote on its disk. A vote that got no receipt in time is kept and sent again by the next
/// `judge vote` or `judge run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign judge vote P1:INNOVATION:9,8,10 P2:INNOVATION:7,7,7 --hub http://192.0.2.7:8470
  countersign judge vote P3:DESIGN: --hub http://192.0.2.7:8470        without points: a recusal
  countersign judge vote --file votes.csv --ws ws://192.0.2.7:8470/ws  lines: project,category,points,points,…")]
pub(crate) struct Votes {
    /// PROJECT:CATEGORY:POINTS, points in the rubric's order
    #[arg(value_name = "VOTE", required_unless_present = "file", value_parser = ballot)]
    votes: Vec<(Place, Vec<u16>)>,
    /// A CSV file: project,category and one column per criterion; no header
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The event's bundle; kept, so once is enough
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// What the event's QR says; kept, so once is enough
    #[arg(long, value_name = "TEXT")]
    code: Option<String>,
    /// Seconds to wait for receipts
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
    #[command(flatten)]
    pub(super) day: DayArgs,
}

impl Votes {
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        if let Some(path) = &self.file {
            self.votes.extend(from_file(path)?);
        }
        let mut judge = start(&self.day, self.bundle, self.code).await?;
        let json = self.day.profile.json;
        let places: Vec<Place> = self.votes.iter().map(|(place, _)| *place).collect();
        let wait = Duration::from_secs(self.timeout);
        let voting = async {
            until_open(&mut judge).await?;
            for (place, points) in self.votes {
                judge.tap(JudgeTap::Vote { place, points }).await?;
                if let Some(trouble) = judge.judge().trouble() {
                    return Err(Failure::new(Exit::Refused, trouble.to_string()));
                }
            }
            let mut watch = Watch::default();
            loop {
                watch.show(&judge, json);
                if judge.judge().screen().waiting == 0 {
                    return Ok(());
                }
                judge.step().await?;
            }
        };
        let done = tokio::time::timeout(wait, voting).await;
        let outcome = match done {
            Ok(Ok(())) => verdict(&judge, &places),
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(Failure::new(
                Exit::Failed,
                format!(
                    "{} votes have no receipt after {} s; they are kept and sent again next time",
                    judge.judge().screen().waiting,
                    wait.as_secs()
                ),
            )),
        };
        judge.stop().await;
        outcome
    }
}

fn verdict(judge: &HeadlessJudge, places: &[Place]) -> Result<(), Failure> {
    let is_refused = |place: &&Place| {
        let ballot = judge.judge().ballot(place);
        ballot.is_some_and(|ballot| matches!(ballot.state, BallotState::Refused(_)))
    };
    match places.iter().filter(is_refused).count() {
        0 => Ok(()),
        refused => Err(Failure::new(Exit::Refused, format!("the hub refused {refused} votes"))),
    }
}

fn from_file(path: &PathBuf) -> Result<Vec<(Place, Vec<u16>)>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            row(line).map_err(|why| {
                Failure::usage(format!("{}, line {}: {why}", path.display(), number + 1))
            })
        })
        .collect()
}

fn row(line: &str) -> Result<(Place, Vec<u16>), String> {
    let mut cells = line.split(',').map(str::trim);
    let (Some(project), Some(category)) = (cells.next(), cells.next()) else {
        return Err("a line begins with project,category".to_owned());
    };
    let points = cells
        .filter(|cell| !cell.is_empty())
        .map(|cell| cell.parse().map_err(|_| format!("'{cell}' is no number of points")))
        .collect::<Result<_, _>>()?;
    Ok((place(project, category)?, points))
}
