//! The browser: its events become the page's, the page's effects become its calls.

mod awake;
mod device;
mod views;

use crate::app::{App, Effect, Event, Out, Press};
use crate::view;
use countersign::Timestamp;
use countersign_app::{Ask, AskId, Effect as CoreEffect, Event as CoreEvent, Failure};
use countersign_app::{Player, PlayerConfig};
use countersign_web_kit::browser::link::{self, Before, Link};
use countersign_web_kit::browser::screen::{self, Screen, Touch, View};
use countersign_web_kit::browser::{clock, is_online, language, random, remember, remembered};
use countersign_web_kit::browser::{speak, store};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use views::Views;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;

/// Where the device that this phone is at is remembered: a string that anybody may read.
const DEVICE: &str = "countersign-device";
/// Below this name lies what the core keeps.
const KEPT: &str = "pitch/";
/// Longest sleep of a timer, in milliseconds: browsers count in 32 bits.
const SLEEP_MAX: u64 = 3_600_000;

/// The running page.
struct Shell {
    screen: Rc<Screen>,
    app: RefCell<App>,
    link: RefCell<Option<Rc<Link>>>,
    views: Views,
    awake: awake::Lock,
    /// When the core wants to be woken.
    wake: Cell<Option<Timestamp>>,
    timer: Cell<Option<i32>>,
}

/// Starts the page. Without a window there is nobody to show anything to.
pub fn start() {
    let Some(screen) = Screen::new() else { return };
    let shell = Rc::new(Shell {
        screen: Rc::new(screen),
        app: RefCell::new(App::new(language(), is_online())),
        link: RefCell::default(),
        views: Views::default(),
        awake: awake::Lock::default(),
        wake: Cell::default(),
        timer: Cell::default(),
    });
    shell.show();
    shell.listen();
    spawn_local(async move {
        let event = match Link::resume().await {
            Ok(Before::Session(link)) => shell.found(link).await,
            Ok(Before::Lost(_) | Before::Nothing) => Event::NotFound(Out::NoSession),
            Err(_) => Event::NotFound(Out::Unreadable),
        };
        shell.happened(event);
    });
}

impl Shell {
    /// The core of the session that was found, with what it kept.
    async fn found(&self, link: Box<Link>) -> Event {
        let Ok(entropy) = random() else { return Event::NotFound(Out::Unreadable) };
        let mut player = Box::new(Player::new(PlayerConfig {
            realm: link.realm(),
            keyset: link.keyset(),
            key: link.public().clone(),
            user: None,
            entropy,
        }));
        let now = link.server_now();
        for (name, bytes) in store::all(KEPT).await.unwrap_or_default() {
            player.restore(&name, bytes, now);
        }
        let memory_only = link.is_memory_only();
        *self.link.borrow_mut() = Some(Rc::from(link));
        Event::Found { player, memory_only, device: remembered(DEVICE) }
    }

    fn server_now(&self) -> Timestamp {
        let known = self.link.borrow().as_ref().map(|link| link.server_now());
        known.unwrap_or(Timestamp::from_millis(clock::wall_ms()))
    }

    /// Takes in an event, shows what it changed, and does what follows from it.
    fn happened(self: &Rc<Self>, event: Event) {
        let now = self.server_now();
        let effects = {
            let mut app = self.app.borrow_mut();
            app.now_ms = clock::read().monotonic.as_millis() as u64;
            if let Some(link) = self.link.borrow().as_ref() {
                app.offset_ms = link.offset_ms();
                app.player.iter_mut().for_each(|player| player.set_keyset(link.keyset()));
            }
            app.update(event, now)
        };
        self.show();
        if !self.app.borrow().is_at_a_device() {
            self.views.close();
        }
        effects.into_iter().for_each(|effect| self.carry_out(effect));
        self.set_timer(now);
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

    fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Core(CoreEffect::Show) => {}
            Effect::Core(CoreEffect::Wake(at)) => {
                self.wake.set(Some(self.wake.get().map_or(at, |wake| wake.min(at))));
            }
            Effect::Core(CoreEffect::Keep { name, bytes }) => spawn_local(async move {
                // A browser that keeps nothing says so elsewhere; other phones carry the same.
                drop(store::put(&format!("{KEPT}{name}"), Some(&bytes)).await);
            }),
            Effect::Core(CoreEffect::Forget { name }) => spawn_local(async move {
                drop(store::put(&format!("{KEPT}{name}"), None).await);
            }),
            Effect::Core(CoreEffect::Ask { id, ask }) => self.ask(id, ask),
            Effect::Speak(language) => speak(language),
            Effect::Remember(device) => remember(DEVICE, device.as_deref()),
            Effect::LookAtPermission => {
                let shell = Rc::clone(self);
                spawn_local(async move {
                    let permission = device::permission().await;
                    shell.happened(Event::Permission(permission));
                });
            }
            Effect::KeepAwake(is_wanted) => {
                let shell = Rc::clone(self);
                spawn_local(async move {
                    let is_awake = shell.awake.keep(is_wanted).await;
                    shell.happened(Event::Awake(is_awake));
                });
            }
            Effect::Forget => {
                let link = self.link.borrow_mut().take();
                spawn_local(async move {
                    if let Some(link) = link {
                        link::forget(link.kept()).await;
                    }
                });
            }
        }
    }

    fn ask(self: &Rc<Self>, id: AskId, ask: Ask) {
        let Some(link) = self.link.borrow().clone() else { return };
        let device = self.app.borrow().device.clone();
        let shell = Rc::clone(self);
        spawn_local(async move {
            let is_server = matches!(ask, Ask::Server { .. });
            let result = match (ask, device) {
                (Ask::Sign(input), _) => link.sign_evidence(&input).await.map(|it| it.to_vec()),
                (Ask::Server { message_type, payload }, _) => {
                    link.call(message_type, &payload).await
                }
                (Ask::Watch(token), Some(device)) => shell.watch(&device, token).await,
                (ask, Some(device)) => device::answer(&device, ask).await,
                (_, None) => Err(Failure::Unreachable("no device".to_owned())),
            };
            let is_reached = !matches!(result, Err(Failure::Unreachable(_)));
            // An answer to a session that is over is nothing to the one that came after it.
            if !shell.link.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, &link)) {
                return;
            }
            shell.happened(Event::Core(CoreEvent::Answer { id, result }));
            if is_server {
                shell.happened(Event::Reached(is_reached));
                link.keep().await;
            }
        });
    }

    /// Views from a device until they end.
    async fn watch(
        self: &Rc<Self>,
        device: &crate::address::Device,
        token: [u8; 16],
    ) -> Result<Vec<u8>, Failure> {
        let shell = Rc::clone(self);
        let seen = move |frame| shell.happened(Event::Core(CoreEvent::View(frame)));
        let ended = self.views.watch(device, token, seen).await;
        if self.views.are_cut() {
            self.happened(Event::Deaf);
        }
        ended
    }

    /// One timer for what the core waits for and for the digits of a clock.
    fn set_timer(self: &Rc<Self>, now: Timestamp) {
        let Some(window) = countersign_web_kit::browser::window() else { return };
        if let Some(timer) = self.timer.take() {
            window.clear_timeout_with_handle(timer);
        }
        let wake = self.wake.get().map(|at| at.since(now).as_millis() as u64);
        let look = self.app.borrow().next_look_ms();
        let Some(wait) = wake.into_iter().chain(look).min() else { return };
        let shell = Rc::clone(self);
        let fire = Closure::once_into_js(move || shell.timer_fired());
        let wait = i32::try_from(wait.min(SLEEP_MAX)).unwrap_or(i32::MAX);
        let set = window
            .set_timeout_with_callback_and_timeout_and_arguments_0(fire.unchecked_ref(), wait);
        self.timer.set(set.ok());
    }

    fn timer_fired(self: &Rc<Self>) {
        self.timer.set(None);
        let is_due = self.wake.get().is_some_and(|at| at <= self.server_now());
        if is_due {
            self.wake.set(None);
        }
        self.happened(if is_due { Event::Core(CoreEvent::Tick) } else { Event::Clock });
    }

    fn listen(self: &Rc<Self>) {
        let shell = Rc::clone(self);
        self.screen.on_touch(move |touch| shell.touched(touch));
        for (event, is_online) in [("online", true), ("offline", false)] {
            let shell = Rc::clone(self);
            screen::on_window(event, move || shell.happened(Event::Online(is_online)));
        }
        let shell = Rc::clone(self);
        self.screen.on_visibility(move |is_visible| {
            if is_visible {
                // What slept may be deaf without knowing it: the views are opened again, and the lock went with the page.
                shell.views.close();
                if shell.app.borrow().is_awake {
                    shell.carry_out(Effect::KeepAwake(true));
                }
                shell.happened(Event::Core(CoreEvent::Tick));
            }
        });
    }

    fn touched(self: &Rc<Self>, touch: Touch) {
        match touch {
            Touch::Press(name) => {
                if let Some(press) = Press::parse(&name) {
                    self.happened(Event::Press(press));
                }
            }
            Touch::Submit(_, form) => {
                self.happened(Event::Named(screen::field(&form, "device")));
            }
        }
    }
}

/// A method that this browser may not have.
fn call(of: &JsValue, method: &str, argument: &JsValue) -> Option<js_sys::Promise> {
    let function = js_sys::Reflect::get(of, &method.into()).ok()?;
    let function = function.dyn_into::<js_sys::Function>().ok()?;
    function.call1(of, argument).ok()?.dyn_into().ok()
}

/// A part of `navigator` that this browser may not have.
fn of_navigator(name: &str) -> Option<JsValue> {
    let navigator = countersign_web_kit::browser::window()?.navigator();
    js_sys::Reflect::get(&navigator, &name.into()).ok().filter(JsValue::is_object)
}
