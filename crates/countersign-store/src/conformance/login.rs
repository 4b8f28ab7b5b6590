//! Properties of logins: codes, keys, attempts.

use super::*;
use crate::SessionStatus;

/// Life, attempts and proof of work as they should be at each step.
pub async fn an_open_login_has_no_code_and_ends_with_its_life(
    store: &Arc<impl Store>,
) -> Result<()> {
    let pow = Some(vec![7; 16]);
    let open = NewLogin { pow: pow.clone(), ..new_login(1, "ana@example.org", at(0)) };
    let state = store.open_login(open).await?;
    let expected = LoginState {
        id: login_id(1),
        address: "ana@example.org".to_owned(),
        channel: Channel::Email,
        fingerprint: KEY,
        pow,
        next_code: Some(at(0)),
        attempts_left: 0,
        expires: at(600),
    };
    assert_eq!(state, expected);
    assert_eq!(store.find_login(login_id(1), LIMITS, at(0)).await?, Some(expected.clone()));
    assert_eq!(store.find_login(login_id(2), LIMITS, at(0)).await?, None);
    assert_eq!(store.find_login(login_id(1), LIMITS, at(600)).await?, None);

    let code = new_code(RIGHT, "ana@example.org", at(599));
    let state = issued(store.issue_code(login_id(1), code, LIMITS, at(599)).await?)?;
    let expected = LoginState {
        pow: None,
        next_code: Some(at(659)),
        attempts_left: 5,
        expires: at(1199),
        ..expected
    };
    assert_eq!(state, expected);
    let code = || new_code(RIGHT, "ana@example.org", at(1199));
    assert_eq!(
        store.find_login(login_id(1), LIMITS, at(1198)).await?.map(|s| s.expires),
        Some(at(1199))
    );
    assert_eq!(store.find_login(login_id(1), LIMITS, at(1199)).await?, None);
    for gone in [1, 2] {
        let issue = store.issue_code(login_id(gone), code(), LIMITS, at(1199)).await?;
        assert_eq!(issue, CodeIssue::NoLogin);
    }
    Ok(())
}

/// The user is created with the first session; the code works once.
pub async fn a_right_code_registers_and_ends_the_login(store: &Arc<impl Store>) -> Result<()> {
    login_with_code(store.as_ref(), 1, "ana@example.org", at(0)).await?;
    let attempt = guess(store.as_ref(), 1, RIGHT, new_session(1), at(9)).await?;
    let Attempt::Registered(registered) = attempt else {
        return Err(unexpected(format!("{attempt:?}")));
    };
    assert!(registered.new_user && registered.displaced.is_empty());
    assert_eq!(registered.address, "ana@example.org");
    assert_eq!(registered.session.user, user_id(1));
    assert_eq!(store.find_session(session_id(1)).await?, Some(registered.session));
    assert_eq!(store.find_login(login_id(1), LIMITS, at(9)).await?, None);
    assert_eq!(guess(store.as_ref(), 1, RIGHT, new_session(2), at(9)).await?, refused(0));
    assert_eq!(store.find_session(session_id(2)).await?, None);
    Ok(())
}

/// The ids and scopes for a new user are not used.
pub async fn a_known_address_gets_a_session_of_its_user(store: &Arc<impl Store>) -> Result<()> {
    register(store.as_ref(), "ana@example.org", new_session(1), at(0)).await?;
    let second = NewSession { scopes_if_new: vec!["admin".to_owned()], ..new_session(2) };
    let registered = register(store.as_ref(), "ana@example.org", second, at(1)).await?;
    assert!(!registered.new_user);
    assert_eq!(registered.session.user, user_id(1));
    assert_eq!(registered.session.scopes, ["user"]);
    assert_eq!(store.find_user(user_id(2)).await?, None);
    Ok(())
}

/// And resets the attempts.
pub async fn a_new_code_kills_the_old_one(store: &Arc<impl Store>) -> Result<()> {
    let new = CodeMac([9; 32]);
    login_with_code(store.as_ref(), 1, "ana@example.org", at(0)).await?;
    assert_eq!(guess(store.as_ref(), 1, WRONG, new_session(1), at(1)).await?, refused(4));
    let code = new_code(new, "ana@example.org", at(60));
    let state = issued(store.issue_code(login_id(1), code, LIMITS, at(60)).await?)?;
    assert_eq!((state.attempts_left, state.expires), (5, at(660)));
    assert_eq!(guess(store.as_ref(), 1, RIGHT, new_session(1), at(61)).await?, refused(4));
    let attempt = guess(store.as_ref(), 1, new, new_session(1), at(61)).await?;
    assert!(matches!(attempt, Attempt::Registered(_)), "{attempt:?}");
    Ok(())
}

/// The answer is the same, so that a thief of a code learns nothing from it.
pub async fn a_wrong_key_spends_an_attempt_like_a_wrong_code(
    store: &Arc<impl Store>,
) -> Result<()> {
    login_with_code(store.as_ref(), 1, "ana@example.org", at(0)).await?;
    let foreign = || NewSession { fingerprint: OTHER_KEY, ..new_session(1) };
    assert_eq!(guess(store.as_ref(), 1, RIGHT, foreign(), at(1)).await?, refused(4));
    assert_eq!(guess(store.as_ref(), 1, WRONG, foreign(), at(1)).await?, refused(3));
    assert_eq!(guess(store.as_ref(), 1, WRONG, new_session(1), at(1)).await?, refused(2));
    assert_eq!(
        store.find_login(login_id(1), LIMITS, at(1)).await?.map(|s| s.attempts_left),
        Some(2)
    );
    let attempt = guess(store.as_ref(), 1, RIGHT, new_session(1), at(1)).await?;
    assert!(matches!(attempt, Attempt::Registered(_)), "{attempt:?}");
    Ok(())
}

/// Dead for the right code, for new codes and for whoever asks.
pub async fn the_last_attempt_ends_the_login(store: &Arc<impl Store>) -> Result<()> {
    login_with_code(store.as_ref(), 1, "ana@example.org", at(0)).await?;
    for left in (0..5).rev() {
        assert_eq!(guess(store.as_ref(), 1, WRONG, new_session(1), at(1)).await?, refused(left));
    }
    assert_eq!(guess(store.as_ref(), 1, RIGHT, new_session(1), at(1)).await?, refused(0));
    assert_eq!(store.find_login(login_id(1), LIMITS, at(1)).await?, None);
    let code = new_code(RIGHT, "ana@example.org", at(60));
    assert_eq!(store.issue_code(login_id(1), code, LIMITS, at(60)).await?, CodeIssue::NoLogin);
    assert_eq!(store.find_user_by_address("ana@example.org".to_owned()).await?, None);
    // The login is dead, the address is not.
    register(store.as_ref(), "ana@example.org", new_session(2), at(60)).await?;
    Ok(())
}

/// No code was issued, or there is no such login.
pub async fn nothing_is_spent_without_a_code(store: &Arc<impl Store>) -> Result<()> {
    store.open_login(new_login(1, "ana@example.org", at(0))).await?;
    for login in [1, 2] {
        for mac in [RIGHT, CodeMac([0; 32])] {
            assert_eq!(guess(store.as_ref(), login, mac, new_session(1), at(1)).await?, refused(0));
        }
    }
    assert!(store.find_login(login_id(1), LIMITS, at(1)).await?.is_some());
    Ok(())
}

/// To the millisecond.
pub async fn an_expired_code_registers_nothing(store: &Arc<impl Store>) -> Result<()> {
    login_with_code(store.as_ref(), 1, "ana@example.org", at(0)).await?;
    login_with_code(store.as_ref(), 2, "bob@example.org", at(0)).await?;
    assert_eq!(guess(store.as_ref(), 1, RIGHT, new_session(1), at(600)).await?, refused(0));
    assert_eq!(store.find_session(session_id(1)).await?, None);
    let last_moment = at(600).minus(Duration::from_millis(1));
    let attempt = guess(store.as_ref(), 2, RIGHT, new_session(2), last_moment).await?;
    assert!(matches!(attempt, Attempt::Registered(_)), "{attempt:?}");
    Ok(())
}

/// Five are counted down, 995 learn nothing, and the right code comes too late.
pub async fn a_thousand_parallel_guesses_share_the_attempts(store: &Arc<impl Store>) -> Result<()> {
    login_with_code(store.as_ref(), 1, "ana@example.org", at(0)).await?;
    let calls = shared(store, 1_000).map(|(n, store)| async move {
        guess(store.as_ref(), 1, WRONG, new_session(n), at(1)).await
    });
    let mut left: Vec<_> = in_parallel(calls).await?.into_iter().map(attempts_left).collect();
    left.sort_unstable();
    let told = left.split_off(1_000 - 4);
    assert_eq!(told, [Some(1), Some(2), Some(3), Some(4)]);
    assert!(left.iter().all(|&left| left == Some(0)));
    assert_eq!(guess(store.as_ref(), 1, RIGHT, new_session(1), at(1)).await?, refused(0));
    assert_eq!(store.find_user_by_address("ana@example.org".to_owned()).await?, None);
    Ok(())
}

/// One winner; the others are refused and leave no session behind.
pub async fn parallel_right_codes_register_one_session(store: &Arc<impl Store>) -> Result<()> {
    login_with_code(store.as_ref(), 1, "ana@example.org", at(0)).await?;
    let calls = shared(store, 64).map(|(n, store)| async move {
        guess(store.as_ref(), 1, RIGHT, new_session(n), at(1)).await
    });
    let attempts = in_parallel(calls).await?;
    assert_eq!(attempts.into_iter().filter(|a| matches!(a, Attempt::Registered(_))).count(), 1);
    let user = store.find_user_by_address("ana@example.org".to_owned()).await?;
    let user = user.ok_or_else(|| unexpected("no user".to_owned()))?;
    assert_eq!(store.list_sessions(user.id).await?.len(), 1);
    Ok(())
}

/// Longest unseen first, whatever the order of registration; revoked ones do not count.
pub async fn the_longest_unseen_sessions_make_room(store: &Arc<impl Store>) -> Result<()> {
    for n in 1..=4 {
        register(store.as_ref(), "ana@example.org", new_session(n), at(u64::from(n))).await?;
    }
    store.touch_sessions(vec![(session_id(1), at(50))]).await?;
    store.revoke_session(user_id(1), session_id(4), at(60)).await?;
    let at_most = |n, max_per_user| NewSession { max_per_user, ..new_session(n) };
    let fifth = register(store.as_ref(), "ana@example.org", at_most(5, 4), at(70)).await?;
    assert_eq!(fifth.displaced, []);
    let sixth = register(store.as_ref(), "ana@example.org", at_most(6, 3), at(80)).await?;
    assert_eq!(sixth.displaced, [session_id(2), session_id(3)]);
    for (n, expected) in [
        (1, SessionStatus::Live),
        (2, SessionStatus::Revoked(at(80))),
        (3, SessionStatus::Revoked(at(80))),
        (4, SessionStatus::Revoked(at(60))),
        (6, SessionStatus::Live),
    ] {
        let session = store.find_session(session_id(n)).await?;
        assert_eq!(session.map(|session| session.status), Some(expected), "session {n}");
    }
    // Whatever the limit says, the new session is there.
    let seventh = register(store.as_ref(), "ana@example.org", at_most(7, 0), at(90)).await?;
    assert_eq!(seventh.displaced, [session_id(1), session_id(5), session_id(6)]);
    assert_eq!(seventh.session.status, SessionStatus::Live);
    Ok(())
}

/// An error is not an attempt: the login, the users and the sessions are as before.
pub async fn a_session_id_that_is_taken_changes_nothing(store: &Arc<impl Store>) -> Result<()> {
    let before = register(store.as_ref(), "ana@example.org", new_session(1), at(0)).await?;
    login_with_code(store.as_ref(), 2, "bob@example.org", at(1)).await?;
    let taken = NewSession { id: session_id(1), ..new_session(2) };
    assert!(guess(store.as_ref(), 2, RIGHT, taken, at(2)).await.is_err());
    assert_eq!(store.find_session(session_id(1)).await?, Some(before.session));
    assert_eq!(store.find_user_by_address("bob@example.org".to_owned()).await?, None);
    let login = store.find_login(login_id(2), LIMITS, at(2)).await?;
    assert_eq!(login.map(|login| login.attempts_left), Some(5));
    assert!(store.open_login(new_login(2, "eve@example.org", at(2))).await.is_err());
    let attempt = guess(store.as_ref(), 2, RIGHT, new_session(2), at(2)).await?;
    assert!(matches!(attempt, Attempt::Registered(_)), "{attempt:?}");
    Ok(())
}

fn attempts_left(attempt: Attempt) -> Option<u32> {
    match attempt {
        Attempt::Refused { attempts_left } => Some(attempts_left),
        Attempt::Registered(_) => None,
    }
}
