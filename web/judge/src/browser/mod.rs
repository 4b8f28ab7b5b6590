//! The browser: its events become the page's, the page's effects become its calls.

mod begin;
mod bluetooth;
mod carry;
mod line;
mod lock;
mod outside;
mod socket;

use crate::app::{App, Effect, Event, Press, Sent};
use crate::device::Moment;
use crate::route::Route;
use crate::view;
use countersign::Realm;
use countersign_web_camera::{Camera, Modules};
use countersign_web_kit::browser::keys::Key;
use countersign_web_kit::browser::link::Link;
use countersign_web_kit::browser::screen::{self, Screen, Touch, View};
use countersign_web_kit::browser::{clock, hash, language, window};
use line::Line;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlCanvasElement;

/// The longest time until the page looks at the clock again, in milliseconds.
const LONGEST_MS: u64 = 60_000;

/// What this device has of its own, once it was found or made.
struct Own {
    realm: Realm,
    key: Key,
    link: Option<Link>,
}

/// The running page.
struct Shell {
    screen: Rc<Screen>,
    app: RefCell<App>,
    own: RefCell<Option<Rc<Own>>>,
    /// Which tab this is, once it is the one that writes.
    tab: RefCell<Option<String>>,
    /// What is to be done in order: a frame waits for what stands before it to be kept.
    queue: RefCell<VecDeque<Effect>>,
    is_working: Cell<bool>,
    line: Line,
    /// The device that was chosen by Bluetooth last.
    chosen: RefCell<Option<bluetooth::BluetoothDevice>>,
    camera: RefCell<Option<Camera>>,
    /// Which opening of the camera is the newest: an earlier one that comes late is closed.
    looks: Cell<u32>,
    timer: Cell<Option<i32>>,
    on_timer: RefCell<Option<JsValue>>,
}

/// Starts the page. Without a window there is nobody to show anything to.
pub fn start() {
    let Some(screen) = Screen::new() else { return };
    let shell = Rc::new(Shell {
        screen: Rc::new(screen),
        app: RefCell::new(App::new(language(), Route::parse(&hash()))),
        own: RefCell::default(),
        tab: RefCell::default(),
        queue: RefCell::default(),
        is_working: Cell::new(false),
        line: Line::default(),
        chosen: RefCell::default(),
        camera: RefCell::default(),
        looks: Cell::new(0),
        timer: Cell::new(None),
        on_timer: RefCell::default(),
    });
    shell.show();
    shell.listen();
    shell.look_often();
    spawn_local(async move {
        lock::take(&shell).await;
        let found = begin::look(&shell).await;
        shell.happened(Event::Found(found));
    });
}

impl Shell {
    /// Takes in an event, shows what it changed, and does what follows from it.
    fn happened(self: &Rc<Self>, event: Event) {
        // Packets of others go through without a trace on the page.
        let is_quiet = matches!(event, Event::Frame(_) | Event::Tick | Event::Kept(_, _, true));
        let (effects, has_changed) = {
            let mut app = self.app.borrow_mut();
            let effects = app.update(event, now());
            (effects, app.take_changed())
        };
        if !is_quiet || has_changed {
            self.show();
        }
        self.queue.borrow_mut().extend(effects);
        self.set_timer();
        self.work();
    }

    /// Another tab has taken over: what waits here is left, and nothing is written or sent any more.
    fn stolen(self: &Rc<Self>) {
        self.queue.borrow_mut().clear();
        self.line.close();
        self.happened(Event::Stolen);
    }

    fn show(&self) {
        let app = self.app.borrow();
        self.screen.show(View {
            page: view::page(&app),
            title: view::window_title(&app),
            place: view::place(&app),
            language: app.language,
        });
        let code = app.code.as_ref().and_then(|(_, text)| Modules::of(text));
        let canvas = element::<HtmlCanvasElement>("code");
        if let (Some(modules), Some(canvas)) = (code, canvas) {
            // Without it the page still has words.
            drop(countersign_web_camera::draw(&canvas, &modules));
        }
    }

    fn listen(self: &Rc<Self>) {
        let shell = Rc::clone(self);
        self.screen.on_touch(move |touch| match touch {
            Touch::Press(name) => {
                if let Some(press) = Press::parse(&name) {
                    shell.happened(Event::Press(press));
                }
            }
            Touch::Submit(name, form) => {
                if let Some(sent) = Sent::read(&name, |field| screen::field(&form, field)) {
                    shell.happened(Event::Submit(sent));
                }
            }
        });
        let shell = Rc::clone(self);
        self.screen.on_input(move |name, value| shell.happened(Event::Typed(name, value)));
        let shell = Rc::clone(self);
        screen::on_window("hashchange", move || shell.happened(Event::Went(Route::parse(&hash()))));
        let shell = Rc::clone(self);
        self.screen.on_visibility(move |is_visible| {
            if is_visible {
                // Timers of a page that nobody sees are late.
                shell.look_at_line();
                shell.happened(Event::Tick);
            }
        });
    }

    /// One timer, for what is due next.
    fn set_timer(self: &Rc<Self>) {
        let Some(window) = window() else { return };
        if let Some(before) = self.timer.take() {
            window.clear_timeout_with_handle(before);
        }
        let Some(wait) = self.app.borrow().next_tick(now()) else { return };
        let wait = i32::try_from(wait.clamp(1, LONGEST_MS)).unwrap_or(i32::MAX);
        let mut on_timer = self.on_timer.borrow_mut();
        let callback = on_timer.get_or_insert_with(|| {
            let shell = Rc::clone(self);
            Closure::<dyn FnMut()>::new(move || shell.happened(Event::Tick)).into_js_value()
        });
        let set = window
            .set_timeout_with_callback_and_timeout_and_arguments_0(callback.unchecked_ref(), wait);
        self.timer.set(set.ok());
    }
}

/// This moment.
fn now() -> Moment {
    let at = clock::read();
    Moment { wall: at.wall, steady_ms: u64::try_from(at.monotonic.as_millis()).unwrap_or(u64::MAX) }
}

fn element<T: JsCast>(id: &str) -> Option<T> {
    window()?.document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// Fills bytes with those of the browser's generator. A generator that fails leaves them as they are: nonces are made of a secret and of
/// what they are for besides.
fn fill(bytes: &mut [u8]) {
    if let Some(Ok(crypto)) = window().map(|it| it.crypto()) {
        drop(crypto.get_random_values_with_u8_array(bytes));
    }
}
