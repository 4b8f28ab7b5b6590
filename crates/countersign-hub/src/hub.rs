//! A running hub: folder, desk, pool, node, links, pages, control socket.

use crate::announce::Announcer;
use crate::clock::Clock;
use crate::control;
use crate::desk::{self, Desk, Effect, FirstCode, Handle, Opened, SharedVenue};
use crate::disk::Folder;
use crate::error::HubError;
use crate::http::{self, App, Door};
use crate::intake::{self, Counts, Entrance, Intake};
use crate::links::LinkOptions;
use crate::papers::Papers;
use crate::random;
use countersign::Signer;
use countersign_judging::Venue;
use countersign_judging::auth;
use countersign_judging::event::RoundState;
use countersign_judging::package::{Package, Trust};
use countersign_keys::DiskError;
use countersign_listen::{Ending, ListenConfig, Listener};
use countersign_mesh::{Action, EventCode, HubKeys, NetChecked, Packet, RelayConfig, Role};
use countersign_node::{Event, Events, Node, NodeConfig};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// Connections at a time: judges' phones, relays, pages.
const CONNECTIONS: usize = 512;
/// From one address: a relay box may bring a whole hall.
const CONNECTIONS_PER_IP: usize = 64;
/// What requests in flight get at the end.
const GRACE: Duration = Duration::from_secs(2);

/// How a hub is started.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// The hub's folder.
    pub dir: PathBuf,
    /// The event, the first time or when there is a newer bundle, and whom to believe about it.
    pub package: Option<(Package, Trust)>,
    /// Where pages and the mesh's WebSocket are.
    pub listen: SocketAddr,
    /// Whether the organiser's page answers other machines, too.
    pub organiser_lan: bool,
    /// The code that another hub of this event shows.
    pub code: Option<EventCode>,
    /// Other links.
    pub links: LinkOptions,
}

/// A hub at work.
pub struct Hub {
    /// Where pages are.
    pub addr: SocketAddr,
    /// Where UDP neighbours reach us.
    pub udp: Option<SocketAddr>,
    handle: Handle,
    token: zeroize::Zeroizing<String>,
    code: zeroize::Zeroizing<String>,
    name: String,
    node: Node,
    taking: Taking,
    stop: watch::Sender<bool>,
    ended: oneshot::Receiver<Result<(), DiskError>>,
    serving: JoinSet<()>,
    /// Carriers of links, and what else has no end of its own.
    tasks: JoinSet<()>,
}

/// Where packets come in, and what became of them.
struct Taking {
    entrance: Entrance,
    counts: Arc<Counts>,
}

/// Takes a package in if it is believed, and opens the folder again where it was.
fn open(options: &HubOptions) -> Result<Opened, HubError> {
    let folder = Folder::open(&options.dir)?;
    if let Some((package, trust)) = &options.package {
        take_package(&folder, package, trust)?;
    }
    let first = match &options.code {
        Some(code) => FirstCode::Given(code.clone()),
        None => FirstCode::Draw,
    };
    desk::open(folder, &first)
}

fn take_package(folder: &Folder, package: &Package, trust: &Trust) -> Result<(), HubError> {
    let given = package.open(trust)?;
    let mut known = None;
    for package in folder.packages()? {
        known = Some(package.reopen()?);
    }
    if let Some(known) = known {
        let (found, given_id) = (known.bundle.value.id, given.bundle.value.id);
        if found != given_id || known.realm != given.realm {
            return Err(HubError::OtherEvent { found, given: given_id });
        }
        // The hub's log says what was in force; an older or the same bundle changes nothing.
        if given.bundle.value.version <= known.bundle.value.version {
            return Ok(());
        }
    } else {
        let key = *folder.key()?.verifying_key().fingerprint();
        if given.bundle.value.hub(&key).is_none() {
            return Err(countersign_judging::venue::BeginRefusal::NotAHub.into());
        }
    }
    Ok(folder.put_package(given.bundle.value.version, package)?)
}

impl Hub {
    /// Starts everything. Needs a tokio runtime.
    pub async fn start(options: HubOptions) -> Result<Self, HubError> {
        let Opened { desk, venue, clock } = open(&options)?;
        let name = desk.folder().name.clone();
        let control = control::open(desk.folder().path())?;
        let listener = Listener::plain(options.listen, listen_config())?;
        let token = http::token_text(&*desk.folder().token()?);
        let door = Door::new(&token, options.organiser_lan);
        let code = desk.code.to_text();
        let (node, events) = start_node(&desk, &venue)?;
        let orders = standing_orders(&desk, &venue, clock);
        let (voice, sealing) = (Arc::clone(&desk.voice), Arc::clone(&desk.sealing));
        let papers = papers(&desk)?;
        let mut tasks = JoinSet::new();
        let (links, service) = (node.handle().links(), desk.code.ble);
        let udp = options.links.start(links, service, &mut tasks).await?;
        let examiner = venue.examiner().clone();
        let venue: SharedVenue = Arc::new(RwLock::new(venue));
        let running = desk::start(desk, Arc::clone(&venue), clock)?;
        let counts = Arc::new(Counts::default());
        say_all(&running.say, orders);
        let reception = Arc::new(auth::Desk::new(&*random::bytes::<32>()?));
        let entrance = intake::start(Intake {
            voice: Arc::clone(&voice),
            sealing,
            reception: Arc::clone(&reception),
            examiner,
            venue: Arc::clone(&venue),
            desk: running.handle.clone(),
            effects: running.say,
            counts: Arc::clone(&counts),
            clock,
            allowance: intake::Allowance::default(),
        })?;
        let announcer = Announcer {
            node: node.handle(),
            voice,
            venue: Arc::clone(&venue),
            clock,
            counts: Arc::clone(&counts),
            papers: Arc::clone(&papers),
        };
        tokio::spawn(announcer.run(running.effects));
        tasks.spawn(deliver(events, entrance.clone()));
        tasks.spawn(control::serve(control, running.handle.clone()));
        let (addr, handle) = (listener.local_addr(), running.handle);
        let app = App {
            handle: handle.clone(),
            node: node.handle(),
            venue,
            papers,
            door,
            counts: Arc::clone(&counts),
            clock,
            reception,
            seen: tokio::sync::Mutex::default(),
            printing: tokio::sync::Semaphore::new(1),
        };
        let (stop, stopped) = watch::channel(false);
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, http::router(Arc::new(app)), stopped));
        let (taking, ended) = (Taking { entrance, counts }, running.ended);
        Ok(Self { addr, udp, handle, token, code, name, node, taking, stop, ended, serving, tasks })
    }

    /// What the organiser's address ends with; whoever has it is the organiser.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What the event's QR said when the hub started.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What people call the hub.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes a packet as if a link had brought it and the relay had let it through; waits while there is no room. `false`: the hub
    /// is ending.
    pub async fn take(&self, packet: NetChecked) -> bool {
        self.taking.entrance.take(packet).await
    }

    /// How many packets were answered since the start, whatever the receipts said. A vote counts when it is durable.
    pub fn receipted(&self) -> u64 {
        self.taking.counts.receipted()
    }

    /// Gives a command, as the control socket does.
    pub async fn obey(&self, command: control::Command) -> control::Answer {
        self.handle.obey(command).await
    }

    /// Waits for the system's word, or for the desk to fail; then ends.
    pub async fn wait(mut self, mut ending: Ending) -> Result<(), HubError> {
        let failed = tokio::select! {
            ended = &mut self.ended => Some(ended),
            () = ending.heard() => None,
        };
        match failed {
            Some(Ok(Err(error))) => Err(HubError::Stopped(error)),
            Some(Ok(Ok(())) | Err(_)) => Err(HubError::Ended),
            None => self.stop().await,
        }
    }

    /// Ends. What was acknowledged is on the disk already.
    pub async fn stop(mut self) -> Result<(), HubError> {
        self.stop.send_replace(true);
        while self.serving.join_next().await.is_some() {}
        self.tasks.shutdown().await;
        self.node.stop().await;
        drop((self.taking, self.handle));
        match self.ended.await {
            Ok(outcome) => outcome.map_err(HubError::Stopped),
            Err(_) => Err(HubError::Ended),
        }
    }
}

fn papers(desk: &Desk) -> Result<Arc<Papers>, HubError> {
    let packages = desk.folder().packages()?;
    let package = packages.last().ok_or(HubError::NoEvent)?;
    Ok(Arc::new(Papers::new(package, &desk.code)))
}

/// Without a folder of its own: after a restart the hub wants to hear again what it did not write down.
fn start_node(desk: &Desk, venue: &Venue) -> Result<(Node, Events), HubError> {
    let event = venue.bundle().event();
    let hubs = event.hubs.iter().map(|hub| hub.key.clone()).collect();
    let hubs = HubKeys::new(desk.realm().clone(), event.id, hubs)?;
    let keys = vec![desk.voice.keys().net.clone()];
    let config = RelayConfig::new(Role::Member { keys, hubs });
    Node::start(NodeConfig::new(config)).map_err(|error| HubError::Link(error.to_string()))
}

/// What a device may have missed while the hub was away.
fn standing_orders(desk: &Desk, venue: &Venue, clock: Clock) -> Vec<Packet> {
    let now = clock.now();
    let rounds = venue.rounds().filter(|(_, state)| *state != RoundState::Draft);
    let rounds =
        rounds.map(|(number, state)| Action::Round { number, open: state == RoundState::Open });
    let revoked = venue.revoked().map(|(fingerprint, _)| Action::Revoke { fingerprint });
    let packets = rounds.chain(revoked.take(64)).map(|action| desk.voice.control(action, now));
    packets.filter_map(Result::ok).collect()
}

/// Before anything else is said: there is room for all of it.
fn say_all(say: &mpsc::Sender<Effect>, orders: Vec<Packet>) {
    for packet in orders {
        drop(say.try_send(Effect::Say(packet)));
    }
}

async fn deliver(mut events: Events, entrance: Entrance) {
    while let Some(event) = events.recv().await {
        match event {
            Event::Packet { packet, .. } => {
                if !entrance.take(packet).await {
                    return;
                }
            }
            // Of this hub itself, or of another one: its votes come by `merge`.
            Event::Beacon(_) | Event::Receipt(_) | Event::Control(_) => {}
        }
    }
}

async fn serve(listener: Listener, router: axum::Router, mut stop: watch::Receiver<bool>) {
    listener.serve(router, async move { drop(stop.wait_for(|stop| *stop).await) }).await;
}

fn listen_config() -> ListenConfig {
    ListenConfig {
        max_connections: CONNECTIONS,
        max_connections_per_ip: CONNECTIONS_PER_IP,
        shutdown_grace: GRACE,
        ..ListenConfig::default()
    }
}

/// Does a command: at the hub that runs in this folder, or, if none does, on the folder itself.
pub async fn command(
    dir: &std::path::Path,
    command: control::Command,
) -> Result<control::Answer, HubError> {
    match Folder::open(dir) {
        Ok(folder) => {
            let Opened { mut desk, mut venue, clock } = desk::open(folder, &FirstCode::Draw)?;
            let answer = desk.obey(&mut venue, &command, clock.now());
            // Whoever has to hear of it hears it when the hub runs again.
            let _later = desk.write_down().map_err(HubError::Stopped)?;
            Ok(answer)
        }
        Err(crate::disk::FolderError::Disk(DiskError::Busy(_))) => {
            Ok(control::ask(dir, &command).await?)
        }
        Err(error) => Err(error.into()),
    }
}
