//! The accept loop on real loopback sockets.
//!
//! Deadlines are short through the configuration, upper bounds are generous, and every wait is
//! for an event: a close by the server, a counter, a handler that was entered.
//!
//! `cfg(test)` only tells clippy that the helpers are tests too.

#[cfg(test)]
mod heads;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod smuggling;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
