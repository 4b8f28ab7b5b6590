//! [`EventStore`] for SQLite: each method is one unit of work for the writing thread, or one query for a reading one.

use super::{bundle, draft, hand_over, roster};
use crate::SqliteStore;
use countersign::{EventId, Fingerprint, UserId};
use countersign_judging::JudgeId;
use countersign_store::Result;
use countersign_store::event::{
    BallotUnion, EnrolOutcome, Enrolment, EventStore, EventSummary, HandOver, HandOverOutcome,
    HeldLog, Invitation, LogPiece, NewBundle, NewEnrolment, NewEvent, PieceOutcome, PublishOutcome,
    PutOutcome, ReplaceOutcome, Results, RosterLine, StoredBundle, StoredEvent, StoredHead,
};

impl EventStore for SqliteStore {
    async fn put_event(&self, event: NewEvent) -> Result<PutOutcome> {
        self.writer.run(move |db| draft::put(db, &event)).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<StoredEvent>> {
        self.readers.run(move |db| draft::find(db, id)).await
    }

    async fn list_events(&self, after: Option<EventId>, limit: u32) -> Result<Vec<EventSummary>> {
        self.readers.run(move |db| draft::list(db, after, limit)).await
    }

    async fn invitations(&self, address: String, limit: u32) -> Result<Vec<Invitation>> {
        self.readers.run(move |db| roster::invitations(db, &address, limit)).await
    }

    async fn enrol_judge(&self, enrolment: NewEnrolment) -> Result<EnrolOutcome> {
        self.writer.run(move |db| roster::enrol(db, &enrolment)).await
    }

    async fn allow_replacement(&self, event: EventId, judge: JudgeId) -> Result<ReplaceOutcome> {
        self.writer.run(move |db| roster::allow_replacement(db, event, &judge)).await
    }

    async fn roster(&self, event: EventId) -> Result<Vec<RosterLine>> {
        self.readers.run(move |db| roster::roster(db, event)).await
    }

    async fn publish_bundle(&self, bundle: NewBundle) -> Result<PublishOutcome> {
        self.writer.run(move |db| bundle::publish(db, &bundle)).await
    }

    async fn find_bundle(
        &self,
        event: EventId,
        version: Option<u32>,
    ) -> Result<Option<StoredBundle>> {
        self.readers.run(move |db| bundle::find(db, event, version)).await
    }

    async fn bundles(&self, event: EventId) -> Result<Vec<StoredBundle>> {
        self.readers.run(move |db| bundle::all(db, event)).await
    }

    async fn held_log(&self, event: EventId, hub: Fingerprint) -> Result<HeldLog> {
        self.readers.run(move |db| hand_over::held(db, event, &hub)).await
    }

    async fn keep_log_piece(&self, piece: LogPiece) -> Result<PieceOutcome> {
        self.writer.run(move |db| hand_over::keep_piece(db, &piece)).await
    }

    async fn read_log(&self, event: EventId, hub: Fingerprint) -> Result<Vec<u8>> {
        self.readers.run(move |db| hand_over::read_log(db, event, &hub)).await
    }

    async fn drop_log_pieces(&self, event: EventId, hub: Fingerprint) -> Result<u64> {
        self.writer.run(move |db| hand_over::drop_pieces(db, event, &hub)).await
    }

    async fn insert_ballots(&self, new: HandOver) -> Result<HandOverOutcome> {
        self.writer.run(move |db| hand_over::insert(db, &new)).await
    }

    async fn keep_fork(&self, event: EventId, head: StoredHead) -> Result<bool> {
        self.writer.run(move |db| hand_over::keep_fork(db, event, &head)).await
    }

    async fn heads(&self, event: EventId) -> Result<Vec<StoredHead>> {
        self.readers.run(move |db| hand_over::heads(db, event)).await
    }

    async fn ballot_union(&self, event: EventId) -> Result<BallotUnion> {
        self.readers.run(move |db| hand_over::union(db, event)).await
    }

    async fn publish_results(&self, event: EventId, results: Results) -> Result<bool> {
        self.writer.run(move |db| draft::publish_results(db, event, &results)).await
    }

    async fn find_results(&self, event: EventId) -> Result<Option<Results>> {
        self.readers.run(move |db| draft::results(db, event)).await
    }

    async fn enrolments_of(&self, user: UserId) -> Result<Vec<(EventId, Enrolment)>> {
        self.readers.run(move |db| roster::of_user(db, user)).await
    }
}
