//! The browser: its events become the console's, the console's effects become its calls.

use crate::app::{App, Effect, Event, Form, Phase, Press, Registered};
use crate::files::Files;
use crate::route::Route;
use crate::view;
use countersign_web_kit::browser::link::{Before, Link};
use countersign_web_kit::browser::login::Login;
use countersign_web_kit::browser::screen::{self, Screen, Touch, View};
use countersign_web_kit::browser::{files, go, hash, is_online, language, speak};
use countersign_web_kit::kept::Kept;
use countersign_web_kit::login::Trouble;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::FormData;

/// The running console.
struct Shell {
    screen: Rc<Screen>,
    app: RefCell<App>,
    link: RefCell<Option<Rc<Link>>>,
    login: RefCell<Option<Login>>,
}

/// Starts the console in the page. Without a window there is nobody to show anything to.
pub fn start() {
    let Some(screen) = Screen::new() else { return };
    let app = App::new(language(), route(), is_online());
    let shell = Rc::new(Shell {
        screen: Rc::new(screen),
        app: RefCell::new(app),
        link: RefCell::default(),
        login: RefCell::default(),
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
                let found = registered(&link);
                *self.link.borrow_mut() = Some(Rc::from(link));
                Event::Found(found)
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
                // An answer to a session that is over is nothing to the one that came after it.
                if self.is_current(&link) {
                    self.happened(Event::Answer(ask, answer));
                }
                if self.is_current(&link) {
                    link.keep().await;
                }
            }
            Effect::SendCode(address) => {
                // What is still on its way for an earlier one comes too late.
                self.login.borrow_mut().take();
                let sent = self.send_code(&address).await;
                self.happened(Event::Sent(sent));
            }
            Effect::Register(code) => {
                let registered = self.register(&code).await;
                self.happened(Event::Registered(registered));
            }
            Effect::Speak(language) => speak(language),
            Effect::Go(route) => go(&route.hash()),
            Effect::Save { name, kind, content } => files::save(&name, kind, &content),
        }
    }

    /// Whether this is still the session that the page is for.
    fn is_current(&self, link: &Rc<Link>) -> bool {
        self.link.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, link))
    }

    async fn send_code(&self, address: &str) -> Result<(), Trouble> {
        let mut login = Login::open(address).await?;
        let locale = self.app.borrow().language.tag();
        login.send_code(locale, || {}).await?;
        *self.login.borrow_mut() = Some(login);
        Ok(())
    }

    async fn register(&self, code: &str) -> Result<Registered, Trouble> {
        let begun = self.login.borrow().clone();
        let login = begun.ok_or_else(|| Trouble::Refused("no login".to_owned()))?;
        let mut link = login.register(code).await?;
        link.settle().await;
        let registered = registered(&link);
        self.login.borrow_mut().take();
        *self.link.borrow_mut() = Some(Rc::new(link));
        Ok(registered)
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
            let is_in = matches!(shell.app.borrow().phase, Phase::In(_) | Phase::Stranger(_));
            if is_in && is_visible {
                shell.happened(Event::Shown);
            }
        });
    }

    fn touched(self: &Rc<Self>, touch: Touch) {
        let event = match touch {
            Touch::Submit(name, data) if name == "files" => {
                let shell = Rc::clone(self);
                return spawn_local(async move {
                    shell.happened(match read(&data).await {
                        Ok(files) => Event::Submit(Form::Files(Box::new(files))),
                        Err(files::Unreadable) => Event::FileUnread,
                    });
                });
            }
            Touch::Press(name) => Press::parse(&name).map(Event::Press),
            Touch::Submit(name, data) => {
                Form::read(&name, |field| screen::field(&data, field)).map(Event::Submit)
            }
        };
        if let Some(event) = event {
            self.happened(event);
        }
    }
}

/// What was chosen counts, and else what was typed.
async fn read(form: &FormData) -> Result<Files, files::Unreadable> {
    let part = async |name: &str, file: &str| {
        let chosen = files::chosen(form, file).await?;
        Ok(chosen.unwrap_or_else(|| screen::field(form, name)))
    };
    Ok(Files {
        event: part("event", "event-file").await?,
        projects: part("projects", "projects-file").await?,
        judges: part("judges", "judges-file").await?,
        conflicts: part("conflicts", "conflicts-file").await?,
    })
}

fn registered(link: &Link) -> Registered {
    let Kept { session_id, address, .. } = link.kept().clone();
    Registered { session_id, address, memory_only: link.is_memory_only() }
}

fn route() -> Route {
    Route::parse(&hash())
}
