//! Real programs: a master and a slave, phones over HTTP, and losses of power.

mod crashes;
mod folders;
mod matches;
mod pairing;
mod phone;
mod phones;
mod program;
