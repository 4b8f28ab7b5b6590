//! What a relay has done, and what it has dropped, by reason.

use super::Hop;

/// Why something was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// A frame that is none, or for a link that is not up.
    Frame,
    /// Pieces that never got whole.
    Pieces,
    /// No packet of version 1.
    Shape,
    /// Another event.
    OtherEvent,
    /// A key epoch that nobody announced.
    UnknownEpoch,
    /// Not made by anybody with the mesh's key.
    NetTag,
    /// Older than two hours.
    Stale,
    /// More than five minutes ahead.
    Future,
    /// Seen before.
    Seen,
    /// The hub has decided about it, the owner refused it, or it was kept to its end.
    Settled,
    /// The link brought more than its share.
    LinkRate,
    /// Signed by no hub of the event.
    HubSignature,
    /// The memory of seen ids is full.
    SeenFull,
    /// No room among the packets that are kept.
    StoreFull,
    /// Too many wait to be sent.
    WaitingFull,
    /// It waited longer than anybody wants it: the device slept.
    Late,
    /// More than a link takes.
    SendRate,
    /// Its hops were used up: it ends here, delivered.
    TtlSpent,
    /// The owner found it worthless.
    Refused,
    /// An order of the hub that was given out before, or a beacon older than the last.
    Replayed,
    /// A neighbour's question that is not one, came too often, or from further than a neighbour.
    Question,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 21] = [
        Self::Frame,
        Self::Pieces,
        Self::Shape,
        Self::OtherEvent,
        Self::UnknownEpoch,
        Self::NetTag,
        Self::Stale,
        Self::Future,
        Self::Seen,
        Self::Settled,
        Self::LinkRate,
        Self::HubSignature,
        Self::SeenFull,
        Self::StoreFull,
        Self::WaitingFull,
        Self::Late,
        Self::SendRate,
        Self::TtlSpent,
        Self::Refused,
        Self::Replayed,
        Self::Question,
    ];

    /// As metrics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Pieces => "pieces",
            Self::Shape => "shape",
            Self::OtherEvent => "other_event",
            Self::UnknownEpoch => "unknown_epoch",
            Self::NetTag => "net_tag",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Seen => "seen",
            Self::Settled => "settled",
            Self::LinkRate => "link_rate",
            Self::HubSignature => "hub_signature",
            Self::SeenFull => "seen_full",
            Self::StoreFull => "store_full",
            Self::WaitingFull => "waiting_full",
            Self::Late => "late",
            Self::SendRate => "send_rate",
            Self::TtlSpent => "ttl_spent",
            Self::Refused => "refused",
            Self::Replayed => "replayed",
            Self::Question => "question",
        }
    }
}

/// What a relay has done since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames that came in.
    pub frames_in: u64,
    /// Frames that went out.
    pub frames_out: u64,
    /// Packets that began here.
    pub originated: u64,
    /// Packets that were given to the owner.
    pub delivered: u64,
    /// Packets that were forwarded.
    pub forwarded: u64,
    /// Packets that were not sent into a broadcast link because others already had.
    pub suppressed: u64,
    /// Packets that were forwarded further because a copy with more hops came before.
    pub ttl_raised: u64,
    /// Packets that are forwarded no more, or kept no more, because the hub has decided.
    pub purged: u64,
    /// Packets that were kept for two hours in vain.
    pub expired: u64,
    /// Questions to neighbours.
    pub questions: u64,
    /// Packets that were sent because a neighbour lacked them.
    pub answers: u64,
    pub(super) dropped: [u64; DropReason::ALL.len()],
}

impl Counters {
    /// How many were dropped for that reason.
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// All reasons with their numbers.
    pub fn drops(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.into_iter().map(|reason| (reason, self.dropped(reason)))
    }

    pub(super) fn set(&mut self, reason: DropReason, count: u64) {
        self.dropped[reason as usize] = count;
    }

    pub(super) fn drop(&mut self, reason: DropReason) {
        self.dropped[reason as usize] += 1;
    }
}

/// What is known of somebody near. None of it is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Where.
    pub hop: Hop,
    /// When it was heard last, milliseconds of the relay's clock.
    pub last_heard: u64,
    /// Packets of this event that came from it.
    pub packets: u64,
    /// Packets that came from it first.
    pub first: u64,
    /// Packets of ours that it was heard forwarding: one that never does is a poor relay.
    pub echoes: u64,
}
