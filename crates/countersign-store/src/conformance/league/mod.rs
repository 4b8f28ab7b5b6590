//! The contract suite of [`LeagueStore`]: one function per property, the same for every backend.
//!
//! ```text
//! countersign_store::league_conformance_tests!(async { (MyStore::open(dir.path()).unwrap(), dir) });
//! ```

pub mod devices;
pub mod disputes;
pub mod erasure;
pub mod judging;
pub mod ledger;
pub mod penalties;
pub mod players;
pub mod settling;
pub mod tickets;

use super::{at, id16, in_parallel, shared, unexpected, user_id};
use crate::league::{
    Conduct, Facts, Lineup, LineupSeat, NewGame, NewPair, NewPlayer, NewTicket, Player, PlayerName,
    PlayerOutcome, Referee, SealCause, Sealing, SettleOutcome, StatusChange, StatusOutcome,
    Verdict, VerdictLine,
};
use crate::{LeagueStore, Result};
use countersign::{Fingerprint, RecordDigest, Timestamp, UserId};
use countersign_league::evidence::{DeviceStatus, Outcome, Settlement};
use countersign_league::{BatchId, DeviceId, MatchId, Nonce, RulesetId, Seat, Team};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Writes one `#[test]` per property of the contract. See [`crate::conformance::league`].
#[macro_export]
macro_rules! league_conformance_tests {
    ($open:expr) => {
        $crate::league_conformance_tests!(@group $open, devices,
            a_pair_is_registered_once_and_found_by_each_key
            another_certificate_of_a_device_stops_only_itself
            a_key_belongs_to_one_pair
            a_device_changes_only_as_its_life_allows
            devices_are_listed_by_filter_and_page
        );
        $crate::league_conformance_tests!(@group $open, players,
            a_player_is_created_once_with_a_first_line
            parallel_first_calls_create_one_player
            names_that_look_alike_are_taken
            a_profile_changes_as_a_whole
            an_avatar_has_a_limit
            players_are_scanned_in_pages
        );
        $crate::league_conformance_tests!(@group $open, tickets,
            a_user_has_one_unused_travel_ticket
            a_ticket_of_a_lobby_replaces_nothing
            a_ticket_counts_in_one_match
            tickets_that_expired_unused_are_purged
        );
        $crate::league_conformance_tests!(@group $open, settling,
            a_settled_match_is_everywhere
            the_same_result_gets_the_first_receipt
            parallel_submitters_get_one_receipt
            another_result_is_kept_and_suspects_the_device
            a_fork_freezes_what_was_pending
            a_fork_takes_back_what_was_counted
            forks_are_bounded
            unknown_devices_and_players_settle_nothing
            a_receipt_that_cannot_be_signed_settles_nothing
            a_pending_match_counts_when_it_is_due
            what_does_not_count_changes_no_rating
            a_history_is_paged_newest_first
            matches_are_listed_by_filter_and_page
        );
        $crate::league_conformance_tests!(@group $open, judging,
            the_counter_of_a_device_knows_gaps
            a_number_that_is_used_twice_freezes
            facts_hold_meetings_and_the_day
            facts_leave_out_what_was_not_rated
            in_a_match_of_the_same_players_everybody_met_everybody
            a_bar_by_an_operator_is_a_fact_and_one_by_the_ladder_is_not
            matches_that_arrive_at_once_see_each_other
        );
        $crate::league_conformance_tests!(@group $open, ledger,
            settlements_in_any_order_give_the_same_ratings
            ratings_follow_from_the_ledger
            the_floor_is_shown_and_not_booked
            a_new_season_pulls_everybody_once
            what_counts_late_is_not_pulled
            a_season_has_its_own_table
            only_the_next_season_opens
        );
        $crate::league_conformance_tests!(@group $open, disputes,
            a_disputed_match_waits_for_its_ruling
            a_dispute_that_nobody_rules_on_holds_nothing_back_for_longer_than_three_days
            only_players_dispute_and_once
            disputes_are_listed_by_queue
            a_void_ruling_takes_everything_back
            an_amended_result_is_booked_as_the_difference
            a_refund_comes_from_the_bank
            a_ruling_that_does_not_fit_changes_nothing
            frivolous_disputes_cost_the_weight_of_flags
        );
        $crate::league_conformance_tests!(@group $open, penalties,
            the_ladder_goes_up_and_down
            a_leaver_loses_although_the_team_won
            nobody_is_blamed_if_a_third_left
            injuries_and_missed_starts_are_remembered
            missed_starts_count_for_an_hour
            a_pardon_takes_a_penalty_back
            notices_are_read_in_order_and_forgotten
        );
        $crate::league_conformance_tests!(@group $open, erasure,
            an_erased_player_is_anonymous_and_the_ledger_stays
            an_erased_player_does_not_come_back
            an_export_holds_everything_of_a_player
        );
    };
    (@group $open:expr, $group:ident, $($property:ident)+) => {$(
        #[test]
        fn $property() {
            $crate::conformance::run(async {
                let (store, _keep) = $open.await;
                $crate::conformance::league::$group::$property(&::std::sync::Arc::new(store)).await
            });
        }
    )+};
}

/// Rating at the start.
const FIRST: i32 = 1_500_000;

fn device_id(n: u32) -> DeviceId {
    DeviceId::from_bytes(id16(0x50, n))
}

fn match_id(n: u32) -> MatchId {
    MatchId::from_bytes(id16(0x60, n))
}

fn digest(kind: u8, n: u32) -> RecordDigest {
    let mut bytes = [kind; 32];
    bytes[28..].copy_from_slice(&n.to_be_bytes());
    RecordDigest::from_bytes(bytes)
}

fn key(kind: u8, n: u32) -> Fingerprint {
    Fingerprint::from_bytes(*digest(kind, n).as_bytes())
}

fn pair(n: u32) -> NewPair {
    NewPair {
        device: device_id(n),
        batch: BatchId::from_bytes(id16(0x51, n / 4)),
        serial: format!("GLT-{n:06}"),
        mark: format!("teal {n:02}"),
        master: *digest(0x52, n).as_bytes(),
        master_key: key(0x53, n),
        slave: *digest(0x54, n).as_bytes(),
        slave_key: key(0x55, n),
        max_players: 22,
        digest: digest(0x56, n),
        certificate: vec![n.to_be_bytes()[3]; 300],
    }
}

/// Registers a device and takes it into use.
async fn active_device(store: &impl LeagueStore, n: u32) -> Result<()> {
    store.register_pairs(vec![pair(n)], at(0)).await?;
    for to in [DeviceStatus::Sold, DeviceStatus::Active] {
        let change = StatusChange { device: device_id(n), to, by: None, now: at(0) };
        let outcome = store.set_device_status(change).await?;
        assert!(matches!(outcome, StatusOutcome::Changed { .. }), "{outcome:?}");
    }
    Ok(())
}

fn name(n: u32) -> PlayerName {
    PlayerName { name: format!("Player {n}"), skeleton: format!("player{n}") }
}

fn new_player(n: u32) -> NewPlayer {
    NewPlayer { user: user_id(n), name: name(n), rating: FIRST, now: at(0) }
}

/// A device in use and these players.
async fn league(store: &impl LeagueStore, device: u32, users: &[u32]) -> Result<()> {
    active_device(store, device).await?;
    for &n in users {
        let outcome = store.player_of(new_player(n)).await?;
        assert!(matches!(outcome, PlayerOutcome::Created(_)), "{outcome:?}");
    }
    Ok(())
}

async fn player(store: &impl LeagueStore, n: u32) -> Result<Player> {
    store.find_player(user_id(n)).await?.ok_or_else(|| unexpected(format!("no player {n}")))
}

async fn ratings(store: &impl LeagueStore, users: &[u32]) -> Result<Vec<i32>> {
    let users = users.iter().map(|&n| user_id(n)).collect();
    Ok(store.find_players(users).await?.iter().map(Player::rating).collect())
}

/// Match `n` of device 1: the first half of the users against the second, won 2:1 by the first team. It ends `n` hours after
/// the start of time.
fn game(n: u32, users: &[u32]) -> NewGame {
    let ended = at(u64::from(n) * 3_600);
    let seats = (0..).zip(users).map(|(seat, &user)| LineupSeat {
        user: user_id(user),
        team: if 2 * seat < users.len() { Team::A } else { Team::B },
        ticket: digest(0x70, n * 100 + user),
    });
    NewGame {
        lineup: Lineup {
            match_id: match_id(n),
            device: device_id(1),
            device_seq: n,
            started: ended.minus(Duration::from_secs(600)),
            ended,
            seats: seats.collect(),
        },
        result: digest(0x61, n),
        ruleset: RulesetId::from_bytes([0x62; 32]),
        outcome: Outcome::Final,
        score: [2, 1],
        winner: Some(Team::A),
        bundle: n.to_be_bytes().repeat(200),
        now: ended,
    }
}

/// Decides as it is told, and remembers what it was shown.
#[derive(Clone)]
struct Told {
    settlement: Settlement,
    /// By seat; nothing for those beyond.
    deltas: Vec<VerdictLine>,
    /// By seat; finished for those beyond.
    conduct: Vec<Conduct>,
    injured: Vec<Seat>,
    no_starts: Vec<UserId>,
    counts_at: Timestamp,
    signs: Result<(), String>,
    shown: Arc<Mutex<Vec<Facts>>>,
}

const fn line(sporting: i32, adjustment: i32) -> VerdictLine {
    VerdictLine { sporting, adjustment }
}

/// The first half wins ten points, a fifth of which is taken back from both sides.
fn told(settlement: Settlement) -> Told {
    let won = [line(10_000, -2_000); 3];
    let lost = [line(-10_000, 2_000); 3];
    Told {
        settlement,
        deltas: [won, lost].concat(),
        conduct: Vec::new(),
        injured: Vec::new(),
        no_starts: Vec::new(),
        counts_at: at(0),
        signs: Ok(()),
        shown: Arc::default(),
    }
}

impl Told {
    fn shown(&self) -> Vec<Facts> {
        self.shown.lock().expect("no referee panics").clone()
    }
}

impl Referee for Told {
    fn decide(&self, facts: &Facts) -> Verdict {
        self.shown.lock().expect("no referee panics").push(facts.clone());
        let seats = 0..facts.players.len();
        let line_of = |seat| self.deltas.get(seat).copied().unwrap_or(line(0, 0));
        let conduct_of = |seat| self.conduct.get(seat).copied().unwrap_or(Conduct::Finished);
        Verdict {
            settlement: self.settlement,
            reason: 7,
            integrity: 205,
            counts_at: self.counts_at,
            lines: seats.clone().map(line_of).collect(),
            conduct: seats.map(conduct_of).collect(),
            injured: self.injured.clone(),
            no_starts: self.no_starts.clone(),
        }
    }

    fn seal(&self, sealing: &Sealing) -> Result<Vec<u8>, String> {
        self.signs.clone()?;
        let cause = match sealing.cause {
            SealCause::Verdict(reason) => reason.to_string(),
            SealCause::Fork(first) => format!("fork of {first}"),
        };
        let totals = sealing.lines.iter().map(|line| (line.sporting, line.adjustment, line.rating));
        let totals: Vec<_> = totals.collect();
        Ok(format!("{} {cause} {totals:?}", sealing.settlement.as_str()).into_bytes())
    }
}

/// Settles a match with the usual deltas, as settled.
async fn settled(store: &impl LeagueStore, game: NewGame) -> Result<Vec<u8>> {
    settled_as(store, game, told(Settlement::Settled)).await
}

async fn settled_as(store: &impl LeagueStore, game: NewGame, referee: Told) -> Result<Vec<u8>> {
    let outcome = store.settle_game(game, referee).await?;
    let SettleOutcome::Settled { receipt, .. } = outcome else {
        return Err(unexpected(format!("the match was to be settled, not: {outcome:?}")));
    };
    Ok(receipt)
}

fn ticket(n: u32, user: u32, expires: Timestamp) -> NewTicket {
    NewTicket {
        digest: digest(0x70, n * 100 + user),
        user: user_id(user),
        device: device_id(1),
        lobby: Nonce::from_bytes(id16(0x71, n)),
        issued: at(0),
        expires,
    }
}

/// Every balance follows from its lines, and everything sums to 0.
async fn sound(store: &impl LeagueStore) -> Result<()> {
    let check = store.check_ledger().await?;
    assert!(check.is_sound(), "{check:?}");
    Ok(())
}
