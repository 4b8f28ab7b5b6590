//! A judge's day, command by command.

use super::super::failure::{Exit, Failure};
use super::places::{Said, said};
use super::{DayArgs, list};
use crate::output;
use clap::Args;
use countersign_app::judge::{HubState, JudgeTap};
use countersign_client::HeadlessJudge;
use countersign_hub::Package;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// Longest wait for a hub's first word before a vote.
const HUB: Duration = Duration::from_secs(30);

/// Is a judge for the day: scans, votes, forwards for others, waits for receipts
///
/// Commands are read from standard input, one per line: scan TEXT (what a QR says, the event's or a project's), vote PROJECT
/// CATEGORY POINTS…, recuse PROJECT CATEGORY, draft PROJECT CATEGORY POINTS…, list, code PROJECT CATEGORY (the vote as a text for
/// a QR, the link of last resort), fetch EVENT (a newer bundle), done (end when every vote has its receipt). Votes are kept and sent
/// again after a restart.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign judge run --bundle fair.bundle --hub http://192.0.2.7:8470 --code 'NODUS:EVENT_ID=…'
  printf 'vote P1 INNOVATION 9 8 10\\ndone\\n' | countersign judge run --hub http://192.0.2.7:8470")]
pub(crate) struct Run {
    /// The event's bundle or package; kept, so once is enough
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// What the event's QR says; kept, so once is enough
    #[arg(long, value_name = "TEXT")]
    code: Option<String>,
    #[command(flatten)]
    pub(super) day: DayArgs,
}

impl Run {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut judge = start(&self.day, self.bundle, self.code).await?;
        let json = self.day.profile.json;
        let mut lines = lines();
        let mut watch = Watch::default();
        let mut is_ending = false;
        loop {
            watch.show(&judge, json);
            if is_ending && judge.judge().screen().waiting == 0 {
                break;
            }
            tokio::select! {
                stepped = judge.step() => { stepped?; }
                line = lines.recv(), if !is_ending => match line {
                    None => is_ending = true,
                    Some(line) => is_ending = obey(&mut judge, &line, json).await?,
                },
                _ = tokio::signal::ctrl_c() => break,
            }
        }
        judge.stop().await;
        Ok(())
    }
}

/// The judge with what the command line gives besides what is kept.
pub(super) async fn start(
    day: &DayArgs,
    bundle: Option<PathBuf>,
    code: Option<String>,
) -> Result<HeadlessJudge, Failure> {
    let mut judge = super::open(day).await?;
    if let Some(path) = bundle {
        let frame = std::fs::read(&path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        // A package is for the hub; its bundle is the one for judges.
        let frame = Package::decode(&frame).map_or(frame, |package| package.bundle);
        judge.tap(JudgeTap::Bundle(frame)).await?;
        fail_on_trouble(&judge)?;
    }
    if let Some(code) = code {
        judge.tap(JudgeTap::Scan(code)).await?;
        fail_on_trouble(&judge)?;
    }
    Ok(judge)
}

fn fail_on_trouble(judge: &HeadlessJudge) -> Result<(), Failure> {
    match judge.judge().trouble() {
        Some(trouble) => Err(Failure::new(Exit::Refused, trouble.to_string())),
        None => Ok(()),
    }
}

/// Waits until a round is open, as far as a hub has said yet: the bundle does not know what happened on the day.
pub(super) async fn until_open(judge: &mut HeadlessJudge) -> Result<(), Failure> {
    let opening = async {
        loop {
            let screen = judge.judge().screen();
            let knows_more = matches!(screen.hub, HubState::Looking | HubState::Heard);
            if screen.round.is_some() || !knows_more {
                return Ok(());
            }
            judge.step().await?;
        }
    };
    // A judge who is out of reach of every hub may vote by what the bundle says.
    tokio::time::timeout(HUB, opening).await.unwrap_or(Ok(()))
}

/// Does what a line says. `true`: that was the last one.
async fn obey(judge: &mut HeadlessJudge, line: &str, json: bool) -> Result<bool, Failure> {
    match said(line) {
        Ok(Said::Tap(tap)) => {
            if matches!(tap, JudgeTap::Vote { .. } | JudgeTap::Recuse(_)) {
                until_open(judge).await?;
            }
            judge.tap(tap).await?;
        }
        Ok(Said::List) => list::show(judge.judge(), json),
        Ok(Said::Code(place)) => match judge.vote_code(&place) {
            Ok(text) => output::line(&text),
            Err(trouble) => output::note(&trouble.to_string()),
        },
        Ok(Said::Done) => return Ok(true),
        Err(why) => output::note(&why),
    }
    Ok(false)
}

/// Says what changed.
#[derive(Default)]
pub(super) struct Watch {
    said: Vec<String>,
    trouble: Option<String>,
}

impl Watch {
    /// A line for every ballot whose state is new, and the newest trouble once.
    pub(super) fn show(&mut self, judge: &HeadlessJudge, json: bool) {
        let screen = judge.judge().screen();
        let mut now = Vec::new();
        for line in screen.lines.iter().filter(|line| line.ballot.is_some()) {
            let Some(ballot) = line.ballot else { continue };
            let (project, category) = (line.project.id, line.category.id);
            let (state, revision) = (super::places::word(&ballot.state), ballot.revision);
            now.push(match json {
                true => serde_json::json!({
                    "project": project.as_str(), "category": category.as_str(),
                    "state": state, "revision": revision,
                })
                .to_string(),
                false => format!("{project} {category} r{revision}: {state}"),
            });
        }
        now.iter().filter(|line| !self.said.contains(line)).for_each(|line| output::line(line));
        self.said = now;
        let trouble = judge.judge().trouble().map(ToString::to_string);
        if let Some(text) = trouble.as_ref().filter(|_| trouble != self.trouble) {
            output::note(text);
        }
        self.trouble = trouble;
    }
}

/// Lines of standard input. A thread of its own, which nobody waits for: reading cannot be broken off.
fn lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
