//! `/event/…`: what an organiser published.

use super::layout::{Document, Listed};
use super::number::{Time, percent};
use super::text::fill;
use super::{Trouble, Writer};
use crate::app::Backend;
use core::fmt::Write;
use countersign::EventId;
use countersign_html::{Enclosed, Isolated, Text};
use countersign_store::StoreError;
use serde::Deserialize;

/// Projects on a page, over all rounds and categories. More are in the published file.
const PROJECTS_MAX: usize = 1_000;
/// Rounds and categories on a page.
const COUNTS_MAX: usize = 100;

/// Published results, as `countersign event results --publish` writes them.
#[derive(Debug, Deserialize)]
struct Published {
    title: String,
    bundle: u32,
    votes: u64,
    ballot_root: String,
    alarms: u64,
    left_out: u64,
    hubs: Vec<Hub>,
    counts: Vec<Count>,
}

#[derive(Debug, Deserialize)]
struct Hub {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Count {
    round: u32,
    category: String,
    groups: u32,
    projects: Vec<Project>,
}

#[derive(Debug, Deserialize)]
struct Project {
    project: String,
    title: String,
    anchor: bool,
    votes: u32,
    raw: Option<Estimate>,
    ridge: Option<Estimate>,
    bradley_terry: Option<Estimate>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Estimate {
    value: i32,
    error: Option<u32>,
    rank: Option<u32>,
}

pub(super) async fn write<S: Backend>(by: Writer<'_, S>, id: EventId) -> Result<Document, Trouble> {
    let stored = by.app.store.find_results(id).await?.ok_or(Trouble::Missing)?;
    let damaged = |error| StoreError::Damaged(format!("results of {id}: {error}"));
    let published: Published = serde_json::from_slice(&stored.content).map_err(damaged)?;
    let words = by.language.words();
    let path = by.site.path(&format!("/event/{id}/results.json"));
    let mut body = format!(
        "<h1>{}</h1>\n<p class=\"quiet\">{}</p>\n",
        Isolated(&published.title),
        words.event
    );
    facts(by, &published, &Time(stored.published), &mut body);
    if published.alarms.saturating_add(published.left_out) > 0 {
        let said = fill(words.doubts, &[&published.alarms, &published.left_out]);
        let _written = writeln!(body, "<p>{said}</p>");
    }
    let counts = published.counts.iter().take(COUNTS_MAX);
    let (mut room, mut left_out) = (PROJECTS_MAX, 0);
    counts.for_each(|count| {
        let shown = count.projects.len().min(room);
        (room, left_out) = (room - shown, left_out + count.projects.len() - shown);
        tally(by, count, shown, &mut body);
    });
    left_out += published.counts.iter().skip(COUNTS_MAX).map(|it| it.projects.len()).sum::<usize>();
    if left_out > 0 {
        let _written = writeln!(body, "<p>{}</p>", fill(words.more_projects, &[&left_out]));
    }
    let _written = write!(
        body,
        "<h2>{}</h2>\n<p class=\"link\"><a href=\"{path}\">{}</a></p>\n<p>{}</p>\n<dl class=\"wide\">\n\
         <dt>{}</dt><dd><code>{}</code></dd>\n</dl>\n",
        words.check,
        words.event_results,
        words.event_check,
        words.ballot_root,
        Text(&published.ballot_root),
    );
    Ok(Document {
        title: Enclosed(&published.title).to_string(),
        about: fill(words.event_about, &[&Enclosed(&published.title), &published.votes]),
        place: Some(format!("/event/{id}")),
        json: Some(format!("/event/{id}/results.json")),
        listed: Listed::Yes,
        body,
    })
}

/// The results as they were published, byte for byte.
pub(super) async fn results<S: Backend>(
    by: Writer<'_, S>,
    id: EventId,
) -> Result<Vec<u8>, Trouble> {
    let stored = by.app.store.find_results(id).await?.ok_or(Trouble::Missing)?;
    Ok(stored.content)
}

fn facts<S>(by: Writer<'_, S>, published: &Published, at: &Time, body: &mut String) {
    let words = by.language.words();
    let names = published.hubs.iter().filter_map(|hub| hub.name.as_deref());
    let hubs: Vec<String> = names.map(|name| Isolated(name).to_string()).collect();
    let _written = write!(
        body,
        "<dl>\n<div><dt>{}</dt><dd>{}</dd></div>\n<div><dt>{}</dt><dd>{}</dd></div>\n\
         <div><dt>{}</dt><dd>{}</dd></div>\n<div><dt>{}</dt><dd>{at}</dd></div>\n</dl>\n<p class=\"quiet\">{}</p>\n",
        words.votes,
        published.votes,
        words.hubs,
        hubs.join(", "),
        words.bundle,
        published.bundle,
        words.published,
        words.methods,
    );
}

/// The methods side by side, in the order of the first.
fn tally<S>(by: Writer<'_, S>, count: &Count, shown: usize, body: &mut String) {
    let words = by.language.words();
    let heading = fill(words.round, &[&count.round, &Text(&count.category)]);
    let _written = writeln!(body, "<h2>{heading}</h2>");
    if count.groups > 1 {
        let _written = writeln!(body, "<p>{}</p>", fill(words.groups, &[&count.groups]));
    }
    if count.projects.is_empty() {
        let _written = writeln!(body, "<p>{}</p>", words.no_counts);
        return;
    }
    let _written = writeln!(
        body,
        "<table class=\"tally\">\n<thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"number\">{}</th>\
         <th scope=\"col\" class=\"number\">{}</th><th scope=\"col\" class=\"number\">{}</th></tr></thead>",
        words.votes, words.ridge, words.raw, words.pairs
    );
    let mut projects: Vec<&Project> = count.projects.iter().collect();
    let rank = |project: &&Project| project.ridge.and_then(|it| it.rank).unwrap_or(u32::MAX);
    projects.sort_by_key(rank);
    projects.iter().take(shown).for_each(|project| row(by, project, body));
    body.push_str("</table>\n");
}

fn row<S>(by: Writer<'_, S>, project: &Project, body: &mut String) {
    let words = by.language.words();
    let place = match project.ridge.and_then(|it| it.rank) {
        Some(rank) => format!("{rank}. "),
        None => String::new(),
    };
    let name = match project.title.as_str() {
        "" => &project.project,
        title => title,
    };
    let why = match (project.anchor, place.is_empty()) {
        (true, _) => words.anchor,
        (false, true) => words.unranked,
        (false, false) => "",
    };
    let why = match why {
        "" => String::new(),
        why => format!(" <span class=\"quiet\">({why})</span>"),
    };
    let [ridge, raw, pairs] =
        [project.ridge, project.raw, project.bradley_terry].map(|estimate| cell(by, estimate));
    let _written = writeln!(
        body,
        "<tbody><tr><th scope=\"rowgroup\" colspan=\"4\">{place}{}{why}</th></tr>\n\
         <tr><td>{}</td>{ridge}{raw}{pairs}</tr></tbody>",
        Isolated(name),
        project.votes,
    );
}

/// A method's word: the value, how far it may be off, and the rank.
fn cell<S>(by: Writer<'_, S>, estimate: Option<Estimate>) -> String {
    let Some(it) = estimate else { return "<td class=\"number\">–</td>".into() };
    let share = |millionths: i32| percent(by.language, millionths);
    let error = it.error.map(|error| share(i32::try_from(error).unwrap_or(i32::MAX)));
    let error = error.map(|error| format!("<small>± {error}</small>")).unwrap_or_default();
    let rank = it
        .rank
        .map(|rank| format!("<small>{} {rank}</small>", by.language.words().rank.to_lowercase()));
    format!("<td class=\"number\">{} %{error}{}</td>", share(it.value), rank.unwrap_or_default())
}
