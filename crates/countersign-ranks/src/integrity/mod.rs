//! What looks wrong in many matches together. Each finding carries its evidence, and none of them is a verdict: a person
//! looks at it.

pub mod device;
pub mod ring;
pub mod throwing;
