//! The master: the pure device, and where its words go.

use super::report;
use crate::actor::Half;
use crate::control::{Answer, Command, Goal, contact};
use crate::disk::{Journal, StateFolder};
use crate::display::Display;
use crate::key::Key;
use crate::random::Random;
use crate::tls::Tls;
use crate::words;
use bytes::Bytes;
use countersign::VerifyingKey;
use countersign_keys::DiskError;
use countersign_league::device::{Device, Output};
use countersign_league::game::Light;
use countersign_league::goal::Input;
use countersign_league::pair::master::ParcelError;
use countersign_provision::DeviceConfig;
use std::net::SocketAddr;
use tokio::sync::{mpsc, oneshot, watch};

/// The newest view, as phones get it. Who is slow sees fewer of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latest {
    pub(crate) number: u64,
    pub(crate) frame: Bytes,
}

/// Where the master can be reached.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) https: Option<SocketAddr>,
    pub(crate) http: Option<SocketAddr>,
    pub(crate) dns: Option<SocketAddr>,
    pub(crate) link: String,
}

/// A master with its disk and its listeners.
pub(crate) struct MasterHalf {
    pub(crate) device: Device<Key, Random>,
    pub(super) journal: Journal,
    pub(super) state: StateFolder,
    /// Who may sign the next key set.
    pub(super) roots: Vec<VerifyingKey>,
    pub(super) views: watch::Sender<Latest>,
    /// How many tokens were dropped: connections look whether theirs is still good.
    pub(super) drops: watch::Sender<u64>,
    pub(super) display: Display,
    pub(super) light: Option<Light>,
    pub(super) boot: u16,
    pub(super) config: DeviceConfig,
    pub(super) place: Place,
    /// HTTPS, if it is served.
    pub(super) tls: Option<Tls>,
    /// Who waits for what the slave says to a parcel.
    pub(super) asking: Option<oneshot::Sender<Option<Vec<u8>>>>,
}

impl MasterHalf {
    /// The first lines of the display: who and where.
    pub(super) fn greet(&mut self) {
        let DeviceConfig { serial, mark, .. } = &self.config;
        self.display.line(&format!("master of {serial} ({mark}), start {}", self.boot));
        let Place { https, http, link, dns: _ } = &self.place;
        let secure = https.map(|address| format!("https://{address}/ "));
        let plain = http.map(|address| format!("http://{address}/ "));
        let places = [secure, plain].into_iter().flatten().collect::<String>();
        self.display.line(&format!("phones {places} link {link}"));
    }

    /// Who this is.
    pub(crate) fn config(&self) -> &DeviceConfig {
        &self.config
    }

    /// Whether a chain would be of use.
    pub(crate) fn wants_chain(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.key.is_some())
    }

    /// The frame that asks for a chain; `None`: none would be of use.
    pub(crate) fn tls_request(&mut self, now: u64) -> Option<Vec<u8>> {
        let key = self.tls.as_ref()?.key.as_ref()?;
        self.device.tls_request(&self.config.network.host, &key.csr, now)
    }

    /// Brings the slave something. What it says comes later; `None`: that is lost.
    pub(crate) fn bring(
        &mut self,
        bytes: &[u8],
        now: u64,
    ) -> Result<oneshot::Receiver<Option<Vec<u8>>>, ParcelError> {
        self.device.bring(bytes, now)?;
        let (asking, answer) = oneshot::channel();
        self.asking = Some(asking);
        Ok(answer)
    }

    /// Tells whoever asked the slave. Nobody waits any more if this fails.
    fn told(&mut self, answer: Option<Vec<u8>>) {
        if let Some(asking) = self.asking.take() {
            drop(asking.send(answer));
        }
    }

    fn carry(
        &mut self,
        output: Output,
        said: &mpsc::Sender<Vec<u8>>,
        now: u64,
    ) -> Result<(), DiskError> {
        match output {
            Output::NewJournal => self.journal.start_new(),
            Output::Append(entry) => self.journal.append(&entry)?,
            Output::PersistLink(record) => self.state.put_link(&record)?,
            Output::PersistKeyset(frame) => {
                self.state.put_keyset(&self.roots, &frame)?;
                self.roots.clone_from(&self.device.keyset().content.roots);
                tracing::info!(version = self.device.keyset().content.version, "new key set");
            }
            Output::PersistCertificate(frame) => {
                self.state.put_certificate(&frame)?;
                tracing::info!("new device certificate");
            }
            Output::PersistTls(frame) => {
                if let Some(tls) = &self.tls {
                    tls.take(&frame)?;
                }
            }
            // A radio loses what it cannot take.
            Output::Send(frame) => drop(said.try_send(frame)),
            Output::View { number, frame } => {
                self.views.send_replace(Latest { number, frame: frame.into() });
                self.display.view(&self.device.view(now));
            }
            Output::Outbox(id, bundle) => self.state.put_bundle(&id, &bundle)?,
            Output::Settled(id) => self.state.drop_bundle(&id)?,
            Output::Dropped(_) => self.drops.send_modify(|count| *count += 1),
            Output::Light(light) => {
                self.light = Some(light);
                tracing::debug!(light = words::light(light), "lights");
            }
            Output::Scored(team) => self.display.scored(team),
            Output::Answered(answer) => self.told(Some(answer)),
            Output::Undelivered => self.told(None),
            Output::Note(note) => tracing::info!(note),
        }
        Ok(())
    }

    fn hit(&mut self, end: Goal, peak: u16, duration_ms: u32, now: u64) -> Answer {
        if end != Goal::North {
            return Answer::refused(
                &"this is the master; its goal is the north one. Ask the slave for the south one",
            );
        }
        let hit = contact(peak, duration_ms, now);
        let felt = if self.device.is_armed(hit.at) { "goal" } else { "touch" };
        self.device.sense(Input::Contact(hit), now);
        Answer::done(felt)
    }
}

impl Half for MasterHalf {
    fn frame(&mut self, frame: &[u8], now: u64) {
        self.device.frame(frame, now);
    }

    fn sense(&mut self, input: Input, now: u64) {
        self.device.sense(input, now);
    }

    fn obey(&mut self, command: &Command, now: u64) -> Answer {
        let outcome = match command {
            Command::Hit { end, peak, duration_ms } => {
                return self.hit(*end, *peak, *duration_ms, now);
            }
            Command::Button => self.device.press(now),
            Command::OpenLobby => self.device.open_lobby(now),
            Command::Show => return Answer::state(&report::of(self, now)),
        };
        match outcome {
            Ok(()) => Answer::done(words::state(self.device.state())),
            Err(refusal) => {
                let state = words::state(self.device.state());
                Answer::refused(&format_args!("{refusal} (the device is in the state {state})"))
            }
        }
    }

    fn handle_timeout(&mut self, now: u64) {
        self.device.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.device.poll_timeout().map(|(due, _)| due)
    }

    fn carry_out(&mut self, said: &mpsc::Sender<Vec<u8>>, now: u64) -> Result<(), DiskError> {
        while let Some(output) = self.device.poll_output() {
            self.carry(output, said, now)?;
        }
        Ok(())
    }
}
