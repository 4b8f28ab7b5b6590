//! `event.hand_over`: what a hub recorded, checked once more from its first entry to its last.

use super::{Call, Stop, refused};
use crate::app::Backend;
use crate::commands::audit;
use crate::reply::Reply;
use aws_lc_rs::digest::{SHA256, digest};
use countersign::evidence::{Received, Signed};
use countersign::wire::Reader;
use countersign::{EventId, Fingerprint, Malformed, Realm, RecordHeader, ResultCode};
use countersign_judging::audit::{Audit, AuditFault};
use countersign_judging::log::{Chain, HandOverReceipt, LogHead, Reader as LogReader, root_of};
use countersign_judging::venue::{KeptVote, RestoreFault};
use countersign_judging::{Bundle, Root, verify_log};
use countersign_store::StoreError;
use countersign_store::event::{
    HandOver, HandOverOutcome, HandedVote, LogPiece, PIECE_MAX, PieceOutcome, StoredBundle,
    StoredHead,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What of a request's frame is not the piece.
const AROUND_PIECE: usize = 1_024;

/// A payload, `u8 step ‖ LP8 event ‖ …`.
struct Asked<'p> {
    step: Step,
    event: EventId,
    rest: Reader<'p>,
}

#[derive(Clone, Copy)]
enum Step {
    /// `1 … ‖ head`: how much of this log is here?
    Open,
    /// `2 … ‖ hub 32 ‖ u64 offset ‖ bytes`: some of it.
    Piece,
    /// `3 … ‖ head`: that was all; check it.
    Close,
}

pub(super) async fn hand_over<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    const EXPECTED: &str =
        "expected 1 ‖ LP8 event ‖ head, 2 ‖ LP8 event ‖ hub ‖ u64 offset ‖ bytes, or 3 as 1";
    if !call.is_hub() {
        return Ok(Reply::error(ResultCode::FORBIDDEN));
    }
    let content = &call.admitted.request.content;
    let Asked { step, event, rest } = read(content).map_err(|_| Reply::invalid(EXPECTED))?;
    match step {
        Step::Open => open(call, event, rest.rest()).await,
        Step::Piece => {
            let piece = read_piece(call, event, rest).map_err(|_| Reply::invalid(EXPECTED))?;
            keep(call, piece).await
        }
        Step::Close => {
            // One at a time: a log is wholly in memory while it is checked.
            let _alone = call.app.handing_over.lock().await;
            close(call, event, rest.rest()).await
        }
    }
}

fn read(payload: &[u8]) -> Result<Asked<'_>, Malformed> {
    let mut reader = Reader::new(payload);
    let step = match reader.u8()? {
        1 => Step::Open,
        2 => Step::Piece,
        3 => Step::Close,
        _ => return Err(Malformed::Range),
    };
    let event = core::str::from_utf8(reader.lp8()?).map_err(|_| Malformed::Range)?;
    let event = EventId::new(event).map_err(|_| Malformed::Range)?;
    Ok(Asked { step, event, rest: reader })
}

fn read_piece<S: Backend>(
    call: Call<'_, S>,
    event: EventId,
    mut reader: Reader<'_>,
) -> Result<LogPiece, Malformed> {
    let hub = Fingerprint::from_bytes(reader.array()?);
    let offset = reader.u64()?;
    Ok(LogPiece { event, hub, offset, bytes: reader.rest().to_vec(), now: call.app.now() })
}

async fn open<S: Backend>(call: Call<'_, S>, event: EventId, frame: &[u8]) -> Result<Reply, Stop> {
    let head = head_of(call, event, frame).await?;
    let held = call.app.store.held_log(event, head.signer).await?;
    let log = call.app.store.read_log(event, head.signer).await?;
    let frame_max = call.app.limits.frame_max;
    Ok(Reply::json(&json!({
        "held": log.len(),
        "sha256": hex::encode(digest(&SHA256, &log)),
        "verified": held.verified,
        "entries": held.head.map(|head| head.entries),
        "piece_max": frame_max.saturating_sub(AROUND_PIECE).clamp(1, PIECE_MAX),
    })))
}

async fn keep<S: Backend>(call: Call<'_, S>, piece: LogPiece) -> Result<Reply, Stop> {
    let bundle = newest(call, piece.event).await?;
    if bundle.event().hub(&piece.hub).is_none() {
        return Ok(not_a_hub(&piece.hub));
    }
    let conflict = |reason, held: u64| {
        let members = [("reason", Value::from(reason)), ("held", held.into())];
        Reply::error_with(ResultCode::CONFLICT, &members)
    };
    Ok(match call.app.store.keep_log_piece(piece).await? {
        PieceOutcome::Kept { held } => Reply::json(&json!({ "held": held })),
        PieceOutcome::NotNext { held } => conflict("not_next", held),
        PieceOutcome::Differs { held } => conflict("differs", held),
        PieceOutcome::Size => {
            Reply::invalid("a piece has 1 byte to 1 MiB, and a log at most 256 MiB")
        }
        PieceOutcome::NoEvent => no_event(),
    })
}

/// Every decision in the log is taken again, and only then it counts. `[E8]`
async fn close<S: Backend>(call: Call<'_, S>, event: EventId, frame: &[u8]) -> Result<Reply, Stop> {
    let store = &call.app.store;
    let head = head_of(call, event, frame).await?;
    let held = store.held_log(event, head.signer).await?;
    let mut log = store.read_log(event, head.signer).await?;
    if let Some(known) = held.head.filter(|known| head.value.entries <= known.entries) {
        log.truncate(usize::try_from(held.verified).unwrap_or(usize::MAX));
        let signed = head.value.clone();
        let is_same = blocking(move || holds(&log, &signed)).await?;
        return if is_same {
            receipt(call, event, &known).await
        } else {
            fork(call, head, frame).await
        };
    }
    let (bundles, realm) = (store.bundles(event).await?, call.app.sealer.realm().clone());
    let (signed, bytes) = (frame.to_vec(), log.len() as u64);
    match blocking(move || recount(&realm, &bundles, &log, &signed)).await?? {
        Ok(audit) => take(call, event, audit, frame, bytes).await,
        Err(fault) => {
            let held = store.drop_log_pieces(event, head.signer).await?;
            let members = [
                ("check", Value::from("log")),
                ("reason", reason(&fault).into()),
                ("message", fault.to_string().into()),
                ("held", held.into()),
            ];
            Ok(Reply::error_with(ResultCode::EVIDENCE_INVALID, &members))
        }
    }
}

/// Puts the votes of a verified log to those of the others.
async fn take<S: Backend>(
    call: Call<'_, S>,
    event: EventId,
    checked: Audit,
    frame: &[u8],
    bytes: u64,
) -> Result<Reply, Stop> {
    let Audit { venue, head, .. } = checked;
    let head = StoredHead {
        hub: head.signer,
        digest: head.digest,
        frame: frame.to_vec(),
        entries: head.value.entries,
        received: call.app.now(),
        is_fork: false,
    };
    let hand_over = HandOver {
        event,
        head: head.clone(),
        bytes,
        votes: venue.votes().iter().map(handed).collect(),
        revoked: venue.revoked().collect(),
    };
    match call.app.store.insert_ballots(hand_over).await? {
        HandOverOutcome::Taken { new, all } => {
            let (hub, entries) = (head.hub.to_string(), head.entries);
            let detail = json!({ "event": event.as_str(), "hub": hub, "entries": entries,
                "new": new, "all": all });
            audit(call.app, call.admitted, "event.hand_over", detail).await;
            receipt(call, event, &head).await
        }
        HandOverOutcome::Changed => {
            let message = "somebody else handed over the same log at the same time; try again";
            Ok(refused(ResultCode::CONFLICT, "changed", message))
        }
        HandOverOutcome::NoEvent => Ok(no_event()),
    }
}

/// What the hub may keep: signed, and good for ever.
async fn receipt<S: Backend>(
    call: Call<'_, S>,
    event: EventId,
    head: &StoredHead,
) -> Result<Reply, Stop> {
    let (app, realm) = (call.app, call.app.sealer.realm());
    let damaged = |error| StoreError::Damaged(format!("the head of a hub's log: {error}"));
    let own = Signed::<LogHead>::reopen(realm, &head.frame).map_err(damaged)?.value;
    let heads = app.store.heads(event).await?;
    let hubs: BTreeSet<_> =
        heads.iter().filter(|head| !head.is_fork).map(|head| head.hub).collect();
    let union = app.store.ballot_union(event).await?;
    let all: Vec<_> = union.holding().collect();
    let receipt = HandOverReceipt {
        event,
        hub: head.hub,
        head: head.digest,
        entries: own.entries,
        votes: own.votes,
        ballot_root: own.ballot_root,
        hubs: u8::try_from(hubs.len()).unwrap_or(u8::MAX),
        all_votes: u32::try_from(all.len()).unwrap_or(u32::MAX),
        all_ballot_root: root_of(all.iter().map(|digest| digest.as_bytes().as_slice())),
    };
    let sealed = app.sealer.record(&receipt, RecordHeader::FIRST, app.now());
    sealed.map(Reply::bytes).map_err(|error| {
        tracing::error!(%error, "a record could not be signed");
        Reply::error(ResultCode::INTERNAL).into()
    })
}

/// The head of another log than the one that this hub handed over: kept, because it convicts the hub. `[E9]`
async fn fork<S: Backend>(
    call: Call<'_, S>,
    head: Signed<LogHead>,
    frame: &[u8],
) -> Result<Reply, Stop> {
    let LogHead { event, entries, .. } = head.value;
    let stored = StoredHead {
        hub: head.signer,
        digest: head.digest,
        frame: frame.to_vec(),
        entries,
        received: call.app.now(),
        is_fork: true,
    };
    if call.app.store.keep_fork(event, stored).await? {
        let detail = json!({ "event": event.as_str(), "hub": head.signer.to_string(),
            "entries": entries, "head": head.digest.to_string() });
        audit(call.app, call.admitted, "event.fork", detail).await;
    }
    let message = "this hub has handed over another log, and signed both; the organiser has to \
                   look at it";
    Ok(refused(ResultCode::CONFLICT, "fork", message))
}

/// The head, if a hub of the newest bundle signed it for this event. `[E7]`
async fn head_of<S: Backend>(
    call: Call<'_, S>,
    event: EventId,
    frame: &[u8],
) -> Result<Signed<LogHead>, Stop> {
    let bundle = newest(call, event).await?;
    let invalid = |reason, message: &str| {
        let members = [
            ("check", "head".into()),
            ("reason", Value::from(reason)),
            ("message", message.into()),
        ];
        Stop::from(Reply::error_with(ResultCode::EVIDENCE_INVALID, &members))
    };
    let received = Received::<LogHead>::decode(frame)
        .map_err(|error| invalid("head_signature", &error.to_string()))?;
    let signer = received.signer();
    let hub = bundle.event().hub(&signer).ok_or_else(|| Stop::from(not_a_hub(&signer)))?;
    let head = received
        .verify(call.app.sealer.realm(), &hub.key)
        .map_err(|error| invalid("head_signature", &error.to_string()))?;
    match head.value.event == event {
        true => Ok(head),
        false => Err(invalid("other_event", "the head is of another event")),
    }
}

async fn newest<S: Backend>(call: Call<'_, S>, event: EventId) -> Result<Bundle, Stop> {
    match call.app.store.find_bundle(event, None).await? {
        Some(bundle) => Ok(call.reopened(&bundle)?),
        None => Err(no_event().into()),
    }
}

fn no_event() -> Reply {
    let message = "there is no event of this id with a published bundle";
    refused(ResultCode::NOT_FOUND, "not_published", message)
}

fn not_a_hub(hub: &Fingerprint) -> Reply {
    let members = [
        ("check", Value::from("head")),
        ("reason", "other_hub".into()),
        ("message", format!("the newest bundle names no hub with the key {hub}").into()),
    ];
    Reply::error_with(ResultCode::EVIDENCE_INVALID, &members)
}

fn handed(kept: &KeptVote) -> HandedVote {
    HandedVote {
        digest: kept.vote.digest,
        judge: kept.vote.vote.judge,
        id: kept.vote.vote.id,
        signer: kept.vote.signer,
        hub: kept.hub,
        accepted: kept.accepted,
        position: kept.position,
        content: kept.vote.content.clone(),
    }
}

/// Work that takes a core for a while, beside those that verify requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Engine(format!("the log was not checked: {error}")))
}

fn recount(
    realm: &Realm,
    bundles: &[StoredBundle],
    log: &[u8],
    head: &[u8],
) -> Result<Result<Audit, AuditFault>, StoreError> {
    let opened: Result<Vec<_>, _> =
        bundles.iter().map(|bundle| Signed::<Bundle>::reopen(realm, &bundle.frame)).collect();
    let bundles = opened.map_err(|error| StoreError::Damaged(format!("a bundle: {error}")))?;
    Ok(verify_log(realm, &bundles, log, head))
}

/// Whether a verified log had this root when it had that many entries.
fn holds(log: &[u8], head: &LogHead) -> bool {
    let (mut reader, mut chain) = (LogReader::new(log), Chain::new());
    while let Ok(Some(entry)) = reader.next_entry() {
        if chain.entries() == head.entries || chain.append(&entry).is_err() {
            break;
        }
    }
    let root: Root = chain.root();
    chain.entries() == head.entries && root == head.root && chain.head() == head.chain
}

/// The word for programs.
const fn reason(fault: &AuditFault) -> &'static str {
    match fault {
        AuditFault::Log(fault) => match fault {
            RestoreFault::Read(_) => "log_broken",
            RestoreFault::NoBeginning
            | RestoreFault::Begin(_)
            | RestoreFault::OtherEvent(_)
            | RestoreFault::SecondBeginning(_) => "log_beginning",
            RestoreFault::MissingBundle { .. } => "missing_bundle",
            RestoreFault::Vote { .. } | RestoreFault::OtherOutcome(_) => "log_vote",
            RestoreFault::Merged(_) => "log_merged",
            RestoreFault::Backdated(_) => "log_backdated",
            RestoreFault::Act { .. } | RestoreFault::Amend { .. } => "log_act",
        },
        AuditFault::Torn(_) => "log_torn",
        AuditFault::Head(_) => "head_signature",
        AuditFault::OtherHub(_) => "other_hub",
        AuditFault::OtherLog { .. } => "other_log",
    }
}
