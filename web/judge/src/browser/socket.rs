//! A link over the network: a WebSocket, one binary message for each frame.

use super::Shell;
use crate::address::HubAddress;
use crate::device::FRAME_MAX;
use js_sys::{ArrayBuffer, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, MessageEvent, WebSocket};

/// Most bytes that wait in the browser; what comes on top is lost, and comes again by a retry.
const BEHIND_MAX: u32 = 256 * 1024;

/// A socket with what hears it.
pub(super) struct Socket {
    socket: WebSocket,
    _opened: Closure<dyn FnMut()>,
    _closed: Closure<dyn FnMut()>,
    _said: Closure<dyn FnMut(MessageEvent)>,
}

impl Socket {
    /// Begins to connect. Some browsers refuse at once, because the page came by HTTPS and the hub has no certificate.
    pub(super) fn open(shell: &Rc<Shell>, hub: &HubAddress, turn: u32) -> Option<Self> {
        let socket = WebSocket::new(&hub.mesh()).ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let of = Rc::clone(shell);
        let opened = Closure::<dyn FnMut()>::new(move || of.up(turn, FRAME_MAX));
        let of = Rc::clone(shell);
        let closed = Closure::<dyn FnMut()>::new(move || of.lost(turn));
        let of = Rc::clone(shell);
        let said = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let Ok(bytes) = message.data().dyn_into::<ArrayBuffer>() {
                of.heard(turn, Uint8Array::new(&bytes).to_vec());
            }
        });
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(said.as_ref().unchecked_ref()));
        Some(Self { socket, _opened: opened, _closed: closed, _said: said })
    }

    pub(super) fn is_open(&self) -> bool {
        self.socket.ready_state() == WebSocket::OPEN
    }

    pub(super) fn send(&self, frame: &[u8]) {
        if self.is_open() && self.socket.buffered_amount() < BEHIND_MAX {
            drop(self.socket.send_with_u8_array(frame));
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onclose(None);
        self.socket.set_onmessage(None);
        drop(self.socket.close());
    }
}
