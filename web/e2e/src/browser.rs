//! Chromium, by its remote debugging protocol over two pipes: no port, no other client.

use crate::clock::instant;
use crate::{ANSWER, Tab};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
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
    wire: Arc<Wire>,
}

/// A profile of its own: storage, keys and caches that no other one sees.
#[derive(Debug, Clone)]
pub struct Device {
    browser: Browser,
    context: String,
}

#[derive(Debug)]
struct Wire {
    process: Mutex<Child>,
    to: Mutex<ChildStdin>,
    last_id: AtomicU64,
    heard: Arc<Heard>,
    _profile: TempDir,
}

/// What the browser said; several threads may wait for it.
#[derive(Debug, Default)]
struct Heard {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    /// By the id of the command.
    answers: HashMap<u64, Value>,
    /// What it said unasked.
    events: Vec<Value>,
}

impl Heard {
    fn said(&self) -> MutexGuard<'_, Said> {
        // Nothing below panics with the lock held.
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, message: Value) {
        let mut said = self.said();
        match message["id"].as_u64() {
            Some(id) => drop(said.answers.insert(id, message)),
            None => said.events.push(message),
        }
        drop(said);
        self.more.notify_all();
    }

    /// Waits until `has` finds what it looks for.
    fn until<T>(&self, wait: Duration, has: impl Fn(&mut Said) -> Option<T>) -> Option<T> {
        let until = instant() + wait;
        let mut said = self.said();
        loop {
            if let Some(found) = has(&mut said) {
                return Some(found);
            }
            let left = until.saturating_duration_since(instant());
            if left.is_zero() {
                return None;
            }
            let woken = self.more.wait_timeout(said, left);
            said = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
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

    /// Starts one with an adapter for Bluetooth that a test plays: see [`crate::Bluetooth`].
    pub fn with_bluetooth() -> Self {
        Self::start_with(&["--enable-features=WebBluetooth".to_owned()])
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
        let heard = Arc::new(Heard::default());
        let hears = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(out);
            let mut message = Vec::new();
            while reader.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                hears.take(value);
                message.clear();
            }
        });
        let (process, to) = (Mutex::new(process), Mutex::new(to));
        let wire = Wire { process, to, last_id: AtomicU64::new(0), heard, _profile: profile };
        Self { wire: Arc::new(wire) }
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
        self.wire.call(method, session, params).map_err(Value::from)
    }

    /// Everything that was said unasked in a session, by method.
    pub(crate) fn events(&self, session: &str, method: &str) -> Vec<Value> {
        let said = self.wire.heard.said();
        let events = said.events.iter();
        events
            .filter(|it| it["sessionId"] == session && it["method"] == method)
            .map(|it| it["params"].clone())
            .collect()
    }

    /// Everything that was said unasked from the `at`th on, as soon as there is anything, or nothing in that time.
    pub(crate) fn events_from(&self, at: usize, wait: Duration) -> Vec<Value> {
        let new =
            |said: &mut Said| said.events.get(at..).filter(|it| !it.is_empty()).map(<[_]>::to_vec);
        self.wire.heard.until(wait, new).unwrap_or_default()
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
    fn call(&self, method: &str, session: &str, params: Value) -> Result<Value, String> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        to.write_all(&bytes).map_err(|error| error.to_string())?;
        drop(to);
        let said = self.heard.until(ANSWER, |said| said.answers.remove(&id));
        let said = said.ok_or("no answer in time")?;
        match said.get("error") {
            None => Ok(said["result"].clone()),
            Some(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // It may have ended already.
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(process.kill());
        drop(process.wait());
    }
}
