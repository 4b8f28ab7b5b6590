//! Logs, heads and votes.

use super::State;
use crate::event::{
    BallotUnion, FORKS_MAX, HandOver, HandOverOutcome, HeldLog, LOG_MAX, LogPiece, PIECE_MAX,
    PieceOutcome, StoredHead, UnionVote,
};
use countersign::{EventId, Fingerprint};
use std::collections::btree_map::Entry;

impl State {
    pub(super) fn held_log(&self, id: EventId, hub: Fingerprint) -> HeldLog {
        let Some(event) = self.events.get(&id) else { return HeldLog::default() };
        let log = event.logs.get(&hub);
        let heads = event.heads.iter().filter(|head| head.hub == hub && !head.is_fork);
        HeldLog {
            held: log.map_or(0, super::Log::held),
            verified: log.map_or(0, |log| log.verified),
            head: heads.max_by_key(|head| head.entries).cloned(),
        }
    }

    pub(super) fn keep_log_piece(&mut self, piece: LogPiece) -> PieceOutcome {
        let Some(event) = self.events.get_mut(&piece.event) else { return PieceOutcome::NoEvent };
        let log = event.logs.entry(piece.hub).or_default();
        let (held, length) = (log.held(), piece.bytes.len() as u64);
        if !(1..=PIECE_MAX).contains(&piece.bytes.len()) || held + length > LOG_MAX {
            return PieceOutcome::Size;
        }
        match log.pieces.get(&piece.offset) {
            Some(known) if *known == piece.bytes => PieceOutcome::Kept { held },
            Some(_) => PieceOutcome::Differs { held },
            None if piece.offset == held => {
                log.pieces.insert(piece.offset, piece.bytes);
                PieceOutcome::Kept { held: held + length }
            }
            None => PieceOutcome::NotNext { held },
        }
    }

    pub(super) fn read_log(&self, id: EventId, hub: Fingerprint) -> Vec<u8> {
        let log = self.events.get(&id).and_then(|event| event.logs.get(&hub));
        log.map(|log| log.pieces.values().flatten().copied().collect()).unwrap_or_default()
    }

    pub(super) fn drop_log_pieces(&mut self, id: EventId, hub: Fingerprint) -> u64 {
        let log = self.events.get_mut(&id).and_then(|event| event.logs.get_mut(&hub));
        let Some(log) = log else { return 0 };
        let verified = log.verified;
        log.pieces.retain(|offset, _| *offset < verified);
        log.held()
    }

    pub(super) fn insert_ballots(&mut self, new: HandOver) -> HandOverOutcome {
        let Some(event) = self.events.get_mut(&new.event) else { return HandOverOutcome::NoEvent };
        let log = event.logs.entry(new.head.hub).or_default();
        if log.held() != new.bytes {
            return HandOverOutcome::Changed;
        }
        log.verified = new.bytes;
        let same = |head: &StoredHead| {
            head.hub == new.head.hub && head.entries == new.head.entries && !head.is_fork
        };
        event.heads.retain(|head| !same(head));
        event.heads.push(new.head);
        let before = event.votes.len();
        for vote in new.votes {
            match event.votes.entry(vote.digest) {
                Entry::Vacant(place) => drop(place.insert(vote)),
                Entry::Occupied(mut known) => {
                    let old = known.get();
                    if (vote.accepted, vote.hub) < (old.accepted, old.hub) {
                        known.insert(vote);
                    }
                }
            }
        }
        for (key, at) in new.revoked {
            event.revoked.entry(key).and_modify(|known| *known = at.min(*known)).or_insert(at);
        }
        let all = event.votes.len();
        HandOverOutcome::Taken { new: (all - before) as u64, all: all as u64 }
    }

    pub(super) fn keep_fork(&mut self, id: EventId, head: StoredHead) -> bool {
        let Some(event) = self.events.get_mut(&id) else { return false };
        let known = event.heads.iter().filter(|known| known.hub == head.hub && known.is_fork);
        let known: Vec<_> = known.map(|known| known.digest).collect();
        if known.len() >= FORKS_MAX || known.contains(&head.digest) {
            return false;
        }
        event.heads.push(StoredHead { is_fork: true, ..head });
        true
    }

    pub(super) fn heads(&self, id: EventId) -> Vec<StoredHead> {
        let Some(event) = self.events.get(&id) else { return Vec::new() };
        let mut heads = event.heads.clone();
        heads.sort_by_key(|head| (head.hub, head.entries, head.digest));
        heads
    }

    pub(super) fn ballot_union(&self, id: EventId) -> BallotUnion {
        let Some(event) = self.events.get(&id) else { return BallotUnion::default() };
        let vote = |vote: &crate::event::HandedVote| UnionVote {
            digest: vote.digest,
            signer: vote.signer,
            accepted: vote.accepted,
        };
        BallotUnion {
            votes: event.votes.values().map(vote).collect(),
            revoked: event.revoked.iter().map(|(key, at)| (*key, *at)).collect(),
        }
    }
}
