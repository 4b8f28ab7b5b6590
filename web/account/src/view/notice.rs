//! The bars at the top: what just happened, and what is not as it should be.

use crate::app::{App, Ask, Notice, Phase};
use crate::text::Texts;
use countersign_app::Failure;
use countersign_web_kit::node::Element;
use countersign_web_kit::notice::{self, Standing, bar};
use countersign_web_kit::text::fill;

pub(super) fn bars(app: &App, t: &Texts) -> Vec<Element> {
    let standing = Standing {
        offline: app.offline,
        memory_only: app.memory_only && matches!(app.phase, Phase::In { .. }),
        offset_ms: app.offset_ms,
    };
    let said = app.notice.as_ref().map(|notice| said(notice, t));
    said.into_iter().chain(notice::bars(&standing, t)).collect()
}

fn said(notice: &Notice, t: &Texts) -> Element {
    match notice {
        Notice::KeyLost => bar("bar", t.key_lost),
        Notice::Unreadable => bar("bar warn", t.storage_unreadable),
        Notice::LoggedOut => bar("bar", t.logged_out_here),
        Notice::Ended => bar("bar", t.ended_elsewhere),
        Notice::Saved => bar("bar good", t.saved),
        Notice::Revoked => bar("bar good", t.revoked),
        Notice::RevokedOthers(count) => {
            bar("bar good", fill(t.revoked_others, &[&count.to_string()]))
        }
        Notice::Failed(ask, failure) => bar("bar bad", failed(ask, failure, t)),
    }
}

fn failed(ask: &Ask, failure: &Failure, t: &Texts) -> String {
    if let Failure::Refused { code, detail } = failure {
        let said = if detail.is_empty() { code } else { detail };
        match (code.as_str(), ask) {
            ("not_found", Ask::Player(_)) => return t.no_such_player.to_owned(),
            ("invalid_payload" | "conflict", Ask::Save { .. }) => {
                return fill(t.name_refused, &[said]);
            }
            _ => {}
        }
    }
    notice::failed(failure, t)
}
