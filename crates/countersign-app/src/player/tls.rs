//! The device's certificate for browsers: any phone that comes by brings its request to the server, and the chain back.

use super::{Asked, Place, Player};
use crate::effect::{Ask, Effect};
use crate::errand::Errand;
use crate::event::Failure;
use alloc::format;
use alloc::vec::Vec;
use countersign::Timestamp;
use countersign_league::DeviceId;
use countersign_league::evidence::{Artefact, TlsChain, TlsRequest, renewal_due};

impl Player {
    /// Asks how long the device's certificate lasts, and brings a chain that is here for it.
    pub(super) fn look_at_tls(&mut self) {
        self.ask(Ask::Tls, Asked::Tls);
        self.deliver_chain();
    }

    pub(super) fn tls_came(&mut self, result: Result<Vec<u8>, Failure>, now: Timestamp) {
        // A device without TLS, or an older one.
        let Ok(Ok(life)) = result.map(<[u8; 16]>::try_from) else { return };
        let Place::There(field) = &mut self.place else { return };
        let device = field.known.proof.value.device;
        let [not_before, not_after] = [0, 8].map(|at| {
            let mut millis = [0; 8];
            millis.copy_from_slice(&life[at..at + 8]);
            Timestamp::from_millis(u64::from_be_bytes(millis))
        });
        field.tls_until = Some(not_after).filter(|until| *until > Timestamp::ZERO);
        if now >= renewal_due(not_before, not_after) && self.errands.get(&device).is_none() {
            self.ask(Ask::TlsRequest, Asked::TlsRequest(device, not_after));
        }
        self.show();
    }

    pub(super) fn tls_request_came(
        &mut self,
        device: DeviceId,
        beyond: Timestamp,
        result: Result<Vec<u8>, Failure>,
        now: Timestamp,
    ) {
        let Ok(request) = result else { return };
        // The server judges it; here it only has to be small.
        if request.is_empty() || request.len() > TlsRequest::MAX_FRAME {
            return;
        }
        let name = format!("tls-request/{device}");
        self.keep(name, request.clone());
        let errand = Errand::ToServer { request, beyond, next: now, tries: 0 };
        self.take_errand(device, errand, now);
    }

    /// Tries what is due and gives up what is too old. When to be woken for the next try.
    pub(super) fn run_errands(&mut self, now: Timestamp, jitter: u16) -> Option<Timestamp> {
        for device in self.errands.expired(now) {
            self.forget_errand(&device);
        }
        for (device, payload) in self.errands.due(now, jitter) {
            let ask = Ask::Server { message_type: "league.tls_request", payload };
            self.ask(ask, Asked::TlsOrdered(device));
        }
        self.errands.next_try()
    }

    /// Whether the chain is there already, the next question tells.
    pub(super) fn tls_ordered(&mut self, device: DeviceId, result: Result<Vec<u8>, Failure>) {
        match result {
            Ok(_) => {
                let payload = format!(r#"{{"device":"{device}"}}"#).into_bytes();
                let ask = Ask::Server { message_type: "league.tls_chain", payload };
                self.ask(ask, Asked::TlsChain(device));
            }
            // A league without certificates, or a device that it does not know: nobody is helped by asking again.
            Err(Failure::Refused { code, .. }) if is_final(&code) => self.drop_errand(&device),
            Err(Failure::Refused { .. } | Failure::Unreachable(_) | Failure::LoggedOut) => {}
        }
    }

    pub(super) fn chain_came(
        &mut self,
        device: DeviceId,
        result: Result<Vec<u8>, Failure>,
        now: Timestamp,
    ) {
        // Not there yet: the errand is tried again by itself.
        let Ok(chain) = result else { return };
        let Some(Errand::ToServer { beyond, .. }) = self.errands.get(&device) else { return };
        let Ok(signed) = self.open_by_server::<TlsChain>(&chain) else { return };
        if signed.value.device != device || signed.value.not_after <= *beyond {
            return;
        }
        self.forget_errand(&device);
        self.keep(format!("tls-chain/{device}"), chain.clone());
        self.take_errand(device, Errand::ToDevice { chain }, now);
        self.deliver_chain();
    }

    pub(super) fn chain_delivered(&mut self, device: DeviceId, result: Result<Vec<u8>, Failure>) {
        match result {
            // Refused: it has a newer one, or another key by now.
            Ok(_) | Err(Failure::Refused { .. }) => self.drop_errand(&device),
            Err(Failure::Unreachable(_) | Failure::LoggedOut) => {}
        }
    }

    /// Takes up what was kept before a restart.
    pub(super) fn restore_errand(&mut self, name: &str, bytes: &[u8], now: Timestamp) {
        let Some((kind, device)) = name.split_once('/') else { return };
        let Ok(device) = device.parse() else { return };
        let errand = match kind {
            "tls-request" => Errand::ToServer {
                request: bytes.to_vec(),
                beyond: Timestamp::ZERO,
                next: now,
                tries: 0,
            },
            "tls-chain" => Errand::ToDevice { chain: bytes.to_vec() },
            _ => return,
        };
        self.errands.take_up(device, errand, now);
    }

    fn deliver_chain(&mut self) {
        let Place::There(field) = &self.place else { return };
        let device = field.known.proof.value.device;
        if let Some(Errand::ToDevice { chain }) = self.errands.get(&device) {
            let chain = chain.clone();
            self.ask(Ask::Deliver(chain), Asked::ChainDelivered(device));
        }
    }

    fn take_errand(&mut self, device: DeviceId, errand: Errand, now: Timestamp) {
        if let Some(dropped) = self.errands.take_up(device, errand, now) {
            self.forget_errand(&dropped);
        }
    }

    fn drop_errand(&mut self, device: &DeviceId) {
        if self.errands.done(device) {
            self.forget_errand(device);
        }
    }

    fn forget_errand(&mut self, device: &DeviceId) {
        for kind in ["tls-request", "tls-chain"] {
            self.effects.push(Effect::Forget { name: format!("{kind}/{device}") });
        }
    }
}

/// Codes after which sending the same request again is pointless.
fn is_final(code: &str) -> bool {
    matches!(code, "invalid_payload" | "not_found" | "conflict" | "forbidden" | "unknown_type")
}
