//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Measures the server against its baselines and its peers, and says how far its targets are.
///
/// Every figure is the median of interleaved rounds in this one run, with the lowest and the highest round beside it.
/// Absolute figures drift with the machine; ratios within one run hold.
///
///   countersign-bench                 everything, in about eight minutes
///   countersign-bench exchange        the ids that begin with `exchange`
///   countersign-bench store server    two groups
///   countersign-bench --json          the same as an object, keyed by id
///
/// Servers run on one core, load on another, all on the loopback. The peers (JWT, RFC 9421) are built in with the
/// feature `peers`, which `cargo xtask bench` turns on; nginx is used where it is installed.
#[derive(Debug, Parser)]
#[command(
    name = "countersign-bench",
    version,
    args_conflicts_with_subcommands = true,
    verbatim_doc_comment
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) wanted: Wanted,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// Ids, or what they begin with: exchange, replay, store, league, judging, mesh, server, web, exchange.full_vs_jwt; none: everything
    #[arg(value_name = "NAME-PREFIX")]
    pub(crate) names: Vec<String>,
    /// An object keyed by id, for programs
    #[arg(long)]
    pub(crate) json: bool,
    /// A fifth of the work in three rounds, to see that everything runs; its figures are rough
    #[arg(long)]
    pub(crate) quick: bool,
    /// League ranks of ten million players, too; takes a gibibyte of memory
    #[arg(long)]
    pub(crate) large: bool,
    /// Interleaved rounds [default: 5, with --quick 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(crate) rounds: Option<u16>,
}

/// This program as the other side of a measurement.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The real server.
    #[command(hide = true)]
    ServeFull(Full),
    /// axum, answering what it was sent.
    #[command(hide = true)]
    ServeEcho,
    /// axum with one verification and one signature.
    #[command(hide = true)]
    ServeFloor,
    /// axum with a JWT.
    #[cfg(feature = "peers")]
    #[command(hide = true)]
    ServeJwt,
    /// axum with RFC 9421 both ways.
    #[cfg(feature = "peers")]
    #[command(hide = true)]
    ServeRfc9421,
    /// Fills a relay's memory of packets and prints what it cost.
    #[command(hide = true)]
    FillRelay {
        /// Ids of one generation.
        #[arg(long)]
        ids: u32,
    },
    /// Fills a replay set and prints what it cost.
    #[command(hide = true)]
    FillReplaySet {
        /// Live ids.
        #[arg(long)]
        ids: u32,
    },
}

/// The real server's folder and settings.
#[derive(Debug, Args)]
pub(crate) struct Full {
    /// Folder of keys and database.
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// Makes the first keys before serving.
    #[arg(long)]
    pub(crate) init: bool,
    /// `section.name=value`, as for `countersign serve`.
    #[arg(long)]
    pub(crate) set: Vec<String>,
}
