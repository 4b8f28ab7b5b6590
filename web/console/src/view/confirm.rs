//! What stands between the wish to change something and the change: a reason, and a code that is fresh.

use super::parts::word;
use crate::act::Act;
use crate::app::{App, Confirm, Draft, Phase, Press, Step};
use crate::files::Checked;
use crate::text::Texts;
use countersign_web_kit::login::sentence;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, busy, field, heading, named, press, send};
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts, draft: &Draft) -> Vec<Element> {
    let (what, warning) = what(&draft.act, t);
    let mut view = vec![heading().text(what)];
    view.extend(target(app, &draft.act).map(|it| el("p").class("strong").with(named(it))));
    view.extend(warning.map(|text| el("p").class("lead").text(text)));
    view.push(match &draft.step {
        Step::Reason => reason(t, false),
        Step::Sent => reason(t, true),
        Step::Offer(entry) => offer(app, t, entry),
        Step::Code(entry) => code(app, t, entry),
    });
    // What was sent cannot be taken back.
    if draft.step != Step::Sent {
        view.push(el("p").with(press(Press::Cancel.name(), t.cancel)));
    }
    view
}

/// What it is done to, as people know it.
fn target<'a>(app: &'a App, act: &'a Act) -> Option<&'a str> {
    let data = &app.data;
    match act {
        Act::Device { device, .. } => {
            let shown = data.device.as_ref().filter(|it| it.device == *device);
            shown.map(|it| it.serial.as_str())
        }
        Act::Rule { of, .. } => {
            data.whole.as_ref().filter(|it| it.of.id == *of).map(|it| it.of.id.as_str())
        }
        Act::Revoke { user, .. } => {
            let shown = data.person.as_ref().filter(|it| it.user.user == *user);
            shown.map(|it| it.user.address.as_str())
        }
        Act::Put { .. } => match &data.set_up.checked {
            Some(Checked::Good(preview)) => Some(&preview.title),
            Some(Checked::Faults(_)) | None => None,
        },
        Act::Replace { judge, .. } => Some(judge),
        Act::Assign { event, .. } | Act::Publish { event, .. } | Act::Results { event } => data
            .fair
            .as_ref()
            .filter(|it| it.event.event == *event)
            .map(|it| it.event.title.as_str()),
    }
}

fn what(act: &Act, t: &Texts) -> (String, Option<&'static str>) {
    match act {
        Act::Device { to, .. } => {
            let warning = (to == "revoked").then_some(t.act_revoke_device);
            (fill(t.act_device, &[&word(to, t)]), warning)
        }
        Act::Rule { decision, .. } => {
            let text = match decision.as_str() {
                "uphold" => t.act_uphold,
                "void" => t.act_void,
                _ => t.act_refund,
            };
            (text.to_owned(), None)
        }
        Act::Revoke { session: Some(_), .. } => (t.act_end_one.to_owned(), None),
        Act::Revoke { session: None, .. } => (t.act_end_all.to_owned(), None),
        Act::Put { from: None, .. } => (t.put_new.to_owned(), None),
        Act::Put { from: Some(_), .. } => (t.put_again.to_owned(), Some(t.put_again_hint)),
        Act::Assign { round, views, .. } => {
            (fill(t.act_assign, &[round, views]), Some(t.act_assign_hint))
        }
        Act::Publish { is_without_missing: false, .. } => (t.act_publish.to_owned(), None),
        Act::Publish { is_without_missing: true, .. } => {
            (t.act_publish.to_owned(), Some(t.act_publish_without))
        }
        Act::Replace { .. } => (t.act_replace.to_owned(), Some(t.act_replace_hint)),
        Act::Results { .. } => (t.act_results.to_owned(), None),
    }
}

fn reason(t: &Texts, is_busy: bool) -> Element {
    let input = el("input").set("type", "text").set("maxlength", "200").flag("required", true);
    let input = input.set("autocomplete", "off").set("dir", "auto").flag("data-first", true);
    let field = field("reason", t.reason, input, Some(Hint::Hint(t.reason_hint)));
    let text = if is_busy { t.doing } else { t.do_it };
    el("form").set("data-form", "reason").keyed("reason").with(field).with(send(text, is_busy))
}

/// To whom a code goes.
fn lead(app: &App, t: &Texts) -> Element {
    let address = match &app.phase {
        Phase::In(who) => who.address.as_str(),
        Phase::Starting | Phase::Nobody | Phase::Unreadable => "",
        Phase::Asking(_) | Phase::Stranger(_) => "",
    };
    el("p").text(fill(t.step_up, &[address]))
}

fn offer(app: &App, t: &Texts, entry: &Confirm) -> Element {
    let wrong = |text: String| el("p").class("wrong").set("role", "alert").text(text);
    let trouble = entry.trouble.as_ref().map(|it| wrong(sentence(it, t)));
    let text = if entry.is_busy { t.sending } else { t.send_code };
    let button = busy(press(Press::Code.name(), text).class("main"), entry.is_busy);
    el("div").keyed("offer").with(lead(app, t)).all(trouble).with(el("p").with(button))
}

fn code(app: &App, t: &Texts, entry: &Confirm) -> Element {
    let input = el("input")
        .set("type", "text")
        .set("autocomplete", "one-time-code")
        .set("autocapitalize", "characters")
        .set("spellcheck", "false")
        .set("maxlength", "16")
        .class("code")
        .flag("required", true);
    let wrong = entry.trouble.as_ref().map(|it| Hint::Wrong(sentence(it, t)));
    let form = el("form").set("data-form", "code").keyed("code").with(lead(app, t));
    let text = if entry.is_busy { t.checking } else { t.confirm };
    form.with(field("code", t.code, input, wrong)).with(send(text, entry.is_busy))
}
