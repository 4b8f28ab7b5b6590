//! Numbers and times as people read them.

use super::language::Language;
use core::fmt;
use countersign::Timestamp;
use countersign_keys::Utc;

/// A rating in points, from thousandths of one.
pub(super) fn points(thousandths: i32) -> i32 {
    let rest = thousandths.rem_euclid(1000);
    thousandths.div_euclid(1000) + i32::from(rest >= 500)
}

/// A change in points with tenths, from thousandths, always with its sign.
pub(super) fn change(language: Language, thousandths: i64) -> String {
    let tenths = (thousandths.unsigned_abs() + 50) / 100;
    let sign = match tenths {
        0 => "±",
        _ if thousandths < 0 => "−",
        _ => "+",
    };
    format!("{sign}{}{}{}", tenths / 10, language.point(), tenths % 10)
}

/// A share in percent with tenths, from millionths.
pub(super) fn percent(language: Language, millionths: i32) -> String {
    let tenths = (millionths.unsigned_abs() + 500) / 1000;
    let sign = if millionths < 0 && tenths > 0 { "−" } else { "" };
    format!("{sign}{}{}{}", tenths / 10, language.point(), tenths % 10)
}

/// Minutes and seconds since kickoff, from milliseconds.
pub(super) fn minute(millis: u32) -> String {
    let seconds = millis / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A time as an element: to the minute, in UTC.
pub(super) struct Time(pub(super) Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<time datetime=\"{}\">{} UTC</time>", Utc(self.0), Minute(self.0))
    }
}

/// The same as text.
pub(super) struct Minute(pub(super) Timestamp);

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Utc(self.0).to_string();
        let (day, time) = text.split_once('T').unwrap_or((&text, ""));
        write!(f, "{day} {}", time.get(..5).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_and_keep_their_sign() {
        assert_eq!([1_499_500, 1_499_499, -1_500].map(points), [1500, 1499, -1]);
        let en = |it| change(Language::En, it);
        assert_eq!([12_345, -12_350, 0, -49].map(en), ["+12.3", "−12.4", "±0.0", "±0.0"]);
        assert_eq!(change(Language::Fr, 12_345), "+12,3");
        let shares = [1_000_000, 783_449, -1_000, -10];
        assert_eq!(shares.map(|it| percent(Language::En, it)), ["100.0", "78.3", "−0.1", "0.0"]);
        assert_eq!(minute(605_999), "10:05");
    }

    #[test]
    fn a_time_says_its_zone() {
        let time = Time(Timestamp::from_millis(1_767_225_661_000));
        let said = "<time datetime=\"2026-01-01T00:01:01Z\">2026-01-01 00:01 UTC</time>";
        assert_eq!(time.to_string(), said);
    }
}
