//! From an address to a session: a key, a code, and the server's signed word that they belong together.

use super::http::{self, Answer, Unreachable};
use super::keys::Key;
use super::link::Link;
use super::trust::{self, NoTrust};
use super::{clock, describe, device_name, random, yield_now};
use crate::kept::Kept;
use crate::login::Trouble;
use crate::said::Read;
use countersign::offset::offset_of_one;
use countersign::register::{UnsignedRegister, code_hash};
use countersign::verify::{Pending, VerifiedResponse, verify_response};
use countersign::{
    Keyset, LoginId, PayloadHash, Realm, RegisterHeader, RequestId, ResultCode, Timestamp,
};
use countersign_app::login::{LoginView, PowView, is_same, normalise, solve_among};
use countersign_app::trust::Trust;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;

/// Hashes between two looks at the page.
const STEP: u64 = 20_000;

/// A login that was begun.
#[derive(Clone)]
pub struct Login {
    key: Key,
    realm: Realm,
    id: LoginId,
    view: LoginView,
}

impl Login {
    /// Makes a key and tells the server the address and its public half.
    pub async fn open(address: &str) -> Result<Self, Trouble> {
        let key = Key::generate().await.map_err(|_| Trouble::NoKey)?;
        let pk = hex::encode(key.public().as_bytes());
        let alg = countersign::key::ALG_ED25519;
        let body = json!({ "address": address, "key": { "alg": alg, "pk": pk } }).to_string();
        let answer = http::post("/login", http::JSON, body.as_bytes()).await?;
        let view = read_view(&answer)?;
        if !is_same(address, &view.address) {
            return Err(Trouble::AddressChanged(view.address));
        }
        let unreadable = || Trouble::Refused("unreadable".to_owned());
        let realm = Realm::new(&view.app, &view.audience).map_err(|_| unreadable())?;
        let id = view.login_id.parse().map_err(|_| unreadable())?;
        Ok(Self { key, realm, id, view })
    }

    /// Whether it is the same login, however far it is.
    pub fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// The address as the server writes it.
    pub fn address(&self) -> &str {
        &self.view.address
    }

    /// Has a code sent, after the proof of work if one is asked for; `working` hears of it.
    pub async fn send_code(&mut self, locale: &str, working: impl Fn()) -> Result<(), Trouble> {
        // A server that comes under attack between the two steps asks for work only at the second: then once more, with it.
        for last_try in [false, true] {
            let nonce = self.fulfil(&working).await?;
            let body = json!({
                "login_id": self.id.to_string(),
                "name": device_name(),
                "platform": "web",
                "locale": locale,
                "pow_nonce": nonce,
            });
            let body = body.to_string();
            let answer = http::post("/login/code", http::JSON, body.as_bytes()).await?;
            self.view = read_view(&answer)?;
            if answer.status == 200 {
                return Ok(());
            }
            if nonce.is_some() || self.view.pow.is_none() || last_try {
                return Err(match self.view.next_code_ms {
                    Some(wait_ms) => Trouble::TooSoon(wait_ms.div_ceil(1000)),
                    None => Trouble::NoMoreCodes,
                });
            }
        }
        Err(Trouble::NoMoreCodes)
    }

    /// Proves the key and the code.
    pub async fn register(&self, typed: &str) -> Result<Link, Trouble> {
        let (trust, keyset) = trust::establish(&self.realm).await.map_err(no_trust)?;
        let code = normalise(typed);
        let mut time = clock::read().wall;
        // The first try may carry a wrong clock's time; the signed refusal carries the right one. One correction, as for requests.
        for last_try in [false, true] {
            let unsigned = self.unsigned(&code, time)?;
            let signature = self.key.sign(unsigned.signing_input()).await;
            let frame = unsigned.seal(&signature.map_err(|_| Trouble::NoKey)?);
            let sent = clock::read();
            let answer = http::post("/login/register", http::FRAME, &frame).await?;
            if !answer.is_frame() {
                return Err(refusal(&answer));
            }
            let received = clock::read();
            let verified = self.verify(&keyset, &unsigned, &answer.body)?;
            if verified.header.result == ResultCode::STALE_TIMESTAMP && !last_try {
                time = verified.header.timestamp;
                continue;
            }
            let offset_ms = offset_of_one(sent, received, verified.header.timestamp);
            return self.judge(trust, &verified, offset_ms);
        }
        Err(Trouble::Refused(ResultCode::STALE_TIMESTAMP.name().to_owned()))
    }

    fn verify<'f>(
        &self,
        keyset: &Keyset,
        unsigned: &UnsignedRegister,
        answer: &'f [u8],
    ) -> Result<VerifiedResponse<'f>, Trouble> {
        let pending = Pending { reply_to: unsigned.reply_to() };
        let verified = verify_response(&self.realm, keyset, &pending, None, answer)
            .map_err(|_| Trouble::NotBelieved)?;
        let current = keyset.check_current(verified.header.timestamp);
        current.map_err(|_| Trouble::NotBelieved)?;
        Ok(verified)
    }

    fn judge(
        &self,
        trust: Trust,
        verified: &VerifiedResponse<'_>,
        offset_ms: i64,
    ) -> Result<Link, Trouble> {
        let unreadable = || Trouble::Refused("unreadable".to_owned());
        let said = Value::parse(verified.content).unwrap_or_default();
        match verified.header.result {
            ResultCode::OK => {}
            ResultCode::CODE_INVALID => {
                let left = said["attempts_left"].as_u64().ok_or_else(unreadable)?;
                return Err(Trouble::CodeWrong(left));
            }
            other => return Err(Trouble::Refused(other.name().to_owned())),
        }
        let kept = Kept {
            session_id: String::read(&said["session_id"]).ok_or_else(unreadable)?,
            address: self.view.address.clone(),
            epoch: verified.header.epoch.to_string(),
            offset_ms: Some(offset_ms),
        };
        Link::new(self.key.clone(), trust, kept).ok_or_else(unreadable)
    }

    fn unsigned(&self, code: &str, time: Timestamp) -> Result<UnsignedRegister, Trouble> {
        let header = RegisterHeader {
            login: self.id,
            timestamp: time,
            request_id: RequestId::from_bytes(random().map_err(|_| Trouble::NoKey)?),
            alg: countersign::key::ALG_ED25519,
            public_key: [0; 32],
            address: self.view.address.clone(),
            code_hash: code_hash(code),
            payload_hash: PayloadHash::from_bytes([0; 32]),
        };
        let payload = json!({ "code": code, "name": device_name(), "platform": "web" });
        let payload = payload.to_string().into_bytes();
        Ok(UnsignedRegister::new(&self.realm, self.key.public(), header, payload))
    }

    /// Does what the server asks for before it sends a code.
    async fn fulfil(&self, working: &impl Fn()) -> Result<Option<u64>, Trouble> {
        if let Some(other) = self.view.requested_information.iter().find(|it| *it != "pow") {
            return Err(Trouble::Refused(other.clone()));
        }
        match &self.view.pow {
            None => Ok(None),
            Some(asked) => {
                working();
                solve(asked).await.map(Some)
            }
        }
    }
}

/// Works in small steps, so that the page stays alive.
async fn solve(asked: &PowView) -> Result<u64, Trouble> {
    let unreadable = |_| Trouble::Refused("unreadable".to_owned());
    let challenge = hex::decode(&asked.challenge).map_err(unreadable)?;
    for step in 0..u64::MAX / STEP {
        let nonces = step * STEP..=step * STEP + STEP - 1;
        let found = solve_among(&challenge, asked.bits, nonces);
        if let Some(nonce) = found.map_err(|it| Trouble::Refused(it.to_string()))? {
            return Ok(nonce);
        }
        yield_now().await;
    }
    Err(Trouble::NoMoreCodes)
}

fn read_view(answer: &Answer) -> Result<LoginView, Trouble> {
    // A refusal that says how long to wait has the same shape as a success.
    let view = Value::parse(&answer.body).and_then(|it| view(&it));
    view.ok_or_else(|| refusal(answer))
}

/// By hand, as everything else: code made for the type would be a twentieth of all that a browser loads.
fn view(value: &Value) -> Option<LoginView> {
    let pow = &value["pow"];
    let pow = match pow.is_null() {
        true => None,
        false => Some(PowView {
            challenge: Read::read(&pow["challenge"])?,
            bits: Read::read(&pow["bits"])?,
        }),
    };
    let number = |name: &str| Option::<u64>::read(&value[name]);
    Some(LoginView {
        login_id: Read::read(&value["login_id"])?,
        address: Read::read(&value["address"])?,
        audience: Read::read(&value["audience"])?,
        app: Read::read(&value["app"])?,
        code_length: Option::read(&value["code_length"])?.unwrap_or_default(),
        expires_ms: number("expires_ms")?.unwrap_or_default(),
        allowed_to_request_code: value["allowed_to_request_code"].as_bool().unwrap_or_default(),
        next_code_ms: number("next_code_ms")?,
        next_verification_attempt_ms: number("next_verification_attempt_ms")?,
        attempts_left: Option::read(&value["attempts_left"])?.unwrap_or_default(),
        requested_information: Read::read(&value["requested_information"])?,
        pow,
    })
}

fn refusal(answer: &Answer) -> Trouble {
    match (answer.status, answer.retry_after_s) {
        (400, _) => Trouble::AddressUnusable,
        (429, Some(seconds)) => Trouble::TooSoon(seconds),
        (429, None) => Trouble::NoMoreCodes,
        (500.., _) => Trouble::Unreachable,
        (status, _) => Trouble::Refused(status.to_string()),
    }
}

impl From<Unreachable> for Trouble {
    fn from(_: Unreachable) -> Self {
        Self::Unreachable
    }
}

fn no_trust(error: NoTrust) -> Trouble {
    match error {
        NoTrust::Unreachable(_) => Trouble::Unreachable,
        NoTrust::Refused(_) | NoTrust::OtherRealm => Trouble::NotBelieved,
    }
}

impl From<JsValue> for Trouble {
    fn from(error: JsValue) -> Self {
        Self::Refused(describe(&error))
    }
}
