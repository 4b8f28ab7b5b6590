//! The only place of this program that writes to the terminal.
//!
//! Write errors are dropped on purpose: a closed pipe (`cargo xtask tidy | head`) is no failure.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use crate::failure::Failure;

/// One line of result on standard output.
pub(crate) fn line(text: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// Bytes of another program, passed on as they are.
pub(crate) fn raw(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(bytes);
    let _ = out.flush();
}

/// The beginning of a step.
pub(crate) fn step(name: impl Display) {
    line(format_args!("\n{}", painted("1", &format!("== {name}"))));
}

/// A command that is about to run.
pub(crate) fn echo(command: impl Display) {
    line(painted("2", &format!("$ {command}")));
}

/// Something that has to be seen although nothing has failed.
pub(crate) fn notice(text: impl Display) {
    line(painted("33", &text.to_string()));
}

/// The last word of a command that failed.
pub(crate) fn failure(failure: &Failure) {
    if !failure.sentence.is_empty() {
        let _ = writeln!(std::io::stderr().lock(), "\nxtask: {}", failure.sentence);
    }
}

/// Whether a person reads standard output.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn painted(sgr: &str, text: &str) -> String {
    if is_terminal() { format!("\x1b[{sgr}m{text}\x1b[0m") } else { text.to_owned() }
}
