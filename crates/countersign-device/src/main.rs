//! The Linux host of a goal-line master or slave: sockets, serial ports, disk and clock around `countersign_league`.
//!
//! ```text
//!   phones ─ HTTPS, WebSocket ─▶ http ─┐
//!   hit, button, show ─────────▶ control ─▶ actor ─▶ half ─▶ disk     durable before anything after it
//!   sheet ─────────────────────▶ sensor ┤    (one task owns     ├──▶ link     UDP or a serial port
//!   other half ────────────────▶ link ──┘     the pure device)  └──▶ views    newest only, to every phone
//! ```
#![forbid(unsafe_code)]

mod actor;
mod ask;
mod clock;
mod control;
mod courier;
mod disk;
mod display;
mod error;
mod http;
mod key;
mod link;
mod master;
mod options;
mod radio;
mod random;
mod sensor;
mod slave;
mod start;
mod tls;
mod words;

use clap::{Parser, Subcommand};
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

/// One half of a goal-line pair, on Linux: a single-board computer, a router, or this machine.
#[derive(Debug, Parser)]
#[command(
    name = "countersign-device",
    version,
    propagate_version = true,
    after_help = "\
A pair is two programs that find each other: `countersign-device master --help` shows a whole match on one machine.
The folders come from `countersign factory`. COUNTERSIGN_LOG=debug shows more."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Master(Box<master::MasterArgs>),
    Slave(Box<slave::SlaveArgs>),
    Hit(ask::HitArgs),
    Button(ask::ButtonArgs),
    OpenLobby(ask::OpenLobbyArgs),
    Show(ask::ShowArgs),
    Release(courier::ReleaseArgs),
    Carry(courier::CarryArgs),
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    start_logging();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let outcome = runtime.block_on(run(command));
    // A sensor that is being read must not keep us.
    runtime.shutdown_background();
    match outcome {
        Ok(text) => {
            if !text.is_empty() {
                drop(writeln!(std::io::stdout(), "{text}"));
            }
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

async fn run(command: Command) -> Result<String, error::DeviceError> {
    Ok(match command {
        Command::Master(args) => {
            master::run(*args).await?;
            String::new()
        }
        Command::Slave(args) => {
            slave::run(*args).await?;
            String::new()
        }
        Command::Hit(args) => ask::hit(args).await?,
        Command::Button(args) => ask::button(args).await?,
        Command::OpenLobby(args) => ask::open_lobby(args).await?,
        Command::Show(args) => ask::show(args).await?,
        Command::Release(args) => courier::release(&args)?,
        Command::Carry(args) => courier::carry(args).await?,
    })
}

/// Logs go to standard error; the display has standard output.
fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("COUNTERSIGN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Somebody else has set logging up already: theirs is used.
    drop(logs.try_init());
}

fn fail(error: &dyn Display) -> ExitCode {
    drop(writeln!(std::io::stderr(), "error: {error}"));
    ExitCode::FAILURE
}
