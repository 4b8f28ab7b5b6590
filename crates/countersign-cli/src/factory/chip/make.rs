//! `factory chip make`.

use super::super::{Progress, make};
use super::{Opens, Place};
use crate::client::failure::Failure;
use crate::output;
use clap::Args;
use countersign_factory::line::VaultPassphrase;
use countersign_factory::line::{ChipOrder, Line, Master, Stage, make_chips, seal_records};
use countersign_server::clock;
use std::path::PathBuf;

/// Makes a batch of pairs for chips: fuse keys into the vault, certificates, labels, sealed records, a signed manifest
///
/// The slave is always a chip. The master is a chip as well, which serves up to 10 players, or a computer that runs
/// Linux (--master linux), which serves up to 22: then its folder is what `countersign-device` starts from, with its key
/// in a file, and only the slave is burnt.
///
/// Three keys are drawn for each chip, and none is ever drawn twice: the whole vault is compared. The public half of a
/// device's key follows from them, so that its certificate is signed before its chip is burnt.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory chip make --count 100
  countersign factory chip make --count 1000 --max-players 8 --prefix GL-C3
  countersign factory chip make --count 20 --master linux              masters that run Linux, 22 players
  countersign factory chip make --records                              seal lost records again, of all batches

Stop the command whenever you like, or cut the power: run again as it was, it goes on with the same keys. The vault \
is on the disk before anything that depends on it. Copy it to an offline medium when the batch is done.

The folder of each half that is a chip gets record.bin beside what every half has: the device record, sealed for its \
chip. --records looks at those of all batches whose keys are in the vault, and seals what is missing or damaged.")]
pub(super) struct Make {
    /// How many pairs: 1 to 1,024
    #[arg(long, value_name = "N", required_unless_present = "records")]
    count: Option<usize>,
    /// What the masters are: chip or linux
    #[arg(long, value_name = "KIND", default_value = "chip", value_parser = master)]
    master: Master,
    /// How many phones a master serves: 6 to 10 for a chip, 6 to 22 for Linux [default: 8 and 22]
    #[arg(long, value_name = "N")]
    max_players: Option<u8>,
    /// Only seal records that are lost or damaged, of all batches
    #[arg(long, conflicts_with_all = ["count", "max_players", "prefix", "out"])]
    records: bool,
    /// Serials are this, '-' and five digits [default: serial_prefix in factory.toml]
    #[arg(long, value_name = "SERIAL")]
    prefix: Option<String>,
    /// Where the batch's folder goes [default: the station's folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    opens: Opens,
}

impl Make {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = self.place.factory()?;
        let line = self.place.line(&factory)?;
        let passphrase = self.opens.passphrase()?;
        if self.records {
            return sealed_again(&line, &passphrase);
        }
        let usual = match self.master {
            Master::Chip => 8,
            Master::Linux => Master::Linux.players_max(),
        };
        let order = ChipOrder {
            count: self.count.unwrap_or_default(),
            master: self.master,
            max_players: self.max_players.unwrap_or(usual),
            prefix: self.prefix,
            out: self.out,
        };
        let (mut pairs, mut records) =
            (Progress::new("Pairs made:"), Progress::new("Records sealed:"));
        let made =
            make_chips(&line, &passphrase, &order, clock::now(), &mut |stage, done, total| {
                match stage {
                    Stage::Pairs => pairs.at(done, total),
                    Stage::Records => records.at(done, total),
                }
            })?;
        make::say(&made);
        let first = made.batch.serial(0);
        output::line(&format!(
            "Then:      countersign factory chip burn {first} slave --virtual trial"
        ));
        Ok(())
    }
}

fn sealed_again(line: &Line<'_>, passphrase: &VaultPassphrase) -> Result<(), Failure> {
    let mut progress = Progress::new("Pairs looked at:");
    let written = seal_records(line, passphrase, &mut |done, total| progress.at(done, total))?;
    written.iter().for_each(|half| output::line(&format!("{half}: sealed again")));
    if written.is_empty() {
        output::line("All records are there.");
    }
    Ok(())
}

fn master(text: &str) -> Result<Master, &'static str> {
    text.parse()
}
