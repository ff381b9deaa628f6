//! `schedule cosine`, `schedule step(every 10, by 0.1)`: the learning rate's course.

use super::super::about::{Clause, Offer, clause};
use super::named::{self, Named, Range, number};

/// The learning rate's course over a run.
#[derive(Clone, Copy, Debug, PartialEq)]
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
}

/// The learning rate's course.
pub(in crate::verb) const SCHEDULE: Clause<Schedule> = Clause {
    about: clause("schedule", "schedule cosine", &[Offer::Schedules]),
    read: |parts, opened| parts.named(opened, "schedule", SCHEDULES),
    form: named::form,
};

/// Every schedule.
pub(crate) const SCHEDULES: &[Named<Schedule>] = &[
    Named { word: "constant", numbers: &[], make: |_| Schedule::Constant },
    Named { word: "cosine", numbers: &[], make: |_| Schedule::Cosine },
    Named {
        word: "step",
        numbers: &[number("every", 30.0, Range::Count), number("by", 0.1, Range::Positive)],
        make: |n| Schedule::Step { every: n[0] as usize, by: n[1] },
    },
];
