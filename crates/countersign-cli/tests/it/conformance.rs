//! The second implementation, in JavaScript, against the real server.

use crate::harness::*;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_javascript_client_agrees() {
    let server = Server::start(Options::new());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/js/live.js");
    let root = hex::encode(server.keyset().content.roots[0].as_bytes());
    let mut node = Command::new("node");
    node.arg(script).args(["--base", &format!("http://{}", server.public().get())]);
    node.args(["--root", &root, "--address", "ana@example.org", "--code-file"]);
    let ran = node.arg(server.data().join("mail")).stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}{err}");
    let steps: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(steps.len() >= 15 && steps.iter().all(|step| step["ok"] == true), "{out}");
}
