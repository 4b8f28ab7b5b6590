//! [`LeagueStore`] for the memory store: each method is one unit under the lock.

use crate::league::{
    Device, DeviceFilter, DisputeEntry, DisputeId, DisputeOutcome, DisputeQueue, FactsOutcome,
    GameFilter, GameView, HeadToHead, HistoryCursor, HistoryEntry, IssuedTicket, LeagueStore,
    LedgerCheck, LedgerLine, Lineup, NewDispute, NewGame, NewPair, NewPenalty, NewPlayer,
    NewRuling, NewTicket, Notice, PairOutcome, PardonOutcome, Penalty, PenaltyId, Player,
    PlayerExport, PlayerOutcome, ProfileChange, ProfileOutcome, Rated, Referee, RulingOutcome,
    Season, SeasonOutcome, SeasonRow, SettleOutcome, StatusChange, StatusOutcome, StoredGame,
    Tables, TicketOutcome, Weights, unit,
};
use crate::{MemoryStore, Result};
use countersign::{Fingerprint, RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId};

impl LeagueStore for MemoryStore {
    async fn register_pairs(
        &self,
        pairs: Vec<NewPair>,
        now: Timestamp,
    ) -> Result<Vec<PairOutcome>> {
        unit::register_pairs(&mut *self.state()?, &pairs, now)
    }

    async fn find_device(&self, id: DeviceId) -> Result<Option<Device>> {
        Tables::device(&*self.state()?, id)
    }

    async fn find_device_by_key(&self, key: Fingerprint) -> Result<Option<Device>> {
        Tables::device_by_key(&*self.state()?, &key)
    }

    async fn set_device_status(&self, change: StatusChange) -> Result<StatusOutcome> {
        unit::set_device_status(&mut *self.state()?, &change)
    }

    async fn list_devices(
        &self,
        filter: DeviceFilter,
        after: Option<DeviceId>,
        limit: u32,
    ) -> Result<Vec<Device>> {
        Tables::devices(&*self.state()?, filter, after, limit)
    }

    async fn player_of(&self, new: NewPlayer) -> Result<PlayerOutcome> {
        unit::player_of(&mut *self.state()?, &new)
    }

    async fn find_player(&self, user: UserId) -> Result<Option<Player>> {
        Tables::player(&*self.state()?, user)
    }

    async fn find_player_by_name(&self, skeleton: String) -> Result<Option<Player>> {
        Tables::player_by_skeleton(&*self.state()?, &skeleton)
    }

    async fn find_players(&self, users: Vec<UserId>) -> Result<Vec<Player>> {
        unit::players(&*self.state()?, &users)
    }

    async fn update_profile(&self, user: UserId, change: ProfileChange) -> Result<ProfileOutcome> {
        unit::update_profile(&mut *self.state()?, user, &change)
    }

    async fn find_avatar(&self, user: UserId) -> Result<Option<Vec<u8>>> {
        Tables::avatar(&*self.state()?, user)
    }

    async fn set_weights(&self, user: UserId, weights: Weights) -> Result<bool> {
        unit::set_weights(&mut *self.state()?, user, weights)
    }

    async fn players_after(&self, after: Option<UserId>, limit: u32) -> Result<Vec<Player>> {
        Tables::players_after(&*self.state()?, after, limit)
    }

    async fn export_player(&self, user: UserId) -> Result<Option<PlayerExport>> {
        unit::export(&*self.state()?, user)
    }

    async fn issue_ticket(&self, ticket: NewTicket) -> Result<TicketOutcome> {
        unit::issue_ticket(&mut *self.state()?, &ticket)
    }

    async fn find_ticket(&self, digest: RecordDigest) -> Result<Option<IssuedTicket>> {
        Tables::ticket(&*self.state()?, digest)
    }

    async fn purge_tickets(&self, before: Timestamp) -> Result<u64> {
        Tables::drop_tickets(&mut *self.state()?, before)
    }

    async fn settlement_facts(&self, lineup: Lineup) -> Result<FactsOutcome> {
        unit::facts(&*self.state()?, &lineup)
    }

    async fn find_receipt(
        &self,
        match_id: MatchId,
        result: RecordDigest,
    ) -> Result<Option<Vec<u8>>> {
        Tables::receipt(&*self.state()?, match_id, result)
    }

    async fn settle_game(&self, game: NewGame, referee: impl Referee) -> Result<SettleOutcome> {
        unit::settle(&mut *self.state()?, &game, &referee)
    }

    async fn find_game(&self, id: MatchId) -> Result<Option<GameView>> {
        unit::view(&*self.state()?, id)
    }

    async fn games_before(
        &self,
        filter: GameFilter,
        before: u64,
        limit: u32,
    ) -> Result<Vec<StoredGame>> {
        Tables::games_before(&*self.state()?, filter, before, limit)
    }

    async fn history(
        &self,
        user: UserId,
        after: HistoryCursor,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>> {
        Tables::history(&*self.state()?, user, after, limit)
    }

    async fn head_to_head(&self, user: UserId, other: UserId) -> Result<HeadToHead> {
        unit::head_to_head(&*self.state()?, user, other)
    }

    async fn apply_due(&self, now: Timestamp, limit: u32) -> Result<Vec<(MatchId, Vec<Rated>)>> {
        unit::apply_due(&mut *self.state()?, now, limit)
    }

    async fn ledger_after(&self, after: u64, limit: u32) -> Result<Vec<LedgerLine>> {
        Tables::lines(&*self.state()?, after, limit)
    }

    async fn ledger_of(&self, user: UserId, after: u64, limit: u32) -> Result<Vec<LedgerLine>> {
        Tables::lines_of(&*self.state()?, user, after, limit)
    }

    async fn check_ledger(&self) -> Result<LedgerCheck> {
        Ok(self.state()?.check_ledger())
    }

    async fn season(&self) -> Result<Season> {
        Tables::season(&*self.state()?)
    }

    async fn open_season(&self, number: u16, now: Timestamp) -> Result<SeasonOutcome> {
        unit::open_season(&mut *self.state()?, number, now)
    }

    async fn carry_players(&self, limit: u32, now: Timestamp) -> Result<u32> {
        unit::carry_players(&mut *self.state()?, limit, now)
    }

    async fn season_rows(&self, season: u16, users: Vec<UserId>) -> Result<Vec<SeasonRow>> {
        Tables::season_rows(&*self.state()?, season, &users)
    }

    async fn open_dispute(&self, dispute: NewDispute) -> Result<DisputeOutcome> {
        unit::open_dispute(&mut *self.state()?, &dispute)
    }

    async fn find_dispute(&self, id: DisputeId) -> Result<Option<DisputeEntry>> {
        Tables::dispute(&*self.state()?, id)
    }

    async fn disputes(
        &self,
        queue: DisputeQueue,
        after: DisputeId,
        limit: u32,
    ) -> Result<Vec<DisputeEntry>> {
        Tables::disputes(&*self.state()?, queue, after, limit)
    }

    async fn rule(&self, ruling: NewRuling) -> Result<RulingOutcome> {
        unit::rule(&mut *self.state()?, &ruling)
    }

    async fn penalize(&self, penalty: NewPenalty) -> Result<Option<Penalty>> {
        unit::penalize(&mut *self.state()?, &penalty)
    }

    async fn pardon(&self, id: PenaltyId, now: Timestamp) -> Result<PardonOutcome> {
        unit::pardon(&mut *self.state()?, id, now)
    }

    async fn penalties(&self, user: UserId, after: PenaltyId, limit: u32) -> Result<Vec<Penalty>> {
        Tables::penalties(&*self.state()?, user, after, limit)
    }

    async fn notices_after(&self, after: u64, limit: u32) -> Result<Vec<Notice>> {
        Tables::notices(&*self.state()?, after, limit)
    }

    async fn drop_notices(&self, through: u64) -> Result<()> {
        Tables::drop_notices(&mut *self.state()?, through)
    }
}
