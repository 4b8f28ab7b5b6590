//! A session in use: [`Session`] decides, WebCrypto signs, `fetch` carries.

use super::http::{self, Unreachable};
use super::keys::Key;
use super::trust::{self, NoTrust};
use super::{clock, random, store};
use crate::kept::Kept;
use crate::said::{self, Read};
use countersign::client::{OpenError, Outcome, Sent, Session};
use countersign::offset::Reading;
use countersign::{
    Keyset, Name, Payload, Realm, RequestId, ResultCode, SessionId, Signature, Timestamp,
    VerifyingKey,
};
use countersign_app::Failure;
use countersign_app::trust::Trust;
use js_sys::{Object, Reflect};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsValue;

/// Where the session is kept, with its key: one record, so that no tab ever sees the one with another's other half.
const SESSION: &str = "session";
/// What the record says of the session, and its key pair.
const ABOUT: &str = "about";
const KEY: &str = "key";

/// A device's session with its server.
pub struct Link {
    key: Key,
    session: RefCell<Session>,
    trust: RefCell<Trust>,
    kept: Kept,
    is_memory_only: bool,
}

enum Opened {
    Answered { result: ResultCode, content: Vec<u8> },
    Again,
}

/// What an earlier visit left behind.
pub enum Before {
    /// A session with its key.
    Session(Box<Link>),
    /// A session whose key is gone, with its address.
    Lost(String),
    /// Nothing.
    Nothing,
}

impl Link {
    /// Takes up the session of an earlier visit. An error says nothing of what is there: then nothing is deleted.
    pub async fn resume() -> Result<Before, JsValue> {
        let record = store::get(SESSION).await?;
        let Some(kept) = Kept::parse(about(&record).as_bytes()) else { return Ok(Before::Nothing) };
        let address = kept.address.clone();
        let pair = Reflect::get(&record, &KEY.into())?;
        if !pair.is_object() {
            forget(&kept).await;
            return Ok(Before::Lost(address));
        }
        let (key, trust) = (Key::kept(pair).await?, trust::remembered().await?);
        let link = trust.and_then(|trust| Self::new(key, trust, kept));
        Ok(link.map_or(Before::Lost(address), |mut link| {
            link.is_memory_only = false;
            Before::Session(Box::new(link))
        }))
    }

    /// A session that is registered, in memory; `None` if what is remembered of it makes no sense.
    pub fn new(key: Key, trust: Trust, kept: Kept) -> Option<Self> {
        let id: SessionId = kept.session_id.parse().ok()?;
        let keyset = trust.keyset().ok()?;
        let mut session = Session::new(trust.realm().clone(), id, key.public().clone(), keyset);
        if let Ok(epoch) = kept.epoch.parse() {
            session.resume_epoch(epoch);
        }
        let (session, trust) = (RefCell::new(session), RefCell::new(trust));
        Some(Self { key, session, trust, kept, is_memory_only: true })
    }

    /// The session, as it was when it was taken up.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The deployment.
    pub fn realm(&self) -> Realm {
        self.trust.borrow().realm().clone()
    }

    /// The server's keys, as they are believed now.
    pub fn keyset(&self) -> Keyset {
        self.session.borrow().keyset().clone()
    }

    /// Which server keys are believed.
    pub fn trust(&self) -> Trust {
        self.trust.borrow().clone()
    }

    /// The public half of the session's key.
    pub fn public(&self) -> &VerifyingKey {
        self.key.public()
    }

    /// Signs what is no request: evidence for somebody else than the server.
    pub async fn sign_evidence(&self, message: &[u8]) -> Result<Signature, Failure> {
        self.key.sign(message).await.map_err(cannot_sign)
    }

    /// The server's time, as well as it is known.
    pub fn server_now(&self) -> Timestamp {
        let wall = clock::read().wall.as_millis();
        Timestamp::from_millis(
            wall.saturating_add_signed(self.offset_ms().or(self.kept.offset_ms).unwrap_or(0)),
        )
    }

    /// Whether the key is gone with the page.
    pub fn is_memory_only(&self) -> bool {
        self.is_memory_only
    }

    /// Keeps session and key for the first time, in one record, and looks whether what was kept can be used: some browsers say yes
    /// and keep nothing.
    pub async fn settle(&mut self) {
        let kept = async {
            store::change(SESSION, &|_| self.record()).await?;
            let record = store::get(SESSION).await?;
            Key::kept(Reflect::get(&record, &KEY.into())?).await
        };
        let kept = kept.await;
        self.is_memory_only = !kept.is_ok_and(|it| it.public() == self.key.public());
    }

    /// Remembers epoch and clock, unless another tab has logged in again. A session whose key is not kept is not remembered either.
    pub async fn keep(&self) {
        if self.is_memory_only {
            return;
        }
        let becomes = |there| self.kept.owns(&about(&there)).then(|| self.record()).flatten();
        drop(store::change(SESSION, &becomes).await);
    }

    fn record(&self) -> Option<JsValue> {
        let kept = Kept {
            epoch: self.session.borrow().epoch().to_string(),
            offset_ms: self.offset_ms().or(self.kept.offset_ms),
            ..self.kept.clone()
        };
        let record = Object::new();
        Reflect::set(&record, &ABOUT.into(), &kept.text().into()).ok()?;
        Reflect::set(&record, &KEY.into(), self.key.pair()).ok()?;
        Some(record.into())
    }

    /// Server time minus this device's, in milliseconds.
    pub fn offset_ms(&self) -> Option<i64> {
        let beyond = self.session.borrow().clock().offset_ms(self.read_clock())?;
        Some(beyond.saturating_add(self.kept.offset_ms.unwrap_or(0)))
    }

    /// Sends a signed request and gives out the payload of its verified answer.
    pub async fn call(&self, message_type: &str, payload: &[u8]) -> Result<Vec<u8>, Failure> {
        let name = Name::new(message_type).map_err(|_| refused("invalid", "no message type"))?;
        let (result, content) = self.answer(name, payload).await?;
        match result.is_ok() {
            true => Ok(content),
            false => Err(refused(result.name(), &message_in(&content))),
        }
    }

    /// The same where a refusal has reasons that are to be told apart: its code is the reason.
    pub async fn call_for_reason(
        &self,
        message_type: &str,
        payload: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let name = Name::new(message_type).map_err(|_| refused("invalid", "no message type"))?;
        let (result, content) = self.answer(name, payload).await?;
        if result.is_ok() {
            return Ok(content);
        }
        let said = Value::parse(&content).unwrap_or_default();
        let code = said["reason"].as_str().unwrap_or(result.name());
        Err(refused(code, &message_in(&content)))
    }

    async fn answer(&self, name: Name, payload: &[u8]) -> Result<(ResultCode, Vec<u8>), Failure> {
        self.renew_expired_keyset().await?;
        let (result, content) = self.exchange(name, payload).await?;
        if result == ResultCode::UNAUTHENTICATED {
            // Once may be a fault; twice in a row is a verdict. The second question changes nothing on the server.
            self.hello().await?;
        }
        // The answer may have taught the time by which the set that verified it has run out.
        self.renew_expired_keyset().await?;
        Ok((result, content))
    }

    async fn exchange(&self, name: Name, payload: &[u8]) -> Result<(ResultCode, Vec<u8>), Failure> {
        let mut before = None;
        loop {
            let (frame, sent) = self.sign(name, payload, before).await?;
            let answer = http::post("/x", http::FRAME, &frame).await.map_err(unreachable)?;
            let at = self.read_clock();
            if !answer.is_frame() {
                return Err(said::unsigned(answer.status));
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

/// Forgets a session and its key. Says whether nothing is kept now: `false` if it was another one's record, which stays.
pub async fn forget(kept: &Kept) -> bool {
    let is_others = Cell::new(false);
    let becomes = |there: JsValue| {
        is_others.set(!there.is_undefined() && !kept.owns(&about(&there)));
        (!is_others.get()).then_some(JsValue::UNDEFINED)
    };
    drop(store::change(SESSION, &becomes).await);
    !is_others.get()
}

/// What a record says of its session.
fn about(record: &JsValue) -> String {
    let about = Reflect::get(record, &ABOUT.into()).ok();
    about.and_then(|it| it.as_string()).unwrap_or_default()
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
        NoTrust::OtherRealm => refused("not_believed", "another realm"),
    }
}
