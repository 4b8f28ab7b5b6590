//! What stands in the codes of a label.

use countersign_provision::WifiConfig;
use countersign_sheets::{Correction, Qr, TooLong};

/// Most bytes of text: above, a code is too dense for a label.
pub const MAX: usize = 200;

/// The code of a text for a label; 15 % of it may be damaged.
pub fn label(text: &str) -> Result<Qr, TooLong> {
    if text.len() > MAX { Err(TooLong) } else { Qr::new(text, Correction::M) }
}

/// What a phone's camera joins a Wi-Fi by: `WIFI:T:WPA;S:name;P:passphrase;;`, with `\` before each of `\ ; , " :`.
///
/// A name of hexadecimal digits alone may be taken for bytes by some phones; names that are made here have spaces.
pub fn wifi(wifi: &WifiConfig) -> String {
    let (name, passphrase) = (escaped(wifi.name.as_str()), escaped(wifi.passphrase.expose()));
    format!("WIFI:T:WPA;S:{name};P:{passphrase};;")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | ';' | ',' | '"' | ':') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
