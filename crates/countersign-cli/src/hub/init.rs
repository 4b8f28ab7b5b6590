//! `hub init`.

use crate::client::failure::Failure;
use crate::output;
use clap::Args;
use countersign_hub::{Folder, HubError};
use std::path::PathBuf;

/// Makes a hub's keys, and prints what the event has to know of it
#[derive(Debug, Args)]
#[command(after_help = "\
Two keys are made: one that signs receipts and the log, one that opens votes sealed to this hub. Neither ever leaves \
the folder. Put the printed lines into event.toml before the event is signed: judges believe no other hub.")]
pub(super) struct Init {
    /// The folder to make
    #[arg(long, value_name = "DIR", default_value = "hub", env = "COUNTERSIGN_HUB")]
    dir: PathBuf,
    /// What people call it, as 'Main hall'
    #[arg(long)]
    name: String,
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        let public = Folder::init(&self.dir, &self.name).map_err(HubError::from)?;
        output::note(&format!(
            "{} has the hub's keys; it belongs to this machine.",
            self.dir.display()
        ));
        output::line(public.to_toml().trim_end());
        Ok(())
    }
}
