//! Message types of the console, one file for each family. `docs/PROTOCOL.md` section 14 has their fields.

mod account;
mod audit;
mod carry;
mod device;
mod dispute;
mod event;
mod game;
mod health;
mod outcome;
mod proof;
mod set_up;

pub(crate) use proof::{OPERATOR, ORGANISER};

use super::Stop;
use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::reply::Reply;
use countersign::ResultCode;
use countersign_store::StoreError;
use proof::{Desk, Organiser};
use std::collections::BTreeMap;

/// The beginning of the console's message types.
const PREFIX: &str = "console.";
/// Rows of a page unless the caller says otherwise, and at most.
const PAGE: u32 = 50;
const PAGE_MAX: u32 = 200;

/// Runs a message type of the console; `None` if it is none. Whoever has not got the role learns nothing, not even which types there are.
pub(super) async fn dispatch<S: Backend>(
    app: &App<S>,
    admitted: &Admitted,
) -> Option<Result<Reply, Stop>> {
    let name = admitted.request.header.message_type.as_str().strip_prefix(PREFIX)?;
    let outcome = match name {
        "hello" | "events" | "event" => of_organisers(app, admitted, name).await,
        _ if name.starts_with("event_") => of_organisers(app, admitted, name).await,
        _ => of_operators(app, admitted, name).await,
    };
    Some(outcome)
}

async fn of_organisers<S: Backend>(
    app: &App<S>,
    admitted: &Admitted,
    name: &str,
) -> Result<Reply, Stop> {
    let desk = Desk::<S, Organiser>::open(app, admitted).await?;
    match name {
        "hello" => health::hello(&desk).await,
        "events" => event::list(&desk).await,
        "event" => event::show(&desk).await,
        "event_check" => set_up::check(&desk).await,
        "event_put" => set_up::put(&desk).await,
        "event_assign" => set_up::assign(&desk).await,
        "event_publish" => set_up::publish(&desk).await,
        "event_replace" => set_up::replace(&desk).await,
        "event_sheets" => carry::cards(&desk).await,
        "event_package" => carry::package(&desk).await,
        "event_count" => outcome::count(&desk).await,
        "event_results" => outcome::publish(&desk).await,
        _ => Ok(Reply::error(ResultCode::UNKNOWN_TYPE)),
    }
}

async fn of_operators<S: Backend>(
    app: &App<S>,
    admitted: &Admitted,
    name: &str,
) -> Result<Reply, Stop> {
    let desk = Desk::open(app, admitted).await?;
    match name {
        "health" => health::health(&desk).await,
        "keys" => Ok(health::keys(&desk)),
        "devices" => device::list(&desk).await,
        "device" => device::show(&desk).await,
        "device_set" => device::set(&desk).await,
        "matches" => game::list(&desk).await,
        "match" => game::show(&desk).await,
        "disputes" => dispute::list(&desk).await,
        "rule" => dispute::rule(&desk).await,
        "users" => account::list(&desk).await,
        "user" => account::show(&desk).await,
        "sessions_revoke" => account::revoke(&desk).await,
        "audit" => audit::list(&desk).await,
        _ => Ok(Reply::error(ResultCode::UNKNOWN_TYPE)),
    }
}

/// How many rows a wish is for.
fn limit(wanted: Option<u32>) -> Result<u32, Reply> {
    match wanted.unwrap_or(PAGE) {
        wanted @ 1..=PAGE_MAX => Ok(wanted),
        _ => Err(Reply::invalid("limit is 1 to 200")),
    }
}

/// An id in hexadecimal digits.
fn id<T: core::str::FromStr>(text: &str, name: &str) -> Result<T, Reply> {
    text.parse().map_err(|_| Reply::invalid(&format!("{name} has 32 hexadecimal digits")))
}

fn not_found() -> Stop {
    Reply::error(ResultCode::NOT_FOUND).into()
}

fn conflict(message: &str) -> Reply {
    Reply::error_with(ResultCode::CONFLICT, &[("message", message.into())])
}

/// Names of players by id; an erased one has none.
async fn names<S: Backend>(
    desk: &Desk<'_, S>,
    users: Vec<countersign::UserId>,
) -> Result<BTreeMap<String, String>, StoreError> {
    let players = desk.store().find_players(users).await?;
    Ok(players.into_iter().map(|player| (player.user.to_string(), player.name)).collect())
}
