//! How commands fail: a sentence, what to do, and an exit code that scripts can tell apart.

use countersign_client::login::{LoginError, RegisterError};
use countersign_client::watch::WatchError;
use countersign_client::{
    CallError, KeyStoreError, KeysetFetchError, OpenClientError, ProfileError, RandomError,
    RestError, SubmitError, TlsSetupError, TransportError, TrustError,
};
use std::process::ExitCode;

/// Exit codes besides 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The server, or the application behind it, said no.
    Refused = 1,
    /// Something about the command line or the profile is wrong.
    Usage = 2,
    /// Nothing that could be verified came back.
    Failed = 3,
    /// The session is over.
    LoggedOut = 4,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    text: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    fn failed(error: &impl ToString) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }

    /// Says it where errors are said.
    pub(crate) fn report(self, json: bool) -> ExitCode {
        if json {
            let error = serde_json::json!({
                "error": { "exit_code": self.exit as u8, "message": self.text }
            });
            crate::output::note(&error.to_string());
        } else {
            crate::output::error(&self.text);
        }
        ExitCode::from(self.exit as u8)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let text = error.to_string();
        match &error {
            CallError::LoggedOut(_) => Self::new(Exit::LoggedOut, text),
            CallError::Transport(_) if error.outcome_unknown() => Self::new(
                Exit::Failed,
                format!("{text}. Whether the server executed the request is not known"),
            ),
            CallError::Transport(_)
            | CallError::Answer(_)
            | CallError::Keyset(_)
            | CallError::UnknownKey
            | CallError::Random(_) => Self::new(Exit::Failed, text),
        }
    }
}

impl From<RestError> for Failure {
    fn from(error: RestError) -> Self {
        match error {
            RestError::Call(error) => error.into(),
            RestError::TooLong(_) => Self::usage(error.to_string()),
            RestError::Unreadable => Self::failed(&error),
        }
    }
}

impl From<SubmitError> for Failure {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Call(error) => error.into(),
            SubmitError::Record(_) => Self::usage(error.to_string()),
        }
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        let exit = match &error {
            LoginError::Transport(TransportError::Refused { .. })
            | LoginError::NotYet { .. }
            | LoginError::NoMoreCodes
            | LoginError::Unsupported(_) => Exit::Refused,
            LoginError::Transport(_)
            | LoginError::Random(_)
            | LoginError::Unreadable(_)
            | LoginError::Realm(_)
            | LoginError::OtherAddress { .. }
            | LoginError::Pow(_) => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        let exit = match &error {
            RegisterError::CodeInvalid { .. } | RegisterError::Refused(_) => Exit::Refused,
            RegisterError::Transport(_)
            | RegisterError::Random(_)
            | RegisterError::Answer(_)
            | RegisterError::Keyset(_)
            | RegisterError::Unreadable(_) => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<WatchError> for Failure {
    fn from(error: WatchError) -> Self {
        let exit = match &error {
            WatchError::LoggedOut(_) => Exit::LoggedOut,
            WatchError::Refused(_) => Exit::Refused,
            WatchError::Keyset(_) | WatchError::Random(_) | WatchError::Carrier { .. } => {
                Exit::Failed
            }
        };
        Self::new(exit, error.to_string())
    }
}

impl From<OpenClientError> for Failure {
    fn from(error: OpenClientError) -> Self {
        let exit = match &error {
            OpenClientError::LoggedOut => Exit::LoggedOut,
            OpenClientError::Trust(_) => Exit::Failed,
            OpenClientError::Tls(_) => Exit::Usage,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::failed(&error)
    }
}

impl From<TrustError> for Failure {
    fn from(error: TrustError) -> Self {
        Self::failed(&error)
    }
}

impl From<KeysetFetchError> for Failure {
    fn from(error: KeysetFetchError) -> Self {
        Self::failed(&error)
    }
}

impl From<RandomError> for Failure {
    fn from(error: RandomError) -> Self {
        Self::failed(&error)
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<KeyStoreError> for Failure {
    fn from(error: KeyStoreError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<TlsSetupError> for Failure {
    fn from(error: TlsSetupError) -> Self {
        Self::usage(error.to_string())
    }
}
