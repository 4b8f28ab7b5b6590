//! The event stream format of the HTML standard, as much of it as the protocol uses.

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SseEvent {
    pub(super) name: String,
    pub(super) data: String,
}

/// A line or an event that outgrows its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// Takes bytes as they come, gives out whole events.
#[derive(Debug)]
pub(super) struct SseParser {
    longest: usize,
    line: Vec<u8>,
    event: SseEvent,
}

impl SseParser {
    pub(super) fn new(longest: usize) -> Self {
        Self { longest, line: Vec::new(), event: SseEvent::default() }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, TooLong> {
        let mut events = Vec::new();
        for byte in bytes {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
                events.extend(self.take_line(&line));
            } else {
                self.line.push(*byte);
            }
            if self.line.len() + self.event.data.len() > self.longest {
                return Err(TooLong);
            }
        }
        Ok(events)
    }

    fn take_line(&mut self, line: &str) -> Option<SseEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return (!event.data.is_empty()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            // Frames are base64url: lines of it simply belong together.
            "data" => self.event.data.push_str(value),
            // Comments keep the connection alive; the signed header has the number.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let text =
            b": ping\n\nevent: open\r\ndata: QQ\r\n\r\nevent: push\nid: 1\ndata:Qg\ndata: Qw\n\n";
        let expected = [("open", "QQ"), ("push", "QgQw")];
        for size in 1..text.len() {
            let mut parser = SseParser::new(100);
            let mut events = Vec::new();
            for piece in text.chunks(size) {
                events.extend(parser.feed(piece).unwrap());
            }
            let found: Vec<_> = events.iter().map(|e| (e.name.as_str(), e.data.as_str())).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut parser = SseParser::new(10);
        assert_eq!(parser.feed(&[b'x'; 11]), Err(TooLong));
    }
}
