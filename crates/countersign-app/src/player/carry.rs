//! As a courier: results to the server, receipts to the device, at whatever time each can be reached.

use super::{Asked, Place, Player};
use crate::effect::{Ask, Effect};
use crate::event::Failure;
use alloc::format;
use alloc::vec::Vec;
use countersign::Timestamp;
use countersign_league::MatchId;
use countersign_league::evidence::{Bundle, MatchReceipt};

impl Player {
    /// Looks what the device wants carried.
    pub(super) fn look_into_outbox(&mut self) {
        self.ask(Ask::Outbox, Asked::Outbox);
    }

    pub(super) fn outbox_came(&mut self, result: Result<Vec<u8>, Failure>) {
        // A device that cannot be asked now is asked at the next view.
        let Ok(ids) = result else { return };
        for id in ids.as_chunks::<16>().0.iter().take(super::Courier::CAPACITY) {
            let id = MatchId::from_bytes(*id);
            if self.courier.get(&id).is_none() {
                self.ask(Ask::Fetch(*id.as_bytes()), Asked::Bundle(id));
            }
        }
    }

    pub(super) fn bundle_came(
        &mut self,
        id: MatchId,
        result: Result<Vec<u8>, Failure>,
        now: Timestamp,
    ) {
        let Ok(bundle) = result else { return };
        if Bundle::decode(&bundle).is_err() {
            return;
        }
        let Some(dropped) = self.courier.take_up(id, bundle.clone(), now) else { return };
        if let Some(old) = dropped {
            self.forget(&old);
        }
        self.keep(format!("bundle/{id}"), bundle);
        self.show();
    }

    /// The waits were for a server that nobody reached; now it may be there.
    pub(super) fn hurry(&mut self, now: Timestamp) {
        self.courier.hurry(now);
        self.errands.hurry(now);
    }

    /// Tries what is due, gives up what is too old, and asks to be woken.
    pub(super) fn run_courier(&mut self, now: Timestamp) {
        for id in self.courier.expired(now) {
            self.forget(&id);
        }
        let [high, low] = self.dice.draw::<2>();
        let jitter = u16::from_be_bytes([high, low]);
        for (id, bundle) in self.courier.due(now, jitter) {
            let ask = Ask::Server { message_type: "league.settle", payload: bundle };
            self.ask(ask, Asked::Settled(id));
        }
        let errand = self.run_errands(now, jitter);
        if let Some(next) = self.courier.next_try().into_iter().chain(errand).min() {
            self.effects.push(Effect::Wake(next));
        }
    }

    pub(super) fn settled(&mut self, id: MatchId, result: Result<Vec<u8>, Failure>) {
        match result {
            Ok(frame) => match self.open_by_server::<MatchReceipt>(&frame) {
                Ok(receipt) if receipt.value.match_id == id => {
                    self.courier.receipted(&id, frame);
                    self.deliver_receipts();
                    self.show();
                }
                Ok(_) | Err(_) => self.show(),
            },
            Err(Failure::Refused { code, detail }) if is_final(&code) => {
                // Broken evidence does not get better; the device and other phones still have theirs.
                self.courier.delivered(&id);
                self.forget(&id);
                self.fail(Failure::Refused { code, detail }.into());
            }
            Err(failure @ Failure::LoggedOut) => self.fail(failure.into()),
            // The courier tries again by itself.
            Err(Failure::Unreachable(_) | Failure::Refused { .. }) => self.show(),
        }
    }

    /// Brings receipts to the device, if there is one.
    pub(super) fn deliver_receipts(&mut self) {
        let Place::There(field) = &self.place else { return };
        let device = field.known.proof.value.device;
        for (id, receipt) in self.courier.receipts_for(device) {
            self.ask(Ask::Deliver(receipt), Asked::Delivered(id));
        }
    }

    pub(super) fn delivered(&mut self, id: MatchId, result: Result<Vec<u8>, Failure>) {
        let done = match result {
            Ok(_) => true,
            // The device has it already: nothing is left to be done.
            Err(Failure::Refused { .. }) => true,
            Err(Failure::Unreachable(_) | Failure::LoggedOut) => false,
        };
        if done && self.courier.delivered(&id) {
            self.forget(&id);
        }
        self.show();
    }

    fn forget(&mut self, id: &MatchId) {
        self.effects.push(Effect::Forget { name: format!("bundle/{id}") });
    }
}

/// Codes after which sending the same bytes again is pointless.
fn is_final(code: &str) -> bool {
    matches!(code, "evidence_invalid" | "invalid_payload" | "payload_too_large")
}
