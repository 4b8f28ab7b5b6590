//! What players see of each other, as JSON.

use super::{Call, Stop};
use crate::app::Backend;
use crate::league::{Missing, Place, time_or_null};
use countersign::{Timestamp, UserId};
use countersign_league::Team;
use countersign_ranks::Row;
use countersign_store::StoreError;
use countersign_store::league::{
    Conduct, HistoryEntry, Penalty, PenaltyKind, Player, SeasonRow, SeatResult, StoredGame,
    Visibility, Weight,
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What anybody who may see a player sees.
pub(super) fn profile(
    player: &Player,
    table: Option<&SeasonRow>,
    place: Option<Place>,
    now: Timestamp,
) -> Value {
    let missing = Missing::of(player, now);
    json!({
        "user": player.user.to_string(),
        "name": player.name,
        "visibility": visibility(player.visibility),
        "avatar": player.avatar.map(hex::encode),
        "rating": player.rating(),
        "provisional": missing.is_provisional(),
        "rank": place.map(|place| place.standing.rank),
        "of": place.map(|place| place.standing.of),
        "tier": place.map(|place| place.tier.as_str()),
        "season": player.season,
        "season_matches": player.season_matches,
        "table": table.map(season_row),
        "matches": player.matches,
        "opponents": player.opponents,
        "joined": player.joined,
        "finished": player.finished,
        "last_match_ms": time_or_null(player.last_match),
        "created_ms": player.created.as_millis(),
    })
}

/// What only the player sees besides.
pub(super) fn own(player: &Player) -> Value {
    json!({
        "barred_until_ms": time_or_null(player.barred_until),
        "leaver_level": player.leaver_level,
        "clean": player.clean,
        "flags_count": player.flag_weight == Weight::Full,
        "votes_count": player.vote_weight == Weight::Full,
    })
}

pub(super) fn season_row(row: &SeasonRow) -> Value {
    json!({
        "season": row.season,
        "won": row.tally.won,
        "drawn": row.tally.drawn,
        "lost": row.tally.lost,
        "form": row.form.iter().map(|result| seat_result(*result)).collect::<Vec<_>>(),
        "closed_at": row.closed_at,
    })
}

/// A line of a list. Who is not public has a place in it, and no name.
pub(super) fn row(row: &Row, names: &HashMap<UserId, Player>, viewer: &UserId) -> Value {
    let user = &row.player.user;
    let shown = names
        .get(user)
        .filter(|player| player.visibility == Visibility::Public || *user == *viewer);
    json!({
        "rank": row.rank,
        "position": row.position,
        "rating": row.player.rating,
        "user": shown.map(|player| player.user.to_string()),
        "name": shown.map(|player| player.name.as_str()),
    })
}

pub(super) fn match_of_history(entry: &HistoryEntry) -> Value {
    let mut value = game(&entry.game);
    let seat = &entry.seat;
    value["team"] = team(seat.team).into();
    value["result"] = seat.counted.map(seat_result).into();
    value["conduct"] = conduct(seat.conduct).into();
    value["sporting"] = seat.line.sporting.into();
    value["adjustment"] = seat.line.adjustment.into();
    value["booked"] = seat.booked.into();
    value
}

pub(super) fn game(game: &StoredGame) -> Value {
    use countersign_league::settlement::Reason;
    let sentence = Reason::from_number(game.reason).map(Reason::sentence);
    json!({
        "match_id": game.match_id.to_string(),
        "device": game.device.to_string(),
        "device_seq": game.device_seq,
        "ruleset": game.ruleset.to_string(),
        "season": game.season,
        "started_ms": game.started.as_millis(),
        "ended_ms": game.ended.as_millis(),
        "outcome": game.outcome.name(),
        "score": game.score,
        "winner": game.winner.map(team),
        "settlement": game.settlement.as_str(),
        "reason": game.reason,
        "why": sentence,
        "integrity": game.integrity,
        "counts_at_ms": time_or_null(game.counts_at),
        "settled_ms": game.settled.as_millis(),
        "forks": game.forks,
    })
}

pub(super) fn penalty(penalty: &Penalty) -> Value {
    let kind = match penalty.kind {
        PenaltyKind::NoStart => "no_start",
        PenaltyKind::Left => "left",
        PenaltyKind::Operator => "operator",
    };
    json!({
        "id": penalty.id.0,
        "kind": kind,
        "match_id": penalty.match_id.map(|id| id.to_string()),
        "at_ms": penalty.at.as_millis(),
        "level": penalty.level,
        "until_ms": time_or_null(penalty.until),
        "pardoned_ms": penalty.pardoned.map(Timestamp::as_millis),
    })
}

pub(super) const fn team(team: Team) -> &'static str {
    match team {
        Team::A => "a",
        Team::B => "b",
    }
}

pub(super) const fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Opponents => "opponents",
        Visibility::Hidden => "hidden",
    }
}

pub(super) const fn seat_result(result: SeatResult) -> &'static str {
    match result {
        SeatResult::Won => "won",
        SeatResult::Drawn => "drawn",
        SeatResult::Lost => "lost",
    }
}

pub(super) const fn conduct(conduct: Conduct) -> &'static str {
    match conduct {
        Conduct::Unjudged => "unjudged",
        Conduct::Finished => "finished",
        Conduct::Left => "left",
        Conduct::Excused => "excused",
    }
}

impl<S: Backend> Call<'_, S> {
    /// Whether the caller may see this player's profile and history.
    pub(super) async fn may_see(&self, player: &Player) -> Result<bool, StoreError> {
        let viewer = self.admitted.session.user;
        if player.user == viewer {
            return Ok(true);
        }
        match player.visibility {
            _ if player.erased.is_some() => Ok(false),
            Visibility::Public => Ok(true),
            Visibility::Hidden => Ok(false),
            Visibility::Opponents => {
                Ok(self.app.store.head_to_head(player.user, viewer).await?.met() > 0)
            }
        }
    }

    /// A player that the caller may see: the caller without a name of anybody else.
    pub(super) async fn seen(&self, user: Option<&str>) -> Result<Box<Player>, Stop> {
        use crate::reply::Reply;
        let Some(text) = user else { return self.player().await };
        let user: UserId = super::id(text, "user", 32)?;
        let found = self.app.store.find_player(user).await?;
        match found {
            Some(player) if self.may_see(&player).await? => Ok(Box::new(player)),
            Some(_) | None => Err(Reply::error(countersign::ResultCode::NOT_FOUND).into()),
        }
    }

    /// The players of a list.
    pub(super) async fn players(
        &self,
        users: Vec<UserId>,
    ) -> Result<HashMap<UserId, Player>, StoreError> {
        let players = self.app.store.find_players(users).await?;
        Ok(players.into_iter().map(|player| (player.user, player)).collect())
    }
}
