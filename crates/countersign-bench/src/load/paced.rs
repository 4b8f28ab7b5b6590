//! Requests at a fixed rate, each timed; and the same without timing, as a flood.

use super::Shot;
use super::closed::expect_status;
use super::connection::{Connection, connect};
use crate::failure::Result;
use countersign_server::clock::instant;
use std::net::{IpAddr, SocketAddr};
use std::thread::JoinHandle;
use std::time::Duration;

/// A client that keeps a rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) to: SocketAddr,
    pub(crate) from: IpAddr,
    /// Requests per second, all threads together.
    pub(crate) per_second: f64,
    /// Threads with a connection each.
    pub(crate) threads: usize,
    /// Whether an answer with another status ends the run.
    pub(crate) strict: bool,
}

/// A client at work.
pub(crate) struct Running(Vec<JoinHandle<Result<Vec<Duration>>>>);

impl Pace {
    /// Sends the shots, each once, and returns how long the answers took.
    ///
    /// Each thread sleeps until a request is due, and the time runs from the moment of sending: a late wake-up of this
    /// side is no delay of the server's.
    pub(crate) fn start(self, shots: Vec<Shot>) -> Running {
        let mut parts: Vec<Vec<(usize, Shot)>> = vec![Vec::new(); self.threads.max(1)];
        for (number, shot) in shots.into_iter().enumerate() {
            let part = number % parts.len();
            parts[part].push((number, shot));
        }
        Running(
            parts.into_iter().map(|part| std::thread::spawn(move || self.send(&part))).collect(),
        )
    }

    fn send(self, shots: &[(usize, Shot)]) -> Result<Vec<Duration>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        runtime.block_on(async {
            let mut connection = Connection::new(connect(self.to, Some(self.from)).await?);
            let begun = instant();
            let mut times = Vec::with_capacity(shots.len());
            for (number, shot) in shots {
                let due = crate::sample::as_f64(*number) / self.per_second;
                let wait = Duration::from_secs_f64(due).saturating_sub(begun.elapsed());
                // The thread is this connection's own.
                std::thread::sleep(wait);
                let sent = instant();
                let answer = connection.exchange(&shot.http).await?;
                times.push(sent.elapsed());
                if self.strict {
                    expect_status(shot, answer)?;
                }
            }
            Ok(times)
        })
    }
}

impl Running {
    /// Waits until all requests are answered.
    pub(crate) fn finish(self) -> Result<Vec<Duration>> {
        let mut all = Vec::new();
        for thread in self.0 {
            all.extend(thread.join().map_err(|_| "a client's thread ended by a panic")??);
        }
        Ok(all)
    }
}
