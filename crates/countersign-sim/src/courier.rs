//! Phones as couriers: results to the server, receipts to the device, whenever each can be reached.

use crate::phone::{Answer, Ask, Asked, Carried};
use crate::time::S;
use crate::world::World;
use countersign::Signer;
use countersign_league::MatchId;
use countersign_league::evidence::{MatchReceipt, open};

/// Most results that a phone carries.
const CARRIED_MAX: usize = 16;

impl World {
    /// As a courier: look what the device has, try what is due, bring receipts back.
    pub(crate) fn carry_results(&mut self, number: usize) {
        let phone = &self.phones[number];
        let is_busy = phone.is_waiting(|asked| {
            matches!(asked, Asked::Outbox | Asked::Bundle(_) | Asked::Receipt(_))
        });
        if !phone.carries || is_busy {
            return;
        }
        let waits = self.master.disk.outbox.len() as u8;
        let has_news =
            phone.looked.is_none_or(|(many, at)| many != waits || at + 60 * S < self.now);
        if waits > 0 && has_news && self.master.device.is_some() {
            self.phones[number].looked = Some((waits, self.now));
            return self.ask_device(number, Ask::Outbox, Asked::Outbox);
        }
        let now = self.now;
        let carried = &mut self.phones[number].carried;
        let due = carried.iter_mut().find(|(_, one)| one.receipt.is_none() && one.next <= now);
        if let Some((id, one)) = due {
            one.tries += 1;
            one.next = now + (S << one.tries.min(12));
            let (id, bundle) = (*id, one.bundle.clone());
            return self.ask_server(number, Ask::Settle(bundle), Asked::Receipt(id));
        }
        let back = carried.iter().find_map(|(id, one)| Some((*id, one.receipt.clone()?)));
        let is_delivering = self.phones[number].is_waiting(|a| matches!(a, Asked::Delivered(_)));
        if let Some((id, receipt)) = back.filter(|_| !is_delivering && self.master.device.is_some())
        {
            self.ask_device(number, Ask::Inbox(receipt), Asked::Delivered(Some(id)));
        }
    }

    pub(crate) fn fetch_new(&mut self, number: usize, ids: &[MatchId]) {
        for id in ids.iter().take(CARRIED_MAX) {
            if !self.phones[number].carried.contains_key(id) {
                self.ask_device(number, Ask::Fetch(*id), Asked::Bundle(*id));
            }
        }
    }

    pub(crate) fn take_up(&mut self, number: usize, id: MatchId, bundle: Vec<u8>) {
        let next = self.now + self.phones[number].late;
        let carried = &mut self.phones[number].carried;
        if carried.len() < CARRIED_MAX {
            carried.insert(id, Carried { bundle, receipt: None, next, tries: 0 });
        }
    }

    pub(crate) fn receipt_came(&mut self, number: usize, id: MatchId, answer: Answer) {
        if matches!(answer, Answer::Refused) {
            self.phones[number].carried.remove(&id);
        }
        let Answer::Frame(frame) = answer else { return };
        let key = self.keys.online[1].verifying_key();
        let Ok(receipt) = open::<MatchReceipt>(&self.keys.realm, key, &frame) else {
            return self.violate(format_args!("the server's receipt is not signed by it"));
        };
        if receipt.value.match_id != id {
            return self.violate(format_args!("a receipt for another match"));
        }
        self.log.count("phone: receipt");
        self.note_receipt(id, &frame);
        if let Some(one) = self.phones[number].carried.get_mut(&id) {
            one.receipt = Some(frame);
        }
    }
}
