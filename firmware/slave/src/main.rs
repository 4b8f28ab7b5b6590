//! The slave: it watches the south goal and tells the master.
//!
//! ```text
//!   sheet ─ Sample ─▶ goal::Detector ─ Event ─▶ pair::Slave ─▶ ESP-NOW, link slots in flash, lamp, display
//! ```
//!
//! What happens decide the two in the middle, which are tested on the host; here are only clocks, wires and flash.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod half;
mod words;

use alloc::string::String;
use alloc::vec::Vec;
use embassy_executor::Spawner;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Timer};
use esp_hal::gpio::{Input, InputConfig, Pull};
use firmware_shell::air::Mouth;
use firmware_shell::board::Board;
use firmware_shell::dog::Dog;
use firmware_shell::entropy::Noise;
use firmware_shell::keep::Keep;
use firmware_shell::keys::Keys;
use firmware_shell::lamp::{Lamp, Pattern};
use firmware_shell::screen::{Page, Screen};
use firmware_shell::sheet::Sheet;
use firmware_shell::whoami::whoami;
use firmware_shell::{air, clock, fault, flash, radio};
use half::{Half, Parts};

firmware_shell::describe!("countersign-slave");

/// What the lamp does now.
static LAMP: Signal<CriticalSectionRawMutex, Pattern> = Signal::new();
/// What the display shows now.
static PAGE: Signal<CriticalSectionRawMutex, Page> = Signal::new();

/// Frames for the master: who reads the sheet does not wait for the radio, which loses what it cannot take.
static SAID: Channel<CriticalSectionRawMutex, Vec<u8>, 16> = Channel::new();

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    let Board {
        wifi,
        watchdog,
        flash,
        hmac,
        adc,
        sense,
        rows,
        cols,
        i2c,
        sda,
        scl,
        rmt,
        lamp,
        button,
        ..
    } = Board::start();
    let mut dog = Dog::wake(watchdog);
    if let Some(lamp) = Lamp::new(rmt, lamp) {
        let _ = shine(lamp).map(|task| spawner.spawn(task));
    }
    if let Some(screen) = Screen::find(i2c, sda, scl).await {
        let _ = show(screen).map(|task| spawner.spawn(task));
    }
    let (mut raw, app) = flash::open(flash);
    let (record, key) = match whoami(&mut Keys::new(hmac), &mut raw) {
        Ok(found) => found,
        Err(why) => return rest(dog, why).await,
    };
    if record.content.access_point.is_some() {
        return rest(dog, "the record is that of a master".into()).await;
    }
    let Ok(controller) = radio::without_wifi(wifi) else { fault::restart() };
    let (mouth, ear, dial) = air::open(&controller);
    // The radio runs by now, and only now keys may be drawn.
    let Ok(noise) = Noise::new() else { fault::restart() };
    let sheet = Sheet::new(adc, sense, rows, cols);
    let button = Input::new(button, InputConfig::default().with_pull(Pull::Up));
    let Ok(keep) = Keep::open(raw) else { fault::restart() };
    let _ = speak(mouth).map(|task| spawner.spawn(task));
    let parts = Parts { record, key, noise, sheet, button, keep, app, ear, dial };
    let Some(half) = Half::start(parts, &mut dog).await else { fault::restart() };
    half.run(dog).await;
}

/// This chip is nobody: it says so until somebody has seen it. A restart would not help.
async fn rest(mut dog: Dog, why: String) {
    LAMP.signal(words::BROKEN);
    PAGE.signal(Page::broken(&why));
    loop {
        dog.feed();
        Timer::after(Duration::from_secs(1)).await;
    }
}

#[embassy_executor::task]
async fn shine(mut lamp: Lamp) {
    let mut pattern = words::MEASURING;
    loop {
        if let Either::First(other) = select(LAMP.wait(), lamp.show(pattern, clock::now())).await {
            pattern = other;
        }
    }
}

#[embassy_executor::task]
async fn show(mut screen: Screen) {
    loop {
        let page = PAGE.wait().await;
        screen.show(&page).await;
    }
}

#[embassy_executor::task]
async fn speak(mut mouth: Mouth) {
    loop {
        let frame = SAID.receive().await;
        mouth.send(&frame).await;
    }
}
