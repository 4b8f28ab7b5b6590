//! Reading a request body with a limit and a deadline.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use std::time::Duration;
use tokio::time::timeout;

/// Why a body was not read. The connection is of no more use for HTTP/1.1; hyper closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Answer 413.
    #[error("the body is larger than this endpoint takes")]
    TooLarge,
    /// Answer 408.
    #[error("the body did not arrive in time; send it again over a faster connection")]
    TooSlow,
    /// Answer 400.
    #[error("the body broke off or is not framed as its head says")]
    Broken,
}

/// Reads all of `body`, at most `max_bytes` within `deadline` from now.
///
/// A declared length (Content-Length) that is too large fails before anything is read, so a
/// client that sent `Expect: 100-continue` is told before it sends. Memory grows with what has
/// arrived, not with what was declared.
pub async fn read_body<B>(body: B, max_bytes: usize, deadline: Duration) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
{
    let declared = body.size_hint().lower();
    if usize::try_from(declared).map_or(true, |declared| declared > max_bytes) {
        return Err(BodyError::TooLarge);
    }
    timeout(deadline, collect(body, max_bytes)).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn collect<B: Body<Data = Bytes>>(body: B, max_bytes: usize) -> Result<Bytes, BodyError> {
    tokio::pin!(body);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // Trailers mean nothing to us.
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if data.len() > max_bytes - first.len() - all.len() {
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() && all.is_empty() {
            // Most bodies are one frame: no copy.
            first = data;
            continue;
        }
        if !first.is_empty() {
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use std::convert::Infallible;

    const SOON: Duration = Duration::from_secs(5);

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
    }

    fn frames(parts: &[&'static str]) -> impl Body<Data = Bytes, Error = Infallible> + use<> {
        let frames: Vec<_> =
            parts.iter().map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames))
    }

    #[test]
    fn the_limit_is_inclusive_however_it_arrives() {
        run(async {
            let whole = read_body(Full::new(Bytes::from_static(b"12345")), 5, SOON).await;
            assert_eq!(whole.unwrap(), "12345");
            let parts = read_body(frames(&["12", "", "3", "45"]), 5, SOON).await;
            assert_eq!(parts.unwrap(), "12345");
            let empty = read_body(frames(&[]), 0, SOON).await;
            assert_eq!(empty.unwrap(), "");
            let over = read_body(frames(&["12", "3", "456"]), 5, SOON).await;
            assert_eq!(over, Err(BodyError::TooLarge));
            let declared = read_body(Full::new(Bytes::from_static(b"123456")), 5, SOON).await;
            assert_eq!(declared, Err(BodyError::TooLarge));
        });
    }

    #[test]
    fn a_stalled_body_is_too_slow() {
        run(async {
            let stalled = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
            let read = read_body(stalled, 5, Duration::from_millis(20)).await;
            assert_eq!(read, Err(BodyError::TooSlow));
        });
    }
}
