//! What an organiser commands.

use super::state::{Desk, Effect, draw_key, keys_of};
use crate::control::{Answer, Command};
use crate::disk::LOG_MAX;
use crate::export::Export;
use crate::intake::open_vote;
use crate::random;
use crate::view::{self, Overview};
use countersign::evidence::{Signed, Stamp, seal};
use countersign::{Realm, RecordHeader, RecordId, Timestamp};
use countersign_judging::event::RoundState;
use countersign_judging::venue::{Outcome, VoteReceipt};
use countersign_judging::{Bundle, JudgeId, Venue};
use countersign_keys::disk::{self, Access};
use countersign_mesh::{Action, EventCode, NetCode, VoteCode};
use std::path::Path;

/// What another hub's log is read with.
pub(super) struct MergeContext {
    realm: Realm,
    bundles: Vec<Signed<Bundle>>,
}

/// Takes every decision of another hub's log again; a torn tail was never acknowledged, and is left out.
pub(super) fn read_other(context: &MergeContext, log: &Path) -> Result<Venue, String> {
    let file = disk::read_up_to(log, LOG_MAX).map_err(|error| error.to_string())?;
    let file = file.ok_or_else(|| format!("there is no file {}", log.display()))?;
    let restored = Venue::restore(&context.realm, &context.bundles, &file.content);
    let restored = restored.map_err(|error| format!("{}: {error}", log.display()))?;
    Ok(restored.venue)
}

impl Desk {
    /// Does what is commanded. What it says is true once everything is durable.
    pub(crate) fn obey(&mut self, venue: &mut Venue, command: &Command, now: Timestamp) -> Answer {
        match command {
            Command::Open { round } => self.turn(venue, *round, RoundState::Open, now),
            Command::Close { round } => self.turn(venue, *round, RoundState::Closed, now),
            Command::Revoke { judge } => self.revoke(venue, judge, now),
            Command::Rekey => self.rekey(venue, now),
            Command::Net => self.net(venue),
            Command::Status => {
                let overview = Overview::of(venue);
                Answer::done(view::overview_text(&overview)).with(&overview)
            }
            Command::Tally => match view::to_count(venue).and_then(view::tally) {
                Ok(tally) => Answer::done(view::tally_text(&tally)).with(&tally),
                Err(error) => Answer::refused(error),
            },
            Command::Scan { text } => self.scan(venue, text, now),
            Command::Merge { log } => match read_other(&self.merge_context(), log) {
                Ok(other) => self.merge(venue, &other, now),
                Err(why) => Answer::refused(why),
            },
            Command::Seal => self.seal(venue, now),
            Command::Export { out } => self.export(venue, out, now),
        }
    }

    pub(super) fn merge_context(&self) -> MergeContext {
        MergeContext { realm: self.realm().clone(), bundles: self.bundles.clone() }
    }

    fn turn(&mut self, venue: &mut Venue, number: u8, to: RoundState, now: Timestamp) -> Answer {
        let open = to == RoundState::Open;
        let turned = match open {
            true => venue.open_round(number, now),
            false => venue.close_round(number, now),
        };
        match turned {
            Ok(entry) => {
                self.pending.extend(entry);
                self.order(Action::Round { number, open }, now);
                Answer::done(format!("Round {number} is {}.", to.as_str()))
            }
            Err(refusal) => Answer::refused(refusal),
        }
    }

    fn revoke(&mut self, venue: &mut Venue, judge: &str, now: Timestamp) -> Answer {
        let known = JudgeId::new(judge).ok().and_then(|id| venue.bundle().judge(&id).cloned());
        let Some(known) = known else {
            return Answer::refused(format_args!("the roster has no judge {judge:?}"));
        };
        let fingerprint = *known.key.fingerprint();
        match venue.revoke(&fingerprint, now) {
            Ok(entry) => {
                self.pending.extend(entry);
                self.order(Action::Revoke { fingerprint }, now);
                Answer::done(format!(
                    "{} ({}) is revoked: what comes in from that key is quarantined.",
                    known.name, known.id
                ))
            }
            Err(refusal) => Answer::refused(refusal),
        }
    }

    fn rekey(&mut self, venue: &Venue, now: Timestamp) -> Answer {
        let Some(epoch) = self.code.key.epoch().get().checked_add(1) else {
            return Answer::refused("an event has at most 256 keys");
        };
        let key = match draw_key(epoch) {
            Ok(key) => key,
            Err(error) => return Answer::refused(error),
        };
        let next = EventCode { key, ..self.code.clone() };
        if let Err(error) = self.folder.put_code(&next) {
            return Answer::refused(error);
        }
        // Under the old key, so that everybody who has it hears of the new one.
        self.order(Action::Rekey { epoch: next.key.epoch() }, now);
        let keys = keys_of(&next, venue);
        self.voice.set_keys(keys.clone());
        self.effects.push(Effect::Keys(Box::new((next.clone(), keys))));
        self.code = next;
        Answer::done(format!(
            "The event has a new key (number {epoch}); what is sealed with the old one is not read any more. Show the new QR code."
        ))
    }

    fn net(&self, venue: &Venue) -> Answer {
        let event = venue.bundle().event();
        // A relay believes two hubs at most; this one first.
        let mut hubs: Vec<_> = event.hubs.iter().map(|hub| hub.key.clone()).collect();
        hubs.sort_by_key(|key| key.fingerprint() != venue.hub());
        hubs.truncate(2);
        let net = keys_of(&self.code, venue).net;
        let code = NetCode { event: event.id, net, realm: self.realm().clone(), hubs };
        match code.to_text() {
            Ok(text) => Answer::done(text.as_str()),
            Err(error) => Answer::refused(error),
        }
    }

    fn scan(&mut self, venue: &mut Venue, text: &str, now: Timestamp) -> Answer {
        let packet = match text.trim().parse::<VoteCode>() {
            Ok(VoteCode(packet)) => packet,
            Err(error) => return Answer::refused(error),
        };
        let keys = self.voice.keys();
        let Ok(checked) = packet.check_net(&keys.net) else {
            return Answer::refused("the code is of another event, or of an old event key");
        };
        let content = match open_vote(&keys, &self.sealing, &checked) {
            Ok(content) => content,
            Err(error) => return Answer::refused(error),
        };
        match venue.examiner().examine(&content) {
            Err(refusal) => Answer::refused(refusal),
            Ok(vote) => {
                let about = format!("{} on {}", vote.vote.judge, vote.vote.project);
                let outcome = self.admit(venue, vote, checked.packet().id().short(), now);
                // The judge stands here: everything that can be checked in the log later.
                let chain = venue.chain();
                let place = |receipt: VoteReceipt| {
                    let (entries, root) = (chain.entries(), chain.root());
                    let VoteReceipt { vote, position, .. } = receipt;
                    format!("vote {vote}, log entry {position} of {entries}, root {root}")
                };
                match outcome {
                    Outcome::Accepted(receipt) => {
                        Answer::done(format!("Accepted: {about}; {}.", place(receipt)))
                    }
                    Outcome::Duplicate(receipt) => {
                        Answer::done(format!("Was here before: {about}; {}.", place(receipt)))
                    }
                    Outcome::Quarantined => {
                        Answer::refused(format_args!("quarantined: {about}; the key is revoked"))
                    }
                    Outcome::Refused(refusal) => Answer::refused(refusal),
                }
            }
        }
    }

    pub(super) fn merge(&mut self, venue: &mut Venue, other: &Venue, now: Timestamp) -> Answer {
        let merge = match venue.merge(other, now) {
            Ok(merge) => merge,
            Err(refusal) => return Answer::refused(refusal),
        };
        self.pending.extend(merge.entries);
        for (fingerprint, _) in other.revoked() {
            self.order(Action::Revoke { fingerprint }, now);
        }
        let (votes, revoked, left_out) = (merge.votes, merge.revoked, merge.left_out);
        let root = venue.head().ballot_root;
        let mut text =
            format!("{votes} votes and {revoked} revocations taken over; ballot root {root}.");
        if left_out > 0 {
            text.push_str(&format!(
                " {left_out} were left out: this hub has no bundle with their keys, or is full."
            ));
        }
        if !merge.alarms.is_empty() {
            text.push_str(&format!(
                " {} things to look at; see `countersign hub status`.",
                merge.alarms.len()
            ));
        }
        Answer::done(text)
    }

    fn seal(&mut self, venue: &mut Venue, now: Timestamp) -> Answer {
        let open: Vec<u8> = venue
            .rounds()
            .filter(|(_, state)| *state == RoundState::Open)
            .map(|(number, _)| number)
            .collect();
        for number in open {
            let closed = self.turn(venue, number, RoundState::Closed, now);
            if !closed.ok {
                return closed;
            }
        }
        let frame = match self.head(venue, now) {
            Ok(frame) => frame,
            Err(error) => return Answer::refused(error),
        };
        let path = self.folder.path().join(crate::export::HEAD);
        if let Err(error) = disk::replace(&path, &frame, Access::Public) {
            return Answer::refused(error);
        }
        let head = venue.head();
        Answer::done(format!(
            "Every round is closed. {} entries, root {}, {} votes, ballot root {}; the signed head is in {}.",
            head.entries,
            head.root,
            head.votes,
            head.ballot_root,
            path.display()
        ))
    }

    fn export(&mut self, venue: &Venue, out: &Path, now: Timestamp) -> Answer {
        let mut parts = || -> Result<Export, String> {
            let head = self.head(venue, now)?;
            let packages = self.folder.packages().map_err(|error| error.to_string())?;
            let log = self.log.read().map_err(|error| error.to_string())?;
            Ok(Export { packages, log, head })
        };
        let written =
            parts().and_then(|export| export.write(venue, out).map_err(|error| error.to_string()));
        match written {
            Ok(()) => Answer::done(format!(
                "{} has everything. Anybody can check it: countersign event verify {} --root KEY",
                out.display(),
                out.display()
            )),
            Err(why) => Answer::refused(why),
        }
    }

    /// The log's head as it is now, signed when everything in it is durable.
    fn head(&mut self, venue: &Venue, now: Timestamp) -> Result<Vec<u8>, String> {
        self.sync().map_err(|error| error.to_string())?;
        let id = RecordId::from_bytes(*random::bytes().map_err(|error| error.to_string())?);
        let stamp = Stamp { id, created: now, previous: RecordHeader::FIRST };
        let frame = seal(self.realm(), &self.voice.key, stamp, &venue.head());
        frame.map_err(|error| error.to_string())
    }

    /// Says it once it is durable. What cannot be said is known from the next handshake.
    fn order(&mut self, action: Action, now: Timestamp) {
        match self.voice.control(action, now) {
            Ok(packet) => self.effects.push(Effect::Say(packet)),
            Err(error) => tracing::error!(%error, "an order is not announced"),
        }
    }
}
