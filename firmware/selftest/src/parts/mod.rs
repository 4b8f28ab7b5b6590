//! The parts, in the order in which they build on each other.

mod crypto;
mod evening;
mod pair;
mod power;
mod vectors;

/// A part that fails panics, which ends everything.
pub(crate) fn all() {
    crypto::all();
    vectors::all();
    pair::all();
    evening::all();
    power::all();
}
