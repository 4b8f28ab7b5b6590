//! The loop that owns time, sheet, button and the radio's ear.

use crate::host::{SAID, Shared};
use crate::panel::{LAMP, PAGE};
use crate::words;
use countersign_league::button::{Button, Then};
use countersign_league::goal::{Calibration, Input as Sensed};
use embassy_futures::yield_now;
use embassy_time::with_deadline;
use esp_hal::gpio::Input;
use firmware_shell::air::{Ear, Mouth};
use firmware_shell::clock::{at, now};
use firmware_shell::dog::Dog;
use firmware_shell::fault;
use firmware_shell::keep::{Keep, NotKept};
use firmware_shell::screen::Page;
use firmware_shell::sheet::{READING, Sheet, measure};

/// The display is written at most so often. Milliseconds.
const REFRESH: u64 = 500;

/// The sheet's calibration; measured if that was never done.
pub(crate) async fn calibration(
    keep: &mut Keep,
    sheet: &mut Sheet,
    dog: &mut Dog,
) -> Result<Calibration, NotKept> {
    if let Some(known) = keep.calibration()? {
        return Ok(known);
    }
    // A new device: however long it takes until the sheet is quiet, this is the image that the factory gave it.
    keep.confirm()?;
    loop {
        if let Some(found) = measure_quietly(sheet, dog).await {
            keep.put_calibration(&found)?;
            return Ok(found);
        }
    }
}

async fn measure_quietly(sheet: &mut Sheet, dog: &mut Dog) -> Option<Calibration> {
    LAMP.signal(words::MEASURING);
    PAGE.signal(Page::measuring());
    measure(sheet, dog).await
}

/// Until the power fails.
pub(crate) async fn run(
    host: Shared,
    mut ear: Ear,
    mut sheet: Sheet,
    wire: Input<'static>,
    mut dog: Dog,
) {
    let (mut next, mut refresh, mut button) = (now(), 0, Button::new());
    loop {
        dog.feed();
        // Whoever talks without end keeps neither the sheet from being read, nor the phones waiting.
        yield_now().await;
        let heard = match now() < next {
            true => with_deadline(at(next), ear.hear()).await.ok(),
            false => None,
        };
        match heard {
            Some(packet) => host.borrow_mut().call(|device, now| device.frame(&packet, now)),
            None => {
                next = now() + READING;
                let calibration = *host.borrow().calibration();
                let sample = sheet.read(now(), &calibration);
                host.borrow_mut().call(|device, now| device.sense(Sensed::Sample(sample), now));
                host.borrow_mut().handle_timeout();
                let touch = button.look(wire.is_low(), now());
                match touch.map_or(Then::Nothing, |touch| host.borrow_mut().touched(touch)) {
                    Then::Calibrate => calibrate(host, &mut sheet, &mut dog).await,
                    Then::Nothing => {}
                }
                let kept = host.borrow_mut().forget();
                if kept.and_then(|()| host.borrow_mut().prepare()).is_err() {
                    fault::restart();
                }
                if now() >= refresh {
                    refresh = now() + REFRESH;
                    host.borrow().show();
                }
            }
        }
    }
}

async fn calibrate(host: Shared, sheet: &mut Sheet, dog: &mut Dog) {
    // A sheet that does not come to rest stays as it was.
    let Some(found) = measure_quietly(sheet, dog).await else { return };
    if host.borrow_mut().calibrated(found).is_err() {
        fault::restart();
    }
}

/// What the device says to the slave.
#[embassy_executor::task]
pub(crate) async fn speak(mut mouth: Mouth) {
    loop {
        let frame = SAID.receive().await;
        mouth.send(&frame).await;
    }
}
