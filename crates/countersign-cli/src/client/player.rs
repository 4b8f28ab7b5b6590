//! `player`: at the pitch, without a screen.

use super::connection::{Connection, ProfileArgs};
use super::failure::{Exit, Failure};
use super::scoreboard::Scoreboard;
use crate::output;
use clap::{Args, Subcommand};
use countersign_app::{Event, Screen, Tap, Trouble};
use countersign_client::{BaseUrl, HeadlessPlayer, Pitch, PlayerError};
use countersign_league::game::{State, View};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Longest time for a courier to wait for what is under way.
const CARRY: Duration = Duration::from_secs(30);

/// What a player does.
#[derive(Debug, Subcommand)]
pub(crate) enum PlayerCommand {
    Play(Play),
    Prepare(Prepare),
    Carry(Carry),
}

/// Plays a match at a device: checks it, joins, answers the roll call, shows the score, carries the result
///
/// First the device has to prove that it is the one that the league's server knows; then the server certifies you to it.
/// Commands are read from standard input, one per line: ready, unready, quit, abort, leave, injury, return, concede,
/// confirm, annul N (the number of the goal), absent N (the seat), flag. The command ends when the result is settled.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign player play --device https://10.77.77.1
  countersign player play --device https://10.77.77.1 --auto      ready at once, confirms the result
  echo ready | countersign player play --device https://10.77.77.1 --json")]
pub(crate) struct Play {
    /// Where the device is
    #[arg(long, value_name = "URL", value_parser = BaseUrl::of_device)]
    device: BaseUrl,
    /// Be ready at once, and confirm the result
    #[arg(long)]
    auto: bool,
    /// Carry nothing: the result is left to other phones
    #[arg(long)]
    no_carry: bool,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

/// Fetches a ticket that fits any device, for a pitch without internet
///
/// A ticket is good for one match and for some hours. A newer one replaces it.
#[derive(Debug, Args)]
pub(crate) struct Prepare {
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

/// Brings what this phone carries to the server: results of matches that ended out of its reach
#[derive(Debug, Args)]
pub(crate) struct Carry {
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl PlayerCommand {
    pub(super) fn profile(&self) -> &ProfileArgs {
        match self {
            Self::Play(command) => &command.profile,
            Self::Prepare(command) => &command.profile,
            Self::Carry(command) => &command.profile,
        }
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Play(command) => command.run().await,
            Self::Prepare(command) => command.run().await,
            Self::Carry(command) => command.run().await,
        }
    }
}

impl Play {
    async fn run(self) -> Result<(), Failure> {
        let mut player = open(&self.profile, Some(self.device.clone()))?;
        let mut lines = lines();
        let mut board = Scoreboard::new(self.profile.json);
        let mut auto = Auto::default();
        player.set_carrying(!self.no_carry);
        player.tap(Tap::Approach)?;
        loop {
            board.show(&player.player().screen());
            if let Some(trouble) = player.player().trouble() {
                if is_fatal(&player, trouble) {
                    return Err(Failure::new(Exit::Refused, trouble.to_string()));
                }
                board.trouble(trouble);
            }
            if is_over(&player) {
                return Ok(());
            }
            if self.auto
                && let Some(tap) = auto.next(&player.player().screen())
            {
                player.tap(tap)?;
                continue;
            }
            tokio::select! {
                stepped = player.step() => { stepped?; }
                Some(line) = lines.recv() => match tap(&line) {
                    Some(tap) => { player.tap(tap)?; }
                    None => output::note(&format!("'{line}' is no command; see --help")),
                },
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
        }
    }
}

impl Prepare {
    async fn run(self) -> Result<(), Failure> {
        let mut player = open(&self.profile, None)?;
        player.tap(Tap::Prepare)?;
        while player.player().travel_ticket().is_none() {
            if let Some(trouble) = player.player().trouble() {
                return Err(Failure::new(Exit::Refused, trouble.to_string()));
            }
            player.step().await?;
        }
        if let Some(ticket) = player.player().travel_ticket() {
            let text = format!("a ticket for {}, good until {}", ticket.name, ticket.expires);
            output::line(&text);
        }
        Ok(())
    }
}

impl Carry {
    async fn run(self) -> Result<(), Failure> {
        let mut player = open(&self.profile, None)?;
        let before = player.player().courier().waiting();
        player.handle(Event::Tick)?;
        let working = async {
            while player.player().courier().waiting() > 0 && player.player().trouble().is_none() {
                player.step().await?;
            }
            Ok::<(), PlayerError>(())
        };
        let in_time = tokio::time::timeout(CARRY, working).await;
        let left = player.player().courier().waiting();
        output::line(&format!("{} of {before} results delivered", before.saturating_sub(left)));
        match (in_time, player.player().trouble()) {
            (Ok(done), None) => Ok(done?),
            (_, Some(trouble)) => Err(Failure::new(Exit::Refused, trouble.to_string())),
            (Err(_), None) => {
                Err(Failure::new(Exit::Failed, "the server was not reached; try again later"))
            }
        }
    }
}

/// What somebody does who only wants to play.
#[derive(Default)]
struct Auto {
    readied: Option<countersign_league::MatchId>,
    confirmed: Option<countersign_league::MatchId>,
}

impl Auto {
    fn next(&mut self, screen: &Screen<'_>) -> Option<Tap> {
        let Screen::There { view: Some(view), .. } = screen else { return None };
        let id = Some(view.match_id);
        if matches!(view.state, State::Lobby | State::Ready) && self.readied != id {
            self.readied = id;
            return Some(Tap::Ready);
        }
        if view.state == State::Review && self.confirmed != id {
            self.confirmed = id;
            return Some(Tap::Confirm);
        }
        None
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

fn open(args: &ProfileArgs, device: Option<BaseUrl>) -> Result<HeadlessPlayer, Failure> {
    let connection = Connection::open(args)?;
    let folder: PathBuf = connection.profile.folder().join("league");
    let pitch = match device {
        Some(base) => {
            Some(Arc::new(Pitch::new(base).map_err(|e| Failure::new(Exit::Failed, e.to_string()))?))
        }
        None => None,
    };
    Ok(HeadlessPlayer::new(Arc::new(connection.client), pitch, folder)?)
}

/// In a lobby or match, what fails may work the next time; before, there is nothing to go on with.
fn is_fatal(player: &HeadlessPlayer, trouble: &Trouble) -> bool {
    let is_there = matches!(player.player().screen(), Screen::There { .. });
    !is_there || matches!(trouble, Trouble::LoggedOut)
}

/// The match of this player is settled, and nothing is left to be carried.
fn is_over(player: &HeadlessPlayer) -> bool {
    let Screen::There { view: Some(view), seat: Some(_), .. } = player.player().screen() else {
        return false;
    };
    is_settled(view)
}

fn is_settled(view: &View) -> bool {
    view.receipt.is_some()
}

fn tap(line: &str) -> Option<Tap> {
    let mut words = line.split_whitespace();
    let word = words.next()?;
    let number = words.next().and_then(|word| word.parse::<u16>().ok());
    Some(match (word, number) {
        ("ready", None) => Tap::Ready,
        ("unready", None) => Tap::Unready,
        ("quit", None) => Tap::Quit,
        ("abort", None) => Tap::Abort,
        ("leave", None) => Tap::Leave,
        ("injury", None) => Tap::Injury,
        ("return", None) => Tap::Return,
        ("concede", None) => Tap::Concede,
        ("confirm", None) => Tap::Confirm,
        ("annul", Some(goal)) => Tap::Annul(goal),
        ("absent", Some(seat)) => Tap::Absent(u8::try_from(seat).ok()?),
        ("flag", None) => Tap::Flag,
        _ => return None,
    })
}

impl From<PlayerError> for Failure {
    fn from(error: PlayerError) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}
