//! Small things that several commands show.

use crate::output;
use countersign::Timestamp;
use std::io::Write;
use std::path::Path;

use super::failure::Failure;

/// A JSON value as the result.
pub(crate) fn json(value: &serde_json::Value) {
    output::line(&format!("{value:#}"));
}

/// Bytes as the result, with a line break if they are text without one.
pub(crate) fn content(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(bytes);
    let text = std::str::from_utf8(bytes).is_ok_and(|text| !text.ends_with('\n'));
    if written.is_ok() && text && !bytes.is_empty() {
        // Whoever closed the pipe has seen enough.
        drop(out.write_all(b"\n"));
    }
    drop(out.flush());
}

/// Bytes as the result, exactly.
pub(crate) fn raw(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    drop(out.write_all(bytes).and_then(|()| out.flush()));
}

/// Bytes to a file.
pub(crate) fn to_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes)
        .map_err(|e| Failure::usage(format!("{} cannot be written: {e}", path.display())))
}

/// A payload in JSON output: itself if it is JSON, else text, else base64url.
pub(crate) fn payload(bytes: &[u8]) -> serde_json::Value {
    use base64::Engine;
    if let Ok(value) = serde_json::from_slice(bytes) {
        return value;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::Value::from(text),
        Err(_) => {
            let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
            serde_json::json!({ "base64url": text })
        }
    }
}

/// `2026-01-01 00:00:00.000 UTC`. Times that no calendar has are shown as what they are.
pub(crate) fn time(time: Timestamp) -> String {
    let millis = time.as_millis();
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    if days > 2_932_896 {
        return "after the year 9999".to_owned();
    }
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millis:03} UTC")
}

/// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant, chrono-compatible low-level date algorithms).
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Columns, each as wide as its widest cell.
pub(crate) fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |i: usize| rows.iter().filter_map(|row| row.get(i)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|i| width(i).unwrap_or(0)).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        output::line(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (millis, expected) in [
            (0, "1970-01-01 00:00:00.000 UTC"),
            (951_782_400_123, "2000-02-29 00:00:00.123 UTC"),
            (1_767_225_600_000, "2026-01-01 00:00:00.000 UTC"),
            (253_402_300_799_999, "9999-12-31 23:59:59.999 UTC"),
            (u64::MAX, "after the year 9999"),
        ] {
            assert_eq!(time(Timestamp::from_millis(millis)), expected);
        }
    }
}
