//! What this phone carries for others and for itself.

use crate::text::Texts;
use countersign_app::Courier;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::text::fill;

pub(super) fn card(courier: &Courier, t: &Texts) -> Option<Element> {
    let waiting = courier.waiting();
    let receipts = courier.carried().count() - waiting;
    let line = |text: &str, count: usize| {
        (count > 0).then(|| el("p").text(fill(text, &[&count.to_string()])))
    };
    (waiting + receipts > 0).then(|| {
        el("section")
            .class("card courier")
            .with(el("h2").text(t.courier_title))
            .all(line(t.courier_waiting, waiting))
            .all(line(t.courier_receipts, receipts))
    })
}
