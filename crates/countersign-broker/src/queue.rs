//! Which order is carried out when: pauses, limits, one order per device. Pure.

use crate::csr::CheckedCsr;
use countersign::Timestamp;
use countersign_league::DeviceId;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Time in which issued certificates count against the limits.
pub(crate) const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
/// Let's Encrypt gives five for one set of names in a week.
const PER_DEVICE_WEEK: usize = 4;
/// Pauses of one order: 1, 4, 16 … minutes, so that an authority that allows five failures in an hour sees four.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LAST_PAUSE: Duration = Duration::from_secs(12 * 3600);
/// After so many failures, about three days, the order is given up; the next phone brings a new one.
const TRIES_MAX: u32 = 10;

/// Why an order failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// For people.
    pub(crate) why: String,
    /// When the authority wants to be asked again.
    pub(crate) retry_after: Option<Duration>,
    /// Nothing is wrong with the order: no other one would fare better now.
    pub(crate) concerns_all: bool,
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Waits for its turn.
    Waiting,
    /// Under way.
    Running,
    /// The last try failed, or a limit is reached; the next is at this time.
    Failed { next: Timestamp, why: String },
}

#[derive(Debug)]
struct Order {
    csr: CheckedCsr,
    phase: Phase,
    tries: u32,
    /// When it was asked for: who asked first is served first.
    since: Timestamp,
    /// Another request came while this one was under way.
    again: Option<CheckedCsr>,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Carry this out.
    Order(DeviceId, CheckedCsr),
    /// Nothing before this time.
    At(Timestamp),
    /// Nothing.
    Nothing,
}

/// There are too many orders already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// Orders by device; at most [`Queue::ORDERS_MAX`], and when full, no more are taken.
#[derive(Debug)]
pub(crate) struct Queue {
    orders: BTreeMap<DeviceId, Order>,
    /// What was issued within the last week, oldest first; at most `per_week`.
    issued: VecDeque<(DeviceId, Timestamp)>,
    paused_until: Timestamp,
    per_week: usize,
}

impl Queue {
    pub(crate) const ORDERS_MAX: usize = 1024;

    pub(crate) fn new(
        per_week: u32,
        issued: impl IntoIterator<Item = (DeviceId, Timestamp)>,
    ) -> Self {
        let mut issued: Vec<_> = issued.into_iter().collect();
        issued.sort_by_key(|(_, at)| *at);
        Self {
            orders: BTreeMap::new(),
            issued: issued.into(),
            paused_until: Timestamp::ZERO,
            per_week: usize::try_from(per_week).unwrap_or(usize::MAX),
        }
    }

    /// Takes an order, in place of one of the same device that is not yet under way.
    pub(crate) fn ask(
        &mut self,
        device: DeviceId,
        csr: CheckedCsr,
        now: Timestamp,
    ) -> Result<(), Full> {
        if let Some(order) = self.orders.get_mut(&device) {
            match order.phase {
                Phase::Running if order.csr != csr => order.again = Some(csr),
                Phase::Running => {}
                Phase::Waiting | Phase::Failed { .. } => order.csr = csr,
            }
            return Ok(());
        }
        if self.orders.len() >= Self::ORDERS_MAX {
            return Err(Full);
        }
        let order = Order { csr, phase: Phase::Waiting, tries: 0, since: now, again: None };
        self.orders.insert(device, order);
        Ok(())
    }

    pub(crate) fn phase(&self, device: &DeviceId) -> Option<&Phase> {
        self.orders.get(device).map(|order| &order.phase)
    }

    /// The next order, marked as under way.
    pub(crate) fn next(&mut self, now: Timestamp) -> Due {
        self.forget_issued(now);
        if now < self.paused_until {
            return if self.orders.is_empty() { Due::Nothing } else { Due::At(self.paused_until) };
        }
        self.hold_back(now);
        let is_due = |order: &Order| match &order.phase {
            Phase::Waiting => true,
            Phase::Running => false,
            Phase::Failed { next, .. } => *next <= now,
        };
        let due = self.orders.iter_mut().filter(|(_, order)| is_due(order));
        if let Some((device, order)) = due.min_by_key(|(_, order)| order.since) {
            order.phase = Phase::Running;
            return Due::Order(*device, order.csr.clone());
        }
        let later = self.orders.values().filter_map(|order| match &order.phase {
            Phase::Failed { next, .. } => Some(*next),
            Phase::Waiting | Phase::Running => None,
        });
        later.min().map_or(Due::Nothing, Due::At)
    }

    /// The order under way succeeded.
    pub(crate) fn issued(&mut self, device: DeviceId, now: Timestamp) {
        self.issued.push_back((device, now));
        if let Some(order) = self.orders.remove(&device)
            && let Some(csr) = order.again
        {
            // There is room: one was just taken out.
            let _ = self.ask(device, csr, now);
        }
    }

    /// The order under way failed.
    pub(crate) fn failed(&mut self, device: DeviceId, failure: Failure, now: Timestamp) {
        let Some(order) = self.orders.get_mut(&device) else { return };
        let own = pause(order.tries);
        let next = now.plus(failure.retry_after.map_or(own, |after| after.max(own)));
        if failure.concerns_all || failure.retry_after.is_some() {
            self.paused_until = self.paused_until.max(next);
        }
        order.tries += 1;
        if let Some(csr) = order.again.take() {
            order.csr = csr;
        }
        order.phase = Phase::Failed { next, why: failure.why };
        if order.tries >= TRIES_MAX {
            self.orders.remove(&device);
        }
    }

    /// What counts against the limits, for the disk.
    pub(crate) fn log(&self) -> impl Iterator<Item = &(DeviceId, Timestamp)> {
        self.issued.iter()
    }

    fn forget_issued(&mut self, now: Timestamp) {
        while self.issued.front().is_some_and(|(_, at)| now.since(*at) >= WEEK) {
            self.issued.pop_front();
        }
    }

    /// What a limit forbids now says so, and until when.
    fn hold_back(&mut self, now: Timestamp) {
        let frees = |at: Option<&(DeviceId, Timestamp)>| at.map(|(_, at)| at.plus(WEEK));
        let for_all = self.issued.len().checked_sub(self.per_week);
        let for_all = for_all.and_then(|over| frees(self.issued.get(over)));
        for (device, order) in &mut self.orders {
            let own: Vec<_> = self.issued.iter().filter(|(of, _)| of == device).collect();
            let over = own.len().checked_sub(PER_DEVICE_WEEK);
            let for_device = over.and_then(|over| frees(own.get(over).copied()));
            let why = match (for_device, for_all) {
                (Some(_), _) => "this device has had its certificates for this week",
                (None, Some(_)) => "the league has had its certificates for this week",
                (None, None) => continue,
            };
            let is_held = match &order.phase {
                Phase::Waiting => true,
                Phase::Failed { next, .. } => *next <= now,
                Phase::Running => false,
            };
            if is_held && let Some(next) = for_device.max(for_all) {
                order.phase = Phase::Failed { next, why: why.to_owned() };
            }
        }
    }
}

fn pause(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(4u32.saturating_pow(tries)).min(LAST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: DeviceId = DeviceId::from_bytes([1; 16]);
    const B: DeviceId = DeviceId::from_bytes([2; 16]);

    fn csr(number: u8) -> CheckedCsr {
        CheckedCsr { der: vec![number], host: "d1.example.org".into(), spki: [number; 32] }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn failure(retry_after: Option<u64>, concerns_all: bool) -> Failure {
        let retry_after = retry_after.map(Duration::from_secs);
        Failure { why: "because".into(), retry_after, concerns_all }
    }

    fn failed(next: u64) -> Phase {
        Phase::Failed { next: at(next), why: "because".into() }
    }

    fn queue() -> Queue {
        let mut queue = Queue::new(40, []);
        queue.ask(B, csr(2), at(1)).unwrap();
        queue.ask(A, csr(1), at(2)).unwrap();
        queue
    }

    #[test]
    fn who_asked_first_is_served_first_and_each_device_once_at_a_time() {
        let mut queue = queue();
        assert_eq!(queue.next(at(3)), Due::Order(B, csr(2)));
        queue.ask(B, csr(2), at(4)).unwrap();
        assert_eq!(queue.next(at(4)), Due::Order(A, csr(1)));
        assert_eq!(queue.next(at(4)), Due::Nothing);
        queue.issued(A, at(5));
        queue.issued(B, at(6));
        assert_eq!((queue.phase(&A), queue.phase(&B)), (None, None));
        assert_eq!(queue.next(at(7)), Due::Nothing);
    }

    #[test]
    fn another_request_meanwhile_is_carried_out_afterwards() {
        let mut queue = queue();
        assert_eq!(queue.next(at(3)), Due::Order(B, csr(2)));
        queue.ask(B, csr(9), at(4)).unwrap();
        queue.ask(A, csr(8), at(4)).unwrap();
        queue.issued(B, at(5));
        assert_eq!(queue.next(at(5)), Due::Order(A, csr(8)));
        assert_eq!(queue.next(at(5)), Due::Order(B, csr(9)));
    }

    #[test]
    fn pauses_grow_and_end_in_giving_up() {
        let mut queue = queue();
        let mut now = 3;
        for pause in [60, 240, 960, 3840, 15_360, 43_200, 43_200, 43_200, 43_200] {
            assert_eq!(queue.next(at(now)), Due::Order(B, csr(2)), "at {now}");
            queue.failed(B, failure(None, false), at(now));
            assert_eq!(queue.phase(&B), Some(&failed(now + pause)));
            // The other device does not have to wait.
            if now == 3 {
                assert_eq!(queue.next(at(now)), Due::Order(A, csr(1)));
            }
            assert_eq!(queue.next(at(now + pause - 1)), Due::At(at(now + pause)));
            now += pause;
        }
        assert_eq!(queue.next(at(now)), Due::Order(B, csr(2)));
        queue.failed(B, failure(None, false), at(now));
        assert_eq!(queue.phase(&B), None);
    }

    #[test]
    fn what_the_authority_says_holds_for_all() {
        for failure in [failure(Some(600), false), failure(None, true)] {
            let pause = if failure.retry_after.is_some() { 600 } else { 60 };
            let mut queue = queue();
            assert_eq!(queue.next(at(3)), Due::Order(B, csr(2)));
            queue.failed(B, failure, at(3));
            assert_eq!(queue.phase(&B), Some(&failed(3 + pause)));
            assert_eq!(queue.next(at(2 + pause)), Due::At(at(3 + pause)));
            assert_eq!(queue.next(at(3 + pause)), Due::Order(B, csr(2)));
            assert_eq!(queue.next(at(3 + pause)), Due::Order(A, csr(1)));
        }
    }

    #[test]
    fn a_week_has_so_many_certificates_and_a_device_four() {
        let week = WEEK.as_secs();
        let mut queue = Queue::new(6, (0..4).map(|day| (A, at(day * 86_400))));
        queue.ask(A, csr(1), at(4 * 86_400)).unwrap();
        assert_eq!(queue.next(at(4 * 86_400)), Due::At(at(week)));
        let Some(Phase::Failed { why, .. }) = queue.phase(&A) else { panic!() };
        assert!(why.contains("this device"), "{why}");
        for other in 10..12 {
            let device = DeviceId::from_bytes([other; 16]);
            queue.ask(device, csr(other), at(4 * 86_400)).unwrap();
            assert_eq!(queue.next(at(4 * 86_400)), Due::Order(device, csr(other)));
            queue.issued(device, at(4 * 86_400));
        }
        queue.ask(B, csr(2), at(5 * 86_400)).unwrap();
        assert_eq!(queue.next(at(5 * 86_400)), Due::At(at(week)));
        let Some(Phase::Failed { why, .. }) = queue.phase(&B) else { panic!() };
        assert!(why.contains("the league"), "{why}");
        assert_eq!(queue.log().count(), 6);
        assert_eq!(queue.next(at(week)), Due::Order(A, csr(1)));
        queue.issued(A, at(week));
        assert_eq!(queue.next(at(week)), Due::At(at(week + 86_400)));
    }

    #[test]
    fn a_full_queue_takes_no_more_but_knows_whom_it_has() {
        let mut queue = Queue::new(40, []);
        for number in 0..Queue::ORDERS_MAX as u128 {
            queue.ask(DeviceId::from_bytes(number.to_be_bytes()), csr(1), at(1)).unwrap();
        }
        assert_eq!(queue.ask(A, csr(1), at(2)), Err(Full));
        let first = DeviceId::from_bytes([0; 16]);
        assert_eq!(queue.ask(first, csr(7), at(2)), Ok(()));
        assert_eq!(queue.next(at(2)), Due::Order(first, csr(7)));
    }
}
