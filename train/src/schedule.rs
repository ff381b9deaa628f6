//! The learning rate's course: pure functions of a step's number and the run's size.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// Steps in the run.
    pub steps: u64,
    /// Steps in an epoch, at least 1.
    pub per_epoch: u64,
}

/// The learning rate's course over a run, or over what a warm-up leaves of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same at every step.
    Constant,
    /// Half a cosine from the rate to 0, a little lower at every step (I. Loshchilov and F. Hutter, "SGDR: stochastic
    /// gradient descent with warm restarts", arXiv:1608.03983, without restarts).
    Cosine,
    /// `rate · factor^⌊epoch / every⌋`, the first epoch being 0 (PyTorch's `StepLR`).
    Step {
        /// How many epochs each rate lasts, at least 1.
        every: u64,
        /// What the rate is multiplied by then; 0.1 is usual.
        factor: f64,
    },
}

/// How long the rate rises before its schedule begins: in W steps by equal parts to the whole, step t (the first is 0)
/// at `rate · (t + 1) / W` (P. Goyal et al., "Accurate, large minibatch SGD", arXiv:1706.02677). The schedule then runs
/// over the rest as if that were the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmUp {
    /// So many epochs.
    Epochs(u64),
    /// So many steps.
    Steps(u64),
}

impl Schedule {
    /// The learning rate of step `step` (the first is 0), where `rate` is the highest.
    pub fn rate(self, rate: f64, step: u64, course: Course) -> f64 {
        match self {
            Schedule::Constant => rate,
            Schedule::Cosine => rate * 0.5 * (1.0 + (PI * step as f64 / course.steps.max(1) as f64).cos()),
            Schedule::Step { every, factor } => {
                let drops = step / course.per_epoch.max(1) / every.max(1);
                rate * factor.powi(i32::try_from(drops).unwrap_or(i32::MAX))
            }
        }
    }
}

impl Schedule {
    /// Whether a step's rate depends on the run's last one: such a run has as many epochs as it began with.
    pub fn spans_run(self) -> bool {
        match self {
            Schedule::Cosine => true,
            Schedule::Constant | Schedule::Step { .. } => false,
        }
    }
}

impl WarmUp {
    /// How many steps it takes.
    pub fn steps(self, per_epoch: u64) -> u64 {
        match self {
            WarmUp::Epochs(epochs) => epochs.saturating_mul(per_epoch),
            WarmUp::Steps(steps) => steps,
        }
    }
}

/// The learning rate of step `step` under a warm-up and the schedule behind it.
pub fn rate_at(schedule: Schedule, warm_up: Option<WarmUp>, rate: f64, step: u64, course: Course) -> f64 {
    let rising = warm_up.map_or(0, |warm_up| warm_up.steps(course.per_epoch));
    match step.checked_sub(rising) {
        None => rate * (step + 1) as f64 / rising as f64,
        Some(step) => {
            let rest = Course { steps: course.steps.saturating_sub(rising), ..course };
            schedule.rate(rate, step, rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: Course = Course { steps: 100, per_epoch: 10 };

    fn rates(schedule: Schedule, warm_up: Option<WarmUp>, steps: &[u64]) -> Vec<f64> {
        steps.iter().map(|&step| rate_at(schedule, warm_up, 0.8, step, COURSE)).collect()
    }

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        }
    }

    #[test]
    fn constant_stays() {
        near(&rates(Schedule::Constant, None, &[0, 50, 99]), &[0.8; 3]);
    }

    /// `CosineAnnealingLR(T_max=100, eta_min=0)`: 0.8 · (1 + cos(π t / 100)) / 2, with cos 60° = 1/2, cos 45° = √2/2.
    #[test]
    fn cosine_goes_from_the_rate_to_zero() {
        let root = std::f64::consts::SQRT_2 / 2.0;
        let cosine = |step| Schedule::Cosine.rate(0.8, step, COURSE);
        near(&[0, 25, 50, 75, 100].map(cosine), &[0.8, 0.4 * (1.0 + root), 0.4, 0.4 * (1.0 - root), 0.0]);
        let sixths = Course { steps: 6, per_epoch: 1 };
        near(&[2, 4].map(|step| Schedule::Cosine.rate(0.8, step, sixths)), &[0.6, 0.2]);
    }

    /// `StepLR(step_size=3, gamma=0.5)`, stepped once an epoch of 10 steps.
    #[test]
    fn steps_come_with_epochs() {
        let step = Schedule::Step { every: 3, factor: 0.5 };
        near(&rates(step, None, &[0, 29, 30, 59, 60, 89, 90, 99]), &[0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1]);
        // The last steps of an epoch count for it even where nobody could ever get there.
        near(&[Schedule::Step { every: 1, factor: 0.5 }.rate(1.0, u64::MAX, COURSE)], &[0.0]);
    }

    /// `SequentialLR([LinearLR(start_factor=1/4, total_iters=3), …], milestones=[4])`: quarters, then the schedule from
    /// its own beginning.
    #[test]
    fn a_warm_up_rises_to_the_rate_and_the_schedule_begins_behind_it() {
        let warm = Some(WarmUp::Steps(4));
        near(&rates(Schedule::Constant, warm, &[0, 1, 2, 3, 4, 99]), &[0.2, 0.4, 0.6, 0.8, 0.8, 0.8]);
        // 96 steps of cosine: the middle at step 4 + 48, a third of the way at 4 + 32.
        near(&rates(Schedule::Cosine, warm, &[3, 4, 36, 52, 100]), &[0.8, 0.8, 0.6, 0.4, 0.0]);
        // Two epochs of rising by 1/20 a step; then three epochs of each rate.
        let (step, warm) = (Schedule::Step { every: 3, factor: 0.1 }, Some(WarmUp::Epochs(2)));
        near(&rates(step, warm, &[0, 9, 19, 20, 49, 50, 79, 80]), &[0.04, 0.4, 0.8, 0.8, 0.8, 0.08, 0.08, 0.008]);
        near(&rates(Schedule::Constant, Some(WarmUp::Steps(0)), &[0]), &[0.8]);
    }
}
