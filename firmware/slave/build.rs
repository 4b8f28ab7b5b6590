//! The linker's script of the chip.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Tlinkall.x");
}
