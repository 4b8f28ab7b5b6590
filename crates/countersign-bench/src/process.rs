//! Processes under test: started on their core, asked for their CPU time and memory, ended with the value.

use crate::affinity::Cores;
use crate::failure::Result;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that ends when this is dropped.
pub(crate) struct Process {
    child: Child,
}

/// Where a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// On the core that is measured.
    Server,
    /// Beside the load.
    Load,
}

impl Process {
    /// Starts a program on its core.
    pub(crate) fn start(cores: Cores, side: Side, mut command: Command) -> Result<Self> {
        // A child inherits the affinity of the thread that starts it.
        let starting = std::thread::spawn(move || {
            match side {
                Side::Server => cores.take_server_core(),
                Side::Load => cores.take_load_core(),
            }
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
        });
        let child = starting.join().map_err(|_| "a process could not be started")??;
        Ok(Self { child })
    }

    /// Starts this program with a hidden command.
    pub(crate) fn start_self(cores: Cores, side: Side, args: &[String]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(args);
        Self::start(cores, side, command)
    }

    /// The next line of its standard output.
    pub(crate) fn line(&mut self) -> Result<String> {
        let out = self.child.stdout.as_mut().ok_or("the process has no output")?;
        let mut line = String::new();
        BufReader::with_capacity(1, out).read_line(&mut line)?;
        match line.trim() {
            "" => Err("a process under test ended at once; its error stands above".into()),
            line => Ok(line.to_owned()),
        }
    }

    /// The address that one of our servers prints first.
    pub(crate) fn address(&mut self) -> Result<SocketAddr> {
        Ok(self.line()?.parse()?)
    }

    /// CPU time of all its threads so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu(&self.child.id().to_string())
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        resident(&self.child.id().to_string())
    }
}

/// Resident memory of a process, or of `self`.
pub(crate) fn resident(process: &str) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/statm"))?;
    let pages: u64 = text.split(' ').nth(1).ok_or("/proc/*/statm cannot be read")?.parse()?;
    Ok(pages * u64::try_from(rustix::param::page_size())?)
}

/// CPU time so far of all threads that a process, or `self`, has now.
pub(crate) fn cpu(process: &str) -> Result<Duration> {
    let mut total = Duration::ZERO;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread that ends meanwhile is none of those that serve.
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else {
            continue;
        };
        total += nanoseconds(&text).ok_or("/proc/*/schedstat cannot be read")?;
    }
    Ok(total)
}

/// CPU time of this thread: unlike the wall's, it does not count what others do on its core.
pub(crate) fn own_cpu() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(nanoseconds(&text).ok_or("/proc/thread-self/schedstat cannot be read")?)
}

/// CPU time of this process, with the threads that have ended.
pub(crate) fn whole_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, rest) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or(0), rest.unwrap_or(0))
}

fn nanoseconds(schedstat: &str) -> Option<Duration> {
    schedstat.split(' ').next()?.trim().parse().ok().map(Duration::from_nanos)
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedstat_begins_with_nanoseconds() {
        assert_eq!(nanoseconds("1500 7 2\n"), Some(Duration::from_nanos(1500)));
        assert_eq!(nanoseconds("\n"), None);
    }

    #[test]
    fn this_process_has_memory_and_has_run() {
        assert!(resident("self").unwrap() > 100_000);
        assert!(cpu("self").unwrap() > Duration::ZERO);
    }
}
