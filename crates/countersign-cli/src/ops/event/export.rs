//! Everything that a third party needs to count again: a folder for each hub, as `countersign hub export` makes it.
//!
//! ```text
//!   <hub's fingerprint>/...      packages, log.bin, log.head, votes.csv, results-*.csv: for `countersign event verify`
//!   results.json                 what all hubs together say
//!   forks/<digest>.head          heads of other logs that a hub signed: evidence against it
//! ```

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::EventError;
use super::desk::Desk;
use super::package::package;
use super::results::logs;
use countersign::EventId;
use countersign_hub::Export;
use countersign_keys::disk::{self, Access};
use countersign_server::desk::event::Union;
use countersign_store::event::EventStore;
use serde_json::json;
use std::path::Path;

pub(super) fn export(
    event: EventId,
    folder: &Path,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    desk.event(event)?;
    let logs = logs(event, desk)?;
    let results = Union::of(&logs, event, desk.now).map_err(EventError::from)?.view;
    let (realm, bundles) = (desk.realm()?, wait(desk.store.bundles(event))?);
    let packages: Vec<_> =
        bundles.iter().map(|bundle| package(&realm, bundle, desk)).collect::<Result<_, _>>()?;
    std::fs::create_dir(folder).map_err(OpsError::file(folder, "made"))?;
    for log in &logs {
        let (packages, head) = (packages.clone(), log.head.frame.clone());
        let export = Export { packages, log: log.bytes.clone(), head };
        let to = folder.join(log.head.hub.to_string());
        export.write(&log.venue, &to).map_err(EventError::from)?;
    }
    let write = |path: &Path, content: &[u8]| {
        disk::create(path, content, Access::Public).map_err(EventError::from)
    };
    write(&folder.join("results.json"), format!("{results:#}\n").as_bytes())?;
    for head in wait(desk.store.heads(event))?.into_iter().filter(|head| head.is_fork) {
        let forks = folder.join("forks");
        disk::make_folder(&forks).map_err(EventError::from)?;
        write(&forks.join(format!("{}.head", head.digest)), &head.frame)?;
    }
    let (folder, hubs) = (folder.display(), logs.len());
    if desk.json {
        let folder = folder.to_string();
        return Ok(out.json(&json!({ "event": event.as_str(), "folder": folder, "hubs": hubs }))?);
    }
    out.line(format_args!("{folder} holds {event}, with a folder for each of {hubs} hubs."))?;
    out.line("Anybody can count each of them again: countersign event verify FOLDER --root KEY")?;
    Ok(())
}
