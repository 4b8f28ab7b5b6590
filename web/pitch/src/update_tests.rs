use super::*;
use crate::address::OWN_WIFI;
use countersign_web_kit::text::Language;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn app() -> App {
    App::new(Language::English, true)
}

fn named(app: &mut App, text: &str) -> Vec<Effect> {
    app.update(Event::Named(text.to_owned()), NOW)
}

#[test]
fn a_wifi_is_joined_before_the_browser_is_asked() {
    let mut app = app();
    assert_eq!(named(&mut app, "WIFI:T:WPA;S:teal 07;P:k3vd;;"), []);
    assert_eq!(app.door, Door::Wifi);
    assert_eq!(app.update(Event::Press(Press::Joined), NOW), [Effect::LookAtPermission]);
}

#[test]
fn the_browsers_question_is_explained_before_it_is_asked() {
    let mut app = app();
    assert_eq!(named(&mut app, "10.77.77.1"), [Effect::LookAtPermission]);
    assert_eq!(app.update(Event::Permission(Permission::Prompt), NOW), []);
    assert_eq!(app.door, Door::Permission, "nothing is remembered, nobody is reached");
    let effects = app.update(Event::Press(Press::Allow), NOW);
    assert_eq!(effects, [Effect::Remember(Some(OWN_WIFI.to_owned()))]);
}

#[test]
fn a_browser_that_says_no_is_not_tried() {
    let mut app = app();
    named(&mut app, "10.77.77.1");
    assert_eq!(app.update(Event::Permission(Permission::Denied), NOW), []);
    assert_eq!(app.door, Door::Denied);
    assert_eq!(app.update(Event::Press(Press::Joined), NOW), [Effect::LookAtPermission]);
}

#[test]
fn what_is_no_device_is_said_and_reached_by_nobody() {
    let mut app = app();
    assert_eq!(named(&mut app, "the pitch"), []);
    assert_eq!(app.door, Door::Which { is_wrong: true });
    assert_eq!(app.update(Event::Press(Press::Allow), NOW), []);
}

#[test]
fn whoever_leaves_a_device_is_not_brought_back_by_a_reload() {
    let mut app = app();
    named(&mut app, "10.77.77.1");
    let effects = app.update(Event::Press(Press::Tap(Tap::Depart)), NOW);
    assert_eq!(effects, [Effect::Remember(None), Effect::KeepAwake(false)]);
}

#[test]
fn a_silent_device_is_said_until_it_speaks() {
    let mut app = app();
    assert_eq!(app.update(Event::Deaf, NOW), []);
    assert!(app.is_deaf);
    app.update(Event::Core(CoreEvent::View(Vec::new())), NOW);
    assert!(!app.is_deaf);
}

#[test]
fn the_servers_word_that_a_session_is_over_ends_it() {
    let mut app = app();
    let (id, result) = (countersign_app::AskId(1), Err(Failure::LoggedOut));
    let effects = app.update(Event::Core(CoreEvent::Answer { id, result }), NOW);
    assert_eq!(effects, [Effect::Forget, Effect::KeepAwake(false)]);
    assert_eq!(app.phase, Phase::Out(Out::Ended));
}
