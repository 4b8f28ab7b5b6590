//! Judging an event, with and without internet.

use crate::{assert_clean, log_in, log_in_at};
use countersign_web_camera::{Reader, luma};
use countersign_web_e2e::{Bluetooth, Browser, Device, FAIR, Fair, Hub, Server, Tab, film};
use serde_json::Value;
use tempfile::TempDir;

const PROJECTS: [&str; 3] =
    ["P1,Solar kettle,T1,IDEAS", "P2,Paper bridge,T2,IDEAS", "P3,Rain clock,T3,IDEAS"];
const JUDGE: &str = "ana@example.org";

/// A fair with one judge, who has taken it along on this device.
pub(crate) fn taken_along(server: &Server, device: &Device) -> (Fair, Tab) {
    let tab = log_in(server, device, JUDGE);
    let fair = Fair::create(server, &PROJECTS, &[JUDGE]);
    tab.go(&server.url("/judge"));
    tab.press(&format!("[data-press='enrol {FAIR}']"));
    tab.until_text("This device is registered.");
    fair.publish();
    tab.press("[data-press=reload]");
    tab.press(&format!("[data-press='fetch {FAIR}']"));
    tab.until_text("The event is on this device.");
    tab.until("!!document.querySelector('#search')");
    tab.until(
        "caches.match('/judge').then((it) => { globalThis.isCached = !!it; }), globalThis.isCached",
    );
    (fair, tab)
}

/// The event's code as text, and the hub's address.
pub(crate) fn join(tab: &Tab, hub: &Hub<'_>) {
    tab.press("nav a[href='#/scan']");
    tab.fill("#text", &hub.code);
    tab.press("form[data-form=paste] button");
    connect(tab, hub);
}

fn connect(tab: &Tab, hub: &Hub<'_>) {
    tab.until("location.hash === '#/event'");
    tab.fill("#address", &hub.address);
    tab.press("form[data-form=hub] button");
    tab.until_text("The hub’s address is in.");
    tab.until("location.hash === '#/projects'");
}

/// The event's code as text, and no address: the way there is a device that is near.
pub(crate) fn join_by_bluetooth(tab: &Tab, hub: &Hub<'_>) {
    tab.press("nav a[href='#/scan']");
    tab.fill("#text", &hub.code);
    tab.press("form[data-form=paste] button");
    tab.until("location.hash === '#/event'");
    tab.press("[data-press=bluetooth]");
    tab.until_text("Link: Bluetooth");
}

/// Points for all three criteria; the last is typed.
pub(crate) fn give(tab: &Tab, project: &str, points: [u16; 3]) {
    tab.press("nav a[href='#/projects']");
    // A vote leads to the next one by the same link: it is to be that of the list.
    tab.until("!!document.querySelector('#search')");
    tab.press(&format!("a[href='#/vote/{project}/IDEAS']"));
    for (criterion, points) in points[..2].iter().enumerate() {
        tab.press(&format!("[data-press='points {criterion} {points}']"));
        tab.until(&format!("document.querySelector(\"[data-press='points {criterion} {points}']\").ariaPressed === 'true'"));
    }
    tab.fill("[name=points-2]", &points[2].to_string());
}

fn vote(tab: &Tab, project: &str, points: [u16; 3]) {
    give(tab, project, points);
    tab.press("[data-press=cast]:not([aria-disabled])");
}

/// Waits until a draft that ends with so many points is on the disk.
pub(crate) fn until_kept(tab: &Tab, points: u8) {
    tab.until(&format!(
        "(() => {{ const open = indexedDB.open('countersign'); open.onsuccess = () => {{ \
         const all = open.result.transaction('kept').objectStore('kept').getAll(); all.onsuccess = () => {{ open.result.close(); \
         globalThis.isKept = all.result.some((it) => it instanceof Uint8Array && it.slice(-4).join() === '0,0,0,{points}'); }}; }}; \
         return globalThis.isKept; }})()"
    ));
}

const RECEIPT: &str = "The hub has it on its disk";

/// The rows of the hub's votes of a project.
fn rows(hub: &Hub<'_>, project: &str) -> Vec<String> {
    let wanted = format!(",{project},");
    hub.votes().lines().filter(|row| row.contains(&wanted)).map(str::to_owned).collect()
}

#[test]
fn a_judge_scans_the_event_with_the_camera_and_judges_while_the_server_is_dead() {
    let folder = TempDir::new().unwrap();
    let picture = folder.path().join("code.y4m");
    let mut server = Server::start(&[]);
    let browser = Browser::with_camera(&picture);
    let (fair, tab) = taken_along(&server, &browser.device());
    let hub = fair.hub();
    server.kill();
    tab.reload();
    film(&picture, &hub.code, false);
    tab.press("nav a[href='#/scan']");
    connect(&tab, &hub);
    tab.press("nav a[href='#/event']");
    tab.until_text("The hub knows this device.");
    vote(&tab, "P1", [7, 8, 55]);
    tab.until_text(RECEIPT);
    // What is typed and not sent is there after a reload, and so is the receipt.
    give(&tab, "P2", [3, 4, 50]);
    until_kept(&tab, 50);
    tab.reload();
    tab.until("document.querySelector(\"[data-press='points 1 4']\")?.ariaPressed === 'true'");
    assert_eq!(tab.eval("document.querySelector('[name=points-2]').value"), "50");
    tab.press("nav a[href='#/projects']");
    tab.until_text("1 of 3 have a receipt of the hub.");
    // Revised: the newest holds, and there is a receipt for it, too.
    tab.press("a[href='#/vote/P1/IDEAS']");
    tab.until_text(RECEIPT);
    tab.press("[data-press='points 0 9']");
    tab.until_text("You changed something");
    tab.press("[data-press=cast]:not([aria-disabled])");
    tab.until_text("Version 2 of your vote");
    tab.until_text(RECEIPT);
    let rows = rows(&hub, "P1");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows.iter().any(|row| row.contains('9')), "{rows:?}");
    tab.reload();
    tab.until_text("Version 2 of your vote");
    tab.until_text(RECEIPT);
    assert_clean(&tab);
}

#[test]
fn a_clock_that_is_days_off_does_not_matter() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let device = browser.device();
    let (fair, first) = taken_along(&server, &device);
    let hub = fair.hub();
    first.go("about:blank");
    let tab = device.open_blank();
    tab.before_every_page("const now = Date.now; Date.now = () => now() - 3 * 86_400_000;");
    tab.go(&server.url("/judge"));
    join(&tab, &hub);
    tab.until_text("The clock of this device is off by");
    vote(&tab, "P1", [7, 8, 55]);
    tab.until_text(RECEIPT);
    assert_eq!(rows(&hub, "P1").len(), 1);
    assert_clean(&tab);
}

#[test]
fn a_vote_that_finds_no_way_is_shown_as_a_code_and_the_hub_takes_it_once() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let (fair, tab) = taken_along(&server, &browser.device());
    let hub = fair.hub();
    // The hub says that the round is open, and then there is no way to it any more.
    join(&tab, &hub);
    tab.until_text("to go");
    tab.press("nav a[href='#/event']");
    tab.until_text("The hub knows this device.");
    tab.fill("#address", "127.0.0.1:9");
    tab.press("form[data-form=hub] button");
    tab.until_text("The hub’s address is in.");
    tab.until("location.hash === '#/projects'");
    vote(&tab, "P3", [1, 2, 33]);
    tab.until_text("on its way");
    tab.press("a[href='#/code/P3/IDEAS']");
    tab.until("document.querySelector('#code')?.width > 60");
    let seen = tab.eval(
        "(() => { const it = document.querySelector('#code'), scale = 6, big = document.createElement('canvas'); \
         big.width = big.height = it.width * scale; const to = big.getContext('2d'); to.imageSmoothingEnabled = false; \
         to.drawImage(it, 0, 0, big.width, big.height); \
         return [big.width, Array.from(to.getImageData(0, 0, big.width, big.height).data).join()]; })()",
    );
    let side = usize::try_from(seen[0].as_u64().unwrap()).unwrap();
    let pixels: Vec<u8> =
        seen[1].as_str().unwrap().split(',').map(|it| it.parse().unwrap()).collect();
    let text = Reader::default().read(side, side, &luma(&pixels)).expect("a code on the page");
    let said = hub.scan(&text);
    assert!(said.to_lowercase().contains("accepted"), "{said}");
    assert_eq!(rows(&hub, "P3").len(), 1);
    // When there is a way again the receipt comes by it, and the vote counts once.
    tab.press("nav a[href='#/event']");
    tab.fill("#address", &hub.address);
    tab.press("form[data-form=hub] button");
    tab.press("nav a[href='#/projects']");
    tab.until_text("1 of 3 have a receipt of the hub.");
    assert_eq!(rows(&hub, "P3").len(), 1);
    assert_clean(&tab);
}

#[test]
fn votes_wait_for_a_hub_that_dies_and_reach_the_one_that_comes_back() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let (fair, tab) = taken_along(&server, &browser.device());
    let mut hub = fair.hub();
    join(&tab, &hub);
    vote(&tab, "P1", [7, 8, 55]);
    tab.until_text(RECEIPT);
    hub.kill();
    vote(&tab, "P2", [6, 6, 60]);
    tab.until_text("again and again until its receipt is here");
    tab.reload();
    tab.until_text("again and again until its receipt is here");
    hub.restart();
    tab.until_text(RECEIPT);
    assert_eq!(rows(&hub, "P2").len(), 1);
    assert_clean(&tab);
}

#[test]
fn a_newer_event_comes_from_the_hub_when_there_is_no_server() {
    let mut server = Server::start(&[]);
    let browser = Browser::start();
    let (fair, tab) = taken_along(&server, &browser.device());
    let mut hub = fair.hub();
    join(&tab, &hub);
    tab.until_text("to go");
    hub.kill();
    fair.amend(&[&PROJECTS[..], &["P4,Late boat,T4,IDEAS"]].concat());
    fair.publish();
    server.kill();
    hub.restart();
    tab.press("nav a[href='#/projects']");
    tab.until_text("Late boat");
    vote(&tab, "P4", [7, 8, 55]);
    tab.until_text(RECEIPT);
    assert_clean(&tab);
}

#[test]
fn a_light_code_on_a_dark_table_opens_its_form() {
    let folder = TempDir::new().unwrap();
    let picture = folder.path().join("code.y4m");
    film(&picture, "nodus://vote?pid=P2&cat=IDEAS", true);
    let server = Server::start(&[]);
    let browser = Browser::with_camera(&picture);
    let (_fair, tab) = taken_along(&server, &browser.device());
    tab.press("nav a[href='#/scan']");
    tab.until("location.hash === '#/vote/P2/IDEAS'");
    tab.until_text("Paper bridge");
    tab.until_text("Table T2");
    // The camera is given back.
    tab.until("!document.querySelector('video')");
    assert_clean(&tab);
}

#[test]
fn a_key_that_is_another_accounts_is_given_up_for_a_new_one_that_can_be_registered() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let device = browser.device();
    let tab = log_in(&server, &device, JUDGE);
    let fair = Fair::create(&server, &PROJECTS, &[JUDGE, "bo@example.org"]);
    tab.go(&server.url("/judge"));
    tab.press(&format!("[data-press='enrol {FAIR}']"));
    tab.until_text("This device is registered.");
    tab.go(&server.url("/#/devices"));
    tab.until_text("You are logged in on this device only.");
    tab.press("[data-press=logout]");
    tab.until("!!document.querySelector('#address')");
    log_in_at(&server, &tab, "bo@example.org");
    tab.go(&server.url("/judge"));
    tab.press(&format!("[data-press='enrol {FAIR}']"));
    tab.until_text("The old one is gone for good");
    tab.press("[data-press=old-key]");
    tab.until("!document.querySelector('[data-press=old-key]')");
    tab.press(&format!("[data-press='enrol {FAIR}']"));
    tab.eval("globalThis.isOld = true");
    tab.press("[data-press=new-key]");
    tab.until("!globalThis.isOld");
    tab.press(&format!("[data-press='enrol {FAIR}']"));
    tab.until_text("This device is registered.");
    fair.publish();
    tab.press("[data-press=reload]");
    tab.press(&format!("[data-press='fetch {FAIR}']"));
    tab.until_text("The event is on this device.");
    assert_clean(&tab);
}

#[test]
fn a_judge_whose_key_is_lost_after_the_publication_gets_back_with_the_organisers_leave() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let device = browser.device();
    let (fair, tab) = taken_along(&server, &device);
    tab.eval(
        "new Promise((done, failed) => { const gone = indexedDB.deleteDatabase('countersign'); \
         gone.onsuccess = done; gone.onerror = failed; })",
    );
    tab.reload();
    tab.until_text("Log in once while you have internet");
    tab.go(&server.url("/"));
    log_in_at(&server, &tab, JUDGE);
    tab.go(&server.url("/judge"));
    tab.until_text("The published event names another device of yours.");
    tab.press(&format!("[data-press='enrol {FAIR}']"));
    tab.until_text("The organiser has not allowed another key yet.");
    fair.allow_another_key("J1");
    tab.press(&format!("[data-press='enrol {FAIR}']"));
    tab.until_text("This device is registered.");
    fair.publish();
    let hub = fair.hub();
    tab.press("[data-press=reload]");
    tab.press(&format!("[data-press='fetch {FAIR}']"));
    tab.until_text("The event is on this device.");
    join(&tab, &hub);
    vote(&tab, "P1", [7, 8, 55]);
    tab.until_text(RECEIPT);
    assert_eq!(rows(&hub, "P1").len(), 1);
    assert_clean(&tab);
}

/// From now on the browser keeps no vote, until `IDBObjectStore.prototype.put` is `put` again.
pub(crate) fn fill_disk(tab: &Tab) {
    tab.eval(
        "globalThis.put = IDBObjectStore.prototype.put; IDBObjectStore.prototype.put = function(value, key) { \
         if (String(key).includes('/ballot/')) throw new DOMException('full', 'QuotaExceededError'); \
         return globalThis.put.call(this, value, key); }; 0",
    );
}

#[test]
fn a_vote_that_the_browser_cannot_keep_does_not_leave_until_it_can() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let (fair, tab) = taken_along(&server, &browser.device());
    let hub = fair.hub();
    join(&tab, &hub);
    give(&tab, "P1", [7, 8, 55]);
    until_kept(&tab, 55);
    fill_disk(&tab);
    tab.press("[data-press=cast]:not([aria-disabled])");
    tab.until_text("could not keep what you entered");
    // What votes do not wait for goes on meanwhile.
    tab.press("nav a[href='#/event']");
    tab.until_text("The hub knows this device.");
    assert_eq!(rows(&hub, "P1"), Vec::<String>::new());
    tab.eval("IDBObjectStore.prototype.put = globalThis.put; 0");
    tab.press("nav a[href='#/projects']");
    tab.until_text("1 of 3 have a receipt of the hub.");
    assert_eq!(rows(&hub, "P1").len(), 1);
    assert!(!tab.text().contains("could not keep"));
    assert_clean(&tab);
}

/// A browser that opens its storage so slowly that a test says when; `globalThis.isSlow` turns it on, and `open()` lets it happen.
const SLOW: &str = "globalThis.late = []; globalThis.open = () => { isSlow = false; late.splice(0).forEach((it) => it()); }; \
    const there = Object.getOwnPropertyDescriptor(IDBRequest.prototype, 'onsuccess'); \
    Object.defineProperty(IDBRequest.prototype, 'onsuccess', { get() { return there.get.call(this); }, set(then) { \
    const slow = globalThis.isSlow && this instanceof IDBOpenDBRequest; \
    there.set.call(this, slow ? (event) => late.push(() => then.call(this, event)) : then); } }); \
    const put = IDBObjectStore.prototype.put; globalThis.written = []; \
    IDBObjectStore.prototype.put = function(value, key) { written.push(String(key)); return put.call(this, value, key); };";

#[test]
fn a_tab_that_loses_the_lock_leaves_what_waits_to_be_kept_and_says_so() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let device = browser.device();
    let (fair, old) = taken_along(&server, &device);
    old.go("about:blank");
    let hub = fair.hub();
    let first = device.open_blank();
    first.before_every_page(SLOW);
    first.go(&server.url("/judge"));
    join(&first, &hub);
    first.press("nav a[href='#/event']");
    first.until_text("The hub knows this device.");
    give(&first, "P1", [7, 8, 55]);
    until_kept(&first, 55);
    first.eval("globalThis.isSlow = true; globalThis.written = []; 0");
    first.press("[data-press='points 0 3']");
    first.press("[data-press='points 0 4']");
    first.press("[data-press=cast]:not([aria-disabled])");
    // The first of them is half way to the disk, the others wait behind it.
    first.until("late.length > 0");
    let second = device.open(&server.url("/judge"));
    second.until("!!document.querySelector('#search')");
    first.until_text("Judging goes on in another tab.");
    first.until_text("What you did here last was not kept any more.");
    first.eval("open(); 0");
    vote(&second, "P1", [1, 2, 33]);
    second.until_text(RECEIPT);
    assert_eq!(first.eval("written.join()"), "");
    let rows = rows(&hub, "P1");
    assert!(rows.len() == 1 && rows[0].contains("33"), "{rows:?}");
    assert_clean(&first);
    assert_clean(&second);
}

/// A judge with the event and with Bluetooth, and no network to the hub.
pub(crate) fn with_bluetooth<'f>(
    server: &Server,
    device: &Device,
    hub: &Hub<'f>,
    mtu: usize,
) -> (Tab, Bluetooth) {
    let tab = device.open_blank();
    let near = Bluetooth::start(&tab, &hub.code, &hub.udp, mtu);
    tab.go(&server.url("/judge"));
    join_by_bluetooth(&tab, hub);
    (tab, near)
}

#[test]
fn a_judge_votes_by_bluetooth_alone_in_the_smallest_frames_and_gets_the_receipt() {
    let mut server = Server::start(&[]);
    let browser = Browser::with_bluetooth();
    let device = browser.device();
    let (fair, first) = taken_along(&server, &device);
    first.go("about:blank");
    server.kill();
    let hub = fair.hub();
    let (tab, near) = with_bluetooth(&server, &device, &hub, 23);
    tab.until_text("The hub knows this device.");
    vote(&tab, "P1", [7, 8, 55]);
    tab.until_text(RECEIPT);
    assert_eq!(rows(&hub, "P1").len(), 1);
    assert_eq!(near.longest(), 20);
    assert_clean(&tab);
}

#[test]
fn a_bluetooth_link_that_breaks_is_made_again_and_the_vote_that_waited_goes_in_long_frames() {
    let server = Server::start(&[]);
    let browser = Browser::with_bluetooth();
    let device = browser.device();
    let (fair, first) = taken_along(&server, &device);
    first.go("about:blank");
    let hub = fair.hub();
    let (tab, near) = with_bluetooth(&server, &device, &hub, 247);
    tab.until_text("The hub knows this device.");
    near.leave();
    tab.until_text("No link");
    vote(&tab, "P2", [6, 6, 60]);
    tab.until_text("again and again until its receipt is here");
    assert_eq!(rows(&hub, "P2").len(), 0);
    near.come_back();
    tab.until_text(RECEIPT);
    assert_eq!((rows(&hub, "P2").len(), near.connections()), (1, 2));
    assert!((21..=244).contains(&near.longest()), "{}", near.longest());
    // The person goes over to the network, and nothing speaks to the device any more.
    tab.press("nav a[href='#/event']");
    tab.fill("#address", &hub.address);
    tab.press("form[data-form=hub] button");
    tab.until_text("Link: network");
    vote(&tab, "P3", [1, 2, 33]);
    tab.until_text(RECEIPT);
    assert_eq!((rows(&hub, "P3").len(), near.connections()), (1, 2));
    assert_clean(&tab);
}

#[test]
fn one_tab_votes_and_the_newest_one_takes_over() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let device = browser.device();
    let (_fair, first) = taken_along(&server, &device);
    let second = device.open(&server.url("/judge"));
    first.until_text("Judging goes on in another tab.");
    second.until("!!document.querySelector('#search')");
    first.press("[data-press=here]");
    second.until_text("Judging goes on in another tab.");
    first.until("!!document.querySelector('#search')");
    assert_clean(&first);
    assert_clean(&second);
}

#[test]
fn the_key_of_votes_cannot_be_exported_and_outlives_a_logout() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    let (_fair, tab) = taken_along(&server, &browser.device());
    let key = "new Promise((done) => { const open = indexedDB.open('countersign'); open.onsuccess = () => { \
               const get = open.result.transaction('kept').objectStore('kept').get('judging/key'); \
               get.onsuccess = () => { open.result.close(); done(get.result); }; }; })";
    let export = format!(
        "{key}.then((pair) => crypto.subtle.exportKey('pkcs8', pair.privateKey)).then(() => 'out', (error) => error.name)"
    );
    assert_eq!(tab.eval(&export), "InvalidAccessError");
    tab.go(&server.url("/#/devices"));
    tab.until_text("You are logged in on this device only.");
    tab.press("[data-press=logout]");
    tab.until("!!document.querySelector('#address')");
    tab.go(&server.url("/judge"));
    tab.until("!!document.querySelector('#search')");
    tab.press("nav a[href='#/event']");
    tab.until_text("Log in to see where you are asked to judge");
    assert_eq!(
        tab.eval(&format!("{key}.then((pair) => pair.privateKey.extractable)")),
        Value::Bool(false)
    );
    assert_clean(&tab);
}
