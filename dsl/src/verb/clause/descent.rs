//! `by lbfgs(memory 10)`, `by adam(lr 0.02)`: how a picture follows its gradient.

use super::super::about::{Clause, Offer, clause};
use super::named::{self, Named, Range, number};

/// How the picture follows its gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Descent {
    /// `by lbfgs(memory 10)`
    Lbfgs {
        /// How many steps it remembers.
        memory: usize,
    },
    /// `by adam(lr 0.02)`
    Adam {
        /// How far a step goes about.
        rate: f64,
        /// How much of the mean gradient stays.
        beta1: f64,
        /// How much of the mean square stays.
        beta2: f64,
        /// Added to the root of the squares' mean.
        eps: f64,
    },
}

/// How the picture follows its gradient.
pub(in crate::verb) const DESCENT: Clause<Descent> = Clause {
    about: clause("by", "by adam(lr 0.02)", &[Offer::Options(&["lbfgs", "adam"])]),
    read: |parts, opened| parts.named(opened, "descent", DESCENTS),
    form: named::form,
};

/// Every descent.
pub(crate) const DESCENTS: &[Named<Descent>] = &[
    Named {
        word: "lbfgs",
        numbers: &[number("memory", 10.0, Range::Count)],
        apart: None,
        make: |n| Descent::Lbfgs { memory: n[0].number as usize },
    },
    Named {
        word: "adam",
        numbers: &[
            number("lr", 0.02, Range::Positive),
            number("beta1", 0.9, Range::Share),
            number("beta2", 0.999, Range::Share),
            number("eps", 1e-8, Range::Positive),
        ],
        apart: None,
        make: |n| Descent::Adam { rate: n[0].number, beta1: n[1].number, beta2: n[2].number, eps: n[3].number },
    },
];

impl Default for Descent {
    fn default() -> Self {
        DESCENTS[0].plain()
    }
}
