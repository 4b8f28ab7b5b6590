//! From "there is a device" to "I am in its lobby": the device proves itself, then the player does.

use super::{Asked, Held, Known, Place, Player, Purpose, TRAVEL};
use crate::effect::Ask;
use crate::event::Failure;
use crate::screen::Trouble;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use countersign::Timestamp;
use countersign_league::Signed;
use countersign_league::evidence::{
    self, Act, ActKind, DeviceCertificate, DeviceProof, DeviceStatus, Received, Ticket,
};

/// How far it is.
#[derive(Debug, Default)]
pub(crate) struct Approach {
    certificate: Option<Signed<DeviceCertificate>>,
    /// Kept until a certificate says whose key must have signed it.
    proof: Option<([u8; 32], Vec<u8>)>,
    pub(crate) known: Option<Known>,
    pub(crate) ticket: Option<Held>,
}

impl Player {
    pub(super) fn approach(&mut self) {
        self.place = Place::Approaching(Box::default());
        let challenge = self.dice.draw();
        self.ask(Ask::Certificate, Asked::Certificate);
        self.ask(Ask::Prove(challenge), Asked::Proof(challenge));
        self.show();
    }

    pub(super) fn certificate_came(&mut self, result: Result<Vec<u8>, Failure>, now: Timestamp) {
        let frame = match result {
            Ok(frame) => frame,
            // A device that was never online has none; the server is asked once the proof is here.
            Err(Failure::Refused { .. }) => return,
            Err(failure) => return self.fail(failure.into()),
        };
        match self.open_certificate(&frame, now) {
            Ok(certificate) => self.take_certificate(certificate),
            // An old certificate is no proof of fraud: the server is asked.
            Err(Trouble::CertificateExpired) => {}
            Err(trouble) => self.fail(trouble),
        }
    }

    pub(super) fn proof_came(&mut self, challenge: &[u8; 32], result: Result<Vec<u8>, Failure>) {
        let frame = match result {
            Ok(frame) => frame,
            Err(failure) => return self.fail(failure.into()),
        };
        let Place::Approaching(approach) = &mut self.place else { return };
        let has_certificate = approach.certificate.is_some();
        approach.proof = Some((*challenge, frame.clone()));
        if has_certificate {
            self.check_proof();
        } else {
            let ask = Ask::Server { message_type: "league.device_verify", payload: frame };
            self.ask(ask, Asked::VerifiedByServer);
        }
    }

    pub(super) fn verified_by_server(&mut self, result: Result<Vec<u8>, Failure>, now: Timestamp) {
        let frame = match result {
            Ok(frame) => frame,
            Err(Failure::Unreachable(_)) => return self.fail(Trouble::DeviceUnknownOffline),
            Err(failure) => return self.fail(failure.into()),
        };
        match self.open_certificate(&frame, now) {
            Ok(certificate) => {
                // The device may never have been online: it gets its certificate from us.
                self.ask(Ask::Deliver(frame), Asked::Sent);
                self.take_certificate(certificate);
            }
            Err(trouble) => self.fail(trouble),
        }
    }

    fn take_certificate(&mut self, certificate: Signed<DeviceCertificate>) {
        let Place::Approaching(approach) = &mut self.place else { return };
        if approach.known.is_some() {
            return;
        }
        approach.certificate = Some(certificate);
        if approach.proof.is_some() {
            self.check_proof();
        }
    }

    /// The key in the certificate must have signed our challenge.
    fn check_proof(&mut self) {
        let Place::Approaching(approach) = &mut self.place else { return };
        let (Some(certificate), Some((challenge, frame))) =
            (approach.certificate.clone(), approach.proof.take())
        else {
            return;
        };
        let master = &certificate.value.master;
        let proof = match evidence::open::<DeviceProof>(&self.realm, master, &frame) {
            Ok(proof) => proof,
            Err(_) => return self.fail(Trouble::NotThisDevice),
        };
        if proof.value.challenge != challenge || proof.value.device != certificate.value.device {
            return self.fail(Trouble::NotThisDevice);
        }
        let (device, lobby) = (proof.value.device, proof.value.lobby);
        approach.known = Some(Known { certificate, proof });
        let payload = format!(r#"{{"device":"{device}","lobby":"{lobby}"}}"#).into_bytes();
        self.ask(Ask::Server { message_type: "league.ticket", payload }, Asked::Ticket);
        self.show();
    }

    pub(super) fn ticket_came(&mut self, result: Result<Vec<u8>, Failure>, now: Timestamp) {
        let held = match result {
            Ok(frame) => self.open_ticket(frame),
            Err(Failure::Unreachable(_)) => match self.travel.clone() {
                Some(held) if held.ticket.value.expires > now => Ok(held),
                Some(_) | None => Err(Trouble::NoTicketOffline),
            },
            Err(failure) => Err(failure.into()),
        };
        let held = match held {
            Ok(held) => held,
            Err(trouble) => return self.fail(trouble),
        };
        if held.ticket.value.barred_until > now {
            return self.fail(Trouble::Barred { until: held.ticket.value.barred_until });
        }
        let Place::Approaching(approach) = &mut self.place else { return };
        let Some(known) = &approach.known else { return };
        let match_id = known.proof.value.match_id;
        let frame = held.frame.clone();
        approach.ticket = Some(held);
        let act = Act { match_id, seq: self.next_seq(now), kind: ActKind::Join, target: 0 };
        self.sign(&act, Purpose::Join(frame), now);
        self.show();
    }

    pub(super) fn fetch_travel_ticket(&mut self) {
        let payload = br#"{"travel":true}"#.to_vec();
        self.ask(Ask::Server { message_type: "league.ticket", payload }, Asked::Travel);
    }

    pub(super) fn travel_came(&mut self, result: Result<Vec<u8>, Failure>) {
        let opened = result.map_err(Trouble::from).and_then(|frame| self.open_ticket(frame));
        match opened {
            Ok(held) => {
                self.keep(TRAVEL.into(), held.frame.clone());
                self.travel = Some(held);
                self.show();
            }
            Err(trouble) => self.fail(trouble),
        }
    }

    /// Signed by the server, and for this session's key.
    pub(super) fn open_ticket(&self, frame: Vec<u8>) -> Result<Held, Trouble> {
        let ticket = self.open_by_server::<Ticket>(&frame)?;
        match ticket.value.key == self.key {
            true => Ok(Held { ticket, frame }),
            false => Err(Trouble::Protocol("the ticket is for another key")),
        }
    }

    fn open_certificate(
        &self,
        frame: &[u8],
        now: Timestamp,
    ) -> Result<Signed<DeviceCertificate>, Trouble> {
        let certificate = self.open_by_server::<DeviceCertificate>(frame)?;
        if certificate.value.expires <= now {
            return Err(Trouble::CertificateExpired);
        }
        match certificate.value.status {
            DeviceStatus::Revoked | DeviceStatus::Suspect => {
                Err(Trouble::DeviceStatus(certificate.value.status))
            }
            DeviceStatus::Made | DeviceStatus::Sold | DeviceStatus::Active | DeviceStatus::Rma => {
                Ok(certificate)
            }
        }
    }

    /// Evidence by an online key of the key set.
    pub(super) fn open_by_server<T: evidence::Artefact>(
        &self,
        frame: &[u8],
    ) -> Result<Signed<T>, Trouble> {
        let not_by_server = |_| Trouble::NotByServer;
        let created = countersign::Frame::split(frame)
            .and_then(|frame| countersign::RecordHeader::decode(frame.header))
            .map_err(|_| Trouble::NotByServer)?
            .created;
        let received = Received::<T>::decode(frame).map_err(not_by_server)?;
        let key = self
            .keyset
            .record_key(&received.signer(), created)
            .map_err(|_| Trouble::NotByServer)?;
        received.verify(&self.realm, key).map_err(not_by_server)
    }
}
