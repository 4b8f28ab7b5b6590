//! How a listener ends, and how its connections learn of it.

use tokio::sync::watch;

/// What a graceful shutdown did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownReport {
    /// Connections that ended by themselves within the grace period.
    pub finished: usize,
    /// Connections that were cut off after it.
    pub dropped: usize,
}

/// Tells a long-lived handler, such as a WebSocket, that the server is going away.
#[derive(Clone, Debug)]
pub struct ShutdownSignal(watch::Receiver<Phase>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Serving,
    /// No new connections or requests.
    Draining,
    /// The grace period is over.
    Over,
}

/// The listener's end of the signal.
pub(super) fn signal() -> (watch::Sender<Phase>, ShutdownSignal) {
    let (sender, receiver) = watch::channel(Phase::Serving);
    (sender, ShutdownSignal(receiver))
}

impl ShutdownSignal {
    /// Returns when the shutdown has begun. A WebSocket then has `shutdown_grace` to say goodbye
    /// (close code 1001) before it is cut off.
    pub async fn begun(&self) {
        self.reached(Phase::Draining).await;
    }

    pub(super) async fn over(&self) {
        self.reached(Phase::Over).await;
    }

    pub(super) fn is_over(&self) -> bool {
        *self.0.borrow() == Phase::Over
    }

    async fn reached(&self, phase: Phase) {
        // An error means that the listener is gone, which is the same to its connections.
        let mut phases = self.0.clone();
        let _gone = phases.wait_for(|now| *now >= phase).await.is_err();
    }
}
