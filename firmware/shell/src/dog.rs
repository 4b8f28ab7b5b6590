//! The watchdog: whoever does not show that it lives for some seconds starts again.

use esp_hal::peripherals::RTC_TIMER;
use esp_hal::rtc_cntl::{Rtc, Rwdt, RwdtStage, RwdtStageAction};
use esp_hal::time::Duration;

/// Longest silence. Erasing a flash sector takes up to 0.4 s, and some calls erase several.
const PATIENCE: Duration = Duration::from_secs(8);

/// The watchdog of the chip's always-on part. Once awake it never sleeps.
pub struct Dog(Rwdt);

impl Dog {
    /// Wakes it.
    pub fn wake(timer: RTC_TIMER<'static>) -> Self {
        let mut dog = Rtc::new(timer).rwdt;
        dog.enable();
        dog.set_timeout(RwdtStage::Stage0, PATIENCE);
        dog.set_stage_action(RwdtStage::Stage0, RwdtStageAction::ResetSystem);
        dog.feed();
        Self(dog)
    }

    /// We live. Only the loop that owns the half may say so: then a loop that hangs is noticed.
    pub fn feed(&mut self) {
        self.0.feed();
    }
}
