//! `judge`: at an event, without a screen.

mod bundle;
mod enrol;
mod key;
mod list;
mod places;
mod run;
mod vote;

use super::connection::ProfileArgs;
use super::failure::{Exit, Failure};
use clap::{Args, Subcommand};
use countersign::offset::Reading;
use countersign::{Keyset, Timestamp};
use countersign_client::{Clock, HeadlessJudge, JudgeError, JudgeLink, JudgeParts, SystemClock};
#[cfg(feature = "ble")]
use countersign_node::link::ble::{Ble, Controller, Role};
use countersign_node::link::udp::Multicast;
use countersign_node::link::ws;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// What a judge does.
#[derive(Debug, Subcommand)]
pub(crate) enum JudgeCommand {
    Enrol(enrol::Enrol),
    Bundle(bundle::Fetch),
    Key(key::Key),
    Run(run::Run),
    Vote(vote::Votes),
    List(list::List),
}

/// Ways into the mesh, and where the bundle comes from on the day.
#[derive(Debug, Clone, Args)]
pub(super) struct DayArgs {
    /// The hub's page, for a newer bundle and, unless other links are named, its WebSocket
    #[arg(long, value_name = "URL", help_heading = "The day")]
    hub: Option<http::Uri>,
    /// A WebSocket of the hub or of a relay; may be given several times
    #[arg(long, value_name = "URL", help_heading = "The day")]
    ws: Vec<ws::Client>,
    /// A neighbour's UDP address; may be given several times
    #[arg(long, value_name = "ADDR", help_heading = "The day")]
    peer: Vec<SocketAddr>,
    /// Own UDP address for neighbours
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:0", help_heading = "The day")]
    udp: SocketAddr,
    /// Multicast group of the venue's network
    #[arg(long, value_name = "GROUP:PORT", help_heading = "The day")]
    multicast: Option<SocketAddr>,
    /// IPv4 address of the interface for multicast
    #[arg(long, value_name = "ADDR", requires = "multicast", help_heading = "The day")]
    interface: Option<Ipv4Addr>,
    /// A Bluetooth controller: hci0, or tcp:127.0.0.1:47811 for a virtual one
    #[cfg(feature = "ble")]
    #[arg(long, value_name = "CONTROLLER", requires = "ble_uuid", help_heading = "The day")]
    ble: Option<Controller>,
    /// BLE_UUID of the event's code
    #[cfg(feature = "ble")]
    #[arg(long, value_name = "UUID", help_heading = "The day")]
    ble_uuid: Option<countersign_mesh::BleUuid>,
    /// Pretend that this device's clock is wrong by so many seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        allow_negative_numbers = true,
        hide = true
    )]
    clock_error: i64,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl DayArgs {
    /// No way into the mesh: for looking at what is kept.
    const fn offline(profile: ProfileArgs) -> Self {
        Self {
            hub: None,
            ws: Vec::new(),
            peer: Vec::new(),
            udp: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
            multicast: None,
            interface: None,
            #[cfg(feature = "ble")]
            ble: None,
            #[cfg(feature = "ble")]
            ble_uuid: None,
            clock_error: 0,
            profile,
        }
    }
}

impl JudgeCommand {
    pub(super) fn profile(&self) -> &ProfileArgs {
        match self {
            Self::Enrol(command) => &command.profile,
            Self::Bundle(command) => &command.profile,
            Self::Key(command) => &command.profile,
            Self::Run(command) => &command.day.profile,
            Self::Vote(command) => &command.day.profile,
            Self::List(command) => &command.profile,
        }
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Enrol(command) => command.run().await,
            Self::Bundle(command) => command.run().await,
            Self::Key(command) => command.run(),
            Self::Run(command) => command.run().await,
            Self::Vote(command) => command.run().await,
            Self::List(command) => command.run().await,
        }
    }
}

/// A clock that is wrong on purpose.
#[derive(Debug)]
struct WrongClock {
    clock: SystemClock,
    error_s: i64,
}

impl Clock for WrongClock {
    fn read(&self) -> Reading {
        let Reading { wall, monotonic } = self.clock.read();
        let error = self.error_s.saturating_mul(1_000);
        let wall = Timestamp::from_millis(wall.as_millis().saturating_add_signed(error));
        Reading { wall, monotonic }
    }
}

/// The judge's program of this profile. No internet is needed for it, only what the profile learned while there was some.
pub(super) async fn open(day: &DayArgs) -> Result<HeadlessJudge, Failure> {
    let profile = day.profile.open()?;
    let state = profile.load()?;
    let key = key::of(&profile)?;
    let (realm, keyset) = trusted(&state)?;
    let judge = HeadlessJudge::open(JudgeParts {
        realm,
        keyset,
        key,
        folder: profile.folder().join("judging"),
        server: server(&day.profile),
        hub: day.hub.clone(),
        links: links(day)?,
        clock: Box::new(WrongClock { clock: SystemClock::start(), error_s: day.clock_error }),
    });
    Ok(judge.await?)
}

fn links(day: &DayArgs) -> Result<Vec<JudgeLink>, Failure> {
    let mut links: Vec<_> = day.ws.iter().cloned().map(JudgeLink::WebSocket).collect();
    if !day.peer.is_empty() {
        links.push(JudgeLink::Peers { local: day.udp, peers: day.peer.clone() });
    }
    if let Some(group) = day.multicast {
        links.push(JudgeLink::Multicast(Multicast { group, interface: day.interface }));
    }
    #[cfg(feature = "ble")]
    if let (Some(controller), Some(service)) = (day.ble, day.ble_uuid) {
        links.push(JudgeLink::Ble(Ble { controller, role: Role::Central, service }));
    }
    if let (true, Some(hub)) = (links.is_empty(), &day.hub) {
        let authority = hub.authority().map(ToString::to_string).unwrap_or_default();
        let url = format!("ws://{authority}/ws");
        let client = url.parse().map_err(|e: ws::UrlError| Failure::usage(e.to_string()))?;
        links.push(JudgeLink::WebSocket(client));
    }
    Ok(links)
}

impl From<JudgeError> for Failure {
    fn from(error: JudgeError) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

/// A session for newer bundles, if there is one; judging itself needs none.
fn server(args: &ProfileArgs) -> Option<Arc<countersign_client::Client>> {
    super::connection::Connection::open(args).ok().map(|connection| Arc::new(connection.client))
}

/// The realm and the server's keys, as the profile knows them.
fn trusted(state: &countersign_client::State) -> Result<(countersign::Realm, Keyset), Failure> {
    let keyset = state.trust.keyset().map_err(|e| Failure::new(Exit::Failed, e.to_string()))?;
    Ok((state.trust.realm().clone(), keyset))
}
