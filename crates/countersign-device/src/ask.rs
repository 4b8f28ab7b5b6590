//! `hit`, `button`, `open-lobby`, `show`: a running half does what the socket says.

use crate::control::{self, Answer, Command, ControlError, Goal, SOCKET};
use crate::start::state_path;
use std::path::PathBuf;

/// Which running half is meant.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Target {
    /// Folder of the half, or the folder of the pair with `master` and `slave` in it
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,

    /// The half's control socket, if it keeps its state elsewhere: DIR/control.sock of its --data
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

impl Target {
    fn socket(&self, half: &str) -> PathBuf {
        if let Some(socket) = &self.socket {
            return socket.clone();
        }
        let folder = self.folder.clone().unwrap_or_default();
        let inner = folder.join(half);
        let folder = if inner.is_dir() { inner } else { folder };
        state_path(None, &folder).join(SOCKET)
    }
}

/// Hits a goal, as a ball would: for tests, and for the goal check of a device without sheets
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  countersign-device hit --folder GL-00001 --end north
  countersign-device hit --folder GL-00001 --end south --peak 700 --duration-ms 25
Says whether it was a goal, or only a touch: too soon after another one, or the goal is not armed.")]
pub(crate) struct HitArgs {
    #[command(flatten)]
    target: Target,

    /// The goal: north is the master's, south the slave's
    #[arg(long, value_enum)]
    end: Goal,

    /// Highest reading
    #[arg(long, default_value_t = 900)]
    peak: u16,

    /// How long the sheet is pressed, in milliseconds from now on
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    duration_ms: u32,
}

/// Presses a button: the master's pairs the halves, or opens the next lobby
#[derive(Debug, clap::Args)]
pub(crate) struct ButtonArgs {
    #[command(flatten)]
    target: Target,

    /// The slave's: for two minutes, as after its start, it looks for its master
    #[arg(long)]
    slave: bool,
}

/// Opens the lobby of the next match
#[derive(Debug, clap::Args)]
pub(crate) struct OpenLobbyArgs {
    #[command(flatten)]
    target: Target,
}

/// Shows what a running half knows
#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    target: Target,

    /// The slave of a pair's folder
    #[arg(long)]
    slave: bool,

    /// As JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// The text to print.
pub(crate) async fn hit(args: HitArgs) -> Result<String, ControlError> {
    let HitArgs { target, end, peak, duration_ms } = args;
    let half = match end {
        Goal::North => "master",
        Goal::South => "slave",
    };
    let command = Command::Hit { end, peak, duration_ms };
    Ok(control::ask(&target.socket(half), &command).await?.text)
}

/// The state afterwards.
pub(crate) async fn button(args: ButtonArgs) -> Result<String, ControlError> {
    let half = if args.slave { "slave" } else { "master" };
    Ok(control::ask(&args.target.socket(half), &Command::Button).await?.text)
}

/// The state afterwards.
pub(crate) async fn open_lobby(args: OpenLobbyArgs) -> Result<String, ControlError> {
    Ok(control::ask(&args.target.socket("master"), &Command::OpenLobby).await?.text)
}

/// Everything.
pub(crate) async fn show(args: ShowArgs) -> Result<String, ControlError> {
    let half = if args.slave { "slave" } else { "master" };
    let answer = control::ask(&args.target.socket(half), &Command::Show).await?;
    Ok(match args.json {
        true => answer.state.unwrap_or_default().to_string(),
        false => text_of(&answer),
    })
}

fn text_of(answer: &Answer) -> String {
    let Some(serde_json::Value::Object(state)) = &answer.state else { return String::new() };
    let line = |(name, value): (&String, &serde_json::Value)| match value {
        serde_json::Value::String(text) => format!("{name:<12} {text}"),
        serde_json::Value::Array(list) if list.iter().any(serde_json::Value::is_object) => {
            let lines = list.iter().map(|item| format!("{:<12} {item}", ""));
            std::iter::once(name.clone()).chain(lines).collect::<Vec<_>>().join("\n")
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => format!("{name:<12} {value}"),
    };
    state.iter().map(line).collect::<Vec<_>>().join("\n")
}
