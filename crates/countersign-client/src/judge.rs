//! A judge without a screen: drives the app core with a real node of the mesh, a real key and a folder.

use crate::call::CallError;
use crate::client::Client;
use crate::clock::Clock;
use crate::kept::{FolderError, Kept};
use crate::random::{RandomError, random};
use countersign::{EventId, Keyset, Name, Realm, ResultCode, Signer, SigningKey, Timestamp};
use countersign_app::judge::{
    FromMesh, Judge, JudgeAsk, JudgeConfig, JudgeEffect, JudgeEvent, JudgeTap, JudgeTrouble, Place,
};
use countersign_app::{AskId, Failure};
use countersign_judging::JudgeId;
use countersign_judging::auth::{AuthMessage, Hello, Proof};
use countersign_mesh::{HubKeys, NetKeys, RelayConfig, Role};
use countersign_node::link::udp::{self, Multicast, UdpError};
use countersign_node::link::{Ended, Links, ws};
use countersign_node::{Event, Events, Node, NodeConfig, NodeError, NodeHandle, Status};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Most answers that wait.
const EVENTS_MAX: usize = 256;
/// Largest bundle.
const BUNDLE_MAX: usize = 1024 * 1024;
/// Longest wait for a bundle from the hub.
const FETCH: Duration = Duration::from_secs(10);
/// Name under which the device's secret is kept.
const SECRET: &str = "device/secret";

/// Why a judge cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The folder for bundles and votes.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A link.
    #[error(transparent)]
    Udp(#[from] UdpError),
    /// Bluetooth.
    #[cfg(feature = "ble")]
    #[error(transparent)]
    Ble(#[from] countersign_node::link::ble::BleError),
    /// The node has ended.
    #[error("the node has ended: {0}")]
    Ended(#[from] Ended),
}

/// A way into the mesh.
#[derive(Debug, Clone)]
pub enum JudgeLink {
    /// Neighbours by address.
    Peers {
        /// Own address; port 0 takes any.
        local: SocketAddr,
        /// Whom to look for.
        peers: Vec<SocketAddr>,
    },
    /// Everybody on the network.
    Multicast(Multicast),
    /// The hub's or a relay's WebSocket.
    WebSocket(ws::Client),
    /// Whoever offers the event's service over Bluetooth.
    #[cfg(feature = "ble")]
    Ble(countersign_node::link::ble::Ble),
}

/// What a judge without a screen is made of.
pub struct JudgeParts {
    /// The deployment.
    pub realm: Realm,
    /// The server's keys, as this device knows them.
    pub keyset: Keyset,
    /// The key that votes are signed with.
    pub key: SigningKey,
    /// Where votes and the bundle are kept.
    pub folder: PathBuf,
    /// For bundles, if there is a session and internet.
    pub server: Option<Arc<Client>>,
    /// For bundles on the day: the hub's page, `http://192.0.2.7:8470`.
    pub hub: Option<http::Uri>,
    /// Ways into the mesh.
    pub links: Vec<JudgeLink>,
    /// The device's clock, however wrong.
    pub clock: Box<dyn Clock>,
}

/// A judge's program with real sockets.
pub struct HeadlessJudge {
    judge: Judge,
    folder: Kept,
    source: Source,
    links: Vec<JudgeLink>,
    clock: Box<dyn Clock>,
    mesh: Option<Mesh>,
    events: mpsc::Sender<JudgeEvent>,
    inbox: mpsc::Receiver<JudgeEvent>,
    wake: Option<Timestamp>,
}

/// The running node.
struct Mesh {
    node: Node,
    handle: NodeHandle,
    events: Events,
    status: watch::Receiver<Status>,
    links_up: usize,
}

/// Where bundles come from.
#[derive(Clone)]
struct Source {
    server: Option<Arc<Client>>,
    hub: Option<http::Uri>,
    realm: Realm,
    key: Arc<SigningKey>,
}

impl HeadlessJudge {
    /// Takes up what the folder holds from earlier; needs a tokio runtime. With a bundle and a code in the folder it is on the mesh at
    /// once.
    pub async fn open(parts: JudgeParts) -> Result<Self, JudgeError> {
        let folder = Kept::open(parts.folder)?;
        let kept = folder.all()?;
        let source = Source {
            server: parts.server,
            hub: parts.hub,
            realm: parts.realm.clone(),
            key: Arc::new(parts.key),
        };
        let mut judge = Judge::new(JudgeConfig {
            realm: parts.realm,
            keyset: parts.keyset,
            key: source.key.verifying_key().clone(),
            entropy: random()?,
            device_secret: device_secret(&folder, &kept)?,
        });
        let now = parts.clock.read().wall;
        for (name, bytes) in kept {
            judge.restore(&name, bytes, now);
        }
        let (events, inbox) = mpsc::channel(EVENTS_MAX);
        let mut headless = Self {
            judge,
            folder,
            source,
            links: parts.links,
            clock: parts.clock,
            mesh: None,
            events,
            inbox,
            wake: None,
        };
        headless.handle(JudgeEvent::Tick).await?;
        Ok(headless)
    }

    /// The app core, for looking at.
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    /// The newest vote about a place as a text for a QR, to be scanned at the hub.
    pub fn vote_code(&mut self, place: &Place) -> Result<String, JudgeTrouble> {
        self.judge.vote_code(place, self.clock.read().wall)
    }

    /// The node's picture of itself, once the day's code was scanned.
    pub fn status(&self) -> Option<Status> {
        self.mesh.as_ref().map(|mesh| mesh.status.borrow().clone())
    }

    /// Does what a tap asks for, at once.
    pub async fn tap(&mut self, tap: JudgeTap) -> Result<bool, JudgeError> {
        self.handle(JudgeEvent::Tap(Box::new(tap))).await
    }

    /// Waits for the next event and handles it. `true`: the screen changed. Dropping the future loses nothing.
    pub async fn step(&mut self) -> Result<bool, JudgeError> {
        let wait = self.wake.map(|at| at.since(self.clock.read().wall));
        let event = tokio::select! {
            // The channel cannot end: this struct holds a sender.
            event = self.inbox.recv() => event.unwrap_or(JudgeEvent::Tick),
            event = next(&mut self.mesh) => event,
            () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => JudgeEvent::Tick,
        };
        self.handle(event).await
    }

    /// Ends the node, with its last snapshot.
    pub async fn stop(self) {
        if let Some(mesh) = self.mesh {
            mesh.node.stop().await;
        }
    }

    async fn handle(&mut self, event: JudgeEvent) -> Result<bool, JudgeError> {
        let now = self.clock.read().wall;
        if let Some(server) = &self.source.server {
            self.judge.set_keyset(server.keyset());
        }
        self.wake = self.wake.filter(|at| *at > now);
        let mut shown = false;
        for effect in self.judge.update(event, now) {
            match effect {
                JudgeEffect::Ask { id, ask } => self.ask(id, ask),
                JudgeEffect::Join { net, hubs } => self.join(net, hubs).await?,
                JudgeEffect::Send(packet) => {
                    if let Some(mesh) = &self.mesh {
                        mesh.handle.originate(packet).await?;
                    }
                }
                JudgeEffect::Keep { name, bytes } => self.folder.keep(&name, &bytes)?,
                JudgeEffect::Wake(at) => {
                    self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
                }
                JudgeEffect::Show => shown = true,
            }
        }
        Ok(shown)
    }

    fn ask(&self, id: AskId, ask: JudgeAsk) {
        let events = self.events.clone();
        let signed = match &ask {
            JudgeAsk::Sign(input) => Some(self.source.key.sign(input).to_vec()),
            JudgeAsk::Bundle(_) => None,
        };
        let (source, judge) = (self.source.clone(), self.judge.screen().judge);
        tokio::spawn(async move {
            let result = match (ask, signed) {
                (JudgeAsk::Bundle(event), None) => source.fetch(event, judge).await,
                (JudgeAsk::Sign(_) | JudgeAsk::Bundle(_), signed) => Ok(signed.unwrap_or_default()),
            };
            // Nobody is left to hear it if this fails.
            let _gone = events.send(JudgeEvent::Answer { id, result }).await.is_err();
        });
    }

    /// Starts the node with its links, or gives it one more key.
    async fn join(&mut self, net: NetKeys, hubs: HubKeys) -> Result<(), JudgeError> {
        if let Some(mesh) = &self.mesh {
            let net = net.clone();
            let added = mesh.handle.call(move |relay, _| relay.add_keys(net)).await?;
            if added.is_ok() {
                return Ok(());
            }
        }
        // Another event's: a relay has one.
        if let Some(mesh) = self.mesh.take() {
            mesh.node.stop().await;
        }
        let mut config = NodeConfig::new(RelayConfig::new(Role::Member { keys: vec![net], hubs }));
        config.folder = Some(self.folder.path().join("node"));
        let (node, events) = Node::start(config)?;
        let handle = node.handle();
        for link in &self.links {
            carry(link.clone(), handle.links()).await?;
        }
        let status = handle.status();
        self.mesh = Some(Mesh { node, handle, events, status, links_up: 0 });
        Ok(())
    }
}

/// What the node says next; never, if there is none.
async fn next(mesh: &mut Option<Mesh>) -> JudgeEvent {
    let Some(mesh) = mesh else { return std::future::pending().await };
    loop {
        tokio::select! {
            event = mesh.events.recv() => match event {
                None => return std::future::pending().await,
                Some(Event::Packet { packet, .. }) => {
                    return JudgeEvent::Mesh(FromMesh::Packet(packet));
                }
                Some(Event::Beacon(said)) => return JudgeEvent::Mesh(FromMesh::Beacon(said)),
                Some(Event::Receipt(said)) => return JudgeEvent::Mesh(FromMesh::Receipt(said)),
                Some(Event::Control(said)) => return JudgeEvent::Mesh(FromMesh::Control(said)),
            },
            changed = mesh.status.changed() => {
                let before = mesh.links_up;
                mesh.links_up = mesh.status.borrow_and_update().links.len();
                if changed.is_ok() && mesh.links_up > before {
                    return JudgeEvent::Mesh(FromMesh::Linked);
                }
                if changed.is_err() {
                    return std::future::pending().await;
                }
            }
        }
    }
}

async fn carry(link: JudgeLink, links: Links) -> Result<(), JudgeError> {
    match link {
        JudgeLink::Peers { local, peers } => {
            let socket = udp::peers(local, peers).await?;
            tokio::spawn(socket.carry(links));
        }
        JudgeLink::Multicast(spec) => {
            tokio::spawn(udp::multicast(spec)?.carry(links));
        }
        JudgeLink::WebSocket(client) => {
            tokio::spawn(client.carry(links));
        }
        #[cfg(feature = "ble")]
        JudgeLink::Ble(ble) => {
            let radio = ble.open().await?;
            // When the controller fails, the link is down, and other links or the vote as a QR are left.
            tokio::spawn(async move { drop(radio.carry(links).await) });
        }
    }
    Ok(())
}

/// 32 bytes that stay the same over restarts and that only this device has.
fn device_secret(folder: &Kept, kept: &[(String, Vec<u8>)]) -> Result<[u8; 32], JudgeError> {
    let old = kept.iter().find(|(name, _)| name == SECRET);
    if let Some(secret) = old.and_then(|(_, bytes)| bytes.as_slice().try_into().ok()) {
        return Ok(secret);
    }
    let secret = random()?;
    folder.keep(SECRET, &secret)?;
    Ok(secret)
}

impl Source {
    /// The hub first: on the day there is no internet.
    async fn fetch(&self, event: EventId, judge: Option<JudgeId>) -> Result<Vec<u8>, Failure> {
        let by_hub = match (&self.hub, judge) {
            (Some(hub), Some(judge)) => Some(self.ask_hub(hub, event, judge).await),
            (Some(_), None) => Some(Err("a hub gives its bundle to judges that it knows; \
                take the first one from the server or from a file"
                .to_owned())),
            (None, _) => None,
        };
        match (by_hub, &self.server) {
            (Some(Ok(frame)), _) => Ok(frame),
            (_, Some(server)) => from_server(server, event).await,
            (Some(Err(why)), None) => Err(Failure::Unreachable(why)),
            (None, None) => Err(Failure::Unreachable(
                "neither a hub's page nor a server to fetch the bundle from was named".to_owned(),
            )),
        }
    }

    /// The handshake of the day, over HTTP and not sealed: whoever proves a judge's key gets the bundle.
    async fn ask_hub(
        &self,
        hub: &http::Uri,
        event: EventId,
        judge: JudgeId,
    ) -> Result<Vec<u8>, String> {
        let nonce = random().map_err(|error| error.to_string())?;
        let hello = Hello { judge, nonce };
        let answer = post(hub, "/bundle/challenge", hello.encode()).await?;
        let challenge = match AuthMessage::decode(&answer) {
            Ok(AuthMessage::Challenge(challenge)) if challenge.nonce == nonce => challenge,
            Ok(_) | Err(_) => return Err(format!("{hub} does not answer as a hub does")),
        };
        // The hub's own time: the bundle does not depend on this device's clock.
        let proof = Proof { challenge, clock: challenge.time, bundle_version: 0 };
        let proof = proof.sign(&self.realm, &event, &*self.key).map_err(|e| e.to_string())?;
        post(hub, "/bundle", proof).await
    }
}

async fn post(hub: &http::Uri, path: &str, body: Vec<u8>) -> Result<Vec<u8>, String> {
    let base = hub.to_string();
    let uri = format!("{}{path}", base.trim_end_matches('/'));
    let request = http::Request::post(&uri)
        .body(Full::new(bytes::Bytes::from(body)))
        .map_err(|error| format!("{base} is no address of a hub: {error}"))?;
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .build(HttpConnector::new());
    let fetch = async {
        let response = client.request(request).await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("{uri} answers {}", response.status()));
        }
        let body = Limited::new(response.into_body(), BUNDLE_MAX).collect().await;
        body.map(|body| body.to_bytes().to_vec()).map_err(|error| error.to_string())
    };
    tokio::time::timeout(FETCH, fetch).await.map_err(|_| format!("{uri} does not answer"))?
}

async fn from_server(server: &Client, event: EventId) -> Result<Vec<u8>, Failure> {
    let refused = |code: &str, detail: String| Failure::Refused { code: code.to_owned(), detail };
    let name = Name::new("event.bundle").map_err(|e| refused("invalid_payload", e.to_string()))?;
    let payload = serde_json::json!({ "event": event.as_str() }).to_string();
    match server.call(name, payload.as_bytes()).await {
        Ok(reply) if reply.result == ResultCode::OK => Ok(reply.content),
        Ok(reply) => {
            Err(refused(reply.result.name(), String::from_utf8_lossy(&reply.content).into_owned()))
        }
        Err(CallError::LoggedOut(_)) => Err(Failure::LoggedOut),
        Err(error) => Err(Failure::Unreachable(error.to_string())),
    }
}
