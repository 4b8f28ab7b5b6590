//! `factory make`.

use super::Progress;
use super::init::place;
use crate::client::failure::Failure;
use crate::client::input;
use crate::output;
use clap::Args;
use countersign_factory::{ChipKeys, Factory, Made, Order, make};
use countersign_server::clock;
use std::path::PathBuf;

/// Makes a batch of pairs: keys, certificates, a folder for each box, labels, a signed manifest
///
/// A batch begins with its plan and ends with its manifest. Stop the command whenever you like, or cut the power: run
/// again as it was, it goes on with the same batch. A pair that was not whole is made anew with fresh keys.
///
/// Print batch-…/SERIAL/label.html for each pair, and batch-…/sheet.html once. Copy batch-…/SERIAL/master onto the
/// master and batch-…/SERIAL/slave onto the slave.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory make --count 100
  countersign factory make --count 20 --max-players 10 --prefix GL-C3      boxes whose radio serves ten phones
  countersign factory make --keys chips.csv                                 keys that never leave their chips

A file of keys has a row SERIAL,MASTER,SLAVE for each pair: the serial (A-Z, 0-9, '-') and the public keys, 64 \
hexadecimal digits each. No secret key is made then, and none is in the folders. The masters' may be empty, all or \
none: then the masters run Linux, and get a key in a file here.")]
pub(super) struct Make {
    /// How many pairs: 1 to 1,024
    #[arg(long, value_name = "N", required_unless_present = "keys")]
    count: Option<usize>,
    /// How many phones the radio of these boxes really serves: 6 to 22
    #[arg(long, value_name = "N", default_value_t = 22)]
    max_players: u8,
    /// Serials are this, '-' and five digits [default: serial_prefix in factory.toml]
    #[arg(long, value_name = "SERIAL", conflicts_with = "keys")]
    prefix: Option<String>,
    /// Where the batch's folder goes [default: the station's folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// CSV file with public keys that were made on the chips
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The station's folder
    #[arg(long, value_name = "DIR", default_value = "factory", env = "COUNTERSIGN_FACTORY")]
    dir: PathBuf,
}

impl Make {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = Factory::open(&self.dir)?;
        let order = Order {
            count: self.count,
            max_players: self.max_players,
            prefix: self.prefix.clone(),
            out: self.out.clone(),
            keys: self.keys()?,
        };
        let mut progress = Progress::new("Pairs made:");
        let made = make(&factory, &order, clock::now(), &mut |done, total| {
            progress.at(done, total);
        })?;
        say(&made);
        let next = format!("countersign factory register{} --profile NAME", place(&self.dir));
        output::line(&format!("Then:      {next}"));
        Ok(())
    }

    fn keys(&self) -> Result<Option<ChipKeys>, Failure> {
        let Some(path) = &self.keys else { return Ok(None) };
        let bytes = input::file(path)?;
        if bytes.len() > ChipKeys::MAX {
            return Err(Failure::usage(format!("{} is too large for a batch", path.display())));
        }
        let invalid = |what: &dyn ToString| {
            Failure::usage(format!("{}: {}", path.display(), what.to_string()))
        };
        let text = String::from_utf8(bytes).map_err(|_| invalid(&"it is no text"))?;
        ChipKeys::parse(&text).map(Some).map_err(|error| invalid(&error))
    }
}

/// What was made, for people.
pub(super) fn say(made: &Made) {
    let (batch, plan) = (&made.batch, &made.batch.plan);
    if made.earlier > 0 {
        output::note(&format!("{} pairs were there from an earlier run.", made.earlier));
    }
    let (first, last) = (batch.serial(0), batch.serial(plan.count - 1));
    output::line(&format!("{}: {} pairs, {first} to {last}", batch.name(), plan.count));
    output::line(&format!("Batch id:  {}", plan.batch));
    output::line(&format!("Folder:    {}", batch.folder.display()));
    output::line(&format!("Print:     {}", batch.folder.join("sheet.html").display()));
}
