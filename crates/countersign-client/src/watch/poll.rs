//! Long polling: ordinary signed requests, each held by the server until there is something to say.

use super::WatchOptions;
use super::link::{LinkError, Opening, read_opening, system};
use crate::client::Client;
use crate::rest::Carriage;
use countersign::{ResultCode, StreamId};

/// A stream that is polled.
#[derive(Debug)]
pub(super) struct PollLink {
    stream: StreamId,
}

impl PollLink {
    pub(super) async fn open(
        client: &Client,
        payload: &[u8],
    ) -> Result<(Self, Opening), LinkError> {
        let reply = client.call(system("stream.open")?, payload).await?;
        let opening = read_opening(reply.result, &reply.content)?;
        Ok((Self { stream: opening.stream }, opening))
    }

    pub(super) async fn receive(
        &mut self,
        client: &Client,
        options: &WatchOptions,
        cursor: u64,
    ) -> Result<Vec<Vec<u8>>, LinkError> {
        let payload = serde_json::json!({
            "stream_id": self.stream.to_string(),
            "cursor": cursor,
            "wait_ms": u64::try_from(options.poll_wait.as_millis()).unwrap_or(u64::MAX),
        });
        let payload = payload.to_string().into_bytes();
        let patient = Carriage::Patient(options.poll_wait);
        let reply = client.exchange(system("stream.poll")?, &payload, &patient).await?;
        match reply.result {
            ResultCode::OK => split(&reply.content)
                .ok_or_else(|| LinkError::Lost("the answer to stream.poll is cut off".to_owned())),
            ResultCode::NOT_FOUND => Err(LinkError::UnknownStream),
            other => Err(LinkError::Lost(format!("the server answered {other}"))),
        }
    }
}

/// `u64 next_cursor ‖ u32 n ‖ n × LP32(push frame)`. The cursor is our own: it counts what was verified.
fn split(content: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (_next_cursor, rest) = content.split_first_chunk::<8>()?;
    let (count, mut rest) = rest.split_first_chunk()?;
    let mut pushes = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (len, after) = rest.split_first_chunk()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        let (push, after) = after.split_at_checked(len)?;
        pushes.push(push.to_vec());
        rest = after;
    }
    rest.is_empty().then_some(pushes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_pushes_are_read_whole_or_not_at_all() {
        let mut content = 7u64.to_be_bytes().to_vec();
        content.extend(2u32.to_be_bytes());
        for push in [&b"one"[..], b"three"] {
            content.extend((push.len() as u32).to_be_bytes());
            content.extend(push);
        }
        assert_eq!(split(&content), Some(vec![b"one".to_vec(), b"three".to_vec()]));
        for end in 0..content.len() {
            assert_eq!(split(&content[..end]), None);
        }
        content.push(0);
        assert_eq!(split(&content), None);
    }
}
