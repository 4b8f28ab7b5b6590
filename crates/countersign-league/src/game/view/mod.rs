//! The whole public state in canonical bytes: what phones, the display and the status page show.

mod bytes;

use super::state::{Fixture, Member, Player};
use super::votes::bits;
use super::{Game, State};
use crate::evidence::{
    Artefact, GoalState, Outcome, ReceiptLine, SeatFlags, Settlement, Stakes, TicketFlags,
};
use crate::id::{Commitment, DeviceId, MatchId, Nonce, RulesetId};
use crate::team::{End, Team};
use crate::vote::Seats;
use alloc::string::String;
use alloc::vec::Vec;
use countersign::{RecordDigest, UserId};
use sha2::{Digest, Sha256};

/// "No timer runs."
pub const NO_TIMER: u32 = u32::MAX;

/// The radio between the halves, as a light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LinkColour {
    /// Up.
    Green = 0,
    /// Down for a moment: both sides keep what happens.
    Amber = 1,
    /// Down for long: play on, and carry the slave to the master at the end.
    Red = 2,
}

/// Bits of what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Warnings(pub u16);

impl Warnings {
    /// The northern goal is not armed.
    pub const NORTH_DISARMED: u16 = 1;
    /// The southern goal is not armed.
    pub const SOUTH_DISARMED: u16 = 1 << 1;
    /// A goal was blind for a while in this match.
    pub const GAP: u16 = 1 << 2;
    /// A team is too small.
    pub const SHORT: u16 = 1 << 3;
    /// Pairing, handshake or goal check failed.
    pub const FAILED: u16 = 1 << 4;
    /// The halves do not believe each other.
    pub const LOCKED: u16 = 1 << 5;
    /// Too many results wait for a receipt; no new match.
    pub const UNSETTLED: u16 = 1 << 6;

    /// Whether a bit is set.
    pub const fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

/// One player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewPlayer {
    /// The player.
    pub user: UserId,
    /// Name to show; at most 64 bytes.
    pub name: String,
    /// Rating of the ticket, in thousandths.
    pub rating: i32,
    /// Whether the rating is provisional.
    pub provisional: bool,
    /// Whether the player is ready; always in a match.
    pub ready: bool,
    /// Whether a phone is there. Means nothing for the match.
    pub connected: bool,
    /// The team, once it is drawn.
    pub team: Option<Team>,
    /// What is at stake, once it is drawn.
    pub stakes: Stakes,
    /// Left, injured, absent, confirmed, flagged, as far as it is known.
    pub flags: SeatFlags,
    /// Seats that voted this player absent, as bits.
    pub absent: u32,
    /// Rating change, once there is a result.
    pub delta: i32,
}

/// One goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewGoal {
    /// The goal that was hit.
    pub end: End,
    /// Who scored.
    pub team: Team,
    /// Whether it counts.
    pub state: GoalState,
    /// Milliseconds since kickoff.
    pub at: u32,
    /// Seats that voted to annul it, as bits.
    pub annul: u32,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewEnding {
    /// How.
    pub outcome: Outcome,
    /// Who conceded or was too few.
    pub loser: Option<Team>,
    /// Digest of the signed result; none while it waits for its signature, or for the review.
    pub result: Option<RecordDigest>,
    /// What balances the changes, in thousandths.
    pub bank: i64,
}

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewReceipt {
    /// What became of the result.
    pub settlement: Settlement,
    /// Why; 0 if there is nothing to explain.
    pub reason: u16,
    /// Integrity factor: 256 is whole.
    pub integrity: u16,
    /// By seat.
    pub lines: Vec<ReceiptLine>,
}

/// The whole public state. A view replaces all earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Only grows, also over a restart of the device.
    pub number: u64,
    /// Where the game is.
    pub state: State,
    /// Milliseconds until the state's timer, or [`NO_TIMER`].
    pub left: u32,
    /// Milliseconds played.
    pub played: u32,
    /// Milliseconds of a whole match.
    pub duration: u32,
    /// The device.
    pub device: DeviceId,
    /// The rules.
    pub ruleset: RulesetId,
    /// The lobby, or [`Nonce::NONE`].
    pub lobby: Nonce,
    /// The match that acts are signed for; zero without a lobby.
    pub match_id: MatchId,
    /// How many matches the device has started, this one included; 0 without a lobby.
    pub device_seq: u32,
    /// The device's share of the draw; zero without a lobby.
    pub commit: Commitment,
    /// The link.
    pub link: LinkColour,
    /// What is wrong.
    pub warnings: Warnings,
    /// How many bundles wait for a courier.
    pub unsettled: u8,
    /// What everybody who is ready signs now.
    pub challenge: Option<Nonce>,
    /// The team that defends the northern goal, once it is drawn.
    pub north: Option<Team>,
    /// Goals that count, by team.
    pub score: [u8; 2],
    /// Seats that vote to abort, to concede, to confirm, as bits.
    pub votes: [u32; 3],
    /// In the lobby in order of joining, in a match by seat; at most 22.
    pub players: Vec<ViewPlayer>,
    /// In order of time; the index is the number for annulling.
    pub goals: Vec<ViewGoal>,
    /// How it ended, from the whistle on.
    pub ending: Option<ViewEnding>,
    /// The receipt, once it is here.
    pub receipt: Option<ViewReceipt>,
}

/// The number of the view, and what it numbers.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How often the device started: the upper half of the number, so that it never falls.
    pub(super) boots: u32,
    /// The lower half.
    count: u32,
    hash: [u8; 32],
}

impl Seen {
    fn number(&self) -> u64 {
        u64::from(self.boots) << 32 | u64::from(self.count)
    }
}

impl Game {
    /// A new number if anything but the clocks changed.
    pub(super) fn number_view(&mut self) {
        let mut view = self.show(self.now);
        (view.number, view.left, view.played) = (0, 0, 0);
        let hash = Sha256::digest(view.encode()).into();
        if hash != self.seen.hash {
            self.seen.hash = hash;
            self.seen.count = self.seen.count.saturating_add(1);
            self.effects.push_back(super::Effect::View(self.seen.number()));
        }
    }

    pub(super) fn show(&self, now: u64) -> View {
        let invitation = self.invitation();
        let fixture = self.fixture.as_ref();
        let duration = self.setup.params.duration;
        let left = |at: u64| u32::try_from(at.saturating_sub(now)).unwrap_or(NO_TIMER);
        let lobby = self.lobby.as_ref();
        let challenge = lobby.filter(|_| self.state == State::RollCall);
        View {
            number: self.seen.number(),
            state: self.state,
            left: self.deadline.map_or(NO_TIMER, left),
            played: fixture.map_or(0, |fixture| fixture.played(now, duration)),
            duration,
            device: self.setup.device,
            ruleset: self.ruleset,
            lobby: invitation.map_or(Nonce::NONE, |it| it.lobby),
            match_id: invitation.map_or(MatchId::from_bytes([0; 16]), |it| it.match_id),
            device_seq: invitation.map_or(0, |it| it.device_seq),
            commit: invitation.map_or(Commitment::from_bytes([0; 32]), |it| it.commit),
            link: match (self.link.down_since, self.link.red) {
                (None, _) => LinkColour::Green,
                (Some(_), false) => LinkColour::Amber,
                (Some(_), true) => LinkColour::Red,
            },
            warnings: self.warnings(),
            unsettled: self.standing.unsettled.len() as u8,
            challenge: challenge.map(|lobby| lobby.roll.challenge),
            north: fixture.map(|fixture| fixture.start.north),
            score: fixture.map_or([0; 2], Fixture::score),
            votes: fixture
                .map_or([0; 3], |f| [f.votes.abort, f.votes.concede, f.votes.confirm].map(bits)),
            players: match (fixture, lobby) {
                (Some(fixture), _) => players_of(fixture),
                (None, Some(lobby)) => lobby.members.iter().map(waiting).collect(),
                (None, None) => Vec::new(),
            },
            goals: fixture.map(goals_of).unwrap_or_default(),
            ending: fixture.and_then(ending_of),
            receipt: fixture.and_then(receipt_of),
        }
    }

    fn warnings(&self) -> Warnings {
        let fixture = self.fixture.as_ref();
        let all = [
            (self.sensors[0].is_some(), Warnings::NORTH_DISARMED),
            (self.sensors[1].is_some(), Warnings::SOUTH_DISARMED),
            (fixture.is_some_and(|fixture| fixture.gaps != [0; 2]), Warnings::GAP),
            (fixture.is_some_and(|fixture| fixture.short_since.is_some()), Warnings::SHORT),
            (self.pair.failed, Warnings::FAILED),
            (self.pair.locked, Warnings::LOCKED),
            (!self.pair.locked && !self.may_open(), Warnings::UNSETTLED),
        ];
        Warnings(all.iter().filter(|(is_so, _)| *is_so).fold(0, |bits, (_, bit)| bits | bit))
    }
}

fn waiting(member: &Member) -> ViewPlayer {
    let ticket = member.ticket.value();
    ViewPlayer {
        user: ticket.user,
        name: ticket.name.clone(),
        rating: ticket.rating,
        provisional: ticket.flags.has(TicketFlags::PROVISIONAL),
        ready: member.ready,
        connected: member.connected,
        team: None,
        stakes: Stakes::default(),
        flags: SeatFlags::default(),
        absent: 0,
        delta: 0,
    }
}

fn players_of(fixture: &Fixture) -> Vec<ViewPlayer> {
    let deltas = fixture.result.as_ref().map(|result| result.deltas.as_slice()).unwrap_or_default();
    let player = |(seat, (player, line)): (usize, (&Player, &crate::evidence::StartLine))| {
        let ticket = player.ticket.value();
        ViewPlayer {
            user: ticket.user,
            name: ticket.name.clone(),
            rating: ticket.rating,
            provisional: ticket.flags.has(TicketFlags::PROVISIONAL),
            ready: true,
            connected: player.connected,
            team: Some(player.team),
            stakes: line.stakes,
            flags: fixture.flags(seat),
            absent: fixture.votes.absent.get(seat).map_or(0, |votes| bits(*votes)),
            delta: deltas.get(seat).copied().unwrap_or(0),
        }
    };
    fixture.players.iter().zip(&fixture.start.roster).enumerate().map(player).collect()
}

fn goals_of(fixture: &Fixture) -> Vec<ViewGoal> {
    let goals = fixture.goals.iter().zip(&fixture.votes.annul);
    let goal = |(goal, annul): (&crate::evidence::Goal, &Seats)| ViewGoal {
        end: goal.end,
        team: goal.team,
        state: goal.state,
        at: goal.at,
        annul: bits(*annul),
    };
    goals.map(goal).collect()
}

fn ending_of(fixture: &Fixture) -> Option<ViewEnding> {
    let ending = fixture.ending?;
    Some(ViewEnding {
        outcome: ending.outcome,
        loser: ending.loser,
        result: fixture.result_digest,
        bank: fixture.result.as_ref().map_or(0, |result| result.bank),
    })
}

fn receipt_of(fixture: &Fixture) -> Option<ViewReceipt> {
    let receipt = fixture.receipt.as_ref()?;
    Some(ViewReceipt {
        settlement: receipt.settlement,
        reason: receipt.reason,
        integrity: receipt.integrity,
        lines: receipt.lines.clone(),
    })
}
