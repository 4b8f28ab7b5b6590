use super::*;
use crate::app::PAGE;
use countersign_web_kit::text::Language;

const ID: &str = "0123456789abcdef0123456789abcdef";

fn app() -> App {
    App::new(Language::English, Route::Ranks, true, 0)
}

fn logged_in() -> App {
    let mut app = app();
    app.update(Event::Found(registered(false)));
    app
}

fn registered(memory_only: bool) -> Registered {
    let address = "ana@example.org".to_owned();
    Registered { session_id: ID.to_owned(), address, memory_only }
}

fn unreachable<T>() -> Result<T, Failure> {
    Err(Failure::Unreachable("nobody".to_owned()))
}

fn rows(count: u32) -> Vec<u8> {
    let row = |n: u32| format!(r#"{{"rank":{n},"position":{n},"rating":0}}"#);
    let rows: Vec<String> = (1..=count).map(row).collect();
    format!(r#"{{"of":1000,"rows":[{}]}}"#, rows.join(",")).into_bytes()
}

#[test]
fn a_login_goes_from_address_to_code_to_the_first_place() {
    let mut app = app();
    app.update(Event::NotFound { lost: None });
    let effects = app.update(Event::Submit(Form::Address(" ana@example.org ".to_owned())));
    assert_eq!(effects, [Effect::Login("ana@example.org".to_owned())]);
    app.update(Event::Sent(Ok("ana@example.org".to_owned())));
    let effects = app.update(Event::Submit(Form::Code("7K3M9QXA".to_owned())));
    assert_eq!(effects, [Effect::Register("7K3M9QXA".to_owned())]);
    let again = app.update(Event::Submit(Form::Code("7K3M9QXA".to_owned())));
    assert_eq!(again, [], "an attempt is not spent twice");
    let effects = app.update(Event::Registered(Ok(registered(true))));
    assert_eq!(effects, [Effect::Ask(Ask::Rank), Effect::Ask(Ask::Top(0))]);
    assert!(app.memory_only);
}

#[test]
fn a_wrong_code_leaves_the_form_open() {
    let mut app = app();
    app.update(Event::NotFound { lost: None });
    app.update(Event::Submit(Form::Address("ana@example.org".to_owned())));
    app.update(Event::Sent(Ok("ana@example.org".to_owned())));
    app.update(Event::Submit(Form::Code("0".to_owned())));
    app.update(Event::Registered(Err(Trouble::CodeWrong(4))));
    let Phase::Code(entry) = &app.phase else { panic!("{:?}", app.phase) };
    assert_eq!(entry.trouble, Some(Trouble::CodeWrong(4)));
    assert!(!entry.is_busy);
}

#[test]
fn a_lost_key_leads_to_the_login_with_the_address_in_it() {
    let mut app = app();
    app.update(Event::NotFound { lost: Some("ana@example.org".to_owned()) });
    assert_eq!(app.notice, Some(Notice::KeyLost));
    let Phase::Address(entry) = &app.phase else { panic!("{:?}", app.phase) };
    assert_eq!(entry.address, "ana@example.org");
}

#[test]
fn only_the_servers_signed_word_forgets_the_key() {
    let mut app = logged_in();
    assert_eq!(app.update(Event::Answer(Ask::Rank, unreachable())), []);
    let refused = Failure::Refused { code: "not_believed".to_owned(), detail: String::new() };
    assert_eq!(app.update(Event::Answer(Ask::Top(0), Err(refused))), []);
    assert!(matches!(app.phase, Phase::In { .. }));
    let effects = app.update(Event::Answer(Ask::Rank, Err(Failure::LoggedOut)));
    assert_eq!(effects, [Effect::Forget]);
    assert_eq!(app.notice, Some(Notice::Ended));
    let late = app.update(Event::Answer(Ask::Top(0), Err(Failure::LoggedOut)));
    assert_eq!(late, [], "the second answer finds nobody logged in");
}

#[test]
fn whoever_logs_out_without_a_network_is_logged_out_here() {
    let mut app = logged_in();
    app.update(Event::Answer(Ask::Top(0), Ok(rows(3))));
    let effects = app.update(Event::Press(Press::Logout));
    assert_eq!(effects, [Effect::Ask(Ask::Logout(ID.to_owned()))], "the server hears of it first");
    let effects = app.update(Event::Answer(Ask::Logout(ID.to_owned()), unreachable()));
    assert_eq!(effects, [Effect::Forget]);
    assert!(app.data.table.is_none(), "nothing is left to be seen");
}

#[test]
fn storage_that_cannot_be_read_is_no_lost_key() {
    let mut app = app();
    let effects = app.update(Event::Unreadable { address: "ana@example.org".to_owned() });
    assert_eq!(effects, [], "nothing is forgotten");
    assert_eq!(app.notice, Some(Notice::Unreadable));
    assert!(matches!(&app.phase, Phase::Address(entry) if entry.address == "ana@example.org"));
}

#[test]
fn a_code_for_an_address_that_was_given_up_does_not_bring_it_back() {
    let mut app = app();
    app.update(Event::NotFound { lost: None });
    app.update(Event::Submit(Form::Address("ana@example.org".to_owned())));
    app.update(Event::Sent(Ok("ana@example.org".to_owned())));
    app.update(Event::Press(Press::Resend));
    app.update(Event::Press(Press::OtherAddress));
    app.update(Event::Sent(Ok("ana@example.org".to_owned())));
    assert!(matches!(app.phase, Phase::Address(_)), "{:?}", app.phase);
}

#[test]
fn the_table_grows_by_pages_up_to_its_cap() {
    let mut app = logged_in();
    app.update(Event::Answer(Ask::Top(0), Ok(rows(PAGE))));
    for shown in (PAGE..1000).step_by(PAGE as usize) {
        if shown as usize >= ROWS_MAX {
            break;
        }
        let effects = app.update(Event::Press(Press::More));
        assert_eq!(effects, [Effect::Ask(Ask::Top(shown))]);
        app.update(Event::Answer(Ask::Top(shown), Ok(rows(PAGE))));
    }
    assert_eq!(app.data.table.unwrap().0.len(), ROWS_MAX);
}

#[test]
fn the_same_question_is_not_asked_twice_at_a_time() {
    let mut app = logged_in();
    assert_eq!(app.update(Event::Shown), []);
    app.update(Event::Answer(Ask::Rank, unreachable()));
    assert_eq!(app.update(Event::Shown), [Effect::Ask(Ask::Rank)]);
}

#[test]
fn too_short_a_search_is_not_sent() {
    let mut app = logged_in();
    for query in ["", "an", " a - n "] {
        assert_eq!(app.update(Event::Submit(Form::Search(query.to_owned()))), [], "{query}");
    }
    assert_eq!(app.update(Event::Submit(Form::Search(" ana ".to_owned()))).len(), 1);
}

#[test]
fn an_answer_that_makes_no_sense_is_said_and_changes_nothing() {
    let mut app = logged_in();
    app.update(Event::Answer(Ask::Top(0), Ok(rows(3))));
    app.update(Event::Answer(Ask::Top(0), Ok(b"{}".to_vec())));
    assert!(matches!(app.notice, Some(Notice::Failed(Ask::Top(0), _))));
    assert_eq!(app.data.table.unwrap().0.len(), 3);
}

#[test]
fn a_network_that_comes_back_asks_again() {
    let mut app = logged_in();
    app.update(Event::Answer(Ask::Rank, unreachable()));
    assert!(app.offline);
    assert_eq!(app.update(Event::Online(true)), [Effect::Ask(Ask::Rank)]);
    assert!(!app.offline);
}

#[test]
fn every_press_is_read_from_the_page_as_it_was_written() {
    let all = [
        Press::Language,
        Press::Resend,
        Press::OtherAddress,
        Press::Reload,
        Press::More,
        Press::Revoke(ID.to_owned()),
        Press::RevokeOthers,
        Press::Logout,
    ];
    for press in all {
        assert_eq!(Press::parse(&press.name()), Some(press));
    }
    assert_eq!(Press::parse("anything"), None);
}
