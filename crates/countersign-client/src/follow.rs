//! From the roots that a device knows to the set that the server has now, over the sets in between: a root change is a
//! set signed by the root before it, so each set vouches for the next.

use crate::server::{KeysetFetchError, Server};
use crate::transport::{FRAME_TYPE, Outgoing, TransportError};
use countersign::{Keyset, Realm};
use countersign_app::trust::{RootName, SETS_MAX, Trust, TrustError, claimed_version, climb};
use std::time::Duration;

/// Time for all of them.
const WALK: Duration = Duration::from_secs(60);
/// The largest set there can be has less than 2 KiB.
const FRAME_MAX: usize = 4096;

impl Server {
    /// Takes the server's current set in. When no root that is known has signed it, those before it are asked for, until
    /// one of them leads there; `trust` changes only if one does.
    pub async fn renew(&self, trust: &mut Trust) -> Result<Keyset, KeysetFetchError> {
        let newest = self.fetch_keyset().await?;
        let known = trust.clone();
        let start = |frame: &[u8]| {
            let mut next = known.clone();
            next.accept(frame).map(|keyset| (next, keyset))
        };
        let (next, keyset) = self.follow(newest, known.highest_version(), start).await?;
        *trust = next;
        Ok(keyset)
    }

    /// [`Trust::from_roots`] with the server's current set `newest`; a root that has been replaced since is followed to it.
    pub async fn trust_from_roots(
        &self,
        realm: &Realm,
        named: &[RootName],
        newest: Vec<u8>,
    ) -> Result<(Trust, Keyset), KeysetFetchError> {
        let start = |frame: &[u8]| Trust::from_roots(realm.clone(), named, frame);
        self.follow(newest, 0, start).await
    }

    async fn follow(
        &self,
        newest: Vec<u8>,
        known: u64,
        start: impl Fn(&[u8]) -> Result<(Trust, Keyset), TrustError>,
    ) -> Result<(Trust, Keyset), KeysetFetchError> {
        let refused = match start(&newest) {
            Err(refused) if refused.may_be_followed() => refused,
            done => return Ok(done?),
        };
        let walk = self.walk_back(newest, known, start);
        let linked = tokio::time::timeout(WALK, walk).await;
        let linked = linked.map_err(|_| self.transport.timeout(WALK))??;
        Ok(linked.ok_or(refused)?)
    }

    /// Looks for the newest earlier set that `start` takes, and climbs from there. Sets between versions may be missing.
    async fn walk_back(
        &self,
        newest: Vec<u8>,
        known: u64,
        start: impl Fn(&[u8]) -> Result<(Trust, Keyset), TrustError>,
    ) -> Result<Option<(Trust, Keyset)>, KeysetFetchError> {
        let newest_version = claimed_version(&newest)?;
        let mut later = vec![newest];
        for earlier in (known.saturating_add(1)..newest_version).rev().take(SETS_MAX) {
            let Some(frame) = self.fetch_earlier(earlier).await? else { continue };
            match start(&frame) {
                Ok((trust, _)) => return Ok(climb(trust, later)),
                Err(refused) if refused.may_be_followed() => later.push(frame),
                // It is no set of this realm, or of another version than was asked for.
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// An earlier set, unverified; `None` if the server does not have it.
    async fn fetch_earlier(&self, version: u64) -> Result<Option<Vec<u8>>, TransportError> {
        let url = self.base().join(&format!("/keyset/{version}"));
        let outgoing = Outgoing { method: "GET", url, accept: FRAME_TYPE, ..Outgoing::default() };
        let answer = self.transport.send(outgoing).await?;
        match answer.status {
            404 => Ok(None),
            200 if answer.body.len() > FRAME_MAX => Ok(None),
            200 => Ok(Some(answer.body.to_vec())),
            _ => Err(self.transport.unsigned(&answer)),
        }
    }
}
