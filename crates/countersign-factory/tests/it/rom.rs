//! A chip behind a port, as esptool and espefuse see one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The download mode of a virtual chip's ROM; ends when it is dropped.
pub(crate) struct Rom {
    process: Child,
    /// As the tools take it.
    pub(crate) port: String,
}

impl Rom {
    pub(crate) fn of(chip: &Path) -> Self {
        Self::with_flags(chip, 0)
    }

    /// The same with flags of the security info that no fuse of the model gives.
    pub(crate) fn with_flags(chip: &Path, flags: u32) -> Self {
        // Both crates whose tests use it lie beside each other.
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(root.join("../../target/tools/esptool/bin/python"))
            .arg(root.join("../countersign-factory/tests/it/rom.py"))
            .args([chip.join("efuse.bin"), chip.join("flash.bin")])
            .arg(flags.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: format!("socket://127.0.0.1:{}", line.trim()) }
    }
}

impl Drop for Rom {
    fn drop(&mut self) {
        drop(self.process.kill().and_then(|()| self.process.wait()));
    }
}
