//! What the server says about a login.

use alloc::string::String;
use alloc::vec::Vec;
use serde::Deserialize;

/// The answer to the first and the second step of a login. Waiting times count from now; `None` means never.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LoginView {
    /// The login, in hex.
    pub login_id: String,
    /// The address as the server writes it; this form is signed.
    pub address: String,
    /// The realm's audience.
    pub audience: String,
    /// The realm's application.
    pub app: String,
    /// How many characters a code has.
    #[serde(default)]
    pub code_length: u32,
    /// How long the login lives.
    #[serde(default)]
    pub expires_ms: u64,
    /// Whether a code can be sent now.
    #[serde(default)]
    pub allowed_to_request_code: bool,
    /// When the next code can be sent.
    pub next_code_ms: Option<u64>,
    /// When the next code can be tried.
    pub next_verification_attempt_ms: Option<u64>,
    /// Attempts left.
    #[serde(default)]
    pub attempts_left: u32,
    /// What is asked for before a code is sent.
    #[serde(default)]
    pub requested_information: Vec<String>,
    /// The work, if `"pow"` is among it.
    pub pow: Option<PowView>,
}

/// A proof of work that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PowView {
    /// In hex.
    pub challenge: String,
    /// Leading zero bits.
    pub bits: u32,
}
