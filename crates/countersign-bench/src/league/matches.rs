//! Honest matches of 22 players, signed by everybody who has to sign.

use super::keys::{Keys, key};
use crate::failure::Result;
use countersign::{Realm, RecordDigest, RecordId, Signer, SigningKey, Timestamp, UserId};
use countersign_league::draw::{Draw, Entrant, draw};
use countersign_league::evidence::{
    Artefact, Bundle, Goal, GoalState, MatchResult, MatchStart, Outcome, PlayerEvidence, Roll,
    SeatFlags, SlaveSeal, Stamp, StartLine, Ticket, TicketFlags, digest_of, seal,
};
use countersign_league::rating::{Deltas, Ending, Rated, final_deltas, stakes};
use countersign_league::{Commitment, DeviceId, End, JournalHead, MatchId, Nonce, Params, Team};
use countersign_server::random;
use std::time::Duration;

/// As many as fit.
pub(crate) const SEATS: usize = 22;

/// Signatures that a server verifies: tickets, roll calls, start, result, and the slave's seal.
pub(crate) const SIGNATURES: usize = 2 * SEATS + 3;

/// What is played.
pub(crate) const RULES: Params = Params::OFFICIAL;

/// Kickoff of the first round of matches.
pub(crate) const FIRST_KICKOFF: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Between rounds: nobody plays more often a day than is rated.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A deployment, with as many devices and groups of players as play at once.
pub(crate) struct League {
    pub(crate) keys: Keys,
    pub(crate) pitches: Vec<Pitch>,
}

/// A pair with the players who meet there.
pub(crate) struct Pitch {
    pub(crate) device: DeviceId,
    pub(crate) master: SigningKey,
    pub(crate) slave: SigningKey,
    /// In the order of their ids.
    pub(crate) players: Vec<Member>,
}

/// A player with the key of a session.
pub(crate) struct Member {
    pub(crate) user: UserId,
    key: SigningKey,
    rating: i32,
}

/// A match that was played.
pub(crate) struct Played {
    /// What a phone brings.
    pub(crate) bundle: Vec<u8>,
    /// Digests of the tickets, by seat.
    pub(crate) tickets: Vec<RecordDigest>,
    pub(crate) kickoff: Timestamp,
    pub(crate) match_id: MatchId,
}

impl League {
    /// With fresh keys.
    pub(crate) fn found(pitches: usize) -> Result<Self> {
        let pitches = (0..pitches).map(Pitch::found).collect::<Result<_>>()?;
        Ok(Self { keys: Keys::draw(FIRST_KICKOFF)?, pitches })
    }

    /// Plays and signs match `round`, from 1, of a pitch.
    pub(crate) fn play(&self, pitch: &Pitch, round: u32) -> Result<Played> {
        let kickoff = FIRST_KICKOFF.plus(DAY * round);
        let by = Author { realm: &self.keys.realm, at: kickoff };
        let (secret, lobby, challenge) =
            (random::bytes()?, nonce(random::bytes()?), nonce(random::bytes()?));
        let commit = Commitment::to(&secret);
        let match_id = MatchId::derive(&pitch.device, round, &commit);
        let tickets = pitch.tickets(lobby, kickoff);
        let sign = |ticket: &Ticket| by.sign(&self.keys.online, ticket);
        let ticket_frames = tickets.iter().map(sign).collect::<Result<Vec<_>>>()?;
        let digests = by.digests(&ticket_frames)?;
        let roll = |ticket: &RecordDigest| -> Result<Roll> {
            Ok(Roll { match_id, challenge, nonce: nonce(random::bytes()?), ticket: *ticket })
        };
        let rolls = digests.iter().map(roll).collect::<Result<Vec<_>>>()?;
        let signed = rolls.iter().zip(&pitch.players);
        let roll_frames =
            signed.map(|(roll, player)| by.sign(&player.key, roll)).collect::<Result<Vec<_>>>()?;
        let draw = draw(&RULES, &secret, &match_id, &entrants(&tickets, &rolls))?;
        let start = MatchStart {
            match_id,
            device: pitch.device,
            device_seq: round,
            ruleset: RULES.id(),
            lobby,
            commit,
            secret,
            challenge,
            started: kickoff,
            north: draw.north,
            link_epoch: 1,
            firmware: 1,
            roster: roster(&tickets, &draw, &digests, &by.digests(&roll_frames)?),
        };
        let (start_frame, result_frame) = by.ends(pitch, &start)?;
        let players = ticket_frames.into_iter().zip(roll_frames);
        let players = players.map(|(ticket, roll)| PlayerEvidence { ticket, roll }).collect();
        let bundle = Bundle {
            start: start_frame,
            result: result_frame,
            players,
            acts: Vec::new(),
            missed: Vec::new(),
        };
        Ok(Played { bundle: bundle.encode(), tickets: digests, kickoff, match_id })
    }
}

impl Pitch {
    fn found(number: usize) -> Result<Self> {
        let number = u32::try_from(number)?;
        let first = number * u32::try_from(SEATS)?;
        let players = (first..).take(SEATS).map(Member::draw).collect::<Result<_>>()?;
        let device = DeviceId::from_bytes((u128::from(number) + 1).to_be_bytes());
        Ok(Self { device, master: key()?, slave: key()?, players })
    }

    fn tickets(&self, lobby: Nonce, kickoff: Timestamp) -> Vec<Ticket> {
        let ticket = |(seat, player): (usize, &Member)| Ticket {
            user: player.user,
            key: player.key.verifying_key().clone(),
            device: self.device,
            lobby,
            season: 1,
            rating: player.rating,
            matches: 20,
            flags: TicketFlags::default(),
            barred_until: Timestamp::ZERO,
            expires: kickoff.plus(Duration::from_secs(600)),
            name: format!("player {seat}"),
        };
        self.players.iter().enumerate().map(ticket).collect()
    }
}

impl Member {
    fn draw(number: u32) -> Result<Self> {
        let user = UserId::from_bytes((u128::from(number) + 1).to_be_bytes());
        let rating = super::players::rating(number);
        Ok(Self { user, key: key()?, rating })
    }
}

/// What all signatures of a match have in common.
struct Author<'a> {
    realm: &'a Realm,
    at: Timestamp,
}

impl Author<'_> {
    fn sign<T: Artefact>(&self, key: &SigningKey, value: &T) -> Result<Vec<u8>> {
        self.linked(key, RecordDigest::from_bytes([0; 32]), value)
    }

    fn linked<T: Artefact>(
        &self,
        key: &SigningKey,
        previous: RecordDigest,
        value: &T,
    ) -> Result<Vec<u8>> {
        let id = RecordId::from_bytes(random::bytes()?);
        Ok(seal(self.realm, key, Stamp { id, created: self.at, previous }, value)?)
    }

    fn digests(&self, frames: &[Vec<u8>]) -> Result<Vec<RecordDigest>> {
        frames.iter().map(|frame| Ok(digest_of(self.realm, frame)?)).collect()
    }

    /// Start and result.
    fn ends(&self, pitch: &Pitch, start: &MatchStart) -> Result<(Vec<u8>, Vec<u8>)> {
        let start_frame = self.sign(&pitch.master, start)?;
        let digest = digest_of(self.realm, &start_frame)?;
        let result = result(pitch, start, digest);
        let result_frame = self.linked(&pitch.master, digest, &result)?;
        Ok((start_frame, result_frame))
    }
}

/// What the draw is among.
pub(crate) fn entrants(tickets: &[Ticket], rolls: &[Roll]) -> Vec<Entrant> {
    let entrant = |(ticket, roll): (&Ticket, &Roll)| Entrant {
        user: ticket.user,
        nonce: roll.nonce,
        rating: ticket.rating,
    };
    tickets.iter().zip(rolls).map(entrant).collect()
}

fn roster(
    tickets: &[Ticket],
    draw: &Draw,
    ticket_digests: &[RecordDigest],
    roll_digests: &[RecordDigest],
) -> Vec<StartLine> {
    let rated: Vec<Rated> = tickets.iter().map(Rated::from).collect();
    let stakes = stakes(&RULES, &rated, &draw.teams);
    let signed = tickets.iter().zip(ticket_digests).zip(roll_digests);
    let seats = signed.zip(draw.teams.iter().zip(stakes));
    let lines = seats.map(|(((ticket, digest), roll), (team, stakes))| StartLine {
        user: ticket.user,
        ticket: *digest,
        roll: *roll,
        team: *team,
        stakes,
        radio: [0; 8],
    });
    lines.collect()
}

/// Three goals for team A, one for team B.
fn result(pitch: &Pitch, start: &MatchStart, digest: RecordDigest) -> MatchResult {
    let goals: Vec<Goal> = [Team::A, Team::B, Team::A, Team::A]
        .into_iter()
        .zip(1..)
        .map(|(team, number)| goal(start, team, number))
        .collect();
    let seats = vec![SeatFlags::default(); start.roster.len()];
    let deltas = deltas(start, &seats);
    let seen = goals.iter().filter(|goal| goal.end == End::South).count();
    MatchResult {
        match_id: start.match_id,
        start: digest,
        outcome: Outcome::Final,
        loser: None,
        score: SCORE,
        seats,
        deltas: deltas.seats,
        bank: deltas.bank,
        played: RULES.duration,
        ended: start.started.plus(Duration::from_millis((RULES.duration + RULES.kickoff).into())),
        gaps: [0, 0],
        touches: 5,
        journal: (JournalHead::from_bytes([0x77; 32]), 321),
        slave: Some(slave_seal(pitch, start, seen)),
        goals,
    }
}

const SCORE: [u8; 2] = [3, 1];

/// The rating changes of a match that ended 3:1.
pub(crate) fn deltas(start: &MatchStart, seats: &[SeatFlags]) -> Deltas {
    final_deltas(start, Ending { outcome: Outcome::Final, loser: None, score: SCORE, seats })
}

fn goal(start: &MatchStart, team: Team, number: u32) -> Goal {
    let end = if End::North.scorer(start.north) == team { End::North } else { End::South };
    Goal {
        end,
        team,
        state: GoalState::Counted,
        at: number * RULES.duration / 5,
        uncertainty: 3,
        boot: 1,
        seq: 10 * number,
        peak: 900,
        duration: 40,
        spread: [2, 3],
    }
}

fn slave_seal(pitch: &Pitch, start: &MatchStart, goals: usize) -> SlaveSeal {
    let unsigned = SlaveSeal {
        boot: 1,
        last_seq: 900,
        goals: u16::try_from(goals).unwrap_or(u16::MAX),
        head: JournalHead::from_bytes([0x51; 32]),
        signature: [0; 64],
    };
    let signature = pitch.slave.sign(&unsigned.message(&start.device, &start.match_id));
    SlaveSeal { signature, ..unsigned }
}

const fn nonce(bytes: [u8; 16]) -> Nonce {
    Nonce::from_bytes(bytes)
}
