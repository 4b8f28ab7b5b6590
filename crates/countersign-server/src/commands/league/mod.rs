//! The league's message types, one file for each family. `docs/league.md`, "Server messages", has their fields.

mod boards;
mod device;
mod disputes;
mod export;
mod factory;
mod games;
mod profile;
mod settle;
mod ticket;
mod tls;
mod view;

pub(super) use export::export;

use super::{Stop, parse};
use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::league::{League, NotReady};
use crate::reply::Reply;
use countersign::ResultCode;
use countersign_store::league::Player;
use std::str::FromStr;
use std::time::Duration;

/// Beginnings of message types that are the league's where there is one; elsewhere they may be forwarded.
const PREFIXES: [&str; 2] = ["league.", "factory."];
/// How soon to ask again while boards are built.
const SOON: Duration = Duration::from_secs(1);

/// The league, if this message type is its own.
pub(super) fn league_for<'a, S>(app: &'a App<S>, message_type: &str) -> Option<&'a League> {
    let is_ours = PREFIXES.iter().any(|prefix| message_type.starts_with(prefix));
    app.league.as_ref().filter(|_| is_ours)
}

/// What a command has at hand.
pub(super) struct Call<'a, S> {
    app: &'a App<S>,
    league: &'a League,
    admitted: &'a Admitted,
}

impl<S> Clone for Call<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Call<'_, S> {}

/// Runs a message type of the league; `None` if there is none of this name.
pub(super) async fn dispatch<S: Backend>(
    app: &App<S>,
    league: &League,
    admitted: &Admitted,
) -> Option<Result<Reply, Stop>> {
    let call = Call { app, league, admitted };
    Some(match admitted.request.header.message_type.as_str() {
        "factory.register" => factory::register(call).await,
        "league.device" => device::certificate(call).await,
        "league.device_verify" => device::verify(call).await,
        "league.ticket" => ticket::issue(call).await,
        "league.settle" => settle::settle(call).await,
        "league.profile" => profile::show(call).await,
        "league.profile_update" => profile::update(call).await,
        "league.rank" => boards::rank(call).await,
        "league.top" => boards::top(call).await,
        "league.search" => boards::search(call).await,
        "league.match" => games::show(call).await,
        "league.history" => games::history(call).await,
        "league.head_to_head" => games::head_to_head(call).await,
        "league.ledger" => games::ledger(call).await,
        "league.dispute" => disputes::open(call).await,
        "league.disputes" => disputes::list(call).await,
        "league.penalties" => disputes::penalties(call).await,
        "league.tls_request" => tls::request(call).await,
        "league.tls_chain" => tls::chain(call),
        _ => return None,
    })
}

impl<S: Backend> Call<'_, S> {
    /// The caller's player, created at first use.
    async fn player(&self) -> Result<Box<Player>, Stop> {
        use crate::league::Enrolled;
        match self.league.enrol(self.app, self.admitted.session.user).await? {
            Enrolled::Player(player) => Ok(player),
            Enrolled::Erased => Err(Reply::error(ResultCode::NOT_FOUND).into()),
            Enrolled::Later => Err(not_ready(NotReady).into()),
        }
    }
}

impl From<NotReady> for Stop {
    fn from(error: NotReady) -> Self {
        not_ready(error).into()
    }
}

fn not_ready(_: NotReady) -> Reply {
    Reply::retry(ResultCode::OVERLOADED, SOON)
}

fn rate_limited(wait: Duration) -> Stop {
    Reply::retry(ResultCode::RATE_LIMITED, wait).into()
}

fn conflict(message: &str) -> Reply {
    Reply::error_with(ResultCode::CONFLICT, &[("message", message.into())])
}

/// An id in hexadecimal digits.
fn id<T: FromStr>(text: &str, name: &str, digits: usize) -> Result<T, Reply> {
    text.parse().map_err(|_| Reply::invalid(&format!("{name} has {digits} hexadecimal digits")))
}
