//! The match on the device: from the button to the receipt.
//!
//! ```text
//!  Off ─ Pairing ─ Handshake ─ GoalCheck ─ Lobby ⇄ Ready ─ RollCall ─ Draw ─ Kickoff ─ Playing ─ Drain ─ Review ─ Signed ─ Settled
//!                                  Recover ─┘ (power came back)                └───── Void, Abandoned ─────┘
//! ```
//!
//! The shell calls [`Game::handle`] with what happened and [`Game::handle_timeout`] when [`Game::poll_timeout`] is due, and
//! after each call does everything that [`Game::poll_effect`] returns. A timer takes effect at the moment at which it is due,
//! however late it is polled: that is why a journal, which holds only events, rebuilds a match exactly.
//!
//! The game never signs. It asks for a signature by [`Effect::SignStart`] and [`Effect::SignResult`], and is told the frame.
//! Rules: `docs/league.md`, "States" and "Faults".

mod admission;
mod boot;
mod draw;
mod entry;
mod event;
mod exhibit;
mod lobby;
mod pairing;
mod play;
mod reduce;
mod result;
mod review;
mod roll;
mod seed;
mod state;
mod view;
mod votes;

pub use admission::NO_STARTS_MAX;
pub use boot::Boot;
pub use entry::{Entry, Opened};
pub use event::{Effect, Event, Hit, Join, Light, Refusal, SlaveCommand};
pub use exhibit::Exhibit;
pub use seed::Seed;
pub use state::{Setup, Standing, State, Unsettled};
pub use view::{
    LinkColour, NO_TIMER, View, ViewEnding, ViewGoal, ViewPlayer, ViewReceipt, Warnings,
};

use crate::id::{Commitment, MatchId, Nonce, RulesetId};
use crate::journal::Writer;
use admission::NoStarts;
use alloc::collections::VecDeque;
use countersign::{Fingerprint, VerifyingKey};
use pairing::{Link, Pair};
use seed::Utc;
use state::{Fixture, Lobby};
use view::Seen;

/// Time between two checkpoints, in milliseconds.
pub const CHECKPOINT_MS: u64 = 5_000;

/// The master's half of a match. Times in calls are milliseconds of one monotonic clock. Its zero should lie some minutes
/// before the start of the device, so that there is a number for what happened while the device had no power.
pub struct Game {
    setup: Setup,
    ruleset: RulesetId,
    seed: Seed,
    standing: Standing,
    state: State,
    deadline: Option<u64>,
    /// Newest moment that was seen; all times inside are on this clock.
    now: u64,
    /// What to add to the shell's clock: after a power cut the match goes on where its journal ended.
    shift: i64,
    /// The shell's clock in the call that is being handled.
    shell_now: u64,
    utc: Utc,
    pair: Pair,
    link: Link,
    /// Goals that are not armed, and since when.
    sensors: [Option<u64>; 2],
    /// Where a match goes on after a power cut.
    resume: Option<(State, Option<u64>)>,
    lobby: Option<Lobby>,
    fixture: Option<Fixture>,
    no_starts: NoStarts,
    journal: Writer,
    journal_full: bool,
    replaying: bool,
    effects: VecDeque<Effect>,
    seen: Seen,
    light: Light,
}

/// What a device proves to a phone, besides its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// The lobby that tickets are bound to.
    pub lobby: Nonce,
    /// The match that acts are signed for.
    pub match_id: MatchId,
    /// How many matches the device has started, this one included.
    pub device_seq: u32,
    /// The device's share of the draw.
    pub commit: Commitment,
}

impl Game {
    /// Something happened. An error says why it changed nothing; time went on all the same.
    pub fn handle(&mut self, event: Event, now: u64) -> Result<(), Refusal> {
        self.shell_now = now;
        self.advance(self.game_time(now));
        let outcome = self.apply(event);
        self.conclude();
        outcome
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: u64) {
        self.advance(self.game_time(now));
        self.conclude();
    }

    /// The next thing to do, in order; ask until there is none.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call [`Game::handle_timeout`] at the latest, and what for.
    pub fn poll_timeout(&self) -> Option<(u64, &'static str)> {
        self.next_timer().map(|(due, timer)| (self.shell_time(due), timer.name()))
    }

    /// Where it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// What outlives the match.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// What the device signs for a phone's challenge; none while there is no lobby and no match.
    pub fn invitation(&self) -> Option<Invitation> {
        if let Some(Fixture { start, .. }) = &self.fixture {
            let (match_id, device_seq) = (start.match_id, start.device_seq);
            return Some(Invitation {
                lobby: start.lobby,
                match_id,
                device_seq,
                commit: start.commit,
            });
        }
        let Lobby { nonce, match_id, device_seq, commit, .. } = *self.lobby.as_ref()?;
        Some(Invitation { lobby: nonce, match_id, device_seq, commit })
    }

    /// The key that verifies acts and roll calls of this signer, if the signer takes part.
    pub fn key(&self, signer: &Fingerprint) -> Option<&VerifyingKey> {
        let members = self.lobby.iter().flat_map(|lobby| &lobby.members).map(state::Member::key);
        let players = self.fixture.iter().flat_map(|fixture| &fixture.players);
        let mut keys = members.chain(players.map(|player| &player.ticket.value().key));
        keys.find(|key| key.fingerprint() == signer)
    }

    /// The whole public state. Its number and everything but its clocks change only together with [`Effect::View`].
    pub fn view(&self, now: u64) -> View {
        self.show(self.game_time(now).max(self.now))
    }

    /// The match that was drawn, and its kickoff on the shell's clock: before zero, if power failed since.
    pub fn kickoff(&self) -> Option<(MatchId, i64)> {
        let fixture = self.fixture.as_ref()?;
        let at = fixture.kickoff.or(self.deadline.filter(|_| self.state == State::Kickoff))?;
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        Some((fixture.start.match_id, at.saturating_sub(self.shift)))
    }

    fn game_time(&self, shell: u64) -> u64 {
        shell.saturating_add_signed(self.shift)
    }

    fn shell_time(&self, game: u64) -> u64 {
        game.saturating_add_signed(self.shift.saturating_neg())
    }
}
