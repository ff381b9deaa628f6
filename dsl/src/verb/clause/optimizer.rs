//! `with sgd(lr 0.01, momentum 0.9, decay 5e-4)`: how gradients become steps.

use super::super::about::{Clause, Offer, clause};
use super::named::{self, Named, Number, Range, number};

/// How gradients become steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// Adam (D. Kingma and J. Ba, arXiv:1412.6980); the decay joins the gradient.
    Adam(Adam),
    /// AdamW (I. Loshchilov and F. Hutter, arXiv:1711.05101): the decay stands apart from the moments.
    AdamW(Adam),
}

impl Optimizer {
    /// The learning rate at its highest.
    pub fn rate(&self) -> f64 {
        match self {
            Optimizer::Sgd(sgd) => sgd.rate,
            Optimizer::Adam(adam) | Optimizer::AdamW(adam) => adam.rate,
        }
    }
}

/// `adam(lr 0.001, beta1 0.9, beta2 0.999, eps 1e-8, decay 0)`; AdamW's decay is 0.01 unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The learning rate at its highest.
    pub rate: f64,
    /// How much of the running mean of gradients stays at each step.
    pub beta1: f64,
    /// The same for their squares.
    pub beta2: f64,
    /// Added to the root of the squares' mean.
    pub eps: f64,
    /// Weight decay.
    pub decay: f64,
}

/// `sgd(lr 0.01, momentum 0.9, decay 5e-4)`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate at its highest.
    pub rate: f64,
    /// Momentum.
    pub momentum: f64,
    /// Weight decay.
    pub decay: f64,
}

/// The optimizer.
pub(in crate::verb) const OPTIMIZER: Clause<Optimizer> = Clause {
    about: clause("with", "with sgd(lr 0.01, momentum 0.9, decay 5e-4)", &[Offer::Optimizers]),
    read: |parts, opened| parts.named(opened, "optimizer", OPTIMIZERS),
    form: named::form,
};

/// Adam's numbers, with this decay unless it is said.
const fn adam(decay: f64) -> [Number; 5] {
    [
        number("lr", 1e-3, Range::Positive),
        number("beta1", 0.9, Range::Share),
        number("beta2", 0.999, Range::Share),
        number("eps", 1e-8, Range::Positive),
        number("decay", decay, Range::NotNegative),
    ]
}

const ADAM: &[Number] = &adam(0.0);
const ADAMW: &[Number] = &adam(0.01);

/// Every optimizer.
pub(crate) const OPTIMIZERS: &[Named<Optimizer>] = &[
    Named {
        word: "sgd",
        numbers: &[
            // The rate, momentum and decay of Caffe's LeNet: they train from He's first weights without a warm-up.
            number("lr", 0.01, Range::Positive),
            number("momentum", 0.9, Range::Share),
            number("decay", 5e-4, Range::NotNegative),
        ],
        make: |n| Optimizer::Sgd(Sgd { rate: n[0], momentum: n[1], decay: n[2] }),
    },
    Named { word: "adam", numbers: ADAM, make: |n| Optimizer::Adam(moments(n)) },
    Named { word: "adamw", numbers: ADAMW, make: |n| Optimizer::AdamW(moments(n)) },
];

fn moments(n: &[f64]) -> Adam {
    Adam { rate: n[0], beta1: n[1], beta2: n[2], eps: n[3], decay: n[4] }
}

impl Default for Optimizer {
    /// `sgd(lr 0.01, momentum 0.9, decay 5e-4)`
    fn default() -> Self {
        OPTIMIZERS[0].plain()
    }
}
