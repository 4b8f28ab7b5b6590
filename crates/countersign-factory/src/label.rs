//! What is printed for a pair.

use crate::html;
use crate::qr;
use countersign::Fingerprint;
use countersign_keys::disk::Access;
use countersign_league::claim::ClaimError;
use countersign_league::{BatchId, Claim, DeviceId};
use countersign_provision::{DeviceConfig, WifiConfig};
use countersign_sheets::{Qr, TooLong};

/// What a label says. The same settings always give the same files, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The pair.
    pub device: DeviceId,
    /// Its batch.
    pub batch: BatchId,
    /// Its serial.
    pub serial: String,
    /// Its mark.
    pub mark: String,
    /// How many phones it serves.
    pub max_players: u8,
    /// Fingerprint of the master's key.
    pub master: Fingerprint,
    /// Fingerprint of the slave's key.
    pub slave: Fingerprint,
    /// Its DNS name; empty if it has none.
    pub host: String,
    /// Its Wi-Fi, with the passphrase.
    pub wifi: WifiConfig,
}

/// A file of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelFile {
    pub(crate) name: &'static str,
    pub(crate) content: String,
    pub(crate) access: Access,
}

/// Why there is no label.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The pair's code cannot be.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// A code would be too dense.
    #[error(transparent)]
    Qr(#[from] TooLong),
}

impl Label {
    /// The label of a pair, from its master's settings.
    pub fn of(master: &DeviceConfig) -> Self {
        Self {
            device: master.device,
            batch: master.batch,
            serial: master.serial.clone(),
            mark: master.mark.clone(),
            max_players: master.max_players,
            master: *master.keys.own.fingerprint(),
            slave: *master.keys.partner.fingerprint(),
            host: master.network.host.clone(),
            wifi: master.wifi.clone(),
        }
    }

    /// What stands in the pair's code.
    pub fn claim(&self) -> Result<Claim, ClaimError> {
        Claim::new(self.device, &self.serial, self.master)
    }

    /// What stands in the Wi-Fi's code. Holds the passphrase.
    pub fn wifi_code(&self) -> String {
        qr::wifi(&self.wifi)
    }

    /// `label.json`, for label printers and other programs. Holds the passphrase.
    pub fn json(&self) -> Result<String, ClaimError> {
        let value = serde_json::json!({
            "format": 1,
            "serial": self.serial,
            "mark": self.mark,
            "device": self.device.to_string(),
            "batch": self.batch.to_string(),
            "max_players": self.max_players,
            "master": self.master.to_string(),
            "slave": self.slave.to_string(),
            "host": self.host,
            "wifi": { "name": self.wifi.name.as_str(), "passphrase": self.wifi.passphrase.expose() },
            "codes": { "wifi": self.wifi_code(), "claim": self.claim()?.to_string() },
        });
        Ok(format!("{value:#}\n"))
    }

    /// All files of the label. Those with the passphrase are their owner's alone.
    pub(crate) fn files(&self) -> Result<[LabelFile; 5], LabelError> {
        let (wifi, claim) = (qr::label(&self.wifi_code())?, qr::label(&self.claim()?.to_string())?);
        let file = |name, content, access| LabelFile { name, content, access };
        Ok([
            file("label.json", self.json()?, Access::Private),
            file("label.html", html::page(self, &wifi, &claim), Access::Private),
            file("label.txt", self.text(&wifi, &claim), Access::Private),
            file("wifi.svg", wifi.svg(), Access::Private),
            file("claim.svg", claim.svg(), Access::Public),
        ])
    }

    /// The label for a terminal or a printer of plain text.
    fn text(&self, wifi: &Qr, claim: &Qr) -> String {
        let (name, passphrase) = (self.wifi.name.as_str(), self.wifi.passphrase.expose());
        format!(
            "{mark}   {serial}   up to {players} players\n\nWi-Fi      {name}\npassphrase {passphrase}\n\n{wifi}\n\
             Pair       {device}\nmaster     {master}\nslave      {slave}\n\n{claim}",
            mark = self.mark,
            serial = self.serial,
            players = self.max_players,
            wifi = wifi.text(),
            device = self.device,
            master = self.master,
            slave = self.slave,
            claim = claim.text(),
        )
    }
}
