//! Accounts.

use countersign_store::User;
use serde_json::{Value, json};

/// An account as programs read it.
pub fn view(user: &User) -> Value {
    let User { id, address, created, scopes } = user;
    json!({
        "user": id.to_string(),
        "address": address,
        "created_ms": created.as_millis(),
        "scopes": scopes,
    })
}
