//! The task.

use super::{Event, Job};
use crate::clock::Clock;
use crate::link::{Heard, Link, Lost, Weight};
use crate::random::Random;
use crate::snapshot::Folder;
use crate::status::{LinkStatus, NeighbourStatus, Status};
use core::pin::Pin;
use core::time::Duration;
use countersign_keys::DiskError;
use countersign_mesh::relay::{Cause, Counters};
use countersign_mesh::{Hop, LinkId, Output, Relay};
use futures_util::stream::{SelectAll, once, unfold};
use futures_util::{Stream, StreamExt};
use std::collections::BTreeMap;
use std::future::ready;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// How often the picture changes.
const PUBLISH: Duration = Duration::from_secs(1);
/// Nothing to wait for.
const LONG: Duration = Duration::from_secs(3600);

/// Frames of all links, one of each in turn; `None` when the link is down.
type Frames = SelectAll<Pin<Box<dyn Stream<Item = (LinkId, Option<Heard>)> + Send>>>;

/// What comes from outside.
pub(super) struct Inputs {
    pub(super) arriving: mpsc::Receiver<Link>,
    pub(super) asked: mpsc::Receiver<Job>,
    pub(super) stopped: oneshot::Receiver<()>,
}

pub(super) struct Actor {
    pub(super) relay: Relay<Random>,
    pub(super) clock: Clock,
    pub(super) lost: Lost,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) publish: watch::Sender<Status>,
    pub(super) folder: Option<Folder>,
    pub(super) save_after: Duration,
}

/// A link that is up.
struct Line {
    link: Link,
    since: u64,
    frames_in: u64,
    frames_out: u64,
}

/// What the loop keeps.
struct Running {
    actor: Actor,
    lines: BTreeMap<LinkId, Line>,
    frames: Frames,
    next_link: u32,
    lost_events: u64,
    saving: Saving,
}

/// The snapshot on disk and the one that is being written.
#[derive(Default)]
struct Saving {
    /// Counters at the time of the last snapshot: nothing is kept or seen without one of them moving.
    saved: Counters,
    writing: Option<JoinHandle<Result<(), DiskError>>>,
    written: u64,
    error: Option<String>,
}

impl Actor {
    pub(super) async fn run(self, mut inputs: Inputs) {
        let save_after = self.save_after.max(Duration::from_millis(1));
        let mut running = Running {
            actor: self,
            lines: BTreeMap::new(),
            frames: Frames::new(),
            next_link: 0,
            lost_events: 0,
            saving: Saving::default(),
        };
        let mut publish = tokio::time::interval(PUBLISH);
        let mut save = tokio::time::interval(save_after);
        loop {
            let due = running.actor.relay.poll_timeout();
            let wait = due.map_or(LONG, |due| running.actor.clock.until(due));
            tokio::select! {
                _ = &mut inputs.stopped => break,
                Some(link) = inputs.arriving.recv() => running.up(link),
                Some((link, heard)) = running.frames.next() => running.take(link, heard),
                Some(Job(job)) = inputs.asked.recv() => {
                    job(&mut running.actor.relay, running.actor.clock.now());
                }
                () = tokio::time::sleep(wait) => {}
                _ = publish.tick() => running.publish(),
                _ = save.tick() => running.save().await,
            }
            running.carry_out();
        }
        running.save().await;
        running.saved().await;
        running.publish();
    }
}

impl Running {
    fn up(&mut self, mut link: Link) {
        let id = LinkId(self.next_link);
        self.next_link = self.next_link.wrapping_add(1);
        let now = self.actor.clock.now();
        if let Err(error) = self.actor.relay.link_up(id, link.bearer, link.mtu, now) {
            tracing::warn!(place = %link.place, %error, "a link was refused");
            return;
        }
        tracing::info!(place = %link.place, mtu = link.mtu, "link up");
        let (_, nothing) = mpsc::channel(1);
        let heard = std::mem::replace(&mut link.heard, nothing);
        let heard = unfold(heard, async |mut heard| Some((heard.recv().await?, heard)));
        let tagged = heard.map(move |heard| (id, Some(heard))).chain(once(ready((id, None))));
        self.frames.push(Box::pin(tagged));
        self.lines.insert(id, Line { link, since: now, frames_in: 0, frames_out: 0 });
    }

    fn take(&mut self, id: LinkId, heard: Option<Heard>) {
        let Some(heard) = heard else {
            if let Some(line) = self.lines.remove(&id) {
                tracing::info!(place = %line.link.place, "link down");
            }
            return self.actor.relay.link_down(id);
        };
        if let Some(line) = self.lines.get_mut(&id) {
            line.frames_in += 1;
        }
        let hop = Hop { link: id, peer: heard.peer };
        self.actor.relay.handle_frame(hop, &heard.frame, self.actor.clock.now());
    }

    /// Timers that are due, and everything that is to be done.
    fn carry_out(&mut self) {
        let now = self.actor.clock.now();
        if self.actor.relay.poll_timeout().is_some_and(|due| due <= now) {
            self.actor.relay.handle_timeout(now);
        }
        while let Some(output) = self.actor.relay.poll_output() {
            let event = match output {
                Output::Send { link, frame, packet: _, cause } => {
                    self.send(link, frame, cause);
                    continue;
                }
                Output::Deliver { packet, from } => Event::Packet { packet, from },
                Output::Beacon(said) => Event::Beacon(said),
                Output::Receipt(said) => Event::Receipt(said),
                Output::Control(said) => Event::Control(said),
            };
            if let Err(mpsc::error::TrySendError::Full(_)) = self.actor.events.try_send(event) {
                self.lost_events += 1;
            }
        }
    }

    fn send(&mut self, id: LinkId, frame: Vec<u8>, cause: Cause) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.frames_out += 1;
        let weight = match cause {
            Cause::Question => Weight::Advisory,
            Cause::Own | Cause::Forward | Cause::Answer => Weight::Packet,
        };
        line.link.said.send(weight, frame);
    }

    fn publish(&self) {
        let Actor { relay, clock, lost, .. } = &self.actor;
        let now = clock.now();
        let since = |then: u64| Duration::from_millis(now.saturating_sub(then));
        let links = self.lines.values().map(|line| LinkStatus {
            place: line.link.place.to_string(),
            bearer: line.link.bearer,
            mtu: line.link.mtu,
            up: since(line.since),
            frames_in: line.frames_in,
            frames_out: line.frames_out,
        });
        let neighbours = relay.neighbours().filter_map(|neighbour| {
            let line = self.lines.get(&neighbour.hop.link)?;
            Some(NeighbourStatus {
                place: line.link.place.to_string(),
                quiet: since(neighbour.last_heard),
                packets: neighbour.packets,
                first: neighbour.first,
                echoes: neighbour.echoes,
            })
        });
        self.actor.publish.send_replace(Status {
            running: since(0),
            counters: relay.counters().clone(),
            lost_heard: lost.heard(),
            lost_said: lost.said(),
            lost_events: self.lost_events,
            stored: relay.stored(),
            hops: relay.hops(now),
            hub_time: relay.hub_time(now),
            links: links.collect(),
            neighbours: neighbours.collect(),
            saved: self.saving.written,
            save_error: self.saving.error.clone(),
        });
    }

    /// Begins to write what has changed, on a thread of its own. One at a time: a slow disk makes snapshots rarer.
    async fn save(&mut self) {
        if self.saving.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            return;
        }
        self.saved().await;
        let Some(folder) = &self.actor.folder else { return };
        let counters = self.actor.relay.counters();
        if *counters == self.saving.saved {
            return;
        }
        self.saving.saved = counters.clone();
        let snapshot = self.actor.relay.snapshot(self.actor.clock.now());
        let write = folder.writer();
        self.saving.writing = Some(tokio::task::spawn_blocking(move || write(snapshot)));
    }

    /// How the last one ended.
    async fn saved(&mut self) {
        let Some(writing) = self.saving.writing.take() else { return };
        self.saving.error = match writing.await {
            Ok(Ok(())) => {
                self.saving.written += 1;
                None
            }
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = &self.saving.error {
            tracing::error!(%error, "kept packets are not on disk");
            // Tried again with the next tick.
            self.saving.saved = Counters::default();
        }
    }
}
