//! A small display (SSD1306, 128 × 64, I²C): four lines, the second one large.

use alloc::string::String;
use embedded_graphics::mono_font::ascii::{FONT_6X10, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::{DrawTarget, Drawable, Point};
use embedded_graphics::text::{Baseline, Text};
use esp_hal::Async;
use esp_hal::gpio::interconnect::{PeripheralInput, PeripheralOutput};
use esp_hal::i2c::master::{Config, I2c};
use esp_hal::peripherals::I2C0;
use esp_hal::time::Rate;
use ssd1306::mode::{BufferedGraphicsModeAsync, DisplayConfigAsync};
use ssd1306::prelude::{DisplayRotation, DisplaySize128x64, I2CInterface};
use ssd1306::{I2CDisplayInterface, Ssd1306Async};

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// First line, up to 21 characters of ASCII.
    pub head: String,
    /// Large, up to 12.
    pub large: String,
    /// Two lines, up to 21 each.
    pub foot: [String; 2],
}

impl Page {
    /// Why this chip is nobody.
    pub fn broken(why: &str) -> Self {
        let mut foot = [String::new(), String::new()];
        let mut rest = why;
        for line in &mut foot {
            let (now, later) = rest.split_at_checked(21).unwrap_or((rest, ""));
            (*line, rest) = (now.into(), later);
        }
        Self { head: "no device".into(), large: "inspect me".into(), foot }
    }

    /// The sheet is being measured.
    pub fn measuring() -> Self {
        let foot = ["do not touch".into(), "the sheet".into()];
        Self { head: "measuring".into(), large: "wait".into(), foot }
    }
}

type Panel = Ssd1306Async<
    I2CInterface<I2c<'static, Async>>,
    DisplaySize128x64,
    BufferedGraphicsModeAsync<DisplaySize128x64>,
>;

/// The display.
pub struct Screen(Panel);

impl Screen {
    /// Finds the display; `None` if nobody answers on the wires. A half does without.
    pub async fn find(
        i2c: I2C0<'static>,
        sda: impl PeripheralInput<'static> + PeripheralOutput<'static>,
        scl: impl PeripheralInput<'static> + PeripheralOutput<'static>,
    ) -> Option<Self> {
        let config = Config::default().with_frequency(Rate::from_khz(400));
        let wires = I2c::new(i2c, config).ok()?.with_sda(sda).with_scl(scl).into_async();
        let interface = I2CDisplayInterface::new(wires);
        let mut panel = Ssd1306Async::new(interface, DisplaySize128x64, DisplayRotation::Rotate0)
            .into_buffered_graphics_mode();
        panel.init().await.ok()?;
        Some(Self(panel))
    }

    /// Shows a page. A display that fails keeps what it shows.
    pub async fn show(&mut self, page: &Page) {
        let Page { head, large, foot: [third, fourth] } = page;
        drop(self.0.clear(BinaryColor::Off));
        for (text, font, top) in [
            (head, &FONT_6X10, 0),
            (large, &FONT_10X20, 14),
            (third, &FONT_6X10, 38),
            (fourth, &FONT_6X10, 52),
        ] {
            line(&mut self.0, text, font, top);
        }
        drop(self.0.flush().await);
    }
}

fn line(panel: &mut Panel, text: &str, font: &MonoFont<'_>, top: i32) {
    let style = MonoTextStyle::new(font, BinaryColor::On);
    // Writing into the buffer cannot fail.
    drop(Text::with_baseline(text, Point::new(0, top), style, Baseline::Top).draw(panel));
}
