//! Frames over a serial port, as `pair::serial` writes them. A port that goes away is opened again when it is back.

use super::{Carrier, LinkError};
use crate::options::SerialSpec;
use countersign_league::pair::serial::{Decoder, encode};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};

/// Pause before a port that went away is looked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// Opens a port: raw bytes, eight bits, no flow control.
pub(crate) fn open_port(spec: &SerialSpec, is_blocking: bool) -> Result<File, LinkError> {
    let failed = |source| LinkError::Serial { path: spec.path.clone(), source };
    let mut flags = rustix::fs::OFlags::NOCTTY;
    if !is_blocking {
        flags |= rustix::fs::OFlags::NONBLOCK;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(flags.bits().cast_signed());
    let port = options.open(&spec.path).map_err(failed)?;
    let set = || -> rustix::io::Result<()> {
        let mut settings = tcgetattr(&port)?;
        settings.make_raw();
        settings.set_speed(spec.baud)?;
        tcsetattr(&port, OptionalActions::Now, &settings)
    };
    set().map_err(|error| failed(error.into()))?;
    Ok(port)
}

/// The two directions of a port. A port is waited for as a pipe is, so tokio's type for pipes serves.
struct Port {
    from: Receiver,
    to: Sender,
}

impl Port {
    fn open(spec: &SerialSpec) -> Result<Self, LinkError> {
        let file = open_port(spec, false)?;
        let split = || {
            let from = Receiver::from_file_unchecked(file.try_clone()?)?;
            Ok(Self { from, to: Sender::from_file_unchecked(file)? })
        };
        split().map_err(|source| LinkError::Serial { path: spec.path.clone(), source })
    }
}

/// The first time a port that is not there is an error; later it is waited for.
pub(super) fn start(spec: SerialSpec, carrier: Carrier) -> Result<(), LinkError> {
    let port = Port::open(&spec)?;
    tokio::spawn(carry(spec, port, carrier));
    Ok(())
}

async fn carry(spec: SerialSpec, mut port: Port, mut carrier: Carrier) {
    loop {
        let Err(error) = exchange(&mut port, &mut carrier).await else { return };
        tracing::warn!(%error, "the serial link is gone; waiting for it");
        port = loop {
            tokio::time::sleep(AGAIN).await;
            match Port::open(&spec) {
                Ok(port) => break port,
                Err(error) => tracing::debug!(%error, "not yet"),
            }
        };
        tracing::info!("the serial link is back");
    }
}

/// Until the half ends, or the port fails.
async fn exchange(port: &mut Port, carrier: &mut Carrier) -> io::Result<()> {
    let mut decoder = Decoder::new();
    let mut buffer = [0; 1024];
    loop {
        tokio::select! {
            read = port.from.read(&mut buffer) => {
                let len = read?;
                if len == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                for byte in &buffer[..len] {
                    // Noise is the line's business; full is lost.
                    if let Some(Ok(frame)) = decoder.take(*byte) {
                        drop(carrier.heard.try_send(frame));
                    }
                }
            }
            frame = carrier.said.recv() => {
                let Some(frame) = frame else { return Ok(()) };
                if let Ok(line) = encode(&frame) {
                    port.to.write_all(&line).await?;
                }
            }
        }
    }
}
