//! Fresh bytes of the system.

/// Fills with random bytes; ends the program if the system has none, because nothing that follows would be safe.
pub(crate) fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        tracing::error!("the system gives no random numbers");
        std::process::abort();
    }
}

/// So many fresh bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}
