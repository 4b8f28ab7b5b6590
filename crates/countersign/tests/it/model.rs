//! The order of freshness, epoch and replay set as a state machine, searched to the end (stateright).
//!
//! The network keeps every message and delivers it to any process, at any time, as often as it likes. Processes
//! restart and rotate their epochs; time goes on. Epochs and windows are the real ones, so that their rules are what
//! is searched.

use countersign::*;
use stateright::{Checker, HasDiscoveries, Model, Property};
use std::collections::BTreeSet;
use std::time::Duration;

/// One tick of the model's clock. The memory margin is one tick as well.
const TICK: Duration = FreshnessWindow::MEMORY_MARGIN;
const LAST_TICK: u8 = 3;
const PROCESSES: usize = 2;
const REQUESTS: u8 = 2;
const WINDOW: FreshnessWindow = FreshnessWindow::new(TICK, TICK);

/// What a server might do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Server {
    Right,
    /// Takes requests with any epoch.
    NoEpochs,
    /// Forgets an id one tick before its request stops being fresh.
    ForgetsEarly,
    /// Keeps its epoch over a restart, as if it were stored.
    StoresItsEpoch,
}

/// A signed request: its bytes are its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Request {
    id: u8,
    tick: u8,
    epoch: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Process {
    current: u8,
    previous: u8,
    seen: BTreeSet<(u8, u8)>,
    disturbances: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    tick: u8,
    next_epoch: u8,
    processes: [Process; PROCESSES],
    /// Everything that was ever sent.
    network: BTreeSet<Request>,
    accepted: BTreeSet<Request>,
    accepted_twice: bool,
    refused_as_replay: bool,
    refused_as_stale_epoch: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    /// The client signs a new request with the epoch that it learned from this process.
    Sign(usize),
    Deliver(Request, usize),
    Restart(usize),
    Rotate(usize),
    Tick,
}

fn at(tick: u8) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000).plus(TICK * u32::from(tick))
}

impl Process {
    fn new(epoch: u8, disturbances: u8) -> Self {
        Self { current: epoch, previous: epoch, seen: BTreeSet::new(), disturbances }
    }

    fn accepts_epoch(&self, epoch: u8) -> bool {
        let mut epochs = Epochs::new([self.previous; 8], at(0));
        epochs.rotate([self.current; 8], at(0));
        epochs.accepts(Epoch::from_bytes([epoch; 8]), Bootstrap::Refused)
    }

    fn forget(&mut self, server: Server, now: Timestamp) {
        self.seen.retain(|(_, tick)| match server {
            Server::ForgetsEarly => at(*tick).plus(TICK) > now,
            Server::Right | Server::NoEpochs | Server::StoresItsEpoch => {
                WINDOW.forget_at(at(*tick)) > now
            }
        });
    }
}

impl World {
    /// V5a, V5b, V5c, V6a. The signature is good: nobody else has the key.
    fn deliver(&mut self, server: Server, request: Request, to: usize) {
        let now = at(self.tick);
        let process = &mut self.processes[to];
        if WINDOW.judge(at(request.tick), now) != Freshness::Fresh {
            return;
        }
        if server != Server::NoEpochs && !process.accepts_epoch(request.epoch) {
            self.refused_as_stale_epoch = true;
            return;
        }
        process.forget(server, now);
        if process.seen.iter().any(|(id, _)| *id == request.id) {
            self.refused_as_replay = true;
            return;
        }
        process.seen.insert((request.id, request.tick));
        self.accepted_twice |= !self.accepted.insert(request);
    }

    fn restart(&mut self, server: Server, which: usize) {
        let Process { current, disturbances, .. } = self.processes[which];
        let epoch = match server {
            Server::StoresItsEpoch => current,
            Server::Right | Server::NoEpochs | Server::ForgetsEarly => self.draw(),
        };
        self.processes[which] = Process::new(epoch, disturbances + 1);
    }

    fn rotate(&mut self, which: usize) {
        let next = self.draw();
        let process = &mut self.processes[which];
        process.previous = process.current;
        process.current = next;
        process.disturbances += 1;
    }

    fn draw(&mut self) -> u8 {
        self.next_epoch += 1;
        self.next_epoch
    }
}

impl Model for Server {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            tick: 1,
            next_epoch: 2,
            processes: [Process::new(1, 0), Process::new(2, 0)],
            network: BTreeSet::new(),
            accepted: BTreeSet::new(),
            accepted_twice: false,
            refused_as_replay: false,
            refused_as_stale_epoch: false,
        }]
    }

    fn actions(&self, state: &World, steps: &mut Vec<Step>) {
        for (i, process) in state.processes.iter().enumerate() {
            if state.network.len() < usize::from(REQUESTS) {
                steps.push(Step::Sign(i));
            }
            if process.disturbances < 2 {
                steps.extend([Step::Restart(i), Step::Rotate(i)]);
            }
            steps.extend(state.network.iter().map(|request| Step::Deliver(*request, i)));
        }
        if state.tick < LAST_TICK {
            steps.push(Step::Tick);
        }
    }

    fn next_state(&self, before: &World, step: Step) -> Option<World> {
        let mut state = before.clone();
        match step {
            Step::Sign(from) => {
                let (id, epoch) = (state.network.len() as u8, state.processes[from].current);
                state.network.insert(Request { id, tick: state.tick, epoch });
            }
            Step::Deliver(request, to) => state.deliver(*self, request, to),
            Step::Restart(which) => state.restart(*self, which),
            Step::Rotate(which) => state.rotate(which),
            Step::Tick => state.tick += 1,
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("accepted at most once", |_, state: &World| !state.accepted_twice),
            Property::sometimes("all accepted", |_, state: &World| {
                state.accepted.len() == usize::from(REQUESTS)
            }),
            Property::sometimes("refused as replay", |_, state: &World| state.refused_as_replay),
            Property::sometimes("refused as stale epoch", |_, state: &World| {
                state.refused_as_stale_epoch
            }),
        ]
    }
}

#[test]
fn v5c_v6a_no_request_is_accepted_twice_by_any_process_at_any_time() {
    let checker = Server::Right.checker().spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.is_done() && checker.unique_state_count() > 1_000);
}

#[test]
fn the_search_finds_every_server_that_leaves_a_rule_out() {
    for server in [Server::NoEpochs, Server::ForgetsEarly, Server::StoresItsEpoch] {
        let checker = server.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        assert!(checker.discovery("accepted at most once").is_some(), "{server:?}");
    }
}
