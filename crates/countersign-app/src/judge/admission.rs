//! Getting to know a hub: hello, challenge, proof, welcome. Lost packets are asked for again.

use super::{Asked, Judge, JudgeAsk, JudgeEffect, JudgeTrouble, wait_ms};
use core::time::Duration;
use countersign::{Fingerprint, Signature, Timestamp};
use countersign_judging::auth::{AuthMessage, Challenge, Hello, Proof, Welcome};
use countersign_mesh::{KeyEpoch, PacketType};

/// How often the handshake is repeated, so that the time and the rounds stay right.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// Where the handshake is.
#[derive(Debug, Default)]
pub(super) struct Admission {
    stage: Stage,
    /// When to begin, or begin again.
    due: Option<Timestamp>,
    tries: u32,
    welcome: Option<Welcome>,
    /// Whose welcome it is.
    hub: Option<Fingerprint>,
    /// Newest version of the bundle that was asked for.
    fetched: u32,
    /// A newer epoch that a hub announced.
    announced: Option<KeyEpoch>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    Hello([u8; 16]),
    Proof([u8; 16]),
}

impl Admission {
    /// From the beginning, now.
    pub(super) fn begin(&mut self, now: Timestamp) {
        *self = Self { due: Some(now), fetched: self.fetched, ..Self::default() };
    }

    /// A link came up: do not wait out the pause.
    pub(super) fn hurry(&mut self, now: Timestamp) {
        if self.due.is_some() && self.welcome.is_none() {
            self.due = Some(now);
            self.tries = 0;
        }
    }

    pub(super) const fn is_welcome(&self) -> bool {
        self.welcome.is_some()
    }

    pub(super) const fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// The hub that knows this judge.
    pub(super) const fn hub(&self) -> Option<&Fingerprint> {
        self.hub.as_ref()
    }

    pub(super) fn announce(&mut self, epoch: KeyEpoch) {
        self.announced = self.announced.max(Some(epoch));
    }

    pub(super) const fn announced(&self) -> Option<KeyEpoch> {
        self.announced
    }

    /// Whether that version was not asked for yet.
    pub(super) fn may_fetch(&mut self, version: u32) -> bool {
        let newer = version > self.fetched;
        self.fetched = self.fetched.max(version);
        newer
    }

    fn nonce(&self) -> Option<[u8; 16]> {
        match &self.stage {
            Stage::Idle => None,
            Stage::Hello(nonce) | Stage::Proof(nonce) => Some(*nonce),
        }
    }
}

impl Judge {
    /// Says hello when it is time.
    pub(super) fn run_admission(&mut self, now: Timestamp) {
        let Some(due) = self.admission.due else { return };
        let (Some(attending), Some(_)) = (&self.attending, &self.day) else { return };
        let judge = attending.judge;
        if now < due {
            return self.wake(due);
        }
        let nonce = self.dice.draw::<16>();
        self.admission.stage = Stage::Hello(nonce);
        self.admission.tries += 1;
        let next = now.plus(Duration::from_millis(wait_ms(self.admission.tries, &mut self.dice)));
        self.admission.due = Some(next);
        self.wake(next);
        self.send(PacketType::Auth, &Hello { judge, nonce }.encode(), now);
    }

    /// Content of an AUTH packet that opened with the event's key.
    pub(super) fn heard(&mut self, content: &[u8], now: Timestamp) {
        match AuthMessage::decode(content) {
            Ok(AuthMessage::Challenge(challenge)) => self.challenged(challenge, now),
            Ok(AuthMessage::Welcome(received)) => self.welcomed(received, now),
            // Other judges' words, or nobody's.
            Ok(AuthMessage::Hello(_) | AuthMessage::Proof(_)) | Err(_) => {}
        }
    }

    fn challenged(&mut self, challenge: Challenge, now: Timestamp) {
        let Some(attending) = &self.attending else { return };
        let is_ours = challenge.judge == attending.judge
            && self.admission.stage == Stage::Hello(challenge.nonce);
        if !is_ours {
            return;
        }
        let bundle_version = attending.bundle.value.version;
        let event = attending.bundle.value.id;
        let proof = Proof { challenge, clock: now, bundle_version };
        match proof.signing_input(&self.realm, &event, self.key.fingerprint()) {
            Ok(input) => {
                self.admission.stage = Stage::Proof(challenge.nonce);
                self.ask(JudgeAsk::Sign(input), Asked::Proof(proof));
            }
            Err(_) => self.trouble = Some(JudgeTrouble::Protocol("the challenge cannot be signed")),
        }
    }

    /// The proof's signature is here.
    pub(super) fn proven(
        &mut self,
        proof: &Proof,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<(), JudgeTrouble> {
        let signature: &Signature = signature.try_into().map_err(|_| JudgeTrouble::Signature)?;
        if self.admission.stage == Stage::Proof(proof.challenge.nonce) {
            self.send(PacketType::Auth, &proof.seal(signature), now);
        }
        Ok(())
    }

    fn welcomed(&mut self, received: countersign_judging::auth::ReceivedWelcome, now: Timestamp) {
        let (Some(attending), Some(nonce)) = (&self.attending, self.admission.nonce()) else {
            return;
        };
        if *received.judge() != attending.judge {
            return;
        }
        let event = &attending.bundle.value;
        let welcome = event.hubs.iter().find_map(|hub| {
            let welcome = received.verify(&self.realm, &event.id, &hub.key, &nonce).ok()?;
            Some((welcome, *hub.key.fingerprint()))
        });
        // What no hub signed for this very question is somebody else's, or yesterday's.
        let Some((welcome, hub)) = welcome else { return };
        self.offset_ms = Some(welcome.offset_ms(now));
        for (number, state) in &welcome.rounds {
            self.round_is(*number, *state, now);
        }
        let version = welcome.bundle_version;
        let next = now.plus(AGAIN);
        self.admission.stage = Stage::Idle;
        self.admission.tries = 0;
        self.admission.due = Some(next);
        self.admission.welcome = Some(welcome);
        self.admission.hub = Some(hub);
        self.wake(next);
        self.want_version(version);
        self.ballots.hurry(now);
        self.effects.push(JudgeEffect::Show);
    }
}
