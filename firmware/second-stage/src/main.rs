//! The second stage of a goal-line device: the ROM starts it after checking its signature, and it starts an application after
//! checking the application's.
//!
//! All decisions are in `countersign-boot`, which is tested on a host. Here is what only a chip has: registers and functions of
//! the ROM. It runs on the ROM's stack, with interrupts off and clocks as the ROM left them, and keeps no state in RAM.

#![no_std]
#![no_main]

mod board;
mod chip;
mod flash;
mod fuses;
mod rom;
mod watchdog;

use core::panic::PanicInfo;
use countersign_boot::image::Verified;
use countersign_boot::layout;
use countersign_boot::{Choice, Halt, Slot, start};

/// Where the ROM jumps to.
#[expect(unsafe_code, reason = "the linker script names it")]
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
extern "C" fn second_stage() -> ! {
    watchdog::guard();
    chip::prepare();
    rom::print_len(c"second stage, %u bytes\r\n", rom::own_len());
    let mut board = board::Chip::new();
    match start(&mut board) {
        Ok(choice) => launch(&choice),
        Err(halt) => stop(&halt),
    }
}

/// Copies, maps, and jumps. From here on nothing reads the image as bytes any more.
fn launch(choice: &Choice<Verified<'_>>) -> ! {
    let image = &choice.image;
    rom::print_len(c"starting slot %u\r\n", choice.slot.index() as u32);
    for copy in image.copies() {
        watchdog::feed();
        board::copy(&copy);
    }
    flash::show_nothing();
    for mapping in image.mappings() {
        flash::show(mapping.to, layout::offset(choice.slot) + mapping.from, mapping.pages);
    }
    flash::ready();
    chip::relax();
    watchdog::feed();
    rom::jump(image.entry())
}

/// Neither slot may start: says why, if printing is not burnt off, and stays where it is.
fn stop(halt: &Halt) -> ! {
    for slot in Slot::BOTH {
        let [zero, one] = &halt.why;
        rom::print_why(slot, if slot == Slot::Zero { zero } else { one });
    }
    watchdog::off();
    rom::sleep()
}

/// The watchdog starts it again. If that comes of an image that is tried, its attempts end.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    rom::sleep()
}
