//! Whether a match holds, check by check, with what each found.

use super::parts::minute;
use crate::app::{App, Check, Press};
use crate::proof::{Outcome, Proven};
use crate::text::Texts;
use countersign_league::Team;
use countersign_league::evidence::Ticket;
use countersign_league::proof::{Check as Checked, State};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::notice::bar;
use countersign_web_kit::parts::{named, press};
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts) -> Element {
    let section = el("section").class("card proof").with(el("h2").text(t.proof));
    match &app.data.check {
        Check::None | Check::Running => section.with(el("p").class("quiet").text(t.checking)),
        Check::Impossible => section.with(el("p").text(t.cannot_check)),
        Check::Done(outcome) => section.all(told(app, outcome, t)),
    }
}

fn told(app: &App, outcome: &Outcome, t: &Texts) -> Vec<Element> {
    let checks = outcome.report.checks();
    let row = |check: &Checked| line(app, check, outcome.proven.as_ref(), t);
    let list = el("ol").class("lines checks").all(checks.iter().map(row));
    let details = el("details").with(el("summary").text(t.each_check)).with(list);
    match (outcome.report.failed(), &outcome.proven) {
        (None, Some(_)) => {
            let text = fill(t.holds, &[&checks.len().to_string()]);
            let save = press(Press::Save.name(), t.save);
            let hint = el("p").class("hint").text(t.save_hint);
            vec![bar("bar good", text), el("p").with(save), hint, details]
        }
        (failed, _) => {
            let what = failed.map_or(t.proof, |check| sentence(check.id, t));
            let text = bar("bar bad", fill(t.fails, &[what])).set("role", "alert");
            // What failed is what matters: nobody has to look for it.
            vec![text, el("p").text(t.fails_hint), details.flag("open", true)]
        }
    }
}

fn line(app: &App, check: &Checked, proven: Option<&Proven>, t: &Texts) -> Element {
    let (class, mark, word, why) = match &check.state {
        State::Passed => ("passed", "✓", t.check_passed, None),
        State::Failed(why) => ("failed", "✗", t.check_failed, Some(why)),
        State::Open => ("open", "–", t.check_open, None),
    };
    let mark = el("span").class("mark").set("aria-hidden", "true").text(mark);
    // The league's own words for what is wrong, which are English.
    let why = why.map(|why| el("p").class("wrong").set("lang", "en").text(why.clone()));
    let found = proven.map(|proven| found(app, check.id, proven, t)).unwrap_or_default();
    let text = el("div")
        .with(el("span").text(sentence(check.id, t)))
        .with(el("span").class("unseen").text(format!(" ({word})")))
        .all(why)
        .all(found);
    el("li").class(class).keyed(check.id).with(mark).with(text)
}

/// What has to hold, in words.
fn sentence(id: &str, t: &Texts) -> &'static str {
    match id {
        "keys" => t.c_keys,
        "device" => t.c_device,
        "G1" => t.c_g1,
        "G2" => t.c_g2,
        "G3" => t.c_g3,
        "G4" => t.c_g4,
        "G5" => t.c_g5,
        "G6" => t.c_g6,
        "G7" => t.c_g7,
        "G8" => t.c_g8,
        "G9" => t.c_g9,
        "G10" => t.c_g10,
        "G11" => t.c_g11,
        "G12" => t.c_g12,
        "G13" => t.c_g13,
        "G14" => t.c_g14,
        "G15" => t.c_g15,
        "G16" => t.c_g16,
        "receipt" => t.c_receipt,
        _ => t.c_shown,
    }
}

/// What a check found, from what was signed and not from what was said.
fn found(app: &App, id: &str, proven: &Proven, t: &Texts) -> Vec<Element> {
    let Proven { proof, keyset, acts, .. } = proven;
    let (checked, device) = (&proof.checked, &proof.device);
    let (start, result) = (&checked.start.value, &checked.result.value);
    let note = |text: String| el("p").class("quiet").text(text);
    let number = |text: &str, number: usize| vec![note(fill(text, &[&number.to_string()]))];
    match id {
        "keys" => vec![note(fill(t.f_keyset, &[&keyset.to_string()]))],
        "device" => vec![note(fill(t.f_device, &[&device.serial, &device.mark]))],
        "G4" => {
            let key: String = device.master.fingerprint().to_string().chars().take(16).collect();
            vec![note(fill(t.f_key, &[&key]))]
        }
        "G5" => result.slave.iter().flat_map(|it| number(t.f_seal, it.goals.into())).collect(),
        "G8" => number(t.f_tickets, checked.tickets.len()),
        "G9" => number(t.f_rolls, start.roster.len()),
        "G10" => {
            let north = note(fill(t.f_north, &[letter(start.north)]));
            Team::BOTH.map(|team| drawn(proven, team, t)).into_iter().chain([north]).collect()
        }
        "G12" => {
            let tickets = checked.tickets.iter().map(|ticket| &ticket.value);
            let changes = tickets.zip(&result.deltas).map(|(ticket, by)| changed(ticket, *by));
            vec![el("ul").class("names").all(changes)]
        }
        "G13" => number(t.f_acts, *acts),
        "G15" => vec![note(result.score.map(|goals| goals.to_string()).join(" : "))],
        "receipt" => vec![note(minute(app, proof.receipt.created.as_millis()))],
        _ => Vec::new(),
    }
}

fn drawn(proven: &Proven, team: Team, t: &Texts) -> Element {
    let checked = &proven.proof.checked;
    let lines = checked.start.value.roster.iter().zip(&checked.tickets);
    let names = lines.filter(|(line, _)| line.team == team);
    let names = names.map(|(_, ticket)| el("li").with(named(&ticket.value.name)));
    let head = el("p").class("quiet").text(fill(t.f_team, &[letter(team)]));
    el("div").with(head).with(el("ul").class("names").all(names))
}

fn changed(ticket: &Ticket, by: i32) -> Element {
    let by = super::parts::change(by.into());
    el("li").with(named(&ticket.name)).text(format!(" {by}"))
}

const fn letter(team: Team) -> &'static str {
    match team {
        Team::A => "A",
        Team::B => "B",
    }
}
