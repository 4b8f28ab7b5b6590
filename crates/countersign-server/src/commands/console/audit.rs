//! `console.audit`: who did what.

use super::proof::Desk;
use super::{Stop, limit};
use crate::app::Backend;
use crate::desk::audit::view;
use crate::reply::Reply;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) async fn list<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        before: Option<u64>,
        limit: Option<u32>,
    }
    let expected = r#"expected {"before":<number>,"limit":<1 to 200>}, each optional"#;
    let Wish { before, limit: wanted } = desk.payload(expected)?;
    let limit = limit(wanted)?;
    let entries = desk.store().audit_before(before.unwrap_or(u64::MAX), limit).await?;
    let next = entries.last().map(|last| last.seq).filter(|seq| *seq > 1);
    let entries: Vec<Value> = entries.iter().map(view).collect();
    Ok(Reply::json(&json!({ "entries": entries, "next": next })))
}
