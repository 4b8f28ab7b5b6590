//! For a log: a line when something has changed.

use crate::output;
use countersign_node::Status;
use std::time::Duration;
use tokio::sync::watch;

/// Shortest time between two lines.
const EVERY: Duration = Duration::from_secs(10);

/// Until the node has ended.
pub(super) async fn run(mut status: watch::Receiver<Status>) {
    let mut last = String::new();
    loop {
        let line = line(&status.borrow_and_update());
        if line != last {
            output::line(&line);
            last = line;
        }
        tokio::time::sleep(EVERY).await;
        if status.changed().await.is_err() {
            return;
        }
    }
}

fn line(status: &Status) -> String {
    let counters = &status.counters;
    let drops: Vec<String> = counters
        .drops()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| format!("{} {count}", reason.as_str()))
        .collect();
    let dropped = if drops.is_empty() { "nothing".to_owned() } else { drops.join(", ") };
    format!(
        "links {}, neighbours {}, hops {}, kept {}, frames in {} out {}, forwarded {}, dropped: {dropped}",
        status.links.len(),
        status.neighbours.len(),
        status.hops.map_or("unknown".to_owned(), |hops| hops.to_string()),
        status.stored,
        counters.frames_in,
        counters.frames_out,
        counters.forwarded,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_an_operator_asks_first() {
        let status = Status { stored: 3, hops: Some(2), ..Status::default() };
        assert_eq!(
            line(&status),
            "links 0, neighbours 0, hops 2, kept 3, frames in 0 out 0, forwarded 0, dropped: nothing"
        );
    }
}
