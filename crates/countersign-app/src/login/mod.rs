//! What every program that logs in does alike: reads the server's word on a login, and what people type; works for a code.

mod address;
mod code;
mod pow;
mod view;

pub use address::is_same;
pub use code::normalise;
pub use pow::{BITS_MAX, PowTooHard, solve, solve_among};
pub use view::{LoginView, PowView};
