//! The device, and where its words go. Everybody asks it through [`Host::call`], and is answered when what follows from the
//! question is durable.

use crate::panel::{LAMP, PAGE};
use crate::words;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::mem;
use core::net::Ipv4Addr;
use countersign::{Signature, Signer, SigningKey, VerifyingKey};
use countersign_chip::flash::{
    Ahead, JOURNAL, JOURNAL_MAX, Journal, OUTBOX, Outbox, OutboxError, Parcel, Small,
};
use countersign_chip::record::DeviceRecord;
use countersign_chip::update::{ImageKind, Reply, Request};
use countersign_chip::{Callers, Keeper};
use countersign_league::button::{Then, Touch};
use countersign_league::device::{Again, Device, Output, Parts, Work};
use countersign_league::game::{Light, Refusal, Setup, State};
use countersign_league::goal::Calibration;
use countersign_league::pair::Entropy;
use countersign_league::pair::master::ParcelError;
use countersign_league::{MatchId, journal};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::signal::Signal;
use embassy_sync::watch::Watch;
use firmware_shell::clock::now;
use firmware_shell::entropy::Noise;
use firmware_shell::fault;
use firmware_shell::flash::App;
use firmware_shell::keep::{Keep, NotKept};
use firmware_shell::release;
use firmware_shell::update::Updates;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Connections of phones at a time: one socket for each of ten, and some for calls.
pub(crate) const CONNECTIONS: usize = 13;
/// Phones whose hardware address is remembered; the driver takes no more than ten at a time.
const PHONES: usize = 64;

/// Frames for the slave. A radio loses what it cannot take.
pub(crate) static SAID: Channel<CriticalSectionRawMutex, Vec<u8>, 16> = Channel::new();
/// What connections wait for.
pub(crate) static NEWS: Watch<CriticalSectionRawMutex, News, CONNECTIONS> = Watch::new();

/// What the slave said to what a phone had for it; `None`: that is lost. One phone waits at a time.
pub(crate) static ANSWERED: Signal<CriticalSectionRawMutex, Option<Vec<u8>>> = Signal::new();

/// What has changed for phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct News {
    /// Number of the newest view.
    pub(crate) view: u64,
    /// How many tokens were dropped: connections look whether theirs is still good.
    pub(crate) drops: u32,
}

/// Everybody runs on one executor and nobody keeps it over a wait.
pub(crate) type Shared = &'static RefCell<Host>;

/// One key in memory, however many sign with it.
#[derive(Clone)]
pub(crate) struct Key(Rc<SigningKey>);

impl Signer for Key {
    fn verifying_key(&self) -> &VerifyingKey {
        self.0.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}

/// What a master starts with.
pub(crate) struct Found {
    pub(crate) record: DeviceRecord,
    pub(crate) key: SigningKey,
    pub(crate) keeper: Keeper,
    pub(crate) noise: Noise,
    pub(crate) keep: Keep,
    pub(crate) app: App,
    pub(crate) calibration: Calibration,
}

/// The device with its flash.
pub(crate) struct Host {
    pub(crate) device: Device<Key, Noise>,
    pub(crate) record: DeviceRecord,
    /// Who has how many connections.
    pub(crate) callers: Callers,
    keeper: Keeper,
    keep: Keep,
    updates: Updates,
    journal: Journal,
    ahead: Ahead,
    outbox: Outbox,
    /// Whose bundles wait to be forgotten.
    settled: Vec<MatchId>,
    calibration: Calibration,
    /// Who may sign the next key set.
    roots: Vec<VerifyingKey>,
    latest: Rc<[u8]>,
    news: News,
    light: Light,
    /// Whom the Wi-Fi has given which address.
    phones: BTreeMap<Ipv4Addr, [u8; 6]>,
    /// Drawn at every start and kept nowhere: nobody can follow a phone from one evening to the next.
    radio_key: Zeroizing<[u8; 32]>,
}

impl Host {
    /// Opens what is kept, and starts the device.
    pub(crate) fn start(found: Found) -> Result<Self, NotKept> {
        let Found { record, key, keeper, mut noise, mut keep, app, calibration } = found;
        let starts = keep.count_start()?;
        let mut journal = Journal::open(&mut keep.flash, JOURNAL)?;
        let outbox = Outbox::open(&mut keep.flash, OUTBOX)?;
        let bytes = journal.read(&mut keep.flash)?;
        let (keyset, roots) = keeper.newest(&record, keep.read(Small::Keyset)?.as_deref());
        let radio_key = Zeroizing::new(noise.draw());
        let link = keep.read(Small::Link)?;
        let parts = Parts {
            setup: setup(&record),
            signer: Key(Rc::new(key)),
            entropy: noise,
            keyset,
            roots: roots.clone(),
            certificate: keep.read(Small::Certificate)?,
            tls_key: None,
            chain: None,
            journal: &bytes,
            link: link.as_deref(),
            boot: u16::try_from(starts.all()).unwrap_or(u16::MAX),
            calibration,
        };
        // A record of another version cannot be read: the flash is not ours.
        let (device, boot) = Device::start(parts, now()).map_err(|_| NotKept)?;
        journal
            .keep(journal::Walk::new(bytes.get(..boot.valid).unwrap_or_default()).count() as u32);
        drop(bytes);
        let updates = Updates::open(ImageKind::Master, app, &mut keep)?;
        let mut host = Self {
            device,
            record,
            callers: Callers::new(),
            keeper,
            keep,
            updates,
            journal,
            ahead: Ahead::new(),
            outbox,
            settled: Vec::new(),
            calibration,
            roots,
            latest: Rc::from([]),
            news: News::default(),
            light: Light::Off,
            phones: BTreeMap::new(),
            radio_key,
        };
        host.carry_out();
        Ok(host)
    }

    /// This image works.
    pub(crate) fn confirm(&mut self) -> Result<(), NotKept> {
        self.keep.confirm()
    }

    /// Runs `work` on the device. What follows from it is done when it returns.
    pub(crate) fn call<T>(&mut self, work: impl FnOnce(&mut Device<Key, Noise>, u64) -> T) -> T {
        let found = work(&mut self.device, now());
        self.carry_out();
        found
    }

    /// What time alone changes, if it is time.
    pub(crate) fn handle_timeout(&mut self) {
        let now = now();
        if self.device.poll_timeout().is_some_and(|(due, _)| due <= now) {
            self.call(|device, now| device.handle_timeout(now));
        }
        self.updates.start_new(self.device.is_idle(), now);
    }

    /// The button. What it means, the device says; if that is nothing now, the lamp shows why.
    pub(crate) fn touched(&mut self, touch: Touch) -> Then {
        self.call(|device, now| device.touched(touch, now)).unwrap_or(Then::Nothing)
    }

    /// Whether there is time for this work of a phone.
    pub(crate) fn permit(&mut self, work: Work, peer: Ipv4Addr) -> Result<(), Again> {
        let radio = self.radio(peer);
        self.device.permit(work, radio, now())
    }

    /// Bundles that the league has are forgotten, but not in a match: an erase is a time without a reading. If the power fails before, a
    /// phone carries them once more, and the league says so once more.
    pub(crate) fn forget(&mut self) -> Result<(), NotKept> {
        if !self.state().is_open_match() {
            for id in mem::take(&mut self.settled) {
                self.outbox.settle(&mut self.keep.flash, &id)?;
            }
        }
        Ok(())
    }

    /// What a match will need is erased before it, a sector for each turn of the loop.
    pub(crate) fn prepare(&mut self) -> Result<(), NotKept> {
        let Self { device, keep, journal, ahead, .. } = self;
        Ok(ahead.turn(device.state(), &mut keep.flash, journal, &mut keep.store)?)
    }

    /// Where the game is.
    pub(crate) fn state(&self) -> State {
        self.device.state()
    }

    /// The sheet at rest.
    pub(crate) const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The sheet was measured again, if nothing has begun since.
    pub(crate) fn calibrated(&mut self, found: Calibration) -> Result<(), NotKept> {
        let taken: Result<(), Refusal> = self.call(|device, now| device.calibrated(found, now));
        if taken.is_ok() {
            self.keep.put_calibration(&found)?;
            self.calibration = found;
        }
        Ok(())
    }

    /// The newest view, as phones get it.
    pub(crate) fn latest(&self) -> (u64, Rc<[u8]>) {
        (self.news.view, Rc::clone(&self.latest))
    }

    /// Lamp and display.
    pub(crate) fn show(&self) {
        LAMP.signal(words::pattern(self.light));
        PAGE.signal(words::page(&self.record, &self.device.view(now()), self.device.is_linked()));
    }

    /// The Wi-Fi has given a phone an address.
    pub(crate) fn put_phone(&mut self, address: Ipv4Addr, hardware: [u8; 6]) {
        if self.phones.len() == PHONES && !self.phones.contains_key(&address) {
            self.phones.pop_first();
        }
        self.phones.insert(address, hardware);
    }

    /// Which phone is which, for the rule "one player for each radio": a keyed hash of its hardware address.
    pub(crate) fn radio(&self, peer: Ipv4Addr) -> [u8; 8] {
        let hash =
            Sha256::new_with_prefix(b"countersign-radio-v1").chain_update(&self.radio_key[..]);
        let hash = match self.phones.get(&peer) {
            Some(hardware) => hash.chain_update(b"mac ").chain_update(hardware),
            None => hash.chain_update(b"ip ").chain_update(peer.octets()),
        };
        let mut radio = [0; 8];
        radio.copy_from_slice(&hash.finalize()[..8]);
        radio
    }

    /// What waits for couriers: match, and number of bytes.
    pub(crate) fn bundles(&self) -> Vec<(MatchId, u32)> {
        self.outbox.waiting().collect()
    }

    /// One of them.
    pub(crate) fn bundle(&self, id: &MatchId) -> Option<Parcel> {
        self.outbox.find(id)
    }

    /// A piece of it; `None` at its end, once it has gone, and if the flash fails.
    pub(crate) fn piece(&mut self, parcel: &Parcel, number: u16) -> Option<Vec<u8>> {
        self.outbox.piece(&mut self.keep.flash, parcel, number).ok().flatten()
    }

    /// What this half says to a courier. A flash that fails is the end of this run.
    pub(crate) fn update(&mut self, request: &Request<'_>) -> Reply {
        match self.updates.answer(request, &mut self.keep) {
            Ok(reply) => reply,
            Err(NotKept) => fault::restart(),
        }
    }

    /// Passes on what a courier says to the slave. What the slave says comes as [`ANSWERED`].
    pub(crate) fn bring(&mut self, request: &Request<'_>) -> Result<(), ParcelError> {
        let brought = self.call(|device, now| device.bring(&request.encode(), now));
        if brought.is_ok() {
            ANSWERED.reset();
        }
        brought
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.device.poll_output() {
            if self.carry(output).is_err() {
                // Nobody may be answered any more.
                fault::restart();
            }
        }
        NEWS.sender().send_if_modified(|news| news.replace(self.news) != Some(self.news));
    }

    fn carry(&mut self, output: Output) -> Result<(), NotKept> {
        let flash = &mut self.keep.flash;
        match output {
            Output::NewJournal => self.journal.start_new(),
            Output::Append(entry) => self.journal.append(flash, &entry)?,
            Output::PersistLink(record) => self.keep.write(Small::Link, &record)?,
            Output::PersistKeyset(frame) => {
                self.keep.write(Small::Keyset, &self.keeper.seal(&self.roots, &frame))?;
                self.roots.clone_from(&self.device.keyset().content.roots);
            }
            Output::PersistCertificate(frame) => self.keep.write(Small::Certificate, &frame)?,
            // There is no TLS, so nobody brings a chain for it.
            Output::PersistTls(_) => {}
            // A radio loses what it cannot take.
            Output::Send(frame) => drop(SAID.try_send(frame)),
            Output::View { number, frame } => {
                self.latest = frame.into();
                self.news.view = number;
            }
            Output::Outbox(id, bundle) => match self.outbox.put(flash, &id, &bundle) {
                // It stays in the journal, and is offered again at the next start, when phones may have carried others away.
                Err(OutboxError::Full) => {}
                put => put?,
            },
            Output::Settled(id) if self.settled.contains(&id) => {}
            Output::Settled(id) => self.settled.push(id),
            Output::Dropped(_) => self.news.drops = self.news.drops.wrapping_add(1),
            Output::Light(light) => self.light = light,
            Output::Answered(bytes) => ANSWERED.signal(Some(bytes)),
            Output::Undelivered => ANSWERED.signal(None),
            Output::Scored(_) | Output::Note(_) => {}
        }
        Ok(())
    }
}

fn setup(record: &DeviceRecord) -> Setup {
    let pair = &record.pair.value;
    Setup {
        realm: record.content.realm.clone(),
        device: pair.device,
        master: pair.master.clone(),
        slave: pair.slave.clone(),
        firmware: release::VERSION,
        max_players: pair.max_players,
        journal_max: JOURNAL_MAX,
        params: record.params.clone(),
    }
}
