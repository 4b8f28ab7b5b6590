//! The parts, in the order in which they build on each other.

mod crypto;
mod evening;
mod pair;
mod power;
mod vectors;

/// A part that fails panics, which ends everything.
pub(crate) fn all() {
    panic!(
        size_of::<countersign_league::device::Device<crate::evening::Key, crate::dice::Dice>>(),
        size_of::<countersign_league::game::Game>(),
        size_of::<crate::evening::Evening>()
    );
    crypto::all();
    vectors::all();
    pair::all();
    evening::all();
    power::all();
}
