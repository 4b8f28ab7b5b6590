//! The browser: its events become the page's, the page's effects become its calls.

use crate::app::{App, Effect, Event, Phase, Press};
use crate::proof::{Evidence, Outcome};
use crate::route::Route;
use crate::said::Whole;
use crate::view;
use countersign::{Fingerprint, Keyset, Timestamp};
use countersign_league::proof::{Export, ServerKeys};
use countersign_web_kit::browser::link::{Before, Link};
use countersign_web_kit::browser::screen::{self, Screen, Touch, View};
use countersign_web_kit::browser::{hash, http, is_online, language, speak, window, yield_now};
use js_sys::{Array, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, HtmlAnchorElement, Url};

/// The running page.
struct Shell {
    screen: Rc<Screen>,
    app: RefCell<App>,
    link: RefCell<Option<Rc<Link>>>,
}

/// Starts the page. Without a window there is nobody to show anything to.
pub fn start() {
    let Some(screen) = Screen::new() else { return };
    let app = App::new(language(), zone, route(), is_online());
    let shell = Rc::new(Shell {
        screen: Rc::new(screen),
        app: RefCell::new(app),
        link: RefCell::default(),
    });
    shell.show();
    shell.listen();
    spawn_local(async move {
        let event = shell.look_for_session().await;
        shell.happened(event);
    });
}

impl Shell {
    async fn look_for_session(&self) -> Event {
        match Link::resume().await {
            Ok(Before::Session(link)) => {
                let memory_only = link.is_memory_only();
                *self.link.borrow_mut() = Some(Rc::from(link));
                Event::Found { memory_only }
            }
            Ok(Before::Lost(_) | Before::Nothing) => Event::NotFound,
            Err(_) => Event::Unreadable,
        }
    }

    /// Takes in an event, shows what it changed, and does what follows from it.
    fn happened(self: &Rc<Self>, event: Event) {
        let effects = {
            let mut app = self.app.borrow_mut();
            app.offset_ms = self.link.borrow().as_ref().and_then(|it| it.offset_ms());
            app.update(event)
        };
        self.show();
        for effect in effects {
            let shell = Rc::clone(self);
            spawn_local(async move { shell.carry_out(effect).await });
        }
    }

    fn show(&self) {
        let app = self.app.borrow();
        self.screen.show(View {
            page: view::page(&app),
            title: view::window_title(&app),
            place: view::place(&app),
            language: app.language,
        });
    }

    async fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Ask(ask) => {
                let Some(link) = self.link.borrow().clone() else { return };
                let (message_type, payload) = ask.message();
                let answer = link.call(message_type, payload.to_string().as_bytes()).await;
                self.happened(Event::Answer(ask, answer));
                link.keep().await;
            }
            Effect::Check(whole) => {
                let Some(link) = self.link.borrow().clone() else { return };
                let outcome = checked(&link, &whole).await;
                self.happened(Event::Checked(whole, outcome.map(Box::new)));
            }
            Effect::Save(name, bytes) => {
                // A browser that refuses says so itself.
                drop(save(&name, &bytes));
            }
            Effect::Speak(language) => speak(language),
        }
    }

    fn listen(self: &Rc<Self>) {
        let shell = Rc::clone(self);
        self.screen.on_touch(move |touch| shell.touched(touch));
        let happens = |event: &'static str, what: fn() -> Event| {
            let shell = Rc::clone(self);
            screen::on_window(event, move || shell.happened(what()));
        };
        happens("hashchange", || Event::Went(route()));
        happens("online", || Event::Online(true));
        happens("offline", || Event::Online(false));
        let shell = Rc::clone(self);
        self.screen.on_visibility(move |is_visible| {
            let is_in = shell.app.borrow().phase == Phase::In;
            if is_in && is_visible {
                shell.happened(Event::Shown);
            }
        });
    }

    fn touched(self: &Rc<Self>, touch: Touch) {
        let event = match touch {
            Touch::Press(name) => Press::parse(&name).map(Event::Press),
            Touch::Submit(name, form) => (name == "dispute").then(|| Event::Dispute {
                kind: screen::field(&form, "kind"),
                text: screen::field(&form, "text"),
            }),
        };
        if let Some(event) = event {
            self.happened(event);
        }
    }
}

/// Checks a match with the server's keys as this device believes them; nothing if they cannot be fetched now.
async fn checked(link: &Link, whole: &Whole) -> Option<Outcome> {
    let evidence = Evidence::of(whole)?;
    let keys = server_keys(link, &evidence.needs()).await?;
    // It takes a while: the page says so first.
    yield_now().await;
    Some(evidence.examine(whole, &keys, link.server_now()))
}

/// The believed set, and those before it that name a key which it does not name any more.
async fn server_keys(link: &Link, needed: &[(Fingerprint, Timestamp)]) -> Option<ServerKeys> {
    let trust = link.trust();
    let newest = trust.keyset().ok().map(|set| (set, trust.frame().to_vec()));
    let mut version = newest.as_ref().map_or(1, |(set, _)| set.content.version);
    let mut sets: Vec<(Keyset, Vec<u8>)> = newest.into_iter().collect();
    let roots = [trust.roots(), trust.signers()].concat();
    for _ in 0..Export::SETS_MAX {
        let keys = ServerKeys::new(trust.realm().clone(), sets.clone());
        let is_enough = needed.iter().all(|(signer, at)| keys.names(signer, *at));
        version = version.saturating_sub(1);
        if is_enough || version == 0 || sets.len() >= Export::SETS_MAX {
            return Some(keys);
        }
        let answer = http::get(&format!("/keyset/{version}")).await.ok()?;
        if answer.status >= 500 {
            return None;
        }
        if answer.status == 200 && answer.body.len() <= Export::SET_MAX {
            let set = Keyset::open(trust.realm(), &roots, 0, &answer.body).ok();
            sets.extend(set.map(|set| (set, answer.body)));
        }
    }
    Some(ServerKeys::new(trust.realm().clone(), sets))
}

/// Gives a file to whoever looks at the page.
fn save(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let document = window().and_then(|it| it.document()).ok_or(JsValue::NULL)?;
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes)))?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
}

/// The local clock against UTC, at a moment that may be in another half of the year.
fn zone(ms: u64) -> i64 {
    let at = js_sys::Date::new(&JsValue::from_f64(ms as f64));
    -(at.get_timezone_offset() as i64)
}

fn route() -> Route {
    Route::parse(&hash())
}
