//! Sessions in a store, the way a login puts them there.

use crate::failure::Result;
use countersign::{LoginId, SessionId, Signer, SigningKey, Timestamp, UserId, VerifyingKey};
use countersign_server::random;
use countersign_store::{
    Attempt, AttemptedCode, Channel, CodeIssue, CodeMac, LoginLimits, NewCode, NewLogin,
    NewMessage, NewSession, Store,
};
use std::time::Duration;

const MAC: CodeMac = CodeMac([7; 32]);

const LIMITS: LoginLimits = LoginLimits {
    code_life: Duration::from_secs(600),
    attempts: 5,
    resend_after: Duration::from_secs(60),
    per_hour: 5,
    per_day: 20,
};

/// Somebody with a new key and an address of their own.
#[derive(Debug)]
pub(crate) struct Applicant {
    pub(crate) seed: [u8; 32],
    pub(crate) session: SessionId,
    key: VerifyingKey,
    login: LoginId,
    user: UserId,
}

impl Applicant {
    /// With fresh random ids.
    pub(crate) fn draw() -> Result<Self> {
        let seed = random::bytes()?;
        Ok(Self {
            seed,
            session: SessionId::from_bytes(random::bytes()?),
            key: SigningKey::from_seed(&seed).verifying_key().clone(),
            login: LoginId::from_bytes(random::bytes()?),
            user: UserId::from_bytes(random::bytes()?),
        })
    }

    /// Opens the login and has a code issued. Its message has expired already: nothing is sent.
    pub(crate) async fn apply(&self, store: &impl Store, now: Timestamp) -> Result<()> {
        let to = format!("{}@example.org", self.login);
        let login = NewLogin {
            id: self.login,
            address: to.clone(),
            channel: Channel::Email,
            fingerprint: *self.key.fingerprint(),
            pow: None,
            limits: LIMITS,
            now,
        };
        store.open_login(login).await?;
        let message = NewMessage {
            channel: Channel::Email,
            user: None,
            to,
            subject: "code".to_owned(),
            body: "123456".to_owned(),
            expires: now,
        };
        match store.issue_code(self.login, NewCode { mac: MAC, message }, LIMITS, now).await? {
            CodeIssue::Issued(_) => Ok(()),
            CodeIssue::TooSoon(_) | CodeIssue::NoLogin => Err("no code was issued".into()),
        }
    }

    /// Claims the attempt, which registers the session.
    pub(crate) async fn register(&self, store: &impl Store, now: Timestamp) -> Result<()> {
        let session = NewSession {
            id: self.session,
            user_if_new: self.user,
            scopes_if_new: vec!["user".to_owned()],
            public_key: *self.key.as_bytes(),
            fingerprint: *self.key.fingerprint(),
            name: "bench".to_owned(),
            platform: "bench".to_owned(),
            max_per_user: 20,
        };
        match store
            .claim_login_attempt(self.login, AttemptedCode { mac: MAC }, session, now)
            .await?
        {
            Attempt::Registered(_) => Ok(()),
            Attempt::Refused { .. } => Err("a registration was refused".into()),
        }
    }
}
