//! WebSocket: views to the phone, acts from it.

use crate::host::{NEWS, News, Shared};
use crate::web::{NOBODY, is_known, permit};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Display;
use core::net::Ipv4Addr;
use countersign_league::device::{SayError, Token, Work};
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use picoserve::futures::Either as Found;
use picoserve::io::{Read, Write};
use picoserve::response::ws::{Message, SocketRx, SocketTx, WebSocketCallback};

/// Acts and answers to the roll call are shorter.
const MESSAGE_MAX: usize = 1536;
/// The first message has to come within this time.
const FIRST: Duration = Duration::from_secs(10);
/// A phone that answers is alive.
const PING: Duration = Duration::from_secs(5);
/// Pings without an answer.
const SILENT_PINGS: u32 = 4;

const CLOSE_UNSUPPORTED: u16 = 1003;
const CLOSE_AGAIN: u16 = 1013;
const CLOSE_NOT_IN_LOBBY: u16 = 4001;

/// A phone that talks.
pub(crate) struct Talk {
    pub(crate) host: Shared,
    pub(crate) peer: Ipv4Addr,
}

/// Why a connection ends, for the peer; `None`: the peer is gone.
type Goodbye = Option<(u16, &'static str)>;

impl WebSocketCallback for Talk {
    async fn run<R: Read, W: Write<Error = R::Error>>(
        self,
        mut rx: SocketRx<R>,
        mut tx: SocketTx<W>,
    ) -> Result<(), W::Error> {
        let mut buffer = Box::new([0; MESSAGE_MAX]);
        let first =
            with_timeout(FIRST, rx.next_message(&mut buffer[..], core::future::pending::<()>()))
                .await;
        let token = match first {
            Ok(Ok(Found::First(Ok(Message::Binary(token))))) => <Token>::try_from(token).ok(),
            Ok(Err(error)) => return Err(error),
            _ => None,
        };
        let Some(token) = token else {
            return tx.close((CLOSE_UNSUPPORTED, "the first message is the lobby token")).await;
        };
        let goodbye = self.talk(&mut rx, &mut tx, token, &mut buffer[..]).await;
        if token != NOBODY {
            self.host.borrow_mut().call(|device, now| device.closed(&token, now));
        }
        match goodbye? {
            Some(reason) => tx.close(reason).await,
            None => Ok(()),
        }
    }
}

impl Talk {
    async fn talk<R: Read, W: Write<Error = R::Error>>(
        &self,
        rx: &mut SocketRx<R>,
        tx: &mut SocketTx<W>,
        token: Token,
        buffer: &mut [u8],
    ) -> Result<Goodbye, W::Error> {
        let Some(mut news) = NEWS.receiver() else {
            return Ok(Some((CLOSE_AGAIN, "too much to do; try again soon")));
        };
        let (mut shown, mut silent, mut ping) = (News::default(), 0, Instant::now() + PING);
        loop {
            // What is there already is new to this phone.
            let latest = news.try_get().unwrap_or_default();
            if latest.drops != shown.drops && !is_known(self.host, token) {
                return Ok(Some(NOT_IN_LOBBY));
            }
            if latest.view != shown.view {
                let (_, frame) = self.host.borrow().latest();
                if !frame.is_empty() {
                    tx.send_binary(&frame).await?;
                }
            }
            shown = latest;
            let wake = select(news.changed(), Timer::at(ping));
            match rx.next_message(buffer, wake).await? {
                Found::Second(Either::First(_)) => {}
                Found::Second(Either::Second(())) => {
                    (silent, ping) = (silent + 1, Instant::now() + PING);
                    if silent > SILENT_PINGS {
                        return Ok(None);
                    }
                    tx.send_ping(&[]).await?;
                }
                Found::First(Ok(message)) => {
                    silent = 0;
                    match message {
                        Message::Binary(frame) => {
                            if let Some(refusal) = self.say(frame).await {
                                tx.send_text(&refusal).await?;
                            }
                        }
                        Message::Ping(data) => {
                            tx.send_pong(data).await?;
                            if !is_known(self.host, token) {
                                return Ok(Some(NOT_IN_LOBBY));
                            }
                        }
                        Message::Pong(_) if is_known(self.host, token) => {}
                        Message::Pong(_) => return Ok(Some(NOT_IN_LOBBY)),
                        Message::Text(_) => {
                            return Ok(Some((CLOSE_UNSUPPORTED, "messages are binary")));
                        }
                        Message::Close(_) => return Ok(None),
                    }
                }
                Found::First(Err(_)) => {
                    return Ok(Some((CLOSE_UNSUPPORTED, "messages are short and binary")));
                }
            }
        }
    }

    /// An act or an answer to the roll call. What is refused is answered.
    async fn say(&self, frame: &[u8]) -> Option<String> {
        if let Err(again) = permit(self.host, self.peer, Work::Say).await {
            return Some(refusal(0, &again));
        }
        let error = self.host.borrow_mut().call(|device, now| device.say(frame, now)).err()?;
        let code = match error {
            SayError::Refused(refusal) => refusal.code(),
            SayError::Evidence(_) => 0,
        };
        Some(refusal(code, &error))
    }
}

fn refusal(code: u8, why: &dyn Display) -> String {
    let detail = why.to_string().replace('\\', "\\\\").replace('"', "\\\"");
    format!(r#"{{"code":{code},"detail":"{detail}"}}"#)
}

const NOT_IN_LOBBY: (u16, &str) =
    (CLOSE_NOT_IN_LOBBY, "this place in the lobby is not known any more");
