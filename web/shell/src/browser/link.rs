//! A session in use: [`Session`] decides, WebCrypto signs, `fetch` carries.

use super::http::{self, Unreachable};
use super::keys::{self, Key, Place};
use super::trust::{self, NoTrust};
use super::{clock, random, store};
use crate::said::Read;
use countersign::client::{OpenError, Outcome, Sent, Session};
use countersign::offset::Reading;
use countersign::{Name, Payload, RequestId, ResultCode, SessionId, Timestamp};
use countersign_app::Failure;
use countersign_app::trust::Trust;
use serde_json::{Value, json};
use std::cell::RefCell;
use wasm_bindgen::JsValue;

/// Where the session is kept.
const SESSION: &str = "session";

/// A session as it is kept. Nothing in it is secret, and nothing in it is believed without a check.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// In hex.
    pub(super) session_id: String,
    /// The address, as the server writes it.
    pub(super) address: String,
    /// The last epoch seen.
    pub(super) epoch: String,
    /// Server time minus this device's when it was last known.
    pub(super) offset_ms: Option<i64>,
}

impl Read for Kept {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            session_id: Read::read(&value["session_id"])?,
            address: Read::read(&value["address"])?,
            epoch: Read::read(&value["epoch"])?,
            offset_ms: Read::read(&value["offset_ms"])?,
        })
    }
}

/// A device's session with its server.
pub(super) struct Link {
    key: Key,
    session: RefCell<Session>,
    trust: RefCell<Trust>,
    kept: Kept,
    place: Place,
}

enum Opened {
    Answered { result: ResultCode, content: Vec<u8> },
    Again,
}

/// What an earlier visit left behind.
pub(super) enum Before {
    /// A session with its key.
    Session(Box<Link>),
    /// A session whose key is gone, with its address.
    Lost(String),
    /// Nothing.
    Nothing,
}

impl Link {
    /// Takes up the session of an earlier visit.
    pub(super) async fn resume() -> Before {
        let text = store::get(SESSION).await.ok().and_then(|it| it.as_string());
        let kept = text.and_then(|text| Kept::parse(text.as_bytes()));
        let Some(kept) = kept else { return Before::Nothing };
        let address = kept.address.clone();
        let (Some(key), Some(trust)) = (Key::kept().await, trust::remembered(None).await) else {
            return Before::Lost(address);
        };
        match Self::new(key, Place::Kept, trust, kept) {
            Some(link) => Before::Session(Box::new(link)),
            None => Before::Lost(address),
        }
    }

    /// A session that is registered; `None` if what is remembered of it makes no sense.
    pub(super) fn new(key: Key, place: Place, trust: Trust, kept: Kept) -> Option<Self> {
        let id: SessionId = kept.session_id.parse().ok()?;
        let keyset = trust.keyset().ok()?;
        let mut session = Session::new(trust.realm().clone(), id, key.public().clone(), keyset);
        if let Ok(epoch) = kept.epoch.parse() {
            session.resume_epoch(epoch);
        }
        let (session, trust) = (RefCell::new(session), RefCell::new(trust));
        Some(Self { key, session, trust, kept, place })
    }

    /// The address that was logged in with.
    pub(super) fn address(&self) -> &str {
        &self.kept.address
    }

    /// Whether the key is gone with the page.
    pub(super) fn is_memory_only(&self) -> bool {
        self.place == Place::Memory
    }

    /// Remembers epoch and clock. A session whose key is not kept is not remembered either.
    pub(super) async fn keep(&self) {
        if self.is_memory_only() {
            return;
        }
        let text = json!({
            "session_id": self.kept.session_id,
            "address": self.kept.address,
            "epoch": self.session.borrow().epoch().to_string(),
            "offset_ms": self.offset_ms().or(self.kept.offset_ms),
        });
        drop(store::put(SESSION, &JsValue::from_str(&text.to_string())).await);
    }

    /// Server time minus this device's, in milliseconds.
    pub(super) fn offset_ms(&self) -> Option<i64> {
        let beyond = self.session.borrow().clock().offset_ms(self.read_clock())?;
        Some(beyond.saturating_add(self.kept.offset_ms.unwrap_or(0)))
    }

    /// Sends a signed request and gives out the payload of its verified answer.
    pub(super) async fn call(
        &self,
        message_type: &str,
        payload: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let name = Name::new(message_type).map_err(|_| refused("invalid", "no message type"))?;
        self.renew_expired_keyset().await?;
        let (result, content) = self.exchange(name, payload).await?;
        if result == ResultCode::UNAUTHENTICATED {
            // Once may be a fault; twice in a row is a verdict. The second question changes nothing on the server.
            self.hello().await?;
        }
        // The answer may have taught the time by which the set that verified it has run out.
        self.renew_expired_keyset().await?;
        match result.is_ok() {
            true => Ok(content),
            false => Err(refused(result.name(), &message_in(&content))),
        }
    }

    async fn exchange(&self, name: Name, payload: &[u8]) -> Result<(ResultCode, Vec<u8>), Failure> {
        let mut before = None;
        loop {
            let (frame, sent) = self.sign(name, payload, before).await?;
            let answer = http::post("/x", http::FRAME, &frame).await.map_err(unreachable)?;
            let at = self.read_clock();
            if !answer.is_frame() {
                return Err(Failure::Unreachable(format!("status {}", answer.status)));
            }
            match self.open(&sent, &answer.body, at).await? {
                Opened::Answered { result, content } => return Ok((result, content)),
                Opened::Again => before = Some(sent),
            }
        }
    }

    async fn sign(
        &self,
        name: Name,
        payload: &[u8],
        before: Option<Sent>,
    ) -> Result<(Vec<u8>, Sent), Failure> {
        let id = RequestId::from_bytes(random().map_err(cannot_sign)?);
        let payload = Payload::whole(payload.to_vec());
        let at = self.read_clock();
        let (unsigned, sent) = {
            let mut session = self.session.borrow_mut();
            match before {
                None => session.prepare(name, payload, at, id),
                Some(before) => session.prepare_again(before, name, payload, at, id),
            }
        };
        let signature = self.key.sign(unsigned.signing_input()).await.map_err(cannot_sign)?;
        Ok((unsigned.seal(&signature), sent))
    }

    async fn open(&self, sent: &Sent, answer: &[u8], at: Reading) -> Result<Opened, Failure> {
        match self.judge(sent, answer, at) {
            Err(OpenError::FetchKeyset) => {
                self.renew_keyset().await?;
                self.judge(sent, answer, at)
            }
            other => other,
        }
        .map_err(|error| refused("not_believed", &error.to_string()))?
        .ok_or(Failure::LoggedOut)
    }

    /// `None` is the server's signed word that the session is over.
    fn judge(&self, sent: &Sent, answer: &[u8], at: Reading) -> Result<Option<Opened>, OpenError> {
        Ok(match self.session.borrow_mut().open(sent, answer, at)? {
            Outcome::Answered { result, content } => {
                Some(Opened::Answered { result, content: content.to_vec() })
            }
            Outcome::SignAgain(_) => Some(Opened::Again),
            Outcome::LoggedOut(_) => None,
        })
    }

    /// Asks for nothing but a signed answer: who am I, what time is it.
    async fn hello(&self) -> Result<(), Failure> {
        let name = Name::new("session.hello").map_err(|_| refused("invalid", "no message type"))?;
        self.exchange(name, b"{}").await.map(drop)
    }

    /// `[K6]` A set that ran out, by the server's time, is replaced before anything is believed because of it.
    async fn renew_expired_keyset(&self) -> Result<(), Failure> {
        if self.is_keyset_current() {
            return Ok(());
        }
        self.renew_keyset().await?;
        if !self.is_keyset_current() {
            self.hello().await?;
        }
        match self.is_keyset_current() {
            true => Ok(()),
            false => Err(refused("not_believed", "the server's key set has expired")),
        }
    }

    fn is_keyset_current(&self) -> bool {
        let session = self.session.borrow();
        session.keyset().check_current(session.clock().now(self.read_clock())).is_ok()
    }

    async fn renew_keyset(&self) -> Result<(), Failure> {
        let known = self.trust.borrow().clone();
        let (trust, keyset) = trust::renewed(&known).await.map_err(no_trust)?;
        trust::keep(&trust).await;
        self.session.borrow_mut().set_keyset(keyset);
        *self.trust.borrow_mut() = trust;
        Ok(())
    }

    /// The clock of this device, corrected by what an earlier visit knew of its error.
    fn read_clock(&self) -> Reading {
        let at = clock::read();
        let known = self.kept.offset_ms.unwrap_or(0);
        Reading {
            wall: Timestamp::from_millis(at.wall.as_millis().saturating_add_signed(known)),
            ..at
        }
    }
}

/// Forgets session and key.
pub(super) async fn forget() {
    drop(store::forget(&[SESSION]).await);
    keys::forget().await;
}

/// The sentence in the payload of a refusal.
fn message_in(content: &[u8]) -> String {
    let value = Value::parse(content).unwrap_or_default();
    value["message"].as_str().unwrap_or_default().to_owned()
}

fn refused(code: &str, detail: &str) -> Failure {
    Failure::Refused { code: code.to_owned(), detail: detail.to_owned() }
}

fn unreachable(Unreachable(why): Unreachable) -> Failure {
    Failure::Unreachable(why)
}

fn cannot_sign(error: JsValue) -> Failure {
    refused("no_key", &super::describe(&error))
}

fn no_trust(error: NoTrust) -> Failure {
    match error {
        NoTrust::Unreachable(why) => Failure::Unreachable(why),
        NoTrust::Refused(error) => refused("not_believed", &error.to_string()),
    }
}
