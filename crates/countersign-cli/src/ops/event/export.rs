//! Everything that a third party needs to count again, as files.
//!
//! ```text
//!   keyset.frame                     the server's keys, signed by its root
//!   bundles/<version>.bundle         every record event.bundle
//!   hubs/<fingerprint>/log.bin       what a hub handed over
//!   hubs/<fingerprint>/log.head      the record event.head
//!   forks/<digest>.head              heads of other logs that a hub signed
//!   votes.csv                        every vote, and whether it counts
//!   results-<round>-<category>.csv   the count by every method
//! ```

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::EventError;
use super::count::counts;
use super::desk::Desk;
use super::results::{logs, union};
use countersign::EventId;
use countersign_judging::Venue;
use countersign_judging::csv::{self, VoteRow};
use countersign_keys::disk::{self, Access};
use countersign_keys::folder::read_keyset;
use countersign_store::event::EventStore;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

pub(super) fn export(
    event: EventId,
    folder: &Path,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    desk.event(event)?;
    let logs = logs(event, desk)?;
    let union = union(&logs, event, desk)?;
    let keyset = read_keyset(&desk.keys(), &desk.realm()?).map_err(EventError::from)?;
    std::fs::create_dir(folder).map_err(OpsError::file(folder, "made"))?;
    let mut files = 0_usize;
    let mut write = |path: &str, content: &[u8]| -> Result<(), OpsError> {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            disk::make_folder(parent).map_err(EventError::from)?;
        }
        disk::create(&path, content, Access::Public).map_err(EventError::from)?;
        files += 1;
        Ok(())
    };
    write("keyset.frame", &keyset.frame)?;
    for bundle in wait(desk.store.bundles(event))? {
        write(&format!("bundles/{}.bundle", bundle.version), &bundle.frame)?;
    }
    for log in &logs {
        write(&format!("hubs/{}/log.bin", log.head.hub), &log.bytes)?;
        write(&format!("hubs/{}/log.head", log.head.hub), &log.head.frame)?;
    }
    for head in wait(desk.store.heads(event))?.into_iter().filter(|head| head.is_fork) {
        write(&format!("forks/{}.head", head.digest), &head.frame)?;
    }
    write("votes.csv", votes(&union.venue).as_bytes())?;
    for count in counts(&union.venue)? {
        let name = format!("results-{}-{}.csv", count.round, count.category);
        write(&name, count.to_csv().as_bytes())?;
    }
    let folder = folder.display();
    if desk.json {
        let folder = folder.to_string();
        return Ok(out.json(&json!({ "event": event.as_str(), "folder": folder, "files": files }))?);
    }
    out.line(format_args!("{folder} holds {event} in {files} files."))?;
    Ok(())
}

fn votes(venue: &Venue) -> String {
    let counted: BTreeSet<_> = venue.ballots().map(|ballot| ballot.digest).collect();
    let kept: Vec<_> = venue
        .votes()
        .iter()
        .map(|kept| {
            let vote = &kept.vote.vote;
            let scores: Vec<u32> = vote.points.iter().map(|points| u32::from(*points)).collect();
            (kept, vote.id.to_string(), scores, counted.contains(&kept.vote.digest))
        })
        .collect();
    csv::votes(kept.iter().map(|(kept, id, scores, counts)| {
        let vote = &kept.vote.vote;
        VoteRow {
            position: kept.position,
            vote: id,
            judge: vote.judge.as_str(),
            project: vote.project.as_str(),
            category: vote.category.as_str(),
            round: u32::from(vote.round),
            revision: vote.revision,
            time: vote.seconds,
            scores,
            counts: *counts,
        }
    }))
}
