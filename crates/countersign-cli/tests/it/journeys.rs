//! The main job, from the first letter to the last: a person logs in with a code that a real mail server delivered,
//! calls a service through the gateway, looks after sessions, and leaves.

use crate::harness::live::{ENDED, Got, SECRET, Ws};
use crate::harness::peers::{JsonServer, SmtpServer, certificates, free_port, local};
use crate::harness::*;
use countersign::{RecordId, ResultCode, SigningKey};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Real mail through STARTTLS, whose authority is in this folder.
fn mailed(options: Options, folder: &Path, port: u16) -> Options {
    options
        .set("email.mode", "starttls")
        .set("email.host", "127.0.0.1")
        .set("email.port", port)
        .set("email.from", "\"League <login@league.example.org>\"")
        .set("email.ca_file", folder.join("ca.pem").display())
}

/// Logs in with a code from the mail server's folder.
fn log_in(server: &Server, smtp: &SmtpServer, address: &str, seen: &mut Vec<String>) -> Device {
    let (key, mut http) = (SigningKey::from_seed(&random()), server.http());
    let login = Login::open(server, &mut http, address, &key);
    assert_eq!(login.ask_code(&mut http).status, 200);
    let code = smtp.code_for(address, seen);
    let opened = login.register(server, &mut http, &key, &code);
    assert_eq!(opened.result, ResultCode::OK, "{opened:?}");
    Device::welcomed(server, key, &opened)
}

fn sessions(device: &mut Device) -> Vec<Value> {
    device.call("session.list", b"{}").json()["sessions"].as_array().unwrap().clone()
}

fn call(device: &mut Device, message_type: &str, payload: &Value) -> Opened {
    device.call(message_type, payload.to_string().as_bytes())
}

/// Opens a stream over a WebSocket.
fn listen(server: &Server, device: &mut Device) -> (Ws, live::Stream) {
    Ws::open(device, server.public(), &json!({}))
}

/// The stream says why it ends, and the connection closes.
fn ends_with(device: &Device, (ws, stream): &mut (Ws, live::Stream), reason: &str) {
    let (_, event, content) = stream.accept(device, &ws.frame());
    assert_eq!((&event[..], content), ("stream.end", json!({ "reason": reason })));
    assert_eq!(ws.next(), Got::Closed(ENDED));
}

#[test]
fn a_person_logs_in_by_mail_and_reads_a_note_through_the_gateway() {
    let folder = TempDir::new().unwrap();
    certificates(folder.path());
    let (smtp, notes) = (SmtpServer::start(folder.path()), JsonServer::with_notes());
    let route = r#"[{ type = "notes.get", method = "GET", path = "/notes/{id}", scope = "user" }]"#;
    let options = Options::strict().set("limits.verify_wait_ms", 30_000);
    let options = options.arg("--upstream").arg(notes.url()).set("upstream.route", route);
    let server = Server::start(mailed(options, folder.path(), smtp.port));
    let mut seen = Vec::new();
    let mut ana = log_in(&server, &smtp, "ana@example.org", &mut seen);
    let note = call(&mut ana, "notes.get", &json!({ "id": 2 }));
    assert_eq!((note.result, &note.json()["text"]), (ResultCode::OK, &json!("second")));
    let mail = smtp.mail_with("ana@example.org", &seen[0]);
    assert!(mail.contains("From: League <login@league.example.org>"), "{mail}");
    assert!(mail.contains("Your code for localhost is"), "{mail}");
    assert_eq!(smtp.mail_to("ana@example.org").len(), 1, "no other mail for a new account");
    let log = server.log();
    assert!(!log.contains("ana@example.org") && !log.contains(&seen[0]), "{log}");
}

#[test]
fn a_second_device_is_told_to_the_first_by_mail() {
    let folder = TempDir::new().unwrap();
    certificates(folder.path());
    let smtp = SmtpServer::start(folder.path());
    let server = Server::start(mailed(Options::new(), folder.path(), smtp.port));
    let mut seen = Vec::new();
    let first = log_in(&server, &smtp, "ana@example.org", &mut seen);
    let second = log_in(&server, &smtp, "ana@example.org", &mut seen);
    assert_eq!(first.user, second.user);
    let mail = smtp.mail_with("ana@example.org", "A new device was added to your account");
    assert!(mail.contains("Subject: New device on your account"), "{mail}");
    assert_eq!(smtp.mail_to("ana@example.org").len(), 3);
    eventually("all mail is counted", || {
        (server.metric("countersign_messages_sent") == 3).then_some(())
    });
}

#[test]
fn a_mail_server_that_hangs_or_is_away_delays_the_code_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    certificates(folder.path());
    let hanging = TcpListener::bind(local(0)).unwrap();
    let port = hanging.local_addr().unwrap().port();
    let server = Server::start(mailed(Options::new(), folder.path(), port));
    let (key, mut http) = (SigningKey::from_seed(&random()), server.http());
    let begun = instant();
    let login = Login::open(&server, &mut http, "ana@example.org", &key);
    assert_eq!(login.ask_code(&mut http).status, 200);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "the answers waited for the mail server: {took:?}");
    // It hangs, then it is gone, then it is back.
    let (connection, _) = hanging.accept().unwrap();
    drop((connection, hanging));
    eventually("a failure is counted", || {
        (server.metric("countersign_messages_failed") > 0).then_some(())
    });
    let smtp = SmtpServer::start_on(folder.path(), port);
    let code = smtp.code_for("ana@example.org", &mut Vec::new());
    let opened = login.register(&server, &mut http, &key, &code);
    assert_eq!(opened.result, ResultCode::OK);
    assert_eq!(
        Device::welcomed(&server, key, &opened).call("session.list", b"").result,
        ResultCode::OK
    );
}

#[test]
fn a_code_that_waits_in_the_outbox_survives_a_crash() {
    let folder = TempDir::new().unwrap();
    certificates(folder.path());
    let port = free_port();
    let mut server = Server::start(mailed(Options::new(), folder.path(), port));
    let (key, mut http) = (SigningKey::from_seed(&random()), server.http());
    let login = Login::open(&server, &mut http, "ana@example.org", &key);
    assert_eq!(login.ask_code(&mut http).status, 200);
    eventually("a failure is counted", || {
        (server.metric("countersign_messages_failed") > 0).then_some(())
    });
    server.kill_9();
    let smtp = SmtpServer::start_on(folder.path(), port);
    server.restart();
    let code = smtp.code_for("ana@example.org", &mut Vec::new());
    let opened = login.register(&server, &mut server.http(), &key, &code);
    assert_eq!(opened.result, ResultCode::OK);
}

#[test]
fn sessions_are_listed_named_and_ended_by_their_owner() {
    let server = Server::start(Options::new());
    let mut phone = Device::register(&server, "ana@example.org");
    let mut laptop = Device::register(&server, "ana@example.org");
    let mut bob = Device::register(&server, "bob@example.org");
    let wish = json!({ "session_id": phone.session.to_string(), "name": "Ana's téléphone" });
    assert_eq!(call(&mut laptop, "session.rename", &wish).result, ResultCode::OK);
    assert_eq!(call(&mut bob, "session.rename", &wish).result, ResultCode::NOT_FOUND);
    let listed = sessions(&mut laptop);
    let of = |device: &Device| {
        let id = json!(device.session.to_string());
        listed.iter().find(|it| it["session_id"] == id).cloned().unwrap()
    };
    assert_eq!((listed.len(), &of(&phone)["name"]), (2, &json!("Ana's téléphone")));
    assert_eq!((&of(&phone)["current"], &of(&laptop)["current"]), (&json!(false), &json!(true)));
    let mut stream = listen(&server, &mut phone);
    let end = json!({ "session_id": phone.session.to_string() });
    assert_eq!(call(&mut bob, "session.revoke", &end).result, ResultCode::NOT_FOUND);
    assert_eq!(call(&mut laptop, "session.revoke", &end).result, ResultCode::OK);
    // At once: the very next request.
    assert_eq!(phone.call("session.hello", b"").result, ResultCode::SESSION_REVOKED);
    ends_with(&phone, &mut stream, "revoked");
    assert_eq!(call(&mut laptop, "session.revoke", &end).result, ResultCode::NOT_FOUND);
    let phone_now =
        sessions(&mut laptop).into_iter().find(|it| it["session_id"] == end["session_id"]);
    assert_eq!(phone_now.unwrap()["status"], "revoked");
}

#[test]
fn all_other_sessions_end_then_all() {
    let server = Server::start(Options::new());
    let mut devices: Vec<_> =
        (0..4).map(|_| Device::register(&server, "ana@example.org")).collect();
    let mut bob = Device::register(&server, "bob@example.org");
    let mut streams: Vec<_> = devices.iter_mut().map(|it| listen(&server, it)).collect();
    let left = devices[0].call("session.revoke_others", b"");
    assert_eq!((left.result, left.json()), (ResultCode::OK, json!({ "revoked": 3 })));
    for (device, stream) in devices.iter_mut().zip(&mut streams).skip(1) {
        assert_eq!(device.call("session.hello", b"").result, ResultCode::SESSION_REVOKED);
        ends_with(device, stream, "revoked");
    }
    let ana = &mut devices[0];
    assert_eq!(ana.call("session.hello", b"").result, ResultCode::OK);
    let all = ana.call("session.revoke_all", b"");
    assert_eq!((all.result, all.json()), (ResultCode::OK, json!({ "revoked": 1 })), "still signed");
    assert_eq!(ana.call("session.hello", b"").result, ResultCode::SESSION_REVOKED);
    ends_with(ana, &mut streams[0], "revoked");
    assert_eq!(bob.call("session.hello", b"").result, ResultCode::OK);
}

#[test]
fn the_session_unseen_for_longest_makes_room() {
    let server = Server::start(Options::new().set("account.sessions_max", 2));
    let mut first = Device::register(&server, "ana@example.org");
    let mut stream = listen(&server, &mut first);
    let mut second = Device::register(&server, "ana@example.org");
    let mut third = Device::register(&server, "ana@example.org");
    ends_with(&first, &mut stream, "displaced");
    assert_eq!(first.call("session.hello", b"").result, ResultCode::SESSION_REVOKED);
    assert_eq!(second.call("session.hello", b"").result, ResultCode::OK);
    assert_eq!(third.call("session.hello", b"").result, ResultCode::OK);
}

#[test]
fn an_account_can_be_taken_along_and_left_and_begun_anew() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let mut laptop = Device::register(&server, "ana@example.org");
    let id = RecordId::from_bytes(random());
    let record = ana.record(id, br#"{"score":[2,1]}"#);
    assert_eq!(ana.call("record.submit", &record).result, ResultCode::OK);
    let export = ana.call("account.export", b"").json();
    assert_eq!(export["user_id"], ana.user);
    assert_eq!(export["address"], "ana@example.org");
    assert_eq!(export["scopes"], json!(["user"]));
    assert_eq!(export["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(export["records"][0]["record_id"], id.to_string());
    let actions = export["audit"].as_array().unwrap();
    assert!(actions.iter().all(|it| it["action"] == "session.register"), "{export}");
    let mut stream = listen(&server, &mut laptop);
    let half = json!({ "confirm": "delete" });
    assert_eq!(call(&mut ana, "account.delete", &half).result, ResultCode::INVALID_PAYLOAD);
    let whole = json!({ "confirm": "delete my account" });
    assert_eq!(call(&mut ana, "account.delete", &whole).result, ResultCode::OK);
    ends_with(&laptop, &mut stream, "account deleted");
    for device in [&mut ana, &mut laptop] {
        assert_eq!(device.call("session.hello", b"").result, ResultCode::UNAUTHENTICATED);
    }
    let mut anew = Device::register(&server, "ana@example.org");
    assert_ne!(anew.user, ana.user);
    assert_eq!(sessions(&mut anew).len(), 1);
    assert_eq!(anew.find_record(id), None, "the record is nobody's now");
}

#[test]
fn sessions_and_records_survive_a_restart_and_a_crash() {
    let mut server = Server::start(Options::new().set("upstream.url", "http://127.0.0.1:9"));
    let mut ana = Device::register(&server, "ana@example.org");
    let id = RecordId::from_bytes(random());
    let record = ana.record(id, b"{}");
    assert_eq!(ana.call("record.submit", &record).result, ResultCode::OK);
    for crash in [false, true] {
        match crash {
            true => server.kill_9(),
            false => server.stop(),
        }
        server.restart();
        let before = ana.epoch;
        assert_eq!(ana.find_record(id).as_ref(), Some(&record));
        assert_ne!(ana.epoch, before, "another process has another epoch");
    }
    assert!(!server.log().contains(SECRET));
}
