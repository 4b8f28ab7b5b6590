//! `watch`: events as they happen.

use super::connection::{Connection, ProfileArgs};
use super::failure::Failure;
use super::show;
use crate::output;
use clap::{Args, ValueEnum};
use countersign_client::watch::{Carrier, Event, Notice, WatchItem, WatchOptions};
use std::io::Write;

/// Prints the events of this session as they happen, each verified
///
/// Goes on where the last watch of this profile ended. Says on standard error when events were missed for good.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign watch
  countersign watch --count 1 --json
  countersign watch --transport poll        through a proxy that lets nothing else pass")]
pub(crate) struct Watch {
    /// Use this transport only [default: WebSocket, then server-sent events, then long polling]
    #[arg(long, value_enum)]
    transport: Option<Transport>,
    /// End after this many events
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Transport {
    /// WebSocket
    Ws,
    /// Server-sent events
    Sse,
    /// Long polling
    Poll,
}

impl Watch {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let connection = Connection::open(&self.profile)?;
        let carrier = self.transport.map(|transport| match transport {
            Transport::Ws => Carrier::WebSocket,
            Transport::Sse => Carrier::Sse,
            Transport::Poll => Carrier::Poll,
        });
        let mut watch =
            connection.client.watch(WatchOptions { carrier, ..WatchOptions::default() });
        let mut left = self.count;
        while left != Some(0) {
            let item = tokio::select! {
                item = watch.next() => connection.settle(item)?,
                _ = tokio::signal::ctrl_c() => break,
            };
            match item {
                WatchItem::Event(event) => {
                    self.event(&event);
                    left = left.map(|left| left - 1);
                }
                WatchItem::Notice(notice) => say(&notice),
            }
        }
        connection.client.save()?;
        Ok(())
    }

    fn event(&self, event: &Event) {
        if self.profile.json {
            let event = serde_json::json!({
                "stream_id": event.stream.to_string(),
                "seq": event.seq,
                "type": event.event_type.as_str(),
                "timestamp_ms": event.timestamp.as_millis(),
                "content": show::payload(&event.content),
            });
            output::line(&event.to_string());
        } else {
            let content = String::from_utf8_lossy(&event.content).into_owned();
            let time = show::time(event.timestamp);
            output::line(&format!("{time}  {:>6}  {}  {content}", event.seq, event.event_type));
        }
        drop(std::io::stdout().flush());
    }
}

fn say(notice: &Notice) {
    output::note(&match notice {
        Notice::Connected { carrier, cursor, resync: false } => {
            format!("Watching by {} after event {cursor}.", carrier.as_str())
        }
        Notice::Connected { carrier, cursor, resync: true } => format!(
            "Watching by {} after event {cursor}. Events before it were missed for good: reload what they are about.",
            carrier.as_str()
        ),
        Notice::Gap { from, to } => format!("Events {from} to {to} got lost; fetching them again."),
        Notice::FellBack { from, to, why } => {
            format!("{} does not work here ({why}); trying {}.", from.as_str(), to.as_str())
        }
        Notice::Waiting { pause, why } => {
            format!("Not connected: {why}. Next attempt in {:.1} s.", pause.as_secs_f64())
        }
    });
}
