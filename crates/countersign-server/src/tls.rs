//! Certificates for devices: the broker, and whose key may ask for which device.

use crate::app::App;
use crate::config::Config;
use countersign::Fingerprint;
use countersign_broker::{Broker, OpenError};
use countersign_store::league::Device;
use countersign_store::{LeagueStore, Store, StoreError};
use std::pin::Pin;
use std::sync::Arc;

type Found = Pin<Box<dyn Future<Output = Result<Option<Device>, StoreError>> + Send>>;

/// The broker, and the registered devices.
pub struct Tls {
    /// Asks the authority.
    pub broker: Arc<Broker>,
    find: Box<dyn Fn(Fingerprint) -> Found + Send + Sync>,
}

impl Tls {
    /// Opens the broker of the configuration, if there is one; it keeps what it needs in `tls` in the data folder.
    pub async fn open<S: LeagueStore>(
        config: &Config,
        store: &Arc<S>,
    ) -> Result<Option<Self>, OpenError> {
        let settings = config.league.as_ref().and_then(|league| league.tls.as_ref());
        let Some(settings) = settings else { return Ok(None) };
        let broker = Arc::new(Broker::open(settings, config.store.data.join("tls")).await?);
        let store = Arc::clone(store);
        let find = Box::new(move |key| {
            let store = Arc::clone(&store);
            Box::pin(async move { store.find_device_by_key(key).await }) as Found
        });
        Ok(Some(Self { broker, find }))
    }

    /// The device whose master has this key.
    pub async fn device_of(&self, master: Fingerprint) -> Result<Option<Device>, StoreError> {
        let device = (self.find)(master).await?;
        Ok(device.filter(|device| device.pair.master_key == master))
    }
}

impl core::fmt::Debug for Tls {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Tls").field("broker", &self.broker).finish_non_exhaustive()
    }
}

/// Answers DNS and carries orders out until the server shuts down.
pub async fn run<S: Store>(app: Arc<App<S>>) {
    if let Some(tls) = &app.tls {
        tls.broker.run(app.clock, app.shutdown.cancelled()).await;
    }
}
