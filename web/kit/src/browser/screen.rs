//! The page as people see and touch it: shows nodes, says what was pressed and sent.

use super::{dom, window};
use crate::node::{Element, Node};
use crate::text::Language;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    Document, Element as DomElement, Event as DomEvent, EventTarget, FocusOptions, FormData,
    HtmlElement, HtmlFormElement,
};

/// What the root of a page says before its program has looked around.
const STARTING: &str = "starting";

/// A page that is shown.
pub struct Screen {
    document: Document,
    root: DomElement,
    shown: RefCell<Vec<Node>>,
}

/// What is to be shown.
pub struct View {
    /// Everything inside the page's root: see [`crate::frame::Frame::page`].
    pub page: Vec<Element>,
    /// What the window is called.
    pub title: String,
    /// A new place begins at its top. The one before the first is `starting`.
    pub place: &'static str,
    /// The language of the page.
    pub language: Language,
}

/// What a person did.
pub enum Touch {
    /// Pressed what has this name.
    Press(String),
    /// Sent the form of this name.
    Submit(String, FormData),
}

impl Screen {
    /// The page that the program was loaded by. Without a window there is nobody to show anything to.
    pub fn new() -> Option<Self> {
        let document = window()?.document()?;
        let root = document.get_element_by_id("app")?;
        root.set_text_content(None);
        Some(Self { document, root, shown: RefCell::default() })
    }

    /// Whether somebody may be looking.
    pub fn is_visible(&self) -> bool {
        !self.document.hidden()
    }

    /// Makes the page this.
    pub fn show(&self, view: View) {
        let new: Vec<Node> = view.page.into_iter().map(Node::Element).collect();
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
        self.document.set_title(&view.title);
        if let Some(html) = self.document.document_element() {
            drop(html.set_attribute("lang", view.language.tag()));
        }
        if place.as_deref() != Some(view.place) {
            drop(self.root.set_attribute("data-place", view.place));
            if !is_first && place.as_deref() != Some(STARTING) {
                self.go_to_top();
            }
        }
    }

    /// A new place begins at its heading, for eyes and for screen readers, unless it says where else.
    fn go_to_top(&self) {
        if let Some(window) = window() {
            window.scroll_to_with_x_and_y(0.0, 0.0);
        }
        if !self.focus("main [data-first]", true) {
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

    /// Hears, for as long as the page lives, what a person does.
    pub fn on_touch(self: &Rc<Self>, mut does: impl FnMut(Touch) + Clone + 'static) {
        let (screen, mut clicked) = (Rc::clone(self), does.clone());
        on(&self.root, "click", move |event| {
            if let Some(name) = screen.pressed(event) {
                clicked(Touch::Press(name));
            }
        });
        on(&self.root, "submit", move |event| {
            if let Some((name, form)) = submitted(event) {
                does(Touch::Submit(name, form));
            }
        });
    }

    /// Hears, for as long as the page lives, when it is looked at or not any more.
    pub fn on_visibility(self: &Rc<Self>, mut does: impl FnMut(bool) + 'static) {
        let screen = Rc::clone(self);
        on(&self.document, "visibilitychange", move |_| does(screen.is_visible()));
    }

    fn pressed(&self, event: &DomEvent) -> Option<String> {
        let target = event.target()?.dyn_into::<DomElement>().ok()?;
        if let Ok(Some(skip)) = target.closest("a.skip") {
            // Its address is no place of the app.
            event.prevent_default();
            let main = skip.get_attribute("href").unwrap_or_default();
            self.focus(&main, true);
        }
        let pressed = target.closest("[data-press]:not([aria-disabled])").ok()??;
        pressed.get_attribute("data-press")
    }
}

fn submitted(event: &DomEvent) -> Option<(String, FormData)> {
    event.prevent_default();
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    if form.query_selector("[aria-disabled]").ok().flatten().is_some() {
        return None;
    }
    let data = FormData::new_with_form(&form).ok()?;
    Some((form.get_attribute("data-form").unwrap_or_default(), data))
}

/// What stands in a field of a form; nothing if there is no such field.
pub fn field(form: &FormData, name: &str) -> String {
    form.get(name).as_string().unwrap_or_default()
}

/// Hears an event of the window, for as long as the page lives.
pub fn on_window(event: &str, mut does: impl FnMut() + 'static) {
    if let Some(window) = window() {
        on(&window, event, move |_| does());
    }
}

fn on(target: &EventTarget, event: &str, does: impl FnMut(&DomEvent) + 'static) {
    let mut does = does;
    let closure = Closure::<dyn FnMut(DomEvent)>::new(move |event| does(&event));
    let function = closure.into_js_value();
    drop(target.add_event_listener_with_callback(event, function.unchecked_ref()));
}
