//! Streams of signed events: numbered, kept for a while, resumed from a cursor.

use crate::gateway::Sealer;
use bytes::Bytes;
use countersign::{Name, SessionId, StreamId, Timestamp, UserId};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

use After::{Last, More};

/// How much a stream keeps and how many streams there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushLimits {
    /// Events per stream.
    pub events: usize,
    /// Age of the oldest event.
    pub age: Duration,
    /// Streams of all sessions.
    pub streams: usize,
}

/// All streams of this process; one per session that opened one.
#[derive(Debug)]
pub struct Hub {
    limits: PushLimits,
    streams: Mutex<HashMap<SessionId, Arc<Stream>>>,
}

/// Whom an event is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// One session.
    Session(SessionId),
    /// All sessions of a user.
    User(UserId),
    /// Every stream.
    Everyone,
}

/// One session's stream.
#[derive(Debug)]
pub struct Stream {
    session: SessionId,
    id: StreamId,
    user: UserId,
    ring: Mutex<Ring>,
    newest: watch::Sender<u64>,
}

#[derive(Debug)]
struct Ring {
    next_seq: u64,
    events: VecDeque<Event>,
    opened: Timestamp,
    ended: bool,
}

/// One event, signed.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number.
    pub seq: u64,
    /// When it was signed.
    pub at: Timestamp,
    /// The push frame.
    pub frame: Bytes,
}

/// What comes after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    More,
    Last,
}

/// How a stream was opened.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The stream.
    pub stream: Arc<Stream>,
    /// The last number that the client has, or is to count from.
    pub cursor: u64,
    /// Events were lost: the client has to load its state again.
    pub resync: bool,
}

/// There are as many streams as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no more streams can be opened")]
pub struct TooManyStreams;

impl Hub {
    /// No streams yet.
    pub fn new(limits: PushLimits) -> Self {
        Self { limits, streams: Mutex::default() }
    }

    /// Opens the session's stream, or goes on with it from where the client stopped.
    pub fn open(
        &self,
        session: SessionId,
        user: UserId,
        resume: Option<(StreamId, u64)>,
        fresh_id: StreamId,
        now: Timestamp,
    ) -> Result<Opened, TooManyStreams> {
        let mut streams = self.lock();
        if !streams.contains_key(&session) && streams.len() >= self.limits.streams {
            return Err(TooManyStreams);
        }
        let stream = Arc::clone(
            streams
                .entry(session)
                .or_insert_with(|| Arc::new(Stream::new(session, fresh_id, user, now))),
        );
        drop(streams);
        let mut ring = stream.lock();
        ring.opened = now;
        let newest = ring.next_seq - 1;
        let oldest_kept = ring.events.front().map_or(ring.next_seq, |event| event.seq);
        let (cursor, resync) = match resume {
            None => (newest, false),
            Some((id, cursor))
                if id == stream.id && cursor <= newest && cursor + 1 >= oldest_kept =>
            {
                (cursor, false)
            }
            Some(_) => (newest, true),
        };
        drop(ring);
        Ok(Opened { stream, cursor, resync })
    }

    /// The session's stream, if it is this one.
    pub fn find(&self, session: SessionId, id: StreamId) -> Option<Arc<Stream>> {
        self.lock().get(&session).filter(|stream| stream.id == id).map(Arc::clone)
    }

    /// Signs an event for each stream that it is for; returns how many.
    pub fn publish(
        &self,
        sealer: &Sealer,
        to: Audience,
        event_type: Name,
        payload: &[u8],
        now: Timestamp,
    ) -> usize {
        let streams: Vec<_> = match to {
            Audience::Session(id) => self.lock().get(&id).cloned().into_iter().collect(),
            Audience::User(user) => {
                self.lock().values().filter(|s| s.user == user).cloned().collect()
            }
            Audience::Everyone => self.lock().values().cloned().collect(),
        };
        let published = streams
            .iter()
            .filter(|stream| stream.push(sealer, self.limits, event_type, payload, now, More));
        published.count()
    }

    /// Ends the streams of sessions that were revoked, with a last event that says so.
    pub fn end(&self, sealer: &Sealer, sessions: &[SessionId], reason: &str, now: Timestamp) {
        let Ok(end) = Name::new("stream.end") else { return };
        let payload = serde_json::json!({ "reason": reason }).to_string();
        for session in sessions {
            if let Some(stream) = self.lock().remove(session) {
                stream.push(sealer, self.limits, end, payload.as_bytes(), now, Last);
            }
        }
    }

    /// Ends the stream of a session that was revoked elsewhere: what is waiting to be delivered came too late.
    pub fn cut(&self, sealer: &Sealer, session: SessionId, reason: &str, now: Timestamp) {
        if let Some(stream) = self.lock().get(&session) {
            stream.lock().events.clear();
        }
        self.end(sealer, &[session], reason, now);
    }

    /// Drops streams that nobody has listened to for longer than events are kept.
    pub fn drop_idle(&self, now: Timestamp) {
        let age = self.limits.age;
        let busy = |stream: &Stream| {
            stream.newest.receiver_count() > 0 || now.since(stream.lock().opened) < age
        };
        self.lock().retain(|_, stream| busy(stream));
    }

    /// Streams at present.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there is no stream.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Stream>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    fn new(session: SessionId, id: StreamId, user: UserId, now: Timestamp) -> Self {
        let ring = Ring { next_seq: 1, events: VecDeque::new(), opened: now, ended: false };
        Self { session, id, user, ring: Mutex::new(ring), newest: watch::Sender::new(0) }
    }

    /// The stream's id.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// Whose stream it is.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Wakes when there is something new.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Whether the session behind it was revoked.
    pub fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Up to `limit` events after `cursor`; `None` if some of them are not kept any more.
    pub fn after(&self, cursor: u64, limit: usize, now: Timestamp) -> Option<Vec<Event>> {
        let mut ring = self.lock();
        ring.opened = now;
        let oldest_kept = ring.events.front().map_or(ring.next_seq, |event| event.seq);
        if cursor + 1 < oldest_kept || cursor >= ring.next_seq {
            return None;
        }
        let skip = usize::try_from(cursor + 1 - oldest_kept).ok()?;
        Some(ring.events.iter().skip(skip).take(limit).cloned().collect())
    }

    fn push(
        &self,
        sealer: &Sealer,
        limits: PushLimits,
        event_type: Name,
        payload: &[u8],
        now: Timestamp,
        after: After,
    ) -> bool {
        let mut ring = self.lock();
        if ring.ended {
            return false;
        }
        let seq = ring.next_seq;
        let frame = sealer.push(self.id, seq, event_type, payload, now);
        ring.next_seq += 1;
        // In one step with the event: whoever sees it knows that it is the last.
        ring.ended = after == Last;
        ring.events.push_back(Event { seq, at: now, frame });
        while ring.events.len() > limits.events
            || ring.events.front().is_some_and(|e| now.since(e.at) > limits.age)
        {
            ring.events.pop_front();
        }
        drop(ring);
        self.newest.send_replace(seq);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
