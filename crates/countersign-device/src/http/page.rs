//! The status page: for whoever stands next to the device, without a script.

use super::App;
use super::problem::Problem;
use crate::master::MasterHalf;
use crate::words;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use countersign_league::game::{View, ViewPlayer};
use std::fmt::Write;
use std::sync::Arc;

const STYLE: &str = include_str!("style.css");
/// Nothing but this page and its style.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, STYLE).into_response()
}

pub(super) async fn status(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let page = app.handle.call(|half, now| Shown::of(half, now).html()).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, page).into_response())
}

struct Shown {
    mark: String,
    serial: String,
    is_linked: bool,
    view: View,
}

impl Shown {
    fn of(half: &MasterHalf, now: u64) -> Self {
        let config = half.config();
        Self {
            mark: config.mark.clone(),
            serial: config.serial.clone(),
            is_linked: half.device.is_linked(),
            view: half.device.view(now),
        }
    }

    fn html(&self) -> String {
        let view = &self.view;
        let (mark, serial) = (escaped(&self.mark), escaped(&self.serial));
        let [a, b] = view.score;
        let clock = words::clock(view).unwrap_or_default();
        let (state, advice) =
            (words::state(view.state).replace('_', " "), words::advice(view.state));
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"refresh\" content=\"2\">\n<title>{a}:{b} {state} – {mark}</title>\n\
             <link rel=\"stylesheet\" href=\"/style.css\">\n<main>\n<h1>{mark}</h1>\n\
             <p class=\"score\"><span aria-label=\"Team A {a}, team B {b}\" role=\"img\">{a}:{b}</span></p>\n\
             <p class=\"clock\">{clock}</p>\n<p class=\"state\">{advice}</p>\n"
        );
        for (_, sentence) in words::warnings(view) {
            // Writing into a string cannot fail.
            let _ = writeln!(page, "<p class=\"warning\">{sentence}</p>");
        }
        if !view.players.is_empty() {
            page.push_str(&players(&view.players));
        }
        let _ = write!(
            page,
            "</main>\n<footer>{}{}<p>{serial}</p></footer>\n</html>\n",
            self.link(),
            waiting(view)
        );
        page
    }

    fn link(&self) -> String {
        let colour = words::colour(view_colour(&self.view, self.is_linked));
        format!("<p>Link to the other goal: <strong class=\"{colour}\">{colour}</strong></p>\n")
    }
}

/// Before the first pairing nothing was lost, and yet nothing is there.
fn view_colour(view: &View, is_linked: bool) -> countersign_league::game::LinkColour {
    use countersign_league::game::LinkColour;
    match view.link {
        LinkColour::Green if !is_linked => LinkColour::Amber,
        other @ (LinkColour::Green | LinkColour::Amber | LinkColour::Red) => other,
    }
}

fn waiting(view: &View) -> String {
    match view.unsettled {
        0 => String::new(),
        1 => "<p>One result waits for a phone to carry it to the league.</p>\n".to_owned(),
        count => format!("<p>{count} results wait for a phone to carry them to the league.</p>\n"),
    }
}

fn players(players: &[ViewPlayer]) -> String {
    let mut table = String::from(
        "<table>\n<caption>Players</caption>\n<tr><th scope=\"col\">Name<th scope=\"col\">Team\
         <th scope=\"col\" class=\"number\">Rating<th scope=\"col\" class=\"number\">Change<th scope=\"col\">Here\n",
    );
    for player in players {
        let team = player.team.map_or("–", words::team);
        let here = match (player.ready, player.connected) {
            (true, true) => "ready",
            (false, true) => "here",
            (_, false) => "away",
        };
        let change = match player.delta {
            0 => "–".to_owned(),
            delta => format!("{:+.1}", f64::from(delta) / 1000.0),
        };
        let (name, rating) = (escaped(&player.name), player.rating / 1000);
        let _ = writeln!(
            table,
            "<tr><td>{name}<td>{team}<td class=\"number\">{rating}<td class=\"number\">{change}<td>{here}"
        );
    }
    table.push_str("</table>\n");
    table
}

/// Names are what players call themselves.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            control if control.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_only_names() {
        assert_eq!(
            escaped("<b>\"A\" & 'B'</b>\n"),
            "&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;\u{fffd}"
        );
    }
}
