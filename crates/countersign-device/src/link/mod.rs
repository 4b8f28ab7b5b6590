//! What carries link frames between the halves. Loses them when it is full, as a radio does.

mod serial;
mod udp;

pub(crate) use serial::open_port;

use crate::options::LinkSpec;
use std::io;
use tokio::sync::mpsc;

/// Frames that wait in each direction.
const WAITING: usize = 64;

/// Why the link cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The datagram socket.
    #[error("the pair link cannot be opened on {local}: {source}")]
    Udp {
        /// Our address.
        local: std::net::SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The serial port.
    #[error("{} cannot be used as a serial port: {source}", path.display())]
    Serial {
        /// The port.
        path: std::path::PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Both directions of the link.
pub(crate) struct Link {
    /// From the other half, or from anybody.
    pub(crate) heard: mpsc::Receiver<Vec<u8>>,
    /// To the other half.
    pub(crate) said: mpsc::Sender<Vec<u8>>,
    /// Where it is, in words; ports as they were given.
    pub(crate) place: String,
}

/// The two directions, from the side of what carries them.
struct Carrier {
    heard: mpsc::Sender<Vec<u8>>,
    said: mpsc::Receiver<Vec<u8>>,
}

/// Opens the link, and carries frames until the program ends. Needs a tokio runtime.
pub(crate) async fn open(spec: &LinkSpec) -> Result<Link, LinkError> {
    let (to_half, heard) = mpsc::channel(WAITING);
    let (said, from_half) = mpsc::channel(WAITING);
    let carrier = Carrier { heard: to_half, said: from_half };
    let place = match spec {
        LinkSpec::Udp { local, remote } => {
            let failed = |source| LinkError::Udp { local: *local, source };
            let socket = tokio::net::UdpSocket::bind(local).await.map_err(failed)?;
            let place = format!("udp:{}", socket.local_addr().map_err(failed)?);
            tokio::spawn(udp::carry(socket, *remote, carrier));
            place
        }
        LinkSpec::Serial(spec) => {
            serial::start(spec.clone(), carrier)?;
            format!("serial:{}@{}", spec.path.display(), spec.baud)
        }
    };
    Ok(Link { heard, said, place })
}
