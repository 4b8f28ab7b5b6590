//! Programs for riscv32imc that refer to parts of the league. They are never run: a linker keeps what they could reach, and
//! `countersign-bench` measures that.
#![no_std]

extern crate alloc;

pub mod parts;

use alloc::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::panic::PanicInfo;

/// Any value: the compiler must not know that there is none.
pub fn given<T>() -> T {
    match black_box(None) {
        Some(value) => value,
        None => stop(),
    }
}

/// Where a chip would wait to be reset.
pub fn stop() -> ! {
    loop {
        core::hint::spin_loop();
    }
}

/// A heap without memory, which the compiler must not know either.
struct Heap;

// SAFETY: no memory is ever given out.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        black_box(core::ptr::null_mut())
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: Heap = Heap;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    stop()
}
