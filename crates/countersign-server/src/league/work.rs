//! What the league does by itself: builds its boards, delivers notices, lets pending matches count, carries seasons.

use super::{League, Played, Standings};
use crate::app::{App, Backend};
use crate::push::Audience;
use countersign::{Name, Timestamp, UserId};
use countersign_store::StoreError;
use countersign_store::league::{Notice, NoticeKind, Player};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const TICK: Duration = Duration::from_secs(1);
/// Ticks between two looks at what has run out.
const SLOW_EVERY: u32 = 10;
/// Players that are read at once.
const CHUNK: u32 = 1_000;
/// Matches, notices or players that one step takes, so that nothing else waits for the writing thread.
const STEP: u32 = 250;
/// Tickets are kept for this long after they expired: results are accepted for 14 days.
const TICKETS_KEPT: Duration = Duration::from_secs(21 * 24 * 3600);

/// Works until the server shuts down; nothing if there is no league.
pub async fn run<S: Backend>(app: Arc<App<S>>) {
    let Some(league) = &app.league else { return };
    let mut tick = tokio::time::interval(TICK);
    let mut count = 0u32;
    loop {
        tokio::select! {
            _ = tick.tick() => count = count.wrapping_add(1),
            () = league.news.notified() => {}
            () = app.shutdown.cancelled() => return,
        }
        if app.failed.is_set() {
            continue;
        }
        if let Err(error) = step(&app, league, count % SLOW_EVERY == 1).await {
            tracing::error!(%error, "the league's work failed in the store");
            app.check_store();
        }
    }
}

async fn step<S: Backend>(app: &App<S>, league: &League, slow: bool) -> Result<(), StoreError> {
    if !league.is_ready() {
        build(app, league).await?;
    }
    deliver(app, league).await?;
    if !slow {
        return Ok(());
    }
    apply_due(app, league).await?;
    next_season(app, league).await?;
    let now = app.now();
    league.change(|standings| standings.fade(now));
    match app.store.purge_tickets(now.minus(TICKETS_KEPT)).await? {
        0 => {}
        count => tracing::info!(count, "purged unused tickets"),
    }
    Ok(())
}

/// Reads all players, and puts boards and names of the present season in place of those in use.
async fn build<S: Backend>(app: &App<S>, league: &League) -> Result<(), StoreError> {
    let _one_at_a_time = league.following.lock().await;
    let season = app.store.season().await?.number;
    let mut players: Vec<Player> = Vec::new();
    loop {
        let after = players.last().map(|player| player.user);
        let chunk = app.store.players_after(after, CHUNK).await?;
        if chunk.is_empty() {
            break;
        }
        players.extend(chunk);
    }
    match Standings::build(season, &players, app.now()) {
        Ok(standings) => {
            tracing::info!(season, players = players.len(), "the leaderboard is built");
            league.replace(standings);
        }
        Err(error) => tracing::error!(%error, "the leaderboard cannot be built"),
    }
    Ok(())
}

/// Carries everybody into a season that was opened, then ranks it.
async fn next_season<S: Backend>(app: &App<S>, league: &League) -> Result<(), StoreError> {
    let season = app.store.season().await?.number;
    if league.look(Standings::season) == Ok(season) {
        return Ok(());
    }
    while app.store.carry_players(STEP, app.now()).await? > 0 {
        if app.shutdown.has_begun() {
            return Ok(());
        }
    }
    build(app, league).await
}

async fn apply_due<S: Backend>(app: &App<S>, league: &League) -> Result<(), StoreError> {
    let applied = app.store.apply_due(app.now(), STEP).await?;
    if applied.is_empty() {
        return Ok(());
    }
    tracing::info!(count = applied.len(), "pending matches count now");
    for (_, ratings) in applied {
        let users = ratings.iter().map(|rated| rated.user).collect();
        league.follow(app, users, Played::Rated).await?;
    }
    deliver(app, league).await
}

/// Pushes what players are to be told, and forgets it: streams keep events for a while, and what they are about can be
/// asked for at any time.
async fn deliver<S: Backend>(app: &App<S>, league: &League) -> Result<(), StoreError> {
    loop {
        let notices = app.store.notices_after(0, STEP).await?;
        let Some(last) = notices.last() else { return Ok(()) };
        follow_changes(app, league, &notices).await?;
        for notice in &notices {
            publish(app, league, notice);
        }
        app.store.drop_notices(last.id).await?;
    }
}

/// Ratings that changed, also by an operator's ruling in another process, are on the board before anybody is told.
async fn follow_changes<S: Backend>(
    app: &App<S>,
    league: &League,
    notices: &[Notice],
) -> Result<(), StoreError> {
    let rated = |notice: &&Notice| matches!(notice.kind, NoticeKind::Ruled | NoticeKind::Rating);
    let mut users: Vec<UserId> = notices.iter().filter(rated).map(|notice| notice.user).collect();
    users.sort_unstable();
    users.dedup();
    if !users.is_empty() {
        league.follow(app, users, Played::No).await?;
    }
    Ok(())
}

fn publish<S: Backend>(app: &App<S>, league: &League, notice: &Notice) {
    let (event, payload) = event_of(league, notice);
    let Ok(event) = Name::new(event) else { return };
    let to = Audience::User(notice.user);
    app.hub.publish(&app.sealer, to, event, payload.to_string().as_bytes(), app.now());
}

fn event_of(league: &League, notice: &Notice) -> (&'static str, Value) {
    let at: Timestamp = notice.at;
    let mut payload = json!({ "at_ms": at.as_millis() });
    if let Some(match_id) = notice.match_id {
        payload["match_id"] = match_id.to_string().into();
    }
    let event = match notice.kind {
        NoticeKind::Result => "league.result",
        NoticeKind::Rating => {
            if let Ok(Some(place)) = league.look(|standings| standings.place(&notice.user)) {
                payload["rank"] = place.standing.rank.into();
                payload["of"] = place.standing.of.into();
                payload["tier"] = place.tier.as_str().into();
            }
            "league.rank"
        }
        NoticeKind::Disputed => {
            payload["state"] = "open".into();
            "league.dispute"
        }
        NoticeKind::Ruled => {
            payload["state"] = "ruled".into();
            "league.dispute"
        }
        NoticeKind::Penalty => "league.penalty",
    };
    (event, payload)
}
