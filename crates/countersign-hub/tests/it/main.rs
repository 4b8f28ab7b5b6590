//! The hub from outside: real sockets, real files, a real process that is killed. Judges here are small: a node, a key, a code.

mod crashes;
mod days;
mod floods;
mod judge;
mod packages;
mod pages;
mod sample;
mod venue;
