//! A server over its life: configured, started, doubled, restored, and ended in the middle of work.

use crate::harness::peers::free_port;
use crate::harness::recorder::{Recorder, answer};
use crate::harness::*;
use countersign::{RecordId, ResultCode};
use countersign_store::{ClockVerdict, Store};
use countersign_store_sqlite::SqliteStore;
use serde_json::json;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Condvar, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// Runs the program to its end.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

/// The same; it has to succeed.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn who_left_stays_away_after_a_restore() {
    let mut server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let mut bob = Device::register(&server, "bob@example.org");
    let folder = server.data();
    done(&folder, &["backup", "copy.db", "--data", "."]);
    let confirm = json!({ "confirm": "delete my account" }).to_string();
    assert_eq!(ana.call("account.delete", confirm.as_bytes()).result, ResultCode::OK);
    let mut carl = Device::register(&server, "carl@example.org");
    assert!(!run(&folder, &["restore", "copy.db", "--data", "."]).status.success(), "--force");
    server.stop();
    let said = done(&folder, &["restore", "copy.db", "--data", ".", "--force"]);
    assert!(said.contains("1 accounts were erased again"), "{said}");
    server.restart();
    assert_eq!(bob.call("session.hello", b"").result, ResultCode::OK, "from the backup");
    assert_eq!(carl.call("session.hello", b"").result, ResultCode::UNAUTHENTICATED, "too late");
    assert_eq!(ana.call("session.hello", b"").result, ResultCode::UNAUTHENTICATED, "erased");
    let anew = Device::register(&server, "ana@example.org");
    assert_ne!(anew.user, ana.user);
}

#[test]
fn a_request_under_way_is_answered_before_the_server_ends() {
    static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
    let service = Recorder::start(|_| {
        let (open, opened) = (GATE.0.lock().unwrap(), &GATE.1);
        drop(opened.wait_timeout_while(open, PATIENCE, |open| !*open).unwrap());
        answer(200, br#"{"done":true}"#)
    });
    let options = Options::new().arg("--upstream").arg(service.url());
    let mut server = Server::start(options.set("server.shutdown_seconds", 30));
    let ana = Device::register(&server, "ana@example.org");
    let request = ana.request("work", b"{}");
    let (public, mut http) = (server.public().get(), server.http());
    std::thread::scope(|threads| {
        let answered = threads.spawn(|| http.post("/x", &request.frame));
        service.call(1);
        let opener = threads.spawn(|| {
            // No new connections: the end has begun, and the request is still waiting.
            eventually("the listener closes", || TcpStream::connect(public).err());
            *GATE.0.lock().unwrap() = true;
            GATE.1.notify_all();
        });
        server.stop();
        opener.join().unwrap();
        let answered = answered.join().unwrap();
        assert_eq!(ana.open(request.reply_to, &answered).json(), json!({ "done": true }));
    });
    assert_eq!(service.calls().len(), 1);
}

#[test]
fn a_request_that_does_not_end_does_not_keep_the_server_from_ending() {
    let service = Recorder::start(|_| {
        std::thread::sleep(Duration::from_secs(20));
        answer(200, b"{}")
    });
    let options = Options::new().arg("--upstream").arg(service.url());
    let mut server = Server::start(options.set("server.shutdown_seconds", 1));
    let ana = Device::register(&server, "ana@example.org");
    let (request, mut http) = (ana.request("work", b"{}"), server.http());
    std::thread::scope(|threads| {
        let answered = threads.spawn(|| http.try_post("/x", &request.frame));
        service.call(1);
        let begun = instant();
        server.stop();
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(15), "{took:?}");
        assert!(answered.join().unwrap().is_err(), "the connection was cut");
    });
}

#[test]
fn a_revocation_reaches_another_process_on_the_same_folder() {
    let options = || Options::new().set("limits.session_cache_ms", 500);
    let first = Server::start(options());
    let second = first.start_beside(options());
    let mut phone = Device::register(&first, "ana@example.org");
    let mut laptop = Device::register(&first, "ana@example.org");
    phone.move_to(second.public());
    assert_eq!(phone.call("session.hello", b"").result, ResultCode::OK, "known there as well");
    assert_eq!(laptop.call("session.revoke_others", b"").json(), json!({ "revoked": 1 }));
    let begun = instant();
    within(Duration::from_secs(10), "the other process learns it", || {
        let asked = begun.elapsed();
        let result = phone.call("session.hello", b"").result;
        let in_time = asked <= Duration::from_millis(500);
        assert!(in_time || result == ResultCode::SESSION_REVOKED, "{asked:?}: {result:?}");
        (result == ResultCode::SESSION_REVOKED).then_some(())
    });
    phone.move_to(first.public());
    assert_eq!(phone.call("session.hello", b"").result, ResultCode::SESSION_REVOKED);
}

#[test]
fn what_ended_long_ago_is_purged_and_no_device_gets_in_by_it() {
    let mut server = Server::start(Options::new());
    let [mut old, mut signer, mut recent, mut kept] =
        [(); 4].map(|()| Device::register(&server, "ana@example.org"));
    let record = signer.record(RecordId::from_bytes(random()), b"{}");
    assert_eq!(signer.call("record.submit", &record).result, ResultCode::OK);
    let earlier = old.request("session.list", b"{}");
    old.exchange(&earlier);
    server.stop();
    let ago = |days: u64| now().minus(Duration::from_secs(days * 86_400));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = SqliteStore::open(&server.data().join("countersign.db")).unwrap();
    runtime.block_on(async {
        let user = old.user.parse().unwrap();
        for (device, days) in [(&old, 91), (&signer, 91), (&recent, 89)] {
            assert!(store.revoke_session(user, device.session, ago(days)).await.unwrap());
        }
    });
    drop(store);
    server.restart();
    eventually("it is purged", || {
        (old.call("session.hello", b"").result == ResultCode::UNAUTHENTICATED).then_some(())
    });
    assert_eq!(old.exchange(&earlier).result, ResultCode::UNAUTHENTICATED, "a replay stays out");
    for device in [&mut signer, &mut recent] {
        assert_eq!(device.call("session.hello", b"").result, ResultCode::SESSION_REVOKED);
    }
    let listed = kept.call("session.list", b"{}").json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 3);
}

#[test]
fn the_server_does_not_start_while_its_clock_is_behind() {
    let mut server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    server.stop();
    let later = now().plus(Duration::from_secs(3600));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = SqliteStore::open(&server.data().join("countersign.db")).unwrap();
    let moved = runtime.block_on(store.advance_clock(later, Duration::from_secs(5)));
    assert_eq!(moved.unwrap(), ClockVerdict::Sound);
    drop(store);
    let said = server.refuses_to_start();
    assert!(said.contains("the clock is behind the highest time this server has stored"), "{said}");
    assert!(ana.connection().try_post("/x", &ana.request("session.hello", b"").frame).is_err());
    ana.clock_off_ms = 0;
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_a_sentence() {
    let folder = TempDir::new().unwrap();
    let realm = "[realm]\napp = 'league'\naudience = 'league.example.org'\n";
    let upstream = format!("{realm}[upstream]\nurl = 'http://127.0.0.1:1'\n");
    for (text, sentence) in [
        ("[realm]\napp = 'league'\n".to_owned(), "missing field `audience`"),
        (realm.replace("league'", "Big League'"), "realm: "),
        (format!("{realm}[server]\nlisten_on = '0.0.0.0:1'"), "unknown field `listen_on`"),
        (format!("{realm}[server]\nlisten = 'localhost'"), "listen"),
        (format!("{realm}[limits]\nframe_max = 1"), "limits.frame_max is between 1,024"),
        (format!("{realm}[limits]\nconnections = 0"), "are at least 1"),
        (format!("{realm}[limits"), "TOML parse error at line 4"),
        (format!("{realm}[upstream]\nurl = '127.0.0.1:1'"), "upstream.url begins with http://"),
        (format!("{realm}[server]\nrest_prefix = 'api'"), "server.rest_prefix"),
        (format!("{realm}[server]\ntrusted_proxies = ['10.0.0.1/8']"), "10.0.0.0/8"),
        (format!("{upstream}secret = 'hunter2'"), "upstream.secret: a webhook secret is"),
        (format!("{upstream}route = [{{ type = 'session.x' }}]"), "is reserved for the gateway"),
        (format!("{upstream}rest = [{{ path = 'notes' }}]"), "it has to begin with '/'"),
        (format!("{upstream}rest = [{{ path = '/', methods = ['BREW'] }}]"), "HTTP method"),
        (format!("{realm}[email]\nmode = 'starttls'\nfrom = 'nobody'"), "email.from"),
        (format!("{realm}[server.tls]\ncertificate = 'a.pem'\nkey = 'b.pem'"), "a.pem"),
    ] {
        std::fs::write(folder.path().join("countersign.toml"), &text).unwrap();
        let output = run(folder.path(), &["config", "check"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{text}");
        assert!(said.starts_with("error: ") && said.contains(sentence), "{text}\n{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_configuration_that_works_is_called_sound_and_the_flags_win() {
    let folder = TempDir::new().unwrap();
    let said =
        done(folder.path(), &["init", "--app", "league", "--audience", "league.example.org"]);
    assert!(said.contains("Root key:"), "{said}");
    let sound = done(folder.path(), &["config", "check"]);
    assert!(sound.contains("The configuration is sound: league for league.example.org"), "{sound}");
    let flag = ["config", "check", "--set", "server.listen=127.0.0.1:9"];
    assert!(done(folder.path(), &flag).contains("listening on 127.0.0.1:9"));
    let mail = ["email.mode=starttls", "email.from=a@example.org", "email.host=127.0.0.1"];
    let mail = mail.iter().flat_map(|set| ["--set", set]);
    done(folder.path(), &["config", "check"].into_iter().chain(mail).collect::<Vec<_>>());
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["config", "check"]).current_dir(folder.path());
    let from_environment = command.env("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:8").output();
    let said = String::from_utf8(from_environment.unwrap().stdout).unwrap();
    assert!(said.contains("listening on 127.0.0.1:8"), "{said}");
    let again = run(folder.path(), &["init", "--app", "x", "--audience", "x"]);
    assert!(!again.status.success(), "nothing is overwritten");
}

#[test]
fn a_port_that_is_taken_is_a_sentence_and_no_panic() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    let folder = TempDir::new().unwrap();
    let address = taken.local_addr().unwrap();
    let output = run(folder.path(), &["serve", "--dev", "--listen", &address.to_string()]);
    let said = String::from_utf8(output.stderr).unwrap();
    let sentence = format!("error: port {} is in use on 127.0.0.1: ", address.port());
    assert!(
        !output.status.success() && said.lines().last().unwrap().starts_with(&sentence),
        "{said}"
    );
}
