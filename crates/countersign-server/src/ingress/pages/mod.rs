//! Pages for everybody: the table, a player, a match, an event's results. Without login, script or cookie; for people, for previews,
//! and for whoever wants to link to a result.
//!
//! ```text
//!  request ─▶ Place ─▶ Shelf (ten seconds, 16 MiB) ─▶ Networks ─▶ {table,player,game,event}::write ─▶ layout ─▶ answer
//!                        most end here                  cap per network      one store read or three
//! ```
//!
//! A stranger sees what a player shows to everybody, and for the rest the answer is the one about what does not exist.

mod answer;
mod cache;
mod event;
mod game;
mod language;
mod layout;
mod number;
mod player;
mod table;
mod text;

pub(crate) use layout::Site;

use super::caller::Caller;
use crate::app::{App, Backend};
use crate::clock;
use crate::league::{League, NotReady};
use crate::limits::{NetworkQuota, Networks};
use answer::Page;
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use cache::Shelf;
use countersign::{EventId, UserId};
use countersign_league::MatchId;
use countersign_store::StoreError;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use language::Language;
use layout::{Document, Listed};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Pages that are written for one network: at once, and per second after that. What is kept already costs nothing.
const WRITES: NetworkQuota = NetworkQuota { burst: 100, per_second: 20, networks: 65_536 };
/// Paths that pages are under; nothing else may be configured to begin with one.
pub(crate) const ROOTS: [&str; 4] = ["/table", "/player", "/match", "/event"];
/// How long it is believed that something does not exist.
const MISSING_CACHING: &str = "public, max-age=10";
/// How soon to ask again after a start.
const SOON: Duration = Duration::from_secs(1);

/// What all pages share.
#[derive(Debug)]
pub struct Pages {
    site: Site,
    is_on: bool,
    shelf: Shelf,
    writes: Networks,
}

/// Something that has a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    /// The table from this row on, counted from 0.
    Table(u32),
    Player(Who),
    Game(MatchId),
    Event(EventId),
    /// The results of an event as they were published.
    Results(EventId),
}

/// A player, by id or by a name as the store compares it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Id(UserId),
    Letters(String),
}

/// Why there is no page.
#[derive(Debug)]
enum Trouble {
    /// Nothing is there, or nothing that everybody may see.
    Missing,
    /// The operator wants none.
    Off,
    /// There is no league.
    NoLeague,
    /// Too many pages were written for this network.
    Busy(Duration),
    /// The boards are being built.
    Later,
    /// It cannot be made, for a reason of the server's own.
    Failed(Option<StoreError>),
}

/// Whoever writes a page.
struct Writer<'a, S> {
    app: &'a App<S>,
    site: &'a Site,
    language: Language,
}

impl<S> Clone for Writer<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Writer<'_, S> {}

impl<S> Writer<'_, S> {
    fn league(&self) -> Result<&League, Trouble> {
        self.app.league.as_ref().ok_or(Trouble::NoLeague)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Failed(Some(error))
    }
}

impl From<NotReady> for Trouble {
    fn from(NotReady: NotReady) -> Self {
        Self::Later
    }
}

/// Adds the routes.
pub(super) fn add<S: Backend>(router: Router<Arc<App<S>>>) -> Router<Arc<App<S>>> {
    router
        .route(&layout::STYLE_PATH, get(answer::style))
        .route("/table", get(table_from::<S>))
        .route("/player/{who}", named(|text| player::who(text).map(Place::Player)))
        .route("/match/{id}", named(|text| text.parse().ok().map(Place::Game)))
        .route("/event/{id}", named(|text| text.parse().ok().map(Place::Event)))
        .route("/event/{id}/results.json", named(|text| text.parse().ok().map(Place::Results)))
}

async fn table_from<S: Backend>(
    State(app): State<Arc<App<S>>>,
    Caller(ip): Caller,
    RawQuery(query): RawQuery,
    asked: HeaderMap,
) -> Response {
    let place = table::from(query.as_deref().unwrap_or_default()).map(Place::Table);
    app.pages.serve(&app, ip, &asked, place).await
}

/// What answers at paths with a name or an id in them.
fn named<S: Backend>(place: fn(&str) -> Option<Place>) -> MethodRouter<Arc<App<S>>> {
    get(
        move |State(app): State<Arc<App<S>>>,
              Caller(ip): Caller,
              name: Result<Path<String>, PathRejection>,
              asked: HeaderMap| async move {
            let place = name.ok().and_then(|Path(text)| place(&text));
            app.pages.serve(&app, ip, &asked, place).await
        },
    )
}

impl Pages {
    /// Nothing is kept yet.
    pub(crate) fn new(site: Site, is_on: bool) -> Self {
        Self { site, is_on, shelf: Shelf::new(), writes: Networks::new(WRITES) }
    }

    /// Answers whoever asks; `place`: none if nothing can be there.
    async fn serve<S: Backend>(
        &self,
        app: &App<S>,
        ip: IpAddr,
        asked: &HeaderMap,
        place: Option<Place>,
    ) -> Response {
        let language = Language::of(asked);
        let found = match place {
            _ if !self.is_on => Err(Trouble::Off),
            None => Err(Trouble::Missing),
            Some(place) => self.find(app, ip, (place, language)).await,
        };
        match found {
            Ok(page) => page.answer(language, asked),
            Err(trouble) => {
                if let Trouble::Failed(Some(error)) = &trouble {
                    tracing::error!(%error, "a public page failed in the store");
                    app.check_store();
                }
                self.refusal(language, &trouble)
            }
        }
    }

    async fn find<S: Backend>(
        &self,
        app: &App<S>,
        ip: IpAddr,
        key: (Place, Language),
    ) -> Result<Arc<Page>, Trouble> {
        if app.failed.is_set() {
            return Err(Trouble::Failed(None));
        }
        let version = || app.league.as_ref().map_or(0, League::profiles_version);
        let write = || async {
            self.writes.check(ip, app.now()).map_err(Trouble::Busy)?;
            self.writes.count(ip, app.now());
            let (place, language) = &key;
            let writer = Writer { app, site: &self.site, language: *language };
            let begun = clock::instant();
            let page = writer.write(place).await;
            tracing::debug!(took_us = begun.elapsed().as_micros(), "a public page was written");
            page
        };
        self.shelf.page(&key, version, write).await
    }

    fn refusal(&self, language: Language, trouble: &Trouble) -> Response {
        let words = language.words();
        let (status, title, why, wait) = match trouble {
            Trouble::Missing => (StatusCode::NOT_FOUND, words.missing, words.missing_why, None),
            Trouble::Off => (StatusCode::NOT_FOUND, words.missing, words.off, None),
            Trouble::NoLeague => (StatusCode::NOT_FOUND, words.missing, words.no_league, None),
            Trouble::Busy(wait) => {
                (StatusCode::TOO_MANY_REQUESTS, words.not_now, words.busy, Some(*wait))
            }
            Trouble::Later => {
                (StatusCode::SERVICE_UNAVAILABLE, words.not_now, words.later, Some(SOON))
            }
            Trouble::Failed(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, words.not_now, words.failed, None)
            }
        };
        let document = Document {
            title: title.into(),
            about: why.into(),
            place: None,
            json: None,
            listed: Listed::No,
            body: format!("<h1>{title}</h1>\n<p>{why}</p>\n"),
        };
        let is_missing = status == StatusCode::NOT_FOUND;
        let caching = if is_missing { MISSING_CACHING } else { "no-store" };
        let mut response = answer::refusal(status, self.site.page(language, &document), caching);
        if let Some(wait) = wait {
            let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl<S: Backend> Writer<'_, S> {
    async fn write(self, place: &Place) -> Result<Page, Trouble> {
        let document = match place {
            Place::Table(from) => table::write(self, *from).await?,
            Place::Player(who) => player::write(self, who).await?,
            Place::Game(id) => game::write(self, *id).await?,
            Place::Event(id) => event::write(self, *id).await?,
            Place::Results(id) => return event::results(self, *id).await.map(Page::json),
        };
        Ok(Page::html(self.site.page(self.language, &document)))
    }
}
