//! `factory chip make`.

use super::super::{Progress, make};
use super::{Opens, Place};
use crate::client::failure::Failure;
use crate::output;
use clap::Args;
use countersign_factory::line::{ChipOrder, Stage, make_chips};
use countersign_server::clock;
use std::path::PathBuf;

/// Makes a batch of pairs for chips: fuse keys into the vault, certificates, labels, sealed records, a signed manifest
///
/// Three keys are drawn for each chip, and none is ever drawn twice: the whole vault is compared. The public half of a
/// device's key follows from them, so that its certificate is signed before its chip is burnt.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory chip make --count 100
  countersign factory chip make --count 1000 --max-players 8 --prefix GL-C3

Stop the command whenever you like, or cut the power: run again as it was, it goes on with the same keys. The vault \
is on the disk before anything that depends on it. Copy it to an offline medium when the batch is done.

Each half's folder gets record.bin beside what every half has: the device record, sealed for its chip.")]
pub(super) struct Make {
    /// How many pairs: 1 to 1,024
    #[arg(long, value_name = "N")]
    count: usize,
    /// How many phones the radio of these boxes really serves: 6 to 22
    #[arg(long, value_name = "N", default_value_t = 8)]
    max_players: u8,
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
        let order = ChipOrder {
            count: self.count,
            max_players: self.max_players,
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
