//! Starting other programs: each command is echoed before it runs, in a form that can be pasted.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::{Failure, Outcome};
use crate::{report, workspace};

/// A program with its arguments, to be run in the root of the workspace.
pub(crate) struct Run {
    command: Command,
    shown: String,
}

/// What a quiet program left behind.
pub(crate) struct Captured {
    pub(crate) success: bool,
    /// Standard output, then standard error.
    pub(crate) text: String,
}

impl Run {
    pub(crate) fn new(program: &str) -> Self {
        let mut command = Command::new(program);
        command.current_dir(workspace::root());
        forget_the_outer_cargo(&mut command);
        Self { command, shown: program.to_owned() }
    }

    /// The cargo that runs this program.
    pub(crate) fn cargo() -> Self {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut run = Self::new("cargo");
        run.command = Command::new(program);
        run.command.current_dir(workspace::root());
        forget_the_outer_cargo(&mut run.command);
        run
    }

    pub(crate) fn arg(mut self, arg: &str) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&quoted(arg));
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<I: IntoIterator<Item: AsRef<str>>>(self, args: I) -> Self {
        args.into_iter().fold(self, |run, arg| run.arg(arg.as_ref()))
    }

    pub(crate) fn path(self, path: &Path) -> Self {
        let shown = path.strip_prefix(workspace::root()).unwrap_or(path).display().to_string();
        self.arg(&shown)
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.shown = format!("{name}={} {}", quoted(value), self.shown);
        self.command.env(name, value);
        self
    }

    /// A variable that is of no use to whoever repeats the command by hand.
    pub(crate) fn env_quietly(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// How the command reads in a shell.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Runs with the terminal's own input and output; a failure carries the exit code on.
    pub(crate) fn run(mut self) -> Outcome {
        report::echo(&self.shown);
        let status = self.command.status().map_err(|error| self.not_started(&error))?;
        if status.success() { Ok(()) } else { Err(self.failed(status)) }
    }

    /// Like [`Run::run`], but the program has explained itself: nothing is added to its words.
    pub(crate) fn hand_over(mut self) -> Outcome {
        report::echo(&self.shown);
        let status = self.command.status().map_err(|error| self.not_started(&error))?;
        if status.success() { Ok(()) } else { Err(Failure::silent(exit_code(status))) }
    }

    /// Runs, shows every line of standard output as it comes, and lets `look` read it.
    pub(crate) fn watch(mut self, mut look: impl FnMut(&str)) -> Result<ExitStatus, Failure> {
        report::echo(&self.shown);
        self.command.stdout(Stdio::piped());
        let mut child = self.command.spawn().map_err(|error| self.not_started(&error))?;
        if let Some(stdout) = child.stdout.take() {
            let mut reader = BufReader::new(stdout);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
                report::raw(&line);
                look(&String::from_utf8_lossy(&line));
                line.clear();
            }
        }
        child.wait().map_err(|error| self.not_started(&error))
    }

    /// Runs without a word; what it printed is in the answer.
    pub(crate) fn capture(mut self) -> Result<Captured, Failure> {
        let output =
            self.command.stdin(Stdio::null()).output().map_err(|error| self.not_started(&error))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok(Captured { success: output.status.success(), text })
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("`{}` could not be started: {error}.", self.shown))
    }

    fn failed(&self, status: ExitStatus) -> Failure {
        Failure {
            sentence: format!("`{}` failed ({status}).", self.shown),
            exit_code: exit_code(status),
        }
    }
}

/// Finds a program on `PATH`, or in the folders for administrators that `PATH` often lacks.
pub(crate) fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(Into::into))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// 1 stands for a program that a signal ended.
fn exit_code(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// `cargo run` describes xtask in these variables; a build script must not take them for its own.
fn forget_the_outer_cargo(command: &mut Command) {
    const OURS: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OURS.iter().any(|ours| name.starts_with(ours))) {
            command.env_remove(&name);
        }
    }
}

fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echo_can_be_pasted_into_a_shell() {
        let run = Run::new("cargo").args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(run.shown(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn exit_codes_go_on() {
        let failure = Run::new("sh").args(["-c", "exit 7"]).hand_over().unwrap_err();
        assert_eq!(failure.exit_code, 7);
        assert!(failure.sentence.is_empty());
    }

    #[test]
    fn watching_sees_every_line() {
        let mut seen = Vec::new();
        let status = Run::new("printf")
            .arg("a\\nb")
            .watch(|line| seen.push(line.trim_end().to_owned()))
            .unwrap();
        assert!(status.success());
        assert_eq!(seen, ["a", "b"]);
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = Run::new("countersign-no-such-program").run().unwrap_err();
        assert!(failure.sentence.contains("could not be started"), "{}", failure.sentence);
    }
}
