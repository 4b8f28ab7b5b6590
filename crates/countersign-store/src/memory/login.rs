//! Logins in memory.

use super::State;
use crate::login::{
    Attempt, AttemptedCode, Channel, CodeIssue, CodeMac, LoginLimits, LoginState, NewCode, NewLogin,
};
use crate::session::NewSession;
use crate::{Result, StoreError};
use countersign::{Fingerprint, LoginId, Timestamp};

/// A login that has not ended.
pub(super) struct Login {
    pub(super) address: String,
    channel: Channel,
    fingerprint: Fingerprint,
    pow: Option<Vec<u8>>,
    code: Option<CodeMac>,
    attempts_left: u32,
    expires: Timestamp,
}

impl State {
    pub(super) fn open_login(&mut self, new: NewLogin) -> Result<LoginState> {
        let now = new.now;
        self.purge_logins(now);
        if self.logins.contains_key(&new.id) {
            return Err(StoreError::Engine("a login with this id exists".into()));
        }
        let login = Login {
            address: new.address,
            channel: new.channel,
            fingerprint: new.fingerprint,
            pow: new.pow,
            code: None,
            attempts_left: 0,
            expires: now.plus(new.limits.code_life),
        };
        let state = self.login_state(new.id, &login, new.limits, now);
        self.logins.insert(new.id, login);
        Ok(state)
    }

    pub(super) fn find_login(
        &self,
        id: LoginId,
        limits: LoginLimits,
        now: Timestamp,
    ) -> Option<LoginState> {
        let login = self.logins.get(&id).filter(|login| now < login.expires)?;
        Some(self.login_state(id, login, limits, now))
    }

    pub(super) fn issue_code(
        &mut self,
        id: LoginId,
        code: NewCode,
        limits: LoginLimits,
        now: Timestamp,
    ) -> CodeIssue {
        let Some(before) = self.find_login(id, limits, now) else {
            return CodeIssue::NoLogin;
        };
        if before.next_code.is_none_or(|next| next > now) {
            return CodeIssue::TooSoon(before);
        }
        if let Some(login) = self.logins.get_mut(&id) {
            login.pow = None;
            login.code = Some(code.mac);
            login.attempts_left = limits.attempts;
            login.expires = now.plus(limits.code_life);
        }
        let issued = self.code_issues.entry(before.address.clone()).or_default();
        issued.push(now);
        issued.sort_unstable();
        self.enqueue_message(code.message, now);
        match self.find_login(id, limits, now) {
            Some(state) => CodeIssue::Issued(state),
            None => CodeIssue::NoLogin,
        }
    }

    pub(super) fn claim_login_attempt(
        &mut self,
        id: LoginId,
        code: AttemptedCode,
        session: NewSession,
        now: Timestamp,
    ) -> Result<Attempt> {
        let live =
            self.logins.get_mut(&id).filter(|login| now < login.expires && login.attempts_left > 0);
        let Some((login, mac)) = live.and_then(|login| login.code.map(|mac| (login, mac))) else {
            return Ok(Attempt::Refused { attempts_left: 0 });
        };
        // Counted before it is compared. A right code ends the login anyway.
        let attempts_left = login.attempts_left - 1;
        if (mac == code.mac) & (login.fingerprint == session.fingerprint) {
            let address = login.address.clone();
            let registered = self.register(session, address, now)?;
            self.logins.remove(&id);
            return Ok(Attempt::Registered(Box::new(registered)));
        }
        login.attempts_left = attempts_left;
        if attempts_left == 0 {
            self.logins.remove(&id);
        }
        Ok(Attempt::Refused { attempts_left })
    }

    fn login_state(
        &self,
        id: LoginId,
        login: &Login,
        limits: LoginLimits,
        now: Timestamp,
    ) -> LoginState {
        let issued = self.code_issues.get(&login.address).map_or(&[][..], Vec::as_slice);
        LoginState {
            id,
            address: login.address.clone(),
            channel: login.channel,
            fingerprint: login.fingerprint,
            pow: login.pow.clone(),
            next_code: limits.next_code(issued, login.expires, now),
            attempts_left: login.attempts_left,
            expires: login.expires,
        }
    }

    fn purge_logins(&mut self, now: Timestamp) {
        self.logins.retain(|_, login| now < login.expires);
        let forgotten = now.minus(LoginLimits::MEMORY);
        self.code_issues.retain(|_, issued| issued.last().is_some_and(|&last| last > forgotten));
    }
}
