//! Where a device is, from what stands on its label or what somebody types.

/// Every device on its own Wi-Fi.
pub const OWN_WIFI: &str = "http://10.77.77.1";
/// Longest text that is looked at, in bytes. A label has at most 200.
const TEXT_MAX: usize = 300;

/// A device to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `http://` or `https://` with host and port, and nothing behind.
    pub base: String,
    /// The Wi-Fi to be in first, if the label said so.
    pub wifi: Option<Wifi>,
}

/// A network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wifi {
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub passphrase: String,
}

impl Device {
    /// Reads the text of a Wi-Fi or pair code, an address, or a name.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > TEXT_MAX {
            return None;
        }
        if let Some(fields) = text.strip_prefix("WIFI:") {
            return Some(Self { base: OWN_WIFI.to_owned(), wifi: Some(wifi(fields)?) });
        }
        if text.starts_with("CSD1:") {
            return Some(Self { base: OWN_WIFI.to_owned(), wifi: None });
        }
        Some(Self { base: base(text)?, wifi: None })
    }

    /// Where its views are.
    pub fn socket(&self) -> String {
        // `http` becomes `ws`, and `https` `wss`.
        format!("{}/league/ws", self.base.replacen("http", "ws", 1))
    }
}

/// `S:name;P:passphrase;`, in any order, with `\` before what would end a field.
fn wifi(fields: &str) -> Option<Wifi> {
    let (mut name, mut passphrase) = (None, String::new());
    let mut rest = fields.chars();
    loop {
        let key: String = rest.by_ref().take_while(|c| *c != ':').collect();
        if key.is_empty() || key == ";" {
            break;
        }
        let mut value = String::new();
        while let Some(c) = rest.next() {
            match c {
                '\\' => value.extend(rest.next()),
                ';' => break,
                c => value.push(c),
            }
        }
        match key.as_str() {
            "S" => name = Some(value),
            "P" => passphrase = value,
            _ => {}
        }
    }
    name.filter(|name| !name.is_empty()).map(|name| Wifi { name, passphrase })
}

/// Names get TLS; addresses cannot have it.
fn base(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        Some(_) => return None,
        None => ("", text.as_str()),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b".-:".contains(&b);
    if host.is_empty() || !host.bytes().all(is_plain) || host.starts_with(['.', ':', '-']) {
        return None;
    }
    let name = host.split(':').next().unwrap_or_default();
    let is_address = name == "localhost" || name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let scheme = match scheme {
        "" if is_address => "http",
        "" if name.contains('.') => "https",
        "" => return None,
        given => given,
    };
    Some(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_of(text: &str) -> Option<String> {
        Device::parse(text).map(|it| it.base)
    }

    #[test]
    fn a_label_names_its_wifi_and_every_device_is_at_the_same_place_in_it() {
        let device = Device::parse(r"WIFI:T:WPA;S:Goal\; teal 07;P:k3vd\:9mqa;;").unwrap();
        let wifi = Wifi { name: "Goal; teal 07".to_owned(), passphrase: "k3vd:9mqa".to_owned() };
        assert_eq!(device, Device { base: OWN_WIFI.to_owned(), wifi: Some(wifi) });
        assert_eq!(device.socket(), "ws://10.77.77.1/league/ws");
        assert_eq!(base_of("CSD1:D1D1:GL-00001:8139"), Some(OWN_WIFI.to_owned()));
        assert_eq!(base_of("WIFI:T:WPA;P:only;;"), None);
    }

    #[test]
    fn names_get_tls_and_addresses_do_not() {
        for (text, base) in [
            (" 10.77.77.1 ", "http://10.77.77.1"),
            ("127.0.0.1:8080/league", "http://127.0.0.1:8080"),
            ("localhost:8080", "http://localhost:8080"),
            ("D1D1.glt.example.org", "https://d1d1.glt.example.org"),
            ("http://d1d1.glt.example.org/#x", "http://d1d1.glt.example.org"),
        ] {
            assert_eq!(base_of(text).as_deref(), Some(base), "{text}");
        }
        for text in [
            "",
            "pitch",
            "javascript:alert(1)",
            "ftp://a.b",
            "https://a b",
            "https://u@a.b",
            ".a.b",
        ] {
            assert_eq!(base_of(text), None, "{text}");
        }
        assert_eq!(Device::parse("a.b:1").unwrap().socket(), "wss://a.b:1/league/ws");
    }
}
