//! Lamp and display.

use crate::words;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use firmware_shell::clock::now;
use firmware_shell::lamp::{Lamp, Pattern};
use firmware_shell::screen::{Page, Screen};

/// What the lamp does now.
pub(crate) static LAMP: Signal<CriticalSectionRawMutex, Pattern> = Signal::new();
/// What the display shows now.
pub(crate) static PAGE: Signal<CriticalSectionRawMutex, Page> = Signal::new();

#[embassy_executor::task]
pub(crate) async fn shine(mut lamp: Lamp) {
    let mut pattern = words::MEASURING;
    loop {
        if let Either::First(other) = select(LAMP.wait(), lamp.show(pattern, now())).await {
            pattern = other;
        }
    }
}

#[embassy_executor::task]
pub(crate) async fn show(mut screen: Screen) {
    loop {
        let page = PAGE.wait().await;
        screen.show(&page).await;
    }
}
