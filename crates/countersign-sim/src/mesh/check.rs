//! What must be true when the day is over.

use super::fair::PROJECTS;
use super::judge::number_of;
use super::world::World;
use crate::time::Micros;
use countersign_app::judge::BallotState;
use countersign_judging::Venue;
use countersign_judging::venue::Ballot;
use std::collections::BTreeMap;

impl World {
    pub(crate) fn check_day(&mut self) {
        if self.log.is_broken() {
            return;
        }
        self.check_log();
        self.check_ballots();
        if self.config.policy.is_whole() {
            self.check_judges();
        }
    }

    /// Anybody can read the log, and comes to the same; what was receipted is in it.
    fn check_log(&mut self) {
        let Some(venue) = &self.hub.venue else {
            return self.violate(format_args!("the hub did not come back"));
        };
        let bundles = core::slice::from_ref(&self.fair.bundle);
        let again = Venue::restore(&self.fair.realm, bundles, &self.hub.log);
        let is_same = again.as_ref().is_ok_and(|again| again.venue.head() == venue.head());
        let lost = self.truth.receipted.iter().find(|one| venue.prove(one).is_none()).copied();
        if !is_same {
            self.violate(format_args!("the log does not make the venue again"));
        }
        if let Some(lost) = lost {
            self.violate(format_args!("the receipt of {lost} names a vote that is not in the log"));
        }
    }

    /// Each place counts once, with what its judge said last.
    fn check_ballots(&mut self) {
        let Some(venue) = &self.hub.venue else { return };
        let mallory = self.fair.judges.len() - 1;
        let mut counted = BTreeMap::new();
        let mut wrong = Vec::new();
        for ballot in venue.ballots() {
            let (judge, project) = places(&ballot);
            if counted.insert((judge, project), ballot.vote.revision).is_some() {
                wrong.push(format!("judge {judge} counts twice on {project}"));
            }
            let is_theirs = match judge == mallory {
                true => self.truth.by_mallory.contains(ballot.vote),
                false => self.truth.casts.iter().any(|cast| {
                    (cast.judge, cast.project, cast.revision, &cast.points)
                        == (judge, project, ballot.vote.revision, &ballot.vote.points)
                }),
            };
            if !is_theirs {
                wrong.push(format!("judge {judge} did not say what counts on {project}"));
            }
        }
        let by_mallory = counted.keys().filter(|(judge, _)| *judge == mallory).count();
        if self.config.policy.is_whole() {
            for (place, cast) in &self.truth.newest {
                let newest = self.truth.casts[*cast].revision;
                if counted.get(place) != Some(&newest) {
                    wrong.push(format!(
                        "of {place:?}, {newest} was said last: {:?}",
                        counted.get(place)
                    ));
                }
            }
            if self.config.fault == super::Fault::CountsPackets {
                let expected = self.truth.newest.len() + by_mallory;
                if self.hub.counted != expected {
                    wrong.push(format!("{} are counted, {expected} were said", self.hub.counted));
                }
            }
        }
        wrong.iter().for_each(|wrong| self.violate(format_args!("{wrong}")));
    }

    /// A judge thinks "accepted" of what is in the log and of nothing else, and has to ask about nothing any more.
    fn check_judges(&mut self) {
        let Some(venue) = &self.hub.venue else { return };
        let logged: BTreeMap<(usize, usize), u32> =
            venue.ballots().map(|ballot| (places(&ballot), ballot.vote.revision)).collect();
        let mut wrong = Vec::new();
        for (number, node) in self.judges.iter().enumerate() {
            let Some(shell) = &self.nodes[*node].judge else { continue };
            for project in 0..PROJECTS {
                let in_log = logged.get(&(number, project)).copied().unwrap_or(0);
                match shell.state(project) {
                    None | Some((0, _)) => {}
                    Some((revision, BallotState::Accepted)) if in_log >= revision => {}
                    Some((revision, state)) => wrong.push(format!(
                        "judge {number} on {project}: revision {revision} is {state:?}, the log has {in_log}"
                    )),
                }
            }
        }
        wrong.iter().for_each(|wrong| self.violate(format_args!("{wrong}")));
    }

    pub(crate) fn finish_figures(&mut self) {
        let millis = |from: Micros, to: Micros| (to - from) as f64 / 1_000.0;
        let figures = &mut self.figures;
        for cast in self.truth.standing() {
            figures.cast += 1;
            figures.arrived += usize::from(cast.decided.is_some());
            figures.latencies.extend(cast.decided.map(|at| millis(cast.at, at)));
            figures.receipts.extend(cast.known.map(|at| millis(cast.at, at)));
        }
        figures.latencies.sort_by(f64::total_cmp);
        figures.receipts.sort_by(f64::total_cmp);
        figures.seconds = self.now as f64 / 1e6;
        let is_late = figures.arrived < figures.cast && self.config.policy.is_whole();
        if is_late && !self.log.is_broken() {
            self.violate(format_args!("not every vote was delivered"));
        }
    }
}

fn places(ballot: &Ballot<'_>) -> (usize, usize) {
    let number = |id: &str| number_of(id).unwrap_or(usize::MAX);
    (number(ballot.vote.judge.as_str()), number(ballot.vote.project.as_str()))
}
