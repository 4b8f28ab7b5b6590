//! The closed loop: each connection sends its next request when it has its answer.

use super::Shot;
use super::connection::{Closed, Connection, HttpAnswer, connect};
use crate::failure::Result;
use crate::output;
use futures_util::future::try_join_all;
use rustls_pki_types::ServerName;
use std::cell::Cell;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

/// Connections of a run.
pub(crate) const CONNECTIONS: usize = 64;

/// Where to, and how.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) to: SocketAddr,
    pub(crate) tls: Option<TlsConnector>,
}

/// Looks at an answer, given the number of its request.
pub(crate) type Check<'a> = &'a dyn Fn(usize, &Shot, HttpAnswer<'_>) -> Result<()>;

/// Sends `total` requests, from the front again when there are fewer shots.
pub(crate) async fn run(
    route: &Route,
    shots: &[Shot],
    total: usize,
    check: Check<'_>,
) -> Result<()> {
    let run = Run { shots, total, next: Cell::new(0), closed: Cell::new(0), check };
    try_join_all((0..CONNECTIONS.min(total)).map(|_| run.work(route))).await.map(drop)
}

/// What the connections of a run share.
struct Run<'a> {
    shots: &'a [Shot],
    total: usize,
    next: Cell<usize>,
    closed: Cell<usize>,
    check: Check<'a>,
}

impl Run<'_> {
    /// Sends until nothing is left. A machine that others use may starve a connection until a deadline ends it: then
    /// there is a new one, as long as that happens to one request in a thousand at most.
    async fn work(&self, route: &Route) -> Result<()> {
        loop {
            match self.connected(route).await {
                Err(error) if error.is::<Closed>() && self.closed.get() * 1_000 <= self.total => {
                    self.closed.set(self.closed.get() + 1);
                    output::note(&format!("  {}: {error}; a new one goes on", route.to));
                }
                done => return done,
            }
        }
    }

    async fn connected(&self, route: &Route) -> Result<()> {
        let tcp = connect(route.to, None).await?;
        let Some(tls) = &route.tls else { return self.drain(Connection::new(tcp)).await };
        let stream = tls.connect(ServerName::try_from("localhost")?, tcp).await?;
        self.drain(Connection::new(stream)).await
    }

    async fn drain<T>(&self, mut connection: Connection<T>) -> Result<()>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        while self.next.get() < self.total {
            let number = self.next.get();
            self.next.set(number + 1);
            let shot = &self.shots[number % self.shots.len()];
            let answer = connection.exchange(&shot.http).await?;
            expect_status(shot, answer)?;
            (self.check)(number, shot, answer)?;
        }
        Ok(())
    }
}

/// Stops the run at an answer that is not the one that was to be measured.
pub(crate) fn expect_status(shot: &Shot, answer: HttpAnswer<'_>) -> Result<()> {
    if answer.status == shot.status {
        return Ok(());
    }
    let body = String::from_utf8_lossy(answer.body);
    Err(format!("expected status {}, got {}: {body:?}", shot.status, answer.status).into())
}
