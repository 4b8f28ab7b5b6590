//! S1 to S4: what stands between pushed bytes and the application on the client.

use crate::batch;
use crate::domain::Realm;
use crate::id::StreamId;
use crate::key::VerifyingKey;
use crate::keyset::{KeyChoiceError, Keyset};
use crate::payload;
use crate::push::{PushHeader, signing_input};
use crate::wire::{Flags, Frame, Malformed};
use thiserror::Error;

/// Why a push is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PushError {
    /// `[S0]` The bytes are no push.
    #[error("the push cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// `[S1]` No key of the set may have signed this.
    #[error(transparent)]
    Key(#[from] KeyChoiceError),
    /// `[S1]` The signature does not verify.
    #[error("the push is not signed by the server")]
    Signature,
    /// `[S2]` Another stream's event.
    #[error("the push belongs to another stream")]
    Stream,
    /// `[S3]` The payload is not what was signed.
    #[error("the push's payload is not the one that was signed")]
    Payload,
    /// `[S4]` This event was received before: drop it.
    #[error("event {seq} was received before")]
    Duplicate {
        /// Its number.
        seq: u64,
    },
    /// `[S4]` Events are missing: open the stream again from the cursor.
    #[error("events {from} to {to} are missing")]
    Gap {
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
    },
}

/// An event that passed every check.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushEvent<'f> {
    /// The signed header.
    pub header: PushHeader,
    /// The payload.
    pub content: &'f [u8],
}

/// One stream as its receiver knows it: events come once, in order, without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushStream {
    id: StreamId,
    cursor: u64,
}

impl PushStream {
    /// A stream and the last number received on it, from a verified answer to `stream.open`.
    pub fn new(id: StreamId, cursor: u64) -> Self {
        Self { id, cursor }
    }

    /// The stream.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// The last number received.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Checks the next event and moves the cursor. After an error the cursor is where it was.
    pub fn accept<'f>(
        &mut self,
        realm: &Realm,
        keyset: &Keyset,
        bytes: &'f [u8],
    ) -> Result<PushEvent<'f>, PushError> {
        let event = open(realm, self.id, bytes, |header| {
            keyset.key_for(header.server_key_id, header.timestamp)
        })?;
        match event.header.seq {
            seq if seq <= self.cursor => return Err(PushError::Duplicate { seq }),
            seq if seq - self.cursor > 1 => {
                return Err(PushError::Gap { from: self.cursor + 1, to: seq - 1 });
            }
            seq => self.cursor = seq,
        }
        Ok(event)
    }
}

/// A stream in which every event replaces all before it: what was missed does not matter, what is older is dropped.
///
/// For the views of a device that the receiver knows by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotStream {
    id: StreamId,
    newest: u64,
}

impl SnapshotStream {
    /// A stream of which nothing was received yet.
    pub fn new(id: StreamId) -> Self {
        Self { id, newest: 0 }
    }

    /// The stream.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// The newest number received; 0 if none.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// Checks an event and, if it is newer than all before, takes it.
    pub fn accept<'f>(
        &mut self,
        realm: &Realm,
        key: &VerifyingKey,
        bytes: &'f [u8],
    ) -> Result<PushEvent<'f>, PushError> {
        let event = open(realm, self.id, bytes, |_| Ok(key))?;
        let seq = event.header.seq;
        if seq <= self.newest {
            return Err(PushError::Duplicate { seq });
        }
        self.newest = seq;
        Ok(event)
    }
}

/// S0 to S3.
fn open<'f, 'k>(
    realm: &Realm,
    stream: StreamId,
    bytes: &'f [u8],
    key_for: impl FnOnce(&PushHeader) -> Result<&'k VerifyingKey, KeyChoiceError>,
) -> Result<PushEvent<'f>, PushError> {
    let frame = Frame::split(bytes)?;
    let header = PushHeader::decode(frame.header)?;
    batch::check_shape(header.flags, frame.signature)?;
    let key = key_for(&header)?;
    let input = signing_input(realm, key.fingerprint(), frame.header);
    batch::verify(realm, key, header.flags, &input, frame.signature)
        .map_err(|_| PushError::Signature)?;
    if header.stream != stream {
        return Err(PushError::Stream);
    }
    let content = payload::open(Flags::NONE, &header.payload_hash, frame.payload)
        .map_err(|_| PushError::Payload)?;
    Ok(PushEvent { header, content })
}
