//! The organiser's files: TOML for the event, CSV for the long lists.

use super::fault::{PlanError, Rows};
use super::plan::{Plan, PlanCategory, PlanHub, PlanJudge, PlanProject, PlanRound};
use countersign_identity::address::Address;
use countersign_judging::JudgeId;
use countersign_judging::csv::{self, plain};
use countersign_store::event::Seat;
use serde::Deserialize;

/// A file: what the organiser calls it, and what is in it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// For sentences about it.
    pub name: &'a str,
    /// Its bytes.
    pub content: &'a [u8],
}

/// The parts of an event.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Event, categories, rounds and hubs, as TOML.
    pub event: Source<'a>,
    /// Columns id, title, table, categories (blanks between them), anchor (yes or nothing).
    pub projects: Source<'a>,
    /// Columns id, name, email, and if you like capacity and categories.
    pub judges: Source<'a>,
    /// Columns judge, project: who must not judge what.
    pub conflicts: Option<Source<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    event: Day,
    #[serde(default)]
    category: Vec<PlanCategory>,
    #[serde(default)]
    round: Vec<PlanRound>,
    #[serde(default)]
    hub: Vec<PlanHub>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    id: String,
    title: String,
    starts: toml::value::Datetime,
    ends: toml::value::Datetime,
    /// The QR alone opens the traffic.
    #[serde(default)]
    seed_mode: bool,
}

impl Sources<'_> {
    /// Reads all of them. Assignments and salt are not in files.
    pub fn read(&self, salt: Option<String>) -> Result<(Plan, Vec<Seat>), PlanError> {
        let text = text(self.event)?;
        let wrong = |message: String| PlanError::Toml { file: self.event.name.to_owned(), message };
        let Described { event, category, round, hub } =
            toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let time = |name: &str, time: &toml::value::Datetime| {
            millis(&time.to_string()).ok_or_else(|| {
                wrong(format!(
                    "{name} is {time}; write a date, a time and an offset, as 2027-03-20T08:00:00+01:00"
                ))
            })
        };
        let (judges, seats) = self.judges()?;
        let plan = Plan {
            starts_ms: time("starts", &event.starts)?,
            ends_ms: time("ends", &event.ends)?,
            id: event.id,
            title: event.title,
            salt: salt.filter(|_| !event.seed_mode),
            categories: category,
            rounds: round,
            hubs: hub,
            projects: self.projects()?,
            judges,
            conflicts: self.conflicts()?,
            assignments: Vec::new(),
            owner: None,
        };
        Ok((plan, seats))
    }

    fn projects(&self) -> Result<Vec<PlanProject>, PlanError> {
        let table =
            Table::read(self.projects, &["id", "title", "categories"], &["table", "anchor"])?;
        table.rows(|row| {
            let anchor = match row.cell("anchor") {
                "" | "no" => false,
                "yes" => true,
                other => {
                    return Err(row.wrong("anchor", &format!("{other:?}; write yes or nothing")));
                }
            };
            let categories = words(row.cell("categories"));
            if categories.is_empty() {
                return Err(row.wrong("categories", "nothing; name at least one category"));
            }
            Ok(PlanProject {
                id: row.id("id")?,
                title: row.cell("title").to_owned(),
                table: row.cell("table").to_owned(),
                categories,
                anchor,
            })
        })
    }

    fn judges(&self) -> Result<(Vec<PlanJudge>, Vec<Seat>), PlanError> {
        let table =
            Table::read(self.judges, &["id", "name", "email"], &["capacity", "categories"])?;
        let rows = table.rows(|row| {
            let id = row.id("id")?;
            let judge: JudgeId = id.parse().map_err(|_| row.wrong("id", "no id of a judge"))?;
            let address = Address::parse(row.cell("email"), None)
                .map_err(|error| row.wrong("email", &error.to_string()))?;
            let capacity = match row.cell("capacity") {
                "" => None,
                text => Some(text.parse().map_err(|_| {
                    row.wrong("capacity", &format!("{text:?}; write a number up to 65535"))
                })?),
            };
            let (name, categories) = (row.cell("name").to_owned(), words(row.cell("categories")));
            let seat = Seat { judge, address: Some(address.as_str().to_owned()) };
            Ok((PlanJudge { id, name, capacity, categories }, seat))
        })?;
        Ok(rows.into_iter().unzip())
    }

    fn conflicts(&self) -> Result<Vec<(String, String)>, PlanError> {
        let Some(file) = self.conflicts else { return Ok(Vec::new()) };
        let table = Table::read(file, &["judge", "project"], &[])?;
        table.rows(|row| Ok((row.id("judge")?, row.id("project")?)))
    }
}

fn text(source: Source<'_>) -> Result<&str, PlanError> {
    core::str::from_utf8(source.content).map_err(|_| PlanError::Table {
        file: source.name.to_owned(),
        what: "it is no UTF-8 text; save it as UTF-8".to_owned(),
    })
}

/// A CSV file with a head.
struct Table {
    file: String,
    head: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

/// A row and where it stands.
struct Row<'t> {
    table: &'t Table,
    line: usize,
    cells: &'t [String],
}

impl Table {
    fn read(file: Source<'_>, needed: &[&str], others: &[&str]) -> Result<Self, PlanError> {
        let wrong = |what: String| PlanError::Table { file: file.name.to_owned(), what };
        let mut rows = csv::read(file.content).map_err(|error| wrong(error.to_string()))?;
        let known: Vec<&str> = needed.iter().chain(others).copied().collect();
        let expected = format!("the first line names the columns: {}", known.join(","));
        if rows.is_empty() {
            return Err(wrong(format!("it is empty; {expected}")));
        }
        let head = rows.remove(0);
        for (at, name) in head.iter().enumerate() {
            let is_twice = head.iter().take(at).any(|before| before == name);
            if is_twice || !known.contains(&name.as_str()) {
                let why = if is_twice { "stands twice" } else { "is not known" };
                let column = at + 1;
                return Err(wrong(format!("line 1, column {column}: {name:?} {why}; {expected}")));
            }
        }
        if let Some(missing) = needed.iter().find(|name| !head.iter().any(|it| it == *name)) {
            return Err(wrong(format!("line 1: the column {missing} is missing; {expected}")));
        }
        // A cell in quotes may have several lines.
        let mut line = 1 + head.iter().map(|cell| lines_in(cell)).sum::<usize>();
        let mut numbered = Vec::with_capacity(rows.len());
        for row in rows {
            line += 1;
            let more = row.iter().map(|cell| lines_in(cell)).sum::<usize>();
            numbered.push((line, row));
            line += more;
        }
        Ok(Self { file: file.name.to_owned(), head, rows: numbered })
    }

    /// Every row, or everything that is wrong with them.
    fn rows<T>(&self, read: impl Fn(&Row<'_>) -> Result<T, String>) -> Result<Vec<T>, PlanError> {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (line, cells) in &self.rows {
            match read(&Row { table: self, line: *line, cells }) {
                Ok(row) => good.push(row),
                Err(what) => bad.push(what),
            }
        }
        if bad.is_empty() { Ok(good) } else { Err(PlanError::Rows(Rows(bad))) }
    }
}

impl Row<'_> {
    /// What a column says; nothing, if the table does not have it.
    fn cell(&self, column: &str) -> &str {
        let at = self.table.head.iter().position(|name| name == column);
        at.and_then(|at| self.cells.get(at)).map_or("", |cell| plain(cell).trim())
    }

    fn id(&self, column: &str) -> Result<String, String> {
        let text = self.cell(column);
        match text.parse::<JudgeId>() {
            Ok(_) => Ok(text.to_owned()),
            Err(error) => Err(self.wrong(column, &format!("{text:?}; {error}"))),
        }
    }

    fn wrong(&self, column: &str, what: &str) -> String {
        let at = self.table.head.iter().position(|name| name == column).unwrap_or(0) + 1;
        let (file, line) = (&self.table.file, self.line);
        format!("{file}, line {line}, column {at} ({column}): {what}")
    }
}

fn lines_in(cell: &str) -> usize {
    cell.matches('\n').count()
}

fn words(cell: &str) -> Vec<String> {
    cell.split_whitespace().map(str::to_owned).collect()
}

/// `2027-03-20T08:00:00+01:00` in milliseconds since 1970; `None` without date, time or offset.
fn millis(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let second = number(17, 19).unwrap_or(0);
    let offset = match text.rsplit_once(['+', 'Z']) {
        Some((_, "")) => 0,
        Some((_, ahead)) => minutes(ahead)?,
        None => -minutes(text.get(11..)?.rsplit_once('-')?.1)?,
    };
    // Days since 1970 in the Gregorian calendar, counted in years that begin in March.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second;
    u64::try_from(seconds * 1_000).ok()
}

/// `01:30`.
fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_offset_and_not_without() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2027-03-20T08:00:00+01:00", Some(1_805_526_000_000)),
            ("2027-03-20T02:30:00-04:30", Some(1_805_526_000_000)),
            ("2000-02-29T23:59:59Z", Some(951_868_799_000)),
            ("1969-12-31T23:59:59Z", None),
            ("2027-03-20T08:00:00", None),
            ("2027-03-20", None),
            ("08:00:00", None),
        ] {
            assert_eq!(millis(text), expected, "{text}");
        }
    }
}
