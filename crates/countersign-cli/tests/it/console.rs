//! The console's message types: who is answered, what is changed, and what stays of it.

use crate::console_event::files;
use crate::harness::league::*;
use crate::harness::*;
use countersign::{ResultCode, SigningKey};
use countersign_league::evidence::DeviceStatus;
use countersign_store::{LeagueStore, Store};
use serde_json::{Value, json};

/// Every message type of the console, with a payload that fits it.
fn everything() -> Vec<(&'static str, Value)> {
    let id = "0".repeat(32);
    vec![
        ("console.hello", json!({})),
        ("console.health", json!({})),
        ("console.keys", json!({})),
        ("console.devices", json!({})),
        ("console.device", json!({ "device": id })),
        ("console.device_set", json!({ "device": id, "status": "suspect", "reason": "x" })),
        ("console.matches", json!({})),
        ("console.match", json!({ "match": id })),
        ("console.disputes", json!({})),
        ("console.rule", json!({ "match": id, "decision": "void", "reason": "x" })),
        ("console.users", json!({})),
        ("console.user", json!({ "user": id })),
        ("console.sessions_revoke", json!({ "user": id, "reason": "x" })),
        ("console.audit", json!({})),
        ("console.events", json!({})),
        ("console.event", json!({ "event": "FAIR_2027" })),
        ("console.event_check", json!({ "files": files() })),
        ("console.event_put", json!({ "files": files(), "from": 1, "reason": "x" })),
        (
            "console.event_assign",
            json!({ "event": "FAIR_2027", "round": 1, "views": 2, "reason": "x" }),
        ),
        ("console.event_publish", json!({ "event": "FAIR_2027", "reason": "x" })),
        ("console.event_replace", json!({ "event": "FAIR_2027", "judge": "J001", "reason": "x" })),
        ("console.event_sheets", json!({ "event": "FAIR_2027" })),
        ("console.event_package", json!({ "event": "FAIR_2027" })),
        ("console.event_count", json!({ "event": "FAIR_2027" })),
        ("console.event_results", json!({ "event": "FAIR_2027", "reason": "x" })),
        ("console.nothing", json!({})),
    ]
}

/// A server with a factory, these pairs registered, and an operator.
fn with_pairs(pairs: &[&Pair], options: Options) -> (Server, Device) {
    let factory = SigningKey::from_seed(&random());
    let server = start(&factory, options);
    let mut station = Device::register(&server, "station@example.org");
    grant(&server, "station@example.org", "factory");
    done(&mut station, "factory.register", &registration(&server, &factory, pairs).encode());
    let operator = operator(&server);
    (server, operator)
}

fn operator(server: &Server) -> Device {
    let operator = Device::register(server, "olga@example.org");
    grant(server, "olga@example.org", "operator");
    operator
}

fn refused_with(
    device: &mut Device,
    message_type: &str,
    wish: &Value,
    result: ResultCode,
) -> Value {
    refused(device, message_type, wish.to_string().as_bytes(), result)
}

#[test]
fn o1_nobody_without_the_role_is_answered_from_the_moment_on_it_is_taken() {
    // The session's cache lives on: the role is asked of the store.
    let server = Server::start(Options::new().set("limits.session_cache_ms", 600_000));
    let mut ana = Device::register(&server, "ana@example.org");
    ask(&mut ana, "session.hello", &json!({}));
    for (message_type, wish) in everything() {
        let said = refused_with(&mut ana, message_type, &wish, ResultCode::FORBIDDEN);
        assert_eq!(said, json!({ "error": "forbidden" }), "{message_type}");
    }
    grant(&server, "ana@example.org", "operator");
    let said = ask(&mut ana, "console.hello", &json!({}));
    assert_eq!(said["user"], json!(ana.user));
    refused_with(&mut ana, "console.nothing", &json!({}), ResultCode::UNKNOWN_TYPE);
    operate(&server, &["user", "revoke-scope", "ana@example.org", "operator"]);
    for (message_type, wish) in everything() {
        refused_with(&mut ana, message_type, &wish, ResultCode::FORBIDDEN);
    }
    // No other role opens it.
    for scope in ["hub", "factory", "operators", "user"] {
        grant(&server, "ana@example.org", scope);
        refused_with(&mut ana, "console.hello", &json!({}), ResultCode::FORBIDDEN);
    }
}

#[test]
fn o1_an_organiser_sees_events_and_nothing_else() {
    let server = Server::start(Options::new());
    let mut omar = Device::register(&server, "omar@example.org");
    grant(&server, "omar@example.org", "organiser");
    for (message_type, wish) in everything() {
        let opened = omar.call(message_type, wish.to_string().as_bytes());
        let expected = match message_type {
            "console.hello" | "console.events" | "console.event_check" => ResultCode::OK,
            it if it.starts_with("console.event") => ResultCode::NOT_FOUND,
            _ => ResultCode::FORBIDDEN,
        };
        assert_eq!(opened.result, expected, "{message_type}");
    }
    let said = ask(&mut omar, "console.hello", &json!({}));
    assert_eq!((&said["is_operator"], &said["disputes"]), (&json!(false), &json!(0)));
    assert_eq!(ask(&mut omar, "console.events", &json!({})), json!({ "events": [], "next": null }));
    // An operator is an organiser, too.
    let mut olga = operator(&server);
    assert_eq!(ask(&mut olga, "console.hello", &json!({}))["is_operator"], true);
    ask(&mut olga, "console.events", &json!({}));
}

#[test]
fn o2_what_changes_something_needs_a_fresh_code_and_leaves_no_trace_without() {
    let pair = Pair::new("GL-00001");
    let options = Options::new().set("account.step_up_seconds", 0);
    let (server, mut olga) = with_pairs(&[&pair], options);
    let ana = Device::register(&server, "ana@example.org");
    let before = wait(store(&server).audit_after(0, 1_000));
    let wishes = [
        (
            "console.device_set",
            json!({ "device": pair.id.to_string(), "status": "revoked", "reason": "stolen" }),
        ),
        ("console.sessions_revoke", json!({ "user": ana.user, "reason": "lost phone" })),
    ];
    // Who acted would not be in the log any more.
    let delete = json!({ "confirm": "delete my account" });
    refused_with(&mut olga, "account.delete", &delete, ResultCode::CONFLICT);
    for (message_type, wish) in &wishes {
        let said = refused_with(&mut olga, message_type, wish, ResultCode::STEP_UP_REQUIRED);
        assert_eq!(said, json!({ "error": "step_up_required", "max_age_ms": 0 }));
    }
    let device = wait(store(&server).find_device(pair.id)).unwrap();
    assert_eq!(device.status, DeviceStatus::Made);
    assert_eq!(wait(store(&server).audit_after(0, 1_000)), before);
    assert_eq!(ask(&mut olga, "console.hello", &json!({}))["may_act_ms"], 0);
    // To look at things an old session is enough.
    ask(&mut olga, "console.devices", &json!({}));
}

#[test]
fn o2_a_session_that_logged_in_just_now_may_act_and_says_for_how_long() {
    let pair = Pair::new("GL-00001");
    let (_server, mut olga) = with_pairs(&[&pair], Options::new());
    let left = ask(&mut olga, "console.hello", &json!({}))["may_act_ms"].as_u64().unwrap();
    assert!((1..=600_000).contains(&left), "{left}");
    let wish = json!({ "device": pair.id.to_string(), "status": "sold", "reason": "to Lyon" });
    let said = ask(&mut olga, "console.device_set", &wish);
    assert_eq!(said, json!({ "from": "made", "to": "sold", "changed": true }));
}

#[test]
fn o3_an_act_is_in_the_audit_log_with_who_and_why_before_it_is_done() {
    let pair = Pair::new("GL-00001");
    let (_server, mut olga) = with_pairs(&[&pair], Options::new());
    let id = pair.id.to_string();
    let wish =
        |status: &str, reason: &str| json!({ "device": id, "status": status, "reason": reason });
    for reason in ["", "   ", "one\ntwo", &"x".repeat(501)] {
        let wish = wish("suspect", reason);
        let said =
            refused_with(&mut olga, "console.device_set", &wish, ResultCode::INVALID_PAYLOAD);
        assert!(said["message"].is_string());
    }
    ask(&mut olga, "console.device_set", &wish("suspect", "  goals without a ball "));
    let said = ask(&mut olga, "console.audit", &json!({ "limit": 2 }));
    let [done, meant] = said["entries"].as_array().unwrap().as_slice() else { panic!("{said}") };
    assert_eq!(
        (&meant["action"], &done["action"]),
        (&json!("console.device_set"), &json!("device.status"))
    );
    let why = json!({ "device": id, "to": "suspect", "reason": "goals without a ball" });
    assert_eq!(meant["detail"], why);
    for entry in [meant, done] {
        assert_eq!(
            (&entry["user"], &entry["session"]),
            (&json!(olga.user), &json!(olga.session.to_string()))
        );
    }
    // What was refused afterwards is there as well: it was meant.
    let said =
        refused_with(&mut olga, "console.device_set", &wish("sold", "back"), ResultCode::CONFLICT);
    assert_eq!(said["message"], "a device that is suspect cannot become sold");
    let said = ask(&mut olga, "console.audit", &json!({ "limit": 1 }));
    assert_eq!(said["entries"][0]["detail"]["reason"], "back");
    // Page by page, newest first, down to the first entry.
    let (mut seqs, mut before) = (Vec::new(), Value::Null);
    loop {
        let page = ask(&mut olga, "console.audit", &json!({ "before": before, "limit": 2 }));
        seqs.extend(
            page["entries"].as_array().unwrap().iter().map(|it| it["seq"].as_u64().unwrap()),
        );
        before = page["next"].clone();
        if before.is_null() {
            break;
        }
    }
    assert_eq!(seqs, (1..=seqs.len() as u64).rev().collect::<Vec<_>>());
}

#[test]
fn devices_are_listed_by_page_and_status_and_found_by_id_or_serial() {
    let pairs: Vec<Pair> = (1..=5).map(|n| Pair::new(&format!("GL-0000{n}"))).collect();
    let (server, mut olga) = with_pairs(&pairs.iter().collect::<Vec<_>>(), Options::new());
    let mut serials = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = ask(&mut olga, "console.devices", &json!({ "after": after, "limit": 2 }));
        serials.extend(page["devices"].as_array().unwrap().iter().map(|it| it["serial"].clone()));
        after = page["next"].clone();
        if after.is_null() {
            break;
        }
    }
    serials.sort_by_key(Value::to_string);
    assert_eq!(serials, (1..=5).map(|n| json!(format!("GL-0000{n}"))).collect::<Vec<_>>());
    set_status(&server, pairs[2].id, DeviceStatus::Suspect);
    let said = ask(&mut olga, "console.devices", &json!({ "status": "suspect" }));
    assert_eq!(
        (said["devices"].as_array().unwrap().len(), &said["devices"][0]["serial"]),
        (1, &json!("GL-00003"))
    );
    assert_eq!(said["devices"][0]["can_become"], json!(["active", "revoked", "rma"]));
    for given in [pairs[3].id.to_string(), "GL-00004".to_owned()] {
        let said = ask(&mut olga, "console.devices", &json!({ "find": given }));
        assert_eq!(said["devices"][0]["device"], json!(pairs[3].id.to_string()), "{given}");
    }
    assert_eq!(ask(&mut olga, "console.devices", &json!({ "find": "GL-9" }))["devices"], json!([]));
    let wish = json!({ "device": pairs[0].id.to_string() });
    assert_eq!(ask(&mut olga, "console.device", &wish)["serial"], "GL-00001");
    let nobody = json!({ "device": "0".repeat(32) });
    refused_with(&mut olga, "console.device", &nobody, ResultCode::NOT_FOUND);
    for wrong in [
        json!({ "limit": 0 }),
        json!({ "limit": 201 }),
        json!({ "status": "broken" }),
        json!({ "after": "x" }),
        json!({ "find": "x".repeat(33) }),
        json!({ "more": 1 }),
    ] {
        refused_with(&mut olga, "console.devices", &wrong, ResultCode::INVALID_PAYLOAD);
    }
    // The same as on the command line.
    let listed: Value =
        serde_json::from_str(&operate(&server, &["league", "device", "list", "--json"])).unwrap();
    assert_eq!(ask(&mut olga, "console.devices", &json!({}))["devices"], listed);
}

#[test]
fn an_account_is_found_and_its_sessions_end_at_once() {
    let server = Server::start(Options::new().set("limits.session_cache_ms", 600_000));
    let mut olga = operator(&server);
    let (mut phone, mut laptop) = (
        Device::register(&server, "ana@example.org"),
        Device::register(&server, "ana@example.org"),
    );
    ask(&mut phone, "session.hello", &json!({}));
    ask(&mut laptop, "session.hello", &json!({}));
    for given in ["ana@example.org", " ANA@example.org", &phone.user.clone()] {
        let said = ask(&mut olga, "console.users", &json!({ "find": given }));
        assert_eq!(said["users"][0]["user"], json!(phone.user), "{given}");
    }
    for nobody in ["bob@example.org", &"0".repeat(32), "Nobody At All", "<b>"] {
        assert_eq!(ask(&mut olga, "console.users", &json!({ "find": nobody }))["users"], json!([]));
    }
    let page = ask(&mut olga, "console.users", &json!({ "limit": 1 }));
    assert_eq!(
        (&page["users"][0]["address"], &page["next"]),
        (&json!("ana@example.org"), &json!("ana@example.org"))
    );
    let rest = ask(&mut olga, "console.users", &json!({ "after": page["next"] }));
    assert_eq!(
        (&rest["users"][0]["address"], &rest["next"]),
        (&json!("olga@example.org"), &Value::Null)
    );
    let shown = ask(&mut olga, "console.user", &json!({ "user": phone.user }));
    assert_eq!(
        (&shown["address"], shown["sessions"].as_array().unwrap().len()),
        (&json!("ana@example.org"), 2)
    );

    let one = json!({ "user": phone.user, "session": phone.session.to_string(), "reason": "lost in Lyon" });
    assert_eq!(ask(&mut olga, "console.sessions_revoke", &one), json!({ "revoked": 1 }));
    assert_eq!(phone.call("session.hello", b"{}").result, ResultCode::SESSION_REVOKED);
    ask(&mut laptop, "session.hello", &json!({}));
    refused_with(&mut olga, "console.sessions_revoke", &one, ResultCode::NOT_FOUND);
    let all = json!({ "user": phone.user, "reason": "stolen" });
    assert_eq!(ask(&mut olga, "console.sessions_revoke", &all), json!({ "revoked": 1 }));
    assert_eq!(laptop.call("session.hello", b"{}").result, ResultCode::SESSION_REVOKED);
    let said = ask(&mut olga, "console.audit", &json!({ "limit": 1 }));
    let entry = &said["entries"][0];
    assert_eq!((&entry["user"], &entry["detail"]["of"]), (&json!(olga.user), &json!(phone.user)));
    assert!(!entry["detail"].to_string().contains('@'), "the log holds no addresses");
}

#[test]
fn a_disputed_match_is_looked_at_and_ruled_on() {
    let mut league = League::start(6, Options::new());
    let mut olga = operator(&league.server);
    let game = league.play();
    let bundle = league.bundle(&game);
    league.settle(0, &bundle);
    let id = game.start.match_id.to_string();
    let words = "<b>There was no ball.</b>";
    let wish = json!({ "match_id": id, "kind": "goal", "text": words });
    ask(&mut league.players[1], "league.dispute", &wish);

    let hello = ask(&mut olga, "console.hello", &json!({}));
    assert_eq!((&hello["disputes"], &hello["has_league"]), (&json!(1), &json!(true)));
    let said = ask(&mut olga, "console.disputes", &json!({}));
    let entry = &said["disputes"][0];
    assert_eq!(
        (&entry["match"], &entry["text"], &entry["state"]),
        (&json!(id), &json!(words), &json!("open"))
    );
    assert!(said["names"][&league.players[1].user].is_string(), "{said}");
    for (wish, count) in [
        (json!({ "queue": "disputed" }), 1),
        (json!({ "queue": "frozen" }), 0),
        (json!({ "device": league.pair.id.to_string() }), 1),
        (json!({ "user": league.players[3].user }), 1),
        (json!({ "user": olga.user }), 0),
    ] {
        let said = ask(&mut olga, "console.matches", &wish);
        assert_eq!(said["matches"].as_array().unwrap().len(), count, "{wish}");
    }
    let shown = ask(&mut olga, "console.match", &json!({ "match": id }));
    assert_eq!((&shown["score"], shown["goals"].as_array().unwrap().len()), (&json!([3, 1]), 4));
    assert_eq!((&shown["serial"], &shown["unread"]), (&json!("GL-00001"), &Value::Null));
    assert_eq!(shown["names"].as_object().unwrap().len(), 6);
    let told = operate(&league.server, &["league", "match", "show", &id, "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert!(
        told.as_object().unwrap().iter().all(|(name, value)| shown[name] == *value),
        "as on the command line"
    );

    let rule =
        |decision: &str| json!({ "match": id, "decision": decision, "reason": "seen on film" });
    let perhaps = rule("perhaps");
    refused_with(&mut olga, "console.rule", &perhaps, ResultCode::INVALID_PAYLOAD);
    let said = ask(&mut olga, "console.rule", &rule("void"));
    assert_eq!((&said["state"], &said["ended"]), (&json!("void"), &json!(1)));
    assert_eq!(ask(&mut olga, "console.disputes", &json!({}))["disputes"], json!([]));
    let said = refused_with(&mut olga, "console.rule", &rule("uphold"), ResultCode::CONFLICT);
    assert!(said["message"].as_str().unwrap().contains("countersign league dispute resolve"));
    let said = refused_with(&mut olga, "console.rule", &rule("refund"), ResultCode::CONFLICT);
    assert_eq!(said["message"], "nobody lost points by this match");
    let nobody = json!({ "match": "0".repeat(32), "decision": "void", "reason": "x" });
    refused_with(&mut olga, "console.rule", &nobody, ResultCode::NOT_FOUND);
}

#[test]
fn keys_and_health_are_what_they_are() {
    let server = Server::start(Options::new());
    let mut olga = operator(&server);
    let keys = ask(&mut olga, "console.keys", &json!({}));
    let set = server.keyset().content;
    let id = countersign_keys::lifecycle::id_of(&set.keys[0].key);
    assert_eq!(
        (&keys["version"], &keys["signing"]),
        (&json!(set.version), &json!(String::from(id)))
    );
    assert_eq!(keys["keys"][0]["state"], "active");
    let before = ask(&mut olga, "console.health", &json!({}));
    assert_eq!(before["store"], Value::Null);
    Device::register(&server, "ana@example.org");
    let after = ask(&mut olga, "console.health", &json!({}));
    let count = |said: &Value| said["logins"]["registered"].as_u64().unwrap();
    assert_eq!(count(&after), count(&before) + 1);
}
