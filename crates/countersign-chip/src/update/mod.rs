//! New firmware, carried by any phone: a signed release, then the image in chunks, in order, into the slot that does not run.
//!
//! ```text
//!   courier ── release, signed ──▶ offer ──▶ "go on with chunk n" ◀── after a loss of power, or from another phone
//!           ── chunk n, n+1, … ──▶ hashes that the release vouches for? ──▶ slot, read back
//!                                    └── all of it read back and hashed ──▶ `new` in the record of slots ──▶ reset
//!   second stage: RSA signature, secure version ──▶ starts it on trial ── self-check ──▶ confirm, or back to the one before
//! ```
//!
//! The courier is trusted with nothing: a chunk is verified before anything is erased for it, a release that is older than the newest
//! one that was ever begun is refused, and none is begun more than [`TRIES_MAX`] times. So all couriers together can wear the flash no
//! more than the publisher lets them. Chunks come in order, so that all there is to remember is one number; a phone sends one after the
//! other anyway. What was verified is remembered once for each block.

pub mod boot_state;
mod progress;
mod refusal;
mod release;
mod restart;
mod words;

pub use progress::TRIES_MAX;
pub use refusal::{ChunkError, OfferError};
pub use release::{
    BLOCK, BLOCKS_MAX, CHUNK, HASHES_MAX, ImageFault, ImageKind, Release, with_hashes,
};
pub use restart::{QUIET, Restart};
pub use words::{Reply, Request};

use crate::flash::{FlashError, Small, Store};
use alloc::vec;
use countersign::evidence::{Artefact, Signed, open};
use countersign::{Realm, VerifyingKey};
use countersign_boot::layout::{self, APP_SLOT_MAX};
use countersign_boot::slots::ChangeError;
use countersign_boot::{Chip, SecureVersion, Slot, SlotState, State};
use embedded_storage::nor_flash::{ErrorType, NorFlash};
use progress::{IMPOSSIBLE, Kept};
use sha2::{Digest, Sha256};

/// Whose releases are taken: compiled into the image, so that only a release can change it.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// What releases are signed for.
    pub realm: Realm,
    /// The release key.
    pub key: VerifyingKey,
}

/// The image that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Which application.
    pub kind: ImageKind,
    /// On which chip.
    pub chip: Chip,
    /// From which slot, whatever the record of slots says: see [`Slot::of_page`].
    pub slot: Slot,
    /// Its number.
    pub version: u32,
    /// Its own, or that of the eFuses if that is higher.
    pub secure_version: SecureVersion,
}

/// Where an update goes.
#[derive(Debug)]
pub struct Places<'f, A, D> {
    /// The flash as applications see it: writes are encrypted, reads decrypted. Only the slot that does not run is touched.
    pub app: &'f mut A,
    /// The flash as it is: the record of slots, and the store.
    pub data: &'f mut D,
    /// The half's store.
    pub store: &'f mut Store,
}

/// How far an update is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bring this chunk next.
    Wanted {
        /// Its number, from 0.
        chunk: u32,
        /// How many there are.
        of: u32,
    },
    /// The image is whole; it starts at the next reset.
    Ready,
}

/// Chunks in a row that the flash does not keep, before nothing is tried any more until the next start.
const FAULTS_MAX: u8 = 8;

/// Takes updates. One for each half.
#[derive(Debug)]
pub struct Updater {
    publisher: Publisher,
    running: Running,
    begun: Option<Begun>,
    is_ready: bool,
    faults: u8,
}

#[derive(Debug)]
struct Begun {
    release: Signed<Release>,
    /// Chunks that are in the slot, verified.
    chunks: u32,
    tries: u8,
}

impl Begun {
    fn progress(&self) -> Progress {
        Progress::Wanted { chunk: self.chunks, of: self.release.value.chunks() }
    }

    fn kept(&self) -> Kept {
        Kept { digest: self.release.digest, chunks: self.chunks, tries: self.tries }
    }
}

impl Updater {
    /// Finds an update that was begun before the power failed.
    pub fn open<A, D>(
        publisher: Publisher,
        running: Running,
        places: &mut Places<'_, A, D>,
    ) -> Result<Self, FlashError<D::Error>>
    where
        A: NorFlash + ErrorType<Error = D::Error>,
        D: NorFlash,
    {
        let mut updater = Self { publisher, running, begun: None, is_ready: false, faults: 0 };
        let state = *boot_state::read(places.data)?.state();
        if updater.target(&state).is_err() {
            return Ok(updater);
        }
        let (Some(release), Some(kept)) = (updater.newest(places)?, Kept::read(places)?) else {
            return Ok(updater);
        };
        // Checked again: since then another image may have been started.
        let is_good = updater.check::<D::Error>(&release.value).is_ok();
        if is_good && kept.is_of(&release) && kept.tries != IMPOSSIBLE {
            let chunks = kept.chunks.min(release.value.chunks());
            updater.begun = Some(Begun { release, chunks, tries: kept.tries });
        }
        Ok(updater)
    }

    /// Whether an image has come whole since the start. One that waited before is not meant: the reset that it waited for was this
    /// one, so that another would not start it either.
    pub const fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Takes a release, or goes on with it: every courier begins with this.
    pub fn offer<A, D>(
        &mut self,
        frame: &[u8],
        places: &mut Places<'_, A, D>,
    ) -> Result<Progress, OfferError<D::Error>>
    where
        A: NorFlash + ErrorType<Error = D::Error>,
        D: NorFlash,
    {
        let release = open::<Release>(&self.publisher.realm, &self.publisher.key, frame)?;
        self.check(&release.value)?;
        let newest = self.newest(places)?;
        let is_newest = newest.as_ref().is_some_and(|newest| newest.digest == release.digest);
        if let Some(newest) = newest.filter(|_| !is_newest) {
            let (found, begun) = (release.value.version, newest.value.version);
            if found <= begun {
                return Err(OfferError::Superseded { found, begun });
            }
        }
        if let Some(progress) = self.go_on(&release, places)? {
            return Ok(progress);
        }
        let state = *boot_state::read(places.data)?.state();
        let kept = Kept::read(places)?.filter(|kept| kept.is_of(&release));
        match (state.of(self.running.slot.other()), kept) {
            (SlotState::New, Some(_)) => return Ok(Progress::Ready),
            (SlotState::Refused, Some(_)) => return Err(OfferError::RolledBack),
            (_, Some(kept)) if kept.tries >= TRIES_MAX => return Err(OfferError::Spent),
            (
                SlotState::Empty
                | SlotState::New
                | SlotState::Trying { .. }
                | SlotState::Confirmed
                | SlotState::Refused,
                _,
            ) => {}
        }
        let state = state.begin(self.running.slot).map_err(OfferError::Slots)?;
        (self.begun, self.is_ready) = (None, false);
        // First the release: from here on no older one is taken. What is in the slot still goes by the digest that is kept.
        if !is_newest {
            places.store.write(places.data, Small::Release.key(), frame)?;
        }
        // From here on the second stage does not look at what was in the slot.
        boot_state::write(places.data, &state)?;
        let tries = kept.map_or(1, |kept| kept.tries.saturating_add(1));
        let begun = Begun { release, chunks: 0, tries };
        begun.kept().write(places)?;
        Ok(self.begun.insert(begun).progress())
    }

    /// Takes the next chunk, as [`with_hashes`] gives it.
    pub fn chunk<A, D>(
        &mut self,
        number: u32,
        bytes: &[u8],
        places: &mut Places<'_, A, D>,
    ) -> Result<Progress, ChunkError<D::Error>>
    where
        A: NorFlash + ErrorType<Error = D::Error>,
        D: NorFlash,
    {
        let state = *boot_state::read(places.data)?.state();
        let slot = self.target(&state).map_err(ChunkError::Slots);
        let begun = self.begun.as_mut().ok_or(ChunkError::NotBegun)?;
        if number != begun.chunks || number >= begun.release.value.chunks() {
            return Err(ChunkError::Order(begun.chunks));
        }
        if self.faults >= FAULTS_MAX {
            return Err(ChunkError::Worn);
        }
        let (chunk, expected) = verified(&begun.release.value, number, bytes)?;
        let at = slot? + number * CHUNK;
        places.app.erase(at, at + CHUNK).map_err(FlashError::Flash)?;
        places.app.write(at, chunk).map_err(FlashError::Flash)?;
        if hash(places.app, at, CHUNK)? != expected {
            self.faults += 1;
            return Err(ChunkError::NotKept(number));
        }
        self.faults = 0;
        begun.chunks += 1;
        let is_whole = begun.chunks == begun.release.value.chunks();
        if is_whole || begun.chunks.is_multiple_of(BLOCK / CHUNK) {
            begun.kept().write(places)?;
        }
        if is_whole { self.finish(places, &state) } else { Ok(begun.progress()) }
    }

    /// If this is the one that was begun.
    fn go_on<A, D>(
        &mut self,
        release: &Signed<Release>,
        places: &mut Places<'_, A, D>,
    ) -> Result<Option<Progress>, OfferError<D::Error>>
    where
        A: NorFlash + ErrorType<Error = D::Error>,
        D: NorFlash,
    {
        let Some(begun) = self.begun.as_ref().filter(|b| b.release.digest == release.digest) else {
            return Ok(None);
        };
        if begun.chunks < begun.release.value.chunks() {
            return Ok(Some(begun.progress()));
        }
        // The power failed after the last chunk.
        let state = *boot_state::read(places.data)?.state();
        self.finish(places, &state).map(Some).map_err(|error| match error {
            ChunkError::Slots(error) => OfferError::Slots(error),
            ChunkError::Flash(error) => OfferError::Flash(error),
            ChunkError::NotBegun
            | ChunkError::Order(_)
            | ChunkError::Length { .. }
            | ChunkError::Rubbish(_)
            | ChunkError::NotKept(_)
            | ChunkError::Worn
            | ChunkError::Image => OfferError::Spent,
        })
    }

    /// Reads all of it back, and hands it to the second stage.
    fn finish<A, D>(
        &mut self,
        places: &mut Places<'_, A, D>,
        state: &State,
    ) -> Result<Progress, ChunkError<D::Error>>
    where
        A: NorFlash + ErrorType<Error = D::Error>,
        D: NorFlash,
    {
        let slot = self.target(state).map_err(ChunkError::Slots)?;
        let begun = self.begun.as_ref().ok_or(ChunkError::NotBegun)?;
        let image = &begun.release.value;
        if hash(places.app, slot, image.length)? != image.hash {
            let kept = Kept { tries: IMPOSSIBLE, ..begun.kept() };
            self.begun = None;
            kept.write(places)?;
            return Err(ChunkError::Image);
        }
        let state = state.ready(self.running.slot).map_err(ChunkError::Slots)?;
        boot_state::write(places.data, &state)?;
        (self.begun, self.is_ready) = (None, true);
        Ok(Progress::Ready)
    }

    fn check<E>(&self, release: &Release) -> Result<(), OfferError<E>> {
        let Running { kind, chip, version, secure_version, slot: _ } = self.running;
        if release.kind != kind {
            return Err(OfferError::Kind { found: release.kind, ours: kind });
        }
        if release.chip != chip {
            return Err(OfferError::Chip(chip));
        }
        if release.secure_version < secure_version {
            let (found, floor) = (release.secure_version.get(), secure_version.get());
            return Err(OfferError::SecureVersion { found, floor });
        }
        if release.version <= version {
            return Err(OfferError::NotNewer { found: release.version, running: version });
        }
        if release.length > APP_SLOT_MAX {
            return Err(OfferError::TooLong(release.length));
        }
        let has_blocks = release.blocks.len() == release.length.div_ceil(BLOCK) as usize;
        if release.length == 0 || !release.length.is_multiple_of(CHUNK) || !has_blocks {
            return Err(OfferError::Shape);
        }
        Ok(())
    }

    /// The newest release that was ever begun, as long as its key is still the one.
    fn newest<A, D>(
        &self,
        places: &mut Places<'_, A, D>,
    ) -> Result<Option<Signed<Release>>, FlashError<D::Error>>
    where
        A: NorFlash,
        D: NorFlash,
    {
        let frame = places.store.read(places.data, Small::Release.key())?;
        let signed =
            frame.map(|frame| open::<Release>(&self.publisher.realm, &self.publisher.key, &frame));
        Ok(signed.and_then(Result::ok))
    }

    /// Where the slot begins that does not run, while an update is being written to it.
    fn target(&self, state: &State) -> Result<u32, ChangeError> {
        if state.running() != self.running.slot {
            return Err(ChangeError::OtherSlot);
        }
        let slot = self.running.slot.other();
        match state.of(slot) {
            SlotState::Empty => Ok(layout::offset(slot)),
            SlotState::New
            | SlotState::Trying { .. }
            | SlotState::Confirmed
            | SlotState::Refused => Err(ChangeError::NotBegun),
        }
    }
}

/// The chunk of this number and its hash, if the release vouches for the hashes that came with it, and they for it.
fn verified<'b, E>(
    release: &Release,
    number: u32,
    bytes: &'b [u8],
) -> Result<(&'b [u8], [u8; 32]), ChunkError<E>> {
    let (block, index) = (number / (BLOCK / CHUNK), number % (BLOCK / CHUNK));
    let chunks = (release.chunks() - block * (BLOCK / CHUNK)).min(BLOCK / CHUNK) as usize;
    let expected = 32 * chunks + CHUNK as usize;
    if bytes.len() != expected {
        return Err(ChunkError::Length { found: bytes.len(), expected });
    }
    let (hashes, chunk) = bytes.split_at(32 * chunks);
    let found: [u8; 32] = Sha256::digest(chunk).into();
    let is_vouched = release.blocks.get(block as usize) == Some(&Sha256::digest(hashes).into());
    let is_listed = hashes.chunks_exact(32).nth(index as usize) == Some(&found[..]);
    if is_vouched && is_listed { Ok((chunk, found)) } else { Err(ChunkError::Rubbish(number)) }
}

fn hash<A: NorFlash>(
    flash: &mut A,
    start: u32,
    length: u32,
) -> Result<[u8; 32], FlashError<A::Error>> {
    let mut bytes = vec![0; CHUNK as usize];
    let mut hash = Sha256::new();
    for at in (start..start + length).step_by(CHUNK as usize) {
        flash.read(at, &mut bytes).map_err(FlashError::Flash)?;
        hash.update(&bytes);
    }
    Ok(hash.finalize().into())
}

/// Longest frame of a release.
pub const RELEASE_MAX: usize = <Release as Artefact>::MAX_FRAME;
/// Longest chunk with the hashes of its block.
pub const CHUNK_MAX: usize = HASHES_MAX + CHUNK as usize;
