//! The slave.
#![no_std]
#![no_main]

extern crate alloc;

use embassy_executor::Spawner;
use esp_hal::clock::CpuClock;
use esp_hal::timer::timg::TimerGroup;
use firmware_shell::{air, clock, entropy};

esp_bootloader_esp_idf::esp_app_desc!("0.1.0", "slave", "00:00:00", "2026-01-01", "5.4.0", 65536, 0, u16::MAX, 0);

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    esp_hal::system::software_reset()
}

#[esp_rtos::main]
async fn main(_spawner: Spawner) {
    let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    esp_alloc::heap_allocator!(#[esp_hal::ram(reclaimed)] size: 64 * 1024);
    let timers = TimerGroup::new(p.TIMG0);
    esp_rtos::start(timers.timer0, p.FROM_CPU_INTR0);
    let Ok(controller) = esp_radio::wifi::WifiController::new(p.WIFI, Default::default()) else { return };
    let (mut mouth, mut ear, dial) = air::open(&controller);
    dial.tune(6);
    let Ok(mut noise) = entropy::Noise::new() else { return };
    loop {
        let frame = ear.hear().await;
        let _ = clock::now();
        mouth.send(&frame).await;
        let _ = countersign_league::pair::Entropy::draw(&mut noise);
    }
}
