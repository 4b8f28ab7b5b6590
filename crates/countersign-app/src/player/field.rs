//! In the lobby and in the match: views in, acts out, the roll call answered.

use super::{Asked, Held, Known, Place, Player, Purpose};
use crate::effect::{Ask, Effect};
use crate::event::{Failure, Tap};
use crate::screen::Trouble;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;
use countersign::verify::SnapshotStream;
use countersign::{StreamId, Timestamp};
use countersign_league::evidence::{Act, ActKind, Artefact, Roll};
use countersign_league::game::View;
use countersign_league::{Nonce, Seat};

/// Between two looks into a device's outbox.
const LOOK: Duration = Duration::from_secs(2);

/// A place in the lobby of a device that proved itself.
pub(crate) struct Field {
    pub(crate) known: Known,
    pub(crate) held: Held,
    pub(crate) view: Option<View>,
    /// End of the device's certificate for browsers, as the device says; advice, and no more.
    pub(crate) tls_until: Option<Timestamp>,
    token: [u8; 16],
    stream: SnapshotStream,
    /// The roll call that was answered last.
    answered: Option<Nonce>,
    /// When the outbox may be looked into again.
    next_look: Timestamp,
}

impl Field {
    pub(crate) fn seat(&self) -> Option<Seat> {
        let user = self.held.ticket.value.user;
        let players = &self.view.as_ref()?.players;
        players.iter().position(|player| player.user == user).map(|seat| seat as Seat)
    }
}

impl Player {
    pub(super) fn joined(&mut self, result: Result<Vec<u8>, Failure>) {
        let token: [u8; 16] = match result.map(TryInto::try_into) {
            Ok(Ok(token)) => token,
            Ok(Err(_)) => return self.fail(Trouble::Protocol("a lobby token has 16 bytes")),
            Err(failure) => return self.fail(failure.into()),
        };
        let Place::Approaching(approach) = &mut self.place else { return };
        let (Some(known), Some(held)) = (approach.known.take(), approach.ticket.take()) else {
            return;
        };
        let stream = SnapshotStream::new(StreamId::from_bytes(*known.proof.value.lobby.as_bytes()));
        self.user = Some(held.ticket.value.user);
        self.place = Place::There(Box::new(Field {
            known,
            held,
            view: None,
            tls_until: None,
            token,
            stream,
            answered: None,
            next_look: Timestamp::ZERO,
        }));
        self.ask(Ask::Watch(token), Asked::Watch(token));
        self.deliver_receipts();
        self.look_at_tls();
        self.show();
    }

    pub(super) fn viewed(&mut self, frame: &[u8], now: Timestamp) {
        let Place::There(field) = &mut self.place else { return };
        let master = &field.known.certificate.value.master;
        // Old, foreign and broken frames change nothing: the next view replaces all before it.
        let Ok(event) = field.stream.accept(&self.realm, master, frame) else { return };
        if event.header.event_type.as_str() != View::TYPE {
            return;
        }
        let Ok(view) = View::decode(event.content) else {
            return self.fail(Trouble::Protocol("the device's view cannot be read"));
        };
        field.view = Some(view);
        self.answer_roll_call(now);
        self.notice_outbox(now);
        self.show();
    }

    pub(super) fn views_ended(&mut self, token: &[u8; 16], result: Result<Vec<u8>, Failure>) {
        let Place::There(field) = &mut self.place else { return };
        // Those of an earlier place end because there is a newer one.
        if field.token != *token {
            return;
        }
        // Wi-Fi comes and goes; the place in the lobby is lost only when the device says so.
        match result {
            Ok(_) | Err(Failure::Unreachable(_)) => {
                let token = field.token;
                self.ask(Ask::Watch(token), Asked::Watch(token));
            }
            // The device started again, or took the place away: all over again, as for a new face.
            Err(Failure::Refused { .. }) => self.approach(),
            Err(failure @ Failure::LoggedOut) => {
                self.place = Place::Away;
                self.fail(failure.into());
            }
        }
    }

    pub(super) fn act(&mut self, tap: Tap, now: Timestamp) {
        let Some((kind, target)) = act_of(tap) else { return };
        let Place::There(field) = &self.place else {
            return self.fail(Trouble::Protocol("join a device first"));
        };
        let match_id =
            field.view.as_ref().map_or(field.known.proof.value.match_id, |view| view.match_id);
        let act = Act { match_id, seq: self.next_seq(now), kind, target };
        self.sign(&act, Purpose::Act, now);
    }

    pub(super) fn sent(&mut self, result: Result<Vec<u8>, Failure>) {
        if let Err(failure) = result {
            self.fail(failure.into());
        }
    }

    fn answer_roll_call(&mut self, now: Timestamp) {
        let Place::There(field) = &mut self.place else { return };
        let Some(view) = &field.view else { return };
        let Some(challenge) = view.challenge else { return };
        let user = field.held.ticket.value.user;
        let is_called = view.players.iter().any(|player| player.user == user && player.ready);
        if !is_called || field.answered == Some(challenge) {
            return;
        }
        field.answered = Some(challenge);
        let roll = Roll {
            match_id: view.match_id,
            challenge,
            nonce: Nonce::from_bytes(self.dice.draw()),
            ticket: field.held.ticket.digest,
        };
        self.sign(&roll, Purpose::Act, now);
    }

    /// Looks what the device wants carried, as long as it has more than this phone took up.
    pub(super) fn notice_outbox(&mut self, now: Timestamp) {
        let Place::There(field) = &mut self.place else { return };
        let waiting = field.view.as_ref().map_or(0, |view| usize::from(view.unsettled));
        let device = field.known.proof.value.device;
        if !self.is_carrying || waiting <= self.courier.of(device) {
            return;
        }
        if field.next_look <= now {
            field.next_look = now.plus(LOOK);
            self.effects.push(Effect::Wake(field.next_look));
            self.look_into_outbox();
        } else {
            self.effects.push(Effect::Wake(field.next_look));
        }
    }
}

fn act_of(tap: Tap) -> Option<(ActKind, u16)> {
    Some(match tap {
        Tap::Ready => (ActKind::Ready, 0),
        Tap::Unready => (ActKind::Unready, 0),
        Tap::Quit => (ActKind::Quit, 0),
        Tap::Abort => (ActKind::Abort, 0),
        Tap::Leave => (ActKind::Leave, 0),
        Tap::Injury => (ActKind::Injury, 0),
        Tap::Return => (ActKind::Return, 0),
        Tap::Concede => (ActKind::Concede, 0),
        Tap::Confirm => (ActKind::Confirm, 0),
        Tap::Annul(goal) => (ActKind::Annul, goal),
        Tap::Absent(seat) => (ActKind::Absent, u16::from(seat)),
        Tap::Flag => (ActKind::Flag, 0),
        Tap::Approach | Tap::Prepare | Tap::Depart => return None,
    })
}
