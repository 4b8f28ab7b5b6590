//! Reads the lines of the self-test. They are JSON, and always of the same shape.

/// Everything that a run said.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) parts: Vec<Part>,
    /// Bytes of instructions in the image; 0 on the host.
    pub(super) text: u64,
    /// Why it ended early.
    pub(super) failed: Option<String>,
    /// It came to its end.
    pub(super) is_whole: bool,
}

/// One part of the work.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) instructions: u64,
    pub(super) stack: u64,
    pub(super) heap: u64,
    pub(super) digest: String,
}

impl Figures {
    pub(super) fn read(text: &str) -> Self {
        let mut figures = Self::default();
        for line in text.lines() {
            if let Some(name) = string(line, "part") {
                figures.parts.push(Part {
                    name,
                    instructions: number(line, "instructions"),
                    stack: number(line, "stack"),
                    heap: number(line, "heap"),
                    digest: string(line, "digest").unwrap_or_default(),
                });
            } else if line.starts_with("{\"image\"") {
                figures.text = number(line, "text");
            } else if line.starts_with("{\"failed\"") {
                figures.failed = Some(line.to_owned());
            } else if line == "{\"end\":true}" {
                figures.is_whole = true;
            }
        }
        if figures.failed.is_none() && text.contains("panicked at") {
            figures.failed = Some(text.lines().skip_while(|line| line.starts_with('{')).collect());
        }
        figures
    }
}

fn after<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    line.split_once(&format!("\"{name}\":")).map(|(_, rest)| rest)
}

fn string(line: &str, name: &str) -> Option<String> {
    let (text, _) = after(line, name)?.strip_prefix('"')?.split_once('"')?;
    Some(text.to_owned())
}

/// What cannot be read is more than any budget.
fn number(line: &str, name: &str) -> u64 {
    let digits = after(line, name).unwrap_or_default();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        r#"{"part":"x25519","instructions":3615914,"stack":2860,"heap":0,"digest":"6def"}"#;

    #[test]
    fn the_lines_of_a_run_are_read() {
        let text =
            format!("{{\"image\":{{\"text\":384000,\"stack\":1}}}}\n{LINE}\n{{\"end\":true}}\n");
        let figures = Figures::read(&text);
        assert_eq!((figures.text, figures.is_whole, figures.failed), (384_000, true, None));
        let part = Part {
            name: "x25519".into(),
            instructions: 3_615_914,
            stack: 2_860,
            heap: 0,
            digest: "6def".into(),
        };
        assert_eq!(figures.parts, [part]);
    }

    #[test]
    fn a_run_that_broke_off_is_not_whole() {
        let figures = Figures::read(&format!("{LINE}\n{{\"failed\":\"the stack is full\"}}\n"));
        assert!(!figures.is_whole && figures.failed.is_some());
        let figures = Figures::read(&format!("{LINE}\nthread main panicked at a goal\n"));
        assert!(figures.failed.unwrap().contains("a goal"));
        assert_eq!(number("{\"part\":\"x\"}", "stack"), u64::MAX);
    }
}
