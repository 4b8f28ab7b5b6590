//! [`Tables`] over one connection.

use super::{device, dispute, game, ledger, notice, penalty, player, season, ticket};
use crate::fault::Fault;
use crate::{account, audit};
use countersign::{Fingerprint, RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId};
use countersign_store::AuditEvent;
use countersign_store::league::tables::{Appearance, Event};
use countersign_store::league::{
    Avatar, Device, DeviceFilter, DisputeEntry, DisputeId, DisputeQueue, EvidenceView, GameFilter,
    HeadToHead, HistoryCursor, HistoryEntry, IssuedTicket, LedgerLine, Notice, Penalty, PenaltyId,
    Player, Season, SeasonRow, StoredGame, StoredSeat, Tables, Tally,
};
use rusqlite::Connection;

/// A connection, inside a transaction if anything is written.
pub(super) struct Rows<'db>(pub(super) &'db Connection);

impl Tables for Rows<'_> {
    type Error = Fault;

    fn device(&self, id: DeviceId) -> Result<Option<Device>, Fault> {
        device::find(self.0, id)
    }

    fn device_by_key(&self, key: &Fingerprint) -> Result<Option<Device>, Fault> {
        device::by_key(self.0, key)
    }

    fn devices(
        &self,
        filter: DeviceFilter,
        after: Option<DeviceId>,
        limit: u32,
    ) -> Result<Vec<Device>, Fault> {
        device::list(self.0, filter, after, limit)
    }

    fn put_device(&mut self, device: &Device) -> Result<(), Fault> {
        device::put(self.0, device)
    }

    fn player(&self, user: UserId) -> Result<Option<Player>, Fault> {
        player::find(self.0, user)
    }

    fn player_by_skeleton(&self, skeleton: &str) -> Result<Option<Player>, Fault> {
        player::by_skeleton(self.0, skeleton)
    }

    fn players_after(&self, after: Option<UserId>, limit: u32) -> Result<Vec<Player>, Fault> {
        player::after(self.0, after, limit)
    }

    fn players_before_season(&self, season: u16, limit: u32) -> Result<Vec<Player>, Fault> {
        player::before_season(self.0, season, limit)
    }

    fn put_player(&mut self, player: &Player) -> Result<(), Fault> {
        player::put(self.0, player)
    }

    fn update_players(&mut self, players: &[Player]) -> Result<(), Fault> {
        player::update(self.0, players)
    }

    fn avatar(&self, user: UserId) -> Result<Option<Vec<u8>>, Fault> {
        player::avatar(self.0, user)
    }

    fn put_avatar(&mut self, user: UserId, avatar: Option<&Avatar>) -> Result<(), Fault> {
        player::put_avatar(self.0, user, avatar)
    }

    fn is_erased(&self, user: UserId) -> Result<bool, Fault> {
        account::is_erased(self.0, user)
    }

    fn ticket(&self, digest: RecordDigest) -> Result<Option<IssuedTicket>, Fault> {
        ticket::find(self.0, digest)
    }

    fn travel_ticket(&self, user: UserId) -> Result<Option<IssuedTicket>, Fault> {
        ticket::travel(self.0, user)
    }

    fn add_ticket(&mut self, ticket: &IssuedTicket) -> Result<(), Fault> {
        ticket::add(self.0, ticket)
    }

    fn update_tickets(&mut self, tickets: &[IssuedTicket]) -> Result<(), Fault> {
        ticket::update(self.0, tickets)
    }

    fn drop_tickets(&mut self, before: Timestamp) -> Result<u64, Fault> {
        ticket::drop_before(self.0, before)
    }

    fn drop_tickets_of(&mut self, user: UserId) -> Result<(), Fault> {
        ticket::drop_of(self.0, user)
    }

    fn game(&self, id: MatchId) -> Result<Option<StoredGame>, Fault> {
        game::find(self.0, id)
    }

    fn game_by_seq(&self, device: DeviceId, seq: u32) -> Result<Option<StoredGame>, Fault> {
        game::by_seq(self.0, device, seq)
    }

    fn put_game(&mut self, game: &StoredGame) -> Result<(), Fault> {
        game::update(self.0, game)
    }

    fn add_game(&mut self, game: &StoredGame) -> Result<u64, Fault> {
        game::add(self.0, game)
    }

    fn games_due(&self, now: Timestamp, limit: u32) -> Result<Vec<StoredGame>, Fault> {
        game::due(self.0, now, limit)
    }

    fn games_before(
        &self,
        filter: GameFilter,
        before: u64,
        limit: u32,
    ) -> Result<Vec<StoredGame>, Fault> {
        game::before(self.0, &filter, before, limit)
    }

    fn rated_on_device(
        &self,
        device: DeviceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<u32, Fault> {
        game::rated_on_device(self.0, device, from, to)
    }

    fn receipt(&self, id: MatchId, result: RecordDigest) -> Result<Option<Vec<u8>>, Fault> {
        game::receipt(self.0, id, result)
    }

    fn evidence(&self, id: MatchId) -> Result<Vec<EvidenceView>, Fault> {
        game::evidence(self.0, id)
    }

    fn add_evidence(&mut self, id: MatchId, evidence: &EvidenceView) -> Result<(), Fault> {
        game::add_evidence(self.0, id, evidence)
    }

    fn seats(&self, no: u64) -> Result<Vec<StoredSeat>, Fault> {
        game::seats(self.0, no)
    }

    fn add_seats(&mut self, game: &StoredGame, seats: &[StoredSeat]) -> Result<(), Fault> {
        game::add_seats(self.0, game, seats)
    }

    fn put_seat(&mut self, game: &StoredGame, seat: &StoredSeat) -> Result<(), Fault> {
        game::update_seat(self.0, game, seat)
    }

    fn appearances(&self, user: UserId, from: Timestamp) -> Result<Vec<Appearance>, Fault> {
        game::appearances(self.0, user, from)
    }

    fn history(
        &self,
        user: UserId,
        after: HistoryCursor,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, Fault> {
        game::history(self.0, user, after, limit)
    }

    fn meetings(&self, pairs: &[(UserId, UserId)]) -> Result<Vec<HeadToHead>, Fault> {
        season::meetings(self.0, pairs)
    }

    fn put_meetings(&mut self, met: &[(UserId, UserId, HeadToHead)]) -> Result<(), Fault> {
        season::put_meetings(self.0, met)
    }

    fn add_meetings(&mut self, met: &[(UserId, UserId, HeadToHead)]) -> Result<Vec<bool>, Fault> {
        season::add_meetings(self.0, met)
    }

    fn last_line(&self) -> Result<u64, Fault> {
        ledger::last(self.0)
    }

    fn add_lines(&mut self, lines: &[LedgerLine]) -> Result<(), Fault> {
        ledger::add(self.0, lines)
    }

    fn lines(&self, after: u64, limit: u32) -> Result<Vec<LedgerLine>, Fault> {
        ledger::after(self.0, after, limit)
    }

    fn lines_of(&self, user: UserId, after: u64, limit: u32) -> Result<Vec<LedgerLine>, Fault> {
        ledger::of_user(self.0, user, after, limit)
    }

    fn season(&self) -> Result<Season, Fault> {
        season::present(self.0)
    }

    fn add_season(&mut self, season: Season) -> Result<(), Fault> {
        season::add(self.0, season)
    }

    fn tallies(&self, season: u16, users: &[UserId]) -> Result<Vec<Tally>, Fault> {
        season::tallies(self.0, season, users)
    }

    fn put_tallies(&mut self, season: u16, of: &[(UserId, Tally)]) -> Result<(), Fault> {
        season::put_tallies(self.0, season, of)
    }

    fn close_tally(&mut self, season: u16, user: UserId, rating: i32) -> Result<(), Fault> {
        season::close_tally(self.0, season, user, rating)
    }

    fn season_rows(&self, season: u16, users: &[UserId]) -> Result<Vec<SeasonRow>, Fault> {
        season::rows(self.0, season, users)
    }

    fn seasons_of(&self, user: UserId) -> Result<Vec<SeasonRow>, Fault> {
        season::all_of(self.0, user)
    }

    fn dispute(&self, id: DisputeId) -> Result<Option<DisputeEntry>, Fault> {
        dispute::find(self.0, id)
    }

    fn disputes(
        &self,
        queue: DisputeQueue,
        after: DisputeId,
        limit: u32,
    ) -> Result<Vec<DisputeEntry>, Fault> {
        dispute::list(self.0, queue, after, limit)
    }

    fn add_dispute(&mut self, entry: &DisputeEntry) -> Result<DisputeId, Fault> {
        dispute::add(self.0, entry)
    }

    fn put_dispute(&mut self, entry: &DisputeEntry) -> Result<(), Fault> {
        dispute::update(self.0, entry)
    }

    fn penalty(&self, id: PenaltyId) -> Result<Option<Penalty>, Fault> {
        penalty::find(self.0, id)
    }

    fn penalties(&self, user: UserId, after: PenaltyId, limit: u32) -> Result<Vec<Penalty>, Fault> {
        penalty::of_user(self.0, user, after, limit)
    }

    fn add_penalty(&mut self, penalty: &Penalty) -> Result<PenaltyId, Fault> {
        penalty::add(self.0, penalty)
    }

    fn put_penalty(&mut self, penalty: &Penalty) -> Result<(), Fault> {
        penalty::update(self.0, penalty)
    }

    fn add_notices(&mut self, event: Event, users: &[UserId]) -> Result<(), Fault> {
        notice::add(self.0, event, users)
    }

    fn notices(&self, after: u64, limit: u32) -> Result<Vec<Notice>, Fault> {
        notice::after(self.0, after, limit)
    }

    fn drop_notices(&mut self, through: u64) -> Result<(), Fault> {
        notice::drop_through(self.0, through)
    }

    fn drop_notices_of(&mut self, user: UserId) -> Result<(), Fault> {
        notice::drop_of(self.0, user)
    }

    fn add_audit(&mut self, event: AuditEvent) -> Result<(), Fault> {
        audit::append(self.0, &event).map(drop)
    }
}
