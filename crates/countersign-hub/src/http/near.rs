//! What the hub itself hears of the mesh: its links, and who came over them. What lies behind a neighbour nobody tells it.

use countersign_mesh::Bearer;
use countersign_node::{LinkStatus, NeighbourStatus, Status};
use serde::Serialize;
use std::time::Duration;

/// Somebody near, or a link over which nobody was heard yet.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct NearView {
    /// Where the link leads.
    place: String,
    /// Whether everybody near hears what is said there.
    broadcast: bool,
    /// In seconds, how long the link has been up.
    up_s: u64,
    /// In seconds, since this neighbour was heard last.
    quiet_s: Option<u64>,
    /// Packets of this event that this neighbour brought.
    packets: u64,
    /// Packets that it brought before anybody else.
    first: u64,
}

/// Who was quiet for longest comes first.
pub(super) fn near(status: &Status) -> Vec<NearView> {
    let mut lines: Vec<NearView> = status.links.iter().flat_map(|link| of(link, status)).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.quiet_s.unwrap_or(line.up_s)));
    lines
}

fn of(link: &LinkStatus, status: &Status) -> Vec<NearView> {
    let heard = status.neighbours.iter().filter(|it| it.place == link.place);
    let lines: Vec<NearView> = heard.map(|it| line(link, Some(it))).collect();
    match lines.is_empty() {
        true => vec![line(link, None)],
        false => lines,
    }
}

fn line(link: &LinkStatus, heard: Option<&NeighbourStatus>) -> NearView {
    NearView {
        place: link.place.clone(),
        broadcast: match link.bearer {
            Bearer::Broadcast => true,
            Bearer::PointToPoint => false,
        },
        up_s: coarse(link.up),
        quiet_s: heard.map(|it| coarse(it.quiet)),
        packets: heard.map_or(0, |it| it.packets),
        first: heard.map_or(0, |it| it.first),
    }
}

/// Seconds, in steps of five below a minute and whole minutes above: a page that changes with every second is not read.
const fn coarse(time: Duration) -> u64 {
    let seconds = time.as_secs();
    let step = if seconds < 60 { 5 } else { 60 };
    seconds / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(place: &str, bearer: Bearer, up: u64) -> LinkStatus {
        let up = Duration::from_secs(up);
        LinkStatus { place: place.into(), bearer, mtu: 1_200, up, frames_in: 9, frames_out: 9 }
    }

    fn heard(place: &str, quiet: u64, packets: u64) -> NeighbourStatus {
        let quiet = Duration::from_secs(quiet);
        NeighbourStatus { place: place.into(), quiet, packets, first: packets / 2, echoes: 0 }
    }

    #[test]
    fn a_link_has_a_line_for_everybody_heard_there_and_one_if_there_is_nobody() {
        let status = Status {
            links: vec![
                link("ws from 1", Bearer::PointToPoint, 200),
                link("multicast", Bearer::Broadcast, 61),
                link("ws from 2", Bearer::PointToPoint, 12),
            ],
            neighbours: vec![
                heard("ws from 1", 3, 8),
                heard("multicast", 119, 4),
                heard("multicast", 7, 2),
            ],
            ..Status::default()
        };
        let lines = near(&status);
        let short = |it: &NearView| (it.place.clone(), it.broadcast, it.quiet_s, it.packets);
        assert_eq!(
            lines.iter().map(short).collect::<Vec<_>>(),
            [
                ("multicast".to_owned(), true, Some(60), 4),
                ("ws from 2".to_owned(), false, None, 0),
                ("multicast".to_owned(), true, Some(5), 2),
                ("ws from 1".to_owned(), false, Some(0), 8),
            ]
        );
        assert_eq!((lines[3].up_s, lines[1].up_s, lines[3].first), (180, 10, 4));
    }
}
