//! Every view as it looks, in a folder for people, and for axe-core.

use crate::pitch::{goals, join};
use crate::{assert_clean, judging, log_in, log_in_at, phone};
use countersign_web_e2e::{Browser, Fair, Pitch, Server, Tab};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Widths in pixels: the narrowest phone, and a desk.
const WIDTHS: [u32; 2] = [360, 1280];

/// Names as people write them: long ones, and one that is read from the right.
const PROJECTS: [&str; 4] = [
    "P1,Solar kettle,T1,IDEAS",
    "P2,A bridge of recycled newspaper that carries a grown-up and a half over a stream of two metres,Hall B row 17,IDEAS",
    "P3,ساعة المطر,T3,IDEAS",
    "P4,Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenpresse,,IDEAS",
];

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
                // All of it at once: what the bar at the bottom covers is only not scrolled to.
                let height = tab.eval("document.documentElement.scrollHeight");
                let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700 });
                tab.call("Emulation.setDeviceMetricsOverride", size);
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
            "[...document.querySelectorAll('button, input, select, summary, a.button, nav a, td a, main p > a, .lines a, .narrow a, .facts a')].filter((it) => \
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

/// Gives a page a `hold()`, after which it hears nothing more of its device and its clock stands still: what passes within seconds can be
/// looked at. `holdAt` does it at a place.
const HOLD: &str = "\
    const now = performance.now.bind(performance); let held = 0; globalThis.hold = () => { held = now(); }; \
    performance.now = () => held || now(); \
    new MutationObserver(() => { if (document.querySelector('#app')?.dataset.place === globalThis.holdAt) hold(); }) \
    .observe(document, { subtree: true, attributes: true, attributeFilter: ['data-place'] }); \
    Object.defineProperty(WebSocket.prototype, 'onmessage', { set(does) { \
    if (does) this.addEventListener('message', (event) => { if (!held) does(event); }); } });";

/// People in the browser, and those without a screen who make six of them.
const PEOPLE: [&str; 4] =
    ["ana@example.org", "ben@example.org", "cid@example.org", "dora@example.org"];
const OTHERS: usize = 2;

#[test]
fn every_view_of_the_pitch_fits_its_screen_and_is_accessible() {
    let mut server = Server::start(&[]);
    let mut pitch = Pitch::open(&mut server);
    let gallery = Gallery::open();
    let browser = Browser::start();
    let stranger = browser.device().open(&server.url("/pitch"));
    stranger.until_text("Log in first.");
    gallery.hang(&stranger, "pitch-out");
    pitch.invite(&server, OTHERS);
    pitch.come(OTHERS, false);
    let tabs = PEOPLE.map(|address| {
        let tab = browser.device().open_blank();
        tab.before_every_page(HOLD);
        tab.go(&server.url("/"));
        log_in_at(&server, &tab, address);
        if address == PEOPLE[0] {
            tab.press("nav a[href='/pitch']");
            tab.until("!!document.querySelector('#device')");
            gallery.hang(&tab, "pitch-door");
            before_the_lobby(&gallery, &tab);
            tab.press("nav a[href='/#/ranks']");
            // Both pages have the link that is pressed next.
            tab.until("location.pathname === '/' && document.readyState === 'complete'");
        }
        join(&tab, &pitch);
        tab
    });
    let [kickoff, board, review, ending] = &tabs;
    kickoff.until_text("0 of 6 ready");
    gallery.hang(kickoff, "pitch-lobby");
    kickoff.eval("holdAt = 'kickoff'");
    review.eval("holdAt = 'review'");
    for tab in &tabs {
        tab.press("[data-press=ready]");
    }
    pitch.say("ready");
    pitch.until("playing");
    pitch.hit("south");
    goals(board, 1);
    board.eval("hold()");
    ending.until_text("The league has countersigned this result.");
    for (tab, place) in tabs.iter().zip(["kickoff", "board", "review", "ending"]) {
        assert_eq!(tab.eval("document.querySelector('#app').dataset.place"), place);
        gallery.hang(tab, &format!("pitch-{place}"));
        assert_clean(tab);
    }
    ending.press("header button");
    ending.until_text("La ligue a contresigné ce résultat.");
    gallery.hang(ending, "pitch-ending-french");
}

/// What is wrong with an address, a Wi-Fi, the browser's question, and a device that does not answer.
fn before_the_lobby(gallery: &Gallery, tab: &Tab) {
    let name = |text: &str| {
        tab.fill("#device", text);
        tab.press("form[data-form=device] button");
    };
    name("somewhere");
    tab.until_text("This is no device.");
    gallery.hang(tab, "pitch-door-wrong");
    name("WIFI:T:WPA;S:Goal teal 07 d1d1;P:k3vd-9mqa-w7he-x2pf;;");
    tab.until_text("k3vd-9mqa");
    gallery.hang(tab, "pitch-wifi");
    tab.press("[data-press=other-device]");
    // Nobody is at this port.
    name("127.0.0.1:1");
    tab.until("!!document.querySelector('[data-press=allow]')");
    gallery.hang(tab, "pitch-permission");
    tab.press("[data-press=allow]");
    tab.until_text("The device does not answer.");
    gallery.hang(tab, "pitch-approach");
    tab.press("[data-press=other-device]");
    tab.until("!!document.querySelector('#device')");
}

#[test]
fn every_view_of_a_judge_fits_its_screen_and_is_accessible() {
    let mut server = Server::start(&[]);
    let gallery = Gallery::open();
    let (_browser, device) = phone();
    let tab = device.open(&server.url("/judge"));
    tab.until_text("Log in once");
    gallery.hang(&tab, "judge-stranger");
    let tab = log_in(&server, &device, "ana@example.org");
    let fair = Fair::create(&server, &PROJECTS, &["ana@example.org"]);
    tab.go(&server.url("/judge"));
    tab.until_text("Register this device");
    gallery.hang(&tab, "judge-invited");
    tab.press("[data-press^=enrol]");
    tab.until_text("The event is not published yet.");
    fair.publish();
    tab.press("[data-press=reload]");
    tab.press("[data-press^=fetch]");
    tab.until_text("The event is on this device.");
    gallery.hang(&tab, "judge-projects-before");
    let hub = fair.hub();
    server.kill();
    tab.press("nav a[href='#/scan']");
    tab.until_text("Try the camera again");
    gallery.hang(&tab, "judge-scan");
    judging::join(&tab, &hub);
    tab.press("nav a[href='#/event']");
    tab.until_text("The hub knows this device.");
    gallery.hang(&tab, "judge-event");
    tab.press("nav a[href='#/projects']");
    tab.press("a[href='#/vote/P1/IDEAS']");
    tab.until("!!document.querySelector('.points')");
    gallery.hang(&tab, "judge-form-empty");
    judging::give(&tab, "P1", [7, 10, 55]);
    tab.until("!!document.querySelector('[data-press=cast]:not([aria-disabled])')");
    gallery.hang(&tab, "judge-form-filled");
    tab.press("[data-press=cast]");
    tab.until_text("The hub has it on its disk");
    gallery.hang(&tab, "judge-form-receipt");
    tab.press("[data-press=recuse]");
    tab.until_text("Recuse me");
    gallery.hang(&tab, "judge-form-recusing");
    drop(hub);
    judging::give(&tab, "P2", [0, 1, 2]);
    tab.press("[data-press=cast]");
    tab.until_text("Show it as a QR code");
    tab.press("a[href='#/code/P2/IDEAS']");
    tab.until("document.querySelector('#code')?.width > 60");
    gallery.hang(&tab, "judge-code");
    tab.press("nav a[href='#/projects']");
    tab.until_text("1 of 4 have a receipt of the hub.");
    gallery.hang(&tab, "judge-projects");
    tab.press("header button");
    tab.until_text("Chercher un projet");
    gallery.hang(&tab, "judge-projects-french");
    tab.press("a[href='#/vote/P2/IDEAS']");
    tab.until_text("Je ne dois pas évaluer ceci");
    gallery.hang(&tab, "judge-form-french");
    assert_clean(&tab);
}

#[test]
fn what_a_judge_is_told_when_a_key_a_network_or_a_disk_fails_fits_its_screen_and_is_accessible() {
    let server = Server::start(&[]);
    let gallery = Gallery::open();
    let browser = Browser::with_bluetooth();
    let device = browser.device();
    let tab = log_in(&server, &device, "ana@example.org");
    let fair = Fair::create(&server, &PROJECTS, &["ana@example.org", "bo@example.org"]);
    tab.go(&server.url("/judge"));
    tab.press("[data-press^=enrol]");
    tab.until_text("This device is registered.");
    tab.go(&server.url("/#/devices"));
    tab.until_text("You are logged in on this device only.");
    tab.press("[data-press=logout]");
    tab.until("!!document.querySelector('#address')");
    log_in_at(&server, &tab, "bo@example.org");
    tab.go(&server.url("/judge"));
    tab.press("[data-press^=enrol]");
    tab.until_text("The old one is gone for good");
    gallery.hang(&tab, "judge-taken");
    tab.press("header button");
    tab.until_text("L’ancienne disparaît");
    gallery.hang(&tab, "judge-taken-french");
    tab.press("header button");
    tab.until_text("The old one is gone for good");
    tab.eval("globalThis.isOld = true");
    tab.press("[data-press=new-key]");
    tab.until("!globalThis.isOld");
    tab.press("[data-press^=enrol]");
    tab.until_text("This device is registered.");
    fair.publish();
    tab.press("[data-press=reload]");
    tab.press("[data-press^=fetch]");
    tab.until_text("The event is on this device.");
    tab.go("about:blank");
    let hub = fair.hub();
    let (tab, _near) = judging::with_bluetooth(&server, &device, &hub, 247);
    tab.until_text("The hub knows this device.");
    gallery.hang(&tab, "judge-bluetooth");
    judging::give(&tab, "P1", [7, 8, 55]);
    judging::until_kept(&tab, 55);
    judging::fill_disk(&tab);
    tab.press("[data-press=cast]:not([aria-disabled])");
    tab.until_text("could not keep what you entered");
    gallery.hang(&tab, "judge-unkept");
    tab.press("nav a[href='#/projects']");
    tab.until_text("Find a project");
    gallery.hang(&tab, "judge-unkept-projects");
    assert_clean(&tab);
}
