//! What people do, and what happens to them.

use crate::{assert_clean, log_in, log_in_at, phone};
use countersign_web_e2e::{Browser, Server};

#[test]
fn a_new_person_logs_in_with_a_code_and_a_reload_keeps_the_session() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    tab.until_text("Not ranked yet");
    tab.reload();
    tab.until_text("Not ranked yet");
    tab.press("nav a[href='#/devices']");
    tab.until_text("This device");
    tab.until_text("Logged in as ana@example.org");
    let key = tab.eval(
        "new Promise((done) => { const open = indexedDB.open('countersign'); open.onsuccess = () => { \
         const get = open.result.transaction('kept').objectStore('kept').get('session'); \
         get.onsuccess = () => { open.result.close(); \
         crypto.subtle.exportKey('pkcs8', get.result.key.privateKey).then(() => done('exported'), (error) => done(error.name)); }; }; })",
    );
    assert_eq!(key, "InvalidAccessError", "the private key cannot be taken out");
    assert_clean(&tab);
}

#[test]
fn a_wrong_code_says_how_many_attempts_are_left_and_the_right_one_still_works() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = device.open(&server.url("/"));
    tab.fill("#address", " Ana@Example.org ");
    tab.press("form[data-form=address] button");
    let code = server.code_for("ana@example.org", 0);
    tab.fill("#code", "00000000");
    tab.press("form[data-form=code] button");
    tab.until_text("Attempts left:");
    // As people type it.
    let (first, second) = code.split_at(4);
    tab.fill("#code", &format!("{}-{second}", first.to_lowercase()));
    tab.press("form[data-form=code] button");
    tab.until_text("Not ranked yet");
    assert_clean(&tab);
}

#[test]
fn a_server_under_attack_gets_its_work_done_before_it_sends_a_code() {
    let server = Server::start(&["login.pow=always", "login.pow_bits=12"]);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    tab.until_text("Not ranked yet");
    assert_clean(&tab);
}

#[test]
fn a_session_that_another_device_ends_leads_kindly_to_the_login() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let phone = log_in(&server, &browser.device(), "ana@example.org");
    let laptop = log_in(&server, &browser.device(), "ana@example.org");
    laptop.press("nav a[href='#/devices']");
    laptop.press("[data-press^='revoke ']");
    laptop.until_text("That device is logged out.");
    laptop.until_text("You are logged in on this device only.");
    laptop.until("document.activeElement?.id === 'title'");
    phone.press("nav a[href='#/profile']");
    phone.until_text("This device was logged out from another one.");
    assert_eq!(phone.eval("document.querySelector('#address').value"), "ana@example.org");
    log_in_at(&server, &phone, "ana@example.org");
    assert_clean(&phone);
    assert_clean(&laptop);
}

#[test]
fn whoever_logs_out_is_gone_from_this_device_and_from_the_server() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let laptop = log_in(&server, &browser.device(), "ana@example.org");
    let phone = log_in(&server, &browser.device(), "ana@example.org");
    phone.press("nav a[href='#/devices']");
    phone.until_text("This device");
    phone.press("[data-press=logout]");
    phone.until_text("You are logged out on this device.");
    phone.reload();
    phone.until("!!document.querySelector('#address')");
    assert_eq!(phone.eval("document.querySelector('.bar')"), serde_json::Value::Null);
    laptop.press("nav a[href='#/devices']");
    laptop.until_text("You are logged in on this device only.");
    assert_clean(&phone);
}

#[test]
fn a_server_that_dies_leaves_the_app_there_and_is_found_again_when_it_is_back() {
    let mut server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    tab.until_text("Not ranked yet");
    tab.until("!!navigator.serviceWorker.controller");
    server.kill();
    tab.press("nav a[href='#/devices']");
    tab.until_text("You are offline.");
    tab.reload();
    tab.until_text("You are offline.");
    tab.until("!!document.querySelector('nav')");
    server.restart();
    tab.press("[data-press=reload]");
    tab.until_text("This device");
    tab.until("!document.body.innerText.includes('You are offline.')");
    assert_clean(&tab);
}

#[test]
fn storage_that_the_browser_cleared_leads_kindly_to_the_login() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    tab.eval(
        // Blocked is not failed: what the page is writing at this moment is waited for.
        "new Promise((done, failed) => { const gone = indexedDB.deleteDatabase('countersign'); \
         gone.onsuccess = done; gone.onerror = failed; })",
    );
    tab.reload();
    tab.until_text("Your browser has cleared what it kept for this app");
    assert_eq!(tab.eval("document.querySelector('#address').value"), "ana@example.org");
    log_in_at(&server, &tab, "ana@example.org");
    assert_clean(&tab);
}

#[test]
fn a_browser_that_keeps_nothing_gets_a_session_for_this_page_and_a_word_of_warning() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = device.open_blank();
    tab.before_every_page(
        "IDBObjectStore.prototype.put = () => { throw new DOMException('no', 'DataCloneError'); };",
    );
    tab.go(&server.url("/"));
    log_in_at(&server, &tab, "ana@example.org");
    tab.until_text("This browser does not keep keys.");
    tab.press("nav a[href='#/devices']");
    tab.until_text("This device");
    tab.reload();
    tab.until("!!document.querySelector('#address')");
    assert_clean(&tab);
}

#[test]
fn a_clock_that_is_an_hour_off_is_corrected_and_shown() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = device.open_blank();
    tab.before_every_page("const now = Date.now; Date.now = () => now() + 3_600_000;");
    tab.go(&server.url("/"));
    log_in_at(&server, &tab, "ana@example.org");
    tab.until_text("The clock of this device is off by");
    tab.reload();
    tab.until_text("Not ranked yet");
    assert_clean(&tab);
}

#[test]
fn a_name_is_changed_and_found_by_others() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let ana = log_in(&server, &browser.device(), "ana@example.org");
    ana.press("nav a[href='#/profile']");
    ana.fill("#name", "Ana Bélanger");
    ana.press("form[data-form=profile] button");
    ana.until_text("Saved.");
    let ben = log_in(&server, &browser.device(), "ben@example.org");
    ben.press("nav a[href='#/players']");
    ben.fill("#q", "ana");
    ben.press("form[data-form=search] button");
    ben.until_text("Found: 1");
    ben.press(".lines a");
    ben.until("document.querySelector('h1')?.innerText === 'Ana Bélanger'");
    ben.press("header button");
    ben.until_text("Pas encore classé");
    ben.reload();
    ben.until_text("Pas encore classé");
    assert_clean(&ana);
    assert_clean(&ben);
}

#[test]
fn two_tabs_of_a_device_share_the_session_and_its_end() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let first = log_in(&server, &device, "ana@example.org");
    let second = device.open(&server.url("/#/devices"));
    second.until_text("You are logged in on this device only.");
    first.press("nav a[href='#/devices']");
    first.until_text("This device");
    first.press("[data-press=logout]");
    first.until_text("You are logged out on this device.");
    // Logged in again: the other tab hears of the old session's end, and must not take the new one with it.
    log_in_at(&server, &first, "ana@example.org");
    second.press("nav a[href='#/ranks']");
    second.until_text("This device was logged out from another one.");
    first.reload();
    first.until_text("You are logged in on this device only.");
    second.reload();
    second.until_text("Not ranked yet");
    assert_clean(&first);
    assert_clean(&second);
}

#[test]
fn a_tab_that_begins_a_login_leaves_the_session_of_another_one_alone() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let first = device.open(&server.url("/"));
    first.until("!!document.querySelector('#address')");
    let second = log_in(&server, &device, "ana@example.org");
    let before = server.mails_to("ben@example.org").len();
    first.fill("#address", "ben@example.org");
    first.press("form[data-form=address] button");
    server.code_for("ben@example.org", before);
    first.until("!!document.querySelector('#code')");
    second.reload();
    second.until_text("Not ranked yet");
    second.press("nav a[href='#/devices']");
    second.until_text("Logged in as ana@example.org");
    assert_clean(&first);
    assert_clean(&second);
}
