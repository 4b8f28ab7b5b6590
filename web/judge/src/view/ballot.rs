//! What became of a vote.

use crate::device::Disk;
use crate::text::Texts;
use countersign_app::judge::{Ballot, BallotState};
use countersign_mesh::ReceiptStatus;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::text::fill;

/// Whether the judge does not judge this any more.
fn is_recusal(ballot: &Ballot) -> bool {
    ballot.revision > 0 && ballot.points.is_empty()
}

/// Whether there is something typed that was not voted.
pub(super) fn has_changes(ballot: &Ballot) -> bool {
    let Some(draft) = &ballot.draft else { return false };
    match ballot.revision == 0 || ballot.points.is_empty() {
        true => draft.iter().any(Option::is_some),
        false => !ballot.points.iter().copied().map(Some).eq(draft.iter().copied()),
    }
}

/// In a word. A vote that is not on the disk yet is not said to be kept, and does not leave.
pub(super) fn tag(ballot: &Ballot, disk: Disk, t: &Texts) -> Option<Element> {
    let (class, text) = match &ballot.state {
        BallotState::Draft if ballot.revision == 0 && !has_changes(ballot) => return None,
        BallotState::Draft => ("tag", t.state_draft),
        BallotState::Signing => ("tag", t.state_signing),
        BallotState::Refused(_) => ("tag bad", t.state_refused),
        _ if has_changes(ballot) => ("tag warn", t.state_changed),
        BallotState::Sent { .. } if disk == Disk::Refuses => ("tag bad", t.state_unkept),
        BallotState::Sent { .. } if disk == Disk::Writes => ("tag", t.state_signing),
        BallotState::Sent { .. } => ("tag warn", t.state_sent),
        BallotState::Accepted if is_recusal(ballot) => ("tag good", t.state_recused),
        BallotState::Accepted => ("tag good", t.state_accepted),
    };
    Some(el("span").class(class).text(text))
}

/// In sentences; nothing before there is something to say.
pub(super) fn card(ballot: &Ballot, disk: Disk, t: &Texts) -> Option<Element> {
    if ballot.state == BallotState::Draft && !has_changes(ballot) {
        return None;
    }
    let text = match &ballot.state {
        BallotState::Draft => t.is_draft,
        BallotState::Signing => t.is_signing,
        BallotState::Sent { .. } if disk == Disk::Refuses => t.is_unkept,
        BallotState::Sent { .. } if disk == Disk::Writes => t.is_signing,
        BallotState::Sent { .. } => t.is_sent,
        BallotState::Accepted => t.is_accepted,
        BallotState::Refused(ReceiptStatus::Stale | ReceiptStatus::Future) => t.refused_time,
        BallotState::Refused(ReceiptStatus::Revoked) => t.refused_revoked,
        BallotState::Refused(ReceiptStatus::Closed) => t.refused_closed,
        BallotState::Refused(ReceiptStatus::Superseded) => t.refused_superseded,
        BallotState::Refused(
            ReceiptStatus::Invalid | ReceiptStatus::Accepted | ReceiptStatus::Duplicate,
        ) => t.refused_invalid,
    };
    let class = match &ballot.state {
        BallotState::Accepted => "card good",
        BallotState::Refused(_) => "card bad",
        BallotState::Draft | BallotState::Signing | BallotState::Sent { .. } => "card",
    };
    let mut card = el("section").class(class).set("role", "status");
    if ballot.revision > 0 {
        let head = el("p")
            .class("tags")
            .with(el("b").text(fill(t.revision, &[&ballot.revision.to_string()])));
        card = card.with(head.all(tag(ballot, disk, t)));
    }
    if is_recusal(ballot) {
        card = card.with(el("p").text(t.is_recused));
    }
    card = card.with(el("p").text(text));
    if ballot.revision > 0 && has_changes(ballot) {
        card = card.with(el("p").text(t.changed));
    }
    Some(card)
}
