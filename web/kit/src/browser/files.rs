//! Files that people choose, and files that they get.

use super::window;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, FormData, HtmlAnchorElement, Url};

/// Longer files are read to here: whoever takes them has smaller limits, and says so.
const CHOSEN_MAX: f64 = 4_194_304.0;

/// A file that was chosen and is not there any more, or not for the browser.
pub struct Unreadable;

/// The text of a file that was chosen in a form; nothing if there is none.
pub async fn chosen(form: &FormData, field: &str) -> Result<Option<String>, Unreadable> {
    let chosen = form.get(field).dyn_into::<Blob>().ok().filter(|file| file.size() > 0.0);
    let Some(file) = chosen else { return Ok(None) };
    let file = file.slice_with_f64_and_f64(0.0, CHOSEN_MAX).map_err(|_| Unreadable)?;
    let text = JsFuture::from(file.text()).await.map_err(|_| Unreadable)?;
    text.as_string().map(Some).ok_or(Unreadable)
}

/// Gives a person a file, as a link that is pressed for them.
pub fn save(name: &str, kind: &str, content: &[u8]) {
    let Some(document) = window().and_then(|window| window.document()) else { return };
    let about = BlobPropertyBag::new();
    about.set_type(kind);
    let parts = Array::of1(&Uint8Array::from(content));
    let Ok(blob) = Blob::new_with_u8_array_sequence_and_options(&parts, &about) else { return };
    let link = document.create_element("a").map(|link| link.dyn_into::<HtmlAnchorElement>());
    let (Ok(Ok(link)), Ok(url)) = (link, Url::create_object_url_with_blob(&blob)) else { return };
    link.set_href(&url);
    link.set_download(name);
    // The address lasts as long as the page: some browsers read it only later.
    link.click();
}
