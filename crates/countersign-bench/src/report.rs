//! The table, and the same for programs.

use crate::affinity::Cores;
use crate::output;
use crate::sample::Spread;
use crate::targets::{IDS, Id};
use serde_json::{Map, Value, json};

/// What a measurement found out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Which id.
    pub(crate) name: &'static str,
    /// The figures of the rounds; none: it could not be measured here.
    pub(crate) rounds: Vec<f64>,
    /// What the targets count, if it is not the figure.
    pub(crate) judged: Option<Vec<f64>>,
    /// What it was measured against.
    pub(crate) baseline: String,
    /// Anything that helps to understand it.
    pub(crate) note: String,
}

/// Everything that was measured, and where.
#[derive(Debug)]
pub(crate) struct Report {
    rows: Vec<Row>,
    machine: Value,
}

impl Report {
    /// Nothing yet.
    pub(crate) fn begin(cores: Cores, rounds: usize) -> Self {
        let machine = json!({
            "date_ms": countersign_server::clock::now().as_millis(),
            "cpu": cpu_model(),
            "pinned": cores.pair.is_some(),
            "rounds": rounds,
            "peers": cfg!(feature = "peers"),
            "avx512": cfg!(curve25519_dalek_backend = "avx512"),
            "load_before": load_average(),
        });
        Self { rows: Vec::new(), machine }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, row: Row) {
        output::note(&format!("  {}", text_line(&row)));
        self.rows.push(row);
    }

    /// Prints everything.
    pub(crate) fn print(mut self, as_json: bool) {
        self.machine["load_after"] = json!(load_average());
        if as_json {
            output::line(&format!("{:#}", self.json()));
        } else {
            self.table().iter().for_each(|line| output::line(line));
        }
    }

    fn json(&self) -> Value {
        let mut results = Map::new();
        for (row, id) in self.rows.iter().filter_map(|row| Some((row, id_of(row)?))) {
            let (first, goal) = id.target.texts();
            results.insert(
                row.name.to_owned(),
                json!({
                    "value": spread(row).map(|spread| spread.median),
                    "min": spread(row).map(|spread| spread.min),
                    "max": spread(row).map(|spread| spread.max),
                    "judged": judged(row),
                    "baseline": row.baseline,
                    "first_step": first,
                    "goal": goal,
                    "verdict": verdict(row, id),
                    "note": row.note,
                }),
            );
        }
        json!({ "machine": self.machine, "results": results })
    }

    fn table(&self) -> Vec<String> {
        let mut cells = vec![
            ["id", "value", "min .. max", "baseline", "first step", "goal", "verdict"]
                .map(str::to_owned),
        ];
        for (row, id) in self.rows.iter().filter_map(|row| Some((row, id_of(row)?))) {
            let (first, goal) = id.target.texts();
            let (value, range) = match spread(row) {
                None => ("-".to_owned(), String::new()),
                Some(it) => {
                    (number(it.median), format!("{} .. {}", number(it.min), number(it.max)))
                }
            };
            let of = if id.of.is_empty() { String::new() } else { format!(" {}", id.of) };
            cells.push([
                row.name.to_owned(),
                value,
                range,
                row.baseline.clone(),
                format!("{first}{of}"),
                format!("{goal}{of}"),
                verdict(row, id).to_owned(),
            ]);
        }
        let mut lines = aligned(&cells);
        lines.push(String::new());
        let notes = self.rows.iter().filter(|row| !row.note.is_empty());
        lines.extend(notes.map(|row| format!("{}: {}", row.name, row.note)));
        lines.push(format!("machine: {}", self.machine));
        lines
    }
}

fn text_line(row: &Row) -> String {
    let value = spread(row).map_or_else(|| "not measured".to_owned(), |it| number(it.median));
    format!("{} {value} ({})", row.name, row.baseline)
}

fn aligned(cells: &[[String; 7]]) -> Vec<String> {
    let width =
        |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

fn id_of(row: &Row) -> Option<&'static Id> {
    IDS.iter().find(|id| id.name == row.name)
}

fn spread(row: &Row) -> Option<Spread> {
    Spread::of(&row.rounds)
}

fn judged(row: &Row) -> Option<f64> {
    Spread::of(row.judged.as_ref().unwrap_or(&row.rounds)).map(|spread| spread.median)
}

fn verdict(row: &Row, id: &Id) -> &'static str {
    judged(row).map_or("not measured", |figure| id.target.judge(figure).text())
}

/// Three significant digits are what the machine gives.
pub(crate) fn number(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 1.0 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

fn cpu_model() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find(|line| line.starts_with("model name"));
    let name = model.and_then(|line| line.split(':').nth(1)).map_or("unknown", str::trim);
    let cores = text.lines().filter(|line| line.starts_with("processor")).count();
    format!("{name}, {cores} cores")
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_significant_digits() {
        assert_eq!([1234.5, 12.34, 1.234, 0.1234].map(number), ["1234", "12.3", "1.23", "0.123"]);
    }

    #[test]
    fn a_row_without_rounds_is_not_measured() {
        let mut report = Report { rows: Vec::new(), machine: Value::Null };
        let name = IDS[0].name;
        report.rows.push(Row {
            name,
            rounds: Vec::new(),
            judged: None,
            baseline: String::new(),
            note: "why".to_owned(),
        });
        assert!(report.table()[1].ends_with("not measured"));
        assert!(report.table().contains(&format!("{name}: why")));
        assert_eq!(report.json()["results"][name]["value"], Value::Null);
    }
}
