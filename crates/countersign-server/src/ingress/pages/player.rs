//! `/player/…`: somebody who wants to be seen by everybody.

use super::layout::{Document, Listed};
use super::number::{Time, change, points};
use super::text::fill;
use super::{Trouble, Who, Writer};
use crate::app::Backend;
use crate::league::{Missing, Place, is_public};
use core::fmt::Write;
use countersign_html::{Enclosed, Isolated};
use countersign_ranks::Name;
use countersign_store::league::{HistoryCursor, HistoryEntry, Player, SeasonRow};

/// Matches that are shown.
const MATCHES: u32 = 10;

/// An id, or a name that somebody could have.
pub(super) fn who(text: &str) -> Option<Who> {
    if let Ok(id) = text.parse() {
        return Some(Who::Id(id));
    }
    let name = Name::parse(text).ok()?;
    Some(Who::Letters(name.letters().as_str().to_owned()))
}

pub(super) async fn write<S: Backend>(by: Writer<'_, S>, who: &Who) -> Result<Document, Trouble> {
    let (league, store) = (by.league()?, &by.app.store);
    let found = match who {
        Who::Id(id) => store.find_player(*id).await?,
        Who::Letters(letters) => store.find_player_by_name(letters.clone()).await?,
    };
    let player = found.filter(is_public).ok_or(Trouble::Missing)?;
    let rows = store.season_rows(player.season, vec![player.user]).await?;
    let place = league.look(|standings| standings.place(&player.user))?;
    let history = store.history(player.user, HistoryCursor::NEWEST, MATCHES).await?;
    let (words, rating) = (by.language.words(), points(player.rating()));
    let about = match place {
        Some(place) => fill(words.player_about, &[&rating, &place.standing.rank]),
        None => fill(words.player_about_unranked, &[&rating]),
    };
    let mut body = format!("<h1>{}</h1>\n<dl>\n", Isolated(&player.name));
    facts(by, &player, place, rows.first()).into_iter().for_each(|(name, value)| {
        let _written = writeln!(body, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    });
    let _written = write!(body, "</dl>\n<h2>{}</h2>\n", words.last_matches);
    match history.is_empty() {
        true => body.push_str(&format!("<p>{}</p>\n", words.no_matches)),
        false => {
            body.push_str("<ul>\n");
            history.iter().for_each(|entry| body.push_str(&line(by, entry)));
            body.push_str("</ul>\n");
        }
    }
    Ok(Document {
        title: Enclosed(&player.name).to_string(),
        about,
        place: Some(format!("/player/{}", player.user)),
        json: None,
        listed: Listed::No,
        body,
    })
}

/// Names and values of what is known.
fn facts<S: Backend>(
    by: Writer<'_, S>,
    player: &Player,
    place: Option<Place>,
    row: Option<&SeasonRow>,
) -> Vec<(String, String)> {
    let (language, words) = (by.language, by.language.words());
    let mut rating = points(player.rating()).to_string();
    if Missing::of(player, by.app.now()).is_provisional() {
        let _written = write!(rating, " ({})", words.provisional);
    }
    let rank = place.map_or_else(
        || words.not_ranked.to_owned(),
        |place| fill(words.rank_of, &[&place.standing.rank, &place.standing.of]),
    );
    let mut facts = vec![(words.rating.to_owned(), rating), (words.rank.to_owned(), rank)];
    if let Some(place) = place {
        facts.push((words.tier.to_owned(), language.tier(place.tier).to_owned()));
    }
    facts.push((words.matches.to_owned(), player.matches.to_string()));
    if let Some(row) = row {
        let season = fill(words.season, &[&row.season]);
        let tally = format!("{} · {} · {}", row.tally.won, row.tally.drawn, row.tally.lost);
        facts.push((format!("{season}: {}", words.won_drawn_lost), tally));
        let form: Vec<&str> = row.form.iter().map(|result| language.result(*result)).collect();
        if !form.is_empty() {
            facts.push((words.form.to_owned(), form.join(", ")));
        }
    }
    facts
}

fn line<S>(by: Writer<'_, S>, entry: &HistoryEntry) -> String {
    let (game, seat) = (&entry.game, &entry.seat);
    let path = by.site.path(&format!("/match/{}", game.match_id));
    let ([a, b], time) = (game.score, Time(game.ended));
    let result = seat.counted.map_or_else(
        || by.language.settlement(game.settlement).to_owned(),
        |result| {
            let change = change(by.language, seat.booked);
            format!("{} <span class=\"number\">{change}</span>", by.language.result(result))
        },
    );
    format!(
        "<li class=\"link\"><a href=\"{path}\"><span>{a} : {b} · {result}</span><span>{time}</span></a></li>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_is_named_by_an_id_or_by_what_could_be_a_name() {
        let id = "6a2698d6e3e1ccfa20c451659fe035aa";
        assert_eq!(who(id), Some(Who::Id(id.parse().unwrap())));
        assert_eq!(who("Zoë B"), who("zoë b"), "names that read the same have one page");
        for none in ["", "a", "<b>bold</b>", "a\u{202e}bc", "../../x", "0", &"a".repeat(10_000)] {
            assert_eq!(who(none), None, "{none}");
        }
    }
}
