//! In which order a judge goes round, so that few stand at one table at a time.

use super::ProjectIndex;
use super::hall::Hall;
use alloc::vec;
use alloc::vec::Vec;

/// What is done, then anchors, then the rest.
pub(super) fn lists(hall: &Hall<'_>) -> Vec<Vec<ProjectIndex>> {
    let anchors: Vec<_> =
        (0..hall.task.projects.len()).filter(|at| hall.task.projects[*at].anchor).collect();
    let mut lists = vec![Vec::new(); hall.judges()];
    let mut open = vec![Vec::new(); hall.judges()];
    for (judge, list) in lists.iter_mut().enumerate() {
        let seated = hall.visits(judge).iter().map(|project| usize::from(*project));
        let (movable, done): (Vec<_>, Vec<_>) =
            seated.partition(|project| hall.is_movable(judge, *project));
        let seen = hall.done_anchors(judge).iter().map(|project| usize::from(*project));
        list.extend(seen.chain(done));
        list.sort_unstable();
        // Each judge begins with another anchor.
        for turn in 0..anchors.len() {
            let anchor = anchors[(turn + judge) % anchors.len()];
            if hall.may_join(judge, anchor) {
                list.push(anchor);
            }
        }
        open[judge] = movable;
    }
    go_round(hall, &mut lists, open);
    let index = |project| ProjectIndex(project as u16);
    lists.into_iter().map(|list| list.into_iter().map(index).collect()).collect()
}

/// Step by step each judge takes the table where the fewest stand in this step; who has most to do chooses first.
fn go_round(hall: &Hall<'_>, lists: &mut [Vec<usize>], mut open: Vec<Vec<usize>>) {
    let steps = open.iter().map(Vec::len).max().unwrap_or(0);
    for step in 0..steps {
        let mut standing = vec![0_u16; hall.task.projects.len()];
        let mut judges: Vec<_> = (0..open.len()).collect();
        judges.sort_by_key(|judge| (usize::MAX - open[*judge].len(), hall.lot(*judge, step)));
        for judge in judges {
            let best = (0..open[judge].len()).min_by_key(|at| {
                let project = open[judge][*at];
                (standing[project], hall.lot(project, judge))
            });
            if let Some(best) = best {
                let project = open[judge].swap_remove(best);
                standing[project] += 1;
                lists[judge].push(project);
            }
        }
    }
}
