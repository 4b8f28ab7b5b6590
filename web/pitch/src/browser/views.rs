//! Views from a device: by WebSocket, or by long poll where that does not open.

use super::device::{BYTES, refused};
use crate::address::Device;
use countersign_app::Failure;
use countersign_web_kit::browser::http::{self, Unreachable};
use countersign_web_kit::browser::{clock, window};
use js_sys::{Array, Promise, Uint8Array};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// Pause before views are opened again after they were lost, in milliseconds.
const REOPEN_MS: i32 = 500;
/// The device answers a poll after 25 s at the latest.
const POLL_MS: u32 = 35_000;
/// Largest frame that is looked at, in bytes. The device's frames are far smaller.
const FRAME_MAX: u32 = 64 * 1024;
/// A device that has nothing to say is asked whether it is there after so long, and has so long to answer, in milliseconds: a
/// connection to what was switched off stays open for minutes.
const QUIET_MS: u64 = 8_000;
const LIFE_MS: u32 = 5_000;
/// Between two looks at that, in milliseconds.
const LOOK_MS: i32 = 2_000;
/// With this the device closes when it does not know the place in its lobby any more.
const NOT_IN_LOBBY: u16 = 4001;
const NORMAL: u16 = 1000;

/// The views that are open, if any.
#[derive(Default)]
pub(super) struct Views {
    socket: RefCell<Option<WebSocket>>,
    /// Grows with every opening and closing: an older one ends.
    turn: Cell<u32>,
    /// Whether the last ones ended although nobody closed them.
    are_cut: Cell<bool>,
}

/// How a socket ended.
enum Ended {
    NeverOpened,
    Lost,
    NotInLobby,
}

impl Views {
    /// Whether the last ones were lost: not closed here, and not refused.
    pub(super) fn are_cut(&self) -> bool {
        self.are_cut.get()
    }

    /// Ends what is open.
    pub(super) fn close(&self) {
        self.turn.set(self.turn.get().wrapping_add(1));
        if let Some(socket) = self.socket.borrow_mut().take() {
            // It may be closed already.
            drop(socket.close_with_code(NORMAL));
        }
    }

    /// Hands every view to `seen` until they end.
    pub(super) async fn watch(
        &self,
        device: &Device,
        token: [u8; 16],
        seen: impl Fn(Vec<u8>) + 'static,
    ) -> Result<Vec<u8>, Failure> {
        self.close();
        let turn = self.turn.get();
        let seen = Rc::new(seen);
        let ended = self.until_lost(device, token, turn, seen).await;
        let is_lost = matches!(ended, Err(Failure::Unreachable(_)));
        self.are_cut.set(is_lost && self.turn.get() == turn);
        ended
    }

    async fn until_lost(
        &self,
        device: &Device,
        token: [u8; 16],
        turn: u32,
        seen: Rc<impl Fn(Vec<u8>) + 'static>,
    ) -> Result<Vec<u8>, Failure> {
        match self.by_socket(device, token, Rc::clone(&seen)).await {
            Ended::NotInLobby => {
                Err(Failure::Refused { code: "not_in_lobby".to_owned(), detail: String::new() })
            }
            Ended::NeverOpened if self.turn.get() == turn => {
                let failure = self.by_poll(device, token, turn, &*seen).await;
                if matches!(failure, Failure::Unreachable(_)) {
                    pause(REOPEN_MS).await;
                }
                Err(failure)
            }
            Ended::NeverOpened | Ended::Lost => {
                pause(REOPEN_MS).await;
                Err(Failure::Unreachable("the views ended".to_owned()))
            }
        }
    }

    async fn by_socket(
        &self,
        device: &Device,
        token: [u8; 16],
        seen: Rc<impl Fn(Vec<u8>) + 'static>,
    ) -> Ended {
        let Ok(socket) = WebSocket::new(&device.socket()) else { return Ended::NeverOpened };
        socket.set_binary_type(BinaryType::Arraybuffer);
        *self.socket.borrow_mut() = Some(socket.clone());
        let is_open = Rc::new(Cell::new(false));
        let heard = Rc::new(Cell::new(now_ms()));
        let deaf = future_to_promise(deaf(device.clone(), Rc::downgrade(&heard)));
        let (opened, own) = (Rc::clone(&is_open), socket.clone());
        let open = Closure::<dyn FnMut()>::new(move || {
            opened.set(true);
            drop(own.send_with_u8_array(&token));
        });
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            heard.set(now_ms());
            let Ok(buffer) = event.data().dyn_into::<js_sys::ArrayBuffer>() else { return };
            if buffer.byte_length() <= FRAME_MAX {
                seen(Uint8Array::new(&buffer).to_vec());
            }
        });
        let closed = Promise::new(&mut |resolve, _| {
            socket.set_onclose(Some(&resolve));
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        let event = JsFuture::from(Promise::race(&Array::of2(&closed, &deaf))).await.ok();
        socket.set_onmessage(None);
        socket.set_onopen(None);
        let code = event.and_then(|it| it.dyn_into::<CloseEvent>().ok()).map(|it| it.code());
        match (code, is_open.get()) {
            (Some(NOT_IN_LOBBY), _) => Ended::NotInLobby,
            (_, true) => Ended::Lost,
            (_, false) => Ended::NeverOpened,
        }
    }

    /// Why it ended.
    async fn by_poll(
        &self,
        device: &Device,
        token: [u8; 16],
        turn: u32,
        seen: &impl Fn(Vec<u8>),
    ) -> Failure {
        let url = format!("{}/league/view", device.base);
        let mut after = 0u64;
        while self.turn.get() == turn {
            let body = [&token[..], &after.to_be_bytes()].concat();
            let answer = match http::send("POST", &url, Some((BYTES, &body)), POLL_MS).await {
                Ok(answer) => answer,
                Err(Unreachable(why)) => return Failure::Unreachable(why),
            };
            match answer.status {
                204 => {}
                200 => {
                    after = number_of(&answer.body).unwrap_or(after);
                    if self.turn.get() == turn {
                        seen(answer.body);
                    }
                }
                400..500 => return refused(&answer),
                status => return Failure::Unreachable(format!("status {status}")),
            }
        }
        Failure::Unreachable("nobody looks any more".to_owned())
    }
}

/// The number of a view, unverified: only says from where on to ask.
fn number_of(frame: &[u8]) -> Option<u64> {
    let frame = countersign::Frame::split(frame).ok()?;
    countersign::PushHeader::decode(frame.header).ok().map(|header| header.seq)
}

/// Ends when a device from which nothing was heard does not answer either. Whoever listens has the time of the last word.
async fn deaf(device: Device, heard: Weak<Cell<u64>>) -> Result<JsValue, JsValue> {
    loop {
        pause(LOOK_MS).await;
        let Some(heard) = heard.upgrade() else { break };
        if now_ms() < heard.get() + QUIET_MS {
            continue;
        }
        let url = format!("{}/league/certificate", device.base);
        if http::send("GET", &url, None, LIFE_MS).await.is_err() {
            break;
        }
        heard.set(now_ms());
    }
    Ok(JsValue::UNDEFINED)
}

fn now_ms() -> u64 {
    clock::read().monotonic.as_millis() as u64
}

async fn pause(millis: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            drop(window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis));
        }
    });
    drop(JsFuture::from(promise).await);
}
