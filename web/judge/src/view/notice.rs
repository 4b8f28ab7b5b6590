//! What is said at the top.

use crate::app::{App, Ask, NoBluetooth, Notice};
use crate::text::Texts;
use countersign_app::Failure;
use countersign_app::judge::{HubState, JudgeTrouble};
use countersign_web_kit::node::Element;
use countersign_web_kit::notice::{Standing, bar, failed};
use countersign_web_kit::text::fill;

pub(super) fn bars(app: &App, t: &Texts) -> Vec<Element> {
    let mut bars = Vec::new();
    let Some(device) = app.device() else { return bars };
    let screen = device.screen();
    // Without internet nothing is wrong here; only the clock is said as on other pages.
    let standing = Standing { offset_ms: screen.offset_ms, ..Standing::default() };
    bars.extend(countersign_web_kit::notice::bars(&standing, t));
    if !app.keeps {
        bars.push(bar("bar warn", t.keeps_nothing));
    }
    if device.is_stuck() {
        bars.push(bar("bar bad", t.stuck));
    }
    if let HubState::NewCode(_) = screen.hub {
        bars.push(bar("bar warn", t.hub_new_code));
    }
    if let Some(text) = device.trouble().and_then(|trouble| said(trouble, t)) {
        bars.push(bar("bar bad", text));
    }
    bars.extend(app.notice.as_ref().map(|notice| shown(notice, t)));
    bars
}

fn shown(notice: &Notice, t: &Texts) -> Element {
    let (class, text) = match notice {
        Notice::CodeTaken => ("bar good", t.code_taken.to_owned()),
        Notice::HubTaken => ("bar good", t.hub_taken.to_owned()),
        Notice::Enrolled => ("bar good", t.enrolled.to_owned()),
        Notice::Fetched => ("bar good", t.fetched.to_owned()),
        Notice::NoAddress => ("bar bad", t.no_address.to_owned()),
        Notice::NoEvent => ("bar bad", t.scan_no_event.to_owned()),
        Notice::OtherEvent(event) => ("bar bad", fill(t.other_event, &[event])),
        Notice::BadCode => ("bar bad", t.bad_code.to_owned()),
        Notice::NotOurs => ("bar bad", t.not_ours.to_owned()),
        Notice::NoBluetooth(NoBluetooth::NotChosen) => ("bar", t.bluetooth_not_chosen.to_owned()),
        Notice::NoBluetooth(NoBluetooth::Refused) => ("bar bad", t.bluetooth_refused.to_owned()),
        Notice::NoNewKey => ("bar bad", t.no_new_key.to_owned()),
        Notice::Failed(Ask::Enrol(_), Failure::Refused { code, .. }) if code == "published" => {
            ("bar bad", t.enrol_published.to_owned())
        }
        Notice::Failed(Ask::Enrol(_), Failure::Refused { code, .. }) if code == "too_many" => {
            ("bar bad", t.enrol_too_many.to_owned())
        }
        Notice::Failed(Ask::Enrol(_), Failure::Refused { code, .. }) if code == "not_invited" => {
            ("bar bad", t.no_invitations.to_owned())
        }
        Notice::Failed(_, failure) => ("bar bad", failed(failure, t)),
    };
    bar(class, text)
}

/// What went wrong; nothing where the place itself says it.
fn said(trouble: &JudgeTrouble, t: &Texts) -> Option<String> {
    Some(match trouble {
        JudgeTrouble::NewCode | JudgeTrouble::NoVote(_) => return None,
        JudgeTrouble::NoBundle => t.scan_no_event.to_owned(),
        JudgeTrouble::NoCode => t.hub_no_code.to_owned(),
        JudgeTrouble::NotByServer | JudgeTrouble::Bundle(_) => t.trouble_server.to_owned(),
        JudgeTrouble::NotInRoster => t.trouble_roster.to_owned(),
        JudgeTrouble::OlderBundle => t.trouble_older.to_owned(),
        JudgeTrouble::NotOurs => t.not_ours.to_owned(),
        JudgeTrouble::Code(_) => t.bad_code.to_owned(),
        JudgeTrouble::OtherEvent { scanned, .. } => fill(t.other_event, &[scanned]),
        JudgeTrouble::NoSuchProject(project) => fill(t.trouble_project, &[project.as_str()]),
        JudgeTrouble::NoSuchCategory(place) => {
            fill(t.trouble_category, &[place.project.as_str(), place.category.as_str()])
        }
        JudgeTrouble::Conflict(_) => t.conflict.to_owned(),
        JudgeTrouble::PointsCount { .. } => t.trouble_points.to_owned(),
        JudgeTrouble::PointsRange { criterion, min, max, .. } => {
            fill(t.trouble_range, &[criterion, &min.to_string(), &max.to_string()])
        }
        JudgeTrouble::NoRoundOpen => t.no_round.to_owned(),
        JudgeTrouble::Revoked => t.refused_revoked.to_owned(),
        JudgeTrouble::Busy => t.trouble_busy.to_owned(),
        JudgeTrouble::Outside(Failure::Unreachable(_)) => t.trouble_fetch.to_owned(),
        JudgeTrouble::Outside(failure) => failed(failure, t),
        JudgeTrouble::Signature => t.trouble_signature.to_owned(),
        JudgeTrouble::Write(_) | JudgeTrouble::Seal(_) | JudgeTrouble::Protocol(_) => {
            fill(t.trouble_other, &[&trouble.to_string()])
        }
    })
}
