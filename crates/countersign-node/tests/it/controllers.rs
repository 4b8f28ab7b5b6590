//! Virtual Bluetooth controllers in a process of their own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ends with this value.
pub(crate) struct Controllers {
    pub(crate) addrs: Vec<SocketAddr>,
    process: Child,
}

/// So many controllers; those of a pair are within reach of each other, without pairs all are. A pair such as `0-1:23` agrees on
/// that ATT MTU, others on what their hosts can. `cargo xtask setup` has installed what they need.
pub(crate) fn controllers(count: usize, pairs: &[&str]) -> Controllers {
    // Also for the tests of other crates.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/tools/bumble/bin/python");
    assert!(python.exists(), "Bumble is missing; `cargo xtask setup` installs it");
    let mut process = Command::new(python)
        .arg(root.join("crates/countersign-node/tests/it/controllers.py"))
        .arg(count.to_string())
        .args(pairs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ports = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut ports).unwrap();
    let addrs: Vec<SocketAddr> = ports
        .split_whitespace()
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap())))
        .collect();
    assert_eq!(addrs.len(), count);
    Controllers { addrs, process }
}

impl Drop for Controllers {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
