//! `call`: curl for signed requests.

use super::connection::{Connection, ProfileArgs, refused};
use super::failure::{Exit, Failure};
use super::frame::{self, Row};
use super::{input, show};
use crate::output;
use clap::Args;
use countersign_client::{Exchange, Reply, RestRequest};

/// Sends a signed request and prints the verified answer, like curl
///
/// Nothing is printed that did not pass every check: the server's signature for this very request, the request's id,
/// the payload's hash, the time. With -v every field of both is shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign call session.hello
  countersign call match.submit --data '{\"match\":7,\"score\":\"2:1\"}' -v
  countersign call match.submit --data @match.json --json
  countersign call --rest GET /api/matches?round=2
  countersign call --rest PUT /api/matches/7 --content-type application/json --data @match.json

Exit codes: 0 done, 1 the server refused (signed), 2 wrong usage, 3 transport or verification failed, 4 logged out.")]
pub(crate) struct Call {
    /// Message type, for example session.hello or a route of the gateway
    #[arg(required_unless_present = "rest", value_name = "TYPE")]
    message_type: Option<String>,
    /// Payload: text, @file, or - for standard input [default: {} for a TYPE, nothing for --rest]
    #[arg(long, short, value_name = "TEXT|@FILE|-")]
    data: Option<String>,
    /// A plain HTTP request with the signature in a header
    #[arg(long, num_args = 2, value_names = ["METHOD", "PATH"], conflicts_with = "message_type")]
    rest: Option<Vec<String>>,
    /// Content type of a --rest request
    #[arg(long, requires = "rest", default_value = "")]
    content_type: String,
    /// Show every field of the request and of the verified answer, the round trip and the clock's offset
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl Call {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let connection = Connection::open(&self.profile)?;
        let (reply, body) = match (&self.rest, &self.message_type) {
            (Some(rest), _) => self.rest(&connection, rest).await?,
            (None, Some(message_type)) => {
                let payload =
                    self.data.as_deref().map_or_else(|| Ok(b"{}".to_vec()), input::payload)?;
                let reply = connection.call(message_type, &payload).await?;
                let body = reply.content.clone();
                (reply, body)
            }
            (None, None) => {
                return Err(Failure::usage("give a message type, or --rest METHOD PATH"));
            }
        };
        if self.verbose {
            verbose(&reply.exchange);
        }
        if self.profile.json {
            show::json(&json(&reply, &body));
        } else {
            show::content(&body);
        }
        if reply.result.is_ok() {
            return Ok(());
        }
        if self.profile.json {
            return Err(Failure::new(
                Exit::Refused,
                format!("the server refused: {}", reply.result),
            ));
        }
        Err(refused(&reply))
    }

    async fn rest(
        &self,
        connection: &Connection,
        rest: &[String],
    ) -> Result<(Reply, Vec<u8>), Failure> {
        let [method, path] = rest else {
            return Err(Failure::usage("--rest takes a method and a path"));
        };
        if !path.starts_with('/') {
            return Err(Failure::usage(format!("the path '{path}' does not start with /")));
        }
        let body = self.data.as_deref().map_or_else(|| Ok(Vec::new()), input::payload)?;
        let request = RestRequest { method, path, content_type: &self.content_type, body: &body };
        let answer = connection.settle(connection.client.rest(request).await)?;
        Ok((answer.reply, answer.body))
    }
}

fn json(reply: &Reply, body: &[u8]) -> serde_json::Value {
    let Exchange { round_trip, offset_ms, attempts, .. } = &reply.exchange;
    serde_json::json!({
        "result": reply.result.as_u16(),
        "name": reply.result.name(),
        "content": show::payload(body),
        "round_trip_ms": round_trip.as_secs_f64() * 1000.0,
        "offset_ms": offset_ms,
        "attempts": attempts,
    })
}

fn verbose(exchange: &Exchange) {
    for (mark, title, bytes) in
        [('>', "request", &exchange.request), ('<', "verified answer", &exchange.response)]
    {
        output::note(&format!("{mark} {title}, {} bytes", bytes.len()));
        for Row { offset, name, value, meaning, .. } in frame::rows(bytes) {
            output::note(&format!(
                "{mark} {offset:>5}  {name:<16} {value}{}",
                meaning_after(&meaning)
            ));
        }
    }
    let offset = exchange.offset_ms.map_or_else(|| "unknown".to_owned(), |ms| format!("{ms:+} ms"));
    let off_by =
        exchange.uncertainty.map_or_else(String::new, |u| format!(" ± {} ms", u.as_millis()));
    output::note(&format!(
        "* round trip {:.1} ms, server's clock {offset}{off_by} against this machine's, {} signature(s)",
        exchange.round_trip.as_secs_f64() * 1000.0,
        exchange.attempts
    ));
}

fn meaning_after(meaning: &str) -> String {
    if meaning.is_empty() { String::new() } else { format!("  ({meaning})") }
}
