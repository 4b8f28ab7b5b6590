//! Texts that are ours: what a relay box may have, and a vote without any radio.

use crate::event_code::{CodeError, TEXT_MAX, parts, secret, secret_text};
use crate::hub::{HubKeys, TooManyHubs};
use crate::keys::{EventTag, KeyEpoch, NetKeys};
use crate::packet::Packet;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::str::FromStr;
use countersign::{EventId, Fingerprint, Realm, VerifyingKey};
use zeroize::Zeroizing;

/// Most hubs that fit the text.
const HUBS_MAX: usize = 2;

/// `NODUS-NET:EVENT_ID=…;EPOCH=…;NET=<43 base64url>;TAG=<8 hex>;REALM=<app>/<audience>;HUB=<64 hex>[,<64 hex>]`: for the operator,
/// never on a projector. A relay with this carries packets and believes the hub; it reads none.
#[derive(Debug, Clone)]
pub struct NetCode {
    /// The event.
    pub event: EventId,
    /// The mesh's key.
    pub net: NetKeys,
    /// What signatures are made for; the audience has no `;`.
    pub realm: Realm,
    /// One or two hubs.
    pub hubs: Vec<VerifyingKey>,
}

impl NetCode {
    /// What a relay believes.
    pub fn hub_keys(&self) -> Result<HubKeys, TooManyHubs> {
        HubKeys::new(self.realm.clone(), self.event, self.hubs.clone())
    }

    /// The text. It holds the mesh's key, so there is no `Display`. Refused where it could not be read again.
    pub fn to_text(&self) -> Result<Zeroizing<String>, CodeError> {
        let hubs: Vec<String> = self.hubs.iter().map(hex_of).collect();
        if self.realm.audience().contains(';') {
            return Err(CodeError::Value("REALM"));
        }
        if !(1..=HUBS_MAX).contains(&hubs.len()) {
            return Err(CodeError::Value("HUB"));
        }
        let text = Zeroizing::new(alloc::format!(
            "NODUS-NET:EVENT_ID={};EPOCH={};NET={};TAG={};REALM={}/{};HUB={}",
            self.event,
            self.net.epoch().get(),
            secret_text(self.net.expose()).as_str(),
            self.net.event_tag(),
            self.realm.app(),
            self.realm.audience(),
            hubs.join(",")
        ));
        if text.len() > TEXT_MAX { Err(CodeError::TooLong(text.len())) } else { Ok(text) }
    }
}

impl FromStr for NetCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let [event, epoch, net, tag, realm, hubs] =
            parts(text, "NODUS-NET:", ["EVENT_ID", "EPOCH", "NET", "TAG", "REALM", "HUB"])?;
        let event = EventId::new(event).map_err(|_| CodeError::Value("EVENT_ID"))?;
        let number = epoch.parse::<u8>().ok().filter(|number| number.to_string() == epoch);
        let epoch = KeyEpoch::new(number.ok_or(CodeError::Value("EPOCH"))?);
        let tag: EventTag = tag.parse().map_err(|_| CodeError::Value("TAG"))?;
        let (app, audience) = realm.split_once('/').ok_or(CodeError::Value("REALM"))?;
        let realm = Realm::new(app, audience).map_err(|_| CodeError::Value("REALM"))?;
        let hubs = hubs.split(',').map(key_of).collect::<Option<Vec<_>>>();
        let hubs = hubs.filter(|hubs| hubs.len() <= HUBS_MAX).ok_or(CodeError::Value("HUB"))?;
        Ok(Self { event, net: NetKeys::new(*secret("NET", net)?, tag, epoch), realm, hubs })
    }
}

/// `NODUS-VOTE:<base64url of a packet>`: the link of last resort, shown by a judge's phone and scanned at the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteCode(pub Packet);

impl VoteCode {
    /// The text, with no hops left. Refused if the packet is too long for a QR.
    pub fn to_text(&self) -> Result<String, CodeError> {
        let packet = self.0.clone().with_ttl(crate::Ttl::ZERO);
        let text = alloc::format!("NODUS-VOTE:{}", URL_SAFE_NO_PAD.encode(packet.as_bytes()));
        if text.len() > TEXT_MAX { Err(CodeError::TooLong(text.len())) } else { Ok(text) }
    }
}

impl FromStr for VoteCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        if text.len() > TEXT_MAX {
            return Err(CodeError::TooLong(text.len()));
        }
        const PREFIX: &str = "NODUS-VOTE:";
        let rest = text.strip_prefix(PREFIX).ok_or(CodeError::Prefix(PREFIX))?;
        let bytes = URL_SAFE_NO_PAD.decode(rest).map_err(|_| CodeError::Value(PREFIX))?;
        Packet::decode(&bytes).map(Self).map_err(|_| CodeError::Value(PREFIX))
    }
}

/// Public keys and fingerprints have the same length, and so the same text.
fn hex_of(key: &VerifyingKey) -> String {
    Fingerprint::from_bytes(*key.as_bytes()).to_string()
}

fn key_of(text: &str) -> Option<VerifyingKey> {
    let bytes: Fingerprint = text.parse().ok()?;
    VerifyingKey::from_bytes(bytes.as_bytes()).ok()
}
