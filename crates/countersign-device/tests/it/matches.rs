//! Whole matches under the short rules: half a minute each.

use crate::folders::{self, EVENING, realm, sign};
use crate::phone::{Phone, get, post, six_in_kickoff, watch};
use crate::program::{Program, Running};
use countersign::{Fingerprint, Signer, Timestamp, VerifyingKey};
use countersign_league::Params;
use countersign_league::evidence::{
    ActKind, Bundle, DeviceStatus, MatchReceipt, Outcome, Settlement, digest_of,
};
use countersign_league::game::{State, Warnings};
use countersign_league::settlement::{Checked, Context, KnownDevice, KnownRules, check, read};
use std::net::SocketAddr;

/// What the server says of the only bundle that waits. Its id comes with it.
pub(crate) fn settle(to: SocketAddr) -> (String, Bundle, Checked) {
    let listed: serde_json::Value =
        serde_json::from_slice(&get(to, "/league/outbox").ok()).unwrap();
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    let bytes = get(to, &format!("/league/outbox/{id}")).ok();
    assert_eq!(listed[0]["bytes"], bytes.len());
    let bundle = read(&bytes).unwrap();
    let pair = folders::pair();
    let device = KnownDevice {
        device: pair.device,
        master: pair.master,
        slave: pair.slave,
        status: DeviceStatus::Active,
        max_players: pair.max_players,
    };
    let server_key = |fingerprint: &Fingerprint, _: Timestamp| -> Option<VerifyingKey> {
        let key = folders::server().verifying_key().clone();
        (key.fingerprint() == fingerprint).then_some(key)
    };
    let rules = [KnownRules { params: Params::SHORT, rated: true }];
    let realm = realm();
    let context =
        Context { realm: &realm, device: Some(&device), server_key: &server_key, rules: &rules };
    let now = Timestamp::from_millis(EVENING.as_millis() + 600_000);
    let checked = check(&bundle, &context, now).unwrap_or_else(|refusal| panic!("{refusal}"));
    (id, bundle, checked)
}

/// Everybody is content with the result.
pub(crate) fn confirm(to: SocketAddr, phones: &mut [Phone]) {
    watch(to, |view| view.state == State::Review);
    for phone in phones {
        if watch(to, |_| true).state == State::Review {
            phone.says(ActKind::Confirm);
        }
    }
    watch(to, |view| view.state == State::Signed);
}

fn play(running: &Running, to: SocketAddr) {
    watch(to, |view| view.state == State::Playing);
    running.slave.until("armed for the match", |shown| shown["phase"] == "armed");
}

#[test]
fn a_match_is_played_signed_carried_and_settled() {
    let running = Running::start();
    let to = running.master.http();
    let mut phones = six_in_kickoff(to);
    play(&running, to);
    running.slave.goal();
    running.master.goal();
    running.slave.goal();
    watch(to, |view| view.score.iter().sum::<u8>() == 3);
    confirm(to, &mut phones);

    let (id, bundle, checked) = settle(to);
    let result = &checked.result.value;
    assert_eq!(result.outcome, Outcome::Final);
    assert_eq!(result.goals.len(), 3);
    assert!(checked.objections.is_empty(), "{:?}", checked.objections);
    let digest = digest_of(&realm(), &bundle.result).unwrap();
    let receipt = MatchReceipt {
        match_id: result.match_id,
        result: digest,
        settlement: Settlement::Settled,
        reason: 0,
        integrity: 256,
        lines: Vec::new(),
    };
    let receipt = sign(&folders::server(), *digest.as_bytes(), &receipt);
    assert_eq!(post(to, "/league/inbox", &receipt).ok(), b"{\"taken\":\"receipt\"}");
    assert_eq!(watch(to, |view| view.state == State::Settled).unsettled, 0);
    assert_eq!(get(to, "/league/outbox").ok(), b"[]");
    assert_eq!(get(to, &format!("/league/outbox/{id}")).status, 404);

    assert_eq!(running.master.ask(&["open-lobby"]).as_deref(), Ok("lobby"));
    assert_eq!(running.master.show()["device_seq"], 2);
}

#[test]
fn a_slave_that_loses_power_in_a_match_says_so() {
    let mut running = Running::start();
    let to = running.master.http();
    let mut phones = six_in_kickoff(to);
    play(&running, to);
    running.slave.goal();
    watch(to, |view| view.goals.len() == 1);
    running.slave.kill();
    running.slave = Program::slave(&running.folders, running.port);
    running.slave.line("start 2");
    let told = watch(to, |view| view.warnings.has(Warnings::GAP));
    running.slave.until("the score, although it saw no goal in this start", |shown| {
        shown["score"] == serde_json::json!(told.score)
    });
    // The slave has forgotten when its last goal was; the master has not.
    let rearmed = told.goals[0].at + Params::SHORT.rearm + 100;
    running.master.until("rearmed", |shown| shown["played_ms"].as_u64() > Some(rearmed.into()));
    running.slave.goal();
    watch(to, |view| view.goals.len() == 2);
    confirm(to, &mut phones);
    let (_, _, checked) = settle(to);
    let result = &checked.result.value;
    assert_eq!((result.outcome, result.goals.len()), (Outcome::Final, 2));
    assert_eq!(result.goals.iter().map(|goal| goal.boot).collect::<Vec<_>>(), [1, 2]);
    assert!(result.gaps[1] > 0 && result.gaps[1] <= Params::SHORT.gap, "{:?}", result.gaps);
}

#[test]
fn a_master_that_loses_power_in_a_match_goes_on_with_it() {
    let mut running = Running::start();
    let mut phones = six_in_kickoff(running.master.http());
    let match_id = running.master.show()["match_id"].clone();
    play(&running, running.master.http());
    running.slave.goal();
    let before = watch(running.master.http(), |view| view.goals.len() == 1);
    running.master.kill();
    running.restart_master();
    let to = running.master.http();
    let after = watch(to, |view| view.state == State::Playing);
    assert_eq!(after.goals, before.goals);
    assert!(after.number > before.number);
    assert_eq!(running.master.show()["match_id"], match_id);
    running.slave.until("armed again", |shown| shown["phase"] == "armed" && shown["epoch"] == 2);
    running.slave.goal();
    for phone in &mut phones {
        *phone = phone.elsewhere(to);
    }
    watch(to, |view| view.goals.len() == 2);
    confirm(to, &mut phones);
    let (_, _, checked) = settle(to);
    let result = &checked.result.value;
    assert_eq!((result.outcome, result.goals.len()), (Outcome::Final, 2));
    assert!(result.gaps[0] > 0, "the north goal was blind: {:?}", result.gaps);
}
