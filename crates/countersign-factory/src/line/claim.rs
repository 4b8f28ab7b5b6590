//! One half goes into one chip: the vault remembers which, before the first fuse is burnt.

use super::address::Address;
use super::burn::{BurnError, Standing};
use super::chip::Site;
use super::job::Job;
use super::station::Line;
use super::vault::{KnownChip, Vault};
use countersign_provision::Half;

/// That a chip may be burnt for a half, or as a radio. The vault knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    of: Option<(String, Half)>,
    address: Address,
}

/// Why a half does not go into a chip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The half is in another chip.
    #[error(
        "{of} was burnt into the chip {first}, and this is {found}; two chips of one half would be one device twice. If the \
         first is broken, destroy it and say --replace"
    )]
    Taken {
        /// The half.
        of: String,
        /// The chip that it is in.
        first: Address,
        /// The chip that is here.
        found: Address,
    },
    /// The chip is that of another half.
    #[error("this chip, {found}, was begun as {other}; go on with that, or take a fresh chip")]
    Other {
        /// The chip that is here.
        found: Address,
        /// Whose it is.
        other: String,
    },
    /// The half has left it.
    #[error("this chip, {found}, was replaced: {of} is in the chip {now}")]
    Replaced {
        /// The chip that is here.
        found: Address,
        /// The half.
        of: String,
        /// The chip that it is in.
        now: Address,
    },
}

impl Claim {
    /// Whether it is for this work on this chip.
    pub(super) fn is_of(&self, job: &Job, found: Address) -> Result<(), BurnError> {
        if (&self.of, self.address) == (&job.of, found) {
            return Ok(());
        }
        Err(BurnError::Swapped { found, wanted: self.address })
    }
}

/// Whether the vault lets a chip be burnt for a half; `replaces` if it may take the place of another. Says whether it knows it already.
pub fn may_claim(
    vault: &Vault,
    job: &Job,
    found: Address,
    replaces: bool,
) -> Result<bool, ClaimError> {
    // A radio is nobody's, and any chip may be one that has no other name.
    let Some((serial, half)) = &job.of else { return Ok(true) };
    let owner = vault.whose(found);
    if let Some((other, its)) = owner.filter(|owner| *owner != (serial.as_str(), *half)) {
        return Err(ClaimError::Other { found, other: format!("{other} {its}") });
    }
    match vault.chip_of(serial, *half, Site::from(&job.bench)) {
        Some(first) if first == found => Ok(true),
        Some(now) if owner.is_some() => Err(ClaimError::Replaced { found, of: job.name(), now }),
        Some(first) if !replaces => Err(ClaimError::Taken { of: job.name(), first, found }),
        Some(_) | None => Ok(false),
    }
}

/// Takes a chip for the work: from now on the half is in it. `open` opens the vault as it is on the disk now; a radio needs none.
pub fn claim<E: From<BurnError>>(
    line: &Line<'_>,
    job: &Job,
    standing: &Standing,
    replaces: bool,
    open: impl Fn() -> Result<Vault, E>,
) -> Result<Claim, E> {
    let (of, address) = (job.of.clone(), standing.address);
    let Some((serial, half)) = &of else { return Ok(Claim { of, address }) };
    let known = |vault: &Vault| may_claim(vault, job, address, replaces).map_err(BurnError::from);
    if !known(&open()?)? {
        // Somebody may have changed it since.
        let _lock = line.lock().map_err(BurnError::from)?;
        let mut vault = open()?;
        if !known(&vault)? {
            let chip = KnownChip { half: *half, site: Site::from(&job.bench), address };
            let saved = vault.remember(serial, chip).and_then(|()| vault.save());
            saved.map_err(BurnError::from)?;
        }
    }
    Ok(Claim { of, address })
}
