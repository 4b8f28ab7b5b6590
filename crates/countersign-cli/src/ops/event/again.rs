//! A round that is running is dealt out again: what was judged stays.

use super::super::OpsError;
use super::desk::Desk;
use super::{EventError, results};
use countersign::EventId;
use countersign_judging::Venue;
use countersign_judging::assignment::{Plan as Dealt, Task, Visit};
use countersign_judging::tally::{JudgeIndex, ProjectIndex};
use countersign_judging::venue::Slot;
use countersign_keys::disk;
use countersign_server::desk::event::{Plan, PlanJudge, PlanProject, Row};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Longest log of a hub, in bytes.
const LOG_MAX: usize = 256 * 1024 * 1024;

/// How a running round is dealt out.
#[derive(Debug, clap::Args)]
pub(super) struct AgainArgs {
    /// The round is running: what was judged stays with whoever judged it, and of the rest as much as can
    #[arg(long)]
    again: bool,
    /// A judge who has left: hands on what they have not judged; may be given often
    #[arg(long, value_name = "JUDGE", requires = "again")]
    without: Vec<String>,
    /// What was judged, besides the logs that were handed over: log.bin of a hub's folder or export; may be given often
    #[arg(long, value_name = "FILE", requires = "again")]
    log: Vec<PathBuf>,
}

/// What judges said in a round so far, by their ids.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// Judge, project, category.
    judged: BTreeSet<(String, String, String)>,
    /// Judge and project.
    recused: BTreeSet<(String, String)>,
    /// Who has left.
    gone: BTreeSet<String>,
}

impl AgainArgs {
    pub(super) const fn is_again(&self) -> bool {
        self.again
    }

    /// What was said in the round; `None` if it is to be dealt out from nothing.
    pub(super) fn spoken(
        &self,
        event: EventId,
        round: u8,
        plan: &Plan,
        desk: &Desk<'_>,
    ) -> Result<Option<Spoken>, OpsError> {
        if !self.again {
            return Ok(None);
        }
        if let Some(who) =
            self.without.iter().find(|who| !plan.judges.iter().any(|it| it.id == **who))
        {
            return Err(EventError::NoJudge(who.clone()).into());
        }
        let handed_over = results::handed_over(event, desk)?.into_iter().map(|log| log.venue);
        let mut venues: Vec<Venue> = handed_over.collect();
        for file in &self.log {
            venues.push(read(file, event, desk)?);
        }
        if venues.is_empty() {
            return Err(EventError::NothingJudged(round).into());
        }
        let mut spoken =
            Spoken { gone: self.without.iter().cloned().collect(), ..Spoken::default() };
        venues.iter().for_each(|venue| spoken.hear(venue, round));
        Ok(Some(spoken))
    }
}

/// Every decision in it is taken again.
fn read(file: &Path, event: EventId, desk: &Desk<'_>) -> Result<Venue, OpsError> {
    let wrong = |why: String| EventError::LogFile { file: file.to_owned(), why };
    let found = disk::read_up_to(file, LOG_MAX).map_err(EventError::from)?;
    let found = found.ok_or_else(|| wrong("there is no such file".to_owned()))?;
    let restored = Venue::restore(&desk.realm()?, &desk.bundles(event)?, &found.content);
    Ok(restored.map_err(|fault| wrong(fault.to_string()))?.venue)
}

impl Spoken {
    fn hear(&mut self, venue: &Venue, round: u8) {
        for slot in venue.ballots().map(|ballot| Slot::of(ballot.vote)) {
            if slot.round == round {
                let Slot { judge, project, category, .. } = slot;
                self.judged.insert((judge.to_string(), project.to_string(), category.to_string()));
            }
        }
        let recusals = venue.votes().iter().map(|kept| &kept.vote.vote);
        for vote in recusals.filter(|vote| vote.is_recusal()) {
            if venue.is_recused(&vote.judge, &vote.project) {
                self.recused.insert((vote.judge.to_string(), vote.project.to_string()));
            }
        }
    }

    /// The round's visits once more. Whoever stays keeps what they have begun; whoever has left, what they have finished.
    pub(super) fn deal(
        &self,
        mut task: Task,
        plan: &Plan,
        before: &[Visit],
        common: impl Fn(&PlanJudge, &PlanProject) -> Vec<String>,
    ) -> Result<Dealt, EventError> {
        let mut done = Vec::new();
        for (at, judge) in (0..).map(JudgeIndex).zip(&plan.judges) {
            let has_left = self.gone.contains(&judge.id);
            if let Some(slot) = task.judges.get_mut(usize::from(at.0)).filter(|_| has_left) {
                slot.capacity = 0;
            }
            for (to, project) in (0..).map(ProjectIndex).zip(&plan.projects) {
                let visit = Visit { judge: at, project: to };
                let pair = (judge.id.clone(), project.id.clone());
                if self.recused.contains(&pair) {
                    task.conflicts.push(visit);
                }
                if self.recused.contains(&pair) || plan.conflicts.contains(&pair) {
                    continue;
                }
                let wanted = common(judge, project);
                let has = |category: &String| self.has(&judge.id, &project.id, category);
                let is_done = if has_left {
                    !wanted.is_empty() && wanted.iter().all(has)
                } else {
                    project.categories.iter().any(has)
                };
                done.extend(is_done.then_some(visit));
            }
        }
        Ok(Dealt::deal_again(&task, before, &done)?)
    }

    fn has(&self, judge: &str, project: &str, category: &str) -> bool {
        self.judged.contains(&(judge.to_owned(), project.to_owned(), category.to_owned()))
    }

    /// What was asked for and judged stays assigned, also of a visit that somebody else is to make now.
    pub(super) fn keep(&self, before: &[Row], plan: &mut Plan) {
        for row in before {
            let (judge, _, project, category) = row;
            if self.has(judge, project, category) && !plan.assignments.contains(row) {
                plan.assignments.push(row.clone());
            }
        }
    }

    /// How many slots were judged.
    pub(super) fn judged(&self) -> usize {
        self.judged.len()
    }
}
