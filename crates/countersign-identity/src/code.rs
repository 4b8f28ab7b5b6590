//! Login codes: made, typed, stored as a MAC, and proven inside a signed frame.

use countersign::LoginId;
use countersign_store::CodeMac;
use std::fmt;
use zeroize::Zeroizing;

pub use crate::pepper::{Pepper, PepperError};

/// Crockford's base32: no I, L, O, U, so that a code survives being read aloud and typed by hand.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Nobody types more than this by honest mistake.
const MAX_TYPED: usize = 64;

/// What codes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeStyle {
    /// Eight characters of Crockford's base32: 2^40 codes, out of reach even for guesses at ten thousand addresses.
    #[default]
    Base32,
    /// Six digits: what people know from SMS. One guess in 200 000 hits within five attempts.
    Digits,
}

/// A code on its way to its reader. `Debug` hides it; its memory is wiped.
#[derive(Clone)]
pub struct LoginCode(Zeroizing<String>);

/// A code as somebody typed it, normalised. `Debug` hides it; its memory is wiped.
#[derive(Clone)]
pub struct TypedCode(Zeroizing<String>);

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random generator failed")]
pub struct RandomError;

impl CodeStyle {
    /// How many characters a code has.
    pub const fn length(self) -> usize {
        match self {
            Self::Base32 => 8,
            Self::Digits => 6,
        }
    }
}

impl LoginCode {
    /// A fresh code from the operating system's generator; every code is equally likely.
    pub fn generate(style: CodeStyle) -> Result<Self, RandomError> {
        let mut text = Zeroizing::new(String::with_capacity(style.length()));
        while text.len() < style.length() {
            let mut bytes = Zeroizing::new([0; 16]);
            fill_random(bytes.as_mut_slice())?;
            let symbols = bytes.iter().filter_map(|byte| symbol(style, *byte));
            let missing = style.length() - text.len();
            text.extend(symbols.take(missing));
        }
        Ok(Self(text))
    }

    /// The code, for the message that carries it and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps instead of the code.
    pub fn mac(&self, pepper: &Pepper, login: LoginId) -> CodeMac {
        mac(pepper, login, &self.0)
    }
}

impl TypedCode {
    /// Maps what people type to what was sent: case, spaces and `-` do not count, `o` is 0, `i` and `l` are 1.
    ///
    /// Never fails: what cannot be a code simply never matches, and costs an attempt like any other wrong code.
    pub fn normalise(typed: &str) -> Self {
        let typed = if typed.len() > MAX_TYPED { "" } else { typed };
        let mut text = Zeroizing::new(String::with_capacity(MAX_TYPED));
        for character in typed.chars().filter(|it| !it.is_whitespace() && *it != '-') {
            text.push(match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            });
        }
        Self(text)
    }

    /// What an attempt is compared by.
    pub fn mac(&self, pepper: &Pepper, login: LoginId) -> CodeMac {
        mac(pepper, login, &self.0)
    }

    /// L4: What the signed header of a register frame must carry (PROTOCOL.md section 4): it ties the code to the
    /// signature, so that a code taken from one frame cannot be put into another.
    /// [`TypedCode::matches`] compares.
    pub fn hash(&self) -> [u8; 32] {
        countersign::register::code_hash(&self.0)
    }

    /// L4: Whether a signed header carries the hash of this code; in constant time.
    pub fn matches(&self, signed_hash: &[u8; 32]) -> bool {
        countersign::register::code_matches(signed_hash, &self.0)
    }
}

impl fmt::Debug for LoginCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginCode(..)")
    }
}

impl fmt::Debug for TypedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedCode(..)")
    }
}

/// Random bytes of the operating system.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), RandomError> {
    getrandom::fill(bytes).map_err(|_| RandomError)
}

/// `HMAC-SHA-256(pepper, login_id ‖ LP8(code))`: the same code is another value in another login, and a stolen
/// database without the pepper file tells nothing about codes.
fn mac(pepper: &Pepper, login: LoginId, code: &str) -> CodeMac {
    let (length, code) = lp8(code);
    // [L2]
    CodeMac(pepper.key().mac(&[login.as_bytes(), &[length], code]))
}

/// Length prefix and bytes. Codes are at most [`MAX_TYPED`] bytes; whatever is longer is cut to what LP8 can say.
fn lp8(code: &str) -> (u8, &[u8]) {
    let bytes = code.as_bytes();
    match u8::try_from(bytes.len()) {
        Ok(length) => (length, bytes),
        Err(_) => (u8::MAX, &bytes[..usize::from(u8::MAX)]),
    }
}

/// One character from one random byte, or none where taking it would make some characters likelier than others.
fn symbol(style: CodeStyle, byte: u8) -> Option<char> {
    match style {
        CodeStyle::Base32 => Some(char::from(ALPHABET[usize::from(byte & 31)])),
        CodeStyle::Digits if byte < 250 => Some(char::from(b'0' + byte % 10)),
        CodeStyle::Digits => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    const PEPPER: Pepper = Pepper::from_bytes([7; 32]);

    fn login(byte: u8) -> LoginId {
        LoginId::from_bytes([byte; 16])
    }

    #[test]
    fn codes_have_their_form_and_survive_typing() -> Result<(), RandomError> {
        for style in [CodeStyle::Base32, CodeStyle::Digits] {
            let code = LoginCode::generate(style)?;
            assert_eq!(code.expose().len(), style.length());
            assert!(code.expose().bytes().all(|byte| ALPHABET.contains(&byte)));
            let typed = TypedCode::normalise(code.expose());
            assert_eq!(typed.mac(&PEPPER, login(1)), code.mac(&PEPPER, login(1)));
        }
        Ok(())
    }

    #[test]
    fn every_character_is_equally_likely() {
        for (style, kinds) in [(CodeStyle::Base32, 32), (CodeStyle::Digits, 10)] {
            let mut seen = HashMap::new();
            for character in (0..=u8::MAX).filter_map(|byte| symbol(style, byte)) {
                *seen.entry(character).or_insert(0) += 1;
            }
            assert_eq!(seen.len(), kinds);
            assert!(seen.values().all(|count| Some(count) == seen.values().next()));
        }
    }

    #[test]
    fn what_people_type_is_understood() {
        for typed in ["7K3M9Q10", "7k3m 9qIo", " 7k3m-9qlO\n", "7K3M\u{a0}9Q1O"] {
            assert_eq!(*TypedCode::normalise(typed).0, "7K3M9Q10", "{typed:?}");
        }
        assert_eq!(*TypedCode::normalise("123 456").0, "123456");
        assert_eq!(*TypedCode::normalise(&"1".repeat(65)).0, "");
    }

    #[test]
    fn l2_a_code_of_another_login_has_another_mac() {
        let typed = TypedCode::normalise("7K3M9QXA");
        assert_ne!(typed.mac(&PEPPER, login(1)), typed.mac(&PEPPER, login(2)));
        assert_ne!(typed.mac(&PEPPER, login(1)), typed.mac(&Pepper::from_bytes([8; 32]), login(1)));
    }

    #[test]
    fn mac_and_hash_are_those_of_an_independent_implementation() {
        // python3: hmac.new(b"\x07"*32, b"\x01"*16 + b"\x087K3M9QXA", "sha256").hexdigest()
        let typed = TypedCode::normalise("7k3m-9qxa");
        assert_eq!(hex::encode(typed.mac(&PEPPER, login(1)).0), MAC);
        // python3: hashlib.sha256(b"countersign-code-v1\x087K3M9QXA").hexdigest()
        assert_eq!(hex::encode(typed.hash()), HASH);
        assert!(typed.matches(&typed.hash()) && !typed.matches(&[0; 32]));
    }

    const MAC: &str = "06601470e5faf16339bb08c36101b8834f9e7e5e7a3baf0e955e9a06eaacb342";
    const HASH: &str = "3651ab8fb1057d379769d872f672c6c1e7c71e9e8d640420a6d4351179b9baeb";

    #[test]
    fn neither_code_shows_itself() -> Result<(), RandomError> {
        let code = LoginCode::generate(CodeStyle::Base32)?;
        let shown = format!("{code:?}{:?}", TypedCode::normalise(code.expose()));
        assert_eq!(shown, "LoginCode(..)TypedCode(..)");
        Ok(())
    }
}
