//! The link to a hub or a relay, whatever it is made of: made again and again, and given up when nothing comes any more.

use super::bluetooth::Radio;
use super::socket::Socket;
use super::{Shell, now, window};
use crate::app::{Event, LinkState, Way};
use countersign_web_kit::browser::random;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Pause after the first failure, doubled up to the longest; the last half of each is random.
const FIRST_PAUSE_MS: u32 = 500;
const LONGEST_PAUSE_MS: u32 = 15_000;
/// A hub speaks every ten seconds: from one that is silent for so long nothing comes any more. A browser shows a page no pings.
const SILENT_MS: u64 = 40_000;
/// How often that is looked at.
const LOOK_MS: i32 = 10_000;

/// A link that is being kept.
#[derive(Default)]
pub(super) struct Line {
    open: RefCell<Option<Open>>,
    way: RefCell<Option<Way>>,
    /// Which attempt is the newest: what an earlier one still says is nothing.
    turn: Cell<u32>,
    pause_ms: Cell<u32>,
    heard_ms: Cell<u64>,
}

enum Open {
    Socket(Socket),
    Radio(Radio),
}

impl Line {
    /// Sends a frame, if there is a connection: else it goes when there is one.
    pub(super) fn send(&self, frame: &[u8]) {
        match &*self.open.borrow() {
            Some(Open::Socket(socket)) => socket.send(frame),
            Some(Open::Radio(radio)) => radio.send(frame),
            None => {}
        }
    }

    /// Ends it for good.
    pub(super) fn close(&self) {
        self.next_turn();
        self.open.borrow_mut().take();
    }

    fn next_turn(&self) -> u32 {
        let next = self.turn.get().wrapping_add(1);
        self.turn.set(next);
        next
    }
}

impl Shell {
    /// Keeps a link this way, or none.
    pub(super) fn connect(self: &Rc<Self>, way: Option<Way>) {
        self.line.close();
        let is_none = way.is_none();
        *self.line.way.borrow_mut() = way;
        if is_none {
            return self.happened(Event::Link(LinkState::Off));
        }
        self.line.pause_ms.set(FIRST_PAUSE_MS);
        self.happened(Event::Link(LinkState::Connecting));
        self.open(self.line.turn.get());
    }

    fn open(self: &Rc<Self>, turn: u32) {
        self.line.heard_ms.set(now().steady_ms);
        // The one before has to be gone: it may be a connection to the same device.
        drop(self.line.open.borrow_mut().take());
        let way = self.line.way.borrow().clone();
        let open = match way {
            Some(Way::Network(hub)) => Socket::open(self, &hub, turn).map(Open::Socket),
            Some(Way::Bluetooth(service)) => Radio::open(self, service, turn).map(Open::Radio),
            None => None,
        };
        let is_open = open.is_some();
        *self.line.open.borrow_mut() = open;
        if !is_open {
            self.happened(Event::Link(LinkState::Blocked));
        }
    }

    /// It is there.
    pub(super) fn up(self: &Rc<Self>, turn: u32, frame_max: usize) {
        if self.line.turn.get() == turn {
            self.line.pause_ms.set(FIRST_PAUSE_MS);
            self.line.heard_ms.set(now().steady_ms);
            self.happened(Event::Link(LinkState::Up { frame_max }));
        }
    }

    /// Something came over it.
    pub(super) fn heard(self: &Rc<Self>, turn: u32, frame: Vec<u8>) {
        if self.line.turn.get() == turn {
            self.line.heard_ms.set(now().steady_ms);
            self.happened(Event::Frame(frame));
        }
    }

    /// It is gone, or was not made: after a pause, again.
    pub(super) fn lost(self: &Rc<Self>, turn: u32) {
        if self.line.turn.get() != turn {
            return;
        }
        // Whatever it still says is too late, and nobody has to look whether it speaks.
        self.line.heard_ms.set(now().steady_ms);
        let next = self.line.next_turn();
        self.happened(Event::Link(LinkState::Connecting));
        let pause = self.line.pause_ms.get();
        self.line.pause_ms.set((pause * 2).min(LONGEST_PAUSE_MS));
        let chance = u32::from(u16::from_be_bytes(random().unwrap_or_default()));
        let wait = pause / 2 + pause / 2 * chance / u32::from(u16::MAX);
        let shell = Rc::clone(self);
        let again = Closure::once_into_js(move || {
            if shell.line.turn.get() == next {
                shell.open(next);
            }
        });
        if let Some(window) = window() {
            let wait = i32::try_from(wait).unwrap_or(i32::MAX);
            drop(window.set_timeout_with_callback_and_timeout_and_arguments_0(
                again.unchecked_ref(),
                wait,
            ));
        }
    }

    /// Whether the other end still speaks; if not, the link is made again.
    pub(super) fn look_at_line(self: &Rc<Self>) {
        let is_open = match &*self.line.open.borrow() {
            Some(Open::Socket(socket)) => socket.is_open(),
            // It may connect for ever, too.
            Some(Open::Radio(_)) => true,
            None => false,
        };
        if is_open && now().steady_ms.saturating_sub(self.line.heard_ms.get()) > SILENT_MS {
            self.lost(self.line.turn.get());
        }
    }

    /// Looks again and again, for as long as the page lives.
    pub(super) fn look_often(self: &Rc<Self>) {
        let Some(window) = window() else { return };
        let shell = Rc::clone(self);
        let look = Closure::<dyn FnMut()>::new(move || shell.look_at_line()).into_js_value();
        drop(
            window.set_interval_with_callback_and_timeout_and_arguments_0(
                look.unchecked_ref(),
                LOOK_MS,
            ),
        );
    }
}
