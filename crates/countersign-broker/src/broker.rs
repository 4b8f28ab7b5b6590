//! Requests in, chains out.

use crate::acme::Acme;
use crate::config::{BrokerConfig, ConfigError, DnsMode};
use crate::csr::{CheckedCsr, CsrError};
use crate::http::CaError;
use crate::issued::Issued;
use crate::publish::{Publish, WebhookError, WebhookPublisher, ZonePublisher};
use crate::queue::{Due, Failure, Phase, Queue};
use crate::shelf::{Kept, Shelf};
use countersign::Timestamp;
use countersign_dns::{BindError, Responder, Zone, ZoneError};
use countersign_keys::disk::DiskError;
use countersign_league::DeviceId;
use countersign_league::evidence::TlsRequest;
use countersign_provision::host_label;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Longest sleep between two looks at the queue: the clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(300);

/// Why a broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The folder.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The DNS names.
    #[error("league.tls: {0}")]
    Zone(#[from] ZoneError),
    /// The DNS sockets.
    #[error("league.tls.listen: {0}")]
    Bind(#[from] BindError),
    /// The webhook.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// The private root.
    #[error(transparent)]
    Ca(#[from] CaError),
}

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The name is not that of the device.
    #[error("this device is named {expected:?}")]
    Host {
        /// Its name.
        expected: String,
    },
    /// The PKCS#10.
    #[error(transparent)]
    Csr(#[from] CsrError),
    /// Too many orders.
    #[error("too many orders are waiting; try again in some minutes")]
    Full,
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// How the certificate of a device stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// A chain is there, and need not be renewed yet.
    Ready {
        /// First moment at which it is not valid any more.
        not_after: Timestamp,
    },
    /// It is asked for; the authority usually takes seconds.
    Ordered {
        /// End of the chain that there is meanwhile.
        not_after: Option<Timestamp>,
    },
    /// The last try failed. It is tried again by itself.
    Failed {
        /// End of the chain that there is meanwhile.
        not_after: Option<Timestamp>,
        /// When it is tried again.
        retry: Timestamp,
        /// Why, for people.
        why: String,
    },
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At once: something was done, and more may be due.
    Now,
    /// At this time, or when somebody asks.
    At(Timestamp),
    /// When somebody asks.
    WhenAsked,
}

/// Asks an authority for the certificates of devices.
pub struct Broker {
    domain: String,
    shelf: Shelf,
    queue: Mutex<Queue>,
    asked: Notify,
    publish: Box<dyn Publish>,
    /// Locked while an order is carried out.
    acme: tokio::sync::Mutex<Acme>,
    /// Taken by [`Broker::answer_dns`].
    responder: Mutex<Option<Responder>>,
    dns: Option<SocketAddr>,
}

impl Broker {
    /// Reads what is on disk, and binds the DNS sockets. The authority is not asked for anything yet.
    pub async fn open(config: &BrokerConfig, folder: PathBuf) -> Result<Self, OpenError> {
        config.check()?;
        let shelf = Shelf::open(folder)?;
        let mut responder = None;
        let publish: Box<dyn Publish> = match config.dns {
            DnsMode::Hook => Box::new(WebhookPublisher::new(config)?),
            DnsMode::Own => {
                let zone = Zone::league(&config.domain, config.address, &config.nameserver)?;
                let zone = Arc::new(zone);
                responder = Some(Responder::bind(config.listen, Arc::clone(&zone)).await?);
                Box::new(ZonePublisher(zone))
            }
        };
        let dns = responder.as_ref().and_then(|responder| responder.local_addr().ok());
        Ok(Self {
            domain: config.domain.trim_end_matches('.').to_ascii_lowercase(),
            queue: Mutex::new(Queue::new(config.per_week, shelf.log()?)),
            asked: Notify::new(),
            publish,
            acme: tokio::sync::Mutex::new(Acme::new(config, shelf.clone())?),
            responder: Mutex::new(responder),
            dns,
            shelf,
        })
    }

    /// Where it answers DNS, if it does.
    pub const fn dns_addr(&self) -> Option<SocketAddr> {
        self.dns
    }

    /// The name of a device.
    pub fn host_of(&self, device: &DeviceId) -> String {
        format!("{}.{}", host_label(device), self.domain)
    }

    /// A device asks. Its master's signature under the request has been checked by the caller.
    pub fn request(&self, request: &TlsRequest, now: Timestamp) -> Result<State, RequestError> {
        let (device, expected) = (request.device, self.host_of(&request.device));
        if request.host != expected {
            return Err(RequestError::Host { expected });
        }
        let csr = CheckedCsr::check(&request.csr, &expected)?;
        let kept = self.shelf.chain(&device)?;
        let for_key = kept.filter(|kept| kept.issued.spki == csr.spki);
        let not_after = for_key.as_ref().map(|kept| kept.issued.not_after).filter(|end| *end > now);
        if let (Some(kept), Some(not_after)) = (&for_key, not_after)
            && kept.renew_at > now
        {
            return Ok(State::Ready { not_after });
        }
        let mut queue = self.queue();
        queue.ask(device, csr, now).map_err(|_| RequestError::Full)?;
        let state = match queue.phase(&device) {
            Some(Phase::Failed { next, why }) => {
                State::Failed { not_after, retry: *next, why: why.clone() }
            }
            Some(Phase::Waiting | Phase::Running) | None => State::Ordered { not_after },
        };
        drop(queue);
        self.asked.notify_one();
        Ok(state)
    }

    /// The newest chain of a device that is still valid.
    pub fn chain(&self, device: &DeviceId, now: Timestamp) -> Result<Option<Issued>, DiskError> {
        let kept = self.shelf.chain(device)?;
        Ok(kept.map(|kept| kept.issued).filter(|issued| issued.not_after > now))
    }

    /// Answers DNS and carries orders out, until `shutdown`.
    pub async fn run(&self, clock: fn() -> Timestamp, shutdown: impl Future<Output = ()>) {
        let ordering = async {
            loop {
                let until = match self.step(clock).await {
                    Next::Now => continue,
                    Next::At(at) => at.since(clock()).min(LONGEST_SLEEP),
                    Next::WhenAsked => LONGEST_SLEEP,
                };
                tokio::select! {
                    () = self.asked.notified() => {}
                    () = tokio::time::sleep(until) => {}
                }
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = self.answer_dns() => {}
            () = ordering => {}
        }
    }

    /// Answers DNS, for whoever calls [`Broker::step`] instead of [`Broker::run`]. Once; nobody else answers after that.
    pub async fn answer_dns(&self) {
        let responder = self.responder.lock().unwrap_or_else(PoisonError::into_inner).take();
        match responder {
            Some(responder) => responder.run(std::future::pending()).await,
            None => std::future::pending().await,
        }
    }

    /// Carries out one order that is due, if there is one.
    pub async fn step(&self, clock: impl Fn() -> Timestamp) -> Next {
        let (device, csr) = match self.queue().next(clock()) {
            Due::Order(device, csr) => (device, csr),
            Due::At(at) => return Next::At(at),
            Due::Nothing => return Next::WhenAsked,
        };
        match self.carry_out(&device, &csr, &clock).await {
            Ok(kept) => {
                tracing::info!(%device, host = csr.host, until = %kept.issued.not_after, "a certificate was issued");
                let log: Vec<_> = {
                    let mut queue = self.queue();
                    queue.issued(device, clock());
                    queue.log().copied().collect()
                };
                if let Err(error) = self.shelf.put_log(&log) {
                    tracing::error!(%error, "the log of certificates could not be written");
                }
            }
            Err(failure) => {
                tracing::warn!(%device, host = csr.host, why = failure.why, "no certificate was issued");
                self.queue().failed(device, failure, clock());
            }
        }
        Next::Now
    }

    async fn carry_out(
        &self,
        device: &DeviceId,
        csr: &CheckedCsr,
        clock: impl Fn() -> Timestamp,
    ) -> Result<Kept, Failure> {
        let on_disk = |error: DiskError| Failure {
            why: error.to_string(),
            retry_after: None,
            concerns_all: true,
        };
        let before = self.shelf.chain(device).map_err(on_disk)?;
        let mut acme = self.acme.lock().await;
        let kept = acme.order(csr, before.as_ref(), &*self.publish, clock()).await?;
        self.shelf.put_chain(device, &kept).map_err(on_disk)?;
        Ok(kept)
    }

    /// Every change of the queue is a single step, so that a panic elsewhere leaves nothing half done.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl core::fmt::Debug for Broker {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Broker").field("domain", &self.domain).field("dns", &self.dns).finish()
    }
}
