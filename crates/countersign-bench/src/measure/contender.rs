//! A server under test with the load that fits it, and the CPU time that a request of it takes.

use super::Bench;
use crate::failure::Result;
use crate::load::closed::{self, Route};
use crate::load::connection::HttpAnswer;
use crate::load::fleet::{Fleet, Order};
use crate::load::{Shot, VERIFY_EVERY, payload, plain_shot};
use crate::process::{Process, Side};
use crate::sample::micros_each;
use crate::servers::floor;
use std::net::SocketAddr;
use tempfile::TempDir;

/// All load comes from one address here, and another program that takes the core for a tenth of a second is not what is
/// measured. Everything else is as deployed.
const PATIENT: [&str; 2] = ["limits.connections_per_ip=512", "limits.verify_wait_ms=10000"];

/// What is sent.
pub(super) enum Traffic {
    /// The same requests again and again.
    Fixed(Vec<Shot>, fn(usize, &Shot, HttpAnswer<'_>) -> Result<()>),
    /// Requests that are signed for each round.
    Signed {
        /// Who signs them.
        fleet: Box<Fleet>,
        /// What they ask.
        message_type: &'static str,
    },
}

/// A server under test.
pub(super) struct Contender {
    pub(super) process: Process,
    pub(super) route: Route,
    pub(super) traffic: Traffic,
    _data: Option<TempDir>,
}

impl Contender {
    /// One of our small servers.
    pub(super) fn small(bench: &Bench, command: &str, traffic: Traffic) -> Result<Self> {
        let mut process = Process::start_self(bench.cores, Side::Server, &[command.to_owned()])?;
        let route = Route { to: process.address()?, tls: None };
        Ok(Self { process, route, traffic, _data: None })
    }

    /// A server that was started elsewhere.
    pub(super) fn of(process: Process, route: Route, traffic: Traffic, data: TempDir) -> Self {
        Self { process, route, traffic, _data: Some(data) }
    }

    /// axum, answering what it was sent.
    pub(super) fn echo(bench: &Bench) -> Result<Self> {
        Self::small(bench, "serve-echo", echo_traffic())
    }

    /// axum with one verification and one signature.
    pub(super) fn floor(bench: &Bench) -> Result<Self> {
        let shots = vec![plain_shot("/", "", &floor::signed(&payload()))];
        let look = |number: usize, _: &Shot, answer: HttpAnswer<'_>| match !number
            .is_multiple_of(VERIFY_EVERY)
            || floor::is_by_the_server(answer.body)
        {
            true => Ok(()),
            false => Err("an answer of the floor is not signed by it".into()),
        };
        Self::small(bench, "serve-floor", Traffic::Fixed(shots, look))
    }

    /// The real server, with its own commands or before a service.
    pub(super) fn full(bench: &Bench, upstream: Option<SocketAddr>, set: &[&str]) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let fleet = Box::new(bench.runtime.block_on(Fleet::enrol(data.path()))?);
        let mut args = vec!["serve-full".to_owned(), "--data".to_owned()];
        args.push(data.path().display().to_string());
        let upstream = upstream.map(|address| format!("upstream.url=http://{address}"));
        let set = PATIENT.iter().chain(set).map(|setting| (*setting).to_owned());
        for setting in set.chain(upstream.clone()) {
            args.extend(["--set".to_owned(), setting]);
        }
        let mut process = Process::start_self(bench.cores, Side::Server, &args)?;
        let route = Route { to: process.address()?, tls: None };
        let message_type = if upstream.is_some() { "echo" } else { "session.hello" };
        let traffic = Traffic::Signed { fleet, message_type };
        let contender = Self { process, route, traffic, _data: Some(data) };
        contender.learn_epoch(bench)?;
        Ok(contender)
    }

    fn learn_epoch(&self, bench: &Bench) -> Result<()> {
        let fleet = self.fleet()?;
        let look =
            |number: usize, shot: &Shot, answer: HttpAnswer<'_>| fleet.look(number, shot, answer);
        bench.runtime.block_on(closed::run(&self.route, &fleet.first_shot()?, 1, &look))
    }

    /// The devices of the real server.
    pub(super) fn fleet(&self) -> Result<&Fleet> {
        match &self.traffic {
            Traffic::Signed { fleet, .. } => Ok(fleet),
            Traffic::Fixed(..) => Err("this server has no devices".into()),
        }
    }

    /// Shots that are signed now.
    pub(super) fn sign(&self, count: usize, forged_every: Option<usize>) -> Result<Vec<Shot>> {
        match &self.traffic {
            Traffic::Signed { fleet, message_type } => {
                fleet.sign(Order { message_type, count, forged_every })
            }
            Traffic::Fixed(shots, _) => Ok(shots.iter().cycle().take(count).cloned().collect()),
        }
    }

    /// Sends `total` requests over 64 connections; microseconds of the server's CPU for each.
    pub(super) fn cost(
        &self,
        bench: &Bench,
        total: usize,
        forged_every: Option<usize>,
    ) -> Result<f64> {
        let signed;
        let shots = match &self.traffic {
            Traffic::Fixed(shots, _) => shots,
            Traffic::Signed { .. } => {
                signed = self.sign(total, forged_every)?;
                &signed
            }
        };
        let before = self.process.cpu()?;
        let look = |number: usize, shot: &Shot, answer: HttpAnswer<'_>| match &self.traffic {
            Traffic::Fixed(_, look) => look(number, shot, answer),
            Traffic::Signed { fleet, .. } => fleet.look(number, shot, answer),
        };
        bench.runtime.block_on(closed::run(&self.route, shots, total, &look))?;
        Ok(micros_each(self.process.cpu()?.saturating_sub(before), total))
    }
}

/// 256 bytes that have to come back.
pub(super) fn echo_traffic() -> Traffic {
    let look = |number: usize, _: &Shot, answer: HttpAnswer<'_>| match !number
        .is_multiple_of(VERIFY_EVERY)
        || answer.body == payload()
    {
        true => Ok(()),
        false => Err("an echo came back changed".into()),
    };
    Traffic::Fixed(vec![plain_shot("/echo", "", &payload())], look)
}
