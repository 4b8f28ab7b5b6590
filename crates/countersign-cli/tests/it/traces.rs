//! Traces as a collector gets them: protobuf over HTTP, from the real program.

use crate::harness::peers::free_port;
use crate::harness::recorder::{Recorder, answer};
use crate::harness::*;
use countersign::ResultCode;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use std::net::TcpListener;
use std::time::Duration;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A text or a number of a span or a resource.
fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|it| it.key == key)?;
    match found.value.as_ref()? {
        AnyValue { value: Some(Value::StringValue(text)) } => Some(text.clone()),
        AnyValue { value: Some(Value::IntValue(number)) } => Some(number.to_string()),
        other => panic!("{key}: {other:?}"),
    }
}

/// Everything that a collector got.
fn exported(collector: &Recorder) -> Vec<ExportTraceServiceRequest> {
    let decode = |body: Vec<u8>| ExportTraceServiceRequest::decode(&body[..]).unwrap();
    collector.calls().into_iter().map(|call| decode(call.body)).collect()
}

fn spans(exported: &[ExportTraceServiceRequest]) -> Vec<Span> {
    let resources = exported.iter().flat_map(|it| &it.resource_spans);
    resources.flat_map(|it| &it.scope_spans).flat_map(|it| it.spans.clone()).collect()
}

fn of_trace(spans: &[Span], trace: &str) -> Vec<Span> {
    spans.iter().filter(|it| hex::encode(&it.trace_id) == trace).cloned().collect()
}

/// The only span of this name.
fn one<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    match spans.iter().filter(|it| it.name == name).collect::<Vec<_>>()[..] {
        [span] => span,
        _ => panic!("{name}: {spans:?}"),
    }
}

#[test]
fn a_collector_gets_the_whole_story_of_a_request_when_the_server_ends() {
    let (collector, service) = (Recorder::saying("{}"), Recorder::saying("{\"ok\":true}"));
    let options = Options::new().arg("--upstream").arg(service.url());
    let options = options.set("server.trusted_proxies", "[\"127.0.0.1\"]");
    let mut server = Server::start(options.set("log.otlp", collector.url()));
    let mut ana = Device::register(&server, "ana-marker@example.org");
    ana.call("session.hello", b"{}");
    let request = ana.request("notes.add", b"{\"text\":\"payload-marker\"}");
    let headers = [("traceparent", &*format!("00-{TRACE}-{PARENT}-01"))];
    let sent = ana.connection().send("POST", "/x", &headers, &request.frame).unwrap();
    assert_eq!(ana.open(request.reply_to, &sent).result, ResultCode::OK);
    server.stop();

    let got = exported(&collector);
    let call = collector.call(1);
    assert_eq!(call.line, "POST /v1/traces HTTP/1.1");
    assert_eq!(call.one("content-type"), "application/x-protobuf");
    let resource = got[0].resource_spans[0].resource.as_ref().unwrap();
    assert_eq!(attribute(&resource.attributes, "service.name").unwrap(), "countersign");
    let version = attribute(&resource.attributes, "service.version").unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));

    let all = spans(&got);
    assert!(all.iter().any(|it| it.name == "POST /login/register"), "{all:?}");
    let story = of_trace(&all, TRACE);
    assert_eq!(story.len(), 4, "{story:?}");
    let (root, exchange) = (one(&story, "POST /x"), one(&story, "exchange"));
    let (verify, upstream) = (one(&story, "verify"), one(&story, "upstream"));
    assert_eq!(hex::encode(&root.parent_span_id), PARENT);
    assert_eq!(exchange.parent_span_id, root.span_id);
    assert_eq!(verify.parent_span_id, exchange.span_id);
    assert_eq!(upstream.parent_span_id, exchange.span_id);
    assert_eq!((root.kind(), upstream.kind()), (SpanKind::Server, SpanKind::Client));
    let of = |span: &Span, key: &str| attribute(&span.attributes, key).unwrap();
    assert_eq!(of(root, "http.response.status_code"), "200");
    assert_eq!(of(exchange, "countersign.message_type"), "notes.add");
    let id = request.reply_to.request_id.to_string();
    assert_eq!(of(exchange, "countersign.request_id"), id);
    assert_eq!(of(upstream, "http.response.status_code"), "200");
    for marker in ["payload-marker", "ana-marker", &ana.session.to_string(), &ana.user] {
        assert!(!format!("{got:?}").contains(marker), "{marker} in {got:?}");
    }
}

#[test]
fn a_stranger_cannot_choose_the_trace() {
    let collector = Recorder::saying("{}");
    let mut server = Server::start(Options::new().set("log.otlp", collector.url()));
    let headers = [("traceparent", &*format!("00-{TRACE}-{PARENT}-01"))];
    let answered = server.http().send("GET", "/keyset", &headers, b"").unwrap();
    assert_eq!(answered.status, 200);
    assert_eq!(server.http().send("GET", "/health", &headers, b"").unwrap().status, 200);
    server.stop();
    let all = spans(&exported(&collector));
    assert_eq!(one(&all, "GET /keyset").parent_span_id, b"");
    assert_eq!((all.len(), of_trace(&all, TRACE).len()), (1, 0), "{all:?}");
}

#[test]
fn a_collector_that_is_away_is_reported_once_and_changes_nothing() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let refusing = Recorder::start(|_| answer(400, b"{}"));
    let urls = [
        format!("http://127.0.0.1:{}", free_port()),
        format!("http://{}", silent.local_addr().unwrap()),
        refusing.url(),
    ];
    for url in urls {
        let options = Options::new().set("log.otlp", &url).env("OTEL_BSP_SCHEDULE_DELAY", "50");
        let mut server = Server::start(options);
        let mut ana = Device::register(&server, "ana@example.org");
        within(Duration::from_secs(30), "it is reported", || {
            assert_eq!(ana.call("session.hello", b"{}").result, ResultCode::OK);
            server.log().contains("does not take traces").then_some(())
        });
        for _ in 0..50 {
            assert_eq!(ana.call("session.hello", b"{}").result, ResultCode::OK);
        }
        let begun = instant();
        server.stop();
        assert!(begun.elapsed() < Duration::from_secs(20), "{url}: {:?}", begun.elapsed());
        assert_eq!(server.log().matches("does not take traces").count(), 1, "{}", server.log());
    }
}
