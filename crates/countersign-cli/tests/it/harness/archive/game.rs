//! One match, signed by everybody who has to.

use super::*;

/// A match that was played, and can be told in many ways.
#[derive(Clone)]
pub(crate) struct Game {
    pub(crate) device: u8,
    pub(crate) seq: u32,
    /// Players, ascending.
    pub(crate) users: Vec<u8>,
    /// Who scored, and when, in milliseconds.
    pub(crate) goals: Vec<(Team, u32)>,
    /// Scored by whichever team this player was drawn into, and by no other.
    pub(crate) all_by: Option<u8>,
    /// After the midnight.
    pub(crate) minutes: u64,
    /// Seats that flag the match.
    pub(crate) flags: Vec<Seat>,
    pub(crate) touches: u16,
    /// Rated as if nobody had ever met.
    pub(crate) is_whole: bool,
}

impl Game {
    /// Six players, 2:1, an hour for each match of the device.
    pub(crate) fn of(device: u8, seq: u32) -> Self {
        Self {
            device,
            seq,
            users: (0..6).collect(),
            goals: vec![(Team::A, 60_000), (Team::B, 200_000), (Team::A, 410_250)],
            all_by: None,
            minutes: 600 + u64::from(seq) * 60,
            flags: Vec::new(),
            touches: 5,
            is_whole: false,
        }
    }

    pub(super) fn bundle(&self, league: &League) -> Bundle {
        let started = league.midnight.plus(Duration::from_secs(self.minutes * 60));
        let made = started.minus(Duration::from_secs(60));
        let tickets: Vec<Ticket> =
            self.users.iter().map(|n| ticket(*n, self.device, started)).collect();
        let ticket_frames: Vec<_> =
            tickets.iter().map(|ticket| frame(&league.server, made, ticket)).collect();
        let secret = [self.seq as u8; 32];
        let commit = Commitment::to(&secret);
        let match_id = MatchId::derive(&device_id(self.device), self.seq, &commit);
        let roll = |(n, frame): (&u8, &Vec<u8>)| Roll {
            match_id,
            challenge: CHALLENGE,
            nonce: Nonce::from_bytes([n + 100; 16]),
            ticket: digest_of(&realm(), frame).unwrap(),
        };
        let rolls: Vec<Roll> = self.users.iter().zip(&ticket_frames).map(roll).collect();
        let roll_frames: Vec<_> =
            self.users.iter().zip(&rolls).map(|(n, roll)| frame(&key(*n), started, roll)).collect();
        let start = self.start(started, secret, (&tickets, &ticket_frames), (&rolls, &roll_frames));
        let start_frame = frame(&master(self.device), started, &start);
        let digest = digest_of(&realm(), &start_frame).unwrap();
        let result = self.result(&start, digest);
        let result = linked(&master(self.device), result.ended, digest, &result);
        let flag = |(seq, seat): (u32, &Seat)| {
            let act = Act { match_id, seq, kind: ActKind::Flag, target: 0 };
            frame(&key(self.users[usize::from(*seat)]), started, &act)
        };
        let players = ticket_frames.into_iter().zip(roll_frames);
        let players = players.map(|(ticket, roll)| PlayerEvidence { ticket, roll }).collect();
        Bundle {
            start: start_frame,
            result,
            players,
            acts: (0..).zip(&self.flags).map(flag).collect(),
            missed: Vec::new(),
        }
    }

    fn start(
        &self,
        started: Timestamp,
        secret: [u8; 32],
        (tickets, ticket_frames): (&[Ticket], &[Vec<u8>]),
        (rolls, roll_frames): (&[Roll], &[Vec<u8>]),
    ) -> MatchStart {
        let params = Params::OFFICIAL;
        let commit = Commitment::to(&secret);
        let device = device_id(self.device);
        let match_id = MatchId::derive(&device, self.seq, &commit);
        let entrants: Vec<_> = tickets
            .iter()
            .zip(rolls)
            .map(|(ticket, roll)| Entrant {
                user: ticket.user,
                nonce: roll.nonce,
                rating: ticket.rating,
            })
            .collect();
        let draw = draw(&params, &secret, &match_id, &entrants).unwrap();
        let rated: Vec<Rated> = tickets.iter().map(Rated::from).collect();
        let stakes = stakes(&params, &rated, &draw.teams);
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
            device,
            device_seq: self.seq,
            ruleset: params.id(),
            lobby: Nonce::from_bytes([0x10; 16]),
            commit,
            secret,
            challenge: CHALLENGE,
            started,
            north: draw.north,
            link_epoch: 3,
            firmware: 1,
            roster: (0..tickets.len()).map(line).collect(),
        }
    }

    fn result(&self, start: &MatchStart, digest: RecordDigest) -> MatchResult {
        let of = |n: u8| start.roster.iter().find(|line| line.user == user(n)).unwrap().team;
        let scorer = self.all_by.map(of);
        let goals = self.goals.iter().zip(1..);
        let goals: Vec<_> = goals
            .map(|((team, at), number)| goal(start, scorer.unwrap_or(*team), *at, 10 * number))
            .collect();
        let score =
            Team::BOTH.map(|team| goals.iter().filter(|goal| goal.team == team).count() as u8);
        let mut seats = vec![SeatFlags::default(); start.roster.len()];
        self.flags.iter().for_each(|seat| seats[usize::from(*seat)].0 |= SeatFlags::FLAGGED);
        let ending = Ending { outcome: Outcome::Final, loser: None, score, seats: &seats };
        let deltas = final_deltas(start, ending);
        let params = Params::OFFICIAL;
        let unsigned = SlaveSeal {
            boot: 1,
            last_seq: 10_000,
            goals: goals.len() as u16,
            head: JournalHead::from_bytes([0x51; 32]),
            signature: [0; 64],
        };
        let message = unsigned.message(&start.device, &start.match_id);
        let signature = slave(self.device).sign(&message);
        let played = Duration::from_millis(u64::from(params.duration + params.kickoff));
        MatchResult {
            match_id: start.match_id,
            start: digest,
            outcome: Outcome::Final,
            loser: None,
            score,
            goals,
            seats,
            deltas: deltas.seats,
            bank: deltas.bank,
            played: params.duration,
            ended: start.started.plus(played),
            gaps: [0, 40],
            touches: self.touches,
            journal: (JournalHead::from_bytes([0x77; 32]), 321),
            slave: Some(SlaveSeal { signature, ..unsigned }),
        }
    }
}

fn goal(start: &MatchStart, team: Team, at: u32, seq: u32) -> Goal {
    let end = if End::North.scorer(start.north) == team { End::North } else { End::South };
    let (state, spread) = (GoalState::Counted, [2, 3]);
    Goal { end, team, state, at, uncertainty: 3, boot: 1, seq, peak: 900, duration: 40, spread }
}

fn ticket(n: u8, device: u8, started: Timestamp) -> Ticket {
    Ticket {
        user: user(n),
        key: key(n).verifying_key().clone(),
        device: device_id(device),
        lobby: Nonce::from_bytes([0x10; 16]),
        season: 1,
        rating: 1_500_000,
        matches: 0,
        flags: TicketFlags::default(),
        barred_until: Timestamp::ZERO,
        expires: started.plus(Duration::from_secs(600)),
        name: player_name(n),
    }
}
