//! How sure the ridge is of each project: the diagonal of the inverse of its information matrix.
//!
//! With `C = S⁻¹` (see [`super::system`]) a project has `1/a + Σ C_jk / a²` over all pairs of its judges. What all projects
//! share (how lenient the judges are on the whole) is taken off, because it moves no project past another: the error is that
//! of the distance to the mean of all projects with a vote.

use super::system::System;
use super::{Spread, Tally};
use alloc::vec;
use alloc::vec::Vec;

pub(super) struct Spreads {
    /// By project, in units of the noise's variance.
    pub(super) projects: Vec<f64>,
    /// Votes that the model explains: the trace of what maps votes to fitted votes.
    pub(super) explained: f64,
    pub(super) kind: Spread,
}

pub(super) fn of(system: &System<'_>) -> Spreads {
    if system.diagonal.len() <= Tally::EXACT_JUDGES { exact(system) } else { near(system) }
}

pub(super) fn exact(system: &System<'_>) -> Spreads {
    let inverse = Inverse::of(system);
    let own = |project| {
        let judges = system.sheet.of_project(project);
        let pairs = judges
            .iter()
            .map(|(a, _)| -> f64 { judges.iter().map(|(b, _)| inverse.at(a.at(), b.at())).sum() });
        let weight = system.weights[project.at()];
        1.0 / weight + pairs.sum::<f64>() / (weight * weight)
    };
    let projects: Vec<f64> = system.sheet.projects().map(own).collect();
    let judges: Vec<f64> = (0..inverse.size).map(|judge| inverse.at(judge, judge)).collect();
    let explained = explained(system, &projects, &judges);
    Spreads { projects: contrasts(system, projects), explained, kind: Spread::Exact }
}

/// With `C` taken as the inverse of the diagonal of `S`: what all projects share never gets in, so nothing is taken off.
pub(super) fn near(system: &System<'_>) -> Spreads {
    let judges: Vec<f64> = system.diagonal.iter().map(|diagonal| 1.0 / diagonal).collect();
    let own = |project| {
        let of_judges = system.sheet.of_project(project).iter();
        let weight = system.weights[project.at()];
        1.0 / weight
            + of_judges.map(|(judge, _)| judges[judge.at()]).sum::<f64>() / (weight * weight)
    };
    let projects: Vec<f64> = system.sheet.projects().map(own).collect();
    let explained = explained(system, &projects, &judges);
    Spreads { projects, explained, kind: Spread::Near }
}

fn explained(system: &System<'_>, projects: &[f64], judges: &[f64]) -> f64 {
    let of = |doubt: f64, spreads: &[f64]| -> f64 {
        spreads.iter().map(|spread| 1.0 - doubt * spread).sum()
    };
    of(system.doubts.0, projects) + of(system.doubts.1, judges)
}

/// `Var(θ − mean θ)` from `Var(θ)`: one more solution gives the covariances with the sum.
fn contrasts(system: &System<'_>, own: Vec<f64>) -> Vec<f64> {
    let voted = |project| !system.sheet.of_project(project).is_empty();
    let ones: Vec<f64> =
        system.sheet.projects().map(|project| f64::from(u8::from(voted(project)))).collect();
    let count: f64 = ones.iter().sum();
    let (with_sum, _) = system.solve(&ones, &vec![0.0; system.diagonal.len()]);
    let sum: f64 = with_sum.iter().zip(&ones).map(|(covariance, one)| covariance * one).sum();
    let shared = if count > 0.0 { sum / (count * count) } else { 0.0 };
    own.iter()
        .zip(&with_sum)
        .map(|(own, with_sum)| own - 2.0 * with_sum / count.max(1.0) + shared)
        .map(|spread| spread.max(0.0))
        .collect()
}

/// `S⁻¹`, row after row.
struct Inverse {
    size: usize,
    cells: Vec<f64>,
}

impl Inverse {
    /// By `S = L G Lᵗ` with `G` diagonal, `M = L⁻¹` in place, and `Mᵗ G⁻¹ M`.
    fn of(system: &System<'_>) -> Self {
        let size = system.diagonal.len();
        let mut cells = vec![0.0; size * size];
        for (judge, diagonal) in system.diagonal.iter().enumerate() {
            cells[judge * size + judge] = *diagonal;
        }
        for project in system.sheet.projects() {
            let judges = system.sheet.of_project(project);
            for (row, (a, _)) in judges.iter().enumerate() {
                for (b, _) in &judges[..row] {
                    cells[a.at() * size + b.at()] -= 1.0 / system.weights[project.at()];
                }
            }
        }
        let pivots = factor(&mut cells, size);
        invert(&mut cells, size);
        Self { size, cells: squared(&cells, &pivots, size) }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.cells[row * self.size + column]
    }
}

/// Leaves `L` below the diagonal and gives `G`.
fn factor(cells: &mut [f64], size: usize) -> Vec<f64> {
    let mut pivots = vec![0.0; size];
    for row in 0..size {
        // `L G` first, `L` when the row is whole.
        for column in 0..row {
            let known: f64 =
                (0..column).map(|k| cells[row * size + k] * cells[column * size + k]).sum();
            cells[row * size + column] -= known;
        }
        let mut pivot = cells[row * size + row];
        for k in 0..row {
            let whole = cells[row * size + k];
            let scaled = whole / pivots[k];
            cells[row * size + k] = scaled;
            pivot -= whole * scaled;
        }
        pivots[row] = pivot;
    }
    pivots
}

/// `L⁻¹` where `L` was; both have ones on the diagonal, which are not stored.
fn invert(cells: &mut [f64], size: usize) {
    for row in 0..size {
        for column in 0..row {
            let mut value = cells[row * size + column];
            for k in column + 1..row {
                value += cells[row * size + k] * cells[k * size + column];
            }
            cells[row * size + column] = -value;
        }
    }
}

/// `Mᵗ G⁻¹ M`, both halves.
fn squared(inverse: &[f64], pivots: &[f64], size: usize) -> Vec<f64> {
    let mut out = vec![0.0; size * size];
    for k in 0..size {
        let row = &inverse[k * size..k * size + k];
        let entry = |at: usize| if at == k { 1.0 } else { row[at] };
        for a in 0..=k {
            let scaled = entry(a) / pivots[k];
            for b in 0..=a {
                out[a * size + b] += scaled * entry(b);
            }
        }
    }
    for a in 0..size {
        for b in 0..a {
            out[b * size + a] = out[a * size + b];
        }
    }
    out
}
