//! Which server keys to believe, over reloads. The first set is believed because it came with the page itself.

use super::http::{self, Unreachable};
use super::store;
use crate::kept;
use countersign::{Keyset, Realm};
use countersign_app::trust::{SETS_MAX, Trust, TrustError, claimed_version, climb};
use wasm_bindgen::JsValue;

/// Where it is kept. A logout leaves it: a rollback has to fail after one too.
const TRUST: &str = "trust";
/// The largest set there can be has less than 2 KiB.
const FRAME_MAX: usize = 4096;

/// Why there is no key set to believe.
#[derive(Debug)]
pub enum NoTrust {
    /// Nobody answered.
    Unreachable(String),
    /// The set is not to be believed.
    Refused(TrustError),
    /// The server says that it is another one than the one remembered.
    OtherRealm,
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

/// What an earlier run remembered.
pub async fn remembered() -> Result<Option<Trust>, JsValue> {
    Ok(store::get(TRUST).await?.as_string().and_then(|text| kept::read_trust(&text)))
}

/// Remembers it, unless another tab remembers something newer.
pub async fn keep(trust: &Trust) {
    let becomes = |there: JsValue| {
        let there = there.as_string().unwrap_or_default();
        kept::may_replace(&there, trust).then(|| kept::trust_text(trust).into())
    };
    drop(store::change(TRUST, &becomes).await);
}

/// The server's set, by what is remembered or on first sight. An origin has one realm: naming another one is no way around what is
/// remembered. A browser without storage remembers nothing, and sees everything for the first time.
pub async fn establish(realm: &Realm) -> Result<(Trust, Keyset), NoTrust> {
    let (trust, keyset) = match remembered().await.unwrap_or_default() {
        Some(trust) if trust.realm() == realm => renewed(&trust).await?,
        Some(_) => return Err(NoTrust::OtherRealm),
        None => Trust::on_first_sight(realm.clone(), &newest().await?)?,
    };
    keep(&trust).await;
    Ok((trust, keyset))
}

/// The server's current set; when no known root signed it, through the sets in between.
pub async fn renewed(known: &Trust) -> Result<(Trust, Keyset), NoTrust> {
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
