//! `factory init` and `factory refresh`: whom devices will believe.

use super::online;
use crate::client::connection::pin_reporter;
use crate::client::failure::Failure;
use crate::output;
use clap::Args;
use countersign::Realm;
use countersign_client::{BaseUrl, Options, RootName, Server, TlsState, Trust};
use countersign_factory::{Factory, Settings};
use countersign_keys::Utc;
use std::path::{Path, PathBuf};

/// Makes a station: a folder with its own signing key, its settings, and the server's key set
///
/// Every device made here believes for life what the roots named now vouch for. Take their fingerprints from the
/// operator, not from the network.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory init factory --station 'bench 1' --app league --audience league.example.org \\
      --server https://league.example.org --root 8139770e…f9b394
  countersign factory init factory … --keyset keyset.frame      at a station without a network

The settings are in factory.toml: serials, Wi-Fi names, the domain of the devices, ports.")]
pub(super) struct Init {
    /// The folder to make
    #[arg(default_value = "factory")]
    dir: PathBuf,
    /// Name of the station; it is in every manifest
    #[arg(long, value_name = "NAME")]
    station: String,
    /// The application, part of every signature; the same as the server's
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The realm, part of every signature, like league.example.org; the same as the server's
    #[arg(long, value_name = "NAME")]
    audience: String,
    /// Base URL of the server, as phones reach it
    #[arg(long, value_name = "URL")]
    server: BaseUrl,
    /// Public key or fingerprint of the server's root, 64 hexadecimal digits; twice if there are two
    #[arg(long, value_name = "HEX", required = true)]
    root: Vec<RootName>,
    #[command(flatten)]
    source: Source,
}

/// Takes in the server's current key set, for the devices that are made from now on
///
/// Only a newer set is taken, and only if a root in factory.toml signed it.
#[derive(Debug, Args)]
pub(super) struct Refresh {
    /// The station's folder
    #[arg(default_value = "factory", env = "COUNTERSIGN_FACTORY")]
    dir: PathBuf,
    #[command(flatten)]
    source: Source,
}

/// Where the key set comes from.
#[derive(Debug, Args)]
struct Source {
    /// Take the key set from a file (the server's keys/keyset.frame) instead of fetching it
    #[arg(long, value_name = "FILE")]
    keyset: Option<PathBuf>,
    /// PEM file with the certificate of your own authority, to fetch it
    #[arg(long, value_name = "FILE", conflicts_with = "keyset")]
    ca: Option<PathBuf>,
}

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        let realm = Realm::new(&self.app, &self.audience)
            .map_err(|error| Failure::usage(error.to_string()))?;
        let frame = self.source.frame(&self.server)?;
        let (trust, _) = Trust::from_roots(realm.clone(), &self.root, &frame)?;
        let settings = Settings {
            station: self.station,
            realm,
            server: self.server.to_string().trim_end_matches('/').to_owned(),
            roots: trust.signers().to_vec(),
        };
        let factory = Factory::init(&self.dir, &settings, &frame)?;
        let key = &factory.config.key;
        output::line(&format!("Station:      {}", factory.config.station));
        output::line(&format!("Folder:       {}", self.dir.display()));
        output::line(&format!("Factory key:  {}", hex::encode(key.as_bytes())));
        output::line(&format!("  fingerprint {}", key.fingerprint()));
        output::line(&said(&factory));
        output::line("");
        output::line("Next steps:");
        output::line("  1. Give the factory key to the server; it believes pairs that it signed.");
        output::line(&format!(
            "  2. Copy {} to an offline medium.",
            self.dir.join("factory.key").display()
        ));
        output::line(&format!("  3. Look at {}.", self.dir.join("factory.toml").display()));
        output::line(&format!("  4. countersign factory make{} --count 10", place(&self.dir)));
        Ok(())
    }
}

impl Refresh {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut factory = Factory::open(&self.dir)?;
        let url = &factory.config.server.url;
        let url: BaseUrl = url
            .parse()
            .map_err(|error| Failure::usage(format!("server.url in factory.toml: {error}")))?;
        factory.refresh(&self.source.frame(&url)?)?;
        output::line(&said(&factory));
        Ok(())
    }
}

impl Source {
    fn frame(&self, url: &BaseUrl) -> Result<Vec<u8>, Failure> {
        match &self.keyset {
            Some(path) => crate::client::input::file(path),
            None => online(fetch(url.clone(), self.ca.clone())),
        }
    }
}

async fn fetch(url: BaseUrl, ca_file: Option<PathBuf>) -> Result<Vec<u8>, Failure> {
    let tls = TlsState { ca_file, pins: Vec::new(), pin_report_only: false };
    let server = Server::new(url, tls.options(pin_reporter()), Options::default())?;
    Ok(server.fetch_keyset().await?)
}

fn said(factory: &Factory) -> String {
    let content = &factory.keyset.content;
    format!("Key set:      version {}, expires {}", content.version, Utc(content.expires))
}

/// How later commands find a folder that is not the default.
pub(super) fn place(dir: &Path) -> String {
    if dir == Path::new("factory") { String::new() } else { format!(" --dir {}", dir.display()) }
}
