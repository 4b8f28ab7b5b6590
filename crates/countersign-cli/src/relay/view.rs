//! For a terminal: links, neighbours and counters, four times a second.

use countersign_node::Status;
use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Paragraph, Row, Table};
use std::io;
use std::time::Duration;
use tokio::sync::watch;

/// How long a key is waited for.
const KEY: Duration = Duration::from_millis(250);
/// Lines of the largest head: four and a frame.
const HEAD: u16 = 6;

/// Until `q`, Ctrl-C, or the node has ended.
pub(super) fn run(status: &watch::Receiver<Status>, kind: &str) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let ended = loop {
        let now = status.borrow().clone();
        if let Err(error) = terminal.draw(|frame| draw(frame, &now, kind)) {
            break Err(error);
        }
        match key() {
            Ok(false) if status.has_changed().is_ok() => {}
            Ok(_) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    ratatui::try_restore()?;
    ended
}

/// Whether somebody wants to leave.
fn key() -> io::Result<bool> {
    if !event::poll(KEY)? {
        return Ok(false);
    }
    let Event::Key(key) = event::read()? else { return Ok(false) };
    let is_ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    let leaves = key.code == KeyCode::Char('q') || is_ctrl_c;
    Ok(leaves && key.kind == KeyEventKind::Press)
}

fn draw(frame: &mut Frame<'_>, status: &Status, kind: &str) {
    let rows = Layout::vertical([
        Constraint::Length(HEAD),
        Constraint::Fill(2),
        Constraint::Fill(2),
        Constraint::Fill(3),
    ]);
    let [head, links, neighbours, counters] = rows.areas(frame.area());
    draw_head(frame, head, status, kind);
    let of_links = status.links.iter().map(|link| {
        Row::new([
            link.place.clone(),
            format!("{:?}", link.bearer),
            link.mtu.to_string(),
            span(link.up),
            link.frames_in.to_string(),
            link.frames_out.to_string(),
        ])
    });
    let columns = ["link", "kind", "bytes", "up", "in", "out"];
    table(frame, links, "Links", columns, [12, 6, 8, 9, 9], of_links);
    let of_neighbours = status.neighbours.iter().map(|neighbour| {
        Row::new([
            neighbour.place.clone(),
            span(neighbour.quiet),
            neighbour.packets.to_string(),
            neighbour.first.to_string(),
            neighbour.echoes.to_string(),
        ])
    });
    let columns = ["neighbour", "heard ago", "packets", "first", "echoes"];
    table(frame, neighbours, "Neighbours", columns, [10, 9, 9, 9], of_neighbours);
    draw_counters(frame, counters, status);
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, status: &Status, kind: &str) {
    let hops = match status.hops {
        Some(1) => "1 link to the hub".to_owned(),
        Some(hops) => format!("{hops} links to the hub"),
        None => "no hub heard".to_owned(),
    };
    let disk = match &status.save_error {
        Some(error) => Line::from(format!("NOT ON DISK: {error}")).bold().red(),
        None => Line::from(format!("snapshots written: {}", status.saved)),
    };
    let text = Text::from(vec![
        Line::from(format!("{kind}, running {}", span(status.running))),
        Line::from(hops).bold(),
        Line::from(format!("{} packets kept for others", status.stored)),
        disk,
    ]);
    let block = Block::bordered().title(" countersign relay ").title_bottom(" q ends ");
    frame.render_widget(Paragraph::new(text).block(block), area);
}

fn draw_counters(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let counters = &status.counters;
    let done = [
        ("frames in", counters.frames_in),
        ("frames out", counters.frames_out),
        ("forwarded", counters.forwarded),
        ("spared, others did it", counters.suppressed),
        ("settled by the hub", counters.purged),
        ("questions", counters.questions),
        ("answers", counters.answers),
        ("lost, queue in", status.lost_heard),
        ("lost, queue out", status.lost_said),
    ];
    let dropped = counters.drops().filter(|(_, count)| *count > 0);
    let dropped = dropped.map(|(reason, count)| (format!("dropped, {}", reason.as_str()), count));
    let all = done.map(|(name, count)| (name.to_owned(), count)).into_iter().chain(dropped);
    let rows = all.map(|(name, count)| Row::new([name, count.to_string()]));
    table(frame, area, "Counters", ["", ""], [12], rows);
}

/// The first column takes what is left.
fn table<'a, const COLUMNS: usize, const NUMBERS: usize>(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &'static str,
    columns: [&'static str; COLUMNS],
    widths: [u16; NUMBERS],
    rows: impl Iterator<Item = Row<'a>>,
) {
    let widths =
        std::iter::once(Constraint::Fill(1)).chain(widths.into_iter().map(Constraint::Length));
    let header = Row::new(columns).style(Style::new().dim());
    let table = Table::new(rows, widths).header(header);
    frame.render_widget(table.block(Block::bordered().title(title)), area);
}

/// `3 s`, `12 min`, `2 h 5 min`.
fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_mesh::Bearer;
    use countersign_node::LinkStatus;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn shown(status: &Status) -> String {
        let mut terminal = Terminal::new(TestBackend::new(80, 30)).unwrap();
        terminal.draw(|frame| draw(frame, status, "event FAIR-2026")).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn the_view_shows_links_the_way_to_the_hub_and_a_disk_that_fails() {
        let link = LinkStatus {
            place: "udp 192.0.2.7:7868".to_owned(),
            bearer: Bearer::PointToPoint,
            mtu: 1200,
            up: Duration::from_secs(125),
            frames_in: 17,
            frames_out: 4,
        };
        let status = Status {
            hops: Some(2),
            stored: 3,
            links: vec![link],
            save_error: Some("no space left".to_owned()),
            ..Status::default()
        };
        let shown = shown(&status);
        for text in [
            "event FAIR-2026",
            "2 links to the hub",
            "3 packets kept",
            "udp 192.0.2.7:7868",
            "2 min",
            "NOT ON DISK: no space left",
        ] {
            assert!(shown.contains(text), "{text} is not in\n{shown}");
        }
    }

    #[test]
    fn a_view_of_any_size_is_drawn() {
        for (width, height) in [(0, 0), (1, 1), (20, 5), (300, 100)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| draw(frame, &Status::default(), "keyless")).unwrap();
        }
    }
}
