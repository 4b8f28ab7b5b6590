//! The client against a small server made of the core, on loopback.

mod calls;
mod device;
mod listener;
mod logins;
mod pinning;
mod secrets;
mod trust;
mod watching;
mod world;
