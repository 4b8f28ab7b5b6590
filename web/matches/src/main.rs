//! What a browser starts. Elsewhere there is nothing to start.

fn main() {
    #[cfg(target_arch = "wasm32")]
    countersign_web_matches::start();
}
