//! What phones ask and say. Nothing of it is believed before its signature is.

use super::{Device, Output};
use crate::evidence::{self, Act, Artefact, DeviceProof, EvidenceError, Received, Roll, Ticket};
use crate::game::{Event, Exhibit, Join, Refusal};
use crate::pair::Entropy;
use alloc::boxed::Box;
use alloc::vec::Vec;
use countersign::{Frame, RecordDigest, RecordHeader, Signer, UserId};

/// A place in the lobby or in the match; a secret between one phone and the device.
pub type Token = [u8; 16];

/// Why a phone is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The ticket or the signature.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The ticket was not signed by a key that this device knows.
    #[error(
        "the ticket is not signed by the league's server, or by a key of it that this device has not heard of yet: bring it the current key set"
    )]
    Server,
    /// The rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many phones.
    #[error("the device serves no more phones")]
    Full,
}

/// Why an act or an answer to the roll call is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SayError {
    /// The signature, or what was signed.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    /// The rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl<S: Signer + Clone, E: Entropy> Device<S, E> {
    /// Most tokens; more phones are not served.
    pub const TOKENS: usize = 64;

    /// The device's answer to a phone's challenge; `None` while there is neither lobby nor match.
    pub fn prove(&mut self, challenge: [u8; 32], now: u64) -> Option<Vec<u8>> {
        let invitation = self.game.invitation()?;
        let proof = DeviceProof {
            device: self.setup.device,
            challenge,
            lobby: invitation.lobby,
            match_id: invitation.match_id,
            device_seq: invitation.device_seq,
            commit: invitation.commit,
            firmware: self.setup.firmware,
        };
        self.sign(&proof, RecordHeader::FIRST, now)
    }

    /// A phone wants in, or back in. `radio` is a keyed hash of its radio's address.
    pub fn join(
        &mut self,
        ticket: &[u8],
        act: &[u8],
        radio: [u8; 8],
        now: u64,
    ) -> Result<Token, JoinError> {
        let ticket = self.open_ticket(ticket)?;
        let act = Exhibit::<Act>::open(&self.realm, &ticket.value().key, bounded::<Act>(act)?)?;
        let (user, created) = (ticket.value().user, ticket.signed().created);
        if self.tokens.len() >= Self::TOKENS && !self.tokens.values().any(|known| *known == user) {
            return Err(JoinError::Full);
        }
        self.tell(Event::Join(Box::new(Join { ticket, act, radio })), now)?;
        self.learn_time(created, now);
        self.drop_tokens(&user);
        let mut token = [0; 16];
        token.copy_from_slice(&self.entropy.draw()[..16]);
        self.tokens.insert(token, user);
        Ok(token)
    }

    /// A phone says something: an act, or its answer to the roll call.
    pub fn say(&mut self, frame: &[u8], now: u64) -> Result<(), SayError> {
        let header = Frame::split(frame).and_then(|frame| RecordHeader::decode(frame.header));
        let header = header.map_err(|error| EvidenceError::Record(error.into()))?;
        let key = self.game.key(&header.signer).cloned().ok_or(Refusal::Unknown)?;
        let event = if header.record_type.as_str() == Roll::TYPE {
            Event::Roll(Exhibit::open(&self.realm, &key, bounded::<Roll>(frame)?)?)
        } else {
            Event::Act(Exhibit::open(&self.realm, &key, bounded::<Act>(frame)?)?)
        };
        self.tell(event, now)?;
        Ok(())
    }

    /// A sign of life of a phone. `false`: the token is not known (any more).
    pub fn seen(&mut self, token: &Token, now: u64) -> bool {
        let Some(user) = self.tokens.get(token).copied() else { return false };
        self.hear_game(Event::PhoneSeen(user), now);
        self.settle(now);
        true
    }

    /// A phone's connection, or its radio's association, ended.
    pub fn closed(&mut self, token: &Token, now: u64) {
        if let Some(user) = self.tokens.get(token).copied() {
            self.hear_game(Event::PhoneClosed(user), now);
            self.settle(now);
        }
    }

    pub(super) fn drop_tokens(&mut self, user: &UserId) {
        let dropped: Vec<Token> = self
            .tokens
            .iter()
            .filter(|(_, known)| *known == user)
            .map(|(token, _)| *token)
            .collect();
        for token in dropped {
            self.tokens.remove(&token);
            self.emit(Output::Dropped(token));
        }
    }

    fn open_ticket(&self, frame: &[u8]) -> Result<Exhibit<Ticket>, JoinError> {
        let received = Received::<Ticket>::decode(frame)?;
        let key = self.server_key(&received.signer(), frame).ok_or(JoinError::Server)?;
        Ok(Exhibit::open(&self.realm, key, frame.to_vec())?)
    }
}

fn bounded<T: Artefact>(frame: &[u8]) -> Result<Vec<u8>, EvidenceError> {
    match frame.len() <= T::MAX_FRAME {
        true => Ok(frame.to_vec()),
        false => Err(EvidenceError::TooLong(T::MAX_FRAME)),
    }
}

/// The digest of the last result, for whoever asks what the device did.
impl<S: Signer + Clone, E: Entropy> Device<S, E> {
    /// Digest of the last terminal record, or [`RecordHeader::FIRST`].
    pub fn last_result(&self) -> RecordDigest {
        self.game.standing().last_terminal
    }

    /// Verifies evidence by the server, for shells that show it.
    pub fn open_by_server<T: Artefact>(
        &self,
        frame: &[u8],
    ) -> Result<evidence::Signed<T>, EvidenceError> {
        let received = Received::<T>::decode(frame)?;
        match self.server_key(&received.signer(), frame) {
            Some(key) => received.verify(&self.realm, key),
            None => Err(EvidenceError::Record(countersign::verify::RecordError::Signer)),
        }
    }
}
