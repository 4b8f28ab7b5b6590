use super::*;
use crate::act::Act;
use crate::app::{Confirm, Event, Form, Press, Registered, Step};
use crate::ask::Ask;
use crate::files::Files;
use countersign_app::Failure;
use countersign_web_kit::login::Trouble;
use countersign_web_kit::said::Value;
use countersign_web_kit::text::Language;

const LANGUAGES: [Language; 2] = [Language::English, Language::French];
const ID: &str = "0123456789abcdef0123456789abcdef";
const MARKUP: &str = "<img src=x onerror=alert(1)>";

fn at(route: Route) -> App {
    let mut app = App::new(Language::English, route, true);
    let (session_id, address) = (ID.to_owned(), "olga@example.org".to_owned());
    app.update(Event::Found(Registered { session_id, address, memory_only: false }));
    let hello = br#"{"is_operator":true,"disputes":1000,"frozen":0,"pending":2,"suspect":0,"gaps":0,"cap":1000}"#;
    app.update(Event::Answer(Ask::Hello, Ok(hello.to_vec())));
    app
}

fn told(route: Route, ask: Ask, content: &str) -> App {
    let mut app = at(route);
    app.update(Event::Answer(ask, Ok(content.as_bytes().to_vec())));
    app
}

fn text(app: &App) -> String {
    page(app).iter().map(Element::inner_text).collect::<Vec<_>>().join(" ")
}

fn devices() -> String {
    format!(
        r#"{{"devices":[{{"device":"{ID}","batch":"{ID}","serial":"{MARKUP}","mark":"teal","status":"suspect",
        "can_become":["active","revoked"],"registered_ms":0,"changed_ms":0,"max_players":22,"master":"m","slave":"s",
        "matches":12,"missing":3}}],"next":"{ID}"}}"#
    )
}

fn of_match() -> String {
    format!(
        r#"{{"match":"{ID}","device":"{ID}","rules":"short","started_ms":0,"ended_ms":60000,"outcome":"final",
        "score":[3,1],"winner":"A","state":"frozen","sentence":"Its device is under suspicion.","counts_at_ms":null,
        "integrity":256,"seats":[{{"user":"{ID}","team":"A","booked":-8250,"conduct":"finished"}}],
        "goals":[{{"goal":0,"at_ms":6000,"team":"A","annulled":true}}],
        "results":[{{"result":"aa","received_ms":0,"bytes":9}},{{"result":"bb","received_ms":0,"bytes":9}}],
        "disputes":[{{"match":"{ID}","dispute":1,"user":"{ID}","kind":"goal","text":"{MARKUP}","opened_ms":0,"state":"open"}}],
        "unread":null,"serial":"GL-00001","names":{{"{ID}":"{MARKUP}"}}}}"#
    )
}

const FAIR: &str = r#"{"event":"FAIR","title":"<img src=x onerror=alert(1)>","starts_ms":0,"ends_ms":0,"version":1"#;

/// An event with published results.
fn fair() -> App {
    let id = "FAIR".to_owned();
    let event = format!(
        r#"{FAIR},"judges":[{{"judge":"J1","address":"jo@example.org","enrolled_ms":1,"votes":2,"assigned":3,"published":1,"replaceable":false}},
        {{"judge":"J2","address":null,"enrolled_ms":null,"votes":0,"assigned":0,"published":null,"replaceable":false}}],
        "hubs":[{{"hub":"ab","entries":9,"fork":true,"received_ms":0}}],"votes":2,"results_ms":7,
        "may_change":true,"projects":2,"cards":3,"rounds":[{{"round":1,"title":"{MARKUP}","assigned":3}}],"hub_names":[]}}"#
    );
    let results = r#"{"counts":[{"round":1,"category":"MAIN","groups":2,"projects":[
        {"project":"P1","title":"One","votes":2,"raw":{"rank":2},"ridge":{"rank":2},"bradley_terry":null},
        {"project":"P2","title":"Two","votes":2,"raw":{"rank":1},"ridge":{"rank":1},"bradley_terry":{"rank":null}}]}]}"#;
    let mut app = told(Route::Event(id.clone()), Ask::Event(id.clone()), &event);
    app.update(Event::Answer(Ask::Results(id), Ok(results.as_bytes().to_vec())));
    app
}

/// Every place with something in it.
fn everywhere() -> Vec<App> {
    let null = || Value::Null;
    let users = format!(
        r#"{{"users":[{{"user":"{ID}","address":"ana@example.org","created_ms":0,"scopes":["operator"]}}],"next":null}}"#
    );
    let person = format!(
        r#"{{"user":"{ID}","address":"ana@example.org","created_ms":0,"scopes":[],"player":null,"sessions":[
        {{"session_id":"a","name":"{MARKUP}","platform":"web","last_seen_ms":0,"current":false,"status":"live"}},
        {{"session_id":"b","name":"Phone","platform":"web","last_seen_ms":0,"current":false,"status":"live"}},
        {{"session_id":"c","name":"Old","platform":"web","last_seen_ms":0,"current":false,"status":"revoked"}}]}}"#
    );
    let audit = format!(
        r#"{{"entries":[{{"seq":7,"at_ms":0,"action":"console.device_set","user":"{ID}","detail":
        {{"reason":"{MARKUP}","to":"revoked","session":null}}}},
        {{"seq":6,"at_ms":0,"action":"key.rotate","user":null,"detail":"text"}}],"next":5}}"#
    );
    let (id, devices_of) = (ID.to_owned(), devices());
    let device: Value = serde_json::from_str(&devices_of).unwrap();
    let device = device["devices"][0].to_string();
    let disputes = of_match();
    let disputes: Value = serde_json::from_str(&disputes).unwrap();
    let matches = format!(r#"{{"matches":[{}],"next":null}}"#, of_match());
    let disputes = format!(
        r#"{{"disputes":{},"names":{},"next":null}}"#,
        disputes["disputes"], disputes["names"]
    );
    let all = || Ask::Devices { status: None, after: null() };
    let every = || Ask::Matches { queue: None, before: null() };
    vec![
        at(Route::Overview),
        told(Route::Devices(None), all(), &devices_of),
        told(Route::Device(id.clone()), Ask::Device(id.clone()), &device),
        told(Route::Matches(None), every(), &matches),
        told(Route::Match(id.clone()), Ask::Match(id.clone()), &of_match()),
        told(Route::Disputes, Ask::Disputes(null()), &disputes),
        told(Route::Users, Ask::Users(null()), &users),
        told(Route::User(id.clone()), Ask::User(id), &person),
        told(Route::Audit, Ask::Audit(null()), &audit),
        told(
            Route::Events,
            Ask::Events(null()),
            &format!(r#"{{"events":[{FAIR}}}],"next":null}}"#),
        ),
        fair(),
        set_up(&format!(r#"{{"faults":["judges, line 2: {MARKUP}","judges, line 3: no id"]}}"#)),
        set_up(PREVIEW),
    ]
}

/// Files that the server has looked at.
fn set_up(said: &str) -> App {
    let mut app = at(Route::SetUp);
    let files = Files { event: MARKUP.to_owned(), ..Files::default() };
    app.update(Event::Submit(Form::Files(Box::new(files.clone()))));
    app.update(Event::Answer(Ask::Check(Box::new(files)), Ok(said.as_bytes().to_vec())));
    app
}

const PREVIEW: &str = r#"{"faults":[],"event":"FAIR","title":"<img src=x onerror=alert(1)>","starts_ms":0,"ends_ms":0,
    "revision":null,"may_change":true,"conflicts":1,"hubs":["<img src=x onerror=alert(1)>"],
    "categories":[{"id":"A","title":"<img src=x onerror=alert(1)>","criteria":[{"title":"<img src=x onerror=alert(1)>","least":0,"most":10,"weight":2}]}],
    "rounds":[{"number":1,"title":"<img src=x onerror=alert(1)>","open":false}],
    "projects":[{"id":"P1","title":"<img src=x onerror=alert(1)>","table":"T1","categories":["A"]},{"id":"P2","title":"Two","table":"","categories":["A"]}],
    "judges":[{"judge":"J1","name":"<img src=x onerror=alert(1)>","address":"jo@example.org","capacity":5}]}"#;

#[test]
fn what_files_describe_is_shown_and_can_be_stored_only_by_whose_event_it_is() {
    let said = text(&set_up(PREVIEW));
    assert!(
        said.contains("Create this event")
            && said.contains("about 2 projects, if each is seen by 1"),
        "{said}"
    );
    let said = text(&set_up(&PREVIEW.replace(r#""revision":null"#, r#""revision":7"#)));
    assert!(said.contains("Put these files in place"), "{said}");
    let mut taken = set_up(&PREVIEW.replace(r#""may_change":true"#, r#""may_change":false"#));
    assert!(text(&taken).contains("somebody else made it"));
    assert_eq!(taken.update(Event::Press(Press::Store)), []);
    assert_eq!(taken.draft, None);
}

#[test]
fn only_who_may_change_an_event_is_offered_to() {
    let mut app = fair();
    let offers = |app: &App| {
        let press = |it: &Element| {
            it.attributes.iter().any(|(name, value)| {
                *name == "data-press" && (value.starts_with("act ") || value == "sheets")
            })
        };
        page(app).iter().any(|it| it.any(&press))
    };
    assert!(offers(&app) && text(&app).contains("Allow another key"));
    app.data.fair.as_mut().unwrap().coverage.may_change = false;
    assert!(!offers(&app));
    assert!(text(&app).contains("Only who made this event"));
}

#[test]
fn every_place_was_understood_and_says_it_in_both_languages() {
    for mut app in everywhere() {
        assert_eq!(app.notice, None, "{:?}", app.route);
        let said = LANGUAGES.map(|language| {
            app.language = language;
            assert!(!window_title(&app).is_empty());
            text(&app)
        });
        assert_ne!(said[0], said[1], "{:?}", app.route);
        assert!(!said[0].contains("Loading"), "{:?}", app.route);
        assert!(!said.iter().any(|it| it.contains("{}")), "{:?}", app.route);
    }
}

#[test]
fn what_others_wrote_is_text_and_stands_alone() {
    let mut seen = 0;
    for app in everywhere() {
        let page = page(&app);
        let holds = |it: &Element| {
            it.children.iter().any(|child| matches!(child, countersign_web_kit::node::Node::Text(text) if text.contains(MARKUP)))
        };
        let names = |it: &Element| {
            holds(it) && (it.tag == "bdi" || it.attributes.contains(&("dir", "auto".into())))
        };
        let bare = |it: &Element| holds(it) && !names(it);
        assert!(!page.iter().any(|it| it.any(&bare)), "{:?}", app.route);
        seen += usize::from(page.iter().any(|it| it.any(&names)));
    }
    assert_eq!(
        seen, 10,
        "devices, device, match, disputes, user, log, events, event, faults, preview"
    );
}

#[test]
fn a_stranger_is_told_whose_page_it_is_and_sees_no_place() {
    let mut app = at(Route::Users);
    let failure = Failure::Refused { code: "forbidden".to_owned(), detail: String::new() };
    app.update(Event::Answer(Ask::Users(Value::Null), Err(failure)));
    let said = text(&app);
    assert!(said.contains("This is not your page") && said.contains("olga@example.org"), "{said}");
    assert!(!page(&app).iter().any(|it| it.any(&|it| it.tag == "nav")));
}

#[test]
fn a_thousand_that_wait_are_a_thousand_or_more_and_nothing_is_said_so() {
    let said = text(&at(Route::Overview));
    assert!(said.contains("1000 or more") && said.contains("What waits"), "{said}");
    let calm = br#"{"is_operator":true,"disputes":0,"frozen":0,"pending":0,"suspect":0,"gaps":0,"cap":1000}"#;
    let mut app = at(Route::Overview);
    app.update(Event::Answer(Ask::Hello, Ok(calm.to_vec())));
    assert!(text(&app).contains("Nothing waits for you."));
}

#[test]
fn an_empty_list_says_so_and_a_missing_thing_too() {
    let all = Ask::Devices { status: None, after: Value::Null };
    let app = told(Route::Devices(None), all, r#"{"devices":[],"next":null}"#);
    assert!(text(&app).contains("There is none."));
    let mut app = at(Route::Device(ID.to_owned()));
    let failure = Failure::Refused { code: "not_found".to_owned(), detail: String::new() };
    app.update(Event::Answer(Ask::Device(ID.to_owned()), Err(failure)));
    assert!(text(&app).contains("There is nothing with this id."));
}

#[test]
fn each_step_of_an_act_is_said_in_both_languages() {
    let own = |text: &str| text.to_owned();
    let acts = [
        Act::Device { device: own(ID), to: own("revoked") },
        Act::Rule { of: own(ID), decision: own("uphold") },
        Act::Rule { of: own(ID), decision: own("void") },
        Act::Rule { of: own(ID), decision: own("refund") },
        Act::Revoke { user: own(ID), session: None },
        Act::Revoke { user: own(ID), session: Some(own("a")) },
        Act::Put { files: Box::default(), from: None },
        Act::Put { files: Box::default(), from: Some(1) },
        Act::Assign { event: own("FAIR"), round: own("1"), views: own("3") },
        Act::Publish { event: own("FAIR"), is_without_missing: false },
        Act::Publish { event: own("FAIR"), is_without_missing: true },
        Act::Replace { event: own("FAIR"), judge: own("J1") },
        Act::Results { event: own("FAIR") },
    ];
    let trouble = Confirm { trouble: Some(Trouble::CodeWrong(4)), is_busy: false };
    let busy = Confirm { trouble: None, is_busy: true };
    let steps = [
        Step::Reason,
        Step::Sent,
        Step::Offer(Confirm::default()),
        Step::Offer(busy.clone()),
        Step::Offer(trouble.clone()),
        Step::Code(Confirm::default()),
        Step::Code(busy),
        Step::Code(trouble),
    ];
    let mut heads = std::collections::BTreeSet::new();
    for act in acts {
        let mut app = at(Route::Overview);
        app.update(Event::Press(Press::Act(act)));
        for step in &steps {
            app.draft.as_mut().unwrap().step = step.clone();
            let said = LANGUAGES.map(|language| {
                app.language = language;
                text(&app)
            });
            assert_ne!(said[0], said[1], "{step:?}");
            assert_eq!(place(&app), "confirm");
        }
        app.language = Language::English;
        heads.insert(text(&app));
    }
    assert_eq!(heads.len(), 13, "each act has its own words");
    assert!(Form::read("reason", |_| own("x")).is_some());
}

#[test]
fn a_tally_shows_three_ways_to_count_in_the_order_of_the_adjusted_one() {
    let said = text(&fair());
    let row = |text: &str| said.find(text).unwrap();
    assert!(row("Two 2 1 1 –") < row("One 2 2 2 –"), "{said}");
    assert!(said.contains("Groups that no judge connects: 2."), "{said}");
}
