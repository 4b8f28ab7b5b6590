//! The listener against slow, greedy and lying clients, on real sockets.

mod listen;
