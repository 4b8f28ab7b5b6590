//! Virtual Bluetooth controllers in a process of their own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Ends with this value.
pub(crate) struct Controllers {
    pub(crate) addrs: Vec<SocketAddr>,
    _process: Child,
}

/// So many controllers; those of a pair are within reach of each other, without pairs all are. `cargo xtask setup` has
/// installed what they need.
pub(crate) async fn controllers(count: usize, pairs: &[&str]) -> Controllers {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("../../target/tools/bumble/bin/python");
    assert!(python.exists(), "Bumble is missing; `cargo xtask setup` installs it");
    let mut process = Command::new(python)
        .arg(root.join("tests/it/controllers.py"))
        .arg(count.to_string())
        .args(pairs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut ports = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut ports).await.unwrap();
    let addrs: Vec<SocketAddr> = ports
        .split_whitespace()
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap())))
        .collect();
    assert_eq!(addrs.len(), count);
    Controllers { addrs, _process: process }
}
