//! Whether a finished chip is what plan and vault say.

use super::burn::{BurnError, CLOSED, Job, esptool, steps_of, verify_flash};
use super::chip::Bench;
use super::plan::{Progress, Step};
use super::tool::{Program, ToolError, Tools};
use std::ffi::OsString;

/// Why a chip is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Not all of it is done.
    #[error("“{0}” is not done; go on with `countersign factory chip burn`")]
    Unfinished(Step),
    /// What a closed chip says of itself.
    #[error("the chip does not say {0:?} of itself")]
    Said(&'static str),
    /// It is not this device's, or cannot be read.
    #[error(transparent)]
    Burn(#[from] BurnError),
    /// A tool failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
}

/// What a chip in secure download mode still says, and all that it says.
const SAID: [&str; 6] = [
    "Secure Boot: Enabled",
    "Flash Encryption: Enabled",
    "BLOCK_KEY0 - XTS_AES_128_KEY",
    "BLOCK_KEY1 - HMAC_UP",
    "BLOCK_KEY2 - HMAC_UP",
    "BLOCK_KEY3 - SECURE_BOOT_DIGEST0",
];

/// Looks at every fuse of the plan and at the flash. A real chip that is finished shows neither: then at what it still says.
pub fn check(tools: &Tools, job: &Job) -> Result<(), CheckError> {
    let _held = job.bench.hold().map_err(BurnError::from)?;
    if let Bench::Port(port) = &job.bench {
        let mut arguments = esptool(job.plan.chip, port);
        arguments.extend(["--no-stub", "get-security-info"].map(OsString::from));
        let said = tools.run(Program::Esptool, arguments)?;
        if said.contains(CLOSED) {
            let missing = SAID.iter().find(|what| !said.contains(*what));
            return missing.map_or(Ok(()), |what| Err(CheckError::Said(what)));
        }
    }
    let steps = steps_of(tools, job)?;
    if let Some((step, _)) = steps.iter().find(|(_, state)| *state != Progress::Done) {
        return Err(CheckError::Unfinished(*step));
    }
    Ok(verify_flash(tools, job)?)
}
