//! What is written to standard output: one line for every change.

use crate::options::Shown;
use crate::words;
use countersign_league::Team;
use countersign_league::game::View;
use std::io::Write;

/// The display of a half.
#[derive(Debug)]
pub(crate) struct Display {
    shown: Shown,
    /// A line is not said twice.
    last: String,
}

impl Display {
    pub(crate) fn new(shown: Shown) -> Self {
        Self { shown, last: String::new() }
    }

    /// A line. A closed pipe is no error: whoever closed it has seen enough.
    pub(crate) fn line(&mut self, text: &str) {
        match self.shown {
            Shown::None => {}
            Shown::Terminal if self.last == text => {}
            Shown::Terminal => {
                let mut out = std::io::stdout().lock();
                drop(writeln!(out, "{text}").and_then(|()| out.flush()));
                text.clone_into(&mut self.last);
            }
        }
    }

    /// The public state.
    pub(crate) fn view(&mut self, view: &View) {
        self.line(&line_of(view));
    }

    /// A goal.
    pub(crate) fn scored(&mut self, team: Team) {
        self.line(&format!("GOAL for team {}", words::team(team)));
    }
}

fn line_of(view: &View) -> String {
    let [a, b] = view.score;
    let clock = words::clock(view).unwrap_or_else(|| "-:--".to_owned());
    let ready = view.players.iter().filter(|player| player.ready).count();
    let players = match view.players.len() {
        0 => String::new(),
        all => format!("  {ready}/{all} ready"),
    };
    let warnings: Vec<_> = words::warnings(view).iter().map(|(word, _)| *word).collect();
    let warnings =
        if warnings.is_empty() { String::new() } else { format!("  ! {}", warnings.join(" ")) };
    let (state, link) = (words::state(view.state), words::colour(view.link));
    format!("{state:<10}  {a}:{b}  {clock:>5}  link {link}{players}{warnings}")
}
