//! What a connection is waiting for, and until when.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::{Instant, Sleep};

/// Writes of fewer bytes may be HTTP/2's own: pings, acknowledgements, window updates.
const SMALL: usize = 256;

/// Shared by a connection's socket, its service and its watchdog.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    /// HTTP/2 answers end in tasks of their own: they have to wake the watchdog.
    watchdog: AtomicWaker,
    protocol: Protocol,
    limits: Limits,
}

/// The deadlines after the first head; see [`ListenConfig`](super::ListenConfig).
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) head: Duration,
    pub(super) idle: Duration,
    pub(super) write_stall: Duration,
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
    /// An HTTP/2 client gives a stream no window, so nothing is written that could stall.
    NoWindow,
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
    /// Another protocol than HTTP is spoken from here on.
    upgraded: bool,
    /// HTTP/2 answers with more to send than the client takes, and since when. Not more than
    /// there are streams.
    blocked: HashMap<u64, Instant>,
    next_id: u64,
}

/// A request that a handler works on, until the last byte of its answer is handed to hyper.
#[derive(Debug)]
pub(super) struct InFlight {
    activity: Arc<Activity>,
    id: u64,
}

/// Resolves when a deadline passes.
pub(super) struct Watchdog {
    activity: Arc<Activity>,
    sleep: Pin<Box<Sleep>>,
}

impl Activity {
    pub(super) fn new(protocol: Protocol, first_head_until: Instant, limits: Limits) -> Arc<Self> {
        let state = State {
            in_flight: 0,
            waiting_for: Late::FirstHead,
            until: first_head_until,
            upgraded: false,
            blocked: HashMap::new(),
            next_id: 0,
        };
        Arc::new(Self { state: Mutex::new(state), watchdog: AtomicWaker::new(), protocol, limits })
    }

    /// Bytes came in. HTTP/2 does not count them: its pings would keep an idle client for ever.
    ///
    /// The beginning of a pipelined head may have come in with the request before it. If nothing
    /// follows, only the idle deadline ends it.
    pub(super) fn read(&self) -> Reading {
        if self.protocol == Protocol::Http2 {
            return Reading::Other;
        }
        let mut state = self.state();
        if state.in_flight > 0 || state.upgraded {
            return Reading::Other;
        }
        match state.waiting_for {
            Late::Idle => {
                state.waiting_for = Late::Head;
                state.until = Instant::now() + self.limits.head;
                Reading::NewHead
            }
            Late::FirstHead | Late::Head => Reading::Head,
            Late::NoWindow | Late::Goodbye => Reading::Other,
        }
    }

    /// Bytes went out. A long answer may still be on its way when its handler is done.
    pub(super) fn wrote(&self, bytes: usize) {
        let mut state = self.state();
        if bytes >= SMALL && state.waiting_for == Late::Idle {
            state.until = Instant::now() + self.limits.idle;
        }
    }

    /// A request reached the service.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        state.in_flight += 1;
        InFlight { activity: Arc::clone(self), id }
    }

    /// The answer switches protocols. Must be called before hyper has the answer: the handler may
    /// read from the socket right after.
    pub(super) fn upgraded(&self) {
        self.state().upgraded = true;
    }

    /// We asked the peer to go; it has `linger` from now, or from the end of its last request.
    pub(super) fn goodbye(&self, linger: Duration) {
        let mut state = self.state();
        state.waiting_for = Late::Goodbye;
        state.until = Instant::now() + linger;
    }

    pub(super) fn watchdog(self: &Arc<Self>) -> Watchdog {
        let until = self.state().until;
        Watchdog { activity: Arc::clone(self), sleep: Box::pin(tokio::time::sleep_until(until)) }
    }

    fn deadline(&self) -> Option<(Instant, Late)> {
        let state = self.state();
        if state.in_flight == 0 {
            return Some((state.until, state.waiting_for));
        }
        let blocked = state.blocked.values().min()?;
        Some((*blocked + self.limits.write_stall, Late::NoWindow))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlight {
    /// The answer has a piece to send, or has just handed one over.
    pub(super) fn waits_for_peer(&self) {
        if self.activity.protocol == Protocol::Http1 {
            // Here the socket itself stalls.
            return;
        }
        self.activity.state().blocked.insert(self.id, Instant::now());
        self.activity.watchdog.wake();
    }

    /// The peer would take more, but the handler has nothing yet.
    pub(super) fn waits_for_handler(&self) {
        self.activity.state().blocked.remove(&self.id);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.activity.state();
        state.blocked.remove(&self.id);
        state.in_flight -= 1;
        if state.in_flight > 0 {
            return;
        }
        if state.waiting_for != Late::Goodbye {
            state.waiting_for = Late::Idle;
            state.until = Instant::now() + self.activity.limits.idle;
        }
        drop(state);
        self.activity.watchdog.wake();
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
        let limits = Limits { head: LONG, idle: LONG, write_stall: LONG };
        Activity::new(protocol, Instant::now() + LONG, limits)
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
        activity.wrote(17);
        assert_eq!(activity.deadline(), idle);
        activity.wrote(SMALL);
        assert_ne!(activity.deadline(), idle, "the rest of an answer does");
    }

    #[test]
    fn an_http2_answer_without_window_has_a_deadline() {
        let activity = activity(Protocol::Http2);
        let (polled, stuck) = (activity.begin(), activity.begin());
        stuck.waits_for_peer();
        assert_eq!(waiting_for(&activity), Some(Late::NoWindow));
        stuck.waits_for_handler();
        assert_eq!(waiting_for(&activity), None);
        stuck.waits_for_peer();
        drop(stuck);
        assert_eq!(waiting_for(&activity), None);
        drop(polled);
        assert_eq!(waiting_for(&activity), Some(Late::Idle));
    }

    #[test]
    fn after_an_upgrade_no_byte_is_taken_for_a_head() {
        let activity = activity(Protocol::Http1);
        let request = activity.begin();
        activity.upgraded();
        drop(request);
        assert_eq!(activity.read(), Reading::Other);
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
