//! A master: sensor, pair link and game put together, behind one set of calls that any shell can make.
//!
//! ```text
//!   phones ─ prove, join, say ─▶┌────────┐─▶ Append, NewJournal   (disk, synced before what follows)
//!   sheet ── sense ────────────▶│ Device │─▶ Send                 (radio to the slave)
//!   radio ── frame ────────────▶│        │─▶ View                 (every phone)
//!   button, couriers ──────────▶└────────┘─▶ Outbox, Settled, Light, …
//! ```
//!
//! Pure like its parts: time and randomness are arguments. It holds the master's key, because everything that it says is
//! signed with it.

mod gate;
mod inbox;
mod link;
mod parcel;
mod phone;
mod tls;
mod wire;

pub use crate::game::Boot;
pub use gate::{Again, Gate, Share, Work};
pub use inbox::{InboxError, Taken};
pub use phone::{JoinError, SayError, Token};
pub use tls::Life;

use crate::button::{Then, Touch};
use crate::evidence::{self, DeviceCertificate, Stamp};
use crate::game::{self, Effect, Event, Game, Setup, Standing, State, View};
use crate::goal::{self, Calibration, Detector};
use crate::id::MatchId;
use crate::pair::{self, Entropy};
use crate::ruleset::Params;
use crate::team::{End, Team};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use countersign::{
    Keyset, Malformed, Realm, RecordDigest, RecordId, Signer, Timestamp, UserId, VerifyingKey,
};

/// Where the shell's clock has to start, in milliseconds: what the slave saw while the master had no power lies before the master's
/// start, and has to have a place on the master's clock. A day is far more than any match can wait.
pub const CLOCK_START: u64 = 24 * 3600 * 1000;

/// What a master starts with.
pub struct Parts<'a, S, E> {
    /// What the device is.
    pub setup: Setup,
    /// The master's key; also in `setup`, as its public half.
    pub signer: S,
    /// A cryptographic generator.
    pub entropy: E,
    /// The server's keys, as new as this device has seen.
    pub keyset: Keyset,
    /// Roots that a newer key set may be signed by.
    pub roots: Vec<VerifyingKey>,
    /// The frame of the device's certificate, if it was ever brought.
    pub certificate: Option<Vec<u8>>,
    /// SHA-256 of the SubjectPublicKeyInfo of the device's TLS key, if it has one.
    pub tls_key: Option<[u8; 32]>,
    /// The frame of the newest chain for that key, if it was ever brought.
    pub chain: Option<Vec<u8>>,
    /// The newest journal; empty at the very first start.
    pub journal: &'a [u8],
    /// The pair link's record, as it was persisted last.
    pub link: Option<&'a [u8]>,
    /// How often the master has started; the shell counts.
    pub boot: u16,
    /// The sheet of the northern goal at rest.
    pub calibration: Calibration,
}

/// What a master wants done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Start a new journal; keep the old one until the first bytes of the new one are on disk.
    NewJournal,
    /// Append to the journal and sync, before anything that comes after it.
    Append(Vec<u8>),
    /// Persist the pair link's record in place of the one before, and sync, before anything that comes after it.
    PersistLink(Vec<u8>),
    /// Persist the frame of the key set.
    PersistKeyset(Vec<u8>),
    /// Persist the frame of the device's certificate.
    PersistCertificate(Vec<u8>),
    /// Persist the frame of the chain for the device's TLS key, and serve with it from now on.
    PersistTls(Vec<u8>),
    /// Send this frame to the slave.
    Send(Vec<u8>),
    /// The newest view: a push frame for every phone, and its content for the display.
    View {
        /// Number of the view.
        number: u64,
        /// The signed frame.
        frame: Vec<u8>,
    },
    /// Keep this bundle for couriers, and sync, until it is settled. May come twice with the same bytes.
    Outbox(MatchId, Vec<u8>),
    /// The receipt is here: the bundle may go.
    Settled(MatchId),
    /// This place in the lobby is free: close its connections.
    Dropped(Token),
    /// The lights.
    Light(game::Light),
    /// A goal was counted: horn and display.
    Scored(Team),
    /// What the slave says to the parcel that [`Device::bring`] brought it.
    Answered(Vec<u8>),
    /// That parcel, or the answer to it, is lost.
    Undelivered,
    /// Something for the log of the device.
    Note(&'static str),
}

/// A master. After every call, drain [`Device::poll_output`].
pub struct Device<S, E> {
    realm: Realm,
    params: Params,
    signer: S,
    entropy: E,
    keyset: Keyset,
    roots: Vec<VerifyingKey>,
    certificate: Option<Vec<u8>>,
    tls: tls::Tls,
    setup: Setup,
    link: pair::Master<S>,
    /// When the slave was heard at the last look.
    heard: u64,
    /// Why the southern goal is blind, as far as this start of the master knows.
    south: South,
    game: Game,
    north: Detector,
    boot: u16,
    seq: u32,
    tokens: BTreeMap<Token, UserId>,
    /// Newest time that the server signed, and when it was learned.
    utc: (Timestamp, u64),
    /// What the slave was told to show.
    score: [u8; 2],
    gate: Gate,
    outputs: VecDeque<Output>,
}

/// Two reasons for which the southern goal can be blind; it sees when neither holds.
#[derive(Debug, Clone, Copy, Default)]
struct South {
    /// A match was begun, and the slave has not said that it knows.
    untold: bool,
    /// Its sheet is not to be trusted.
    disarmed: bool,
}

impl<S: Signer + Clone, E: Entropy> Device<S, E> {
    /// Most outputs that wait before those are left out that may be: what the radio loses anyway, and what is said to whoever
    /// looks just then. What is to be durable is never left out; of that there is no more than one call brings, and callers drain
    /// after every call.
    pub const OUTPUTS: usize = 256;

    /// Starts a master. The shell cuts the journal to [`Boot::valid`] bytes before it appends, and its clock starts at
    /// [`CLOCK_START`].
    pub fn start(mut parts: Parts<'_, S, E>, now: u64) -> Result<(Self, Boot), Malformed> {
        let setup = parts.setup;
        let pair = pair::Pair {
            device: setup.device,
            master: setup.master.clone(),
            slave: setup.slave.clone(),
        };
        let link = pair::Master::new(pair, parts.signer.clone(), &setup.params, parts.link)?;
        let seed = game::Seed::from_bytes(parts.entropy.draw());
        let (game, boot) = Game::boot(setup.clone(), seed, parts.journal, now);
        let rules = goal::Rules::from(&setup.params);
        let mut device = Self {
            realm: setup.realm.clone(),
            params: setup.params.clone(),
            signer: parts.signer,
            entropy: parts.entropy,
            keyset: parts.keyset,
            roots: parts.roots,
            certificate: parts.certificate,
            tls: tls::Tls::new(parts.tls_key, parts.chain.as_deref()),
            setup,
            link,
            heard: 0,
            south: South::default(),
            game,
            north: Detector::new(rules, parts.calibration, now),
            boot: parts.boot,
            seq: 0,
            tokens: BTreeMap::new(),
            utc: (Timestamp::ZERO, now),
            score: [0; 2],
            gate: Gate::new(now),
            outputs: VecDeque::new(),
        };
        if boot.open_match {
            device.keep_slave_awake(now);
            device.order(pair::master::Order::Connect, now);
        }
        device.settle(now);
        // Whoever comes first is shown something.
        device.show(now);
        Ok((device, boot))
    }

    /// The button on the master.
    pub fn press(&mut self, now: u64) -> Result<(), game::Refusal> {
        self.tell(Event::Button, now)
    }

    /// The button of a half whose sheet the button measures, too: a press is [`Device::press`]; held while nothing is on, it wants
    /// the sheet measured, and then [`Device::calibrated`].
    pub fn touched(&mut self, touch: Touch, now: u64) -> Result<Then, game::Refusal> {
        match touch {
            Touch::Press => self.press(now).map(|()| Then::Nothing),
            Touch::Hold if self.state().is_quiet() => Ok(Then::Calibrate),
            Touch::Hold => Err(game::Refusal::NotNow),
        }
    }

    /// The sheet was measured again; refused while something is on. The goal sees again when the sheet was quiet for a while.
    pub fn calibrated(&mut self, found: Calibration, now: u64) -> Result<(), game::Refusal> {
        if !self.state().is_quiet() {
            return Err(game::Refusal::NotNow);
        }
        self.north = Detector::new(goal::Rules::from(&self.params), found, now);
        Ok(())
    }

    /// For chips, before a call that costs them time: whether it may be made now. In play, strangers get a tenth of the time.
    pub fn permit(&mut self, work: Work, station: [u8; 8], now: u64) -> Result<(), Again> {
        let share = match self.state() {
            State::Playing | State::Drain => Share::Tenth,
            State::Off
            | State::Pairing
            | State::Handshake
            | State::GoalCheck
            | State::Lobby
            | State::Ready
            | State::RollCall
            | State::Draw
            | State::Kickoff
            | State::Review
            | State::Signed
            | State::Settled
            | State::Recover
            | State::Void
            | State::Abandoned
            | State::Locked => Share::Half,
        };
        self.gate.permit(work, station, share, now)
    }

    /// A frame from the radio, genuine or not.
    pub fn frame(&mut self, frame: &[u8], now: u64) {
        let input = pair::master::Input::Frame(frame);
        self.link.handle_input(input, now, &mut self.entropy);
        self.settle(now);
    }

    /// A reading of the northern sheet, or a contact that its electronics have measured.
    pub fn sense(&mut self, input: goal::Input, now: u64) {
        self.gate.read(now);
        self.north.handle_input(input);
        self.settle(now);
    }

    /// Opens the next lobby after a match.
    pub fn open_lobby(&mut self, now: u64) -> Result<(), game::Refusal> {
        self.tell(Event::OpenLobby, now)
    }

    /// What time alone changes.
    pub fn handle_timeout(&mut self, now: u64) {
        self.link.handle_timeout(now, &mut self.entropy);
        self.north.handle_timeout(now);
        self.game.handle_timeout(now);
        self.settle(now);
    }

    /// The next output, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Device::handle_timeout`], and what for.
    pub fn poll_timeout(&self) -> Option<(u64, &'static str)> {
        let timers =
            [self.link.poll_timeout(), self.north.poll_timeout(), self.game.poll_timeout()];
        timers.into_iter().flatten().min()
    }

    /// Where the game is.
    pub fn state(&self) -> State {
        self.game.state()
    }

    /// What outlives a match.
    pub fn standing(&self) -> &Standing {
        self.game.standing()
    }

    /// The whole public state.
    pub fn view(&self, now: u64) -> View {
        self.game.view(now)
    }

    /// Whether the slave is there.
    pub fn is_linked(&self) -> bool {
        self.link.is_up()
    }

    /// Whether a contact with the northern sheet would be a goal now.
    pub fn is_armed(&self, now: u64) -> bool {
        self.north.is_armed(now)
    }

    /// The server's keys.
    pub fn keyset(&self) -> &Keyset {
        &self.keyset
    }

    /// The frame of the device's certificate.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// Tells the game, and does what follows from it.
    fn tell(&mut self, event: Event, now: u64) -> Result<(), game::Refusal> {
        let outcome = self.game.handle(event, now);
        self.settle(now);
        outcome
    }

    /// Lets the parts hear of each other until all are silent. The game comes first: what it writes down of a report has to be
    /// durable before the link's record says that the report is here.
    fn settle(&mut self, now: u64) {
        loop {
            if let Some(effect) = self.game.poll_effect() {
                self.carry_out(effect, now);
            } else if let Some(output) = self.link.poll_output() {
                self.hear_link(output, now);
            } else if let Some(event) = self.north.poll_output() {
                self.hear_sheet(event, now);
            } else {
                break;
            }
        }
        self.notice_slave(now);
    }

    fn carry_out(&mut self, effect: Effect, now: u64) {
        match effect {
            Effect::NewJournal => self.emit(Output::NewJournal),
            Effect::Append(bytes) => self.emit(Output::Append(bytes)),
            Effect::Search => self.search(now),
            // The link tries by itself, as often as the rules allow; the game counts.
            Effect::Handshake(_) | Effect::RollCall(_) => {}
            Effect::Slave(command) => self.command(command, now),
            Effect::Dropped(user) => self.drop_tokens(&user),
            Effect::SignStart { start, previous } => {
                if let Some(frame) = self.sign(&*start, previous, now) {
                    self.hear_game(Event::StartSigned(frame), now);
                }
            }
            Effect::SignResult { result, previous } => {
                if let Some(frame) = self.sign(&*result, previous, now) {
                    self.hear_game(Event::ResultSigned(frame), now);
                }
            }
            Effect::Outbox(id, bundle) => self.emit(Output::Outbox(id, bundle.encode())),
            Effect::Settled(id) => self.emit(Output::Settled(id)),
            Effect::View(_) => self.show(now),
            Effect::Light(light) => {
                self.emit(Output::Light(light));
                self.order(pair::master::Order::Light(wire::slave_light(light)), now);
            }
            Effect::Scored(team) => self.emit(Output::Scored(team)),
        }
    }

    /// An event of our own making: the game has a word on it, but nobody waits for an answer.
    fn hear_game(&mut self, event: Event, now: u64) {
        if self.game.handle(event, now).is_err() {
            self.emit(Output::Note("the game did not take an event in this state"));
        }
    }

    fn hear_sheet(&mut self, event: goal::Event, now: u64) {
        match event {
            goal::Event::Goal(_) if self.state() == State::GoalCheck => {
                self.hear_game(Event::GoalCheckHit(End::North), now);
            }
            goal::Event::Goal(hit) => {
                self.seq = self.seq.wrapping_add(1);
                let hit = wire::northern(&hit, self.boot, self.seq);
                self.hear_game(Event::Goal(hit), now);
            }
            goal::Event::Touch(_) => self.hear_game(Event::Touch(End::North), now),
            goal::Event::Disarmed { since, .. } => {
                self.hear_game(Event::Disarmed { end: End::North, at: since }, now);
            }
            goal::Event::Rearmed { at, .. } => {
                self.hear_game(Event::Rearmed { end: End::North, at }, now);
            }
        }
    }

    fn sign<T: evidence::Artefact>(
        &mut self,
        value: &T,
        previous: RecordDigest,
        now: u64,
    ) -> Option<Vec<u8>> {
        let mut id = [0; 16];
        id.copy_from_slice(&self.entropy.draw()[..16]);
        let stamp = Stamp { id: RecordId::from_bytes(id), created: self.utc_at(now), previous };
        evidence::seal(&self.realm, &self.signer, stamp, value).ok()
    }

    /// Signs the view as it is now.
    fn show(&mut self, now: u64) {
        let view = self.game.view(now);
        let number = view.number;
        if view.score != self.score {
            self.score = view.score;
            self.order(pair::master::Order::Score(view.score), now);
        }
        match wire::view_frame(&self.realm, &self.signer, &view, self.utc_at(now)) {
            Some(frame) => self.emit(Output::View { number, frame }),
            None => self.emit(Output::Note("the view could not be signed")),
        }
    }

    /// Best known time of day; never early.
    fn utc_at(&self, now: u64) -> Timestamp {
        let (server, at) = self.utc;
        match server {
            Timestamp::ZERO => Timestamp::ZERO,
            server => server.plus(core::time::Duration::from_millis(now.saturating_sub(at))),
        }
    }

    fn learn_time(&mut self, server: Timestamp, now: u64) {
        if server > self.utc_at(now) {
            self.utc = (server, now);
        }
    }

    /// A view or a light replaces the one that waits, and comes after everything that it follows from.
    fn emit(&mut self, output: Output) {
        let is_full = self.outputs.len() >= Self::OUTPUTS;
        match output {
            Output::View { .. } => self.outputs.retain(|old| !matches!(old, Output::View { .. })),
            Output::Light(_) => self.outputs.retain(|old| !matches!(old, Output::Light(_))),
            Output::Send(_) | Output::Scored(_) | Output::Note(_) if is_full => return,
            Output::Answered(_)
            | Output::Undelivered
            | Output::NewJournal
            | Output::Append(_)
            | Output::PersistLink(_)
            | Output::PersistKeyset(_)
            | Output::PersistCertificate(_)
            | Output::PersistTls(_)
            | Output::Outbox(..)
            | Output::Settled(_)
            | Output::Dropped(_)
            | Output::Send(_)
            | Output::Scored(_)
            | Output::Note(_) => {}
        }
        self.outputs.push_back(output);
    }

    /// The device as the server's certificate describes it.
    fn is_ours(&self, certificate: &DeviceCertificate) -> bool {
        certificate.device == self.setup.device
            && certificate.master == self.setup.master
            && certificate.slave == self.setup.slave
    }
}
