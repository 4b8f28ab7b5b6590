//! The master.
#![no_std]
#![no_main]

use countersign_bench_riscv::{parts, stop};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    parts::master();
    stop()
}
