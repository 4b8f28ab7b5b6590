//! An honest match as the server tells it, and pages that show it.

use crate::app::{App, Event};
use crate::ask::Ask;
use crate::proof::{Evidence, Outcome};
use crate::route::Route;
use crate::world::{Match, after_start, realm, root};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::{Signer, Timestamp};
use countersign_league::evidence::{ActKind, SeatFlags};
use countersign_league::proof::{Export, ServerKeys};
use countersign_league::{End, Team};
use countersign_web_kit::text::Language;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The player of the first seat, who looks at the page.
pub(crate) const MY_ID: &str = "00000000000000000000000000000000";
pub(crate) const MARKUP: &str = "<img src=x onerror=alert(1)>";

pub(crate) fn now() -> Timestamp {
    after_start(3_600_000)
}

/// Signed once: that takes a while.
static GAME: LazyLock<(Match, Export)> = LazyLock::new(|| {
    let mut game = Match::honest();
    game.act(2, ActKind::Confirm, 0).flag(2, SeatFlags::CONFIRMED);
    let export = game.export();
    (game, export)
});

pub(crate) fn export() -> Export {
    GAME.1.clone()
}

/// The id of the match.
pub(crate) fn id() -> String {
    GAME.0.start.match_id.to_string()
}

/// The server's keys, as the page believes them.
pub(crate) fn keys() -> ServerKeys {
    ServerKeys::open(realm(), &[root().verifying_key().clone()], &export().sets).unwrap()
}

pub(crate) fn base64(bytes: &[u8]) -> Value {
    BASE64_URL_SAFE_NO_PAD.encode(bytes).into()
}

/// The answer of `league.match`.
pub(crate) fn whole() -> Value {
    let (game, export) = &*GAME;
    let letter = |team: Team| if team == Team::A { "a" } else { "b" };
    let end = |end: End| if end == End::North { "north" } else { "south" };
    let players = game.start.roster.iter().zip(&game.result.deltas).zip(&game.tickets);
    let players = players.map(|((line, booked), ticket)| {
        json!({ "user": line.user.to_string(), "name": ticket.name, "team": letter(line.team), "booked": booked,
            "conduct": "finished" })
    });
    let goals = game.result.goals.iter().map(|goal| {
        json!({ "team": letter(goal.team), "end": end(goal.end), "counts": true, "at_ms": goal.at })
    });
    let mut said = facts();
    said["players"] = players.collect();
    said["goals"] = goals.collect();
    said["bundle"] = base64(&export.bundle);
    said["receipt"] = base64(&export.receipt);
    said["device_certificate"] = base64(&export.device);
    said
}

/// What a match is in a list, too.
fn facts() -> Value {
    let game = &GAME.0;
    json!({
        "match_id": id(), "device": game.start.device.to_string(), "started_ms": game.start.started.as_millis(),
        "ended_ms": game.result.ended.as_millis(), "outcome": "final", "score": [3, 1], "settlement": "settled",
        "reason": 0, "why": "The match counts.", "integrity": 256, "counts_at_ms": null, "forks": 0,
    })
}

/// The answer of `league.history` with so many matches.
pub(crate) fn history(count: usize, next: &str) -> Vec<u8> {
    let one = |number: usize| {
        let mut said = facts();
        said["match_id"] = format!("{number:032x}").into();
        let result = [json!("won"), json!("drawn"), json!("lost"), Value::Null][number % 4].clone();
        (said["team"], said["result"], said["booked"]) = ("a".into(), result, json!(-8_250));
        said
    };
    let matches: Vec<Value> = (0..count).map(one).collect();
    let next: Value = serde_json::from_str(next).unwrap();
    json!({ "user": MY_ID, "name": "Ana", "matches": matches, "next": next })
        .to_string()
        .into_bytes()
}

/// The ledger of somebody who played so many matches.
pub(crate) fn ledger(matches: u64) -> Vec<u8> {
    let line = |n: u64| {
        let amount = if n == 0 { 1_500_000 } else { i64::from(n % 2 == 1) * 20_000 - 9_000 };
        let of = (n > 0).then(|| format!("{:032x}", n - 1));
        json!({ "seq": n + 1, "at_ms": n * 86_400_000, "match_id": of, "amount": amount })
    };
    let lines: Vec<Value> = (0..=matches).map(line).collect();
    json!({ "lines": lines, "next": null }).to_string().into_bytes()
}

/// Somebody logged in at a place.
pub(crate) fn at(route: Route) -> App {
    let mut app = App::new(Language::English, |_| 60, route, true);
    app.update(Event::Found { memory_only: false });
    app
}

/// The evidence that a page was told.
pub(crate) fn evidence(app: &App) -> Evidence {
    Evidence::of(app.data.whole.as_ref().unwrap()).unwrap()
}

/// A page that was told this match, by one of its players, and has checked it.
pub(crate) fn shows(said: &Value) -> App {
    let mut app = at(Route::Match(id()));
    let me = json!({ "user": MY_ID, "name": "Ana", "rating": 1_500_000 });
    app.update(Event::Answer(Ask::Me, Ok(me.to_string().into_bytes())));
    app.update(Event::Answer(Ask::Match(id()), Ok(said.to_string().into_bytes())));
    let outcome = examined(&app);
    let checked = Box::new(app.data.whole.clone().unwrap());
    app.update(Event::Checked(checked, Some(Box::new(outcome))));
    app
}

fn examined(app: &App) -> Outcome {
    evidence(app).examine(app.data.whole.as_ref().unwrap(), &keys(), now())
}

/// The honest one.
pub(crate) fn told() -> App {
    shows(&whole())
}
