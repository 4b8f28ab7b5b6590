//! The bars at the top: what is not as it should be, and what the core could not do.

use crate::app::App;
use crate::text::Texts;
use countersign_app::{Screen, Trouble};
use countersign_league::game::{LinkColour, View, Warnings};
use countersign_web_kit::node::Element;
use countersign_web_kit::notice::{self, Standing, bar};
use countersign_web_kit::text::fill;

pub(super) fn bars(app: &App, t: &Texts) -> Vec<Element> {
    let (offline, memory_only, offset_ms) = (false, app.memory_only, app.offset_ms);
    let mut bars = notice::bars(&Standing { offline, memory_only, offset_ms }, t);
    if let Some(trouble) = app.trouble() {
        bars.push(bar("bar bad", sentence(trouble, t)));
    }
    if let Some(Screen::There { view, .. }) = app.player.as_ref().map(|it| it.screen()) {
        if app.is_deaf {
            bars.push(bar("bar warn", t.device_lost));
        }
        if app.offline {
            bars.push(bar("bar", t.courier_mode));
        }
        bars.extend(view.into_iter().flat_map(|view| warnings(view, t)));
    } else if app.offline {
        bars.push(bar("bar warn", t.offline));
    }
    bars
}

fn warnings(view: &View, t: &Texts) -> Vec<Element> {
    let all = [
        (Warnings::NORTH_DISARMED, t.north_blind),
        (Warnings::SOUTH_DISARMED, t.south_blind),
        (Warnings::GAP, t.was_blind),
        (Warnings::SHORT, t.short),
        (Warnings::UNSETTLED, t.too_many_results),
    ];
    let shown = all.into_iter().filter(|(bit, _)| view.warnings.has(*bit)).map(|(_, text)| text);
    let lost = (view.link == LinkColour::Red).then_some(t.link_lost);
    shown.chain(lost).map(|text| bar("bar warn", text)).collect()
}

fn sentence(trouble: &Trouble, t: &Texts) -> String {
    let said = match trouble {
        Trouble::Unreachable(_) => t.device_silent,
        Trouble::LoggedOut => t.ended_elsewhere,
        Trouble::NotThisDevice => t.not_this_device,
        Trouble::NotByServer => t.not_by_server,
        Trouble::CertificateExpired => t.certificate_old,
        Trouble::DeviceUnknownOffline => t.device_unknown,
        Trouble::NoTicketOffline => t.no_ticket,
        Trouble::Busy => t.too_much,
        Trouble::DeviceStatus(status) => return fill(t.device_marked, &[status.as_str()]),
        Trouble::Barred { until } => return fill(t.barred, &[&until.to_string()]),
        Trouble::ActRefused(why) => return fill(t.device_refused, &[why]),
        Trouble::Protocol(what) => return fill(t.protocol, &[what]),
        Trouble::Refused { code, detail } => {
            let why = if detail.is_empty() { code } else { detail };
            return fill(t.device_refused, &[why]);
        }
    };
    said.to_owned()
}
