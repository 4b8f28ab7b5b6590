//! Why the chip started.

use countersign_chip::starts::Cause;
use esp_hal::rtc_cntl::SocResetReason as Reason;

/// What the chip's own register says.
pub fn cause() -> Cause {
    match esp_hal::system::reset_reason() {
        Some(Reason::ChipPowerOn) => Cause::Power,
        Some(Reason::SysBrownOut) => Cause::BrownOut,
        Some(
            Reason::CoreMwdt0
            | Reason::CoreMwdt1
            | Reason::CoreRtcWdt
            | Reason::Cpu0Mwdt0
            | Reason::Cpu0Mwdt1
            | Reason::Cpu0RtcWdt
            | Reason::SysRtcWdt
            | Reason::SysSuperWdt,
        ) => Cause::Watchdog,
        Some(Reason::CoreSw | Reason::Cpu0Sw) => Cause::Fault,
        _ => Cause::Other,
    }
}
