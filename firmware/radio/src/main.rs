//! The radio of a Linux master: link frames go from the serial line on the air, and back. Nothing else: what passes is decided by
//! `countersign_league::pair::bridge`, and this chip holds no key.
//!
//! ```text
//!   Linux ═ 921,600 baud, 8N1 ═ UART0 ─▶ Bridge ─▶ ESP-NOW, broadcast
//! ```
#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

use core::cell::RefCell;
use countersign_league::pair::bridge::Bridge;
use countersign_league::pair::channel;
use embassy_executor::Spawner;
use embassy_futures::join::join5;
use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Ticker};
use esp_hal::Async;
use esp_hal::efuse::base_mac_address;
use esp_hal::uart::{Config, RxConfig, Uart, UartRx, UartTx};
use firmware_shell::air::{self, Ear, Mouth};
use firmware_shell::board::Board;
use firmware_shell::dog::Dog;
use firmware_shell::{fault, flash, keep, radio};

firmware_shell::describe!("countersign-radio");

/// As `countersign-device` opens the port.
const BAUD: u32 = 921_600;
/// Bytes that go to or come from the line at once.
const PORTION: usize = 128;
/// Of the port's 128 bytes: the rest of them takes 1 ms to arrive, and so long may the radio's driver keep us.
const RX_THRESHOLD: u16 = 32;
const FEED: Duration = Duration::from_secs(1);

type Wake = Signal<NoopRawMutex, ()>;

#[esp_rtos::main]
async fn main(_spawner: Spawner) {
    let Board { wifi, watchdog, flash, uart, uart_tx, uart_rx, .. } = Board::start();
    let dog = Dog::wake(watchdog);
    let Ok(controller) = radio::without_wifi(wifi) else { fault::restart() };
    let (mouth, ear, dial) = air::open(&controller);
    dial.tune(channel::home(base_mac_address().as_bytes().last().copied().unwrap_or(0)));
    let config = Config::default()
        .with_baudrate(BAUD)
        .with_rx(RxConfig::default().with_fifo_full_threshold(RX_THRESHOLD));
    let Ok(uart) = Uart::new(uart, config) else { fault::restart() };
    let (rx, tx) = uart.with_tx(uart_tx).with_rx(uart_rx).into_async().split();
    // Radio and port are as they have to be: this image is good.
    if keep::confirm(&mut flash::open(flash).0).is_err() {
        fault::restart();
    }
    let bridge = RefCell::new(Bridge::new());
    let (for_air, for_line) = (Wake::new(), Wake::new());
    join5(
        read(rx, &bridge, &for_air),
        speak(mouth, &bridge, &for_air),
        hear(ear, &bridge, &for_line),
        write(tx, &bridge, &for_line),
        live(dog),
    )
    .await;
}

async fn read(mut line: UartRx<'static, Async>, bridge: &RefCell<Bridge>, for_air: &Wake) {
    let mut bytes = [0; PORTION];
    loop {
        // Noise and lost bytes are found by the checksum.
        if let Ok(len) = line.read_async(&mut bytes).await {
            bridge.borrow_mut().read_line(bytes.get(..len).unwrap_or_default());
            for_air.signal(());
        }
        yield_now().await;
    }
}

async fn speak(mut mouth: Mouth, bridge: &RefCell<Bridge>, for_air: &Wake) {
    loop {
        let packet = bridge.borrow_mut().next_packet();
        match packet {
            Some(packet) => mouth.send(&packet).await,
            None => for_air.wait().await,
        }
    }
}

async fn hear(mut ear: Ear, bridge: &RefCell<Bridge>, for_line: &Wake) {
    loop {
        let packet = ear.hear().await;
        bridge.borrow_mut().hear(&packet);
        for_line.signal(());
        // Whoever talks without end does not keep the other direction waiting.
        yield_now().await;
    }
}

async fn write(mut line: UartTx<'static, Async>, bridge: &RefCell<Bridge>, for_line: &Wake) {
    let mut bytes = [0; PORTION];
    loop {
        let len = {
            let bridge = bridge.borrow();
            let waiting = bridge.line();
            let len = waiting.len().min(PORTION);
            bytes.iter_mut().zip(waiting).for_each(|(to, from)| *to = *from);
            len
        };
        match bytes.get(..len) {
            Some(portion) if len > 0 => {
                // What the line does not take now, it takes at the next turn.
                let taken = line.write_async(portion).await.unwrap_or(0);
                bridge.borrow_mut().line_taken(taken);
            }
            _ => for_line.wait().await,
        }
    }
}

/// All five run on one executor: if one of them hangs, this one does, too.
async fn live(mut dog: Dog) {
    let mut ticker = Ticker::every(FEED);
    loop {
        dog.feed();
        ticker.next().await;
    }
}
