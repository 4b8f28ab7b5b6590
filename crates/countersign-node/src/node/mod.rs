//! One task owns the relay, its links, its timers and its snapshot. Everybody else asks it.

mod actor;

use crate::clock::Clock;
use crate::link::{Ended, Links};
use crate::random::{NoRandom, Random};
use crate::snapshot::Folder;
use crate::status::Status;
use actor::Actor;
use countersign_keys::DiskError;
use countersign_mesh::{
    Beacon, Control, Hop, HubSaid, NetChecked, Packet, PacketId, Receipt, Relay, RelayConfig,
};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Questions that wait; whoever asks one more waits.
const JOBS: usize = 256;
/// Events that the owner has not taken. One more is lost to the owner, and counted; the relay forwards it all the same.
const EVENTS: usize = 4096;

/// What a node is.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Its relay.
    pub relay: RelayConfig,
    /// Where kept packets and seen ids survive a restart; `None`: they do not.
    pub folder: Option<PathBuf>,
    /// How soon a change is on disk; at least a millisecond.
    pub save_after: Duration,
}

impl NodeConfig {
    /// Without a folder; changes would be saved within two seconds.
    pub fn new(relay: RelayConfig) -> Self {
        Self { relay, folder: None, save_after: Duration::from_secs(2) }
    }
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Its folder.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Its random numbers.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

/// A running node; dropping it ends it, without a last snapshot being waited for.
#[derive(Debug)]
pub struct Node {
    handle: NodeHandle,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Asks a node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NodeHandle {
    jobs: mpsc::Sender<Job>,
    links: Links,
    status: watch::Receiver<Status>,
}

/// What happens at a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A sealed packet of the event.
    Packet {
        /// Made by somebody with the mesh's key.
        packet: NetChecked,
        /// Where it came from.
        from: Hop,
    },
    /// A hub said the time.
    Beacon(HubSaid<Beacon>),
    /// A hub said what became of packets.
    Receipt(HubSaid<Receipt>),
    /// A hub ordered something.
    Control(HubSaid<Control>),
}

/// Where events come; dropping it is fine.
pub type Events = mpsc::Receiver<Event>;

type Work = dyn FnOnce(&mut Relay<Random>, u64) + Send;

struct Job(Box<Work>);

impl Node {
    /// Starts it, with what its folder holds. Needs a tokio runtime.
    pub fn start(config: NodeConfig) -> Result<(Self, Events), NodeError> {
        let clock = Clock::start();
        let mut relay = Relay::new(config.relay.clone(), Random::start()?, clock.now());
        let folder = match &config.folder {
            Some(path) => Some(Folder::open(path, &config.relay)?),
            None => None,
        };
        if let Some(folder) = &folder {
            restore(&mut relay, folder, clock.now())?;
        }
        let (links, arriving) = Links::new();
        let (jobs, asked) = mpsc::channel(JOBS);
        let (events, happened) = mpsc::channel(EVENTS);
        let (publish, status) = watch::channel(Status::default());
        let (stop, stopped) = oneshot::channel();
        let actor = Actor {
            relay,
            clock,
            lost: links.lost(),
            events,
            publish,
            folder,
            save_after: config.save_after,
        };
        let task = tokio::spawn(actor.run(actor::Inputs { arriving, asked, stopped }));
        Ok((Self { handle: NodeHandle { jobs, links, status }, stop, task }, happened))
    }

    /// For everybody who asks it, or brings it links.
    pub fn handle(&self) -> NodeHandle {
        self.handle.clone()
    }

    /// Ends it, with a last snapshot. Its links go down.
    pub async fn stop(self) {
        // If it has ended already, so much the better.
        let _ended = self.stop.send(()).is_err();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the node's task has failed");
        }
    }
}

/// A snapshot that cannot be read is no reason not to relay.
fn restore(relay: &mut Relay<Random>, folder: &Folder, now: u64) -> Result<(), DiskError> {
    let Some(snapshot) = folder.read()? else { return Ok(()) };
    match relay.restore(&snapshot, now) {
        Ok(()) => tracing::info!(stored = relay.stored(), "kept packets are here again"),
        Err(error) => {
            let aside = folder.put_aside()?;
            tracing::warn!(%error, aside = %aside.display(), "starting without kept packets");
        }
    }
    Ok(())
}

impl NodeHandle {
    /// Where carriers bring links.
    pub fn links(&self) -> Links {
        self.links.clone()
    }

    /// Runs `work` on the relay; the time is the relay's own.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Relay<Random>, u64) -> T + Send + 'static,
    ) -> Result<T, Ended> {
        let (answer, outcome) = oneshot::channel();
        let job = Job(Box::new(move |relay, now| {
            // Nobody waits any more if this fails.
            let _gone = answer.send(work(relay, now)).is_err();
        }));
        self.jobs.send(job).await.map_err(|_| Ended)?;
        outcome.await.map_err(|_| Ended)
    }

    /// Sends a packet that begins here.
    pub async fn originate(&self, packet: Packet) -> Result<PacketId, Ended> {
        self.call(|relay, now| relay.originate(packet, now)).await
    }

    /// The hub's own receipt: what it names is kept no more.
    pub async fn settle(&self, receipt: Receipt) -> Result<(), Ended> {
        self.call(move |relay, _| relay.settle(&receipt)).await
    }

    /// The newest picture; changes every second.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }
}
