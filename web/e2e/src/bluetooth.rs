//! A Bluetooth device that a browser finds, with a real hub behind it.
//!
//! ```text
//!   page ── Web Bluetooth ── Chromium's emulation ── Bluetooth ── UDP ── hub
//! ```
//!
//! It is what a relay is that puts frames together and cuts them again, and keeps nothing. The emulation pushes no notifications, but what a
//! page reads of a characteristic is told to it as one is: so the page is made to read whenever there is something to notify.

use crate::clock::instant;
use crate::{Browser, PATIENCE, Tab};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use countersign_mesh::framing::{Reassembly, gatt_value_len, split};
use countersign_mesh::{EventCode, Hop, LinkId};
use serde_json::{Value, json};
use std::collections::{HashSet, VecDeque};
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const ADDRESS: &str = "09:09:09:09:09:09";
/// Of the descriptor that subscriptions are written to.
const SUBSCRIPTION: &str = "00002902-0000-1000-8000-00805f9b34fb";
/// Bytes of a frame by UDP: see `docs/judging.md`.
const UDP_FRAME: usize = 1_200;
/// What stands before a frame by UDP, a question whether somebody is there, and its answer.
const FRAME: u8 = 0;
const ASKING: u8 = 1;
const ANSWER: u8 = 2;
/// Any eight bytes: on a loopback nobody forges.
const NUMBER: [u8; 8] = *b"emulated";
/// A page that read nothing for so long was busy with something else, and is told again.
const READS: Duration = Duration::from_millis(500);
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long one thing is waited for before the other is looked at.
const TURN: Duration = Duration::from_millis(4);

/// Lets a test read what a page subscribed to, where it found it.
const EXPOSE: &str = "{ const it = BluetoothRemoteGATTCharacteristic.prototype, start = it.startNotifications; \
    it.startNotifications = function() { globalThis.notifying = this; return start.call(this); }; }";
/// A read that the page does not wait for; who is told is who listens.
const READ: &str = "notifying.readValue().catch(() => {}), 0";

/// A device in range of a tab. Dropping it ends its thread; a browser has one at a time.
#[derive(Debug)]
pub struct Bluetooth {
    browser: Browser,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    is_over: AtomicBool,
    is_near: AtomicBool,
    /// The longest value that the page wrote.
    longest: AtomicUsize,
    connections: AtomicUsize,
}

impl Bluetooth {
    /// A device with this ATT MTU, which offers the service of an event's code, and reaches a hub by UDP. The tab must not have been
    /// anywhere yet.
    #[expect(clippy::expect_used, reason = "a test without its device has failed")]
    pub fn start(tab: &Tab, code: &str, hub: &str, mtu: usize) -> Self {
        let service = code.parse::<EventCode>().expect("an event's code").ble;
        let browser = tab.browser.clone();
        let enable = json!({ "state": "powered-on", "leSupported": true });
        browser.call("BluetoothEmulation.enable", "", enable);
        let peripheral = json!({
            "address": ADDRESS, "name": "Hall", "manufacturerData": [], "knownServiceUuids": [service.to_string()],
        });
        browser.call("BluetoothEmulation.simulatePreconnectedPeripheral", "", peripheral);
        tab.call("DeviceAccess.enable", json!({}));
        tab.before_every_page(EXPOSE);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.connect(hub).expect("the hub's address");
        socket.set_read_timeout(Some(TURN)).expect("a socket of our own");
        let shared = Arc::new(Shared { is_near: AtomicBool::new(true), ..Shared::default() });
        let mut peripheral = Peripheral {
            browser: browser.clone(),
            session: tab.session.clone(),
            service: service.to_string(),
            frames: service.frames().to_string(),
            characteristic: String::new(),
            is_subscribed: false,
            reading: None,
            prompts: HashSet::new(),
            notify: VecDeque::new(),
            heard: Reassembly::default(),
            counter: 0,
            frame_max: gatt_value_len(mtu),
            socket,
            asked: None,
            answered: (false, false),
            begun: instant(),
            shared: Arc::clone(&shared),
        };
        let until = instant() + PATIENCE;
        while peripheral.answered != (true, true) {
            assert!(instant() < until, "the hub does not answer by UDP");
            peripheral.hub();
        }
        let at = browser.events_from(0, Duration::ZERO).len();
        let thread = std::thread::spawn(move || peripheral.run(at));
        Self { browser, shared, thread: Some(thread) }
    }

    /// Goes out of range: the connection breaks, and no other comes about.
    pub fn leave(&self) {
        self.shared.is_near.store(false, Ordering::Relaxed);
        let gone = json!({ "address": ADDRESS });
        self.browser.call("BluetoothEmulation.simulateGATTDisconnection", "", gone);
    }

    /// Is back.
    pub fn come_back(&self) {
        self.shared.is_near.store(true, Ordering::Relaxed);
    }

    /// How often a page connected.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// The longest value that a page wrote, in bytes.
    pub fn longest(&self) -> usize {
        self.shared.longest.load(Ordering::Relaxed)
    }
}

impl Drop for Bluetooth {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // Its panic has been printed, and fails no other test.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

struct Peripheral {
    browser: Browser,
    session: String,
    service: String,
    frames: String,
    /// The id of the characteristic, once somebody has connected.
    characteristic: String,
    is_subscribed: bool,
    reading: Option<Instant>,
    /// Prompts that were answered: the browser says them twice, and crashes at a second answer.
    prompts: HashSet<String>,
    notify: VecDeque<Vec<u8>>,
    heard: Reassembly,
    counter: u8,
    frame_max: usize,
    socket: UdpSocket,
    asked: Option<Instant>,
    /// Whether the hub said that it hears us, and we said that we hear it.
    answered: (bool, bool),
    begun: Instant,
    shared: Arc<Shared>,
}

impl Peripheral {
    fn run(mut self, mut at: usize) {
        while !self.shared.is_over.load(Ordering::Relaxed) {
            let events = self.browser.events_from(at, TURN);
            at += events.len();
            for event in &events {
                self.happened(event);
            }
            self.hub();
            let is_reading = self.reading.is_some_and(|since| since.elapsed() < READS);
            if self.is_subscribed && !is_reading && !self.notify.is_empty() {
                self.reading = Some(instant());
                let read = json!({ "expression": READ });
                // A page that goes away takes its answer with it.
                drop(self.browser.try_call("Runtime.evaluate", &self.session, read));
            }
        }
    }

    fn happened(&mut self, event: &Value) {
        let said = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "DeviceAccess.deviceRequestPrompted" => self.prompted(said),
            "BluetoothEmulation.gattOperationReceived" => self.connecting(said),
            "BluetoothEmulation.characteristicOperationReceived" => self.operation(said),
            _ => {}
        }
    }

    /// The person chooses what is there.
    fn prompted(&mut self, said: &Value) {
        let id = said["id"].as_str().unwrap_or_default();
        let device = &said["devices"][0]["id"];
        if !device.is_null() && self.prompts.insert(id.to_owned()) {
            let choice = json!({ "id": id, "deviceId": device });
            drop(self.browser.try_call("DeviceAccess.selectPrompt", &self.session, choice));
        }
    }

    fn connecting(&mut self, said: &Value) {
        let is_near = self.shared.is_near.load(Ordering::Relaxed);
        let kind = said["type"].as_str().unwrap_or_default();
        (self.is_subscribed, self.reading) = (false, None);
        self.notify.clear();
        if kind == "discovery" {
            self.offer();
        } else if is_near {
            // The emulation forgets with a connection what was offered in it.
            self.characteristic.clear();
            self.shared.connections.fetch_add(1, Ordering::Relaxed);
        }
        // 0 is success, anything else an error of the host's controller interface: 62 is "failed to be established".
        let code = if is_near { 0 } else { 62 };
        self.emulate(
            "simulateGATTOperationResponse",
            json!({ "address": ADDRESS, "type": kind, "code": code }),
        );
    }

    /// One service with one characteristic, as `docs/judging.md` says; that it can be read, too, is how this test notifies.
    fn offer(&mut self) {
        if !self.characteristic.is_empty() {
            return;
        }
        let service = json!({ "address": ADDRESS, "serviceUuid": self.service });
        let service = self.emulate("addService", service);
        let properties = json!({ "writeWithoutResponse": true, "notify": true, "read": true });
        let frames = json!({
            "serviceId": service["serviceId"], "characteristicUuid": self.frames, "properties": properties,
        });
        let frames = self.emulate("addCharacteristic", frames);
        self.characteristic = frames["characteristicId"].as_str().unwrap_or_default().to_owned();
        let subscription =
            json!({ "characteristicId": self.characteristic, "descriptorUuid": SUBSCRIPTION });
        self.emulate("addDescriptor", subscription);
    }

    fn operation(&mut self, said: &Value) {
        let kind = said["type"].as_str().unwrap_or_default();
        let mut answer =
            json!({ "characteristicId": self.characteristic, "type": kind, "code": 0 });
        match kind {
            "write" => {
                let data = BASE64_STANDARD.decode(said["data"].as_str().unwrap_or_default());
                self.written(&data.unwrap_or_default());
            }
            "read" => {
                let frame = self.notify.pop_front().unwrap_or_default();
                self.reading = None;
                answer["data"] = BASE64_STANDARD.encode(frame).into();
            }
            _ => {}
        }
        self.emulate("simulateCharacteristicOperationResponse", answer);
        self.is_subscribed |= kind == "subscribe-to-notifications";
    }

    /// A value from the page; longer ones than fit one packet on the air do not arrive.
    fn written(&mut self, frame: &[u8]) {
        self.shared.longest.fetch_max(frame.len(), Ordering::Relaxed);
        if frame.len() > self.frame_max {
            return;
        }
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or_default();
        let Ok(Some(packet)) = self.heard.accept(Hop::only(LinkId(1)), frame, now) else { return };
        for frame in split(&packet, UDP_FRAME, self.next_counter()) {
            self.say(FRAME, &frame);
        }
    }

    /// What the hub said, if anything; and a sign of life.
    fn hub(&mut self) {
        if self.asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY) {
            self.asked = Some(instant());
            self.say(ASKING, &NUMBER);
        }
        let mut datagram = [0; 1 + UDP_FRAME];
        let Ok(len) = self.socket.recv(&mut datagram) else { return };
        match datagram[..len].split_first() {
            Some((&ASKING, number)) => {
                self.say(ANSWER, number);
                self.answered.1 = true;
            }
            Some((&ANSWER, _)) => self.answered.0 = true,
            // A packet is one frame there.
            Some((&FRAME, frame)) if self.is_subscribed && !frame.is_empty() => {
                let counter = self.next_counter();
                self.notify.extend(split(&frame[1..], self.frame_max, counter));
            }
            Some(_) | None => {}
        }
    }

    /// Lost if the hub is not there, as anything may be.
    fn say(&self, kind: u8, bytes: &[u8]) {
        drop(self.socket.send(&[&[kind], bytes].concat()));
    }

    fn next_counter(&mut self) -> u8 {
        self.counter = (self.counter + 1) % 64;
        self.counter
    }

    /// Nobody waits for the answer of one that was for a page that is gone.
    fn emulate(&self, command: &str, params: Value) -> Value {
        let command = format!("BluetoothEmulation.{command}");
        self.browser.try_call(&command, "", params).unwrap_or_default()
    }
}
