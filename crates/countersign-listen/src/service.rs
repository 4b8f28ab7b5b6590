//! Between hyper and the router: vetting, connection info, and the in-flight count.

use super::activity::{Activity, InFlight};
use super::client_ip::{TrustedProxies, client_ip};
use super::config::ListenConfig;
use super::shutdown::ShutdownSignal;
use super::stats::{Stats, count};
use super::vet::vet;
use bytes::Bytes;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::convert::Infallible;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// What a listener can serve: an axum `Router`, or any tower service like it.
///
/// A handler must have read what it wants of the request body before its answer ends: after that
/// the connection counts as idle.
pub trait HttpService:
    tower::Service<
        Request<Incoming>,
        Response = Response<Self::Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    /// The body of its answers.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>
        + Unpin
        + Send
        + 'static;
}

impl<S, B> HttpService for S
where
    S: tower::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Unpin + Send + 'static,
{
    type Body = B;
}

/// Where a request comes from: an extension of every request.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// The other end of the TCP connection; may be a proxy.
    pub peer: SocketAddr,
    /// The client, as far as the trusted proxies tell; see [`client_ip`].
    pub client_ip: IpAddr,
    /// Whether this listener ended TLS. Says nothing about what a proxy does before us.
    pub transport: Transport,
    /// For handlers that outlive a request.
    pub shutdown: ShutdownSignal,
}

/// What is below HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Plain,
    /// TLS 1.2 or 1.3.
    Tls,
}

/// One connection's view of the service.
pub(super) struct Front<S> {
    pub(super) inner: S,
    pub(super) activity: Arc<Activity>,
    pub(super) peer: SocketAddr,
    pub(super) transport: Transport,
    pub(super) config: Arc<ListenConfig>,
    pub(super) stats: Arc<Stats>,
    pub(super) shutdown: ShutdownSignal,
}

/// An answer's body that keeps its request in flight; empty for a refusal.
pub(super) struct CountedBody<B> {
    inner: Option<B>,
    in_flight: InFlight,
}

type Answer<B> = Result<Response<CountedBody<B>>, Infallible>;

impl<S: HttpService> hyper::service::Service<Request<Incoming>> for Front<S> {
    type Response = Response<CountedBody<S::Body>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Answer<S::Body>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let in_flight = self.activity.begin();
        if let Err(status) = vet(&request, self.config.max_headers) {
            count(&self.stats.bad_requests);
            let refusal = refuse(status, request.version(), in_flight);
            return Box::pin(std::future::ready(Ok(refusal)));
        }
        // hyper is strict about chunks but not about trailers (a bare LF ends one for its parser
        // and not for its framing), so a chunked request is the last of its connection. Browsers
        // and our own clients send a Content-Length.
        let last = request.headers().contains_key(TRANSFER_ENCODING);
        let info = self.info(&self.config.trusted_proxies, &request);
        request.extensions_mut().insert(info);
        let mut service = self.inner.clone();
        let activity = Arc::clone(&self.activity);
        Box::pin(async move {
            std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
            let mut response = service.call(request).await?;
            if last {
                close(&mut response);
            }
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                activity.upgraded();
            }
            // hyper 1.12 asks for the body before it asks for window; earlier ones did it the other
            // way round, and then this is the only mark.
            in_flight.waits_for_peer();
            Ok(response.map(|body| CountedBody { inner: Some(body), in_flight }))
        })
    }
}

impl<S> Front<S> {
    fn info(&self, proxies: &TrustedProxies, request: &Request<Incoming>) -> ConnectionInfo {
        ConnectionInfo {
            peer: self.peer,
            client_ip: client_ip(self.peer.ip(), request.headers(), proxies),
            transport: self.transport,
            shutdown: self.shutdown.clone(),
        }
    }
}

/// After a head that we do not trust, nothing else on this connection is trusted either.
fn refuse<B>(
    status: StatusCode,
    version: Version,
    in_flight: InFlight,
) -> Response<CountedBody<B>> {
    let mut response = Response::new(CountedBody { inner: None, in_flight });
    *response.status_mut() = status;
    if version < Version::HTTP_2 {
        close(&mut response);
    }
    response
}

/// hyper closes an HTTP/1 connection after such an answer.
fn close<B>(response: &mut Response<B>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

impl<B: Body<Data = Bytes> + Unpin> Body for CountedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.inner else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(cx);
        if frame.is_ready() {
            this.in_flight.waits_for_peer();
        } else {
            this.in_flight.waits_for_handler();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
