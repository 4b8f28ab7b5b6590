//! What `player play` prints: a line for every change.

use crate::output;
use countersign_app::{Screen, StepState, Trouble};
use countersign_league::Team;
use countersign_league::game::{State, View};
use serde_json::json;

/// Remembers what was said, so that nothing is said twice.
pub(crate) struct Scoreboard {
    json: bool,
    steps: usize,
    state: Option<State>,
    players: (usize, usize),
    goals: usize,
    is_settled: bool,
    trouble: Option<String>,
}

impl Scoreboard {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            steps: 0,
            state: None,
            players: (0, 0),
            goals: 0,
            is_settled: false,
            trouble: None,
        }
    }

    pub(crate) fn show(&mut self, screen: &Screen<'_>) {
        match screen {
            Screen::Away => {}
            Screen::Approaching { steps, device } => {
                let done = steps.iter().filter(|(_, state)| *state == StepState::Done).count();
                if done > self.steps {
                    self.steps = done;
                    let mark = device.map_or("", |device| device.mark.as_str());
                    self.say("approach", &approach(done, mark));
                }
            }
            Screen::There { view: Some(view), .. } => self.view(view),
            Screen::There { view: None, device, .. } => {
                if self.steps < 3 {
                    self.steps = 3;
                    self.say("approach", &approach(3, &device.mark));
                }
            }
        }
    }

    pub(crate) fn trouble(&mut self, trouble: &Trouble) {
        let text = trouble.to_string();
        if self.trouble.as_deref() != Some(text.as_str()) {
            output::note(&text);
            self.trouble = Some(text);
        }
    }

    fn view(&mut self, view: &View) {
        if self.json {
            return output::line(&line(view).to_string());
        }
        let ready = view.players.iter().filter(|player| player.ready).count();
        if matches!(view.state, State::Lobby | State::Ready)
            && self.players != (view.players.len(), ready)
        {
            self.players = (view.players.len(), ready);
            output::line(&format!("lobby: {} players, {ready} ready", view.players.len()));
        }
        for goal in view.goals.iter().skip(self.goals) {
            let [a, b] = view.score;
            let second = goal.at / 1000;
            let (minute, second) = (second / 60, second % 60);
            let team = name(goal.team);
            output::line(&format!("GOAL {minute}:{second:02} for team {team}, {a}:{b}"));
        }
        self.goals = view.goals.len();
        if self.state != Some(view.state) {
            self.state = Some(view.state);
            output::line(&sentence(view));
            if view.state == State::Kickoff {
                teams(view);
            }
        }
        if let Some(receipt) = &view.receipt
            && !self.is_settled
        {
            self.is_settled = true;
            output::line(&format!("the server says: {}", receipt.settlement.as_str()));
            for (player, line) in view.players.iter().zip(&receipt.lines) {
                let change = points(line.sporting.saturating_add(line.adjustment));
                let (rating, rank) = (points(line.rating), line.rank);
                let rank =
                    if rank == 0 { "not ranked yet".to_owned() } else { format!("rank {rank}") };
                output::line(&format!("  {:<20} {change:>9} {rating:>9}  {rank}", player.name));
            }
        }
    }

    fn say(&self, what: &str, text: &str) {
        if self.json {
            output::line(&json!({ what: text }).to_string());
        } else {
            output::line(text);
        }
    }
}

fn approach(done: usize, mark: &str) -> String {
    match done {
        1 => format!("the device '{mark}' proved itself"),
        2 => "the server certified you".to_owned(),
        _ => "you are in the lobby".to_owned(),
    }
}

fn sentence(view: &View) -> String {
    let [a, b] = view.score;
    match view.state {
        State::Off => "the device is waiting for its button".to_owned(),
        State::Pairing | State::Handshake => "the two halves look for each other".to_owned(),
        State::GoalCheck => "hit both goals once".to_owned(),
        State::Lobby => "the lobby is open".to_owned(),
        State::Ready => "enough are ready: it begins soon".to_owned(),
        State::RollCall => "roll call".to_owned(),
        State::Draw => "the teams are drawn".to_owned(),
        State::Kickoff => format!("kickoff in {} s", view.left / 1000),
        State::Playing => "playing".to_owned(),
        State::Drain => "full time; late goals are collected".to_owned(),
        State::Review => format!("review: {a}:{b}"),
        State::Signed => format!("signed by the device: {a}:{b}"),
        State::Settled => format!("final: {a}:{b}"),
        State::Recover => "the device had no power; it looks what it knows".to_owned(),
        State::Void => "this match does not count".to_owned(),
        State::Abandoned => "nothing was played".to_owned(),
        State::Locked => "the halves do not believe each other; the device is locked".to_owned(),
    }
}

fn teams(view: &View) {
    for team in Team::BOTH {
        let members = view.players.iter().filter(|player| player.team == Some(team));
        let members: Vec<String> = members
            .map(|player| {
                let stakes = &player.stakes;
                format!("{} (+{}/{})", player.name, points(stakes.win), points(stakes.loss))
            })
            .collect();
        output::line(&format!("  team {}: {}", name(team), members.join(", ")));
    }
}

fn line(view: &View) -> serde_json::Value {
    json!({
        "view": view.number,
        "state": format!("{:?}", view.state).to_lowercase(),
        "match": view.match_id.to_string(),
        "score": view.score,
        "goals": view.goals.len(),
        "players": view.players.len(),
        "settled": view.receipt.as_ref().map(|receipt| receipt.settlement.as_str()),
    })
}

const fn name(team: Team) -> &'static str {
    match team {
        Team::A => "A",
        Team::B => "B",
    }
}

/// Thousandths as points with one digit.
fn points(thousandths: i32) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let tenths = (thousandths.unsigned_abs() + 50) / 100;
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}
