//! Phones: they get to know the device, join, answer the roll call, say what their owner wants, and carry results.

use crate::dice::Dice;
use crate::key::Key;
use crate::plan::Plan;
use crate::time::{MS, Micros, S};
use crate::world::{DEVICE, Event, World};
use countersign::verify::SnapshotStream;
use countersign::{Signer, StreamId, Timestamp, UserId};
use countersign_league::evidence::{Act, ActKind, DeviceProof, Roll, digest_of, open};
use countersign_league::game::{State, View};
use countersign_league::{Artefact, DeviceId, MatchId, Nonce};
use std::collections::{BTreeMap, VecDeque};

/// An answer that does not come within this time does not come.
const PATIENCE: Micros = 4 * S;

/// What a phone asks device or server.
#[derive(Clone)]
pub(crate) enum Ask {
    Prove([u8; 32]),
    Join { ticket: Vec<u8>, act: Vec<u8>, radio: [u8; 8] },
    Say(Vec<u8>),
    Poll { token: [u8; 16], above: u64 },
    Outbox,
    Fetch(MatchId),
    Inbox(Vec<u8>),
    Ticket { device: DeviceId, lobby: Nonce },
    Settle(Vec<u8>),
}

/// What comes back.
#[derive(Clone)]
pub(crate) enum Answer {
    Frame(Vec<u8>),
    Token([u8; 16]),
    Ids(Vec<MatchId>),
    Done,
    /// The server's key is not known there.
    OldKeys,
    Refused,
    Unreachable,
}

/// What an answer is for.
pub(crate) enum Asked {
    Proof([u8; 32]),
    Ticket,
    Join,
    Act,
    Poll,
    Outbox,
    Bundle(MatchId),
    Receipt(MatchId),
    Delivered(Option<MatchId>),
}

/// Where a phone is.
enum Place {
    Away,
    /// The device proved itself.
    Known {
        lobby: Nonce,
        match_id: MatchId,
    },
    There {
        token: [u8; 16],
        match_id: MatchId,
        stream: SnapshotStream,
    },
}

/// A result on its way.
pub(crate) struct Carried {
    pub(crate) bundle: Vec<u8>,
    pub(crate) receipt: Option<Vec<u8>>,
    pub(crate) next: Micros,
    pub(crate) tries: u32,
}

/// A player and the phone.
pub(crate) struct Phone {
    pub(crate) user: UserId,
    pub(crate) key: Key,
    radio: [u8; 8],
    /// How wrong its clock is, in milliseconds.
    skew: i64,
    pub(crate) alive: bool,
    pub(crate) carries: bool,
    /// No internet before this long after the match.
    pub(crate) late: Micros,
    place: Place,
    travel: Option<Vec<u8>>,
    ticket: Option<(Nonce, Vec<u8>)>,
    seq: u32,
    view: Option<View>,
    answered: Option<Nonce>,
    pub(crate) looked: Option<(u8, Micros)>,
    pub(crate) carried: BTreeMap<MatchId, Carried>,
    asked: BTreeMap<u32, (Micros, Asked)>,
    serial: u32,
    /// What its owner is about to do.
    pub(crate) taps: VecDeque<(ActKind, u16)>,
}

impl Phone {
    pub(crate) fn new(number: usize, plan: &Plan, dice: &mut Dice) -> Self {
        let mut user = [number as u8; 16];
        user[0] = 1 + (dice.below(200) as u8);
        let hours = 3_600_000;
        Self {
            user: UserId::from_bytes(user),
            key: Key::new(dice.bytes()),
            radio: dice.bytes(),
            skew: match dice.below(5) {
                0 => dice.within(0, 30 * hours) as i64 - 15 * hours as i64,
                _ => dice.within(0, 4_000) as i64 - 2_000,
            },
            alive: true,
            carries: number < 2 || dice.percent(25),
            late: match plan.calm || number == 0 && dice.percent(70) {
                true => 0,
                false => dice.below(5) * dice.below(20 * 3_600) * S,
            },
            place: Place::Away,
            travel: None,
            ticket: None,
            seq: 0,
            view: None,
            answered: None,
            looked: None,
            carried: BTreeMap::new(),
            asked: BTreeMap::new(),
            serial: 0,
            taps: VecDeque::new(),
        }
    }

    /// What its clock says.
    fn time(&self, right: Timestamp) -> Timestamp {
        Timestamp::from_millis(right.as_millis().saturating_add_signed(self.skew))
    }

    pub(crate) fn is_waiting(&self, of: impl Fn(&Asked) -> bool) -> bool {
        self.asked.values().any(|(_, asked)| of(asked))
    }

    fn forget_place(&mut self) {
        self.place = Place::Away;
        self.view = None;
        self.asked.retain(|_, (_, asked)| {
            matches!(asked, Asked::Bundle(_) | Asked::Receipt(_) | Asked::Delivered(_))
        });
    }
}

impl World {
    pub(crate) fn ask_device(&mut self, phone: usize, ask: Ask, asked: Asked) {
        let id = self.expect(phone, asked);
        for when in self.wifi.carry(self.now, &mut self.log) {
            self.at(when, Event::AskDevice(phone, id, ask.clone()));
        }
    }

    pub(crate) fn ask_server(&mut self, phone: usize, ask: Ask, asked: Asked) {
        let id = self.expect(phone, asked);
        for when in self.wan.carry(self.now, &mut self.log) {
            self.at(when, Event::AskServer(phone, id, ask.clone()));
        }
    }

    fn expect(&mut self, phone: usize, asked: Asked) -> u32 {
        let now = self.now;
        let phone = &mut self.phones[phone];
        phone.serial += 1;
        phone.asked.insert(phone.serial, (now + PATIENCE, asked));
        phone.serial
    }

    /// What the device's shell does with a call.
    pub(crate) fn device_is_asked(&mut self, phone: usize, id: u32, ask: Ask) {
        let answer = match ask {
            Ask::Prove(challenge) => {
                let proof = self.with_master(|device, now| device.prove(challenge, now));
                proof.map(|frame| frame.map_or(Answer::Refused, Answer::Frame))
            }
            Ask::Join { ticket, act, radio } => self.join(&ticket, &act, radio),
            Ask::Say(frame) => self.say(phone, &frame),
            Ask::Poll { token, above } => self.poll(token, above),
            Ask::Outbox => {
                let ids = self.master.disk.outbox.keys().copied().collect();
                self.master.device.as_ref().map(|_| Answer::Ids(ids))
            }
            Ask::Fetch(id) => {
                let bundle = self.master.disk.outbox.get(&id).cloned();
                let answer = bundle.map_or(Answer::Refused, Answer::Frame);
                self.master.device.as_ref().map(|_| answer)
            }
            Ask::Inbox(frame) => {
                let taken = self.with_master(|device, now| device.inbox(&frame, now));
                taken.map(|taken| if taken.is_ok() { Answer::Done } else { Answer::Refused })
            }
            Ask::Ticket { .. } | Ask::Settle(_) => None,
        };
        let Some(answer) = answer else { return };
        for when in self.wifi.carry(self.now, &mut self.log) {
            self.at(when, Event::Answer(phone, id, answer.clone()));
        }
    }

    fn join(&mut self, ticket: &[u8], act: &[u8], radio: [u8; 8]) -> Option<Answer> {
        let joined = self.with_master(|device, now| device.join(ticket, act, radio, now))?;
        Some(match joined {
            Ok(token) => {
                self.log.count("phone: joined");
                Answer::Token(token)
            }
            Err(countersign_league::device::JoinError::Server) => {
                self.log.count("phone: device had old keys");
                Answer::OldKeys
            }
            Err(error) => {
                self.note(format_args!("join refused: {error}"));
                Answer::Refused
            }
        })
    }

    fn poll(&mut self, token: [u8; 16], above: u64) -> Option<Answer> {
        let known = self.with_master(|device, now| device.seen(&token, now))?;
        if !known {
            return Some(Answer::Refused);
        }
        let (_, frame) = self.master.newest_view.clone().filter(|(number, _)| *number > above)?;
        Some(Answer::Frame(frame))
    }

    pub(crate) fn push_view(&mut self, frame: &[u8]) {
        for phone in 0..self.phones.len() {
            if !matches!(self.phones[phone].place, Place::There { .. }) {
                continue;
            }
            for when in self.wifi.carry(self.now, &mut self.log) {
                let mut copy = frame.to_vec();
                self.wifi.spoil(&mut copy, &mut self.log);
                self.at(when, Event::Push(phone, copy));
            }
        }
    }

    pub(crate) fn server_is_asked(&mut self, phone: usize, id: u32, ask: Ask) {
        let answer = self.serve(phone, ask);
        for when in self.wan.carry(self.now, &mut self.log) {
            self.at(when, Event::Answer(phone, id, answer.clone()));
        }
    }

    /// A phone's moment: it looks around and does the next thing.
    pub(crate) fn tick_phone(&mut self, number: usize) {
        let next = match self.is_late && self.master.device.is_none() {
            true => self.within(20 * 60 * S, 50 * 60 * S),
            false => self.within(600 * MS, 1_300 * MS),
        };
        self.at(self.now + next, Event::Phone(number));
        let now = self.now;
        let phone = &mut self.phones[number];
        let overdue: Vec<u32> =
            phone.asked.iter().filter(|(_, (due, _))| *due <= now).map(|(id, _)| *id).collect();
        for id in overdue {
            self.phone_hears(number, id, Answer::Unreachable);
        }
        if !self.phones[number].alive {
            return;
        }
        self.go_to_device(number);
        self.speak(number);
        self.carry_results(number);
    }

    fn go_to_device(&mut self, number: usize) {
        let phone = &self.phones[number];
        match &phone.place {
            Place::Away if !phone.is_waiting(|asked| matches!(asked, Asked::Proof(_))) => {
                let challenge = self.secret();
                self.ask_device(number, Ask::Prove(challenge), Asked::Proof(challenge));
            }
            Place::Known { lobby, .. } if !phone.is_waiting(is_approach) => {
                let lobby = *lobby;
                let is_for = |known: &&(Nonce, Vec<u8>)| known.0 == lobby;
                match phone.ticket.as_ref().filter(is_for).map(|(_, ticket)| ticket.clone()) {
                    Some(ticket) => self.send_join(number, ticket),
                    None => {
                        let ask = Ask::Ticket { device: DEVICE, lobby };
                        self.ask_server(number, ask, Asked::Ticket);
                    }
                }
            }
            Place::There { token, .. } if !phone.is_waiting(|a| matches!(a, Asked::Poll)) => {
                let above = phone.view.as_ref().map_or(0, |view| view.number);
                let ask = Ask::Poll { token: *token, above };
                self.ask_device(number, ask, Asked::Poll);
            }
            Place::Away | Place::Known { .. } | Place::There { .. } => {}
        }
    }

    fn send_join(&mut self, number: usize, ticket: Vec<u8>) {
        let Place::Known { match_id, .. } = self.phones[number].place else { return };
        let act = self.act(number, match_id, ActKind::Join, 0);
        let radio = self.phones[number].radio;
        self.ask_device(number, Ask::Join { ticket, act, radio }, Asked::Join);
    }

    /// A signed act with the next number.
    pub(crate) fn act(
        &mut self,
        number: usize,
        match_id: MatchId,
        kind: ActKind,
        target: u16,
    ) -> Vec<u8> {
        let (id, right) = (self.id(), self.server_time());
        let phone = &mut self.phones[number];
        phone.seq += 1;
        let act = Act { match_id, seq: phone.seq, kind, target };
        phone.key.frame(&self.keys.realm, id, phone.time(right), &act)
    }

    /// What the owner wants said, and being ready.
    fn speak(&mut self, number: usize) {
        let phone = &mut self.phones[number];
        let Place::There { match_id, .. } = phone.place else { return };
        let Some(view) = &phone.view else { return };
        let user = phone.user;
        let own = view.players.iter().find(|player| player.user == user);
        let is_lobby = matches!(view.state, State::Lobby | State::Ready);
        if view.match_id != match_id || (is_lobby && own.is_none()) {
            return phone.forget_place();
        }
        if is_lobby && own.is_some_and(|own| !own.ready) {
            let act = self.act(number, match_id, ActKind::Ready, 0);
            return self.ask_device(number, Ask::Say(act), Asked::Act);
        }
        if let Some((kind, target)) = self.phones[number].taps.pop_front() {
            let act = self.act(number, match_id, kind, target);
            self.ask_device(number, Ask::Say(act), Asked::Act);
        }
    }

    /// A push, or the answer to a poll.
    pub(crate) fn phone_sees(&mut self, number: usize, frame: &[u8]) {
        let (master, right) = (self.keys.master.verifying_key().clone(), self.server_time());
        let phone = &mut self.phones[number];
        let Place::There { match_id, stream, .. } = &mut phone.place else { return };
        if !phone.alive {
            return;
        }
        let Ok(event) = stream.accept(&self.keys.realm, &master, frame) else { return };
        let Ok(view) = View::decode(event.content) else {
            return self.violate(format_args!("a phone cannot read the device's view"));
        };
        let (match_id, challenge) = (*match_id, view.challenge);
        phone.view = Some(view);
        let Some(challenge) = challenge.filter(|new| phone.answered != Some(*new)) else { return };
        phone.answered = Some(challenge);
        let Some((_, ticket)) = &phone.ticket else { return };
        let Ok(ticket) = digest_of(&self.keys.realm, ticket) else { return };
        let (key, time) = (phone.key.clone(), phone.time(right));
        let nonce = Nonce::from_bytes(self.id());
        let roll = Roll { match_id, challenge, nonce, ticket };
        let id = self.id();
        let frame = key.frame(&self.keys.realm, id, time, &roll);
        self.ask_device(number, Ask::Say(frame), Asked::Act);
    }

    pub(crate) fn phone_hears(&mut self, number: usize, id: u32, answer: Answer) {
        let Some((_, asked)) = self.phones[number].asked.remove(&id) else { return };
        if !self.phones[number].alive {
            return;
        }
        match asked {
            Asked::Proof(challenge) => self.proof_came(number, challenge, answer),
            Asked::Ticket => self.ticket_came(number, answer),
            Asked::Join => self.joined(number, answer),
            Asked::Poll => {
                if let Answer::Frame(frame) = answer {
                    self.phone_sees(number, &frame);
                } else if matches!(answer, Answer::Refused) {
                    self.phones[number].forget_place();
                }
            }
            Asked::Act => {}
            // Who was not reached has not been looked at.
            Asked::Outbox => {
                if let Answer::Ids(ids) = answer {
                    self.fetch_new(number, &ids);
                } else {
                    self.phones[number].looked = None;
                }
            }
            Asked::Bundle(id) => {
                if let Answer::Frame(bundle) = answer {
                    self.take_up(number, id, bundle);
                } else {
                    self.phones[number].looked = None;
                }
            }
            Asked::Receipt(id) => self.receipt_came(number, id, answer),
            Asked::Delivered(Some(id)) => {
                if matches!(answer, Answer::Done | Answer::Refused) {
                    self.phones[number].carried.remove(&id);
                }
            }
            Asked::Delivered(None) => {}
        }
    }

    fn proof_came(&mut self, number: usize, challenge: [u8; 32], answer: Answer) {
        let Answer::Frame(frame) = answer else { return };
        let master = self.keys.master.verifying_key();
        let Ok(proof) = open::<DeviceProof>(&self.keys.realm, master, &frame) else {
            return self.violate(format_args!("the device's own proof is refused"));
        };
        let DeviceProof { lobby, match_id, challenge: theirs, .. } = proof.value;
        if theirs == challenge && matches!(self.phones[number].place, Place::Away) {
            self.phones[number].place = Place::Known { lobby, match_id };
        }
    }

    fn ticket_came(&mut self, number: usize, answer: Answer) {
        let phone = &mut self.phones[number];
        let Place::Known { lobby, .. } = phone.place else { return };
        let travel = phone.travel.clone();
        let ticket = if let Answer::Frame(frame) = answer {
            Some(frame)
        } else {
            travel.inspect(|_| self.log.count("phone: travel ticket"))
        };
        if let Some(ticket) = ticket {
            self.phones[number].ticket = Some((lobby, ticket.clone()));
            self.send_join(number, ticket);
        }
    }

    fn joined(&mut self, number: usize, answer: Answer) {
        match answer {
            Answer::Token(token) => {
                let phone = &mut self.phones[number];
                let Place::Known { lobby, match_id } = phone.place else { return };
                let stream = SnapshotStream::new(StreamId::from_bytes(*lobby.as_bytes()));
                phone.place = Place::There { token, match_id, stream };
            }
            Answer::OldKeys => {
                let keyset = self.keys.keyset(2);
                self.ask_device(number, Ask::Inbox(keyset), Asked::Delivered(None));
            }
            Answer::Refused => {
                // Perhaps the ticket, perhaps the moment: from the beginning.
                self.phones[number].forget_place();
                self.phones[number].ticket = None;
            }
            Answer::Frame(_) | Answer::Ids(_) | Answer::Done | Answer::Unreachable => {}
        }
    }

    /// Before the evening, at home, with internet.
    pub(crate) fn prepare(&mut self, number: usize) {
        let ask = Ask::Ticket { device: DeviceId::NONE, lobby: Nonce::NONE };
        if let Answer::Frame(ticket) = self.serve(number, ask) {
            self.phones[number].travel = Some(ticket);
        }
    }
}

fn is_approach(asked: &Asked) -> bool {
    matches!(asked, Asked::Ticket | Asked::Join | Asked::Delivered(None))
}
