//! The sheet: eight rows and eight columns through two analog multiplexers (74HC4051), one input of the converter.

use esp_hal::Blocking;
use esp_hal::analog::adc::{Adc, AdcConfig, AdcPin, Attenuation};
use esp_hal::delay::Delay;
use esp_hal::gpio::{AnyPin, Level, Output, OutputConfig};
use esp_hal::peripherals::{ADC1, GPIO0};

use countersign_league::goal::Grid;

/// After a multiplexer was switched: the wires settle. Microseconds.
const SETTLE: u32 = 10;
/// Twelve bits become the sixteen that the detector reckons in.
const SCALE: u16 = 16;

/// The sheet's wires.
pub(crate) struct Sheet {
    adc: Adc<'static, ADC1<'static>, Blocking>,
    sense: AdcPin<GPIO0<'static>, ADC1<'static>>,
    rows: [Output<'static>; 3],
    cols: [Output<'static>; 3],
    delay: Delay,
}

impl Sheet {
    /// Takes the converter, its input, and the three lines that select a row and a column, lowest bit first.
    pub(crate) fn new(adc: ADC1<'static>, sense: GPIO0<'static>, rows: [AnyPin<'static>; 3], cols: [AnyPin<'static>; 3]) -> Self {
        let mut config = AdcConfig::new();
        let sense = config.enable_pin(sense, Attenuation::_11dB);
        let line = |pin| Output::new(pin, Level::Low, OutputConfig::default());
        Self { adc: Adc::new(adc, config), sense, rows: rows.map(line), cols: cols.map(line), delay: Delay::new() }
    }

    /// Reads one row; takes some 0.5 ms.
    pub(crate) fn read_row(&mut self, row: usize, grid: &mut Grid) {
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

fn select(lines: &mut [Output<'static>; 3], number: usize) {
    for (bit, line) in lines.iter_mut().enumerate() {
        line.set_level(if number >> bit & 1 == 1 { Level::High } else { Level::Low });
    }
}
