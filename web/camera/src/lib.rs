//! QR codes of a page: [`Reader`] finds them in pictures, [`Modules`] draws them, `Camera` looks for them through a browser's camera.

mod modules;
mod reader;

#[cfg(target_arch = "wasm32")]
mod camera;
#[cfg(target_arch = "wasm32")]
mod canvas;

pub use modules::Modules;
pub use reader::{Reader, luma};

#[cfg(target_arch = "wasm32")]
pub use camera::{Camera, NoCamera};
#[cfg(target_arch = "wasm32")]
pub use canvas::draw;
