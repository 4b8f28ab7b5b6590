//! Where a game is, and what it knows there.

use super::exhibit::Exhibit;
use super::votes::Votes;
use crate::evidence::{
    Act, Bundle, Goal, MatchReceipt, MatchResult, MatchStart, Outcome, Roll, SeatFlags, SlaveSeal,
    Ticket,
};
use crate::id::{Commitment, DeviceId, MatchId, Nonce};
use crate::ruleset::Params;
use crate::team::{Seat, Team};
use crate::vote::Electorate;
use alloc::boxed::Box;
use alloc::vec::Vec;
use countersign::{Fingerprint, Realm, RecordDigest, RecordHeader, UserId, VerifyingKey};

/// What a device is; does not change while it runs.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The deployment.
    pub realm: Realm,
    /// The pair.
    pub device: DeviceId,
    /// Key of the master.
    pub master: VerifyingKey,
    /// Key of the slave.
    pub slave: VerifyingKey,
    /// Firmware version.
    pub firmware: u32,
    /// How many phones the radio really serves.
    pub max_players: u8,
    /// Most bytes of a journal that this device can keep, and read again when it starts. A match that needs more is void; 52 KiB are
    /// enough for ten players, whatever they say.
    pub journal_max: u32,
    /// The rules.
    pub params: Params,
}

impl Setup {
    /// Acts of all players together: a quarter of a small journal.
    pub(super) fn acts_max(&self) -> usize {
        Bundle::MAX_ACTS.min(self.journal_max as usize / 1024)
    }

    /// Touches that are written down: a tenth of a small journal. More are counted, and forgotten when the device starts again.
    pub(super) fn touches_max(&self) -> u32 {
        1024.min(self.journal_max / 512)
    }
}

/// A result that waits for its receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsettled {
    /// The match.
    pub match_id: MatchId,
    /// Digest of the result.
    pub result: RecordDigest,
}

/// What outlives a match. A journal starts with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How many matches the device has started.
    pub device_seq: u32,
    /// Digest of the last result, or [`RecordHeader::FIRST`].
    pub last_terminal: RecordDigest,
    /// Results that wait for a receipt, oldest first; no new lobby at [`Params::unsettled`].
    pub unsettled: Vec<Unsettled>,
}

impl Default for Standing {
    fn default() -> Self {
        Self { device_seq: 0, last_terminal: RecordHeader::FIRST, unsettled: Vec::new() }
    }
}

/// The states of a device. Numbers are only ever appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum State {
    /// S0: on, and waiting for the button.
    Off = 0,
    /// S1: the halves look for each other.
    Pairing = 1,
    /// S2: they prove who they are.
    Handshake = 2,
    /// S3: each goal wants one hit.
    GoalCheck = 3,
    /// S4: players join.
    Lobby = 4,
    /// S5: enough are ready; others may still join.
    Ready = 5,
    /// S6: all who are ready answer at the same time.
    RollCall = 6,
    /// S7: teams are drawn; the start waits for its signature.
    Draw = 7,
    /// S8: teams and stakes are shown; walk to your places.
    Kickoff = 8,
    /// S9: the clock runs and never stops.
    Playing = 9,
    /// S10: goals under way arrive.
    Drain = 10,
    /// S11: players look at the result.
    Review = 11,
    /// S12: the result is signed, or about to be.
    Signed = 12,
    /// S13: the receipt is here.
    Settled = 13,
    /// Power came back in the middle of a match.
    Recover = 14,
    /// The match does not count; signed like a result.
    Void = 15,
    /// Nothing was played; signed like a result.
    Abandoned = 16,
    /// The halves do not believe each other.
    Locked = 17,
}

impl State {
    /// Whether nothing is lost if the device does something else for a second, or starts again: nobody is in a lobby, nothing is
    /// played.
    pub const fn is_quiet(self) -> bool {
        match self {
            Self::Off
            | Self::Signed
            | Self::Settled
            | Self::Void
            | Self::Abandoned
            | Self::Locked => true,
            Self::Pairing
            | Self::Handshake
            | Self::GoalCheck
            | Self::Lobby
            | Self::Ready
            | Self::RollCall
            | Self::Draw
            | Self::Kickoff
            | Self::Playing
            | Self::Drain
            | Self::Review
            | Self::Recover => false,
        }
    }

    /// Whether the match is near and nothing is felt yet: now whatever takes long is done, so that nothing does in play.
    pub const fn is_before_match(self) -> bool {
        matches!(self, Self::Lobby | Self::Ready)
    }

    /// From its number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Off,
            1 => Self::Pairing,
            2 => Self::Handshake,
            3 => Self::GoalCheck,
            4 => Self::Lobby,
            5 => Self::Ready,
            6 => Self::RollCall,
            7 => Self::Draw,
            8 => Self::Kickoff,
            9 => Self::Playing,
            10 => Self::Drain,
            11 => Self::Review,
            12 => Self::Signed,
            13 => Self::Settled,
            14 => Self::Recover,
            15 => Self::Void,
            16 => Self::Abandoned,
            17 => Self::Locked,
            _ => return None,
        })
    }

    /// Whether a start was signed and no result yet.
    pub const fn is_open_match(self) -> bool {
        matches!(self, Self::Kickoff | Self::Playing | Self::Drain | Self::Review | Self::Recover)
    }
}

/// The device's share of a redraw, from which that of the first draw follows, before it is shown. No `Debug`.
pub(super) struct Secret(pub(super) [u8; 32]);

/// Everything before the draw.
pub(super) struct Lobby {
    pub(super) nonce: Nonce,
    pub(super) secret: Secret,
    pub(super) commit: Commitment,
    pub(super) match_id: MatchId,
    pub(super) device_seq: u32,
    /// At most as many as may play.
    pub(super) members: Vec<Member>,
    /// Who was here since the lobby opened; full means no new faces.
    pub(super) registered: Vec<Registered>,
    /// Whose radio is whose, until the lobby ends; full means no new radios.
    pub(super) radios: Vec<([u8; 8], UserId)>,
    /// Who missed the start that is being read from the journal.
    pub(super) missed: Vec<Absentee>,
    /// When enough were ready.
    pub(super) ready_since: u64,
    pub(super) roll: RollCall,
}

impl Lobby {
    /// Most different players of one lobby.
    pub(super) const REGISTERED_MAX: usize = 64;

    pub(super) fn member(&mut self, user: &UserId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.user() == *user)
    }

    pub(super) fn ready_count(&self) -> usize {
        self.members.iter().filter(|member| member.ready).count()
    }
}

/// A roll call under way.
pub(super) struct RollCall {
    pub(super) challenge: Nonce,
    pub(super) began: u64,
    pub(super) second: bool,
}

/// A player in the lobby.
pub(super) struct Member {
    pub(super) ticket: Exhibit<Ticket>,
    pub(super) act: Exhibit<Act>,
    pub(super) radio: [u8; 8],
    pub(super) ready: bool,
    pub(super) last_seen: u64,
    pub(super) connected: bool,
    pub(super) roll: Option<Exhibit<Roll>>,
    /// The newest "ready".
    pub(super) word: Option<Exhibit<Act>>,
    /// Silent in the roll call, without an excuse.
    pub(super) silent: bool,
}

/// Somebody who was ready and did not start, with what was signed last.
pub(super) struct Absentee {
    pub(super) ticket: Exhibit<Ticket>,
    pub(super) act: Exhibit<Act>,
}

impl Member {
    pub(super) fn user(&self) -> UserId {
        self.ticket.value().user
    }

    pub(super) fn key(&self) -> &VerifyingKey {
        &self.ticket.value().key
    }
}

/// What is remembered of somebody who left the lobby, until the lobby ends.
pub(super) struct Registered {
    pub(super) user: UserId,
    pub(super) last_seq: u32,
    pub(super) ticket: RecordDigest,
    /// How often this ticket opened the door.
    pub(super) uses: u8,
}

/// A match from the draw to the receipt.
pub(super) struct Fixture {
    pub(super) start: MatchStart,
    pub(super) start_frame: Vec<u8>,
    pub(super) start_digest: Option<RecordDigest>,
    /// By seat.
    pub(super) players: Vec<Player>,
    /// For drawing again; nothing once that is done.
    pub(super) redraw: Option<Secret>,
    /// Who was ready and does not play.
    pub(super) missed: Vec<Absentee>,
    /// When the clock began.
    pub(super) kickoff: Option<u64>,
    pub(super) ending: Option<Ending>,
    /// In order of time; at most [`MatchResult::MAX_GOALS`].
    pub(super) goals: Vec<Goal>,
    /// Boot and number of every report, by end; at most [`Fixture::HEARD_MAX`] together.
    pub(super) heard: [Vec<(u16, u32)>; 2],
    pub(super) touches: u16,
    pub(super) gaps: [u32; 2],
    pub(super) short_since: Option<u64>,
    pub(super) voters: Electorate,
    pub(super) votes: Votes,
    /// What the result rests on, in order.
    pub(super) acts: Vec<Exhibit<Act>>,
    pub(super) seal: Option<SlaveSeal>,
    pub(super) next_checkpoint: u64,
    pub(super) result: Option<Box<MatchResult>>,
    pub(super) result_frame: Vec<u8>,
    pub(super) result_digest: Option<RecordDigest>,
    pub(super) receipt: Option<MatchReceipt>,
}

/// How and when play ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) at: u64,
    pub(super) outcome: Outcome,
    pub(super) loser: Option<Team>,
}

/// A player of the roster.
pub(super) struct Player {
    pub(super) ticket: Exhibit<Ticket>,
    pub(super) roll: Exhibit<Roll>,
    pub(super) radio: [u8; 8],
    pub(super) team: Team,
    pub(super) last_seq: u32,
    pub(super) acts: usize,
    pub(super) connected: bool,
    pub(super) left: Option<Left>,
}

/// A player went away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    pub(super) at: u64,
    pub(super) injured: bool,
}

impl Player {
    pub(super) fn user(&self) -> UserId {
        self.ticket.value().user
    }
}

impl Fixture {
    /// Most goal reports of one match, counted or not.
    pub(super) const HEARD_MAX: usize = 512;

    pub(super) fn new(start: MatchStart, players: Vec<Player>, redraw: Option<Secret>) -> Self {
        let seats = players.iter().map(|player| (player.team, player.ticket.value().flags));
        Self {
            voters: Electorate::new(seats),
            start,
            start_frame: Vec::new(),
            start_digest: None,
            players,
            redraw,
            missed: Vec::new(),
            kickoff: None,
            ending: None,
            goals: Vec::new(),
            heard: [Vec::new(), Vec::new()],
            touches: 0,
            gaps: [0; 2],
            short_since: None,
            votes: Votes::default(),
            acts: Vec::new(),
            seal: None,
            next_checkpoint: 0,
            result: None,
            result_frame: Vec::new(),
            result_digest: None,
            receipt: None,
        }
    }

    pub(super) fn seat_of(&self, signer: &Fingerprint) -> Option<Seat> {
        let mut seats = self.players.iter();
        let seat = seats.position(|player| player.ticket.value().key.fingerprint() == signer)?;
        Some(seat as Seat)
    }

    pub(super) fn player_of(&mut self, user: &UserId) -> Option<&mut Player> {
        self.players.iter_mut().find(|player| player.user() == *user)
    }

    /// Milliseconds since kickoff, at most until play ended.
    pub(super) fn played(&self, now: u64, duration: u32) -> u32 {
        let Some(kickoff) = self.kickoff else { return 0 };
        let until = self.ending.map_or(now, |ending| ending.at.min(now));
        until.saturating_sub(kickoff).min(u64::from(duration)) as u32
    }

    /// How much of a span lies in play.
    pub(super) fn in_play(&self, from: u64, to: u64, duration: u32) -> u32 {
        let Some(kickoff) = self.kickoff else { return 0 };
        let whistle = kickoff.saturating_add(duration.into());
        let end = self.ending.map_or(whistle, |ending| ending.at.min(whistle));
        let span = to.min(end).saturating_sub(from.max(kickoff));
        u32::try_from(span).unwrap_or(u32::MAX)
    }

    /// Who is still there, by team: those who left do not count, even while they may come back.
    pub(super) fn present(&self) -> [usize; 2] {
        Team::BOTH.map(|team| {
            let there = |player: &&Player| player.team == team && player.left.is_none();
            self.players.iter().filter(there).count()
        })
    }

    pub(super) fn score(&self) -> [u8; 2] {
        Team::BOTH.map(|team| {
            let counted = |goal: &&Goal| {
                goal.team == team && goal.state == crate::evidence::GoalState::Counted
            };
            self.goals.iter().filter(counted).count() as u8
        })
    }

    /// What is to be said of a player so far.
    pub(super) fn flags(&self, seat: usize) -> SeatFlags {
        let Some(player) = self.players.get(seat) else { return SeatFlags::default() };
        let mut bits = self.votes.flags(seat as Seat, player.team, &self.voters);
        if let Some(left) = player.left {
            bits |= SeatFlags::LEFT;
            if left.injured {
                bits |= SeatFlags::INJURED;
            }
        }
        SeatFlags(bits)
    }
}
