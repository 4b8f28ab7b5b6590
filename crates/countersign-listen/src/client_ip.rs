//! Whose request it is when proxies stand between.

use http::HeaderMap;
use http::header::{FORWARDED, HeaderName};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Proxies in a row that we follow; more is a loop or an attack.
const MOST_HOPS: usize = 16;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Proxies whose word about the client counts. `default()` trusts nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    /// Where they connect from.
    pub networks: Vec<IpNetwork>,
    /// Where they write the client's address.
    pub header: ForwardedBy,
}

/// The one header that the proxies write.
///
/// It has to be named: a proxy that writes one passes the other on as the client sent it, so
/// believing whichever is there would believe the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`, as nearly all do.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// An address or a block of addresses: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpNetwork {
    base: IpAddr,
    prefix: u8,
}

/// What is wrong with a block of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not an address.
    #[error(
        "{text:?} is no IP address or block; write it as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32"
    )]
    NoAddress {
        /// What was written.
        text: String,
    },
    /// Not a prefix length.
    #[error("{text:?} has no valid prefix length; IPv4 takes 0 to 32, IPv6 0 to 128")]
    NoPrefix {
        /// What was written.
        text: String,
    },
    /// Most likely a slip, and a slip here trusts the wrong machines.
    #[error(
        "{text:?} has address bits beyond its prefix; write {base}/{prefix} or a longer prefix"
    )]
    Ragged {
        /// What was written.
        text: String,
        /// The block it lies in.
        base: IpAddr,
        /// Its prefix.
        prefix: u8,
    },
}

/// The client's address: the last one in the chain that is no trusted proxy.
///
/// The header is read from its end, where the nearest proxy wrote. Everything before the first
/// address that is not ours was written by a stranger and is ignored, and so is everything before
/// an entry that is no address; then the last proxy that we could follow counts as the client.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> IpAddr {
    let mut known = peer.to_canonical();
    if !trusted.contains(known) {
        return known;
    }
    let name = match trusted.header {
        ForwardedBy::XForwardedFor => &X_FORWARDED_FOR,
        ForwardedBy::Forwarded => &FORWARDED,
    };
    // As bytes: a stranger's bad character must not hide what the proxy wrote behind it.
    let lines = headers.get_all(name).iter().rev();
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for entry in entries.take(MOST_HOPS) {
        let Some(ip) = std::str::from_utf8(entry).ok().and_then(|entry| match trusted.header {
            ForwardedBy::XForwardedFor => node(entry.trim()),
            ForwardedBy::Forwarded => forwarded_for(entry),
        }) else {
            return known;
        };
        known = ip.to_canonical();
        if !trusted.contains(known) {
            return known;
        }
    }
    known
}

impl TrustedProxies {
    /// Whether `ip` is one of them.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(ip))
    }
}

impl IpNetwork {
    /// Whether `ip` lies in this block. An IPv4-mapped IPv6 address counts as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.base, masked(ip.to_canonical(), self.prefix)) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => base == ip,
            (IpAddr::V6(base), IpAddr::V6(ip)) => base == ip,
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for IpNetwork {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let no_address = |_| NetworkError::NoAddress { text: text.to_owned() };
        let ip = IpAddr::from_str(address).map_err(no_address)?;
        let longest = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix.map(u8::from_str) {
            None => longest,
            Some(Ok(prefix)) if prefix <= longest => prefix,
            Some(Ok(_) | Err(_)) => return Err(NetworkError::NoPrefix { text: text.to_owned() }),
        };
        let base = masked(ip, prefix);
        if base != ip {
            return Err(NetworkError::Ragged { text: text.to_owned(), base, prefix });
        }
        Ok(Self { base, prefix })
    }
}

fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
    // A shift by the whole width (prefix 0) is no shift at all in Rust, hence checked.
    match ip {
        IpAddr::V4(v4) => {
            let shift = 32u32.saturating_sub(u32::from(prefix));
            let mask = u32::MAX.checked_shl(shift).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask))
        }
        IpAddr::V6(v6) => {
            let shift = 128u32.saturating_sub(u32::from(prefix));
            let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask))
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn node(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse() {
        return Some(ip);
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse().ok().map(IpAddr::V6)
}

/// The `for` of one element: `for="[2001:db8::1]:80";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut fors = element.split(';').filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    });
    let (value, more) = (fors.next()?, fors.next());
    if more.is_some() {
        return None;
    }
    let unquoted = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'));
    node(unquoted?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const PROXY: &str = "10.0.0.1";

    fn trusting(networks: &[&str], header: ForwardedBy) -> TrustedProxies {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        TrustedProxies { networks, header }
    }

    fn ask(peer: &str, lines: &[(&'static str, &[u8])], trusted: &TrustedProxies) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        client_ip(peer.parse().unwrap(), &headers, trusted).to_string()
    }

    #[test]
    fn x_forwarded_for_cannot_be_spoofed() {
        let trusted = trusting(&["10.0.0.0/8", "fd00::/8"], ForwardedBy::XForwardedFor);
        let cases: &[(&str, &[&[u8]], &str, &str)] = &[
            ("203.0.113.9", &[b"6.6.6.6"], "203.0.113.9", "a stranger claims to be a proxy"),
            (PROXY, &[], PROXY, "the proxy itself"),
            (PROXY, &[b"203.0.113.9"], "203.0.113.9", "honest"),
            (PROXY, &[b"6.6.6.6, 203.0.113.9"], "203.0.113.9", "a lie in front"),
            (PROXY, &[b"10.0.0.7, 203.0.113.9"], "203.0.113.9", "a lie with an inside address"),
            (PROXY, &[b"6.6.6.6", b"203.0.113.9"], "203.0.113.9", "a lie in a line of its own"),
            (PROXY, &[b"6.6.6.6, 203.0.113.9, 10.0.0.2"], "203.0.113.9", "two proxies"),
            (PROXY, &[b"203.0.113.9", b"10.0.0.2, 10.0.0.3"], "203.0.113.9", "three"),
            (PROXY, &[b"\xff\xfe, 203.0.113.9"], "203.0.113.9", "bad bytes hide nothing"),
            (PROXY, &[b"6.6.6.6, unknown"], PROXY, "no address: the proxy that said so"),
            (PROXY, &[b"6.6.6.6, unknown, 10.0.0.2"], "10.0.0.2", "followed as far as possible"),
            (PROXY, &[b"6.6.6.6,"], PROXY, "an empty entry"),
            (PROXY, &[b"10.0.0.5, 10.0.0.2"], "10.0.0.5", "all inside: the outermost"),
            (PROXY, &[b"203.0.113.9:4711"], "203.0.113.9", "with a port"),
            (PROXY, &[b"[2001:db8::1]:4711"], "2001:db8::1", "IPv6 with a port"),
            (PROXY, &[b"2001:db8::1, fd00::2"], "2001:db8::1", "bare IPv6"),
            (PROXY, &[b"::ffff:203.0.113.9"], "203.0.113.9", "mapped"),
            ("::ffff:10.0.0.1", &[b"203.0.113.9"], "203.0.113.9", "mapped proxy"),
            (PROXY, &[b"0x0a.0.0.1"], PROXY, "no octal or hexadecimal"),
        ];
        for (peer, lines, expected, why) in cases {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(ask(peer, &lines, &trusted), *expected, "{why}");
        }
    }

    #[test]
    fn forwarded_cannot_be_spoofed() {
        let trusted = trusting(&[PROXY, "10.0.0.2"], ForwardedBy::Forwarded);
        let cases: &[(&[u8], &str)] = &[
            (b"for=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
            (b"for=6.6.6.6, proto=https; For=\"203.0.113.9:80\"", "203.0.113.9"),
            (b"for=\"[2001:db8::1]:4711\", for=10.0.0.2", "2001:db8::1"),
            (b"for=\"6.6.6.6, for=203.0.113.9", "203.0.113.9"),
            (b"for=203.0.113.9;for=6.6.6.6", PROXY),
            (b"for=6.6.6.6, for=_hidden", PROXY),
            (b"for=6.6.6.6, by=10.0.0.1", PROXY),
            (b"for=\"6.6.6.6", PROXY),
        ];
        for (line, expected) in cases {
            let lines = [("forwarded", *line), ("x-forwarded-for", b"6.6.6.6".as_slice())];
            let case = String::from_utf8_lossy(line);
            assert_eq!(ask(PROXY, &lines, &trusted), *expected, "{case}");
        }
    }

    #[test]
    fn only_the_named_header_counts() {
        let lines = [
            ("forwarded", b"for=6.6.6.6".as_slice()),
            ("x-real-ip", b"6.6.6.6".as_slice()),
            ("x-forwarded-for", b"203.0.113.9".as_slice()),
        ];
        let trusted = trusting(&[PROXY], ForwardedBy::XForwardedFor);
        assert_eq!(ask(PROXY, &lines, &trusted), "203.0.113.9");
        assert_eq!(ask(PROXY, &lines[..2], &trusted), PROXY);
        assert_eq!(ask(PROXY, &lines, &TrustedProxies::default()), PROXY);
    }

    #[test]
    fn a_long_chain_ends() {
        let chain = vec!["10.0.0.2"; 1000].join(", ");
        let line = format!("6.6.6.6, {chain}");
        let trusted = trusting(&["10.0.0.0/8"], ForwardedBy::XForwardedFor);
        let lines = [("x-forwarded-for", line.as_bytes())];
        assert_eq!(ask(PROXY, &lines, &trusted), "10.0.0.2");
    }

    #[test]
    fn blocks_are_parsed_strictly() {
        let any: IpNetwork = "0.0.0.0/0".parse().unwrap();
        assert!(any.contains(IpAddr::from([255, 255, 255, 255])));
        assert!(!any.contains(IpAddr::from(Ipv6Addr::LOCALHOST)));
        let lan: IpNetwork = "10.32.0.0/11".parse().unwrap();
        assert!(lan.contains(IpAddr::from([10, 63, 255, 255])));
        assert!(!lan.contains(IpAddr::from([10, 64, 0, 0])));
        let one: IpNetwork = "::1".parse().unwrap();
        assert!(one.contains(IpAddr::from(Ipv6Addr::LOCALHOST)));
        assert!(!one.contains(IpAddr::from([0, 0, 0, 1])));
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10/8", "proxy"] {
            assert!(bad.parse::<IpNetwork>().is_err(), "{bad}");
        }
        let ragged = "10.0.0.7/8".parse::<IpNetwork>().unwrap_err().to_string();
        assert!(ragged.contains("write 10.0.0.0/8"), "{ragged}");
    }
}
