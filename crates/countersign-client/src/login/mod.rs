//! Sign-up and login: an address, a code, and a key that never leaves this device.

pub use countersign_app::login::{BITS_MAX, LoginView, PowTooHard, PowView, normalise, solve};

use crate::random::{RandomError, generate_key, random};
use crate::server::Server;
use crate::transport::{HttpAnswer, TransportError};
use countersign::domain::RealmError;
use countersign::keyset::KeysetError;
use countersign::offset::Reading;
use countersign::register::{UnsignedRegister, code_hash};
use countersign::verify::{Pending, ResponseError, VerifiedResponse, verify_response};
use countersign::{
    Epoch, Keyset, LoginId, PayloadHash, Realm, RegisterHeader, RequestId, ResultCode, SessionId,
    Signer, SigningKey, Timestamp, UserId,
};
use countersign_app::login::is_same;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a login cannot be begun, or a code not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoginError {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// No key could be made.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// An answer that does not fit the protocol.
    #[error("the server's answer to the login cannot be used: {0}")]
    Unreadable(String),
    /// The server would have somebody else's address signed.
    #[error(
        "'{typed}' was given, but the server made '{found}' of it; write the address out in full"
    )]
    OtherAddress {
        /// What the user gave.
        typed: String,
        /// What the server made of it.
        found: String,
    },
    /// A realm that cannot be one.
    #[error("the server names an impossible realm: {0}")]
    Realm(#[from] RealmError),
    /// Too early for another code.
    #[error("no code can be sent yet; try again in {} s", wait_ms.div_ceil(1000))]
    NotYet {
        /// How long to wait.
        wait_ms: u64,
    },
    /// No more codes in this login, because of the limits of the address.
    #[error(
        "this login gets no more codes; an address gets a few per hour, so wait before you begin another"
    )]
    NoMoreCodes,
    /// Something that only another program can do.
    #[error("the server asks for '{0}' before it sends a code; this program cannot do that")]
    Unsupported(String),
    /// Too much work.
    #[error(transparent)]
    Pow(#[from] PowTooHard),
}

/// Why a code did not end in a session.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegisterError {
    /// No answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// An answer that is not to be believed.
    #[error(transparent)]
    Answer(#[from] ResponseError),
    /// The key set that verified it ran out, by the server's time.
    #[error(transparent)]
    Keyset(#[from] KeysetError),
    /// Wrong, used, expired or foreign; the server does not say which.
    #[error("the code is not right, or not any more; {attempts_left} attempts are left")]
    CodeInvalid {
        /// Attempts left in this login.
        attempts_left: u32,
    },
    /// Another signed refusal.
    #[error("the server refused the registration: {0}")]
    Refused(ResultCode),
    /// A signed answer without the members that it must have.
    #[error("the server's answer to the registration cannot be used: {0}")]
    Unreadable(String),
}

/// A login that was begun. Holds the new key.
#[derive(Debug)]
pub struct Login {
    key: SigningKey,
    realm: Realm,
    id: LoginId,
    view: LoginView,
}

/// A session that the server confirmed with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The session.
    pub session_id: SessionId,
    /// The account.
    pub user_id: UserId,
    /// Whether the account was made just now.
    pub new_user: bool,
    /// What the session may do.
    pub scopes: Vec<String>,
    /// The server's epoch.
    pub epoch: Epoch,
    /// Server time minus this machine's clock, in milliseconds.
    pub offset_ms: i64,
}

impl Login {
    /// Makes a key and tells the server the address and its public half.
    pub async fn open(server: &Server, address: &str) -> Result<Self, LoginError> {
        #[derive(Serialize)]
        struct Key {
            alg: u8,
            pk: String,
        }
        #[derive(Serialize)]
        struct Open<'a> {
            address: &'a str,
            key: Key,
        }
        let key = generate_key()?;
        let pk = hex::encode(key.verifying_key().as_bytes());
        let body = Open { address, key: Key { alg: countersign::key::ALG_ED25519, pk } };
        let view = read_view(server, &server.post_json("/login", &body).await?)?;
        if !is_same(address, &view.address) {
            let (typed, found) = (address.to_owned(), view.address);
            return Err(LoginError::OtherAddress { typed, found });
        }
        let realm = Realm::new(&view.app, &view.audience)?;
        let id = view.login_id.parse().map_err(|_| {
            LoginError::Unreadable("its login_id has not 32 hexadecimal digits".to_owned())
        })?;
        Ok(Self { key, realm, id, view })
    }

    /// What the server last said about this login.
    pub fn view(&self) -> &LoginView {
        &self.view
    }

    /// The realm that the server claims. Its key set has to be signed for it by a trusted root.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Has a code sent, after the proof of work if one is asked for. The message with the code names the device.
    pub async fn send_code(
        &mut self,
        server: &Server,
        device_name: &str,
    ) -> Result<(), LoginError> {
        #[derive(Serialize)]
        struct Send<'a> {
            login_id: String,
            name: &'a str,
            platform: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            pow_nonce: Option<u64>,
        }
        // A server that comes under attack between the two steps asks for work only at the second: then once more, with it.
        for last_try in [false, true] {
            let pow_nonce = self.fulfil().await?;
            let body = Send {
                login_id: self.id.to_string(),
                name: device_name,
                platform: std::env::consts::OS,
                pow_nonce,
            };
            let answer = server.post_json("/login/code", &body).await?;
            self.view = read_view(server, &answer)?;
            if answer.status == 200 {
                return Ok(());
            }
            if pow_nonce.is_some() || self.view.pow.is_none() || last_try {
                return Err(match self.view.next_code_ms {
                    Some(wait_ms) => LoginError::NotYet { wait_ms },
                    None => LoginError::NoMoreCodes,
                });
            }
        }
        Err(LoginError::NoMoreCodes)
    }

    /// Proves the key and the code. On success take the key with [`Self::into_key`].
    pub async fn register(
        &self,
        server: &Server,
        keyset: &Keyset,
        typed_code: &str,
        device_name: &str,
    ) -> Result<Registered, RegisterError> {
        let code = normalise(typed_code);
        let mut time = server.clock.read().wall;
        // The first try may carry a wrong clock's time; the signed refusal carries the right one. One correction, as for requests.
        for last_try in [false, true] {
            let register = self.unsigned(&code, device_name, time)?;
            let sent = server.clock.read();
            let frame = register.sign(&self.key);
            let within = server.transport.limits().answer;
            let answer = server.post_frame("/login/register", &frame, within).await?;
            let received = server.clock.read();
            let pending = Pending { reply_to: register.reply_to() };
            let verified = verify_response(&self.realm, keyset, &pending, None, &answer)?;
            keyset.check_current(verified.header.timestamp)?;
            if verified.header.result == ResultCode::STALE_TIMESTAMP && !last_try {
                time = verified.header.timestamp;
                continue;
            }
            return judge(&verified, sent, received);
        }
        Err(RegisterError::Refused(ResultCode::STALE_TIMESTAMP))
    }

    /// The new key, to be kept before it is registered: a session whose key was lost helps nobody.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The key of the new session.
    pub fn into_key(self) -> SigningKey {
        self.key
    }

    fn unsigned(
        &self,
        code: &str,
        device_name: &str,
        timestamp: Timestamp,
    ) -> Result<UnsignedRegister, RegisterError> {
        let header = RegisterHeader {
            login: self.id,
            timestamp,
            request_id: RequestId::from_bytes(random()?),
            alg: countersign::key::ALG_ED25519,
            public_key: [0; 32],
            address: self.view.address.clone(),
            code_hash: code_hash(code),
            payload_hash: PayloadHash::from_bytes([0; 32]),
        };
        let payload = serde_json::json!({
            "code": code, "name": device_name, "platform": std::env::consts::OS
        });
        let payload = payload.to_string().into_bytes();
        Ok(UnsignedRegister::new(&self.realm, self.key.verifying_key(), header, payload))
    }

    /// Does what the server asks for before it sends a code.
    async fn fulfil(&self) -> Result<Option<u64>, LoginError> {
        if let Some(other) = self.view.requested_information.iter().find(|i| *i != "pow") {
            return Err(LoginError::Unsupported(other.clone()));
        }
        let Some(asked) = &self.view.pow else { return Ok(None) };
        let challenge = hex::decode(&asked.challenge)
            .map_err(|_| LoginError::Unreadable("its challenge is not hexadecimal".to_owned()))?;
        let bits = asked.bits;
        let solved = tokio::task::spawn_blocking(move || solve(&challenge, bits)).await;
        let nonce = solved.map_err(|e| LoginError::Unreadable(e.to_string()))??;
        Ok(Some(nonce))
    }
}

fn read_view(server: &Server, answer: &HttpAnswer) -> Result<LoginView, LoginError> {
    match serde_json::from_slice(&answer.body) {
        // A refusal that says how long to wait has the same shape as a success.
        Ok(view) => Ok(view),
        Err(error) if answer.status == 200 => Err(LoginError::Unreadable(error.to_string())),
        Err(_) => Err(server.transport.unsigned(answer).into()),
    }
}

fn judge(
    verified: &VerifiedResponse<'_>,
    sent: Reading,
    received: Reading,
) -> Result<Registered, RegisterError> {
    #[derive(Deserialize)]
    struct CodeInvalid {
        attempts_left: u32,
    }
    #[derive(Deserialize)]
    struct Done {
        session_id: String,
        user_id: String,
        #[serde(default)]
        new_user: bool,
        #[serde(default)]
        scopes: Vec<String>,
    }
    let unreadable = |why: &dyn std::fmt::Display| RegisterError::Unreadable(why.to_string());
    match verified.header.result {
        ResultCode::OK => {}
        ResultCode::CODE_INVALID => {
            let body: CodeInvalid =
                serde_json::from_slice(verified.content).map_err(|e| unreadable(&e))?;
            return Err(RegisterError::CodeInvalid { attempts_left: body.attempts_left });
        }
        other => return Err(RegisterError::Refused(other)),
    }
    let done: Done = serde_json::from_slice(verified.content).map_err(|e| unreadable(&e))?;
    let half_way = received.monotonic.saturating_sub(sent.monotonic) / 2;
    let server_now = verified.header.timestamp.plus(half_way).as_millis();
    Ok(Registered {
        session_id: done.session_id.parse().map_err(|e| unreadable(&e))?,
        user_id: done.user_id.parse().map_err(|e| unreadable(&e))?,
        new_user: done.new_user,
        scopes: done.scopes,
        epoch: verified.header.epoch,
        offset_ms: server_now.wrapping_sub(received.wall.as_millis()) as i64,
    })
}
