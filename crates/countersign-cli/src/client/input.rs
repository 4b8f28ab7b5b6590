//! What users give: text, `@file`, `-` for standard input, hexadecimal, base64url.

use super::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::io::Read;
use std::path::Path;

/// Largest input that is read; more than any frame may have.
const INPUT_MAX: u64 = 64 * 1024 * 1024;

/// A payload: text as it is, `@file`, or `-` for standard input.
pub(crate) fn payload(given: &str) -> Result<Vec<u8>, Failure> {
    match given.strip_prefix('@') {
        Some(path) => file(Path::new(path)),
        None if given == "-" => stdin(),
        None => Ok(given.as_bytes().to_vec()),
    }
}

/// A whole file.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::File::open(path)
        .and_then(whole)
        .map_err(|e| Failure::usage(format!("{} cannot be read: {e}", path.display())))
}

/// All of standard input.
pub(crate) fn stdin() -> Result<Vec<u8>, Failure> {
    whole(std::io::stdin().lock())
        .map_err(|e| Failure::usage(format!("standard input cannot be read: {e}")))
}

/// One line of standard input; `None` at its end.
pub(crate) fn line() -> Result<Option<String>, Failure> {
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(line.trim().to_owned())),
        Err(error) => Err(Failure::usage(format!("standard input cannot be read: {error}"))),
    }
}

/// Bytes that were written as text: hexadecimal or base64url, also with `v1 ` of a `Countersign` header in front.
pub(crate) fn decode_text(text: &str) -> Option<Vec<u8>> {
    let text: String = text.trim().strip_prefix("v1 ").unwrap_or(text).split_whitespace().collect();
    if text.is_empty() {
        return None;
    }
    let hex = hex::decode(&text).ok();
    hex.or_else(|| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok())
}

fn whole(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(INPUT_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_hex_or_base64url_or_nothing() {
        assert_eq!(decode_text(" 00 ff\n"), Some(vec![0, 0xff]));
        assert_eq!(decode_text("v1 _-8"), Some(vec![0xff, 0xef]));
        assert_eq!(decode_text("_-8="), Some(vec![0xff, 0xef]));
        assert_eq!(decode_text(""), None);
        assert_eq!(decode_text("no frame!"), None);
    }
}
