//! The key that this device votes with.

use super::super::connection::ProfileArgs;
use super::super::failure::Failure;
use crate::output;
use clap::Args;
use countersign::{Signer, SigningKey};
use countersign_client::{KeyPlace, KeyPlacePreference, KeyStoreError, Profile, generate_key};

/// Shows the public key that this device votes with, and makes it if there is none
///
/// The organiser's roster names this key. It is made once and lies in the profile's folder; `judge enrol` registers it with
/// the server.
#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl Key {
    pub(super) fn run(self) -> Result<(), Failure> {
        let profile = self.profile.open()?;
        let key = of_or_new(&profile)?;
        let public = key.verifying_key();
        let hex = hex::encode(public.as_bytes());
        match self.profile.json {
            true => output::line(
                &serde_json::json!({ "key": hex, "fingerprint": public.fingerprint().to_string() })
                    .to_string(),
            ),
            false => output::line(&hex),
        }
        Ok(())
    }
}

/// The profile's judge key.
pub(in super::super) fn of(profile: &Profile) -> Result<SigningKey, Failure> {
    Ok(profile.judge_key_store().get(KeyPlace::File)?)
}

/// The same, made if it is not there. A file, because the day must not depend on a desktop session.
pub(in super::super) fn of_or_new(profile: &Profile) -> Result<SigningKey, Failure> {
    let store = profile.judge_key_store();
    match store.get(KeyPlace::File) {
        Err(KeyStoreError::Absent(_)) => {
            profile.create()?;
            let key = generate_key()?;
            store.put(&key, KeyPlacePreference::File)?;
            Ok(key)
        }
        found => Ok(found?),
    }
}
