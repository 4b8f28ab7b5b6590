//! The world on a loopback port, plain or with TLS.

use crate::world::{Fault, Shared, realm};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use countersign::{Frame, LoginId};
use futures_util::{SinkExt, StreamExt};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame as BodyFrame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// Serves until the runtime ends; returns host and port.
pub(crate) async fn serve(world: Shared, tls: Option<TlsAcceptor>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (world, tls) = (world.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => connection(world, tcp).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(tcp).await {
                            connection(world, stream).await;
                        }
                    }
                }
            });
        }
    });
    port
}

async fn connection(world: Shared, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = service_fn(|request| {
        let world = world.clone();
        async move { Ok::<_, Infallible>(route(world, request).await) }
    });
    let io = TokioIo::new(stream);
    let served = hyper::server::conn::http1::Builder::new().serve_connection(io, service);
    let _ = served.with_upgrades().await;
}

async fn route(world: Shared, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    let fault = world.lock().unwrap().fault;
    if path == "/ws" && !matches!(fault, Fault::NoWebSocket | Fault::PollOnly) {
        return websocket(world, request);
    }
    if path == "/sse" && fault != Fault::PollOnly {
        return sse(world, request).await;
    }
    if path.starts_with("/api") {
        return rest(world, request).await;
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut world = world.lock().unwrap();
    match path.as_str() {
        "/keyset" => world.keyset_frame().map_or_else(not_found, frame),
        "/login" => login_view(200, None),
        // Work is asked for when a code is wanted without it.
        "/login/code" => match world.pow_bits.filter(|_| !mentions(&body, b"pow_nonce")) {
            None => login_view(200, None),
            bits => login_view(403, bits),
        },
        "/login/register" => world.register(&body).map_or_else(refused, frame),
        path if path.starts_with("/x") => match world.handle(&body) {
            Some((_, answer)) => frame(answer),
            None => refused(),
        },
        _ => not_found(),
    }
}

fn login_view(status: u16, pow_bits: Option<u32>) -> Answer {
    let mut view = serde_json::json!({
        "login_id": LoginId::from_bytes([0x10; 16]).to_string(), "address": "ana@example.org",
        "audience": realm().audience(), "app": realm().app(), "code_length": 8,
        "expires_ms": 600_000, "allowed_to_request_code": true, "next_code_ms": 0,
        "next_verification_attempt_ms": 0, "attempts_left": 5, "requested_information": [],
    });
    if let Some(bits) = pow_bits {
        view["requested_information"] = serde_json::json!(["pow"]);
        view["pow"] = serde_json::json!({ "challenge": "c0ffee", "bits": bits });
    }
    answer(status, "application/json", view.to_string().into_bytes())
}

fn mentions(body: &[u8], word: &[u8]) -> bool {
    body.windows(word.len()).any(|window| window == word)
}

async fn rest(world: Shared, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let text = |name: &str| head.headers.get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
    let path = head.uri.path_and_query().unwrap().as_str();
    let signed = text("countersign");
    let mut frame = URL_SAFE_NO_PAD.decode(signed.strip_prefix("v1 ").unwrap()).unwrap();
    for part in [head.method.as_str(), path, &text("content-type")] {
        frame.extend((part.len() as u16).to_be_bytes());
        frame.extend(part.as_bytes());
    }
    frame.extend(&body);
    let mut world = world.lock().unwrap();
    let Some((result, answered)) = world.handle(&frame) else { return refused() };
    if !result.is_ok() {
        return self::frame(answered);
    }
    // The echo of the signed payload stands for an upstream: take what is signed apart again for the plain answer.
    let split = Frame::split(&answered).unwrap();
    let bare = Frame::join(split.header, split.signature, &[]);
    let len = usize::from(u16::from_be_bytes([split.payload[0], split.payload[1]]));
    let (content_type, body) = split.payload[2..].split_at(len);
    let mut response = answer(200, std::str::from_utf8(content_type).unwrap(), body.to_vec());
    let header = format!("v1 {}", URL_SAFE_NO_PAD.encode(bare)).parse().unwrap();
    response.headers_mut().insert("countersign", header);
    response
}

async fn sse(world: Shared, request: Request<Incoming>) -> Answer {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut guard = world.lock().unwrap();
    let Some((result, opened)) = guard.handle(&body) else { return refused() };
    if !result.is_ok() {
        return frame(opened);
    }
    let cursor = cursor_of(&opened);
    let mut text = vec![event("open", &opened)];
    text.extend(guard.pushes.iter().skip(cursor).map(|push| event("push", push)));
    // The body ends after what there is: the client has to come back from its cursor.
    let events = futures_util::stream::iter(
        text.into_iter().map(|t| Ok::<_, Infallible>(BodyFrame::data(Bytes::from(t)))),
    );
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(BodyExt::boxed(StreamBody::new(events)))
        .unwrap()
}

fn event(name: &str, frame: &[u8]) -> String {
    format!("event: {name}\ndata: {}\n\n", URL_SAFE_NO_PAD.encode(frame))
}

fn cursor_of(opened: &[u8]) -> usize {
    let body: serde_json::Value =
        serde_json::from_slice(Frame::split(opened).unwrap().payload).unwrap();
    body["cursor"].as_u64().unwrap() as usize
}

fn websocket(world: Shared, mut request: Request<Incoming>) -> Answer {
    let key = request.headers().get("sec-websocket-key").unwrap().as_bytes().to_vec();
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(&mut request).await.unwrap();
        let mut socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        while let Some(Ok(message)) = socket.next().await {
            let Message::Binary(bytes) = message else { continue };
            let answers = {
                let mut world = world.lock().unwrap();
                let Some((result, answer)) = world.handle(&bytes) else { return };
                let from = if result.is_ok() { cursor_of(&answer) } else { usize::MAX };
                let pushes = world.pushes.iter().skip(from).cloned();
                (std::iter::once(answer).chain(pushes).collect::<Vec<_>>(), !result.is_ok())
            };
            let refused = answers.1;
            for answer in answers.0 {
                socket.send(Message::binary(answer)).await.unwrap();
            }
            if refused {
                let _ = socket.close(None).await;
                return;
            }
        }
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-accept", derive_accept_key(&key))
        .header("sec-websocket-protocol", "countersign.v1")
        .body(whole(Vec::new()))
        .unwrap()
}

fn frame(bytes: Vec<u8>) -> Answer {
    answer(200, "application/vnd.countersign.v1", bytes)
}

fn refused() -> Answer {
    let problem = br#"{"type":"about:blank","title":"unauthenticated","status":401}"#;
    answer(401, "application/problem+json", problem.to_vec())
}

fn not_found() -> Answer {
    answer(404, "application/problem+json", br#"{"title":"not_found"}"#.to_vec())
}

fn answer(status: u16, content_type: &str, body: Vec<u8>) -> Answer {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(whole(body))
        .unwrap()
}

fn whole(body: Vec<u8>) -> BoxBody<Bytes, Infallible> {
    BodyExt::boxed(Full::new(Bytes::from(body)))
}
