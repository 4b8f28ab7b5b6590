//! `console.matches`, `console.match`: what was played, with its evidence.

use super::proof::Desk;
use super::{Stop, id, limit, names, not_found};
use crate::app::Backend;
use crate::desk::game::{Story, view, whole};
use crate::reply::Reply;
use countersign::UserId;
use countersign_league::evidence::Settlement;
use countersign_league::{DeviceId, MatchId};
use countersign_store::league::{DisputeId, DisputeQueue, GameFilter};
use serde::Deserialize;
use serde_json::{Value, json};

/// More disputes of one match are not shown.
const DISPUTES_SHOWN: u32 = 100;

pub(super) async fn list<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        queue: Option<String>,
        device: Option<String>,
        user: Option<String>,
        before: Option<u64>,
        limit: Option<u32>,
    }
    let expected = r#"expected {"queue":"frozen","device":"<hex>","user":"<hex>","before":<number>,"limit":<1 to 200>}, each optional; queue is pending, frozen or disputed"#;
    let wish: Wish = desk.payload(expected)?;
    let limit = limit(wish.limit)?;
    let (settlement, disputed) = match wish.queue.as_deref() {
        None => (None, false),
        Some("pending") => (Some(Settlement::Pending), false),
        Some("frozen") => (Some(Settlement::Frozen), false),
        Some("disputed") => (None, true),
        Some(_) => return Err(Reply::invalid(expected).into()),
    };
    let device: Option<DeviceId> = wish.device.map(|it| id(&it, "device")).transpose()?;
    let user: Option<UserId> = wish.user.map(|it| id(&it, "user")).transpose()?;
    let filter = GameFilter { settlement, disputed, device, user, ..GameFilter::ALL };
    let games = desk.store().games_before(filter, wish.before.unwrap_or(u64::MAX), limit).await?;
    let next = games.last().filter(|_| games.len() == limit as usize).map(|last| last.no);
    let games: Vec<Value> = games.iter().map(view).collect();
    Ok(Reply::json(&json!({ "matches": games, "next": next })))
}

pub(super) async fn show<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        r#match: String,
    }
    let wish: Wish = desk.payload(r#"expected {"match":"<hex>"}"#)?;
    let match_id: MatchId = id(&wish.r#match, "match")?;
    let found = desk.store().find_game(match_id).await?.ok_or_else(not_found)?;
    let of_match = DisputeQueue::OfMatch(match_id);
    let disputes = desk.store().disputes(of_match, DisputeId(0), DISPUTES_SHOWN).await?;
    let device = desk.store().find_device(found.game.device).await?;
    let realm = desk.app().sealer.realm();
    let story = match &device {
        Some(device) => Story::read(realm, device, &found),
        None => Err("the device is not known".to_owned()),
    };
    let mut said = whole(&found, &disputes, story.as_ref().ok());
    said["unread"] = story.err().into();
    said["serial"] = device.map(|device| device.pair.serial).into();
    said["names"] = json!(names(desk, found.seats.iter().map(|seat| seat.user).collect()).await?);
    Ok(Reply::json(&said))
}
