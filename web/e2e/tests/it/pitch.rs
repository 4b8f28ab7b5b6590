//! A person in the browser among players without a screen, at a real pair of goals.

use crate::{assert_clean, log_in, phone};
use countersign_web_e2e::{Pitch, Server, Tab};

/// The fewest that may start, without the person in the browser.
const OTHERS: usize = 5;

/// From the link in the navigation to the lobby.
fn join(tab: &Tab, pitch: &Pitch) {
    tab.press("nav a[href='/pitch']");
    tab.fill("#device", &pitch.address());
    tab.press("form[data-form=device] button");
    tab.until("!!document.querySelector('[data-press=allow], [data-press=ready]')");
    if tab.eval("!!document.querySelector('[data-press=allow]')") == true {
        tab.press("[data-press=allow]");
    }
    tab.until("!!document.querySelector('[data-press=ready]')");
}

fn score(tab: &Tab, score: &str) {
    tab.until(&format!(
        "[...document.querySelectorAll('.digits')].map((it) => it.innerText).join(':') === '{score}'"
    ));
}

#[test]
fn a_match_in_the_browser_from_the_door_to_the_rating() {
    let mut server = Server::start(&[]);
    let mut pitch = Pitch::open(&mut server);
    pitch.invite(&server, OTHERS);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    join(&tab, &pitch);
    tab.press("[data-press=ready]");
    tab.until("!!document.querySelector('[data-press=unready]')");
    pitch.play(OTHERS, false);
    tab.until("document.querySelector('#app').dataset.place === 'kickoff'");
    tab.until_text("At stake for you");
    pitch.until("playing");
    score(&tab, "0:0");
    pitch.hit("south");
    tab.until("[...document.querySelectorAll('.digits')].some((it) => it.innerText === '1')");
    // The page is loaded again in the middle, and is back in the match by itself.
    tab.reload();
    tab.until("[...document.querySelectorAll('.digits')].some((it) => it.innerText === '1')");
    pitch.until("review");
    tab.press("[data-press=confirm]");
    tab.until_text("You confirmed.");
    tab.until_text("The league has countersigned this result.");
    tab.until_text("points now");
    assert_clean(&tab);
}

#[test]
fn a_result_waits_on_the_phone_until_the_server_is_back() {
    let mut server = Server::start(&[]);
    let mut pitch = Pitch::open(&mut server);
    pitch.invite(&server, OTHERS);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    join(&tab, &pitch);
    tab.press("[data-press=ready]");
    pitch.play(OTHERS, false);
    pitch.until("playing");
    server.kill();
    pitch.hit("north");
    pitch.until("review");
    tab.press("[data-press=confirm]");
    tab.until_text("Waiting for the internet: 1.");
    tab.until_text("Device only");
    // What waits outlives the page.
    tab.reload();
    tab.until_text("Waiting for the internet: 1.");
    server.restart();
    tab.eval("dispatchEvent(new Event('online'))");
    tab.until("!document.body.innerText.includes('Waiting for the internet')");
    assert_clean(&tab);
}
