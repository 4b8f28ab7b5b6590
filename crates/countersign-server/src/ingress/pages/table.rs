//! `/table`: the league in order.

use super::layout::{Document, Listed};
use super::number::points;
use super::text::fill;
use super::{Trouble, Writer};
use crate::app::Backend;
use crate::league::{Standings, is_public};
use core::fmt::Write;
use countersign::UserId;
use countersign_html::{Enclosed, Isolated};
use countersign_ranks::Row;
use countersign_store::league::Player;
use std::collections::HashMap;

/// Rows of a page.
const ROWS: u32 = 50;

/// The first row of the page that a query asks for, from 0; pages begin at multiples of [`ROWS`], so that there are no more of them than
/// the table needs. Nothing if `from` is no number.
pub(super) fn from(query: &str) -> Option<u32> {
    let from = query.split('&').find_map(|part| part.strip_prefix("from="));
    let from: u32 = from.map_or(Some(1), |text| text.parse().ok())?;
    let row = from.saturating_sub(1);
    Some(row - row % ROWS)
}

pub(super) async fn write<S: Backend>(by: Writer<'_, S>, from: u32) -> Result<Document, Trouble> {
    let look = |standings: &Standings| {
        (standings.season(), standings.board().len(), standings.board().page(from, ROWS))
    };
    let (season, of, rows) = by.league()?.look(look)?;
    if from > 0 && rows.is_empty() {
        return Err(Trouble::Missing);
    }
    let users: Vec<UserId> = rows.iter().map(|row| row.player.user).collect();
    let players = by.app.store.find_players(users).await?;
    let players: HashMap<UserId, Player> = players.into_iter().map(|it| (it.user, it)).collect();
    let words = by.language.words();
    let mut body = format!("<h1>{}</h1>\n", words.table);
    let season = fill(words.season, &[&season]);
    if rows.is_empty() {
        let _written = writeln!(body, "<p>{season}. {}</p>", words.table_empty);
    } else {
        let ranked = fill(words.ranked_players, &[&of]);
        let _written = write!(
            body,
            "<table class=\"places\">\n<caption>{season}. {ranked}</caption>\n<thead><tr><th scope=\"col\" class=\"rank\">{}</th>\
             <th scope=\"col\">{}</th><th scope=\"col\" class=\"number\">{}</th></tr></thead>\n<tbody>\n",
            words.rank, words.player, words.rating
        );
        rows.iter().for_each(|row| body.push_str(&line(by, row, &players)));
        body.push_str("</tbody>\n</table>\n");
        body.push_str(&neighbours(by, from, of));
    }
    Ok(Document {
        title: words.table.into(),
        about: fill(words.table_about, &[&Enclosed(by.site.name())]),
        place: Some(address(from)),
        json: None,
        listed: Listed::Yes,
        body,
    })
}

/// Who is not public has a place in it, and no name.
fn line<S>(by: Writer<'_, S>, row: &Row, players: &HashMap<UserId, Player>) -> String {
    let shown = players.get(&row.player.user).filter(|player| is_public(player));
    let name = shown.map_or_else(
        || format!("<span class=\"quiet\">{}</span>", by.language.words().hidden_row),
        |player| {
            let path = by.site.path(&format!("/player/{}", player.user));
            format!("<a href=\"{path}\">{}</a>", Isolated(&player.name))
        },
    );
    let (rank, rating) = (row.rank, points(row.player.rating));
    format!(
        "<tr><td>{rank}</td><th scope=\"row\">{name}</th><td class=\"number\">{rating}</td></tr>\n"
    )
}

/// Links to the pages before and after this one.
fn neighbours<S>(by: Writer<'_, S>, from: u32, of: u32) -> String {
    let words = by.language.words();
    let link = |from: u32, rel: &str, text: &str| {
        format!("<a rel=\"{rel}\" href=\"{}\">{text}</a>", by.site.path(&address(from)))
    };
    let before = (from > 0).then(|| link(from.saturating_sub(ROWS), "prev", words.better));
    let after = (of - from.min(of) > ROWS).then(|| link(from + ROWS, "next", words.worse));
    match (&before, &after) {
        (None, None) => String::new(),
        (Some(_), _) | (None, Some(_)) => format!(
            "<nav aria-label=\"{}\">{}{}</nav>\n",
            words.parts,
            before.unwrap_or_else(|| "<span></span>".into()),
            after.unwrap_or_default(),
        ),
    }
}

fn address(from: u32) -> String {
    match from {
        0 => "/table".into(),
        from => format!("/table?from={}", from + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_table_begin_where_others_end() {
        let said = ["", "x=1", "from=1", "from=50", "from=51", "a=b&from=130", "from=0"].map(from);
        assert_eq!(said, [0, 0, 0, 0, 50, 100, 0].map(Some));
        assert_eq!(from("from=4294967295"), Some(4_294_967_250));
        for wrong in ["from=", "from=-1", "from=1e3", "from=4294967296", "from=%31"] {
            assert_eq!(from(wrong), None, "{wrong}");
        }
    }
}
