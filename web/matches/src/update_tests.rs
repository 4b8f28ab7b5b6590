use super::*;
use crate::fixture::{MY_ID, at, evidence, history, id, keys, now, told, whole};

fn refused(code: &str) -> Failure {
    Failure::Refused { code: code.to_owned(), detail: String::new() }
}

fn of_me(before: Value) -> Ask {
    Ask::History { user: None, before }
}

#[test]
fn nothing_is_asked_before_somebody_is_there() {
    let mut app =
        App::new(countersign_web_kit::text::Language::English, |_| 0, Route::History, true);
    assert_eq!(app.update(Event::Shown), []);
    assert_eq!(app.update(Event::NotFound), []);
    assert_eq!(app.phase, Phase::Nobody);
    let effects = app.update(Event::Found { memory_only: false });
    assert_eq!(effects, [Effect::Ask(of_me(Value::Null)), Effect::Ask(Ask::Ledger(0))]);
}

#[test]
fn later_matches_come_below_and_are_asked_for_once() {
    let mut app = at(Route::History);
    app.update(Event::Answer(of_me(Value::Null), Ok(history(20, r#""9-1""#))));
    let more = of_me("9-1".into());
    assert_eq!(app.update(Event::Press(Press::More)), [Effect::Ask(more.clone())]);
    assert_eq!(app.update(Event::Press(Press::More)), []);
    app.update(Event::Answer(more, Ok(history(3, "null"))));
    assert_eq!(app.data.history.as_ref().unwrap().rows.len(), 23);
    assert_eq!(app.update(Event::Press(Press::More)), []);
}

#[test]
fn the_ledger_is_read_to_its_end_and_then_only_what_is_new() {
    let mut app = at(Route::History);
    let page = br#"{"lines":[{"seq":7,"at_ms":1,"match_id":null,"amount":1500000}],"next":7}"#;
    let effects = app.update(Event::Answer(Ask::Ledger(0), Ok(page.to_vec())));
    assert_eq!(effects, [Effect::Ask(Ask::Ledger(7))]);
    let last = br#"{"lines":[{"seq":9,"at_ms":2,"match_id":"ab","amount":-8000}],"next":null}"#;
    assert_eq!(app.update(Event::Answer(Ask::Ledger(7), Ok(last.to_vec()))), []);
    assert_eq!(app.data.ratings.after("ab"), Some(1_492_000));
    assert!(app.update(Event::Shown).contains(&Effect::Ask(Ask::Ledger(9))));
}

#[test]
fn a_match_is_checked_when_it_is_told_and_not_again_when_it_is_told_again() {
    let mut app = at(Route::Match(id()));
    let ask = Ask::Match(id());
    let told = || Ok(whole().to_string().into_bytes());
    let effects = app.update(Event::Answer(ask.clone(), told()));
    let honest = Box::new(app.data.whole.clone().unwrap());
    assert_eq!(effects, [Effect::Check(honest.clone())]);
    assert_eq!(app.data.check, Check::Running);
    let outcome = evidence(&app).examine(&honest, &keys(), now());
    app.update(Event::Checked(honest.clone(), Some(Box::new(outcome.clone()))));
    assert!(matches!(&app.data.check, Check::Done(outcome) if outcome.proven.is_some()));
    assert_eq!(app.update(Event::Answer(ask.clone(), told())), []);
    // Anything that differs is looked at again.
    let mut other = whole();
    other["settlement"] = "frozen".into();
    let effects = app.update(Event::Answer(ask, Ok(other.to_string().into_bytes())));
    let told = Box::new(app.data.whole.clone().unwrap());
    assert_eq!(effects, [Effect::Check(told.clone())]);
    // What came out for the first is not said of the second.
    app.update(Event::Checked(honest, Some(Box::new(outcome))));
    assert_eq!(app.data.check, Check::Running);
    // Without the server's older keys nothing is said against the match.
    app.update(Event::Checked(told, None));
    assert_eq!((&app.data.check, app.offline), (&Check::None, true));
}

#[test]
fn a_match_is_not_shown_in_the_place_of_another() {
    let mut app = at(Route::Match(id()));
    let mut other = whole();
    other["match_id"] = "00".repeat(16).into();
    let answer = Ok(other.to_string().into_bytes());
    assert_eq!(app.update(Event::Answer(Ask::Match(id()), answer)), []);
    assert!(app.data.whole.is_none() && app.notice.is_some());
}

#[test]
fn only_what_holds_can_be_saved() {
    let mut app = told();
    let effects = app.update(Event::Press(Press::Save));
    let [Effect::Save(name, bytes)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*name, format!("match-{:.8}.csx", id()));
    assert!(countersign_league::proof::Export::decode(bytes).is_ok());
    app.data.check = Check::Running;
    assert_eq!(app.update(Event::Press(Press::Save)), []);
}

#[test]
fn a_match_that_hides_a_player_cannot_be_checked() {
    let mut app = at(Route::Match(id()));
    let mut hidden = whole();
    hidden["bundle"] = Value::Null;
    let ask = Ask::Match(id());
    assert_eq!(app.update(Event::Answer(ask, Ok(hidden.to_string().into_bytes()))), []);
    assert_eq!(app.data.check, Check::Impossible);
}

#[test]
fn a_dispute_is_sent_once_and_what_came_of_it_is_asked_for() {
    let mut app = told();
    let wish = |text: &str| Event::Dispute { kind: "goal".to_owned(), text: text.to_owned() };
    assert_eq!(app.update(wish(&"ä".repeat(1_001))), []);
    assert_eq!(app.data.too_long, Some(2_002));
    let (of, kind, text) = (id(), "goal".to_owned(), "It was none.".to_owned());
    let ask = Ask::Dispute { of, kind, text };
    assert_eq!(app.update(wish(" It was none. ")), [Effect::Ask(ask.clone())]);
    assert_eq!((app.data.too_long, app.update(wish("It was none."))), (None, vec![]));
    let effects =
        app.update(Event::Answer(ask.clone(), Ok(br#"{"dispute":1,"new":true}"#.to_vec())));
    assert!(effects.contains(&Effect::Ask(Ask::Disputes(0))));
    assert_eq!(app.notice, Some(Notice::Disputed));
    app.asking.clear();
    app.update(Event::Answer(ask, Ok(br#"{"dispute":1,"new":false}"#.to_vec())));
    assert_eq!(app.notice, Some(Notice::DisputedBefore));
}

#[test]
fn whole_lists_are_fetched_to_their_end() {
    let mut app = at(Route::Disputes);
    let case = |n: u64| {
        format!(
            r#"{{"dispute":{n},"match":"{}","kind":"goal","text":"","opened_ms":0,"state":"open","ruled_ms":null}}"#,
            id()
        )
    };
    let page =
        |n: u64, next: &str| format!(r#"{{"disputes":[{}],"next":{next}}}"#, case(n)).into_bytes();
    let effects = app.update(Event::Answer(Ask::Disputes(0), Ok(page(1, "1"))));
    assert_eq!(effects, [Effect::Ask(Ask::Disputes(1))]);
    assert_eq!(app.update(Event::Answer(Ask::Disputes(1), Ok(page(2, "null")))), []);
    assert_eq!(app.data.disputes.as_ref().unwrap().rows.len(), 2);
    // Looked at again, it begins anew.
    app.update(Event::Answer(Ask::Disputes(0), Ok(page(2, "null"))));
    assert_eq!(app.data.disputes.as_ref().unwrap().rows.len(), 1);
}

#[test]
fn what_was_about_another_place_is_not_shown_here() {
    let mut app = told();
    assert!(app.data.whole.is_some());
    let other = Route::Player(MY_ID.to_owned());
    app.update(Event::Went(other));
    assert!(app.data.whole.is_none() && app.data.check == Check::None);
    let late = Event::Answer(Ask::Match(id()), Ok(whole().to_string().into_bytes()));
    assert_eq!(app.update(late), []);
    assert!(app.data.whole.is_none());
    let late = Event::Answer(Ask::Match(id()), Err(refused("not_found")));
    app.update(late);
    assert!(!app.data.is_missing);
}

#[test]
fn what_does_not_exist_and_a_server_without_a_league_are_told_apart() {
    let mut app = at(Route::Match(id()));
    app.update(Event::Answer(Ask::Match(id()), Err(refused("not_found"))));
    assert!(app.data.is_missing && !app.data.no_league);
    let mut app = at(Route::History);
    app.update(Event::Answer(of_me(Value::Null), Err(refused("unknown_type"))));
    assert!(app.data.no_league);
}

#[test]
fn offline_is_a_bar_and_the_end_of_the_session_forgets_everything() {
    let mut app = told();
    let gone = || Failure::Unreachable("gone".to_owned());
    app.update(Event::Answer(Ask::Match(id()), Err(gone())));
    assert!(app.offline && app.notice.is_none() && app.data.whole.is_some());
    app.update(Event::Answer(Ask::Me, Err(Failure::LoggedOut)));
    assert_eq!(app.phase, Phase::Nobody);
    assert!(app.data.whole.is_none() && app.data.me.is_none());
}

#[test]
fn an_answer_of_another_version_is_said_and_shows_nothing_wrong() {
    let mut app = at(Route::History);
    app.update(Event::Answer(of_me(Value::Null), Ok(b"{}".to_vec())));
    assert_eq!(app.notice, Some(Notice::Failed(refused("unreadable"))));
    assert!(app.data.history.is_none());
}
