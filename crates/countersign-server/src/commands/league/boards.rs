//! `league.rank`, `league.top`, `league.search`: where players stand, and how they are found.

use super::{Call, Stop, parse, rate_limited, view};
use crate::app::Backend;
use crate::league::{Missing, Standings};
use crate::reply::Reply;
use countersign::UserId;
use countersign_ranks::board::PAGE_MAX;
use countersign_ranks::search::Hit;
use countersign_ranks::{Query, Row};
use serde::Deserialize;
use serde_json::{Value, json};

/// Rows above and below a player.
const NEIGHBOURS: u32 = 5;
/// Rows of a page unless the caller says otherwise.
const PAGE: u32 = 50;

pub(super) async fn rank<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        user: Option<String>,
    }
    let wish: Wish = parse(call.admitted, r#"expected {} or {"user":"<hex>"}"#)?;
    let player = call.seen(wish.user.as_deref()).await?;
    let look = |standings: &Standings| {
        let (around, of) = (standings.around(&player.user, NEIGHBOURS), standings.board().len());
        (standings.season(), of, around)
    };
    let (season, of, around) = call.league.look(look)?;
    let mut said = json!({
        "user": player.user.to_string(),
        "rating": player.rating(),
        "season": season,
        "ranked": around.is_some(),
        "of": of,
    });
    match around {
        Some((place, rows)) => {
            said["rank"] = place.standing.rank.into();
            said["position"] = place.standing.position.into();
            said["equal"] = place.standing.equal.into();
            said["percentile"] = place.standing.percentile().into();
            said["tier"] = place.tier.as_str().into();
            said["neighbours"] = rows_of(call, &rows).await?.into();
        }
        None => said["missing"] = missing(&Missing::of(&player, call.app.now())),
    }
    Ok(Reply::json(&said))
}

pub(super) async fn top<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        #[serde(default = "page")]
        limit: u32,
        #[serde(default)]
        offset: u32,
    }
    let expected = r#"expected {"limit":<1 to 100>,"offset":<number>}"#;
    let Wish { limit, offset } = parse(call.admitted, expected)?;
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Reply::invalid(expected).into());
    }
    let look = |standings: &Standings| {
        let board = standings.board();
        (standings.season(), board.len(), board.version(), board.page(offset, limit))
    };
    let (season, of, version, rows) = call.league.look(look)?;
    let rows = rows_of(call, &rows).await?;
    Ok(Reply::json(&json!({ "season": season, "of": of, "version": version, "rows": rows })))
}

pub(super) async fn search<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        q: String,
    }
    let Wish { q } = parse(call.admitted, r#"expected {"q":"<at least 3 letters>"}"#)?;
    let query = Query::parse(&q).map_err(|error| Reply::invalid(&error.to_string()))?;
    let session = call.admitted.session.device.id;
    call.league.quotas.searches.take(session, call.app.now()).map_err(rate_limited)?;
    let look = |standings: &Standings| {
        let rank = |user: &UserId| standings.place(user).map(|place| place.standing.rank);
        let hits = standings.search(&query).into_iter();
        hits.map(|hit| (hit, rank(&hit.user))).collect::<Vec<(Hit, Option<u32>)>>()
    };
    let hits = call.league.look(look)?;
    let players = call.players(hits.iter().map(|(hit, _)| hit.user).collect()).await?;
    let found = hits.iter().filter_map(|(hit, rank)| {
        let player = players.get(&hit.user)?;
        Some(json!({
            "user": hit.user.to_string(),
            "name": player.name,
            "avatar": player.avatar.map(hex::encode),
            "rating": player.rating(),
            "rank": rank,
            "exact": hit.exact,
        }))
    });
    Ok(Reply::json(&json!({ "players": found.collect::<Vec<_>>() })))
}

async fn rows_of<S: Backend>(call: Call<'_, S>, rows: &[Row]) -> Result<Vec<Value>, Stop> {
    let users: Vec<UserId> = rows.iter().map(|row| row.player.user).collect();
    let players = call.players(users).await?;
    let viewer = call.admitted.session.user;
    Ok(rows.iter().map(|row| view::row(row, &players, &viewer)).collect())
}

fn missing(missing: &Missing) -> Value {
    json!({
        "matches": missing.matches,
        "opponents": missing.opponents,
        "season_matches": missing.season_matches,
        "dormant": missing.is_dormant,
    })
}

const fn page() -> u32 {
    PAGE
}
