//! Certificates for devices: the broker of this server.

use crate::app::{App, Backend};
use crate::config::Config;
use countersign_broker::{Broker, OpenError};
use std::sync::Arc;

/// Opens the broker of the configuration, if there is one; it keeps what it needs in `tls` in the data folder.
pub async fn open(config: &Config) -> Result<Option<Arc<Broker>>, OpenError> {
    let settings = config.league.as_ref().and_then(|league| league.tls.as_ref());
    let Some(settings) = settings else { return Ok(None) };
    Ok(Some(Arc::new(Broker::open(settings, config.store.data.join("tls")).await?)))
}

/// Answers DNS and carries orders out until the server shuts down.
pub async fn run<S: Backend>(app: Arc<App<S>>) {
    if let Some(broker) = &app.tls {
        broker.run(app.clock, app.shutdown.cancelled()).await;
    }
}
