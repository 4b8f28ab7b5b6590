//! What a connection is waiting for, and until when.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::{Instant, Sleep};

/// Shared by a connection's socket, its service and its watchdog.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    /// HTTP/2 answers end in tasks of their own: they have to wake the watchdog.
    watchdog: AtomicWaker,
    protocol: Protocol,
    head: Duration,
    idle: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Which deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    FirstHead,
    Head,
    Idle,
    /// We said goodbye and the peer did not go.
    Goodbye,
}

/// What bytes that were just read belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The first bytes after an idle time: a head begins.
    NewHead,
    /// More of the head.
    Head,
    /// A body, HTTP/2, or an upgraded connection.
    Other,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    waiting_for: Late,
    until: Instant,
}

/// A request that a handler works on, until the last byte of its answer is handed to hyper.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Activity>);

/// Resolves when a deadline passes.
pub(super) struct Watchdog {
    activity: Arc<Activity>,
    sleep: Pin<Box<Sleep>>,
}

impl Activity {
    pub(super) fn new(
        protocol: Protocol,
        first_head_until: Instant,
        head: Duration,
        idle: Duration,
    ) -> Arc<Self> {
        let state = State { in_flight: 0, waiting_for: Late::FirstHead, until: first_head_until };
        Arc::new(Self {
            state: Mutex::new(state),
            watchdog: AtomicWaker::new(),
            protocol,
            head,
            idle,
        })
    }

    /// Bytes came in. HTTP/2 does not count them: its pings would keep an idle client for ever.
    pub(super) fn read(&self) -> Reading {
        if self.protocol == Protocol::Http2 {
            return Reading::Other;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.in_flight > 0 {
            return Reading::Other;
        }
        match state.waiting_for {
            Late::Idle => {
                state.waiting_for = Late::Head;
                state.until = Instant::now() + self.head;
                Reading::NewHead
            }
            Late::FirstHead | Late::Head => Reading::Head,
            Late::Goodbye => Reading::Other,
        }
    }

    /// Bytes went out. A long answer may still be on its way when its handler is done.
    pub(super) fn wrote(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.protocol == Protocol::Http1 && state.waiting_for == Late::Idle {
            state.until = Instant::now() + self.idle;
        }
    }

    /// A request reached the service.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).in_flight += 1;
        InFlight(Arc::clone(self))
    }

    /// We asked the peer to go; it has `linger` from now, or from the end of its last request.
    pub(super) fn goodbye(&self, linger: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting_for = Late::Goodbye;
        state.until = Instant::now() + linger;
    }

    pub(super) fn watchdog(self: &Arc<Self>) -> Watchdog {
        let until = self.state.lock().unwrap_or_else(PoisonError::into_inner).until;
        Watchdog { activity: Arc::clone(self), sleep: Box::pin(tokio::time::sleep_until(until)) }
    }

    fn deadline(&self) -> Option<(Instant, Late)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.in_flight == 0).then_some((state.until, state.waiting_for))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.in_flight -= 1;
        if state.in_flight > 0 {
            return;
        }
        if state.waiting_for != Late::Goodbye {
            state.waiting_for = Late::Idle;
            state.until = Instant::now() + self.0.idle;
        }
        drop(state);
        self.0.watchdog.wake();
    }
}

impl Watchdog {
    /// Poll after the connection in the same task, so that what has already arrived counts.
    pub(super) async fn late(&mut self) -> Late {
        std::future::poll_fn(|cx| self.poll_late(cx)).await
    }

    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<Late> {
        self.activity.watchdog.register(cx.waker());
        let Some((until, late)) = self.activity.deadline() else { return Poll::Pending };
        if self.sleep.deadline() != until {
            self.sleep.as_mut().reset(until);
        }
        ready!(self.sleep.as_mut().poll(cx));
        Poll::Ready(late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn activity(protocol: Protocol) -> Arc<Activity> {
        Activity::new(protocol, Instant::now() + LONG, LONG, LONG)
    }

    fn waiting_for(activity: &Activity) -> Option<Late> {
        activity.deadline().map(|(_, late)| late)
    }

    #[test]
    fn an_http1_connection_goes_round() {
        let activity = activity(Protocol::Http1);
        assert_eq!(activity.read(), Reading::Head);
        assert_eq!(waiting_for(&activity), Some(Late::FirstHead));
        let request = activity.begin();
        assert_eq!(waiting_for(&activity), None);
        assert_eq!(activity.read(), Reading::Other, "a body has its deadline in the handler");
        drop(request);
        assert_eq!(waiting_for(&activity), Some(Late::Idle));
        assert_eq!(activity.read(), Reading::NewHead);
        let (until, _) = activity.deadline().unwrap();
        assert_eq!(activity.read(), Reading::Head);
        assert_eq!(activity.deadline(), Some((until, Late::Head)), "a drip buys no time");
    }

    #[test]
    fn http2_frames_do_not_count_as_activity() {
        let activity = activity(Protocol::Http2);
        drop(activity.begin());
        let idle = activity.deadline();
        assert_eq!(idle.unwrap().1, Late::Idle);
        assert_eq!(activity.read(), Reading::Other);
        activity.wrote();
        assert_eq!(activity.deadline(), idle);
    }

    #[test]
    fn a_goodbye_waits_for_requests_in_flight() {
        let activity = activity(Protocol::Http2);
        let (first, second) = (activity.begin(), activity.begin());
        activity.goodbye(LONG);
        assert_eq!(waiting_for(&activity), None);
        drop(first);
        assert_eq!(waiting_for(&activity), None);
        drop(second);
        assert_eq!(waiting_for(&activity), Some(Late::Goodbye));
    }
}
