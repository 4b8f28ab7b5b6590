//! The browser: its events become the app's, the app's effects become its calls.

mod clock;
mod dom;
mod http;
mod keys;
mod link;
mod login;
mod store;
mod trust;

use crate::app::{App, Effect, Event, Form, LoginTrouble, Phase, Press, Registered};
use crate::kept::Kept;
use crate::node::Node;
use crate::route::Route;
use crate::text::Language;
use crate::view;
use js_sys::Promise;
use link::{Before, Link};
use login::Login;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Document, Element, Event as DomEvent, EventTarget, FocusOptions, FormData, HtmlElement,
    HtmlFormElement, Window,
};

/// Where the language and the last address are remembered: strings that anybody may read.
const LANGUAGE: &str = "countersign-language";
const ADDRESS: &str = "countersign-address";

/// The running app.
struct Shell {
    document: Document,
    root: Element,
    app: RefCell<App>,
    shown: RefCell<Vec<Node>>,
    link: RefCell<Option<Rc<Link>>>,
    login: RefCell<Option<Login>>,
}

/// Starts the app in the page. Without a window there is nobody to show anything to.
pub fn start() {
    let Some(shell) = Shell::new() else { return };
    let shell = Rc::new(shell);
    shell.show();
    shell.listen();
    spawn_local(async move {
        let event = shell.look_for_session().await;
        shell.happened(event);
    });
}

impl Shell {
    fn new() -> Option<Self> {
        let window = window()?;
        let document = window.document()?;
        let root = document.get_element_by_id("app")?;
        root.set_text_content(None);
        let navigator = window.navigator();
        let spoken = remembered(LANGUAGE).or_else(|| navigator.language());
        let language = Language::of(&spoken.unwrap_or_default());
        let app = App::new(language, route(), navigator.on_line(), clock::wall_ms());
        Some(Self {
            document,
            root,
            app: RefCell::new(app),
            shown: RefCell::default(),
            link: RefCell::default(),
            login: RefCell::default(),
        })
    }

    async fn look_for_session(&self) -> Event {
        match Link::resume().await {
            Ok(Before::Session(link)) => {
                let found = registered(&link);
                *self.link.borrow_mut() = Some(Rc::from(link));
                Event::Found(found)
            }
            Ok(Before::Lost(address)) => Event::NotFound { lost: Some(address) },
            Ok(Before::Nothing) => Event::NotFound { lost: remembered(ADDRESS) },
            Err(_) => Event::Unreadable { address: remembered(ADDRESS).unwrap_or_default() },
        }
    }

    /// Takes in an event, shows what it changed, and does what follows from it.
    fn happened(self: &Rc<Self>, event: Event) {
        let effects = {
            let mut app = self.app.borrow_mut();
            app.now_ms = clock::wall_ms();
            app.offset_ms = self.link.borrow().as_ref().and_then(|it| it.offset_ms());
            app.update(event)
        };
        // After a logout the page changes when nothing is kept of the session any more.
        if !effects.contains(&Effect::Forget) {
            self.show();
        }
        for effect in effects {
            let shell = Rc::clone(self);
            spawn_local(async move { shell.carry_out(effect).await });
        }
    }

    fn show(&self) {
        let app = self.app.borrow();
        let new: Vec<Node> = view::page(&app).into_iter().map(Node::Element).collect();
        let mut shown = self.shown.borrow_mut();
        let is_first = shown.is_empty();
        let place = self.root.get_attribute("data-place");
        let focused = self.document.active_element();
        if dom::patch(&self.document, &self.root, &shown, &new).is_err() {
            // Somebody else changed the page, an extension perhaps: from the beginning.
            self.root.set_text_content(None);
            drop(dom::patch(&self.document, &self.root, &[], &new));
        }
        *shown = new;
        if focused.is_some_and(|it| !it.is_connected()) {
            // What had the focus is gone, a row perhaps: it does not fall out of the page.
            self.focus("#title", false);
        }
        self.document.set_title(&view::window_title(&app));
        if let Some(html) = self.document.document_element() {
            drop(html.set_attribute("lang", app.language.tag()));
        }
        let now = view::place(&app);
        if place.as_deref() != Some(now) {
            drop(self.root.set_attribute("data-place", now));
            if !is_first && place.as_deref() != Some("starting") {
                self.go_to_top();
            }
        }
    }

    /// A new place begins at its heading, for eyes and for screen readers.
    fn go_to_top(&self) {
        if let Some(window) = window() {
            window.scroll_to_with_x_and_y(0.0, 0.0);
        }
        if !self.focus("main form[data-form=code] input", true) {
            self.focus("#title", true);
        }
    }

    fn focus(&self, selector: &str, may_scroll: bool) -> bool {
        let found = self.document.query_selector(selector).ok().flatten();
        let found = found.and_then(|it| it.dyn_into::<HtmlElement>().ok());
        let options = FocusOptions::new();
        options.set_prevent_scroll(!may_scroll);
        found.is_some_and(|it| it.focus_with_options(&options).is_ok())
    }

    async fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Ask(ask) => {
                let Some(link) = self.link.borrow().clone() else { return };
                let (message_type, payload) = ask.message();
                let answer = link.call(message_type, payload.to_string().as_bytes()).await;
                // An answer to a session that is over is nothing to the one that came after it.
                if self.is_current(&link) {
                    self.happened(Event::Answer(ask, answer));
                }
                if self.is_current(&link) {
                    link.keep().await;
                }
            }
            Effect::Login(address) => {
                // What is still on its way for an earlier one comes too late.
                self.login.borrow_mut().take();
                match Login::open(&address).await {
                    Ok(login) => {
                        *self.login.borrow_mut() = Some(login);
                        self.send_code().await;
                    }
                    Err(trouble) => self.happened(Event::Sent(Err(trouble))),
                }
            }
            Effect::Resend => self.send_code().await,
            Effect::Register(code) => {
                let registered = self.register(&code).await;
                self.happened(Event::Registered(registered));
            }
            Effect::Forget => {
                let link = self.link.borrow_mut().take();
                if let Some(link) = link
                    && link::forget(link.kept()).await
                {
                    remember(ADDRESS, None);
                }
                self.show();
            }
            Effect::Speak(language) => remember(LANGUAGE, Some(language.tag())),
        }
    }

    /// Whether this is still the session that the page is for.
    fn is_current(&self, link: &Rc<Link>) -> bool {
        self.link.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, link))
    }

    /// Has a code sent for the login that was begun, and says so unless another one was begun meanwhile.
    async fn send_code(self: &Rc<Self>) {
        let Some(mut login) = self.login.borrow().clone() else { return };
        let locale = self.app.borrow().language.tag();
        let sent = login.send_code(locale, || self.happened(Event::Working)).await;
        let is_current = self.login.borrow().as_ref().is_some_and(|current| current.is(&login));
        if is_current {
            let address = login.address().to_owned();
            *self.login.borrow_mut() = Some(login);
            self.happened(Event::Sent(sent.map(|()| address)));
        }
    }

    async fn register(&self, code: &str) -> Result<Registered, LoginTrouble> {
        let begun = self.login.borrow().clone();
        let login = begun.ok_or_else(|| LoginTrouble::Refused("no login".to_owned()))?;
        let mut link = login.register(code).await?;
        link.settle().await;
        let registered = registered(&link);
        if !registered.memory_only {
            remember(ADDRESS, Some(&registered.address));
        }
        self.login.borrow_mut().take();
        *self.link.borrow_mut() = Some(Rc::new(link));
        store::ask_to_persist();
        Ok(registered)
    }

    fn listen(self: &Rc<Self>) {
        let Some(window) = window() else { return };
        self.on(&self.root, "click", Self::clicked);
        self.on(&self.root, "submit", Self::submitted);
        self.on(&window, "hashchange", |shell, _| shell.happened(Event::Went(route())));
        self.on(&window, "online", |shell, _| shell.happened(Event::Online(true)));
        self.on(&window, "offline", |shell, _| shell.happened(Event::Online(false)));
        self.on(&self.document, "visibilitychange", |shell, _| {
            let is_in = matches!(shell.app.borrow().phase, Phase::In { .. });
            if is_in && !shell.document.hidden() {
                shell.happened(Event::Shown);
            }
        });
    }

    /// For as long as the page lives.
    fn on(
        self: &Rc<Self>,
        target: &EventTarget,
        event: &str,
        mut does: impl FnMut(&Rc<Self>, &DomEvent) + 'static,
    ) {
        let shell = Rc::clone(self);
        let closure = Closure::<dyn FnMut(DomEvent)>::new(move |event| does(&shell, &event));
        let function = closure.into_js_value();
        drop(target.add_event_listener_with_callback(event, function.unchecked_ref()));
    }

    fn clicked(self: &Rc<Self>, event: &DomEvent) {
        let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
        let Some(target) = target else { return };
        if let Ok(Some(skip)) = target.closest("a.skip") {
            // Its address is no place of the app.
            event.prevent_default();
            let main = skip.get_attribute("href").unwrap_or_default();
            self.focus(&main, true);
        }
        if let Ok(Some(pressed)) = target.closest("[data-press]:not([aria-disabled])")
            && let Some(press) =
                pressed.get_attribute("data-press").and_then(|it| Press::parse(&it))
        {
            self.happened(Event::Press(press));
        }
    }

    fn submitted(self: &Rc<Self>, event: &DomEvent) {
        event.prevent_default();
        let form = event.target().and_then(|it| it.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form else { return };
        if form.query_selector("[aria-disabled]").ok().flatten().is_some() {
            return;
        }
        let Ok(data) = FormData::new_with_form(&form) else { return };
        let name = form.get_attribute("data-form").unwrap_or_default();
        if let Some(form) =
            Form::read(&name, |field| data.get(field).as_string().unwrap_or_default())
        {
            self.happened(Event::Submit(form));
        }
    }
}

fn window() -> Option<Window> {
    web_sys::window()
}

fn registered(link: &Link) -> Registered {
    let Kept { session_id, address, .. } = link.kept().clone();
    Registered { session_id, address, memory_only: link.is_memory_only() }
}

fn route() -> Route {
    let hash = window().and_then(|it| it.location().hash().ok());
    Route::parse(&hash.unwrap_or_default())
}

fn remembered(name: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(name).ok()?
}

/// Some browsers refuse; then it is not remembered.
fn remember(name: &str, value: Option<&str>) {
    let Some(Ok(Some(storage))) = window().map(|it| it.local_storage()) else { return };
    drop(match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    });
}

/// Bytes of the browser's generator.
fn random<const N: usize>() -> Result<[u8; N], JsValue> {
    let crypto = window().ok_or_else(|| JsValue::from_str("no window"))?.crypto()?;
    let mut bytes = [0; N];
    crypto.get_random_values_with_u8_array(&mut bytes)?;
    Ok(bytes)
}

/// Lets the browser look after the page.
async fn yield_now() {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = window() {
            drop(window.set_timeout_with_callback(&resolve));
        }
    });
    drop(JsFuture::from(promise).await);
}

/// What JavaScript says went wrong.
fn describe(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok();
    message.and_then(|it| it.as_string()).unwrap_or_else(|| "unknown".to_owned())
}
