//! Events on their way to devices: the same signed, numbered frames over every transport, and what becomes of those who
//! cannot keep up.

use crate::harness::live::{
    ENDED, GOING_AWAY, Got, Pusher, RESYNC, SECRET, Sse, Stream, UNAUTHENTICATED, UNSUPPORTED, Ws,
    as_answer, is_response, poll,
};
use crate::harness::*;
use countersign::{ResultCode, SigningKey};
use countersign_identity::webhook::WebhookSecret;
use serde_json::json;
use socket2::{Domain, Socket, Type};
use std::collections::HashMap;
use std::time::Duration;

/// A server that takes events; nobody listens at the service's address.
fn pushing() -> Options {
    Options::new().set("upstream.url", "http://127.0.0.1:9").set("upstream.secret", SECRET)
}

fn opened(device: &mut Device, payload: &serde_json::Value) -> Stream {
    Stream::opened(&device.call("stream.open", payload.to_string().as_bytes()))
}

fn numbered(seq: u64, n: u64) -> live::Event {
    (seq, "count".to_owned(), json!({ "n": n }))
}

#[test]
fn every_transport_delivers_the_same_signed_events_in_order() {
    let server = Server::start(pushing());
    let mut ana = Device::register(&server, "ana@example.org");
    let mut pusher = Pusher::new(server.admin());
    let mut polled = opened(&mut ana, &json!({}));
    let (mut ws, mut on_ws) = Ws::open(&mut ana, server.public(), &json!({}));
    let (mut sse, mut on_sse) = Sse::open(&mut ana, server.public(), "/sse", &json!({}));
    assert_eq!(on_ws.inner.id(), on_sse.inner.id(), "one stream per session");
    pusher.count(&ana, 1..=5);
    let (cursor, frames) = poll(&mut ana, &polled, 0).unwrap();
    assert_eq!((cursor, frames.len()), (5, 5));
    for (n, frame) in (1..).zip(frames) {
        assert_eq!(polled.accept(&ana, &frame), numbered(n, n));
        assert_eq!(ws.frame(), frame, "bit for bit");
        on_ws.accept(&ana, &frame);
        let (name, id, data) = sse.next().unwrap();
        assert_eq!((&name[..], id, data), ("push", Some(n), frame.clone()));
        on_sse.accept(&ana, &frame);
    }
    assert_eq!(
        sse.headers.iter().find(|it| it.0 == "content-type").unwrap().1,
        "text/event-stream"
    );
    // A poll that waits is woken by the event.
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| poll(&mut ana, &polled, 25_000).unwrap().1.len());
        let mut next = 6;
        eventually("the waiting poll returns", || {
            pusher.push(&json!({ "everyone": true, "type": "count", "payload": { "n": next } }));
            next += 1;
            waiting.is_finished().then_some(())
        });
        assert!(waiting.join().unwrap() >= 1);
    });
}

#[test]
fn events_go_to_a_session_a_user_or_everyone_and_to_nobody_else() {
    let server = Server::start(pushing());
    let mut phone = Device::register(&server, "ana@example.org");
    let mut laptop = Device::register(&server, "ana@example.org");
    let mut bob = Device::register(&server, "bob@example.org");
    let mut streams: Vec<_> =
        [&mut phone, &mut laptop, &mut bob].map(|it| opened(it, &json!({}))).into();
    let mut pusher = Pusher::new(server.admin());
    let payload = json!({ "score": [1, 0] });
    let session = json!({ "session": phone.session.to_string(), "type": "a", "payload": payload });
    assert_eq!(pusher.push(&session), 1);
    assert_eq!(pusher.push(&json!({ "user": phone.user, "type": "b" })), 2);
    assert_eq!(pusher.push(&json!({ "everyone": true, "type": "c", "payload_base64": "AAEC" })), 3);
    for (device, expected) in [(&mut phone, "abc"), (&mut laptop, "bc"), (&mut bob, "c")] {
        let mut stream = streams.remove(0);
        let (_, frames) = poll(device, &stream, 0).unwrap();
        let types: String = frames.iter().map(|frame| stream.accept(device, frame).1).collect();
        assert_eq!(types, expected);
    }
    let nobody = "00000000000000000000000000000000";
    assert_eq!(pusher.push(&json!({ "user": nobody, "type": "d" })), 0);
}

#[test]
fn an_event_that_the_service_did_not_sign_is_refused() {
    let server = Server::start(pushing());
    let mut ana = Device::register(&server, "ana@example.org");
    let stream = opened(&mut ana, &json!({}));
    let mut pusher = Pusher::new(server.admin());
    let body = json!({ "user": ana.user, "type": "lie" }).to_string();
    let secret: WebhookSecret = SECRET.parse().unwrap();
    let good = secret.sign("msg_1", now(), body.as_bytes()).unwrap();
    let other: WebhookSecret = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".parse().unwrap();
    let old = now().minus(Duration::from_secs(301));
    for (what, signed, body) in [
        ("another secret", other.sign("msg_1", now(), body.as_bytes()).unwrap(), body.clone()),
        ("an old one", secret.sign("msg_1", old, body.as_bytes()).unwrap(), body.clone()),
        ("another body", good.clone(), body.replace("lie", "lies")),
    ] {
        let answer = pusher.send(&signed, &body);
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
    }
    let unsigned =
        Http::new(server.admin()).post_json("/push", &json!({ "everyone": true, "type": "x" }));
    assert_eq!(unsigned.status, 400);
    assert_eq!(server.http().post_json("/push", &json!({})).status, 404, "never on the public one");
    for wrong in [
        json!({ "user": ana.user }),
        json!({ "user": ana.user, "everyone": true, "type": "x" }),
        json!({ "user": "ana", "type": "x" }),
        json!({ "user": ana.user, "type": "Not A Name" }),
        json!({ "user": ana.user, "type": "x", "payload": 1, "payload_base64": "AA==" }),
        json!({ "user": ana.user, "type": "x", "more": 1 }),
    ] {
        let body = wrong.to_string();
        let signed = secret.sign("msg_1", now(), body.as_bytes()).unwrap();
        assert_eq!(pusher.send(&signed, &body).status, 400, "{wrong}");
    }
    assert_eq!(poll(&mut ana, &stream, 0).unwrap().1.len(), 0);
    // A service cannot end a stream in the server's name, nor speak as one of its own types.
    assert_eq!(pusher.send(&good, &body).status, 200);
}

#[test]
fn a_stream_goes_on_where_it_was_broken_off() {
    let server = Server::start(pushing());
    let mut ana = Device::register(&server, "ana@example.org");
    let mut pusher = Pusher::new(server.admin());
    let (mut ws, mut stream) = Ws::open(&mut ana, server.public(), &json!({}));
    pusher.count(&ana, 1..=3);
    for n in 1..=3 {
        assert_eq!(stream.accept(&ana, &ws.frame()), numbered(n, n));
    }
    drop(ws);
    pusher.count(&ana, 4..=6);
    let (mut sse, mut resumed) = Sse::open(&mut ana, server.public(), "/sse", &stream.resume());
    assert!(!resumed.resync);
    for n in 4..=6 {
        assert_eq!(sse.push(&ana, &mut resumed), numbered(n, n));
    }
    drop(sse);
    pusher.count(&ana, 7..=250);
    let (mut ws, mut again) = Ws::open(&mut ana, server.public(), &resumed.resume());
    for n in 7..=250 {
        assert_eq!(again.accept(&ana, &ws.frame()), numbered(n, n));
    }
    ws.close();
    // What a client has seen already is not sent again; a cursor from the future is none of ours.
    let mut ahead = again.resume();
    ahead["cursor"] = 10_000.into();
    assert!(opened(&mut ana, &ahead).resync);
}

#[test]
fn the_last_thousand_events_are_kept_and_no_more() {
    let server = Server::start(pushing());
    let mut ana = Device::register(&server, "ana@example.org");
    let mut pusher = Pusher::new(server.admin());
    let start = opened(&mut ana, &json!({}));
    pusher.count(&ana, 1..=1000);
    let mut whole = opened(&mut ana, &start.resume());
    assert!(!whole.resync, "all thousand are there");
    for _ in 0..10 {
        let (_, frames) = poll(&mut ana, &whole, 0).unwrap();
        assert_eq!(frames.len(), 100, "at most a hundred at once");
        frames.iter().for_each(|frame| drop(whole.accept(&ana, frame)));
    }
    assert_eq!(whole.inner.cursor(), 1000);
    pusher.count(&ana, 1001..=1001);
    assert_eq!(poll(&mut ana, &start, 0).unwrap_err(), ResultCode::NOT_FOUND, "the first is gone");
    let reset = opened(&mut ana, &start.resume());
    assert_eq!((reset.resync, reset.inner.cursor()), (true, 1001));
    assert!(!opened(&mut ana, &whole.resume()).resync, "who has all but the last loses nothing");
}

#[test]
fn a_restart_asks_clients_to_load_their_state_again() {
    let mut server = Server::start(pushing());
    let mut ana = Device::register(&server, "ana@example.org");
    let (mut ws, stream) = Ws::open(&mut ana, server.public(), &json!({}));
    let (mut sse, _) = Sse::open(&mut ana, server.public(), "/sse", &json!({}));
    server.stop();
    assert_eq!(ws.next(), Got::Closed(GOING_AWAY));
    assert_eq!(sse.next(), None);
    server.restart();
    assert_eq!(poll(&mut ana, &stream, 0).unwrap_err(), ResultCode::NOT_FOUND);
    let (mut ws, mut anew) = Ws::open(&mut ana, server.public(), &stream.resume());
    assert!(anew.resync && anew.inner.id() != stream.inner.id());
    Pusher::new(server.admin()).count(&ana, 1..=1);
    assert_eq!(anew.accept(&ana, &ws.frame()), numbered(1, 1));
}

#[test]
fn a_stream_ends_with_its_session_on_every_transport() {
    let server = Server::start(pushing());
    let mut phone = Device::register(&server, "ana@example.org");
    let mut laptop = Device::register(&server, "ana@example.org");
    let (mut ws, mut on_ws) = Ws::open(&mut phone, server.public(), &json!({}));
    let (mut sse, mut on_sse) = Sse::open(&mut phone, server.public(), "/sse", &json!({}));
    let mut polled = opened(&mut phone, &json!({}));
    let waiting_for = polled.clone();
    let accepted = server.metric("countersign_replay_ids");
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| poll(&mut phone, &waiting_for, 25_000).unwrap().1);
        eventually("the poll waits", || {
            (server.metric("countersign_replay_ids") > accepted).then_some(())
        });
        let revoked = laptop.call("session.revoke_others", b"");
        assert_eq!(revoked.json(), json!({ "revoked": 1 }));
        let mut frames = waiting.join().unwrap();
        frames.push(ws.frame());
        frames.push(sse.next().unwrap().2);
        let end = (1, "stream.end".to_owned(), json!({ "reason": "revoked" }));
        for (stream, frame) in [&mut polled, &mut on_ws, &mut on_sse].into_iter().zip(&frames) {
            assert_eq!(stream.accept(&laptop, frame), end);
        }
        assert_eq!((frames.len(), ws.next(), sse.next()), (3, Got::Closed(ENDED), None));
    });
    assert_eq!(phone.call("stream.open", b"").result, ResultCode::SESSION_REVOKED);
    let mut pusher = Pusher::new(server.admin());
    assert_eq!(pusher.push(&json!({ "user": phone.user, "type": "x" })), 0);
}

#[test]
fn a_websocket_begins_with_stream_open_soon_or_is_closed() {
    let server = Server::start(pushing());
    let mut ana = Device::register(&server, "ana@example.org");
    let closed = |ws: &mut Ws| assert_eq!(ws.next(), Got::Closed(UNAUTHENTICATED));
    let mut silent = Ws::connect(server.public().get(), "/ws");
    let begun = instant();
    let mut garbage = Ws::connect(server.public().get(), "/ws");
    garbage.send(b"garbage");
    closed(&mut garbage);
    let mut text = Ws::connect(server.public().get(), "/ws");
    text.send_text("hello");
    closed(&mut text);
    let mut other = Ws::connect(server.public().get(), "/ws");
    other.send(&ana.request("session.list", b"{}").frame);
    assert!(is_response(&other.frame()), "signed");
    closed(&mut other);
    let mut forged = Ws::connect(server.public().get(), "/ws");
    let stranger = SigningKey::from_seed(&random());
    let request = ana.draft("stream.open", b"{}").sign_with(&stranger);
    forged.send(&request.frame);
    let refused = ana.open(request.reply_to, &as_answer(forged.frame()));
    assert_eq!(refused.result, ResultCode::UNAUTHENTICATED);
    closed(&mut forged);
    closed(&mut silent);
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(30), "{waited:?}");
    let (mut later, _) = Ws::open(&mut ana, server.public(), &json!({}));
    later.send_text("hello");
    assert_eq!(later.next(), Got::Closed(UNSUPPORTED));
    assert_eq!(server.business_calls("session.list"), 0);
}

#[test]
fn a_hundred_requests_at_once_on_one_websocket_are_all_answered() {
    let server = Server::start(pushing().set("limits.verify_wait_ms", 10_000));
    let mut ana = Device::register(&server, "ana@example.org");
    let (mut ws, _) = Ws::open(&mut ana, server.public(), &json!({}));
    let requests: HashMap<_, _> = (0..100)
        .map(|_| ana.request("session.list", b"{}"))
        .map(|request| (request.reply_to.request_id, request))
        .collect();
    for request in requests.values() {
        ws.send(&request.frame);
    }
    let mut open = requests.clone();
    for _ in 0..100 {
        let frame = ws.frame();
        // Answers come in any order: each belongs to exactly one request.
        let id = *open
            .iter()
            .find(|(_, it)| ana.try_open(it.reply_to, &as_answer(frame.clone())).is_ok())
            .unwrap()
            .0;
        open.remove(&id);
    }
    assert!(open.is_empty());
    assert_eq!(server.business_calls("session.list"), 100);
    // The same bytes again: the replay set is the same one as for HTTP.
    let again = requests.values().next().unwrap();
    ws.send(&again.frame);
    let replayed = ana.open(again.reply_to, &as_answer(ws.frame()));
    assert_eq!(replayed.result, ResultCode::REPLAYED);
}

/// A connection whose receiver takes next to nothing.
fn narrow(to: &Address) -> std::net::TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&to.get().into()).unwrap();
    socket.into()
}

#[test]
fn a_reader_that_stops_costs_little_and_has_to_begin_anew() {
    let server = Server::start(pushing().set("limits.stream_events", 100));
    let mut ana = Device::register(&server, "ana@example.org");
    let mut ws = Ws::over(narrow(server.public()), "/ws");
    let request = ana.request("stream.open", b"{}");
    ws.send(&request.frame);
    let mut stream = Stream::opened(&ana.open(request.reply_to, &as_answer(ws.frame())));
    let mut pusher = Pusher::new(server.admin());
    let text = "x".repeat(40_000);
    let session = ana.session.to_string();
    let mut push = || pusher.push(&json!({ "session": session, "type": "big", "payload": text }));
    (0..100).for_each(|_| assert_eq!(push(), 1));
    let before = server.resident_bytes();
    (0..1500).for_each(|_| assert_eq!(push(), 1));
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(grown < 24 << 20, "60 MB were pushed, the server keeps {grown} bytes of them");
    // It wakes up: it gets what was under way, in order, and then has to open the stream again.
    let end = loop {
        match ws.next() {
            Got::Frame(frame) => drop(stream.accept(&ana, &frame)),
            end @ (Got::Closed(_) | Got::Gone) => break end,
        }
    };
    assert_eq!(end, Got::Closed(RESYNC));
    let (mut ws, mut anew) = Ws::open(&mut ana, server.public(), &stream.resume());
    assert!(anew.resync);
    assert_eq!(push(), 1);
    assert_eq!(anew.accept(&ana, &ws.frame()).0, 1601);
}

#[test]
fn a_stream_ends_when_another_process_revokes_its_session() {
    let options = || pushing().set("limits.session_cache_ms", 200);
    let first = Server::start(options());
    let second = first.start_beside(options());
    let mut phone = Device::register(&first, "ana@example.org");
    let mut laptop = Device::register(&first, "ana@example.org");
    phone.move_to(second.public());
    assert_eq!(phone.call("session.hello", b"").result, ResultCode::OK);
    let (mut ws, mut stream) = Ws::open(&mut phone, second.public(), &json!({}));
    let (mut sse, _) = Sse::open(&mut phone, second.public(), "/sse", &json!({}));
    let mut pusher = Pusher::new(second.admin());
    pusher.count(&phone, 1..=1);
    assert_eq!(stream.accept(&phone, &ws.frame()), numbered(1, 1));
    assert_eq!(sse.next().unwrap().1, Some(1));
    assert_eq!(laptop.call("session.revoke_others", b"").json(), json!({ "revoked": 1 }));
    let begun = instant();
    eventually("the second process has to look again", || {
        (begun.elapsed() > Duration::from_millis(250)).then_some(())
    });
    pusher.count(&phone, 2..=2);
    assert_eq!((ws.next(), sse.next()), (Got::Closed(ENDED), None), "and no event");
}
