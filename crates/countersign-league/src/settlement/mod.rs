//! The server's second look at a match: everything is computed again, nothing is believed.
//!
//! ```text
//!   bytes ─ read ─▶ Bundle ─ check ─▶ Checked ─ decide ─▶ Verdict ─▶ MatchReceipt
//!           G1 G2             │ G1 to G16         │ what only the store knows
//!                             ▼                   ▼
//!                          Refusal             Reason
//!                       never stored       stored and shown
//! ```
//!
//! The ids of the checks, and the reasons, are in `docs/league.md`, "Settlement".

mod acts;
mod course;
mod goals;
mod origin;
mod players;
mod reason;
mod refusal;
mod verdict;

pub use reason::Reason;
pub use refusal::{ActFault, Claim, CourseFault, GoalFault, Refusal, RollFault, TicketFault};
pub use verdict::{
    Caps, Facts, FactsError, Meeting, Review, SeatFacts, Standing, Verdict, VerdictLine, WHOLE,
    decide,
};

use crate::draw::{self, Entrant};
use crate::evidence::{
    Bundle, DeviceCertificate, DeviceStatus, MatchResult, MatchStart, Outcome, Roll, SeatFlags,
    Signed, Ticket,
};
use crate::id::{DeviceId, RulesetId};
use crate::rating::{self, Ending, Rated};
use crate::ruleset::Params;
use crate::team::Seat;
use crate::vote::{Electorate, Seats};
use alloc::vec::Vec;
use core::time::Duration;
use countersign::{Fingerprint, Realm, Timestamp, UserId, VerifyingKey};
use origin::Parsed;

/// Results that come later are not rated.
pub const TOO_LATE: Duration = Duration::from_secs(14 * 24 * 3600);

/// A device's clock may be ahead of the server's by this much.
pub const AHEAD: Duration = Duration::from_secs(300);

/// What the server knows of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    /// The pair.
    pub device: DeviceId,
    /// Key of the master.
    pub master: VerifyingKey,
    /// Key of the slave.
    pub slave: VerifyingKey,
    /// Where it is in its life.
    pub status: DeviceStatus,
    /// How many players it may serve.
    pub max_players: u8,
}

impl From<&DeviceCertificate> for KnownDevice {
    fn from(certificate: &DeviceCertificate) -> Self {
        let DeviceCertificate { device, status, max_players, .. } = *certificate;
        let (master, slave) = (certificate.master.clone(), certificate.slave.clone());
        Self { device, master, slave, status, max_players }
    }
}

/// Rules that the server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRules {
    /// The rules.
    pub params: Params,
    /// Whether matches under them are rated here.
    pub rated: bool,
}

/// What the server knows before it looks at a bundle.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The deployment.
    pub realm: &'a Realm,
    /// The device whose master has the fingerprint that [`signer`] names, if there is one.
    pub device: Option<&'a KnownDevice>,
    /// The server's online key of this fingerprint, if it was one at that time.
    pub server_key: &'a dyn Fn(&Fingerprint, Timestamp) -> Option<VerifyingKey>,
    /// All rules that are known here.
    pub rules: &'a [KnownRules],
}

/// A match that passed every check. Only [`check`] makes one.
///
/// ```compile_fail,E0639
/// # use countersign_league::settlement::Checked;
/// fn forged(checked: Checked) -> Checked {
///     let Checked { start, result, tickets, params, barred, missed, objections, .. } = checked;
///     Checked { start, result, tickets, params, barred, missed, objections }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// The beginning, with its digest.
    pub start: Signed<MatchStart>,
    /// The end, with its digest; its rating changes are those that the server computed, too.
    pub result: Signed<MatchResult>,
    /// By seat.
    pub tickets: Vec<Signed<Ticket>>,
    /// The rules.
    pub params: Params,
    /// Who must not have started a rated match, by the ticket.
    pub barred: Seats,
    /// Who was ready and did not start: silent in the roll call without an excuse, or gone before kickoff.
    pub missed: Vec<UserId>,
    /// What stands against counting it, as far as the bundle shows.
    pub objections: Vec<Reason>,
}

impl Checked {
    /// What would become of it if the store had nothing to say.
    pub fn suggestion(&self) -> Standing {
        Standing::of(&self.objections)
    }
}

/// G1, G2: a bundle from the bytes that a phone brought.
pub fn read(bytes: &[u8]) -> Result<Bundle, Refusal> {
    Ok(Bundle::decode(bytes)?)
}

/// The fingerprint of the master that claims to have signed; for finding [`Context::device`], never for trusting.
pub fn signer(bundle: &Bundle) -> Result<Fingerprint, Refusal> {
    origin::signer(bundle)
}

/// G1 to G16, in this order; the first that fails is the answer. Then what stands against counting the match.
///
/// `now` is the server's time, and decides nothing but whether the result is too late or from the future.
pub fn check(bundle: &Bundle, context: &Context<'_>, now: Timestamp) -> Result<Checked, Refusal> {
    let parsed = Parsed::of(bundle)?;
    let device = origin::device(&parsed, context)?;
    let (tickets, rolls) = (parsed.tickets, parsed.rolls);
    let (acts, missed) = (parsed.acts, parsed.missed);
    let (start, result) = origin::ends(parsed.start, parsed.result, context, device)?;
    origin::related(&start, &result, device, tickets.len())?;
    origin::seal(&start.value, &result.value, device)?;
    origin::identity(&start.value)?;
    let rules = rules(&start.value, context, device)?;
    let tickets = players::tickets(tickets, &start.value, context)?;
    let rolls = players::rolls(rolls, &tickets, &start.value, context.realm)?;
    same_draw(&start.value, &tickets, &rolls, &rules.params)?;
    same_stakes(&start.value, &tickets, &rules.params)?;
    same_deltas(&start.value, &result.value)?;
    let acts = acts::verify(acts, &tickets, &start.value, context.realm)?;
    let mut missed = players::missed(missed, &tickets, &start.value, context)?;
    let voters = Electorate::of(&start.value.roster, &tickets);
    acts.back(&start.value, &result.value, &rules.params, &voters)?;
    goals::check(&start.value, &result.value, &rules.params)?;
    course::check(&start.value, &result.value, &rules.params)?;
    let objections = objections(&start.value, &result.value, device, rules, &voters, now);
    let barred = barred(&tickets, start.value.started);
    if result.value.outcome == Outcome::Abandoned {
        let quit = acts.quit();
        let seats = (0..).zip(&start.value.roster).filter(|(seat, _)| quit.has(*seat));
        missed.extend(seats.map(|(_, line)| line.user));
    }
    let params = rules.params.clone();
    Ok(Checked { start, result, tickets, params, barred, missed, objections })
}

/// G7: rules that are known, and a roster that they and the device allow.
fn rules<'a>(
    start: &MatchStart,
    context: &Context<'a>,
    device: &KnownDevice,
) -> Result<&'a KnownRules, Refusal> {
    let is_meant = |rules: &&KnownRules| -> bool {
        let id: RulesetId = rules.params.id();
        id == start.ruleset
    };
    let rules = context.rules.iter().find(is_meant).ok_or(Refusal::UnknownRules)?;
    let most = rules.params.max_players.min(device.max_players);
    match (usize::from(rules.params.min_players)..=usize::from(most)).contains(&start.roster.len())
    {
        true => Ok(rules),
        false => Err(Refusal::RosterSize(start.roster.len())),
    }
}

/// G10.
fn same_draw(
    start: &MatchStart,
    tickets: &[Signed<Ticket>],
    rolls: &[Signed<Roll>],
    params: &Params,
) -> Result<(), Refusal> {
    let entrant = |(ticket, roll): (&Signed<Ticket>, &Signed<Roll>)| Entrant {
        user: ticket.value.user,
        nonce: roll.value.nonce,
        rating: ticket.value.rating,
    };
    let entrants: Vec<Entrant> = tickets.iter().zip(rolls).map(entrant).collect();
    let draw =
        draw::draw(params, &start.secret, &start.match_id, &entrants).map_err(|_| Refusal::Draw)?;
    match draw.north == start.north && start.roster.iter().map(|line| line.team).eq(draw.teams) {
        true => Ok(()),
        false => Err(Refusal::Draw),
    }
}

/// G11.
fn same_stakes(
    start: &MatchStart,
    tickets: &[Signed<Ticket>],
    params: &Params,
) -> Result<(), Refusal> {
    let players: Vec<Rated> = tickets.iter().map(|ticket| Rated::from(&ticket.value)).collect();
    let teams: Vec<_> = start.roster.iter().map(|line| line.team).collect();
    let stakes = rating::stakes(params, &players, &teams);
    let claimed = start.roster.iter().map(|line| line.stakes);
    match stakes.into_iter().zip(claimed).position(|(ours, theirs)| ours != theirs) {
        None => Ok(()),
        Some(seat) => Err(Refusal::Stakes(seat as Seat)),
    }
}

/// G12.
fn same_deltas(start: &MatchStart, result: &MatchResult) -> Result<(), Refusal> {
    let deltas = rating::final_deltas(start, Ending::from(result));
    match deltas.seats == result.deltas && deltas.bank == result.bank {
        true => Ok(()),
        false => Err(Refusal::Deltas),
    }
}

fn barred(tickets: &[Signed<Ticket>], started: Timestamp) -> Seats {
    let seats = (0..).zip(tickets);
    seats.filter(|(_, ticket)| ticket.value.barred_until > started).map(|(seat, _)| seat).collect()
}

/// Everything that stands against counting the match, the gravest first within each kind.
fn objections(
    start: &MatchStart,
    result: &MatchResult,
    device: &KnownDevice,
    rules: &KnownRules,
    voters: &Electorate,
    now: Timestamp,
) -> Vec<Reason> {
    let of_device = match device.status {
        DeviceStatus::Active => Reason::None,
        DeviceStatus::Revoked => Reason::DeviceRevoked,
        DeviceStatus::Suspect => Reason::DeviceSuspect,
        DeviceStatus::Made | DeviceStatus::Sold | DeviceStatus::Rma => Reason::DeviceNotActive,
    };
    let of_outcome = match result.outcome {
        Outcome::Final | Outcome::Conceded => Reason::None,
        Outcome::VoidGoalGap
        | Outcome::VoidSensorGap
        | Outcome::VoidPower
        | Outcome::VoidSensor
        | Outcome::VoidTooFew
        | Outcome::VoidPair => Reason::OutcomeVoid,
        Outcome::Abandoned => Reason::Abandoned,
    };
    let flags = (0..).zip(&result.seats);
    let flagged = flags.filter(|(_, flags)| flags.has(SeatFlags::FLAGGED)).map(|(seat, _)| seat);
    let conditions = [
        (now.since(result.ended) > TOO_LATE, Reason::TooLate),
        (result.ended > now.plus(AHEAD), Reason::ClockAhead),
        (!rules.rated, Reason::RulesetNotRated),
        (start.roster.len() % 2 == 1 && !rules.params.odd_rated, Reason::Uneven),
        (voters.flags(flagged.collect()), Reason::Flagged),
    ];
    let conditions = conditions.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason);
    let known = [of_device, of_outcome].into_iter().filter(|reason| *reason != Reason::None);
    known.chain(conditions).collect()
}
