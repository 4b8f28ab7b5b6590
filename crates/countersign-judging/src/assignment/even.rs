//! Two visits swapped change no load and no number of views: until judges meet evenly, and until all can be compared.

use super::hall::{Hall, Seat, mixed};
use crate::tally::graph::{top, unite};
use alloc::vec::Vec;

/// Swaps tried for each seat.
const TRIES: usize = 60;
/// Swaps made to see whether they join two groups, and pairs of visits looked at for it.
const JOINS: usize = 2000;
const LOOKS: usize = 1_000_000;

/// Two visits, judge and project each.
type Swap = [(usize, usize); 2];

/// Swaps by lot, kept when the squares of the meetings become fewer in sum.
pub(super) fn pairs(hall: &mut Hall<'_>) {
    let mut seats = seats(hall);
    if seats.len() < 2 {
        return;
    }
    let mut lot = hall.task.seed;
    for _ in 0..seats.len() * TRIES {
        lot = lot.wrapping_add(1);
        let drawn = mixed(lot);
        let (a, b) = ((drawn >> 32) as usize % seats.len(), drawn as u32 as usize % seats.len());
        let swap = [seats[a], seats[b]];
        if is_open(hall, swap) && gain(hall, swap) > 0 {
            apply(hall, swap);
            (seats[a].0, seats[b].0) = (seats[b].0, seats[a].0);
        }
    }
}

/// Swaps visits of different groups until there is one group, as far as that goes.
pub(super) fn connect(hall: &mut Hall<'_>) {
    let (mut joins, mut looks) = (0, 0);
    'again: loop {
        let leaders = leaders(hall);
        let seats = seats(hall);
        let Some((first, _)) = seats.first().copied() else { return };
        let (own, others): (Vec<_>, Vec<_>) =
            seats.iter().partition(|(judge, _)| leaders[*judge] == leaders[first]);
        let before = groups(hall);
        for a in &own {
            for b in &others {
                looks += 1;
                if joins == JOINS || looks == LOOKS {
                    return;
                }
                if !is_open(hall, [*a, *b]) {
                    continue;
                }
                joins += 1;
                apply(hall, [*a, *b]);
                if groups(hall) < before {
                    continue 'again;
                }
                apply(hall, [(a.0, b.1), (b.0, a.1)]);
            }
        }
        return;
    }
}

/// Groups of judges with a visit that share projects, directly or through others.
pub(super) fn groups(hall: &Hall<'_>) -> usize {
    let leaders = leaders(hall);
    let has_visit = |judge: &usize| hall.load(*judge) > 0;
    (0..hall.judges()).filter(has_visit).filter(|judge| leaders[*judge] == *judge).count()
}

/// For each judge the first of his group. Those who see an anchor are together.
fn leaders(hall: &Hall<'_>) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..hall.judges()).collect();
    for (project, slot) in hall.task.projects.iter().enumerate() {
        let mut join = |judges: &mut dyn Iterator<Item = usize>| {
            let Some(first) = judges.next() else { return };
            for judge in judges {
                unite(&mut parents, first, judge);
            }
        };
        if slot.anchor {
            let busy = |judge: &usize| hall.load(*judge) > 0 && hall.may_see(*judge, project);
            join(&mut (0..hall.judges()).filter(busy));
        } else {
            join(&mut hall.seats(project).iter().map(|seat| usize::from(seat.judge)));
        }
    }
    (0..parents.len()).map(|judge| top(&mut parents, judge)).collect()
}

/// Visits that may be moved.
fn seats(hall: &Hall<'_>) -> Vec<(usize, usize)> {
    let of = |judge: usize| {
        let projects = hall.visits(judge).iter().map(|project| usize::from(*project));
        projects.filter(move |project| hall.is_movable(judge, *project)).map(move |it| (judge, it))
    };
    (0..hall.judges()).flat_map(of).collect()
}

fn is_open(hall: &Hall<'_>, [(a, of_a), (b, of_b)]: Swap) -> bool {
    a != b && of_a != of_b && hall.may_join(a, of_b) && hall.may_join(b, of_a)
}

/// Half of what the sum of the squares falls by, from the meetings that end and those that begin.
fn gain(hall: &Hall<'_>, [(a, of_a), (b, of_b)]: Swap) -> i64 {
    let known = |judge, project, without| i64::from(hall.acquaintance(judge, project, without));
    // A meeting that ends is one less for each of the rest of the seats; one that begins counts from what remains.
    let ends = known(a, of_a, a) + known(b, of_b, b);
    let begins = known(a, of_b, b) + known(b, of_a, a);
    let others = |project: usize| hall.seats(project).len() as i64 - 1;
    ends - begins - others(of_a) - others(of_b)
}

fn apply(hall: &mut Hall<'_>, [(a, of_a), (b, of_b)]: Swap) {
    hall.unseat(a, of_a);
    hall.unseat(b, of_b);
    hall.seat(Seat { judge: a as u16, fixed: false }, of_b);
    hall.seat(Seat { judge: b as u16, fixed: false }, of_a);
}
