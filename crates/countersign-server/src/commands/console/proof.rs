//! Who may do what at the console, as types.
//!
//! A handler of the console takes a [`Desk`], and one that changes something an [`Act`]. Neither can be made anywhere else: a `Desk` is a
//! proof that the caller's account has the role now, an `Act` that besides the session is young, that a reason was given, and that both
//! are in the audit log.

use crate::app::{App, Backend};
use crate::commands::{Stop, parse};
use crate::desk::Reason;
use crate::gateway::Admitted;
use crate::reply::Reply;
use core::marker::PhantomData;
use countersign::{ResultCode, SessionId, UserId};
use countersign_store::{AuditEvent, SessionStatus, StoredSession};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What an account may be, beside a player.
pub(super) trait Role {
    /// The scopes of which each gives the role.
    const SCOPES: &'static [&'static str];
}

/// Sees everything, and acts on what is not theirs.
pub(super) struct Operator;

impl Role for Operator {
    const SCOPES: &'static [&'static str] = &[OPERATOR];
}

/// Sees events. An operator is one as well.
pub(super) struct Organiser;

impl Role for Organiser {
    const SCOPES: &'static [&'static str] = &[ORGANISER, OPERATOR];
}

/// The scope of operators.
pub(crate) const OPERATOR: &str = "operator";
/// The scope of organisers.
pub(crate) const ORGANISER: &str = "organiser";

/// The place of somebody who has the role `R`.
pub(super) struct Desk<'a, S, R = Operator> {
    app: &'a App<S>,
    admitted: &'a Admitted,
    /// As the store has it now.
    session: StoredSession,
    role: PhantomData<R>,
}

impl<'a, S: Backend, R: Role> Desk<'a, S, R> {
    /// `[O1]` Asks the store, not the session's cache: a role that was taken away is gone with the next request.
    pub(super) async fn open(app: &'a App<S>, admitted: &'a Admitted) -> Result<Self, Stop> {
        let session = app.store.find_session(admitted.session.device.id).await?;
        let session = session.filter(|it| it.status == SessionStatus::Live);
        let has_role = |scope: &String| R::SCOPES.contains(&scope.as_str());
        match session.filter(|it| it.scopes.iter().any(has_role)) {
            Some(session) => Ok(Self { app, admitted, session, role: PhantomData }),
            None => Err(Reply::error(ResultCode::FORBIDDEN).into()),
        }
    }

    /// Whether an operator sits here, whatever the role was asked for.
    pub(super) fn is_operator(&self) -> bool {
        self.session.scopes.iter().any(|scope| scope == OPERATOR)
    }

    pub(super) const fn app(&self) -> &'a App<S> {
        self.app
    }

    pub(super) fn store(&self) -> &'a S {
        &self.app.store
    }

    pub(super) fn me(&self) -> (UserId, SessionId) {
        (self.admitted.session.user, self.admitted.session.device.id)
    }

    pub(super) fn message_type(&self) -> &'a str {
        self.admitted.request.header.message_type.as_str()
    }

    /// The payload; an empty one counts as `{}`.
    pub(super) fn payload<T: DeserializeOwned>(&self, expected: &str) -> Result<T, Reply> {
        parse(self.admitted, expected)
    }

    /// For how much longer this session may act; zero if it has to log in again.
    pub(super) fn may_act_for(&self) -> core::time::Duration {
        let until = self.session.created.plus(self.app.step_up);
        until.since(self.app.now())
    }
}

impl<'a, S: Backend, R: Role> Desk<'a, S, R> {
    /// `[O2]` Whether this session may act now: asked before work that only an act would need.
    pub(super) fn may_act(&self) -> Result<(), Reply> {
        if self.may_act_for().is_zero() {
            let after = u64::try_from(self.app.step_up.as_millis()).unwrap_or(u64::MAX);
            let members = [("max_age_ms", after.into())];
            return Err(Reply::error_with(ResultCode::STEP_UP_REQUIRED, &members));
        }
        Ok(())
    }

    /// `[O2]`, `[O3]` The right to change something. The entry in the audit log comes first: there is no act without one, though there
    /// can be an entry of an act that was then refused. It names the operator and says why; the detail holds no secret and no address.
    pub(super) async fn act(&self, reason: &str, mut detail: Value) -> Result<Act<'a, S>, Stop> {
        let reason = Reason::parse(reason).map_err(|why| Reply::invalid(&why.to_string()))?;
        self.may_act()?;
        detail["reason"] = json!(reason.as_str());
        let (user, session) = self.me();
        let event = AuditEvent {
            at: self.app.now(),
            action: self.message_type().to_owned(),
            user: Some(user),
            session: Some(session),
            detail: detail.to_string(),
        };
        self.app.store.append_audit(event).await?;
        Ok(Act { app: self.app, by: (user, session) })
    }
}

/// The right to change something once: it is used up by what it is used for.
pub(super) struct Act<'a, S> {
    app: &'a App<S>,
    by: (UserId, SessionId),
}

impl<'a, S: Backend> Act<'a, S> {
    /// The server on which it is done, and who does it.
    pub(super) fn into_parts(self) -> (&'a App<S>, (UserId, SessionId)) {
        (self.app, self.by)
    }
}
