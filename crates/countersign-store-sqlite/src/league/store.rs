//! [`LeagueStore`] for SQLite: each method is one unit of work for the writing thread, or one query for a reading one.

use super::rows::Rows;
use super::{ledger, snapshot};
use crate::SqliteStore;
use countersign::{Fingerprint, RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId};
use countersign_store::Result;
use countersign_store::league::{
    Device, DeviceFilter, DisputeEntry, DisputeId, DisputeOutcome, DisputeQueue, FactsOutcome,
    GameFilter, GameView, HeadToHead, HistoryCursor, HistoryEntry, IssuedTicket, LeagueStore,
    LedgerCheck, LedgerLine, Lineup, NewDispute, NewGame, NewPair, NewPenalty, NewPlayer,
    NewRuling, NewTicket, Notice, PairOutcome, PardonOutcome, Penalty, PenaltyId, Player,
    PlayerExport, PlayerOutcome, ProfileChange, ProfileOutcome, Rated, Referee, RulingOutcome,
    Season, SeasonOutcome, SeasonRow, SettleOutcome, StatusChange, StatusOutcome, StoredGame,
    Tables, TicketOutcome, Weights, unit,
};

impl LeagueStore for SqliteStore {
    async fn register_pairs(
        &self,
        pairs: Vec<NewPair>,
        now: Timestamp,
    ) -> Result<Vec<PairOutcome>> {
        self.writer.run(move |db| unit::register_pairs(&mut Rows(db), &pairs, now)).await
    }

    async fn find_device(&self, id: DeviceId) -> Result<Option<Device>> {
        self.readers.run(move |db| Rows(db).device(id)).await
    }

    async fn find_device_by_key(&self, key: Fingerprint) -> Result<Option<Device>> {
        self.readers.run(move |db| Rows(db).device_by_key(&key)).await
    }

    async fn set_device_status(&self, change: StatusChange) -> Result<StatusOutcome> {
        self.writer.run(move |db| unit::set_device_status(&mut Rows(db), &change)).await
    }

    async fn list_devices(
        &self,
        filter: DeviceFilter,
        after: Option<DeviceId>,
        limit: u32,
    ) -> Result<Vec<Device>> {
        self.readers.run(move |db| Rows(db).devices(filter, after, limit)).await
    }

    async fn player_of(&self, new: NewPlayer) -> Result<PlayerOutcome> {
        self.writer.run(move |db| unit::player_of(&mut Rows(db), &new)).await
    }

    async fn find_player(&self, user: UserId) -> Result<Option<Player>> {
        self.readers.run(move |db| Rows(db).player(user)).await
    }

    async fn find_player_by_name(&self, skeleton: String) -> Result<Option<Player>> {
        self.readers.run(move |db| Rows(db).player_by_skeleton(&skeleton)).await
    }

    async fn find_players(&self, users: Vec<UserId>) -> Result<Vec<Player>> {
        self.readers.run(move |db| snapshot(db, |rows| unit::players(rows, &users))).await
    }

    async fn update_profile(&self, user: UserId, change: ProfileChange) -> Result<ProfileOutcome> {
        self.writer.run(move |db| unit::update_profile(&mut Rows(db), user, &change)).await
    }

    async fn find_avatar(&self, user: UserId) -> Result<Option<Vec<u8>>> {
        self.readers.run(move |db| Rows(db).avatar(user)).await
    }

    async fn set_weights(&self, user: UserId, weights: Weights) -> Result<bool> {
        self.writer.run(move |db| unit::set_weights(&mut Rows(db), user, weights)).await
    }

    async fn players_after(&self, after: Option<UserId>, limit: u32) -> Result<Vec<Player>> {
        self.readers.run(move |db| Rows(db).players_after(after, limit)).await
    }

    async fn export_player(&self, user: UserId) -> Result<Option<PlayerExport>> {
        self.readers.run(move |db| snapshot(db, |rows| unit::export(rows, user))).await
    }

    async fn issue_ticket(&self, ticket: NewTicket) -> Result<TicketOutcome> {
        self.writer.run(move |db| unit::issue_ticket(&mut Rows(db), &ticket)).await
    }

    async fn find_ticket(&self, digest: RecordDigest) -> Result<Option<IssuedTicket>> {
        self.readers.run(move |db| Rows(db).ticket(digest)).await
    }

    async fn purge_tickets(&self, before: Timestamp) -> Result<u64> {
        self.writer.run(move |db| Rows(db).drop_tickets(before)).await
    }

    async fn settlement_facts(&self, lineup: Lineup) -> Result<FactsOutcome> {
        self.readers.run(move |db| snapshot(db, |rows| unit::facts(rows, &lineup))).await
    }

    async fn find_receipt(
        &self,
        match_id: MatchId,
        result: RecordDigest,
    ) -> Result<Option<Vec<u8>>> {
        self.readers.run(move |db| Rows(db).receipt(match_id, result)).await
    }

    async fn settle_game(&self, game: NewGame, referee: impl Referee) -> Result<SettleOutcome> {
        self.writer.run(move |db| unit::settle(&mut Rows(db), &game, &referee)).await
    }

    async fn find_game(&self, id: MatchId) -> Result<Option<GameView>> {
        self.readers.run(move |db| snapshot(db, |rows| unit::view(rows, id))).await
    }

    async fn games_before(
        &self,
        filter: GameFilter,
        before: u64,
        limit: u32,
    ) -> Result<Vec<StoredGame>> {
        self.readers.run(move |db| Rows(db).games_before(filter, before, limit)).await
    }

    async fn history(
        &self,
        user: UserId,
        after: HistoryCursor,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>> {
        self.readers.run(move |db| Rows(db).history(user, after, limit)).await
    }

    async fn head_to_head(&self, user: UserId, other: UserId) -> Result<HeadToHead> {
        self.readers.run(move |db| snapshot(db, |rows| unit::head_to_head(rows, user, other))).await
    }

    async fn apply_due(&self, now: Timestamp, limit: u32) -> Result<Vec<(MatchId, Vec<Rated>)>> {
        self.writer.run(move |db| unit::apply_due(&mut Rows(db), now, limit)).await
    }

    async fn ledger_after(&self, after: u64, limit: u32) -> Result<Vec<LedgerLine>> {
        self.readers.run(move |db| Rows(db).lines(after, limit)).await
    }

    async fn ledger_of(&self, user: UserId, after: u64, limit: u32) -> Result<Vec<LedgerLine>> {
        self.readers.run(move |db| Rows(db).lines_of(user, after, limit)).await
    }

    async fn check_ledger(&self) -> Result<LedgerCheck> {
        self.readers.run(ledger::check).await
    }

    async fn season(&self) -> Result<Season> {
        self.readers.run(move |db| Rows(db).season()).await
    }

    async fn open_season(&self, number: u16, now: Timestamp) -> Result<SeasonOutcome> {
        self.writer.run(move |db| unit::open_season(&mut Rows(db), number, now)).await
    }

    async fn carry_players(&self, limit: u32, now: Timestamp) -> Result<u32> {
        self.writer.run(move |db| unit::carry_players(&mut Rows(db), limit, now)).await
    }

    async fn season_rows(&self, season: u16, users: Vec<UserId>) -> Result<Vec<SeasonRow>> {
        self.readers.run(move |db| snapshot(db, |rows| rows.season_rows(season, &users))).await
    }

    async fn open_dispute(&self, dispute: NewDispute) -> Result<DisputeOutcome> {
        self.writer.run(move |db| unit::open_dispute(&mut Rows(db), &dispute)).await
    }

    async fn find_dispute(&self, id: DisputeId) -> Result<Option<DisputeEntry>> {
        self.readers.run(move |db| Rows(db).dispute(id)).await
    }

    async fn disputes(
        &self,
        queue: DisputeQueue,
        after: DisputeId,
        limit: u32,
    ) -> Result<Vec<DisputeEntry>> {
        self.readers.run(move |db| Rows(db).disputes(queue, after, limit)).await
    }

    async fn rule(&self, ruling: NewRuling) -> Result<RulingOutcome> {
        self.writer.run(move |db| unit::rule(&mut Rows(db), &ruling)).await
    }

    async fn penalize(&self, penalty: NewPenalty) -> Result<Option<Penalty>> {
        self.writer.run(move |db| unit::penalize(&mut Rows(db), &penalty)).await
    }

    async fn pardon(&self, id: PenaltyId, now: Timestamp) -> Result<PardonOutcome> {
        self.writer.run(move |db| unit::pardon(&mut Rows(db), id, now)).await
    }

    async fn penalties(&self, user: UserId, after: PenaltyId, limit: u32) -> Result<Vec<Penalty>> {
        self.readers.run(move |db| Rows(db).penalties(user, after, limit)).await
    }

    async fn notices_after(&self, after: u64, limit: u32) -> Result<Vec<Notice>> {
        self.readers.run(move |db| Rows(db).notices(after, limit)).await
    }

    async fn drop_notices(&self, through: u64) -> Result<()> {
        self.writer.run(move |db| Rows(db).drop_notices(through)).await
    }
}
