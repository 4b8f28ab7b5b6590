//! `/match/…`: what was played. What was signed is not for everybody: it holds what only players may know of each other.

use super::layout::{Document, Listed};
use super::number::{Minute, Time, change, minute};
use super::text::fill;
use super::{Trouble, Writer};
use crate::app::Backend;
use crate::league::is_public;
use core::fmt::Write;
use countersign::{Frame, UserId};
use countersign_html::Isolated;
use countersign_league::evidence::{Artefact, Bundle, Goal, GoalState, MatchResult, MatchStart};
use countersign_league::settlement::Reason;
use countersign_league::{End, MatchId, Params, Team};
use countersign_store::league::{EvidenceView, GameView, Player, StoredSeat};
use std::collections::HashMap;

pub(super) async fn write<S: Backend>(by: Writer<'_, S>, id: MatchId) -> Result<Document, Trouble> {
    let (found, players) = find(by, id).await?;
    let (game, words) = (&found.game, by.language.words());
    let [a, b] = game.score;
    let [team_a, team_b] = [Team::A, Team::B].map(|team| fill(words.team, &[&letter(team)]));
    let state = by.language.settlement(game.settlement);
    let mut body = format!(
        "<h1>{team_a} <span class=\"score number\">{a} : {b}</span> {team_b}</h1>\n<p>{state}</p>\n"
    );
    let reason = Reason::from_number(game.reason).and_then(|reason| by.language.reason(reason));
    if let Some(reason) = reason {
        let _written = writeln!(body, "<p>{reason}</p>");
    }
    if game.forks > 0 {
        let _written = writeln!(body, "<p>{}</p>", fill(words.forks, &[&game.forks]));
    }
    facts(by, &found, &mut body);
    for team in Team::BOTH {
        lineup(by, team, &found.seats, &players, &mut body);
    }
    if let Some((start, result)) = found.evidence.first().and_then(signed) {
        goals(by, &result.goals, &mut body);
        draw(by, &start, &mut body);
    }
    check(by, &found, &mut body);
    Ok(Document {
        title: fill(words.game_title, &[&a, &b]),
        about: fill(
            words.game_about,
            &[&format!("{} UTC", Minute(game.ended)), &state.trim_end_matches('.')],
        ),
        place: Some(format!("/match/{id}")),
        json: None,
        listed: Listed::No,
        body,
    })
}

/// The match, and those of its players who may be seen.
async fn find<S: Backend>(
    by: Writer<'_, S>,
    id: MatchId,
) -> Result<(GameView, HashMap<UserId, Player>), Trouble> {
    by.league()?;
    let found = by.app.store.find_game(id).await?.ok_or(Trouble::Missing)?;
    let users = found.seats.iter().map(|seat| seat.user).collect();
    let players = by.app.store.find_players(users).await?.into_iter();
    let players = players.filter(is_public).map(|player| (player.user, player)).collect();
    Ok((found, players))
}

/// What the device signed; it was verified when the match was settled.
fn signed(evidence: &EvidenceView) -> Option<(MatchStart, MatchResult)> {
    let bundle = Bundle::decode(&evidence.bundle).ok()?;
    let start = MatchStart::decode(Frame::split(&bundle.start).ok()?.payload).ok()?;
    let result = MatchResult::decode(Frame::split(&bundle.result).ok()?.payload).ok()?;
    Some((start, result))
}

fn facts<S>(by: Writer<'_, S>, found: &GameView, body: &mut String) {
    let (game, words) = (&found.game, by.language.words());
    let rules = match game.ruleset {
        it if it == Params::OFFICIAL.id() => words.rules_official,
        it if it == Params::SHORT.id() => words.rules_short,
        _ => words.rules_other,
    };
    let _written = write!(
        body,
        "<dl>\n<div><dt>{}</dt><dd>{}</dd></div>\n<div><dt>{}</dt><dd>{}</dd></div>\n\
         <div><dt>{}</dt><dd>{rules}, {}</dd></div>\n</dl>\n",
        words.played,
        Time(game.ended),
        words.ending,
        by.language.outcome(game.outcome),
        words.rules,
        fill(words.season, &[&game.season]).to_lowercase(),
    );
}

fn lineup<S>(
    by: Writer<'_, S>,
    team: Team,
    seats: &[StoredSeat],
    players: &HashMap<UserId, Player>,
    body: &mut String,
) {
    let words = by.language.words();
    let _written = writeln!(body, "<h2>{}</h2>\n<ul>", fill(words.team, &[&letter(team)]));
    for seat in seats.iter().filter(|seat| seat.team == team) {
        let name = players.get(&seat.user).map_or_else(
            || format!("<span class=\"quiet\">{}</span>", words.hidden_player),
            |player| {
                let path = by.site.path(&format!("/player/{}", player.user));
                format!("<a href=\"{path}\">{}</a>", Isolated(&player.name))
            },
        );
        // What does not count has changed nothing.
        let change = seat.counted.map(|_| change(by.language, seat.booked)).unwrap_or_default();
        let _written =
            writeln!(body, "<li class=\"split\">{name}<span class=\"number\">{change}</span></li>");
    }
    body.push_str("</ul>\n");
}

fn goals<S>(by: Writer<'_, S>, goals: &[Goal], body: &mut String) {
    let words = by.language.words();
    let _written = writeln!(body, "<h2>{}</h2>", words.goals);
    if goals.is_empty() {
        let _written = writeln!(body, "<p>{}</p>", words.no_goals);
        return;
    }
    body.push_str("<ol>\n");
    for goal in goals {
        let end = match goal.end {
            End::North => words.north,
            End::South => words.south,
        };
        let annulled = match goal.state {
            GoalState::Counted => String::new(),
            GoalState::Annulled => format!(", {}", words.annulled),
        };
        let (at, team) = (minute(goal.at), fill(words.team, &[&letter(goal.team)]));
        let _written = writeln!(
            body,
            "<li class=\"split\"><span>{team}, {end}{annulled}</span><span class=\"number\">{at}</span></li>"
        );
    }
    body.push_str("</ol>\n");
}

fn draw<S>(by: Writer<'_, S>, start: &MatchStart, body: &mut String) {
    let words = by.language.words();
    let _written = write!(
        body,
        "<h2>{}</h2>\n<p>{}</p>\n<dl class=\"wide\">\n<dt>{}</dt><dd><code>{}</code></dd>\n\
         <dt>{}</dt><dd><code>{}</code></dd>\n</dl>\n",
        words.draw,
        words.draw_why,
        words.seed,
        hex::encode(start.secret),
        words.commitment,
        start.commit,
    );
}

fn check<S>(by: Writer<'_, S>, found: &GameView, body: &mut String) {
    let (game, words) = (&found.game, by.language.words());
    let id = game.match_id;
    let _written = write!(
        body,
        "<h2>{}</h2>\n<p>{}</p>\n<p class=\"link\"><a href=\"/matches#{id}\">{}</a></p>\n<dl class=\"wide\">\n\
         <dt>{}</dt><dd><code>{id}</code></dd>\n<dt>{}</dt><dd><code>{}</code></dd>\n</dl>\n",
        words.check,
        words.game_check,
        words.game_evidence,
        words.game_id,
        words.device,
        game.device,
    );
}

const fn letter(team: Team) -> char {
    match team {
        Team::A => 'A',
        Team::B => 'B',
    }
}
