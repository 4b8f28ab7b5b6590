//! What has to happen now and then: epochs, the clock's high-water mark, last-seen times, idle streams, retention.

use crate::app::{App, Backend, Retention};
use countersign_store::{ClockVerdict, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// How far the clock may be behind the highest time that was stored.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

const TICK: Duration = Duration::from_secs(1);
/// Ticks between two writes of the clock and the last-seen times.
const WRITE_EVERY: u32 = 10;
/// Ticks between two purges, and rows that one of them removes at most: 250 take a few milliseconds of the writing thread,
/// and two million a day are more than anything makes.
const PURGE_EVERY: u32 = 10;
const PURGE_MAX: u32 = 250;

/// Works until the server shuts down; then writes what is left.
pub async fn run<S: Backend>(app: Arc<App<S>>) {
    let mut tick = tokio::time::interval(TICK);
    let mut count = 0u32;
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = app.shutdown.cancelled() => break,
        }
        if app.sealer.rotate_epoch(app.now()).is_err() {
            tracing::error!("no random bytes for a new epoch");
            app.failed.set();
        }
        app.check_store();
        count = count.wrapping_add(1);
        if count.is_multiple_of(WRITE_EVERY) {
            check_clock(&app).await;
            write_last_seen(&app).await;
            app.hub.drop_idle(app.now());
        }
        if count % PURGE_EVERY == 1 && !app.failed.is_set() {
            purge(&app).await;
        }
    }
    write_last_seen(&app).await;
}

/// Refuses to serve while the clock is behind the highest time stored: windows that had closed would open again.
pub async fn check_clock<S: Backend>(app: &App<S>) {
    match app.store.advance_clock(app.now(), CLOCK_TOLERANCE).await {
        Ok(ClockVerdict::Sound) => {}
        Ok(ClockVerdict::Behind { mark }) => {
            tracing::error!(now = %app.now(), %mark, "the clock is behind the highest time stored; nothing is served");
            app.failed.set();
        }
        Err(error) => {
            tracing::error!(%error, "the clock's high-water mark could not be stored; nothing is served");
            app.failed.set();
        }
    }
}

/// Forgets what ended long ago. What is left over is for the next time.
async fn purge<S: Backend>(app: &App<S>) {
    let Retention { sessions, idempotent } = app.retention;
    if let Some(kept) = sessions {
        let purged = app.store.purge_sessions(app.now().minus(kept), PURGE_MAX).await;
        report("revoked sessions", purged);
    }
    if let Some(kept) = idempotent {
        let purged = app.store.purge_idempotent(app.now().minus(kept), PURGE_MAX).await;
        report("idempotency keys", purged);
    }
}

fn report(what: &str, purged: Result<u32, StoreError>) {
    match purged {
        Ok(0) => {}
        Ok(count) => tracing::info!(what, count, "purged"),
        Err(error) => tracing::warn!(what, %error, "what has ended could not be purged"),
    }
}

async fn write_last_seen<S: Backend>(app: &App<S>) {
    let seen = app.sessions.take_touched();
    if !seen.is_empty()
        && let Err(error) = app.store.touch_sessions(seen).await
    {
        tracing::warn!(%error, "last-seen times could not be stored");
    }
}
