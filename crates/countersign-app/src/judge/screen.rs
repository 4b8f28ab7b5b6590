//! What a judge is to be shown.

use super::{Ballot, BallotState, Judge, Place};
use crate::event::Failure;
use alloc::string::String;
use alloc::vec::Vec;
use countersign::evidence::EvidenceError;
use countersign_judging::event::{Category, Project, RoundState};
use countersign_judging::vote::WriteError;
use countersign_judging::{Bundle, JudgeId, ProjectId};
use countersign_mesh::event_code::CodeError;
use countersign_mesh::seal::SealError;
use countersign_mesh::{BleUuid, KeyEpoch};

/// How well the hub is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubState {
    /// The day's code was not scanned.
    NoCode,
    /// Looking for it.
    Looking,
    /// Its time is known from beacons; it has not welcomed this judge yet.
    Heard,
    /// It knows this judge.
    Welcome,
    /// It announced a new code that has to be scanned.
    NewCode(KeyEpoch),
}

/// A line of the list: one project in one category.
#[derive(Debug)]
pub struct ProjectLine<'a> {
    /// The project.
    pub project: &'a Project,
    /// Its category, with the rubric.
    pub category: &'a Category,
    /// Whether this judge is asked to judge it in the open round.
    pub is_assigned: bool,
    /// Whether this judge must not.
    pub has_conflict: bool,
    /// What the judge said so far.
    pub ballot: Option<&'a Ballot>,
}

/// What is to be shown. Holds no decision of its own.
#[derive(Debug)]
pub struct JudgeScreen<'a> {
    /// The event, once its bundle is here.
    pub event: Option<&'a Bundle>,
    /// Who this device votes as.
    pub judge: Option<JudgeId>,
    /// The hub.
    pub hub: HubState,
    /// Hub time minus this device's, in milliseconds, once it is known.
    pub offset_ms: Option<i64>,
    /// The round that is open.
    pub round: Option<u8>,
    /// All projects in all their categories: what is assigned first, then by id.
    pub lines: Vec<ProjectLine<'a>>,
    /// The form that is open.
    pub open: Option<Place>,
    /// Assigned and not accepted yet.
    pub left: usize,
    /// Votes without a receipt.
    pub waiting: usize,
}

/// What went wrong, and what can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JudgeTrouble {
    /// No bundle.
    #[error(
        "this device has no event yet; fetch its bundle while there is internet, or from the hub"
    )]
    NoBundle,
    /// No code.
    #[error("the event's code was not scanned yet; it is on the hub's screen")]
    NoCode,
    /// Nothing to show.
    #[error("there is no vote about {} as {} yet", .0.project, .0.category)]
    NoVote(Place),
    /// Not signed by the server.
    #[error("the bundle is not signed by the server")]
    NotByServer,
    /// Not readable or not right.
    #[error("the bundle cannot be used: {0}")]
    Bundle(EvidenceError),
    /// The device's key is not in it.
    #[error(
        "the event's roster does not name this device; enrol it, and ask the organiser for a new bundle"
    )]
    NotInRoster,
    /// A newer one is here.
    #[error("a newer bundle of this event is here already")]
    OlderBundle,
    /// Not a text of ours.
    #[error("this is neither an event's nor a project's code")]
    NotOurs,
    /// Nearly one.
    #[error("the event's code cannot be read: {0}")]
    Code(CodeError),
    /// A code of another event.
    #[error("the code is for the event {scanned}; the bundle here is for {here}")]
    OtherEvent {
        /// Of the code.
        scanned: String,
        /// Of the bundle.
        here: String,
    },
    /// Not in the bundle.
    #[error("the event has no project {0}; a newer bundle may have it, and what you type is kept")]
    NoSuchProject(ProjectId),
    /// Not a category of the project.
    #[error("{} is not judged as {}", .0.project, .0.category)]
    NoSuchCategory(Place),
    /// A conflict of interest.
    #[error("you must not judge {0}: a conflict of interest is on record")]
    Conflict(ProjectId),
    /// Too few or too many.
    #[error("the rubric has {wanted} criteria, and {given} were given")]
    PointsCount {
        /// How many came.
        given: usize,
        /// How many belong there.
        wanted: usize,
    },
    /// Outside the range.
    #[error("{criterion} takes {min} to {max} points, not {given}")]
    PointsRange {
        /// Of what.
        criterion: String,
        /// How many.
        given: u16,
        /// Fewest.
        min: u16,
        /// Most.
        max: u16,
    },
    /// Nothing is open.
    #[error("no round is open; what you type is kept")]
    NoRoundOpen,
    /// The organiser revoked the key.
    #[error("this device's key was revoked; see the organiser")]
    Revoked,
    /// The hub changed the key.
    #[error("the event has a new code; scan it from the screen")]
    NewCode,
    /// Something else is under way.
    #[error("that is under way already; wait a moment")]
    Busy,
    /// Outside the program.
    #[error("{}", failure(.0))]
    Outside(Failure),
    /// The key gave no signature.
    #[error("the key did not give a signature")]
    Signature,
    /// The vote cannot be written.
    #[error("the vote cannot be written: {0}")]
    Write(WriteError),
    /// No packet.
    #[error("no packet can be made: {0}")]
    Seal(SealError),
    /// Something does not speak the protocol.
    #[error("the protocol was broken: {0}")]
    Protocol(&'static str),
}

fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Unreachable(why) => alloc::format!("not reachable: {why}"),
        Failure::Refused { code, detail } => alloc::format!("refused ({code}): {detail}"),
        Failure::LoggedOut => String::from("this session has ended; log in again"),
    }
}

impl Judge {
    /// What is to be shown now.
    pub fn screen(&self) -> JudgeScreen<'_> {
        let event = self.attending.as_ref().map(|attending| &attending.bundle.value);
        let judge = self.attending.as_ref().map(|attending| attending.judge);
        let round = self.open_round();
        let mut lines: Vec<_> = event.map(|event| self.lines(event, round)).unwrap_or_default();
        lines.sort_by_key(|line| !line.is_assigned);
        let is_accepted =
            |ballot: Option<&Ballot>| ballot.is_some_and(|b| b.state == BallotState::Accepted);
        let left =
            lines.iter().filter(|line| line.is_assigned && !is_accepted(line.ballot)).count();
        let is_waiting = |ballot: &Ballot| {
            matches!(ballot.state, BallotState::Sent { .. } | BallotState::Signing)
        };
        JudgeScreen {
            event,
            judge,
            hub: self.hub_state(),
            offset_ms: self.offset_ms,
            round,
            left,
            waiting: self.ballots.iter().filter(|(_, ballot)| is_waiting(ballot)).count(),
            open: self.open,
            lines,
        }
    }

    /// The Bluetooth service of the event's devices, once the day's code is here.
    pub fn service(&self) -> Option<BleUuid> {
        self.day.as_ref().map(|day| day.ble)
    }

    /// What went wrong last, until the next tap.
    pub fn trouble(&self) -> Option<&JudgeTrouble> {
        self.trouble.as_ref()
    }

    /// The rounds by number, as the hubs said last.
    pub fn rounds(&self) -> Vec<(u8, RoundState)> {
        let of_bundle = self.attending.iter().flat_map(|attending| &attending.bundle.value.rounds);
        of_bundle.map(|round| (round.number, self.round_state(round.number, round.state))).collect()
    }

    /// The ballot of this place in the open round, or in the last one that has it.
    pub fn ballot(&self, place: &Place) -> Option<&Ballot> {
        let open = self.open_round().and_then(|round| self.ballots.get(round, place));
        open.or_else(|| {
            let of_place = self.ballots.iter().filter(|((_, other), _)| other == place);
            of_place.last().map(|(_, ballot)| ballot)
        })
    }

    fn hub_state(&self) -> HubState {
        match (&self.day, self.admission.announced()) {
            (None, _) => HubState::NoCode,
            (Some(_), Some(epoch)) => HubState::NewCode(epoch),
            (Some(_), None) if self.admission.welcome().is_some() => HubState::Welcome,
            (Some(_), None) if self.offset_ms.is_some() => HubState::Heard,
            (Some(_), None) => HubState::Looking,
        }
    }

    fn lines<'a>(&'a self, event: &'a Bundle, round: Option<u8>) -> Vec<ProjectLine<'a>> {
        let judge = self.attending.as_ref().map(|attending| attending.judge);
        let assigned = judge.map(|judge| event.assignments_of(&judge)).unwrap_or_default();
        let mut lines = Vec::new();
        for project in &event.projects {
            for category in project.categories.iter().filter_map(|id| event.category(id)) {
                let place = Place { project: project.id, category: category.id };
                lines.push(ProjectLine {
                    project,
                    category,
                    is_assigned: assigned.iter().any(|one| {
                        Some(one.round) == round
                            && one.project == place.project
                            && one.category == place.category
                    }),
                    has_conflict: judge
                        .is_some_and(|judge| event.has_conflict(&judge, &project.id)),
                    ballot: self.ballot(&place),
                });
            }
        }
        lines
    }
}
