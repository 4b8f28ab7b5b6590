use super::*;
use crate::act::Act;
use crate::files::Files;
use countersign_web_kit::text::Language;

const ID: &str = "0123456789abcdef0123456789abcdef";
const HELLO: &[u8] =
    br#"{"is_operator":true,"disputes":1,"frozen":0,"pending":0,"suspect":0,"gaps":0,"cap":1000}"#;

fn who(session: &str) -> Registered {
    let (session_id, address) = (session.to_owned(), "olga@example.org".to_owned());
    Registered { session_id, address, memory_only: false }
}

fn refused(code: &str) -> Failure {
    Failure::Refused { code: code.to_owned(), detail: String::new() }
}

fn at(route: Route) -> App {
    let mut app = App::new(Language::English, route, true);
    app.update(Event::Found(who("one")));
    app.update(Event::Answer(Ask::Hello, Ok(HELLO.to_vec())));
    app
}

fn revoke() -> Act {
    Act::Device { device: ID.to_owned(), to: "revoked".to_owned() }
}

fn act() -> Ask {
    Ask::Act { act: revoke(), reason: "stolen".to_owned() }
}

/// At the point where the server was asked to do it.
fn sent() -> App {
    let mut app = at(Route::Device(ID.to_owned()));
    app.update(Event::Press(Press::Act(revoke())));
    let effects = app.update(Event::Submit(Form::Reason(" stolen ".to_owned())));
    assert_eq!(effects, [Effect::Ask(act())]);
    app
}

fn step(app: &App) -> &Step {
    &app.draft.as_ref().unwrap().step
}

#[test]
fn nothing_but_whose_console_it_is_is_asked_for_a_stranger() {
    let mut app = App::new(Language::English, Route::Users, true);
    assert_eq!(app.update(Event::Found(who("one"))), [Effect::Ask(Ask::Hello)]);
    assert_eq!(app.update(Event::Answer(Ask::Hello, Err(refused("forbidden")))), []);
    assert_eq!(app.phase, Phase::Stranger(who("one")));
    // Nor later, wherever the address bar goes.
    assert_eq!(app.update(Event::Went(Route::Audit)), [Effect::Ask(Ask::Hello)]);
    assert_eq!(app.update(Event::Shown), []);
    // Until the role is there.
    let effects = app.update(Event::Answer(Ask::Hello, Ok(HELLO.to_vec())));
    assert_eq!(effects, [Effect::Ask(Ask::Audit(Value::Null))]);
}

#[test]
fn a_role_that_is_taken_away_takes_everything_with_it() {
    let mut app = at(Route::Users);
    let page = br#"{"users":[{"user":"ab","address":"ana@example.org","created_ms":1,"scopes":[]}],"next":null}"#;
    app.update(Event::Answer(Ask::Users(Value::Null), Ok(page.to_vec())));
    assert!(app.data.users.is_some());
    app.update(Event::Answer(Ask::Users(Value::Null), Err(refused("forbidden"))));
    assert!(app.data.users.is_none() && app.data.hello.is_none());
    assert_eq!(app.phase, Phase::Stranger(who("one")));
}

#[test]
fn an_act_needs_a_reason_and_can_be_left() {
    let mut app = at(Route::Device(ID.to_owned()));
    app.update(Event::Press(Press::Act(revoke())));
    assert_eq!(app.update(Event::Submit(Form::Reason("  ".to_owned()))), []);
    assert_eq!(step(&app), &Step::Reason);
    app.update(Event::Press(Press::Cancel));
    assert_eq!(app.draft, None);
    assert_eq!(app.update(Event::Submit(Form::Reason("late".to_owned()))), []);
}

#[test]
fn an_old_session_gets_a_code_and_the_act_is_done_with_the_fresh_one() {
    let mut app = sent();
    app.update(Event::Answer(act(), Err(refused("step_up_required"))));
    assert_eq!(step(&app), &Step::Offer(Confirm::default()));
    let effects = app.update(Event::Press(Press::Code));
    assert_eq!(effects, [Effect::SendCode("olga@example.org".to_owned())]);
    app.update(Event::Sent(Ok(())));
    let effects = app.update(Event::Submit(Form::Code("ABCD".to_owned())));
    assert_eq!(effects, [Effect::Register("ABCD".to_owned())]);
    app.update(Event::Registered(Err(Trouble::CodeWrong(4))));
    let wrong = Confirm { trouble: Some(Trouble::CodeWrong(4)), is_busy: false };
    assert_eq!(step(&app), &Step::Code(wrong));
    app.update(Event::Submit(Form::Code("EFGH".to_owned())));
    let effects = app.update(Event::Registered(Ok(who("two"))));
    assert_eq!(effects, [Effect::Ask(act()), Effect::Ask(Ask::Drop("one".to_owned()))]);
    let done = br#"{"from":"active","to":"revoked","changed":true}"#;
    let effects = app.update(Event::Answer(act(), Ok(done.to_vec())));
    assert_eq!(effects, [Effect::Ask(Ask::Device(ID.to_owned()))]);
    assert_eq!((&app.draft, &app.notice), (&None, &Some(Notice::Done)));
    // That the old session could not be ended is nothing to tell.
    app.update(Event::Answer(Ask::Drop("one".to_owned()), Err(refused("not_found"))));
    assert_eq!(app.notice, Some(Notice::Done));
}

#[test]
fn what_the_server_refuses_can_be_tried_again_with_the_reason_still_there() {
    let mut app = sent();
    app.update(Event::Answer(act(), Err(refused("conflict"))));
    assert_eq!((step(&app), &app.draft.as_ref().unwrap().reason[..]), (&Step::Reason, "stolen"));
    assert!(matches!(app.notice, Some(Notice::Failed(_))));
}

#[test]
fn an_answer_to_an_act_that_was_left_is_said_and_touches_no_other_one() {
    for answer in [Err(refused("step_up_required")), Ok(br#"{"changed":true}"#.to_vec())] {
        let mut app = sent();
        app.update(Event::Press(Press::Cancel));
        let other = Act::Device { device: ID.to_owned(), to: "suspect".to_owned() };
        app.update(Event::Press(Press::Act(other.clone())));
        let was_done = answer.is_ok();
        app.update(Event::Answer(act(), answer));
        let draft = app.draft.as_ref().unwrap();
        assert_eq!((&draft.act, &draft.step), (&other, &Step::Reason));
        assert_eq!(app.notice == Some(Notice::Done), was_done);
        assert!(app.notice.is_some());
    }
}

#[test]
fn a_code_that_comes_after_the_act_was_left_changes_nothing() {
    let mut app = sent();
    app.update(Event::Answer(act(), Err(refused("step_up_required"))));
    app.update(Event::Press(Press::Code));
    app.update(Event::Press(Press::Cancel));
    app.update(Event::Sent(Ok(())));
    assert_eq!(app.draft, None);
    // A session that was made meanwhile is taken, and nothing is done with it.
    let effects = app.update(Event::Registered(Ok(who("two"))));
    assert_eq!(effects, [Effect::Ask(Ask::Drop("one".to_owned()))]);
}

#[test]
fn answers_about_another_place_are_not_shown_here() {
    let mut app = at(Route::Devices(Some("suspect".to_owned())));
    let suspect = Ask::Devices { status: Some("suspect".to_owned()), after: Value::Null };
    app.update(Event::Went(Route::Devices(None)));
    app.update(Event::Answer(suspect, Ok(br#"{"devices":[],"next":null}"#.to_vec())));
    assert!(app.data.devices.is_none());
    let all = Ask::Devices { status: None, after: Value::Null };
    app.update(Event::Answer(all, Ok(br#"{"devices":[],"next":"ab"}"#.to_vec())));
    assert!(app.data.devices.is_some());
    let more = Ask::Devices { status: None, after: "ab".into() };
    assert_eq!(app.update(Event::Press(Press::More)), [Effect::Ask(more)]);
}

#[test]
fn the_end_of_the_session_leads_to_the_login_and_forgets_what_was_seen() {
    let mut app = at(Route::Audit);
    app.update(Event::Answer(Ask::Audit(Value::Null), Err(Failure::LoggedOut)));
    assert_eq!(app.phase, Phase::Nobody);
    assert!(app.data.hello.is_none());
}

#[test]
fn what_is_looked_for_depends_on_the_place_and_nothing_shows_all() {
    let mut app = at(Route::Users);
    let find = |text: &str| Event::Submit(Form::Find(text.to_owned()));
    let effects = app.update(find(" ana@example.org "));
    assert_eq!(effects, [Effect::Ask(Ask::FindUsers("ana@example.org".to_owned()))]);
    app.asking.clear();
    assert_eq!(app.update(find(" ")), [Effect::Ask(Ask::Users(Value::Null))]);
    app.update(Event::Went(Route::Devices(None)));
    let effects = app.update(find("GL-00001"));
    assert_eq!(effects, [Effect::Ask(Ask::FindDevices("GL-00001".to_owned()))]);
}

#[test]
fn an_organiser_stays_with_events_wherever_the_address_bar_goes() {
    let mut app = App::new(Language::English, Route::Overview, true);
    app.update(Event::Found(who("one")));
    let hello = String::from_utf8_lossy(HELLO).replace("true", "false");
    let effects = app.update(Event::Answer(Ask::Hello, Ok(hello.into_bytes())));
    assert_eq!(effects, [Effect::Ask(Ask::Events(Value::Null))]);
    assert_eq!(app.update(Event::Went(Route::Users)), []);
    assert_eq!(app.route, Route::Events);
    let fair = Route::Event("FAIR".to_owned());
    assert_eq!(app.update(Event::Went(fair)), [Effect::Ask(Ask::Event("FAIR".to_owned()))]);
    let said = br#"{"event":"FAIR","title":"Fair","starts_ms":0,"ends_ms":0,"version":1,"judges":[],"hubs":[],"votes":2,"results_ms":7,
        "may_change":true,"projects":1,"cards":1,"rounds":[],"hub_names":[]}"#;
    let effects = app.update(Event::Answer(Ask::Event("FAIR".to_owned()), Ok(said.to_vec())));
    assert_eq!(effects, [Effect::Ask(Ask::Results("FAIR".to_owned()))]);
}

#[test]
fn what_is_looked_for_is_not_overwritten_by_the_list_that_was_on_its_way() {
    let mut app = at(Route::Users);
    assert!(app.asking.contains(&Ask::Users(Value::Null)));
    let find = Ask::FindUsers("ana@example.org".to_owned());
    let effects = app.update(Event::Submit(Form::Find("ana@example.org".to_owned())));
    assert_eq!(effects, [Effect::Ask(find.clone())]);
    let page = |address: &str| {
        let user = format!(r#"{{"user":"ab","address":"{address}","created_ms":1,"scopes":[]}}"#);
        Ok(format!(r#"{{"users":[{user}],"next":null}}"#).into_bytes())
    };
    app.update(Event::Answer(find, page("ana@example.org")));
    app.update(Event::Answer(Ask::Users(Value::Null), page("zoe@example.org")));
    assert_eq!(app.data.users.unwrap().rows[0].address, "ana@example.org");
}

fn files() -> Box<Files> {
    Box::new(Files { event: "[event]".to_owned(), ..Files::default() })
}

const GOOD: &[u8] = br#"{"faults":[],"event":"FAIR","title":"Fair","starts_ms":0,"ends_ms":0,"revision":4,"may_change":true,
    "conflicts":0,"hubs":[],"categories":[],"rounds":[],"projects":[],"judges":[]}"#;

#[test]
fn files_are_looked_at_first_and_stored_as_they_were_looked_at() {
    let mut app = at(Route::SetUp);
    assert_eq!(app.update(Event::Press(Press::Store)), []);
    let effects = app.update(Event::Submit(Form::Files(files())));
    assert_eq!(effects, [Effect::Ask(Ask::Check(files()))]);
    app.update(Event::Answer(Ask::Check(files()), Ok(GOOD.to_vec())));
    app.update(Event::Press(Press::Store));
    let act = Act::Put { files: files(), from: Some(4) };
    let ask = Ask::Act { act, reason: "the fair".to_owned() };
    let effects = app.update(Event::Submit(Form::Reason("the fair".to_owned())));
    assert_eq!(effects, [Effect::Ask(ask.clone())]);
    let effects = app
        .update(Event::Answer(ask, Ok(br#"{"event":"FAIR","revision":5,"dropped":0}"#.to_vec())));
    let event = Route::Event("FAIR".to_owned());
    assert_eq!(effects, [Effect::Go(event.clone()), Effect::Ask(Ask::Event("FAIR".to_owned()))]);
    assert_eq!((&app.route, &app.notice), (&event, &Some(Notice::Done)));
    // The address bar follows, and nothing is lost by that.
    app.update(Event::Went(event));
    assert_eq!(app.notice, Some(Notice::Done));
}

#[test]
fn an_answer_about_files_that_were_changed_meanwhile_is_dropped_and_what_is_too_long_is_not_sent() {
    let mut app = at(Route::SetUp);
    app.update(Event::Submit(Form::Files(files())));
    let other = Box::new(Files { event: "[other]".to_owned(), ..Files::default() });
    app.update(Event::Submit(Form::Files(other)));
    app.update(Event::Answer(Ask::Check(files()), Ok(GOOD.to_vec())));
    assert_eq!(app.data.set_up.checked, None);
    let long = Box::new(Files { projects: "x\n".repeat(30_000), ..Files::default() });
    assert_eq!(app.update(Event::Submit(Form::Files(long))), []);
    assert_eq!(app.notice, Some(Notice::TooLong));
}

#[test]
fn what_is_taken_along_is_saved_and_a_shortage_of_judges_is_said() {
    let mut app = at(Route::Event("FAIR".to_owned()));
    let sheets = Ask::Sheets("FAIR".to_owned());
    assert_eq!(app.update(Event::Press(Press::Sheets)), [Effect::Ask(sheets.clone())]);
    let effects = app.update(Event::Answer(sheets, Ok(b"%PDF".to_vec())));
    let [Effect::Save { name, kind, content }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(
        (name.as_str(), *kind, content.as_slice()),
        ("FAIR.pdf", "application/pdf", &b"%PDF"[..])
    );
    let own = |text: &str| text.to_owned();
    app.update(Event::Submit(Form::Assign { round: own("1"), views: own(" 3 ") }));
    let act = Act::Assign { event: own("FAIR"), round: own("1"), views: own("3") };
    assert_eq!(app.draft.as_ref().unwrap().act, act);
    app.update(Event::Submit(Form::Reason(own("x"))));
    let ask = Ask::Act { act, reason: own("x") };
    app.update(Event::Answer(ask, Ok(br#"{"visits":9,"short":[["P1",2]]}"#.to_vec())));
    assert_eq!(app.notice, Some(Notice::Assigned { visits: 9, short: vec![own("P1")] }));
}
