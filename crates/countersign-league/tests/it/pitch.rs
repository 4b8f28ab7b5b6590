//! A pitch: one device, phones that answer, a slave that seals, all with real keys, and a clock that the test moves.

use crate::world;
use countersign::{RecordDigest, RecordId, Signer, SigningKey, UserId};
use countersign_league::evidence::{
    Act, ActKind, Bundle, MatchReceipt, MatchResult, MatchStart, Outcome, Roll, SeatFlags,
    Settlement, SlaveSeal, Stamp, Ticket, digest_of, seal,
};
use countersign_league::game::{
    Boot, Effect, Event, Exhibit, Game, Hit, Join, Refusal, Seed, Setup, SlaveCommand, State, View,
};
use countersign_league::journal::BYTES_MAX;
use countersign_league::settlement::Checked;
use countersign_league::{Artefact, End, JournalHead, MatchId, Nonce, Params, Seat, Team};
use std::collections::BTreeMap;

/// When the first device is switched on.
pub(crate) const MORNING: u64 = 1_000_000;

pub(crate) struct Pitch {
    pub(crate) game: Game,
    pub(crate) now: u64,
    /// The newest journal.
    pub(crate) journal: Vec<u8>,
    /// For each append: length of the journal afterwards, and how much had happened by then.
    pub(crate) appends: Vec<(usize, usize)>,
    pub(crate) outbox: BTreeMap<MatchId, Bundle>,
    /// Everything else that was asked for.
    pub(crate) effects: Vec<Effect>,
    pub(crate) start: Option<MatchStart>,
    pub(crate) results: Vec<MatchResult>,
    /// Whether signatures are made at once.
    pub(crate) signs: bool,
    pub(crate) unsigned: Vec<Effect>,
    /// Everything that happened, and when.
    pub(crate) log: Vec<(u64, Event)>,
    tickets: BTreeMap<u8, Ticket>,
    seqs: BTreeMap<u8, u32>,
    slave_seq: u32,
    slave_goals: u16,
    slave_boot: u16,
    slave_ahead: u64,
}

/// Session key of a player; the user is `[number; 16]`.
pub(crate) fn player_key(number: u8) -> SigningKey {
    world::key(number + 1)
}

pub(crate) fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}

pub(crate) fn setup(params: Params) -> Setup {
    let device = world::device();
    Setup {
        realm: world::realm(),
        device: device.device,
        master: device.master,
        slave: device.slave,
        firmware: 1,
        max_players: device.max_players,
        journal_max: BYTES_MAX,
        params,
    }
}

pub(crate) fn sign<T: Artefact>(key: &SigningKey, previous: RecordDigest, value: &T) -> Vec<u8> {
    let created = world::after_start(0);
    let id = RecordId::from_bytes([9; 16]);
    seal(&world::realm(), key, Stamp { id, created, previous }, value).unwrap()
}

fn first() -> RecordDigest {
    RecordDigest::from_bytes([0; 32])
}

impl Pitch {
    /// A device in state Off.
    pub(crate) fn cold(params: Params) -> Self {
        Self::with(setup(params))
    }

    /// Another device, in state Off.
    pub(crate) fn with(setup: Setup) -> Self {
        let (game, _) = Game::boot(setup, Seed::from_bytes([1; 32]), &[], MORNING);
        Self {
            game,
            now: MORNING,
            journal: Vec::new(),
            appends: Vec::new(),
            outbox: BTreeMap::new(),
            effects: Vec::new(),
            start: None,
            results: Vec::new(),
            signs: true,
            unsigned: Vec::new(),
            log: Vec::new(),
            tickets: BTreeMap::new(),
            seqs: BTreeMap::new(),
            slave_seq: 0,
            slave_goals: 0,
            slave_boot: 1,
            slave_ahead: 30_000,
        }
    }

    /// A device with an open lobby.
    pub(crate) fn open() -> Self {
        let mut pitch = Self::cold(Params::OFFICIAL);
        pitch.pair();
        pitch
    }

    /// So many players, teams drawn, in kickoff.
    pub(crate) fn kickoff(players: u8) -> Self {
        let mut pitch = Self::open();
        pitch.gather(players);
        assert_eq!(pitch.state(), State::Kickoff);
        pitch
    }

    /// The same, playing.
    pub(crate) fn playing(players: u8) -> Self {
        let mut pitch = Self::kickoff(players);
        pitch.pass(60_000);
        assert_eq!(pitch.state(), State::Playing);
        pitch
    }

    /// Played to the end: 1:0 for whoever attacks the south, drained, under review.
    pub(crate) fn review(players: u8) -> Self {
        let mut pitch = Self::playing(players);
        pitch.pass(100_000);
        pitch.goal(End::South);
        pitch.pass(500_000);
        assert_eq!(pitch.state(), State::Drain);
        pitch.drain();
        assert_eq!(pitch.state(), State::Review);
        pitch
    }

    pub(crate) fn state(&self) -> State {
        self.game.state()
    }

    pub(crate) fn view(&self) -> View {
        self.game.view(self.now)
    }

    pub(crate) fn result(&self) -> &MatchResult {
        self.results.last().expect("a result was signed")
    }

    pub(crate) fn pair(&mut self) {
        self.ok(Event::Button);
        self.ok(Event::PairFound);
        self.ok(Event::PairTrusted { epoch: 3 });
        self.ok(Event::GoalCheckHit(End::North));
        self.ok(Event::GoalCheckHit(End::South));
        self.slave_alive();
        assert_eq!(self.state(), State::Lobby);
    }

    /// Something happens now.
    pub(crate) fn send(&mut self, event: Event) -> Result<(), Refusal> {
        self.log.push((self.now, event.clone()));
        let outcome = self.game.handle(event, self.now);
        self.work();
        outcome
    }

    pub(crate) fn ok(&mut self, event: Event) {
        let shown = format!("{event:?}");
        assert_eq!(self.send(event), Ok(()), "{:.80}", shown);
    }

    /// Time passes; nobody says anything but the slave.
    pub(crate) fn pass(&mut self, millis: u64) {
        self.now += millis;
        self.game.handle_timeout(self.now);
        self.work();
        self.slave_alive();
    }

    /// Time passes, and every player's phone shows signs of life.
    pub(crate) fn wait(&mut self, millis: u64) {
        let end = self.now + millis;
        while self.now < end {
            let users: Vec<UserId> = self.view().players.iter().map(|player| player.user).collect();
            users.into_iter().for_each(|user| self.ok(Event::PhoneSeen(user)));
            self.pass((end - self.now).min(4_000));
        }
    }

    /// The slave was switched on before the master, and its clock went on while the master's started again.
    pub(crate) fn slave_ticks(&self) -> u64 {
        self.now + self.slave_ahead
    }

    fn slave_alive(&mut self) {
        let seen = Event::SlaveSeen { boot: self.slave_boot, ticks: self.slave_ticks() };
        self.ok(seen);
    }

    /// Does what the game asks for.
    pub(crate) fn work(&mut self) {
        while let Some(effect) = self.game.poll_effect() {
            match effect {
                Effect::NewJournal => {
                    self.journal.clear();
                    self.appends.clear();
                }
                Effect::Append(bytes) => {
                    self.journal.extend(bytes);
                    self.appends.push((self.journal.len(), self.log.len()));
                }
                Effect::Outbox(match_id, bundle) => {
                    self.outbox.insert(match_id, *bundle);
                }
                Effect::SignStart { .. } | Effect::SignResult { .. } if !self.signs => {
                    self.unsigned.push(effect);
                }
                Effect::SignStart { .. } | Effect::SignResult { .. } => self.sign_for(effect),
                Effect::Settled(match_id) => {
                    self.outbox.remove(&match_id);
                    self.effects.push(Effect::Settled(match_id));
                }
                Effect::Slave(SlaveCommand::Begin { .. }) => {
                    // The same match again after a loss of power: the slave's chain goes on.
                    if self.game.state() == State::Kickoff {
                        self.slave_goals = 0;
                    }
                    self.effects.push(effect);
                }
                other => self.effects.push(other),
            }
        }
    }

    pub(crate) fn sign_for(&mut self, effect: Effect) {
        let event = match effect {
            Effect::SignStart { start, previous } => {
                let frame = sign(&world::master(), previous, start.as_ref());
                self.start = Some(*start);
                Event::StartSigned(frame)
            }
            Effect::SignResult { result, previous } => {
                let frame = sign(&world::master(), previous, result.as_ref());
                self.results.push(*result);
                Event::ResultSigned(frame)
            }
            other => panic!("nothing to sign: {other:?}"),
        };
        assert_eq!(self.game.handle(event, self.now), Ok(()));
    }

    /// A ticket for this lobby, or as the test changed it.
    pub(crate) fn ticket(&mut self, number: u8) -> &mut Ticket {
        let lobby = self.view().lobby;
        self.tickets.entry(number).or_insert_with(|| Ticket { lobby, ..world::ticket(number) })
    }

    pub(crate) fn ticket_frame(&mut self, number: u8) -> Vec<u8> {
        let ticket = self.ticket(number).clone();
        sign(&world::server(), first(), &ticket)
    }

    pub(crate) fn join(&mut self, number: u8) -> Result<(), Refusal> {
        self.join_with(number, [number; 8])
    }

    pub(crate) fn join_with(&mut self, number: u8, radio: [u8; 8]) -> Result<(), Refusal> {
        let frame = self.ticket_frame(number);
        let ticket =
            Exhibit::<Ticket>::open(&world::realm(), world::server().verifying_key(), frame);
        let act = self.signed_act(number, ActKind::Join, 0);
        self.send(Event::Join(Box::new(Join { ticket: ticket.unwrap(), act, radio })))
    }

    pub(crate) fn signed_act(&mut self, number: u8, kind: ActKind, target: u16) -> Exhibit<Act> {
        let match_id = self.view().match_id;
        let seq = self.seqs.entry(number).or_default();
        *seq += 1;
        let act = Act { match_id, seq: *seq, kind, target };
        let key = player_key(number);
        let frame = sign(&key, first(), &act);
        Exhibit::open(&world::realm(), key.verifying_key(), frame).unwrap()
    }

    /// An act of a player, by the player's number.
    pub(crate) fn act(&mut self, number: u8, kind: ActKind) -> Result<(), Refusal> {
        self.act_on(number, kind, 0)
    }

    pub(crate) fn act_on(&mut self, number: u8, kind: ActKind, target: u16) -> Result<(), Refusal> {
        let act = self.signed_act(number, kind, target);
        self.send(Event::Act(act))
    }

    pub(crate) fn all_act(&mut self, numbers: &[u8], kind: ActKind, target: u16) {
        for number in numbers {
            assert_eq!(self.act_on(*number, kind, target), Ok(()), "{kind:?} of {number}");
        }
    }

    /// Everybody votes to abort, until it is so.
    pub(crate) fn abort(&mut self) {
        let mut numbers = [self.team(Team::A), self.team(Team::B)].concat();
        while self.state() == State::Kickoff {
            let number = numbers.pop().expect("half of both teams are enough");
            assert_eq!(self.act(number, ActKind::Abort), Ok(()));
        }
    }

    pub(crate) fn signed_roll(&mut self, number: u8) -> Exhibit<Roll> {
        let view = self.view();
        let ticket = digest_of(&world::realm(), &self.ticket_frame(number)).unwrap();
        let nonce = Nonce::from_bytes([number + 100; 16]);
        let challenge = view.challenge.expect("a roll call is under way");
        let roll = Roll { match_id: view.match_id, challenge, nonce, ticket };
        let key = player_key(number);
        let frame = sign(&key, first(), &roll);
        Exhibit::open(&world::realm(), key.verifying_key(), frame).unwrap()
    }

    pub(crate) fn roll(&mut self, number: u8) -> Result<(), Refusal> {
        let roll = self.signed_roll(number);
        self.send(Event::Roll(roll))
    }

    pub(crate) fn join_ready(&mut self, players: u8) {
        for number in 0..players {
            assert_eq!(self.join(number), Ok(()), "join of {number}");
            assert_eq!(self.act(number, ActKind::Ready), Ok(()), "ready of {number}");
        }
    }

    /// Joined, ready, and the roll is being called.
    pub(crate) fn roll_call(players: u8) -> Self {
        let mut pitch = Self::open();
        pitch.join_ready(players);
        pitch.wait(30_000);
        assert_eq!(pitch.state(), State::RollCall);
        pitch
    }

    /// Joins, gets ready, answers the roll call.
    pub(crate) fn gather(&mut self, players: u8) {
        self.join_ready(players);
        self.wait(30_000);
        for number in 0..players {
            assert_eq!(self.roll(number), Ok(()), "roll of {number}");
        }
    }

    /// Numbers of the players of a team: seats are in the order of numbers.
    pub(crate) fn team(&self, team: Team) -> Vec<u8> {
        let start = self.start.as_ref().expect("teams are drawn");
        let lines = start.roster.iter().filter(|line| line.team == team);
        lines.map(|line| line.user.as_bytes()[0]).collect()
    }

    pub(crate) fn seat(&self, number: u8) -> Seat {
        let start = self.start.as_ref().expect("teams are drawn");
        start.roster.iter().position(|line| line.user == user(number)).unwrap() as Seat
    }

    pub(crate) fn flags(&self, number: u8) -> SeatFlags {
        self.result().seats[usize::from(self.seat(number))]
    }

    pub(crate) fn delta(&self, number: u8) -> i32 {
        self.result().deltas[usize::from(self.seat(number))]
    }

    /// Who scores at this end.
    pub(crate) fn scorer(&self, end: End) -> Team {
        end.scorer(self.start.as_ref().unwrap().north)
    }

    pub(crate) fn hit(&mut self, end: End) -> Hit {
        self.slave_seq += 1;
        if end == End::South {
            self.slave_goals += 1;
        }
        Hit {
            end,
            at: self.now,
            uncertainty: 4,
            boot: self.slave_boot,
            seq: self.slave_seq,
            peak: 900,
            duration: 40,
            spread: [2, 3],
        }
    }

    /// A goal now.
    pub(crate) fn goal(&mut self, end: End) {
        let hit = self.hit(end);
        self.ok(Event::Goal(hit));
    }

    pub(crate) fn seal(&self) -> SlaveSeal {
        let view = self.view();
        let head = JournalHead::from_bytes([0x51; 32]);
        let unsigned = SlaveSeal {
            boot: self.slave_boot,
            last_seq: self.slave_seq,
            goals: self.slave_goals,
            head,
            signature: [0; 64],
        };
        let signature = world::slave().sign(&unsigned.message(&view.device, &view.match_id));
        SlaveSeal { signature, ..unsigned }
    }

    /// The slave sends its seal, and the wait is over.
    pub(crate) fn drain(&mut self) {
        let seal = self.seal();
        self.ok(Event::Drained(seal));
        self.pass(3_000);
    }

    /// Nobody has anything to say in the review.
    pub(crate) fn end_review(&mut self) {
        self.pass(90_000);
    }

    /// The slave loses power for so long, and says so.
    pub(crate) fn slave_reboots(&mut self, millis: u64) {
        let from = self.now;
        self.pass(millis);
        self.slave_boot += 1;
        self.ok(Event::SlaveGap { from, to: self.now });
    }

    /// The master loses power for so long. Its file is whole up to `cut`, and its clock starts at zero.
    pub(crate) fn reboot(&mut self, millis: u64, cut: usize) -> Boot {
        let seed = Seed::from_bytes([2; 32]);
        let (game, boot) = Game::boot(setup(Params::OFFICIAL), seed, &self.journal[..cut], 0);
        self.game = game;
        self.journal.truncate(boot.valid);
        self.slave_ahead += self.now + millis;
        self.now = 0;
        self.work();
        boot
    }

    /// The slave tells the master what it knows.
    pub(crate) fn recover(&mut self, gapless: bool) {
        let (boot, ticks) = (self.slave_boot, self.slave_ticks());
        self.ok(Event::MasterRecovered { boot, ticks, gapless });
    }

    pub(crate) fn slave_boots_again(&mut self) {
        self.slave_boot += 1;
    }

    /// Time passes, and nobody says anything at all.
    pub(crate) fn idle(&mut self, millis: u64) {
        self.now += millis;
        self.game.handle_timeout(self.now);
        self.work();
    }

    pub(crate) fn receipt_for(&self, bundle: &Bundle) -> Exhibit<MatchReceipt> {
        let digest = digest_of(&world::realm(), &bundle.result).unwrap();
        let result = countersign_league::evidence::open::<MatchResult>(
            &world::realm(),
            world::master().verifying_key(),
            &bundle.result,
        );
        let receipt = MatchReceipt {
            match_id: result.unwrap().value.match_id,
            result: digest,
            settlement: Settlement::Settled,
            reason: 0,
            integrity: 256,
            lines: Vec::new(),
        };
        let frame = sign(&world::server(), digest, &receipt);
        Exhibit::open(&world::realm(), world::server().verifying_key(), frame).unwrap()
    }

    /// What the server says of the newest bundle: every bundle that a game makes must pass its checks.
    pub(crate) fn checked(&self) -> Checked {
        let bundle = self.outbox.get(&self.result().match_id).expect("a bundle waits");
        let bytes = bundle.encode();
        let bundle = Bundle::decode(&bytes).unwrap();
        let checked = world::check_bundle(&bundle, &world::device(), true);
        checked.unwrap_or_else(|refusal| panic!("the server refuses: {refusal}"))
    }

    /// The match ended like this, and the server agrees that it could.
    pub(crate) fn ended(&self, outcome: Outcome) {
        assert_eq!(self.result().outcome, outcome);
        self.checked();
    }
}
