//! A player without a screen: drives the app core with real sockets, a real key and a folder.

use crate::call::CallError;
use crate::client::Client;
use crate::kept::{FolderError, Kept};
use crate::pitch::{Pitch, ViewsEnded};
use crate::random::{RandomError, random};
use crate::transport::TransportError;
use countersign::{Name, ResultCode, Signer, Timestamp};
use countersign_app::{Ask, AskId, Effect, Event, Failure, Player, PlayerConfig, Tap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Most events that wait.
const EVENTS_MAX: usize = 256;
/// Pause before views are opened again after they were lost.
const REOPEN: Duration = Duration::from_millis(500);

/// Why a player cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum PlayerError {
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The folder for tickets and results.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// What a player without a screen is made of.
pub struct HeadlessPlayer {
    client: Arc<Client>,
    pitch: Option<Arc<Pitch>>,
    folder: Kept,
    player: Player,
    events: mpsc::Sender<Event>,
    inbox: mpsc::Receiver<Event>,
    wake: Option<Timestamp>,
}

impl HeadlessPlayer {
    /// A player with a session and, where there is one, a device within reach; takes up what the folder holds from earlier.
    pub fn new(
        client: Arc<Client>,
        pitch: Option<Arc<Pitch>>,
        folder: PathBuf,
    ) -> Result<Self, PlayerError> {
        let folder = Kept::open(folder)?;
        let mut player = Player::new(PlayerConfig {
            realm: client.realm(),
            keyset: client.keyset(),
            key: client.key().verifying_key().clone(),
            user: client.state().session.map(|session| session.user_id),
            entropy: random()?,
        });
        for (name, bytes) in folder.all()? {
            player.restore(&name, bytes, client.server_now());
        }
        let (events, inbox) = mpsc::channel(EVENTS_MAX);
        Ok(Self { client, pitch, folder, player, events, inbox, wake: None })
    }

    /// The app core, for looking at.
    pub fn player(&self) -> &Player {
        &self.player
    }

    /// Whether results are carried to the server.
    pub fn set_carrying(&mut self, carrying: bool) {
        self.player.set_carrying(carrying);
    }

    /// Does what a tap asks for, at once.
    pub fn tap(&mut self, tap: Tap) -> Result<bool, PlayerError> {
        self.handle(Event::Tap(tap))
    }

    /// Waits for the next event and handles it. `true`: the screen changed.
    pub async fn step(&mut self) -> Result<bool, PlayerError> {
        let event = match self.wake {
            None => self.inbox.recv().await,
            Some(at) => {
                let wait = at.since(self.client.server_now());
                tokio::time::timeout(wait, self.inbox.recv()).await.unwrap_or(Some(Event::Tick))
            }
        };
        // The channel cannot end: this struct holds a sender.
        self.handle(event.unwrap_or(Event::Tick))
    }

    /// Hands an event to the core and does what it asks for. `true`: the screen changed.
    pub fn handle(&mut self, event: Event) -> Result<bool, PlayerError> {
        let now = self.client.server_now();
        self.player.set_keyset(self.client.keyset());
        self.wake = self.wake.filter(|at| *at > now);
        let mut shown = false;
        for effect in self.player.update(event, now) {
            match effect {
                Effect::Ask { id, ask } => self.ask(id, ask),
                Effect::Keep { name, bytes } => self.folder.keep(&name, &bytes)?,
                Effect::Forget { name } => self.folder.forget(&name),
                Effect::Wake(at) => self.wake = Some(self.wake.map_or(at, |wake| wake.min(at))),
                Effect::Show => shown = true,
            }
        }
        Ok(shown)
    }

    fn ask(&self, id: AskId, ask: Ask) {
        let (client, pitch) = (Arc::clone(&self.client), self.pitch.clone());
        let events = self.events.clone();
        tokio::spawn(async move {
            let result = answer(&client, pitch.as_deref(), ask, &events).await;
            // Nobody is left to hear it if this fails.
            let _ = events.send(Event::Answer { id, result }).await;
        });
    }
}

async fn answer(
    client: &Client,
    pitch: Option<&Pitch>,
    ask: Ask,
    events: &mpsc::Sender<Event>,
) -> Result<Vec<u8>, Failure> {
    match (ask, pitch) {
        (Ask::Sign(input), _) => Ok(client.key().sign(&input).to_vec()),
        (Ask::Server { message_type, payload }, _) => call(client, message_type, &payload).await,
        (ask, Some(pitch)) => at_the_pitch(pitch, ask, events).await,
        (_, None) => Err(Failure::Unreachable("no device is within reach".to_owned())),
    }
}

async fn at_the_pitch(
    pitch: &Pitch,
    ask: Ask,
    events: &mpsc::Sender<Event>,
) -> Result<Vec<u8>, Failure> {
    let nothing = |()| Vec::new();
    match ask {
        Ask::Sign(_) | Ask::Server { .. } => Ok(Vec::new()),
        Ask::Certificate => match pitch.certificate().await {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) => Err(Failure::Refused {
                code: "not_found".to_owned(),
                detail: "the device has no certificate yet".to_owned(),
            }),
            Err(error) => Err(failure(error)),
        },
        Ask::Prove(challenge) => pitch.prove(challenge).await.map_err(failure),
        Ask::Join(body) => pitch.join(body).await.map_err(failure),
        Ask::Act(frame) => pitch.act(frame).await.map(nothing).map_err(failure),
        Ask::Watch(token) => watch(pitch, token, events).await,
        Ask::Outbox => pitch.outbox().await.map(|ids| ids.concat()).map_err(failure),
        Ask::Fetch(id) => pitch.fetch(id).await.map_err(failure),
        Ask::Tls => pitch.tls().await.map_err(failure),
        Ask::TlsRequest => pitch.tls_request().await.map_err(failure),
        Ask::Deliver(frame) => pitch.deliver(frame).await.map(nothing).map_err(failure),
    }
}

async fn watch(
    pitch: &Pitch,
    token: [u8; 16],
    events: &mpsc::Sender<Event>,
) -> Result<Vec<u8>, Failure> {
    let (views, mut frames) = mpsc::channel(1);
    let forward = async {
        while let Some(frame) = frames.recv().await {
            if events.send(Event::View(frame)).await.is_err() {
                break;
            }
        }
    };
    let ended = tokio::select! {
        ended = pitch.watch(token, &views) => ended,
        () = forward => ViewsEnded::Unheard,
    };
    match ended {
        ViewsEnded::Lost(error) => {
            tokio::time::sleep(REOPEN).await;
            Err(Failure::Unreachable(error.to_string()))
        }
        ViewsEnded::NotInLobby => {
            Err(Failure::Refused { code: "not_in_lobby".to_owned(), detail: ended.to_string() })
        }
        ViewsEnded::Unheard => Err(Failure::Unreachable(ended.to_string())),
    }
}

async fn call(client: &Client, message_type: &str, payload: &[u8]) -> Result<Vec<u8>, Failure> {
    let name = Name::new(message_type).map_err(|error| Failure::Refused {
        code: "invalid_payload".to_owned(),
        detail: error.to_string(),
    })?;
    match client.call(name, payload).await {
        Ok(reply) if reply.result == ResultCode::OK => Ok(reply.content),
        Ok(reply) => Err(Failure::Refused {
            code: reply.result.name().to_owned(),
            detail: String::from_utf8_lossy(&reply.content).into_owned(),
        }),
        Err(CallError::LoggedOut(_)) => Err(Failure::LoggedOut),
        Err(error) => Err(Failure::Unreachable(error.to_string())),
    }
}

fn failure(error: TransportError) -> Failure {
    match error {
        TransportError::Refused { status, name, .. } if status < 500 => {
            Failure::Refused { code: status.to_string(), detail: name }
        }
        other @ (TransportError::Refused { .. }
        | TransportError::Connect { .. }
        | TransportError::Certificate { .. }
        | TransportError::Pin(_)
        | TransportError::Timeout { .. }
        | TransportError::TooBig { .. }
        | TransportError::Broken { .. }
        | TransportError::Foreign { .. }
        | TransportError::Request(_)) => Failure::Unreachable(other.to_string()),
    }
}
