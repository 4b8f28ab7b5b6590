//! A link by Bluetooth: one characteristic of the event's service. A write without response goes up, a notification comes down, a frame each.
//! Nothing is paired; packets carry their own seals. The bindings are our own: those of `web-sys` are not stable yet.

use super::{Shell, window};
use crate::app::NoBluetooth;
use countersign_mesh::BleUuid;
use countersign_mesh::framing::FRAME_MIN;
use js_sys::{DataView, Function, JSON, Promise, Reflect, Uint8Array};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Most frames that wait: a dozen votes in the smallest ones. What comes on top is lost, and comes again by a retry.
const WAITING_MAX: usize = 256;
/// So many writes in a row that fail end the connection.
const FAILURES_MAX: u32 = 8;

#[wasm_bindgen]
extern "C" {
    type Bluetooth;
    #[wasm_bindgen(method, catch, js_name = requestDevice)]
    fn request_device(this: &Bluetooth, wish: &JsValue) -> Result<Promise, JsValue>;

    /// A device that the person chose.
    #[derive(Clone)]
    pub(super) type BluetoothDevice;
    #[wasm_bindgen(method, getter)]
    fn gatt(this: &BluetoothDevice) -> Gatt;
    #[wasm_bindgen(method, setter)]
    fn set_ongattserverdisconnected(this: &BluetoothDevice, then: Option<&Function>);

    type Gatt;
    #[wasm_bindgen(method, catch)]
    fn connect(this: &Gatt) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method)]
    fn disconnect(this: &Gatt);
    #[wasm_bindgen(method, catch, js_name = getPrimaryService)]
    fn service(this: &Gatt, uuid: &str) -> Result<Promise, JsValue>;

    type Service;
    #[wasm_bindgen(method, catch, js_name = getCharacteristic)]
    fn characteristic(this: &Service, uuid: &str) -> Result<Promise, JsValue>;

    #[derive(Clone)]
    type Frames;
    #[wasm_bindgen(method, getter)]
    fn value(this: &Frames) -> Option<DataView>;
    #[wasm_bindgen(method, setter)]
    fn set_oncharacteristicvaluechanged(this: &Frames, then: Option<&Function>);
    #[wasm_bindgen(method, catch, js_name = startNotifications)]
    fn subscribe(this: &Frames) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = writeValueWithoutResponse)]
    fn write(this: &Frames, frame: &Uint8Array) -> Result<Promise, JsValue>;
}

/// Whether this browser lets pages use it.
pub(super) fn is_there() -> bool {
    bluetooth().is_some()
}

fn bluetooth() -> Option<Bluetooth> {
    let there = Reflect::get(&window()?.navigator(), &"bluetooth".into()).ok()?;
    there.is_object().then(|| there.unchecked_into())
}

/// Lets the person choose among what is near and offers this service.
pub(super) async fn choose(service: BleUuid) -> Result<BluetoothDevice, NoBluetooth> {
    let asked = || {
        let wish = JSON::parse(&format!(r#"{{"filters":[{{"services":["{service}"]}}]}}"#))?;
        bluetooth().ok_or(JsValue::UNDEFINED)?.request_device(&wish)
    };
    let chosen = match asked() {
        Ok(asked) => JsFuture::from(asked).await,
        Err(error) => Err(error),
    };
    chosen.map(JsCast::unchecked_into).map_err(|error| {
        let name = Reflect::get(&error, &"name".into()).ok().and_then(|it| it.as_string());
        match name.as_deref() {
            Some("NotFoundError") => NoBluetooth::NotChosen,
            Some(_) | None => NoBluetooth::Refused,
        }
    })
}

/// A connection to the chosen device. Dropping it ends it.
pub(super) struct Radio {
    shared: Rc<Shared>,
    _gone: Closure<dyn FnMut()>,
    _said: Closure<dyn FnMut()>,
}

struct Shared {
    shell: Rc<Shell>,
    turn: u32,
    device: BluetoothDevice,
    frames: RefCell<Option<Frames>>,
    waiting: RefCell<VecDeque<Uint8Array>>,
    is_writing: Cell<bool>,
}

impl Radio {
    /// Begins to connect; none if nothing was chosen.
    pub(super) fn open(shell: &Rc<Shell>, service: BleUuid, turn: u32) -> Option<Self> {
        let device = shell.chosen.borrow().clone()?;
        let shared = Rc::new(Shared {
            shell: Rc::clone(shell),
            turn,
            device,
            frames: RefCell::default(),
            waiting: RefCell::default(),
            is_writing: Cell::new(false),
        });
        let of = Rc::clone(&shared);
        let gone = Closure::<dyn FnMut()>::new(move || of.shell.lost(turn));
        shared.device.set_ongattserverdisconnected(Some(gone.as_ref().unchecked_ref()));
        let of = Rc::clone(&shared);
        let said = Closure::<dyn FnMut()>::new(move || of.said());
        let on_said = said.as_ref().clone();
        let of = Rc::clone(&shared);
        spawn_local(async move {
            match of.subscribe(service, &on_said).await {
                // How long a frame may be no browser says: the least until a longer one comes.
                Ok(()) => of.shell.up(turn, FRAME_MIN),
                Err(_) => of.shell.lost(turn),
            }
        });
        Some(Self { shared, _gone: gone, _said: said })
    }

    /// Sends a frame after those that wait; one at a time, as browsers want it.
    pub(super) fn send(&self, frame: &[u8]) {
        let is_full = self.shared.waiting.borrow().len() >= WAITING_MAX;
        if is_full || self.shared.frames.borrow().is_none() {
            return;
        }
        self.shared.waiting.borrow_mut().push_back(Uint8Array::from(frame));
        if !self.shared.is_writing.replace(true) {
            let shared = Rc::clone(&self.shared);
            spawn_local(async move { shared.write().await });
        }
    }
}

impl Shared {
    async fn subscribe(&self, service: BleUuid, on_said: &JsValue) -> Result<(), JsValue> {
        let gatt = self.device.gatt();
        JsFuture::from(gatt.connect()?).await?;
        let there = JsFuture::from(gatt.service(&service.to_string())?).await?;
        let there: Service = there.unchecked_into();
        let frames = there.characteristic(&service.frames().to_string())?;
        let frames: Frames = JsFuture::from(frames).await?.unchecked_into();
        frames.set_oncharacteristicvaluechanged(Some(on_said.unchecked_ref()));
        *self.frames.borrow_mut() = Some(frames.clone());
        JsFuture::from(frames.subscribe()?).await.map(drop)
    }

    fn said(&self) {
        let value = self.frames.borrow().as_ref().and_then(Frames::value);
        let Some(value) = value else { return };
        let (at, len) = (value.byte_offset() as u32, value.byte_length() as u32);
        let bytes = Uint8Array::new_with_byte_offset_and_length(&value.buffer(), at, len);
        self.shell.heard(self.turn, bytes.to_vec());
    }

    async fn write(&self) {
        let mut failures = 0;
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            let frames = self.frames.borrow().clone();
            let (Some(next), Some(frames)) = (next, frames) else { break };
            let written = match frames.write(&next) {
                Ok(written) => JsFuture::from(written).await,
                Err(error) => Err(error),
            };
            failures = if written.is_ok() { 0 } else { failures + 1 };
            if failures >= FAILURES_MAX {
                self.waiting.borrow_mut().clear();
                self.shell.lost(self.turn);
            }
        }
        self.is_writing.set(false);
    }
}

impl Drop for Radio {
    fn drop(&mut self) {
        self.shared.device.set_ongattserverdisconnected(None);
        self.shared.waiting.borrow_mut().clear();
        if let Some(frames) = self.shared.frames.borrow_mut().take() {
            frames.set_oncharacteristicvaluechanged(None);
        }
        self.shared.device.gatt().disconnect();
    }
}
