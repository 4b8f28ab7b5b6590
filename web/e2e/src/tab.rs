//! A tab: what a person does in it, and what it shows.

use crate::clock::instant;
use crate::{Browser, PATIENCE};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between two looks for a file that is not there yet.
const LOOK: Duration = Duration::from_millis(20);

/// Runs before every page: remembers what the policy had to block.
const WATCH: &str = "globalThis.blocked = []; \
    addEventListener('securitypolicyviolation', (event) => \
    blocked.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));";

/// The middle of something that stays where it is for two frames. From then on the mouse reaches nothing else, until `aim` is asked
/// whether it was reached.
const AIM: &str = "(() => {
    const find = () => document.querySelector(SELECTOR);
    const middle = (it) => { const box = it.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; };
    const frame = () => new Promise((done) => { const last = setTimeout(done, 200); requestAnimationFrame(() => { clearTimeout(last); done(); }); });
    const it = find();
    if (!it) return null;
    it.scrollIntoView({ block: 'center' });
    const before = middle(it).join();
    return frame().then(frame).then(() => {
        if (it !== find() || middle(it).join() !== before) return null;
        globalThis.aim?.();
        let hit = false;
        const kinds = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'];
        const guard = (event) => {
            if (event.target.closest(SELECTOR)) hit ||= event.type === 'click';
            else { event.stopImmediatePropagation(); event.preventDefault(); }
        };
        kinds.forEach((kind) => addEventListener(kind, guard, true));
        globalThis.aim = () => { kinds.forEach((kind) => removeEventListener(kind, guard, true)); delete globalThis.aim; return hit; };
        return middle(it);
    });
})()";

/// A tab of a device.
#[derive(Debug)]
pub struct Tab {
    pub(crate) browser: Browser,
    pub(crate) session: String,
}

impl Tab {
    pub(crate) fn new(browser: Browser, session: String) -> Self {
        let tab = Self { browser, session };
        for domain in ["Page", "Runtime", "Log"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.before_every_page(WATCH);
        tab
    }

    /// A command of the debugging protocol.
    pub fn call(&self, method: &str, params: Value) -> Value {
        self.browser.call(method, &self.session, params)
    }

    /// Runs before the scripts of every page from now on.
    pub fn before_every_page(&self, script: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    }

    /// Goes to an address and waits until it is loaded.
    pub fn go(&self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        self.until(&format!(
            "location.href === {} && document.readyState === 'complete'",
            quoted(url)
        ));
    }

    /// Loads the page again, and waits until the new one is there.
    pub fn reload(&self) {
        self.eval("globalThis.isOld = true");
        self.call("Page.reload", json!({}));
        self.until("!globalThis.isOld && document.readyState === 'complete'");
    }

    /// The value of an expression; a promise is waited for.
    #[expect(clippy::panic, reason = "an expression that throws fails the test")]
    pub fn eval(&self, expression: &str) -> Value {
        match self.try_eval(expression) {
            Ok(value) => value,
            Err(error) => panic!("{expression}: {error}"),
        }
    }

    fn try_eval(&self, expression: &str) -> Result<Value, Value> {
        let wish = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.browser.try_call("Runtime.evaluate", &self.session, wish)?;
        match answer.get("exceptionDetails") {
            None => Ok(answer["result"]["value"].clone()),
            Some(details) => Err(details.clone()),
        }
    }

    /// Waits until an expression is true; it is looked at again and again, in the page.
    pub fn until(&self, condition: &str) {
        self.awaited(&format!("!!({condition})"));
    }

    /// The value of an expression as soon as it has one that counts as true.
    #[expect(clippy::panic, reason = "what does not happen fails the test")]
    fn awaited(&self, expression: &str) -> Value {
        let until = instant() + PATIENCE;
        // By the monotonic clock: some tests give the page another wall clock.
        let wait = |millis: u128| {
            format!(
                "new Promise((done) => {{ const end = performance.now() + {millis}; const look = async () => {{ \
             let is; try {{ is = await ({expression}); }} catch {{ is = false; }} \
             if (is || performance.now() > end) done(is || null); else setTimeout(look, 20); }}; look(); }})"
            )
        };
        // A navigation ends what was evaluated in the page before it: then the question is asked again, of the new page.
        for _ in 0..20 {
            let left = until.saturating_duration_since(instant());
            match self.try_eval(&wait(left.as_millis())) {
                Ok(Value::Null) => break,
                Ok(value) => return value,
                Err(_) => {}
            }
        }
        panic!("{expression} did not become true; the page says:\n{}", self.text());
    }

    /// Waits until a text is to be read on the page.
    pub fn until_text(&self, text: &str) {
        self.until(&format!("document.body.innerText.includes({})", quoted(text)));
    }

    /// All text on the page.
    pub fn text(&self) -> String {
        let text = self.try_eval("document.body.innerText").unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Types into a field, as a keyboard does, instead of what is there.
    pub fn fill(&self, selector: &str, text: &str) {
        self.awaited(&format!(
            "((it) => it && (it.focus(), it.select(), true))(document.querySelector({}))",
            quoted(selector)
        ));
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Presses something, in the middle of it, with the mouse. What moves away under the mouse is pressed where it has gone; nothing
    /// else is pressed instead.
    #[expect(clippy::panic, reason = "what cannot be pressed fails the test")]
    pub fn press(&self, selector: &str) {
        let until = instant() + PATIENCE;
        while instant() < until {
            let middle = self.awaited(&AIM.replace("SELECTOR", &quoted(selector)));
            for kind in ["mousePressed", "mouseReleased"] {
                let event = json!({
                    "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1,
                });
                self.call("Input.dispatchMouseEvent", event);
            }
            // A page that is another one by now was led there by the press.
            if !matches!(self.try_eval("globalThis.aim?.()"), Ok(Value::Bool(false))) {
                return;
            }
        }
        panic!("{selector} was never where the mouse was; the page says:\n{}", self.text());
    }

    /// Presses what gives a file, and waits until it lies in a folder, which holds no other one. The browser names it when it is whole.
    #[expect(clippy::panic, reason = "a file that does not come fails the test")]
    pub fn download(&self, selector: &str, folder: &Path) -> PathBuf {
        let wish = json!({ "behavior": "allow", "downloadPath": folder.display().to_string() });
        self.call("Page.setDownloadBehavior", wish);
        self.press(selector);
        let until = instant() + PATIENCE;
        while instant() < until {
            let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let mut files = files.map(|file| file.path());
            let is_whole = |path: &PathBuf| path.extension().is_some_and(|it| it == "csx");
            if let Some(path) = files.find(is_whole) {
                return path;
            }
            std::thread::sleep(LOOK);
        }
        panic!("no file came; the page says:\n{}", self.text());
    }

    /// As wide as a device, light or dark.
    pub fn look(&self, width: u32, is_dark: bool) {
        let size = json!({
            "width": width, "height": if width < 700 { 740 } else { 800 }, "deviceScaleFactor": 1, "mobile": width < 700,
        });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if is_dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", media);
    }

    /// A picture of what is to be seen, as a PNG file.
    #[expect(clippy::expect_used, reason = "a gallery without pictures is none")]
    pub fn photograph(&self, path: &Path) {
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let data = shot["data"].as_str().unwrap_or_default();
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, data);
        std::fs::write(path, bytes.expect("a picture in Base64")).expect("a place for the picture");
    }

    /// What went wrong unseen: violations of the policy, and errors that nobody caught.
    pub fn complaints(&self) -> Vec<String> {
        let blocked = self.try_eval("globalThis.blocked").unwrap_or_default();
        let blocked = blocked.as_array().cloned().unwrap_or_default();
        let thrown = self.browser.events(&self.session, "Runtime.exceptionThrown");
        let logged = self.browser.events(&self.session, "Log.entryAdded");
        // A server that is not there is said on the page; the console says it too.
        let is_network = |it: &Value| it["entry"]["source"] == "network";
        let logged =
            logged.into_iter().filter(|it| it["entry"]["level"] == "error" && !is_network(it));
        blocked.into_iter().chain(thrown).chain(logged).map(|it| it.to_string()).collect()
    }
}

/// As a string of JavaScript.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
