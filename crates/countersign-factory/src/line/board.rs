//! What lies in a chip's flash, in a folder or at a port; and a new chip for a folder.

use super::burn::BurnError;
use super::chip::{Bench, Chip, Virtual};
use super::fuses::espefuse;
use super::job::Job;
use super::tool::{MemoryFile, Program, Tools};
use crate::random::random;
use countersign_boot::layout::FLASH;
use countersign_keys::disk::{self, Access};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A chip as it comes from the maker: a revision, an address, erased flash. One that is there is left as it is.
pub(super) fn deliver(tools: &Tools, chip: Chip, at: &Virtual) -> Result<(), BurnError> {
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
    arguments.push(block.path().into());
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

pub(super) fn write_flash(tools: &Tools, job: &Job) -> Result<(), BurnError> {
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
        arguments.extend([format!("0x{address:x}").into(), file.path().into()]);
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
