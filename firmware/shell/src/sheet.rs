//! The sheet: eight rows and eight columns through two analog multiplexers (74HC4051), one input of the converter.

use esp_hal::Blocking;
use esp_hal::analog::adc::{Adc, AdcConfig, AdcPin, Attenuation};
use esp_hal::delay::Delay;
use esp_hal::gpio::{AnyPin, Level, Output, OutputConfig};
use esp_hal::peripherals::{ADC1, GPIO0};

use crate::clock::now;
use crate::dog::Dog;
use countersign_league::goal::{Calibration, Calibrator, Grid, Sample};
use embassy_time::{Duration, Timer};

/// Between two readings, milliseconds: five times what the detector needs.
pub const READING: u64 = 10;
/// One measurement of a sheet at rest. Milliseconds.
const MEASURE: u64 = 2_000;
/// As on Linux.
const TRIES: usize = 10;
/// After a multiplexer was switched: the wires settle. Microseconds.
const SETTLE: u32 = 10;
/// Twelve bits become the sixteen that the detector reckons in.
const SCALE: u16 = 16;

/// The sheet's wires.
pub struct Sheet {
    adc: Adc<'static, ADC1<'static>, Blocking>,
    sense: AdcPin<GPIO0<'static>, ADC1<'static>>,
    rows: [Output<'static>; 3],
    cols: [Output<'static>; 3],
    delay: Delay,
}

impl Sheet {
    /// Takes the converter, its input, and the three lines that select a row and a column, lowest bit first.
    pub fn new(
        adc: ADC1<'static>,
        sense: GPIO0<'static>,
        rows: [AnyPin<'static>; 3],
        cols: [AnyPin<'static>; 3],
    ) -> Self {
        let mut config = AdcConfig::new();
        let sense = config.enable_pin(sense, Attenuation::_11dB);
        let line = |pin| Output::new(pin, Level::Low, OutputConfig::default());
        Self {
            adc: Adc::new(adc, config),
            sense,
            rows: rows.map(line),
            cols: cols.map(line),
            delay: Delay::new(),
        }
    }

    /// Reads all cells; takes some 3 ms.
    pub fn read(&mut self, at: u64, calibration: &Calibration) -> Sample {
        let mut grid = Grid::default();
        for row in 0..grid.len() {
            self.read_row(row, &mut grid);
        }
        Sample::of(at, &grid, calibration)
    }

    fn read_row(&mut self, row: usize, grid: &mut Grid) {
        select(&mut self.rows, row);
        let Some(cells) = grid.get_mut(row) else { return };
        for (col, cell) in cells.iter_mut().enumerate() {
            select(&mut self.cols, col);
            self.delay.delay_micros(SETTLE);
            // The converter fails only while it converts something else, and nothing else asks it.
            let Ok(reading) = nb::block!(self.adc.read_oneshot(&mut self.sense)) else { continue };
            *cell = reading.saturating_mul(SCALE);
        }
    }
}

/// Measures a sheet that nobody should touch: up to ten times, until it is quiet.
pub async fn measure(sheet: &mut Sheet, dog: &mut Dog) -> Option<Calibration> {
    // Only the highest reading counts here, and no mask.
    let any =
        Calibration { rest: 0, noise: 1, contact: Calibration::CONTACT, noisy: Calibration::NOISY };
    for _ in 0..TRIES {
        let mut calibrator = Calibrator::default();
        let began = now();
        while now() <= began + MEASURE {
            dog.feed();
            let sample = sheet.read(now(), &any);
            calibrator.take(sample.at, sample.max);
            Timer::after(Duration::from_millis(READING)).await;
        }
        if let Ok(found) = calibrator.finish() {
            return Some(found);
        }
    }
    None
}

fn select(lines: &mut [Output<'static>; 3], number: usize) {
    for (bit, line) in lines.iter_mut().enumerate() {
        line.set_level(if number >> bit & 1 == 1 { Level::High } else { Level::Low });
    }
}
