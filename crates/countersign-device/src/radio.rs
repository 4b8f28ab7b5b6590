//! Which phone is which, for the rule "one player for each radio": a keyed hash of its address.
//!
//! The hash is part of the signed start, which anybody may see. Its key is drawn anew at every start of the program and kept
//! nowhere, so that nobody can follow a phone from one evening to the next. A restart in the middle of a match does no harm:
//! the roster is frozen by then, and phones come back by their session keys.

use crate::options::Identify;
use crate::random::{self, NoRandom};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use zeroize::Zeroizing;

/// The neighbours that the kernel knows, with their hardware addresses.
const NEIGHBOURS: &str = "/proc/net/arp";

/// Turns addresses into radios.
pub(crate) struct Radios {
    identify: Identify,
    key: Zeroizing<[u8; 32]>,
}

impl Radios {
    pub(crate) fn new(identify: Identify) -> Result<Self, NoRandom> {
        if identify == Identify::Connection {
            tracing::warn!(
                "--identify connection: every connection counts as a phone of its own, so one person can be everybody; for tests only"
            );
        }
        Ok(Self { identify, key: Zeroizing::new(random::bytes()?) })
    }

    /// The radio at the other end of a connection.
    pub(crate) fn of(&self, peer: SocketAddr) -> [u8; 8] {
        let name = match self.identify {
            Identify::Connection => format!("connection {peer}"),
            Identify::Ip => format!("ip {}", peer.ip()),
            Identify::Mac => {
                let neighbours = std::fs::read_to_string(NEIGHBOURS).unwrap_or_default();
                match hardware_address(&neighbours, peer.ip()) {
                    Some(address) => format!("mac {address}"),
                    None => format!("ip {}", peer.ip()),
                }
            }
        };
        let hash = Sha256::new_with_prefix(b"countersign-radio-v1").chain_update(&self.key[..]);
        let mut radio = [0; 8];
        radio.copy_from_slice(&hash.chain_update(name).finalize()[..8]);
        radio
    }
}

/// From the kernel's table: `IP address  HW type  Flags  HW address  Mask  Device`.
fn hardware_address(neighbours: &str, ip: IpAddr) -> Option<String> {
    let ip = ip.to_string();
    neighbours.lines().skip(1).find_map(|line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [address, _, flags, hardware, ..] = words[..] else { return None };
        // Flags 0: asked for, not answered yet.
        let is_known = address == ip && flags != "0x0" && hardware != "00:00:00:00:00:00";
        is_known.then(|| hardware.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
IP address       HW type     Flags       HW address            Mask     Device
10.77.77.20      0x1         0x2         AA:bb:cc:00:11:22     *        wlan0
10.77.77.21      0x1         0x0         00:00:00:00:00:00     *        wlan0
10.77.77.2       0x1         0x2         aa:bb:cc:00:11:33     *        wlan0
";

    #[test]
    fn the_kernel_knows_the_neighbours() {
        let found = |ip: &str| hardware_address(TABLE, ip.parse().unwrap());
        assert_eq!(found("10.77.77.20").as_deref(), Some("aa:bb:cc:00:11:22"));
        assert_eq!(found("10.77.77.2").as_deref(), Some("aa:bb:cc:00:11:33"));
        assert_eq!(found("10.77.77.21"), None, "not answered yet");
        assert_eq!(found("10.77.77.22"), None);
        assert_eq!(hardware_address("", "10.77.77.2".parse().unwrap()), None);
    }

    #[test]
    fn what_is_one_phone_is_a_choice() {
        let of = |identify| {
            let radios = Radios::new(identify).unwrap();
            let radio = |port| radios.of(SocketAddr::from(([192, 0, 2, 1], port)));
            (radio(1), radio(2))
        };
        let (a, b) = of(Identify::Ip);
        assert_eq!(a, b);
        let (c, d) = of(Identify::Connection);
        assert_ne!(c, d);
        assert_ne!(of(Identify::Ip).0, a, "every start has a key of its own");
    }
}
