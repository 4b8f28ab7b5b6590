//! What the fuzzer runs. The same functions run in `cargo test -p countersign` over the corpus.

pub mod targets;
