//! The parts, in the order in which they build on each other.

mod crypto;
mod vectors;

/// A part that fails panics, which ends everything.
pub(crate) fn all() {
    crypto::all();
    vectors::all();
}
