//! The contract suite: one function per property of [`Store`], the same for every backend.
//!
//! A backend's test is one line, against the real engine:
//!
//! ```text
//! countersign_store::conformance_tests!(async { (MyStore::open(dir.path()).unwrap(), dir) });
//! ```
//!
//! The expression is evaluated once per test. It must give a fresh, empty store and something to keep alive beside it.
#![expect(clippy::expect_used, reason = "a contract suite fails by panicking")]

pub mod account;
pub mod erasure;
pub mod event;
pub mod evidence;
pub mod idempotency;
pub mod league;
pub mod limits;
pub mod login;
pub mod outbox;
pub mod retention;
pub mod session;

use crate::{
    Attempt, AttemptedCode, Channel, CodeIssue, CodeMac, LoginLimits, LoginState, NewCode,
    NewLogin, NewMessage, NewRecord, NewSession, Registered, Result, Store, StoreError,
};
use countersign::{Fingerprint, LoginId, RecordDigest, RecordId, SessionId, Timestamp, UserId};
use std::sync::Arc;
use std::time::Duration;

/// Writes one `#[test]` per property of the contract. See [`crate::conformance`].
#[macro_export]
macro_rules! conformance_tests {
    ($open:expr) => {
        $crate::conformance_tests!(@group $open, session,
            a_registered_session_is_found_with_all_it_was_given
            sessions_are_listed_newest_first_with_the_revoked_ones
            only_the_owner_renames_a_live_session
            only_the_owner_revokes_a_live_session
            revoking_all_spares_one_and_other_users
            last_seen_never_moves_backwards
            parallel_revocations_revoke_once
        );
        $crate::conformance_tests!(@group $open, login,
            an_open_login_has_no_code_and_ends_with_its_life
            a_right_code_registers_and_ends_the_login
            a_known_address_gets_a_session_of_its_user
            a_new_code_kills_the_old_one
            a_wrong_key_spends_an_attempt_like_a_wrong_code
            the_last_attempt_ends_the_login
            nothing_is_spent_without_a_code
            an_expired_code_registers_nothing
            a_thousand_parallel_guesses_share_the_attempts
            parallel_right_codes_register_one_session
            the_longest_unseen_sessions_make_room
            a_session_id_that_is_taken_changes_nothing
        );
        $crate::conformance_tests!(@group $open, limits,
            a_code_and_its_message_come_together
            too_soon_changes_nothing
            limits_count_over_all_logins_of_an_address
            limits_of_a_day_outlive_the_hour
            logins_of_one_address_ask_at_once_for_one_code
            known_and_unknown_addresses_look_the_same
        );
        $crate::conformance_tests!(@group $open, account,
            a_user_is_found_by_id_and_by_address
            users_are_listed_by_address_page_by_page
            scopes_are_normal_and_seen_by_sessions_at_once
            an_export_holds_everything_and_nothing_of_others
        );
        $crate::conformance_tests!(@group $open, erasure,
            nothing_names_an_erased_user
            an_erased_user_has_no_waiting_messages
            an_erased_user_has_no_login_and_no_limits
            erasing_twice_finds_nobody
            what_arrives_late_does_not_name_the_erased
            a_restored_user_is_erased_again
            the_ledger_is_merged_and_ordered
        );
        $crate::conformance_tests!(@group $open, evidence,
            a_record_is_found_only_by_its_user
            records_are_numbered_without_gaps
            the_same_record_again_gets_the_first_receipt
            another_record_with_the_same_id_is_refused
            parallel_identical_records_are_stored_once
            parallel_records_leave_no_gap
            audit_entries_are_numbered_without_gaps
            the_clock_mark_only_rises
            the_store_answers
        );
        $crate::conformance_tests!(@group $open, idempotency,
            a_key_is_claimed_once
            a_finished_key_gives_its_answer_to_everyone
            a_mismatch_is_told_before_anything_else
            a_lease_that_ended_is_claimed_again
            an_abandoned_key_is_free_and_a_finished_one_is_not
            keys_differ_by_user_and_type
            parallel_claims_have_one_winner
            only_who_claimed_a_key_gives_it_back
        );
        $crate::conformance_tests!(@group $open, retention,
            only_sessions_revoked_before_are_purged
            a_purge_takes_the_oldest_and_stops_at_its_limit
            a_session_that_signed_records_is_not_purged
            no_audit_entry_names_a_purged_session_alone
            only_keys_that_ended_before_are_purged
        );
        $crate::conformance_tests!(@group $open, outbox,
            messages_come_in_the_order_they_were_due
            a_leased_message_is_not_handed_out
            a_sent_message_is_gone
            a_failed_message_waits_and_counts
            a_message_given_up_is_gone
            an_expired_message_is_neither_sent_nor_kept
            numbers_of_messages_are_not_used_again
            parallel_senders_share_the_messages
        );
    };
    (@group $open:expr, $group:ident, $($property:ident)+) => {$(
        #[test]
        fn $property() {
            $crate::conformance::run(async {
                let (store, _keep) = $open.await;
                $crate::conformance::$group::$property(&::std::sync::Arc::new(store)).await
            });
        }
    )+};
}

/// Runs one property on a runtime with real threads, so that parallel calls are parallel.
pub fn run(property: impl Future<Output = Result<()>>) {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(4).enable_all().build();
    let runtime = runtime.expect("a test machine can start threads");
    runtime.block_on(property).expect("a sound store does not fail");
}

/// Starts all calls, each as a task of its own, and waits for all.
async fn in_parallel<T: Send + 'static>(
    calls: impl IntoIterator<Item = impl Future<Output = Result<T>> + Send + 'static>,
) -> Result<Vec<T>> {
    let tasks: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.expect("no call panics")?);
    }
    Ok(results)
}

const LIMITS: LoginLimits = LoginLimits {
    code_life: Duration::from_secs(600),
    attempts: 5,
    resend_after: Duration::from_secs(60),
    per_hour: 3,
    per_day: 10,
};
const RIGHT: CodeMac = CodeMac([1; 32]);
const WRONG: CodeMac = CodeMac([2; 32]);
const KEY: Fingerprint = Fingerprint::from_bytes([3; 32]);
const OTHER_KEY: Fingerprint = Fingerprint::from_bytes([4; 32]);
const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// `START` and some seconds.
const fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn login_id(n: u32) -> LoginId {
    LoginId::from_bytes(id16(0x10, n))
}

fn session_id(n: u32) -> SessionId {
    SessionId::from_bytes(id16(0x20, n))
}

fn user_id(n: u32) -> UserId {
    UserId::from_bytes(id16(0x30, n))
}

fn record_id(n: u32) -> RecordId {
    RecordId::from_bytes(id16(0x40, n))
}

fn id16(kind: u8, n: u32) -> [u8; 16] {
    let mut bytes = [kind; 16];
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    bytes
}

fn new_login(n: u32, address: &str, now: Timestamp) -> NewLogin {
    NewLogin {
        id: login_id(n),
        address: address.to_owned(),
        channel: Channel::Email,
        fingerprint: KEY,
        pow: None,
        limits: LIMITS,
        now,
    }
}

fn message(to: &str, body: &str, expires: Timestamp) -> NewMessage {
    NewMessage {
        channel: Channel::Email,
        user: None,
        to: to.to_owned(),
        subject: "Your code".to_owned(),
        body: body.to_owned(),
        expires,
    }
}

fn new_code(mac: CodeMac, to: &str, now: Timestamp) -> NewCode {
    NewCode { mac, message: message(to, "code", now.plus(LIMITS.code_life)) }
}

/// Session `n` for a user that becomes user `n` if the address is new.
fn new_session(n: u32) -> NewSession {
    NewSession {
        id: session_id(n),
        user_if_new: user_id(n),
        scopes_if_new: vec!["user".to_owned()],
        public_key: [n.to_be_bytes()[3]; 32],
        fingerprint: KEY,
        name: format!("Phone {n}"),
        platform: "android".to_owned(),
        max_per_user: 100,
    }
}

fn new_record(n: u32, user: UserId, digest: u8, received: Timestamp) -> NewRecord {
    NewRecord {
        id: record_id(n),
        user,
        session: session_id(n),
        signer: KEY,
        record_type: "match.result".to_owned(),
        digest: RecordDigest::from_bytes([digest; 32]),
        frame: vec![digest; 100],
        received,
    }
}

/// Limits under which any number of codes may be issued.
const fn unlimited() -> LoginLimits {
    LoginLimits { resend_after: Duration::ZERO, per_hour: u32::MAX, per_day: u32::MAX, ..LIMITS }
}

/// Opens login `n` and issues the right code.
async fn login_with_code(store: &impl Store, n: u32, address: &str, now: Timestamp) -> Result<()> {
    store.open_login(new_login(n, address, now)).await?;
    let code = new_code(RIGHT, address, now);
    issued(store.issue_code(login_id(n), code, unlimited(), now).await?)?;
    Ok(())
}

/// Logs in at an address and registers the session.
async fn register(
    store: &impl Store,
    address: &str,
    session: NewSession,
    now: Timestamp,
) -> Result<Registered> {
    let n = u32::from_be_bytes(session.id.as_bytes()[12..].try_into().expect("four bytes"));
    login_with_code(store, n, address, now).await?;
    let attempt = guess(store, n, RIGHT, session, now).await?;
    let Attempt::Registered(registered) = attempt else {
        return Err(unexpected(format!("the right code was refused: {attempt:?}")));
    };
    Ok(*registered)
}

async fn guess(
    store: &impl Store,
    login: u32,
    mac: CodeMac,
    session: NewSession,
    now: Timestamp,
) -> Result<Attempt> {
    store.claim_login_attempt(login_id(login), AttemptedCode { mac }, session, now).await
}

fn issued(issue: CodeIssue) -> Result<LoginState> {
    match issue {
        CodeIssue::Issued(state) => Ok(state),
        CodeIssue::TooSoon(_) | CodeIssue::NoLogin => {
            Err(unexpected(format!("a code was to be issued, not: {issue:?}")))
        }
    }
}

fn too_soon(issue: CodeIssue) -> Result<LoginState> {
    match issue {
        CodeIssue::TooSoon(state) => Ok(state),
        CodeIssue::Issued(_) | CodeIssue::NoLogin => {
            Err(unexpected(format!("a limit was to stand against it, not: {issue:?}")))
        }
    }
}

fn refused(attempts_left: u32) -> Attempt {
    Attempt::Refused { attempts_left }
}

fn unexpected(what: String) -> StoreError {
    StoreError::Damaged(what)
}

fn shared<S>(store: &Arc<S>, times: u32) -> impl Iterator<Item = (u32, Arc<S>)> + use<S> {
    let store = Arc::clone(store);
    (0..times).map(move |n| (n, Arc::clone(&store)))
}
