//! `league review`: what waits, and what looks wrong in many matches together.

mod sums;

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::desk::{Desk, PAGE};
use super::show::points;
use countersign::{Timestamp, UserId, VerifyingKey};
use countersign_keys::Utc;
use countersign_league::evidence::{MatchResult, MatchStart, open};
use countersign_league::settlement::{AHEAD, read};
use countersign_league::{DeviceId, MatchId, RulesetId};
use countersign_ranks::integrity::device::{DeviceFinding, DeviceRule, score};
use countersign_ranks::integrity::ring::RingFinding;
use countersign_ranks::integrity::throwing::{Tally, ThrowingFinding};
use countersign_server::desk::queues::Queues;
use countersign_store::league::{GameFilter, LeagueStore, StoredGame};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use sums::Sums;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Arguments of `league review`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing here is a verdict, and nothing is changed: each line says what stands out and what shows it, for a person to look at.

ring      somebody's opponents are nearly all of one small group that plays among itself, and the rating rises by it
throwing  results of a player, or of two together or against each other, that chance gives once in a thousand; with \
thousands of players some are chance
night     a device plays between midnight and five; say with --utc-offset where the pitches are
score     more goals in a match than others under the same rules have
rhythm    goals fall like a clock

Matches are read one by one with their evidence, so a month takes a while; the server can run.

Examples:
  countersign league review --utc-offset 60
  countersign league review --days 7 --json")]
pub(super) struct ReviewArgs {
    /// Look at matches that ended in so many days before now
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// Local time of the pitches ahead of UTC, in minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 0, allow_negative_numbers = true, value_parser = clap::value_parser!(i16).range(-840..=840))]
    utc_offset: i16,
}

/// Everything that was found.
struct Review {
    since: Timestamp,
    matches: u64,
    /// Matches whose evidence could not be read.
    unread: Vec<MatchId>,
    is_full: bool,
    rings: Vec<RingFinding>,
    players: Vec<(UserId, ThrowingFinding)>,
    pairs: Vec<(UserId, UserId, ThrowingFinding)>,
    devices: Vec<(DeviceId, Option<MatchId>, DeviceFinding)>,
}

pub(super) fn run(
    args: &ReviewArgs,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let queues = wait(Queues::count(&desk.store, u64::MAX))?;
    let review = review(args, desk)?;
    match desk.json {
        true => Ok(out.json(&as_json(&queues, &review))?),
        false => text(&queues, &review, desk, out),
    }
}

/// Matches page by page, last settled first; those that were settled before `since` are not read.
fn each_game(
    filter: GameFilter,
    since: Timestamp,
    desk: &Desk<'_>,
    mut look: impl FnMut(&StoredGame) -> Result<(), OpsError>,
) -> Result<(), OpsError> {
    let mut before = u64::MAX;
    loop {
        let page = wait(desk.store.games_before(filter, before, PAGE))?;
        let Some(last) = page.last() else { return Ok(()) };
        before = last.no;
        page.iter().try_for_each(&mut look)?;
        // Nothing settles long before its own end, so nothing older can be in the window.
        if last.settled.plus(AHEAD) < since {
            return Ok(());
        }
    }
}

fn review(args: &ReviewArgs, desk: &Desk<'_>) -> Result<Review, OpsError> {
    let since = desk.now.minus(DAY * u32::from(args.days));
    let filter = GameFilter { ended_from: since, ..GameFilter::ALL };
    let means = means(filter, since, desk)?;
    let rule = DeviceRule::default();
    let keys = desk.keys()?;
    let (mut sums, mut masters) = (Sums::default(), BTreeMap::new());
    let (mut matches, mut unread, mut devices) = (0, Vec::new(), Vec::new());
    each_game(filter, since, desk, |game| {
        matches += 1;
        let mean = means.get(&game.ruleset).copied().unwrap_or_default();
        let goals = u32::from(game.score[0]) + u32::from(game.score[1]);
        let found = score(&rule, goals, mean).filter(|_| game.outcome.is_rated());
        devices.extend(found.map(|found| (game.device, Some(game.match_id), found)));
        let view = desk.game(game.match_id)?;
        let master = match masters.get(&game.device) {
            Some(known) => Option::clone(known),
            None => {
                let master = master(game.device, desk)?;
                masters.insert(game.device, master.clone());
                master
            }
        };
        let story = view.evidence.first().zip(master).and_then(|(evidence, master)| {
            let bundle = read(&evidence.bundle).ok()?;
            let start = open::<MatchStart>(keys.realm(), &master, &bundle.start).ok()?;
            let result = open::<MatchResult>(keys.realm(), &master, &bundle.result).ok()?;
            Some((start.value, result.value))
        });
        match story {
            Some((start, result)) => {
                let found = sums.add(&rule, &view, &start, &result);
                devices.extend(found.map(|found| (game.device, Some(game.match_id), found)));
            }
            None => unread.push(game.match_id),
        }
        unread.truncate(PAGE as usize);
        Ok(())
    })?;
    devices.extend(
        sums.nights(&rule, args.utc_offset)
            .into_iter()
            .map(|(device, found)| (device, None, found)),
    );
    let is_full = sums.is_full();
    let (rings, players, pairs) = (sums.rings(), sums.players(), sums.pairs());
    Ok(Review { since, matches, unread, is_full, rings, players, pairs, devices })
}

/// How many goals a match has on average, by rules.
fn means(
    filter: GameFilter,
    since: Timestamp,
    desk: &Desk<'_>,
) -> Result<BTreeMap<RulesetId, f64>, OpsError> {
    let mut sums: BTreeMap<RulesetId, (u64, u64)> = BTreeMap::new();
    each_game(filter, since, desk, |game| {
        if game.outcome.is_rated() {
            let (goals, matches) = sums.entry(game.ruleset).or_default();
            *goals += u64::from(game.score[0]) + u64::from(game.score[1]);
            *matches += 1;
        }
        Ok(())
    })?;
    let mean = |(rules, (goals, matches))| (rules, goals as f64 / matches as f64);
    Ok(sums.into_iter().map(mean).collect())
}

fn master(device: DeviceId, desk: &Desk<'_>) -> Result<Option<VerifyingKey>, OpsError> {
    let device = wait(desk.store.find_device(device))?;
    Ok(device.and_then(|device| VerifyingKey::from_bytes(&device.pair.master).ok()))
}

fn text(
    queues: &Queues,
    review: &Review,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    out.line("What waits")?;
    let Queues { disputes, frozen, pending, suspect, gaps } = queues;
    for (count, what, command) in [
        (disputes, "open disputes", "dispute list"),
        (frozen, "frozen matches", "match list --frozen"),
        (pending, "pending matches", "match list --pending"),
        (suspect, "suspect devices", "device list --status suspect"),
        (gaps, "devices with missing matches", "device list"),
    ] {
        out.line(format_args!("  {count:6}  {what:30}  countersign league {command}"))?;
    }
    let (matches, since) = (review.matches, Utc(review.since));
    out.line(format_args!("What stands out in {matches} matches since {since}"))?;
    let names = desk.names(users(review))?;
    let name = |user: &UserId| names.get(user).cloned().unwrap_or_else(|| user.to_string());
    for RingFinding { user, group, inside, meetings, rise } in &review.rings {
        let (who, rise) = (name(user), points((*rise).into()));
        let group: Vec<_> = group.iter().map(name).collect();
        out.line(format_args!(
            "  ring      {who} rose by {rise}; {inside} of {meetings} meetings within {}",
            group.join(", ")
        ))?;
    }
    for (user, found) in &review.players {
        out.line(format_args!("  throwing  {}: {}", name(user), thrown(found)))?;
    }
    for (one, other, found) in &review.pairs {
        let (one, other) = (name(one), name(other));
        out.line(format_args!("  throwing  {one}, with and against {other}: {}", thrown(found)))?;
    }
    for (device, game, found) in &review.devices {
        let place = game.map_or_else(|| format!("device {device}"), |id| format!("match {id}"));
        out.line(format_args!("  {:8}  {place}: {}", word(found), why(found)))?;
    }
    if findings(review) == 0 {
        out.line("  nothing")?;
    }
    for id in &review.unread {
        out.line(format_args!("  unread    match {id}: see `countersign league match verify`"))?;
    }
    if review.is_full {
        out.line("  There were more pairs of players than fit; look at fewer --days.")?;
    }
    Ok(())
}

fn findings(review: &Review) -> usize {
    review.rings.len() + review.players.len() + review.pairs.len() + review.devices.len()
}

fn users(review: &Review) -> Vec<UserId> {
    let rings = review.rings.iter().flat_map(|ring| &ring.group).copied();
    let players = review.players.iter().map(|(user, _)| *user);
    let pairs = review.pairs.iter().flat_map(|(one, other, _)| [*one, *other]);
    rings.chain(players).chain(pairs).collect::<BTreeSet<_>>().into_iter().collect()
}

fn thrown(found: &ThrowingFinding) -> String {
    let of = |tally: &Tally, word: &str| match tally.matches() {
        0 => String::new(),
        matches => {
            let (scored, expected) = (tally.scored(), tally.expected());
            format!("{scored:.1} of {expected:.1} expected points in {matches} matches{word}; ")
        }
    };
    let is_pair = found.against.matches() > 0;
    let (with, against) = (if is_pair { " together" } else { "" }, " against each other");
    let (chi, limit) = (found.chi_square, found.limit);
    let counts = of(&found.with, with) + &of(&found.against, against);
    format!("{counts}chi-square {chi:.1}, over {limit:.1}")
}

const fn word(found: &DeviceFinding) -> &'static str {
    match found {
        DeviceFinding::Night { .. } => "night",
        DeviceFinding::Score { .. } => "score",
        DeviceFinding::Rhythm { .. } => "rhythm",
    }
}

fn why(found: &DeviceFinding) -> String {
    match found {
        DeviceFinding::Night { night, matches } => {
            format!("{night} of {matches} matches began between 00:00 and 05:00")
        }
        DeviceFinding::Score { goals, mean, tail } => {
            format!("{goals} goals, where {mean:.1} are usual; probability {tail:.1e}")
        }
        DeviceFinding::Rhythm { gaps, mean_ms, variation } => {
            let seconds = mean_ms / 1000.0;
            format!("a goal every {seconds:.1} s, {gaps} times; variation {variation:.3}")
        }
    }
}

fn as_json(queues: &Queues, review: &Review) -> Value {
    let rings = review.rings.iter().map(|RingFinding { user, group, inside, meetings, rise }| {
        let group: Vec<_> = group.iter().map(UserId::to_string).collect();
        json!({ "kind": "ring", "user": user.to_string(), "group": group, "inside": inside,
            "meetings": meetings, "rise": rise })
    });
    let players = review.players.iter().map(|(user, found)| {
        json!({ "kind": "throwing", "user": user.to_string(), "results": tally_json(&found.with),
            "chi_square": found.chi_square, "limit": found.limit })
    });
    let pairs = review.pairs.iter().map(|(one, other, found)| {
        json!({ "kind": "throwing", "user": one.to_string(), "other": other.to_string(),
            "together": tally_json(&found.with), "against": tally_json(&found.against),
            "chi_square": found.chi_square, "limit": found.limit })
    });
    let devices = review.devices.iter().map(|(device, game, found)| {
        let mut value = json!({ "kind": word(found), "device": device.to_string(),
            "match": game.map(String::from) });
        let (first, second) = match found {
            DeviceFinding::Night { night, matches } => {
                (("night", json!(night)), ("matches", json!(matches)))
            }
            DeviceFinding::Score { goals, mean, tail } => {
                value["probability"] = json!(tail);
                (("goals", json!(goals)), ("mean", json!(mean)))
            }
            DeviceFinding::Rhythm { gaps, mean_ms, variation } => {
                value["variation"] = json!(variation);
                (("gaps", json!(gaps)), ("mean_ms", json!(mean_ms)))
            }
        };
        for (key, number) in [first, second] {
            value[key] = number;
        }
        value
    });
    let findings: Vec<_> = rings.chain(players).chain(pairs).chain(devices).collect();
    let Queues { disputes, frozen, pending, suspect, gaps } = queues;
    json!({
        "queues": {
            "disputes": disputes, "frozen": frozen, "pending": pending,
            "suspect_devices": suspect, "devices_with_gaps": gaps,
        },
        "since_ms": review.since.as_millis(),
        "matches": review.matches,
        "findings": findings,
        "unread": review.unread.iter().map(MatchId::to_string).collect::<Vec<_>>(),
        "full": review.is_full,
    })
}

fn tally_json(tally: &Tally) -> Value {
    json!({ "matches": tally.matches(), "scored": tally.scored(), "expected": tally.expected() })
}
