//! The link to a hub or a relay: a WebSocket that is made again and again.

use super::{Shell, now, window};
use crate::address::HubAddress;
use crate::app::{Event, LinkState};
use countersign_web_kit::browser::random;
use js_sys::{ArrayBuffer, Uint8Array};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, MessageEvent, WebSocket};

/// Pause after the first failure, doubled up to the longest; the last half of each is random.
const FIRST_PAUSE_MS: u32 = 500;
const LONGEST_PAUSE_MS: u32 = 15_000;
/// A hub speaks every ten seconds: from one that is silent for so long nothing comes any more. A browser shows a page no pings.
const SILENT_MS: u64 = 40_000;
/// How often that is looked at.
const LOOK_MS: i32 = 10_000;
/// Most bytes that wait in the browser; what comes on top is lost, and comes again by a retry.
const BEHIND_MAX: u32 = 256 * 1024;

/// A link that is being kept.
#[derive(Default)]
pub(super) struct Socket {
    socket: RefCell<Option<Open>>,
    /// Which address is the newest: what an earlier one still says is nothing.
    turn: Cell<u32>,
    pause_ms: Cell<u32>,
    heard_ms: Rc<Cell<u64>>,
    lost: RefCell<Option<Rc<dyn Fn()>>>,
}

/// A socket with what hears it.
struct Open {
    socket: WebSocket,
    _opened: Closure<dyn FnMut()>,
    _closed: Closure<dyn FnMut()>,
    _said: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onclose(None);
        self.socket.set_onmessage(None);
        drop(self.socket.close());
    }
}

impl Socket {
    /// Sends a frame, if there is a connection: else it goes when there is one.
    pub(super) fn send(&self, frame: &[u8]) {
        if let Some(open) = &*self.socket.borrow()
            && open.socket.ready_state() == WebSocket::OPEN
            && open.socket.buffered_amount() < BEHIND_MAX
        {
            drop(open.socket.send_with_u8_array(frame));
        }
    }

    /// Ends it for good.
    pub(super) fn close(&self) {
        self.turn.set(self.turn.get().wrapping_add(1));
        self.socket.borrow_mut().take();
    }

    /// Whether the other end still speaks; if not, the link is made again.
    pub(super) fn look(&self) {
        let is_open = self
            .socket
            .borrow()
            .as_ref()
            .is_some_and(|it| it.socket.ready_state() == WebSocket::OPEN);
        let is_silent = now().steady_ms.saturating_sub(self.heard_ms.get()) > SILENT_MS;
        let lost = self.lost.borrow().clone().filter(|_| is_open && is_silent);
        if let Some(lost) = lost {
            lost();
        }
    }
}

impl Shell {
    /// Keeps a link to this one, or to nobody.
    pub(super) fn connect(self: &Rc<Self>, hub: Option<HubAddress>) {
        self.socket.close();
        let Some(hub) = hub else { return self.happened(Event::Link(LinkState::Off)) };
        self.socket.pause_ms.set(FIRST_PAUSE_MS);
        let (shell, again, turn) = (Rc::clone(self), hub.clone(), self.socket.turn.get());
        *self.socket.lost.borrow_mut() = Some(Rc::new(move || shell.lost(&again, turn)));
        self.happened(Event::Link(LinkState::Connecting));
        self.open(&hub, turn);
    }

    fn open(self: &Rc<Self>, hub: &HubAddress, turn: u32) {
        // Some browsers refuse at once, because the page came by HTTPS and the hub has no certificate.
        let Ok(socket) = WebSocket::new(&hub.mesh()) else {
            return self.happened(Event::Link(LinkState::Blocked));
        };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let shell = Rc::clone(self);
        let opened = Closure::<dyn FnMut()>::new(move || {
            if shell.socket.turn.get() == turn {
                shell.socket.pause_ms.set(FIRST_PAUSE_MS);
                shell.socket.heard_ms.set(now().steady_ms);
                shell.happened(Event::Link(LinkState::Up));
            }
        });
        let (shell, again) = (Rc::clone(self), hub.clone());
        let closed = Closure::<dyn FnMut()>::new(move || shell.lost(&again, turn));
        let shell = Rc::clone(self);
        let said = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let (Ok(bytes), true) =
                (message.data().dyn_into::<ArrayBuffer>(), shell.socket.turn.get() == turn)
            {
                shell.socket.heard_ms.set(now().steady_ms);
                shell.happened(Event::Frame(Uint8Array::new(&bytes).to_vec()));
            }
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(said.as_ref().unchecked_ref()));
        let open = Open { socket, _opened: opened, _closed: closed, _said: said };
        *self.socket.socket.borrow_mut() = Some(open);
    }

    /// The connection is gone, or was not made: after a pause, again.
    fn lost(self: &Rc<Self>, hub: &HubAddress, turn: u32) {
        if self.socket.turn.get() != turn {
            return;
        }
        // Whatever it still says is too late.
        let next = turn.wrapping_add(1);
        self.socket.turn.set(next);
        self.happened(Event::Link(LinkState::Connecting));
        let (shell, again) = (Rc::clone(self), hub.clone());
        *self.socket.lost.borrow_mut() = Some(Rc::new(move || shell.lost(&again, next)));
        let pause = self.socket.pause_ms.get();
        self.socket.pause_ms.set((pause * 2).min(LONGEST_PAUSE_MS));
        let chance = u32::from(u16::from_be_bytes(random().unwrap_or_default()));
        let wait = pause / 2 + pause / 2 * chance / u32::from(u16::MAX);
        let (shell, hub) = (Rc::clone(self), hub.clone());
        let again = Closure::once_into_js(move || {
            if shell.socket.turn.get() == next {
                shell.open(&hub, next);
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

    /// Looks again and again, for as long as the page lives, whether the other end still speaks.
    pub(super) fn look_often(self: &Rc<Self>) {
        let Some(window) = window() else { return };
        let shell = Rc::clone(self);
        let look = Closure::<dyn FnMut()>::new(move || shell.socket.look()).into_js_value();
        drop(
            window.set_interval_with_callback_and_timeout_and_arguments_0(
                look.unchecked_ref(),
                LOOK_MS,
            ),
        );
    }
}
