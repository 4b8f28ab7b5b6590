//! The bundle and the day's code.

use super::keep::{BUNDLE, CODE};
use super::{Attending, Day, Judge, JudgeEffect, JudgeTrouble};
use alloc::string::ToString;
use alloc::vec::Vec;
use countersign::evidence::Received;
use countersign::{Frame, RecordHeader, Timestamp};
use countersign_judging::Bundle;
use countersign_mesh::{EventCode, EventKeys, HubKeys};

impl Judge {
    /// Takes in a bundle that the server signed and that names this device's key, unless a newer one is here.
    pub(super) fn take_bundle(
        &mut self,
        frame: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), JudgeTrouble> {
        let created = Frame::split(&frame)
            .and_then(|frame| RecordHeader::decode(frame.header))
            .map_err(|_| JudgeTrouble::NotByServer)?
            .created;
        let received = Received::<Bundle>::decode(&frame).map_err(JudgeTrouble::Bundle)?;
        let key = self
            .keyset
            .record_key(&received.signer(), created)
            .map_err(|_| JudgeTrouble::NotByServer)?;
        let bundle = received.verify(&self.realm, key).map_err(JudgeTrouble::Bundle)?;
        let own = |judge: &&countersign_judging::event::Judge| judge.key == self.key;
        let judge = bundle.value.judges.iter().find(own).ok_or(JudgeTrouble::NotInRoster)?.id;
        let is_older = self.attending.as_ref().is_some_and(|attending| {
            let here = &attending.bundle.value;
            here.id == bundle.value.id && here.version > bundle.value.version
        });
        if is_older {
            return Err(JudgeTrouble::OlderBundle);
        }
        let is_other = |attending: &Attending| attending.bundle.value.id != bundle.value.id;
        if self.attending.as_ref().is_some_and(is_other) {
            // Another event: its own votes, rounds and time.
            (self.day, self.offset_ms) = (None, None);
            self.rounds.clear();
            self.round_orders.clear();
            self.ballots = super::ballots::Ballots::default();
        }
        self.attending = Some(Attending { bundle, judge });
        self.effects.push(JudgeEffect::Keep { name: BUNDLE.into(), bytes: frame });
        match self.code.take() {
            Some(code) => self.join(code, now),
            None => Ok(()),
        }
    }

    /// Takes in the day's code; without its bundle it waits.
    pub(super) fn take_code(
        &mut self,
        code: EventCode,
        now: Timestamp,
    ) -> Result<(), JudgeTrouble> {
        let text = code.to_text();
        let keep = JudgeEffect::Keep { name: CODE.into(), bytes: text.as_bytes().to_vec() };
        self.effects.push(keep);
        self.join(code, now)
    }

    fn join(&mut self, code: EventCode, now: Timestamp) -> Result<(), JudgeTrouble> {
        let Some(attending) = &self.attending else {
            self.code = Some(code);
            return Err(JudgeTrouble::NoBundle);
        };
        let bundle = &attending.bundle.value;
        if code.event != bundle.id {
            let (scanned, here) = (code.event.to_string(), bundle.id.to_string());
            self.code = Some(code);
            return Err(JudgeTrouble::OtherEvent { scanned, here });
        }
        let salt = bundle.salt.as_ref().map_or(&[][..], |salt| salt);
        let keys = EventKeys::derive(&code.key, salt, &bundle.id, code.key.epoch());
        let hubs = bundle.hubs.iter().map(|hub| hub.key.clone()).collect();
        let hubs = HubKeys::new(self.realm.clone(), bundle.id, hubs)
            .map_err(|_| JudgeTrouble::Protocol("the bundle names too many hubs"))?;
        self.effects.push(JudgeEffect::Join { net: keys.net.clone(), hubs });
        self.day = Some(Day { keys, ble: code.ble });
        self.admission.begin(now);
        Ok(())
    }
}
