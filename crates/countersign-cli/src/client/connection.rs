//! The profile that a command works with, and what every command does with it.

use super::failure::{Exit, Failure};
use crate::output;
use clap::Args;
use countersign::{Name, ResultCode};
use countersign_client::{Client, Options, PinReporter, Profile, ProfileName, Reply, State};

/// Which login, and which form of output.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProfileArgs {
    /// Which login to use; each has its own server, account and key
    #[arg(long, env = "COUNTERSIGN_PROFILE", default_value = "default", value_name = "NAME")]
    pub(crate) profile: ProfileName,
    /// Machine output: JSON on standard output, errors as JSON on standard error
    #[arg(long)]
    pub(crate) json: bool,
}

impl ProfileArgs {
    /// The profile's folder.
    pub(crate) fn open(&self) -> Result<Profile, Failure> {
        Ok(Profile::below(&Profile::data_home()?, self.profile.clone()))
    }
}

/// A session in use by a command.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) profile: Profile,
}

impl Connection {
    /// Takes up the profile's session.
    pub(crate) fn open(args: &ProfileArgs) -> Result<Self, Failure> {
        let profile = args.open()?;
        let state = profile.load()?;
        let key = match &state.session {
            Some(session) => profile.key_store().get(session.key_place)?,
            None => return Err(Failure::new(Exit::LoggedOut, logged_out(&profile))),
        };
        let options = Options::default();
        let client = Client::open(state, key, Some(profile.clone()), pin_reporter(), options)?;
        Ok(Self { client, profile })
    }

    /// A call whose answer has to be a success; a signed refusal is a failure with what it says.
    pub(crate) async fn demand(
        &self,
        message_type: &str,
        payload: &[u8],
    ) -> Result<Reply, Failure> {
        let reply = self.call(message_type, payload).await?;
        if reply.result.is_ok() { Ok(reply) } else { Err(refused(&reply)) }
    }

    /// A call; also a signed refusal is an answer.
    pub(crate) async fn call(&self, message_type: &str, payload: &[u8]) -> Result<Reply, Failure> {
        let name = Name::new(message_type)
            .map_err(|e| Failure::usage(format!("'{message_type}' is no message type: {e}")))?;
        let reply = self.client.call(name, payload).await;
        self.settle(reply)
    }

    /// What every exchange ends with: remembering what it taught, and forgetting the key if the server said so.
    pub(crate) fn settle<T, E>(&self, outcome: Result<T, E>) -> Result<T, Failure>
    where
        E: Into<Failure>,
    {
        match outcome {
            Ok(done) => {
                self.client.save()?;
                Ok(done)
            }
            Err(error) => {
                let failure = error.into();
                if failure.exit == Exit::LoggedOut {
                    forget(&self.profile, self.client.state())?;
                    output::note("The key of this session was deleted; it is of no use any more.");
                } else {
                    self.client.save()?;
                }
                Err(failure)
            }
        }
    }
}

/// Deletes the key and the session, keeps the trust: an old key set must not come back with the next login.
pub(crate) fn forget(profile: &Profile, mut state: State) -> Result<(), Failure> {
    if let Some(session) = state.session.take() {
        profile.key_store().delete(session.key_place)?;
    }
    profile.save(&state)?;
    Ok(())
}

/// A signed refusal in words.
pub(crate) fn refused(reply: &Reply) -> Failure {
    let said: Option<serde_json::Value> = serde_json::from_slice(&reply.content).ok();
    let member = |name: &str| said.as_ref().and_then(|v| v.get(name)).map(ToString::to_string);
    let mut text = format!("the server refused: {}", reply.result);
    for name in ["message", "retry_after_ms", "check"] {
        if let Some(value) = member(name) {
            text.push_str(&format!(", {name} {value}"));
        }
    }
    match reply.result {
        ResultCode::UNKNOWN_TYPE => text.push_str("; no command and no route has this name"),
        ResultCode::FORBIDDEN => text.push_str("; this session lacks the scope for it"),
        _ => {}
    }
    Failure::new(Exit::Refused, text)
}

/// Tells of certificates that are not pinned.
pub(crate) fn pin_reporter() -> PinReporter {
    PinReporter::new(|mismatch| {
        if !mismatch.enforced {
            output::note(&format!("warning: {mismatch}; the connection goes on"));
        }
    })
}

fn logged_out(profile: &Profile) -> String {
    format!(
        "profile '{}' is logged out; log in again: countersign login ADDRESS --profile {}",
        profile.name(),
        profile.name()
    )
}
