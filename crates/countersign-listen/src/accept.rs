//! The listener.

use super::bind::{BindError, bind};
use super::config::ListenConfig;
use super::connection::{Context, http1_builder, http2_builder, serve};
use super::gate::{Cap, Gate};
use super::service::HttpService;
use super::shutdown::{Phase, ShutdownReport, signal};
use super::stats::{Stats, count};
use super::tls::Certificate;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Pause after a failed accept such as "too many open files", which fails again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What cut connections get to run their destructors, so that the report is true.
const CUT: Duration = Duration::from_secs(1);

/// A bound socket that is not yet served. Each listener has its own caps and counters.
pub struct Listener {
    tcp: TcpListener,
    addr: SocketAddr,
    config: Arc<ListenConfig>,
    stats: Arc<Stats>,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Listens on `addr` without TLS: behind a proxy that ends TLS, or on loopback. `[::]` takes
    /// IPv4 too, port 0 any free one. Needs a tokio runtime.
    pub fn plain(addr: SocketAddr, config: ListenConfig) -> Result<Self, BindError> {
        Self::open(addr, config, None)
    }

    /// Listens on `addr` with TLS 1.2 and 1.3 and the certificate that `certificate` holds at the
    /// time of each handshake.
    pub fn tls(
        addr: SocketAddr,
        config: ListenConfig,
        certificate: &Arc<Certificate>,
    ) -> Result<Self, BindError> {
        Self::open(addr, config, Some(TlsAcceptor::from(certificate.server_config())))
    }

    fn open(
        addr: SocketAddr,
        config: ListenConfig,
        tls: Option<TlsAcceptor>,
    ) -> Result<Self, BindError> {
        let tcp = bind(addr)?;
        let addr = tcp.local_addr().map_err(|source| BindError::Other { addr, source })?;
        Ok(Self { tcp, addr, config: Arc::new(config), stats: Arc::default(), tls })
    }

    /// The bound address, with the port that port 0 became.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// The counters; keep a clone before [`Listener::serve`] takes the listener.
    pub fn stats(&self) -> Arc<Stats> {
        Arc::clone(&self.stats)
    }

    /// Serves until `shutdown` resolves. Then: no new connections, `Connection: close` or GOAWAY
    /// on the old ones, and after `shutdown_grace` the rest is cut off, upgraded ones included.
    pub async fn serve<S, F>(self, service: S, shutdown: F) -> ShutdownReport
    where
        S: HttpService,
        F: Future<Output = ()>,
    {
        let (phase, signal) = signal();
        let gate = Gate::new(&self.config, Arc::clone(&self.stats));
        let context = Arc::new(Context {
            http1: http1_builder(&self.config),
            http2: http2_builder(&self.config),
            config: self.config,
            stats: self.stats,
            shutdown: signal,
            tls: self.tls,
        });
        tokio::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = self.tcp.accept() => accepted,
            };
            match accepted {
                Ok((tcp, peer)) => enter(&context, &gate, service.clone(), tcp, peer),
                Err(error) => pause(&error, &context.stats).await,
            }
        }
        drop(self.tcp);
        let open = gate.taken();
        phase.send_replace(Phase::Draining);
        let _late = timeout(context.config.shutdown_grace, gate.emptied()).await;
        let dropped = gate.taken();
        phase.send_replace(Phase::Over);
        let _late = timeout(CUT, gate.emptied()).await;
        ShutdownReport { finished: open.saturating_sub(dropped), dropped }
    }
}

fn enter<S: HttpService>(
    context: &Arc<Context>,
    gate: &Arc<Gate>,
    service: S,
    tcp: TcpStream,
    peer: SocketAddr,
) {
    // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d.
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let proxy = context.config.trusted_proxies.contains(peer.ip());
    let cap = if proxy { Cap::Exempt } else { Cap::PerIp(peer.ip()) };
    let Some(pass) = gate.admit(cap) else { return };
    // Fails only if the peer is gone already.
    let _gone = tcp.set_nodelay(true);
    tokio::spawn(serve(Arc::clone(context), service, tcp, peer, pass));
}

async fn pause(error: &io::Error, stats: &Stats) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    // The peer went away while it waited in the backlog.
    if [ConnectionAborted, ConnectionReset, Interrupted].contains(&error.kind()) {
        return;
    }
    count(&stats.accept_errors);
    tracing::warn!(%error, "cannot accept connections; trying again");
    sleep(ACCEPT_PAUSE).await;
}
