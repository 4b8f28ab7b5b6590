//! What the fuzzer runs. The same functions run in `cargo test` of the crates that they are about, over the corpus.

pub mod boot;
pub mod chip;
pub mod mesh;
pub mod targets;
