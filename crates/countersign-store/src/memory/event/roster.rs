//! Judges and their keys.

use super::{Key, State};
use crate::event::{EnrolOutcome, Enrolment, Invitation, NewEnrolment, ReplaceOutcome, RosterLine};
use countersign::{EventId, UserId};
use countersign_judging::JudgeId;
use countersign_judging::venue::KEYS_PER_JUDGE_MAX;

impl super::Event {
    fn seat_of(&self, address: &str) -> Option<JudgeId> {
        let seat = self.seats.iter().find(|(_, seat)| seat.as_deref() == Some(address));
        seat.map(|(judge, _)| *judge)
    }

    fn current(&self, judge: &JudgeId) -> Option<&Enrolment> {
        let key = self.keys.iter().find(|key| key.is_current && key.enrolment.judge == *judge);
        key.map(|key| &key.enrolment)
    }
}

impl State {
    pub(super) fn invitations(&self, address: &str, limit: u32) -> Vec<Invitation> {
        let of = |event: &super::Event| {
            let judge = event.seat_of(address)?;
            let summary = &event.stored.summary;
            Some(Invitation {
                event: summary.id,
                title: summary.title.clone(),
                starts: summary.starts,
                ends: summary.ends,
                judge,
                key: event.current(&judge).map(|enrolment| enrolment.fingerprint),
                version: summary.version,
            })
        };
        self.events.values().filter_map(of).take(limit as usize).collect()
    }

    pub(super) fn enrol_judge(&mut self, new: NewEnrolment) -> EnrolOutcome {
        let seat = self.events.get(&new.event).and_then(|event| event.seat_of(&new.address));
        let Some(judge) = seat else { return EnrolOutcome::NotInvited };
        for (id, event) in &self.events {
            let same = |key: &&Key| key.enrolment.fingerprint == new.fingerprint;
            for key in event.keys.iter().filter(same) {
                if *id == new.event && key.is_current && key.enrolment.judge == judge {
                    return EnrolOutcome::Same { judge };
                }
                if *id == new.event || key.enrolment.user != Some(new.user) {
                    return EnrolOutcome::KeyTaken;
                }
            }
        }
        let Some(event) = self.events.get_mut(&new.event) else { return EnrolOutcome::NotInvited };
        let closed = |old: &Enrolment| old.published > 0 && !old.replaceable;
        if event.current(&judge).is_some_and(closed) {
            return EnrolOutcome::Published { judge };
        }
        let had = event.keys.iter_mut().filter(|key| key.enrolment.judge == judge);
        let mut had: Vec<_> = had.collect();
        if had.len() >= KEYS_PER_JUDGE_MAX {
            return EnrolOutcome::TooMany { judge };
        }
        had.iter_mut().for_each(|key| key.is_current = false);
        let NewEnrolment { key, fingerprint, user, now: at, .. } = new;
        let enrolment = Enrolment {
            judge,
            key,
            fingerprint,
            user: Some(user),
            at,
            published: 0,
            replaceable: false,
        };
        event.keys.push(Key { enrolment, is_current: true });
        event.stored.revision += 1;
        EnrolOutcome::Enrolled { judge }
    }

    pub(super) fn allow_replacement(&mut self, id: EventId, judge: JudgeId) -> ReplaceOutcome {
        let event = self.events.get_mut(&id).filter(|event| event.seats.contains_key(&judge));
        let Some(event) = event else { return ReplaceOutcome::NoJudge };
        let current = |key: &&mut Key| key.is_current && key.enrolment.judge == judge;
        match event.keys.iter_mut().find(current) {
            Some(key) => {
                key.enrolment.replaceable = true;
                ReplaceOutcome::Allowed
            }
            None => ReplaceOutcome::NoKey,
        }
    }

    pub(super) fn roster(&self, id: EventId) -> Vec<RosterLine> {
        let Some(event) = self.events.get(&id) else { return Vec::new() };
        let line = |(judge, address): (&JudgeId, &Option<String>)| RosterLine {
            judge: *judge,
            address: address.clone(),
            enrolment: event.current(judge).cloned(),
        };
        event.seats.iter().map(line).collect()
    }

    pub(super) fn enrolments_of(&self, user: UserId) -> Vec<(EventId, Enrolment)> {
        let own = |key: &&Key| key.enrolment.user == Some(user);
        let events = self.events.iter();
        let of = |(id, event): (&EventId, &super::Event)| {
            let keys = event.keys.iter().filter(own);
            keys.map(|key| (*id, key.enrolment.clone())).collect::<Vec<_>>()
        };
        events.flat_map(of).collect()
    }
}
