//! The constants of a match. Whoever changes one makes another ruleset with another id.

use crate::id::RulesetId;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

/// All rules that a program knows by itself, with their names.
pub const BUILT_IN: [(&str, Params); 2] =
    [("official", Params::OFFICIAL), ("short", Params::SHORT)];

/// Every number that the rules depend on. Times are in milliseconds unless their name says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// Length of a match.
    pub duration: u32,
    /// Fewest players that may start.
    pub min_players: u8,
    /// Most players, however many the device can serve.
    pub max_players: u8,
    /// Fewest present players of a team.
    pub min_team: u8,
    /// Both buttons must be pressed within this time.
    pub pairing: u32,
    /// One try of the handshake, and how many there are.
    pub handshake: u32,
    /// Tries of the handshake.
    pub handshake_tries: u8,
    /// Both goals must be hit within this time.
    pub goal_check: u32,
    /// An idle lobby closes.
    pub lobby_idle: u32,
    /// A phone without sign of life loses its place in the lobby.
    pub lobby_gone: u32,
    /// A phone without sign of life is not ready any more.
    pub unready: u32,
    /// From enough ready players to the roll call; restarts when somebody joins.
    pub ready: u32,
    /// Restarts never take longer than this in all.
    pub ready_max: u32,
    /// All answers to the roll call arrive within this time.
    pub roll: u32,
    /// Both tries of the roll call together.
    pub roll_max: u32,
    /// From the draw to kickoff.
    pub kickoff: u32,
    /// After the end: wait for goals under way, with the link up.
    pub drain: u32,
    /// The same with the link down: somebody carries the slave to the master.
    pub drain_down: u32,
    /// Review of the result.
    pub review: u32,
    /// A leave can be taken back.
    pub leave_undo: u32,
    /// A team may be too small for this long.
    pub short_side: u32,
    /// Part of the match that must be over before it can be conceded or lost by absence, in 256ths.
    pub concede_after: u8,
    /// Least time between two goals at one end.
    pub rearm: u32,
    /// The sheet must have been quiet for this long.
    pub quiet: u32,
    /// A link that is down longer turns red.
    pub link_red: u32,
    /// A half may be blind for this long in all.
    pub gap: u32,
    /// The master may be without power for this long.
    pub outage: u32,
    /// A disarmed goal for longer makes the match void.
    pub disarmed: u32,
    /// More touches than this …
    pub stuck_touches: u8,
    /// … within this time disarm a goal.
    pub stuck_window: u32,
    /// Results that wait for a receipt; no new match above.
    pub unsettled: u8,
    /// Permutations that the draw chooses from.
    pub draws: u8,
    /// K of a player's first matches, in points.
    pub k_first: u16,
    /// How many matches that is.
    pub k_first_matches: u16,
    /// K afterwards, in points.
    pub k: u16,
    /// Rating at the start, in thousandths.
    pub rating_start: i32,
    /// Lowest rating, in thousandths.
    pub rating_floor: i32,
    /// Whether an odd number of players is rated (the larger team rolls a substitute).
    pub odd_rated: bool,
}

impl Params {
    /// The official rules: ten minutes.
    pub const OFFICIAL: Self = Self {
        duration: 600_000,
        min_players: 6,
        max_players: 22,
        min_team: 2,
        pairing: 30_000,
        handshake: 5_000,
        handshake_tries: 3,
        goal_check: 120_000,
        lobby_idle: 900_000,
        lobby_gone: 20_000,
        unready: 10_000,
        ready: 30_000,
        ready_max: 90_000,
        roll: 3_000,
        roll_max: 8_000,
        kickoff: 60_000,
        drain: 3_000,
        drain_down: 120_000,
        review: 90_000,
        leave_undo: 60_000,
        short_side: 60_000,
        concede_after: 64,
        rearm: 8_000,
        quiet: 2_000,
        link_red: 30_000,
        gap: 10_000,
        outage: 60_000,
        disarmed: 10_000,
        stuck_touches: 6,
        stuck_window: 10_000,
        unsettled: 8,
        draws: 16,
        k_first: 40,
        k_first_matches: 10,
        k: 24,
        rating_start: 1_500_000,
        rating_floor: 100_000,
        odd_rated: true,
    };

    /// For demonstrations: the same rules in half a minute. A server rates it only if its configuration names it.
    pub const SHORT: Self = Self {
        duration: 20_000,
        ready: 2_000,
        ready_max: 6_000,
        kickoff: 3_000,
        drain_down: 10_000,
        review: 20_000,
        leave_undo: 5_000,
        short_side: 5_000,
        rearm: 1_500,
        quiet: 400,
        ..Self::OFFICIAL
    };

    /// The canonical bytes: the fields in their order, big-endian.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        let times = [
            self.pairing,
            self.handshake,
            self.goal_check,
            self.lobby_idle,
            self.lobby_gone,
            self.unready,
            self.ready,
            self.ready_max,
            self.roll,
            self.roll_max,
            self.kickoff,
            self.drain,
            self.drain_down,
            self.review,
            self.leave_undo,
            self.short_side,
            self.rearm,
            self.quiet,
            self.link_red,
            self.gap,
            self.outage,
            self.disarmed,
            self.stuck_window,
        ];
        out.extend_from_slice(&self.duration.to_be_bytes());
        times.iter().for_each(|time| out.extend_from_slice(&time.to_be_bytes()));
        out.extend_from_slice(&[
            self.min_players,
            self.max_players,
            self.min_team,
            self.handshake_tries,
            self.concede_after,
            self.stuck_touches,
            self.unsettled,
            self.draws,
            u8::from(self.odd_rated),
        ]);
        for k in [self.k_first, self.k_first_matches, self.k] {
            out.extend_from_slice(&k.to_be_bytes());
        }
        for rating in [self.rating_start, self.rating_floor] {
            out.extend_from_slice(&rating.to_be_bytes());
        }
        out
    }

    /// `SHA-256("countersign-ruleset-v1" ‖ table ‖ params)`, the table as 802 big-endian `u16`.
    pub fn id(&self) -> RulesetId {
        let mut hash = Sha256::new_with_prefix(b"countersign-ruleset-v1");
        for value in crate::rating::table::EXPECTATION {
            hash.update(value.to_be_bytes());
        }
        RulesetId::from_bytes(hash.chain_update(self.encode()).finalize().into())
    }

    /// The built-in rules of this name: "official" or "short".
    pub fn named(name: &str) -> Option<Self> {
        BUILT_IN.into_iter().find(|(known, _)| *known == name).map(|(_, params)| params)
    }

    /// K of a player with so many rated matches, in points.
    pub const fn k_of(&self, matches: u16) -> u16 {
        if matches < self.k_first_matches { self.k_first } else { self.k }
    }
}
