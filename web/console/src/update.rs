//! What an event changes, and what is to be done because of it. Every decision of the console is here.

use crate::act::Act;
use crate::app::{
    App, Confirm, Data, Draft, Effect, Event, Form, Notice, Phase, Press, Registered, Step,
};
use crate::ask::Ask;
use crate::files::{Checked, SetUp};
use crate::route::Route;
use crate::said::{Rows, Value};
use countersign_app::Failure;
use countersign_web_kit::login::Trouble;
use countersign_web_kit::said::Read;

impl App {
    /// Takes in one event.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Found(registered) => {
                self.memory_only = registered.memory_only;
                self.phase = Phase::Asking(registered);
                // Whose console it is comes first: nothing else is asked for a stranger.
                self.ask(Ask::Hello).into_iter().collect()
            }
            Event::NotFound => self.become_nobody(Phase::Nobody),
            Event::Unreadable => self.become_nobody(Phase::Unreadable),
            Event::Went(route) => {
                let route = self.open_to(route);
                if route != self.route {
                    self.route = route;
                    self.notice = None;
                    self.draft = None;
                    self.data = Data { hello: self.data.hello.take(), ..Data::default() };
                }
                self.load()
            }
            Event::Press(press) => self.pressed(press),
            Event::Submit(form) => self.submitted(form),
            Event::Sent(sent) => {
                self.code_sent(sent);
                Vec::new()
            }
            Event::Registered(registered) => self.registered(registered),
            Event::Answer(ask, answer) => self.answered(ask, answer),
            Event::Online(is_online) => {
                self.offline = !is_online;
                if is_online { self.load() } else { Vec::new() }
            }
            Event::Shown => self.load(),
            Event::FileUnread => {
                self.notice = Some(Notice::FileUnread);
                Vec::new()
            }
        }
    }

    /// The place, or the first one that is open: an organiser sees events, and the server would say the same.
    fn open_to(&self, route: Route) -> Route {
        let is_closed = matches!(self.phase, Phase::In(_)) && !self.is_operator();
        if is_closed && route.main() != Route::Events { Route::Events } else { route }
    }

    fn become_nobody(&mut self, phase: Phase) -> Vec<Effect> {
        self.phase = phase;
        self.data = Data::default();
        self.draft = None;
        self.notice = None;
        Vec::new()
    }

    /// Asks for everything that the place shows.
    fn load(&mut self) -> Vec<Effect> {
        let asks = match &self.phase {
            Phase::Starting | Phase::Nobody | Phase::Unreadable => return Vec::new(),
            Phase::Asking(_) | Phase::Stranger(_) => vec![Ask::Hello],
            Phase::In(_) => match &self.route {
                Route::Overview => vec![Ask::Hello],
                Route::Devices(status) => {
                    vec![Ask::Devices { status: status.clone(), after: Value::Null }]
                }
                Route::Device(id) => vec![Ask::Device(id.clone())],
                Route::Matches(queue) => {
                    vec![Ask::Matches { queue: queue.clone(), before: Value::Null }]
                }
                Route::Match(id) => vec![Ask::Match(id.clone())],
                Route::Disputes => vec![Ask::Disputes(Value::Null)],
                Route::Events => vec![Ask::Events(Value::Null)],
                Route::Event(id) => vec![Ask::Event(id.clone())],
                Route::SetUp => Vec::new(),
                Route::Users => vec![Ask::Users(Value::Null)],
                Route::User(id) => vec![Ask::User(id.clone())],
                Route::Audit => vec![Ask::Audit(Value::Null)],
                Route::Server => vec![Ask::Health, Ask::Keys],
            },
        };
        asks.into_iter().filter_map(|ask| self.ask(ask)).collect()
    }

    /// The same question is not asked twice at a time.
    fn ask(&mut self, ask: Ask) -> Option<Effect> {
        if self.asking.contains(&ask) {
            return None;
        }
        self.asking.push(ask.clone());
        Some(Effect::Ask(ask))
    }

    fn more(&self) -> Option<Ask> {
        let data = &self.data;
        Some(match &self.route {
            Route::Devices(status) => {
                Ask::Devices { status: status.clone(), after: data.devices.as_ref()?.next.clone() }
            }
            Route::Matches(queue) => {
                Ask::Matches { queue: queue.clone(), before: data.matches.as_ref()?.next.clone() }
            }
            Route::Disputes => Ask::Disputes(data.disputes.as_ref()?.next.clone()),
            Route::Events => Ask::Events(data.events.as_ref()?.next.clone()),
            Route::Users => Ask::Users(data.users.as_ref()?.next.clone()),
            Route::Audit => Ask::Audit(data.audit.as_ref()?.next.clone()),
            Route::Overview | Route::Server | Route::SetUp => return None,
            Route::Device(_) | Route::Match(_) | Route::User(_) | Route::Event(_) => return None,
        })
    }

    fn pressed(&mut self, press: Press) -> Vec<Effect> {
        self.notice = None;
        match press {
            Press::Language => {
                self.language = self.language.other();
                vec![Effect::Speak(self.language)]
            }
            Press::Reload => self.load(),
            Press::More => {
                let more = self.more();
                more.and_then(|ask| self.ask(ask)).into_iter().collect()
            }
            Press::Act(act) => self.begin(act),
            Press::Store => match &self.data.set_up {
                SetUp { files, checked: Some(Checked::Good(seen)), .. } if seen.may_change => {
                    let files = Box::new(files.clone());
                    self.begin(Act::Put { files, from: seen.revision })
                }
                SetUp { .. } => Vec::new(),
            },
            Press::Sheets => self.of_event(Ask::Sheets),
            Press::Package => self.of_event(Ask::Package),
            Press::Count => self.of_event(Ask::Count),
            Press::Cancel => {
                self.draft = None;
                Vec::new()
            }
            Press::Code => {
                let Phase::In(Registered { address, .. }) = &self.phase else { return Vec::new() };
                let Some(Draft { step: Step::Offer(entry) | Step::Code(entry), .. }) =
                    &mut self.draft
                else {
                    return Vec::new();
                };
                *entry = Confirm { trouble: None, is_busy: true };
                vec![Effect::SendCode(address.clone())]
            }
        }
    }

    fn begin(&mut self, act: Act) -> Vec<Effect> {
        self.draft = Some(Draft { act, reason: String::new(), step: Step::Reason });
        Vec::new()
    }

    /// Asks for something of the event that is shown.
    fn of_event(&mut self, ask: fn(String) -> Ask) -> Vec<Effect> {
        let Route::Event(id) = &self.route else { return Vec::new() };
        let ask = ask(id.clone());
        self.ask(ask).into_iter().collect()
    }

    fn submitted(&mut self, form: Form) -> Vec<Effect> {
        self.notice = None;
        match form {
            Form::Find(text) => {
                let text = text.trim().to_owned();
                let ask = match (&self.route, text.is_empty()) {
                    (_, true) => return self.load(),
                    (Route::Devices(_), false) => Ask::FindDevices(text),
                    (Route::Users, false) => Ask::FindUsers(text),
                    (_, false) => return Vec::new(),
                };
                self.asking.retain(|asked| !asked.is_list_to_find_in());
                self.ask(ask).into_iter().collect()
            }
            Form::Files(files) => {
                if files.are_too_long() {
                    self.notice = Some(Notice::TooLong);
                    return Vec::new();
                }
                let turn = self.data.set_up.turn + 1;
                self.data.set_up = SetUp { files: (*files).clone(), turn, checked: None };
                self.ask(Ask::Check(files)).into_iter().collect()
            }
            Form::Assign { round, views } => {
                let Route::Event(event) = self.route.clone() else { return Vec::new() };
                self.begin(Act::Assign { event, round, views: views.trim().to_owned() })
            }
            Form::Reason(reason) => {
                let Some(draft) = &mut self.draft else { return Vec::new() };
                if reason.trim().is_empty() || draft.step != Step::Reason {
                    return Vec::new();
                }
                draft.reason = reason.trim().to_owned();
                self.send_draft()
            }
            Form::Code(code) => {
                let Some(Draft { step: Step::Code(entry), .. }) = &mut self.draft else {
                    return Vec::new();
                };
                if code.trim().is_empty() || entry.is_busy {
                    return Vec::new();
                }
                *entry = Confirm { trouble: None, is_busy: true };
                vec![Effect::Register(code)]
            }
        }
    }

    fn send_draft(&mut self) -> Vec<Effect> {
        let Some(draft) = &mut self.draft else { return Vec::new() };
        draft.step = Step::Sent;
        let ask = Ask::Act { act: draft.act.clone(), reason: draft.reason.clone() };
        self.ask(ask).into_iter().collect()
    }

    fn code_sent(&mut self, sent: Result<(), Trouble>) {
        let Some(draft) = &mut self.draft else { return };
        let is_waiting =
            matches!(&draft.step, Step::Offer(entry) | Step::Code(entry) if entry.is_busy);
        if !is_waiting {
            // Whoever asked for it went back meanwhile.
            return;
        }
        draft.step = match sent {
            Ok(()) => Step::Code(Confirm::default()),
            Err(trouble) => Step::Offer(Confirm { trouble: Some(trouble), is_busy: false }),
        };
    }

    /// A fresh session takes the place of the old one, which is ended; then what was about to be done is done.
    fn registered(&mut self, registered: Result<Registered, Trouble>) -> Vec<Effect> {
        match registered {
            Ok(registered) => {
                self.memory_only = registered.memory_only;
                let old = match &self.phase {
                    Phase::In(old) => Some(old.session_id.clone()),
                    Phase::Starting | Phase::Nobody | Phase::Unreadable => None,
                    Phase::Asking(_) | Phase::Stranger(_) => None,
                };
                self.phase = Phase::In(registered);
                // What is still on its way belongs to the session before.
                self.asking.clear();
                let mut effects = self.send_draft();
                effects.extend(old.and_then(|old| self.ask(Ask::Drop(old))));
                effects
            }
            Err(trouble) => {
                if let Some(Draft { step: Step::Code(entry), .. }) = &mut self.draft {
                    *entry = Confirm { trouble: Some(trouble), is_busy: false };
                }
                Vec::new()
            }
        }
    }

    fn answered(&mut self, ask: Ask, answer: Result<Vec<u8>, Failure>) -> Vec<Effect> {
        let is_awaited = self.asking.contains(&ask);
        self.asking.retain(|asked| *asked != ask);
        match answer {
            // Somebody looks for something else by now.
            Ok(_) if !is_awaited && ask.is_list_to_find_in() => Vec::new(),
            Ok(content) => {
                self.offline = false;
                self.learn(ask, &content)
            }
            Err(Failure::LoggedOut) => self.become_nobody(Phase::Nobody),
            Err(failure) => self.failed(&ask, failure),
        }
    }

    fn failed(&mut self, ask: &Ask, failure: Failure) -> Vec<Effect> {
        self.offline = matches!(failure, Failure::Unreachable(_));
        let code = match &failure {
            Failure::Refused { code, .. } => code.as_str(),
            Failure::Unreachable(_) | Failure::LoggedOut => "",
        };
        match (code, ask) {
            // The role is gone, or never was there; what is known of others goes with it.
            ("forbidden", _) => {
                if let Phase::Asking(who) | Phase::In(who) | Phase::Stranger(who) = &self.phase {
                    let who = who.clone();
                    self.become_nobody(Phase::Stranger(who));
                }
            }
            ("step_up_required", Ask::Act { act, .. }) => match self.sent(act) {
                Some(draft) => draft.step = Step::Offer(Confirm::default()),
                // Whoever left before the answer hears that nothing was done.
                None => self.notice = Some(Notice::Failed(failure)),
            },
            ("not_found", Ask::Device(_) | Ask::Match(_) | Ask::User(_) | Ask::Event(_)) => {
                self.data.is_missing = true;
            }
            // The old session ends by itself, when it is not used any more.
            (_, Ask::Drop(_)) => {}
            _ => {
                if let Ask::Act { act, .. } = ask
                    && let Some(draft) = self.sent(act)
                {
                    draft.step = Step::Reason;
                }
                if !self.offline || !ask.is_reading() {
                    self.notice = Some(Notice::Failed(failure));
                }
            }
        }
        Vec::new()
    }

    /// The draft of this act, if it waits for its answer: it may be another one by now.
    fn sent(&mut self, act: &Act) -> Option<&mut Draft> {
        self.draft.as_mut().filter(|draft| draft.act == *act && draft.step == Step::Sent)
    }

    fn learn(&mut self, ask: Ask, content: &[u8]) -> Vec<Effect> {
        if ask == Ask::Hello
            && let Phase::Asking(who) | Phase::Stranger(who) = &self.phase
        {
            self.phase = Phase::In(who.clone());
            if !put(&mut self.data.hello, content) {
                return self.unreadable();
            }
            self.route = self.open_to(self.route.clone());
            return self.load();
        }
        if !self.is_here(&ask) {
            return Vec::new();
        }
        let data = &mut self.data;
        let understood = match &ask {
            Ask::Hello => put(&mut data.hello, content),
            Ask::Devices { after, .. } => {
                put_rows(&mut data.devices, content, "devices", !after.is_null())
            }
            Ask::FindDevices(_) => put_rows(&mut data.devices, content, "devices", false),
            Ask::Device(_) => put(&mut data.device, content),
            Ask::Matches { before, .. } => {
                put_rows(&mut data.matches, content, "matches", !before.is_null())
            }
            Ask::Match(_) => put(&mut data.whole, content),
            Ask::Disputes(after) => {
                put_rows(&mut data.disputes, content, "disputes", !after.is_null())
            }
            Ask::Users(after) => put_rows(&mut data.users, content, "users", !after.is_null()),
            Ask::FindUsers(_) => put_rows(&mut data.users, content, "users", false),
            Ask::User(_) => put(&mut data.person, content),
            Ask::Events(after) => put_rows(&mut data.events, content, "events", !after.is_null()),
            Ask::Event(id) => {
                let (id, understood) = (id.clone(), put(&mut data.fair, content));
                let has_results =
                    data.fair.as_ref().is_some_and(|it| it.coverage.results_ms.is_some());
                if understood && has_results {
                    return self.ask(Ask::Results(id)).into_iter().collect();
                }
                understood
            }
            Ask::Results(_) => put(&mut data.results, content),
            Ask::Check(_) => put(&mut data.set_up.checked, content),
            Ask::Count(_) => put(&mut data.counted, content),
            Ask::Sheets(id) => return vec![saved(id, "pdf", "application/pdf", content)],
            Ask::Package(id) => {
                return vec![saved(id, "package", "application/octet-stream", content)];
            }
            Ask::Audit(before) => put_rows(&mut data.audit, content, "entries", !before.is_null()),
            Ask::Health => put(&mut data.health, content),
            Ask::Keys => put(&mut data.keys, content),
            Ask::Drop(_) => true,
            Ask::Act { act, .. } => return self.acted(act, content),
        };
        if understood { Vec::new() } else { self.unreadable() }
    }

    /// It was done: says so, and looks at what came of it.
    fn acted(&mut self, act: &Act, content: &[u8]) -> Vec<Effect> {
        if self.sent(act).is_some() {
            self.draft = None;
        }
        let said = Value::parse(content).unwrap_or_default();
        let mut effects = Vec::new();
        if let Act::Put { .. } = act
            && let Some(event) = said["event"].as_str()
        {
            self.route = Route::Event(event.to_owned());
            self.data = Data { hello: self.data.hello.take(), ..Data::default() };
            effects.push(Effect::Go(self.route.clone()));
        }
        self.data.counted = None;
        self.notice = Some(done(&said));
        effects.extend(self.load());
        effects
    }

    /// Whether an answer is about what the place shows: somebody may have gone on meanwhile.
    fn is_here(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Hello | Ask::Act { .. } | Ask::Drop(_) => true,
            Ask::Devices { status, .. } => self.route == Route::Devices(status.clone()),
            Ask::FindDevices(_) => matches!(self.route, Route::Devices(_)),
            Ask::Device(id) => self.route == Route::Device(id.clone()),
            Ask::Matches { queue, .. } => self.route == Route::Matches(queue.clone()),
            Ask::Match(id) => self.route == Route::Match(id.clone()),
            Ask::Disputes(_) => self.route == Route::Disputes,
            Ask::Users(_) | Ask::FindUsers(_) => self.route == Route::Users,
            Ask::User(id) => self.route == Route::User(id.clone()),
            Ask::Events(_) => self.route == Route::Events,
            Ask::Event(id)
            | Ask::Results(id)
            | Ask::Count(id)
            | Ask::Sheets(id)
            | Ask::Package(id) => self.route == Route::Event(id.clone()),
            Ask::Check(files) => self.route == Route::SetUp && self.data.set_up.files == **files,
            Ask::Audit(_) => self.route == Route::Audit,
            Ask::Health | Ask::Keys => self.route == Route::Server,
        }
    }

    fn unreadable(&mut self) -> Vec<Effect> {
        let failure = Failure::Refused { code: "unreadable".to_owned(), detail: String::new() };
        self.notice = Some(Notice::Failed(failure));
        Vec::new()
    }
}

/// What is said when something was done.
fn done(said: &Value) -> Notice {
    if let Some(ended) = said["revoked"].as_u64() {
        return Notice::Ended(ended);
    }
    match said["visits"].as_u64() {
        None => Notice::Done,
        Some(visits) => {
            let short = said["short"].as_array().into_iter().flatten();
            let short = short.filter_map(|it| it[0].as_str().map(str::to_owned)).collect();
            Notice::Assigned { visits, short }
        }
    }
}

/// A file of an event.
fn saved(event: &str, ending: &str, kind: &'static str, content: &[u8]) -> Effect {
    Effect::Save { name: format!("{event}.{ending}"), kind, content: content.to_vec() }
}

fn put<T: Read>(place: &mut Option<T>, content: &[u8]) -> bool {
    let read = T::parse(content);
    let understood = read.is_some();
    *place = read.or(place.take());
    understood
}

fn put_rows<T: Read>(
    place: &mut Option<Rows<T>>,
    content: &[u8],
    name: &str,
    is_later: bool,
) -> bool {
    let Some(page) = Rows::parse(content, name) else { return false };
    match place {
        Some(rows) if is_later => rows.append(page),
        Some(_) | None => *place = Some(page),
    }
    true
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
