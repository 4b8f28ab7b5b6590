//! `factory register`.

use super::{Progress, online};
use crate::client::connection::{Connection, ProfileArgs};
use crate::client::failure::{Exit, Failure};
use crate::output;
use clap::Args;
use countersign_factory::{Batch, Factory, Shipment};
use serde::Deserialize;
use std::path::PathBuf;

/// Tells the server of finished batches
///
/// Certificates and manifests go to the server in signed requests, at most a hundred at once. What it confirmed is
/// remembered: an interrupted command is run again and goes on. The server takes a pair that it knows as known, so
/// nothing is registered twice.
#[derive(Debug, Args)]
#[command(after_help = "\
The account of the profile needs the scope `factory`, and the server has to know the factory key:
  countersign login station@example.org --profile station --server https://league.example.org --root …
  server$ countersign user grant station@example.org factory

Examples:
  countersign factory register --profile station                            all that is not registered
  countersign factory register --batch factory/batch-0003 --profile station
  countersign factory register --again --profile station                    after the server lost its data")]
pub(super) struct Register {
    /// One batch's folder; all finished batches if nothing is said
    #[arg(long, value_name = "DIR")]
    batch: Option<PathBuf>,
    /// Send also what the server has confirmed before
    #[arg(long)]
    again: bool,
    /// The station's folder
    #[arg(long, value_name = "DIR", default_value = "factory", env = "COUNTERSIGN_FACTORY")]
    dir: PathBuf,
    #[command(flatten)]
    profile: ProfileArgs,
}

/// What the server says to a part.
#[derive(Debug, Deserialize)]
struct Answer {
    /// New to it.
    registered: usize,
    /// Known already.
    known: usize,
}

impl Register {
    pub(super) fn wants_json(&self) -> bool {
        self.profile.json
    }

    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = Factory::open(&self.dir)?;
        let _lock = factory.lock()?;
        let batches = match &self.batch {
            Some(folder) => vec![Batch::open(folder)?],
            None => finished(factory.batches()?),
        };
        let connection = Connection::open(&self.profile)?;
        if connection.client.realm() != factory.realm {
            return Err(Failure::usage(format!(
                "this profile is logged in for {}, but the factory works for {}",
                connection.client.realm().audience(),
                factory.realm.audience()
            )));
        }
        online(async {
            for batch in &batches {
                let mut shipment = Shipment::open(&factory, batch)?;
                if self.again {
                    shipment.again();
                }
                self.ship(&connection, batch, &mut shipment).await?;
            }
            Ok(())
        })
    }

    async fn ship(
        &self,
        connection: &Connection,
        batch: &Batch,
        shipment: &mut Shipment,
    ) -> Result<(), Failure> {
        let (mut registered, mut known) = (0, 0);
        let mut progress = Progress::new("Pairs registered:");
        while let Some(part) = shipment.next_part() {
            let reply = connection.demand("factory.register", &part.encode()).await?;
            let answer = understood(&reply.content, part.pairs.len())?;
            shipment.confirm(&part)?;
            registered += answer.registered;
            known += answer.known;
            progress.at(shipment.confirmed(), shipment.total());
        }
        if self.profile.json {
            output::line(
                &serde_json::json!({
                    "batch": batch.plan.batch.to_string(), "registered": registered, "known": known
                })
                .to_string(),
            );
        } else {
            let (name, total) = (batch.name(), shipment.total());
            output::line(&format!(
                "{name}: all {total} pairs are registered; {registered} were new to the server now, {known} known."
            ));
        }
        Ok(())
    }
}

/// An answer has to speak of every pair that was sent.
fn understood(content: &[u8], sent: usize) -> Result<Answer, Failure> {
    let answer: Option<Answer> = serde_json::from_slice(content).ok();
    let answer = answer.filter(|answer| answer.registered.checked_add(answer.known) == Some(sent));
    answer.ok_or_else(|| {
        let said = String::from_utf8_lossy(&content[..content.len().min(200)]);
        Failure::new(
            Exit::Failed,
            format!("the server's answer does not account for the {sent} pairs sent: {said}"),
        )
    })
}

fn finished(batches: Vec<Batch>) -> Vec<Batch> {
    let (finished, unfinished): (Vec<_>, Vec<_>) =
        batches.into_iter().partition(Batch::is_finished);
    for batch in unfinished {
        output::note(&format!("{} is not finished and is left out.", batch.folder.display()));
    }
    finished
}
