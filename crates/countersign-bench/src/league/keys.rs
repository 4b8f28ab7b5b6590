//! The server's keys, as devices and referees believe them.

use crate::failure::Result;
use arc_swap::ArcSwap;
use countersign::{
    Epochs, KeyState, Keyset, KeysetContent, OnlineKey, Realm, Signer, SigningKey, Timestamp,
    VerifyingKey,
};
use countersign_server::gateway::Sealer;
use countersign_server::random;
use countersign_server::signer::{OnlineSigner, ServerKeys};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Before and after the time that it was made for.
const VALID: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A realm with a root and one online key.
pub(crate) struct Keys {
    pub(crate) realm: Realm,
    pub(crate) root: VerifyingKey,
    pub(crate) online: SigningKey,
    /// The key set's frame.
    pub(crate) keyset: Vec<u8>,
    seed: [u8; 32],
}

impl Keys {
    /// Fresh keys, valid for years around this time.
    pub(crate) fn draw(now: Timestamp) -> Result<Self> {
        let realm = Realm::new("league", "league.example.org")?;
        let (root, seed) = (key()?, random::bytes()?);
        let online = SigningKey::from_seed(&seed);
        let (not_before, not_after) = (now.minus(VALID), now.plus(VALID));
        let content = KeysetContent {
            version: 1,
            issued: not_before,
            expires: not_after,
            min_protocol: 1,
            keys: vec![OnlineKey {
                key: online.verifying_key().clone(),
                state: KeyState::Active,
                not_before,
                not_after,
            }],
            roots: vec![root.verifying_key().clone()],
            pins: Vec::new(),
        };
        let keyset = content.sign(&realm, &root);
        Ok(Self { realm, root: root.verifying_key().clone(), online, keyset, seed })
    }

    /// The set, opened as its users do.
    pub(crate) fn opened(&self) -> Result<Keyset> {
        Ok(Keyset::open(&self.realm, std::slice::from_ref(&self.root), 0, &self.keyset)?)
    }

    /// What signs receipts in the real server.
    pub(crate) fn sealer(&self, now: Timestamp) -> Result<Sealer> {
        let keys = ServerKeys {
            signer: OnlineSigner::from_seed(&self.seed)?,
            keyset: self.opened()?,
            keyset_frame: self.keyset.clone(),
            keysets: BTreeMap::new(),
        };
        let epochs = Epochs::new(random::bytes()?, now);
        Ok(Sealer::new(
            Arc::new(self.realm.clone()),
            Arc::new(ArcSwap::from_pointee(keys)),
            Arc::new(ArcSwap::from_pointee(epochs)),
        ))
    }
}

/// A fresh key.
pub(crate) fn key() -> Result<SigningKey> {
    Ok(SigningKey::from_seed(&random::bytes()?))
}
