//! What an event changes, and what is to be done because of it. Every decision of the shell is here.

use crate::app::{App, Check, Data, Effect, Event, Notice, Phase, Press, TEXT_MAX};
use crate::ask::Ask;
use crate::proof::{Evidence, Outcome};
use crate::route::Route;
use crate::said::{Case, Line, Rows, Value, Whole};
use countersign_app::Failure;
use countersign_web_kit::said::Read;

/// Most rows of disputes or penalties that are fetched: more are nobody's.
const ROWS_MAX: usize = 1_000;

impl App {
    /// Takes in one event.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Found { memory_only } => {
                self.memory_only = memory_only;
                self.phase = Phase::In;
                self.load()
            }
            Event::NotFound => self.become_nobody(Phase::Nobody),
            Event::Unreadable => self.become_nobody(Phase::Unreadable),
            Event::Went(route) => {
                if route != self.route {
                    self.go(route);
                }
                self.load()
            }
            Event::Press(press) => self.pressed(press),
            Event::Dispute { kind, text } => self.dispute(kind, text.trim().to_owned()),
            Event::Answer(ask, answer) => self.answered(ask, answer),
            Event::Checked(of, outcome) => {
                self.checked(&of, outcome);
                Vec::new()
            }
            Event::Online(is_online) => {
                self.offline = !is_online;
                if is_online { self.load() } else { Vec::new() }
            }
            Event::Shown => self.load(),
        }
    }

    /// What was about the place before is not shown in the next one.
    fn go(&mut self, route: Route) {
        self.route = route;
        self.notice = None;
        let Data { me, ratings, disputes, standing, penalties, no_league, .. } =
            core::mem::take(&mut self.data);
        self.data =
            Data { me, ratings, disputes, standing, penalties, no_league, ..Data::default() };
    }

    fn become_nobody(&mut self, phase: Phase) -> Vec<Effect> {
        self.phase = phase;
        self.data = Data::default();
        self.asking.clear();
        self.notice = None;
        Vec::new()
    }

    /// Asks for everything that the place shows.
    fn load(&mut self) -> Vec<Effect> {
        if self.phase != Phase::In {
            return Vec::new();
        }
        let history =
            |user: Option<&String>| Ask::History { user: user.cloned(), before: Value::Null };
        let asks = match &self.route {
            Route::History => vec![history(None), Ask::Ledger(self.data.ratings.last_seq)],
            Route::Player(id) => {
                vec![Ask::Player(id.clone()), Ask::Met(id.clone()), history(Some(id))]
            }
            Route::Match(id) => vec![Ask::Me, Ask::Match(id.clone()), Ask::Disputes(0)],
            Route::Disputes => vec![Ask::Disputes(0)],
            Route::Penalties => vec![Ask::Penalties(0)],
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

    fn pressed(&mut self, press: Press) -> Vec<Effect> {
        self.notice = None;
        match press {
            Press::Language => {
                self.language = self.language.other();
                vec![Effect::Speak(self.language)]
            }
            Press::Reload => self.load(),
            Press::More => {
                let user = match &self.route {
                    Route::History => None,
                    Route::Player(id) => Some(id.clone()),
                    Route::Match(_) | Route::Disputes | Route::Penalties => return Vec::new(),
                };
                let before = self.data.history.as_ref().map(|it| it.next.clone());
                let more = before.filter(|it| !it.is_null());
                let more = more.and_then(|before| self.ask(Ask::History { user, before }));
                more.into_iter().collect()
            }
            Press::Save => {
                let Check::Done(outcome) = &self.data.check else { return Vec::new() };
                let Some(proven) = &outcome.proven else { return Vec::new() };
                let id = proven.proof.checked.start.value.match_id.to_string();
                vec![Effect::Save(format!("match-{id:.8}.csx"), proven.file.clone())]
            }
        }
    }

    fn dispute(&mut self, kind: String, text: String) -> Vec<Effect> {
        self.notice = None;
        let Route::Match(of) = &self.route else { return Vec::new() };
        self.data.too_long = (text.len() > TEXT_MAX).then_some(text.len());
        if self.data.too_long.is_some() {
            return Vec::new();
        }
        let ask = Ask::Dispute { of: of.clone(), kind, text };
        self.ask(ask).into_iter().collect()
    }

    /// What came out of a check is said of what was checked, and of nothing that was told since.
    fn checked(&mut self, of: &Whole, outcome: Option<Box<Outcome>>) {
        let is_shown = self.data.whole.as_ref().is_some_and(|it| is_same(it, of));
        if is_shown && self.data.check == Check::Running {
            self.offline |= outcome.is_none();
            self.data.check = outcome.map_or(Check::None, Check::Done);
        }
    }

    fn answered(&mut self, ask: Ask, answer: Result<Vec<u8>, Failure>) -> Vec<Effect> {
        self.asking.retain(|asked| *asked != ask);
        if self.phase != Phase::In {
            return Vec::new();
        }
        match answer {
            Ok(content) => {
                self.offline = false;
                self.learn(ask, &content)
            }
            Err(Failure::LoggedOut) => self.become_nobody(Phase::Nobody),
            Err(failure) => {
                self.failed(&ask, failure);
                Vec::new()
            }
        }
    }

    fn failed(&mut self, ask: &Ask, failure: Failure) {
        self.offline = matches!(failure, Failure::Unreachable(_));
        let code = match &failure {
            Failure::Refused { code, .. } => code.as_str(),
            Failure::Unreachable(_) | Failure::LoggedOut => "",
        };
        match (code, ask) {
            ("unknown_type", _) => self.data.no_league = true,
            ("not_found", Ask::Player(_) | Ask::Met(_) | Ask::Match(_) | Ask::History { .. }) => {
                self.data.is_missing |= self.is_here(ask);
            }
            _ if self.offline && ask.is_reading() => {}
            _ => self.notice = Some(Notice::Failed(failure)),
        }
    }

    fn learn(&mut self, ask: Ask, content: &[u8]) -> Vec<Effect> {
        if !self.is_here(&ask) {
            return Vec::new();
        }
        let data = &mut self.data;
        let understood = match &ask {
            Ask::Me => put(&mut data.me, content),
            Ask::Player(_) => put(&mut data.player, content),
            Ask::Met(_) => put(&mut data.met, content),
            Ask::History { before, .. } => {
                put_rows(&mut data.history, content, "matches", !before.is_null())
            }
            Ask::Ledger(_) => return self.learn_lines(content),
            Ask::Match(id) => {
                let Some(told) = Whole::parse(content).filter(|it| it.facts.match_id == *id) else {
                    return self.unreadable();
                };
                let before = data.whole.replace(told);
                return self.check(before);
            }
            Ask::Disputes(after) => {
                let understood = put_rows(&mut data.disputes, content, "disputes", *after > 0);
                let next = data.disputes.as_ref().and_then(following);
                return self.rest(understood, next.map(Ask::Disputes));
            }
            Ask::Penalties(after) => {
                let understood = put_rows(&mut data.penalties, content, "penalties", *after > 0)
                    && put(&mut data.standing, content);
                let next = data.penalties.as_ref().and_then(following);
                return self.rest(understood, next.map(Ask::Penalties));
            }
            Ask::Dispute { .. } => {
                let is_new = Value::parse(content).and_then(|it| it["new"].as_bool());
                let known = is_new == Some(false);
                self.notice = Some(if known { Notice::DisputedBefore } else { Notice::Disputed });
                // What is on its way may have been said before this.
                self.asking.clear();
                return self.load();
            }
        };
        if understood { Vec::new() } else { self.unreadable() }
    }

    fn learn_lines(&mut self, content: &[u8]) -> Vec<Effect> {
        let Some(Rows { rows, next }) = Rows::<Line>::parse(content, "lines") else {
            return self.unreadable();
        };
        self.data.ratings.learn(&rows, next.is_null());
        let more = (!next.is_null()).then_some(Ask::Ledger(self.data.ratings.last_seq));
        more.and_then(|ask| self.ask(ask)).into_iter().collect()
    }

    /// Lists that are shown whole are fetched to their end.
    fn rest(&mut self, understood: bool, next: Option<Ask>) -> Vec<Effect> {
        match understood {
            true => next.and_then(|ask| self.ask(ask)).into_iter().collect(),
            false => self.unreadable(),
        }
    }

    /// Checks what was just told, unless the same was checked before.
    fn check(&mut self, before: Option<Whole>) -> Vec<Effect> {
        let Some(whole) = &self.data.whole else { return Vec::new() };
        if before.is_some_and(|before| is_same(&before, whole)) && self.data.check != Check::None {
            return Vec::new();
        }
        let is_possible = Evidence::of(whole).is_some();
        let check = is_possible.then(|| Effect::Check(Box::new(whole.clone())));
        self.data.check = if is_possible { Check::Running } else { Check::Impossible };
        check.into_iter().collect()
    }

    /// Whether an answer is about what the place shows: somebody may have gone on meanwhile.
    fn is_here(&self, ask: &Ask) -> bool {
        match ask {
            Ask::Me | Ask::Disputes(_) | Ask::Penalties(_) | Ask::Ledger(_) => true,
            Ask::Dispute { .. } => true,
            Ask::History { user: None, .. } => self.route == Route::History,
            Ask::History { user: Some(id), .. } | Ask::Player(id) | Ask::Met(id) => {
                self.route == Route::Player(id.clone())
            }
            Ask::Match(id) => self.route == Route::Match(id.clone()),
        }
    }

    fn unreadable(&mut self) -> Vec<Effect> {
        let failure = Failure::Refused { code: "unreadable".to_owned(), detail: String::new() };
        self.notice = Some(Notice::Failed(failure));
        Vec::new()
    }

    /// The own disputes of the match that is shown, the newest last.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        let of = match &self.route {
            Route::Match(id) => id.as_str(),
            Route::History | Route::Player(_) | Route::Disputes | Route::Penalties => "",
        };
        self.data.disputes.iter().flat_map(|it| &it.rows).filter(move |it| it.of == of)
    }
}

/// The device's certificate is made anew for each answer.
fn is_same(one: &Whole, other: &Whole) -> bool {
    let mut one = one.clone();
    one.story.device_certificate.clone_from(&other.story.device_certificate);
    one == *other
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

fn following<T>(rows: &Rows<T>) -> Option<u64> {
    rows.next.as_u64().filter(|_| rows.rows.len() < ROWS_MAX)
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
