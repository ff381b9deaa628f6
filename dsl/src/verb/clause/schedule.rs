//! `schedule cosine`, `schedule step(every 10, by 0.1)`: the learning rate's course.

use super::super::about::{Clause, Offer, clause};
use super::named::{self, Named, Number, Range, number};

/// The learning rate's course over a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// The same at every step.
    Constant,
    /// Half a cosine from the rate to 0 (I. Loshchilov and F. Hutter, arXiv:1608.03983, without restarts).
    Cosine,
    /// `step(every 10, by 0.1)`: the rate times `by` after every so many epochs.
    Step {
        /// Epochs between two steps, at least 1.
        every: usize,
        /// What the rate is multiplied by, above 0.
        by: f64,
    },
    /// `step(at {30,60,90}, by 0.1)`: the rate times `by` after each of these epochs.
    StepsAt {
        /// After which epochs, each above the one before.
        at: Vec<usize>,
        /// What the rate is multiplied by, above 0.
        by: f64,
    },
    /// `poly(power 0.9)`: what is left of the run, raised to a power (L.-C. Chen et al., "DeepLab", arXiv:1606.00915).
    Poly {
        /// The power, above 0.
        power: f64,
    },
    /// `plateau(by 0.1, patience 10)`: the rate times `by` where the loss is no better for more than so many epochs.
    Plateau {
        /// What the rate is multiplied by, above 0.
        by: f64,
        /// How many epochs in a row may be no better.
        patience: usize,
        /// By which share of it the best loss must be undercut.
        threshold: f64,
    },
}

/// The learning rate's course.
pub(in crate::verb) const SCHEDULE: Clause<Schedule> = Clause {
    about: clause("schedule", "schedule cosine", &[Offer::Schedules]),
    read: |parts, opened| parts.named(opened, "schedule", SCHEDULES),
    form: named::form,
};

/// Every schedule.
pub(crate) const SCHEDULES: &[Named<Schedule>] = &[
    Named { word: "constant", numbers: &[], apart: None, make: |_| Schedule::Constant },
    Named { word: "cosine", numbers: &[], apart: None, make: |_| Schedule::Cosine },
    Named {
        word: "step",
        numbers: &[number("every", 30.0, Range::Count), BY, number("at", 0.0, Range::Rising)],
        apart: Some(["every", "at"]),
        make: |n| match &n[2].list[..] {
            [] => Schedule::Step { every: n[0].number as usize, by: n[1].number },
            at => Schedule::StepsAt { at: at.iter().map(|&epoch| epoch as usize).collect(), by: n[1].number },
        },
    },
    Named {
        word: "poly",
        numbers: &[number("power", 0.9, Range::Positive)],
        apart: None,
        make: |n| Schedule::Poly { power: n[0].number },
    },
    Named {
        word: "plateau",
        numbers: &[BY, number("patience", 10.0, Range::CountOrNone), number("threshold", 1e-4, Range::Share)],
        apart: None,
        make: |n| Schedule::Plateau { by: n[0].number, patience: n[1].number as usize, threshold: n[2].number },
    },
];

/// What the rate is multiplied by.
const BY: Number = number("by", 0.1, Range::Positive);
