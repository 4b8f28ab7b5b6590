//! Keeps the screen on, where the browser can.

use super::{call, of_navigator};
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// A wake lock, if there is one now.
#[derive(Default)]
pub(super) struct Lock(RefCell<Option<JsValue>>);

impl Lock {
    /// Gets one or gives it back. Whether the screen is kept on now.
    pub(super) async fn keep(&self, is_wanted: bool) -> bool {
        let held = self.0.borrow_mut().take();
        if let Some(released) = held.and_then(|held| call(&held, "release", &JsValue::UNDEFINED)) {
            drop(JsFuture::from(released).await);
        }
        if !is_wanted {
            return false;
        }
        let asked = of_navigator("wakeLock").and_then(|it| call(&it, "request", &"screen".into()));
        let Some(asked) = asked else { return false };
        let got = JsFuture::from(asked).await.ok();
        let is_held = got.is_some();
        *self.0.borrow_mut() = got;
        is_held
    }
}
