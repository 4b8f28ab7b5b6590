use crate::folders::{self, Folders, key, keyset, realm, sign};
use crate::phone::{self, Phone, get, open_view, post, prove, view_after, watch};
use crate::program::{PATIENCE, Program, Running};
use countersign_league::evidence::{ActKind, DeviceCertificate, DeviceStatus};
use countersign_league::game::{Refusal, State};
use countersign_provision::Half;
use std::net::{SocketAddr, TcpStream};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

fn socket(to: SocketAddr, token: [u8; 16]) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut socket, _) = tungstenite::client(format!("ws://{to}/league/ws"), stream).unwrap();
    socket.send(Message::binary(token.to_vec())).unwrap();
    socket
}

/// The next binary message.
fn pushed(socket: &mut WebSocket<TcpStream>) -> Vec<u8> {
    loop {
        match socket.read().unwrap() {
            Message::Binary(frame) => return frame.to_vec(),
            Message::Ping(_) | Message::Pong(_) => {}
            other @ (Message::Text(_) | Message::Close(_) | Message::Frame(_)) => {
                panic!("{other:?}")
            }
        }
    }
}

/// What it says about an act that it does not take.
fn answered(socket: &mut WebSocket<TcpStream>) -> String {
    loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return text.as_str().to_owned();
        }
    }
}

/// The code of the close that ends it.
fn closed(socket: &mut WebSocket<TcpStream>) -> u16 {
    loop {
        if let Message::Close(Some(close)) = socket.read().unwrap() {
            return close.code.into();
        }
    }
}

#[test]
fn a_phone_joins_watches_and_leaves() {
    let running = Running::start();
    let to = running.master.http();
    let mut phone = Phone::new(to, 1);
    phone.join();
    let view = view_after(to, phone.token, 0);
    assert_eq!((view.state, view.players.len()), (State::Lobby, 1));
    assert!(view.players[0].connected && !view.players[0].ready);

    let mut live = socket(to, phone.token);
    assert_eq!(open_view(&pushed(&mut live)).number, view.number);
    let ready = phone.act(ActKind::Ready);
    live.send(Message::binary(ready.clone())).unwrap();
    let now_ready = open_view(&pushed(&mut live));
    assert!(now_ready.players[0].ready && now_ready.number > view.number);

    // The same act again is refused, on this connection only, and the numbers of the views go on without a gap.
    live.send(Message::binary(ready)).unwrap();
    let refused: serde_json::Value = serde_json::from_str(&answered(&mut live)).unwrap();
    assert_eq!(refused["code"], u64::from(Refusal::Stale.code()));
    assert_eq!(refused["detail"], Refusal::Stale.to_string());
    live.send(Message::binary(phone.act(ActKind::Unready))).unwrap();
    assert_eq!(open_view(&pushed(&mut live)).number, now_ready.number + 1);

    // Somebody who only watches sees the same.
    let mut watcher = socket(to, [0; 16]);
    assert_eq!(open_view(&pushed(&mut watcher)).players[0].user, phone.user);
    let page = get(to, "/");
    assert!(page.head.contains("content-security-policy"), "{}", page.head);
    let page = page.text();
    assert!(page.contains("&lt;player 1&gt;") && page.contains("teal 07"), "{page}");
    assert!(page.contains("http-equiv=\"refresh\"") && !page.contains("<script"), "{page}");

    phone.says(ActKind::Quit);
    assert_eq!(closed(&mut live), 4001);
    let gone = post(to, "/league/view", &[&phone.token[..], &[0; 8]].concat());
    assert_eq!((gone.status, gone.code().as_str()), (404, "no_token"));
    assert_eq!(closed(&mut socket(to, phone.token)), 4001);
    watch(to, |view| view.players.is_empty());
}

#[test]
fn what_is_wrong_is_refused_with_a_reason() {
    let running = Running::start();
    let to = running.master.http();
    let refused = |path: &str, body: &[u8]| {
        let answer = post(to, path, body);
        assert!(answer.head.contains("application/problem+json"), "{}", answer.head);
        (answer.status, answer.code())
    };
    let expected = |status, code: &str| (status, code.to_owned());
    for path in ["/league/prove", "/league/join", "/league/view", "/league/inbox"] {
        assert_eq!(refused(path, b"short"), expected(400, "malformed"), "{path}");
        assert_eq!(refused(path, &vec![0; 65 * 1024]), expected(413, "too_large"), "{path}");
    }
    let mut phone = Phone::new(to, 1);
    let mut forged = phone.joining();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    assert_eq!(refused("/league/join", &forged), expected(403, "evidence"));
    phone.ticket = sign(&key(99), [0; 32], &ticket_of(&phone));
    let foreign = phone.joining();
    assert_eq!(refused("/league/join", &foreign), expected(403, "server_key"));
    assert_eq!(
        refused("/league/act", &Phone::new(to, 2).act(ActKind::Ready)),
        expected(409, "refused_12")
    );
    assert_eq!(get(to, "/league/certificate").code(), "no_certificate");
    assert_eq!(get(to, "/league/outbox").ok(), b"[]");
    assert_eq!(get(to, "/league/outbox/zz").status, 404);
    assert_eq!(get(to, "/generate_204").status, 404);
    assert_eq!(get(to, "/league/join").status, 405);
    let asked = phone::request(to, "OPTIONS", "/league/join", &[]);
    assert_eq!(asked.status, 204);
    assert!(asked.head.contains("access-control-allow-origin: *"), "{}", asked.head);
}

fn ticket_of(phone: &Phone) -> countersign_league::evidence::Ticket {
    let server = folders::server();
    let key = countersign::Signer::verifying_key(&server);
    countersign_league::evidence::open(&realm(), key, &phone.ticket).unwrap().value
}

#[test]
fn couriers_bring_what_outlives_a_restart() {
    let folders = Folders::new();
    let mut master = Program::master(&folders, "udp:127.0.0.1:0");
    let pair = folders::pair();
    let certificate = DeviceCertificate {
        device: pair.device,
        master: pair.master,
        slave: pair.slave,
        status: DeviceStatus::Active,
        max_players: 22,
        serial: pair.serial,
        mark: pair.mark,
        host: "d1d1d1d1d1d1d1d1.glt.league.example.org".into(),
        expires: countersign::Timestamp::from_millis(folders::EVENING.as_millis() + 1),
    };
    let frame = sign(&folders::server(), [0; 32], &certificate);
    let to = master.http();
    assert_eq!(post(to, "/league/prove", &[7; 32]).code(), "no_lobby");
    for (frame, taken) in [(&frame, "certificate"), (&keyset(2), "keyset"), (&keyset(2), "keyset")]
    {
        let answer = post(to, "/league/inbox", frame).ok();
        assert_eq!(String::from_utf8(answer).unwrap(), format!("{{\"taken\":\"{taken}\"}}"));
    }
    assert_eq!(post(to, "/league/inbox", &keyset(1)).code(), "evidence", "an older key set");
    let forged = sign(&key(99), [0; 32], &certificate);
    assert_eq!(post(to, "/league/inbox", &forged).code(), "evidence");
    assert_eq!(get(to, "/league/certificate").ok(), frame);
    master.kill();
    let master = Program::master(&folders, "udp:127.0.0.1:0");
    assert_eq!(get(master.http(), "/league/certificate").ok(), frame);
    assert_eq!(master.show()["keyset"], 2);
    assert!(folders.of(Half::Master).join("state/keyset.bin").exists());
}

#[test]
fn a_proof_names_the_lobby_that_is_shown() {
    let running = Running::start();
    let to = running.master.http();
    let (proof, view) = (prove(to), view_after(to, [0; 16], 0));
    assert_eq!(
        (proof.lobby, proof.match_id, proof.commit),
        (view.lobby, view.match_id, view.commit)
    );
    assert_eq!(proof.device_seq, 1);
}
