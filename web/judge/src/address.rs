//! Where the hub, or a relay, is in the hall's network.

use core::fmt;

/// The port of a hub that says none.
const PORT: u16 = 8470;
/// Most bytes that are looked at: the longest name, a scheme, a port and a path.
const TEXT_MAX: usize = 300;

/// A node to connect to. It is trusted with nothing: what it says is signed, and what it hears is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubAddress {
    host: String,
    port: u16,
}

impl HubAddress {
    /// Reads what people type and what a hub's second code says: `192.0.2.7`, `hub.local:8470`, `http://192.0.2.7:8470/`,
    /// `ws://192.0.2.7:8470/mesh`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > TEXT_MAX {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let rest = match lower.split_once("://") {
            Some(("http" | "ws", rest)) => rest,
            Some(_) => return None,
            None => &lower,
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !matches!(path.trim_end_matches('/'), "" | "mesh" | "ws") {
            return None;
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(six) => {
                let (host, port) = six.split_once(']')?;
                let is_six = host.contains(':')
                    && host.bytes().all(|it| it.is_ascii_hexdigit() || b":.".contains(&it));
                (
                    is_six.then(|| format!("[{host}]"))?,
                    port.strip_prefix(':').or(port.is_empty().then_some(""))?,
                )
            }
            None => {
                let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
                let is_name =
                    host.bytes().all(|it| it.is_ascii_alphanumeric() || b"-.".contains(&it));
                (
                    (is_name && host.contains(|it: char| it.is_ascii_alphanumeric()))
                        .then(|| host.to_owned())?,
                    port,
                )
            }
        };
        let port =
            if port.is_empty() { PORT } else { port.parse().ok().filter(|port| *port != 0)? };
        Some(Self { host, port })
    }

    /// Whether a scanned text means one: a hub's own code has the mesh's scheme. A link to some page, of which a hall is full, is none.
    pub fn is_code(text: &str) -> bool {
        text.get(..5).is_some_and(|it| it.eq_ignore_ascii_case("ws://"))
    }

    /// The mesh.
    pub fn mesh(&self) -> String {
        format!("ws://{self}/mesh")
    }

    /// Where bundles are.
    pub fn page(&self, path: &str) -> String {
        format!("http://{self}{path}")
    }
}

impl fmt::Display for HubAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_and_what_codes_say_is_the_same_address() {
        for text in [
            "192.0.2.7",
            " 192.0.2.7:8470 ",
            "http://192.0.2.7:8470/",
            "WS://192.0.2.7:8470/mesh",
            "ws://192.0.2.7",
        ] {
            let address = HubAddress::parse(text).expect(text);
            assert_eq!(address.mesh(), "ws://192.0.2.7:8470/mesh", "{text}");
        }
        assert_eq!(
            HubAddress::parse("hub.local:80").unwrap().page("/bundle"),
            "http://hub.local:80/bundle"
        );
        assert_eq!(
            HubAddress::parse("http://[FE80::1]:7868/").unwrap().to_string(),
            "[fe80::1]:7868"
        );
    }

    #[test]
    fn what_is_no_address_of_a_hub_is_refused() {
        let long = "a".repeat(400);
        for text in [
            "",
            " ",
            "https://192.0.2.7/",
            "ftp://192.0.2.7",
            "ana@192.0.2.7",
            "192.0.2.7:99999",
            "192.0.2.7:0",
            "a b",
            "http://a/other",
            "[zz]:1",
            "[::1]x",
            "-",
            "a?b",
            "a#b",
            &long,
        ] {
            assert_eq!(HubAddress::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_code_with_a_scheme_is_an_address() {
        assert!(
            HubAddress::is_code("ws://192.0.2.7:8470/mesh") && HubAddress::is_code("WS://hub/")
        );
        assert!(
            !HubAddress::is_code("NODUS:EVENT_ID=x")
                && !HubAddress::is_code("http://hub/")
                && !HubAddress::is_code("192.0.2.7")
                && !HubAddress::is_code("é")
        );
    }
}
