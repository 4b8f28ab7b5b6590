//! Carrying a plan out on a chip: from wherever the fuses say that it stands, to its end.

use super::address::Address;
use super::board::{deliver, verify_flash, write_flash};
use super::chip::Bench;
use super::claim::{Claim, ClaimError};
use super::flash::FlashKeyError;
use super::foreign::Foreign;
use super::fuses::{Block, Fuses, FusesError, espefuse};
use super::image::ShapeError;
use super::job::Job;
use super::plan::PlannedKey;
use super::record::RecordError;
use super::release::ReleaseError;
use super::station::LineError;
use super::step::{Progress, Step};
use super::tool::{MemoryFile, Program, ToolError, Tools};
use super::vault::VaultError;
use crate::batch::BatchError;
use crate::factory::FactoryError;
use crate::random::RandomError;
use countersign_keys::disk::DiskError;
use std::ffi::OsString;
use std::path::PathBuf;

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
    /// The half is no chip.
    #[error(
        "the master of {0} runs Linux: its folder goes onto its disk, and nothing is burnt (its radio: `countersign factory \
         chip burn --radio`)"
    )]
    Linux(String),
    /// The half has a chip, or the chip another half.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// Another board than the one that was looked at.
    #[error(
        "the chip is now {found}, and was {wanted} when it was looked at; nothing more was burnt"
    )]
    Swapped {
        /// Which it is.
        found: Address,
        /// Which it was.
        wanted: Address,
    },
    /// The second stage would not start it, whatever the manifest says.
    #[error("{}: {source}", folder.display())]
    Image {
        /// The release.
        folder: PathBuf,
        /// What is wrong with its images.
        source: ShapeError,
    },
    /// The manifest is of other images.
    #[error("{}: the application says another version of itself than the manifest; make the release again", .0.display())]
    OtherImage(PathBuf),
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
    /// The vault cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
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

/// What a chip says before anything is burnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which chip it is.
    pub address: Address,
    /// How far it is.
    pub steps: Vec<(Step, Progress)>,
}

impl Standing {
    /// The first step that is not done.
    pub fn open(&self) -> Option<Step> {
        self.steps.iter().find(|(_, at)| *at != Progress::Done).map(|(step, _)| *step)
    }
}

/// How far a chip is. Reads only; a virtual chip that is not there yet is made, as it comes from the maker.
pub fn state(tools: &Tools, job: &Job) -> Result<Standing, BurnError> {
    let _held = job.bench.hold()?;
    standing(tools, job)
}

pub(super) fn standing(tools: &Tools, job: &Job) -> Result<Standing, BurnError> {
    if let Bench::Virtual(chip) = &job.bench {
        deliver(tools, job.plan.chip, chip)?;
    }
    let fuses = match Fuses::read(tools, job.plan.chip, &job.bench) {
        Err(FusesError::Tool(ToolError::Failed { said, .. })) if said.contains(CLOSED) => {
            return Err(BurnError::Closed);
        }
        read => read?,
    };
    Ok(Standing { address: fuses.address()?, steps: job.plan.progress(&fuses)?? })
}

/// Carries out what is missing. `progress` hears each step before it begins.
///
/// Killed at any point, the next run goes on: fuses never go back, and nothing but the fuses says what is done.
pub fn burn(
    tools: &Tools,
    job: &Job,
    claim: &Claim,
    progress: &mut dyn FnMut(Step),
) -> Result<Burnt, BurnError> {
    let _held = job.bench.hold()?;
    let (mut steps, now) = (Vec::new(), standing(tools, job)?);
    claim.is_of(job, now.address)?;
    let plan = now.steps;
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
            look(tools, job, claim, Step::Download)?;
            verify_flash(tools, job)?;
        } else if matches!(job.bench, Bench::Port(_)) && !steps.is_empty() {
            // Another board at the port would get what only this one may have.
            look(tools, job, claim, step)?;
        }
        progress(step);
        carry_out(tools, job, step)?;
        steps.push(step);
    }
    if let Bench::Virtual(_) = job.bench {
        look(tools, job, claim, Step::Download)?;
        verify_flash(tools, job)?;
    }
    Ok(Burnt { steps })
}

/// Whether it is the same chip, and all steps before this one are done. Fuses say nothing of the flash: [`verify_flash`] does.
fn look(tools: &Tools, job: &Job, claim: &Claim, before: Step) -> Result<(), BurnError> {
    let fuses = Fuses::read(tools, job.plan.chip, &job.bench)?;
    claim.is_of(job, fuses.address()?)?;
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
