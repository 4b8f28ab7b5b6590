//! What a seed wants to happen: rules, people, links, and what goes wrong.

use crate::dice::Dice;
use crate::time::{MS, Micros, S};
use countersign_league::{End, Params};

/// Which worlds are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scenario {
    /// Everything, in proportions that leave many matches whole.
    #[default]
    Mixed,
    /// No faults but those of good links: every match must be played to its end.
    Calm,
    /// Losses of power, again and again.
    Power,
    /// Bad and broken links.
    Links,
    /// People who leave, vote and flag.
    People,
    /// Adversaries.
    Evil,
}

impl Scenario {
    /// All, with the words by which they are chosen.
    pub const ALL: [(&'static str, Self); 6] = [
        ("mixed", Self::Mixed),
        ("calm", Self::Calm),
        ("power", Self::Power),
        ("links", Self::Links),
        ("people", Self::People),
        ("evil", Self::Evil),
    ];

    /// The scenario of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, scenario)| *scenario)
    }
}

/// What a link does to messages: percentages and a delay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkPlan {
    pub(crate) loss: u64,
    pub(crate) copies: u64,
    pub(crate) flips: u64,
    pub(crate) delay: (Micros, Micros),
}

/// A part of a match, in which something is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Lobby,
    Kickoff,
    Play,
    Drain,
    Review,
    Over,
}

/// What goes wrong, or is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The master has no power for so long. It goes between two events, or in the middle of the next writing.
    MasterOff {
        torn: bool,
        off: Micros,
    },
    SlaveOff {
        torn: bool,
        off: Micros,
    },
    RadioCut(Micros),
    WifiCut(Micros),
    WanCut(Micros),
    /// So many contacts, one after the other.
    Rattle(End, u8),
    PhoneDies,
    Leave,
    LeaveAndReturn,
    Injury,
    /// A whole team goes.
    Walkout,
    Concede,
    Absent,
    /// Both teams annul a goal.
    Annul,
    /// Only the team that suffered wants it annulled.
    AnnulAlone,
    FlagAll,
    FlagOne,
    Abort,
    Quit,
    /// A bit of everything that strangers can send.
    Strangers,
}

/// One mishap and its place: thousandths of the part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incident {
    pub(crate) game: u8,
    pub(crate) part: Part,
    pub(crate) permille: u64,
    pub(crate) what: Mishap,
}

/// Everything that a seed decides beforehand.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) params: Params,
    pub(crate) players: u8,
    pub(crate) games: u8,
    pub(crate) radio: LinkPlan,
    pub(crate) wifi: LinkPlan,
    pub(crate) wan: LinkPlan,
    pub(crate) incidents: Vec<Incident>,
    /// Travel tickets instead of internet at the pitch.
    pub(crate) travel: bool,
    /// The server signs with a key that the device has not heard of.
    pub(crate) rotated: bool,
    pub(crate) couriers_evil: bool,
    /// The device's owner has the master's key and forges.
    pub(crate) insider: bool,
    /// A copy of the device from an older state.
    pub(crate) clone: bool,
    /// Goals of each end in a match, at most.
    pub(crate) goals: u64,
    /// Nothing but good links.
    pub(crate) calm: bool,
}

/// Rules in which a match takes a minute, so that many fit into a night.
pub(crate) const BRISK: Params = Params {
    duration: 60_000,
    ready: 3_000,
    ready_max: 9_000,
    kickoff: 6_000,
    drain_down: 20_000,
    review: 12_000,
    leave_undo: 5_000,
    short_side: 5_000,
    rearm: 1_500,
    quiet: 400,
    ..Params::OFFICIAL
};

const GOOD_RADIO: LinkPlan = LinkPlan { loss: 1, copies: 1, flips: 0, delay: (500, 2 * MS) };
const GOOD_WIFI: LinkPlan = LinkPlan { loss: 0, copies: 0, flips: 0, delay: (MS, 30 * MS) };
const GOOD_WAN: LinkPlan = LinkPlan { loss: 0, copies: 0, flips: 0, delay: (20 * MS, 200 * MS) };

impl Plan {
    pub(crate) fn new(scenario: Scenario, dice: &mut Dice) -> Self {
        let calm = match scenario {
            Scenario::Mixed => dice.percent(30),
            Scenario::Calm => true,
            Scenario::Power | Scenario::Links | Scenario::People | Scenario::Evil => false,
        };
        let params = if dice.percent(12) { Params::OFFICIAL } else { BRISK };
        let players = if dice.percent(70) { dice.within(6, 11) } else { dice.within(12, 22) };
        let is = |kind: Scenario, dice: &mut Dice, chance: u64| {
            !calm && (scenario == kind || (scenario == Scenario::Mixed && dice.percent(chance)))
        };
        let mut plan = Self {
            games: if params.duration > 60_000 { 1 } else { dice.within(1, 3) as u8 },
            params,
            players: players as u8,
            radio: GOOD_RADIO,
            wifi: GOOD_WIFI,
            wan: GOOD_WAN,
            incidents: Vec::new(),
            travel: is(Scenario::Links, dice, 25),
            rotated: is(Scenario::Evil, dice, 15),
            couriers_evil: is(Scenario::Evil, dice, 40),
            insider: is(Scenario::Evil, dice, 12),
            clone: is(Scenario::Evil, dice, 8),
            goals: dice.within(0, 7),
            calm,
        };
        if is(Scenario::Links, dice, 40) {
            plan.worsen_links(dice);
        }
        for (kind, chance) in [
            (Scenario::Power, 35),
            (Scenario::Links, 30),
            (Scenario::People, 50),
            (Scenario::Evil, 30),
        ] {
            if is(kind, dice, chance) {
                for game in 0..plan.games {
                    (0..dice.within(1, 3)).for_each(|_| plan.add(kind, game, dice));
                }
            }
        }
        plan
    }

    fn worsen_links(&mut self, dice: &mut Dice) {
        let loss = if dice.percent(70) { dice.within(0, 15) } else { dice.within(15, 40) };
        let slowest = if dice.percent(50) { 5 * MS } else { 80 * MS };
        self.radio = LinkPlan {
            loss,
            copies: dice.within(0, 20),
            flips: dice.within(0, 5),
            delay: (500, slowest),
        };
        self.wifi = LinkPlan {
            loss: dice.within(0, 20),
            copies: dice.within(0, 10),
            flips: dice.within(0, 2),
            delay: (MS, 300 * MS),
        };
        self.wan = LinkPlan {
            loss: dice.within(0, 40),
            copies: dice.within(0, 10),
            flips: dice.within(0, 2),
            delay: (20 * MS, 2 * S),
        };
    }

    fn add(&mut self, kind: Scenario, game: u8, dice: &mut Dice) {
        let (part, what) = match kind {
            Scenario::Power => power(dice),
            Scenario::Links => links(dice),
            Scenario::People => people(dice),
            Scenario::Evil => {
                let part = [Part::Lobby, Part::Kickoff, Part::Play, Part::Drain, Part::Review];
                (part[dice.below(5) as usize], Mishap::Strangers)
            }
            Scenario::Mixed | Scenario::Calm => return,
        };
        let permille = dice.within(20, 980);
        self.incidents.push(Incident { game, part, permille, what });
    }
}

fn power(dice: &mut Dice) -> (Part, Mishap) {
    let parts = [
        Part::Lobby,
        Part::Kickoff,
        Part::Play,
        Part::Play,
        Part::Play,
        Part::Drain,
        Part::Review,
        Part::Over,
    ];
    let part = parts[dice.below(8) as usize];
    let off = match dice.below(10) {
        0 => dice.within(60 * S, 90 * S),
        1 | 2 => dice.within(4 * S, 20 * S),
        _ => dice.within(300 * MS, 2_500 * MS),
    };
    let torn = dice.percent(60);
    let what = match dice.percent(60) {
        true => Mishap::MasterOff { torn, off },
        false => Mishap::SlaveOff { torn, off },
    };
    (part, what)
}

fn links(dice: &mut Dice) -> (Part, Mishap) {
    let parts = [Part::Lobby, Part::Kickoff, Part::Play, Part::Play, Part::Drain, Part::Review];
    let part = parts[dice.below(6) as usize];
    let what = match dice.below(5) {
        0 => Mishap::WifiCut(dice.within(S, 60 * S)),
        1 => Mishap::WanCut(dice.within(10 * S, 7_200 * S)),
        2 => Mishap::RadioCut(dice.within(20 * S, 80 * S)),
        _ => Mishap::RadioCut(dice.within(S, 12 * S)),
    };
    (part, what)
}

fn people(dice: &mut Dice) -> (Part, Mishap) {
    let end = if dice.percent(50) { End::North } else { End::South };
    match dice.below(20) {
        0 => (Part::Kickoff, Mishap::Abort),
        1 => (Part::Kickoff, Mishap::Quit),
        2 | 3 => (Part::Play, Mishap::Leave),
        4 | 5 => (Part::Play, Mishap::LeaveAndReturn),
        6 => (Part::Play, Mishap::Injury),
        7 => (Part::Play, Mishap::Walkout),
        8 => (Part::Play, Mishap::Concede),
        9 => (Part::Review, Mishap::Concede),
        10 | 11 => (Part::Review, Mishap::Absent),
        12 | 13 => (Part::Review, Mishap::Annul),
        14 => (Part::Review, Mishap::AnnulAlone),
        15 => (Part::Review, Mishap::FlagAll),
        16 => (Part::Review, Mishap::FlagOne),
        17 => (Part::Play, Mishap::Rattle(end, 10)),
        18 => (Part::Play, Mishap::Rattle(end, 45)),
        _ => {
            let part = [Part::Lobby, Part::Kickoff, Part::Play, Part::Review];
            (part[dice.below(4) as usize], Mishap::PhoneDies)
        }
    }
}
