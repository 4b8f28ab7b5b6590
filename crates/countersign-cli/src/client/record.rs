//! `record`: evidence that outlasts the session.

use super::connection::{Connection, ProfileArgs};
use super::failure::Failure;
use super::frame::{self, Row};
use super::{input, show};
use crate::output;
use clap::{Args, Subcommand};
use countersign::{Name, RecordDigest, RecordHeader, RecordId};
use countersign_client::{Client, SignedRecord};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Record {
    /// Signs a record and has the server countersign that it received it
    Submit(Submit),
    /// Fetches a record
    Get(Get),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign record submit --type match.result --data '{\"match\":7,\"score\":\"2:1\"}' --save result.frame
  countersign record submit --frame result.frame      the same record again, which is harmless")]
pub(crate) struct Submit {
    /// What the record is evidence of, for example match.result
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "frame")]
    record_type: Option<String>,
    /// Payload: text, @file, or - for standard input
    #[arg(long, short, value_name = "TEXT|@FILE|-", required_unless_present = "frame")]
    data: Option<String>,
    /// Digest of this key's previous record; `none` starts a new chain [default: the last one that the server took]
    #[arg(long, value_name = "HEX|none")]
    previous: Option<String>,
    /// Write the signed record to a file before it is sent, so that it can be sent again
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Hand in a record that was signed before
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record_type", "data", "previous", "save"])]
    frame: Option<PathBuf>,
    #[command(flatten)]
    profile: ProfileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The record's id
    record_id: RecordId,
    /// Write the frame to a file
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    profile: ProfileArgs,
}

impl Record {
    pub(super) fn profile(&self) -> &ProfileArgs {
        match self {
            Self::Submit(command) => &command.profile,
            Self::Get(command) => &command.profile,
        }
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Submit(command) => command.run().await,
            Self::Get(command) => command.run().await,
        }
    }
}

impl Submit {
    async fn run(self) -> Result<(), Failure> {
        let connection = Connection::open(&self.profile)?;
        let client = &connection.client;
        let reply = match &self.frame {
            Some(path) => client.resubmit_record(&input::file(path)?).await,
            None => client.submit_record(&self.sign(client)?).await,
        };
        let reply = connection.settle(reply)?;
        if !reply.result.is_ok() {
            return Err(super::connection::refused(&reply));
        }
        let receipt = show::payload(&reply.content);
        if self.profile.json {
            show::json(&receipt);
        } else {
            let text = |name: &str| receipt[name].to_string().replace('"', "");
            output::line(&format!("Record {} was received.", text("record_id")));
            output::line(&format!("Digest {}, number {}.", text("digest"), text("seq")));
        }
        Ok(())
    }

    fn sign(&self, client: &Client) -> Result<SignedRecord, Failure> {
        let (Some(record_type), Some(data)) = (&self.record_type, &self.data) else {
            return Err(Failure::usage("give --type and --data, or --frame"));
        };
        let record_type = Name::new(record_type)
            .map_err(|e| Failure::usage(format!("'{record_type}' is no record type: {e}")))?;
        let previous: Option<RecordDigest> = match self.previous.as_deref() {
            None => None,
            Some("none") => Some(RecordHeader::FIRST),
            Some(hex) => Some(hex.parse().map_err(|e| Failure::usage(format!("--previous: {e}")))?),
        };
        let payload = input::payload(data)?;
        let record = client.sign_record(record_type, payload, previous)?;
        if let Some(path) = &self.save {
            show::to_file(path, &record.frame)?;
        }
        Ok(record)
    }
}

impl Get {
    async fn run(self) -> Result<(), Failure> {
        let connection = Connection::open(&self.profile)?;
        let payload = serde_json::json!({ "record_id": self.record_id.to_string() }).to_string();
        let reply = connection.demand("record.get", payload.as_bytes()).await?;
        if let Some(path) = &self.out {
            show::to_file(path, &reply.content)?;
        }
        if self.profile.json {
            show::json(&frame::json(&reply.content));
        } else if self.out.is_none() {
            for Row { offset, name, value, meaning, .. } in frame::rows(&reply.content) {
                output::line(&format!("{offset:>5}  {name:<16} {value}  {meaning}"));
            }
        }
        Ok(())
    }
}
