//! What `cargo xtask demo` promises: whoever reads the terminal can log in, play and judge.

use crate::{assert_clean, phone};
use countersign_web_e2e::{Demo, Tab};

/// Logs in with the code that the terminal shows.
fn log_in(demo: &Demo, tab: &Tab, address: &str) {
    tab.fill("#address", address);
    tab.press("form[data-form=address] button");
    tab.fill("#code", &demo.says(&format!("code for {address}: ")));
    tab.press("form[data-form=code] button");
    tab.until("!!document.querySelector('nav [aria-current=page]')");
}

#[test]
fn one_address_leads_to_a_match_and_to_an_event() {
    let demo = Demo::open();
    let address = format!("http://localhost:{}", demo.says("    http://localhost:"));
    let device = demo.says("at the device ");
    let device = device.split_once(':').map(|(host, rest)| {
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        format!("{host}:{port}")
    });
    demo.says("the pitch: lobby");
    let (_browser, phone) = phone();
    let tab = phone.open(&format!("{address}/"));
    log_in(&demo, &tab, "you@example.org");

    tab.press("nav a[href='/pitch']");
    tab.fill("#device", &device.unwrap());
    tab.press("form[data-form=device] button");
    tab.until("!!document.querySelector('[data-press=allow], [data-press=ready]')");
    if tab.eval("!!document.querySelector('[data-press=allow]')") == true {
        tab.press("[data-press=allow]");
    }
    // Who is slow misses the roll call, twice three seconds; without the sixth player the lobby opens again.
    let plays = (0..5).any(|_| {
        tab.press("[data-press=ready]");
        demo.says_any(&["the pitch: playing", "the pitch: lobby"]).0 == 0
    });
    assert!(plays);
    // The demo sees to the goals.
    tab.until("[...document.querySelectorAll('.digits')].some((it) => it.innerText === '1')");
    // The others are enough to confirm it, and may be quicker.
    tab.until_text("The league has countersigned this result.");
    assert_clean(&tab);

    tab.go(&format!("{address}/judge"));
    tab.press("[data-press='enrol OPEN_DAY']");
    let code = demo.says("the event's code: ");
    let hub = demo.says("the hub's address: ");
    tab.press("[data-press=reload]");
    tab.press("[data-press='fetch OPEN_DAY']");
    tab.until_text("The event is on this device.");
    tab.press("nav a[href='#/scan']");
    tab.fill("#text", &code);
    tab.press("form[data-form=paste] button");
    tab.until("location.hash === '#/event'");
    tab.fill("#address", hub.split_whitespace().next().unwrap());
    tab.press("form[data-form=hub] button");
    tab.until("location.hash === '#/projects'");
    tab.press("a[href='#/vote/P1/IDEAS']");
    for criterion in 0..2 {
        tab.press(&format!("[data-press='points {criterion} 8']"));
        tab.until(&format!(
            "document.querySelector(\"[data-press='points {criterion} 8']\").ariaPressed === 'true'"
        ));
    }
    tab.press("[data-press=cast]:not([aria-disabled])");
    tab.until_text("The hub has it on its disk");
    assert_clean(&tab);
}
