//! `trust`: the server's keys as this device sees them.

use super::connection::{ProfileArgs, pin_reporter};
use super::failure::Failure;
use super::show;
use crate::output;
use clap::Subcommand;
use countersign::{KeyState, Keyset};
use countersign_client::{Options, Server, State, Trust};

#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Shows the remembered key set: roots, online keys with their states and intervals, pins
    Show(#[command(flatten)] ProfileArgs),
    /// Fetches the key set, verifies it under the trusted roots, remembers and shows it
    Fetch(#[command(flatten)] ProfileArgs),
}

impl TrustCommand {
    pub(super) fn profile(&self) -> &ProfileArgs {
        match self {
            Self::Show(profile) | Self::Fetch(profile) => profile,
        }
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        let profile = self.profile().open()?;
        let mut state = profile.load()?;
        let keyset = match self {
            Self::Show(_) => state.trust.keyset()?,
            Self::Fetch(_) => {
                let keyset = fetch(&mut state).await?;
                profile.save(&state)?;
                keyset
            }
        };
        if self.profile().json {
            show::json(&json(&state, &keyset));
        } else {
            text(&state.trust, &keyset);
        }
        Ok(())
    }
}

/// Works without a session too.
async fn fetch(state: &mut State) -> Result<Keyset, Failure> {
    let tls = state.tls.options(pin_reporter());
    let server = Server::new(state.server.clone(), tls, Options::default())?;
    Ok(server.renew(&mut state.trust).await?)
}

fn text(trust: &Trust, keyset: &Keyset) {
    let content = &keyset.content;
    let realm = trust.realm();
    output::line(&format!(
        "Key set {} of {} for {}",
        content.version,
        realm.app(),
        realm.audience()
    ));
    output::line(&format!("  signed   {}", show::time(content.issued)));
    output::line(&format!("  expires  {}", show::time(content.expires)));
    for root in trust.roots() {
        output::line(&format!("  root     {}", root.fingerprint()));
    }
    let mut rows = vec![["", "key", "state", "from", "until"].map(str::to_owned).to_vec()];
    rows.extend(content.keys.iter().map(|online| {
        vec![
            " ".to_owned(),
            online.key.fingerprint().server_key_id().to_string(),
            state_name(online.state).to_owned(),
            show::time(online.not_before),
            show::time(online.not_after),
        ]
    }));
    show::table(&rows);
    for pin in &content.pins {
        output::line(&format!("  pin      {}", hex::encode(pin)));
    }
}

fn json(state: &State, keyset: &Keyset) -> serde_json::Value {
    let content = &keyset.content;
    let keys = content.keys.iter().map(|online| {
        serde_json::json!({
            "server_key_id": online.key.fingerprint().server_key_id().to_string(),
            "fingerprint": online.key.fingerprint().to_string(),
            "pk": hex::encode(online.key.as_bytes()),
            "state": state_name(online.state),
            "not_before_ms": online.not_before.as_millis(),
            "not_after_ms": online.not_after.as_millis(),
        })
    });
    let roots = state.trust.roots().iter().map(|root| {
        serde_json::json!({
            "fingerprint": root.fingerprint().to_string(), "pk": hex::encode(root.as_bytes())
        })
    });
    serde_json::json!({
        "server": state.server.to_string(),
        "app": state.trust.realm().app(),
        "audience": state.trust.realm().audience(),
        "version": content.version,
        "issued_ms": content.issued.as_millis(),
        "expires_ms": content.expires.as_millis(),
        "min_protocol": content.min_protocol,
        "keys": keys.collect::<Vec<_>>(),
        "roots": roots.collect::<Vec<_>>(),
        "pins": content.pins.iter().map(hex::encode).collect::<Vec<_>>(),
    })
}

pub(super) const fn state_name(state: KeyState) -> &'static str {
    match state {
        KeyState::Prepared => "prepared",
        KeyState::Active => "active",
        KeyState::Retired => "retired",
        KeyState::Tainted => "tainted",
        KeyState::Revoked => "revoked",
    }
}
