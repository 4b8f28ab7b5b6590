//! The units of work of the league, over [`Tables`]: read, decide, then write.
//!
//! Each must run in one transaction of its engine. Whatever can be refused is refused before the first write, so that an
//! engine without transactions is left as it was.

mod book;
mod device;
mod player;
mod rule;
mod season;
mod settle;
mod view;

pub use device::{register_pairs, set_device_status};
pub use player::{
    erase, export, issue_ticket, pardon, penalize, player_of, set_weights, update_profile,
};
pub use rule::{apply_due, open_dispute, rule};
pub use season::{carry_players, open_season};
pub use settle::{facts, settle};
pub use view::{head_to_head, players, view};

use super::tables::Event;
use super::{NoticeKind, Tables};
use crate::StoreError;
use countersign::{Timestamp, UserId};
use countersign_league::MatchId;

/// What a caller did wrong in a way that no outcome names.
fn misuse<E: From<StoreError>>(what: &str) -> E {
    StoreError::Engine(what.to_owned()).into()
}

/// A row refers to another one that is not there.
fn missing<E: From<StoreError>>(what: &str) -> E {
    StoreError::Damaged(format!("{what} is missing")).into()
}

fn notify<T: Tables>(
    tables: &mut T,
    users: &[UserId],
    kind: NoticeKind,
    match_id: Option<MatchId>,
    at: Timestamp,
) -> Result<(), T::Error> {
    tables.add_notices(Event { kind, match_id, at }, users)
}
