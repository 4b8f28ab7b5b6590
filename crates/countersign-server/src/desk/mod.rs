//! What an operator looks at, and what may be done about it: the same for the console and for the command line.
//!
//! Nothing here asks who is asking. The console's handlers have a proof of the role before they come here
//! (`commands/console`); whoever types a command beside the server has its files.

pub mod account;
pub mod audit;
pub mod device;
pub mod dispute;
pub mod event;
pub mod game;
pub mod keys;
pub mod queues;
pub mod reason;
pub mod ruling;

pub use reason::{Reason, ReasonRefused};
