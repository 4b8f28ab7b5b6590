//! The table as a picture: two panels, delivery and 95th percentile by size, one line per policy.

use super::{Cell, Policy, reference};
use std::fmt::Write;

const WIDTH: f64 = 1_200.0;
const HEIGHT: f64 = 600.0;
const PANEL: (f64, f64) = (470.0, 330.0);
const TOP: f64 = 90.0;
const LEFTS: [f64; 2] = [80.0, 680.0];
/// Colours that are told apart also by who sees red and green alike.
const COLOURS: [&str; 9] = [
    "#d55e00", "#e69f00", "#0072b2", "#8c564b", "#009e73", "#cc79a7", "#7f7f7f", "#000000",
    "#56b4e9",
];

/// One panel: what it shows, and its scale.
struct Panel {
    title: &'static str,
    unit: &'static str,
    left: f64,
    most: f64,
    step: f64,
    sizes: Vec<usize>,
    figure: fn(&Cell) -> f64,
    design: fn(Policy, usize) -> Option<f64>,
}

/// An SVG of delivery and latency by size. Filled marks are measured, hollow ones are the design's.
pub fn plot(cells: &[Cell]) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{}\" y=\"34\" font-size=\"20\" text-anchor=\"middle\">Votes through the relay mesh, by the size of the hall</text>\n\
         <text x=\"{}\" y=\"56\" text-anchor=\"middle\" fill=\"#555\">unit disc, 12 neighbours on average, 5 % loss, 2.5 ms airtime, 5 votes a second to a hub in the middle</text>\n",
        WIDTH / 2.0,
        WIDTH / 2.0,
    );
    let mut sizes: Vec<usize> = cells.iter().map(|cell| cell.nodes).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let slowest = cells.iter().map(p95).fold(600.0, f64::max);
    let step = if slowest > 2_500.0 { 1_000.0 } else { 250.0 };
    let panels = [
        Panel {
            title: "delivered to the hub",
            unit: "%",
            left: LEFTS[0],
            most: 100.0,
            step: 20.0,
            sizes: sizes.clone(),
            figure: |cell| cell.figures.delivery(),
            design: |policy, nodes| reference(policy, nodes).0,
        },
        Panel {
            title: "95th percentile from tap to hub",
            unit: "ms",
            left: LEFTS[1],
            most: (slowest / step).ceil() * step,
            step,
            sizes,
            figure: p95,
            design: |policy, nodes| reference(policy, nodes).1,
        },
    ];
    for panel in &panels {
        panel.axes(&mut out);
        panel.lines(&mut out, cells);
    }
    legend(&mut out, cells);
    out.push_str("</svg>\n");
    out
}

fn p95(cell: &Cell) -> f64 {
    cell.figures.latency(95)
}

impl Panel {
    /// Sizes are spread by their logarithms.
    fn x(&self, nodes: usize) -> f64 {
        let first = (self.sizes.first().copied().unwrap_or(1) as f64).ln();
        let last = (self.sizes.last().copied().unwrap_or(1) as f64).ln();
        let share = if last > first { ((nodes as f64).ln() - first) / (last - first) } else { 0.5 };
        self.left + 20.0 + share * (PANEL.0 - 40.0)
    }

    fn y(&self, figure: f64) -> f64 {
        TOP + PANEL.1 * (1.0 - figure / self.most)
    }

    fn axes(&self, out: &mut String) {
        let (left, right, bottom) = (self.left, self.left + PANEL.0, TOP + PANEL.1);
        let middle = f64::midpoint(left, right);
        let mut tick = 0.0;
        while tick <= self.most + 0.5 {
            let y = self.y(tick);
            let _ = write!(
                out,
                "<line x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>\n",
                left - 8.0,
                y + 5.0,
            );
            tick += self.step;
        }
        for nodes in &self.sizes {
            let x = self.x(*nodes);
            let _ = write!(
                out,
                "<line x1=\"{x:.1}\" y1=\"{bottom}\" x2=\"{x:.1}\" y2=\"{}\" stroke=\"black\"/>\n\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{nodes}</text>\n",
                bottom + 6.0,
                bottom + 22.0,
            );
        }
        let _ = write!(
            out,
            "<path d=\"M{left} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"black\"/>\n\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">nodes (logarithmic)</text>\n\
             <text x=\"{left}\" y=\"{}\" font-size=\"15\" font-weight=\"bold\">{} ({})</text>\n",
            bottom + 42.0,
            TOP - 12.0,
            self.title,
            self.unit,
        );
    }

    fn lines(&self, out: &mut String, cells: &[Cell]) {
        for (policy, colour) in colours(cells) {
            let of_policy = cells.iter().filter(|cell| cell.policy == policy);
            let points: Vec<(f64, f64)> =
                of_policy.map(|cell| (self.x(cell.nodes), self.y((self.figure)(cell)))).collect();
            let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                path.join(" ")
            );
            for (x, y) in points {
                let _ = writeln!(
                    out,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>"
                );
            }
            for nodes in &self.sizes {
                if let Some(figure) = (self.design)(policy, *nodes) {
                    let _ = writeln!(
                        out,
                        "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"6.5\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
                        self.x(*nodes),
                        self.y(figure),
                    );
                }
            }
        }
    }
}

fn colours(cells: &[Cell]) -> impl Iterator<Item = (Policy, &'static str)> + '_ {
    let all = Policy::ALL.iter().map(|(_, policy, _)| *policy).zip(COLOURS);
    all.filter(|(policy, _)| cells.iter().any(|cell| cell.policy == *policy))
}

fn legend(out: &mut String, cells: &[Cell]) {
    let top = TOP + PANEL.1 + 72.0;
    let mark = |out: &mut String, x: f64, y: f64, colour: &str, text: &str| {
        let _ = write!(
            out,
            "<line x1=\"{x}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"{colour}\" stroke-width=\"2\"/>\n\
             <circle cx=\"{}\" cy=\"{y}\" r=\"4\" fill=\"{colour}\"/>\n\
             <text x=\"{}\" y=\"{}\">{}</text>\n",
            x + 32.0,
            x + 16.0,
            x + 40.0,
            y + 5.0,
            escaped(text),
        );
    };
    let mut place = 0;
    for (policy, colour) in colours(cells) {
        let (x, y) = (80.0 + 370.0 * f64::from(place % 3), top + 24.0 * f64::from(place / 3));
        mark(out, x, y, colour, policy.title());
        place += 1;
    }
    let y = top + 24.0 * f64::from((place + 2) / 3);
    let _ = write!(
        out,
        "<circle cx=\"96\" cy=\"{y}\" r=\"6.5\" fill=\"none\" stroke=\"black\" stroke-width=\"1.5\"/>\n\
         <text x=\"120\" y=\"{}\">hollow: what the design measured for the line of that colour, in a model of its own</text>\n",
        y + 5.0
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
