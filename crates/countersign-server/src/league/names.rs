//! Display names: one player for everything that reads or looks the same.

use super::{League, NotReady, Played};
use crate::app::{App, Backend};
use crate::random::{self, NoRandom};
use countersign::UserId;
use countersign_league::Params;
use countersign_ranks::Name;
use countersign_ranks::name::NameError;
use countersign_store::StoreError;
use countersign_store::league::{
    NewPlayer, Player, PlayerName, PlayerOutcome, ProfileChange, ProfileOutcome,
};

/// Names of nobody: they speak for the operator.
const RESERVED: [&str; 12] = [
    "admin",
    "administrator",
    "countersign",
    "league",
    "moderator",
    "nobody",
    "official",
    "operator",
    "referee",
    "server",
    "support",
    "system",
];
/// Longest skeleton that a store keeps, in bytes.
const SKELETON_MAX: usize = 256;
/// Proposals of a first name until it is given up; a million names make one clash in a thousand.
const TRIES: usize = 16;

/// Why a name is not given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameRefused {
    /// It is none.
    #[error(transparent)]
    NoName(#[from] NameError),
    /// Nobody gets it.
    #[error("this name is reserved")]
    Reserved,
    /// Somebody has one that reads or looks the same.
    #[error("somebody has a name that reads or looks like this one")]
    Taken,
    /// Boards and names are not there yet.
    #[error(transparent)]
    NotReady(#[from] NotReady),
}

/// What became of asking for a player.
pub(crate) enum Enrolled {
    /// This one; created if there was none.
    Player(Box<Player>),
    /// The account was erased.
    Erased,
    /// Boards and names are not there yet, or no name was found.
    Later,
}

/// A first name: `Player-` and six letters or digits that cannot be confused.
pub fn proposal() -> Result<Name, NoRandom> {
    const LETTERS: &[u8; 16] = b"cdefhjkmnprtvwxy";
    let bytes: [u8; 6] = random::bytes()?;
    let letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 16)]));
    let text: String = "Player-".chars().chain(letters).collect();
    Name::parse(&text).map_err(|_| NoRandom)
}

impl League {
    /// The player of a user; created, with a proposed name, at the first call.
    pub(crate) async fn enrol<S: Backend>(
        &self,
        app: &App<S>,
        user: UserId,
    ) -> Result<Enrolled, StoreError> {
        match app.store.find_player(user).await? {
            Some(player) if player.erased.is_none() => {
                return Ok(Enrolled::Player(Box::new(player)));
            }
            Some(_) => return Ok(Enrolled::Erased),
            None => {}
        }
        let _one_at_a_time = self.naming.lock().await;
        for _ in 0..TRIES {
            let Ok(name) = proposal() else { return Ok(Enrolled::Later) };
            match self.look(|standings| standings.holder_of_shape(&name).is_some()) {
                Err(NotReady) => return Ok(Enrolled::Later),
                Ok(true) => continue,
                Ok(false) => {}
            }
            let rating = Params::OFFICIAL.rating_start;
            let new = NewPlayer { user, name: stored(&name), rating, now: app.now() };
            match app.store.player_of(new).await? {
                PlayerOutcome::Created(player) => {
                    self.follow(app, vec![user], Played::No).await?;
                    return Ok(Enrolled::Player(player));
                }
                PlayerOutcome::Found(player) => return Ok(Enrolled::Player(player)),
                PlayerOutcome::Erased => return Ok(Enrolled::Erased),
                PlayerOutcome::NameTaken => {}
            }
        }
        Ok(Enrolled::Later)
    }

    /// Changes a profile; `Err` inside: the name is not given out, and nothing was changed.
    pub(crate) async fn change_profile<S: Backend>(
        &self,
        app: &App<S>,
        user: UserId,
        name: Option<&Name>,
        change: ProfileChange,
    ) -> Result<Result<ProfileOutcome, NameRefused>, StoreError> {
        let _one_at_a_time = self.naming.lock().await;
        if let Some(name) = name
            && let Err(refused) = self.is_free(name, &user)
        {
            return Ok(Err(refused));
        }
        let change = ProfileChange { name: name.map(stored), ..change };
        let outcome = app.store.update_profile(user, change).await?;
        if matches!(outcome, ProfileOutcome::Updated(_)) {
            self.profile_changed();
            self.follow(app, vec![user], Played::No).await?;
        }
        Ok(Ok(outcome))
    }

    fn is_free(&self, name: &Name, user: &UserId) -> Result<(), NameRefused> {
        if name.letters().as_str().len() > SKELETON_MAX {
            return Err(NameError::TooLong.into());
        }
        let mut reserved = RESERVED.iter().filter_map(|text| Name::parse(text).ok());
        if reserved.any(|reserved| reserved.clashes(name)) {
            return Err(NameRefused::Reserved);
        }
        match self.look(|standings| standings.holder_of_shape(name))? {
            Some(holder) if holder != *user => Err(NameRefused::Taken),
            Some(_) | None => Ok(()),
        }
    }
}

fn stored(name: &Name) -> PlayerName {
    PlayerName { name: name.as_str().to_owned(), skeleton: name.letters().as_str().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposal_is_a_name_and_reserved_names_are_names() {
        for _ in 0..100 {
            let name = proposal().unwrap();
            assert!(name.as_str().len() == 13 && name.letters().as_str().len() <= SKELETON_MAX);
        }
        assert!(RESERVED.iter().all(|text| Name::parse(text).is_ok()));
    }
}
