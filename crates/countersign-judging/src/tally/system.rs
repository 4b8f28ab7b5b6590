//! The normal equations of the ridge, with the projects taken out of them.
//!
//! `A θ + B β = r`, `Bᵗ θ + D β = s` with diagonal `A` and `D` and a one in `B` for each vote. Taking `θ = A⁻¹ (r − B β)` leaves
//! `S β = s − Bᵗ A⁻¹ r` with `S = D − Bᵗ A⁻¹ B`: one unknown for each judge, positive definite, and a product with `S` costs two
//! passes over the votes. Solved by conjugate gradients with the diagonal of `S` before them.

use super::{JudgeIndex, ProjectIndex, Rules, Sheet};
use alloc::vec;
use alloc::vec::Vec;

/// Steps are over when the residual has fallen to this part of what it was, squared.
const GOAL: f64 = 1e-26;
/// No sheet was seen that takes more than 100.
const STEPS_MAX: usize = 2000;

pub(super) struct System<'a> {
    pub(super) sheet: &'a Sheet,
    /// Doubts of projects and judges, in votes.
    pub(super) doubts: (f64, f64),
    /// `A`, by project.
    pub(super) weights: Vec<f64>,
    /// `D`, by judge.
    judges: Vec<f64>,
    /// Diagonal of `S`.
    pub(super) diagonal: Vec<f64>,
}

impl<'a> System<'a> {
    pub(super) fn new(sheet: &'a Sheet, rules: &Rules) -> Self {
        let doubts = (rules.project.votes(), rules.judge.votes());
        let weight = |project| sheet.of_project(project).len() as f64 + doubts.0;
        let weights: Vec<_> = sheet.projects().map(weight).collect();
        let of_judge = |judge| sheet.of_judge(judge).len() as f64 + doubts.1;
        let judges: Vec<_> = sheet.judges().map(of_judge).collect();
        let taken = |judge: JudgeIndex| -> f64 {
            sheet.of_judge(judge).iter().map(|(project, _)| 1.0 / weights[project.at()]).sum()
        };
        let diagonal = sheet.judges().map(|judge| judges[judge.at()] - taken(judge)).collect();
        Self { sheet, doubts, weights, judges, diagonal }
    }

    /// `θ` and `β` for the right sides `r` (by project) and `s` (by judge).
    pub(super) fn solve(&self, r: &[f64], s: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let shares: Vec<_> = r.iter().zip(&self.weights).map(|(r, weight)| r / weight).collect();
        let of_judge = |judge: JudgeIndex| -> f64 {
            self.sheet.of_judge(judge).iter().map(|(project, _)| shares[project.at()]).sum()
        };
        let right: Vec<_> =
            self.sheet.judges().map(|judge| s[judge.at()] - of_judge(judge)).collect();
        let beta = self.gradients(&right);
        let theta = self.sheet.projects().map(|project| {
            (r[project.at()] - self.of_project(project, &beta)) / self.weights[project.at()]
        });
        (theta.collect(), beta)
    }

    fn of_project(&self, project: ProjectIndex, by_judge: &[f64]) -> f64 {
        self.sheet.of_project(project).iter().map(|(judge, _)| by_judge[judge.at()]).sum()
    }

    /// `S x`.
    fn product(&self, x: &[f64]) -> Vec<f64> {
        let through: Vec<_> = self
            .sheet
            .projects()
            .map(|project| self.of_project(project, x) / self.weights[project.at()])
            .collect();
        let row = |judge: JudgeIndex| {
            let scored = self.sheet.of_judge(judge);
            let back: f64 = scored.iter().map(|(project, _)| through[project.at()]).sum();
            self.judges[judge.at()] * x[judge.at()] - back
        };
        self.sheet.judges().map(row).collect()
    }

    /// `S⁻¹ right`.
    fn gradients(&self, right: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; right.len()];
        let mut residual = right.to_vec();
        let mut direction = self.eased(&residual);
        let mut size = dot(&residual, &direction);
        let goal = size * GOAL;
        for _ in 0..STEPS_MAX {
            if size <= goal {
                break;
            }
            let image = self.product(&direction);
            let step = size / dot(&direction, &image);
            add(&mut x, step, &direction);
            add(&mut residual, -step, &image);
            let eased = self.eased(&residual);
            let after = dot(&residual, &eased);
            let keep = after / size;
            size = after;
            for (old, new) in direction.iter_mut().zip(&eased) {
                *old = new + keep * *old;
            }
        }
        x
    }

    fn eased(&self, residual: &[f64]) -> Vec<f64> {
        residual.iter().zip(&self.diagonal).map(|(value, diagonal)| value / diagonal).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], times: f64, what: &[f64]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += times * what;
    }
}
