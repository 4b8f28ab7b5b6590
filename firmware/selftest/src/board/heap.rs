//! A heap of fixed size that knows how full it ever was.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};
use linked_list_allocator::Heap;

/// What an ESP32-C3 has left beside its radio is more than this.
pub(super) const SIZE: usize = 192 * 1024;

static ROOM: Room = Room(UnsafeCell::new([const { MaybeUninit::uninit() }; SIZE]));

#[global_allocator]
static COUNTED: Counted = Counted(UnsafeCell::new(Fill { heap: Heap::empty(), most: 0, mark: 0 }));

#[repr(align(16))]
struct Room(UnsafeCell<[MaybeUninit<u8>; SIZE]>);

// SAFETY: one hart runs without interrupts, so there is only ever one thread.
unsafe impl Sync for Room {}

struct Fill {
    heap: Heap,
    most: usize,
    mark: usize,
}

struct Counted(UnsafeCell<Fill>);

// SAFETY: one hart runs without interrupts, so there is only ever one thread.
unsafe impl Sync for Counted {}

impl Counted {
    fn with<T>(&self, work: impl FnOnce(&mut Fill) -> T) -> T {
        // SAFETY: there is one thread, and nothing that runs inside of `work` comes back here.
        work(unsafe { &mut *self.0.get() })
    }
}

// SAFETY: every block comes from `Heap`, and goes back to it with its own layout.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.with(|fill| {
            let block = fill.heap.allocate_first_fit(layout);
            fill.most = fill.most.max(fill.heap.used());
            block.map_or(null_mut(), NonNull::as_ptr)
        })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(block) = NonNull::new(block) else { return };
        // SAFETY: the caller promises that it came from `alloc` with this layout.
        self.with(|fill| unsafe { fill.heap.deallocate(block, layout) });
    }
}

/// Before the first allocation, once.
pub(super) fn start() {
    // SAFETY: nobody else has ever had `ROOM`, and `start` is called once.
    COUNTED.with(|fill| unsafe { fill.heap.init(ROOM.0.get().cast(), SIZE) });
}

/// From here on it is counted.
pub(super) fn mark() {
    COUNTED.with(|fill| {
        fill.mark = fill.heap.used();
        fill.most = fill.mark;
    });
}

/// Most that was allocated at the same time since the mark, above what was there at the mark.
pub(super) fn peak() -> usize {
    COUNTED.with(|fill| fill.most - fill.mark)
}
