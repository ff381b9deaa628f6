//! The learning rate's course: pure functions of a step's number, the run's size and the losses of the epochs before.

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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// `rate · factor^k`, k of these epochs being over (PyTorch's `MultiStepLR`).
    StepsAt {
        /// After which epochs; each is larger than the one before.
        epochs: Vec<u64>,
        /// What the rate is multiplied by then; 0.1 is usual.
        factor: f64,
    },
    /// `rate · (1 − step/steps)^power` (L.-C. Chen et al., "DeepLab", arXiv:1606.00915).
    Poly {
        /// 0.9 in DeepLab.
        power: f64,
    },
    /// The rate falls where the loss does not: [`Plateau`].
    Plateau(Plateau),
}

/// PyTorch's `ReduceLROnPlateau`: an epoch is better where its loss is below `best · (1 − threshold)`; behind more than
/// `patience` epochs in a row that are not, the rate is multiplied by `factor`, unless that changes it by less than 1e-8.
/// It follows from the epochs' losses alone, so that a run that goes on has the rate that it would have had.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// What the rate is multiplied by then; 0.1 is usual.
    pub factor: f64,
    /// How many epochs in a row may be no better; 10 is usual.
    pub patience: u64,
    /// By which share of it the best loss must be undercut; 1e-4 is usual.
    pub threshold: f64,
}

impl Plateau {
    /// The learning rate behind epochs of these losses.
    fn rate(self, rate: f64, losses: &[f64]) -> f64 {
        let (mut rate, mut best, mut worse) = (rate, f64::INFINITY, 0);
        for &loss in losses {
            if loss < best * (1.0 - self.threshold) {
                (best, worse) = (loss, 0);
            } else {
                worse += 1;
            }
            if worse > self.patience {
                let lower = rate * self.factor;
                rate = if rate - lower > 1e-8 { lower } else { rate };
                worse = 0;
            }
        }
        rate
    }
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
    /// The learning rate of step `step` (the first is 0), where `rate` is the highest and `losses` are those of the epochs
    /// before.
    pub fn rate(&self, rate: f64, step: u64, course: Course, losses: &[f64]) -> f64 {
        let fallen = |factor: f64, times: u64| rate * factor.powi(i32::try_from(times).unwrap_or(i32::MAX));
        let epoch = step / course.per_epoch.max(1);
        match *self {
            Schedule::Constant => rate,
            Schedule::Cosine => rate * 0.5 * (1.0 + (PI * step as f64 / course.steps.max(1) as f64).cos()),
            Schedule::Step { every, factor } => fallen(factor, epoch / every.max(1)),
            Schedule::StepsAt { ref epochs, factor } => {
                fallen(factor, epochs.iter().filter(|&&over| over <= epoch).count() as u64)
            }
            Schedule::Poly { power } => rate * (1.0 - step as f64 / course.steps.max(1) as f64).max(0.0).powf(power),
            Schedule::Plateau(plateau) => plateau.rate(rate, losses),
        }
    }
}

impl Schedule {
    /// Whether a step's rate depends on the run's last one: such a run has as many epochs as it began with.
    pub fn spans_run(&self) -> bool {
        match self {
            Schedule::Cosine | Schedule::Poly { .. } => true,
            Schedule::Constant | Schedule::Step { .. } | Schedule::StepsAt { .. } | Schedule::Plateau(_) => false,
        }
    }

    /// As the language writes it: `step(every 30, by 0.1)`.
    pub fn in_words(&self) -> String {
        match self {
            Schedule::Constant => "constant".into(),
            Schedule::Cosine => "cosine".into(),
            Schedule::Step { every, factor } => format!("step(every {every}, by {factor})"),
            Schedule::StepsAt { epochs, factor } => {
                let epochs: Vec<String> = epochs.iter().map(u64::to_string).collect();
                format!("step(at {{{}}}, by {factor})", epochs.join(","))
            }
            Schedule::Poly { power } => format!("poly(power {power})"),
            Schedule::Plateau(Plateau { factor, patience, threshold }) => {
                format!("plateau(by {factor}, patience {patience}, threshold {threshold})")
            }
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

/// The learning rate of step `step` under a warm-up and the schedule behind it; `losses` are those of the run's epochs
/// before.
pub fn rate_at(
    schedule: &Schedule,
    warm_up: Option<WarmUp>,
    rate: f64,
    step: u64,
    course: Course,
    losses: &[f64],
) -> f64 {
    let rising = warm_up.map_or(0, |warm_up| warm_up.steps(course.per_epoch));
    match step.checked_sub(rising) {
        None => rate * (step + 1) as f64 / rising as f64,
        Some(step) => {
            let rest = Course { steps: course.steps.saturating_sub(rising), ..course };
            // An epoch in which the rate still rose says nothing of a plateau.
            let rose = usize::try_from(rising.div_ceil(course.per_epoch.max(1))).unwrap_or(usize::MAX);
            schedule.rate(rate, step, rest, losses.get(rose..).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COURSE: Course = Course { steps: 100, per_epoch: 10 };

    fn rates(schedule: Schedule, warm_up: Option<WarmUp>, steps: &[u64]) -> Vec<f64> {
        steps.iter().map(|&step| rate_at(&schedule, warm_up, 0.8, step, COURSE, &[])).collect()
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
        let cosine = |step| Schedule::Cosine.rate(0.8, step, COURSE, &[]);
        near(&[0, 25, 50, 75, 100].map(cosine), &[0.8, 0.4 * (1.0 + root), 0.4, 0.4 * (1.0 - root), 0.0]);
        let sixths = Course { steps: 6, per_epoch: 1 };
        near(&[2, 4].map(|step| Schedule::Cosine.rate(0.8, step, sixths, &[])), &[0.6, 0.2]);
    }

    /// `StepLR(step_size=3, gamma=0.5)`, stepped once an epoch of 10 steps.
    #[test]
    fn steps_come_with_epochs() {
        let step = Schedule::Step { every: 3, factor: 0.5 };
        near(&rates(step, None, &[0, 29, 30, 59, 60, 89, 90, 99]), &[0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1]);
        // The last steps of an epoch count for it even where nobody could ever get there.
        near(&[Schedule::Step { every: 1, factor: 0.5 }.rate(1.0, u64::MAX, COURSE, &[])], &[0.0]);
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

    /// `MultiStepLR(milestones=[3, 6, 9], gamma=0.1)`, stepped once an epoch of 10 steps.
    #[test]
    fn steps_come_after_the_epochs_that_are_named() {
        let step = Schedule::StepsAt { epochs: vec![3, 6, 9], factor: 0.1 };
        near(
            &rates(step, None, &[0, 29, 30, 59, 60, 89, 90, 99]),
            &[0.8, 0.8, 0.08, 0.08, 0.008, 0.008, 0.0008, 0.0008],
        );
    }

    /// `PolynomialLR(total_iters=100, power=0.9)` by `goldens/schedules.py`; at power 2 by hand.
    #[test]
    fn a_polynomial_falls_to_zero() {
        let rates_of = |power| [0, 25, 50, 99, 100].map(|step| Schedule::Poly { power }.rate(0.8, step, COURSE, &[]));
        near(&rates_of(0.9), &POLY);
        near(&rates_of(2.0), &[0.8, 0.45, 0.2, 0.00008, 0.0]);
    }

    /// `ReduceLROnPlateau(factor=0.5, patience=2, threshold=0.01)` by `goldens/schedules.py`, losses and all.
    #[test]
    fn the_rate_falls_where_the_loss_does_not() {
        let plateau = Schedule::Plateau(Plateau { factor: 0.5, patience: 2, threshold: 0.01 });
        for (epoch, &rate) in PLATEAU.iter().enumerate() {
            let step = 10 * epoch as u64;
            near(&[rate_at(&plateau, None, 0.8, step, COURSE, &LOSSES[..epoch])], &[rate]);
            // Two epochs of warm-up are not among those that count.
            let behind = [&[9.0, 0.0], &LOSSES[..epoch]].concat();
            near(&[rate_at(&plateau, Some(WarmUp::Steps(11)), 0.8, step + 20, COURSE, &behind)], &[rate]);
        }
        // What falls by less than 1e-8 does not fall.
        let tiny = Plateau { factor: 0.5, patience: 0, threshold: 0.0 };
        assert_eq!(tiny.rate(1.5e-8, &[1.0, 1.0, 1.0, 1.0]), 1.5e-8);
    }

    const POLY: [f64; 5] = [0.8, 0.6175116053788565, 0.42870938501451733, 0.012679145539688927, 0.0];
    const LOSSES: [f64; 16] = [1.0, 0.9, 0.895, 0.9, 0.89, 0.893, 0.9, 0.9, 0.7, 0.71, 0.695, 0.7, 0.7, 0.7, 0.7, 0.2];
    const PLATEAU: [f64; 17] = [0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1];
}
