//! Where the operator sits: the store, the keys beside it, and the time.

use super::super::OpsError;
use super::super::data::wait;
use super::LeagueError;
use super::keys;
use countersign::{Timestamp, UserId};
use countersign_identity::address::Address;
use countersign_league::MatchId;
use countersign_ranks::Name;
use countersign_server::desk::device;
use countersign_store::league::{Device, GameView, LeagueStore, Player};
use countersign_store::{AuditEvent, Store};
use countersign_store_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Rows that are read at once; what is read is never all in memory.
pub(super) const PAGE: u32 = 200;

/// Everything that a command needs.
pub(super) struct Desk<'a> {
    pub(super) store: SqliteStore,
    pub(super) data: &'a Path,
    pub(super) now: Timestamp,
    pub(super) json: bool,
}

impl Desk<'_> {
    /// The keys of the data folder.
    pub(super) fn keys(&self) -> Result<countersign_league::proof::ServerKeys, LeagueError> {
        keys::read(&self.data.join("keys"))
    }

    /// Notes what an operator did, and why.
    pub(super) fn note(
        &self,
        action: &str,
        user: Option<UserId>,
        reason: &str,
        mut detail: Value,
    ) -> Result<(), OpsError> {
        detail["reason"] = json!(reason);
        detail["by"] = json!("operator");
        let (action, detail) = (action.to_owned(), detail.to_string());
        let event = AuditEvent { at: self.now, action, user, session: None, detail };
        wait(self.store.append_audit(event))?;
        Ok(())
    }

    /// The device with this id or serial.
    pub(super) fn device(&self, given: &str) -> Result<Device, OpsError> {
        let unknown = || LeagueError::NoDevice(given.to_owned());
        let mut found = wait(device::find(&self.store, given))?;
        let ids: Vec<_> = found.iter().map(|device| device.pair.device).collect();
        match found.pop() {
            Some(device) if ids.len() == 1 => Ok(device),
            Some(_) => Err(LeagueError::SerialTwice { serial: given.to_owned(), ids }.into()),
            None => Err(unknown().into()),
        }
    }

    /// The match with this id.
    pub(super) fn game(&self, id: MatchId) -> Result<GameView, OpsError> {
        Ok(wait(self.store.find_game(id))?.ok_or(LeagueError::NoMatch(id))?)
    }

    /// The player with this id, address or name.
    pub(super) fn player(&self, given: &str) -> Result<Player, OpsError> {
        if let Ok(user) = given.parse::<UserId>() {
            let player = wait(self.store.find_player(user))?;
            return Ok(player.ok_or_else(|| LeagueError::NotInLeague(given.to_owned()))?);
        }
        if given.contains('@') || given.starts_with('+') {
            let address = Address::parse(given, None)?;
            let user = wait(self.store.find_user_by_address(address.as_str().to_owned()))?;
            let user = user.ok_or_else(|| OpsError::NoUser(address.as_str().to_owned()))?;
            let player = wait(self.store.find_player(user.id))?;
            return Ok(player.ok_or_else(|| LeagueError::NotInLeague(given.to_owned()))?);
        }
        self.named(given)?.ok_or_else(|| LeagueError::NoPlayer(given.to_owned()).into())
    }

    /// By what looks alike, so that nobody has to type the marks; then letter by letter.
    fn named(&self, given: &str) -> Result<Option<Player>, OpsError> {
        if let Ok(name) = Name::parse(given) {
            for skeleton in [name.letters(), name.shape()] {
                let found = self.store.find_player_by_name(skeleton.as_str().to_owned());
                if let Some(player) = wait(found)? {
                    return Ok(Some(player));
                }
            }
        }
        let mut after = None;
        loop {
            let page = wait(self.store.players_after(after, PAGE))?;
            let Some(last) = page.last() else { return Ok(None) };
            after = Some(last.user);
            if let Some(player) = page.into_iter().find(|player| player.name == given) {
                return Ok(Some(player));
            }
        }
    }

    /// Names of players, for showing; an erased one has none.
    pub(super) fn names(&self, users: Vec<UserId>) -> Result<BTreeMap<UserId, String>, OpsError> {
        let players = wait(self.store.find_players(users))?;
        Ok(players.into_iter().map(|player| (player.user, player.name)).collect())
    }
}
