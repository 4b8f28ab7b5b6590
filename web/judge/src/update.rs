//! What an event changes, and what is to be done because of it. Every decision of the page is here, those about votes excepted: they are
//! the core's.

use crate::address::HubAddress;
use crate::app::{
    App, Ask, CameraState, Effect, Event, LinkState, Notice, Phase, Press, Sent, Way,
};
use crate::device::{Device, Moment, Wish};
use crate::form::Form;
use crate::route::Route;
use crate::said::Invitations;
use countersign::EventId;
use countersign_app::Failure;
use countersign_app::judge::{JudgeEvent, JudgeTap, Place};
use countersign_judging::ProjectCode;
use countersign_judging::event::Category;
use countersign_mesh::EventCode;
use countersign_web_kit::said::Read;

/// Most bytes of a text that projects are looked for by.
const SEARCH_MAX: usize = 64;

impl App {
    /// Takes in one event.
    pub fn update(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        let before = self.device().and_then(Device::event);
        let mut effects = self.take(event, now);
        let after = self.device().and_then(Device::event);
        if before.is_some() && after.is_some() && after != before {
            // What is kept of the other event is not in memory.
            effects.push(Effect::Restart);
        }
        let wanted = self.way();
        if wanted != self.linked_by {
            self.linked_by.clone_from(&wanted);
            effects.push(Effect::Connect(wanted));
        }
        effects
    }

    /// How the link is to be made: as the person chose last.
    fn way(&self) -> Option<Way> {
        let device = self.device().filter(|device| device.has_mesh())?;
        match self.by_bluetooth {
            true => device.service().map(Way::Bluetooth),
            false => self.hub.clone().map(Way::Network),
        }
    }

    fn take(&mut self, event: Event, now: Moment) -> Vec<Effect> {
        match event {
            // Another tab has taken over while this one was looking.
            Event::Found(_) if matches!(self.phase, Phase::Elsewhere) => Vec::new(),
            Event::Found(found) => {
                (self.phase, self.account) = (found.phase, found.account);
                (self.hub, self.keeps) = (found.hub, found.keeps);
                self.has_bluetooth = found.has_bluetooth;
                if let (Phase::Ready(device), false) = (&mut self.phase, self.keeps) {
                    device.keeps_nothing();
                }
                let mut effects = self.with_device(|device| device.handle(JudgeEvent::Tick, now));
                effects.extend(self.arrive(now));
                effects
            }
            Event::Went(route) => {
                if route == self.route {
                    return Vec::new();
                }
                self.route = route;
                self.arrive(now)
            }
            Event::Press(press) => self.pressed(press, now),
            Event::Typed(name, value) => self.typed(&name, value, now),
            Event::Submit(Sent::Paste(text)) | Event::Scanned(text) => {
                self.scanned(text.trim(), now)
            }
            Event::Submit(Sent::Hub(text)) => match HubAddress::parse(&text) {
                Some(address) => self.find_hub(address),
                None => self.say(Notice::NoAddress),
            },
            Event::Answer(ask, answer) => self.answered(ask, answer),
            Event::Told(told) => self.told(told, now),
            Event::Chosen(Ok(())) => {
                self.by_bluetooth = true;
                // Another device, perhaps, by the same way.
                self.linked_by = None;
                Vec::new()
            }
            Event::Chosen(Err(why)) => self.say(Notice::NoBluetooth(why)),
            Event::Link(state) => self.link_is(state, now),
            Event::Frame(frame) => self.with_device(|device| device.frame(&frame, now)),
            Event::Camera(state) => {
                self.camera = state;
                Vec::new()
            }
            Event::Tick => self.with_device(|device| device.tick(now)),
            Event::Stolen => {
                self.has_left_unkept |= self.device().is_some_and(Device::is_keeping);
                self.phase = Phase::Elsewhere;
                vec![Effect::Camera(false)]
            }
            Event::Kept(name, number, is_kept) => {
                let effects = self.with_device(|device| device.kept(&name, number, is_kept, now));
                self.show_code(now);
                effects
            }
            Event::NoNewKey => self.say(Notice::NoNewKey),
            Event::Keyset(keyset) => self.with_device(|device| {
                device.set_keyset(keyset);
                Vec::new()
            }),
        }
    }

    /// A place begins: its form, its code, its camera, its questions.
    fn arrive(&mut self, now: Moment) -> Vec<Effect> {
        (self.form, self.code) = (None, None);
        let mut effects = Vec::new();
        let wants_camera = self.route == Route::Scan && self.device().is_some();
        if wants_camera != !matches!(self.camera, CameraState::Off) {
            self.camera = if wants_camera { CameraState::Opening } else { CameraState::Off };
            effects.push(Effect::Camera(wants_camera));
        }
        match self.route {
            Route::Vote(place) => {
                effects.extend(self.with_device(|device| device.tap(JudgeTap::Open(place), now)));
                self.form = self.device().and_then(|device| open(device, place));
            }
            Route::Code(_) => {
                self.show_code(now);
            }
            Route::Projects | Route::Event if self.account.is_some() => {
                let is_event = self.device().and_then(Device::event).is_some();
                if self.route == Route::Event || !is_event {
                    effects.extend(self.ask(Ask::Invitations));
                }
            }
            Route::Projects | Route::Event | Route::Scan => {}
        }
        effects
    }

    /// The code of the place that is shown, unless it is there already.
    fn show_code(&mut self, now: Moment) {
        if let (Route::Code(place), Phase::Ready(device), None) =
            (self.route, &mut self.phase, &self.code)
        {
            self.code = device.vote_code(&place, now).map(|text| (place, text));
        }
    }

    fn pressed(&mut self, press: Press, now: Moment) -> Vec<Effect> {
        self.notice = None;
        match press {
            Press::Language => {
                self.language = self.language.other();
                vec![Effect::Speak(self.language)]
            }
            Press::Reload => self.ask(Ask::Invitations).into_iter().collect(),
            Press::Enrol(event) => self.ask(Ask::Enrol(event)).into_iter().collect(),
            Press::Fetch(event) => {
                self.with_device(|device| device.tap(JudgeTap::Fetch(event), now))
            }
            Press::Points(criterion, points) => self.give(criterion, Some(points), now),
            Press::Step(criterion, by) => self.step(criterion, by, now),
            Press::Undo => match self.form.as_mut().is_some_and(Form::undo) {
                true => self.draft(now),
                false => Vec::new(),
            },
            Press::Cast => self.cast(now),
            Press::Recuse => self.recusing(true),
            Press::RecuseNot => self.recusing(false),
            Press::RecuseSure => {
                let Some(form) = self.form.as_mut().filter(|form| form.is_recusing) else {
                    return Vec::new();
                };
                form.is_recusing = false;
                let place = form.place;
                self.with_device(|device| device.tap(JudgeTap::Recuse(place), now))
            }
            Press::Camera => {
                self.camera = CameraState::Opening;
                vec![Effect::Camera(true)]
            }
            Press::Here => vec![Effect::Restart],
            Press::Bluetooth => {
                let service = self.device().and_then(Device::service);
                service.map(Effect::Choose).into_iter().collect()
            }
            Press::BluetoothOff => {
                self.by_bluetooth = false;
                Vec::new()
            }
            Press::NewKey => self.taken.take().map(|_| Effect::NewKey).into_iter().collect(),
            Press::OldKey => {
                self.taken = None;
                Vec::new()
            }
        }
    }

    fn typed(&mut self, name: &str, mut value: String, now: Moment) -> Vec<Effect> {
        if name == "search" {
            value.truncate(value.floor_char_boundary(SEARCH_MAX));
            self.search = value;
            return Vec::new();
        }
        let criterion = name.strip_prefix("points-").and_then(|it| it.parse().ok());
        match criterion {
            Some(criterion) => self.give(criterion, value.trim().parse().ok(), now),
            None => Vec::new(),
        }
    }

    fn give(&mut self, criterion: usize, points: Option<u16>, now: Moment) -> Vec<Effect> {
        self.notice = None;
        match self.form.as_mut().is_some_and(|form| form.set(criterion, points)) {
            true => self.draft(now),
            false => Vec::new(),
        }
    }

    fn step(&mut self, criterion: usize, by: i8, now: Moment) -> Vec<Effect> {
        let Some(place) = self.form.as_ref().map(|form| form.place) else { return Vec::new() };
        let range = self.device().and_then(|device| {
            category(device, &place)?.criteria.get(criterion).map(|it| (it.min, it.max))
        });
        let (Some((min, max)), Some(form)) = (range, &mut self.form) else { return Vec::new() };
        let there = form.points.get(criterion).copied().flatten();
        let next = there.map_or(min, |it| it.saturating_add_signed(by.into()).clamp(min, max));
        form.generation += 1;
        self.give(criterion, Some(next), now)
    }

    /// What is typed is kept as it is typed.
    fn draft(&mut self, now: Moment) -> Vec<Effect> {
        let Some(Form { place, points, .. }) = self.form.clone() else { return Vec::new() };
        self.with_device(|device| device.tap(JudgeTap::Draft { place, points }, now))
    }

    fn cast(&mut self, now: Moment) -> Vec<Effect> {
        let form = self.form.as_ref();
        let points = form.and_then(|form| {
            let points = form.complete(category(self.device()?, &form.place)?)?;
            Some((form.place, points))
        });
        let Some((place, points)) = points else { return Vec::new() };
        self.with_device(|device| device.tap(JudgeTap::Vote { place, points }, now))
    }

    fn recusing(&mut self, is: bool) -> Vec<Effect> {
        if let Some(form) = &mut self.form {
            form.is_recusing = is;
        }
        Vec::new()
    }

    /// A code is a project's, the event's, or says where the hub is.
    fn scanned(&mut self, text: &str, now: Moment) -> Vec<Effect> {
        let here = self.device().and_then(Device::event);
        if let Ok(ProjectCode { project, category }) = text.parse::<ProjectCode>() {
            return match here {
                Some(_) => self.go(Route::Vote(Place { project, category })),
                None => self.say(Notice::NoEvent),
            };
        }
        if HubAddress::is_code(text) {
            return match HubAddress::parse(text) {
                Some(address) => self.find_hub(address),
                None => self.say(Notice::NotOurs),
            };
        }
        match (text.parse::<EventCode>(), here) {
            (Ok(code), Some(here)) if code.event == here => {
                let mut effects = self.go(if self.linked_by.is_some() || self.hub.is_some() {
                    Route::Projects
                } else {
                    Route::Event
                });
                effects.extend(
                    self.with_device(|device| device.tap(JudgeTap::Scan(text.to_owned()), now)),
                );
                self.notice = Some(Notice::CodeTaken);
                effects
            }
            (Ok(code), Some(_)) => self.say(Notice::OtherEvent(code.event.to_string())),
            (Ok(_), None) => self.say(Notice::NoEvent),
            (Err(_), _) if text.starts_with("NODUS:") => self.say(Notice::BadCode),
            (Err(_), _) => self.say(Notice::NotOurs),
        }
    }

    fn find_hub(&mut self, address: HubAddress) -> Vec<Effect> {
        self.hub = Some(address.clone());
        self.by_bluetooth = false;
        let has_code = self.device().is_some_and(Device::has_mesh);
        let mut effects = self.go(if has_code { Route::Projects } else { Route::Event });
        effects.push(Effect::Remember(address));
        self.notice = Some(Notice::HubTaken);
        effects
    }

    fn answered(&mut self, ask: Ask, answer: Result<Vec<u8>, Failure>) -> Vec<Effect> {
        self.asking.retain(|asked| *asked != ask);
        let content = match answer {
            Ok(content) => content,
            Err(Failure::LoggedOut) => {
                self.account = None;
                return Vec::new();
            }
            // Without internet it is not a fault that nobody says what is new.
            Err(Failure::Unreachable(_)) if ask == Ask::Invitations => return Vec::new(),
            Err(Failure::Refused { code, .. }) if code == "key_taken" => {
                if let Ask::Enrol(event) = ask {
                    self.taken = Some(event);
                }
                return Vec::new();
            }
            Err(failure) => return self.say(Notice::Failed(ask, failure)),
        };
        match ask {
            Ask::Invitations => match Invitations::parse(&content) {
                Some(said) => {
                    self.invitations = Some(said.events);
                    Vec::new()
                }
                None => {
                    let failure =
                        Failure::Refused { code: "unreadable".to_owned(), detail: String::new() };
                    self.say(Notice::Failed(ask, failure))
                }
            },
            Ask::Enrol(_) => {
                self.notice = Some(Notice::Enrolled);
                self.ask(Ask::Invitations).into_iter().collect()
            }
        }
    }

    fn told(&mut self, told: JudgeEvent, now: Moment) -> Vec<Effect> {
        let version =
            |app: &Self| app.device()?.screen().event.map(|bundle| (bundle.id, bundle.version));
        let before = version(self);
        let effects = self.with_device(|device| device.handle(told, now));
        if version(self) != before {
            self.notice = Some(Notice::Fetched);
            if let (Route::Vote(place), Some(device)) = (self.route, self.device())
                && self.form.is_none()
            {
                // A newer bundle may know the project.
                self.form = open(device, place);
            }
        }
        effects
    }

    fn link_is(&mut self, state: LinkState, now: Moment) -> Vec<Effect> {
        let was_up = matches!(self.link, LinkState::Up { .. });
        self.link = state;
        match (state, was_up) {
            (LinkState::Up { frame_max }, _) => {
                self.with_device(|device| device.link_up(frame_max, now))
            }
            (LinkState::Off | LinkState::Connecting | LinkState::Blocked, true) => self
                .with_device(|device| {
                    device.link_down();
                    Vec::new()
                }),
            (LinkState::Off | LinkState::Connecting | LinkState::Blocked, false) => Vec::new(),
        }
    }

    fn go(&mut self, route: Route) -> Vec<Effect> {
        if route == self.route { Vec::new() } else { vec![Effect::Go(route)] }
    }

    fn say(&mut self, notice: Notice) -> Vec<Effect> {
        self.notice = Some(notice);
        Vec::new()
    }

    /// The same question is not asked twice at a time.
    fn ask(&mut self, ask: Ask) -> Option<Effect> {
        if self.asking.contains(&ask) || self.account.is_none() {
            return None;
        }
        self.asking.push(ask.clone());
        Some(Effect::Call(ask))
    }

    fn with_device(&mut self, does: impl FnOnce(&mut Device) -> Vec<Wish>) -> Vec<Effect> {
        match &mut self.phase {
            Phase::Ready(device) => does(device).into_iter().map(Effect::Wish).collect(),
            Phase::Starting | Phase::Stranger | Phase::Unusable | Phase::Elsewhere => Vec::new(),
        }
    }
}

/// The rubric of a place that the event knows.
pub(crate) fn category<'a>(device: &'a Device, place: &Place) -> Option<&'a Category> {
    let bundle = device.screen().event?;
    let project = bundle.project(&place.project)?;
    project.categories.contains(&place.category).then(|| bundle.category(&place.category)).flatten()
}

fn open(device: &Device, place: Place) -> Option<Form> {
    let criteria = category(device, &place)?.criteria.len();
    Some(Form::open(place, criteria, device.judge().ballot(&place)))
}

/// The event that somebody is invited to, if its id is one.
pub(crate) fn event_id(text: &str) -> Option<EventId> {
    EventId::new(text).ok()
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
