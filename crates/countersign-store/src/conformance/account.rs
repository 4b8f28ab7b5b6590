//! Properties of accounts.

use super::*;
use crate::{AccountExport, AuditEntry, AuditEvent, User};

/// And nobody else.
pub async fn a_user_is_found_by_id_and_by_address(store: &Arc<impl Store>) -> Result<()> {
    let scopes_if_new = ["b", "a", "b"].map(str::to_owned).to_vec();
    let session = NewSession { scopes_if_new, ..new_session(1) };
    register(store.as_ref(), "ana@example.org", session, at(3)).await?;
    register(store.as_ref(), "+4915112345678", new_session(2), at(4)).await?;
    let ana = User {
        id: user_id(1),
        address: "ana@example.org".to_owned(),
        created: at(3),
        scopes: ["a", "b"].map(str::to_owned).to_vec(),
    };
    assert_eq!(store.find_user(user_id(1)).await?.as_ref(), Some(&ana));
    let found = store.find_user_by_address("ana@example.org".to_owned()).await?;
    assert_eq!(found, Some(ana));
    assert_eq!(store.find_user(user_id(9)).await?, None);
    // Addresses are normalised by the caller; the store compares bytes.
    assert_eq!(store.find_user_by_address("Ana@example.org".to_owned()).await?, None);
    Ok(())
}

/// In the order of bytes, so that pages fit together; whoever was erased is on none.
pub async fn users_are_listed_by_address_page_by_page(store: &Arc<impl Store>) -> Result<()> {
    let ordered = ["+33612345678", "Zoe@example.org", "ana@example.org", "bob@example.org", "é@x"];
    for (n, place) in [(1, 2), (2, 0), (3, 4), (4, 3), (5, 1)] {
        register(store.as_ref(), ordered[place], new_session(n), at(n.into())).await?;
    }
    register(store.as_ref(), ordered[0], new_session(6), at(6)).await?;
    for (after, limit, expected) in [
        ("", 10, &ordered[..]),
        ("", 2, &ordered[..2]),
        ("Zoe@example.org", 2, &ordered[2..4]),
        ("b", 10, &ordered[3..]),
        ("é@x", 10, &[]),
        ("", 0, &[]),
    ] {
        let users = store.users_after(after.to_owned(), limit).await?;
        let found: Vec<_> = users.iter().map(|user| user.address.as_str()).collect();
        assert_eq!(found, expected, "after {after}");
    }
    let first = store.users_after(String::new(), 1).await?;
    assert_eq!(first.first(), store.find_user(user_id(2)).await?.as_ref());
    store.erase_account(user_id(2), at(9)).await?;
    assert_eq!(store.users_after(String::new(), 10).await?.len(), 4);
    Ok(())
}

/// Sorted, without duplicates, of one user only.
pub async fn scopes_are_normal_and_seen_by_sessions_at_once(store: &Arc<impl Store>) -> Result<()> {
    register(store.as_ref(), "ana@example.org", new_session(1), at(0)).await?;
    register(store.as_ref(), "bob@example.org", new_session(2), at(0)).await?;
    let odd = ["z", "a", "with \"quotes\"\n", "z", "ü"].map(str::to_owned).to_vec();
    assert!(store.set_scopes(user_id(1), odd).await?);
    assert!(!store.set_scopes(user_id(9), vec!["user".to_owned()]).await?);
    let expected = ["a", "with \"quotes\"\n", "z", "ü"];
    let session = store.find_session(session_id(1)).await?;
    assert_eq!(session.map(|session| session.scopes), Some(expected.map(str::to_owned).to_vec()));
    let list = store.list_sessions(user_id(1)).await?;
    assert!(list.iter().all(|session| session.scopes == expected));
    let bob = store.find_user(user_id(2)).await?;
    assert_eq!(bob.map(|bob| bob.scopes), Some(vec!["user".to_owned()]));
    assert!(store.set_scopes(user_id(1), Vec::new()).await?);
    let ana = store.find_user(user_id(1)).await?;
    assert_eq!(ana.map(|ana| ana.scopes), Some(Vec::new()));
    Ok(())
}

/// Account, sessions, records and audit entries.
pub async fn an_export_holds_everything_and_nothing_of_others(
    store: &Arc<impl Store>,
) -> Result<()> {
    for (n, address) in [(1, "ana@example.org"), (2, "bob@example.org"), (3, "ana@example.org")] {
        register(store.as_ref(), address, new_session(n), at(u64::from(n))).await?;
    }
    store.revoke_session(user_id(1), session_id(1), at(9)).await?;
    for n in 1..=4 {
        let user = user_id(2 - n % 2);
        store.append_record(new_record(n, user, 1, at(10))).await?;
        let action = format!("action.{n}");
        let (user, session) = (Some(user), Some(session_id(n)));
        let detail = "{}".to_owned();
        store.append_audit(AuditEvent { at: at(11), action, user, session, detail }).await?;
    }
    let Some(export) = store.export_account(user_id(1)).await? else {
        return Err(unexpected("no export".to_owned()));
    };
    let AccountExport { user, sessions, records, audit } = export;
    assert_eq!(Some(user), store.find_user(user_id(1)).await?);
    assert_eq!(sessions, store.list_sessions(user_id(1)).await?);
    assert_eq!(sessions.len(), 2);
    let all = store.records_after(0, 100).await?;
    let own: Vec<_> = all.into_iter().filter(|record| record.user == Some(user_id(1))).collect();
    assert_eq!((records.len(), &records), (2, &own));
    let seqs: Vec<_> = audit.iter().map(|entry: &AuditEntry| entry.seq).collect();
    assert_eq!(seqs, [1, 3]);
    assert_eq!(store.export_account(user_id(9)).await?, None);
    Ok(())
}
