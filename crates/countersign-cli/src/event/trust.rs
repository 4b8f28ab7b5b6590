//! Whom to believe about an event.

use crate::client::failure::Failure;
use clap::Args;
use countersign::{Fingerprint, VerifyingKey};
use countersign_hub::{Package, Trust};
use countersign_keys::disk::read_up_to;
use std::path::PathBuf;

/// Most bytes of a key set.
const SET_MAX: usize = 4_096;

/// `--root` and `--keyset`, as `countersign league verify` has them.
#[derive(Debug, Clone, Args)]
pub(crate) struct TrustArgs {
    /// Public half of a root key, 64 hexadecimal digits; several, if the root has changed since
    #[arg(long, value_name = "KEY")]
    root: Vec<String>,
    /// A key set that you trust already, in place of a root and of the sets in the file
    #[arg(long, value_name = "FILE", visible_alias = "trust")]
    keyset: Option<PathBuf>,
    /// The deployment's app, if the file is a bare bundle and no package
    #[arg(long, value_name = "APP", requires = "keyset")]
    app: Option<String>,
}

impl TrustArgs {
    /// What was named; it is an error to name nobody.
    pub(crate) fn trust(&self) -> Result<Trust, Failure> {
        if let Some(frame) = self.frame()? {
            return Ok(Trust::Keyset(frame));
        }
        let roots = self.root.iter().map(|text| root(text)).collect::<Result<Vec<_>, _>>()?;
        match roots.is_empty() {
            true => Err(Failure::usage("name whom you trust: --root KEY or --keyset FILE")),
            false => Ok(Trust::Roots(roots)),
        }
    }

    /// Reads a package, or makes one around a bare bundle.
    pub(crate) fn package(&self, bytes: &[u8]) -> Result<Package, Failure> {
        let made = match (&self.app, self.frame()?) {
            (Some(app), Some(frame)) => {
                Package::around(app, &frame, bytes).map_err(|error| error.to_string())
            }
            (_, _) => Package::decode(bytes).map_err(|error| error.to_string()),
        };
        made.map_err(|error| Failure::usage(format!("this is no event package: {error}")))
    }

    fn frame(&self) -> Result<Option<Vec<u8>>, Failure> {
        let Some(path) = &self.keyset else { return Ok(None) };
        let file = read_up_to(path, SET_MAX).map_err(|error| Failure::usage(error.to_string()))?;
        let missing = || Failure::usage(format!("there is no file {}", path.display()));
        Ok(Some(file.ok_or_else(missing)?.content.to_vec()))
    }
}

/// A public key and a fingerprint have the same text.
fn root(text: &str) -> Result<VerifyingKey, Failure> {
    let bad = || Failure::usage("a root key is 64 hexadecimal digits of a public key");
    let bytes: Fingerprint = text.parse().map_err(|_| bad())?;
    VerifyingKey::from_bytes(bytes.as_bytes()).map_err(|_| bad())
}
