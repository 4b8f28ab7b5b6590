//! The server on one core, everything else on another.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Which core is whose. With a single core nothing is pinned, and the report says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cores {
    /// Of the process that is measured, and of the load.
    pub(crate) pair: Option<(usize, usize)>,
}

impl Cores {
    /// The first two cores that this process may use.
    pub(crate) fn choose() -> Self {
        let Ok(allowed) = sched_getaffinity(None) else { return Self { pair: None } };
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        Self { pair: cores.next().zip(cores.next()) }
    }

    /// Pins this thread, and whatever it starts, to the load's core.
    pub(crate) fn take_load_core(self) {
        pin(self.pair.map(|(_, load)| load));
    }

    /// Gives this thread, and whatever it starts, both cores: for what has no other side.
    pub(crate) fn take_both(self) {
        if let Some((server, load)) = self.pair {
            restrict(&[server, load]);
        }
    }

    /// Pins this thread, and whatever it starts, to the server's core.
    pub(crate) fn take_server_core(self) {
        pin(self.pair.map(|(server, _)| server));
    }
}

fn pin(core: Option<usize>) {
    if let Some(core) = core {
        restrict(&[core]);
    }
}

/// A core that cannot be had is no reason to stop: the figures are then noisier, not wrong.
fn restrict(cores: &[usize]) {
    let mut only = CpuSet::new();
    cores.iter().for_each(|core| only.set(*core));
    sched_setaffinity(None, &only).ok();
}
