//! Spans of time as operators write them: `90d`, `12h`, `30m`, `0s`.

use std::time::Duration;

/// Reads a whole number with a unit.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let advice = || "write a whole number and a unit: 90d, 12h, 30m or 45s".to_owned();
    let (number, unit) =
        text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(advice()),
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(advice());
    }
    let number: u64 = number.parse().map_err(|_| advice())?;
    // A century is more than any key should live, and far from the end of time.
    let span = number.checked_mul(seconds).filter(|span| *span <= 100 * 365 * 86_400);
    span.map(Duration::from_secs).ok_or_else(|| "give at most 36500d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn units_and_mistakes() {
        for (text, seconds) in
            [("0s", 0), ("45s", 45), ("30m", 1_800), ("2h", 7_200), ("90d", 7_776_000)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
        for bad in
            ["", "d", "90", "1.5d", "-1d", "+1d", "1w", "1é", "36501d", "99999999999999999999d"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
