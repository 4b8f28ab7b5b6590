//! Secrets of the configuration.

use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A text that `Debug` hides and whose memory is wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// Why a configured secret is not there.
#[derive(Debug, thiserror::Error)]
pub enum ReadSecretError {
    /// None of the three places is given.
    #[error("{name} is needed: give {name}_file, {name}_env or {name}")]
    Missing {
        /// What is missing.
        name: &'static str,
    },
    /// Given in more than one place.
    #[error("{name} is given more than once; use one of {name}_file, {name}_env and {name}")]
    Ambiguous {
        /// What is given twice.
        name: &'static str,
    },
    /// The file cannot be read.
    #[error("the file {path} of {name} cannot be read: {source}")]
    File {
        /// What should be in it.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The variable is not set, or no UTF-8.
    #[error("the environment variable {variable} of {name} is not set")]
    Variable {
        /// What should be in it.
        name: &'static str,
        /// The variable.
        variable: String,
    },
}

/// The three places where a secret may be given.
pub(crate) struct SecretSource<'a> {
    pub(crate) name: &'static str,
    pub(crate) inline: Option<&'a Secret>,
    pub(crate) file: Option<&'a Path>,
    pub(crate) env: Option<&'a str>,
}

impl Secret {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, to be handed to whoever needs it and nobody else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl SecretSource<'_> {
    pub(crate) fn read(&self) -> Result<Secret, ReadSecretError> {
        let name = self.name;
        match (self.inline, self.file, self.env) {
            (None, None, None) => Err(ReadSecretError::Missing { name }),
            (Some(secret), None, None) => Ok(secret.clone()),
            (None, Some(path), None) => match std::fs::read_to_string(path) {
                Ok(text) => Ok(Secret::new(Zeroizing::new(text).trim_end().to_owned())),
                Err(source) => Err(ReadSecretError::File { name, path: path.to_owned(), source }),
            },
            (None, None, Some(variable)) => match std::env::var(variable) {
                Ok(text) => Ok(Secret::new(text)),
                Err(_) => Err(ReadSecretError::Variable { name, variable: variable.to_owned() }),
            },
            _ => Err(ReadSecretError::Ambiguous { name }),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: SecretSource<'_> =
        SecretSource { name: "email.password", inline: None, file: None, env: None };

    #[test]
    fn exactly_one_place_is_read() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("password");
        std::fs::write(&path, "from file\n")?;
        let inline = Secret::new("inline".into());
        let from_file = SecretSource { file: Some(&path), ..NONE };
        assert_eq!(from_file.read()?.expose(), "from file");
        let from_inline = SecretSource { inline: Some(&inline), ..NONE };
        assert_eq!(from_inline.read()?.expose(), "inline");
        let from_env = SecretSource { env: Some("CARGO_PKG_NAME"), ..NONE };
        assert_eq!(from_env.read()?.expose(), "countersign-identity");
        let both = SecretSource { file: Some(&path), inline: Some(&inline), ..NONE };
        assert!(matches!(both.read(), Err(ReadSecretError::Ambiguous { .. })));
        assert!(matches!(NONE.read(), Err(ReadSecretError::Missing { .. })));
        let unset = SecretSource { env: Some("COUNTERSIGN_UNSET"), ..NONE };
        assert!(matches!(unset.read(), Err(ReadSecretError::Variable { .. })));
        let missing = directory.path().join("missing");
        let missing = SecretSource { file: Some(&missing), ..NONE };
        assert!(matches!(missing.read(), Err(ReadSecretError::File { .. })));
        assert_eq!(format!("{inline:?}"), "***");
        Ok(())
    }
}
