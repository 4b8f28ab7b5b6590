//! Players: what a user is in the league.

use super::{DisputeEntry, HistoryEntry, LedgerLine, Penalty, SeasonRow};
use countersign::{Timestamp, UserId};
use countersign_league::Params;

/// Most bytes of an avatar.
pub const AVATAR_MAX: usize = 64 * 1024;

/// Who may see a player's profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Visibility {
    /// Everybody, also on pages without a login.
    Public = 0,
    /// Only players who met this one.
    Opponents = 1,
    /// Nobody: no search, no list; results show the name only to those who played along.
    Hidden = 2,
}

from_number!(Visibility: Public Opponents Hidden);

/// Whether flags or votes of a player count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Weight {
    /// They count.
    Full = 0,
    /// Not any more, after misuse.
    None = 1,
}

from_number!(Weight: Full None);

/// A name that nobody else may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerName {
    /// As shown; at most 64 bytes.
    pub name: String,
    /// What looks alike has the same: two players never share one. At most 256 bytes.
    pub skeleton: String,
}

/// A player about to be created, if the user is none yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlayer {
    /// The account.
    pub user: UserId,
    /// The first name.
    pub name: PlayerName,
    /// Rating at the start, in thousandths.
    pub rating: i32,
    /// When.
    pub now: Timestamp,
}

/// What became of asking for a player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayerOutcome {
    /// Was a player before.
    Found(Box<Player>),
    /// Is one from now on, with a line in the ledger for the first rating.
    Created(Box<Player>),
    /// Somebody else has a name that looks like this one.
    NameTaken,
    /// The account was erased.
    Erased,
}

/// A player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Player {
    /// The account; stays as a pseudonym when it is erased.
    pub user: UserId,
    /// Shown to others.
    pub name: String,
    /// `None` after erasure.
    pub skeleton: Option<String>,
    /// Who may see the profile.
    pub visibility: Visibility,
    /// SHA-256 of the avatar as the caller computed it.
    pub avatar: Option<[u8; 32]>,
    /// Season that the rating is of.
    pub season: u16,
    /// Sum of all ledger lines, in thousandths. May be below the floor; see [`Player::rating`].
    pub balance: i64,
    /// Rated matches.
    pub matches: u32,
    /// Rated matches in the present season.
    pub season_matches: u32,
    /// Different opponents in rated matches.
    pub opponents: u32,
    /// End of the latest rated match, [`Timestamp::ZERO`] before the first.
    pub last_match: Timestamp,
    /// Step on the leaver ladder, from 0.
    pub leaver_level: u8,
    /// Matches finished since the step last changed.
    pub clean: u8,
    /// No rated match may be started before this time; [`Timestamp::ZERO`]: no bar.
    pub barred_until: Timestamp,
    /// Matches that were started.
    pub joined: u32,
    /// Matches that were played to their end.
    pub finished: u32,
    /// End of the latest match that was left because of an injury, [`Timestamp::ZERO`] before the first.
    pub injured: Timestamp,
    /// Disputes that turned out to be frivolous.
    pub frivolous: u8,
    /// Whether flags count.
    pub flag_weight: Weight,
    /// Whether votes count.
    pub vote_weight: Weight,
    /// When the player was created.
    pub created: Timestamp,
    /// When the account was erased.
    pub erased: Option<Timestamp>,
}

impl Player {
    /// The rating in thousandths: the balance, but never below the floor of the official rules.
    ///
    /// The floor is not booked: what is missing to it would depend on the order of matches, and settlement does not.
    pub fn rating(&self) -> i32 {
        rating_of(self.balance)
    }
}

/// The rating that a balance stands for, in thousandths.
pub fn rating_of(balance: i64) -> i32 {
    let floored = balance.max(i64::from(Params::OFFICIAL.rating_floor));
    i32::try_from(floored).unwrap_or(i32::MAX)
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// SHA-256 of the bytes.
    pub hash: [u8; 32],
    /// The file; at most [`AVATAR_MAX`] bytes.
    pub bytes: Vec<u8>,
}

/// What to do with the avatar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AvatarChange {
    /// Leave it.
    #[default]
    Keep,
    /// Another one.
    Set(Avatar),
    /// None any more.
    Remove,
}

/// Changes of a profile, all or none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChange {
    /// Another name.
    pub name: Option<PlayerName>,
    /// Another visibility.
    pub visibility: Option<Visibility>,
    /// What to do with the avatar.
    pub avatar: AvatarChange,
}

/// What became of changing a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileOutcome {
    /// As it is now.
    Updated(Box<Player>),
    /// Somebody else has a name that looks like this one. Nothing was changed.
    NameTaken,
    /// The avatar has more than [`AVATAR_MAX`] bytes. Nothing was changed.
    AvatarTooLarge,
    /// No such player, or erased.
    NoPlayer,
}

/// Weights that an operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// Of flags.
    pub flags: Weight,
    /// Of votes.
    pub votes: Weight,
}

/// Everything that the league stores about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerExport {
    /// The player.
    pub player: Player,
    /// The picture.
    pub avatar: Option<Vec<u8>>,
    /// All seasons, oldest first.
    pub seasons: Vec<SeasonRow>,
    /// All matches, newest first.
    pub history: Vec<HistoryEntry>,
    /// All lines, oldest first.
    pub ledger: Vec<LedgerLine>,
    /// All penalties, oldest first.
    pub penalties: Vec<Penalty>,
    /// All disputes that the user opened, oldest first.
    pub disputes: Vec<DisputeEntry>,
}
