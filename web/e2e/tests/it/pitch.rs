//! A person in the browser among players without a screen, at a real pair of goals.

use crate::{assert_clean, log_in, log_in_at, phone};
use countersign_web_e2e::{Pitch, Server, Tab};

/// The fewest that may start, without the person in the browser.
pub(crate) const OTHERS: usize = 5;

/// From the link in the navigation to the lobby.
pub(crate) fn join(tab: &Tab, pitch: &Pitch) {
    tab.press("nav a[href='/pitch']");
    tab.fill("#device", &pitch.address());
    tab.press("form[data-form=device] button");
    tab.until("!!document.querySelector('[data-press=allow], [data-press=ready]')");
    if tab.eval("!!document.querySelector('[data-press=allow]')") == true {
        tab.press("[data-press=allow]");
    }
    tab.until("!!document.querySelector('[data-press=ready]')");
}

/// How many goals of a team the score board shows, in all.
pub(crate) fn goals(tab: &Tab, count: u32) {
    tab.until(&format!(
        "[...document.querySelectorAll('.digits')].reduce((sum, it) => sum + Number(it.innerText), 0) === {count} && \
         document.querySelectorAll('.digits').length === 2"
    ));
}

/// Everybody is there and ready, and the ball is in play.
pub(crate) fn kick_off(server: &Server, pitch: &mut Pitch, tab: &Tab) {
    pitch.invite(server, OTHERS);
    pitch.come(OTHERS, false);
    join(tab, pitch);
    // Who is slow misses the roll call, twice three seconds; without the sixth player the lobby opens again.
    let plays = (0..5).any(|_| {
        tab.press("[data-press=ready]");
        tab.until("!!document.querySelector('[data-press=unready]')");
        pitch.say("ready");
        let at_kickoff = "document.querySelector('#app').dataset.place === 'kickoff'";
        tab.until(&format!("{at_kickoff} || !!document.querySelector('[data-press=ready]')"));
        tab.eval(at_kickoff) == true
    });
    assert!(plays, "{}", tab.text());
    pitch.until("playing");
    goals(tab, 0);
}

/// Notes, for each message of the device that changed the score, how many milliseconds later the new one was painted.
const WATCH_GOALS: &str = "globalThis.painted = []; \
    const board = () => [...document.querySelectorAll('.digits')].map((it) => it.innerText).join(':'); \
    Object.defineProperty(WebSocket.prototype, 'onmessage', { set(does) { \
    if (does) this.addEventListener('message', (event) => { const began = performance.now(), before = board(); does(event); \
    if (before && board() !== before) requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); \
    port1.onmessage = () => painted.push(performance.now() - began); port2.postMessage(0); }); }); } });";

#[test]
fn a_match_in_the_browser_from_the_door_to_the_rating() {
    let mut server = Server::start(&[]);
    let mut pitch = Pitch::open(&mut server);
    let (_browser, device) = phone();
    let tab = device.open_blank();
    tab.before_every_page(WATCH_GOALS);
    tab.go(&server.url("/"));
    log_in_at(&server, &tab, "ana@example.org");
    kick_off(&server, &mut pitch, &tab);
    pitch.hit("south");
    goals(&tab, 1);
    tab.until("painted.length === 1");
    let millis = tab.eval("painted[0]").as_f64().unwrap();
    println!("a goal was on the screen {millis:.1} ms after the device's message");
    // The page is loaded again in the middle, and is back in the match by itself.
    tab.reload();
    goals(&tab, 1);
    pitch.hit("north");
    goals(&tab, 2);
    pitch.until("review");
    // Everybody says that the second was none.
    tab.press("[data-press='annul 1']");
    pitch.say("annul 1");
    goals(&tab, 1);
    tab.until_text("annulled");
    tab.press("[data-press=confirm]");
    tab.until_text("You confirmed.");
    pitch.say("confirm");
    tab.until_text("The league has countersigned this result.");
    tab.until_text("points now");
    assert_clean(&tab);
}

#[test]
fn a_device_that_hangs_with_its_connections_open_is_noticed_and_found_again() {
    const SILENT: &str = "The device is silent.";
    let mut server = Server::start(&[]);
    let pitch = Pitch::open(&mut server);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    join(&tab, &pitch);
    pitch.hang(true);
    tab.until_text(SILENT);
    pitch.hang(false);
    tab.until(&format!("!document.body.innerText.includes('{SILENT}')"));
    tab.press("[data-press=ready]");
    tab.until("!!document.querySelector('[data-press=unready]')");
    assert_clean(&tab);
}

#[test]
fn a_result_waits_on_the_phone_until_the_server_is_back() {
    let mut server = Server::start(&[]);
    let mut pitch = Pitch::open(&mut server);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    kick_off(&server, &mut pitch, &tab);
    tab.until("!!navigator.serviceWorker.controller");
    server.kill();
    pitch.hit("north");
    goals(&tab, 1);
    pitch.until("review");
    tab.press("[data-press=confirm]");
    pitch.say("confirm");
    tab.until_text("Waiting for the internet: 1.");
    tab.until_text("Device only");
    // What waits outlives the page, which comes from the phone itself.
    tab.reload();
    tab.until_text("Waiting for the internet: 1.");
    goals(&tab, 1);
    server.restart();
    tab.eval("dispatchEvent(new Event('online'))");
    tab.until_text("The league has countersigned this result.");
    tab.until("!document.body.innerText.includes('Waiting for the internet')");
    pitch.until("settled");
    assert_clean(&tab);
}
