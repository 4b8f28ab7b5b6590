//! `countersign demo --open`: everything that a person needs stands in the terminal.

use crate::PATIENCE;
use crate::clock::instant;
use crate::server::{Running, program};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// A demo with its doors open. Dropping it ends the demo, and what the demo has started.
#[derive(Debug)]
pub struct Demo {
    // In this order: what writes into the folder ends first.
    process: Running,
    lines: Receiver<String>,
    _folder: TempDir,
}

impl Demo {
    /// Starts it. The mail server and the service are those that `cargo xtask setup` brings.
    #[expect(clippy::expect_used, reason = "a test without a demo has failed")]
    pub fn open() -> Self {
        let folder = TempDir::new().expect("a folder for the demo");
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let mut command = Command::new(program("countersign"));
        command.args(["demo", "--open", "--dir"]).arg(folder.path().join("demo"));
        command.current_dir(root).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Running(command.stderr(Stdio::inherit()).spawn().expect("the program"));
        let said = BufReader::new(process.0.stdout.take().expect("its words"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, lines, _folder: folder }
    }

    /// What stands behind these words in the next line that has them.
    pub fn says(&self, words: &str) -> String {
        self.says_any(&[words]).1
    }

    /// Which of these words the next line has that has any, and what stands behind them.
    #[expect(clippy::panic, reason = "what is not said fails the test")]
    pub fn says_any(&self, words: &[&str]) -> (usize, String) {
        let mut before = String::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            let found = |(number, words): (usize, &&str)| Some((number, line.split_once(words)?.1));
            if let Some((number, rest)) = words.iter().enumerate().find_map(found) {
                return (number, rest.to_owned());
            }
            before += &format!("{line}\n");
        }
        panic!("the demo does not say {words:?}; it said:\n{before}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // As Ctrl-C does: whoever is killed ends nothing that it has started.
        let id = self.process.0.id().to_string();
        drop(Command::new("kill").args(["-INT", &id]).status());
        let until = instant() + PATIENCE;
        while matches!(self.process.0.try_wait(), Ok(None)) && instant() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
