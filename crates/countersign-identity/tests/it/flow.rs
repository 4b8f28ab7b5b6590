//! Whole logins, and the attacks on them.

use crate::support::{
    START, code_in, device, generous, identity, seconds, sms_config, take_messages,
};
use countersign::{Fingerprint, LoginId, Timestamp};
use countersign_identity::Identity;
use countersign_identity::code::TypedCode;
use countersign_identity::config::{LoginConfig, PowMode, SmsConfig};
use countersign_identity::flow::{
    CodeRequest, DeviceLabel, LoginView, OpenError, RegisterError, SendCodeError,
};
use countersign_identity::limits::SmsRefusal;
use countersign_identity::pow;
use countersign_store::{Channel, MemoryStore, Registered};
use std::net::IpAddr;

const ANA: &str = "ana@example.org";
const PHONE: &str = "+33612345678";
const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

type Flow = Identity<MemoryStore>;

fn id(view: &LoginView) -> LoginId {
    view.login_id.parse().unwrap()
}

fn key(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 32])
}

async fn send(flow: &Flow, view: &LoginView, now: Timestamp) -> Result<LoginView, SendCodeError> {
    flow.send_code(id(view), CodeRequest::default(), IP, now).await
}

async fn register(
    flow: &Flow,
    view: &LoginView,
    code: &str,
    number: u8,
    now: Timestamp,
) -> Result<Registered, RegisterError> {
    let device = device(number, &view.address);
    flow.register(id(view), &TypedCode::normalise(code), device, IP, now).await
}

/// From the address to the session, as everybody does it.
async fn log_in(flow: &Flow, store: &MemoryStore, number: u8, now: Timestamp) -> Registered {
    let view = flow.open(ANA, key(number), IP, now).await.unwrap();
    send(flow, &view, now).await.unwrap();
    let code = code_in(&take_messages(store, now).await[0]);
    register(flow, &view, &code, number, now).await.unwrap()
}

#[tokio::test]
async fn an_address_becomes_a_session() {
    let (flow, store) = identity(generous(), &sms_config(&[]));
    let view = flow.open(" Ana@Example.org", key(1), IP, START).await.unwrap();
    assert_eq!((view.address.as_str(), view.code_length, view.attempts_left), (ANA, 8, 5));
    assert!(view.allowed_to_request_code && view.requested_information.is_empty());
    let request = CodeRequest {
        device: DeviceLabel::new(Some("Ana's phone"), Some("android")),
        ..CodeRequest::default()
    };
    let sent = flow.send_code(id(&view), request, IP, START).await.unwrap();
    assert_eq!((sent.next_code_ms, sent.attempts_left), (Some(60_000), 5));
    assert!(!sent.allowed_to_request_code);
    let messages = take_messages(&store, START).await;
    assert_eq!(messages[0].content.to, ANA);
    assert!(messages[0].content.body.contains("Ana's phone (android)"));
    let typed = code_in(&messages[0]).to_lowercase().replace('0', "o").replace('1', "l");
    let registered = register(&flow, &view, &format!(" {typed} "), 1, START).await.unwrap();
    assert!(registered.new_user);
    assert_eq!(registered.session.name, "phone 1");
    assert_eq!(flow.state(id(&view), START).await.unwrap(), None, "a code works once");
    assert!(take_messages(&store, START).await.is_empty(), "no notice of a first device");
    assert_eq!((flow.stats(START).registered, flow.stats(START).codes_issued), (1, 1));
}

#[tokio::test]
async fn a_known_address_is_answered_like_an_unknown_one() {
    let (flow, store) = identity(generous(), &sms_config(&[]));
    log_in(&flow, &store, 1, START).await;
    let later = START.plus(seconds(90_000));
    let mut views = Vec::new();
    let mut mails = Vec::new();
    for address in [ANA, "bob@example.org"] {
        let opened = flow.open(address, key(2), IP, later).await.unwrap();
        let sent = send(&flow, &opened, later).await.unwrap();
        let wrong = register(&flow, &opened, "00000000", 2, later).await;
        let left = matches!(wrong, Err(RegisterError::CodeInvalid { attempts_left: 4 }));
        assert!(left, "{wrong:?}");
        let hide =
            |view: LoginView| LoginView { login_id: String::new(), address: String::new(), ..view };
        views.push((hide(opened), hide(sent)));
        let mail = take_messages(&store, later).await.remove(0);
        let code = code_in(&mail);
        mails.push((mail.content.subject, mail.content.body.replace(&code, "")));
    }
    assert_eq!(views[0], views[1]);
    assert_eq!(mails[0], mails[1]);
}

#[tokio::test]
async fn later_devices_are_announced_with_what_they_displaced() {
    let (flow, store) = identity(generous(), &sms_config(&[]));
    let first = log_in(&flow, &store, 1, START).await;
    for (number, displaced) in [(2, "sessions"), (3, "1 session that was unused")] {
        let now = START.plus(seconds(7200 * u64::from(number)));
        let registered = log_in(&flow, &store, number, now).await;
        assert_eq!(registered.session.user, first.session.user);
        let notices = take_messages(&store, now).await;
        assert_eq!(notices.len(), 1);
        let content = &notices[0].content;
        assert_eq!((content.to.as_str(), content.user), (ANA, Some(first.session.user)));
        assert!(content.body.contains(&format!("phone {number} (android)")));
        assert_eq!(content.body.contains(displaced), number == 3, "{}", content.body);
    }
}

#[tokio::test]
async fn l1_guessing_ends_the_login_and_not_the_account() {
    let (flow, store) = identity(generous(), &sms_config(&[]));
    let view = flow.open(ANA, key(1), IP, START).await.unwrap();
    send(&flow, &view, START).await.unwrap();
    let code = code_in(&take_messages(&store, START).await[0]);
    for left in [4, 3, 2, 1, 0, 0] {
        match register(&flow, &view, "ZZZZZZZZ", 1, START).await {
            Err(RegisterError::CodeInvalid { attempts_left }) => assert_eq!(attempts_left, left),
            other => panic!("{other:?}"),
        }
    }
    let late = register(&flow, &view, &code, 1, START).await;
    assert!(matches!(late, Err(RegisterError::CodeInvalid { attempts_left: 0 })));
    log_in(&flow, &store, 1, START.plus(seconds(60))).await;
}

#[tokio::test]
async fn l2_a_code_is_worthless_in_another_login_for_another_key_or_address() {
    let (flow, store) = identity(generous(), &sms_config(&[]));
    let mine = flow.open(ANA, key(1), IP, START).await.unwrap();
    let other = flow.open("eve@example.org", key(2), IP, START).await.unwrap();
    send(&flow, &mine, START).await.unwrap();
    let code = code_in(&take_messages(&store, START).await[0]);
    send(&flow, &other, START).await.unwrap();
    let refused = |result| matches!(result, Err(RegisterError::CodeInvalid { .. }));
    assert!(refused(register(&flow, &other, &code, 2, START).await), "another login");
    assert!(refused(register(&flow, &mine, &code, 2, START).await), "another key");
    let elsewhere = device(1, "eve@example.org");
    let typed = TypedCode::normalise(&code);
    let signed_elsewhere = flow.register(id(&mine), &typed, elsewhere, IP, START).await;
    assert!(refused(signed_elsewhere), "signed for another address");
    assert!(register(&flow, &mine, &code, 1, START).await.is_ok());
}

#[tokio::test]
async fn l6_a_mailbox_cannot_be_flooded_with_codes() {
    let (flow, store) = identity(generous(), &sms_config(&[]));
    let mut sent = 0;
    for attempt in 0..20 {
        let now = START.plus(seconds(attempt * 30));
        let view = flow.open(ANA, key(1), IP, now).await.unwrap();
        match send(&flow, &view, now).await {
            Ok(_) => sent += 1,
            Err(SendCodeError::TooSoon(view)) => assert!(!view.allowed_to_request_code),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(sent, 3, "per address and hour, however many logins ask");
    let end = START.plus(seconds(570));
    assert_eq!(take_messages(&store, end).await.len(), 3);
}

#[tokio::test]
async fn l7_login_flood_from_one_network_is_refused_at_every_step() {
    let config = LoginConfig { pow_bits: 8, ..LoginConfig::default() };
    let (flow, _store) = identity(config, &sms_config(&[]));
    let neighbour = IpAddr::from([192, 0, 2, 77]);
    let mut views = Vec::new();
    for number in 0..5 {
        views.push(flow.open(&format!("a{number}@example.org"), key(1), IP, START).await.unwrap());
    }
    let refused = flow.open(ANA, key(1), neighbour, START).await;
    let Err(OpenError::RateLimited { retry_after }) = refused else { panic!("{refused:?}") };
    assert_eq!(retry_after, seconds(60));
    for view in &views {
        send(&flow, view, START).await.unwrap();
    }
    let refused = send(&flow, &views[0], START).await;
    assert!(matches!(refused, Err(SendCodeError::RateLimited { .. })));
    for _ in 0..25 {
        let wrong = register(&flow, &views[0], "ZZZZZZZZ", 1, START).await;
        assert!(matches!(wrong, Err(RegisterError::CodeInvalid { .. })));
    }
    let refused = register(&flow, &views[1], "ZZZZZZZZ", 1, START).await;
    assert!(matches!(refused, Err(RegisterError::RateLimited { .. })));
    assert_eq!(flow.stats(START).network_refusals, 3);
    assert!(flow.open(ANA, key(1), IpAddr::from([198, 51, 100, 1]), START).await.is_ok());
}

#[tokio::test]
async fn l8_no_text_message_without_a_proof_of_work() {
    let (flow, store) = identity(generous(), &sms_config(&["FR"]));
    let view = flow.open("+33 6 12 34 56 78", key(1), IP, START).await.unwrap();
    assert_eq!((view.address.as_str(), view.code_length, view.attempts_left), (PHONE, 6, 3));
    assert_eq!(view.requested_information, ["pow"]);
    let challenge = hex::decode(&view.pow.as_ref().unwrap().challenge).unwrap();
    let bits = view.pow.as_ref().unwrap().bits;
    let right = pow::solve(&challenge, bits).unwrap();
    let wrong = (0..).find(|nonce| !pow::verify(&challenge, bits, *nonce));
    for pow_nonce in [None, wrong] {
        let request = CodeRequest { pow_nonce, ..CodeRequest::default() };
        let refused = flow.send_code(id(&view), request, IP, START).await;
        assert!(matches!(refused, Err(SendCodeError::PowRequired(_))), "{refused:?}");
    }
    assert!(take_messages(&store, START).await.is_empty());
    let request = CodeRequest { pow_nonce: Some(right), ..CodeRequest::default() };
    let sent = flow.send_code(id(&view), request, IP, START).await.unwrap();
    assert!(sent.pow.is_none());
    let messages = take_messages(&store, START).await;
    assert_eq!(messages[0].content.channel, Channel::Sms);
    register(&flow, &view, &code_in(&messages[0]), 1, START).await.unwrap();
    let france = flow.stats(START).sms["FR".parse().as_ref().unwrap()];
    assert_eq!((france.sent, france.verified), (1, 1));
}

#[tokio::test]
async fn l8_sprayed_guesses_make_everybody_prove_work_until_they_stop() {
    let config = LoginConfig { breaker_attempts: 10, ..generous() };
    let (flow, store) = identity(config, &sms_config(&[]));
    for number in 0..11 {
        let address = format!("victim{number}@example.org");
        let view = flow.open(&address, key(1), IP, START).await.unwrap();
        assert!(view.pow.is_none());
        send(&flow, &view, START).await.unwrap();
        assert!(register(&flow, &view, "ZZZZZZZZ", 1, START).await.is_err());
    }
    take_messages(&store, START).await;
    assert!(flow.stats(START).breaker_tripped);
    let view = flow.open(ANA, key(1), IP, START).await.unwrap();
    let refused = send(&flow, &view, START).await;
    assert!(matches!(refused, Err(SendCodeError::PowRequired(_))));
    let later = START.plus(seconds(601));
    assert!(flow.open(ANA, key(1), IP, later).await.unwrap().pow.is_none());
    let always = LoginConfig { pow: PowMode::Always, ..generous() };
    let (flow, _store) = identity(always, &sms_config(&[]));
    assert!(flow.open(ANA, key(1), IP, START).await.unwrap().pow.is_some());
}

#[tokio::test]
async fn l9_an_expired_login_neither_sends_nor_registers() {
    let (flow, store) = identity(generous(), &sms_config(&[]));
    let view = flow.open(ANA, key(1), IP, START).await.unwrap();
    send(&flow, &view, START).await.unwrap();
    let code = code_in(&take_messages(&store, START).await[0]);
    let late = START.plus(seconds(600));
    assert_eq!(flow.state(id(&view), late).await.unwrap(), None);
    assert!(matches!(send(&flow, &view, late).await, Err(SendCodeError::NoLogin)));
    let refused = register(&flow, &view, &code, 1, late).await;
    assert!(matches!(refused, Err(RegisterError::CodeInvalid { attempts_left: 0 })));
}

#[tokio::test]
async fn text_messages_stay_within_countries_and_budget() {
    let sms = SmsConfig { per_day: 2, ..sms_config(&["FR"]) };
    let (flow, store) = identity(generous(), &sms);
    let abroad = flow.open("+447400123456", key(1), IP, START).await;
    assert!(matches!(abroad, Err(OpenError::NotServed)));
    let (off, _) = identity(generous(), &SmsConfig { countries: Vec::new(), ..sms });
    assert!(matches!(off.open(PHONE, key(1), IP, START).await, Err(OpenError::NotServed)));
    let mut outcomes = Vec::new();
    for number in 0..4 {
        let address = format!("+3361234567{number}");
        let view = flow.open(&address, key(1), IP, START).await.unwrap();
        let puzzle = view.pow.as_ref().unwrap();
        let challenge = hex::decode(&puzzle.challenge).unwrap();
        let pow_nonce = pow::solve(&challenge, puzzle.bits);
        let request = CodeRequest { pow_nonce, ..CodeRequest::default() };
        outcomes.push(flow.send_code(id(&view), request.clone(), IP, START).await);
        if number == 0 {
            let again = flow.send_code(id(&view), request, IP, START).await;
            assert!(matches!(again, Err(SendCodeError::TooSoon(_))), "and costs nothing");
        }
    }
    assert!(outcomes[..2].iter().all(Result::is_ok));
    for refused in &outcomes[2..] {
        assert!(matches!(refused, Err(SendCodeError::Sms(SmsRefusal::DailyCap))));
    }
    assert_eq!(take_messages(&store, START).await.len(), 2);
    assert_eq!(flow.stats(START).sms_alarms, 1);
}
