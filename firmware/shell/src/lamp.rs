//! One lamp of many colours (WS2812): what the half is doing, from the other end of the pitch.

use embassy_time::{Duration, Timer};
use esp_hal::Async;
use esp_hal::gpio::Level;
use esp_hal::gpio::interconnect::PeripheralOutput;
use esp_hal::peripherals::RMT;
use esp_hal::rmt::{Channel, PulseCode, Rmt, Tx, TxChannelConfig, TxChannelCreator};
use esp_hal::time::Rate;

/// Ticks of 50 ns, from a clock of 80 MHz.
const DIVIDER: u8 = 4;
const ONE: PulseCode = PulseCode::new(Level::High, 16, Level::Low, 9);
const ZERO: PulseCode = PulseCode::new(Level::High, 8, Level::Low, 17);

/// Red, green, blue; 0 to 255 each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Nothing.
    pub const DARK: Self = Self(0, 0, 0);
    /// All is well.
    pub const GREEN: Self = Self(0, 96, 0);
    /// Wait.
    pub const BLUE: Self = Self(0, 0, 96);
    /// Something is missing, and may come back.
    pub const AMBER: Self = Self(96, 48, 0);
    /// Something is missing for too long.
    pub const RED: Self = Self(96, 0, 0);
    /// Goal.
    pub const WHITE: Self = Self(255, 255, 255);
    /// An inspection is due.
    pub const VIOLET: Self = Self(96, 0, 96);
}

/// What the lamp does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Always the same.
    Steady(Colour),
    /// Once a second.
    Slow(Colour),
    /// Five times a second.
    Fast(Colour),
}

impl Pattern {
    /// The colour at a time, in milliseconds, and how long it lasts.
    pub const fn at(self, now: u64) -> (Colour, u64) {
        let (colour, period) = match self {
            Self::Steady(colour) => return (colour, 500),
            Self::Slow(colour) => (colour, 1_000),
            Self::Fast(colour) => (colour, 200),
        };
        let half = period / 2;
        let left = half - now % half;
        (if now % period < half { colour } else { Colour::DARK }, left)
    }
}

/// The lamp.
pub struct Lamp(Channel<'static, Async, Tx>);

impl Lamp {
    /// On a pin; `None` if the peripheral does not take these times.
    pub fn new(rmt: RMT<'static>, pin: impl PeripheralOutput<'static>) -> Option<Self> {
        let rmt = Rmt::new(rmt, Rate::from_mhz(80)).ok()?.into_async();
        let config = TxChannelConfig::default()
            .with_clk_divider(DIVIDER)
            .with_idle_output(true)
            .with_idle_output_level(Level::Low);
        Some(Self(rmt.channel0.configure_tx(&config).ok()?.with_pin(pin)))
    }

    /// Shows what the pattern shows now, until it shows something else.
    pub async fn show(&mut self, pattern: Pattern, now: u64) {
        let (Colour(red, green, blue), left) = pattern.at(now);
        let mut pulses = [PulseCode::end_marker(); 25];
        let bits = [green, red, blue]
            .into_iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        for (pulse, bit) in pulses.iter_mut().zip(bits) {
            *pulse = if bit == 1 { ONE } else { ZERO };
        }
        // A lamp that fails is dark.
        let _ = self.0.transmit(&pulses).await;
        Timer::after(Duration::from_millis(left)).await;
    }
}
