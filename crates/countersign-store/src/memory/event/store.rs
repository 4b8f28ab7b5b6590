//! [`EventStore`] for the memory store: each method is one unit under the lock.

use crate::event::{
    BallotUnion, EnrolOutcome, Enrolment, EventStore, EventSummary, HandOver, HandOverOutcome,
    HeldLog, Invitation, LogPiece, NewBundle, NewEnrolment, NewEvent, PieceOutcome, PublishOutcome,
    PutOutcome, ReplaceOutcome, Results, RosterLine, StoredBundle, StoredEvent, StoredHead,
};
use crate::{MemoryStore, Result};
use countersign::{EventId, Fingerprint, UserId};
use countersign_judging::JudgeId;
use std::ops::Bound;

impl EventStore for MemoryStore {
    async fn put_event(&self, event: NewEvent) -> Result<PutOutcome> {
        Ok(self.state()?.put_event(event))
    }

    async fn find_event(&self, id: EventId) -> Result<Option<StoredEvent>> {
        Ok(self.state()?.events.get(&id).map(|event| event.stored.clone()))
    }

    async fn list_events(&self, after: Option<EventId>, limit: u32) -> Result<Vec<EventSummary>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.state()?;
        let events = state.events.range((from, Bound::Unbounded)).take(limit as usize);
        Ok(events.map(|(_, event)| event.stored.summary.clone()).collect())
    }

    async fn invitations(&self, address: String, limit: u32) -> Result<Vec<Invitation>> {
        Ok(self.state()?.invitations(&address, limit))
    }

    async fn enrol_judge(&self, enrolment: NewEnrolment) -> Result<EnrolOutcome> {
        Ok(self.state()?.enrol_judge(enrolment))
    }

    async fn allow_replacement(&self, event: EventId, judge: JudgeId) -> Result<ReplaceOutcome> {
        Ok(self.state()?.allow_replacement(event, judge))
    }

    async fn roster(&self, event: EventId) -> Result<Vec<RosterLine>> {
        Ok(self.state()?.roster(event))
    }

    async fn publish_bundle(&self, bundle: NewBundle) -> Result<PublishOutcome> {
        Ok(self.state()?.publish_bundle(bundle))
    }

    async fn find_bundle(
        &self,
        event: EventId,
        version: Option<u32>,
    ) -> Result<Option<StoredBundle>> {
        let state = self.state()?;
        let Some(event) = state.events.get(&event) else { return Ok(None) };
        let version = version.unwrap_or(event.stored.summary.version);
        Ok(event.bundles.iter().find(|bundle| bundle.version == version).cloned())
    }

    async fn bundles(&self, event: EventId) -> Result<Vec<StoredBundle>> {
        let state = self.state()?;
        Ok(state.events.get(&event).map(|event| event.bundles.clone()).unwrap_or_default())
    }

    async fn held_log(&self, event: EventId, hub: Fingerprint) -> Result<HeldLog> {
        Ok(self.state()?.held_log(event, hub))
    }

    async fn keep_log_piece(&self, piece: LogPiece) -> Result<PieceOutcome> {
        Ok(self.state()?.keep_log_piece(piece))
    }

    async fn read_log(&self, event: EventId, hub: Fingerprint) -> Result<Vec<u8>> {
        Ok(self.state()?.read_log(event, hub))
    }

    async fn drop_log_pieces(&self, event: EventId, hub: Fingerprint) -> Result<u64> {
        Ok(self.state()?.drop_log_pieces(event, hub))
    }

    async fn insert_ballots(&self, hand_over: HandOver) -> Result<HandOverOutcome> {
        Ok(self.state()?.insert_ballots(hand_over))
    }

    async fn keep_fork(&self, event: EventId, head: StoredHead) -> Result<bool> {
        Ok(self.state()?.keep_fork(event, head))
    }

    async fn heads(&self, event: EventId) -> Result<Vec<StoredHead>> {
        Ok(self.state()?.heads(event))
    }

    async fn ballot_union(&self, event: EventId) -> Result<BallotUnion> {
        Ok(self.state()?.ballot_union(event))
    }

    async fn publish_results(&self, event: EventId, results: Results) -> Result<bool> {
        let mut state = self.state()?;
        let event = state.events.get_mut(&event);
        Ok(event.map(|event| event.results = Some(results)).is_some())
    }

    async fn find_results(&self, event: EventId) -> Result<Option<Results>> {
        Ok(self.state()?.events.get(&event).and_then(|event| event.results.clone()))
    }

    async fn enrolments_of(&self, user: UserId) -> Result<Vec<(EventId, Enrolment)>> {
        Ok(self.state()?.enrolments_of(user))
    }
}
