//! The league: devices, tickets, settlement, ratings, boards.
//!
//! ```text
//!  commands/league ─▶ LeagueStore ─────────────▶ notices ─▶ push streams
//!        │             ▲ settle_game(referee)       ▲
//!        ▼             │                            │
//!   settlement::check ─┘        standings ◀─ refresh┘   boards and names, in memory, built again at every start
//! ```
//!
//! One process runs a league: boards and names are in its memory. The store is the only truth.

mod names;
mod quota;
mod referee;
mod standings;
mod work;

pub(crate) use names::Enrolled;
pub use names::{NameRefused, proposal};
pub use quota::{Quota, QuotaLimits};
pub use referee::MatchReferee;
pub use standings::{Missing, Place, Standings};
pub use work::run;

use crate::app::App;
use crate::app::Backend;
use crate::config::{ConfigError, LeagueConfig};
use countersign::{SessionId, Timestamp, UserId, VerifyingKey};
use countersign_league::settlement::{Caps, KnownRules};
use countersign_store::StoreError;
use countersign_store::league::{Player, Visibility};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, Notify};

/// Tickets of a user: at once, and one more for each of these.
const TICKETS: QuotaLimits = QuotaLimits { burst: 20, refill: Duration::from_secs(20) };
/// Searches of a session.
const SEARCHES: QuotaLimits = QuotaLimits { burst: 30, refill: Duration::from_secs(2) };
/// Changes of a profile.
const CHANGES: QuotaLimits = QuotaLimits { burst: 10, refill: Duration::from_secs(60) };
/// Bundles of a user: a phone that carries for a whole league brings a few dozen at once.
const BUNDLES: QuotaLimits = QuotaLimits { burst: 120, refill: Duration::from_secs(1) };

/// Everything that the league's commands share. Cheap parts of the configuration, and what lives in memory.
#[derive(Debug)]
pub struct League {
    /// What is configured.
    pub settings: Settings,
    /// How often who may ask.
    pub quotas: Quotas,
    standings: Arc<RwLock<Option<Standings>>>,
    /// Counts changes of profiles, and players who are gone.
    profiles: AtomicU64,
    /// Held while boards follow the store, so that an older state never overwrites a newer one.
    following: Mutex<()>,
    /// Held while a name is given out: what looks alike is compared in memory.
    naming: Mutex<()>,
    /// Wakes whoever delivers notices.
    news: Notify,
}

/// What the configuration says, in the types of its users.
#[derive(Debug)]
pub struct Settings {
    /// Factories whose batches are registered.
    pub factory_keys: Vec<VerifyingKey>,
    /// All rules that are known, and which of them are rated.
    pub rules: Arc<[KnownRules]>,
    /// How many rated matches a day has.
    pub caps: Caps,
    /// Domain below which devices have names; empty: they have none.
    pub device_domain: String,
    /// How long a device certificate is believed.
    pub certificate: Duration,
    /// How long a ticket for one lobby may be joined with.
    pub ticket: Duration,
    /// How long a travel ticket may be joined with.
    pub travel: Duration,
    /// How long a flagged match waits.
    pub pending: Duration,
}

/// How often who may ask.
#[derive(Debug)]
pub struct Quotas {
    /// Tickets, by user.
    pub tickets: Quota<UserId>,
    /// Searches, by session.
    pub searches: Quota<SessionId>,
    /// Changes of profiles, by user.
    pub changes: Quota<UserId>,
    /// Bundles, by user.
    pub bundles: Quota<UserId>,
}

/// The boards are being built; it takes seconds after a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the leaderboard is being built; ask again in a moment")]
pub struct NotReady;

impl League {
    /// A league with empty memory; [`run`] fills it.
    pub fn new(config: &LeagueConfig) -> Result<Self, ConfigError> {
        let hours = |hours: u32| Duration::from_secs(u64::from(hours) * 3600);
        let settings = Settings {
            factory_keys: config.keys()?,
            rules: config.rules().into(),
            caps: config.caps(),
            device_domain: config.device_domain.clone(),
            certificate: hours(24).saturating_mul(config.certificate_days),
            ticket: Duration::from_secs(u64::from(config.ticket_minutes) * 60),
            travel: hours(config.travel_hours),
            pending: hours(config.pending_hours),
        };
        Ok(Self {
            settings,
            quotas: Quotas {
                tickets: Quota::new(TICKETS),
                searches: Quota::new(SEARCHES),
                changes: Quota::new(CHANGES),
                bundles: Quota::new(BUNDLES),
            },
            standings: Arc::default(),
            profiles: AtomicU64::new(0),
            following: Mutex::default(),
            naming: Mutex::default(),
            news: Notify::new(),
        })
    }

    /// Whether boards and names are there.
    pub fn is_ready(&self) -> bool {
        self.standings.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Looks something up in boards and names.
    pub fn look<T>(&self, look: impl FnOnce(&Standings) -> T) -> Result<T, NotReady> {
        let standings = self.standings.read().unwrap_or_else(PoisonError::into_inner);
        standings.as_ref().map(look).ok_or(NotReady)
    }

    fn change(&self, change: impl FnOnce(&mut Standings)) {
        let mut standings = self.standings.write().unwrap_or_else(PoisonError::into_inner);
        standings.as_mut().map(change);
    }

    fn replace(&self, fresh: Standings) {
        *self.standings.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
    }

    /// For the referee, which runs inside the store.
    fn shared_standings(&self) -> Arc<RwLock<Option<Standings>>> {
        Arc::clone(&self.standings)
    }

    /// Boards and names follow the store for these users; returns them as they are now. `played`: their badges follow, too.
    pub async fn follow<S: Backend>(
        &self,
        app: &App<S>,
        users: Vec<UserId>,
        played: Played,
    ) -> Result<Vec<Player>, StoreError> {
        let _one_at_a_time = self.following.lock().await;
        let players = app.store.find_players(users).await?;
        let now = app.now();
        self.change(|standings| {
            players.iter().for_each(|player| standings.put(player, now));
            if played == Played::Rated {
                players.iter().for_each(|player| standings.note_match(&player.user));
            }
        });
        Ok(players)
    }

    /// Whoever delivers notices looks at once.
    pub fn wake(&self) {
        self.news.notify_one();
    }

    /// Changes whenever a profile did: what was read of players before is not to be shown any more.
    pub fn profiles_version(&self) -> u64 {
        self.profiles.load(Ordering::Acquire)
    }

    fn profile_changed(&self) {
        self.profiles.fetch_add(1, Ordering::AcqRel);
    }

    /// An account was deleted.
    pub fn forget(&self, user: &UserId) {
        self.profile_changed();
        self.change(|standings| standings.remove(user));
    }
}

/// Why boards follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    /// A rated match.
    Rated,
    /// Nothing that a badge depends on.
    No,
}

/// Whether everybody may see a player, with or without a login.
pub fn is_public(player: &Player) -> bool {
    player.erased.is_none() && player.visibility == Visibility::Public
}

/// The rating that a ticket vouches for: the player's own, carried into the present season as the next match will.
pub fn rating_in(player: &Player, season: u16) -> i32 {
    use countersign_store::league::{rating_of, rubber_band};
    let missed = season.saturating_sub(player.season);
    let balance = (0..missed).fold(player.balance, |balance, _| balance + rubber_band(balance));
    rating_of(balance)
}

/// A timestamp in answers: `null` where the store has none.
pub fn time_or_null(time: Timestamp) -> Option<u64> {
    (time != Timestamp::ZERO).then(|| time.as_millis())
}
