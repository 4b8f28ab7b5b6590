//! What an image says about itself to the second stage. All constants: the same source gives the same bytes, whenever it is built.

/// Images with a lower number are not started once a higher one was: see `SECURE_VERSION` in docs/firmware.md.
pub const SECURE_VERSION: u32 = 1;

/// Puts the description where the second stage looks for it.
#[macro_export]
macro_rules! describe {
    ($name:literal) => {
        $crate::app_desc!(
            env!("CARGO_PKG_VERSION"),
            $name,
            "00:00:00",
            "1970-01-01",
            "0.0.0",
            0x1_0000,
            0,
            u16::MAX,
            $crate::describe::SECURE_VERSION
        );
    };
}

pub use esp_bootloader_esp_idf as descriptor;

/// `esp_app_desc!` in its long form.
#[doc(hidden)]
#[macro_export]
macro_rules! app_desc {
    ($($part:expr),+ $(,)?) => {
        $crate::describe::descriptor::esp_app_desc!($($part),+);
    };
}
