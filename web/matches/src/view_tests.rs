use super::*;
use crate::app::{Check, Event};
use crate::ask::Ask;
use crate::fixture::{MARKUP, MY_ID, at, base64, export, history, id, ledger, shows, told, whole};
use countersign_web_kit::text::Language;
use serde_json::{Value, json};

const LANGUAGES: [Language; 2] = [Language::English, Language::French];

fn text(app: &App) -> String {
    page(app).iter().map(Element::inner_text).collect::<Vec<_>>().join(" ")
}

fn has(app: &App, is: impl Fn(&Element) -> bool) -> bool {
    page(app).iter().any(|element| element.any(&is))
}

fn presses(app: &App, name: &'static str) -> bool {
    has(app, |it| it.attributes.contains(&("data-press", name.into())))
}

fn told_lists(route: Route, answers: &[(Ask, Vec<u8>)]) -> App {
    let mut app = at(route);
    for (ask, content) in answers {
        app.update(Event::Answer(ask.clone(), Ok(content.clone())));
    }
    app
}

fn mine(count: usize) -> App {
    let history = (Ask::History { user: None, before: Value::Null }, history(count, "null"));
    told_lists(Route::History, &[history, (Ask::Ledger(0), ledger(count as u64))])
}

fn case(state: &str, ruled: Value) -> Value {
    json!({ "dispute": 4, "match": id(), "kind": "goal", "text": MARKUP, "opened_ms": 0, "state": state, "ruled_ms": ruled })
}

fn disputes(cases: &[Value]) -> (Ask, Vec<u8>) {
    (Ask::Disputes(0), json!({ "disputes": cases, "next": null }).to_string().into_bytes())
}

fn penalties() -> (Ask, Vec<u8>) {
    let of = |kind: &str, until: Value, pardoned: Value| json!({ "id": 1, "kind": kind, "match_id": id(), "at_ms": 0, "level": 2, "until_ms": until, "pardoned_ms": pardoned });
    let rows = [
        of("left", json!(60_000), Value::Null),
        of("no_start", Value::Null, json!(120_000)),
        of("operator", Value::Null, Value::Null),
    ];
    let said = json!({ "penalties": rows, "next": null, "barred_until_ms": 60_000, "leaver_level": 2,
        "flags_count": true, "votes_count": false });
    (Ask::Penalties(0), said.to_string().into_bytes())
}

fn other(met: u32) -> App {
    let user = || MY_ID.to_owned();
    let profile = json!({ "user": MY_ID, "name": MARKUP, "rating": 1_512_345 });
    let met = json!({ "user": MY_ID, "name": MARKUP, "met": met, "won": 1, "drawn": 0, "lost": 2 });
    let list = Ask::History { user: Some(user()), before: Value::Null };
    let answers = [
        (Ask::Player(user()), profile.to_string().into_bytes()),
        (Ask::Met(user()), met.to_string().into_bytes()),
        (list, history(2, "null")),
    ];
    told_lists(Route::Player(user()), &answers)
}

fn everywhere() -> Vec<App> {
    let mut hidden = told();
    hidden.data.check = Check::Impossible;
    vec![
        at(Route::History),
        mine(0),
        mine(3),
        other(3),
        other(0),
        told(),
        hidden,
        shows(&bent("bundle", |it| it.bundle[300] ^= 1)),
        told_lists(Route::Disputes, &[disputes(&[])]),
        told_lists(Route::Disputes, &[disputes(&[case("upheld", json!(1))])]),
        told_lists(Route::Penalties, &[penalties()]),
    ]
}

/// The match with one part of its evidence changed.
fn bent(part: &str, bend: impl FnOnce(&mut countersign_league::proof::Export)) -> Value {
    let (mut said, mut export) = (whole(), export());
    bend(&mut export);
    said[part] = match part {
        "bundle" => base64(&export.bundle),
        "receipt" => base64(&export.receipt),
        _ => base64(&export.device),
    };
    said
}

#[test]
fn every_place_speaks_both_languages_and_has_one_heading() {
    for mut app in everywhere() {
        let said = LANGUAGES.map(|language| {
            app.language = language;
            let headings = page(&app).iter().filter(|it| it.any(&|it| it.tag == "h1")).count();
            assert_eq!(headings, 1, "{}", place(&app));
            (text(&app), window_title(&app))
        });
        assert_ne!(said[0].0, said[1].0, "{}", place(&app));
    }
}

#[test]
fn what_others_wrote_is_text_and_nothing_else() {
    for app in everywhere() {
        assert!(!has(&app, |it| it.tag == "img" || it.tag == "script"));
        let is_ours = |(name, value): &(&str, countersign_web_kit::node::Words)| {
            !value.contains("onerror") || *name == "value"
        };
        assert!(!has(&app, |it| !it.attributes.iter().all(is_ours)));
    }
}

#[test]
fn the_graph_is_a_line_with_words_for_who_does_not_see_it() {
    for (count, has_line) in [(0, false), (1, true), (2, true), (500, true)] {
        let app = mine(count);
        assert_eq!(has(&app, |it| it.tag == "svg"), has_line, "{count}");
        assert_eq!(
            text(&app).contains("Your rating begins with 1500 points."),
            !has_line,
            "{count}"
        );
    }
    let said = text(&mine(2));
    assert!(
        said.contains("Changes: 2. From 1500 to 1502 points, lowest 1500, highest 1511."),
        "{said}"
    );
    assert!(said.contains("As a table") && said.contains("Points 1520 1510 1500"), "{said}");
    let rows = |app: &App| {
        let mut rows = 0;
        page(app).iter().for_each(|it| rows += count(it, "tr"));
        rows
    };
    assert_eq!(rows(&mine(499)), 500, "a row for each change, and the head");
}

fn count(element: &Element, tag: &str) -> usize {
    let inside = element.children.iter().map(|child| match child {
        countersign_web_kit::node::Node::Element(it) => count(it, tag),
        countersign_web_kit::node::Node::Text(_) => 0,
    });
    usize::from(element.tag == tag) + inside.sum::<usize>()
}

#[test]
fn a_match_in_the_list_says_when_how_and_what_it_was_worth() {
    let said = text(&mine(4));
    // The first clock of the wall is an hour ahead of UTC.
    assert!(said.contains("2027-01-15 09:11 · 3 : 1"), "{said}");
    for part in ["Won", "Drawn", "Lost", "−8.3 points, 1511 afterwards"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!presses(&mine(4), "more"));
    let page = (Ask::History { user: None, before: Value::Null }, history(20, r#""9-1""#));
    assert!(presses(&told_lists(Route::History, &[page]), "more"));
}

#[test]
fn an_honest_match_holds_and_says_what_each_check_found() {
    let app = told();
    let said = text(&app);
    for part in [
        "It holds. This device checked 20 things again by itself and believed nobody.",
        "GL-00001, teal 07",
        "Key set 1",
        "Answers: 10",
        "Tickets: 10",
        "Acts: 1",
        "Goals under its seal: 3",
        "player 7",
        "02:00 · team A",
        "It counts already.",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(presses(&app, "save") && !said.contains("does not hold"));
}

const SHOWN: &str = "Players, goals, times and ending are shown as they were signed";

#[test]
fn a_match_that_was_tampered_with_says_which_check_failed_and_gives_no_file() {
    let size = export().bundle.len();
    let last_act = |it: &mut countersign_league::proof::Export| it.bundle[size - 2] ^= 1;
    let shown = |change: fn(&mut Value)| {
        let mut said = whole();
        change(&mut said);
        said
    };
    for (said, failed) in [
        (
            bent("device_certificate", |it| it.device[120] ^= 1),
            "The server signed for the keys of the device",
        ),
        (bent("bundle", |it| it.bundle[0] ^= 1), "Everything is in canonical form"),
        (bent("bundle", |it| it.bundle[300] ^= 1), "Both signatures hold, and are of this match"),
        (bent("bundle", last_act), "Players of the match signed every act"),
        (
            bent("receipt", |it| *it.receipt.last_mut().unwrap() ^= 1),
            "The server countersigned this result",
        ),
        (shown(|it| it["goals"][1]["team"] = "a".into()), SHOWN),
        (shown(|it| it["goals"][3]["at_ms"] = 1.into()), SHOWN),
        (shown(|it| it["players"][3]["team"] = "c".into()), SHOWN),
        (shown(|it| it["device"] = MY_ID.into()), SHOWN),
        (shown(|it| it["ended_ms"] = 1.into()), SHOWN),
        (shown(|it| it["outcome"] = "conceded".into()), SHOWN),
    ] {
        let app = shows(&said);
        let told = text(&app);
        assert!(told.contains(&format!("It does not hold. What failed: “{failed}”.")), "{told}");
        assert!(told.contains("cannot be trusted") && !told.contains("It holds"), "{told}");
        assert!(has(&app, |it| it.tag == "details" && it.attributes.contains(&("open", "".into()))));
        assert!(!presses(&app, "save"));
        assert!(!has(&app, |it| it.attributes.contains(&("class", "bar good".into()))));
    }
}

#[test]
fn who_played_may_disagree_and_sees_what_became_of_it() {
    let form = |app: &App| has(app, |it| it.attributes.contains(&("data-form", "dispute".into())));
    let mut app = told();
    assert!(form(&app));
    let (ask, open) = disputes(&[case("open", Value::Null)]);
    app.update(Event::Answer(ask.clone(), Ok(open)));
    assert!(!form(&app) && text(&app).contains("waits for the operator"));
    app.update(Event::Answer(ask, Ok(disputes(&[case("amended", json!(60_000))]).1)));
    assert!(form(&app) && text(&app).contains("the result was changed"));
    assert!(text(&app).contains("decided 1970-01-01 01:01"));
    let mut stranger = told();
    stranger.data.me.as_mut().unwrap().user = id();
    assert!(!form(&stranger));
    let mut pending = whole();
    (pending["settlement"], pending["counts_at_ms"]) = ("pending".into(), json!(60_000));
    assert!(text(&shows(&pending)).contains("It counts at 1970-01-01 01:01, unless"));
    app.data.too_long = Some(2_002);
    assert!(text(&app).contains("That is too long: 2002 bytes of 2,000."));
}

#[test]
fn whoever_hides_has_a_place_and_no_name() {
    let mut hidden = whole();
    (hidden["players"][4]["user"], hidden["players"][4]["name"]) = (Value::Null, Value::Null);
    (hidden["bundle"], hidden["receipt"]) = (Value::Null, Value::Null);
    let ask = Ask::Match(id());
    let app = told_lists(Route::Match(id()), &[(ask, hidden.to_string().into_bytes())]);
    let said = text(&app);
    assert!(said.contains("Hidden player") && said.contains("cannot be checked here"), "{said}");
}

#[test]
fn penalties_say_until_when_and_whether_they_were_taken_back() {
    let said = text(&told_lists(Route::Penalties, &[penalties()]));
    for part in [
        "You may not start a rated match before 1970-01-01 01:01.",
        "2 of 5",
        "Your votes do not count",
        "barred until 1970-01-01 01:01",
        "taken back 1970-01-01 01:02",
        "Was ready and did not start",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
