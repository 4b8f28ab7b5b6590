//! Journeys through the app, as people make them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod console;
mod demo;
mod gallery;
mod journeys;
mod judging;
mod matches;
mod pitch;
mod public_pages;
mod safety;

use countersign_web_e2e::{Browser, Device, Server, Tab};

/// Logs a device in, as a person does, and waits for the first view.
fn log_in(server: &Server, device: &Device, address: &str) -> Tab {
    let tab = device.open(&server.url("/"));
    log_in_at(server, &tab, address);
    tab
}

/// The same in a tab that is at the app.
fn log_in_at(server: &Server, tab: &Tab, address: &str) {
    let before = server.mails_to(address).len();
    tab.fill("#address", address);
    tab.press("form[data-form=address] button");
    tab.fill("#code", &server.code_for(address, before));
    tab.press("form[data-form=code] button");
    tab.until("!!document.querySelector('nav [aria-current=page]')");
}

/// A browser and one device in it.
fn phone() -> (Browser, Device) {
    let browser = Browser::start();
    let device = browser.device();
    (browser, device)
}

/// Nothing was blocked, nothing was thrown.
fn assert_clean(tab: &Tab) {
    let complaints = tab.complaints();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
