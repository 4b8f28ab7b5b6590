//! How a goal-line device knows who it is: a folder that the factory writes and the device reads.
//!
//! ```text
//!   device.toml    who this half is, its partner, realm, server, Wi-Fi, ports; 0600, because of the passphrase
//!   master.key     the half's own secret key (slave.key on a slave); 0600; not there if the key lives in a chip
//!   pair.cert      frame of `league.pair`, signed by the factory
//!   keyset.bin     frame of the key set, as it was when the device was made
//! ```
//!
//! [`Provision::read`] believes nothing: the certificate has to be the factory's, the settings have to agree with it, the
//! secret key has to be the one that it names, and the key set has to be signed by a root. The format is specified in
//! `docs/league.md`, section 12.
#![forbid(unsafe_code)]

mod config;
mod folder;
pub mod text;
mod wifi;

pub use config::{
    ConfigError, DeviceConfig, Half, KeysConfig, NetworkConfig, RealmConfig, SecretPlace,
    ServerConfig,
};
pub use folder::{
    CONFIG_FILE, KEYSET_FILE, OwnKey, PAIR_FILE, Parts, Provision, ProvisionError, host_label,
    key_file_name,
};
pub use wifi::{Passphrase, WifiConfig, WifiError, WifiName};
