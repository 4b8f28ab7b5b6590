//! What a player does at `/matches`: looks back, checks a match again, keeps the proof, disagrees.

use crate::gallery::Gallery;
use crate::pitch::{goals, kick_off};
use crate::{assert_clean, log_in, phone};
use countersign_web_e2e::{Pitch, Server, Tab};
use std::fs;

/// Read from the right, and as long as a name may be.
const NAME: &str = "محمد عبد الله";

#[test]
fn a_player_checks_a_match_keeps_the_proof_and_disagrees() {
    let mut server = Server::start(&[]);
    let mut pitch = Pitch::open(&mut server);
    let gallery = Gallery::open();
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    before_the_first_match(&server, &gallery, &tab);
    play(&server, &mut pitch, &tab);

    tab.press("main a[href^='/matches#']");
    tab.until_text("It holds. This device checked 20 things again by itself and believed nobody.");
    gallery.hang(&tab, "match");
    tab.press(".proof summary");
    tab.until_text("GL-00001");
    tab.until_text("Answers: 6");
    // The draw says whether the one goal was that of A or of B.
    tab.until("document.querySelector('.checks').innerText.includes(document.querySelector('h1').innerText.slice(-5))");
    gallery.hang(&tab, "match-checks");
    is_accepted_by_the_program(&server, &tab);
    disagrees(&server, &gallery, &tab);

    tab.press("nav a[href='#/history']");
    tab.until_text(" afterwards");
    tab.until("document.querySelector('svg .line').getBBox().width > 900");
    assert_eq!(tab.eval("document.querySelectorAll('.games > li').length"), 1);
    gallery.hang(&tab, "matches");
    tab.press("header button");
    tab.until_text("Votre cote");
    gallery.hang(&tab, "matches-french");
    tab.press("header button");
    tab.press(".games a");
    tab.until_text("It holds.");
    tab.press(".lines a[href^='#/player/']");
    tab.until_text("Against you");
    gallery.hang(&tab, "matches-player");
    assert_clean(&tab);

    bend(&mut server);
    tab.press("nav a[href='#/history']");
    tab.press(".games a");
    tab.until_text("It does not hold. What failed: “Every player answered the roll call”.");
    assert_eq!(tab.eval("document.querySelectorAll('[data-press=save]').length"), 0);
    gallery.hang(&tab, "match-bent");
    assert_clean(&tab);
}

/// What the places look like for somebody who has nothing to show; with a name that is read from the right.
fn before_the_first_match(server: &Server, gallery: &Gallery, tab: &Tab) {
    tab.press("nav a[href='#/profile']");
    tab.fill("#name", NAME);
    tab.press("form[data-form=profile] button");
    tab.until_text("Saved.");
    tab.press("nav a[href='#/ranks']");
    tab.press("main a[href='/matches']");
    tab.until_text("No matches yet.");
    tab.until_text("Your rating begins with 1500 points.");
    gallery.hang(tab, "matches-none");
    tab.press("nav a[href='#/disputes']");
    tab.until_text("You disagree with no match.");
    gallery.hang(tab, "disputes-none");
    tab.press("nav a[href='#/penalties']");
    tab.until_text("Nothing keeps you from playing.");
    gallery.hang(tab, "penalties-none");
    tab.go(&server.url(&format!("/matches#{}", "0".repeat(32))));
    tab.until_text("There is nothing here, or it may not be seen.");
    tab.press("nav a[href='/']");
    tab.until("!!document.querySelector(\"nav a[href='/pitch']\")");
}

/// One goal, and everybody says that it was one.
fn play(server: &Server, pitch: &mut Pitch, tab: &Tab) {
    kick_off(server, pitch, tab);
    pitch.hit("south");
    goals(tab, 1);
    pitch.until("review");
    tab.press("[data-press=confirm]");
    tab.until_text("You confirmed.");
    pitch.say("confirm");
    tab.until_text("The league has countersigned this result.");
}

/// The file that the page gives is the one that `league verify` takes, and one bit in it is noticed there.
fn is_accepted_by_the_program(server: &Server, tab: &Tab) {
    let folder = server.path("proofs");
    fs::create_dir(&folder).unwrap();
    let file = tab.download("[data-press=save]", &folder);
    let root = server.root();
    let verify = ["league", "verify", &file.display().to_string(), "--root", &root];
    let said = server.command(&verify, String::new);
    assert_eq!(said.matches("  passed  ").count(), 19, "{said}");
    assert!(said.contains("GL-00001") && said.contains(NAME), "{said}");
}

fn disagrees(server: &Server, gallery: &Gallery, tab: &Tab) {
    tab.fill("#text", "The ball never crossed the line.");
    gallery.hang(tab, "match-dispute");
    tab.press("form[data-form=dispute] button");
    tab.until_text("Sent. An operator will decide.");
    tab.until_text("waits for the operator");
    assert_eq!(tab.eval("document.querySelectorAll('form').length"), 0);
    let listed = server.operate(&["league", "dispute", "list"]);
    assert!(listed.contains("goal"), "{listed}");
    let uphold = ["league", "dispute", "resolve", "1", "uphold", "--reason", "seen", "--yes"];
    server.operate(&uphold);
    tab.press("nav a[href='#/disputes']");
    tab.until_text("the result stands");
    tab.until_text("The ball never crossed the line.");
    gallery.hang(tab, "disputes");
}

/// One bit of what a player signed, where the server keeps it.
fn bend(server: &mut Server) {
    server.kill();
    // Whoever opens the database and leaves it alone puts everything into one file.
    server.operate(&["league", "match", "list"]);
    let path = server.path("data/countersign.db");
    let mut bytes = fs::read(&path).unwrap();
    let needle = b"league.roll";
    let found = bytes.windows(needle.len()).enumerate().filter(|(_, it)| it == needle);
    // Far enough from the end of a page of the database: there it keeps numbers of its own.
    let at = found.map(|(at, _)| at).find(|at| at % 4096 < 4000).unwrap();
    bytes[at + needle.len() + 40] ^= 1;
    fs::write(&path, bytes).unwrap();
    server.restart();
}
