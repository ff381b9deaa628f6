//! `toward itself, noise 0.2`, `loss huber`, `weights balanced`, `smooth 0.1`, `ignore 255`: what a net is trained toward.

use super::super::about::{Clause, Offer, clause};
use super::super::form::{self, WORDS};
use super::super::mends::is_word;
use super::super::read::{Opened, Parts};
use super::named::Named;
use super::number::in_range;

/// By what results are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The mean squared error.
    Mse,
    /// The mean absolute error.
    L1,
    /// Huber's.
    Huber,
    /// How far regions cover each other.
    Dice,
}

/// The samples are what is to come out.
pub(in crate::verb) const TOWARD: Clause<()> = Clause {
    about: clause("toward", "toward itself", &[Offer::Words(&["itself"])]),
    read: |parts, opened| parts.the_word(opened, "itself"),
    form: WORDS,
};

/// The deviation of noise on what is to come out without it.
pub(in crate::verb) const NOISE: Clause<f64> = Clause {
    about: clause("noise", "noise 0.2", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let number = parts.scope.number(&expr, "the noise");
        let number = parts.keep(number)?;
        in_range(parts, &expr, number, (number > 0.0 && number <= 1000.0, "a number above 0, at most 1000"))
    },
    form: form::NUMBER,
};

/// By what results are compared.
pub(in crate::verb) const LOSS: Clause<Loss> = Clause {
    about: clause("loss", "loss huber", &[Offer::Words(&["mse", "l1", "huber", "dice"])]),
    read: |parts, opened| parts.named(opened, "loss", LOSSES),
    form: super::named::form,
};

/// Every loss that can be said.
const LOSSES: &[Named<Loss>] = &[
    Named { word: "mse", numbers: &[], apart: None, make: |_| Loss::Mse },
    Named { word: "l1", numbers: &[], apart: None, make: |_| Loss::L1 },
    Named { word: "huber", numbers: &[], apart: None, make: |_| Loss::Huber },
    Named { word: "dice", numbers: &[], apart: None, make: |_| Loss::Dice },
];

/// Classes count the same, however many samples they have.
pub(in crate::verb) const WEIGHTS: Clause<()> = Clause {
    about: clause("weights", "weights balanced", &[Offer::Words(&["balanced"])]),
    read: |parts, opened| parts.the_word(opened, "balanced"),
    form: WORDS,
};

/// The share of label smoothing.
pub(in crate::verb) const SMOOTH: Clause<f64> = Clause {
    about: clause("smooth", "smooth 0.1", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let number = parts.scope.number(&expr, "the smoothing");
        let number = parts.keep(number)?;
        in_range(parts, &expr, number, (number > 0.0 && number < 1.0, "a share above 0 and below 1"))
    },
    form: form::NUMBER,
};

/// The label that counts for nothing.
pub(in crate::verb) const IGNORE: Clause<usize> = Clause {
    about: clause("ignore", "ignore 255", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let label = parts.scope.count(&expr, 0, "a label");
        let label = parts.keep(label)?;
        let found = in_range(parts, &expr, label as f64, (label < 1 << 16, "a label below 65536"))?;
        Some(found as usize)
    },
    form: form::NUMBER,
};

impl Parts<'_> {
    /// The one word that can stand behind a clause's.
    pub(in crate::verb) fn the_word(&mut self, opened: Opened<'_>, word: &str) -> Option<()> {
        if self.peek().is_some_and(|part| is_word(part, word)) {
            self.next();
            return Some(());
        }
        self.lacks(opened, &format!("`{word}`"));
        None
    }
}
