//! Which server keys to believe, over reloads. The first set is believed because it came with the page itself.

use super::http::{self, Unreachable};
use super::store;
use crate::said::Read;
use countersign::{Keyset, Realm, VerifyingKey};
use countersign_app::trust::{SETS_MAX, Trust, TrustError, claimed_version, climb};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;

/// Where it is kept. A logout leaves it: a rollback has to fail after one too.
const TRUST: &str = "trust";
/// The largest set there can be has less than 2 KiB.
const FRAME_MAX: usize = 4096;

/// Why there is no key set to believe.
#[derive(Debug)]
pub(super) enum NoTrust {
    /// Nobody answered.
    Unreachable(String),
    /// The set is not to be believed.
    Refused(TrustError),
}

impl From<Unreachable> for NoTrust {
    fn from(Unreachable(why): Unreachable) -> Self {
        Self::Unreachable(why)
    }
}

impl From<TrustError> for NoTrust {
    fn from(error: TrustError) -> Self {
        Self::Refused(error)
    }
}

/// What an earlier run remembered, if it is for this realm or none is named.
pub(super) async fn remembered(realm: Option<&Realm>) -> Option<Trust> {
    let text = store::get(TRUST).await.ok()?.as_string()?;
    let kept = Value::parse(text.as_bytes())?;
    let text = |name: &str| String::read(&kept[name]);
    let kept_realm = Realm::new(&text("app")?, &text("audience")?).ok()?;
    let keys = |name: &str| {
        let texts = Vec::<String>::read(&kept[name])?;
        texts.iter().map(|text| key(text)).collect::<Option<Vec<_>>>()
    };
    let (roots, signers) = (keys("roots")?, keys("signers")?);
    let frame = hex::decode(text("frame")?).ok()?;
    let version = u64::read(&kept["highest_version"])?;
    let trust = Trust::remembered(kept_realm, roots, signers, version, frame);
    realm.is_none_or(|realm| realm == trust.realm()).then_some(trust)
}

/// Remembers it.
pub(super) async fn keep(trust: &Trust) {
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
    drop(store::put(TRUST, &JsValue::from_str(&kept.to_string())).await);
}

/// The server's set, by what is remembered or on first sight.
pub(super) async fn establish(realm: &Realm) -> Result<(Trust, Keyset), NoTrust> {
    let (trust, keyset) = match remembered(Some(realm)).await {
        Some(trust) => renewed(&trust).await?,
        None => Trust::on_first_sight(realm.clone(), &newest().await?)?,
    };
    keep(&trust).await;
    Ok((trust, keyset))
}

/// The server's current set; when no known root signed it, through the sets in between.
pub(super) async fn renewed(known: &Trust) -> Result<(Trust, Keyset), NoTrust> {
    let newest = newest().await?;
    let refused = match taken(known, &newest) {
        Err(refused) if refused.may_be_followed() => refused,
        done => return Ok(done?),
    };
    let newest_version = claimed_version(&newest)?;
    let mut later = vec![newest];
    let first = known.highest_version().saturating_add(1);
    for version in (first..newest_version).rev().take(SETS_MAX) {
        let answer = http::get(&format!("/keyset/{version}")).await?;
        if answer.status != 200 || answer.body.len() > FRAME_MAX {
            continue;
        }
        match taken(known, &answer.body) {
            Ok((trust, _)) => return climb(trust, later).ok_or(NoTrust::Refused(refused)),
            Err(error) if error.may_be_followed() => later.push(answer.body),
            // It is no set of this realm, or of another version than was asked for.
            Err(_) => {}
        }
    }
    Err(NoTrust::Refused(refused))
}

fn taken(known: &Trust, frame: &[u8]) -> Result<(Trust, Keyset), TrustError> {
    let mut next = known.clone();
    next.accept(frame).map(|keyset| (next, keyset))
}

async fn newest() -> Result<Vec<u8>, NoTrust> {
    let answer = http::get("/keyset").await?;
    match answer.status {
        200 if answer.is_frame() && answer.body.len() <= FRAME_MAX => Ok(answer.body),
        404 => Ok(Vec::new()),
        status => Err(NoTrust::Unreachable(format!("status {status}"))),
    }
}

fn key(text: &str) -> Option<VerifyingKey> {
    let bytes: [u8; 32] = hex::decode(text).ok()?.try_into().ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}
