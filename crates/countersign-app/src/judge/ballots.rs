//! Votes: drafts, what waits for a signature or a receipt, and what the hub said.

use super::{Asked, Judge, JudgeAsk, JudgeEffect, JudgeTrouble, wait_ms};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use countersign::{Signature, Timestamp};
use countersign_judging::event::{Category, RoundState};
use countersign_judging::{CategoryId, ProjectId, Vote, VoteId};
use countersign_mesh::{PacketType, Receipt, ReceiptStatus, ShortId, VoteCode};

/// A vote that is so old by hub time is signed again before it is sent: at two hours it would be refused.
const RENEW_AFTER: Duration = Duration::from_secs(110 * 60);
/// How often a vote is signed again because a hub did not like its time.
const RENEWALS_MAX: u8 = 5;
/// Packets of one vote that are remembered: a receipt may be for an earlier try.
const PACKETS_MAX: usize = 16;

/// What a vote is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The project.
    pub project: ProjectId,
    /// As what it is judged.
    pub category: CategoryId,
}

/// How far a ballot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BallotState {
    /// Not voted yet.
    Draft,
    /// Waits for the device's key.
    Signing,
    /// On its way; no hub has said anything yet.
    Sent {
        /// How often it was sent.
        tries: u32,
        /// When it is sent again, by the device's clock.
        next: Timestamp,
    },
    /// A hub has it on its disk.
    Accepted,
    /// A hub does not count it.
    Refused(ReceiptStatus),
}

/// What this judge says about one place, newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// How far it is.
    pub state: BallotState,
    /// Points of the newest revision; empty is a recusal.
    pub points: Vec<u16>,
    /// Points typed and not voted yet.
    pub draft: Option<Vec<Option<u16>>>,
    /// The newest revision; 0 while there is only a draft.
    pub revision: u32,
    /// The round.
    pub round: u8,
    pub(super) content: Vec<u8>,
    pub(super) seconds: u64,
    renewals: u8,
    packets: VecDeque<ShortId>,
}

impl Ballot {
    pub(super) fn new(round: u8) -> Self {
        Self {
            state: BallotState::Draft,
            points: Vec::new(),
            draft: None,
            revision: 0,
            round,
            content: Vec::new(),
            seconds: 0,
            renewals: 0,
            packets: VecDeque::new(),
        }
    }

    fn remember(&mut self, packet: ShortId) {
        if self.packets.len() == PACKETS_MAX {
            self.packets.pop_front();
        }
        self.packets.push_back(packet);
    }
}

/// All ballots of this judge. Bounded by the bundle: a place that it does not know gets a draft at most.
#[derive(Debug, Default)]
pub(super) struct Ballots {
    all: BTreeMap<(u8, Place), Ballot>,
}

impl Ballots {
    /// Most ballots: all projects of the largest event, once.
    pub(super) const CAPACITY: usize = 5_000;

    pub(super) fn get(&self, round: u8, place: &Place) -> Option<&Ballot> {
        self.all.get(&(round, *place))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&(u8, Place), &Ballot)> {
        self.all.iter()
    }

    pub(super) fn put(&mut self, place: Place, ballot: Ballot) {
        if self.all.len() < Self::CAPACITY || self.all.contains_key(&(ballot.round, place)) {
            self.all.insert((ballot.round, place), ballot);
        }
    }

    /// A link came up: what waits is sent at once.
    pub(super) fn hurry(&mut self, now: Timestamp) {
        for ballot in self.all.values_mut() {
            if let BallotState::Sent { tries, next } = &mut ballot.state {
                (*tries, *next) = (0, now);
            }
        }
    }

    /// The round is open: what came too early or too late goes out again.
    pub(super) fn reopened(&mut self, round: u8, now: Timestamp) {
        for ballot in self.all.values_mut().filter(|ballot| ballot.round == round) {
            if ballot.state == BallotState::Refused(ReceiptStatus::Closed) {
                ballot.state = BallotState::Sent { tries: 0, next: now };
            }
        }
    }

    /// The key did not sign: back to the form.
    pub(super) fn unsigned(&mut self, place: &Place) {
        let of_place = self.all.iter_mut().filter(|((_, other), _)| other == place);
        for (_, ballot) in of_place.filter(|(_, ballot)| ballot.state == BallotState::Signing) {
            ballot.draft = Some(ballot.points.iter().copied().map(Some).collect());
            ballot.state = BallotState::Draft;
        }
    }

    fn find(&mut self, packet: &ShortId) -> Option<(&(u8, Place), &mut Ballot)> {
        self.all.iter_mut().find(|(_, ballot)| ballot.packets.contains(packet))
    }
}

impl Judge {
    /// Keeps what is typed; also for a project that is not known yet.
    pub(super) fn draft(
        &mut self,
        place: Place,
        points: Vec<Option<u16>>,
    ) -> Result<(), JudgeTrouble> {
        let round = self.open_round().unwrap_or(1);
        let old = self.ballots.get(round, &place).cloned();
        let mut ballot = old.unwrap_or_else(|| Ballot::new(round));
        ballot.draft =
            Some(points.into_iter().take(countersign_judging::event::CRITERIA_MAX).collect());
        self.keep_ballot(place, &ballot);
        self.ballots.put(place, ballot);
        Ok(())
    }

    /// Votes, or changes a vote. No points: a recusal.
    pub(super) fn vote(
        &mut self,
        place: Place,
        points: Vec<u16>,
        now: Timestamp,
    ) -> Result<(), JudgeTrouble> {
        let round = self.check(&place, &points)?;
        let old = self.ballots.get(round, &place).cloned();
        let mut ballot = old.unwrap_or_else(|| Ballot::new(round));
        if ballot.state == BallotState::Signing {
            return Err(JudgeTrouble::Busy);
        }
        ballot.revision += 1;
        ballot.points = points;
        ballot.draft = None;
        ballot.renewals = 0;
        ballot.packets.clear();
        self.sign(place, ballot, now)
    }

    /// With a fresh id and the hub's time; the revision stays what it is.
    fn sign(
        &mut self,
        place: Place,
        mut ballot: Ballot,
        now: Timestamp,
    ) -> Result<(), JudgeTrouble> {
        let attending = self.attending.as_ref().ok_or(JudgeTrouble::NoBundle)?;
        let vote = Vote {
            project: place.project,
            category: place.category,
            points: ballot.points.clone(),
            id: VoteId::from_bytes(self.dice.draw::<16>()),
            seconds: self.hub_now(now).as_millis() / 1_000,
            judge: attending.judge,
            revision: ballot.revision,
            round: ballot.round,
        };
        let event = attending.bundle.value.id;
        let input = vote
            .signing_input(&self.realm, &event, self.key.fingerprint())
            .map_err(JudgeTrouble::Write)?;
        if !self.ask(JudgeAsk::Sign(input), Asked::Vote(place, vote)) {
            return Err(JudgeTrouble::Busy);
        }
        ballot.state = BallotState::Signing;
        self.ballots.put(place, ballot);
        Ok(())
    }

    /// The vote's signature is here: kept first, then sent.
    pub(super) fn signed(
        &mut self,
        place: Place,
        vote: &Vote,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<(), JudgeTrouble> {
        let signature: &Signature = signature.try_into().map_err(|_| JudgeTrouble::Signature)?;
        let content = vote.seal(signature).map_err(JudgeTrouble::Write)?;
        let Some(mut ballot) = self.ballots.get(vote.round, &place).cloned() else { return Ok(()) };
        if ballot.revision != vote.revision {
            return Ok(());
        }
        ballot.content = content;
        ballot.seconds = vote.seconds;
        ballot.state = BallotState::Sent { tries: 0, next: now };
        self.keep_ballot(place, &ballot);
        self.ballots.put(place, ballot);
        Ok(())
    }

    /// Sends what is due; each try is the same vote in a new packet, because relays forget a packet only after a minute.
    pub(super) fn run_ballots(&mut self, now: Timestamp) {
        if self.day.is_none() || self.attending.is_none() {
            return;
        }
        let hub_now = self.hub_now(now);
        let mut due = Vec::new();
        let mut soonest: Option<Timestamp> = None;
        for (key, ballot) in self.ballots.iter() {
            if let BallotState::Sent { tries, next } = ballot.state {
                match next <= now {
                    true => due.push((*key, ballot.clone(), tries)),
                    false => soonest = Some(soonest.map_or(next, |at| at.min(next))),
                }
            }
        }
        for ((_, place), mut ballot, tries) in due {
            let signed_at = Timestamp::from_millis(ballot.seconds.saturating_mul(1_000));
            if self.offset_ms.is_some() && hub_now.since(signed_at) > RENEW_AFTER {
                let renewed = self.sign(place, ballot, now);
                self.report(renewed);
                continue;
            }
            let Some(packet) = self.send(PacketType::Vote, &ballot.content, now) else { continue };
            ballot.remember(packet.id().short());
            let tries = tries.saturating_add(1);
            let next = now.plus(Duration::from_millis(wait_ms(tries, &mut self.dice)));
            soonest = Some(soonest.map_or(next, |at| at.min(next)));
            ballot.state = BallotState::Sent { tries, next };
            self.ballots.put(place, ballot);
        }
        if let Some(at) = soonest {
            self.wake(at);
        }
    }

    /// The newest vote about a place as a text for a QR: the link of last resort, scanned at the hub. Its receipt may still come by air.
    pub fn vote_code(&mut self, place: &Place, now: Timestamp) -> Result<String, JudgeTrouble> {
        let ballot = self.ballot(place).filter(|ballot| !ballot.content.is_empty());
        let mut ballot = ballot.cloned().ok_or(JudgeTrouble::NoVote(*place))?;
        let packet = self.seal(PacketType::Vote, &ballot.content, now)?;
        ballot.remember(packet.id().short());
        self.ballots.put(*place, ballot);
        VoteCode(packet).to_text().map_err(JudgeTrouble::Code)
    }

    /// A hub's word about packets, some of them perhaps ours.
    pub(super) fn receipt(&mut self, receipt: &Receipt, now: Timestamp) {
        for item in &receipt.items {
            let Some((&(_, place), ballot)) = self.ballots.find(&item.packet) else { continue };
            if !matches!(ballot.state, BallotState::Sent { .. }) {
                continue;
            }
            let mut ballot = ballot.clone();
            match item.status {
                ReceiptStatus::Accepted | ReceiptStatus::Duplicate => {
                    ballot.state = BallotState::Accepted;
                }
                ReceiptStatus::Stale | ReceiptStatus::Future if ballot.renewals < RENEWALS_MAX => {
                    // The hub's clock counts, and it has just told it.
                    self.set_hub_time(receipt.time, now);
                    ballot.renewals += 1;
                    ballot.packets.clear();
                    let renewed = self.sign(place, ballot, now);
                    self.report(renewed);
                    continue;
                }
                ReceiptStatus::Stale
                | ReceiptStatus::Future
                | ReceiptStatus::Revoked
                | ReceiptStatus::Closed
                | ReceiptStatus::Invalid
                | ReceiptStatus::Superseded => ballot.state = BallotState::Refused(item.status),
            }
            self.keep_ballot(place, &ballot);
            self.ballots.put(place, ballot);
            self.effects.push(JudgeEffect::Show);
        }
    }

    /// The round that votes are for now: the first open one.
    pub(super) fn open_round(&self) -> Option<u8> {
        let rounds = &self.attending.as_ref()?.bundle.value.rounds;
        rounds
            .iter()
            .find(|round| self.round_state(round.number, round.state) == RoundState::Open)
            .map(|round| round.number)
    }

    /// What a hub said counts more than what the bundle says.
    pub(super) fn round_state(&self, number: u8, of_bundle: RoundState) -> RoundState {
        self.rounds.get(&number).copied().unwrap_or(of_bundle)
    }

    /// What the hub will check, checked here first so that the person hears it now. Gives the round.
    fn check(&self, place: &Place, points: &[u16]) -> Result<u8, JudgeTrouble> {
        let bundle = self.bundle()?;
        let judge = self.attending.as_ref().map(|attending| attending.judge);
        let project =
            bundle.project(&place.project).ok_or(JudgeTrouble::NoSuchProject(place.project))?;
        let category = bundle
            .category(&place.category)
            .filter(|category| project.categories.contains(&category.id))
            .ok_or(JudgeTrouble::NoSuchCategory(*place))?;
        if judge.is_some_and(|judge| bundle.has_conflict(&judge, &place.project)) {
            return Err(JudgeTrouble::Conflict(place.project));
        }
        if self.is_revoked {
            return Err(JudgeTrouble::Revoked);
        }
        check_points(category, points)?;
        self.open_round().ok_or(JudgeTrouble::NoRoundOpen)
    }
}

fn check_points(category: &Category, points: &[u16]) -> Result<(), JudgeTrouble> {
    if points.is_empty() {
        return Ok(());
    }
    let (given, wanted) = (points.len(), category.criteria.len());
    if given != wanted {
        return Err(JudgeTrouble::PointsCount { given, wanted });
    }
    let outside = category
        .criteria
        .iter()
        .zip(points)
        .find(|(criterion, points)| !(criterion.min..=criterion.max).contains(points));
    match outside {
        None => Ok(()),
        Some((criterion, points)) => Err(JudgeTrouble::PointsRange {
            criterion: criterion.title.clone(),
            given: *points,
            min: criterion.min,
            max: criterion.max,
        }),
    }
}
