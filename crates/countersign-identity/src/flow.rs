//! The login flow of PROTOCOL.md section 11, without its HTTP: open, send a code, register.
//!
//! Nothing in here asks whether an address has an account: the same steps run for everybody, and mail is only
//! enqueued, so that neither answer nor latency tells.
//!
//! | check | where |
//! |-|-|
//! | L1 attempts are counted before the code is compared | the store's `claim_login_attempt` |
//! | L2 a code is bound to its login and key | [`crate::code`], and the store |
//! | L3 the new key signed the register frame; L5 it is not weak | the caller |
//! | L4 the signed code hash is the one of the typed code | the caller, with [`TypedCode::matches`] |
//! | L6 codes per address | the store's `issue_code` |
//! | L7 calls per network | [`crate::limits::network`] |
//! | L8 proof of work | here, with [`crate::pow`] |
//! | L9 logins end | the store, and here |

use crate::address::{Address, AddressError, Country};
use crate::code::{LoginCode, Pepper, RandomError, TypedCode, fill_random};
use crate::config::{LoginConfig, MailMode, PowMode, SmsConfig};
use crate::guards::Guards;
pub use crate::guards::IdentityStats;
use crate::limits::{Endpoint, SmsRefusal};
use crate::pow::Challenge;
use crate::sender::Wake;
use crate::sender::sms::SmsText;
pub use crate::text::{DeviceLabel, Locale};
pub use crate::view::{LoginView, PowView};
use countersign::{Fingerprint, LoginId, Realm, SessionId, Timestamp, UserId};
use countersign_store::{
    Attempt, AttemptedCode, Channel, CodeIssue, LoginState, NewCode, NewLogin, NewMessage,
    NewSession, Registered, Store, StoreError,
};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long the notice of a new device is worth sending.
const NOTICE_LIFE: Duration = Duration::from_secs(24 * 3600);

/// Ties addresses, codes, limits and the store together. One per process; share it behind an `Arc`.
#[derive(Debug)]
pub struct Identity<S> {
    store: Arc<S>,
    realm: Realm,
    login: LoginConfig,
    mail: MailMode,
    default_country: Option<Country>,
    pepper: Pepper,
    guards: Guards,
    wake: Wake,
}

/// What may come with the wish for a code.
#[derive(Debug, Clone, Default)]
pub struct CodeRequest {
    /// Solution of the proof of work.
    pub pow_nonce: Option<u64>,
    /// Shown in the mail.
    pub device: Option<DeviceLabel>,
    /// Language of the message; the configured one if absent.
    pub locale: Option<Locale>,
}

/// The device that a register frame proved: signature, code hash and strength of the key were checked.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// Ed25519 public key.
    pub public_key: [u8; 32],
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The address that the frame signs.
    pub address: String,
    /// Shown in the list of sessions; cut to 64 characters.
    pub name: String,
    /// What the device says it is; cut to 32 characters.
    pub platform: String,
    /// Scopes of an account that this creates.
    pub scopes_if_new: Vec<String>,
    /// Live sessions per account at most.
    pub max_per_user: u32,
}

/// Why no login was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// This server sends no such messages, or not to this country.
    #[error("codes cannot be sent to addresses of this kind here")]
    NotServed,
    /// The network asked too often.
    #[error("too many logins were opened from this network")]
    RateLimited {
        /// Time until the next try can succeed.
        retry_after: Duration,
    },
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendCodeError {
    /// No such login, or it ended.
    #[error("this login does not exist or has ended; open a new one")]
    NoLogin,
    /// A proof of work is needed, or the given one is wrong.
    #[error("a proof of work is needed before a code is sent")]
    PowRequired(Box<LoginView>),
    /// A limit of the address stands against it; the view says until when.
    #[error("another code can be sent later")]
    TooSoon(Box<LoginView>),
    /// The network asked too often.
    #[error("too many codes were asked for from this network")]
    RateLimited {
        /// Time until the next try can succeed.
        retry_after: Duration,
    },
    /// The budget of text messages stands against it.
    #[error(transparent)]
    Sms(#[from] SmsRefusal),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no device was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Wrong, used, expired or foreign code; deliberately one answer.
    #[error("the code is not valid")]
    CodeInvalid {
        /// Attempts left for the current code.
        attempts_left: u32,
    },
    /// The network tried too often.
    #[error("too many codes were tried from this network")]
    RateLimited {
        /// Time until the next try can succeed.
        retry_after: Duration,
    },
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The store failed; no session exists.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<S: Store> Identity<S> {
    /// A flow over this store. `wake` is the one that [`crate::sender::Outbox`] listens to.
    pub fn new(
        store: Arc<S>,
        realm: Realm,
        login: LoginConfig,
        mail: MailMode,
        sms: &SmsConfig,
        pepper: Pepper,
        wake: Wake,
    ) -> Self {
        if !sms.served().is_empty() {
            // Reading the metadata of the world's telephone numbers takes a tenth of a second, once: not in a request.
            let _ = Address::parse("+33612345678", None);
        }
        let guards = Guards::new(&login, sms);
        let default_country = sms.default_country;
        Self { store, realm, login, mail, default_country, pepper, guards, wake }
    }

    /// Opens a login for an address and the only key that may register with it (step 1).
    pub async fn open(
        &self,
        address: &str,
        fingerprint: Fingerprint,
        ip: IpAddr,
        now: Timestamp,
    ) -> Result<LoginView, OpenError> {
        let limited = |retry_after| OpenError::RateLimited { retry_after };
        self.guards.take(Endpoint::Open, ip, now).map_err(limited)?;
        let address = Address::parse(address, self.default_country)?;
        if !self.serves(&address) {
            return Err(OpenError::NotServed);
        }
        let mut id = [0; LoginId::LEN];
        fill_random(&mut id)?;
        let pow = match self.needs_pow(address.channel(), now) {
            true => Some(Challenge::new(self.login.pow_bits)?.as_bytes().to_vec()),
            false => None,
        };
        let limits = self.login.limits(address.channel());
        let login = NewLogin {
            id: LoginId::from_bytes(id),
            address: address.as_str().to_owned(),
            channel: address.channel(),
            fingerprint,
            pow,
            limits,
            now,
        };
        let state = self.store.open_login(login).await?;
        self.guards.opened();
        Ok(self.view(&state, now))
    }

    /// Issues a code and enqueues its message (step 3).
    pub async fn send_code(
        &self,
        id: LoginId,
        request: CodeRequest,
        ip: IpAddr,
        now: Timestamp,
    ) -> Result<LoginView, SendCodeError> {
        let limited = |retry_after| SendCodeError::RateLimited { retry_after };
        self.guards.take(Endpoint::Code, ip, now).map_err(limited)?;
        let state = self.find(id, now).await?.ok_or(SendCodeError::NoLogin)?; // [L9]
        let challenge = state.pow.clone().map(Challenge::from_bytes);
        let solves = |challenge: &Challenge| {
            request.pow_nonce.is_some_and(|nonce| challenge.is_solved_by(nonce))
        };
        if challenge.is_some_and(|challenge| !solves(&challenge)) {
            return Err(SendCodeError::PowRequired(Box::new(self.view(&state, now)))); // [L8]
        }
        let country = country_of(&state);
        if let Some(country) = country {
            self.guards.spend_sms(country, now)?;
        }
        let issued = self.issue(&state, &request, now).await;
        match (&issued, country) {
            (Ok(CodeIssue::Issued(_)), _) | (_, None) => {}
            (Ok(CodeIssue::TooSoon(_) | CodeIssue::NoLogin) | Err(_), Some(country)) => {
                self.guards.refund_sms(country);
            }
        }
        match issued? {
            CodeIssue::Issued(state) => {
                self.guards.issued();
                self.wake.wake();
                Ok(self.view(&state, now))
            }
            CodeIssue::TooSoon(state) => {
                Err(SendCodeError::TooSoon(Box::new(self.view(&state, now)))) // [L6]
            }
            CodeIssue::NoLogin => Err(SendCodeError::NoLogin),
        }
    }

    /// The state of a login; `None` if it never existed or has ended.
    pub async fn state(
        &self,
        id: LoginId,
        now: Timestamp,
    ) -> Result<Option<LoginView>, StoreError> {
        let state = self.find(id, now).await?; // [L9]
        Ok(state.map(|state| self.view(&state, now)))
    }

    /// Spends one attempt; if the code is right, the device's session exists and is durable (step 4).
    ///
    /// The caller has checked the frame's signature by the new key (L3), [`TypedCode::matches`] (L4), and that the
    /// key is not weak (L5).
    pub async fn register(
        &self,
        id: LoginId,
        typed: &TypedCode,
        device: NewDevice,
        ip: IpAddr,
        now: Timestamp,
    ) -> Result<Registered, RegisterError> {
        let limited = |retry_after| RegisterError::RateLimited { retry_after };
        self.guards.take(Endpoint::Register, ip, now).map_err(limited)?;
        let attempt = match self.find(id, now).await? {
            Some(state) if state.address == device.address => {
                let attempted = AttemptedCode { mac: typed.mac(&self.pepper, id) };
                let session = new_session(device, now)?;
                // [L1] One step of the store: the attempt is counted, and only then the code compared.
                self.store.claim_login_attempt(id, attempted, session, now).await?
            }
            // [L2] The frame was signed for another address: whoever made it does not know what the code is for.
            Some(state) => Attempt::Refused { attempts_left: state.attempts_left },
            None => Attempt::Refused { attempts_left: 0 }, // [L9]
        };
        match attempt {
            Attempt::Registered(registered) => {
                self.guards.attempted(true, now);
                self.after_registration(&registered, now).await;
                Ok(*registered)
            }
            Attempt::Refused { attempts_left } => {
                self.guards.attempted(false, now);
                Err(RegisterError::CodeInvalid { attempts_left })
            }
        }
    }

    /// Counters for metrics and the console.
    pub fn stats(&self, now: Timestamp) -> IdentityStats {
        self.guards.stats(now)
    }

    /// The realm that messages speak for.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    fn serves(&self, address: &Address) -> bool {
        match address.country() {
            None => self.mail != MailMode::Off,
            Some(country) => self.guards.serves(country),
        }
    }

    fn needs_pow(&self, channel: Channel, now: Timestamp) -> bool {
        match (channel, self.login.pow) {
            (Channel::Sms, _) | (Channel::Email, PowMode::Always) => true,
            (Channel::Email, PowMode::Auto) => self.guards.is_tripped(now),
        }
    }

    /// The limits shape only the waiting times of the answer, which differ by channel; the channel comes with it.
    async fn find(&self, id: LoginId, now: Timestamp) -> Result<Option<LoginState>, StoreError> {
        self.store.find_login(id, self.login.limits(Channel::Email), now).await
    }

    async fn issue(
        &self,
        state: &LoginState,
        request: &CodeRequest,
        now: Timestamp,
    ) -> Result<CodeIssue, SendCodeError> {
        let limits = self.login.limits(state.channel);
        let code = LoginCode::generate(self.login.style(state.channel))?;
        let locale = request.locale.unwrap_or(self.login.locale);
        let (subject, body) = match state.channel {
            Channel::Email => {
                let device = request.device.as_ref();
                let text = locale.code_mail(&self.realm, &code, limits.code_life, device);
                (text.subject, text.body)
            }
            Channel::Sms => {
                let text = locale.code_sms(&self.realm, &code, limits.code_life);
                (String::new(), SmsText::with_code(code.expose(), &text).into_body())
            }
        };
        let message = NewMessage {
            channel: state.channel,
            user: None,
            to: state.address.clone(),
            subject,
            body,
            expires: now.plus(limits.code_life),
        };
        let new = NewCode { mac: code.mac(&self.pepper, state.id), message };
        Ok(self.store.issue_code(state.id, new, limits, now).await?)
    }

    /// Notices to accounts that existed before. A failure here does not undo the session, which is durable.
    ///
    /// Telephone numbers get none: whoever could take the code can take the notice, and each one costs.
    async fn after_registration(&self, registered: &Registered, now: Timestamp) {
        let address = Address::parse(&registered.address, self.default_country).ok();
        if let Some(country) = address.as_ref().and_then(Address::country) {
            self.guards.verified_sms(country, now);
            return;
        }
        if registered.new_user {
            return;
        }
        let session = &registered.session;
        let label = DeviceLabel::new(Some(&session.name), Some(&session.platform));
        let displaced = registered.displaced.len();
        let text = self.login.locale.new_device_mail(&self.realm, label.as_ref(), displaced);
        let message = NewMessage {
            channel: Channel::Email,
            user: Some(session.user),
            to: registered.address.clone(),
            subject: text.subject,
            body: text.body,
            expires: now.plus(NOTICE_LIFE),
        };
        match self.store.enqueue_message(message, now).await {
            Ok(_) => self.wake.wake(),
            Err(error) => {
                tracing::error!(user = %session.user, %error, "the notice of a new device could not be enqueued");
            }
        }
    }

    fn view(&self, state: &LoginState, now: Timestamp) -> LoginView {
        let length = self.login.style(state.channel).length();
        let attempts = self.login.limits(state.channel).attempts;
        LoginView::new(&self.realm, length, attempts, state, now)
    }
}

/// The country of a stored telephone number.
fn country_of(state: &LoginState) -> Option<Country> {
    match state.channel {
        Channel::Email => None,
        Channel::Sms => Address::parse(&state.address, None).ok()?.country(),
    }
}

fn new_session(device: NewDevice, now: Timestamp) -> Result<NewSession, RandomError> {
    let (mut tail, mut user) = ([0; 10], [0; UserId::LEN]);
    fill_random(&mut tail)?;
    fill_random(&mut user)?;
    Ok(NewSession {
        id: SessionId::new_v7(now, tail),
        user_if_new: UserId::from_bytes(user),
        scopes_if_new: device.scopes_if_new,
        public_key: device.public_key,
        fingerprint: device.fingerprint,
        name: crate::text::display_name(&device.name, 64),
        platform: crate::text::display_name(&device.platform, 32),
        max_per_user: device.max_per_user,
    })
}
