//! What survives a reload, as it is written down, and what may take its place. Nothing in it is believed without a check.

use crate::said::Read;
use countersign::{Realm, VerifyingKey};
use countersign_app::trust::Trust;
use serde_json::{Value, json};

/// A session. Nothing in it is secret; its key lies beside it, in the same record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// In hex.
    pub session_id: String,
    /// The address, as the server writes it.
    pub address: String,
    /// The last epoch seen.
    pub epoch: String,
    /// Server time minus this device's when it was last known.
    pub offset_ms: Option<i64>,
}

impl Kept {
    /// As it is written down.
    pub fn text(&self) -> String {
        let text = json!({
            "session_id": self.session_id,
            "address": self.address,
            "epoch": self.epoch,
            "offset_ms": self.offset_ms,
        });
        text.to_string()
    }

    /// Whether the record `there` is this session's. Another tab may have logged in again: then it is not for this one to touch.
    pub fn owns(&self, there: &str) -> bool {
        Self::parse(there.as_bytes()).is_some_and(|it| it.session_id == self.session_id)
    }
}

impl Read for Kept {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            session_id: Read::read(&value["session_id"])?,
            address: Read::read(&value["address"])?,
            epoch: Read::read(&value["epoch"])?,
            offset_ms: Read::read(&value["offset_ms"])?,
        })
    }
}

/// The server's keys, as they are written down.
pub fn trust_text(trust: &Trust) -> String {
    let texts = |keys: &[VerifyingKey]| -> Vec<String> {
        keys.iter().map(|key| hex::encode(key.as_bytes())).collect()
    };
    let kept = json!({
        "app": trust.realm().app(),
        "audience": trust.realm().audience(),
        "roots": texts(trust.roots()),
        "signers": texts(trust.signers()),
        "highest_version": trust.highest_version(),
        "frame": hex::encode(trust.frame()),
    });
    kept.to_string()
}

/// Reads them.
pub fn read_trust(text: &str) -> Option<Trust> {
    let kept = Value::parse(text.as_bytes())?;
    let text = |name: &str| String::read(&kept[name]);
    let realm = Realm::new(&text("app")?, &text("audience")?).ok()?;
    let keys = |name: &str| {
        let texts = Vec::<String>::read(&kept[name])?;
        texts.iter().map(|text| key(text)).collect::<Option<Vec<_>>>()
    };
    let (roots, signers) = (keys("roots")?, keys("signers")?);
    let frame = hex::decode(text("frame")?).ok()?;
    let version = u64::read(&kept["highest_version"])?;
    Some(Trust::remembered(realm, roots, signers, version, frame))
}

/// Whether `next` may be written over `there`: never another realm's keys, and never an older version.
pub fn may_replace(there: &str, next: &Trust) -> bool {
    read_trust(there).is_none_or(|known| {
        known.realm() == next.realm() && known.highest_version() <= next.highest_version()
    })
}

fn key(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = hex::decode(text).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(session_id: &str) -> Kept {
        let (address, epoch) = ("ana@example.org".to_owned(), "7".to_owned());
        Kept { session_id: session_id.to_owned(), address, epoch, offset_ms: Some(-5) }
    }

    fn trust(audience: &str, version: u64) -> Trust {
        let realm = Realm::new("countersign", audience).unwrap();
        Trust::remembered(realm, Vec::new(), Vec::new(), version, vec![1, 2])
    }

    #[test]
    fn a_session_touches_only_its_own_record() {
        let own = kept("aa");
        assert!(own.owns(&Kept { epoch: "8".to_owned(), ..kept("aa") }.text()));
        for other in [kept("bb").text(), String::new(), "{}".to_owned()] {
            assert!(!own.owns(&other), "{other}");
        }
        assert_eq!(Kept::parse(own.text().as_bytes()), Some(own));
    }

    #[test]
    fn k4_what_is_remembered_of_a_servers_keys_never_becomes_older() {
        let there = trust_text(&trust("league.example", 3));
        assert!(may_replace(&there, &trust("league.example", 3)));
        assert!(may_replace(&there, &trust("league.example", 4)));
        assert!(!may_replace(&there, &trust("league.example", 2)));
        assert_eq!(read_trust(&there), Some(trust("league.example", 3)));
    }

    #[test]
    fn another_realm_does_not_take_the_place_of_the_remembered_one() {
        let there = trust_text(&trust("league.example", 3));
        assert!(!may_replace(&there, &trust("other.example", 9)));
        assert!(may_replace("", &trust("other.example", 9)), "nothing was remembered");
    }
}
