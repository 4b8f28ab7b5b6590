//! [`Tables`] over the maps.

use super::{State, take};
use crate::league::tables::{Appearance, Event};
use crate::league::{
    Avatar, Device, DeviceFilter, DisputeEntry, DisputeId, DisputeQueue, EvidenceView, GameFilter,
    HeadToHead, HistoryCursor, HistoryEntry, IssuedTicket, LedgerLine, Notice, Penalty, PenaltyId,
    Player, Season, SeasonRow, StoredGame, StoredSeat, Tables, Tally, TicketState,
};
use crate::{AuditEvent, Result, StoreError};
use core::ops::Bound;
use countersign::{Fingerprint, RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId};

impl Tables for State {
    type Error = StoreError;

    fn device(&self, id: DeviceId) -> Result<Option<Device>> {
        Ok(self.league.devices.get(&id).cloned())
    }

    fn device_by_key(&self, key: &Fingerprint) -> Result<Option<Device>> {
        Ok(self.league.devices.values().find(|device| device.has_key(key)).cloned())
    }

    fn devices(
        &self,
        filter: DeviceFilter,
        after: Option<DeviceId>,
        limit: u32,
    ) -> Result<Vec<Device>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let devices = self.league.devices.range((from, Bound::Unbounded)).map(|(_, device)| device);
        Ok(take(devices.filter(|device| filter.takes(device)).cloned(), limit))
    }

    fn put_device(&mut self, device: &Device) -> Result<()> {
        self.league.devices.insert(device.pair.device, device.clone());
        Ok(())
    }

    fn player(&self, user: UserId) -> Result<Option<Player>> {
        Ok(self.league.players.get(&user).cloned())
    }

    fn player_by_skeleton(&self, skeleton: &str) -> Result<Option<Player>> {
        let user = self.league.skeletons.get(skeleton);
        Ok(user.and_then(|user| self.league.players.get(user)).cloned())
    }

    fn players_after(&self, after: Option<UserId>, limit: u32) -> Result<Vec<Player>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let players = self.league.players.range((from, Bound::Unbounded)).map(|(_, player)| player);
        Ok(take(players.filter(|player| player.erased.is_none()).cloned(), limit))
    }

    fn players_before_season(&self, season: u16, limit: u32) -> Result<Vec<Player>> {
        let players = self.league.players.values().filter(|player| player.season < season);
        let mut players: Vec<_> = players.cloned().collect();
        players.sort_by_key(|player| (player.season, player.user));
        Ok(take(players.into_iter(), limit))
    }

    fn put_player(&mut self, player: &Player) -> Result<()> {
        let before = self.league.players.insert(player.user, player.clone());
        if let Some(skeleton) = before.and_then(|before| before.skeleton) {
            self.league.skeletons.remove(&skeleton);
        }
        if let Some(skeleton) = &player.skeleton {
            self.league.skeletons.insert(skeleton.clone(), player.user);
        }
        Ok(())
    }

    fn update_players(&mut self, players: &[Player]) -> Result<()> {
        players.iter().try_for_each(|player| self.put_player(player))
    }

    fn avatar(&self, user: UserId) -> Result<Option<Vec<u8>>> {
        Ok(self.league.avatars.get(&user).cloned())
    }

    fn put_avatar(&mut self, user: UserId, avatar: Option<&Avatar>) -> Result<()> {
        match avatar {
            Some(avatar) => drop(self.league.avatars.insert(user, avatar.bytes.clone())),
            None => drop(self.league.avatars.remove(&user)),
        }
        Ok(())
    }

    fn is_erased(&self, user: UserId) -> Result<bool> {
        Ok(self.erasures.contains_key(&user))
    }

    fn ticket(&self, digest: RecordDigest) -> Result<Option<IssuedTicket>> {
        Ok(self.league.tickets.get(&digest).copied())
    }

    fn travel_ticket(&self, user: UserId) -> Result<Option<IssuedTicket>> {
        let unused = |issued: &&IssuedTicket| {
            issued.ticket.user == user
                && issued.ticket.is_travel()
                && issued.state == TicketState::Unused
        };
        Ok(self.league.tickets.values().find(unused).copied())
    }

    fn add_ticket(&mut self, ticket: &IssuedTicket) -> Result<()> {
        self.league.tickets.insert(ticket.ticket.digest, *ticket);
        Ok(())
    }

    fn update_tickets(&mut self, tickets: &[IssuedTicket]) -> Result<()> {
        for ticket in tickets {
            if let Some(known) = self.league.tickets.get_mut(&ticket.ticket.digest) {
                known.state = ticket.state;
            }
        }
        Ok(())
    }

    fn drop_tickets(&mut self, before: Timestamp) -> Result<u64> {
        let count = self.league.tickets.len();
        self.league.tickets.retain(|_, issued| {
            matches!(issued.state, TicketState::Used(_)) || issued.ticket.expires >= before
        });
        Ok((count - self.league.tickets.len()) as u64)
    }

    fn drop_tickets_of(&mut self, user: UserId) -> Result<()> {
        self.league.tickets.retain(|_, issued| {
            matches!(issued.state, TicketState::Used(_)) || issued.ticket.user != user
        });
        Ok(())
    }

    fn game(&self, id: MatchId) -> Result<Option<StoredGame>> {
        Ok(self.game_row(id).map(|(game, _)| game.clone()))
    }

    fn game_by_seq(&self, device: DeviceId, seq: u32) -> Result<Option<StoredGame>> {
        Ok(self.first_game(|game| game.device == device && game.device_seq == seq))
    }

    fn put_game(&mut self, game: &StoredGame) -> Result<()> {
        self.replace_game(game)
    }

    fn add_game(&mut self, game: &StoredGame) -> Result<u64> {
        Ok(self.insert_game(game))
    }

    fn games_due(&self, now: Timestamp, limit: u32) -> Result<Vec<StoredGame>> {
        Ok(self.due_games(now, limit))
    }

    fn games_before(&self, filter: GameFilter, before: u64, limit: u32) -> Result<Vec<StoredGame>> {
        Ok(self.filtered_games(&filter, before, limit))
    }

    fn rated_on_device(&self, device: DeviceId, from: Timestamp, to: Timestamp) -> Result<u32> {
        Ok(self.count_rated(device, from, to))
    }

    fn receipt(&self, id: MatchId, result: RecordDigest) -> Result<Option<Vec<u8>>> {
        let evidence = self.league.evidence.get(&id).into_iter().flatten();
        Ok(evidence.filter(|one| one.result == result).map(|one| one.receipt.clone()).next())
    }

    fn evidence(&self, id: MatchId) -> Result<Vec<EvidenceView>> {
        Ok(self.league.evidence.get(&id).cloned().unwrap_or_default())
    }

    fn add_evidence(&mut self, id: MatchId, evidence: &EvidenceView) -> Result<()> {
        self.league.evidence.entry(id).or_default().push(evidence.clone());
        Ok(())
    }

    fn seats(&self, no: u64) -> Result<Vec<StoredSeat>> {
        Ok(self.seats_of_game(no))
    }

    fn add_seats(&mut self, game: &StoredGame, seats: &[StoredSeat]) -> Result<()> {
        seats.iter().try_for_each(|seat| self.replace_seat(game, seat))
    }

    fn put_seat(&mut self, game: &StoredGame, seat: &StoredSeat) -> Result<()> {
        self.replace_seat(game, seat)
    }

    fn appearances(&self, user: UserId, from: Timestamp) -> Result<Vec<Appearance>> {
        Ok(self.rated_appearances(user, from))
    }

    fn history(&self, user: UserId, after: HistoryCursor, limit: u32) -> Result<Vec<HistoryEntry>> {
        Ok(take(self.games_of(user, after), limit))
    }

    fn meetings(&self, pairs: &[(UserId, UserId)]) -> Result<Vec<HeadToHead>> {
        let met = |pair| self.league.meetings.get(pair).copied().unwrap_or_default();
        Ok(pairs.iter().map(met).collect())
    }

    fn put_meetings(&mut self, met: &[(UserId, UserId, HeadToHead)]) -> Result<()> {
        self.league.meetings.extend(met.iter().map(|&(low, high, met)| ((low, high), met)));
        Ok(())
    }

    fn add_meetings(&mut self, met: &[(UserId, UserId, HeadToHead)]) -> Result<Vec<bool>> {
        let add = |&(low, high, met): &(UserId, UserId, HeadToHead)| {
            let known = self.league.meetings.entry((low, high)).or_default();
            let is_first = known.met() == 0;
            known.won += met.won;
            known.drawn += met.drawn;
            known.lost += met.lost;
            is_first
        };
        Ok(met.iter().map(add).collect())
    }

    fn last_line(&self) -> Result<u64> {
        Ok(self.league.ledger.len() as u64)
    }

    fn add_lines(&mut self, lines: &[LedgerLine]) -> Result<()> {
        self.league.ledger.extend_from_slice(lines);
        Ok(())
    }

    fn lines(&self, after: u64, limit: u32) -> Result<Vec<LedgerLine>> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(take(self.league.ledger.iter().skip(skip).copied(), limit))
    }

    fn lines_of(&self, user: UserId, after: u64, limit: u32) -> Result<Vec<LedgerLine>> {
        let own = |line: &&LedgerLine| line.user == Some(user) && line.seq > after;
        Ok(take(self.league.ledger.iter().filter(own).copied(), limit))
    }

    fn season(&self) -> Result<Season> {
        Ok(self.league.season.unwrap_or(Season::FIRST))
    }

    fn add_season(&mut self, season: Season) -> Result<()> {
        self.league.season = Some(season);
        Ok(())
    }

    fn tallies(&self, season: u16, users: &[UserId]) -> Result<Vec<Tally>> {
        let row = |&user| self.league.tallies.get(&(user, season));
        Ok(users
            .iter()
            .map(|user| row(user).map(|&(tally, _)| tally).unwrap_or_default())
            .collect())
    }

    fn put_tallies(&mut self, season: u16, of: &[(UserId, Tally)]) -> Result<()> {
        for &(user, tally) in of {
            self.league.tallies.entry((user, season)).or_default().0 = tally;
        }
        Ok(())
    }

    fn close_tally(&mut self, season: u16, user: UserId, rating: i32) -> Result<()> {
        if let Some(row) = self.league.tallies.get_mut(&(user, season)) {
            row.1 = Some(rating);
        }
        Ok(())
    }

    fn season_rows(&self, season: u16, users: &[UserId]) -> Result<Vec<SeasonRow>> {
        let mut users = users.to_vec();
        users.sort_unstable();
        users.dedup();
        Ok(users.into_iter().filter_map(|user| self.season_row(season, user)).collect())
    }

    fn seasons_of(&self, user: UserId) -> Result<Vec<SeasonRow>> {
        let rows = self.league.tallies.range((user, 0)..=(user, u16::MAX));
        Ok(rows.filter_map(|(&(user, season), _)| self.season_row(season, user)).collect())
    }

    fn dispute(&self, id: DisputeId) -> Result<Option<DisputeEntry>> {
        Ok(self.league.disputes.iter().find(|entry| entry.id == id).cloned())
    }

    fn disputes(
        &self,
        queue: DisputeQueue,
        after: DisputeId,
        limit: u32,
    ) -> Result<Vec<DisputeEntry>> {
        let listed = |entry: &&DisputeEntry| entry.id > after && queue.takes(entry);
        Ok(take(self.league.disputes.iter().filter(listed).cloned(), limit))
    }

    fn add_dispute(&mut self, entry: &DisputeEntry) -> Result<DisputeId> {
        let id = DisputeId(self.league.disputes.len() as u64 + 1);
        self.league.disputes.push(DisputeEntry { id, ..entry.clone() });
        Ok(id)
    }

    fn put_dispute(&mut self, entry: &DisputeEntry) -> Result<()> {
        let known = self.league.disputes.iter_mut().find(|known| known.id == entry.id);
        known.map(|known| known.clone_from(entry)).ok_or_else(|| gone("a dispute"))
    }

    fn penalty(&self, id: PenaltyId) -> Result<Option<Penalty>> {
        Ok(self.league.penalties.iter().find(|penalty| penalty.id == id).copied())
    }

    fn penalties(&self, user: UserId, after: PenaltyId, limit: u32) -> Result<Vec<Penalty>> {
        let own = |penalty: &&Penalty| penalty.user == user && penalty.id > after;
        Ok(take(self.league.penalties.iter().filter(own).copied(), limit))
    }

    fn add_penalty(&mut self, penalty: &Penalty) -> Result<PenaltyId> {
        let id = PenaltyId(self.league.penalties.len() as u64 + 1);
        self.league.penalties.push(Penalty { id, ..*penalty });
        Ok(id)
    }

    fn put_penalty(&mut self, penalty: &Penalty) -> Result<()> {
        let known = self.league.penalties.iter_mut().find(|known| known.id == penalty.id);
        known.map(|known| *known = *penalty).ok_or_else(|| gone("a penalty"))
    }

    fn add_notices(&mut self, event: Event, users: &[UserId]) -> Result<()> {
        if !users.is_empty() {
            self.league.last_notice += 1;
            let id = self.league.last_notice;
            self.league.notices.insert(id, users.iter().map(|&user| event.to(user, id)).collect());
        }
        Ok(())
    }

    fn notices(&self, after: u64, limit: u32) -> Result<Vec<Notice>> {
        let above = (Bound::Excluded(after), Bound::Unbounded);
        Ok(take(self.league.notices.range(above), limit)
            .into_iter()
            .flat_map(|(_, all)| all)
            .copied()
            .collect())
    }

    fn drop_notices(&mut self, through: u64) -> Result<()> {
        self.league.notices.retain(|&id, _| id > through);
        Ok(())
    }

    fn drop_notices_of(&mut self, user: UserId) -> Result<()> {
        self.league.notices.retain(|_, all| {
            all.retain(|notice| notice.user != user);
            !all.is_empty()
        });
        Ok(())
    }

    fn add_audit(&mut self, event: AuditEvent) -> Result<()> {
        self.append_audit(event);
        Ok(())
    }
}

pub(super) fn gone(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} that was to be changed is missing"))
}
