use super::*;
use crate::app::{Found, NoBluetooth};
use crate::device::Disk;
use crate::fixture::{Hall, at, attending, ble, bundle, code, device, fair, place};
use countersign_app::judge::{BallotState, HubState};
use countersign_judging::event::RoundState;
use countersign_web_kit::node::Element;
use countersign_web_kit::text::Language;

const ADDRESS: &str = "ws://192.0.2.7:8470/mesh";

fn network() -> Option<Way> {
    HubAddress::parse(ADDRESS).map(Way::Network)
}

fn press(press: Press) -> Event {
    Event::Press(press)
}

fn fill_in(hall: &mut Hall, app: &mut App, project: &str, points: [u16; 2], seconds: u64) {
    hall.happens(app, Event::Went(Route::Vote(place(project))), at(seconds));
    hall.happens(app, press(Press::Points(0, points[0])), at(seconds));
    hall.happens(app, Event::Typed("points-1".to_owned(), points[1].to_string()), at(seconds));
}

fn state(app: &App, project: &str) -> BallotState {
    app.device().unwrap().judge().ballot(&place(project)).unwrap().state.clone()
}

/// In the hall, known to the hub.
fn welcome() -> (Hall, App) {
    let (mut hall, mut app) = (Hall::new(), attending());
    hall.happens(&mut app, Event::Scanned(code("FAIR")), at(1));
    hall.happens(&mut app, Event::Scanned(ADDRESS.to_owned()), at(1));
    hall.link(&mut app, at(1));
    (hall, app)
}

#[test]
fn the_code_and_the_address_lead_to_the_hub_which_gets_to_know_the_judge() {
    let (hall, app) = welcome();
    assert!(hall.rest.contains(&Effect::Connect(network())));
    assert_eq!(app.device().unwrap().screen().hub, HubState::Welcome);
    assert!(matches!(app.link, LinkState::Up { .. }));
    assert!(hall.kept.contains_key("FAIR/judge/code"), "{:?}", hall.kept.keys());
}

#[test]
fn a_vote_is_kept_before_it_is_sent_and_gets_its_receipt() {
    let (mut hall, mut app) = welcome();
    fill_in(&mut hall, &mut app, "P1", [7, 88], 2);
    assert_eq!(state(&app, "P1"), BallotState::Draft);
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert_eq!((state(&app, "P1"), hall.votes), (BallotState::Accepted, 1));
    assert_eq!(app.device().unwrap().screen().left, 1);
    // Nothing new: nothing is kept or sent.
    let kept = hall.kept.clone();
    hall.happens(&mut app, press(Press::Points(0, 7)), at(4));
    assert_eq!((hall.votes, hall.kept == kept), (1, true));
}

#[test]
fn a_vote_that_cannot_be_kept_does_not_leave_and_goes_once_it_is_kept() {
    let (mut hall, mut app) = welcome();
    fill_in(&mut hall, &mut app, "P1", [7, 88], 2);
    hall.keeps = false;
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert!(matches!(state(&app, "P1"), BallotState::Sent { .. }));
    assert!(app.device().unwrap().is_stuck());
    // Not by a retry, not to a neighbour that asks, not over a new link, and not as a code.
    for seconds in 4..120 {
        hall.happens(&mut app, Event::Tick, at(seconds));
        if seconds == 60 {
            hall.happens(&mut app, Event::Link(LinkState::Connecting), at(60));
            hall.link(&mut app, at(60));
        }
    }
    hall.happens(&mut app, Event::Went(Route::Code(place("P1"))), at(120));
    assert_eq!((hall.votes, &app.code), (0, &None));
    let wait = app.next_tick(at(120)).expect("it is tried again");
    assert!(wait <= 30_000, "{wait}");
    hall.keeps = true;
    hall.happens(&mut app, Event::Tick, at(150));
    assert_eq!((state(&app, "P1"), hall.votes), (BallotState::Accepted, 1));
    assert!(!app.device().unwrap().is_stuck() && app.code.is_some());
}

#[test]
fn a_vote_is_not_said_to_be_kept_before_it_is() {
    let (mut hall, mut app) = welcome();
    hall.is_linked = false;
    hall.happens(&mut app, Event::Link(LinkState::Connecting), at(1));
    fill_in(&mut hall, &mut app, "P1", [7, 88], 2);
    hall.slow = Some(Vec::new());
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert!(matches!(state(&app, "P1"), BallotState::Sent { .. }));
    assert_eq!(app.device().unwrap().disk(), Disk::Writes);
    let says = |app: &App| {
        let page = crate::view::page(app);
        page.iter().map(Element::inner_text).collect::<Vec<_>>().join(" ")
    };
    let kept = crate::text::Texts::of(app.language).is_sent;
    assert!(!says(&app).contains(kept), "{}", says(&app));
    for said in hall.slow.take().unwrap() {
        hall.happens(&mut app, said, at(4));
    }
    assert!(says(&app).contains(kept), "{}", says(&app));
}

#[test]
fn a_draft_that_cannot_be_kept_holds_up_nobody_for_longer_than_that() {
    let (mut hall, mut app) = welcome();
    hall.keeps = false;
    fill_in(&mut hall, &mut app, "P2", [7, 88], 2);
    assert!(app.device().unwrap().is_stuck());
    hall.keeps = true;
    // The newest of what failed is what is kept.
    fill_in(&mut hall, &mut app, "P2", [6, 66], 3);
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert_eq!((state(&app, "P2"), hall.votes), (BallotState::Accepted, 1));
}

#[test]
fn where_nothing_is_kept_at_all_the_key_is_not_either_and_votes_go() {
    let mut device = device();
    drop(device.tap(JudgeTap::Bundle(bundle(fair(RoundState::Open))), at(0)));
    let (mut hall, mut app) = (Hall::new(), App::new(Language::English, Route::Projects));
    hall.is_strict = false;
    hall.keeps = false;
    let phase = Phase::Ready(Box::new(device));
    hall.happens(
        &mut app,
        Event::Found(Found { phase, account: None, hub: None, has_bluetooth: true, keeps: false }),
        at(0),
    );
    hall.happens(&mut app, Event::Scanned(code("FAIR")), at(1));
    hall.link(&mut app, at(1));
    fill_in(&mut hall, &mut app, "P1", [7, 88], 2);
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert_eq!((state(&app, "P1"), hall.votes), (BallotState::Accepted, 1));
}

#[test]
fn what_was_kept_is_there_again_with_drafts_and_receipts() {
    let (mut hall, mut app) = welcome();
    fill_in(&mut hall, &mut app, "P1", [7, 88], 2);
    hall.happens(&mut app, press(Press::Cast), at(3));
    fill_in(&mut hall, &mut app, "P2", [1, 2], 4);
    let mut again = device();
    let event = bundle(fair(RoundState::Open));
    hall.kept.insert("FAIR/judge/bundle".to_owned(), event);
    for (name, bytes) in hall.kept.clone() {
        again.restore(name.strip_prefix("FAIR/").unwrap(), bytes, at(60));
    }
    let mut app = App::new(Language::English, Route::Vote(place("P2")));
    let phase = Phase::Ready(Box::new(again));
    let hub = HubAddress::parse(ADDRESS);
    let effects = app.update(
        Event::Found(Found {
            phase,
            account: None,
            hub: hub.clone(),
            has_bluetooth: true,
            keeps: true,
        }),
        at(60),
    );
    assert!(effects.contains(&Effect::Connect(network())), "{effects:?}");
    assert_eq!(state(&app, "P1"), BallotState::Accepted);
    assert_eq!(app.form.unwrap().points, [Some(1), Some(2)]);
}

#[test]
fn without_a_link_a_vote_waits_and_goes_when_there_is_one() {
    let (mut hall, mut app) = welcome();
    hall.is_linked = false;
    hall.happens(&mut app, Event::Link(LinkState::Connecting), at(2));
    fill_in(&mut hall, &mut app, "P1", [7, 88], 3);
    hall.happens(&mut app, press(Press::Cast), at(4));
    assert!(matches!(state(&app, "P1"), BallotState::Sent { .. }));
    let wait = app.next_tick(at(4)).expect("it is tried again");
    assert!((1..60_000).contains(&wait), "{wait}");
    hall.happens(&mut app, Event::Tick, at(90));
    assert_eq!(hall.votes, 0);
    hall.link(&mut app, at(91));
    assert_eq!(state(&app, "P1"), BallotState::Accepted);
}

/// In the hall with Bluetooth alone; the hub's frames have so many bytes.
fn by_bluetooth(hub_frames: usize) -> (Hall, App) {
    let (mut hall, mut app) = (Hall::new(), attending());
    hall.happens(&mut app, Event::Scanned(code("FAIR")), at(1));
    hall.rest.clear();
    hall.happens(&mut app, press(Press::Bluetooth), at(1));
    assert_eq!(hall.rest, [Effect::Choose(ble())], "who chooses is the person");
    hall.happens(&mut app, Event::Chosen(Ok(())), at(1));
    assert_eq!(hall.rest[1..], [Effect::Connect(Some(Way::Bluetooth(ble())))]);
    hall.frame_max = (hub_frames, 20);
    hall.link(&mut app, at(1));
    (hall, app)
}

#[test]
fn a_vote_goes_by_bluetooth_in_the_smallest_frames_and_gets_its_receipt() {
    let (mut hall, mut app) = by_bluetooth(20);
    assert_eq!(app.device().unwrap().screen().hub, HubState::Welcome);
    fill_in(&mut hall, &mut app, "P1", [7, 88], 2);
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert_eq!((state(&app, "P1"), hall.votes), (BallotState::Accepted, 1));
    assert!(hall.frames.iter().all(|len| *len <= 20), "{:?}", hall.frames);
}

#[test]
fn what_comes_in_long_frames_is_answered_in_such() {
    let (mut hall, mut app) = by_bluetooth(244);
    hall.frames.clear();
    fill_in(&mut hall, &mut app, "P1", [7, 88], 2);
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert_eq!((state(&app, "P1"), hall.votes), (BallotState::Accepted, 1));
    let longest = hall.frames.iter().max().copied().unwrap_or_default();
    assert!((100..=244).contains(&longest), "{:?}", hall.frames);
    // A link that is made again has to be learned again.
    hall.happens(&mut app, Event::Link(LinkState::Connecting), at(4));
    hall.frames.clear();
    hall.happens(&mut app, Event::Link(LinkState::Up { frame_max: 20 }), at(5));
    assert!(hall.frames.first().is_none_or(|len| *len <= 20), "{:?}", hall.frames);
}

#[test]
fn the_link_is_the_one_that_was_chosen_last() {
    let (mut hall, mut app) = by_bluetooth(20);
    hall.rest.clear();
    // Another device by the same way.
    hall.happens(&mut app, press(Press::Bluetooth), at(2));
    hall.happens(&mut app, Event::Chosen(Ok(())), at(2));
    let bluetooth = Effect::Connect(Some(Way::Bluetooth(ble())));
    assert_eq!(hall.rest, [Effect::Choose(ble()), bluetooth]);
    // Nobody was chosen: what is there stays.
    hall.rest.clear();
    hall.happens(&mut app, Event::Chosen(Err(NoBluetooth::NotChosen)), at(3));
    assert_eq!((hall.rest.len(), app.by_bluetooth), (0, true));
    hall.happens(&mut app, Event::Scanned(ADDRESS.to_owned()), at(4));
    assert!(hall.rest.contains(&Effect::Connect(network())), "{:?}", hall.rest);
    hall.rest.clear();
    hall.happens(&mut app, Event::Chosen(Ok(())), at(5));
    hall.happens(&mut app, press(Press::BluetoothOff), at(6));
    let ways: Vec<_> = hall.rest.iter().filter(|it| matches!(it, Effect::Connect(_))).collect();
    assert_eq!(ways.len(), 2);
    assert_eq!(ways[1], &Effect::Connect(network()));
}

#[test]
fn without_the_days_code_there_is_nothing_to_look_for_by_bluetooth() {
    let mut app = attending();
    assert_eq!(app.update(press(Press::Bluetooth), at(1)), []);
}

#[test]
fn points_are_taken_back_step_by_step_and_the_draft_with_them() {
    let (mut hall, mut app) = welcome();
    fill_in(&mut hall, &mut app, "P1", [7, 88], 2);
    hall.happens(&mut app, press(Press::Undo), at(3));
    let draft =
        |app: &App| app.device().unwrap().judge().ballot(&place("P1")).unwrap().draft.clone();
    assert_eq!(draft(&app), Some(vec![Some(7), None]));
    hall.happens(&mut app, press(Press::Step(1, 1)), at(3));
    assert_eq!(draft(&app), Some(vec![Some(7), Some(1)]), "a first step is the fewest");
    hall.happens(&mut app, press(Press::Step(1, -1)), at(3));
    assert_eq!(draft(&app), Some(vec![Some(7), Some(1)]), "not below the range");
    hall.happens(&mut app, press(Press::Undo), at(3));
    hall.happens(&mut app, press(Press::Undo), at(3));
    assert_eq!(draft(&app), Some(vec![None, None]));
}

#[test]
fn what_is_missing_or_outside_its_range_is_not_sent() {
    let (mut hall, mut app) = welcome();
    fill_in(&mut hall, &mut app, "P1", [7, 0], 2);
    hall.happens(&mut app, press(Press::Cast), at(3));
    hall.happens(&mut app, Event::Typed("points-1".to_owned(), "many".to_owned()), at(3));
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert_eq!((hall.votes, state(&app, "P1")), (0, BallotState::Draft));
}

#[test]
fn nobody_is_recused_by_a_single_press() {
    let (mut hall, mut app) = welcome();
    hall.happens(&mut app, Event::Went(Route::Vote(place("P2"))), at(2));
    hall.happens(&mut app, press(Press::RecuseSure), at(2));
    assert_eq!(hall.votes, 0);
    hall.happens(&mut app, press(Press::Recuse), at(2));
    hall.happens(&mut app, press(Press::RecuseNot), at(2));
    hall.happens(&mut app, press(Press::RecuseSure), at(2));
    assert_eq!(hall.votes, 0);
    hall.happens(&mut app, press(Press::Recuse), at(2));
    hall.happens(&mut app, press(Press::RecuseSure), at(2));
    assert_eq!((hall.votes, state(&app, "P2")), (1, BallotState::Accepted));
}

#[test]
fn a_project_code_opens_its_form_and_other_texts_say_what_they_are() {
    let (mut hall, mut app) = welcome();
    hall.rest.clear();
    hall.happens(&mut app, Event::Scanned("nodus://vote?pid=P3&cat=IDEAS".to_owned()), at(2));
    assert_eq!(hall.rest, [Effect::Go(Route::Vote(place("P3")))]);
    for (text, notice) in [
        (code("OTHER"), Notice::OtherEvent("OTHER".to_owned())),
        ("NODUS:EVENT_ID=FAIR".to_owned(), Notice::BadCode),
        ("https://example.org/".to_owned(), Notice::NotOurs),
        ("http://hub/else".to_owned(), Notice::NotOurs),
        (String::new(), Notice::NotOurs),
    ] {
        hall.happens(&mut app, Event::Scanned(text), at(2));
        assert_eq!(app.notice, Some(notice));
    }
    assert_eq!(app.device().unwrap().event().unwrap().as_str(), "FAIR");
}

#[test]
fn without_an_event_codes_ask_for_one() {
    let mut app = App::new(Language::English, Route::Scan);
    let phase = Phase::Ready(Box::new(device()));
    drop(app.update(
        Event::Found(Found { phase, account: None, hub: None, has_bluetooth: true, keeps: true }),
        at(0),
    ));
    for text in [code("FAIR"), "nodus://vote?pid=P3&cat=IDEAS".to_owned()] {
        assert_eq!(app.update(Event::Scanned(text), at(0)), []);
        assert_eq!(app.notice, Some(Notice::NoEvent));
    }
}

#[test]
fn a_vote_becomes_a_code_only_when_there_is_one() {
    let (mut hall, mut app) = welcome();
    hall.happens(&mut app, Event::Went(Route::Code(place("P1"))), at(2));
    assert_eq!(app.code, None);
    fill_in(&mut hall, &mut app, "P1", [7, 88], 3);
    hall.happens(&mut app, press(Press::Cast), at(3));
    hall.happens(&mut app, Event::Went(Route::Code(place("P1"))), at(4));
    let (of, text) = app.code.expect("a code");
    assert_eq!(of, place("P1"));
    assert!(text.starts_with("NODUS-VOTE:") && text.len() < 500, "{text}");
}

#[test]
fn the_camera_is_open_only_where_it_is_shown() {
    let (mut hall, mut app) = welcome();
    hall.rest.clear();
    hall.happens(&mut app, Event::Went(Route::Scan), at(2));
    hall.happens(&mut app, Event::Camera(CameraState::Looking), at(2));
    hall.happens(&mut app, Event::Went(Route::Projects), at(3));
    assert_eq!(hall.rest, [Effect::Camera(true), Effect::Camera(false)]);
    assert_eq!(app.camera, CameraState::Off);
}

#[test]
fn questions_to_the_server_are_asked_once_and_only_by_somebody_who_is_logged_in() {
    let mut app = App::new(Language::English, Route::Event);
    let phase = Phase::Ready(Box::new(device()));
    let account = Some("ana@example.org".to_owned());
    let effects = app.update(
        Event::Found(Found { phase, account, hub: None, has_bluetooth: true, keeps: true }),
        at(0),
    );
    assert_eq!(effects, [Effect::Call(Ask::Invitations)]);
    assert_eq!(app.update(press(Press::Reload), at(0)), []);
    let said = br#"{"events":[{"event":"FAIR","title":"Fair","starts_ms":1,"judge":"J1","key":null,"bundle":null}]}"#;
    assert_eq!(app.update(Event::Answer(Ask::Invitations, Ok(said.to_vec())), at(0)), []);
    let event = EventId::new("FAIR").unwrap();
    assert_eq!(app.update(press(Press::Enrol(event)), at(0)), [Effect::Call(Ask::Enrol(event))]);
    assert_eq!(app.update(Event::Answer(Ask::Enrol(event), Err(Failure::LoggedOut)), at(0)), []);
    assert_eq!(app.account, None);
    assert_eq!(app.update(press(Press::Enrol(event)), at(0)), []);
}

#[test]
fn a_key_that_is_taken_is_given_up_only_by_who_was_told_what_that_means() {
    let event = EventId::new("FAIR").unwrap();
    let mut app = App::new(Language::English, Route::Event);
    let phase = Phase::Ready(Box::new(device()));
    let account = Some("bo@example.org".to_owned());
    drop(app.update(
        Event::Found(Found { phase, account, hub: None, has_bluetooth: true, keeps: true }),
        at(0),
    ));
    let refused =
        |code: &str| Err(Failure::Refused { code: code.to_owned(), detail: "taken".to_owned() });
    assert_eq!(app.update(press(Press::NewKey), at(0)), []);
    for _ in 0..2 {
        assert_eq!(
            app.update(press(Press::Enrol(event)), at(0)),
            [Effect::Call(Ask::Enrol(event))]
        );
        drop(app.update(Event::Answer(Ask::Enrol(event), refused("key_taken")), at(0)));
        assert_eq!((app.taken, &app.notice), (Some(event), &None));
        drop(app.update(press(Press::OldKey), at(0)));
        assert_eq!(app.update(press(Press::NewKey), at(0)), []);
    }
    drop(app.update(press(Press::Enrol(event)), at(0)));
    drop(app.update(Event::Answer(Ask::Enrol(event), refused("key_taken")), at(0)));
    assert_eq!(app.update(press(Press::NewKey), at(0)), [Effect::NewKey]);
    drop(app.update(press(Press::Enrol(event)), at(0)));
    drop(app.update(Event::Answer(Ask::Enrol(event), refused("published")), at(0)));
    assert_eq!(app.taken, None);
    assert!(matches!(app.notice, Some(Notice::Failed(Ask::Enrol(_), _))));
}

#[test]
fn another_event_begins_with_what_is_kept_of_it() {
    let (mut hall, mut app) = welcome();
    hall.rest.clear();
    let mut other = fair(RoundState::Open);
    other.id = EventId::new("OTHER").unwrap();
    let tap = JudgeTap::Bundle(bundle(other));
    hall.happens(&mut app, Event::Told(JudgeEvent::Tap(Box::new(tap))), at(2));
    assert!(hall.rest.contains(&Effect::Restart), "{:?}", hall.rest);
    assert!(hall.kept.contains_key("OTHER/judge/bundle"));
}

#[test]
fn a_tab_that_lost_the_lock_does_nothing_any_more() {
    let (mut hall, mut app) = welcome();
    hall.rest.clear();
    hall.happens(&mut app, Event::Stolen, at(2));
    assert_eq!(hall.rest, [Effect::Camera(false), Effect::Connect(None)]);
    hall.rest.clear();
    fill_in(&mut hall, &mut app, "P1", [7, 88], 3);
    hall.happens(&mut app, press(Press::Cast), at(3));
    assert_eq!((hall.votes, app.next_tick(at(3))), (0, None));
    hall.happens(&mut app, press(Press::Here), at(4));
    assert_eq!(hall.rest, [Effect::Restart]);
    assert!(!app.has_left_unkept);
}

#[test]
fn a_tab_that_lost_the_lock_says_whether_something_was_not_kept() {
    let (_, mut app) = welcome();
    let now = at(2);
    drop(app.update(Event::Went(Route::Vote(place("P1"))), now));
    let wishes = app.update(press(Press::Points(0, 4)), now);
    let [Effect::Wish(Wish::Keep { number, name, .. })] = &wishes[..] else { panic!("{wishes:?}") };
    drop(app.update(Event::Stolen, now));
    assert!(app.has_left_unkept);
    // The disk says the same a little later, and what was lost stays lost.
    assert_eq!(app.update(Event::Stolen, at(5)), [Effect::Camera(false)]);
    assert!(app.has_left_unkept);
    // Too late.
    assert_eq!(app.update(Event::Kept(name.clone(), *number, false), at(60)), []);
    assert_eq!(app.update(Event::Tick, at(90)), []);
}
