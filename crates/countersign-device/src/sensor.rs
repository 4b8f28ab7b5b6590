//! Readings of the sheet, as lines: from a file or a pipe, or from a microcontroller behind a serial port.
//!
//! ```text
//!   r <max> [<rows> <cols>]                          a reading now: highest cell, and bit masks of rows and columns
//!   c <peak> <duration ms> [<rise ms> <rows> <cols>] a contact that has just ended, measured by the sensor itself
//!   +<ms>                                            wait so long; for files that are played
//!   # …                                              nothing
//! ```

use crate::clock::Clock;
use crate::link::{LinkError, open_port};
use crate::options::SensorSpec;
use countersign_league::goal::{Calibration, CalibrationError, Calibrator, Hit, Input, Sample};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// Readings that wait; more are lost, and the detector sees that.
const WAITING: usize = 256;
/// Longest line.
const LINE_MAX: u64 = 128;
/// Contacts further back than this are nobody's.
const DURATION_MAX: u32 = 60_000;
/// A sheet that is not quiet is measured so many times.
const TRIES: u32 = 10;
/// Length of one measurement, in milliseconds.
const MEASURE: u64 = 2_000;

/// Why there is no sensor.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SensorError {
    /// The serial port.
    #[error(transparent)]
    Port(#[from] LinkError),
    /// The file.
    #[error("{} cannot be read as a sensor: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No thread.
    #[error("the sensor's thread could not be started: {0}")]
    Thread(io::Error),
    /// The sheet.
    #[error("the sheet cannot be calibrated: {0}. Leave it alone for some seconds and start again")]
    Calibration(CalibrationError),
}

/// A line that is none of the above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write `r max rows cols`, `c peak duration`, `+ms` or `# …`")]
pub(crate) struct BadLine;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Input(Input),
    Wait(u64),
    Nothing,
}

/// Starts reading. `None`: there is nothing to read, only `hit` is felt, or nothing.
pub(crate) fn start(
    spec: &SensorSpec,
    clock: Clock,
) -> Result<Option<mpsc::Receiver<Input>>, SensorError> {
    let file = match spec {
        SensorSpec::None | SensorSpec::Control => return Ok(None),
        SensorSpec::File(path) => {
            File::open(path).map_err(|source| SensorError::File { path: path.clone(), source })?
        }
        SensorSpec::Serial(spec) => open_port(spec, true)?,
    };
    let (felt, readings) = mpsc::channel(WAITING);
    let thread = std::thread::Builder::new().name("sensor".to_owned());
    let read = move || match read_lines(BufReader::new(file), clock, &felt) {
        Ok(()) => tracing::warn!("the sensor's lines have ended"),
        Err(error) => tracing::error!(%error, "the sensor cannot be read any more"),
    };
    thread.spawn(read).map_err(SensorError::Thread)?;
    Ok(Some(readings))
}

/// Measures a sheet that nobody touches.
pub(crate) async fn calibrate(
    readings: &mut mpsc::Receiver<Input>,
) -> Result<Calibration, SensorError> {
    let mut outcome = Err(CalibrationError::TooShort { needed: 20, found: 0 });
    for _ in 0..TRIES {
        let mut calibrator = Calibrator::default();
        let mut began = None;
        while let Some(input) = readings.recv().await {
            let Input::Sample(sample) = input else { continue };
            calibrator.take(sample.at, sample.max);
            if sample.at >= *began.get_or_insert(sample.at) + MEASURE {
                break;
            }
        }
        outcome = calibrator.finish();
        match outcome {
            Ok(calibration) => return Ok(calibration),
            Err(error) if readings.is_closed() => return Err(SensorError::Calibration(error)),
            Err(error) => tracing::warn!(%error, "measuring the sheet again"),
        }
    }
    outcome.map_err(SensorError::Calibration)
}

fn read_lines(
    mut lines: BufReader<File>,
    clock: Clock,
    felt: &mpsc::Sender<Input>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut lines).take(LINE_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        match parse(&String::from_utf8_lossy(&line), clock.now()) {
            Ok(Line::Nothing) => {}
            Ok(Line::Wait(ms)) => std::thread::sleep(Duration::from_millis(ms)),
            Ok(Line::Input(input)) => match felt.try_send(input) {
                Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
                Err(mpsc::error::TrySendError::Closed(_)) => return Ok(()),
            },
            Err(error) => tracing::debug!(%error, "a line of the sensor is not understood"),
        }
    }
}

fn parse(line: &str, now: u64) -> Result<Line, BadLine> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(Line::Nothing);
    }
    if let Some(wait) = line.strip_prefix('+') {
        return wait.trim().parse().map(Line::Wait).map_err(|_| BadLine);
    }
    let mut words = line.split_ascii_whitespace();
    let kind = words.next();
    let numbers: Vec<u32> =
        words.map(|word| word.parse().map_err(|_| BadLine)).collect::<Result<_, _>>()?;
    let input = match (kind, &numbers[..]) {
        (Some("r"), [max]) => reading(now, *max, 0, 0)?,
        (Some("r"), [max, rows, cols]) => reading(now, *max, *rows, *cols)?,
        (Some("c"), [peak, duration]) => contact(now, *peak, *duration, [0; 3])?,
        (Some("c"), [peak, duration, rise, rows, cols]) => {
            contact(now, *peak, *duration, [*rise, *rows, *cols])?
        }
        _ => return Err(BadLine),
    };
    Ok(Line::Input(input))
}

fn reading(at: u64, max: u32, rows: u32, cols: u32) -> Result<Input, BadLine> {
    let (max, rows, cols) = (narrow(max)?, narrow(rows)?, narrow(cols)?);
    Ok(Input::Sample(Sample { at, max, rows, cols }))
}

fn contact(now: u64, peak: u32, duration: u32, rest: [u32; 3]) -> Result<Input, BadLine> {
    if duration > DURATION_MAX {
        return Err(BadLine);
    }
    let [rise, rows, cols] = rest;
    let at = now.saturating_sub(duration.into());
    let (peak, rise, rows, cols) = (narrow(peak)?, narrow(rise)?, narrow(rows)?, narrow(cols)?);
    Ok(Input::Contact(Hit { at, peak, duration, rise, rows, cols }))
}

fn narrow<T: TryFrom<u32>>(number: u32) -> Result<T, BadLine> {
    T::try_from(number).map_err(|_| BadLine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_the_sheet_feels() {
        let sample =
            |max, rows, cols| Ok(Line::Input(Input::Sample(Sample { at: 1_000, max, rows, cols })));
        let hit = |duration, rise, rows, cols| {
            let at = 1_000 - u64::from(duration);
            Ok(Line::Input(Input::Contact(Hit { at, peak: 900, duration, rise, rows, cols })))
        };
        for (line, expected) in [
            ("", Ok(Line::Nothing)),
            ("# r 1", Ok(Line::Nothing)),
            ("+250", Ok(Line::Wait(250))),
            ("r 12\r\n", sample(12, 0, 0)),
            ("r 65535 255 1", sample(65_535, 255, 1)),
            ("c 900 40", hit(40, 0, 0, 0)),
            ("c 900 40 7 3 5", hit(40, 7, 3, 5)),
            ("r", Err(BadLine)),
            ("r 65536", Err(BadLine)),
            ("r 1 256 0", Err(BadLine)),
            ("r 1 2", Err(BadLine)),
            ("r -1", Err(BadLine)),
            ("c 900 60001", Err(BadLine)),
            ("x 1", Err(BadLine)),
            ("+", Err(BadLine)),
        ] {
            assert_eq!(parse(line, 1_000), expected, "{line}");
        }
    }
}
