//! New firmware, carried by any phone: a signed release, then the image in chunks, in order, into the slot that does not run.
//!
//! ```text
//!   courier ── release, signed ──▶ offer ──▶ "go on with chunk n" ◀── after a loss of power, or from another phone
//!           ── chunk n, n+1, … ──▶ slot ── each block read back and hashed; a bad one is asked for again
//!                                    └── all of it read back and hashed ──▶ `new` in the record of slots ──▶ reset
//!   second stage: RSA signature, secure version ──▶ starts it on trial ── self-check ──▶ confirm, or back to the one before
//! ```
//!
//! The courier is trusted with nothing. Chunks come in order, so that all there is to remember is one number; a phone sends one after the
//! other anyway. What was verified is remembered once for each block.

pub mod boot_state;
mod release;

pub use release::{BLOCK, BLOCKS_MAX, CHUNK, ImageKind, Release};

use crate::flash::{FlashError, Small, Store};
use alloc::vec;
use alloc::vec::Vec;
use countersign::evidence::{Artefact, EvidenceError, Signed, open};
use countersign::{Realm, RecordDigest, VerifyingKey};
use countersign_boot::layout::{self, APP_SLOT_MAX};
use countersign_boot::slots::ChangeError;
use countersign_boot::{Chip, SecureVersion, SlotState, State};
use embedded_storage::nor_flash::{ErrorType, NorFlash};
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

/// Why a release is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError<E> {
    /// Another key, changed bytes, or no release.
    #[error("this is no release of the key in this firmware: {0}")]
    Release(#[from] EvidenceError),
    /// For another application.
    #[error("the release is for a {found}, and this is a {ours}")]
    Kind {
        /// What the release is for.
        found: ImageKind,
        /// What runs here.
        ours: ImageKind,
    },
    /// For another chip.
    #[error("the release is for another chip: bring the one for {}", .0.name())]
    Chip(Chip),
    /// The image would not be started.
    #[error("the release has secure version {found}, and this device takes {floor} and above")]
    SecureVersion {
        /// What the release has.
        found: u8,
        /// The lowest that is taken.
        floor: u8,
    },
    /// What runs is as new.
    #[error("the release is version {found}, and version {running} runs already")]
    NotNewer {
        /// What the release is.
        found: u32,
        /// What runs.
        running: u32,
    },
    /// A newer one is on its way.
    #[error(
        "the release is version {found}, and version {begun} was begun; bring that one or a newer one"
    )]
    Superseded {
        /// What the release is.
        found: u32,
        /// What was begun.
        begun: u32,
    },
    /// It was tried, and did not confirm itself.
    #[error("this release was tried and did not run well; bring a newer one")]
    RolledBack,
    /// It would not fit a slot.
    #[error("the image has {0} bytes, and a slot has {APP_SLOT_MAX}")]
    TooLong(u32),
    /// Signed by the release key, and yet impossible.
    #[error(
        "the image is whole sectors of {CHUNK} bytes, with one hash for each {BLOCK} bytes; sign it again"
    )]
    Shape,
    /// This is not the time.
    #[error("{0}")]
    Slots(ChangeError),
    /// All chunks are there, and they are not the image.
    #[error("the image is not what its release says; it is begun again")]
    Image,
    /// Nothing was kept.
    #[error(transparent)]
    Flash(#[from] FlashError<E>),
}

/// Why a chunk is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError<E> {
    /// Nobody brought a release.
    #[error("no update was begun; bring its release first")]
    NotBegun,
    /// Out of order: somebody else brought it, or the power failed.
    #[error("chunk {0} comes next")]
    Order(u32),
    /// A chunk of another length.
    #[error("a chunk has {CHUNK} bytes, not {0}")]
    Length(usize),
    /// A courier brought something else.
    #[error("a block of the image is not what its release says; bring it again from chunk {0} on")]
    Block(u32),
    /// The blocks are right and the image is not: the release was made wrongly.
    #[error("the image is not what its release says; bring a newer release")]
    Image,
    /// Another update was begun in its place.
    #[error("{0}")]
    Slots(ChangeError),
    /// Nothing was kept.
    #[error(transparent)]
    Flash(#[from] FlashError<E>),
}

/// Takes updates. One for each half.
#[derive(Debug)]
pub struct Updater {
    publisher: Publisher,
    running: Running,
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    release: Signed<Release>,
    /// Chunks that are in the slot; only whole blocks of them are verified.
    chunks: u32,
}

impl Begun {
    fn total(&self) -> u32 {
        self.release.value.length / CHUNK
    }

    fn progress(&self) -> Progress {
        Progress::Wanted { chunk: self.chunks, of: self.total() }
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
        let mut updater = Self { publisher, running, begun: None };
        let state = *boot_state::read(places.data)?.state();
        if state.of(state.running().other()) != SlotState::Empty {
            return Ok(updater);
        }
        let Some(release) = updater.kept(places)? else { return Ok(updater) };
        // Checked again: since then another image may have been started.
        if updater.check::<D::Error>(&release.value).is_ok() {
            let chunks = verified_chunks(places, &release)?;
            updater.begun = Some(Begun { release, chunks });
        }
        Ok(updater)
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
        if let Some(begun) = &self.begun {
            let (found, version) = (release.value.version, begun.release.value.version);
            if begun.release.digest == release.digest {
                return self.go_on(places);
            }
            if found <= version {
                return Err(OfferError::Superseded { found, begun: version });
            }
        }
        let state = *boot_state::read(places.data)?.state();
        let is_known = self.kept(places)?.is_some_and(|kept| kept.digest == release.digest);
        match state.of(state.running().other()) {
            SlotState::New if is_known => return Ok(Progress::Ready),
            SlotState::Refused if is_known => return Err(OfferError::RolledBack),
            SlotState::Empty
            | SlotState::New
            | SlotState::Trying { .. }
            | SlotState::Confirmed
            | SlotState::Refused => {}
        }
        // From here on the second stage does not look at what was in the slot.
        let state = state.begin(state.running().other()).map_err(OfferError::Slots)?;
        self.begun = None;
        boot_state::write(places.data, &state)?;
        let begun = Begun { release, chunks: 0 };
        keep_progress(places, &begun)?;
        places.store.write(places.data, Small::Release.key(), frame)?;
        let progress = begun.progress();
        self.begun = Some(begun);
        Ok(progress)
    }

    /// Takes the next chunk.
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
        let begun = self.begun.as_mut().ok_or(ChunkError::NotBegun)?;
        if number != begun.chunks || number >= begun.total() {
            return Err(ChunkError::Order(begun.chunks));
        }
        if bytes.len() != CHUNK as usize {
            return Err(ChunkError::Length(bytes.len()));
        }
        let state = *boot_state::read(places.data)?.state();
        let at = target(&state).map_err(ChunkError::Slots)? + number * CHUNK;
        places.app.erase(at, at + CHUNK).map_err(FlashError::Flash)?;
        places.app.write(at, bytes).map_err(FlashError::Flash)?;
        begun.chunks += 1;
        if !begun.chunks.is_multiple_of(BLOCK / CHUNK) && begun.chunks < begun.total() {
            return Ok(begun.progress());
        }
        verify_block(begun, places, &state)?;
        if begun.chunks < begun.total() {
            return Ok(begun.progress());
        }
        self.finish(places, &state)
    }

    fn go_on<A, D>(
        &mut self,
        places: &mut Places<'_, A, D>,
    ) -> Result<Progress, OfferError<D::Error>>
    where
        A: NorFlash + ErrorType<Error = D::Error>,
        D: NorFlash,
    {
        let state = *boot_state::read(places.data)?.state();
        match &self.begun {
            Some(begun) if begun.chunks < begun.total() => Ok(begun.progress()),
            // The power failed after the last block.
            Some(_) | None => self.finish(places, &state).map_err(|error| match error {
                ChunkError::Slots(error) => OfferError::Slots(error),
                ChunkError::Flash(error) => OfferError::Flash(error),
                ChunkError::NotBegun
                | ChunkError::Order(_)
                | ChunkError::Length(_)
                | ChunkError::Block(_)
                | ChunkError::Image => OfferError::Image,
            }),
        }
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
        let begun = self.begun.as_mut().ok_or(ChunkError::NotBegun)?;
        let slot = target(state).map_err(ChunkError::Slots)?;
        let image = &begun.release.value;
        if hash(places.app, slot, image.length)? != image.hash {
            begun.chunks = 0;
            keep_progress(places, begun)?;
            return Err(ChunkError::Image);
        }
        let state = state.ready(state.running().other()).map_err(ChunkError::Slots)?;
        boot_state::write(places.data, &state)?;
        self.begun = None;
        Ok(Progress::Ready)
    }

    fn check<E>(&self, release: &Release) -> Result<(), OfferError<E>> {
        let Running { kind, chip, version, secure_version } = self.running;
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

    /// The release that was taken last, as long as its key is still the one.
    fn kept<A, D>(
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
}

/// The last block is what its release says, or is to come again.
fn verify_block<A, D>(
    begun: &mut Begun,
    places: &mut Places<'_, A, D>,
    state: &State,
) -> Result<(), ChunkError<D::Error>>
where
    A: NorFlash + ErrorType<Error = D::Error>,
    D: NorFlash,
{
    let slot = target(state).map_err(ChunkError::Slots)?;
    let block = (begun.chunks - 1) / (BLOCK / CHUNK);
    let (start, end) = (block * BLOCK, begun.chunks * CHUNK);
    let expected = begun.release.value.blocks.get(block as usize);
    if Some(&hash(places.app, slot + start, end - start)?) != expected {
        begun.chunks = start / CHUNK;
        return Err(ChunkError::Block(begun.chunks));
    }
    Ok(keep_progress(places, begun)?)
}

fn keep_progress<A, D: NorFlash>(
    places: &mut Places<'_, A, D>,
    begun: &Begun,
) -> Result<(), FlashError<D::Error>> {
    let digest: &[u8] = begun.release.digest.as_bytes();
    let value = [digest, &begun.chunks.to_be_bytes()].concat();
    places.store.write(places.data, Small::Progress.key(), &value)
}

/// Chunks of this release that were verified before; none if the number was another release's.
fn verified_chunks<A, D: NorFlash>(
    places: &mut Places<'_, A, D>,
    release: &Signed<Release>,
) -> Result<u32, FlashError<D::Error>> {
    let value: Vec<u8> = places.store.read(places.data, Small::Progress.key())?.unwrap_or_default();
    let split = value.split_first_chunk::<{ RecordDigest::LEN }>();
    let Some((digest, Ok(chunks))) = split.map(|(digest, rest)| (digest, rest.try_into())) else {
        return Ok(0);
    };
    let chunks = u32::from_be_bytes(chunks).min(release.value.length / CHUNK);
    Ok(if digest == release.digest.as_bytes() { chunks } else { 0 })
}

/// Where the slot begins that does not run, while an update is being written to it.
fn target(state: &State) -> Result<u32, ChangeError> {
    let slot = state.running().other();
    match state.of(slot) {
        SlotState::Empty => Ok(layout::offset(slot)),
        SlotState::New | SlotState::Trying { .. } | SlotState::Confirmed | SlotState::Refused => {
            Err(ChangeError::NotBegun)
        }
    }
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
