//! The demo's end: everything runs on, and whoever sits here takes part in a browser.

use super::Failure;
use super::event::OpenDay;
use super::league::{PLAYERS, Pitch, Running};
use super::stage::Stage;
use super::story::title;
use crate::output::{self, line};
use countersign_listen::Ending;
use countersign_server::clock;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two looks at the pitch and at the mail.
const LOOK: Duration = Duration::from_millis(300);
/// Between two goals.
const GOAL: Duration = Duration::from_secs(5);
/// Between two looks for players who are missing.
const AGAIN: Duration = Duration::from_secs(2);
/// How long a result stays on the board before the next lobby opens.
const RESULT: Duration = Duration::from_secs(60);
/// Players who wait for the one in the browser: with that one the fewest that may start.
const WAITING: std::ops::RangeInclusive<usize> = 2..=6;

/// Until Ctrl-C.
pub(super) fn hold(
    stage: &Stage,
    pitch: Option<Pitch>,
    event: Option<OpenDay>,
) -> Result<(), Failure> {
    title(
        "Take part",
        "Everything is still running. Open the page, log in with any address, and look for the code here.",
    );
    line(&format!("    {}", stage.url()));
    if let Some(pitch) = &pitch {
        let (waiting, device) = (WAITING.count(), pitch.http);
        line(&format!(
            "\n    Play    at the device {device}: {waiting} players are ready and wait for one more."
        ));
    }
    if event.is_some() {
        line(&format!(
            "    Judge   as {}: the organiser publishes the event when your device is registered.",
            OpenDay::JUDGE
        ));
    }
    line("\n  Press Ctrl-C to end it.\n");
    let mut host = Host {
        stage,
        game: pitch.map(Game::new),
        event,
        read: stage.mails()?.into_iter().map(|mail| mail.path).collect(),
        trouble: String::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut ending = Ending::hear()?;
        while tokio::time::timeout(LOOK, ending.heard()).await.is_err() {
            // A guest's match goes on although a bot stumbled.
            let trouble = host.look().err().map(|error| error.to_string()).unwrap_or_default();
            if !trouble.is_empty() && trouble != host.trouble {
                output::note(&trouble);
            }
            host.trouble = trouble;
        }
        Ok(())
    })
}

/// Whoever looks after guests.
struct Host<'a> {
    stage: &'a Stage,
    game: Option<Game>,
    event: Option<OpenDay>,
    /// Mails that were shown.
    read: BTreeSet<PathBuf>,
    /// What went wrong at the last look.
    trouble: String,
}

impl Host<'_> {
    fn look(&mut self) -> Result<(), Failure> {
        for mail in self.stage.mails()? {
            if self.read.insert(mail.path) {
                line(&format!("    code for {}: {}", mail.to, mail.code));
            }
        }
        if let Some(event) = &mut self.event {
            event.look(self.stage)?;
        }
        match &mut self.game {
            Some(game) => game.look(self.stage),
            None => Ok(()),
        }
    }
}

/// One match after the other.
struct Game {
    pitch: Pitch,
    players: Vec<Option<Running>>,
    state: String,
    /// When that state began, or the last goal fell.
    since: Instant,
    goals: usize,
    /// When players were last looked for.
    invited: Option<Instant>,
}

impl Game {
    fn new(pitch: Pitch) -> Self {
        let players = (0..=PLAYERS).map(|_| None).collect();
        Self {
            pitch,
            players,
            state: String::new(),
            since: clock::instant(),
            goals: 0,
            invited: None,
        }
    }

    fn look(&mut self, stage: &Stage) -> Result<(), Failure> {
        let state = self.pitch.state()?;
        if state != self.state {
            line(&format!("    the pitch: {}", state.replace('_', " ")));
            self.state = state;
            self.since = clock::instant();
        }
        let waited = self.since.elapsed();
        match self.state.as_str() {
            "off" => self.pitch.run(&["button"], false).map(drop),
            // Sheets that are not quiet yet take the next ball.
            "goal_check" => {
                for end in ["north", "south"] {
                    self.pitch.run(&["hit", "--end", end], false).ok();
                }
                Ok(())
            }
            "lobby" if waited >= LOOK => self.invite(stage),
            "playing" if waited >= GOAL => {
                let end = ["south", "north", "south"][self.goals % 3];
                self.goals += 1;
                self.since = clock::instant();
                self.pitch.run(&["hit", "--end", end], false).map(drop)
            }
            "settled" | "void" | "abandoned" if waited >= RESULT => {
                self.pitch.run(&["button"], false).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Whoever is not there comes; who cannot stay tries again later.
    fn invite(&mut self, stage: &Stage) -> Result<(), Failure> {
        if self.invited.is_some_and(|at| at.elapsed() < AGAIN) {
            return Ok(());
        }
        self.invited = Some(clock::instant());
        for number in WAITING {
            let seat = &mut self.players[number];
            if let Some(player) = seat
                && !player.has_ended()?
            {
                continue;
            }
            let (profile, device) = (format!("p{number}"), format!("http://{}", self.pitch.http));
            let log = File::create(stage.dir.join(format!("{profile}.log")))?;
            let args = ["player", "play", "--device", &device, "--auto", "--profile", &profile];
            let mut command = stage.device_command(&args)?;
            *seat = Some(Running(command.stdout(log.try_clone()?).stderr(log).spawn()?));
        }
        Ok(())
    }
}
