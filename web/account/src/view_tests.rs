use super::*;
use crate::app::{Ask, Entry, Event, Notice, Registered};
use countersign_app::Failure;
use countersign_web_kit::login::Trouble;
use countersign_web_kit::text::Language;

const LANGUAGES: [Language; 2] = [Language::English, Language::French];
const ME: &str = "0123456789abcdef0123456789abcdef";

fn logged_in(route: Route) -> App {
    let mut app = App::new(Language::English, route, true, 1_000_000_000);
    let (session_id, address) = (ME.to_owned(), "ana@example.org".to_owned());
    app.update(Event::Found(Registered { session_id, address, memory_only: false }));
    app
}

fn answer(app: &mut App, ask: Ask, json: &str) {
    app.update(Event::Answer(ask, Ok(json.as_bytes().to_vec())));
}

fn all_text(app: &App) -> String {
    page(app).iter().map(Element::inner_text).collect::<Vec<_>>().join(" ")
}

fn ranked() -> App {
    let mut app = logged_in(Route::Ranks);
    let row = format!(r#"{{"rank":3,"position":3,"rating":1612499,"user":"{ME}","name":"Ana"}}"#);
    let hidden = r#"{"rank":3,"position":4,"rating":1611500,"user":null,"name":null}"#;
    let rank = format!(
        r#"{{"rating":1612499,"season":2,"of":40,"rank":3,"position":3,"percentile":9487,"tier":"gold",
        "neighbours":[{row},{hidden}]}}"#
    );
    answer(&mut app, Ask::Rank, &rank);
    answer(&mut app, Ask::Top(0), &format!(r#"{{"of":40,"rows":[{row},{hidden}]}}"#));
    app
}

#[test]
fn a_ranked_player_sees_place_tier_neighbours_and_table() {
    let app = ranked();
    let text = all_text(&app);
    for expected in
        ["3 of 40", "Gold", "Rating 1612", "Better than 94 %", "Hidden player", "Show more"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let own = |it: &Element| it.tag == "tr" && it.attributes.contains(&("class", "same".into()));
    assert!(page(&app).iter().any(|it| it.any(&own)));
    assert_eq!(text.matches("(you)").count(), 2, "neither is whoever shares the rank: {text}");
}

#[test]
fn an_unranked_player_sees_what_is_missing_and_no_more() {
    let mut app = logged_in(Route::Ranks);
    let rank = r#"{"rating":1500000,"season":1,"of":0,
        "missing":{"matches":10,"opponents":0,"season_matches":3,"dormant":true}}"#;
    answer(&mut app, Ask::Rank, rank);
    let text = all_text(&app);
    assert!(text.contains("Matches to go: 10") && text.contains("season to go: 3"), "{text}");
    assert!(!text.contains("opponents to go") && !text.contains("30 days"), "{text}");
}

#[test]
fn what_people_wrote_is_text_and_isolated_in_its_direction() {
    let mut app = logged_in(Route::Players);
    let name = "<img src=x onerror=alert(1)>";
    let found =
        format!(r#"{{"players":[{{"user":"{ME}","name":"{name}","rating":0,"rank":null}}]}}"#);
    answer(&mut app, Ask::Search("img".to_owned()), &found);
    let is_isolated = |it: &Element| it.tag == "bdi" && it.inner_text() == name;
    assert!(page(&app).iter().any(|it| it.any(&is_isolated)));
    let has_image = |it: &Element| it.tag == "img";
    assert!(!page(&app).iter().any(|it| it.any(&has_image)));
}

#[test]
fn no_element_brings_script_or_style_or_a_foreign_address() {
    let tags = ["script", "style", "iframe", "object", "img"];
    let bad = |it: &Element| {
        let bad = |(name, value): &(&str, countersign_web_kit::node::Words)| {
            name.starts_with("on")
                || *name == "style"
                || (*name == "href"
                    && !value.starts_with('#')
                    && value != "/pitch"
                    && value != "/matches"
                    && value != "/judge")
        };
        tags.contains(&it.tag) || it.attributes.iter().any(bad)
    };
    for app in [ranked(), logged_in(Route::Profile), logged_in(Route::Devices)] {
        assert!(!page(&app).iter().any(|it| it.any(&bad)));
    }
}

#[test]
fn every_trouble_is_a_sentence_in_every_language() {
    let troubles = [
        Trouble::Unreachable,
        Trouble::NoKey,
        Trouble::AddressUnusable,
        Trouble::AddressChanged("ana@example.com".to_owned()),
        Trouble::TooSoon(17),
        Trouble::NoMoreCodes,
        Trouble::CodeWrong(2),
        Trouble::NotBelieved,
        Trouble::Refused("internal".to_owned()),
    ];
    for language in LANGUAGES {
        for trouble in &troubles {
            let mut app = App::new(language, Route::Ranks, true, 0);
            let trouble = Some(trouble.clone());
            app.phase = Phase::Code(Entry { trouble, ..Entry::default() });
            let is_alert = |it: &Element| {
                it.attributes.contains(&("role", "alert".into())) && it.inner_text().len() > 20
            };
            assert!(page(&app).iter().any(|it| it.any(&is_alert)), "{:?}", app.phase);
        }
    }
}

#[test]
fn a_refusal_is_said_in_words_where_there_are_some() {
    let mut app = logged_in(Route::Profile);
    let ask = Ask::Save { name: "Ana".to_owned(), visibility: "public".to_owned() };
    let refused = |code: &str, detail: &str| Failure::Refused {
        code: code.to_owned(),
        detail: detail.to_owned(),
    };
    app.notice = Some(Notice::Failed(ask.clone(), refused("conflict", "somebody has this name")));
    assert!(all_text(&app).contains("This name cannot be used: somebody has this name"));
    app.notice = Some(Notice::Failed(ask, refused("forbidden", "")));
    assert!(all_text(&app).contains("The server refused: forbidden"), "the name is not to blame");
    for code in ["no_key", "unreadable"] {
        app.notice = Some(Notice::Failed(Ask::Sessions, refused(code, "in English")));
        assert!(all_text(&app).contains("Reload the page.") && !all_text(&app).contains(code));
    }
    app.notice = Some(Notice::Failed(Ask::Sessions, refused("not_believed", "…")));
    assert!(all_text(&app).contains("Somebody else than the server answered."));
}

#[test]
fn a_clock_is_mentioned_only_when_it_matters() {
    let mut app = logged_in(Route::Devices);
    app.offset_ms = Some(-29_999);
    assert!(!all_text(&app).contains("clock"));
    app.offset_ms = Some(-3_600_000);
    assert!(all_text(&app).contains("off by 60 min"));
}

#[test]
fn times_are_counted_by_the_servers_clock() {
    let mut app = logged_in(Route::Devices);
    app.offset_ms = Some(7_200_000);
    let seen = app.now_ms + 7_200_000 - 5 * 60_000;
    let session = |id: &str, current: bool| {
        format!(
            r#"{{"session_id":"{id}","name":"Chrome, Linux","platform":"web","last_seen_ms":{seen},
            "current":{current},"status":"live"}}"#
        )
    };
    let list = format!(r#"{{"sessions":[{},{}]}}"#, session(ME, true), session("00", false));
    answer(&mut app, Ask::Sessions, &list);
    assert!(all_text(&app).contains("Last seen 5 min ago"), "{}", all_text(&app));
}

#[test]
fn a_device_that_is_logged_out_takes_its_own_row_with_it() {
    let mut app = logged_in(Route::Devices);
    let session = r#""name":"","platform":"web","last_seen_ms":0,"current":false,"status":"live"}"#;
    let list = |ids: &[&str]| {
        let rows = ids.iter().map(|id| format!(r#"{{"session_id":"{id}",{session}"#));
        format!(r#"{{"sessions":[{}]}}"#, rows.collect::<Vec<_>>().join(","))
    };
    let is_row = |it: &Element, id: &str| it.tag == "li" && it.key == id;
    answer(&mut app, Ask::Sessions, &list(&["aa", "bb"]));
    assert!(["aa", "bb"].iter().all(|id| page(&app).iter().any(|it| it.any(&|it| is_row(it, id)))));
    answer(&mut app, Ask::Sessions, &list(&["bb"]));
    assert!(!page(&app).iter().any(|it| it.any(&|it| is_row(it, "aa"))));
}

#[test]
fn without_a_league_the_places_say_so() {
    for route in [Route::Ranks, Route::Players, Route::Profile] {
        let mut app = logged_in(route);
        let refused = Failure::Refused { code: "unknown_type".to_owned(), detail: String::new() };
        app.update(Event::Answer(Ask::Rank, Err(refused)));
        assert!(all_text(&app).contains("This server runs no league."));
    }
}
