//! What becomes of a checked match.

use crate::world::{Match, after_start, check_at, check_bundle, device, ticket};
use countersign::Timestamp;
use countersign_league::evidence::{
    ActKind, DeviceStatus, Outcome, SeatFlags, Settlement, TicketFlags,
};
use countersign_league::settlement::{
    Caps, Checked, Facts, FactsError, KnownDevice, Meeting, Reason, Review, SeatFacts, Standing,
    Verdict, WHOLE, decide,
};
use countersign_league::{Params, Seat, Team};
use proptest::prelude::*;

fn facts(checked: &Checked) -> Facts {
    let seats = checked
        .tickets
        .iter()
        .map(|ticket| SeatFacts { rating: ticket.value.rating, ..SeatFacts::default() });
    Facts {
        seats: seats.collect(),
        meetings: Vec::new(),
        fork: false,
        counter_gap: false,
        device_rated_today: 0,
        caps: Caps::OFFICIAL,
        disputed: false,
        review: Review::Open,
    }
}

fn standing(settlement: Settlement, reason: Reason) -> Standing {
    Standing { settlement, reason }
}

fn decided(match_: &Match, with: impl Fn(&mut Facts)) -> Verdict {
    let checked = match_.check().unwrap();
    let mut facts = facts(&checked);
    with(&mut facts);
    decide(&checked, &facts).unwrap()
}

fn totals(verdict: &Verdict) -> Vec<i32> {
    verdict.lines.iter().map(|line| line.total()).collect()
}

#[test]
fn a_match_among_strangers_counts_whole() {
    let match_ = Match::honest();
    let verdict = decided(&match_, |_| {});
    assert_eq!(verdict.standing, standing(Settlement::Settled, Reason::None));
    assert_eq!(verdict.integrity, WHOLE);
    assert_eq!(totals(&verdict), match_.result.deltas);
    assert_eq!(verdict.bank, match_.result.bank);
}

#[test]
fn facts_of_another_match_are_refused() {
    let checked = Match::honest().check().unwrap();
    let mut facts = facts(&checked);
    facts.seats.pop();
    let error = decide(&checked, &facts).unwrap_err();
    assert_eq!(error, FactsError::Seats { expected: 10, found: 9 });
}

#[test]
fn the_device_decides_how_far_a_match_gets() {
    for (status, expected) in [
        (DeviceStatus::Made, standing(Settlement::Unrated, Reason::DeviceNotActive)),
        (DeviceStatus::Sold, standing(Settlement::Unrated, Reason::DeviceNotActive)),
        (DeviceStatus::Rma, standing(Settlement::Unrated, Reason::DeviceNotActive)),
        (DeviceStatus::Active, standing(Settlement::Settled, Reason::None)),
        (DeviceStatus::Suspect, standing(Settlement::Frozen, Reason::DeviceSuspect)),
        (DeviceStatus::Revoked, standing(Settlement::Frozen, Reason::DeviceRevoked)),
    ] {
        let checked = Match::honest().check_on(&KnownDevice { status, ..device() }).unwrap();
        assert_eq!(checked.suggestion(), expected);
        let verdict = decide(&checked, &facts(&checked)).unwrap();
        assert_eq!(verdict.standing, expected);
        let counts = expected.settlement == Settlement::Settled;
        assert_eq!(totals(&verdict).iter().any(|total| *total != 0), counts);
    }
}

#[test]
fn time_decides_whether_a_result_is_rated() {
    let match_ = Match::honest();
    let ended = match_.result.ended.as_millis();
    let days = |days: u64| days * 24 * 3_600_000;
    for (now, expected) in [
        (ended + days(14), Reason::None),
        (ended + days(14) + 1, Reason::TooLate),
        (ended - 300_000, Reason::None),
        (ended - 300_001, Reason::ClockAhead),
    ] {
        let now = Timestamp::from_millis(now);
        let checked = check_at(&match_.bundle(), &device(), true, now).unwrap();
        assert_eq!(checked.suggestion().reason, expected);
    }
    assert!(match_.result.ended > after_start(0));
}

#[test]
fn rules_decide_whether_a_match_is_rated() {
    let checked = check_bundle(&Match::honest().bundle(), &device(), false).unwrap();
    assert_eq!(checked.suggestion(), standing(Settlement::Unrated, Reason::RulesetNotRated));
    let params = Params { odd_rated: false, ..Params::OFFICIAL };
    let odd = Match::with(params.clone(), (0..7).map(ticket).collect());
    let expected = standing(Settlement::Unrated, Reason::Uneven);
    assert_eq!(odd.check().unwrap().suggestion(), expected);
    let even = Match::with(params, (0..8).map(ticket).collect());
    assert_eq!(even.check().unwrap().suggestion().settlement, Settlement::Settled);
}

#[test]
fn void_and_abandoned_matches_move_nothing() {
    for number in 2..=8 {
        let mut match_ = Match::honest();
        match_.result.outcome = Outcome::from_number(number).unwrap();
        match_.settle();
        let reason = if number == 8 { Reason::Abandoned } else { Reason::OutcomeVoid };
        for review in [Review::Open, Review::Released] {
            let verdict = decided(&match_, |facts| facts.review = review);
            assert_eq!(verdict.standing, standing(Settlement::Void, reason));
            assert_eq!((totals(&verdict), verdict.bank), (vec![0; 10], 0));
        }
    }
}

#[test]
fn flags_of_both_teams_put_a_match_aside() {
    let mut match_ = Match::honest();
    let [a, b] = Team::BOTH.map(|team| match_.seats_of(team)[0]);
    match_.act(a, ActKind::Flag, 0).flag(a, SeatFlags::FLAGGED);
    assert_eq!(match_.check().unwrap().suggestion().reason, Reason::None);
    match_.act(b, ActKind::Flag, 0).flag(b, SeatFlags::FLAGGED);
    let verdict = decided(&match_, |_| {});
    assert_eq!(verdict.standing, standing(Settlement::Pending, Reason::Flagged));
    // The lines say what is at stake until then.
    assert_eq!(totals(&verdict), match_.result.deltas);
    let released = decided(&match_, |facts| facts.review = Review::Released);
    assert_eq!(released.standing.settlement, Settlement::Settled);
    let struck = decided(&match_, |facts| facts.review = Review::Struck);
    assert_eq!(struck.standing, standing(Settlement::Void, Reason::Struck));
    assert_eq!((totals(&struck), struck.bank), (vec![0; 10], 0));
}

#[test]
fn flags_without_weight_do_not_count() {
    let mut tickets: Vec<_> = (0..10).map(ticket).collect();
    tickets.iter_mut().for_each(|ticket| ticket.flags = TicketFlags(TicketFlags::FLAG_WEIGHTLESS));
    let mut match_ = Match::with(Params::OFFICIAL, tickets);
    for seat in 0..10 {
        match_.act(seat, ActKind::Flag, 0).flag(seat, SeatFlags::FLAGGED);
    }
    assert_eq!(match_.check().unwrap().suggestion().reason, Reason::None);
}

#[test]
fn the_gravest_reason_wins() {
    let match_ = Match::honest();
    let reason = |with: fn(&mut Facts)| decided(&match_, with).standing.reason;
    assert_eq!(reason(|facts| facts.disputed = true), Reason::Disputed);
    let late = |facts: &mut Facts| (facts.disputed, facts.counter_gap) = (true, true);
    assert_eq!(reason(late), Reason::CounterGap);
    let forked = |facts: &mut Facts| {
        (facts.fork, facts.counter_gap, facts.device_rated_today) = (true, true, 20);
    };
    assert_eq!(reason(forked), Reason::Fork);
    assert_eq!(reason(|facts| facts.device_rated_today = 19), Reason::None);
    assert_eq!(reason(|facts| facts.device_rated_today = 20), Reason::DeviceCap);
}

#[test]
fn one_players_fault_is_one_players_line() {
    let mut tickets: Vec<_> = (0..10).map(ticket).collect();
    tickets[2].barred_until = after_start(1);
    tickets[3].barred_until = after_start(0);
    let match_ = Match::with(Params::OFFICIAL, tickets);
    let verdict = decided(&match_, |facts| {
        facts.seats[4].ticket_used = true;
        facts.seats[5].banned = true;
        facts.seats[6].rated_today = 6;
        facts.seats[7].rated_today = 5;
    });
    assert_eq!(verdict.standing.settlement, Settlement::Settled);
    let expected = [
        (2, Reason::PlayerBarred),
        (4, Reason::TicketReused),
        (5, Reason::PlayerBanned),
        (6, Reason::PlayerCap),
    ];
    for (seat, line) in verdict.lines.iter().enumerate() {
        let reason = expected.iter().find(|(other, _)| *other == seat).map(|(_, reason)| *reason);
        assert_eq!(line.reason, reason.unwrap_or(Reason::None));
        assert_eq!(line.sporting, match_.result.deltas[seat]);
        assert_eq!(line.total(), if reason.is_some() { 0 } else { line.sporting });
    }
    assert_eq!(verdict.bank, -totals(&verdict).iter().copied().map(i64::from).sum::<i64>());
    assert_ne!(verdict.bank, match_.result.bank);
}

#[test]
fn who_meets_again_and_again_wins_less() {
    let match_ = Match::of(6);
    let [a, b] = Team::BOTH.map(|team| match_.seats_of(team));
    let all = |count: u32| -> Vec<Meeting> {
        let pairs = a.iter().flat_map(|one| b.iter().map(move |other| [*other, *one]));
        pairs.map(|seats| Meeting { seats, count }).collect()
    };
    for (count, expected) in
        [(0, 256), (1, 128), (2, 85), (3, 64), (255, 1), (256, 0), (u32::MAX, 0)]
    {
        let verdict = decided(&match_, |facts| facts.meetings = all(count));
        assert_eq!(verdict.integrity, expected, "{count}");
        for line in &verdict.lines {
            let real = f64::from(line.sporting) * f64::from(expected) / 256.0;
            assert!((f64::from(line.total()) - real).abs() <= 0.5);
        }
    }
    // One of nine pairs met once: (8 * 256 + 128) / 9.
    let verdict = decided(&match_, |facts| facts.meetings = all(1)[..1].to_vec());
    assert_eq!(verdict.integrity, 241);
    // Team mates are no opponents.
    let mates = vec![Meeting { seats: [a[0], a[1]], count: 99 }];
    assert_eq!(decided(&match_, |facts| facts.meetings = mates.clone()).integrity, WHOLE);
}

#[test]
fn the_floor_is_paid_by_the_bank() {
    let match_ = Match::honest();
    let floor = Params::OFFICIAL.rating_floor;
    let verdict = decided(&match_, |facts| {
        facts.seats.iter_mut().for_each(|seat| seat.rating = floor + 1_000);
    });
    for line in &verdict.lines {
        let expected = line.sporting.max(-1_000);
        assert_eq!(line.total(), expected);
        assert_eq!(line.reason == Reason::RatingFloor, line.sporting < -1_000);
    }
    assert_eq!(verdict.bank, -totals(&verdict).iter().copied().map(i64::from).sum::<i64>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_ledger_balances_and_nobody_gains_by_the_adjustment(
        ratings in prop::collection::vec(any::<i32>(), 10),
        meetings in prop::collection::vec((0 as Seat..10, 0 as Seat..10, any::<u32>()), 0..60),
        banned in any::<[bool; 10]>(),
        released in any::<bool>(),
    ) {
        let verdict = decided(&Match::honest(), |facts| {
            for (seat, rating) in facts.seats.iter_mut().zip(&ratings) {
                seat.rating = *rating;
            }
            for (seat, banned) in facts.seats.iter_mut().zip(banned) {
                seat.banned = banned;
            }
            let meeting = |&(one, other, count)| Meeting { seats: [one, other], count };
            facts.meetings = meetings.iter().map(meeting).collect();
            facts.review = if released { Review::Released } else { Review::Open };
        });
        prop_assert!(verdict.integrity <= WHOLE);
        let sum: i64 = totals(&verdict).iter().copied().map(i64::from).sum();
        prop_assert_eq!(verdict.bank, -sum);
        for line in &verdict.lines {
            let (low, high) = (line.sporting.min(0), line.sporting.max(0));
            prop_assert!((low..=high).contains(&line.total()));
        }
    }
}
