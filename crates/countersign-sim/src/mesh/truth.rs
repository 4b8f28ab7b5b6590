//! What was really cast, whatever became of it.

use crate::time::Micros;
use countersign_judging::{Vote, VoteDigest};
use countersign_mesh::PacketId;
use std::collections::{BTreeMap, BTreeSet};

/// One tap on "vote".
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    pub(crate) judge: usize,
    pub(crate) project: usize,
    pub(crate) revision: u32,
    pub(crate) points: Vec<u16>,
    pub(crate) at: Micros,
    /// When the hub had it in its log.
    pub(crate) decided: Option<Micros>,
    /// When the judge knew.
    pub(crate) known: Option<Micros>,
}

/// The reference model.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    pub(crate) casts: Vec<Cast>,
    /// The newest cast of each judge about each project.
    pub(crate) newest: BTreeMap<(usize, usize), usize>,
    /// Which vote each honest packet carries.
    pub(crate) packets: BTreeMap<PacketId, Option<usize>>,
    /// What the hub said was durable.
    pub(crate) receipted: BTreeSet<VoteDigest>,
    /// What a dishonest judge of the roster signed: any of it may count for that judge, and for nobody else.
    pub(crate) by_mallory: Vec<Vote>,
}

impl Truth {
    pub(crate) fn cast(&mut self, cast: Cast) -> usize {
        let index = self.casts.len();
        self.newest.insert((cast.judge, cast.project), index);
        self.casts.push(cast);
        index
    }

    /// Which cast a vote is, by what it says.
    pub(crate) fn find(&self, judge: usize, project: usize, revision: u32) -> Option<usize> {
        let newest = *self.newest.get(&(judge, project))?;
        // Revisions of one place are few.
        (0..=newest).rev().find(|index| {
            let cast = &self.casts[*index];
            (cast.judge, cast.project, cast.revision) == (judge, project, revision)
        })
    }

    /// Casts that no newer one replaced.
    pub(crate) fn standing(&self) -> impl Iterator<Item = &Cast> + '_ {
        self.newest.values().map(|index| &self.casts[*index])
    }
}
