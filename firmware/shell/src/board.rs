//! The chip's parts, by what they are for, and the wires of both boards. docs/hardware.md shows them.

use esp_hal::clock::CpuClock;
use esp_hal::gpio::{AnyPin, Pin};
use esp_hal::peripherals::{ADC1, FLASH, GPIO0, HMAC, I2C0, RMT, RTC_TIMER, UART0, WIFI};
use esp_hal::timer::timg::TimerGroup;

/// Memory for the radio's driver and ours: what the second stage used is ours after it.
const INHERITED: usize = 64 * 1024;
/// The rest of it, taken from ordinary memory.
const ORDINARY: usize = 96 * 1024;

/// What a half uses. Whoever needs less takes less.
#[expect(missing_docs, reason = "the names say it")]
pub struct Board {
    pub wifi: WIFI<'static>,
    pub watchdog: RTC_TIMER<'static>,
    pub flash: FLASH<'static>,
    pub hmac: HMAC<'static>,
    pub adc: ADC1<'static>,
    pub sense: GPIO0<'static>,
    pub rows: [AnyPin<'static>; 3],
    pub cols: [AnyPin<'static>; 3],
    pub i2c: I2C0<'static>,
    pub sda: AnyPin<'static>,
    pub scl: AnyPin<'static>,
    pub rmt: RMT<'static>,
    pub lamp: AnyPin<'static>,
    pub button: AnyPin<'static>,
    pub uart: UART0<'static>,
    pub uart_tx: AnyPin<'static>,
    pub uart_rx: AnyPin<'static>,
}

impl Board {
    /// Starts clocks, heap and scheduler. Once.
    pub fn start() -> Self {
        let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
        esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: INHERITED);
        esp_alloc::heap_allocator!(size: ORDINARY);
        // Before the radio: its driver needs tasks.
        esp_rtos::start(TimerGroup::new(p.TIMG0).timer0, p.FROM_CPU_INTR0);
        Self {
            wifi: p.WIFI,
            watchdog: p.RTC_TIMER,
            flash: p.FLASH,
            hmac: p.HMAC,
            adc: p.ADC1,
            sense: p.GPIO0,
            rows: [p.GPIO3.degrade(), p.GPIO4.degrade(), p.GPIO5.degrade()],
            #[cfg(feature = "esp32c3")]
            cols: [p.GPIO6.degrade(), p.GPIO7.degrade(), p.GPIO10.degrade()],
            #[cfg(feature = "esp32c6")]
            cols: [p.GPIO6.degrade(), p.GPIO7.degrade(), p.GPIO18.degrade()],
            i2c: p.I2C0,
            sda: p.GPIO1.degrade(),
            scl: p.GPIO2.degrade(),
            rmt: p.RMT,
            lamp: p.GPIO8.degrade(),
            button: p.GPIO9.degrade(),
            uart: p.UART0,
            #[cfg(feature = "esp32c3")]
            uart_tx: p.GPIO21.degrade(),
            #[cfg(feature = "esp32c3")]
            uart_rx: p.GPIO20.degrade(),
            #[cfg(feature = "esp32c6")]
            uart_tx: p.GPIO16.degrade(),
            #[cfg(feature = "esp32c6")]
            uart_rx: p.GPIO17.degrade(),
        }
    }
}
