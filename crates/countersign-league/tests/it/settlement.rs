//! What makes a bundle no evidence: one test for each check, named after it.

use crate::world::{
    Match, QUICK, SECRET, STARTED, after_start, check_bundle, device, frame, goal, key, master,
    realm, server, slave_seal, ticket,
};
use countersign::{Signer, SigningKey, Timestamp, UserId};
use countersign_league::evidence::{
    Act, ActKind, Bundle, EvidenceError, GoalState, MissedEvidence, Outcome, Roll, SeatFlags,
    Ticket, TicketFlags, digest_of,
};
use countersign_league::settlement::{
    ActFault, Claim, CourseFault, GoalFault, KnownDevice, Refusal, RollFault, TicketFault, read,
    signer,
};
use countersign_league::{Commitment, DeviceId, MatchId, Nonce, Params, RulesetId, Team};

fn expect(refusal: Refusal, expected: Refusal, check: &str) {
    assert_eq!(refusal, expected);
    assert_eq!(refusal.check(), check);
}

#[test]
fn honest_matches_pass() {
    for players in [6, 7, 10, 21, 22] {
        let honest = Match::of(players);
        let checked = honest.check().unwrap();
        assert_eq!(checked.start.value, honest.start);
        assert_eq!(checked.result.value.deltas, honest.result.deltas);
        let tickets: Vec<_> = checked.tickets.into_iter().map(|ticket| ticket.value).collect();
        assert_eq!(tickets, honest.tickets);
        assert!(checked.objections.is_empty());
    }
}

#[test]
fn a_bundle_survives_its_way_as_bytes() {
    let bundle = Match::honest().bundle();
    let again = read(&bundle.encode()).unwrap();
    assert_eq!(again, bundle);
    assert!(check_bundle(&again, &device(), true).is_ok());
    assert_eq!(signer(&again).unwrap(), *device().master.fingerprint());
}

#[test]
fn no_bit_can_be_changed_on_the_way() {
    let mut honest = Match::honest();
    honest.act(2, ActKind::Confirm, 0).flag(2, SeatFlags::CONFIRMED);
    let bytes = honest.bundle().encode();
    for (at, bit) in (0..bytes.len()).step_by(37).zip((0..8).cycle()) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << bit;
        let outcome = read(&changed).and_then(|bundle| check_bundle(&bundle, &device(), true));
        assert!(outcome.is_err(), "byte {at}, bit {bit}");
    }
}

#[test]
fn g1_sizes() {
    expect(read(&vec![0; Bundle::MAX + 1]).unwrap_err(), Refusal::TooLarge, "G1");
    let mut crowd = Match::of(22).bundle();
    crowd.players.push(crowd.players[0].clone());
    expect(check_bundle(&crowd, &device(), true).unwrap_err(), Refusal::TooLarge, "G1");
}

#[test]
fn g2_shapes() {
    let bytes = Match::honest().bundle().encode();
    for length in (0..bytes.len()).step_by(101) {
        assert_eq!(read(&bytes[..length]).unwrap_err().check(), "G2", "{length}");
    }
    let mut cut = Match::honest().bundle();
    cut.players[3].roll.truncate(40);
    assert_eq!(check_bundle(&cut, &device(), true).unwrap_err().check(), "G2");
}

#[test]
fn g3_devices_that_nobody_knows() {
    let other = KnownDevice { master: key(99).verifying_key().clone(), ..device() };
    expect(Match::honest().check_on(&other).unwrap_err(), Refusal::UnknownDevice, "G3");
}

#[test]
fn g4_ends_that_do_not_belong_together() {
    let refused = |bundle: &Bundle| check_bundle(bundle, &device(), true).unwrap_err();
    let mut forged = Match::honest().bundle();
    let last = forged.start.len() - 1;
    forged.start[last] ^= 1;
    assert!(matches!(refused(&forged), Refusal::Start(_)));
    let mut swapped = Match::honest().bundle();
    swapped.result = swapped.start.clone();
    let wrong_type = EvidenceError::Type("league.result");
    expect(refused(&swapped), Refusal::Result(wrong_type), "G4");
    let (one, other) = (Match::honest().bundle(), Match::of(11).bundle());
    let mixed = Bundle { result: other.result.clone(), ..one.clone() };
    expect(refused(&mixed), Refusal::Unrelated, "G4");
    let fewer = Bundle { players: one.players[1..].to_vec(), ..one };
    expect(refused(&fewer), Refusal::Unrelated, "G4");
    let mut elsewhere = Match::honest();
    elsewhere.start.device = DeviceId::from_bytes([1; 16]);
    expect(elsewhere.refusal(), Refusal::Unrelated, "G4");
    let mut short = Match::honest();
    short.result.seats.pop();
    short.result.deltas.pop();
    expect(short.refusal(), Refusal::Unrelated, "G4");
}

#[test]
fn g5_the_slave_has_to_agree() {
    let mut missing = Match::honest();
    missing.result.slave = None;
    expect(missing.refusal(), Refusal::SlaveSeal, "G5");
    missing.result.outcome = Outcome::VoidGoalGap;
    assert!(missing.settle().check().is_ok());
    let mut changed = Match::honest();
    changed.result.slave.as_mut().unwrap().goals += 1;
    expect(changed.refusal(), Refusal::SlaveSeal, "G5");
    let mut foreign = Match::honest();
    let mut other = foreign.start.clone();
    other.match_id = MatchId::from_bytes([1; 16]);
    foreign.result.slave = Some(slave_seal(&other, 3, 900));
    expect(foreign.refusal(), Refusal::SlaveSeal, "G5");
}

#[test]
fn g6_neither_secret_nor_id_can_be_chosen() {
    let mut other = Match::honest();
    other.start.secret = [1; 32];
    expect(other.refusal(), Refusal::Commitment, "G6");
    other.start.commit = Commitment::to(&[1; 32]);
    expect(other.refusal(), Refusal::MatchId, "G6");
    let mut counted = Match::honest();
    counted.start.device_seq += 1;
    expect(counted.refusal(), Refusal::MatchId, "G6");
}

#[test]
fn g7_rules_and_their_rosters() {
    let mut unknown = Match::honest();
    unknown.start.ruleset = RulesetId::from_bytes([0; 32]);
    expect(unknown.refusal(), Refusal::UnknownRules, "G7");
    expect(Match::of(5).refusal(), Refusal::RosterSize(5), "G7");
    let small = KnownDevice { max_players: 9, ..device() };
    expect(Match::honest().check_on(&small).unwrap_err(), Refusal::RosterSize(10), "G7");
}

#[test]
fn g8_tickets() {
    let spoiled = |spoil: fn(&mut Ticket)| {
        let mut tickets: Vec<_> = (0..10).map(ticket).collect();
        spoil(&mut tickets[4]);
        Match::with(Params::OFFICIAL, tickets).check()
    };
    let refused = |spoil, fault| {
        expect(spoiled(spoil).unwrap_err(), Refusal::Ticket(4, fault), "G8");
    };
    refused(|ticket| ticket.lobby = Nonce::from_bytes([1; 16]), TicketFault::Place);
    refused(|ticket| ticket.device = DeviceId::from_bytes([1; 16]), TicketFault::Place);
    refused(|ticket| ticket.device = DeviceId::NONE, TicketFault::Place);
    refused(|ticket| ticket.expires = STARTED, TicketFault::Expired);
    let travel = |ticket: &mut Ticket| {
        (ticket.device, ticket.lobby) = (DeviceId::NONE, Nonce::NONE);
    };
    assert!(spoiled(travel).is_ok());
    let mut other = Match::honest();
    other.start.roster[2].ticket = other.start.roster[3].ticket;
    expect(other.refusal(), Refusal::Ticket(2, TicketFault::Other), "G8");
    let mut named = Match::honest();
    named.start.roster[9].user = UserId::from_bytes([99; 16]);
    expect(named.refusal(), Refusal::Ticket(9, TicketFault::Other), "G8");
}

#[test]
fn g8_tickets_by_their_time_and_signer() {
    let with_first = |by: &SigningKey, created, travel: bool| {
        let mut tickets: Vec<_> = (0..6).map(ticket).collect();
        if travel {
            (tickets[0].device, tickets[0].lobby) = (DeviceId::NONE, Nonce::NONE);
        }
        let mut frames: Vec<_> =
            tickets.iter().map(|ticket| frame(&server(), STARTED, ticket)).collect();
        frames[0] = frame(by, created, &tickets[0]);
        Match::with_frames(Params::OFFICIAL, tickets, frames).check()
    };
    let hours = |hours: u64| Timestamp::from_millis(STARTED.as_millis() - hours * 3_600_000);
    for (by, created, travel, expected) in [
        (server(), STARTED, false, None),
        (server(), hours(19), false, None),
        (server(), hours(12), true, None),
        (server(), hours(13), true, Some(TicketFault::Expired)),
        (server(), hours(21), false, Some(TicketFault::Signer)),
        (server(), after_start(1), false, Some(TicketFault::Later)),
        (master(), STARTED, false, Some(TicketFault::Signer)),
    ] {
        let refusal = with_first(&by, created, travel).err();
        assert_eq!(refusal, expected.map(|fault| Refusal::Ticket(0, fault)));
    }
}

#[test]
fn g8_one_key_is_one_player() {
    let mut tickets: Vec<_> = (0..6).map(ticket).collect();
    tickets[5].key = tickets[1].key.clone();
    let mut shared = Match::with(Params::OFFICIAL, tickets);
    shared.roll_frames[5] = frame(&key(2), STARTED, &shared.rolls[5]);
    shared.start.roster[5].roll = digest_of(&realm(), &shared.roll_frames[5]).unwrap();
    expect(shared.refusal(), Refusal::Ticket(5, TicketFault::SharedKey), "G8");
}

#[test]
fn g9_roll_calls() {
    let spoiled = |spoil: fn(&mut Vec<Roll>)| {
        let Match { params, tickets, ticket_frames, mut rolls, .. } = Match::honest();
        spoil(&mut rolls);
        Match::with_rolls(params, tickets, ticket_frames, rolls).refusal()
    };
    let refused = |spoil, fault| expect(spoiled(spoil), Refusal::Roll(4, fault), "G9");
    refused(|rolls| rolls[4].match_id = MatchId::from_bytes([1; 16]), RollFault::Match);
    refused(|rolls| rolls[4].challenge = Nonce::from_bytes([1; 16]), RollFault::Challenge);
    refused(|rolls| rolls[4].ticket = rolls[3].ticket, RollFault::Ticket);
    refused(|rolls| rolls[4].nonce = Nonce::NONE, RollFault::Nonce);
    refused(|rolls| rolls[4].nonce = rolls[0].nonce, RollFault::Nonce);
    let mut other = Match::honest();
    other.start.roster[4].roll = other.start.roster[5].roll;
    expect(other.refusal(), Refusal::Roll(4, RollFault::Other), "G9");
    // Somebody else answers for seat 4.
    let mut proxy = Match::honest();
    proxy.roll_frames[4] = frame(&key(4), STARTED, &proxy.rolls[4]);
    proxy.start.roster[4].roll = digest_of(&realm(), &proxy.roll_frames[4]).unwrap();
    assert!(matches!(proxy.refusal(), Refusal::Roll(4, RollFault::Evidence(_))));
}

#[test]
fn g10_teams_and_ends_are_those_of_the_seed() {
    let mut swapped = Match::honest();
    let (a, b) = (swapped.seats_of(Team::A)[0], swapped.seats_of(Team::B)[0]);
    swapped.start.roster[usize::from(a)].team = Team::B;
    swapped.start.roster[usize::from(b)].team = Team::A;
    expect(swapped.refusal(), Refusal::Draw, "G10");
    let mut turned = Match::honest();
    turned.start.north = turned.start.north.other();
    expect(turned.refusal(), Refusal::Draw, "G10");
    assert_eq!(turned.start.secret, SECRET);
}

#[test]
fn g11_stakes_are_those_of_the_tickets() {
    for spoil in [0, 1, 2] {
        let mut match_ = Match::honest();
        let stakes = &mut match_.start.roster[6].stakes;
        *[&mut stakes.win, &mut stakes.draw, &mut stakes.loss][spoil] += 1;
        match_.settle();
        expect(match_.refusal(), Refusal::Stakes(6), "G11");
    }
}

#[test]
fn g12_deltas_and_bank_follow() {
    let mut generous = Match::honest();
    generous.result.deltas[0] += 1;
    expect(generous.refusal(), Refusal::Deltas, "G12");
    generous.result.bank -= 1;
    expect(generous.refusal(), Refusal::Deltas, "G12");
    let mut leaky = Match::honest();
    leaky.result.bank += 1;
    expect(leaky.refusal(), Refusal::Deltas, "G12");
}

#[test]
fn g13_acts_of_others() {
    let act = |seat| Match::honest().act(seat, ActKind::Flag, 0).clone();
    let fault = |fault| Refusal::Act(0, fault);
    expect(act(40).refusal(), fault(ActFault::Stranger), "G13");
    let mut elsewhere = act(1);
    elsewhere.acts[0].1.match_id = MatchId::from_bytes([1; 16]);
    expect(elsewhere.refusal(), fault(ActFault::Match), "G13");
    let mut twice = act(1);
    twice.act(2, ActKind::Flag, 0).act(1, ActKind::Confirm, 0).acts[2].1.seq = 0;
    expect(twice.refusal(), Refusal::Act(2, ActFault::Twice), "G13");
    let mut bundle = act(1).bundle();
    let last = bundle.acts[0].len() - 1;
    bundle.acts[0][last] ^= 1;
    let refusal = check_bundle(&bundle, &device(), true).unwrap_err();
    assert!(matches!(refusal, Refusal::Act(0, ActFault::Evidence(_))));
}

#[test]
fn g13_who_missed_the_start_was_ready_and_is_not_playing() {
    let evidence = |ticket: &Ticket, act: &Act| MissedEvidence {
        ticket: frame(&server(), STARTED, ticket),
        act: frame(&key(30), STARTED, act),
    };
    let mut honest = Match::honest();
    let match_id = honest.start.match_id;
    let user = UserId::from_bytes([30; 16]);
    let theirs = Ticket { user, key: key(30).verifying_key().clone(), ..honest.tickets[0].clone() };
    let ready = Act { match_id, seq: 7, kind: ActKind::Ready, target: 0 };
    honest.missed.push(evidence(&theirs, &ready));
    assert_eq!(honest.check().unwrap().missed, [user]);
    let again = read(&honest.bundle().encode()).unwrap();
    assert_eq!(again, honest.bundle());
    let other = Act { match_id: MatchId::from_bytes([9; 16]), ..ready.clone() };
    let unready = Act { kind: ActKind::Unready, ..ready.clone() };
    let here = Ticket { user: honest.tickets[0].user, ..theirs.clone() };
    let shared = Ticket { key: honest.tickets[0].key.clone(), ..theirs.clone() };
    let old = Ticket { expires: STARTED, ..theirs.clone() };
    let seat = honest.tickets.len() as u8;
    let of_ticket = |fault| Refusal::Ticket(seat, fault);
    for (ticket, act, refusal, check) in [
        (&theirs, &other, Refusal::Act(0, ActFault::Match), "G13"),
        (&theirs, &unready, Refusal::Act(0, ActFault::Missed), "G13"),
        (&here, &ready, of_ticket(TicketFault::SharedKey), "G8"),
        (&shared, &ready, of_ticket(TicketFault::SharedKey), "G8"),
        (&old, &ready, of_ticket(TicketFault::Expired), "G8"),
    ] {
        honest.missed = vec![evidence(ticket, act)];
        expect(honest.refusal(), refusal, check);
    }
    honest.missed = vec![evidence(&theirs, &ready); 2];
    assert!(matches!(honest.refusal(), Refusal::Ticket(..)), "nobody misses a start twice");
    let stolen =
        MissedEvidence { act: frame(&key(31), STARTED, &ready), ..evidence(&theirs, &ready) };
    honest.missed = vec![stolen];
    assert!(matches!(honest.refusal(), Refusal::Act(0, ActFault::Evidence(_))));
    // A third of those who were called: it was the radio.
    let mut crowd = Match::of(6);
    crowd.missed = (40..43)
        .map(|n| {
            let (user, key) = (UserId::from_bytes([n; 16]), key(n));
            let act = Act { match_id: crowd.start.match_id, ..ready.clone() };
            let ticket =
                Ticket { user, key: key.verifying_key().clone(), ..crowd.tickets[0].clone() };
            MissedEvidence {
                ticket: frame(&server(), STARTED, &ticket),
                act: frame(&key, STARTED, &act),
            }
        })
        .collect();
    assert_eq!(crowd.check().unwrap().missed, []);
    crowd.missed.pop();
    assert_eq!(crowd.check().unwrap().missed.len(), 2);
}

#[test]
fn g14_flags_of_one_player_need_the_player() {
    for (bits, kind, claim) in [
        (SeatFlags::LEFT, ActKind::Leave, Claim::Left(3)),
        (SeatFlags::LEFT | SeatFlags::INJURED, ActKind::Injury, Claim::Left(3)),
        (SeatFlags::INJURED, ActKind::Injury, Claim::Injured(3)),
        (SeatFlags::CONFIRMED, ActKind::Confirm, Claim::Confirmed(3)),
        (SeatFlags::FLAGGED, ActKind::Flag, Claim::Flagged(3)),
    ] {
        let mut match_ = Match::honest();
        match_.flag(3, bits).settle();
        expect(match_.refusal(), Refusal::Unbacked(claim), "G14");
        match_.act(2, kind, 0);
        expect(match_.refusal(), Refusal::Unbacked(claim), "G14");
        match_.act(3, kind, 0);
        assert!(match_.check().is_ok(), "{kind:?}");
    }
}

#[test]
fn g14_absence_needs_both_teams() {
    let mut match_ = Match::honest();
    let team = match_.start.roster[3].team;
    let (own, others) = (match_.seats_of(team), match_.seats_of(team.other()));
    match_.flag(3, SeatFlags::ABSENT).settle();
    match_.all_act(&own[..4], ActKind::Absent, 3).all_act(&others[..2], ActKind::Absent, 3);
    expect(match_.refusal(), Refusal::Unbacked(Claim::Absent(3)), "G14");
    // Twice the same voter, and a vote about somebody else.
    match_.act(others[0], ActKind::Absent, 3).act(others[2], ActKind::Absent, 4);
    expect(match_.refusal(), Refusal::Unbacked(Claim::Absent(3)), "G14");
    match_.act(others[2], ActKind::Absent, 3);
    assert!(match_.check().is_ok());
}

#[test]
fn g14_votes_without_weight_do_not_count() {
    let mut tickets: Vec<_> = (0..10).map(ticket).collect();
    tickets[3].flags.0 = TicketFlags::VOTE_WEIGHTLESS;
    let mut match_ = Match::with(Params::OFFICIAL, tickets);
    let team = match_.start.roster[3].team;
    let others = match_.seats_of(team.other());
    let own: Vec<u8> = match_.seats_of(team).into_iter().filter(|seat| *seat != 3).collect();
    match_.result.goals[0].state = GoalState::Annulled;
    match_.settle();
    match_.all_act(&others, ActKind::Annul, 0).act(own[0], ActKind::Annul, 0);
    match_.act(3, ActKind::Annul, 0);
    expect(match_.refusal(), Refusal::Unbacked(Claim::Annulled(0)), "G14");
    // Four are left to vote; two are half of them.
    match_.act(own[1], ActKind::Annul, 0);
    assert!(match_.check().is_ok());
}

#[test]
fn g14_annulment_needs_both_teams() {
    let mut match_ = Match::honest();
    match_.result.goals[1].state = GoalState::Annulled;
    match_.settle();
    assert_eq!(match_.result.score, [3, 0]);
    let [a, b] = Team::BOTH.map(|team| match_.seats_of(team));
    match_.all_act(&a, ActKind::Annul, 1).all_act(&b[..2], ActKind::Annul, 1);
    expect(match_.refusal(), Refusal::Unbacked(Claim::Annulled(1)), "G14");
    match_.act(b[2], ActKind::Annul, 1);
    assert!(match_.check().is_ok());
}

#[test]
fn g14_conceding_needs_two_thirds() {
    let mut match_ = Match::honest();
    (match_.result.outcome, match_.result.loser) = (Outcome::Conceded, Some(Team::A));
    match_.settle();
    let a = match_.seats_of(Team::A);
    let unbacked = Refusal::Unbacked(Claim::Conceded);
    expect(match_.refusal(), unbacked, "G14");
    expect(match_.clone().all_act(&a[..3], ActKind::Concede, 0).refusal(), unbacked, "G14");
    assert!(match_.clone().all_act(&a[..4], ActKind::Concede, 0).check().is_ok());
}

#[test]
fn g14_the_smaller_side_loses_when_too_few_are_left() {
    let short = |loser, gone: [usize; 2], kind: ActKind, bits: u8| {
        let mut match_ = Match::honest();
        (match_.result.outcome, match_.result.loser) = (Outcome::Conceded, Some(loser));
        for (team, count) in Team::BOTH.into_iter().zip(gone) {
            for seat in match_.seats_of(team).into_iter().take(count) {
                match_.act(seat, kind, 0).flag(seat, bits);
            }
        }
        match_.settle().check().map(|_| ())
    };
    let left = |loser, gone| short(loser, gone, ActKind::Leave, SeatFlags::LEFT);
    let unbacked = Err(Refusal::Unbacked(Claim::Conceded));
    // Ten play; below six, or below two in a team, it cannot go on.
    assert_eq!(left(Team::A, [4, 0]), Ok(()));
    assert_eq!(left(Team::A, [5, 0]), Ok(()));
    assert_eq!(left(Team::A, [3, 2]), Ok(()));
    assert_eq!(left(Team::A, [3, 1]), unbacked);
    assert_eq!(left(Team::B, [4, 0]), unbacked);
    assert_eq!(left(Team::A, [3, 3]), unbacked);
    let injured = SeatFlags::LEFT | SeatFlags::INJURED;
    assert_eq!(short(Team::A, [4, 0], ActKind::Injury, injured), Ok(()));
    // They left, but came back.
    assert_eq!(short(Team::A, [4, 0], ActKind::Leave, 0), unbacked);
}

#[test]
fn g14_surplus_acts_prove_nothing() {
    let mut match_ = Match::honest();
    let everybody: Vec<u8> = (0..10).collect();
    match_.all_act(&everybody, ActKind::Annul, 0).act(3, ActKind::Leave, 0);
    match_.act(3, ActKind::Return, 0);
    assert!(match_.check().is_ok());
}

#[test]
fn g15_goals() {
    let spoiled = |spoil: fn(&mut Match)| {
        let mut match_ = Match::honest();
        spoil(&mut match_);
        match_.settle().check().map(|_| ())
    };
    let fault = |fault| Err(Refusal::Goals(fault));
    let mut miscounted = Match::honest();
    (miscounted.result.score, miscounted.result.loser) = ([4, 1], None);
    expect(miscounted.refusal(), Refusal::Goals(GoalFault::Score), "G15");
    assert_eq!(spoiled(|m| m.result.goals[1].team = Team::A), fault(GoalFault::Team(1)));
    assert_eq!(spoiled(|m| m.result.goals[3].at = 600_003), Ok(()));
    assert_eq!(spoiled(|m| m.result.goals[3].at = 600_004), fault(GoalFault::Late(3)));
    let careless = |m: &mut Match| {
        (m.result.goals[3].at, m.result.goals[3].uncertainty) = (600_251, u16::MAX);
    };
    assert_eq!(spoiled(careless), fault(GoalFault::Late(3)));
    // Goals 2 and 3 are at the same end; both may be off by 3 ms.
    assert_eq!(spoiled(|m| m.result.goals[3].at = m.result.goals[2].at + 7_994), Ok(()));
    let soon = |m: &mut Match| m.result.goals[3].at = m.result.goals[2].at + 7_993;
    assert_eq!(spoiled(soon), fault(GoalFault::Rearm(3)));
    // At the other end the next goal may come at once.
    assert_eq!(spoiled(|m| m.result.goals[2].at = m.result.goals[1].at + 1), Ok(()));
    assert_eq!(spoiled(|m| m.result.goals[3].seq = 30), fault(GoalFault::Twice(3)));
}

#[test]
fn g15_the_slave_covers_its_goals() {
    for (goals, last_seq, refused) in [(3, 40, false), (0, 900, true), (3, 9, true)] {
        let mut match_ = Match::honest();
        match_.result.slave = Some(slave_seal(&match_.start, goals, last_seq));
        let outcome = match_.check();
        assert_eq!(outcome.is_err(), refused, "{goals} {last_seq}");
        if let Err(refusal) = outcome {
            assert!(matches!(refusal, Refusal::Goals(GoalFault::Unsealed(_))), "{refusal}");
        }
    }
}

#[test]
fn as_many_goals_as_a_result_holds() {
    let mut match_ = Match::with(QUICK, (0..6).map(ticket).collect());
    let quick = |number: u32| {
        let team = if number.is_multiple_of(2) { Team::A } else { Team::B };
        goal(&match_.start, team, number * 2_000, number)
    };
    match_.result.goals = (0..255).map(quick).collect();
    match_.result.slave = Some(slave_seal(&match_.start, 255, 900));
    assert!(match_.settle().check().is_ok());
    match_.result.goals[254].state = GoalState::Annulled;
    expect(match_.settle().refusal(), Refusal::Unbacked(Claim::Annulled(254)), "G14");
}

#[test]
fn g16_courses_that_the_rules_do_not_know() {
    let refused = |spoil: fn(&mut Match), fault| {
        let mut match_ = Match::honest();
        let a = match_.seats_of(Team::A);
        match_.all_act(&a, ActKind::Concede, 0);
        spoil(&mut match_);
        expect(match_.settle().refusal(), Refusal::Course(fault), "G16");
    };
    refused(|m| m.result.loser = Some(Team::A), CourseFault::Loser);
    refused(|m| m.result.outcome = Outcome::Conceded, CourseFault::Loser);
    refused(|m| m.result.played = 598_999, CourseFault::TooShort);
    let early = |m: &mut Match| {
        (m.result.outcome, m.result.loser) = (Outcome::Conceded, Some(Team::A));
        m.result.played = 149_999;
    };
    refused(early, CourseFault::TooShort);
    refused(|m| m.result.ended = after_start(598_999), CourseFault::Clock);
    refused(|m| m.result.ended = Timestamp::ZERO, CourseFault::Clock);
    refused(|m| m.result.gaps[1] = 10_001, CourseFault::Gap);
}

#[test]
fn g16_what_is_just_allowed() {
    let mut match_ = Match::honest();
    (match_.result.outcome, match_.result.loser) = (Outcome::Conceded, Some(Team::A));
    (match_.result.played, match_.result.gaps) = (150_000, [10_000, 10_000]);
    let a = match_.seats_of(Team::A);
    assert!(match_.all_act(&a, ActKind::Concede, 0).settle().check().is_ok());
    let mut void = Match::honest();
    (void.result.outcome, void.result.gaps, void.result.played) =
        (Outcome::VoidSensorGap, [40_000, 0], 9_000);
    assert!(void.settle().check().is_ok());
}

#[test]
fn the_first_check_that_fails_is_the_answer() {
    let mut match_ = Match::honest();
    let expect_check = |match_: &Match, check| assert_eq!(match_.refusal().check(), check);
    match_.result.gaps[0] = u32::MAX;
    expect_check(&match_, "G16");
    match_.result.goals[3].at = u32::MAX;
    expect_check(&match_, "G15");
    match_.result.seats[0].0 = SeatFlags::FLAGGED;
    expect_check(&match_, "G14");
    match_.act(40, ActKind::Flag, 0);
    expect_check(&match_, "G13");
    match_.result.bank += 1;
    expect_check(&match_, "G12");
    match_.start.roster[5].stakes.win += 1;
    expect_check(&match_, "G11");
    match_.start.north = match_.start.north.other();
    expect_check(&match_, "G10");
    match_.start.challenge = Nonce::from_bytes([1; 16]);
    expect_check(&match_, "G9");
    match_.start.started = Timestamp::ZERO;
    expect_check(&match_, "G8");
    match_.start.ruleset = RulesetId::from_bytes([0; 32]);
    expect_check(&match_, "G7");
    match_.start.secret = [0; 32];
    expect_check(&match_, "G6");
    match_.result.slave = None;
    expect_check(&match_, "G5");
    match_.start.device = DeviceId::NONE;
    expect_check(&match_, "G4");
}
