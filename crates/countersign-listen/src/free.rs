//! Ports for programs that are told their port.

use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below what Linux gives to connections and to sockets bound to port 0 (32768 to 60999), above what services have.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A port that nobody has on the loopback, TCP and UDP: for a program that is told its port and binds it later, or again after a crash.
///
/// Port 0 gives one of those that connections are given too: until the program binds it, and while it is down, anybody
/// may get it. These are given by this function only: another one each time in this process, and from another place on in another.
///
/// # Errors
/// [`ErrorKind::AddrInUse`]: somebody has all 12,000.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let number = std::process::id().wrapping_mul(61);
        let number = number.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let above = u16::try_from(number % u32::from(COUNT)).map_err(Error::other)?;
        let address = (Ipv4Addr::LOCALHOST, FIRST + above);
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return Ok(address.1);
        }
    }
    Err(Error::from(ErrorKind::AddrInUse))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_or_while_somebody_has_it() {
        let first = free_port().unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first + 1));
        let more: Vec<_> = (0..100).map(|_| free_port().unwrap()).collect();
        assert!(!more.contains(&first));
        assert!(taken.is_err() || !more.contains(&(first + 1)));
        assert!(more.iter().all(|port| (FIRST..FIRST + COUNT).contains(port)));
    }
}
