//! Every view as it looks, in a folder for people, and for axe-core.

use crate::{assert_clean, log_in, phone};
use countersign_web_e2e::{Browser, Server, Tab};
use serde_json::Value;
use std::path::PathBuf;

/// Widths in pixels: the narrowest phone, and a desk.
const WIDTHS: [u32; 2] = [360, 1280];

pub(crate) struct Gallery {
    folder: PathBuf,
    axe: String,
}

impl Gallery {
    pub(crate) fn open() -> Self {
        let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
        let folder = PathBuf::from(target).join("gallery");
        std::fs::create_dir_all(&folder).unwrap();
        let axe = format!("{target}/tools/axe-core/node_modules/axe-core/axe.min.js");
        let axe =
            std::fs::read_to_string(&axe).expect("axe-core, which `cargo xtask setup` brings");
        Self { folder, axe }
    }

    /// Looks at a view in every width and scheme.
    pub(crate) fn hang(&self, tab: &Tab, name: &str) {
        for width in WIDTHS {
            for (is_dark, scheme) in [(false, "light"), (true, "dark")] {
                tab.look(width, is_dark);
                tab.eval("scrollTo(0, 0); new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
                let seen = format!("{name}-{width}-{scheme}");
                tab.photograph(&self.folder.join(format!("{seen}.png")));
                let overflow = tab.eval(&format!(
                    "Math.max(document.documentElement.scrollWidth, innerWidth) - {width}"
                ));
                assert!(overflow.as_i64().unwrap() <= 0, "{seen} is {overflow} px too wide");
                self.check(tab, &seen);
            }
        }
    }

    fn check(&self, tab: &Tab, seen: &str) {
        if tab.eval("typeof axe") == "undefined" {
            tab.eval(&format!("{};0", self.axe));
        }
        let found = tab.eval(
            "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })\
             .then((it) => it.violations.map((rule) => rule.id + ': ' + rule.nodes.map((node) => node.html).join(' ')))",
        );
        assert_eq!(found, Value::Array(Vec::new()), "{seen}");
        let small = tab.eval(
            "[...document.querySelectorAll('button, input, select, nav a, td a, main p > a, .lines a, .narrow a, .facts a')].filter((it) => \
             it.getBoundingClientRect().height < 44).map((it) => it.outerHTML)",
        );
        assert_eq!(small, Value::Array(Vec::new()), "{seen} has targets that a thumb misses");
    }
}

#[test]
fn every_view_fits_its_screen_and_is_accessible() {
    let server = Server::start(&[]);
    let gallery = Gallery::open();
    let (_browser, device) = phone();
    let tab = device.open(&server.url("/"));
    tab.until("!!document.querySelector('#address')");
    gallery.hang(&tab, "login-address");
    tab.fill("#address", "nobody");
    tab.press("form[data-form=address] button");
    tab.until_text("No code can be sent to this address");
    gallery.hang(&tab, "login-address-wrong");
    tab.fill("#address", "someone.with.a.long.name@mail.department.university.example.org");
    tab.press("form[data-form=address] button");
    tab.until("!!document.querySelector('#code')");
    gallery.hang(&tab, "login-code");
    tab.fill("#code", "00000000");
    tab.press("form[data-form=code] button");
    tab.until_text("Attempts left");
    gallery.hang(&tab, "login-code-wrong");
    assert_clean(&tab);
}

#[test]
fn every_view_of_somebody_logged_in_fits_its_screen_and_is_accessible() {
    let mut server = Server::start(&[]);
    let gallery = Gallery::open();
    let browser = Browser::start();
    let other = log_in(&server, &browser.device(), "ana@example.org");
    other.press("nav a[href='#/profile']");
    other.fill("#name", "محمد عبد الله");
    other.press("form[data-form=profile] button");
    other.until_text("Saved.");
    let tab = log_in(&server, &browser.device(), "ana@example.org");
    tab.until_text("Nobody is ranked yet.");
    gallery.hang(&tab, "ranks-new");
    tab.press("nav a[href='#/players']");
    tab.fill("#q", "nobody at all");
    tab.press("form[data-form=search] button");
    tab.until_text("Nobody was found");
    gallery.hang(&tab, "players-none");
    tab.fill("#q", "محمد");
    tab.press("form[data-form=search] button");
    tab.until_text("Found: 1");
    gallery.hang(&tab, "players-found");
    tab.press(".lines a");
    tab.until("!!document.querySelector('.facts')");
    gallery.hang(&tab, "player");
    tab.press("nav a[href='#/profile']");
    tab.until("!!document.querySelector('#name')");
    gallery.hang(&tab, "profile");
    tab.press("nav a[href='#/devices']");
    tab.until_text("Log out all other devices");
    gallery.hang(&tab, "devices");
    tab.press("header button");
    tab.until_text("Déconnecter tous les autres appareils");
    gallery.hang(&tab, "devices-french");
    server.kill();
    tab.press("nav a[href='#/ranks']");
    tab.until_text("Vous êtes hors ligne.");
    gallery.hang(&tab, "ranks-offline-french");
    assert_clean(&tab);
}
