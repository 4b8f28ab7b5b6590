//! The camera, and the way around it.

use crate::app::{App, CameraState, Press};
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, field, press, send, title};

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    let says = match app.camera {
        CameraState::Off | CameraState::Opening => t.camera_opening,
        CameraState::Looking => t.camera_looking,
        CameraState::Denied => t.camera_denied,
        CameraState::Missing => t.camera_missing,
    };
    let is_off = matches!(app.camera, CameraState::Denied | CameraState::Missing);
    let video = el("video")
        .set("id", "camera")
        .set("aria-label", t.camera_view)
        .set("playsinline", "")
        .set("muted", "");
    let finder = el("div").class(if is_off { "finder off" } else { "finder" }).with(video);
    let again = is_off.then(|| el("p").with(press(Press::Camera.name(), t.camera_again)));
    let input =
        el("input").set("type", "text").set("autocomplete", "off").set("autocapitalize", "off");
    let input = input.set("spellcheck", "false").set("maxlength", "512").flag("required", true);
    let paste = el("form").set("data-form", "paste");
    let paste = paste
        .with(field("text", t.paste, input, Some(Hint::Hint(t.paste_hint))))
        .with(send(t.paste_use, false));
    vec![
        title(t.scan),
        el("p").class("lead").text(t.scan_lead),
        finder,
        el("p").set("role", "status").text(says),
        el("div").all(again),
        paste,
    ]
}
