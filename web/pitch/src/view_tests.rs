use super::*;
use countersign::{RecordDigest, UserId};
use countersign_league::evidence::{
    GoalState, Outcome, ReceiptLine, SeatFlags, Settlement, Stakes,
};
use countersign_league::game::{LinkColour, ViewEnding, ViewGoal, ViewReceipt, Warnings};
use countersign_league::{Commitment, DeviceId, End, MatchId, Nonce, RulesetId};
use countersign_web_kit::text::Language;

const LANGUAGES: [Language; 2] = [Language::English, Language::French];

fn player(n: u8, name: &str) -> ViewPlayer {
    ViewPlayer {
        user: UserId::from_bytes([n; 16]),
        name: name.to_owned(),
        rating: 1_500_000 + i32::from(n) * 1000,
        provisional: false,
        ready: n.is_multiple_of(2),
        connected: true,
        team: Some(if n.is_multiple_of(2) { Team::A } else { Team::B }),
        stakes: Stakes { win: 12_300, draw: -400, loss: -13_100 },
        flags: SeatFlags(0),
        absent: 0,
        delta: 12_300,
    }
}

/// Six players; the one on this phone is in seat 0, in team A.
fn view(state: State) -> View {
    let names = ["Ana", "Ben", "<b>Cid</b>", "Dora", "محمد", "Eve"];
    let goal = |team, at, state| ViewGoal { end: End::South, team, state, at, annul: 0 };
    View {
        number: 1,
        state,
        left: 4_200,
        played: 100_000,
        duration: 600_000,
        device: DeviceId::from_bytes([1; 16]),
        ruleset: RulesetId::from_bytes([2; 32]),
        lobby: Nonce::from_bytes([3; 16]),
        match_id: MatchId::from_bytes([4; 16]),
        device_seq: 1,
        commit: Commitment::from_bytes([5; 32]),
        link: LinkColour::Green,
        warnings: Warnings(0),
        unsettled: 0,
        challenge: None,
        north: Some(Team::A),
        score: [2, 1],
        votes: [0, 0, 0],
        players: names.iter().zip(0..).map(|(name, n)| player(n, name)).collect(),
        goals: vec![
            goal(Team::A, 61_000, GoalState::Counted),
            goal(Team::B, 75_000, GoalState::Annulled),
        ],
        ending: None,
        receipt: None,
    }
}

fn shown(view: &View) -> Shown<'_> {
    let t = Texts::of(Language::English);
    Shown { t, view, seat: Some(0), age_ms: 0, is_awake: false }
}

fn text(shown: &Shown<'_>) -> String {
    of_match(shown).iter().map(Element::inner_text).collect::<Vec<_>>().join(" ")
}

fn has(shown: &Shown<'_>, press: &str) -> bool {
    let is = |it: &Element| {
        it.attributes.iter().any(|(name, value)| *name == "data-press" && value == press)
            && !it.attributes.iter().any(|(name, _)| *name == "aria-disabled")
    };
    of_match(shown).iter().any(|it| it.any(&is))
}

fn receipt(settlement: Settlement) -> ViewReceipt {
    let line = |n: u8| ReceiptLine {
        user: UserId::from_bytes([n; 16]),
        sporting: 12_300,
        adjustment: -2_300,
        rating: 1_510_000,
        rank: u32::from(n == 0) * 4,
    };
    ViewReceipt { settlement, reason: 0, integrity: 208, lines: (0..6).map(line).collect() }
}

#[test]
fn a_lobby_says_who_is_ready_and_lets_me_say_it() {
    let mut lobby = view(State::Lobby);
    assert!(text(&shown(&lobby)).contains("3 of 6 ready"), "{}", text(&shown(&lobby)));
    assert!(has(&shown(&lobby), "unready") && !has(&shown(&lobby), "ready"));
    lobby.players[0].ready = false;
    assert!(has(&shown(&lobby), "ready"));
    lobby.state = State::Ready;
    let said = text(&Shown { age_ms: 1_300, ..shown(&lobby) });
    assert!(said.contains("begins in 3 s"), "{said}");
}

#[test]
fn before_kickoff_everybody_knows_side_and_stakes() {
    let kickoff = view(State::Kickoff);
    let said = text(&shown(&kickoff));
    for expected in ["You play for team A.", "north", "+12.3", "−0.4", "−13.1", "Team B"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let defends_south = View { north: Some(Team::B), ..view(State::Kickoff) };
    assert!(text(&shown(&defends_south)).contains("without a display"));
}

#[test]
fn the_board_counts_down_between_two_views() {
    let playing = view(State::Playing);
    assert!(text(&shown(&playing)).contains("8:20"), "{}", text(&shown(&playing)));
    assert!(text(&Shown { age_ms: 1_500, ..shown(&playing) }).contains("8:19"));
    let said = text(&shown(&playing));
    assert!(said.contains("Team A 2, team B 1") && said.contains("Goal for team A"), "{said}");
}

#[test]
fn whoever_only_watches_can_do_nothing_to_the_match() {
    for state in [State::Kickoff, State::Playing, State::Review] {
        let view = view(state);
        let watching = Shown { seat: None, ..shown(&view) };
        for press in ["abort", "quit", "leave", "injury", "concede", "confirm", "flag", "annul 0"] {
            assert!(!has(&watching, press), "{state:?} {press}");
        }
    }
}

#[test]
fn a_vote_is_cast_once() {
    let mut review = view(State::Review);
    for press in ["annul 0", "absent 1", "confirm", "flag"] {
        assert!(has(&shown(&review), press), "{press}");
    }
    assert!(!has(&shown(&review), "annul 1"), "it is annulled already");
    assert!(!has(&shown(&review), "absent 0"), "nobody votes about themselves");
    review.goals[0].annul = 1;
    review.players[1].absent = 1;
    review.votes[2] = 0b11;
    assert!(!["annul 0", "absent 1", "confirm"].iter().any(|press| has(&shown(&review), press)));
    assert!(text(&shown(&review)).contains("2 of 6 have"));
}

#[test]
fn a_change_is_the_devices_until_the_league_has_spoken() {
    let mut ended = view(State::Signed);
    let said = text(&shown(&ended));
    assert!(said.contains("You won") && said.contains("By the device"), "{said}");
    ended.receipt = Some(receipt(Settlement::Settled));
    let said = text(&shown(&ended));
    for expected in ["+10.0", "1510 points now", "Rank 4", "81 %", "countersigned"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!said.contains("By the device"));
}

#[test]
fn a_team_that_concedes_loses_whatever_the_score() {
    let ending = ViewEnding {
        outcome: Outcome::Conceded,
        loser: Some(Team::A),
        result: Some(RecordDigest::from_bytes([0; 32])),
        bank: 0,
    };
    let ended = View { ending: Some(ending), ..view(State::Signed) };
    let said = text(&shown(&ended));
    assert!(said.contains("You lost") && said.contains("Team A conceded."), "{said}");
    let void = View {
        ending: Some(ViewEnding { outcome: Outcome::VoidPower, loser: None, ..ending }),
        ..view(State::Void)
    };
    let said = text(&shown(&void));
    assert!(said.contains("does not count") && !said.contains("You won"), "{said}");
}

#[test]
fn changes_have_a_sign_and_one_digit() {
    for (thousandths, shown) in
        [(12_340, "+12.3"), (-50, "−0.1"), (-49, "±0.0"), (0, "±0.0"), (99_950, "+100.0")]
    {
        assert_eq!(change(thousandths), shown);
    }
}

#[test]
fn every_state_has_a_heading_in_every_language() {
    let states = (0..=17).map_while(State::from_number);
    for state in states {
        for language in LANGUAGES {
            let view = view(state);
            let shown = Shown { t: Texts::of(language), ..shown(&view) };
            let heading = |it: &Element| it.tag == "h1";
            assert!(of_match(&shown).iter().any(|it| it.any(&heading)), "{state:?}");
            assert!(!text(&shown).contains("{}"), "{state:?}");
        }
    }
}
