use super::*;
use crate::app::{CameraState, Event, Notice};
use crate::fixture::{Hall, at, attending, code, place};
use countersign_web_kit::text::Language;

fn text(app: &App) -> String {
    page(app).iter().map(Element::inner_text).collect::<Vec<_>>().join(" ")
}

fn any(app: &App, is: &dyn Fn(&Element) -> bool) -> bool {
    page(app).iter().any(|element| element.any(is))
}

fn presses(app: &App, press: &Press) -> bool {
    let name = press.name();
    any(app, &|it| {
        let has = |key: &str, value: Option<&str>| {
            it.attributes
                .iter()
                .any(|(name, there)| *name == key && value.is_none_or(|value| there == value))
        };
        has("data-press", Some(&name)) && !has("aria-disabled", None)
    })
}

fn going(app: &mut App, route: Route) {
    drop(app.update(Event::Went(route), at(1)));
}

#[test]
fn every_place_says_something_in_both_languages() {
    for language in [Language::English, Language::French] {
        let mut app = attending();
        app.language = language;
        for route in [
            Route::Scan,
            Route::Event,
            Route::Vote(place("P1")),
            Route::Code(place("P1")),
            Route::Projects,
        ] {
            going(&mut app, route);
            assert!(text(&app).len() > 80, "{route:?}");
            assert!(any(&app, &|it| it.tag == "h1"), "{route:?}");
        }
    }
}

#[test]
fn the_list_says_what_is_left_and_what_fits_the_search() {
    let mut app = attending();
    assert!(text(&app).contains("2 to go"), "{}", text(&app));
    let before = text(&app);
    assert!(before.find("To do").unwrap() < before.find("Other projects").unwrap());
    assert!(text(&app).contains("conflict"));
    drop(app.update(Event::Typed("search".to_owned(), " t2".to_owned()), at(1)));
    assert!(text(&app).contains("Project 2") && !text(&app).contains("Project 1"));
    drop(app.update(Event::Typed("search".to_owned(), "nothing".to_owned()), at(1)));
    assert!(text(&app).contains("No project fits “nothing”"));
}

#[test]
fn a_vote_can_be_sent_when_it_is_complete_and_not_before() {
    let mut app = attending();
    going(&mut app, Route::Vote(place("P1")));
    assert!(!presses(&app, &Press::Cast) && !presses(&app, &Press::Undo));
    drop(app.update(Event::Press(Press::Points(0, 4)), at(1)));
    assert!(!presses(&app, &Press::Cast) && presses(&app, &Press::Undo));
    drop(app.update(Event::Typed("points-1".to_owned(), "50".to_owned()), at(1)));
    assert!(presses(&app, &Press::Cast));
    drop(app.update(Event::Typed("points-1".to_owned(), "500".to_owned()), at(1)));
    assert!(
        !presses(&app, &Press::Cast)
            && any(&app, &|it| it.attributes.iter().any(|it| it.0 == "aria-invalid"))
    );
}

#[test]
fn a_few_points_have_buttons_and_many_are_typed() {
    let mut app = attending();
    going(&mut app, Route::Vote(place("P1")));
    assert!(presses(&app, &Press::Points(0, 0)) && presses(&app, &Press::Points(0, 10)));
    assert!(!presses(&app, &Press::Points(0, 11)) && !presses(&app, &Press::Points(1, 50)));
    assert!(presses(&app, &Press::Step(1, 1)));
}

#[test]
fn nobody_judges_what_they_must_not_and_everybody_is_told_what_nobody_asked_for() {
    let mut app = attending();
    going(&mut app, Route::Vote(place("P4")));
    assert!(
        text(&app).contains("You must not judge this project")
            && !any(&app, &|it| it.tag == "button" && it.inner_text() == "5")
    );
    going(&mut app, Route::Vote(place("P3")));
    assert!(text(&app).contains("Nobody asked you") && text(&app).contains("Table T3"));
    going(&mut app, Route::Vote(place("P9")));
    assert!(text(&app).contains("This event has no such project"));
}

#[test]
fn a_vote_says_what_became_of_it_and_where_to_go_on() {
    let (mut hall, mut app) = (Hall::new(), attending());
    hall.happens(&mut app, Event::Scanned(code("FAIR")), at(1));
    hall.happens(&mut app, Event::Went(Route::Vote(place("P1"))), at(2));
    hall.happens(&mut app, Event::Press(Press::Points(0, 4)), at(2));
    assert!(text(&app).contains("Kept on this device, not sent"));
    hall.happens(&mut app, Event::Typed("points-1".to_owned(), "50".to_owned()), at(2));
    hall.happens(&mut app, Event::Press(Press::Cast), at(2));
    assert!(text(&app).contains("on its way") && text(&app).contains("Show it as a QR code"));
    hall.link(&mut app, at(3));
    assert!(
        text(&app).contains("The hub has it on its disk") && text(&app).contains("Next: Project 2"),
        "{}",
        text(&app)
    );
    hall.happens(&mut app, Event::Press(Press::Points(0, 5)), at(4));
    assert!(text(&app).contains("You changed something"));
    hall.happens(&mut app, Event::Went(Route::Projects), at(5));
    assert!(text(&app).contains("1 to go") && text(&app).contains("changed"));
}

#[test]
fn what_is_wrong_is_said_at_the_top() {
    let mut app = attending();
    app.notice = Some(Notice::OtherEvent("ELSE".to_owned()));
    app.keeps = false;
    assert!(
        text(&app).contains("another event: ELSE")
            && text(&app).contains("This browser keeps nothing")
    );
    app.camera = CameraState::Denied;
    going(&mut app, Route::Scan);
    drop(app.update(Event::Camera(CameraState::Denied), at(2)));
    assert!(text(&app).contains("The camera is not allowed") && presses(&app, &Press::Camera));
}

#[test]
fn a_vote_that_could_not_be_kept_is_said_to_be_here_and_no_way_out_is_offered() {
    let (mut hall, mut app) = (Hall::new(), attending());
    hall.happens(&mut app, Event::Scanned(code("FAIR")), at(1));
    hall.happens(&mut app, Event::Went(Route::Vote(place("P1"))), at(2));
    hall.happens(&mut app, Event::Press(Press::Points(0, 4)), at(2));
    hall.happens(&mut app, Event::Typed("points-1".to_owned(), "50".to_owned()), at(2));
    hall.keeps = false;
    hall.happens(&mut app, Event::Press(Press::Cast), at(2));
    let says = text(&app);
    assert!(says.contains("could not keep what you entered: no vote is sent"), "{says}");
    assert!(says.contains("It does not leave this device") && says.contains("not kept"), "{says}");
    assert!(!says.contains("Signed and kept") && !says.contains("Show it as a QR code"), "{says}");
    going(&mut app, Route::Code(place("P1")));
    assert!(text(&app).contains("It does not leave this device"));
}

#[test]
fn the_chip_says_which_link_is_up_and_a_browser_without_bluetooth_is_told_what_helps() {
    let (mut hall, mut app) = (Hall::new(), attending());
    going(&mut app, Route::Event);
    assert!(!text(&app).contains("Bluetooth"), "without a code there is nobody to look for");
    hall.happens(&mut app, Event::Scanned(code("FAIR")), at(1));
    for route in [Route::Event, Route::Projects] {
        going(&mut app, route);
        assert!(text(&app).contains("No link"), "{route:?}");
    }
    hall.link(&mut app, at(2));
    assert!(text(&app).contains("Link: network"));
    drop(app.update(Event::Chosen(Ok(())), at(3)));
    assert!(text(&app).contains("Link: Bluetooth"));
    going(&mut app, Route::Event);
    assert!(presses(&app, &Press::Bluetooth) && presses(&app, &Press::BluetoothOff));
    app.has_bluetooth = false;
    assert!(!presses(&app, &Press::Bluetooth) && text(&app).contains("every browser on an iPhone"));
}

#[test]
fn a_key_that_is_taken_is_explained_with_what_would_be_lost() {
    let (mut hall, mut app) = (Hall::new(), attending());
    hall.happens(&mut app, Event::Scanned(code("FAIR")), at(1));
    hall.happens(&mut app, Event::Went(Route::Vote(place("P1"))), at(2));
    hall.happens(&mut app, Event::Press(Press::Points(0, 4)), at(2));
    hall.happens(&mut app, Event::Typed("points-1".to_owned(), "50".to_owned()), at(2));
    hall.happens(&mut app, Event::Press(Press::Cast), at(2));
    app.account = Some("bo@example.org".to_owned());
    app.taken = app.device().unwrap().event();
    going(&mut app, Route::Event);
    assert!(presses(&app, &Press::NewKey) && presses(&app, &Press::OldKey));
    let says = text(&app);
    assert!(says.contains("The old one is gone for good"), "{says}");
    assert!(says.contains("Votes without a receipt that would be lost: 1."), "{says}");
}

#[test]
fn before_there_is_a_device_the_page_says_what_it_needs() {
    let mut app = App::new(Language::English, Route::Projects);
    for (phase, says) in [
        (Phase::Starting, "Loading"),
        (Phase::Stranger, "Log in once"),
        (Phase::Unusable, "cannot make or keep the key"),
        (Phase::Elsewhere, "another tab"),
    ] {
        app.phase = phase;
        assert!(text(&app).contains(says), "{says}");
        assert!(!any(&app, &|it| it.tag == "nav"));
    }
    assert!(!text(&app).contains("not kept any more"));
    app.has_left_unkept = true;
    assert!(text(&app).contains("not kept any more"));
}
