//! A real browser and the real program, as a test has them in its hands.
//!
//! ```no_run
//! # use countersign_web_e2e::{Browser, Server};
//! let server = Server::start(&[]);
//! let browser = Browser::start();
//! let phone = browser.device();
//! let tab = phone.open(&server.url("/"));
//! tab.fill("#address", "ana@example.org");
//! tab.press("form button");
//! tab.until("!!document.querySelector('#code')");
//! ```
//!
//! Every wait has a deadline, and only processes that a test started are ended.

mod bluetooth;
mod browser;
mod clock;
mod demo;
mod factory;
mod fair;
#[path = "../../../crates/countersign-listen/src/free.rs"]
pub mod free;
mod pitch;
mod server;
mod tab;

pub use bluetooth::Bluetooth;
pub use browser::{Browser, Device};
pub use demo::Demo;
pub use factory::register_pairs;
pub use fair::{FAIR, Fair, Hub, film};
pub use pitch::Pitch;
pub use server::Server;
pub use tab::Tab;

use std::time::Duration;

/// When a test gives up waiting. A busy two-core machine takes a while to start a browser.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// When the browser should have answered a command. Longer, so that a wait in the page ends first and can say what it waited for.
const ANSWER: Duration = Duration::from_secs(75);
