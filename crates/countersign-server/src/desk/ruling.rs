//! What a ruling does, before it is made.

use countersign::UserId;
use countersign_league::MatchId;
use countersign_league::evidence::Settlement;
use countersign_store::Result;
use countersign_store::league::{GameView, LeagueStore, StoredSeat};

/// Lines of the ledger that are read at once.
const PAGE: u32 = 200;

/// Whether upholding lets a match count with the lines that it was settled with. Where the verdict was that nothing counts they are
/// zero, and have to be computed from the evidence.
pub fn counts_as_settled(view: &GameView) -> bool {
    match view.game.settlement {
        Settlement::Settled => true,
        Settlement::Pending | Settlement::Frozen => has_lines(&view.seats),
        Settlement::Unrated | Settlement::Void => false,
    }
}

/// Whether the seats have lines, or need none.
pub fn has_lines(seats: &[StoredSeat]) -> bool {
    seats.iter().any(|seat| seat.line.total() != 0)
        || seats.iter().all(|seat| seat.line.sporting == 0)
}

/// What everybody who lost points by a match gets back, or only these players; empty if nobody lost any.
pub async fn refunds(
    store: &impl LeagueStore,
    view: &GameView,
    only: &[UserId],
) -> Result<Vec<(UserId, i32)>> {
    let mut amounts = Vec::new();
    let seats = view.seats.iter().filter(|seat| only.is_empty() || only.contains(&seat.user));
    for seat in seats {
        let lost = effect(store, seat.user, view.game.match_id).await?.saturating_neg();
        if let Some(amount) = i32::try_from(lost).ok().filter(|amount| *amount > 0) {
            amounts.push((seat.user, amount));
        }
    }
    Ok(amounts)
}

/// Everything that the ledger holds of a player because of a match, also earlier refunds: nobody gets back more than was lost.
async fn effect(store: &impl LeagueStore, user: UserId, id: MatchId) -> Result<i64> {
    let (mut sum, mut after) = (0, 0);
    loop {
        let page = store.ledger_of(user, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(sum) };
        after = last.seq;
        let of_match = page.iter().filter(|line| line.match_id == Some(id));
        sum += of_match.map(|line| line.amount).sum::<i64>();
    }
}
