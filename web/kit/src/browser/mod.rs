//! The only part that touches the browser.

pub mod clock;
mod dom;
pub mod files;
pub mod http;
pub mod keys;
pub mod link;
pub mod login;
pub mod screen;
pub mod store;
pub mod trust;

use crate::text::Language;
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Window;

/// Where the language is remembered: a string that anybody may read.
const LANGUAGE: &str = "countersign-language";

/// The window, if there is one.
pub fn window() -> Option<Window> {
    web_sys::window()
}

/// The part of the page's address from `#` on.
pub fn hash() -> String {
    window().and_then(|it| it.location().hash().ok()).unwrap_or_default()
}

/// Goes to a place of the page.
pub fn go(hash: &str) {
    if let Some(window) = window() {
        drop(window.location().set_hash(hash));
    }
}

/// Whether the browser has a network.
pub fn is_online() -> bool {
    window().is_some_and(|it| it.navigator().on_line())
}

/// The language that was chosen here, or that the browser asks for.
pub fn language() -> Language {
    let asked = || window().and_then(|it| it.navigator().language());
    Language::of(&remembered(LANGUAGE).or_else(asked).unwrap_or_default())
}

/// Remembers the language, for all pages.
pub fn speak(language: Language) {
    remember(LANGUAGE, Some(language.tag()));
}

/// What this device is called in the list of sessions: its browser and system, as far as they say it.
pub fn device_name() -> String {
    let agent = window().and_then(|it| it.navigator().user_agent().ok());
    crate::device::name(&agent.unwrap_or_default())
}

/// A string that anybody may read, as it was remembered.
pub fn remembered(name: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(name).ok()?
}

/// Some browsers refuse; then it is not remembered.
pub fn remember(name: &str, value: Option<&str>) {
    let Some(Ok(Some(storage))) = window().map(|it| it.local_storage()) else { return };
    drop(match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    });
}

/// Bytes of the browser's generator.
pub fn random<const N: usize>() -> Result<[u8; N], JsValue> {
    let crypto = window().ok_or_else(|| JsValue::from_str("no window"))?.crypto()?;
    let mut bytes = [0; N];
    crypto.get_random_values_with_u8_array(&mut bytes)?;
    Ok(bytes)
}

/// Lets the browser look after the page.
pub async fn yield_now() {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            drop(window.set_timeout_with_callback(&resolve));
        }
    });
    drop(JsFuture::from(promise).await);
}

/// What JavaScript says went wrong.
pub fn describe(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok();
    message.and_then(|it| it.as_string()).unwrap_or_else(|| "unknown".to_owned())
}
