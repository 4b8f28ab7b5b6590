//! The master, for small games: the north goal, the phones' Wi-Fi, and the match.
//!
//! ```text
//!   phones ─ Wi-Fi ─▶ net: DHCP, DNS ─▶ web, ws ─┐
//!   sheet, button ───────────────────────────────┼▶ Host: league::device::Device ─▶ flash, lamp, display
//!   slave ─ ESP-NOW ─────────────────────────────┘                                └▶ ESP-NOW, every phone
//! ```
//!
//! What happens decides the device in the middle, the same as on Linux; here are only clocks, wires, sockets and flash. There is no
//! TLS: what matters is signed, and a phone asks the device to prove itself.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod answer;
mod host;
mod net;
mod panel;
mod play;
mod web;
mod words;
mod ws;

use alloc::boxed::Box;
use alloc::string::String;
use core::cell::RefCell;
use countersign_league::pair::channel;
use embassy_executor::Spawner;
use embassy_time::{Duration, Timer};
use esp_hal::efuse::base_mac_address;
use esp_hal::gpio::{Input, InputConfig, Pull};
use firmware_shell::board::Board;
use firmware_shell::dog::Dog;
use firmware_shell::entropy::Noise;
use firmware_shell::keep::Keep;
use firmware_shell::keys::Keys;
use firmware_shell::lamp::Lamp;
use firmware_shell::screen::Screen;
use firmware_shell::sheet::Sheet;
use firmware_shell::whoami::{keeper, whoami};
use firmware_shell::{air, fault, flash, radio};
use host::{Found, Host, Shared};
use panel::{LAMP, PAGE};

firmware_shell::describe!("countersign-master");

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    let board = Board::start();
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
    } = board;
    let mut dog = Dog::wake(watchdog);
    if let Some(lamp) = Lamp::new(rmt, lamp) {
        let _ = panel::shine(lamp).map(|task| spawner.spawn(task));
    }
    if let Some(screen) = Screen::find(i2c, sda, scl).await {
        let _ = panel::show(screen).map(|task| spawner.spawn(task));
    }
    let (mut raw, app) = flash::open(flash);
    let mut keys = Keys::new(hmac);
    let (record, key) = match whoami(&mut keys, &mut raw) {
        Ok(found) => found,
        Err(why) => return rest(dog, why).await,
    };
    let keeper = match keeper(&mut keys) {
        Ok(keeper) => keeper,
        Err(why) => return rest(dog, why).await,
    };
    let Some(access_point) = record.content.access_point.clone() else {
        return rest(dog, "the record is that of a slave".into()).await;
    };
    let home = channel::home(base_mac_address().as_bytes().last().copied().unwrap_or(0));
    let phones = record.pair.value.max_players;
    let (name, passphrase) = (&access_point.name, &access_point.passphrase);
    let Ok(controller) = radio::with_wifi(wifi, name, passphrase, home, phones) else {
        fault::restart()
    };
    let (mouth, ear, _dial) = air::open(&controller);
    // The radio runs by now, and only now keys may be drawn.
    let Ok(noise) = Noise::new() else { fault::restart() };
    let mut sheet = Sheet::new(adc, sense, rows, cols);
    let Ok(mut keep) = Keep::open(raw) else { fault::restart() };
    let Ok(calibration) = play::calibration(&mut keep, &mut sheet, &mut dog).await else {
        fault::restart()
    };
    let found = Found { record, key, keeper, noise, keep, app, calibration };
    let Ok(host) = Host::start(found) else { fault::restart() };
    let host: Shared = Box::leak(Box::new(RefCell::new(host)));
    let _ = play::speak(mouth).map(|task| spawner.spawn(task));
    net::start(spawner, host, &access_point);
    // Radio, flash, keys and record are as they have to be: this image is good.
    if host.borrow_mut().confirm().is_err() {
        fault::restart();
    }
    let button = Input::new(button, InputConfig::default().with_pull(Pull::Up));
    play::run(host, ear, sheet, button, dog).await;
}

/// This chip is nobody: it says so until somebody has seen it. A restart would not help.
async fn rest(mut dog: Dog, why: String) {
    LAMP.signal(words::BROKEN);
    PAGE.signal(firmware_shell::screen::Page::broken(&why));
    loop {
        dog.feed();
        Timer::after(Duration::from_secs(1)).await;
    }
}
