//! S7 and S8: teams, stakes, the signature under them, and the walk to the places.

use super::entry::Entry;
use super::event::{Effect, Refusal, SlaveCommand};
use super::exhibit::Exhibit;
use super::state::{Absentee, Ending, Fixture, Member, Player, Secret, State};
use super::{CHECKPOINT_MS, Game};
use crate::draw::{Draw, Entrant, draw, first_secret};
use crate::evidence::{ActKind, MatchStart, Outcome, StartLine, open};
use crate::id::Nonce;
use crate::rating::{Rated, stakes};
use crate::team::{End, Seat};
use alloc::boxed::Box;
use alloc::vec::Vec;
use countersign::Timestamp;

/// What both a first draw and a redraw need.
struct Terms {
    lobby: Nonce,
    commit: crate::id::Commitment,
    secret: [u8; 32],
    challenge: Nonce,
    match_id: crate::id::MatchId,
    device_seq: u32,
    /// Best known time of the first draw: tickets are judged by it, also in a redraw.
    started: Timestamp,
    link_epoch: u32,
}

impl Game {
    /// Draws among those who answered the roll call; the others are spectators.
    pub(super) fn draw(&mut self) {
        let Some(lobby) = self.lobby.take() else { return };
        let terms = Terms {
            lobby: lobby.nonce,
            commit: lobby.commit,
            secret: first_secret(&lobby.secret.0),
            challenge: lobby.roll.challenge,
            match_id: lobby.match_id,
            device_seq: lobby.device_seq,
            started: self.utc.at(self.now),
            link_epoch: self.pair.epoch,
        };
        let mut players = Vec::with_capacity(lobby.members.len());
        let mut missed = Vec::new();
        for mut member in lobby.members {
            let user = member.user();
            let last_seq = lobby.registered.iter().find(|known| known.user == user);
            let last_seq = last_seq.map_or(0, |known| known.last_seq);
            match member.roll.take() {
                Some(roll) => {
                    self.append_member(&member, &roll);
                    players.push(player_of(member, roll, last_seq));
                }
                None => {
                    if let Some(act) = member.word.filter(|_| member.silent) {
                        let ticket = member.ticket;
                        let frames = (ticket.frame().to_vec(), act.frame().to_vec());
                        self.append(&Entry::Missed(frames.0, frames.1));
                        missed.push(Absentee { ticket, act });
                    }
                    self.effects.push_back(Effect::Dropped(user));
                }
            }
        }
        self.draw_among(&terms, players, missed, Some(lobby.secret));
    }

    fn append_member(&mut self, member: &Member, roll: &Exhibit<crate::evidence::Roll>) {
        let (ticket, act) = (member.ticket.frame().to_vec(), member.act.frame().to_vec());
        self.append(&Entry::Joined(member.radio, ticket, act));
        self.append(&Entry::Rolled(roll.frame().to_vec()));
    }

    fn draw_among(
        &mut self,
        terms: &Terms,
        mut players: Vec<Player>,
        missed: Vec<Absentee>,
        redraw: Option<Secret>,
    ) {
        let params = &self.setup.params;
        let entrants = players.iter().map(|player| Entrant {
            user: player.user(),
            nonce: player.roll.value().nonce,
            rating: player.ticket.value().rating,
        });
        let entrants: Vec<Entrant> = entrants.collect();
        let Ok(drawn) = draw(params, &terms.secret, &terms.match_id, &entrants) else {
            // Cannot be: the roster has 6 to 22 different players. If it is, nothing was played.
            return self.lobby_idle();
        };
        players.sort_by_key(Player::user);
        players.iter_mut().zip(&drawn.teams).for_each(|(player, team)| player.team = *team);
        let start = self.start_of(terms, &players, &drawn);
        let previous = self.standing.last_terminal;
        self.effects.push_back(Effect::SignStart { start: Box::new(start.clone()), previous });
        self.fixture = Some(Fixture { missed, ..Fixture::new(start, players, redraw) });
        self.enter(State::Draw, None);
    }

    fn start_of(&self, terms: &Terms, players: &[Player], drawn: &Draw) -> MatchStart {
        let rated: Vec<Rated> = players.iter().map(|p| Rated::from(p.ticket.value())).collect();
        let stakes = stakes(&self.setup.params, &rated, &drawn.teams);
        let line = |(player, stakes): (&Player, crate::evidence::Stakes)| StartLine {
            user: player.user(),
            ticket: player.ticket.signed().digest,
            roll: player.roll.signed().digest,
            team: player.team,
            stakes,
            radio: player.radio,
        };
        MatchStart {
            match_id: terms.match_id,
            device: self.setup.device,
            device_seq: terms.device_seq,
            ruleset: self.ruleset,
            lobby: terms.lobby,
            commit: terms.commit,
            secret: terms.secret,
            challenge: terms.challenge,
            started: terms.started,
            north: drawn.north,
            link_epoch: terms.link_epoch,
            firmware: self.setup.firmware,
            roster: players.iter().zip(stakes).map(line).collect(),
        }
    }

    /// The start is signed: from here on the match exists, and ends with a result.
    pub(super) fn start_signed(&mut self, frame: Vec<u8>) -> Result<(), Refusal> {
        if self.state != State::Draw {
            return Err(Refusal::NotNow);
        }
        let signed = open::<MatchStart>(&self.setup.realm, &self.setup.master, &frame)
            .map_err(|_| Refusal::NotOurs)?;
        let fixture = self.fixture.as_mut().ok_or(Refusal::NotNow)?;
        if signed.value != fixture.start || signed.previous != self.standing.last_terminal {
            return Err(Refusal::NotOurs);
        }
        fixture.start_digest = Some(signed.digest);
        fixture.start_frame.clone_from(&frame);
        fixture.next_checkpoint = self.now.saturating_add(CHECKPOINT_MS);
        let (match_id, device_seq) = (fixture.start.match_id, fixture.start.device_seq);
        self.standing.device_seq = device_seq;
        let redraw = fixture.redraw.as_ref().map(|secret| Entry::Redraw(secret.0));
        self.append_conditions();
        if let Some(redraw) = redraw {
            self.append(&redraw);
        }
        self.append_checkpoint();
        self.append(&Entry::Started(frame));
        self.enter(State::Kickoff, Some(self.setup.params.kickoff));
        let at = self.moment_on_shell(self.deadline.unwrap_or(self.now));
        self.effects.push_back(Effect::Slave(SlaveCommand::Begin { match_id, at }));
        if self.pair.locked {
            // It happened while the start was being signed.
            self.void(Outcome::VoidPair);
        }
        Ok(())
    }

    /// After a loss of power: the link has forgotten when the match is.
    pub(super) fn tell_slave_again(&mut self) {
        let Some(fixture) = &self.fixture else { return };
        let (match_id, kickoff) = (fixture.start.match_id, fixture.kickoff);
        let is_over = fixture.ending.is_some();
        let at = self.moment_on_shell(kickoff.or(self.deadline).unwrap_or(self.now));
        self.effects.push_back(Effect::Slave(SlaveCommand::Begin { match_id, at }));
        if is_over {
            self.effects.push_back(Effect::Slave(SlaveCommand::Drain { match_id }));
        }
    }

    fn moment_on_shell(&self, at: u64) -> i64 {
        i64::try_from(at).unwrap_or(i64::MAX).saturating_sub(self.shift)
    }

    /// Abort or quit, between draw and kickoff.
    pub(super) fn kickoff_act(&mut self, seat: Seat, kind: ActKind) {
        let Some(fixture) = &mut self.fixture else { return };
        if kind == ActKind::Quit {
            return self.quit(seat);
        }
        fixture.votes.abort = fixture.votes.abort.with(seat);
        if fixture.voters.aborts(fixture.votes.abort) {
            self.abandon();
        }
    }

    /// One player less: once, and if enough are left on both sides, teams are drawn again.
    fn quit(&mut self, seat: Seat) {
        let Some(fixture) = &mut self.fixture else { return };
        let user = fixture.players[usize::from(seat)].user();
        self.no_starts.add(user, self.now);
        let quitter = fixture.players[usize::from(seat)].team;
        let mut sides = fixture.present();
        sides[quitter.index()] -= 1;
        let enough = sides[0] + sides[1] >= usize::from(self.setup.params.min_players);
        let is_fair = enough && sides[0].abs_diff(sides[1]) <= 1;
        let Some(redraw) = fixture.redraw.take().filter(|_| is_fair) else {
            return self.abandon();
        };
        let Some(mut fixture) = self.fixture.take() else { return };
        let mut missed = fixture.missed;
        let ticket = fixture.players.remove(usize::from(seat)).ticket;
        missed.extend(fixture.acts.pop().map(|act| Absentee { ticket, act }));
        let terms = Terms {
            lobby: fixture.start.lobby,
            commit: fixture.start.commit,
            secret: redraw.0,
            challenge: fixture.start.challenge,
            match_id: fixture.start.match_id,
            device_seq: fixture.start.device_seq,
            started: fixture.start.started,
            link_epoch: fixture.start.link_epoch,
        };
        self.effects.push_back(Effect::Dropped(user));
        self.draw_among(&terms, fixture.players, missed, None);
    }

    /// Nothing was played. The start was signed, so the end is signed as well.
    pub(super) fn abandon(&mut self) {
        self.finish(Ending { at: self.now, outcome: Outcome::Abandoned, loser: None });
    }

    /// The clock starts.
    pub(super) fn kick_off(&mut self) {
        if let Some(fixture) = &mut self.fixture {
            fixture.kickoff = Some(self.now);
        }
        self.enter(State::Playing, Some(self.setup.params.duration));
    }

    /// What is wrong at this moment. Together with the checkpoint it stands before the start, so that there is no match in a
    /// journal without what is needed to resume it.
    fn append_conditions(&mut self) {
        if self.link.down_since.is_some() {
            self.append(&Entry::Link(self.link.down_since));
        }
        for end in End::BOTH {
            if let Some(since) = self.sensors[end.index()] {
                self.append(&Entry::Sensor(end, false, since));
            }
        }
    }

    /// Puts a started match together again from what its journal says.
    pub(super) fn restore_start(&mut self, frame: Vec<u8>, mut players: Vec<Player>) -> Option<()> {
        let signed = open::<MatchStart>(&self.setup.realm, &self.setup.master, &frame).ok()?;
        players.sort_by_key(Player::user);
        let roster = &signed.value.roster;
        let fits = |(player, line): (&Player, &StartLine)| {
            player.user() == line.user
                && player.ticket.signed().digest == line.ticket
                && player.roll.signed().digest == line.roll
        };
        if players.len() != roster.len() || !players.iter().zip(roster).all(fits) {
            return None;
        }
        players.iter_mut().zip(roster).for_each(|(player, line)| player.team = line.team);
        let lobby = self.lobby.take()?;
        let redraw =
            Some(lobby.secret).filter(|secret| first_secret(&secret.0) == signed.value.secret)?;
        let fixture = Fixture::new(signed.value, players, Some(redraw));
        self.fixture = Some(Fixture { missed: lobby.missed, ..fixture });
        self.enter(State::Draw, None);
        self.start_signed(frame).ok()
    }
}

pub(super) fn player_of(
    member: Member,
    roll: Exhibit<crate::evidence::Roll>,
    last_seq: u32,
) -> Player {
    Player {
        ticket: member.ticket,
        roll,
        radio: member.radio,
        team: crate::team::Team::A,
        last_seq,
        acts: 0,
        connected: member.connected,
        left: None,
    }
}
