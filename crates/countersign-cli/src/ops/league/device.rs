//! Goal-line pairs.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::LeagueError;
use super::ask::{Sure, Why};
use super::desk::Desk;
use super::show::since;
use countersign_keys::Utc;
use countersign_league::evidence::DeviceStatus;
use countersign_league::{BatchId, DeviceId};
use countersign_server::desk::device;
use countersign_store::league::{
    Device, DeviceFilter, LeagueStore, StatusChange, StatusOutcome, may_become,
};
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(super) enum DeviceCommand {
    /// List pairs by id
    #[command(after_help = "\
Examples:
  countersign league device list --status suspect
  countersign league device list --batch b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1 --limit 1024")]
    List {
        /// Only those: made, sold, active, suspect, revoked, rma
        #[arg(long, value_parser = status)]
        status: Option<DeviceStatus>,
        /// Only those of this batch
        #[arg(long, value_name = "ID")]
        batch: Option<BatchId>,
        /// Pairs whose id comes after this one
        #[arg(long, value_name = "ID")]
        after: Option<DeviceId>,
        /// At most this many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
    /// Show a pair: its keys, its life, and how many of its matches never arrived
    Show {
        /// Id, or serial as it is printed on the box
        device: String,
    },
    /// Move a pair on in its life
    #[command(after_help = "\
made     built and registered; its matches are not rated
sold     handed over; the first certificate request makes it active
active   in use; its matches are rated
suspect  under suspicion; its matches are kept and frozen until you rule on them
rma      at the workshop; its matches are kept and not rated
revoked  its keys are burnt, for good; its matches are frozen

Forward through its life; to suspect, rma and revoked at any time, and back from the first two. What was settled \
before stays as it is: rule on single matches with `countersign league dispute resolve`.

Example: countersign league device set GL-00007 suspect --reason 'goals without a ball, dispute 31'")]
    Set {
        /// Id or serial
        device: String,
        /// made, sold, active, suspect, revoked, rma
        #[arg(value_parser = status)]
        status: DeviceStatus,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        sure: Sure,
    },
}

pub(super) fn run(
    command: &DeviceCommand,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    match command {
        DeviceCommand::List { status, batch, after, limit } => {
            let filter = DeviceFilter { status: *status, batch: *batch, has_gaps: false };
            let devices = wait(desk.store.list_devices(filter, *after, *limit))?;
            list(&devices, *limit, desk, out)
        }
        DeviceCommand::Show { device } => show(&desk.device(device)?, desk, out),
        DeviceCommand::Set { device, status, why, sure } => {
            set(&desk.device(device)?, *status, why, *sure, desk, out)
        }
    }
}

fn status(text: &str) -> Result<DeviceStatus, String> {
    device::status(text).ok_or_else(|| {
        format!("use one of {}", device::STATUSES.map(DeviceStatus::as_str).join(", "))
    })
}

fn list(
    devices: &[Device],
    limit: u32,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    if desk.json {
        return Ok(out.json(&devices.iter().map(device::view).collect())?);
    }
    let head = ["device", "serial", "mark", "status", "since", "matches", "missing"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(devices.iter().map(|device| {
        vec![
            device.pair.device.to_string(),
            device.pair.serial.clone(),
            device.pair.mark.clone(),
            device.status.as_str().to_owned(),
            Utc(device.changed).to_string(),
            device.seq_high.to_string(),
            device.seq_missing.to_string(),
        ]
    }));
    out.table(&rows)?;
    if let Some(last) = devices.last().filter(|_| devices.len() as u64 == u64::from(limit)) {
        let last = last.pair.device;
        out.line(format_args!("There may be more: countersign league device list --after {last}"))?;
    }
    Ok(())
}

fn show(device: &Device, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    if desk.json {
        return Ok(out.json(&device::view(device))?);
    }
    let Device { pair, status, registered, changed, seq_high, seq_missing } = device;
    out.line(format_args!("{}  {}", pair.serial, pair.mark))?;
    out.line(format_args!("  device      {}", pair.device))?;
    out.line(format_args!("  batch       {}", pair.batch))?;
    out.line(format_args!("  status      {} since {}", status.as_str(), Utc(*changed)))?;
    out.line(format_args!("  registered  {}", since(*registered, "-")))?;
    out.line(format_args!("  players     at most {}", pair.max_players))?;
    out.line(format_args!("  master      {}", pair.master_key))?;
    out.line(format_args!("  slave       {}", pair.slave_key))?;
    out.line(format_args!(
        "  matches     {seq_high} counted, of which {seq_missing} never arrived"
    ))?;
    let next = device::next(*status);
    let next = if next.is_empty() { "nothing any more".to_owned() } else { next.join(", ") };
    out.line(format_args!("  can become  {next}"))?;
    Ok(())
}

fn set(
    device: &Device,
    to: DeviceStatus,
    why: &Why,
    sure: Sure,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let (id, serial, from) = (device.pair.device, &device.pair.serial, device.status);
    if from != to && !may_become(from, to) {
        return Err(LeagueError::Transition { from, to }.into());
    }
    if to == DeviceStatus::Revoked && from != to {
        let what =
            format!("{serial} ({id}) would be revoked for good; no device comes back from that.");
        sure.confirm(&what, serial)?;
    }
    let change = StatusChange { device: id, to, by: None, now: desk.now };
    let from = match wait(desk.store.set_device_status(change))? {
        StatusOutcome::Changed { from } => from,
        StatusOutcome::Same => to,
        StatusOutcome::NotAllowed { from } => {
            return Err(LeagueError::Transition { from, to }.into());
        }
        StatusOutcome::NoDevice => return Err(LeagueError::NoDevice(id.to_string()).into()),
    };
    if from != to {
        let detail = json!({ "device": id.to_string(), "from": from.as_str(), "to": to.as_str() });
        desk.note("league.device", None, &why.reason, detail)?;
    }
    if desk.json {
        let said = json!({
            "device": id.to_string(), "from": from.as_str(), "to": to.as_str(), "changed": from != to,
        });
        return Ok(out.json(&said)?);
    }
    match from == to {
        true => {
            out.line(format_args!("{serial} is {} already; nothing was changed.", to.as_str()))?
        }
        false => {
            out.line(format_args!("{serial} was {} and is {} now.", from.as_str(), to.as_str()))?
        }
    }
    Ok(())
}
