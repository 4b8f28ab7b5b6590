//! Export of traces over OTLP: protobuf over HTTP, in batches, from a thread of its own. A collector that is slow or away
//! costs spans, and nothing else.

use crate::clock;
use crate::outbound::{self, HttpClient};
use crate::trace;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HeaderExtractor, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::{Registry, filter};

/// Deadline of one attempt, and of a batch with all its attempts.
const ATTEMPT: Duration = Duration::from_secs(5);
const BATCH: Duration = Duration::from_secs(10);
/// How long the end of the server waits for the last batch.
const FLUSH: Duration = Duration::from_secs(3);
/// A collector that stays away is reported once in this time.
const REPORT_EVERY: Duration = Duration::from_secs(60);
/// Collectors answer with a few bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// Spans on their way to a collector.
#[derive(Debug)]
pub(crate) struct Export(SdkTracerProvider);

/// What hands spans over to [`Export`].
pub(crate) type ExportLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Begins to export what has the target [`trace::TARGET`]; the text of an error says why not.
///
/// Sampling and sizes of batches follow the usual variables, like `OTEL_TRACES_SAMPLER`.
pub(crate) fn start(base: &str) -> Result<(Export, ExportLayer), String> {
    let runtime = Handle::try_current().map_err(|error| format!("log.otlp: {error}"))?;
    let courier = Courier { client: outbound::http_client(), runtime, health: Arc::default() };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(courier)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", base.trim_end_matches('/')))
        .with_timeout(BATCH)
        .build()
        .map_err(|error| format!("log.otlp: {error}"))?;
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource());
    let provider = provider.build();
    let scope = InstrumentationScope::builder(trace::TARGET).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer_with_scope(scope))
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(filter::filter_fn(|it| it.is_span() && it.target() == trace::TARGET));
    Ok((Export(provider), Box::new(layer)))
}

impl Export {
    /// Sends what is left. Blocks, for three seconds at most.
    pub(crate) fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last traces were not exported");
        }
    }
}

/// Makes a span part of the trace that a proxy in front began (W3C Trace Context).
pub(crate) fn continue_trace(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let context = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Fails when the span is not exported; then there is nothing to be a part of the trace.
        drop(span.set_parent(context));
    }
}

/// `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win over what is set here.
fn resource() -> Resource {
    let ours = [
        KeyValue::new("service.name", "countersign"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ];
    Resource::builder_empty()
        .with_attributes(ours)
        .with_detectors(&[Box::new(opentelemetry_sdk::resource::EnvResourceDetector::new())])
        .build()
}

/// Carries batches. The exporter's thread knows no runtime, so the work is done on the server's.
#[derive(Debug)]
struct Courier {
    client: HttpClient,
    runtime: Handle,
    health: Arc<Mutex<Health>>,
}

/// Whether the collector takes what it gets.
#[derive(Debug, Default)]
struct Health {
    failures: u64,
    reported: Option<Instant>,
}

type Sent = Result<Response<Bytes>, HttpError>;

impl opentelemetry_http::HttpClient for Courier {
    fn send_bytes<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Sent> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        let (client, health) = (self.client.clone(), Arc::clone(&self.health));
        let sending = self.runtime.spawn(async move {
            let sent = tokio::time::timeout(ATTEMPT, send(client, request)).await;
            let sent = sent.unwrap_or_else(|_| Err("no answer within 5 s".into()));
            let mut health = health.lock().unwrap_or_else(PoisonError::into_inner);
            match &sent {
                Ok(answer) if answer.status().is_success() => health.well(),
                Ok(answer) => health.failed(&format!("it answered {}", answer.status())),
                Err(error) => health.failed(&causes(&**error)),
            }
            sent
        });
        Box::pin(async move { sending.await? })
    }
}

impl Health {
    fn failed(&mut self, why: &str) {
        self.failures += 1;
        let now = clock::instant();
        if self.reported.is_none_or(|then| now.duration_since(then) >= REPORT_EVERY) {
            self.reported = Some(now);
            let failures = self.failures;
            tracing::warn!(
                why,
                failures,
                "the collector of log.otlp does not take traces; they are lost"
            );
        }
    }

    fn well(&mut self) {
        if self.failures > 0 {
            tracing::info!(
                failures = self.failures,
                "the collector of log.otlp takes traces again"
            );
            *self = Self::default();
        }
    }
}

async fn send(client: HttpClient, request: Request<Bytes>) -> Sent {
    let answer = client.request(request.map(Full::new)).await?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, ANSWER_MAX).collect().await?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

/// What hyper says alone is "client error (Connect)".
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
