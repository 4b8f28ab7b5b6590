//! What the server keeps of events: descriptions and rosters, judges' keys, signed bundles, what hubs handed over, results.
//!
//! [`EventStore`] stands beside [`Store`](crate::Store), with the same promises: each method is one atomic unit, and `Ok` means
//! durable. The suite `conformance::event` says what is right.

pub mod bundle;
pub mod draft;
pub mod enrolment;
pub mod hand_over;
pub mod results;

pub use bundle::{BUNDLES_MAX, NewBundle, PublishOutcome, StoredBundle};
pub use draft::{DRAFT_MAX, EventSummary, NewEvent, PutOutcome, Seat, StoredEvent};
pub use enrolment::{
    EnrolOutcome, Enrolment, Invitation, NewEnrolment, ReplaceOutcome, RosterLine,
};
pub use hand_over::{
    BallotUnion, FORKS_MAX, HandOver, HandOverOutcome, HandedVote, HeldLog, LOG_MAX, LogPiece,
    PIECE_MAX, PieceOutcome, StoredHead, UnionVote,
};
pub use results::{RESULTS_MAX, Results};

use crate::Result;
use countersign::{EventId, Fingerprint, UserId};
use countersign_judging::JudgeId;

/// Where events are kept. Lists take a `limit` from the caller, which no method exceeds.
pub trait EventStore: Send + Sync + 'static {
    // ---- descriptions

    /// Stores a new event, or another description and roster in place of the ones that it has.
    ///
    /// A seat with another address than before loses its key: it was somebody else's. Taking a description that was made from an
    /// older one would undo what an enrolment or another operator changed meanwhile.
    fn put_event(&self, event: NewEvent) -> impl Future<Output = Result<PutOutcome>> + Send;

    /// The event with its description.
    fn find_event(&self, id: EventId) -> impl Future<Output = Result<Option<StoredEvent>>> + Send;

    /// Events above `after` in the order of ids.
    fn list_events(
        &self,
        after: Option<EventId>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<EventSummary>>> + Send;

    // ---- judges

    /// Events whose roster has this normalised address, by id, at most `limit`.
    fn invitations(
        &self,
        address: String,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Invitation>>> + Send;

    /// Takes the key of a judge whose address is on the roster. Whoever calls it has checked that the judge holds the key.
    ///
    /// One key per judge; a key that a published bundle names is replaced only after [`EventStore::allow_replacement`]. A key that is
    /// anybody else's, or was this judge's before, is never taken: two who share a key vote for each other, and a key that was
    /// replaced was perhaps lost.
    fn enrol_judge(
        &self,
        enrolment: NewEnrolment,
    ) -> impl Future<Output = Result<EnrolOutcome>> + Send;

    /// Lets a judge enrol another key once, although a bundle names the present one.
    fn allow_replacement(
        &self,
        event: EventId,
        judge: JudgeId,
    ) -> impl Future<Output = Result<ReplaceOutcome>> + Send;

    /// Who is invited and who has enrolled, by id of the judge; empty if there is no such event.
    fn roster(&self, event: EventId) -> impl Future<Output = Result<Vec<RosterLine>>> + Send;

    // ---- bundles

    /// Keeps the next signed bundle, if the event is still what it was made from.
    ///
    /// A bundle that lacks a key enrolled a moment before would revoke nobody and let nobody in, and nobody would know why.
    fn publish_bundle(
        &self,
        bundle: NewBundle,
    ) -> impl Future<Output = Result<PublishOutcome>> + Send;

    /// The newest bundle, or the one with this version.
    fn find_bundle(
        &self,
        event: EventId,
        version: Option<u32>,
    ) -> impl Future<Output = Result<Option<StoredBundle>>> + Send;

    /// Every bundle, the oldest first: what a log may name.
    fn bundles(&self, event: EventId) -> impl Future<Output = Result<Vec<StoredBundle>>> + Send;

    // ---- what hubs hand over

    /// How much of a hub's log is here, and the newest head under which it was verified.
    fn held_log(
        &self,
        event: EventId,
        hub: Fingerprint,
    ) -> impl Future<Output = Result<HeldLog>> + Send;

    /// Appends a piece of a hub's log, unverified. The same piece again changes nothing.
    fn keep_log_piece(&self, piece: LogPiece) -> impl Future<Output = Result<PieceOutcome>> + Send;

    /// The bytes that are here of a hub's log, verified or not.
    fn read_log(
        &self,
        event: EventId,
        hub: Fingerprint,
    ) -> impl Future<Output = Result<Vec<u8>>> + Send;

    /// Forgets the pieces that came after the last verified log. Returns how many bytes are left.
    fn drop_log_pieces(
        &self,
        event: EventId,
        hub: Fingerprint,
    ) -> impl Future<Output = Result<u64>> + Send;

    /// Adds what a verified log says to what other logs said: the earliest acceptance of each vote, the earliest revocation of each
    /// key. The log becomes the verified one of its hub.
    ///
    /// Whoever calls it has verified the log and its head. Nothing is ever taken away here.
    fn insert_ballots(
        &self,
        hand_over: HandOver,
    ) -> impl Future<Output = Result<HandOverOutcome>> + Send;

    /// Keeps the head of a hub that signed two logs, as evidence. `false`: it is kept already, or there are [`FORKS_MAX`].
    fn keep_fork(
        &self,
        event: EventId,
        head: StoredHead,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Every head that was handed over, by hub and then by entries, those of forks included.
    fn heads(&self, event: EventId) -> impl Future<Output = Result<Vec<StoredHead>>> + Send;

    /// What all verified logs together say.
    fn ballot_union(&self, event: EventId) -> impl Future<Output = Result<BallotUnion>> + Send;

    // ---- results

    /// Publishes results in place of those before. `false`: there is no such event.
    fn publish_results(
        &self,
        event: EventId,
        results: Results,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// The published results.
    fn find_results(&self, event: EventId) -> impl Future<Output = Result<Option<Results>>> + Send;

    // ---- accounts

    /// The keys that a user enrolled, by event.
    fn enrolments_of(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Vec<(EventId, Enrolment)>>> + Send;
}
