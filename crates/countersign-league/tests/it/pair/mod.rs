//! The pair link: honest worlds with bad radios, liars, and the serial line.

mod attack;
mod bridge;
mod button;
mod fault;
mod parcels;
mod radio;
mod serial;
pub(crate) mod world;
