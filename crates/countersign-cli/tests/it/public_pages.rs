//! Pages without a login: real matches and real results as strangers see them, and what strangers may not see or do.

use crate::events::{EVENT, Fair, event};
use crate::harness::league::*;
use crate::harness::*;
use countersign_store::EventStore;
use countersign_store::event::Results;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::Ipv4Addr;

/// Read from the right, as the name of a person may be.
const ARABIC: &str = "محمد عبد الله";
/// What would be a script, an attribute, or a turned line, if anything believed it.
const HOSTILE: &str =
    "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}gnp.";

fn page(answer: &HttpAnswer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// A page that is there.
fn shown(http: &mut Http, path: &str) -> String {
    let answer = http.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", page(&answer));
    page(&answer)
}

fn refused_page(http: &mut Http, path: &str) -> String {
    let answer = http.get(path);
    assert_eq!(answer.status, 404, "{path}");
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{path}");
    page(&answer)
}

/// A league whose first match is settled.
struct Played {
    league: League,
    game: Match,
}

impl Played {
    fn new(options: Options) -> Self {
        let mut league = League::start(6, options);
        for (number, player) in league.players.iter_mut().enumerate() {
            let name = ["Amelia", "Bruno", "Celine", "Dimitri", "Emile", ARABIC][number];
            ask(player, "league.profile_update", &json!({ "name": name }));
        }
        let game = league.play();
        let bundle = league.bundle(&game);
        league.settle(0, &bundle);
        Self { league, game }
    }

    fn path(&self) -> String {
        format!("/match/{}", self.game.start.match_id)
    }

    fn player(&self, number: usize) -> String {
        format!("/player/{}", self.league.players[number].user)
    }

    fn hide(&mut self, number: usize, visibility: &str) {
        let wish = json!({ "visibility": visibility });
        ask(&mut self.league.players[number], "league.profile_update", &wish);
    }
}

#[test]
fn a_match_is_shown_to_everybody_without_what_was_signed() {
    let played = Played::new(Options::new());
    let mut http = played.league.server.http();
    let path = played.path();
    let text = shown(&mut http, &path);
    assert!(text.contains("3 : 1") && text.contains("checked and countersigned"), "{text}");
    for player in &played.league.players {
        assert!(text.contains(&format!("href=\"/player/{}\"", player.user)), "{text}");
    }
    assert!(text.contains(&format!("<bdi>{ARABIC}</bdi>")), "{text}");
    assert!(text.contains(&hex::encode(played.game.start.secret)), "the seed of the draw");
    assert!(text.contains(&played.game.start.commit.to_string()));
    assert_eq!(text.matches("ern goal").count(), 4, "{text}");
    let change = played.game.result.deltas[0].unsigned_abs();
    let tenths = (change + 50) / 100;
    assert!(text.contains(&format!("{}.{}", tenths / 10, tenths % 10)), "{change}: {text}");
    assert!(text.contains("noindex") && text.contains("property=\"og:title\""), "{text}");

    assert!(text.contains(&format!("href=\"/matches#{}\"", played.game.start.match_id)), "{text}");
    // What was signed holds what only players may know of each other.
    assert_eq!(http.get(&format!("{path}/evidence.json")).status, 404);
}

#[test]
fn nothing_of_a_page_runs_is_framed_or_remembers_anybody() {
    let played = Played::new(Options::new());
    let mut http = played.league.server.http();
    for path in [&played.path(), "/table", &played.player(0), "/nothing/here", "/match/nothing"] {
        let answer = http.get(path);
        assert_eq!(answer.header("set-cookie"), None, "{path}");
        if path.starts_with("/nothing") {
            continue;
        }
        let policy = answer.header("content-security-policy").unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        let said = ["x-content-type-options", "referrer-policy", "cross-origin-resource-policy"];
        assert_eq!(
            said.map(|name| answer.header(name).unwrap()),
            ["nosniff", "no-referrer", "same-origin"]
        );
        assert_eq!(answer.header("vary"), Some("Accept-Encoding, Accept-Language"));
        let text = page(&answer);
        assert!(!text.contains("<script") && !text.contains(" style=") && !text.contains("<form"));
        let style = text.split("href=\"").find(|it| it.starts_with("/public-")).unwrap();
        let style = http.get(style.split('"').next().unwrap());
        assert_eq!(
            (style.status, style.header("content-type")),
            (200, Some("text/css; charset=utf-8"))
        );
        assert!(style.header("cache-control").unwrap().contains("immutable"));
    }
}

#[test]
fn who_hides_is_gone_at_once_also_from_pages_that_were_kept() {
    let mut played = Played::new(Options::new());
    let mut http = played.league.server.http();
    let (path, match_path) = (played.player(1), played.path());
    let text = shown(&mut http, &path);
    assert!(text.contains("<h1><bdi>Bruno</bdi></h1>") && text.contains(&match_path), "{text}");
    assert_eq!(shown(&mut http, "/player/bruno"), text, "by the name as well");
    assert!(shown(&mut http, &match_path).contains("Bruno"));
    let nobody = refused_page(&mut http, &format!("/player/{}", "7f".repeat(16)));
    let mut again = |played: &Played| {
        for path in [&path, "/player/Bruno", "/player/Brunhild"] {
            assert_eq!(refused_page(&mut http, path), nobody, "{path}: the same as for nobody");
        }
        let text = shown(&mut http, &match_path);
        let hidden = text.matches("a player").count();
        assert!(
            !text.contains("Bruno") && !text.contains(&played.league.players[1].user),
            "{text}"
        );
        hidden
    };
    played.hide(1, "hidden");
    assert_eq!(again(&played), 1);
    played.hide(1, "opponents");
    assert_eq!(again(&played), 1, "who has not met anybody");
    played.hide(1, "public");
    assert!(shown(&mut http, &played.player(1)).contains("Bruno"));
    let wish = br#"{"confirm":"delete my account"}"#;
    done(&mut played.league.players[1], "account.delete", wish);
    let text = shown(&mut http, &played.path());
    assert!(!text.contains("Bruno") && !text.contains("erased-"), "{text}");
    assert_eq!(refused_page(&mut http, &played.player(1)), nobody);
}

#[test]
fn the_table_shows_the_order_and_a_place_without_a_name() {
    const CROWD: usize = 22;
    let mut league = League::start(CROWD, Options::new().set("league.player_matches_per_day", 100));
    let mut http = league.server.http();
    let text = shown(&mut http, "/table");
    assert!(text.contains("Nobody is ranked yet") && text.contains("<html lang=\"en\">"), "{text}");
    for number in 0..10 {
        let game = league.play();
        let bundle = league.bundle(&game);
        league.settle(number, &bundle);
    }
    let name = json!({ "name": ARABIC });
    let said = ask(&mut league.players[0], "league.profile_update", &name);
    assert!(said["rank"].is_number(), "{said}");
    ask(&mut league.players[1], "league.profile_update", &json!({ "visibility": "hidden" }));
    let top = ask(&mut league.players[2], "league.top", &json!({ "limit": 100 }));
    let text = shown(&mut http, "/table");
    let mut rest = text.as_str();
    for row in top["rows"].as_array().unwrap() {
        let name =
            row["name"].as_str().map_or("Hidden player".into(), |it| format!("<bdi>{it}</bdi>"));
        rest = rest.split_once(&name).unwrap_or_else(|| panic!("{name} comes next in {rest}")).1;
        let points = (row["rating"].as_i64().unwrap() + 500).div_euclid(1000);
        assert!(rest.split_once("</tr>").unwrap().0.contains(&format!(">{points}<")), "{rest}");
    }
    assert_eq!(text.matches("Hidden player").count(), 1);
    assert!(!text.contains(&league.players[1].user), "{text}");
    assert_eq!(
        shown(&mut http, "/table?from=17&utm_source=x"),
        text,
        "pages begin where others end"
    );
    refused_page(&mut http, "/table?from=51");
    refused_page(&mut http, "/table?from=x");
    let player = shown(&mut http, &format!("/player/{}", league.players[0].user));
    assert!(player.contains(&format!("{} of {CROWD}", said["rank"])), "{player}");
    assert!(player.contains("Season 1: Won, drawn, lost"), "{player}");
    assert_eq!(player.matches("href=\"/match/").count(), 10, "{player}");
}

#[test]
fn what_is_known_is_not_sent_again_and_languages_and_codings_are_told_apart() {
    let played = Played::new(Options::new());
    let mut http = played.league.server.http();
    let path = played.path();
    let mut get = |headers: &[(&str, &str)]| http.send("GET", &path, headers, b"").unwrap();
    let first = get(&[]);
    assert_eq!(first.header("cache-control"), Some("public, max-age=30"));
    let tag = first.header("etag").unwrap().to_owned();
    let again = get(&[("If-None-Match", &tag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(tag.as_str()));
    let french = get(&[("Accept-Language", "fr-FR,fr;q=0.9,en;q=0.8"), ("If-None-Match", &tag)]);
    assert_eq!((french.status, french.header("content-language")), (200, Some("fr")));
    let text = page(&french);
    assert!(text.contains("<html lang=\"fr\">") && text.contains("Équipe A"), "{text}");
    let packed = get(&[("Accept-Encoding", "gzip, br")]);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.starts_with(&[0x1f, 0x8b]) && packed.body.len() < first.body.len() / 2);
    assert_eq!(packed.header("etag"), Some(tag.as_str()));
}

#[test]
fn head_says_what_get_would_say_and_nothing_else_is_taken() {
    let played = Played::new(Options::new());
    let mut http = played.league.server.http();
    for path in ["/table".to_owned(), played.path(), played.player(2)] {
        let get = http.get(&path);
        let mut stream = connect(played.league.server.public().get(), None).unwrap();
        let head = format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200") && body.is_empty(), "{said}");
        let head = head.to_ascii_lowercase();
        for line in [
            format!("content-length: {}", get.body.len()),
            format!("etag: {}", get.header("etag").unwrap().to_ascii_lowercase()),
        ] {
            assert!(head.contains(&line), "{line} in {head}");
        }
        for method in ["POST", "PUT", "DELETE"] {
            assert_eq!(http.send(method, &path, &[], b"").unwrap().status, 405, "{method} {path}");
        }
    }
}

#[test]
fn paths_that_are_none_are_not_there_and_not_in_the_log() {
    let played = Played::new(Options::new());
    let mut http = played.league.server.http();
    let before = played.league.server.log();
    let id = played.game.start.match_id.to_string();
    let long = format!("/player/{}", "a".repeat(8_000));
    for path in [
        "/player/%ff%fe",
        "/player/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/player/..%2f..%2fkeys",
        "/player/%00",
        "/player/a%E2%80%AEb",
        "/match/%",
        "/match/0",
        &format!("/match/{id}0"),
        &format!("/match/{}", &id[1..]),
        "/match/%d9%85%d8%ad",
        "/event/a%20b",
        "/event/%F0%28%8C%28",
        "/event/NOWHERE",
        "/event/NOWHERE/results.json",
        "/table?from=-1",
        &long,
    ] {
        let text = refused_page(&mut http, path);
        assert!(
            text.contains("There is no such page") && !text.contains("alert"),
            "{path}: {text}"
        );
    }
    assert_eq!(http.get("/match/x/y").status, 404);
    assert_eq!(played.league.server.log(), before);
}

#[test]
fn one_network_does_not_make_the_server_write_pages_without_end() {
    let played = Played::new(Options::new());
    let server = &played.league.server;
    let mut stranger = Http::from(server.public(), Ipv4Addr::new(127, 0, 0, 2));
    assert_eq!(stranger.get(&played.path()).status, 200);
    let limited = (0..2_000).find_map(|_| {
        let path = format!("/match/{}", hex::encode(random::<16>()));
        let answer = stranger.get(&path);
        (answer.status == 429).then_some(answer)
    });
    let limited = limited.unwrap();
    assert!(limited.header("retry-after").is_some() && page(&limited).contains("Try again"));
    let mut other = Http::from(server.public(), Ipv4Addr::new(127, 0, 0, 3));
    assert_eq!(other.get(&played.path()).status, 200);
    assert_eq!(stranger.get(&played.path()).status, 200, "it is kept, and costs nothing");
}

#[test]
fn pages_are_off_where_the_operator_wants_none_and_where_there_is_no_league() {
    let played = Played::new(Options::new().set("server.public_pages", false));
    let mut http = played.league.server.http();
    for path in ["/table", &played.path(), &played.player(0), "/event/x"] {
        assert!(refused_page(&mut http, path).contains("has no public pages"), "{path}");
    }
    let server = Server::start(Options::new());
    let mut http = server.http();
    for path in ["/table".to_owned(), played.path(), played.player(0)] {
        assert!(refused_page(&mut http, &path).contains("runs no league"), "{path}");
    }
}

#[test]
fn results_are_shown_once_they_are_published_with_all_methods_side_by_side() {
    let fair = Fair::published_after(|fair| {
        let projects = std::fs::read_to_string(fair.path("projects.csv")).unwrap();
        let title = "\"<script>alert('bees')</script> & \"\"<b>\"\"\"";
        let projects = projects.replace("\"Bees, counted by ear\"", title);
        std::fs::write(fair.path("projects.csv"), projects.replace("Quiet fan", "ساعة المطر"))
            .unwrap();
    });
    let mut http = fair.server.http();
    let text = shown(&mut http, &format!("/event/{EVENT}"));
    assert!(text.contains("<h1><bdi>Science fair 2027</bdi></h1>"), "{text}");
    for word in ["Adjusted", "Mean", "Pairs", "INNOVATION", "Hall A", "countersign event verify"] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
    assert!(text.contains("<bdi>ساعة المطر</bdi>"), "{text}");
    let inert = "&lt;script&gt;alert(&#39;bees&#39;)&lt;/script&gt; &amp; &quot;&lt;b&gt;&quot;";
    assert!(text.contains(inert) && !text.contains("<script"), "{text}");
    let file = http.get(&format!("/event/{EVENT}/results.json"));
    let stored = wait(store(&fair.server).find_results(event())).unwrap();
    assert_eq!((file.status, &file.body), (200, &stored.content), "byte for byte");
    assert!(text.contains(&stored.ballot_root.to_string()), "{text}");
    let ridge = &file.json()["counts"][0]["projects"];
    let first = ridge.as_array().unwrap().iter().find(|it| it["ridge"]["rank"] == 1).unwrap();
    let tenths = (first["ridge"]["value"].as_i64().unwrap() + 500) / 1000;
    assert!(text.contains(&format!("{}.{} %", tenths / 10, tenths % 10)), "{first}: {text}");
}

#[test]
fn what_an_organiser_wrote_is_inert_and_a_page_of_it_has_an_end() {
    let fair = Fair::published_after(|_| {});
    let store = store(&fair.server);
    let Results { content, ballot_root, published } = wait(store.find_results(event())).unwrap();
    let mut said: Value = serde_json::from_slice(&content).unwrap();
    said["title"] = HOSTILE.into();
    said["hubs"][0]["name"] = HOSTILE.into();
    let counts = said["counts"].as_array_mut().unwrap();
    counts[0]["category"] = HOSTILE.into();
    let mut project = counts[0]["projects"][0].clone();
    project["title"] = HOSTILE.into();
    counts[0]["projects"] = vec![project; 5_000].into();
    let content = said.to_string().into_bytes();
    assert!(wait(store.publish_results(event(), Results { content, ballot_root, published })));
    let text = shown(&mut fair.server.http(), &format!("/event/{EVENT}"));
    for live in ["<script", "<img", "\"'>", "\u{202e}gnp.</bdi>"] {
        assert!(!text.contains(live), "{live} is in {text}");
    }
    assert_eq!(text.matches("</title>").count(), 1);
    assert!(text.contains("content=\"\u{2068}&lt;/title&gt;&lt;script&gt;"), "{text}");
    assert_eq!(text.matches("<tbody>").count(), 1_000);
    assert!(
        text.contains("More projects are in the file below: 40"),
        "{}",
        &text[text.len() - 2000..]
    );
}
