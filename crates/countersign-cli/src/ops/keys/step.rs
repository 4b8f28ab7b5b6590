//! The steps that make a new version of the key set.

use super::super::{OpsError, Output, span};
use super::pins::{self, PinsArgs};
use countersign::key::PUBLIC_KEY_LEN;
use countersign::{KeysetContent, ServerKeyId, Signer, Timestamp, VerifyingKey};
use countersign_keys::Utc;
use countersign_keys::folder::KeyFolder;
use countersign_keys::lifecycle::{self, Interval, OldRoots, id_of};
use std::time::Duration;

/// A step, signed by a root.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Step {
    /// Make a new online key and publish it ahead of its use
    #[command(after_help = "\
Clients that fetch the set meanwhile know the key when it starts to sign; the others fetch it then.

Examples:
  countersign keys prepare
  countersign keys prepare --starts-in 0s      to be activated at once")]
    Prepare {
        /// From when on it may sign
        #[arg(long, value_name = "SPAN", default_value = "1d", value_parser = span::parse)]
        starts_in: Duration,
        /// How long it may sign, from its start
        #[arg(long, value_name = "SPAN", default_value = "365d", value_parser = span::parse)]
        life: Duration,
    },
    /// Let a prepared key sign; the one that signed until now is retired
    #[command(after_help = "Example: countersign keys activate 1f2e3d4c")]
    Activate {
        /// The first 8 digits of its fingerprint, as `keys show` lists them
        key: ServerKeyId,
        /// How long answers of the retired key stay valid
        #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = span::parse)]
        overlap: Duration,
    },
    /// Stop a key beside which another one signs
    Retire {
        /// The first 8 digits of its fingerprint
        key: ServerKeyId,
        /// How long its answers stay valid
        #[arg(long, value_name = "SPAN", default_value = "7d", value_parser = span::parse)]
        overlap: Duration,
    },
    /// Have no new answer of a key believed; what it signed before stays verifiable
    #[command(after_help = "Example: countersign keys taint 1f2e3d4c --replace-with 99aabbcc")]
    Taint {
        /// The first 8 digits of its fingerprint
        key: ServerKeyId,
        /// A prepared key that signs from now on
        #[arg(long, value_name = "KEY")]
        replace_with: Option<ServerKeyId>,
    },
    /// Have nothing believed that a key ever signed. There is no way back
    #[command(after_help = "Example: countersign keys revoke 1f2e3d4c --replace-with 99aabbcc")]
    Revoke {
        /// The first 8 digits of its fingerprint
        key: ServerKeyId,
        /// A prepared key that signs from now on
        #[arg(long, value_name = "KEY")]
        replace_with: Option<ServerKeyId>,
    },
    /// Give the key set a new expiry
    Renew {
        /// How long clients may use the set
        #[arg(long, value_name = "SPAN", default_value = "180d", value_parser = span::parse)]
        life: Duration,
    },
    /// Replace the hashes of TLS keys that clients accept
    Pins(PinsArgs),
    /// Have clients trust another root from now on
    #[command(after_help = "\
The step is signed by a root that is trusted already. Without --drop-old both stay trusted: go on signing with \
the old one until all devices have been online, then run the step again with --drop-old. A device that was \
offline all the time follows over the former sets, as long as they stay in keyset-history.

Example:
  offline$ countersign keys new-root new-root.key
  server$  countersign keys change-root 8139770e…f9b394 --root /media/stick/root.key")]
    ChangeRoot {
        /// The new root's public half: 64 hexadecimal digits, as `new-root` shows them
        #[arg(value_name = "PUBLIC_KEY", value_parser = public_key)]
        public: VerifyingKey,
        /// Trust it alone
        #[arg(long)]
        drop_old: bool,
    },
}

/// The next set. A new key's file is written, so that whoever installs the set finds it.
pub(super) fn plan(
    folder: &mut KeyFolder,
    step: &Step,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<KeysetContent, OpsError> {
    let current = folder.content();
    Ok(match step {
        Step::Prepare { starts_in, life } => {
            let not_before = now.plus(*starts_in);
            let interval = Interval { not_before, not_after: not_before.plus(*life) };
            return prepare(folder, interval, now, out);
        }
        Step::Activate { key, overlap } => lifecycle::activate(current, *key, *overlap, now)?,
        Step::Retire { key, overlap } => lifecycle::retire(current, *key, *overlap, now)?,
        Step::Taint { key, replace_with } => lifecycle::taint(current, *key, *replace_with, now)?,
        Step::Revoke { key, replace_with } => lifecycle::revoke(current, *key, *replace_with, now)?,
        Step::Renew { life } => lifecycle::renew(current, now.plus(*life), now)?,
        Step::Pins(args) => lifecycle::set_pins(current, &pins::collect(args)?, now)?,
        Step::ChangeRoot { public, drop_old } => {
            let old = if *drop_old { OldRoots::Drop } else { OldRoots::Keep };
            lifecycle::change_root(current, public.clone(), old, now)?
        }
    })
}

fn prepare(
    folder: &mut KeyFolder,
    interval: Interval,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<KeysetContent, OpsError> {
    let key = folder.generate_online()?;
    let public = key.verifying_key();
    let next = lifecycle::prepare(folder.content(), public.clone(), interval, now)?;
    let path = folder.store_online(&key)?;
    out.line(format_args!("New online key {} in {}.", id_of(public), path.display()))?;
    out.line(format_args!(
        "From {} on: countersign keys activate {}",
        Utc(interval.not_before),
        id_of(public)
    ))?;
    Ok(next)
}

fn public_key(text: &str) -> Result<VerifyingKey, String> {
    let mut bytes = [0; PUBLIC_KEY_LEN];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| "a public key has 64 hexadecimal digits".to_owned())?;
    VerifyingKey::from_bytes(&bytes).map_err(|error| error.to_string())
}
