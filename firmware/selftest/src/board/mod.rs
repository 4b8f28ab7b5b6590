//! What the parts stand on: a chip without an operating system, or the machine of whoever compares the two.
//!
//! Both have the same functions. Only the chip counts; the host says 0.

#[cfg(target_os = "none")]
mod chip;
#[cfg(target_os = "none")]
mod heap;
#[cfg(not(target_os = "none"))]
mod host;

#[cfg(target_os = "none")]
pub(crate) use chip::{end, image, instructions, mark, say, used};
#[cfg(not(target_os = "none"))]
pub(crate) use host::{end, image, instructions, mark, say, used};

/// What a part took of the memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    /// Deepest stack, below whoever measures.
    pub(crate) stack: usize,
    /// Most that was allocated at the same time, above what was before.
    pub(crate) heap: usize,
}

/// What the program itself takes, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Image {
    /// Instructions.
    pub(crate) text: usize,
    /// Room of the stack.
    pub(crate) stack: usize,
    /// Room of the heap.
    pub(crate) heap: usize,
}
