//! Rings: small groups that play among themselves while a rating rises.
//!
//! Nightly, from the matches of the window (30 days): players are nodes, and an edge is how often two were opponents. Edges
//! of few meetings are left out, then players with few edges, again and again (the k-core), and what still hangs together is
//! a group. Friends are such a group, too; it becomes a finding when somebody meets almost nobody else and rises by it.

use countersign::UserId;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// When a group is a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingRule {
    /// Meetings from which on two players count as connected.
    pub meetings_min: u32,
    /// Connections that a member has within the group at least: the k of the k-core.
    pub degree_min: usize,
    /// Larger groups are no rings.
    pub size_max: usize,
    /// A finding needs more than this share of somebody's meetings within the group, in percent.
    pub inside_percent: u32,
    /// And a rating that rose by more than this, in thousandths of a point.
    pub rise: i32,
}

impl Default for RingRule {
    fn default() -> Self {
        Self { meetings_min: 3, degree_min: 2, size_max: 30, inside_percent: 80, rise: 200_000 }
    }
}

/// Somebody who rose in a ring, and what shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingFinding {
    /// Who rose.
    pub user: UserId,
    /// The group, this player included, in the order of the ids.
    pub group: Vec<UserId>,
    /// Meetings with opponents of the group.
    pub inside: u32,
    /// Meetings with any opponent.
    pub meetings: u32,
    /// Rise of the rating in the window, in thousandths of a point.
    pub rise: i32,
}

/// A graph that has no room for another pair of opponents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the graph holds {0} pairs of opponents, as many as it was made for")]
pub struct Full(pub usize);

/// Who met whom as an opponent, and how often.
#[derive(Debug)]
pub struct CoPlay {
    pairs_max: usize,
    pairs: usize,
    opponents: BTreeMap<UserId, BTreeMap<UserId, u32>>,
}

impl CoPlay {
    /// An empty graph for at most `pairs_max` pairs.
    pub const fn new(pairs_max: usize) -> Self {
        Self { pairs_max, pairs: 0, opponents: BTreeMap::new() }
    }

    /// Counts a match. When the graph is full, meetings of known pairs are still counted, and the others are lost.
    pub fn add(&mut self, home: &[UserId], away: &[UserId]) -> Result<(), Full> {
        let mut is_full = false;
        for one in home {
            for other in away.iter().filter(|other| *other != one) {
                is_full |= !self.meet(one, other);
            }
        }
        if is_full { Err(Full(self.pairs_max)) } else { Ok(()) }
    }

    /// The groups of the k-core, in the order of their first members; each in the order of the ids.
    pub fn groups(&self, rule: &RingRule) -> Vec<Vec<UserId>> {
        let mut left = self.core(rule);
        let mut groups = Vec::new();
        while let Some(first) = left.pop_first() {
            let (mut group, mut frontier) = (vec![first], vec![first]);
            while let Some(user) = frontier.pop() {
                for other in self.connected(&user, rule) {
                    if left.remove(other) {
                        group.push(*other);
                        frontier.push(*other);
                    }
                }
            }
            group.sort_unstable();
            groups.push(group);
        }
        groups
    }

    /// Everyone who rose in a ring. `rise` says by how much a rating rose in the window.
    pub fn findings(&self, rule: &RingRule, rise: impl Fn(&UserId) -> i32) -> Vec<RingFinding> {
        let groups = self.groups(rule);
        let small = groups.iter().filter(|group| group.len() <= rule.size_max);
        let members = small.flat_map(|group| group.iter().map(move |user| (user, group)));
        members.filter_map(|(user, group)| self.finding(rule, user, group, rise(user))).collect()
    }

    fn finding(
        &self,
        rule: &RingRule,
        user: &UserId,
        group: &[UserId],
        rise: i32,
    ) -> Option<RingFinding> {
        let opponents = self.opponents.get(user)?;
        let meetings = opponents.values().sum();
        let members = opponents.iter().filter(|(other, _)| group.binary_search(other).is_ok());
        let inside = members.map(|(_, count)| count).sum();
        let is_closed =
            u64::from(inside) * 100 > u64::from(meetings) * u64::from(rule.inside_percent);
        (is_closed && rise > rule.rise).then(|| RingFinding {
            user: *user,
            group: group.to_vec(),
            inside,
            meetings,
            rise,
        })
    }

    /// Takes away whoever has too few connections, until nobody has.
    fn core(&self, rule: &RingRule) -> BTreeSet<UserId> {
        let users = self.opponents.keys();
        let mut degrees: BTreeMap<UserId, usize> =
            users.map(|user| (*user, self.connected(user, rule).count())).collect();
        let weak = degrees.iter().filter(|(_, degree)| **degree < rule.degree_min);
        let mut gone: Vec<UserId> = weak.map(|(user, _)| *user).collect();
        while let Some(user) = gone.pop() {
            degrees.remove(&user);
            for other in self.connected(&user, rule) {
                if let Some(degree) = degrees.get_mut(other) {
                    *degree = degree.saturating_sub(1);
                    // Exactly once: when it falls below.
                    if *degree + 1 == rule.degree_min {
                        gone.push(*other);
                    }
                }
            }
        }
        degrees.into_keys().collect()
    }

    fn connected(&self, user: &UserId, rule: &RingRule) -> impl Iterator<Item = &UserId> {
        let opponents = self.opponents.get(user).into_iter().flatten();
        let least = rule.meetings_min;
        opponents.filter(move |(_, meetings)| **meetings >= least).map(|(other, _)| other)
    }

    fn meet(&mut self, one: &UserId, other: &UserId) -> bool {
        let is_known = self.opponents.get(one).is_some_and(|known| known.contains_key(other));
        if !is_known && self.pairs == self.pairs_max {
            return false;
        }
        self.pairs += usize::from(!is_known);
        for (one, other) in [(one, other), (other, one)] {
            let count = self.opponents.entry(*one).or_default().entry(*other).or_default();
            *count = count.saturating_add(1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u8) -> UserId {
        UserId::from_bytes([number; 16])
    }

    fn team(numbers: core::ops::Range<u8>) -> Vec<UserId> {
        numbers.map(user).collect()
    }

    /// Six play among themselves; one of them also once against strangers, who all know each other a little.
    fn town() -> CoPlay {
        let mut graph = CoPlay::new(1_000);
        for _ in 0..10 {
            graph.add(&team(0..3), &team(3..6)).unwrap();
        }
        graph.add(&[user(0)], &[user(10)]).unwrap();
        for number in 10..60 {
            graph.add(&[user(number)], &team(number + 1..number + 4)).unwrap();
        }
        graph
    }

    #[test]
    fn whoever_rises_among_the_same_few_is_found() {
        let graph = town();
        let rise = |who: &UserId| if *who == user(0) || *who == user(30) { 200_001 } else { 0 };
        let findings = graph.findings(&RingRule::default(), rise);
        let expected = RingFinding {
            user: user(0),
            group: team(0..6),
            inside: 30,
            meetings: 31,
            rise: 200_001,
        };
        assert_eq!(findings, [expected]);
    }

    #[test]
    fn friends_who_do_not_rise_and_large_groups_are_no_rings() {
        let graph = town();
        assert_eq!(graph.findings(&RingRule::default(), |_| 200_000), []);
        let small = RingRule { size_max: 5, ..RingRule::default() };
        assert_eq!(graph.findings(&small, |_| i32::MAX), []);
        let closed = RingRule { inside_percent: 97, ..RingRule::default() };
        let open = graph.findings(&closed, |_| i32::MAX);
        assert!(open.iter().all(|finding| finding.user != user(0)), "30 of 31 are 96.8 %");
        assert_eq!(open.len(), 5);
    }

    #[test]
    fn a_core_has_no_loose_ends() {
        let mut graph = CoPlay::new(100);
        // A triangle with a tail: the tail falls off link by link.
        for (one, other) in [(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6)] {
            graph.add(&[user(one)], &[user(other)]).unwrap();
        }
        let rule = |degree_min| RingRule { meetings_min: 1, degree_min, ..RingRule::default() };
        assert_eq!(graph.groups(&rule(1)), [team(1..7)]);
        assert_eq!(graph.groups(&rule(2)), [team(1..4)]);
        assert_eq!(graph.groups(&rule(3)), Vec::<Vec<UserId>>::new());
        let often = RingRule { meetings_min: 2, ..rule(0) };
        assert_eq!(graph.groups(&often).len(), 6, "nobody is connected, everybody is alone");
    }

    #[test]
    fn a_full_graph_goes_on_counting_whom_it_knows() {
        let mut graph = CoPlay::new(1);
        graph.add(&[user(1)], &[user(2)]).unwrap();
        assert_eq!(graph.add(&[user(1)], &[user(2), user(3)]), Err(Full(1)));
        assert_eq!(graph.opponents[&user(1)][&user(2)], 2);
        assert!(!graph.opponents.contains_key(&user(3)));
    }
}
