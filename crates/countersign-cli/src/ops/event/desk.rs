//! Where the organiser sits: the store, the keys beside it, and the time.

use super::super::OpsError;
use super::super::data::wait;
use super::EventError;
use countersign::evidence::{EvidenceError, Signed};
use countersign::{EventId, Realm, Timestamp};
use countersign_judging::Bundle;
use countersign_keys::folder::read_realm;
use countersign_server::desk::event::Plan;
use countersign_store::event::{EventStore, StoredBundle, StoredEvent};
use countersign_store::{AuditEvent, Store};
use countersign_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Everything that a command needs.
pub(super) struct Desk<'a> {
    pub(super) store: SqliteStore,
    pub(super) data: &'a Path,
    pub(super) now: Timestamp,
    pub(super) json: bool,
}

impl Desk<'_> {
    /// The key folder.
    pub(super) fn keys(&self) -> PathBuf {
        self.data.join("keys")
    }

    /// What the server's keys sign for.
    pub(super) fn realm(&self) -> Result<Realm, OpsError> {
        let realm = read_realm(&self.keys()).map_err(EventError::from)?;
        Ok(realm.ok_or_else(|| EventError::NoRealm(self.keys()))?)
    }

    /// The event and its description.
    pub(super) fn event(&self, id: EventId) -> Result<(StoredEvent, Plan), OpsError> {
        let event = wait(self.store.find_event(id))?.ok_or(EventError::NoEvent(id))?;
        let plan = Plan::decode(&event.content).map_err(EventError::from)?;
        Ok((event, plan))
    }

    /// A bundle that this server signed and kept.
    pub(super) fn open(
        &self,
        realm: &Realm,
        bundle: &StoredBundle,
    ) -> Result<Signed<Bundle>, EventError> {
        let signed = Signed::<Bundle>::reopen(realm, &bundle.frame);
        Ok(signed.map_err(EvidenceError::Content)?)
    }

    /// All versions that were published.
    pub(super) fn bundles(&self, event: EventId) -> Result<Vec<Signed<Bundle>>, OpsError> {
        let realm = self.realm()?;
        let bundles = wait(self.store.bundles(event))?;
        Ok(bundles.iter().map(|bundle| self.open(&realm, bundle)).collect::<Result<_, _>>()?)
    }

    /// Notes what the organiser did.
    pub(super) fn note(
        &self,
        action: &str,
        event: EventId,
        mut detail: Value,
    ) -> Result<(), OpsError> {
        detail["event"] = json!(event.as_str());
        detail["by"] = json!("operator");
        let (action, detail) = (action.to_owned(), detail.to_string());
        let entry = AuditEvent { at: self.now, action, user: None, session: None, detail };
        wait(self.store.append_audit(entry))?;
        Ok(())
    }
}
