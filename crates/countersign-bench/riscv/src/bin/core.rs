//! Slave, master, and the server's check of a match.
#![no_std]
#![no_main]

use countersign_bench_riscv::{parts, stop};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    parts::slave();
    parts::master();
    parts::check();
    stop()
}
