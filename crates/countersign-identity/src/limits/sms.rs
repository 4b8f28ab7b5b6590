//! What text messages may cost. Paid messages to numbers that share the revenue are the oldest abuse of logins by
//! SMS ("SMS pumping"): the operator names the countries, each has a budget, and a country whose codes nobody types
//! is closed until the bad day is over.

use crate::address::Country;
use countersign::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const SLICE: Duration = Duration::from_secs(600);
/// A slice of this age has no codes any more that somebody may still be typing.
const SETTLED: Duration = Duration::from_secs(1200);

/// Numbers of [`SmsBudget`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsQuota {
    /// Messages per country and hour.
    pub per_country_hour: u32,
    /// Messages per day, all countries together.
    pub per_day: u32,
    /// Codes sent to a country within a day before their ratio counts.
    pub ratio_after: u32,
    /// Codes that were typed, per hundred sent, below which a country is closed.
    pub min_verified_percent: u32,
}

/// Why a message is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmsRefusal {
    /// The operator does not send there, or not at all.
    #[error("text messages are not sent to this country")]
    Country,
    /// The country's hourly budget is spent.
    #[error("too many text messages were sent to this country; try later")]
    CountryBudget,
    /// The daily cap is reached.
    #[error("too many text messages were sent today; try later")]
    DailyCap,
    /// Hardly any code sent to this country is ever typed.
    #[error(
        "text messages to this country are stopped because hardly any of their codes were used"
    )]
    Ratio,
}

/// Messages of one country within the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountryStats {
    /// Sent.
    pub sent: u32,
    /// Whose code was typed correctly.
    pub verified: u32,
}

/// The budget, counted in the memory of one process.
#[derive(Debug)]
pub struct SmsBudget {
    quota: SmsQuota,
    countries: BTreeMap<Country, VecDeque<Sent>>,
    alarms: u64,
    alarm_quiet_until: Timestamp,
}

/// Messages of one ten-minute slice of one country; at most 145 slices are kept.
#[derive(Debug, Clone, Copy)]
struct Sent {
    start: Timestamp,
    sent: u32,
    verified: u32,
}

impl SmsBudget {
    /// A budget for these countries; none: SMS is off.
    pub fn new(countries: impl IntoIterator<Item = Country>, quota: SmsQuota) -> Self {
        let countries = countries.into_iter().map(|country| (country, VecDeque::new())).collect();
        Self { quota, countries, alarms: 0, alarm_quiet_until: Timestamp::ZERO }
    }

    /// Whether messages may be sent there at all.
    pub fn serves(&self, country: Country) -> bool {
        self.countries.contains_key(&country)
    }

    /// Spends one message, before it is enqueued.
    pub fn spend(&mut self, country: Country, now: Timestamp) -> Result<(), SmsRefusal> {
        self.forget(now);
        let slices = self.countries.get(&country).ok_or(SmsRefusal::Country)?;
        let sum = |count: fn(&Sent) -> u32| slices.iter().map(count).sum::<u32>();
        let verified = sum(|it| it.verified);
        let settled = slices.iter().filter(|it| now.since(it.start) >= SETTLED);
        let settled: u32 = settled.map(|it| it.sent).sum();
        let recent = slices.iter().filter(|it| now.since(it.start) < HOUR);
        if recent.map(|it| it.sent).sum::<u32>() >= self.quota.per_country_hour {
            return Err(SmsRefusal::CountryBudget);
        }
        let needed = u64::from(settled) * u64::from(self.quota.min_verified_percent);
        if settled >= self.quota.ratio_after && u64::from(verified) * 100 < needed {
            self.alarm(now, "hardly any code sent by SMS to this country is used", Some(country));
            return Err(SmsRefusal::Ratio);
        }
        let total: u32 = self.countries.values().flatten().map(|it| it.sent).sum();
        if total >= self.quota.per_day {
            self.alarm(now, "the daily cap of text messages is reached", None);
            return Err(SmsRefusal::DailyCap);
        }
        self.count(country, now, |slice| slice.sent += 1);
        Ok(())
    }

    /// Gives a spent message back: it was not enqueued after all.
    pub fn refund(&mut self, country: Country) {
        let slices = self.countries.get_mut(&country).into_iter().flatten();
        if let Some(last) = slices.filter(|it| it.sent > 0).last() {
            last.sent -= 1;
        }
    }

    /// A code sent there was typed correctly.
    pub fn verified(&mut self, country: Country, now: Timestamp) {
        self.count(country, now, |slice| slice.verified += 1);
    }

    /// How often a cap or ratio stopped messages; counted at most once a minute.
    pub fn alarms(&self) -> u64 {
        self.alarms
    }

    /// Sent and verified of each country within the last day.
    pub fn stats(&mut self, now: Timestamp) -> BTreeMap<Country, CountryStats> {
        self.forget(now);
        let sum = |slices: &VecDeque<Sent>| CountryStats {
            sent: slices.iter().map(|it| it.sent).sum(),
            verified: slices.iter().map(|it| it.verified).sum(),
        };
        self.countries.iter().map(|(country, slices)| (*country, sum(slices))).collect()
    }

    fn count(&mut self, country: Country, now: Timestamp, change: impl FnOnce(&mut Sent)) {
        let Some(slices) = self.countries.get_mut(&country) else { return };
        if slices.back().is_none_or(|last| now.since(last.start) >= SLICE) {
            slices.push_back(Sent { start: now, sent: 0, verified: 0 });
        }
        if let Some(last) = slices.back_mut() {
            change(last);
        }
    }

    fn forget(&mut self, now: Timestamp) {
        for slices in self.countries.values_mut() {
            while slices.front().is_some_and(|first| now.since(first.start) >= DAY) {
                slices.pop_front();
            }
        }
    }

    fn alarm(&mut self, now: Timestamp, what: &str, country: Option<Country>) {
        if now < self.alarm_quiet_until {
            return;
        }
        self.alarm_quiet_until = now.plus(Duration::from_secs(60));
        self.alarms += 1;
        tracing::error!(country = country.map(tracing::field::display), "{what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + seconds * 1000)
    }

    fn country(code: &str) -> Country {
        code.parse().unwrap()
    }

    fn budget(countries: &[&str]) -> SmsBudget {
        let quota = SmsQuota {
            per_country_hour: 10,
            per_day: 25,
            ratio_after: 20,
            min_verified_percent: 20,
        };
        SmsBudget::new(countries.iter().map(|code| country(code)), quota)
    }

    #[test]
    fn without_countries_nothing_is_sent() {
        assert_eq!(budget(&[]).spend(country("FR"), at(0)), Err(SmsRefusal::Country));
        assert_eq!(budget(&["FR"]).spend(country("GB"), at(0)), Err(SmsRefusal::Country));
    }

    #[test]
    fn each_country_has_its_hour_and_all_share_the_day() {
        let mut budget = budget(&["FR", "GB", "DE"]);
        let mut sent =
            |code, now| (0..20).filter(|_| budget.spend(country(code), now).is_ok()).count();
        assert_eq!(sent("FR", at(0)), 10);
        assert_eq!(sent("GB", at(0)), 10);
        assert_eq!(sent("DE", at(0)), 5, "the daily cap");
        assert_eq!(sent("DE", at(3600)), 0);
        assert_eq!(sent("DE", at(24 * 3600)), 10, "the next day");
        assert_eq!(budget.alarms(), 2, "one a minute");
    }

    #[test]
    fn pumping_closes_a_country_and_people_who_type_codes_open_it() {
        let mut budget = budget(&["FR"]);
        let france = country("FR");
        for n in 0..20 {
            assert_eq!(budget.spend(france, at(n * 400)), Ok(()));
        }
        assert_eq!(budget.spend(france, at(7700)), Ok(()), "the newest may still be typed");
        budget.refund(france);
        assert_eq!(budget.spend(france, at(10_000)), Err(SmsRefusal::Ratio));
        (0..4).for_each(|_| budget.verified(france, at(10_000)));
        assert_eq!(budget.spend(france, at(10_000)), Ok(()));
        let stats = budget.stats(at(10_000));
        assert_eq!(stats[&france], CountryStats { sent: 21, verified: 4 });
    }

    #[test]
    fn a_message_that_was_not_enqueued_costs_nothing_and_memory_stays_small() {
        let mut budget = budget(&["FR"]);
        let france = country("FR");
        for n in 0..100_000 {
            assert_eq!(budget.spend(france, at(n * 7)), Ok(()));
            budget.refund(france);
        }
        assert_eq!(budget.stats(at(700_000))[&france], CountryStats::default());
        assert!(budget.countries[&france].len() <= 145);
    }
}
