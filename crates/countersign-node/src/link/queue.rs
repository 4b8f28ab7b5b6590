//! A bounded queue. When it is full it loses a question, and else its oldest frame: what waited longest is what others have
//! heard meanwhile.

use super::{Lost, Weight};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

pub(super) fn bounded(capacity: usize, lost: Lost) -> (Sender, Receiver) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State { frames: VecDeque::new(), is_open: true }),
        changed: Notify::new(),
        capacity,
        lost,
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

/// Dropping it ends the queue once it is empty.
#[derive(Debug)]
pub(crate) struct Sender(Arc<Shared>);

#[derive(Debug)]
pub(super) struct Receiver(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    capacity: usize,
    lost: Lost,
}

#[derive(Debug)]
struct State {
    frames: VecDeque<(Weight, Vec<u8>)>,
    is_open: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing below panics with the lock held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    pub(crate) fn send(&self, weight: Weight, frame: Vec<u8>) {
        let mut state = self.0.state();
        if state.frames.len() == self.0.capacity {
            let advisory = state.frames.iter().position(|(it, _)| *it == Weight::Advisory);
            state.frames.remove(advisory.unwrap_or(0));
            self.0.lost.count_said();
        }
        state.frames.push_back((weight, frame));
        drop(state);
        self.0.changed.notify_one();
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.state().is_open = false;
        self.0.changed.notify_one();
    }
}

impl Receiver {
    pub(super) async fn next(&self) -> Option<Vec<u8>> {
        loop {
            {
                let mut state = self.0.state();
                if let Some((_, frame)) = state.frames.pop_front() {
                    return Some(frame);
                }
                if !state.is_open {
                    return None;
                }
            }
            self.0.changed.notified().await;
        }
    }
}
