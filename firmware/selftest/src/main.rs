//! The pure crates try themselves where the firmware runs them: on riscv32imc, without an operating system, in bounded memory.
//!
//! ```text
//!   board/    chip (QEMU's `virt`: counters, painted stack, bounded heap) or host
//!   meter     one part: instructions, stack, heap, and a digest of what it computed
//!   parts/    crypto, vectors, the link's handshake, a match, losses of power
//!   evening/  the world of the match: both halves, their disks, a bad radio, phones
//! ```
//!
//! One line of JSON for each part. `cargo xtask emulate` runs it on the host and under QEMU, compares the digests, and holds
//! the figures against its budgets. Whatever is wrong ends it with exit code 1.
#![cfg_attr(target_os = "none", no_std, no_main)]

extern crate alloc;

mod board;
mod dice;
mod evening;
mod meter;
mod parts;

#[cfg(not(target_os = "none"))]
fn main() {
    run()
}

fn run() -> ! {
    let image = board::image();
    board::say(format_args!(
        "{{\"image\":{{\"text\":{},\"stack\":{},\"heap\":{}}}}}",
        image.text, image.stack, image.heap
    ));
    parts::all();
    board::say(format_args!("{{\"end\":true}}"));
    board::end(true)
}
