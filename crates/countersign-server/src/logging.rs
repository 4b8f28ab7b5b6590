//! Logs without secrets or personal data, and the export of traces.

use crate::config::LogConfig;
#[cfg(feature = "otlp")]
use crate::otlp;
use std::io::IsTerminal;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Logs, and traces if `log.otlp` is set; both until [`Self::end`].
#[derive(Debug)]
#[must_use = "traces that were not sent yet are lost without `end`"]
pub struct Logging {
    #[cfg(feature = "otlp")]
    export: Option<otlp::Export>,
}

type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;

impl Logging {
    /// Starts logging to standard error, and exporting traces; the latter works on the current tokio runtime.
    ///
    /// Returns an error text if the filter or the collector's URL cannot be read; of a second call, the logs are ignored.
    pub fn start(log: &LogConfig) -> Result<Self, String> {
        let filter = EnvFilter::try_new(&log.filter)
            .map_err(|error| format!("log.filter {:?} cannot be read: {error}", log.filter))?;
        let written = tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr);
        let written: AnyLayer = match log.format {
            LogFormat::Text => Box::new(written.with_filter(filter)),
            LogFormat::Json => Box::new(written.json().with_filter(filter)),
        };
        let (logging, mut layers) = Self::exporting(log)?;
        layers.push(written);
        // Somebody else has set logging up already: theirs is used.
        drop(tracing_subscriber::registry().with(layers).try_init());
        Ok(logging)
    }

    /// Sends the traces that are left, which may take three seconds; blocks.
    pub fn end(self) {
        #[cfg(feature = "otlp")]
        if let Some(export) = self.export {
            export.end();
        }
    }

    #[cfg(feature = "otlp")]
    fn exporting(log: &LogConfig) -> Result<(Self, Vec<AnyLayer>), String> {
        let Some(url) = &log.otlp else { return Ok((Self { export: None }, Vec::new())) };
        let (export, layer) = otlp::start(url)?;
        Ok((Self { export: Some(export) }, vec![layer]))
    }

    #[cfg(not(feature = "otlp"))]
    fn exporting(_: &LogConfig) -> Result<(Self, Vec<AnyLayer>), String> {
        Ok((Self {}, Vec::new()))
    }
}
