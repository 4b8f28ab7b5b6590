//! The chip line of a station: the folder `chip/` with the vault, and the public half of the key that signs images.

use super::release::{Release, ReleaseError};
use super::tool::{MemoryFile, Program, ToolError, Tools};
use super::vault::{Vault, VaultError, VaultPassphrase};
use crate::batch::text;
use crate::factory::{Factory, FactoryError};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use countersign_keys::disk::{self, Access, DiskError, Lock};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FOLDER: &str = "chip";
const VAULT_FILE: &str = "vault.sealed";
const PUBLIC_FILE: &str = "boot.pem";
const DIGEST_FILE: &str = "boot.digest";
const RELEASES: &str = "releases";
const PUBLIC_MAX: usize = 16 * 1024;

/// The chip line of a station.
#[derive(Debug)]
pub struct Line<'f> {
    /// The station.
    pub factory: &'f Factory,
    /// Espressif's tools.
    pub tools: Tools,
    /// SHA-256 of the public key that chips start images of, as it stands in their fuses.
    pub boot_digest: [u8; 32],
}

/// Why there is no chip line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Nothing is overwritten.
    #[error("{} is a chip line already; nothing was changed", .0.display())]
    Exists(PathBuf),
    /// Nothing there.
    #[error("this station has no chip line; make one with `countersign factory chip init`")]
    NotThere,
    /// The file was changed.
    #[error("{} is no digest of 64 hexadecimal digits; delete it and run `countersign factory chip init` to write it anew", .0.display())]
    Digest(PathBuf),
    /// Key and digest are of different vaults.
    #[error(
        "{} is not the public half of the key in the vault; delete it and run `countersign factory chip init` to write it \
         anew", .0.display()
    )]
    OtherKey(PathBuf),
    /// No RSA key.
    #[error("the system gives no RSA key")]
    Generate,
    /// The vault cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The tools cannot be used.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The station cannot be used.
    #[error(transparent)]
    Factory(#[from] FactoryError),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl<'f> Line<'f> {
    /// Makes the vault with a fresh RSA-3072 key, and writes the key's public half beside it. What an interrupted run has made is used;
    /// a whole line is left as it is.
    pub fn init(
        factory: &'f Factory,
        tools: Tools,
        passphrase: &VaultPassphrase,
    ) -> Result<Self, LineError> {
        let folder = factory.path().join(FOLDER);
        disk::make_folder(&folder)?;
        let _lock = disk::lock(&folder)?;
        let (vault_path, digest_path) = (folder.join(VAULT_FILE), folder.join(DIGEST_FILE));
        let is_there = |path: &Path| path.symlink_metadata().is_ok();
        if is_there(&vault_path) && is_there(&digest_path) && is_there(&folder.join(PUBLIC_FILE)) {
            return Err(LineError::Exists(folder));
        }
        let vault = match is_there(&vault_path) {
            true => Vault::open(&vault_path, passphrase)?,
            false => Vault::create(&vault_path, passphrase, generate()?)?,
        };
        let (public, digest) = public_half(&tools, &vault)?;
        disk::replace(&folder.join(PUBLIC_FILE), &public, Access::Public)?;
        let line = format!("{}\n", hex::encode(digest));
        disk::replace(&digest_path, line.as_bytes(), Access::Public)?;
        Self::open(factory, tools)
    }

    /// Reads what is public of a chip line.
    pub fn open(factory: &'f Factory, tools: Tools) -> Result<Self, LineError> {
        let path = factory.path().join(FOLDER).join(DIGEST_FILE);
        let line = text(&path, 1024)?.ok_or(LineError::NotThere)?;
        let mut boot_digest = [0; 32];
        hex::decode_to_slice(line.trim(), &mut boot_digest).map_err(|_| LineError::Digest(path))?;
        Ok(Self { factory, tools, boot_digest })
    }

    /// Opens the vault; whoever goes on to change it holds [`lock`](Self::lock).
    pub fn vault(&self, passphrase: &VaultPassphrase) -> Result<Vault, LineError> {
        Ok(Vault::open(&self.folder().join(VAULT_FILE), passphrase)?)
    }

    /// Opens the vault, whose key has to be the one whose public half lies beside it: chips are told of nothing else.
    pub fn signing_vault(&self, passphrase: &VaultPassphrase) -> Result<Vault, LineError> {
        let vault = self.vault(passphrase)?;
        let (public, digest) = public_half(&self.tools, &vault)?;
        if digest != self.boot_digest {
            return Err(LineError::OtherKey(self.folder().join(DIGEST_FILE)));
        }
        match text(&self.public_key(), PUBLIC_MAX)?.is_some_and(|text| text.as_bytes() == public) {
            true => Ok(vault),
            false => Err(LineError::OtherKey(self.public_key())),
        }
    }

    /// Keeps other commands of the line out until it is dropped.
    pub fn lock(&self) -> Result<Lock, LineError> {
        Ok(disk::lock(&self.folder())?)
    }

    /// The folder.
    pub fn folder(&self) -> PathBuf {
        self.factory.path().join(FOLDER)
    }

    /// The public half of the key that signs images, as PEM.
    pub(super) fn public_key(&self) -> PathBuf {
        self.folder().join(PUBLIC_FILE)
    }

    /// Where releases are.
    pub fn releases_folder(&self) -> PathBuf {
        self.folder().join(RELEASES)
    }

    /// Names of the releases, in the order of the alphabet. They are not looked into.
    pub fn releases(&self) -> Result<Vec<String>, ReleaseError> {
        let names = disk::names(&self.releases_folder())?;
        Ok(names.into_iter().filter(|name| Release::is_name(name)).collect())
    }
}

/// A fresh key, PKCS #8.
fn generate() -> Result<Zeroizing<Vec<u8>>, LineError> {
    let key = KeyPair::generate(KeySize::Rsa3072).map_err(|_| LineError::Generate)?;
    let der = key.as_der().map_err(|_| LineError::Generate)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

/// The public key as PEM, and its digest as chips compare it.
fn public_half(tools: &Tools, vault: &Vault) -> Result<(Vec<u8>, [u8; 32]), LineError> {
    let key = MemoryFile::new(&vault.boot_key_pem())?;
    let (mut public, mut digest) = (MemoryFile::new(b"")?, MemoryFile::new(b"")?);
    let keyfile = |command: &str, rest: &[&Path]| {
        let mut arguments = vec![command.into(), "--keyfile".into(), key.path().into()];
        arguments.extend(rest.iter().map(std::ffi::OsString::from));
        tools.run(Program::Espsecure, arguments)
    };
    keyfile("digest-sbv2-public-key", &["--output".as_ref(), digest.path()])?;
    let arguments: [std::ffi::OsString; 6] = [
        "extract-public-key".into(),
        "--version".into(),
        "2".into(),
        "--keyfile".into(),
        key.path().into(),
        public.path().into(),
    ];
    tools.run(Program::Espsecure, arguments)?;
    let digest = digest.read(64)?.try_into().map_err(|_| LineError::Generate)?;
    Ok((public.read(PUBLIC_MAX as u64)?, digest))
}
