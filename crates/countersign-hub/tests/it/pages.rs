//! The pages, as a browser and as a stranger see them.

use crate::judge::Judge;
use crate::sample::{self, Deployment};
use crate::venue::Venue;
use countersign_hub::{Command, Hub, Package};
use countersign_judging::auth::{AuthMessage, Hello, Proof};
use countersign_judging::event::{Assignment, Conflict};
use countersign_mesh::ReceiptStatus;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

struct Response {
    status: u16,
    head: String,
    body: Vec<u8>,
}

fn exchange(to: SocketAddr, method: &str, path: &str, more: &str, body: &[u8]) -> Response {
    let mut tcp = TcpStream::connect(to).unwrap();
    write!(
        tcp,
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {}\r\n{more}\r\n",
        body.len()
    )
    .unwrap();
    tcp.write_all(body).unwrap();
    let mut bytes = Vec::new();
    tcp.read_to_end(&mut bytes).unwrap();
    let at = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..at].to_vec()).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response { status, head, body: bytes[at + 4..].to_vec() }
}

async fn get(hub: &Hub, path: &str, more: String) -> Response {
    let (to, path) = (hub.addr, path.to_owned());
    tokio::task::spawn_blocking(move || exchange(to, "GET", &path, &more, &[])).await.unwrap()
}

async fn post(hub: &Hub, token: &str, body: &Value) -> (u16, Value) {
    let (to, body) = (hub.addr, body.to_string());
    let more = format!("authorization: Bearer {token}\r\n");
    let said = tokio::task::spawn_blocking(move || {
        exchange(to, "POST", "/organiser/command", &more, body.as_bytes())
    });
    let said = said.await.unwrap();
    (said.status, serde_json::from_slice(&said.body).unwrap())
}

async fn organiser_sees(hub: &Hub) -> Value {
    let authorised = format!("authorization: Bearer {}\r\n", hub.token());
    let view = get(hub, "/organiser/state", authorised).await;
    serde_json::from_slice(&view.body).unwrap()
}

fn judge_line<'a>(view: &'a Value, id: &str) -> &'a Value {
    view["judges"].as_array().unwrap().iter().find(|it| it["id"] == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_the_code_and_the_coverage_and_nobody_a_score_or_markup() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    let mut judge = Judge::new(0, &venue.package, hub.code(), hub.addr);
    let vote = judge.vote(0, 1, &[7, 7]);
    assert_eq!(judge.say(&vote).await, ReceiptStatus::Accepted);
    let page = get(&hub, "/", String::new()).await;
    let text = String::from_utf8(page.body).unwrap();
    assert_eq!(page.status, 200);
    assert!(text.contains("1 of 9 assigned judgements are in"), "{text}");
    assert!(text.contains("Project 0 &amp; &quot;co&quot;") && !text.contains("& \"co\""));
    assert!(text.contains("lang=\"en\"") && text.contains("alt=\"QR code of the event FAIR\""));
    for part in ["default-src 'none'", "nosniff", "no-referrer", "cache-control: no-store"] {
        assert!(page.head.contains(part), "{part} in {}", page.head);
    }
    assert!(!page.head.contains("unsafe-inline"));
    for (path, starts) in [
        ("/event.svg", b"<svg".as_slice()),
        ("/event.png", b"\x89PNG"),
        ("/event.pdf", b"%PDF"),
        ("/projects.pdf", b"%PDF"),
        ("/healthz", b"ok"),
    ] {
        let found = get(&hub, path, String::new()).await;
        assert_eq!(found.status, 200, "{path}");
        assert!(found.body.starts_with(starts), "{path}");
    }
    let metrics = get(&hub, "/metrics", String::new()).await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(metrics.contains("countersign_hub_receipts_total{status=\"accepted\"} 1"), "{metrics}");
    assert!(metrics.contains("countersign_mesh_frames_in_total"), "{metrics}");
    assert_eq!(get(&hub, "/nothing", String::new()).await.status, 404);
    hub.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_the_page_by_an_address_of_the_hall_sees_it_as_a_second_code() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    let to = hub.addr;
    // A proxy's or a name's: the test itself has no address but the machine's own.
    let by = move |host: &'static str, path: &'static str| {
        let request = move || {
            let mut tcp = TcpStream::connect(to).unwrap();
            write!(tcp, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
                .unwrap();
            let mut text = String::new();
            tcp.read_to_string(&mut text).unwrap();
            text
        };
        tokio::task::spawn_blocking(request)
    };
    let page = by("192.0.2.7:8470", "/").await.unwrap();
    assert!(
        page.contains("<code>192.0.2.7:8470</code>") && page.contains("src=\"/link.svg\""),
        "{page}"
    );
    assert!(by("192.0.2.7:8470", "/link.svg").await.unwrap().contains("<svg"));
    let page = by("localhost:8470", "/").await.unwrap();
    assert!(
        page.contains("by an address that phones reach") && !page.contains("/link.svg"),
        "{page}"
    );
    assert!(by("localhost:8470", "/link.svg").await.unwrap().starts_with("HTTP/1.1 404"));
    hub.stop().await.unwrap();
}

/// The salt is in it: without it the code on the projector opens nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_is_for_the_organiser_and_for_whoever_has_a_judges_key() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    for path in ["/bundle", "/package"] {
        assert_eq!(get(&hub, path, String::new()).await.status, 403, "{path}");
    }
    let authorised = format!("authorization: Bearer {}\r\n", hub.token());
    let package = get(&hub, "/package", authorised.clone()).await;
    assert!(!package.head.contains("access-control-allow-origin"));
    assert_eq!(Package::decode(&package.body).unwrap(), venue.package);
    assert_eq!(get(&hub, "/bundle", authorised).await.body, venue.package.bundle);

    let to = hub.addr;
    let send = move |path: &'static str, body: Vec<u8>| {
        tokio::task::spawn_blocking(move || exchange(to, "POST", path, "", &body))
    };
    let hello = Hello { judge: "J1".parse().unwrap(), nonce: [4; 16] };
    let challenge = send("/bundle/challenge", hello.encode()).await.unwrap();
    let Ok(AuthMessage::Challenge(challenge)) = AuthMessage::decode(&challenge.body) else {
        panic!("no challenge");
    };
    let proof = Proof { challenge, clock: sample::now(), bundle_version: 0 };
    let event = "FAIR".parse().unwrap();
    for (number, status) in [(0, 403), (1, 200)] {
        let key = sample::judge_key(number);
        let proof = proof.sign(&Deployment::realm(), &event, &key).unwrap();
        let got = send("/bundle", proof).await.unwrap();
        assert_eq!(got.status, status, "signed by judge {number}");
        assert_eq!(got.body == venue.package.bundle, status == 200);
        // The judging page is of another origin; what the organiser may have is for no page.
        assert_eq!(got.head.contains("access-control-allow-origin: *"), status == 200);
    }
    let stranger = Hello { judge: "J9".parse().unwrap(), nonce: [4; 16] };
    assert_eq!(send("/bundle/challenge", stranger.encode()).await.unwrap().status, 403);
    assert_eq!(send("/bundle", hello.encode()).await.unwrap().status, 403);
    hub.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_token_opens_the_organisers_view_and_its_commands() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    let mut judge = Judge::new(0, &venue.package, hub.code(), hub.addr);
    for project in 0..2 {
        let vote = judge.vote(project, 1, &[7, u16::from(project)]);
        assert_eq!(judge.say(&vote).await, ReceiptStatus::Accepted);
    }
    let token = hub.token().to_owned();
    for more in [
        String::new(),
        "authorization: Bearer \r\n".into(),
        format!("authorization: Bearer {}x\r\n", token),
        format!("authorization: Basic {token}\r\n"),
        format!("cookie: token={token}\r\n"),
    ] {
        let refused = get(&hub, "/organiser/state", more.clone()).await;
        assert_eq!(refused.status, 401, "{more}");
        assert!(!String::from_utf8(refused.body).unwrap().contains("ballot"));
    }
    assert_eq!(post(&hub, "x", &json!({ "do": "rekey" })).await.0, 401);
    let authorised = format!("authorization: Bearer {token}\r\n");
    let view = get(&hub, "/organiser/state", authorised).await;
    let view: Value = serde_json::from_slice(&view.body).unwrap();
    assert_eq!(view["ballots"], 2);
    assert_eq!(view["coverage"]["done"], 2);
    assert_eq!(judge_line(&view, "J0")["left"], 1);
    assert_eq!(view["tally"][0]["rows"].as_array().unwrap().len(), 3);
    assert_eq!(view["tally"][0]["methods"].as_array().unwrap().len(), 3);

    let (status, said) = post(&hub, &token, &json!({ "do": "close", "round": 1 })).await;
    assert_eq!((status, said["text"].as_str()), (200, Some("Round 1 is closed.")));
    let (status, said) = post(&hub, &token, &json!({ "do": "close", "round": 1 })).await;
    assert_eq!((status, said["code"].as_str()), (409, Some("refused")));
    // What names files is for the control socket only.
    for foreign in [
        json!({ "do": "export", "out": "/tmp/x" }),
        json!({ "do": "merge", "log": "/etc/passwd" }),
        json!({ "do": "open", "round": 1, "more": 1 }),
        json!([]),
    ] {
        assert_eq!(post(&hub, &token, &foreign).await.0, 400, "{foreign}");
    }
    assert_eq!(post(&hub, &token, &json!({ "do": "open", "round": 1 })).await.0, 200);
    hub.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fake_table_qr_a_vote_on_what_was_not_assigned_is_shown_to_the_organiser() {
    let others = |it: &Assignment| (it.judge.as_str(), it.project.as_str()) != ("J0", "P2");
    let venue = Venue::with(1, |event| event.assignments.retain(others));
    let hub = venue.start(0).await;
    let mut judge = Judge::new(0, &venue.package, hub.code(), hub.addr);
    let vote = judge.vote(0, 1, &[7, 7]);
    assert_eq!(judge.say(&vote).await, ReceiptStatus::Accepted);
    let status = hub.obey(Command::Status).await;
    assert!(!status.text.contains("look at this"), "{}", status.text);
    // Somebody stuck the code of P2 on the table of P1.
    let vote = judge.vote(2, 1, &[1, 1]);
    assert_eq!(judge.say(&vote).await, ReceiptStatus::Accepted);
    let status = hub.obey(Command::Status).await;
    assert!(status.text.contains("look at this: J0 judged P2"), "{}", status.text);
    let authorised = format!("authorization: Bearer {}\r\n", hub.token());
    let view = get(&hub, "/organiser/state", authorised).await;
    let view: Value = serde_json::from_slice(&view.body).unwrap();
    let said = view["odd"][0].as_str().unwrap();
    assert!(said.starts_with("J0 judged P2 (IDEA, round 1) at table T2"), "{said}");
    let left = &judge_line(&view, "J0")["left"];
    assert_eq!((view["odd"].as_array().unwrap().len(), left), (1, &json!(1)));
    hub.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn coverage_says_who_judged_what_and_what_is_short_comes_first() {
    let pair = |it: &Assignment| (it.judge.to_string(), it.project.to_string());
    let venue = Venue::with(1, |event| {
        // J2 is asked for P0 only, and J1 has a conflict with P2.
        event.assignments.retain(|it| {
            let (judge, project) = pair(it);
            (judge != "J2" || project == "P0") && (judge != "J1" || project != "P2")
        });
        let conflict = Conflict { judge: "J1".parse().unwrap(), project: "P2".parse().unwrap() };
        event.conflicts = vec![conflict];
    });
    let hub = venue.start(0).await;
    let [mut first, mut second, mut third] =
        [0, 1, 2].map(|number| Judge::new(number, &venue.package, hub.code(), hub.addr));
    // J0 judges P2, recuses himself from P1; J1 judges P0; J2 judges P2, which was not assigned.
    for vote in [first.vote(2, 1, &[7, 7]), first.vote(1, 1, &[])] {
        assert_eq!(first.say(&vote).await, ReceiptStatus::Accepted);
    }
    let vote = second.vote(0, 1, &[1, 2]);
    assert_eq!(second.say(&vote).await, ReceiptStatus::Accepted);
    let vote = third.vote(2, 1, &[3, 4]);
    assert_eq!(third.say(&vote).await, ReceiptStatus::Accepted);

    let view = organiser_sees(&hub).await;
    let coverage = &view["coverage"];
    let numbers = ["done", "wanted", "short", "all"].map(|name| coverage[name].as_u64().unwrap());
    assert_eq!(numbers, [2, 5, 2, 3]);
    let line =
        |it: &Value| json!([it["project"], it["done"], it["wanted"], it["judges"], it["waits"]]);
    let lines: Vec<Value> = coverage["lines"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(
        lines,
        [
            json!(["P0", 1, 3, ["J1"], ["J0", "J2"]]),
            json!(["P1", 0, 1, [], ["J1"]]),
            json!(["P2", 1, 1, ["J0", "J2"], []]),
        ]
    );
    let judges: Vec<Value> = view["judges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["id"], it["met"], it["assigned"], it["done"], it["left"]]))
        .collect();
    assert_eq!(
        judges,
        [json!(["J0", 1, 2, 1, 1]), json!(["J1", 1, 2, 1, 1]), json!(["J2", 0, 1, 1, 1]),]
    );
    // The judges' own connections, by which their votes came.
    let near = view["near"].as_array().unwrap();
    assert!(near.iter().any(|it| it["packets"].as_u64() > Some(0)), "{near:?}");
    assert!(near.iter().all(|it| it["place"].as_str().unwrap().contains("127.0.0.1")), "{near:?}");

    hub.stop().await.unwrap();
}
