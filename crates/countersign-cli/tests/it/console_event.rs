//! What an organiser does at the console: an event from files to published results, and what is refused on the way.

use crate::events::{EVENT, Fair, enrol, event, hand_over};
use crate::harness::league::*;
use crate::harness::*;
use countersign::{ResultCode, SigningKey};
use countersign_hub::{Package, Trust};
use countersign_store::event::EventStore;
use countersign_store::{AuditEntry, Store};
use serde_json::{Value, json};

/// The example of the repository.
pub(crate) fn files() -> Value {
    json!({
        "event": include_str!("../../../../examples/event/event.toml"),
        "projects": include_str!("../../../../examples/event/projects.csv"),
        "judges": include_str!("../../../../examples/event/judges.csv"),
        "conflicts": include_str!("../../../../examples/event/conflicts.csv"),
    })
}

fn organiser(server: &Server, address: &str) -> Device {
    let device = Device::register(server, address);
    grant(server, address, "organiser");
    device
}

fn no(device: &mut Device, message_type: &str, wish: &Value, result: ResultCode) -> Value {
    refused(device, message_type, wish.to_string().as_bytes(), result)
}

fn audit(server: &Server) -> Vec<AuditEntry> {
    wait(store(server).audit_after(0, 1_000))
}

/// Omar has made the example.
fn made(options: Options) -> (Server, Device) {
    let server = Server::start(options.set("limits.session_cache_ms", 0));
    let mut omar = organiser(&server, "omar@example.org");
    let wish = json!({ "files": files(), "reason": "the fair" });
    ask(&mut omar, "console.event_put", &wish);
    (server, omar)
}

#[test]
fn an_organiser_makes_an_event_from_files_and_publishes_what_judges_and_hubs_take() {
    let server = Server::start(Options::new().set("limits.session_cache_ms", 0));
    let mut omar = organiser(&server, "omar@example.org");
    let seen = ask(&mut omar, "console.event_check", &json!({ "files": files() }));
    let some = ["event", "revision", "may_change"].map(|name| seen[name].clone());
    assert_eq!(some, [json!(EVENT), Value::Null, json!(true)]);
    assert_eq!(seen["faults"], json!([]));
    assert_eq!(seen["projects"].as_array().unwrap().len(), 5);
    assert_eq!(seen["judges"][2]["address"], "cy@example.org");
    assert!(wait(store(&server).find_event(event())).is_none(), "looking at files stores nothing");

    let wish = json!({ "files": files(), "from": null, "reason": "the fair" });
    ask(&mut omar, "console.event_put", &wish);
    let shown = ask(&mut omar, "console.event", &json!({ "event": EVENT }));
    let some = ["may_change", "projects", "cards", "version"].map(|name| shown[name].clone());
    assert_eq!(some, [json!(true), json!(5), json!(8), json!(0)]);
    let again = no(&mut omar, "console.event_put", &wish, ResultCode::CONFLICT);
    assert!(again["message"].as_str().unwrap().contains("already"), "{again}");

    let wish = json!({ "event": EVENT, "round": 1, "views": 2, "reason": "two each" });
    let dealt = ask(&mut omar, "console.event_assign", &wish);
    assert_eq!((&dealt["visits"], &dealt["short"]), (&json!(11), &json!([])));
    let shown = ask(&mut omar, "console.event", &json!({ "event": EVENT }));
    assert!(shown["judges"].as_array().unwrap().iter().all(|it| it["assigned"] != 0), "{shown}");

    let publish = |without| json!({ "event": EVENT, "without_missing": without, "reason": "go" });
    let said = no(&mut omar, "console.event_publish", &publish(false), ResultCode::CONFLICT);
    assert_eq!(said["reason"], "missing");
    assert!(said["message"].as_str().unwrap().contains("J001, J002, J003"), "{said}");
    let mut bo = Device::register(&server, "bo@example.org");
    assert_eq!(enrol(&mut bo, &SigningKey::from_seed(&random())).result, ResultCode::OK);
    let said = ask(&mut omar, "console.event_publish", &publish(true));
    assert_eq!((&said["version"], &said["missing"]), (&json!(1), &json!(["J001", "J003"])));
    assert_eq!(
        bo.call("event.bundle", json!({ "event": EVENT }).to_string().as_bytes()).result,
        ResultCode::OK
    );

    // The package is the one that the command line writes.
    let package =
        done(&mut omar, "console.event_package", json!({ "event": EVENT }).to_string().as_bytes());
    let file = server.data().join("fair.package").display().to_string();
    operate(&server, &["event", "bundle", EVENT, "--out", &file]);
    assert_eq!(package, std::fs::read(file).unwrap());
    let keyset = Package::decode(&package).unwrap().sets[0].clone();
    let opened = Package::decode(&package).unwrap().open(&Trust::Keyset(keyset)).unwrap();
    assert_eq!(opened.bundle.value.event().judges.len(), 1);

    let pdf =
        done(&mut omar, "console.event_sheets", json!({ "event": EVENT }).to_string().as_bytes());
    assert!(pdf.starts_with(b"%PDF") && pdf.len() < 200_000, "{}", pdf.len());

    // A key that a bundle names is replaced when the organiser says so.
    let other = SigningKey::from_seed(&random());
    assert_eq!(enrol(&mut bo, &other).result, ResultCode::CONFLICT);
    let replace = |judge: &str| json!({ "event": EVENT, "judge": judge, "reason": "lost phone" });
    ask(&mut omar, "console.event_replace", &replace("J002"));
    assert_eq!(enrol(&mut bo, &other).result, ResultCode::OK);
    no(&mut omar, "console.event_replace", &replace("J001"), ResultCode::CONFLICT);
    no(&mut omar, "console.event_replace", &replace("J009"), ResultCode::NOT_FOUND);
}

#[test]
fn other_files_for_an_event_keep_keys_and_assignments_and_the_slower_of_two_is_told() {
    let (_server, mut omar) = made(Options::new());
    let assign = json!({ "event": EVENT, "round": 1, "views": 2, "reason": "x" });
    ask(&mut omar, "console.event_assign", &assign);
    let mut files = files();
    let seen = ask(&mut omar, "console.event_check", &json!({ "files": files }));
    let revision = seen["revision"].as_u64().unwrap();
    let fewer =
        files["projects"].as_str().unwrap().lines().filter(|it| !it.starts_with("PROJECT_005"));
    files["projects"] = fewer.collect::<Vec<_>>().join("\n").into();
    let amend = |from: u64| json!({ "files": files, "from": from, "reason": "one withdrew" });
    no(&mut omar, "console.event_put", &amend(revision - 1), ResultCode::CONFLICT);
    let said = ask(&mut omar, "console.event_put", &amend(revision));
    assert!(said["dropped"].as_u64() > Some(0), "{said}");
    let shown = ask(&mut omar, "console.event", &json!({ "event": EVENT }));
    assert_eq!((&shown["projects"], &shown["may_change"]), (&json!(4), &json!(true)));
    assert!(shown["rounds"][0]["assigned"].as_u64() > Some(0), "{shown}");
}

#[test]
fn wrong_files_are_refused_with_line_and_place_and_nothing_is_stored() {
    let server = Server::start(Options::new().set("limits.session_cache_ms", 0));
    let mut omar = organiser(&server, "omar@example.org");
    let before = audit(&server);
    let wrong = |part: &str, text: &str| {
        let mut files = files();
        files[part] = text.into();
        files
    };
    for (files, expected) in [
        (wrong("event", "[event]\nid = 7\n"), "event, TOML parse error at line 2"),
        (wrong("event", "[event"), "event, TOML parse error at line 1"),
        (
            wrong("projects", "id,title\nP1,One\n"),
            "projects: line 1: the column categories is missing",
        ),
        (
            wrong("projects", "id,title,categories\nP 1,One,DESIGN\n"),
            "projects, line 2, column 1 (id)",
        ),
        (
            wrong("projects", "id,title,categories\nP1,One,DESIGN\nP2,Two,\n"),
            "projects, line 3, column 3 (categories)",
        ),
        (wrong("judges", "id,name,email\nJ1,Ana,nobody\n"), "judges, line 2, column 3 (email)"),
        (wrong("judges", ""), "judges: it is empty"),
        (wrong("conflicts", "judge\nJ001\n"), "conflicts: line 1: the column project is missing"),
        (wrong("projects", "id,title,categories\nP1,One,NOTHING\n"), "NOTHING"),
    ] {
        let seen = ask(&mut omar, "console.event_check", &json!({ "files": files }));
        let faults = seen["faults"].to_string();
        assert!(faults.contains(expected), "{expected}: {faults}");
        let wish = json!({ "files": files, "reason": "x" });
        let said = no(&mut omar, "console.event_put", &wish, ResultCode::INVALID_PAYLOAD);
        assert!(said["message"].as_str().unwrap().contains(expected), "{expected}: {said}");
        assert_eq!(said["faults"].to_string(), faults);
    }
    // Two rows that are wrong are two sentences.
    let both = wrong(
        "judges",
        "id,name,email\nJ1,Ana,nobody\nJ2,Bo,bo@example.org\nJ 3,Cy,cy@example.org\n",
    );
    let seen = ask(&mut omar, "console.event_check", &json!({ "files": both }));
    assert_eq!(seen["faults"].as_array().unwrap().len(), 2);
    for payload in [json!({}), json!({ "files": {} }), json!({ "files": files(), "more": 1 })] {
        no(&mut omar, "console.event_check", &payload, ResultCode::INVALID_PAYLOAD);
    }
    for views in [0, 2_001] {
        let wish = json!({ "event": EVENT, "round": 1, "views": views, "reason": "x" });
        no(&mut omar, "console.event_assign", &wish, ResultCode::INVALID_PAYLOAD);
    }
    assert!(wait(store(&server).find_event(event())).is_none());
    assert_eq!(audit(&server), before);
}

#[test]
fn files_beyond_the_limit_of_a_request_do_not_arrive() {
    let server = Server::start(
        Options::new().set("limits.session_cache_ms", 0).set("limits.frame_max", 8_192),
    );
    let mut omar = organiser(&server, "omar@example.org");
    let mut files = files();
    files["conflicts"] = "x".repeat(8_192).into();
    let wish = json!({ "files": files }).to_string();
    let request = omar.request("console.event_check", wish.as_bytes());
    let answer = omar.send(&request.frame);
    assert_eq!(answer.status, 413, "{answer:?}");
}

#[test]
fn o4_an_event_is_changed_by_who_made_it_and_by_operators_alone() {
    let (server, mut omar) = made(Options::new());
    let mut zoe = organiser(&server, "zoe@example.org");
    let theirs = |event: &str| {
        vec![
            ("console.event_put", json!({ "files": files(), "from": 1, "reason": "x" })),
            (
                "console.event_assign",
                json!({ "event": event, "round": 1, "views": 2, "reason": "x" }),
            ),
            (
                "console.event_publish",
                json!({ "event": event, "without_missing": true, "reason": "x" }),
            ),
            ("console.event_replace", json!({ "event": event, "judge": "J001", "reason": "x" })),
            ("console.event_results", json!({ "event": event, "reason": "x" })),
            ("console.event_count", json!({ "event": event })),
            ("console.event_sheets", json!({ "event": event })),
            ("console.event_package", json!({ "event": event })),
        ]
    };
    let before = (audit(&server), wait(store(&server).find_event(event())));
    for (message_type, wish) in theirs(EVENT) {
        let said = no(&mut zoe, message_type, &wish, ResultCode::CONFLICT);
        assert_eq!(said["reason"], "not_yours", "{message_type}: {said}");
    }
    let seen = ask(&mut zoe, "console.event_check", &json!({ "files": files() }));
    assert_eq!(seen["may_change"], false);
    assert_eq!(ask(&mut zoe, "console.event", &json!({ "event": EVENT }))["may_change"], false);
    assert_eq!((audit(&server), wait(store(&server).find_event(event()))), before);
    // An operator may, and the event stays whose it was.
    let mut olga = Device::register(&server, "olga@example.org");
    grant(&server, "olga@example.org", "operator");
    ask(&mut olga, "console.event_put", &json!({ "files": files(), "from": 1, "reason": "x" }));
    assert_eq!(ask(&mut omar, "console.event", &json!({ "event": EVENT }))["may_change"], true);
    assert_eq!(ask(&mut zoe, "console.event", &json!({ "event": EVENT }))["may_change"], false);
    // What was made beside the server is no organiser's.
    let fair = Fair::with_hub(Options::new(), "");
    fair.take_files("create");
    let mut omar = organiser(&fair.server, "omar@example.org");
    for (message_type, wish) in theirs(EVENT) {
        let said = no(&mut omar, message_type, &wish, ResultCode::CONFLICT);
        assert_eq!(said["reason"], "not_yours", "{message_type}: {said}");
    }
}

#[test]
fn o2_o3_an_organisers_act_needs_a_fresh_code_and_a_reason_and_is_in_the_log_without_addresses() {
    let server = Server::start(Options::new().set("account.step_up_seconds", 0));
    let mut omar = organiser(&server, "omar@example.org");
    let before = audit(&server);
    let wish = json!({ "files": files(), "reason": "the fair" });
    no(&mut omar, "console.event_put", &wish, ResultCode::STEP_UP_REQUIRED);
    assert_eq!(audit(&server), before);
    assert!(wait(store(&server).find_event(event())).is_none());

    let (server, mut omar) = made(Options::new());
    let wish = |reason: &str| json!({ "event": EVENT, "round": 1, "views": 2, "reason": reason });
    for reason in ["", "one\ntwo"] {
        no(&mut omar, "console.event_assign", &wish(reason), ResultCode::INVALID_PAYLOAD);
    }
    ask(&mut omar, "console.event_assign", &wish("two each"));
    let log = audit(&server);
    let acts = log.iter().filter(|it| it.event.action.starts_with("console.event_"));
    let acts: Vec<_> =
        acts.map(|it| (it.event.action.as_str(), it.event.detail.as_str())).collect();
    let [(put, put_detail), (assign, assign_detail)] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!((*put, *assign), ("console.event_put", "console.event_assign"));
    assert!(
        put_detail.contains("\"reason\":\"the fair\"") && !put_detail.contains('@'),
        "{put_detail}"
    );
    assert!(assign_detail.contains("\"reason\":\"two each\""), "{assign_detail}");
    assert!(
        log.iter().all(|it| !it.event.action.starts_with("console.") || it.event.user.is_some())
    );
}

#[test]
fn results_of_all_hubs_are_counted_looked_at_and_published_at_the_console() {
    let (fair, mut hub_operator, a, b) = Fair::judged();
    let server = &fair.server;
    let mut olga = Device::register(server, "olga@example.org");
    grant(server, "olga@example.org", "operator");
    let wish = json!({ "event": EVENT });
    let said = no(&mut olga, "console.event_count", &wish, ResultCode::CONFLICT);
    assert!(said["message"].as_str().unwrap().contains("no hub has handed over"), "{said}");
    for hub in [&a, &b] {
        let opened = hand_over(&mut hub_operator, hub.print(), &hub.log, &hub.head(server));
        assert_eq!(opened.result, ResultCode::OK);
    }
    let counted = ask(&mut olga, "console.event_count", &wish);
    assert_eq!((&counted["votes"], counted["hubs"].as_array().unwrap().len()), (&json!(4), 2));
    no(&mut olga, "event.results", &wish, ResultCode::NOT_FOUND);
    let publish = json!({ "event": EVENT, "reason": "the jury agreed" });
    let said = ask(&mut olga, "console.event_results", &publish);
    assert_eq!(said["votes"], 4);
    // Everybody sees what was counted, and the command line counts the same.
    let mut bo = Device::register(server, "bo2@example.org");
    assert_eq!(ask(&mut bo, "event.results", &wish), counted);
    let beside: Value =
        serde_json::from_str(&operate(server, &["event", "results", EVENT, "--json"])).unwrap();
    assert_eq!(beside, counted);
    // A round that is running is not dealt out from nothing.
    let wish = json!({ "event": EVENT, "round": 1, "views": 2, "reason": "x" });
    let said = no(&mut olga, "console.event_assign", &wish, ResultCode::CONFLICT);
    assert!(said["message"].as_str().unwrap().contains("--again"), "{said}");
}
