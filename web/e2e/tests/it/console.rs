//! What operators do at `/console`, and what everybody else sees there.

use crate::gallery::Gallery;
use crate::{assert_clean, log_in, phone};
use countersign_web_e2e::{Browser, Device, Server, Tab, register_pairs};
use serde_json::json;

const OLGA: &str = "olga@example.org";
const OMAR: &str = "omar@example.org";
const MARKUP: &str = "<img src=x onerror=\"document.title='hit'\">";

/// Somebody at the console who has the role.
fn operator(server: &Server, device: &Device) -> Tab {
    let tab = log_in(server, device, OLGA);
    server.operate(&["user", "grant", OLGA, "operator"]);
    tab.go(&server.url("/console"));
    tab.until_text("Nothing waits for you.");
    tab
}

/// Begins to make the device that is shown something else, and says why.
fn begin(tab: &Tab, status: &str, reason: &str) {
    tab.press(&format!("[data-press^='act device '][data-press$=' {status}']"));
    tab.until("document.activeElement?.id === 'reason'");
    tab.fill("#reason", reason);
    tab.press("form[data-form=reason] button");
}

#[test]
fn an_operator_revokes_a_device_after_a_fresh_code_and_finds_it_in_the_log() {
    let mut server = Server::start(&["account.step_up_seconds=0"]);
    register_pairs(&mut server, 2);
    let (_browser, device) = phone();
    let tab = operator(&server, &device);
    tab.press("nav a[href='#/devices']");
    tab.until_text("GL-00001");
    tab.fill("#find", "GL-00002");
    tab.press("form[data-form=find] button");
    tab.until("document.querySelectorAll('.lines > li').length === 1");
    tab.press(".lines a");
    tab.until_text("Move on in its life");
    begin(&tab, "revoked", "stolen in Lyon");
    tab.until_text("First show that it is you. A code goes to olga@example.org.");
    let shown = server.operate(&["league", "device", "show", "GL-00002"]);
    assert!(shown.contains("status      made"), "{shown}");
    // From here on a code is good for a while.
    server.kill();
    server.restart_with(&["account.step_up_seconds=600"]);
    let before = server.mails_to(OLGA).len();
    tab.press("[data-press=send-code]");
    let code = server.code_for(OLGA, before);
    tab.until("document.activeElement?.id === 'title' || !!document.querySelector('#code')");
    tab.fill("#code", "00000000");
    tab.press("form[data-form=code] button");
    tab.until_text("Attempts left: 4.");
    tab.fill("#code", &code);
    tab.press("form[data-form=code] button");
    tab.until_text("Done. It is in the log.");
    tab.until_text("A revoked device stays revoked.");
    let shown = server.operate(&["league", "device", "show", "GL-00002"]);
    assert!(shown.contains("status      revoked"), "{shown}");
    tab.press("nav a[href='#/audit']");
    tab.until_text("console.device_set");
    tab.until_text("stolen in Lyon");
    // The next act needs no other code.
    tab.press("nav a[href='#/devices']");
    tab.fill("#find", "GL-00001");
    tab.press("form[data-form=find] button");
    tab.until("document.querySelectorAll('.lines > li').length === 1");
    tab.press(".lines a");
    tab.until_text("Move on in its life");
    begin(&tab, "sold", "to the club");
    tab.until_text("Done. It is in the log.");
    assert_clean(&tab);
}

#[test]
fn a_player_is_told_that_the_console_is_not_theirs_and_no_data_is_sent() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, "ana@example.org");
    tab.before_every_page(
        "globalThis.answers = []; const plain = fetch; globalThis.fetch = async (...asked) => { \
         const answer = await plain(...asked); \
         if (String(asked[0]?.url ?? asked[0]).includes('/x')) answers.push(await answer.clone().text()); \
         return answer; };",
    );
    for place in ["", "#/users", "#/audit", "#/devices"] {
        tab.go("about:blank");
        tab.go(&server.url(&format!("/console{place}")));
        tab.until_text("This is not your page");
        tab.until_text("You are logged in as ana@example.org, who is neither.");
        tab.until("answers.some((it) => it.includes('forbidden'))");
        let told =
            tab.eval("answers.filter((it) => !/\"error\":\"(forbidden|stale_epoch)\"/.test(it))");
        assert_eq!(told, serde_json::json!([]), "{place}");
        assert_eq!(tab.eval("document.querySelectorAll('nav, table, .lines').length"), 0);
    }
    tab.press("main a");
    tab.until_text("Not ranked yet");
    assert_clean(&tab);
}

#[test]
fn whoever_is_not_logged_in_is_led_to_the_login() {
    let server = Server::start(&[]);
    let (_browser, device) = phone();
    let tab = device.open(&server.url("/console"));
    tab.until_text("Log in first. Then come back here.");
    tab.press("main a");
    tab.until("!!document.querySelector('#address')");
    assert_clean(&tab);
}

#[test]
fn an_operator_ends_a_session_and_its_reason_is_text_whatever_it_looks_like() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let ana = log_in(&server, &browser.device(), "ana@example.org");
    let tab = operator(&server, &browser.device());
    tab.press("nav a[href='#/users']");
    tab.until_text("ana@example.org");
    tab.fill("#find", "ana@example.org");
    tab.press("form[data-form=find] button");
    tab.until("document.querySelectorAll('.lines > li').length === 1");
    tab.press(".lines a");
    tab.until_text("Logged in on");
    tab.press("[data-press^='act revoke ']");
    tab.fill("#reason", MARKUP);
    tab.press("form[data-form=reason] button");
    tab.until_text("Sessions ended: 1");
    tab.press("nav a[href='#/audit']");
    tab.until_text(MARKUP);
    assert_eq!(tab.eval("document.querySelectorAll('main img').length"), 0);
    assert_ne!(tab.eval("document.title"), "hit");
    ana.press("nav a[href='#/profile']");
    ana.until_text("This device was logged out from another one.");
    assert_clean(&tab);
    assert_clean(&ana);
}

#[test]
fn an_organiser_sees_events_and_no_other_place() {
    let server = Server::start(&[]);
    create_fair(&server);
    let gallery = Gallery::open();
    let (_browser, device) = phone();
    let tab = log_in(&server, &device, OMAR);
    server.operate(&["user", "grant", OMAR, "organiser"]);
    visit(&server, &tab, "draft");
    assert_eq!(tab.eval("document.querySelectorAll('nav a').length"), 1);
    gallery.hang(&tab, "console-events");
    tab.press(".lines a");
    tab.until_text("no key yet");
    gallery.hang(&tab, "console-event");
    tab.eval("location.hash = '#/users'");
    tab.until("document.querySelector('#app').dataset.place === 'events'");
    tab.until_text("draft");
    assert_clean(&tab);
}

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/event");

/// One of the example's files.
fn example(name: &str) -> String {
    std::fs::read_to_string(format!("{EXAMPLE}/{name}")).unwrap()
}

/// Chooses a file in a form, as the browser's own dialogue does.
fn choose(tab: &Tab, selector: &str, path: &str) {
    tab.until(&format!("!!document.querySelector('{selector}')"));
    let expression = json!({ "expression": format!("document.querySelector('{selector}')") });
    let found = tab.call("Runtime.evaluate", expression);
    let id = &found["result"]["objectId"];
    let path = std::fs::canonicalize(path).unwrap();
    tab.call("DOM.setFileInputFiles", json!({ "files": [path], "objectId": id }));
}

/// Says why, and waits until it is done.
fn because(tab: &Tab, reason: &str) {
    tab.until("document.activeElement?.id === 'reason'");
    tab.fill("#reason", reason);
    tab.press("form[data-form=reason] button");
    tab.until("!document.querySelector('#reason')");
}

/// Omar is an organiser, and at the place where files become an event.
fn setting_up(server: &Server, device: &Device) -> Tab {
    let tab = log_in(server, device, OMAR);
    server.operate(&["user", "grant", OMAR, "organiser"]);
    visit(server, &tab, "There is none.");
    tab.press("main a[href='#/set-up']");
    tab.until("!!document.querySelector('#event')");
    tab
}

/// What the page gave out last, in base64url.
const SAVED: &str = "globalThis.saved = []; const make = URL.createObjectURL; URL.createObjectURL = (blob) => { \
     const one = { type: blob.type }; saved.push(one); \
     blob.arrayBuffer().then((it) => { one.start = String.fromCharCode(...new Uint8Array(it).slice(0, 5)); one.size = it.byteLength; }); \
     return make.call(URL, blob); };";

#[test]
fn an_organiser_makes_an_event_from_files_in_the_page_and_takes_its_sheets_along() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let (omars, bos) = (browser.device(), browser.device());
    let bo = log_in(&server, &bos, "bo@example.org");
    let tab = setting_up(&server, &omars);
    tab.before_every_page(SAVED);
    tab.reload();
    let wrong = example("judges.csv").replace("bo@example.org", "nobody");
    for (field, text) in
        [("event", example("event.toml")), ("projects", example("projects.csv")), ("judges", wrong)]
    {
        tab.fill(&format!("#{field}"), &text);
    }
    tab.press("form[data-form=files] button");
    tab.until_text("To be mended: 1");
    tab.until_text("judges, line 3, column 3 (email)");
    // What was typed is still there; a file that is chosen takes its place.
    assert_eq!(tab.eval("document.querySelector('#projects').value"), example("projects.csv"));
    choose(&tab, "#judges-file", &format!("{EXAMPLE}/judges.csv"));
    tab.press("form[data-form=files] button");
    tab.until_text("Create this event");
    tab.until_text("Bees, counted by ear");
    let shown = server.operate(&["event", "list"]);
    assert!(!shown.contains("FAIR_2027"), "looking at files stores nothing: {shown}");
    tab.press("[data-press=store]");
    because(&tab, "the fair");
    tab.until_text("Judges with a key: 0 of 3.");
    tab.until("location.hash === '#/event/FAIR_2027'");

    tab.fill("#views", "2");
    tab.press("form[data-form=assign] button");
    because(&tab, "two for each");
    tab.until_text("Dealt out. Visits: ");
    tab.until_text("assignments: ");
    // A judge who is invited by the file registers a device.
    bo.go(&server.url("/judge"));
    bo.press("[data-press='enrol FAIR_2027']");
    bo.until_text("This device is registered.");
    tab.reload();
    tab.until_text("Judges with a key: 1 of 3.");
    tab.press("[data-press='act publish FAIR_2027 without']");
    because(&tab, "the others come later");
    tab.until_text("Publish version 2 without judges who have no key: 2");
    bo.press("[data-press=reload]");
    bo.press("[data-press='fetch FAIR_2027']");
    bo.until_text("The event is on this device.");

    for (press, kind, start) in
        [("sheets", "application/pdf", "%PDF-"), ("package", "application/octet-stream", "CSB1")]
    {
        tab.press(&format!("[data-press={press}]:not([aria-disabled])"));
        tab.until(&format!(
            "saved.some((it) => it.type === '{kind}' && it.start?.startsWith('{start}') && it.size > 500)"
        ));
    }
    // A key that is published is replaced only when the organiser says so.
    tab.press("[data-press='act replace FAIR_2027 J002']");
    because(&tab, "lost phone");
    tab.until_text("may register another key");
    let log = server.operate(&["audit"]);
    for act in ["put", "assign", "publish", "replace"] {
        assert!(log.contains(&format!("console.event_{act}")), "{act}: {log}");
    }
    assert_clean(&tab);
    assert_clean(&bo);
}

#[test]
fn the_views_of_setting_up_fit_their_screen_and_are_accessible() {
    let server = Server::start(&[]);
    let gallery = Gallery::open();
    let (_browser, device) = phone();
    let tab = setting_up(&server, &device);
    gallery.hang(&tab, "console-set-up");
    let long = "id,title,table,categories\nP1,ساعة المطر,T3,INNOVATION\n\
        P2,A bridge of recycled newspaper that carries a grown-up and a half over a stream of two metres,Hall B row 17,INNOVATION DESIGN\n\
        P3,Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenpresse,,DESIGN\n";
    tab.fill("#event", &example("event.toml"));
    tab.fill("#projects", long);
    tab.fill("#judges", "id,name,email\nJ1,محمد,nobody\nJ 2,Bo,bo@example.org\n");
    tab.press("form[data-form=files] button");
    tab.until_text("To be mended: 2");
    gallery.hang(&tab, "console-set-up-wrong");
    let judges = "id,name,email,capacity\nJ1,محمد عبد الله,someone.with.a.long.name@mail.department.university.example.org,5\nJ2,Bo Ek,bo@example.org,\n";
    tab.fill("#judges", judges);
    tab.press("form[data-form=files] button");
    tab.until_text("Create this event");
    gallery.hang(&tab, "console-set-up-preview");
    tab.press("[data-press=store]");
    tab.until("!!document.querySelector('#reason')");
    gallery.hang(&tab, "console-set-up-reason");
    because(&tab, "the fair");
    tab.until_text("Judges with a key: 0 of 2.");
    gallery.hang(&tab, "console-event-mine");
    tab.fill("#views", "2");
    tab.press("form[data-form=assign] button");
    because(&tab, "two for each");
    tab.until_text("Dealt out. Visits: ");
    tab.press("header button");
    tab.until_text("Avant le jour");
    gallery.hang(&tab, "console-event-mine-french");
    assert_clean(&tab);
}

/// The example of the repository, as its organiser brings it.
fn create_fair(server: &Server) {
    let file = |name: &str| format!("{EXAMPLE}/{name}");
    let [event, projects, judges, conflicts] =
        ["event.toml", "projects.csv", "judges.csv", "conflicts.csv"].map(file);
    let files = ["--projects", &projects, "--judges", &judges, "--conflicts", &conflicts];
    server.operate(&[&["event", "create", &event], &files[..]].concat());
}

#[test]
fn every_view_of_the_console_fits_its_screen_and_is_accessible() {
    let mut server = Server::start(&["account.step_up_seconds=0"]);
    register_pairs(&mut server, 12);
    let gallery = Gallery::open();
    let browser = Browser::start();
    let ana = log_in(&server, &browser.device(), "ana@example.org");
    visit(&server, &ana, "This is not your page");
    gallery.hang(&ana, "console-stranger");
    ana.go(&server.url("/"));
    ana.press("nav a[href='#/profile']");
    ana.fill("#name", "محمد عبد الله");
    ana.press("form[data-form=profile] button");
    ana.until_text("Saved.");
    let long = "someone.with.a.long.name@mail.department.university.example.org";
    let other = log_in(&server, &browser.device(), long);
    visit(&server, &other, "This is not your page");
    gallery.hang(&other, "console-stranger-long");
    let device = ["league", "device", "set", "GL-00003", "suspect", "--reason", "هدف بلا كرة"];
    server.operate(&device);
    let tab = log_in(&server, &browser.device(), OLGA);
    server.operate(&["user", "grant", OLGA, "operator"]);
    visit(&server, &tab, "What waits");
    gallery.hang(&tab, "console-overview");
    for (place, text) in [
        ("devices", "GL-00012"),
        ("matches", "There is none."),
        ("disputes", "There is none."),
        ("events", "There is none."),
        ("users", long),
        ("audit", "هدف بلا كرة"),
        ("server", "signs now"),
    ] {
        tab.press(&format!("nav a[href='#/{place}']"));
        tab.until_text(text);
        gallery.hang(&tab, &format!("console-{place}"));
    }
    tab.press("nav a[href='#/users']");
    tab.fill("#find", "محمد عبد الله");
    tab.press("form[data-form=find] button");
    tab.until("document.querySelectorAll('.lines > li').length === 1");
    tab.press(".lines a");
    tab.until_text("محمد عبد الله");
    gallery.hang(&tab, "console-user");
    tab.press("nav a[href='#/devices']");
    tab.press(".narrow a[href$=suspect]");
    tab.until("document.querySelectorAll('.lines > li').length === 1");
    tab.press(".lines a");
    tab.until_text("Move on in its life");
    gallery.hang(&tab, "console-device");
    tab.press("[data-press$=' revoked']");
    tab.until("!!document.querySelector('#reason')");
    gallery.hang(&tab, "console-reason");
    tab.fill("#reason", "x");
    tab.press("form[data-form=reason] button");
    tab.until_text("First show that it is you.");
    gallery.hang(&tab, "console-step-up");
    let before = server.mails_to(OLGA).len();
    tab.press("[data-press=send-code]");
    server.code_for(OLGA, before);
    tab.until("!!document.querySelector('#code')");
    gallery.hang(&tab, "console-code");
    tab.press("[data-press=cancel]");
    tab.press("header button");
    tab.until_text("Changer d’état");
    gallery.hang(&tab, "console-device-french");
    server.kill();
    tab.press("nav a[href='#/audit']");
    tab.until_text("Vous êtes hors ligne.");
    gallery.hang(&tab, "console-offline-french");
    assert_clean(&tab);
}

/// Goes to the console and waits for a text there.
fn visit(server: &Server, tab: &Tab, text: &str) {
    tab.go(&server.url("/console"));
    tab.until_text(text);
}
