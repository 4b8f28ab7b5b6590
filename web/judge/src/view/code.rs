//! A vote as a QR code: the link of last resort.

use super::ballot;
use crate::app::App;
use crate::device::Device;
use crate::route::Route;
use crate::text::Texts;
use countersign_app::judge::Place;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{named, title};
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, device: &Device, place: &Place, t: &Texts) -> Vec<Element> {
    let project = device.screen().event.and_then(|event| event.project(&place.project));
    let name = project.map_or(place.project.as_str(), |project| &project.title);
    let lead = el("p").class("lead").with(named(name));
    let code = match app.code.as_ref().filter(|(of, _)| of == place) {
        None if device.is_stuck() => el("p").class("card bad").text(t.is_unkept),
        None => el("p").class("card").text(t.code_none),
        Some((_, text)) => {
            let canvas =
                el("canvas").set("id", "code").set("data-code", text.clone()).set("role", "img");
            let canvas = canvas.set("aria-label", fill(t.code_alt, &[name]));
            el("div").class("code-card").keyed(text.clone()).with(canvas)
        }
    };
    let back = el("p")
        .with(el("a").class("button").set("href", Route::Vote(*place).hash()).text(t.back_to_form));
    let state = el("div")
        .all(device.judge().ballot(place).and_then(|it| ballot::card(it, device.disk(), t)));
    vec![title(t.code_title), lead, code, el("p").text(t.code_lead), state, back]
}
