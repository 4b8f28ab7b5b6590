//! Programs that the demo starts, and ends.

use super::Failure;
use countersign_server::clock;
use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const START_MAX: Duration = Duration::from_secs(30);

/// A program that listens on the loopback; it ends with this value.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
}

impl Peer {
    /// Starts a program, its output in a log file, and waits until it listens.
    pub(super) fn start(
        mut command: Command,
        address: SocketAddr,
        log: &Path,
    ) -> Result<Self, Failure> {
        // Appended to: a server that was killed and started again goes on where it stopped.
        let output = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let name = command.get_program().to_string_lossy().into_owned();
        let child =
            command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
        let mut peer = Self { child };
        let since = clock::instant();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = peer.child.try_wait()? {
                return Err(
                    format!("{name} ended at once ({status}); see {}", log.display()).into()
                );
            }
            if since.elapsed() > START_MAX {
                return Err(
                    format!("{name} does not listen on {address}; see {}", log.display()).into()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(peer)
    }

    /// Starts a program that does not listen where one could ask, its output in a log file.
    pub(super) fn run(mut command: Command, log: &Path) -> Result<Self, Failure> {
        let output = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        Ok(Self { child: command.spawn()? })
    }

    /// Ends it as a power cut would: no signal handler runs.
    pub(super) fn kill(&mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill().ok();
    }
}

/// A free port on the loopback.
pub(super) fn free_address() -> Result<SocketAddr, Failure> {
    Ok((std::net::Ipv4Addr::LOCALHOST, countersign_listen::free_port()?).into())
}

/// The first of these programs that is there; a name without a slash is looked for in the path.
pub(super) fn find_program(candidates: &[PathBuf], install: &str) -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    for candidate in candidates {
        let in_path = candidate.components().count() == 1;
        let places: Vec<PathBuf> = match in_path {
            true => std::env::split_paths(&path).map(|dir| dir.join(candidate)).collect(),
            false => vec![candidate.clone()],
        };
        if let Some(found) = places.into_iter().find(|place| place.is_file()) {
            return Ok(found.canonicalize()?);
        }
    }
    let names: Vec<_> =
        candidates.iter().map(|candidate| candidate.display().to_string()).collect();
    Err(format!("{} is not installed; {install}", names.join(" or ")).into())
}
