//! Chromium, by its remote debugging protocol over two pipes: no port, no other client.

use crate::clock::instant;
use crate::{ANSWER, Tab};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use tempfile::TempDir;

/// The flags with which it runs without a screen, and without looking for hosts of its maker.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
];

/// A running browser. Dropping it ends its process.
#[derive(Debug, Clone)]
pub struct Browser {
    wire: Rc<RefCell<Wire>>,
}

/// A profile of its own: storage, keys and caches that no other one sees.
#[derive(Debug, Clone)]
pub struct Device {
    browser: Browser,
    context: String,
}

#[derive(Debug)]
struct Wire {
    process: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    last_id: u64,
    /// What the browser said unasked.
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts one.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one whose camera, allowed to every page, shows a film; it need not be there before the camera is opened.
    pub fn with_camera(film: &Path) -> Self {
        Self::start_with(&[
            "--use-fake-device-for-media-stream".to_owned(),
            "--use-fake-ui-for-media-stream".to_owned(),
            format!("--use-file-for-fake-video-capture={}", film.display()),
        ])
    }

    #[expect(clippy::expect_used, reason = "a test without a browser has failed")]
    fn start_with(more: &[String]) -> Self {
        let profile = TempDir::new().expect("a folder for the profile");
        // The protocol is on descriptors 3 and 4, and nothing else is of interest.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec chromium "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#, "sh"]);
        command.args(FLAGS).args(more).arg(format!("--user-data-dir={}", profile.path().display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("Chromium starts");
        let to = process.stdin.take().expect("a pipe to the browser");
        let out = process.stdout.take().expect("a pipe from the browser");
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(out);
            let mut message = Vec::new();
            while reader.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let events = Vec::new();
        let wire = Wire { process, to, from, last_id: 0, events, _profile: profile };
        Self { wire: Rc::new(RefCell::new(wire)) }
    }

    /// A device of its own.
    pub fn device(&self) -> Device {
        let made = self.call("Target.createBrowserContext", "", json!({}));
        let context = made["browserContextId"].as_str().unwrap_or_default().to_owned();
        Device { browser: self.clone(), context }
    }

    /// One command; its answer.
    #[expect(clippy::panic, reason = "a command that fails fails the test")]
    pub(crate) fn call(&self, method: &str, session: &str, params: Value) -> Value {
        match self.try_call(method, session, params) {
            Ok(answer) => answer,
            Err(error) => panic!("{method}: {error}"),
        }
    }

    /// The same, where it may fail: a page that goes away takes its answers with it.
    pub(crate) fn try_call(
        &self,
        method: &str,
        session: &str,
        params: Value,
    ) -> Result<Value, Value> {
        self.wire.borrow_mut().call(method, session, params).map_err(Value::from)
    }

    /// Everything that was said unasked in a session, by method.
    pub(crate) fn events(&self, session: &str, method: &str) -> Vec<Value> {
        let wire = self.wire.borrow();
        let said = wire.events.iter();
        said.filter(|it| it["sessionId"] == session && it["method"] == method)
            .map(|it| it["params"].clone())
            .collect()
    }
}

impl Device {
    /// Opens a tab at an address and waits until it is loaded.
    pub fn open(&self, url: &str) -> Tab {
        let tab = self.open_blank();
        tab.go(url);
        tab
    }

    /// Opens an empty tab, to set it up before it goes anywhere.
    pub fn open_blank(&self) -> Tab {
        let wish = json!({ "url": "about:blank", "browserContextId": self.context });
        let made = self.browser.call("Target.createTarget", "", wish);
        let wish = json!({ "targetId": made["targetId"], "flatten": true });
        let attached = self.browser.call("Target.attachToTarget", "", wish);
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        Tab::new(self.browser.clone(), session)
    }
}

impl Wire {
    fn call(&mut self, method: &str, session: &str, params: Value) -> Result<Value, String> {
        self.last_id += 1;
        let mut message = json!({ "id": self.last_id, "method": method, "params": params });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).map_err(|error| error.to_string())?;
        let until = instant() + ANSWER;
        loop {
            let left = until.saturating_duration_since(instant());
            let said = self.from.recv_timeout(left).map_err(|_| "no answer in time")?;
            if said["id"] == self.last_id {
                return match said.get("error") {
                    None => Ok(said["result"].clone()),
                    Some(error) => Err(error.to_string()),
                };
            }
            self.events.push(said);
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
