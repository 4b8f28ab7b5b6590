//! Who has how many connections: a phone has a few, whatever it opens, and leaves the others theirs.

use alloc::collections::BTreeMap;
use core::net::Ipv4Addr;

/// Connections by address. As many addresses as there are connections: each has one at least.
#[derive(Debug, Default)]
pub struct Callers {
    open: BTreeMap<Ipv4Addr, u8>,
}

impl Callers {
    /// Most connections of one phone: a WebSocket, a call, and one that ends.
    pub const EACH: u8 = 3;

    /// Nobody is there.
    pub const fn new() -> Self {
        Self { open: BTreeMap::new() }
    }

    /// A connection from this address; `false`: it has as many as it may have, and this one is not counted.
    #[must_use]
    pub fn enter(&mut self, from: Ipv4Addr) -> bool {
        let open = self.open.entry(from).or_default();
        let is_free = *open < Self::EACH;
        *open += u8::from(is_free);
        is_free
    }

    /// A connection that was let in has ended.
    pub fn leave(&mut self, from: Ipv4Addr) {
        match self.open.get_mut(&from) {
            Some(open) if *open > 1 => *open -= 1,
            Some(_) | None => drop(self.open.remove(&from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Ipv4Addr = Ipv4Addr::new(10, 77, 77, 2);
    const OTHER: Ipv4Addr = Ipv4Addr::new(10, 77, 77, 3);

    #[test]
    fn a_phone_that_opens_without_end_leaves_the_others_theirs() {
        let mut callers = Callers::new();
        let let_in = (0..100).filter(|_| callers.enter(ONE)).count();
        assert_eq!(let_in, usize::from(Callers::EACH));
        assert!(callers.enter(OTHER));
        callers.leave(ONE);
        assert!(callers.enter(ONE) && !callers.enter(ONE));
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let mut callers = Callers::new();
        for last in 0..=255 {
            let from = Ipv4Addr::new(10, 77, 77, last);
            assert!(callers.enter(from) && callers.enter(from));
            callers.leave(from);
            callers.leave(from);
        }
        callers.leave(ONE);
        assert!(callers.open.is_empty());
    }
}
