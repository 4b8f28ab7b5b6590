//! Whether a chip is what plan and vault say: all that it shows, and what a closed one still says.

use super::address::Address;
use super::board::{esptool, verify_flash};
use super::burn::{BurnError, CLOSED, standing};
use super::chip::{Bench, Chip, Site};
use super::fuses::{Block, Fuses, FusesError};
use super::job::Job;
use super::plan::BurnPlan;
use super::step::Step;
use super::tool::{Program, ToolError, Tools};
use super::vault::Vault;
use countersign_provision::Half;
use std::ffi::OsString;
use std::path::Path;

/// What was found to be as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Every fuse, and the flash, of this chip.
    Whole(Address),
    /// What a chip at a port says when it is closed: not which one it is.
    Closed,
}

/// Why a chip is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Not all of it is done.
    #[error("“{0}” is not done; go on with `countersign factory chip burn`")]
    Unfinished(Step),
    /// What a closed chip says of itself.
    #[error("the closed chip says that {what} is {found}, and the plan wants {wanted}")]
    Said {
        /// Which of its settings.
        what: &'static str,
        /// What it says.
        found: String,
        /// What it should say.
        wanted: String,
    },
    /// Not what the tool says of any chip.
    #[error("what esptool says of the closed chip cannot be understood: {0:?} is not in it")]
    Unknown(&'static str),
    /// The half is remembered in another chip.
    #[error(
        "this chip, {found}, has what {of} should have, but {of} was burnt into {known}: one of the two is a copy"
    )]
    OtherChip {
        /// The half.
        of: String,
        /// This chip.
        found: Address,
        /// The chip that the vault knows.
        known: Address,
    },
    /// The vault knows nothing of it.
    #[error(
        "this chip, {found}, has what {of} should have, and the vault does not remember it; was it burnt with another copy of \
         the vault?"
    )]
    Forgotten {
        /// The half.
        of: String,
        /// This chip.
        found: Address,
    },
    /// Nothing by which a chip could be known.
    #[error(
        "the vault does not remember this chip, {0}; if it has a label, name serial and half as that does"
    )]
    Nobody(Address),
    /// A closed chip of a half that has none.
    #[error(
        "this chip is closed, and the vault remembers no chip of {0}; is it another half's, or was it burnt with another copy of the vault?"
    )]
    NeverBurnt(String),
    /// It shows no address.
    #[error(
        "a chip that is closed does not say which one it is; name serial and half as its label does: countersign factory chip \
         check SERIAL HALF --port …"
    )]
    Anonymous,
    /// It is not this device's, or cannot be read.
    #[error(transparent)]
    Burn(#[from] BurnError),
    /// A tool failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
}

/// Who a chip is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A half that the vault remembers in this chip.
    Half {
        /// The pair.
        serial: String,
        /// Which half of it.
        half: Half,
        /// Which chip.
        address: Address,
    },
    /// A radio, by what stands in its user block.
    Radio(Address),
}

/// Who a chip is, by its address and what the vault remembers. A closed chip at a port does not say.
pub fn identify(
    tools: &Tools,
    vault: &Vault,
    chip: Chip,
    bench: &Bench,
) -> Result<Identity, CheckError> {
    let _held = bench.hold().map_err(BurnError::from)?;
    let fuses = match Fuses::read(tools, chip, bench) {
        Err(FusesError::Tool(ToolError::Failed { said, .. })) if said.contains(CLOSED) => {
            return Err(CheckError::Anonymous);
        }
        read => read.map_err(BurnError::from)?,
    };
    let address = fuses.address().map_err(BurnError::from)?;
    if let Some((serial, half)) = vault.whose(address) {
        return Ok(Identity::Half { serial: serial.to_owned(), half, address });
    }
    match fuses.block("BLOCK_USR_DATA").map_err(BurnError::from)? {
        Block::Holds(name) if name == super::plan::Owner::Radio.name() => {
            Ok(Identity::Radio(address))
        }
        Block::Empty | Block::Holds(_) | Block::Hidden => Err(CheckError::Nobody(address)),
    }
}

/// Looks at every fuse and at the flash, and whether this is the chip that the vault remembers; a radio needs no vault. A real chip that is
/// finished shows none of this: then at what it still says.
pub fn check(tools: &Tools, job: &Job, vault: Option<&Vault>) -> Result<Checked, CheckError> {
    let _held = job.bench.hold().map_err(BurnError::from)?;
    if let Bench::Port(port) = &job.bench {
        let said = security_info(tools, job.plan.chip, port)?;
        if said.contains(CLOSED) {
            closed(&job.plan, &said)?;
            let is_known = |(serial, half): &(String, Half), vault: &Vault| {
                vault.chips(serial).iter().any(|chip| chip.half == *half)
            };
            return match (&job.of, vault) {
                (Some(of), Some(vault)) if !is_known(of, vault) => {
                    Err(CheckError::NeverBurnt(job.name()))
                }
                (Some(_) | None, Some(_) | None) => Ok(Checked::Closed),
            };
        }
    }
    let now = standing(tools, job)?;
    if let Some(vault) = vault.filter(|_| now.open() != Some(Step::Name)) {
        remembered(job, vault, now.address)?;
    }
    if let Some(step) = now.open() {
        return Err(CheckError::Unfinished(step));
    }
    verify_flash(tools, job)?;
    Ok(Checked::Whole(now.address))
}

/// Whether a chip that bears the name of a half is the one that was burnt for it.
fn remembered(job: &Job, vault: &Vault, found: Address) -> Result<(), CheckError> {
    let Some((serial, half)) = &job.of else { return Ok(()) };
    let of = job.name();
    match vault.chip_of(serial, *half, Site::from(&job.bench)) {
        Some(known) if known == found => Ok(()),
        Some(known) => Err(CheckError::OtherChip { of, found, known }),
        // A trial that is looked at through a port, or the other way round.
        None if vault.whose(found) == Some((serial, *half)) => Ok(()),
        None => Err(CheckError::Forgotten { of, found }),
    }
}

fn security_info(tools: &Tools, chip: Chip, port: &Path) -> Result<String, ToolError> {
    let mut arguments = esptool(chip, port);
    arguments.extend(["--no-stub", "get-security-info"].map(OsString::from));
    tools.run(Program::Esptool, arguments)
}

/// The bits of the flags that a closed chip says, with what the plan wants of them. Bits 8 and 9 are about USB and a data cache; what they
/// mean on these chips is not known, and they are not looked at.
fn flags(plan: &BurnPlan) -> [(&'static str, u32, u32); 10] {
    let planned = |field| u32::from(plan.planned(field) != 0);
    [
        ("SECURE_BOOT_EN", 0, planned("SECURE_BOOT_EN")),
        ("SECURE_BOOT_AGGRESSIVE_REVOKE", 1, 0),
        ("ENABLE_SECURITY_DOWNLOAD", 2, planned("ENABLE_SECURITY_DOWNLOAD")),
        ("SECURE_BOOT_KEY_REVOKE0", 3, 0),
        ("SECURE_BOOT_KEY_REVOKE1", 4, planned("SECURE_BOOT_KEY_REVOKE1")),
        ("SECURE_BOOT_KEY_REVOKE2", 5, planned("SECURE_BOOT_KEY_REVOKE2")),
        ("SOFT_DIS_JTAG", 6, planned("SOFT_DIS_JTAG")),
        ("DIS_PAD_JTAG", 7, planned("DIS_PAD_JTAG")),
        ("DIS_DOWNLOAD_ICACHE", 10, planned("DIS_DOWNLOAD_ICACHE")),
        ("a flag that no manual names", 11, 0),
    ]
}

/// What a chip in secure download mode still says, and all that it says.
fn closed(plan: &BurnPlan, said: &str) -> Result<(), CheckError> {
    let same = |what, found: String, wanted: String| match found == wanted {
        true => Ok(()),
        false => Err(CheckError::Said { what, found, wanted }),
    };
    let raw = hexadecimal(after(said, "Flags: ")?).ok_or(CheckError::Unknown("Flags: "))?;
    for (what, bit, wanted) in flags(plan) {
        let found = if bit < 11 { raw >> bit & 1 } else { raw >> bit };
        same(what, found.to_string(), wanted.to_string())?;
    }
    let count = "(SPI_BOOT_CRYPT_CNT): ";
    let found =
        hexadecimal(after(said, count)?).ok_or(CheckError::Unknown("SPI_BOOT_CRYPT_CNT"))?;
    let wanted = plan.planned("SPI_BOOT_CRYPT_CNT");
    same("SPI_BOOT_CRYPT_CNT", format!("0x{found:x}"), format!("0x{wanted:x}"))?;
    const PURPOSES: [&str; 6] = [
        "BLOCK_KEY0 - ",
        "BLOCK_KEY1 - ",
        "BLOCK_KEY2 - ",
        "BLOCK_KEY3 - ",
        "BLOCK_KEY4 - ",
        "BLOCK_KEY5 - ",
    ];
    for (number, block) in PURPOSES.iter().enumerate() {
        let key = plan.all_keys().find(|key| usize::from(key.number) == number);
        let wanted = key.map_or("USER/EMPTY", |key| key.purpose).to_owned();
        let what = block.trim_end_matches(" - ");
        same(what, after(said, block)?.to_owned(), wanted)?;
    }
    Ok(())
}

/// The rest of the line after these words.
fn after<'s>(said: &'s str, words: &'static str) -> Result<&'s str, CheckError> {
    let rest = said.split_once(words).map(|(_, rest)| rest.lines().next().unwrap_or_default());
    rest.map(str::trim).ok_or(CheckError::Unknown(words))
}

/// The number at the beginning of a text.
fn hexadecimal(text: &str) -> Option<u32> {
    let digits = text.split_whitespace().next()?.strip_prefix("0x")?;
    u32::from_str_radix(digits, 16).ok()
}
