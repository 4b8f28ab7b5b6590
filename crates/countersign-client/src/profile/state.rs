//! What a profile remembers between runs. Nothing in it is secret, and nothing in it is believed without a check.

use super::text;
use crate::base::BaseUrl;
use crate::keystore::KeyPlace;
use crate::tls::{Identity, Pin, PinMode, PinReporter, TlsOptions};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{Epoch, Realm, RecordDigest, SessionId, StreamId, UserId, VerifyingKey};
use countersign_app::trust::Trust;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One server, one account, one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where the server is.
    #[serde(with = "text::display")]
    pub server: BaseUrl,
    /// How TLS is checked.
    pub tls: TlsState,
    /// Which keys are believed.
    #[serde(with = "stored_trust")]
    pub trust: Trust,
    /// The session; `None` after a logout.
    pub session: Option<SessionState>,
}

/// What `login` was told about TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TlsState {
    /// Further authorities.
    pub ca_file: Option<PathBuf>,
    /// Pins from the command line.
    #[serde(with = "text::list")]
    pub pins: Vec<Pin>,
    /// Whether mismatches are only reported.
    pub pin_report_only: bool,
}

impl TlsState {
    /// For the transport.
    pub fn options(&self, pin_reporter: PinReporter) -> TlsOptions {
        let pin_mode = if self.pin_report_only { PinMode::ReportOnly } else { PinMode::Enforce };
        TlsOptions {
            extra_ca: self.ca_file.clone(),
            pins: self.pins.clone(),
            pin_mode,
            pin_reporter,
            identity: Identity::Certificate,
        }
    }
}

/// The device's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// Its id.
    #[serde(with = "text::display")]
    pub session_id: SessionId,
    /// The account.
    #[serde(with = "text::display")]
    pub user_id: UserId,
    /// The address that was logged in with, normalised.
    pub address: String,
    /// What the server was told this device is called.
    pub device_name: String,
    /// Where the key lies.
    pub key_place: KeyPlace,
    /// The last epoch seen.
    #[serde(with = "text::display")]
    pub epoch: Epoch,
    /// Server time minus wall clock when it was last known.
    pub offset_ms: Option<i64>,
    /// Digest of the last record that the server took, for the chain; zero if there is none.
    #[serde(with = "text::display")]
    pub last_record: RecordDigest,
    /// The stream that `watch` follows.
    pub stream: Option<StreamState>,
}

/// How far a stream was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamState {
    /// The stream.
    #[serde(with = "text::display")]
    pub stream_id: StreamId,
    /// The last number received.
    pub cursor: u64,
}

mod stored_trust {
    use super::*;
    use serde::{Deserializer, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    struct Stored {
        app: String,
        audience: String,
        roots: Vec<String>,
        set_verified_with: Vec<String>,
        highest_version: u64,
        keyset: String,
    }

    pub(crate) fn serialize<S: Serializer>(
        trust: &Trust,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let hex = |keys: &[VerifyingKey]| keys.iter().map(|k| hex::encode(k.as_bytes())).collect();
        let stored = Stored {
            app: trust.realm().app().to_owned(),
            audience: trust.realm().audience().to_owned(),
            roots: hex(trust.roots()),
            set_verified_with: hex(trust.signers()),
            highest_version: trust.highest_version(),
            keyset: URL_SAFE_NO_PAD.encode(trust.frame()),
        };
        stored.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Trust, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        let realm = Realm::new(&stored.app, &stored.audience).map_err(D::Error::custom)?;
        let frame = URL_SAFE_NO_PAD.decode(&stored.keyset).map_err(D::Error::custom)?;
        Ok(Trust::remembered(
            realm,
            keys(&stored.roots).map_err(D::Error::custom)?,
            keys(&stored.set_verified_with).map_err(D::Error::custom)?,
            stored.highest_version,
            frame,
        ))
    }

    fn keys(texts: &[String]) -> Result<Vec<VerifyingKey>, String> {
        let key = |text: &String| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).map_err(|e| e.to_string())?;
            VerifyingKey::from_bytes(&bytes).map_err(|e| e.to_string())
        };
        texts.iter().map(key).collect()
    }
}
