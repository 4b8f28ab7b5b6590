//! `console.users`, `console.user`, `console.sessions_revoke`: accounts and where they are logged in.
//!
//! Roles are given and taken by `countersign user` alone: nobody who takes over a console makes another operator.

use super::proof::Desk;
use super::{Stop, id, limit, not_found};
use crate::app::Backend;
use crate::commands::session;
use crate::desk::account::view;
use crate::reply::Reply;
use countersign::{SessionId, UserId};
use countersign_identity::address::Address;
use countersign_store::User;
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest text that is looked for, in bytes: no address is longer.
const FIND_MAX: usize = 254;

pub(super) async fn list<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        find: Option<String>,
        after: Option<String>,
        limit: Option<u32>,
    }
    let expected = r#"expected {"after":"<address>","limit":<1 to 200>}, each optional, or {"find":"<address, id or name of a player>"}"#;
    let wish: Wish = desk.payload(expected)?;
    let limit = limit(wish.limit)?;
    let too_long = |text: &Option<String>| text.as_ref().is_some_and(|it| it.len() > FIND_MAX);
    if too_long(&wish.find) || too_long(&wish.after) {
        return Err(Reply::invalid(expected).into());
    }
    if let Some(given) = wish.find {
        let found = find(desk, &given).await?;
        let users: Vec<Value> = found.iter().map(view).collect();
        return Ok(Reply::json(&json!({ "users": users, "next": null })));
    }
    let users = desk.store().users_after(wish.after.unwrap_or_default(), limit).await?;
    let last = users.last().filter(|_| users.len() == limit as usize);
    let next = last.map(|last| last.address.clone());
    let users: Vec<Value> = users.iter().map(view).collect();
    Ok(Reply::json(&json!({ "users": users, "next": next })))
}

/// By id, by address, or by the display name of a player.
async fn find<S: Backend>(desk: &Desk<'_, S>, given: &str) -> Result<Option<User>, Stop> {
    let (store, given) = (desk.store(), given.trim());
    if let Ok(id) = given.parse::<UserId>() {
        return Ok(store.find_user(id).await?);
    }
    if let Ok(address) = Address::parse(given, None) {
        return Ok(store.find_user_by_address(address.as_str().to_owned()).await?);
    }
    let Ok(name) = countersign_ranks::Name::parse(given) else { return Ok(None) };
    for skeleton in [name.letters(), name.shape()] {
        let player = store.find_player_by_name(skeleton.as_str().to_owned()).await?;
        if let Some(player) = player {
            return Ok(store.find_user(player.user).await?);
        }
    }
    Ok(None)
}

pub(super) async fn show<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        user: String,
    }
    let Wish { user } = desk.payload(r#"expected {"user":"<hex>"}"#)?;
    let user = desk.store().find_user(id(&user, "user")?).await?.ok_or_else(not_found)?;
    let sessions = desk.store().list_sessions(user.id).await?;
    let (_, current) = desk.me();
    let player = desk.store().find_player(user.id).await?;
    let mut said = view(&user);
    said["sessions"] = sessions.iter().map(|it| session::view(it, current)).collect();
    said["player"] = player.map(|player| player.name).into();
    Ok(Reply::json(&said))
}

pub(super) async fn revoke<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        user: String,
        session: Option<String>,
        reason: String,
    }
    let expected = r#"expected {"user":"<hex>","session":"<hex>","reason":"<text>"}; without session: all of them"#;
    let Wish { user, session, reason } = desk.payload(expected)?;
    let user: UserId = id(&user, "user")?;
    let one: Option<SessionId> = session.map(|it| id(&it, "session")).transpose()?;
    let detail = json!({ "of": user.to_string(), "session": one.map(String::from) });
    let (app, _) = desk.act(&reason, detail).await?.into_parts();
    let ended = match one {
        Some(one) if app.store.revoke_session(user, one, app.now()).await? => vec![one],
        Some(_) => return Err(not_found()),
        None => app.store.revoke_sessions(user, None, app.now()).await?,
    };
    app.sessions_ended(&ended, "revoked");
    Ok(Reply::json(&json!({ "revoked": ended.len() })))
}
