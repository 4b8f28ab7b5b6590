//! Boards and names, in memory: who is ranked where, who is found by which letters, who has which name.

use countersign::{Timestamp, UserId};
use countersign_ranks::board::RebuildError;
use countersign_ranks::search::{Entry, Hit};
use countersign_ranks::{Badge, Board, Index, Key, Name, Query, Row, Skeleton, Standing, Tier};
use countersign_store::league::{Player, Visibility};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Players that one process ranks and finds: about 2 GiB.
const PLAYERS_MAX: u32 = 8_000_000;
/// Rated matches until a player is ranked.
pub(crate) const MATCHES_MIN: u32 = 10;
/// Different opponents until a player is ranked.
pub(crate) const OPPONENTS_MIN: u32 = 15;
/// Rated matches in a season until a player is ranked in it.
pub(crate) const SEASON_MATCHES_MIN: u32 = 3;
/// Whoever has not played for this long is not ranked.
pub(crate) const DORMANT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Boards and names of one season.
#[derive(Debug)]
pub struct Standings {
    season: u16,
    board: Board,
    index: Index,
    held: HashMap<UserId, Held>,
    shapes: HashMap<Skeleton, UserId>,
    /// Ranked players by their latest match, for whoever has not played for long.
    fading: BTreeSet<(Timestamp, UserId)>,
}

/// What has to be taken out again when a player changes.
#[derive(Debug, Default)]
struct Held {
    /// Is found by this.
    key: Option<Key>,
    /// Has this name.
    shape: Option<Skeleton>,
    /// Is ranked, and played last at this time.
    last_match: Option<Timestamp>,
    badge: Option<Badge>,
}

/// Where a ranked player stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// On the board.
    pub standing: Standing,
    /// The tier that is shown; see [`Badge`].
    pub tier: Tier,
}

/// What an unranked player lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// Rated matches, in all.
    pub matches: u32,
    /// Different opponents.
    pub opponents: u32,
    /// Rated matches in this season.
    pub season_matches: u32,
    /// A match in the last 30 days.
    pub is_dormant: bool,
}

impl Missing {
    /// What a player lacks to be ranked at a time.
    pub fn of(player: &Player, now: Timestamp) -> Self {
        Self {
            matches: MATCHES_MIN.saturating_sub(player.matches),
            opponents: OPPONENTS_MIN.saturating_sub(player.opponents),
            season_matches: SEASON_MATCHES_MIN.saturating_sub(player.season_matches),
            is_dormant: now.since(player.last_match) >= DORMANT,
        }
    }

    /// Whether the rating is provisional: too little is known of the player.
    pub const fn is_provisional(&self) -> bool {
        self.matches > 0 || self.opponents > 0
    }

    const fn is_nothing(&self) -> bool {
        !self.is_provisional() && self.season_matches == 0 && !self.is_dormant
    }
}

impl Standings {
    /// Boards and names of all these players.
    pub fn build(season: u16, players: &[Player], now: Timestamp) -> Result<Self, RebuildError> {
        let ranked = players.iter().filter(|player| is_ranked(player, season, now));
        let board = Board::rebuild(PLAYERS_MAX, ranked.clone().map(on_board))?;
        let entries = players.iter().filter_map(|player| {
            Some(Entry { key: key_of(player)?, user: player.user, weight: player.rating() })
        });
        let index = Index::rebuild(PLAYERS_MAX as usize, entries)
            .map_err(|_| countersign_ranks::board::Full(PLAYERS_MAX))?;
        let mut standings = Self {
            season,
            board,
            index,
            held: HashMap::with_capacity(players.len()),
            shapes: HashMap::with_capacity(players.len()),
            fading: ranked.map(|player| (player.last_match, player.user)).collect(),
        };
        for player in players {
            let shape = Name::parse(&player.name).ok().map(|name| name.shape());
            if let Some(shape) = &shape {
                standings.shapes.insert(shape.clone(), player.user);
            }
            let last_match = is_ranked(player, season, now).then_some(player.last_match);
            let held = Held { key: key_of(player), shape, last_match, badge: None };
            standings.held.insert(player.user, held);
        }
        Ok(standings)
    }

    /// The season that is ranked.
    pub const fn season(&self) -> u16 {
        self.season
    }

    /// The board.
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// Follows a player as the store has it now.
    pub fn put(&mut self, player: &Player, now: Timestamp) {
        if player.erased.is_some() {
            return self.remove(&player.user);
        }
        let user = player.user;
        let mut held = self.held.remove(&user).unwrap_or_default();
        let (key, name) = (key_of(player), Name::parse(&player.name).ok());
        if held.key != key
            && let Some(old) = &held.key
        {
            self.index.remove(old, &user);
        }
        let full = |_| tracing::error!(%user, "the index of names is full");
        if let Some(key) = &key {
            self.index.set(key, user, player.rating()).unwrap_or_else(full);
        }
        if let Some(old) = held.shape.take() {
            self.shapes.remove(&old);
        }
        held.shape = name.map(|name| name.shape());
        if let Some(shape) = &held.shape {
            self.shapes.insert(shape.clone(), user);
        }
        if let Some(last) = held.last_match.take() {
            self.fading.remove(&(last, user));
        }
        if is_ranked(player, self.season, now) {
            let full = |_| tracing::error!(%user, "the board is full");
            self.board.set(user, player.rating(), player.last_match).unwrap_or_else(full);
            self.fading.insert((player.last_match, user));
            held.last_match = Some(player.last_match);
        } else {
            self.board.remove(&user);
        }
        self.held.insert(user, Held { key, ..held });
    }

    /// A rated match of this player has ended: the badge follows.
    pub fn note_match(&mut self, user: &UserId) {
        let Some(now) = self.board.standing(user).map(|standing| Tier::of(&standing)) else {
            return;
        };
        if let Some(held) = self.held.get_mut(user) {
            held.badge = Some(held.badge.map_or(Badge::new(now), |badge| badge.after_match(now)));
        }
    }

    /// Forgets a player.
    pub fn remove(&mut self, user: &UserId) {
        let Some(Held { key, shape, last_match, .. }) = self.held.remove(user) else { return };
        if let Some(key) = key {
            self.index.remove(&key, user);
        }
        if let Some(shape) = shape {
            self.shapes.remove(&shape);
        }
        if let Some(last) = last_match {
            self.fading.remove(&(last, *user));
        }
        self.board.remove(user);
    }

    /// Whoever has not played for 30 days is not ranked any more.
    pub fn fade(&mut self, now: Timestamp) {
        while let Some((last, user)) = self.fading.first().copied() {
            if now.since(last) < DORMANT {
                break;
            }
            self.fading.pop_first();
            self.board.remove(&user);
            if let Some(held) = self.held.get_mut(&user) {
                held.last_match = None;
            }
        }
    }

    /// Where a player stands; `None` if not ranked.
    pub fn place(&self, user: &UserId) -> Option<Place> {
        let standing = self.board.standing(user)?;
        Some(Place { standing, tier: self.tier_of(user, &standing) })
    }

    /// Where a player stands, with up to `distance` rows above and below.
    pub fn around(&self, user: &UserId, distance: u32) -> Option<(Place, Vec<Row>)> {
        let (standing, rows) = self.board.around(user, distance, distance)?;
        Some((Place { standing, tier: self.tier_of(user, &standing) }, rows))
    }

    fn tier_of(&self, user: &UserId, standing: &Standing) -> Tier {
        let now = Tier::of(standing);
        let badge = self.held.get(user).and_then(|held| held.badge);
        badge.map_or(now, |badge| badge.tier.max(now))
    }

    /// Ranks after these players have these ratings, all at once; 0 for who is not ranked now.
    pub fn ranks_with(&self, lines: &[(UserId, i32)]) -> Vec<u32> {
        let moved: Vec<(i32, i32)> = lines
            .iter()
            .filter_map(|(user, after)| Some((self.board.get(user)?.rating, *after)))
            .collect();
        let rank = |(user, after): &(UserId, i32)| {
            if self.board.get(user).is_none() {
                return 0;
            }
            let gone = moved.iter().filter(|(old, _)| old > after).count() as u32;
            let come = moved.iter().filter(|(_, new)| new > after).count() as u32;
            self.board.rank_of(*after) - gone + come
        };
        lines.iter().map(rank).collect()
    }

    /// Who has a name that looks like this one.
    pub fn holder_of_shape(&self, name: &Name) -> Option<UserId> {
        self.shapes.get(&name.shape()).copied()
    }

    /// Players whose names begin like this.
    pub fn search(&self, query: &Query) -> Vec<Hit> {
        self.index.search(query)
    }
}

fn is_ranked(player: &Player, season: u16, now: Timestamp) -> bool {
    player.erased.is_none() && player.season == season && Missing::of(player, now).is_nothing()
}

fn on_board(player: &Player) -> countersign_ranks::board::Player {
    countersign_ranks::board::Player {
        user: player.user,
        reached: player.last_match,
        rating: player.rating(),
    }
}

/// What a player is found by; `None` for who does not want to be found.
fn key_of(player: &Player) -> Option<Key> {
    match player.visibility {
        Visibility::Public => Name::parse(&player.name).ok().map(|name| Key::of(&name)),
        Visibility::Opponents | Visibility::Hidden => None,
    }
}

#[cfg(test)]
#[path = "standings_tests.rs"]
mod tests;
