//! Carrying a plan out on a chip: from wherever the fuses say that it stands, to its end.

use super::chip::{Bench, Chip, Kind, Virtual};
use super::flash::{FlashKey, FlashKeyError};
use super::fuses::{Block, Fuses, FusesError, espefuse};
use super::image;
use super::plan::{BurnPlan, Foreign, PlannedKey, Progress, Step};
use super::record::{self, RecordError};
use super::release::{Release, ReleaseError};
use super::station::{Line, LineError};
use super::tool::{MemoryFile, Program, ToolError, Tools};
use super::vault::Vault;
use crate::batch::{Batch, BatchError};
use crate::factory::FactoryError;
use crate::random::{RandomError, random};
use countersign_boot::SecureVersion;
use countersign_boot::layout::{APP_SLOTS, DEVICE_RECORD, FLASH, SECOND_STAGE};
use countersign_keys::disk::{self, Access, DiskError};
use countersign_provision::Half;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// One chip's work: what it is to become, and what lies in its flash.
#[derive(Debug, Clone)]
pub struct Job {
    /// What is burnt.
    pub plan: BurnPlan,
    /// Where the chip is.
    pub bench: Bench,
    /// The pair's serial.
    pub serial: String,
    /// The release's folder.
    pub release: PathBuf,
    /// Parts of the flash as they are stored, with their addresses: images encrypted, the record sealed.
    pub(super) parts: Vec<(u32, Vec<u8>)>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burnt {
    /// The steps that this run carried out; the others were done before.
    pub steps: Vec<Step>,
}

/// Why a chip is not finished. What is burnt stays; the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum BurnError {
    /// No such pair.
    #[error("no batch of this station has a pair {0} with keys in chips")]
    NoPair(String),
    /// Its keys are not in the vault.
    #[error("the vault has no keys for {0}")]
    NoKeys(String),
    /// The chip is not this device's.
    #[error("{0}")]
    Foreign(#[from] Foreign),
    /// A step has not done what it should.
    #[error(
        "after “{step}” the fuses do not say what the plan says; run the command again, and take a fresh chip if it stays so"
    )]
    NotDone {
        /// Which step.
        step: Step,
    },
    /// The flash does not read back as it was written.
    #[error(
        "{} does not hold what was written to it; if it was begun with another release, name that one with --release", .0.display()
    )]
    Flash(PathBuf),
    /// An image without our signature.
    #[error("{} carries no valid signature of this line's boot key: {source}", path.display())]
    Signature {
        /// The image.
        path: PathBuf,
        /// What espsecure says.
        source: ToolError,
    },
    /// It shows nothing more.
    #[error(
        "this chip is in secure download mode and shows its fuses no more; `countersign factory chip check` asks it what it \
         still says"
    )]
    Closed,
    /// A virtual chip's folder is no chip's.
    #[error("{} is no folder of a virtual chip: one of efuse.bin and flash.bin is missing", .0.display())]
    Torn(PathBuf),
    /// A part that cannot be encrypted.
    #[error(transparent)]
    FlashKey(#[from] FlashKeyError),
    /// The record cannot be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The release cannot be used.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The fuses cannot be read.
    #[error(transparent)]
    Fuses(#[from] FusesError),
    /// A tool failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The line cannot be used.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The station cannot be used.
    #[error(transparent)]
    Factory(#[from] FactoryError),
    /// A batch cannot be used.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// What the tools say of a chip whose last step is done.
pub(super) const CLOSED: &str = "Secure Download Mode";

impl Job {
    /// Prepares a chip's work: nothing is burnt. The vault comes from [`Line::signing_vault`]. Everything that goes into the chip is checked as the chip will check it.
    pub fn prepare(
        line: &Line<'_>,
        vault: &Vault,
        (serial, half, chip): (&str, Half, Chip),
        release: Release,
        bench: Bench,
    ) -> Result<Self, BurnError> {
        let release = release.fitting(Kind::from(half), chip)?;
        let pair = vault.pair(serial).ok_or_else(|| BurnError::NoKeys(serial.to_owned()))?;
        let keys = pair.of(half);
        let folder = pair_folder(line, serial)?.join(half.as_str());
        let (provision, record) = record::read(&folder, keys)?;
        for name in ["second-stage.bin", "app.bin"] {
            let path = release.folder.join(name);
            image::verify(&line.tools, &line.public_key(), &path)
                .map_err(|source| BurnError::Signature { path, source })?;
        }
        let floor = SecureVersion::new(u32::from(release.manifest.secure_version));
        let floor = floor.unwrap_or(SecureVersion::MAX);
        let of = (chip, provision.config.device, half);
        let plan = BurnPlan::new(of, keys, line.boot_digest, floor);
        let key = FlashKey::new(keys.flash.clone());
        let images = [(SECOND_STAGE, &release.second_stage), (APP_SLOTS[0], &release.app)];
        let images = images.map(|(at, plain)| key.encrypt(at, plain).map(|stored| (at, stored)));
        let mut parts = images.into_iter().collect::<Result<Vec<_>, _>>()?;
        // Sealed already, and read past the chip's decryption.
        parts.insert(1, (DEVICE_RECORD, record));
        Ok(Self { plan, bench, serial: serial.to_owned(), release: release.folder, parts })
    }

    /// All 4 MB: what is not written is erased.
    pub(super) fn flash(&self) -> Vec<u8> {
        let mut flash = vec![0xff; FLASH as usize];
        for (address, part) in &self.parts {
            let at = *address as usize;
            flash[at..at + part.len()].copy_from_slice(part);
        }
        flash
    }
}

/// How far a chip is. Reads only; a virtual chip that is not there yet is made, as it comes from the maker.
pub fn state(tools: &Tools, job: &Job) -> Result<Vec<(Step, Progress)>, BurnError> {
    let _held = job.bench.hold()?;
    steps_of(tools, job)
}

pub(super) fn steps_of(tools: &Tools, job: &Job) -> Result<Vec<(Step, Progress)>, BurnError> {
    if let Bench::Virtual(chip) = &job.bench {
        deliver(tools, job.plan.chip, chip)?;
    }
    let fuses = match Fuses::read(tools, job.plan.chip, &job.bench) {
        Err(FusesError::Tool(ToolError::Failed { said, .. })) if said.contains(CLOSED) => {
            return Err(BurnError::Closed);
        }
        read => read?,
    };
    Ok(job.plan.progress(&fuses)??)
}

/// Carries out what is missing. `progress` hears each step before it begins.
///
/// Killed at any point, the next run goes on: fuses never go back, and nothing but the fuses says what is done.
pub fn burn(tools: &Tools, job: &Job, progress: &mut dyn FnMut(Step)) -> Result<Burnt, BurnError> {
    let _held = job.bench.hold()?;
    let (mut steps, plan) = (Vec::new(), steps_of(tools, job)?);
    let is = |wanted, state| {
        plan.iter().any(|(step, at)| *step == wanted && (*at == Progress::Done) == state)
    };
    // Begun by an earlier run: before anything else that cannot be undone, what starts has to be what that run wrote.
    if is(Step::Flash, true) && is(Step::Download, false) {
        verify_flash(tools, job)?;
    }
    for (step, at) in plan {
        if at == Progress::Done {
            continue;
        }
        // A real chip shows nothing after the last step: everything before it is looked at once more.
        if step == Step::Download {
            look(tools, job, Step::Download)?;
            verify_flash(tools, job)?;
        } else if matches!(job.bench, Bench::Port(_)) && !steps.is_empty() {
            // Another board at the port would get what only this one may have.
            look(tools, job, step)?;
        }
        progress(step);
        carry_out(tools, job, step)?;
        steps.push(step);
    }
    if let Bench::Virtual(_) = job.bench {
        look(tools, job, Step::Download)?;
        verify_flash(tools, job)?;
    }
    Ok(Burnt { steps })
}

/// Whether all steps before this one are done. Fuses say nothing of the flash: [`verify_flash`] does.
fn look(tools: &Tools, job: &Job, before: Step) -> Result<(), BurnError> {
    let fuses = Fuses::read(tools, job.plan.chip, &job.bench)?;
    let steps = job.plan.progress(&fuses)??;
    let is_open = |(step, state): &&(Step, Progress)| {
        *step < before && *step != Step::Flash && *state != Progress::Done
    };
    let open = steps.iter().find(is_open);
    open.map_or(Ok(()), |(step, _)| Err(BurnError::NotDone { step: *step }))
}

fn carry_out(tools: &Tools, job: &Job, step: Step) -> Result<(), BurnError> {
    if step == Step::Flash {
        return write_flash(tools, job);
    }
    let work = Work { tools, job, fuses: Fuses::read(tools, job.plan.chip, &job.bench)? };
    match step {
        Step::Name => work.name()?,
        Step::Keys => work.keys(&job.plan.keys)?,
        Step::BootKey => work.keys(std::slice::from_ref(&job.plan.boot_key))?,
        Step::ReadProtection => work.burn(["write-protect-efuse", "RD_DIS"])?,
        Step::Flash | Step::Encryption | Step::SecureBoot | Step::Debug | Step::Download => {}
    }
    work.fields(step)
}

/// A step on a chip whose fuses were read.
struct Work<'a> {
    tools: &'a Tools,
    job: &'a Job,
    fuses: Fuses,
}

impl Work<'_> {
    fn burn<I, S>(&self, command: I) -> Result<(), BurnError>
    where
        I: IntoIterator<Item = S>,
        S: Into<OsString>,
    {
        let mut arguments = espefuse(self.job.plan.chip, &self.job.bench);
        arguments.push("--do-not-confirm".into());
        arguments.extend(command.into_iter().map(Into::into));
        self.tools.run(Program::Espefuse, arguments)?;
        Ok(())
    }

    fn name(&self) -> Result<(), BurnError> {
        if self.fuses.block("BLOCK_USR_DATA")? == Block::Empty {
            let name = MemoryFile::new(&self.job.plan.name())?;
            self.burn(["burn-block-data".into(), "BLOCK_USR_DATA".into(), path(&name)])?;
        }
        self.protect("write-protect-efuse", "BLOCK_USR_DATA")
    }

    /// Empty blocks by one command, which writes and protects them. Where the power went between the two, only what is missing.
    fn keys(&self, keys: &[PlannedKey]) -> Result<(), BurnError> {
        let (mut files, mut command) = (Vec::new(), vec![OsString::from("burn-key")]);
        for key in keys {
            match self.fuses.block(&key.block())? {
                Block::Empty => {
                    let file = MemoryFile::new(&*key.burnt())?;
                    command.extend([key.block().into(), path(&file), key.purpose.into()]);
                    files.push(file);
                }
                Block::Holds(_) | Block::Hidden => self.complete(key)?,
            }
        }
        if files.is_empty() { Ok(()) } else { self.burn(command) }
    }

    /// Purpose and protection of a block that holds its key already.
    fn complete(&self, key: &PlannedKey) -> Result<(), BurnError> {
        let (block, purpose) = (key.block(), key.purpose_field());
        if self.fuses.word(&purpose)? != key.purpose {
            self.burn(["burn-efuse", &purpose, key.purpose])?;
        }
        if key.is_secret && self.fuses.block(&block)? != Block::Hidden {
            self.burn(["read-protect-efuse", &block])?;
        }
        self.protect("write-protect-efuse", &purpose)?;
        self.protect("write-protect-efuse", &block)
    }

    fn protect(&self, command: &str, field: &str) -> Result<(), BurnError> {
        if self.fuses.is_writeable(field)? { self.burn([command, field]) } else { Ok(()) }
    }

    /// All missing bits of a step in one go.
    fn fields(&self, step: Step) -> Result<(), BurnError> {
        let mut command = vec!["burn-efuse".to_owned()];
        let floor = u64::from(self.job.plan.floor.fuses());
        let version = (step == Step::SecureBoot && floor > 0).then_some(("SECURE_VERSION", floor));
        for (field, wanted) in step.fields().iter().copied().chain(version) {
            if self.fuses.number(field)? != wanted {
                command.extend([field.to_owned(), wanted.to_string()]);
            }
        }
        if command.len() > 1 { self.burn(command) } else { Ok(()) }
    }
}

fn path(file: &MemoryFile) -> OsString {
    file.path().into()
}

/// The folder of a pair whose keys are in chips.
pub(super) fn pair_folder(line: &Line<'_>, serial: &str) -> Result<PathBuf, BurnError> {
    use countersign_provision::SecretPlace;
    let has = |batch: &&Batch| {
        batch.plan.secret == SecretPlace::Chip && batch.serials().any(|other| other == serial)
    };
    let batches = line.factory.batches()?;
    let batch = batches.iter().find(has).ok_or_else(|| BurnError::NoPair(serial.to_owned()))?;
    Ok(batch.folder.join(serial))
}

/// A chip as it comes from the maker: a revision, an address, erased flash. One that is there is left as it is.
fn deliver(tools: &Tools, chip: Chip, at: &Virtual) -> Result<(), BurnError> {
    let is_there = |path: PathBuf| path.symlink_metadata().is_ok();
    match (is_there(at.fuses()), is_there(at.flash())) {
        (true, true) => return Ok(()),
        (true, false) => return Err(BurnError::Torn(at.folder.clone())),
        (false, _) => {}
    }
    disk::make_folder(&at.folder)?;
    disk::replace(&at.flash(), &vec![0xff; FLASH as usize], Access::Private)?;
    // Built aside: fuses without the maker's part would be no chip.
    let aside = Virtual::new(&at.folder.join(".new-chip"));
    crate::batch::remove_folder(&aside.folder)?;
    disk::make_folder(&aside.folder)?;
    let block = MemoryFile::new(&maker_block(random()?))?;
    let mut arguments = espefuse(chip, &Bench::Virtual(aside.clone()));
    arguments.extend(["--do-not-confirm", "burn-block-data", "BLOCK1"].map(OsString::from));
    arguments.push(path(&block));
    tools.run(Program::Espefuse, arguments)?;
    disk::publish(&aside.fuses(), &at.fuses())?;
    Ok(crate::batch::remove_folder(&aside.folder)?)
}

/// Block 1: the chip's address, and its revision 0.4, which stands at the same place in both chips.
fn maker_block(mut address: [u8; 6]) -> [u8; 24] {
    // Of this one machine, not of a maker.
    address[5] = address[5] & 0xfc | 0x02;
    let mut block = [0; 24];
    block[..6].copy_from_slice(&address);
    let revision: u32 = 4 << 18;
    block[12..16].copy_from_slice(&revision.to_le_bytes());
    block
}

fn write_flash(tools: &Tools, job: &Job) -> Result<(), BurnError> {
    match &job.bench {
        Bench::Virtual(chip) => {
            disk::replace(&chip.flash(), &job.flash(), Access::Private)?;
            verify_flash(tools, job)
        }
        Bench::Port(_) => {
            flash_command(
                tools,
                job,
                "write-flash",
                &[
                    "--erase-all",
                    "--no-progress",
                    "--flash-mode",
                    "keep",
                    "--flash-freq",
                    "keep",
                    "--flash-size",
                    "keep",
                ],
            )?;
            verify_flash(tools, job)
        }
    }
}

/// Whether the flash holds what this device needs.
pub(super) fn verify_flash(tools: &Tools, job: &Job) -> Result<(), BurnError> {
    match &job.bench {
        Bench::Virtual(chip) => {
            let path = chip.flash();
            let file = disk::read_up_to(&path, FLASH as usize)?;
            let flash = file.map(|file| file.content.to_vec()).unwrap_or_default();
            let is_there = |(address, part): &(u32, Vec<u8>)| {
                let at = *address as usize;
                flash.get(at..at + part.len()) == Some(part.as_slice())
            };
            if flash.len() == FLASH as usize && job.parts.iter().all(is_there) {
                return Ok(());
            }
            Err(BurnError::Flash(path))
        }
        Bench::Port(_) => flash_command(tools, job, "verify-flash", &[]),
    }
}

/// esptool with all parts; nothing in them is secret in the clear, and they go through memory so that no folder fills with them.
fn flash_command(
    tools: &Tools,
    job: &Job,
    command: &str,
    options: &[&str],
) -> Result<(), BurnError> {
    let Bench::Port(port) = &job.bench else { return Ok(()) };
    let mut arguments = esptool(job.plan.chip, port);
    arguments.push(command.into());
    arguments.extend(options.iter().map(OsString::from));
    let mut files = Vec::new();
    for (address, part) in &job.parts {
        let file = MemoryFile::new(part)?;
        arguments.extend([format!("0x{address:x}").into(), path(&file)]);
        files.push(file);
    }
    tools.run(Program::Esptool, arguments)?;
    Ok(())
}

/// The beginning of every call of esptool for a chip at a port. The chip stays in its ROM: half burnt it should not start.
pub(super) fn esptool(chip: Chip, port: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["--chip", chip.as_str(), "--after", "no-reset", "--port"].map(OsString::from).into();
    arguments.push(port.into());
    arguments
}
