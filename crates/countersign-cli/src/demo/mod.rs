//! `countersign demo`: the main job on this machine, with real peers, each step explained and each command shown.

mod certificates;
mod event;
mod league;
mod open;
mod peers;
mod stage;
mod story;

use crate::output;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// What ends the demo early: a sentence.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Shows the whole exchange, a whole match and a whole event on this machine
///
/// Starts a real mail server (aiosmtpd), a real service that knows nothing of Countersign (json-server), and this
/// server between them. Then a person logs in with the code that arrived by mail, their device signs requests, the service
/// answers, the device verifies the answers; and a few attacks fail. Then a goal-line pair comes out of the factory, and eight
/// players play a short match at it; then three judges judge an event through a relay, and anybody counts again. Every command is shown as you could type it.
///
/// At a terminal it ends by printing an address, and stays: log in there with a browser, with the code that is shown, play at the pair with
/// simulated players, and judge a small event. All of it is on this machine, and nothing of it is reachable from another.
#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    /// Where everything is put; made anew at every run
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    dir: PathBuf,
    /// The mail server's program
    #[arg(long, value_name = "PROGRAM", default_value = "aiosmtpd")]
    smtp_server: PathBuf,
    /// The service's program [default: json-server, or the one that `cargo xtask setup` installed]
    #[arg(long, value_name = "PROGRAM")]
    json_server: Option<PathBuf>,
    /// The program of the goal-line device [default: countersign-device beside this program]
    #[arg(long, value_name = "PROGRAM")]
    device: Option<PathBuf>,
    /// Leave out the match
    #[arg(long)]
    no_match: bool,
    /// Leave out the event
    #[arg(long)]
    no_event: bool,
    /// Leave everything running at the end, for taking part in a browser, until Ctrl-C; so it is at a terminal
    #[arg(long)]
    stay: bool,
    /// End when everything was shown, at a terminal too
    #[arg(long, conflicts_with = "stay")]
    no_stay: bool,
    /// Leave out the story, and open the doors for a browser at once
    #[arg(long, conflicts_with = "no_stay")]
    open: bool,
}

pub(crate) fn run(demo: &Demo) -> ExitCode {
    match story::tell(demo) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            output::note(&format!("What was done until then lies in {}.", demo.dir.display()));
            ExitCode::FAILURE
        }
    }
}
