//! `serve`, `init` and `config`: running a server.

mod example;
mod init;
mod serve;

use clap::{Args, Subcommand};
use countersign_server::config::{Config, ConfigError};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(crate) enum ServerCommand {
    /// Runs the server, alone or in front of a service (gateway mode)
    Serve(serve::Serve),
    /// Makes a configuration file and the first keys
    Init(init::Init),
    /// Looks at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Reads the configuration as `serve` would, and says what is wrong with it
    Check(ConfigArgs),
    /// Prints a configuration file with every setting, its default and its meaning
    Example,
}

/// Where settings come from: the file, over it the environment, over both the flags.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file [default: countersign.toml if there is one]
    #[arg(long, short, env = "COUNTERSIGN_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sets one value, for example `--set server.listen=0.0.0.0:8400`; may be given often
    ///
    /// The environment does the same: COUNTERSIGN__SERVER__LISTEN=0.0.0.0:8400
    #[arg(long, value_name = "SECTION.NAME=VALUE")]
    pub(crate) set: Vec<String>,
}

impl ConfigArgs {
    /// The configuration; `more` is set after the flags.
    pub(crate) fn load(&self, more: &[String]) -> Result<Config, ConfigError> {
        let default = PathBuf::from("countersign.toml");
        let file = self.config.clone().or_else(|| default.exists().then_some(default));
        Config::load(file.as_deref(), std::env::vars(), &[more, &self.set].concat())
    }
}

pub(crate) fn run(command: ServerCommand) -> ExitCode {
    let done = match command {
        ServerCommand::Serve(serve) => serve.run(),
        ServerCommand::Init(init) => init.run(),
        ServerCommand::Config(ConfigCommand::Check(args)) => check(&args),
        ServerCommand::Config(ConfigCommand::Example) => {
            crate::output::line(example::TEXT.trim_end());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::output::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// What ends a command: a sentence.
pub(crate) type Failure = Box<dyn std::error::Error>;

fn check(args: &ConfigArgs) -> Result<(), Failure> {
    let config = args.load(&[])?;
    // Mail clients are made for a runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { countersign_server::serve::check(&config) })?;
    crate::output::line(&format!(
        "The configuration is sound: {} for {}, listening on {}{}.",
        config.realm.app,
        config.realm.audience,
        config.server.listen,
        config
            .upstream
            .map(|upstream| format!(", in front of {}", upstream.url))
            .unwrap_or_default(),
    ));
    Ok(())
}
