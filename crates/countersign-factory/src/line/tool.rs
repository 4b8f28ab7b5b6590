//! Espressif's tools as child processes: esptool, espsecure, espefuse.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

/// Version of the tools that this line is tested with; another major version may mean something else by the same words.
const MAJOR: &str = "5.";
/// Most characters of what a tool said that stand in an error.
const SAID_MAX: usize = 1_000;

/// One of the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// Images and flash.
    Esptool,
    /// Signatures.
    Espsecure,
    /// Fuses.
    Espefuse,
}

impl Program {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Esptool => "esptool",
            Self::Espsecure => "espsecure",
            Self::Espefuse => "espefuse",
        }
    }
}

/// Where the tools are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tools {
    /// The folder with the three programs; without one they are looked for as any program is.
    pub folder: Option<PathBuf>,
}

/// Why a tool has not done its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// Not installed.
    #[error(
        "{program} cannot be started ({source}); install it with `pip install esptool` (version 5), or say with --tools \
         in which folder it is"
    )]
    Missing {
        /// Which.
        program: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something else, or a version whose words may mean something else.
    #[error("{program} is not of version 5, which this line needs; it says {said:?}")]
    Version {
        /// Which.
        program: &'static str,
        /// Its first line.
        said: String,
    },
    /// It said no.
    #[error("{program} {command} failed: {said}")]
    Failed {
        /// Which.
        program: &'static str,
        /// Its command.
        command: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// This process is ending.
    #[error("{0} was stopped: this command was interrupted; run it again, it goes on")]
    Stopped(&'static str),
    /// No file in memory.
    #[error(
        "a key cannot be handed to the tools in memory ({0}); it would have to be a file, and is not handed over"
    )]
    Memory(std::io::Error),
}

impl Tools {
    /// Runs a tool to its end; returns what it said. Arguments are names of files and settings, never secrets.
    pub(super) fn run<I, S>(&self, program: Program, arguments: I) -> Result<String, ToolError>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let name = program.as_str();
        let path = self.folder.as_ref().map_or_else(|| PathBuf::from(name), |at| at.join(name));
        let arguments: Vec<OsString> =
            arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        let mut tool = Command::new(path);
        tool.args(&arguments)
            // Plain lines, whatever the terminal; no settings but ours.
            .env("NO_COLOR", "1")
            .env("TERM", "dumb")
            .env("COLUMNS", "400")
            .env("PYTHONUTF8", "1")
            .env_remove("ESPTOOL_CFGFILE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let output = run_to_its_end(name, tool)?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if !output.status.success() {
            let command = command_of(&arguments);
            return Err(ToolError::Failed { program: name, command, said: end_of(&said) });
        }
        let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let version = first.strip_prefix(name).map(str::trim_start);
        if !version.is_some_and(|version| version.trim_start_matches('v').starts_with(MAJOR)) {
            let said = first.chars().take(80).collect();
            return Err(ToolError::Version { program: name, said });
        }
        Ok(said)
    }
}

/// The tools that run now, each with all that it starts in a process group of its own; nothing once no more may start.
static RUNNING: Mutex<Option<BTreeSet<u32>>> = Mutex::new(Some(BTreeSet::new()));

/// Ends the tools that run, with all that they have started, and lets no other start: for a process that was told to end. A tool would go
/// on burning otherwise, in a group that the terminal does not reach.
pub fn stop_tools() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take();
    #[cfg(unix)]
    for group in running.into_iter().flatten() {
        use rustix::process::{Pid, Signal, kill_process_group};
        if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
            // One that has just ended needs no end.
            let _ended = kill_process_group(group, Signal::KILL);
        }
    }
    #[cfg(not(unix))]
    drop(running);
}

fn run_to_its_end(program: &'static str, mut tool: Command) -> Result<Output, ToolError> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut tool, 0);
    let missing = |source| ToolError::Missing { program, source };
    let child = {
        // Held while it starts: whoever stops the tools stops this one too.
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let running = running.as_mut().ok_or(ToolError::Stopped(program))?;
        let child = tool.spawn().map_err(missing)?;
        running.insert(child.id());
        child
    };
    let group = child.id();
    let output = child.wait_with_output();
    match RUNNING.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        Some(running) => drop(running.remove(&group)),
        None => return Err(ToolError::Stopped(program)),
    }
    output.map_err(missing)
}

/// The commands that this line uses.
const COMMANDS: [&str; 14] = [
    "elf2image",
    "write-flash",
    "verify-flash",
    "get-security-info",
    "sign-data",
    "verify-signature",
    "digest-sbv2-public-key",
    "extract-public-key",
    "summary",
    "burn-key",
    "burn-efuse",
    "burn-block-data",
    "read-protect-efuse",
    "write-protect-efuse",
];

/// Which of them is called, for an error.
fn command_of(arguments: &[OsString]) -> &'static str {
    let is_called = |command: &&&str| arguments.iter().any(|argument| argument == **command);
    COMMANDS.iter().find(is_called).copied().unwrap_or_default()
}

/// The sentence after "A fatal error occurred", or the last lines.
fn end_of(said: &str) -> String {
    const FATAL: &str = "A fatal error occurred: ";
    let text = match said.rfind(FATAL) {
        Some(at) => &said[at + FATAL.len()..],
        None => said,
    };
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(6)..].join(" ");
    let skip = last.chars().count().saturating_sub(SAID_MAX);
    last.chars().skip(skip).collect()
}

/// A file without a name in any folder: it is in memory, only this process and the tools that it starts can open it, and it is gone
/// when both have ended, however they end.
#[derive(Debug)]
pub(super) struct MemoryFile {
    #[cfg(target_os = "linux")]
    file: std::fs::File,
    path: PathBuf,
}

impl MemoryFile {
    /// A file with this content.
    #[cfg(target_os = "linux")]
    pub(super) fn new(content: &[u8]) -> Result<Self, ToolError> {
        use rustix::fs::{MemfdFlags, memfd_create};
        use std::io::Write;
        use std::os::fd::AsRawFd;
        // Without CLOEXEC: a tool inherits it.
        let fd = memfd_create("countersign", MemfdFlags::empty())
            .map_err(|error| ToolError::Memory(error.into()))?;
        let mut file = std::fs::File::from(fd);
        file.write_all(content).map_err(ToolError::Memory)?;
        let path = PathBuf::from(format!("/dev/fd/{}", file.as_raw_fd()));
        Ok(Self { file, path })
    }

    /// Other systems have no such files, and a key is not written to a disk.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn new(_: &[u8]) -> Result<Self, ToolError> {
        Err(ToolError::Memory(std::io::ErrorKind::Unsupported.into()))
    }

    /// Where a tool finds it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What a tool has written to it; at most `max` bytes.
    #[cfg(target_os = "linux")]
    pub(super) fn read(&mut self, max: u64) -> Result<Vec<u8>, ToolError> {
        use std::io::{Read, Seek, SeekFrom};
        let mut content = Vec::new();
        self.file.seek(SeekFrom::Start(0)).map_err(ToolError::Memory)?;
        (&self.file).take(max).read_to_end(&mut content).map_err(ToolError::Memory)?;
        Ok(content)
    }

    /// Never reached: there is no such file.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn read(&mut self, _: u64) -> Result<Vec<u8>, ToolError> {
        Err(ToolError::Memory(std::io::ErrorKind::Unsupported.into()))
    }
}
