//! Pages without a login, of a match that was really played and an event that was really judged.

use crate::gallery::Gallery;
use crate::{assert_clean, log_in};
use countersign_web_e2e::{Browser, FAIR, Fair, Pitch, Server};

/// The fewest that may start.
const PLAYERS: usize = 6;

/// Titles as people write them, and as they do not.
const PROJECTS: [&str; 4] = [
    "P1,Solar kettle,T1,IDEAS",
    "P2,A bridge of recycled newspaper that carries a grown-up and a half over a stream of two metres,T2,IDEAS",
    "P3,ساعة المطر,T3,IDEAS",
    "P4,Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenpresse<script>globalThis.ran=1</script>,,IDEAS",
];

/// What a player without a screen is called, and who may see it.
fn profile(server: &Server, browser: &Browser, number: usize, name: &str, visibility: &str) {
    let tab = log_in(server, &browser.device(), &format!("other{number}@example.org"));
    tab.press("nav a[href='#/profile']");
    tab.fill("#name", name);
    tab.eval(&format!("document.querySelector('#visibility').value = '{visibility}'"));
    tab.press("form[data-form=profile] button");
    tab.until_text("Saved.");
}

#[test]
fn a_match_and_its_players_are_shown_to_everybody_and_fit_every_screen() {
    let mut server = Server::start(&[]);
    let mut pitch = Pitch::open(&mut server);
    let (gallery, browser) = (Gallery::open(), Browser::start());
    pitch.invite(&server, PLAYERS);
    profile(&server, &browser, 0, "محمد عبد الله", "public");
    profile(&server, &browser, 1, "Wolfgang Wwwwwwwwwwwwwww", "public");
    profile(&server, &browser, 2, "Nobody Sees", "hidden");
    let tab = browser.device().open(&server.url("/table"));
    tab.until_text("Nobody is ranked yet.");
    gallery.hang(&tab, "public-table-empty");
    pitch.come(PLAYERS, true);
    pitch.say("ready");
    pitch.until("playing");
    pitch.hit("south");
    pitch.until("review");
    pitch.say("confirm");
    let id = pitch.settled(&server);
    tab.go(&server.url(&format!("/match/{id}")));
    tab.until_text("The league has checked and countersigned it.");
    let said = tab.text();
    assert!(said.contains("محمد عبد الله") && !said.contains("Nobody Sees"), "{said}");
    gallery.hang(&tab, "public-match");
    assert_clean(&tab);
    tab.go(&server.url("/player/wolfgang%20wwwwwwwwwwwwwww"));
    tab.until_text("Last matches");
    gallery.hang(&tab, "public-player");
    tab.press("li a");
    tab.until(&format!(
        "location.pathname === '/match/{id}' && document.readyState === 'complete'"
    ));
    tab.go(&server.url("/player/nobody%20sees"));
    tab.until_text("There is no such page");
    gallery.hang(&tab, "public-missing");
    tab.call("Network.enable", serde_json::json!({}));
    tab.call(
        "Network.setExtraHTTPHeaders",
        serde_json::json!({ "headers": { "Accept-Language": "fr" } }),
    );
    tab.go(&server.url(&format!("/match/{id}?")));
    tab.until_text("La ligue l’a vérifié et contresigné.");
    gallery.hang(&tab, "public-match-french");
    assert_eq!(tab.eval("document.cookie"), "");
    tab.press("header a[href='/']");
    tab.until("!!document.querySelector('#address')");
}

#[test]
fn results_of_an_event_are_shown_to_everybody_and_fit_every_screen() {
    let server = Server::start(&[]);
    let gallery = Gallery::open();
    let fair = Fair::create(&server, &PROJECTS, &["ana@example.org"]);
    server.log_in("ana@example.org", "ana");
    server.log_in("hub@example.org", "hub");
    server.operate(&["user", "grant", "hub@example.org", "hub"]);
    server.command(&["judge", "enrol", "--event", FAIR, "--profile", "ana"], String::new);
    let votes = ["P1:IDEAS:7,10,55", "P2:IDEAS:3,4,20", "P3:IDEAS:9,9,90", "P4:IDEAS:5,6,50"];
    fair.publish_results(&server, &votes);
    let tab = Browser::start().device().open(&server.url(&format!("/event/{FAIR}")));
    tab.until_text("Village fair");
    let said = tab.text();
    assert!(said.contains("ساعة المطر") && said.contains("<script>"), "{said}");
    assert_eq!(tab.eval("typeof globalThis.ran"), "undefined");
    gallery.hang(&tab, "public-event");
    assert_clean(&tab);
}
