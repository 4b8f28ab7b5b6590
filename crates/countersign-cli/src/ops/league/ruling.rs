//! What a ruling does to the players of a match, computed from the evidence before anything is written.

use super::super::OpsError;
use super::super::data::wait;
use super::LeagueError;
use super::desk::Desk;
use super::evidence::checked;
use countersign::UserId;
use countersign_league::evidence::{GoalState, MatchResult};
use countersign_league::rating::{Ending, final_deltas, round_half_away};
use countersign_league::settlement::{Checked, WHOLE};
use countersign_league::{Seat, Team};
use countersign_server::desk::ruling::{self, has_lines};
use countersign_store::league::{GameView, LeagueStore, Ruling, TicketState, VerdictLine};

/// The match counts as it was played; also one that is frozen, unrated or void, where that is the operator's to decide.
pub(super) fn uphold(view: &GameView, desk: &Desk<'_>) -> Result<Ruling, OpsError> {
    if ruling::counts_as_settled(view) {
        return Ok(Ruling::Uphold);
    }
    let checked = countable(view, desk)?;
    let lines = match has_lines(&view.seats) {
        true => view.seats.iter().map(|seat| seat.line).collect(),
        false => lines(view, &checked, &checked.result.value.deltas, desk)?,
    };
    Ok(Ruling::Amend { score: view.game.score, winner: view.game.winner, lines })
}

/// These goals count as annulled, beside those that the players annulled.
pub(super) fn annul(view: &GameView, goals: &[u8], desk: &Desk<'_>) -> Result<Ruling, OpsError> {
    let checked = countable(view, desk)?;
    let mut result = checked.result.value.clone();
    let (id, count) = (view.game.match_id, result.goals.len());
    for &number in goals {
        let goal = result.goals.get_mut(usize::from(number));
        let goal = goal.ok_or(LeagueError::NoGoal { id, goals: count, goal: number })?;
        if goal.state == GoalState::Annulled {
            return Err(LeagueError::Annulled(number).into());
        }
        goal.state = GoalState::Annulled;
    }
    let counted = |team| {
        let counted = |goal: &&_| is_counted(goal, team);
        u8::try_from(result.goals.iter().filter(counted).count()).unwrap_or(u8::MAX)
    };
    let score = Team::BOTH.map(counted);
    let ending = Ending { score, ..Ending::from(&result) };
    let deltas = final_deltas(&checked.start.value, ending).seats;
    let lines = lines(view, &checked, &deltas, desk)?;
    Ok(Ruling::Amend { score, winner: winner(&result, score), lines })
}

fn is_counted(goal: &countersign_league::evidence::Goal, team: Team) -> bool {
    goal.team == team && goal.state == GoalState::Counted
}

/// Whoever lost points by this match gets them back, from the bank; or only those that are named.
pub(super) fn refund(
    view: &GameView,
    only: &[UserId],
    desk: &Desk<'_>,
) -> Result<Ruling, OpsError> {
    let id = view.game.match_id;
    if let Some(&user) = only.iter().find(|user| view.seats.iter().all(|it| it.user != **user)) {
        return Err(LeagueError::NotInMatch { user, id }.into());
    }
    let amounts = wait(ruling::refunds(&desk.store, view, only))?;
    match amounts.is_empty() {
        true => Err(LeagueError::NothingToRefund(id).into()),
        false => Ok(Ruling::Refund { amounts }),
    }
}

/// The team that won with this score.
pub(super) fn winner(result: &MatchResult, score: [u8; 2]) -> Option<Team> {
    if !result.outcome.is_rated() {
        return None;
    }
    if let Some(loser) = result.loser {
        return Some(loser.other());
    }
    match score[0].cmp(&score[1]) {
        core::cmp::Ordering::Greater => Some(Team::A),
        core::cmp::Ordering::Equal => None,
        core::cmp::Ordering::Less => Some(Team::B),
    }
}

/// The evidence of a match that an operator can let count.
fn countable(view: &GameView, desk: &Desk<'_>) -> Result<Checked, OpsError> {
    let checked = checked(view, &desk.keys()?, desk)?;
    match checked.objections.iter().find(|reason| !reason.can_be_released()) {
        Some(reason) => {
            let (id, reason) = (view.game.match_id, *reason);
            Err(LeagueError::CannotCount { id, reason }.into())
        }
        None => Ok(checked),
    }
}

/// The lines of these changes, weighed by the factor of the settlement. A line that was taken out stays out.
fn lines(
    view: &GameView,
    checked: &Checked,
    sporting: &[i32],
    desk: &Desk<'_>,
) -> Result<Vec<VerdictLine>, OpsError> {
    if sporting.len() != view.seats.len() {
        return Err(LeagueError::Mismatch(view.game.match_id).into());
    }
    let judged = has_lines(&view.seats);
    let mut lines = Vec::with_capacity(sporting.len());
    for (seat, &sporting) in view.seats.iter().zip(sporting) {
        let ticket = wait(desk.store.find_ticket(seat.ticket))?.map(|issued| issued.state);
        let used = |state| matches!(state, TicketState::Used(id) if id != view.game.match_id);
        let number: Seat = seat.seat;
        let is_out = ticket.is_some_and(used)
            || checked.barred.has(number)
            || (judged && seat.line.sporting != 0 && seat.line.total() == 0);
        let product = i64::from(sporting) * i64::from(view.game.integrity);
        let total = if is_out { 0 } else { round_half_away(product, WHOLE.into()) };
        let adjustment = total - i64::from(sporting);
        let adjustment = i32::try_from(adjustment).unwrap_or(sporting.saturating_neg());
        lines.push(VerdictLine { sporting, adjustment });
    }
    Ok(lines)
}
