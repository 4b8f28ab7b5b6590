//! What master and slave have in common when they start, and how they end.

use crate::actor::{Actor, Events, Half, Handle};
use crate::clock::Clock;
use crate::control;
use crate::disk::{StateFolder, read_calibration};
use crate::error::DeviceError;
use crate::key::Key;
use crate::link::Link;
use crate::options::{SensorSpec, Shown};
use crate::sensor;
use countersign_keys::DiskError;
use countersign_league::goal::{Calibration, Input};
use countersign_listen::Ending;
use countersign_provision::{self as provision, OwnKey, Provision};
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot, watch};

/// Options of both halves.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// The folder that the factory gave this half
    pub(crate) folder: PathBuf,

    /// Where the readings of the sheet come from: none, control, file:PATH, serial:PATH@BAUD
    ///
    /// With control, only `countersign-device hit` is felt. A file or a serial port brings lines: `r MAX ROWS COLS` is a reading
    /// (at least 20 a second), `c PEAK MILLISECONDS` a contact that has just ended. `hit` is felt with every kind.
    #[arg(long, value_name = "SENSOR", default_value = "control")]
    pub(crate) sensor: SensorSpec,

    /// What outlives a loss of power; by default the folder `state` in the half's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// Take the sheet's calibration from this file instead of measuring it
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,

    /// Measure the sheet again, even if it was measured before; nobody may touch it
    #[arg(long, conflicts_with = "calibration")]
    pub(crate) calibrate: bool,

    /// What is written to standard output
    #[arg(long, value_enum, default_value = "terminal")]
    pub(crate) display: Shown,
}

/// A half that knows who it is, with its state locked.
pub(crate) struct Started {
    pub(crate) provision: Provision,
    pub(crate) key: Key,
    pub(crate) state: StateFolder,
    pub(crate) clock: Clock,
    pub(crate) calibration: Calibration,
    pub(crate) felt: Option<mpsc::Receiver<Input>>,
    pub(crate) control: UnixListener,
    pub(crate) ending: Ending,
}

/// Reads the folder, locks the state, opens sensor and control socket, and measures the sheet if that was never done.
pub(crate) async fn prepare(
    common: &Common,
    half: provision::Half,
) -> Result<Started, DeviceError> {
    let mut provision = Provision::read(&common.folder)?;
    let found = provision.config.role;
    if found != half {
        return Err(DeviceError::OtherHalf { path: common.folder.clone(), found });
    }
    let key = match std::mem::replace(&mut provision.key, OwnKey::Chip) {
        OwnKey::File(key) => Key::new(key),
        OwnKey::Chip => return Err(DeviceError::KeyInChip),
    };
    let state = StateFolder::open(&state_path(common.data.as_deref(), &common.folder))?;
    let clock = Clock::start();
    let mut felt = sensor::start(&common.sensor, clock)?;
    let calibration = calibration(common, &state, felt.as_mut()).await?;
    let control = control::open(state.path())?;
    let ending = Ending::hear()?;
    Ok(Started { provision, key, state, clock, calibration, felt, control, ending })
}

/// Where the state of a half is.
pub(crate) fn state_path(data: Option<&Path>, folder: &Path) -> PathBuf {
    data.map_or_else(|| folder.join("state"), Path::to_owned)
}

async fn calibration(
    common: &Common,
    state: &StateFolder,
    felt: Option<&mut mpsc::Receiver<Input>>,
) -> Result<Calibration, DeviceError> {
    if let Some(path) = &common.calibration {
        let found = read_calibration(path)?;
        return found.ok_or_else(|| DeviceError::NoCalibration { path: path.clone() });
    }
    match (state.calibration()?, felt) {
        (Some(known), _) if !common.calibrate => Ok(known),
        (_, Some(felt)) => {
            tracing::info!("measuring the sheet; do not touch it");
            let found = sensor::calibrate(felt).await?;
            state.put_calibration(&found)?;
            Ok(found)
        }
        // No sheet: contacts come measured.
        (_, None) => Ok(Calibration {
            rest: 0,
            noise: 1,
            contact: Calibration::CONTACT,
            noisy: Calibration::NOISY,
        }),
    }
}

/// A running half.
pub(crate) struct Running<H> {
    pub(crate) handle: Handle<H>,
    pub(crate) stop: watch::Sender<bool>,
    ended: oneshot::Receiver<Result<(), DiskError>>,
}

impl<H: Half> Running<H> {
    /// Gives the half a thread of its own, and answers on the control socket.
    pub(crate) fn start(
        half: H,
        clock: Clock,
        link: Link,
        felt: Option<mpsc::Receiver<Input>>,
        control: UnixListener,
    ) -> Result<Self, DeviceError> {
        let (stop, stopped) = watch::channel(false);
        let (actor, handle) = Actor::new(half, clock, link.said);
        let ended = actor.start(Events { heard: link.heard, felt, stop: stopped })?;
        tokio::spawn(control::serve(control, handle.clone()));
        Ok(Self { handle, stop, ended })
    }

    /// Waits for the system's word, or for the half to fail; then tells everybody to end, and waits until the half has.
    pub(crate) async fn wait(mut self, mut ending: Ending) -> Result<(), DeviceError> {
        let failed = tokio::select! {
            ended = &mut self.ended => Some(ended),
            () = ending.heard() => None,
        };
        self.stop.send_replace(true);
        let ended = match failed {
            Some(ended) => ended,
            None => self.ended.await,
        };
        match ended {
            Ok(outcome) => outcome.map_err(DeviceError::Stopped),
            Err(_) => Err(DeviceError::Ended),
        }
    }
}
