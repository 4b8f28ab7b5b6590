//! What an event changes, and what is to be done because of it. Every decision of the shell is here.

use crate::app::{
    App, Ask, Data, Effect, Entry, Event, Form, Notice, Phase, Press, ROWS_MAX, Registered,
};
use crate::route::Route;
use crate::said::Top;
use countersign_app::Failure;
use countersign_web_kit::login::Trouble;
use countersign_web_kit::said::Read;
use serde_json::Value;

/// The shortest text that is worth a search; the server says the same.
const LETTERS_MIN: usize = 3;

impl App {
    /// Takes in one event.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Found(Registered { session_id, address, memory_only }) => {
                self.memory_only = memory_only;
                self.phase = Phase::In { address, session_id };
                self.load()
            }
            Event::NotFound { lost } => {
                self.notice = lost.is_some().then_some(Notice::KeyLost);
                let address = lost.unwrap_or_default();
                self.phase = Phase::Address(Entry { address, ..Entry::default() });
                Vec::new()
            }
            Event::Unreadable { address } => {
                self.notice = Some(Notice::Unreadable);
                self.phase = Phase::Address(Entry { address, ..Entry::default() });
                Vec::new()
            }
            Event::Went(route) => {
                if route != self.route {
                    self.route = route;
                    self.notice = None;
                }
                self.load()
            }
            Event::Press(press) => self.pressed(press),
            Event::Submit(form) => self.submitted(form),
            Event::Working => {
                if let Phase::Address(entry) | Phase::Code(entry) = &mut self.phase {
                    entry.is_working = true;
                }
                Vec::new()
            }
            Event::Sent(sent) => self.sent(sent),
            Event::Registered(registered) => self.registered(registered),
            Event::Answer(ask, answer) => self.answered(ask, answer),
            Event::Online(is_online) => {
                self.offline = !is_online;
                if is_online { self.load() } else { Vec::new() }
            }
            Event::Shown => self.load(),
        }
    }

    /// Asks for everything that the place shows.
    fn load(&mut self) -> Vec<Effect> {
        if !matches!(self.phase, Phase::In { .. }) {
            return Vec::new();
        }
        let asks = match &self.route {
            Route::Ranks => vec![Ask::Rank, Ask::Top(0)],
            Route::Players => Vec::new(),
            Route::Player(id) => vec![Ask::Player(id.clone())],
            Route::Profile => vec![Ask::Profile],
            Route::Devices => vec![Ask::Sessions],
        };
        if let Route::Player(id) = &self.route
            && self.data.player.as_ref().is_some_and(|player| player.user != *id)
        {
            self.data.player = None;
        }
        asks.into_iter().flat_map(|ask| self.ask(ask)).collect()
    }

    /// The same question is not asked twice at a time.
    fn ask(&mut self, ask: Ask) -> Option<Effect> {
        if self.asking.contains(&ask) {
            return None;
        }
        self.asking.push(ask.clone());
        Some(Effect::Ask(ask))
    }

    fn pressed(&mut self, press: Press) -> Vec<Effect> {
        self.notice = None;
        match press {
            Press::Language => {
                self.language = self.language.other();
                vec![Effect::Speak(self.language)]
            }
            Press::Resend => {
                let Phase::Code(entry) = &mut self.phase else { return Vec::new() };
                entry.is_busy = true;
                entry.trouble = None;
                vec![Effect::Resend]
            }
            Press::OtherAddress => {
                if let Phase::Code(entry) = &self.phase {
                    let address = entry.address.clone();
                    self.phase = Phase::Address(Entry { address, ..Entry::default() });
                }
                Vec::new()
            }
            Press::Reload => self.load(),
            Press::More => {
                let shown = self.data.table.as_ref().map_or(0, |(rows, _)| rows.len());
                let offset = u32::try_from(shown).unwrap_or(u32::MAX);
                self.ask(Ask::Top(offset)).into_iter().collect()
            }
            Press::Revoke(id) => self.ask(Ask::Revoke(id)).into_iter().collect(),
            Press::RevokeOthers => self.ask(Ask::RevokeOthers).into_iter().collect(),
            Press::Logout => {
                let Phase::In { session_id, .. } = &self.phase else { return Vec::new() };
                let ask = Ask::Logout(session_id.clone());
                self.ask(ask).into_iter().collect()
            }
        }
    }

    fn submitted(&mut self, form: Form) -> Vec<Effect> {
        self.notice = None;
        match form {
            Form::Address(address) => {
                let address = address.trim().to_owned();
                if address.is_empty() {
                    return Vec::new();
                }
                let entry = Entry { address: address.clone(), is_busy: true, ..Entry::default() };
                self.phase = Phase::Address(entry);
                vec![Effect::Login(address)]
            }
            Form::Code(code) => {
                let Phase::Code(entry) = &mut self.phase else { return Vec::new() };
                if code.trim().is_empty() || entry.is_busy {
                    return Vec::new();
                }
                entry.is_busy = true;
                entry.trouble = None;
                vec![Effect::Register(code)]
            }
            Form::Search(query) => {
                let query = query.trim().to_owned();
                if query.chars().filter(|c| c.is_alphanumeric()).count() < LETTERS_MIN {
                    self.data.found = None;
                    return Vec::new();
                }
                self.ask(Ask::Search(query)).into_iter().collect()
            }
            Form::Profile { name, visibility } => {
                self.ask(Ask::Save { name, visibility }).into_iter().collect()
            }
        }
    }

    fn sent(&mut self, sent: Result<String, Trouble>) -> Vec<Effect> {
        let (Phase::Address(entry) | Phase::Code(entry)) = &mut self.phase else {
            return Vec::new();
        };
        if !entry.is_busy {
            // Whoever asked for it went back meanwhile.
            return Vec::new();
        }
        entry.is_busy = false;
        entry.is_working = false;
        match sent {
            Ok(address) => self.phase = Phase::Code(Entry { address, ..Entry::default() }),
            Err(trouble) => entry.trouble = Some(trouble),
        }
        Vec::new()
    }

    fn registered(&mut self, registered: Result<Registered, Trouble>) -> Vec<Effect> {
        match (registered, &mut self.phase) {
            (Ok(registered), _) => {
                self.data = Data::default();
                self.notice = None;
                self.update(Event::Found(registered))
            }
            (Err(trouble), Phase::Code(entry)) => {
                entry.is_busy = false;
                entry.trouble = Some(trouble);
                Vec::new()
            }
            (Err(_), Phase::Starting | Phase::Address(_) | Phase::In { .. }) => Vec::new(),
        }
    }

    fn answered(&mut self, ask: Ask, answer: Result<Vec<u8>, Failure>) -> Vec<Effect> {
        self.asking.retain(|asked| *asked != ask);
        let Phase::In { .. } = self.phase else { return Vec::new() };
        if matches!(ask, Ask::Logout(_)) {
            // Also when nobody was reached: whoever wants to leave leaves.
            return self.log_out(Notice::LoggedOut);
        }
        match answer {
            Ok(content) => {
                self.offline = false;
                self.learn(ask, &content)
            }
            Err(Failure::LoggedOut) => self.log_out(Notice::Ended),
            Err(failure) => {
                self.offline = matches!(failure, Failure::Unreachable(_));
                if is_unknown_type(&failure) {
                    self.data.no_league = true;
                } else if !self.offline || !is_reading(&ask) {
                    self.notice = Some(Notice::Failed(ask, failure));
                }
                Vec::new()
            }
        }
    }

    fn learn(&mut self, ask: Ask, content: &[u8]) -> Vec<Effect> {
        let understood = match &ask {
            Ask::Sessions => put(&mut self.data.sessions, content),
            Ask::Profile => put(&mut self.data.profile, content),
            Ask::Player(_) => put(&mut self.data.player, content),
            Ask::Rank => put(&mut self.data.rank, content),
            Ask::Save { .. } => {
                self.notice = Some(Notice::Saved);
                put(&mut self.data.profile, content)
            }
            Ask::Top(offset) => {
                let mut top = None;
                let understood = put(&mut top, content);
                top.into_iter().for_each(|top| self.show_rows(*offset, top));
                understood
            }
            Ask::Search(query) => {
                let mut found = None;
                let understood = put(&mut found, content);
                self.data.found = found.map(|found| (query.clone(), found));
                understood
            }
            Ask::Revoke(_) => {
                self.notice = Some(Notice::Revoked);
                return self.ask(Ask::Sessions).into_iter().collect();
            }
            Ask::RevokeOthers => {
                let count = Value::parse(content).and_then(|it| it["revoked"].as_u64());
                let count = count.unwrap_or(0);
                self.notice = Some(Notice::RevokedOthers(u32::try_from(count).unwrap_or(u32::MAX)));
                return self.ask(Ask::Sessions).into_iter().collect();
            }
            Ask::Logout(_) => true,
        };
        if !understood {
            let failure = Failure::Refused { code: "unreadable".to_owned(), detail: String::new() };
            self.notice = Some(Notice::Failed(ask, failure));
        }
        Vec::new()
    }

    fn show_rows(&mut self, offset: u32, top: Top) {
        let (mut rows, _) = self.data.table.take().unwrap_or_default();
        rows.truncate(offset as usize);
        rows.extend(top.rows);
        rows.truncate(ROWS_MAX);
        self.data.table = Some((rows, top.of));
    }

    fn log_out(&mut self, notice: Notice) -> Vec<Effect> {
        let Phase::In { address, .. } = &self.phase else { return Vec::new() };
        self.phase = Phase::Address(Entry { address: address.clone(), ..Entry::default() });
        self.notice = Some(notice);
        self.data = Data::default();
        self.asking.clear();
        self.memory_only = false;
        vec![Effect::Forget]
    }
}

fn put<T: Read>(place: &mut Option<T>, content: &[u8]) -> bool {
    let value = T::parse(content);
    let understood = value.is_some();
    *place = value.or(place.take());
    understood
}

/// Without a league these types are nobody's.
fn is_unknown_type(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { code, .. } if code == "unknown_type")
}

/// Whether a question only fetches what a place shows: offline, the bar at the top says enough.
fn is_reading(ask: &Ask) -> bool {
    match ask {
        Ask::Sessions | Ask::Profile | Ask::Player(_) | Ask::Rank | Ask::Top(_) => true,
        Ask::Revoke(_) | Ask::RevokeOthers | Ask::Logout(_) => false,
        Ask::Save { .. } | Ask::Search(_) => false,
    }
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
