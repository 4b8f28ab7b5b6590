//! The ids, and what was set out to reach.

use crate::cli::Wanted;

/// What is good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    /// Large figures.
    AtLeast {
        /// What has to be reached first; none: it is reported.
        first: Option<f64>,
        /// What is wanted.
        goal: f64,
    },
    /// None: the figure is reported.
    Open,
    /// Small figures.
    AtMost {
        /// What has to be reached first.
        first: f64,
        /// What is wanted.
        goal: f64,
    },
}

/// One figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Id {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it stands against.
    pub(crate) target: Target,
    /// What the targets count, where it is not the figure itself.
    pub(crate) of: &'static str,
}

/// How far a figure got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It reached what is wanted.
    Goal,
    /// It reached the first step.
    FirstStep,
    /// Not even that.
    Below,
    /// There is no first step.
    Reported,
}

pub(crate) const FLOOR: &str = "exchange.full_vs_floor";
pub(crate) const ECHO: &str = "exchange.full_vs_echo";
pub(crate) const JWT: &str = "exchange.full_vs_jwt";
pub(crate) const RFC9421: &str = "exchange.full_vs_rfc9421";
pub(crate) const MTLS: &str = "exchange.full_vs_mtls";
pub(crate) const LOW_LOAD: &str = "exchange.p99_low_load_ms";
pub(crate) const FORGED: &str = "exchange.forged_cost";
pub(crate) const FLOOD: &str = "exchange.flood_p99_ratio";
pub(crate) const REPLAY_BYTES: &str = "replay.bytes_per_id";
pub(crate) const REPLAY_NS: &str = "replay.ns";
pub(crate) const COMMITS: &str = "store.login_commits_vs_single";
pub(crate) const RANK: &str = "league.rank_vs_redis";
pub(crate) const SEARCH: &str = "league.search_p99_us";
pub(crate) const DRAW: &str = "league.draw_rating_us";
pub(crate) const SETTLE: &str = "league.settle_vs_crypto";
pub(crate) const CORE: &str = "league.core_size_riscv_kib";
pub(crate) const CORE_MASTER: &str = "league.core_size_riscv_kib.master";
pub(crate) const CORE_SLAVE: &str = "league.core_size_riscv_kib.slave";
pub(crate) const GOAL: &str = "league.goal_p99_ms";
pub(crate) const HUB: &str = "judging.hub_vs_crypto";
pub(crate) const RELAY_PPS: &str = "mesh.relay_pps_core";
pub(crate) const SEEN_BYTES: &str = "mesh.bytes_per_seen_id";
pub(crate) const SIM_SPEED: &str = "mesh.sim_node_seconds";
/// Delivered, and the 95th percentile, by the sizes of the design's table.
pub(crate) const DELIVERY: [&str; 4] =
    ["mesh.delivery_50", "mesh.delivery_100", "mesh.delivery_200", "mesh.delivery_500"];
pub(crate) const P95: [&str; 4] =
    ["mesh.p95_ms_50", "mesh.p95_ms_100", "mesh.p95_ms_200", "mesh.p95_ms_500"];
pub(crate) const START: &str = "server.start_ms";
pub(crate) const RSS: &str = "server.rss_mib";
pub(crate) const FIRST_LOAD: &str = "web.first_load_kib";
pub(crate) const INTERACTIVE: &str = "web.interactive_ms";
/// Of the players' page, the pitch, the judges' page, the console.
pub(crate) const PERFORMANCE: [&str; 4] = [
    "web.performance",
    "web.performance.pitch",
    "web.performance.judge",
    "web.performance.console",
];

/// All of them, in the order of the table.
pub(crate) const IDS: [Id; 39] = [
    at_least(FLOOR, Some(0.90), 2.5),
    at_least(ECHO, Some(0.12), 0.33),
    at_least(JWT, Some(1.0), 2.5),
    at_least(RFC9421, Some(2.5), 6.0),
    at_least(MTLS, None, 1.0),
    Id { of: "x echo", ..at_most(LOW_LOAD, 2.0, 1.5) },
    at_most(FORGED, 1.25, 1.10),
    at_most(FLOOD, 5.0, 2.0),
    at_most(REPLAY_BYTES, 60.0, 20.0),
    at_most(REPLAY_NS, 500.0, 250.0),
    at_least(COMMITS, Some(8.0), 20.0),
    at_least(RANK, Some(5.0), 20.0),
    at_most(SEARCH, 1000.0, 100.0),
    reported(DRAW),
    at_least(SETTLE, Some(0.5), 0.9),
    reported(CORE),
    reported(CORE_MASTER),
    reported(CORE_SLAVE),
    at_most(GOAL, 50.0, 10.0),
    at_least(HUB, Some(0.5), 0.9),
    at_least(RELAY_PPS, Some(200_000.0), 500_000.0),
    reported(SEEN_BYTES),
    reported(SIM_SPEED),
    reported(DELIVERY[0]),
    reported(DELIVERY[1]),
    reported(DELIVERY[2]),
    at_least(DELIVERY[3], Some(0.99), 1.0),
    reported(P95[0]),
    reported(P95[1]),
    reported(P95[2]),
    at_most(P95[3], 1000.0, 500.0),
    at_most(START, 1000.0, 200.0),
    at_most(RSS, 40.0, 25.0),
    at_most(FIRST_LOAD, 120.0, 100.0),
    at_most(INTERACTIVE, 3000.0, 2000.0),
    at_least(PERFORMANCE[0], Some(95.0), 100.0),
    at_least(PERFORMANCE[1], Some(95.0), 100.0),
    at_least(PERFORMANCE[2], Some(95.0), 100.0),
    at_least(PERFORMANCE[3], Some(95.0), 100.0),
];

const fn reported(name: &'static str) -> Id {
    Id { name, target: Target::Open, of: "" }
}

const fn at_least(name: &'static str, first: Option<f64>, goal: f64) -> Id {
    Id { name, target: Target::AtLeast { first, goal }, of: "" }
}

const fn at_most(name: &'static str, first: f64, goal: f64) -> Id {
    Id { name, target: Target::AtMost { first, goal }, of: "" }
}

impl Target {
    /// How far a figure got.
    pub(crate) fn judge(self, figure: f64) -> Verdict {
        match self {
            Self::AtLeast { goal, .. } if figure >= goal => Verdict::Goal,
            Self::AtMost { goal, .. } if figure <= goal => Verdict::Goal,
            Self::AtLeast { first: None, .. } | Self::Open => Verdict::Reported,
            Self::AtLeast { first: Some(first), .. } if figure >= first => Verdict::FirstStep,
            Self::AtMost { first, .. } if figure <= first => Verdict::FirstStep,
            Self::AtLeast { .. } | Self::AtMost { .. } => Verdict::Below,
        }
    }

    /// The first step and the goal, for people.
    pub(crate) fn texts(self) -> (String, String) {
        match self {
            Self::AtLeast { first, goal } => {
                let first =
                    first.map_or_else(|| "report".to_owned(), |first| format!(">= {first}"));
                (first, format!(">= {goal}"))
            }
            Self::AtMost { first, goal } => (format!("<= {first}"), format!("<= {goal}")),
            Self::Open => ("report".to_owned(), String::new()),
        }
    }
}

impl Verdict {
    /// A word or two.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::FirstStep => "first step",
            Self::Below => "BELOW",
            Self::Reported => "reported",
        }
    }
}

/// The ids that were asked for, or the names that fit none.
pub(crate) fn chosen(wanted: &Wanted) -> Result<Vec<&'static str>, String> {
    let names = IDS.map(|id| id.name);
    for prefix in &wanted.names {
        if !names.iter().any(|name| name.starts_with(prefix.as_str())) {
            let all = names.join("\n  ");
            return Err(format!("no id begins with {prefix:?}; the ids are:\n  {all}"));
        }
    }
    let fits = |name: &&str| {
        wanted.names.is_empty()
            || wanted.names.iter().any(|prefix| name.starts_with(prefix.as_str()))
    };
    Ok(names.into_iter().filter(fits).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(names: &[&str]) -> Wanted {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Wanted { names, json: false, quick: false, large: false, rounds: None }
    }

    #[test]
    fn prefixes_choose() {
        assert_eq!(chosen(&wanted(&[])).unwrap().len(), IDS.len());
        assert_eq!(chosen(&wanted(&["server", "replay.ns"])).unwrap(), [REPLAY_NS, START, RSS]);
        assert!(chosen(&wanted(&["nonsense"])).unwrap_err().contains("server.start_ms"));
    }

    #[test]
    fn verdicts() {
        let (up, down) = (at_least("", Some(1.0), 2.0).target, at_most("", 2.0, 1.0).target);
        for (target, figure, verdict) in [
            (up, 2.0, Verdict::Goal),
            (up, 1.0, Verdict::FirstStep),
            (up, 0.9, Verdict::Below),
            (down, 1.0, Verdict::Goal),
            (down, 2.0, Verdict::FirstStep),
            (down, 2.1, Verdict::Below),
            (at_least("", None, 1.0).target, 0.5, Verdict::Reported),
            (Target::Open, 0.5, Verdict::Reported),
        ] {
            assert_eq!(target.judge(figure), verdict, "{target:?} {figure}");
        }
    }
}
