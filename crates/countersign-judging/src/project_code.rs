//! The QR text on a project's table: `nodus://vote?pid=PROJECT_004&cat=INNOVATION`, exactly as in the seed.

use crate::event::Event;
use crate::id::{CategoryId, ProjectId};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use thiserror::Error;

/// Most bytes of the text that is looked at.
pub const TEXT_MAX: usize = 512;

const PREFIX: &str = "nodus://vote?";

/// Which form to open. Nothing signs it: show the project's name and table before anybody votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProjectCode {
    /// The project.
    pub project: ProjectId,
    /// As what it is judged at this table.
    pub category: CategoryId,
}

/// Text that is no project's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ProjectCodeError {
    /// Too long.
    #[error("a project's code has at most {TEXT_MAX} bytes, not {0}")]
    TooLong(usize),
    /// Another kind of code.
    #[error("a project's code begins with {PREFIX}")]
    Prefix,
    /// A pair that cannot be read.
    #[error("a project's code consists of pairs `name=value`, separated by '&', percent-encoded")]
    Pair,
    /// `pid` or `cat` twice.
    #[error("a project's code names its project and its category once")]
    Repeated,
    /// `pid` is missing or no id.
    #[error("a project's code has a pair `pid=` with the project's id")]
    Project,
    /// `cat` is missing or no id.
    #[error("a project's code has a pair `cat=` with the category's id")]
    Category,
}

impl fmt::Display for ProjectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No character of an id needs percent-encoding.
        write!(f, "{PREFIX}pid={}&cat={}", self.project, self.category)
    }
}

impl FromStr for ProjectCode {
    type Err = ProjectCodeError;

    fn from_str(text: &str) -> Result<Self, ProjectCodeError> {
        if text.len() > TEXT_MAX {
            return Err(ProjectCodeError::TooLong(text.len()));
        }
        let query = text.strip_prefix(PREFIX).ok_or(ProjectCodeError::Prefix)?;
        let (mut project, mut category) = (None, None);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').ok_or(ProjectCodeError::Pair)?;
            let name = percent_decoded(name).ok_or(ProjectCodeError::Pair)?;
            let slot = match name.as_slice() {
                b"pid" => &mut project,
                b"cat" => &mut category,
                _ => continue,
            };
            let value = percent_decoded(value).ok_or(ProjectCodeError::Pair)?;
            if slot.replace(value).is_some() {
                return Err(ProjectCodeError::Repeated);
            }
        }
        Ok(Self {
            project: id(project).ok_or(ProjectCodeError::Project)?,
            category: id(category).ok_or(ProjectCodeError::Category)?,
        })
    }
}

fn id<T: FromStr>(value: Option<Vec<u8>>) -> Option<T> {
    core::str::from_utf8(&value?).ok()?.parse().ok()
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?,
            _ => byte,
        });
    }
    Some(out)
}

const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// What stands on a table: a code for people's cameras and the words below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// The code's text.
    pub code: String,
    /// The project's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where it stands, and the category.
    pub place: String,
}

/// A sign for each project and category.
pub fn signs(event: &Event) -> Vec<Sign> {
    let sign = |(project, category)| {
        let known = event.project(&project);
        let table = known.map(|it| it.table.as_str()).unwrap_or_default();
        let of = event.category(&category).map(|it| it.title.as_str()).unwrap_or_default();
        Sign {
            code: ProjectCode { project, category }.to_string(),
            id: project.to_string(),
            title: known.map(|it| it.title.clone()).unwrap_or_default(),
            place: match table {
                "" => of.to_owned(),
                table => format!("{table} · {of}"),
            },
        }
    };
    event.entries().into_iter().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    const SEED: &str = "nodus://vote?pid=PROJECT_004&cat=INNOVATION";

    #[test]
    fn the_seeds_text_is_read_and_written() {
        let code: ProjectCode = SEED.parse().unwrap();
        assert_eq!((code.project.as_str(), code.category.as_str()), ("PROJECT_004", "INNOVATION"));
        assert_eq!(code.to_string(), SEED);
    }

    #[test]
    fn order_unknown_pairs_and_percent_do_not_matter() {
        for text in [
            "nodus://vote?cat=INNOVATION&pid=PROJECT_004",
            "nodus://vote?pid=PROJECT%5F004&x=%20&cat=INNOVATION",
            "nodus://vote?%70id=PROJECT_004&cat=INNOVATION&y=",
        ] {
            assert_eq!(text.parse::<ProjectCode>().unwrap().to_string(), SEED, "{text}");
        }
    }

    #[test]
    fn what_is_no_project_code_says_why() {
        let long = format!("{SEED}&x={}", "y".repeat(TEXT_MAX));
        for (text, error) in [
            (long.as_str(), ProjectCodeError::TooLong(long.len())),
            ("https://vote?pid=A&cat=B", ProjectCodeError::Prefix),
            ("nodus://vote?pid=A&cat=B&pid=C", ProjectCodeError::Repeated),
            ("nodus://vote?pid=A&cat=B&p%69d=C", ProjectCodeError::Repeated),
            ("nodus://vote?pid=A&cat", ProjectCodeError::Pair),
            ("nodus://vote?pid=A%4&cat=B", ProjectCodeError::Pair),
            ("nodus://vote?cat=B", ProjectCodeError::Project),
            ("nodus://vote?pid=A%20B&cat=B", ProjectCodeError::Project),
            ("nodus://vote?pid=A&cat=", ProjectCodeError::Category),
        ] {
            assert_eq!(text.parse::<ProjectCode>(), Err(error), "{text}");
        }
    }
}
