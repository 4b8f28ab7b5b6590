//! A league with one device and up to 22 players, and honest matches that a test can spoil.

use countersign::keyset::{KeyState, KeysetContent, OnlineKey};
use countersign::{Realm, RecordDigest, RecordId, Signer, SigningKey, Timestamp, UserId};
use countersign_league::draw::{Entrant, draw};
use countersign_league::evidence::{
    Act, ActKind, Bundle, DeviceCertificate, DeviceStatus, Goal, GoalState, MatchReceipt,
    MatchResult, MatchStart, MissedEvidence, Outcome, PlayerEvidence, ReceiptLine, Roll, SeatFlags,
    Settlement, SlaveSeal, Stamp, StartLine, Ticket, TicketFlags, digest_of, seal,
};
use countersign_league::proof::Export;
use countersign_league::rating::{Ending, Rated, final_deltas, stakes};
use countersign_league::settlement::{Checked, Context, KnownDevice, KnownRules, Refusal, check};
use countersign_league::{
    Artefact, Commitment, DeviceId, End, JournalHead, MatchId, Nonce, Params, Seat, Team,
};

pub(crate) const STARTED: Timestamp = Timestamp::from_millis(1_800_000_000_000);
pub(crate) const SECRET: [u8; 32] = [0x5e; 32];
/// Goals may follow each other at once.
pub(crate) const QUICK: Params = Params { rearm: 0, ..Params::OFFICIAL };
const DEVICE: DeviceId = DeviceId::from_bytes([0xde; 16]);
const LOBBY: Nonce = Nonce::from_bytes([0x10; 16]);
const CHALLENGE: Nonce = Nonce::from_bytes([0xca; 16]);

pub(crate) fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub(crate) fn master() -> SigningKey {
    key(201)
}

pub(crate) fn slave() -> SigningKey {
    key(202)
}

pub(crate) fn server() -> SigningKey {
    key(203)
}

pub(crate) fn root() -> SigningKey {
    key(204)
}

pub(crate) fn after_start(millis: u64) -> Timestamp {
    Timestamp::from_millis(STARTED.as_millis() + millis)
}

/// A frame of this content by this key.
pub(crate) fn frame<T: Artefact>(by: &SigningKey, created: Timestamp, value: &T) -> Vec<u8> {
    linked(by, created, RecordDigest::from_bytes([0; 32]), value)
}

fn linked<T: Artefact>(
    by: &SigningKey,
    created: Timestamp,
    previous: RecordDigest,
    value: &T,
) -> Vec<u8> {
    let id = RecordId::from_bytes([9; 16]);
    seal(&realm(), by, Stamp { id, created, previous }, value).unwrap()
}

/// A match under construction: change what you like, then [`Match::bundle`].
#[derive(Clone)]
pub(crate) struct Match {
    pub(crate) params: Params,
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) ticket_frames: Vec<Vec<u8>>,
    pub(crate) rolls: Vec<Roll>,
    pub(crate) roll_frames: Vec<Vec<u8>>,
    pub(crate) start: MatchStart,
    pub(crate) result: MatchResult,
    pub(crate) acts: Vec<(Seat, Act)>,
    pub(crate) missed: Vec<MissedEvidence>,
}

/// Times a ticket was made before the start, in milliseconds.
pub(crate) const TICKET_AGE: u64 = 60_000;

pub(crate) fn ticket(seat: u8) -> Ticket {
    Ticket {
        user: UserId::from_bytes([seat; 16]),
        key: key(seat + 1).verifying_key().clone(),
        device: DEVICE,
        lobby: LOBBY,
        season: 1,
        rating: 1_400_000 + i32::from(seat) * 17_003,
        matches: u16::from(seat) * 3,
        flags: TicketFlags::default(),
        barred_until: Timestamp::ZERO,
        expires: after_start(600_000),
        name: format!("player {seat}"),
    }
}

impl Match {
    /// Ten players, three goals for team A, one for team B.
    pub(crate) fn honest() -> Self {
        Self::of(10)
    }

    pub(crate) fn of(players: u8) -> Self {
        Self::with(Params::OFFICIAL, (0..players).map(ticket).collect())
    }

    /// With other tickets or rules; everything else follows from them.
    pub(crate) fn with(params: Params, tickets: Vec<Ticket>) -> Self {
        let made = Timestamp::from_millis(STARTED.as_millis() - TICKET_AGE);
        let frames = tickets.iter().map(|ticket| frame(&server(), made, ticket)).collect();
        Self::with_frames(params, tickets, frames)
    }

    pub(crate) fn with_frames(
        params: Params,
        tickets: Vec<Ticket>,
        ticket_frames: Vec<Vec<u8>>,
    ) -> Self {
        let commit = Commitment::to(&SECRET);
        let match_id = MatchId::derive(&DEVICE, 7, &commit);
        let roll = |(seat, frame): (u8, &Vec<u8>)| Roll {
            match_id,
            challenge: CHALLENGE,
            nonce: Nonce::from_bytes([seat + 100; 16]),
            ticket: digest_of(&realm(), frame).unwrap(),
        };
        let rolls: Vec<Roll> = (0..).zip(&ticket_frames).map(roll).collect();
        Self::with_rolls(params, tickets, ticket_frames, rolls)
    }

    pub(crate) fn with_rolls(
        params: Params,
        tickets: Vec<Ticket>,
        ticket_frames: Vec<Vec<u8>>,
        rolls: Vec<Roll>,
    ) -> Self {
        let sign = |(seat, roll): (u8, &Roll)| frame(&key(seat + 1), STARTED, roll);
        let roll_frames: Vec<Vec<u8>> = (0..).zip(&rolls).map(sign).collect();
        let start = start(&params, &tickets, &ticket_frames, &rolls, &roll_frames);
        let result = result(&params, &start);
        let (acts, missed) = (Vec::new(), Vec::new());
        Self { params, tickets, ticket_frames, rolls, roll_frames, start, result, acts, missed }
    }

    /// Adds an act of this seat, numbered on.
    pub(crate) fn act(&mut self, seat: Seat, kind: ActKind, target: u16) -> &mut Self {
        let seq = self.acts.len() as u32;
        let match_id = self.start.match_id;
        self.acts.push((seat, Act { match_id, seq, kind, target }));
        self
    }

    /// The same act of many seats.
    pub(crate) fn all_act(&mut self, seats: &[Seat], kind: ActKind, target: u16) -> &mut Self {
        for seat in seats {
            self.act(*seat, kind, target);
        }
        self
    }

    pub(crate) fn flag(&mut self, seat: Seat, bits: u8) -> &mut Self {
        self.result.seats[usize::from(seat)].0 |= bits;
        self
    }

    pub(crate) fn seats_of(&self, team: Team) -> Vec<Seat> {
        let lines = (0..).zip(&self.start.roster);
        lines.filter(|(_, line)| line.team == team).map(|(seat, _)| seat).collect()
    }

    /// Computes again what follows from goals, flags and outcome.
    pub(crate) fn settle(&mut self) -> &mut Self {
        let counted = |team| {
            let goals = self.result.goals.iter();
            goals.filter(|goal| goal.team == team && goal.state == GoalState::Counted).count() as u8
        };
        self.result.score = Team::BOTH.map(counted);
        let deltas = final_deltas(&self.start, Ending::from(&self.result));
        (self.result.deltas, self.result.bank) = (deltas.seats, deltas.bank);
        self
    }

    /// Signs everything as it is now.
    pub(crate) fn bundle(&self) -> Bundle {
        let start = frame(&master(), STARTED, &self.start);
        let digest = digest_of(&realm(), &start).unwrap();
        let result = MatchResult { start: digest, ..self.result.clone() };
        let result = linked(&master(), self.result.ended, digest, &result);
        let players = self.ticket_frames.iter().zip(&self.roll_frames);
        let players = players
            .map(|(ticket, roll)| PlayerEvidence { ticket: ticket.clone(), roll: roll.clone() });
        let sign = |(seat, act): &(Seat, Act)| frame(&key(seat + 1), STARTED, act);
        let acts = self.acts.iter().map(sign).collect();
        Bundle { start, result, players: players.collect(), acts, missed: self.missed.clone() }
    }

    /// The match in one file, as the league settled it.
    pub(crate) fn export(&self) -> Export {
        let bundle = self.bundle();
        let result = digest_of(&realm(), &bundle.result).unwrap();
        let line = |(line, sporting): (&StartLine, &i32)| {
            let (user, sporting) = (line.user, *sporting);
            ReceiptLine { user, sporting, adjustment: 0, rating: 1_500_000 + sporting, rank: 0 }
        };
        let receipt = MatchReceipt {
            match_id: self.start.match_id,
            result,
            settlement: Settlement::Settled,
            reason: 0,
            integrity: 256,
            lines: self.start.roster.iter().zip(&self.result.deltas).map(line).collect(),
        };
        let later = after_start(900_000);
        Export {
            app: realm().app().to_owned(),
            audience: realm().audience().to_owned(),
            sets: vec![keyset(1, &server()).sign(&realm(), &root())],
            device: frame(&server(), later, &certificate()),
            bundle: bundle.encode(),
            receipt: linked(&server(), later, result, &receipt),
        }
    }

    pub(crate) fn check(&self) -> Result<Checked, Refusal> {
        self.check_on(&device())
    }

    pub(crate) fn check_on(&self, device: &KnownDevice) -> Result<Checked, Refusal> {
        check_bundle(&self.bundle(), device, true)
    }

    /// The refusal; fails the test if there is none.
    pub(crate) fn refusal(&self) -> Refusal {
        self.check().unwrap_err()
    }
}

pub(crate) fn device() -> KnownDevice {
    KnownDevice {
        device: DEVICE,
        master: master().verifying_key().clone(),
        slave: slave().verifying_key().clone(),
        status: DeviceStatus::Active,
        max_players: 22,
    }
}

/// What the server says of the device.
pub(crate) fn certificate() -> DeviceCertificate {
    let KnownDevice { device, master, slave, status, max_players } = device();
    let (serial, mark, host) = ("GL-00001".to_owned(), "teal 07".to_owned(), String::new());
    let expires = after_start(900_000);
    DeviceCertificate { device, master, slave, status, max_players, serial, mark, host, expires }
}

/// A key set that names one key, which signs from a day before the start on.
pub(crate) fn keyset(version: u64, signing: &SigningKey) -> KeysetContent {
    let before = Timestamp::from_millis(STARTED.as_millis() - 24 * 3_600_000);
    let key = OnlineKey {
        key: signing.verifying_key().clone(),
        state: KeyState::Active,
        not_before: before,
        not_after: after_start(30 * 24 * 3_600_000),
    };
    KeysetContent {
        version,
        issued: before,
        expires: after_start(30 * 24 * 3_600_000),
        min_protocol: 1,
        keys: vec![key],
        roots: vec![root().verifying_key().clone()],
        pins: Vec::new(),
    }
}

/// Checks an hour after the start, with a server key that was one until then.
pub(crate) fn check_bundle(
    bundle: &Bundle,
    device: &KnownDevice,
    rated: bool,
) -> Result<Checked, Refusal> {
    check_at(bundle, device, rated, after_start(3_600_000))
}

pub(crate) fn check_at(
    bundle: &Bundle,
    device: &KnownDevice,
    rated: bool,
    now: Timestamp,
) -> Result<Checked, Refusal> {
    let server = server();
    let server_key = |fingerprint: &countersign::Fingerprint, at: Timestamp| {
        let key = server.verifying_key();
        let is_valid = at > Timestamp::from_millis(STARTED.as_millis() - 20 * 3_600_000);
        (key.fingerprint() == fingerprint && is_valid).then(|| key.clone())
    };
    let odd_unrated = Params { odd_rated: false, ..Params::OFFICIAL };
    let rules = [Params::OFFICIAL, QUICK, odd_unrated];
    let rules = rules.map(|params| KnownRules { params, rated });
    let realm = realm();
    let context =
        Context { realm: &realm, device: Some(device), server_key: &server_key, rules: &rules };
    check(bundle, &context, now)
}

fn start(
    params: &Params,
    tickets: &[Ticket],
    ticket_frames: &[Vec<u8>],
    rolls: &[Roll],
    roll_frames: &[Vec<u8>],
) -> MatchStart {
    let commit = Commitment::to(&SECRET);
    let match_id = MatchId::derive(&DEVICE, 7, &commit);
    let entrants = tickets.iter().zip(rolls).map(|(ticket, roll)| Entrant {
        user: ticket.user,
        nonce: roll.nonce,
        rating: ticket.rating,
    });
    let draw = draw(params, &SECRET, &match_id, &entrants.collect::<Vec<_>>()).unwrap();
    let rated: Vec<Rated> = tickets.iter().map(Rated::from).collect();
    let stakes = stakes(params, &rated, &draw.teams);
    let digest = |frame: &Vec<u8>| digest_of(&realm(), frame).unwrap();
    let line = |seat: usize| StartLine {
        user: tickets[seat].user,
        ticket: digest(&ticket_frames[seat]),
        roll: digest(&roll_frames[seat]),
        team: draw.teams[seat],
        stakes: stakes[seat],
        radio: [seat as u8; 8],
    };
    MatchStart {
        match_id,
        device: DEVICE,
        device_seq: 7,
        ruleset: params.id(),
        lobby: LOBBY,
        commit,
        secret: SECRET,
        challenge: CHALLENGE,
        started: STARTED,
        north: draw.north,
        link_epoch: 3,
        firmware: 1,
        roster: (0..tickets.len()).map(line).collect(),
    }
}

pub(crate) fn goal(start: &MatchStart, team: Team, at: u32, seq: u32) -> Goal {
    let end = if End::North.scorer(start.north) == team { End::North } else { End::South };
    let state = GoalState::Counted;
    let (uncertainty, boot, peak, duration, spread) = (3, 1, 900, 40, [2, 3]);
    Goal { end, team, state, at, uncertainty, boot, seq, peak, duration, spread }
}

/// Seals again, after a change of what the slave says or of the match.
pub(crate) fn slave_seal(start: &MatchStart, goals: u16, last_seq: u32) -> SlaveSeal {
    let head = JournalHead::from_bytes([0x51; 32]);
    let unsigned = SlaveSeal { boot: 1, last_seq, goals, head, signature: [0; 64] };
    let signature = slave().sign(&unsigned.message(&start.device, &start.match_id));
    SlaveSeal { signature, ..unsigned }
}

fn result(params: &Params, start: &MatchStart) -> MatchResult {
    let goals = [(Team::A, 1), (Team::B, 2), (Team::A, 3), (Team::A, 4)]
        .map(|(team, number)| goal(start, team, number * params.duration / 5, 10 * number));
    let seats = vec![SeatFlags::default(); start.roster.len()];
    let ending = Ending { outcome: Outcome::Final, loser: None, score: [3, 1], seats: &seats };
    let deltas = final_deltas(start, ending);
    MatchResult {
        match_id: start.match_id,
        start: RecordDigest::from_bytes([0; 32]),
        outcome: Outcome::Final,
        loser: None,
        score: [3, 1],
        goals: goals.into(),
        seats: seats.clone(),
        deltas: deltas.seats,
        bank: deltas.bank,
        played: params.duration,
        ended: after_start(u64::from(params.duration + params.kickoff)),
        gaps: [0, 40],
        touches: 5,
        journal: (JournalHead::from_bytes([0x77; 32]), 321),
        slave: Some(slave_seal(start, 3, 900)),
    }
}
