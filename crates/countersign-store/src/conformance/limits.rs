//! Properties of issuing codes: limits per address, and the message that carries the code.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// No code without its message, no message without its code.
pub async fn a_code_and_its_message_come_together(store: &Arc<impl Store>) -> Result<()> {
    store.open_login(new_login(1, "ana@example.org", at(0))).await?;
    let code = new_code(RIGHT, "ana@example.org", at(0));
    let content = code.message.clone();
    issued(store.issue_code(login_id(1), code.clone(), LIMITS, at(0)).await?)?;
    too_soon(store.issue_code(login_id(1), code.clone(), LIMITS, at(0)).await?)?;
    assert_eq!(store.issue_code(login_id(2), code, LIMITS, at(0)).await?, CodeIssue::NoLogin);
    let messages = store.claim_messages(10, at(0), MINUTE).await?;
    let messages: Vec<_> = messages.into_iter().map(|message| message.content).collect();
    assert_eq!(messages, [content]);
    Ok(())
}

/// The old code lives on, with the attempts it had.
pub async fn too_soon_changes_nothing(store: &Arc<impl Store>) -> Result<()> {
    let pow = Some(vec![1]);
    store.open_login(NewLogin { pow, ..new_login(1, "ana@example.org", at(0)) }).await?;
    let code = |mac, now| new_code(mac, "ana@example.org", now);
    let none = LoginLimits { per_hour: 0, ..LIMITS };
    let state = too_soon(store.issue_code(login_id(1), code(WRONG, at(0)), none, at(0)).await?)?;
    assert_eq!((state.next_code, state.pow), (None, Some(vec![1])));
    issued(store.issue_code(login_id(1), code(RIGHT, at(0)), LIMITS, at(0)).await?)?;
    assert_eq!(guess(store.as_ref(), 1, WRONG, new_session(1), at(1)).await?, refused(4));
    let early = at(60).minus(Duration::from_millis(1));
    let state = too_soon(store.issue_code(login_id(1), code(WRONG, early), LIMITS, early).await?)?;
    assert_eq!((state.next_code, state.attempts_left), (Some(at(60)), 4));
    assert_eq!(store.find_login(login_id(1), LIMITS, early).await?, Some(state));
    let attempt = guess(store.as_ref(), 1, RIGHT, new_session(1), early).await?;
    assert!(matches!(attempt, Attempt::Registered(_)), "{attempt:?}");
    Ok(())
}

/// Opening another login does not help; another address is not affected; the hour opens to the millisecond.
pub async fn limits_count_over_all_logins_of_an_address(store: &Arc<impl Store>) -> Result<()> {
    let code = |now| new_code(RIGHT, "ana@example.org", now);
    for (n, now) in [(1, at(0)), (2, at(60)), (3, at(120))] {
        let state = store.open_login(new_login(n, "ana@example.org", now)).await?;
        assert_eq!(state.next_code, Some(now), "login {n}");
        issued(store.issue_code(login_id(n), code(now), LIMITS, now).await?)?;
        let again = now.plus(Duration::from_secs(30));
        let state = store.open_login(new_login(n + 10, "ana@example.org", again)).await?;
        let expected = Some(now.plus(MINUTE)).filter(|_| n < 3);
        assert_eq!(state.next_code, expected, "login {}", n + 10);
        too_soon(store.issue_code(login_id(n + 10), code(again), LIMITS, again).await?)?;
    }
    let late = at(3_599);
    store.open_login(new_login(4, "ana@example.org", late)).await?;
    let state = too_soon(store.issue_code(login_id(4), code(late), LIMITS, late).await?)?;
    assert_eq!(state.next_code, Some(at(3_600)));
    store.open_login(new_login(5, "bob@example.org", late)).await?;
    let bob = new_code(RIGHT, "bob@example.org", late);
    issued(store.issue_code(login_id(5), bob, LIMITS, late).await?)?;
    issued(store.issue_code(login_id(4), code(at(3_600)), LIMITS, at(3_600)).await?)?;
    Ok(())
}

/// Ten in a day, and the eleventh a day after the first, whatever was purged meanwhile.
pub async fn limits_of_a_day_outlive_the_hour(store: &Arc<impl Store>) -> Result<()> {
    let day = 24 * 60 * 60;
    let code = |now| new_code(RIGHT, "ana@example.org", now);
    for n in 0..10 {
        let now = at(u64::from(n) * 7_200);
        store.open_login(new_login(n, "ana@example.org", now)).await?;
        issued(store.issue_code(login_id(n), code(now), LIMITS, now).await?)?;
    }
    for (n, now, next) in [(20, at(20 * 3_600), None), (21, at(day - 1), Some(at(day)))] {
        let state = store.open_login(new_login(n, "ana@example.org", now)).await?;
        assert_eq!(state.next_code, next);
        let state = too_soon(store.issue_code(login_id(n), code(now), LIMITS, now).await?)?;
        assert_eq!(state.next_code, next);
    }
    issued(store.issue_code(login_id(21), code(at(day)), LIMITS, at(day)).await?)?;
    let state = store.open_login(new_login(22, "ana@example.org", at(day + 61))).await?;
    assert_eq!(state.next_code, None);
    Ok(())
}

/// Checked and counted in one step.
pub async fn logins_of_one_address_ask_at_once_for_one_code(store: &Arc<impl Store>) -> Result<()> {
    for n in 0..64 {
        store.open_login(new_login(n, "ana@example.org", at(0))).await?;
    }
    let calls = shared(store, 64).map(|(n, store)| async move {
        let code = new_code(RIGHT, "ana@example.org", at(1));
        store.issue_code(login_id(n), code, LIMITS, at(1)).await
    });
    let issues = in_parallel(calls).await?;
    assert_eq!(issues.iter().filter(|issue| matches!(issue, CodeIssue::Issued(_))).count(), 1);
    assert_eq!(store.claim_messages(100, at(1), MINUTE).await?.len(), 1);
    Ok(())
}

/// Neither the state nor the answers differ in anything but the address.
pub async fn known_and_unknown_addresses_look_the_same(store: &Arc<impl Store>) -> Result<()> {
    register(store.as_ref(), "known@example.org", new_session(1), at(0)).await?;
    let later = at(100_000);
    let mut seen = Vec::new();
    for (n, address) in [(2, "known@example.org"), (3, "other@example.org")] {
        let opened = store.open_login(new_login(n, address, later)).await?;
        let code = new_code(RIGHT, address, later);
        let issued = issued(store.issue_code(login_id(n), code, LIMITS, later).await?)?;
        let attempt = guess(store.as_ref(), n, WRONG, new_session(n), later).await?;
        let plain =
            |state: LoginState| LoginState { id: login_id(0), address: String::new(), ..state };
        seen.push((plain(opened), plain(issued), attempt));
    }
    assert_eq!(seen.first(), seen.last());
    Ok(())
}
