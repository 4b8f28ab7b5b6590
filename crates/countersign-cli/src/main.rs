//! The countersign program: server, gateway, client and key tools in one binary.

mod client;
mod demo;
mod event;
mod factory;
mod hub;
mod ops;
mod output;
mod relay;
mod server;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Results you can trust from places you can't: signed device sessions, and answers signed by the server.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    propagate_version = true,
    after_help = "\
See everything work on this machine:
  countersign demo

Put it before a service of your own:
  countersign init --app league --audience league.example.org
  countersign serve --upstream http://127.0.0.1:3000

On a device:
  countersign login ana@example.org --server https://league.example.org --root <root key>
  countersign call match.submit --data '{\"score\":\"2:1\"}'"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Server(server::ServerCommand),
    #[command(flatten)]
    Client(client::ClientCommand),
    #[command(flatten)]
    Ops(ops::OpsCommand),
    Factory(Box<factory::FactoryArgs>),
    Hub(Box<hub::HubArgs>),
    Relay(Box<relay::RelayArgs>),
    Demo(demo::Demo),
}

fn main() -> ExitCode {
    // Both this process's TLS server and its clients use it; a second call finds it set.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    match Cli::parse().command {
        Command::Server(command) => server::run(command),
        Command::Client(command) => client::run(command),
        Command::Ops(command) => ops::run(command),
        Command::Factory(args) => factory::run(*args),
        Command::Hub(args) => hub::run(*args),
        Command::Relay(args) => relay::run(*args),
        Command::Demo(command) => demo::run(&command),
    }
}
