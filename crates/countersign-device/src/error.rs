//! Why a half does not start, or had to stop.

use crate::control::ControlError;
use crate::courier::CourierError;
use crate::disk::StateError;
use crate::link::LinkError;
use crate::random::NoRandom;
use crate::sensor::SensorError;
use crate::tls::CertificateError;
use countersign::Malformed;
use countersign_keys::DiskError;
use countersign_listen::BindError;
use countersign_provision::{Half, ProvisionError};
use std::io;
use std::path::PathBuf;

/// Every cause that a person can do something about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeviceError {
    /// The folder that says who this is.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The folder of the other half.
    #[error("{} is the folder of a {found}; start it with `countersign-device {found}`", path.display())]
    OtherHalf {
        /// The folder.
        path: PathBuf,
        /// What it is.
        found: Half,
    },
    /// A key that this program cannot use.
    #[error("the key of this half is in a chip; this program needs it in a file")]
    KeyInChip,
    /// The state folder.
    #[error(transparent)]
    State(#[from] StateError),
    /// The disk.
    #[error("{0}")]
    Disk(#[from] DiskError),
    /// The disk, while running.
    #[error("stopped, because what happened could not be written down: {0}")]
    Stopped(DiskError),
    /// The link's record.
    #[error("state/link.bin cannot be read: {0}. Remove it, and pair the halves again")]
    LinkRecord(Malformed),
    /// No calibration in the file.
    #[error("{} is not there; it holds the {len} bytes of a calibration", path.display(), len = countersign_league::goal::Calibration::LEN)]
    NoCalibration {
        /// The file.
        path: PathBuf,
    },
    /// The pair link.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The sensor.
    #[error(transparent)]
    Sensor(#[from] SensorError),
    /// The control socket.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A courier's work.
    #[error(transparent)]
    Courier(#[from] CourierError),
    /// Phones.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// HTTPS.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// DNS.
    #[error("--dns: {0}")]
    Dns(#[from] countersign_dns::BindError),
    /// Randomness.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// Threads, signals.
    #[error("the system gives no threads or no signals: {0}")]
    System(#[from] io::Error),
    /// The thread of the half is gone.
    #[error("stopped, because the device's own thread has ended")]
    Ended,
}
