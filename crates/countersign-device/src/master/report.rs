//! Everything about a master, for `show` and for scripts.

use super::MasterHalf;
use crate::words;
use countersign_league::game::{NO_TIMER, View};
use countersign_league::{End, evidence::GoalState};
use serde::Serialize;
use std::net::SocketAddr;

/// What `show --json` prints. Names are only ever added.
#[derive(Debug, Serialize)]
pub(super) struct MasterReport {
    role: &'static str,
    device: String,
    serial: String,
    mark: String,
    boot: u16,
    state: &'static str,
    advice: &'static str,
    score: [u8; 2],
    /// Milliseconds until the state's timer.
    left_ms: Option<u32>,
    played_ms: u32,
    duration_ms: u32,
    link: &'static str,
    linked: bool,
    armed: bool,
    light: &'static str,
    warnings: Vec<&'static str>,
    unsettled: u8,
    view: u64,
    device_seq: u32,
    match_id: String,
    lobby: String,
    keyset: u64,
    certified: bool,
    /// First moment after the life of the chain for browsers, in milliseconds since 1970.
    tls_until_ms: Option<u64>,
    https: Option<SocketAddr>,
    http: Option<SocketAddr>,
    dns: Option<SocketAddr>,
    link_place: String,
    players: Vec<PlayerReport>,
    goals: Vec<GoalReport>,
}

#[derive(Debug, Serialize)]
struct PlayerReport {
    name: String,
    rating: i32,
    team: Option<&'static str>,
    ready: bool,
    connected: bool,
    delta: i32,
}

#[derive(Debug, Serialize)]
struct GoalReport {
    end: &'static str,
    team: &'static str,
    at_ms: u32,
    annulled: bool,
}

pub(super) fn of(half: &MasterHalf, now: u64) -> MasterReport {
    let (device, config, place) = (&half.device, &half.config, &half.place);
    let view = device.view(now);
    MasterReport {
        role: "master",
        device: config.device.to_string(),
        serial: config.serial.clone(),
        mark: config.mark.clone(),
        boot: half.boot,
        state: words::state(view.state),
        advice: words::advice(view.state),
        score: view.score,
        left_ms: (view.left != NO_TIMER).then_some(view.left),
        played_ms: view.played,
        duration_ms: view.duration,
        link: words::colour(view.link),
        linked: device.is_linked(),
        armed: device.is_armed(now),
        light: half.light.map_or("off", words::light),
        warnings: words::warnings(&view).into_iter().map(|(word, _)| word).collect(),
        unsettled: view.unsettled,
        view: view.number,
        device_seq: view.device_seq,
        match_id: view.match_id.to_string(),
        lobby: view.lobby.to_string(),
        keyset: device.keyset().content.version,
        certified: device.certificate().is_some(),
        tls_until_ms: device.tls_life().map(|life| life.not_after.as_millis()),
        https: place.https,
        http: place.http,
        dns: place.dns,
        link_place: place.link.clone(),
        players: players(&view),
        goals: goals(&view),
    }
}

fn players(view: &View) -> Vec<PlayerReport> {
    let players = view.players.iter().map(|player| PlayerReport {
        name: player.name.clone(),
        rating: player.rating,
        team: player.team.map(words::team),
        ready: player.ready,
        connected: player.connected,
        delta: player.delta,
    });
    players.collect()
}

fn goals(view: &View) -> Vec<GoalReport> {
    let goals = view.goals.iter().map(|goal| GoalReport {
        end: match goal.end {
            End::North => "north",
            End::South => "south",
        },
        team: words::team(goal.team),
        at_ms: goal.at,
        annulled: goal.state == GoalState::Annulled,
    });
    goals.collect()
}
