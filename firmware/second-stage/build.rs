//! Chooses the chip's memory and ROM for the linker.

use std::env;
use std::path::PathBuf;

fn main() {
    let chip = match (env::var_os("CARGO_FEATURE_ESP32C3"), env::var_os("CARGO_FEATURE_ESP32C6")) {
        (Some(_), None) => "esp32c3",
        (None, Some(_)) => "esp32c6",
        _ => {
            println!("cargo::error=choose one chip: `--features esp32c3` or `--features esp32c6`");
            return;
        }
    };
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("ld");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rustc-link-arg-bins=--nmagic");
    println!("cargo::rustc-link-arg-bins=-T{chip}.x");
    println!("cargo::rustc-link-arg-bins=-Tsecond-stage.x");
}
