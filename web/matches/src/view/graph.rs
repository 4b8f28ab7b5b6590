//! The own rating as a line, as a sentence, and as a table.

use super::parts::{change, day, loading, minute, to};
use crate::app::App;
use crate::rating::Point;
use crate::route::Route;
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::points;
use countersign_web_kit::text::fill;

/// Axes end at multiples of this, in thousandths of a point.
const STEP: i64 = 10_000;
/// Both sides of the drawing, in its own units.
const SIDE: i64 = 1_000;
/// With more changes than this a dot for each would hide the line.
const DOTS_MAX: usize = 60;

pub(super) fn view(app: &App, t: &Texts) -> Element {
    let ratings = &app.data.ratings;
    let card = el("section").class("card").with(el("h2").text(t.rating));
    let (Some(first), Some(last)) = (ratings.points.first(), ratings.points.last()) else {
        return card.with(loading(app, t));
    };
    let card = card.with(el("p").class("big").text(fill(t.points, &[&points(last.rating)])));
    if ratings.points.len() < 2 {
        return card
            .with(el("p").class("quiet").text(fill(t.graph_none, &[&points(first.rating)])));
    }
    card.with(figure(app, &ratings.points, t)).with(table(app, &ratings.points, t))
}

fn figure(app: &App, shown: &[Point], t: &Texts) -> Element {
    let scale = Scale::of(shown);
    let mark = |rating: i64| el("span").text((rating / 1_000).to_string());
    let middle = scale.low + (scale.high - scale.low) / 2;
    let rows = el("div").class("marks").set("aria-hidden", "true");
    let rows = rows.with(mark(scale.high)).with(mark(middle)).with(mark(scale.low));
    let ends = [shown.first(), shown.last()].into_iter().flatten();
    let ends = ends.map(|point| el("span").text(day(app, point.at_ms)));
    let days = el("div").class("days").set("aria-hidden", "true").all(ends);
    let axis = el("div").class("axis quiet").set("aria-hidden", "true").text(t.axis);
    el("figure")
        .class("graph")
        .with(axis)
        .with(rows)
        .with(drawing(shown, &scale))
        .with(days)
        .with(el("figcaption").class("quiet").text(says(shown, t)))
}

/// What the line shows, for who does not see it.
fn says(shown: &[Point], t: &Texts) -> String {
    let ratings = || shown.iter().map(|point| point.rating);
    let of = |rating: Option<i32>| points(rating.unwrap_or_default());
    let values =
        [ratings().next(), ratings().next_back(), ratings().min(), ratings().max()].map(of);
    let [first, last, lowest, highest] = &values;
    let changes = (shown.len() - 1).to_string();
    fill(t.graph_says, &[&changes, first, last, lowest, highest])
}

/// Stretched to its place by the style: lines and dots keep their width there.
fn drawing(shown: &[Point], scale: &Scale) -> Element {
    let across = |it: i64| format!("M0 {it}H{SIDE}");
    let grid = [0, SIDE / 2, SIDE].map(across).concat();
    let places: Vec<(i64, i64)> = shown.iter().enumerate().map(|it| scale.place(it)).collect();
    let line = places.iter().map(|(x, y)| format!("{x} {y}")).collect::<Vec<_>>().join("L");
    let dots = (places.len() <= DOTS_MAX).then(|| {
        let dots = places.iter().map(|(x, y)| format!("M{x} {y}h0")).collect::<Vec<_>>().concat();
        el("path").class("dots").set("d", dots)
    });
    el("svg")
        .set("viewBox", format!("0 0 {SIDE} {SIDE}"))
        .set("preserveAspectRatio", "none")
        .set("aria-hidden", "true")
        .set("focusable", "false")
        .with(el("path").class("grid").set("d", grid))
        .with(el("path").class("line").set("d", format!("M{line}")))
        .all(dots)
}

/// From ratings to places of the drawing.
struct Scale {
    low: i64,
    high: i64,
    last: i64,
}

impl Scale {
    fn of(shown: &[Point]) -> Self {
        let ratings = || shown.iter().map(|point| i64::from(point.rating));
        let low = ratings().min().unwrap_or_default().div_euclid(STEP) * STEP;
        let high = (ratings().max().unwrap_or_default() + STEP - 1).div_euclid(STEP) * STEP;
        // A line without ups and downs runs in the middle.
        let (low, high) = if low == high { (low - STEP, high + STEP) } else { (low, high) };
        Self { low, high, last: i64::try_from(shown.len()).unwrap_or(2) - 1 }
    }

    fn place(&self, (index, point): (usize, &Point)) -> (i64, i64) {
        let index = i64::try_from(index).unwrap_or_default();
        let above = i64::from(point.rating) - self.low;
        (index * SIDE / self.last.max(1), SIDE - above * SIDE / (self.high - self.low))
    }
}

/// The newest first, as the list below.
fn table(app: &App, shown: &[Point], t: &Texts) -> Element {
    let head = el("tr")
        .with(el("th").set("scope", "col").text(t.when))
        .with(el("th").set("scope", "col").class("number").text(t.change))
        .with(el("th").set("scope", "col").class("number").text(t.afterwards));
    let row = |pair: &[Point]| {
        let [before, point] = pair else { return el("tr") };
        let at = minute(app, point.at_ms);
        let at = match &point.match_id {
            Some(id) => to(&Route::Match(id.clone())).text(at),
            None => el("span").text(at),
        };
        let by = change(i64::from(point.rating) - i64::from(before.rating));
        el("tr")
            .with(el("td").with(at))
            .with(el("td").class("number").text(by))
            .with(el("td").class("number").text(points(point.rating)))
    };
    let table = el("table")
        .class("ratings")
        .with(el("caption").class("unseen").text(t.rating))
        .with(el("thead").with(head))
        .with(el("tbody").all(shown.windows(2).rev().map(row)));
    el("details").with(el("summary").text(t.as_table)).with(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_web_kit::node::Node;

    fn points_of(ratings: &[i32]) -> Vec<Point> {
        let point = |rating: &i32| Point { at_ms: 0, rating: *rating, match_id: None };
        ratings.iter().map(point).collect()
    }

    fn path(ratings: &[i32], class: &str) -> Option<String> {
        let shown = points_of(ratings);
        let drawn = drawing(&shown, &Scale::of(&shown));
        let of_class = |child: &Node| match child {
            Node::Element(it) => {
                let is_it = it.attributes.contains(&("class", class.to_owned().into()));
                let d = it.attributes.iter().find(|(name, _)| *name == "d");
                d.filter(|_| is_it).map(|(_, d)| d.to_string())
            }
            Node::Text(_) => None,
        };
        drawn.children.iter().find_map(of_class)
    }

    #[test]
    fn two_points_are_a_line_from_edge_to_edge() {
        assert_eq!(path(&[1_500_000, 1_512_000], "line").unwrap(), "M0 1000L1000 400");
        assert_eq!(path(&[1_500_000, 1_512_000], "dots").unwrap(), "M0 1000h0M1000 400h0");
    }

    #[test]
    fn a_rating_that_does_not_move_runs_in_the_middle() {
        assert_eq!(path(&[1_500_000, 1_500_000], "line").unwrap(), "M0 500L1000 500");
    }

    #[test]
    fn five_hundred_points_stay_inside_and_have_no_dots() {
        let many: Vec<i32> = (0..500).map(|n| 1_400_000 + (n * 7_919 % 200_001)).collect();
        assert_eq!(path(&many, "dots"), None);
        let line = path(&many, "line").unwrap();
        let numbers = line.split(['M', 'L', ' ']).filter(|it| !it.is_empty());
        let numbers: Vec<i64> = numbers.map(|it| it.parse().unwrap()).collect();
        assert_eq!(numbers.len(), 1_000);
        assert!(numbers.iter().all(|it| (0..=SIDE).contains(it)));
    }
}
