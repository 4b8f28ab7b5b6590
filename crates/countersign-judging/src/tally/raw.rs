//! The mean of a project's votes, as anybody would count them.

use super::round::{nearest, root};
use super::{Estimate, Points, Sheet};
use alloc::vec::Vec;

/// For each project its mean, and the standard error from the spread of its own votes, which needs two of them.
pub(super) fn estimates(sheet: &Sheet) -> Vec<Option<Estimate>> {
    sheet.projects().map(|project| mean(sheet.of_project(project))).collect()
}

fn mean<J>(votes: &[(J, Points)]) -> Option<Estimate> {
    if votes.is_empty() {
        return None;
    }
    let count = votes.len() as f64;
    let sum: f64 = votes.iter().map(|(_, points)| f64::from(points.millionths())).sum();
    let mean = sum / count;
    let squares: f64 = votes
        .iter()
        .map(|(_, points)| f64::from(points.millionths()) - mean)
        .map(|distance| distance * distance)
        .sum();
    let error = (votes.len() > 1).then(|| root(squares / (count - 1.0) / count));
    Some(Estimate { value: nearest(mean), error, place: None })
}
