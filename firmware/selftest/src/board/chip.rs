//! QEMU's `virt` with one riscv32imc hart: the counter of retired instructions, a painted stack, a serial port, an end.

use super::{Image, Used, heap};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::fmt::{self, Arguments, Write};
use core::panic::PanicInfo;
use core::ptr::addr_of;

/// Transmit register of the first NS16550.
const UART: *mut u8 = 0x1000_0000 as *mut u8;
/// The "SiFive test finisher": what is written here ends QEMU, with an exit code.
const FINISHER: *mut u32 = 0x0010_0000 as *mut u32;
const PASS: u32 = 0x5555;
const FAIL: u32 = 1 << 16 | 0x3333;

const PAINT: u32 = 0x5ac3_5ac3;
/// The painter's own frame.
const MARGIN: usize = 128;

global_asm!(
    ".section .init, \"ax\"",
    ".globl _start",
    "_start:",
    "la sp, __stack_top",
    "la t0, fault",
    "csrw mtvec, t0",
    // A locked rule without rights, NAPOT, 4096 bytes: below the stack nobody writes.
    "la t0, __guard",
    "srli t0, t0, 2",
    "ori t0, t0, 0x1ff",
    "csrw pmpaddr0, t0",
    "li t0, 0x98",
    "csrw pmpcfg0, t0",
    "la t0, __bss_start",
    "la t1, __bss_end",
    "1: bgeu t0, t1, 2f",
    "sw zero, 0(t0)",
    "addi t0, t0, 4",
    "j 1b",
    "2: call start",
    ".balign 4",
    "fault:",
    "la sp, __last_words",
    "csrr a0, mcause",
    "csrr a1, mepc",
    "csrr a2, mtval",
    "call faulted",
);

unsafe extern "C" {
    static __text_size: u8;
    static __guard: u8;
    static __stack_bottom: u8;
    static __stack_top: u8;
}

#[unsafe(no_mangle)]
extern "C" fn start() -> ! {
    heap::start();
    crate::run()
}

#[unsafe(no_mangle)]
extern "C" fn faulted(cause: u32, at: u32, value: u32) -> ! {
    let (guard, bottom) = (addr_of!(__guard) as u32, addr_of!(__stack_bottom) as u32);
    let what = if (guard..bottom).contains(&value) { "the stack is full" } else { "a fault" };
    say(format_args!("{{\"failed\":\"{what}: cause {cause} at {at:#x}, value {value:#x}\"}}"));
    end(false)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say(format_args!("{{\"failed\":{:?}}}", Flat(info)));
    end(false)
}

/// Words on one line, as a JSON string. Debug's escapes are those of JSON for everything that stands in our messages.
struct Flat<'i>(&'i PanicInfo<'i>);

impl fmt::Debug for Flat<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", alloc::format!("{}", self.0))
    }
}

/// Retired since the start.
pub(crate) fn instructions() -> u64 {
    loop {
        let (before, low, after): (u32, u32, u32);
        // SAFETY: reading counters changes nothing.
        unsafe {
            asm!("csrr {}, minstreth", out(reg) before, options(nomem, nostack));
            asm!("csrr {}, minstret", out(reg) low, options(nomem, nostack));
            asm!("csrr {}, minstreth", out(reg) after, options(nomem, nostack));
        }
        if before == after {
            return u64::from(before) << 32 | u64::from(low);
        }
    }
}

static MARK: Mark = Mark(UnsafeCell::new(0));

struct Mark(UnsafeCell<usize>);

// SAFETY: one hart runs without interrupts, so there is only ever one thread.
unsafe impl Sync for Mark {}

/// From here on memory is counted: paints what of the stack is free.
#[inline(never)]
pub(crate) fn mark() {
    let top = stack_pointer() - MARGIN;
    let mut at = addr_of!(__stack_bottom) as usize;
    while at < top {
        // SAFETY: between the end of the stack and the frame of this function nothing lies that anybody needs.
        unsafe { (at as *mut u32).write_volatile(PAINT) };
        at += size_of::<u32>();
    }
    // SAFETY: there is one thread, and no reference to the mark is ever made.
    unsafe { *MARK.0.get() = top };
    heap::mark();
}

/// Since the mark.
pub(crate) fn used() -> Used {
    // SAFETY: as above.
    let top = unsafe { *MARK.0.get() };
    let mut at = addr_of!(__stack_bottom) as usize;
    // SAFETY: the stack can be read; what lies there is a number.
    while at < top && unsafe { (at as *const u32).read_volatile() } == PAINT {
        at += size_of::<u32>();
    }
    Used { stack: top + MARGIN - at, heap: heap::peak() }
}

pub(crate) fn image() -> Image {
    let stack = addr_of!(__stack_top) as usize - addr_of!(__stack_bottom) as usize;
    Image { text: addr_of!(__text_size) as usize, stack, heap: heap::SIZE }
}

fn stack_pointer() -> usize {
    let sp: usize;
    // SAFETY: reading a register changes nothing.
    unsafe { asm!("mv {}, sp", out(reg) sp, options(nomem, nostack)) };
    sp
}

struct Serial;

impl Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // SAFETY: the register takes a byte at any time; QEMU's port is never busy.
            unsafe { UART.write_volatile(byte) };
        }
        Ok(())
    }
}

/// One line.
pub(crate) fn say(line: Arguments<'_>) {
    // The port cannot refuse.
    let _ = writeln!(Serial, "{line}");
}

/// Ends QEMU: exit code 0 or 1.
pub(crate) fn end(is_well: bool) -> ! {
    let word = if is_well { PASS } else { FAIL };
    // SAFETY: the register ends the machine.
    unsafe { FINISHER.write_volatile(word) };
    loop {
        core::hint::spin_loop();
    }
}
