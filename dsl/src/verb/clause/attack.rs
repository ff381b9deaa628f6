//! `with fgsm(eps 0.1)`, `with pgd(eps 0.1, steps 10)`, `with deepfool`: how pictures are changed to fool a net;
//! `against fgsm(eps 0.1)`, `share 0.3`: and how it is trained by such pictures.

use super::super::about::{Clause, Offer, clause};
use super::super::form;
use super::named::{self, Named, Range, number};

/// How pictures are changed to fool a net.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attack {
    /// One step by the sign of the gradient.
    Fgsm {
        /// How far each value moves, of 1.
        eps: f64,
    },
    /// Several.
    Pgd {
        /// How far a value moves at most.
        eps: f64,
        /// How many steps there are.
        steps: usize,
        /// How far a step moves a value; a quarter of `eps` where it is not said.
        step: Option<f64>,
    },
    /// To the nearest boundary of the class.
    DeepFool {
        /// How many steps there are at most.
        steps: usize,
        /// By which share it goes further.
        overshoot: f64,
    },
}

/// How pictures are changed to fool a net.
pub(in crate::verb) const ATTACK: Clause<Attack> = Clause {
    about: clause("with", "with fgsm(eps 0.1)", &[Offer::Attacks]),
    read: |parts, opened| parts.named(opened, "attack", ATTACKS),
    form: named::form,
};

/// How the pictures are changed by which a net is trained, too.
pub(in crate::verb) const AGAINST: Clause<Attack> = Clause {
    about: clause("against", "against fgsm(eps 0.1)", &[Offer::Options(&["fgsm", "pgd"])]),
    read: |parts, opened| parts.named(opened, "attack to train against", SIGNS),
    form: named::form,
};

/// How much the loss of the changed pictures counts.
pub(in crate::verb) const SHARE: Clause<f64> = Clause {
    about: clause("share", "share 0.3", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let share = parts.scope.number(&expr, "`share`");
        let share = parts.keep(share)?;
        parts.in_range(share, Range::Amount, expr.span, "share");
        Some(share)
    },
    form: form::NUMBER,
};

/// The attacks that follow the sign of a gradient, of whole batches at once.
const SIGNS: &[Named<Attack>] = ATTACKS.split_at(2).0;

/// Every attack.
pub(crate) const ATTACKS: &[Named<Attack>] = &[
    Named {
        word: "fgsm",
        numbers: &[number("eps", 0.1, Range::Amount)],
        apart: None,
        make: |n| Attack::Fgsm { eps: n[0].number },
    },
    Named {
        word: "pgd",
        numbers: &[
            number("eps", 0.1, Range::Amount),
            number("steps", 10.0, Range::Count),
            number("step", 0.025, Range::Amount),
        ],
        apart: None,
        make: |n| {
            let step = n[2].is_said.then_some(n[2].number);
            Attack::Pgd { eps: n[0].number, steps: n[1].number as usize, step }
        },
    },
    Named {
        word: "deepfool",
        numbers: &[number("steps", 50.0, Range::Count), number("overshoot", 0.02, Range::Share)],
        apart: None,
        make: |n| Attack::DeepFool { steps: n[0].number as usize, overshoot: n[1].number },
    },
];

impl Default for Attack {
    /// The fast gradient sign method with its default.
    fn default() -> Self {
        ATTACKS[0].plain()
    }
}
