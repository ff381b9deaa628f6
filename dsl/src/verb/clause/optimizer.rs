//! `with sgd(lr 0.01, momentum 0.9, decay 5e-4)`: how gradients become steps.

use super::super::about::{Clause, Offer, clause};
use super::named::{self, Given, Named, Number, Range, number};

/// How gradients become steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// Adam (D. Kingma and J. Ba, arXiv:1412.6980); the decay joins the gradient.
    Adam(Adam),
    /// AdamW (I. Loshchilov and F. Hutter, arXiv:1711.05101): the decay stands apart from the moments.
    AdamW(Adam),
    /// RMSprop (G. Hinton, "Neural networks for machine learning", lecture 6e).
    RmsProp(RmsProp),
}

/// Which parameters decay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decayed {
    /// All of them.
    All,
    /// `decay 5e-4 weights`: filters of convolutions and weights of fully connected layers.
    Weights,
}

/// How momentum is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Momentum {
    /// The step is the velocity.
    Classical,
    /// `nesterov`: the step looks ahead of it.
    Nesterov,
}

impl Optimizer {
    /// The learning rate at its highest.
    pub fn rate(&self) -> f64 {
        match self {
            Optimizer::Sgd(sgd) => sgd.rate,
            Optimizer::Adam(adam) | Optimizer::AdamW(adam) => adam.rate,
            Optimizer::RmsProp(rmsprop) => rmsprop.rate,
        }
    }

    /// Which parameters decay.
    pub fn decayed(&self) -> Decayed {
        match self {
            Optimizer::Sgd(sgd) => sgd.decayed,
            Optimizer::Adam(adam) | Optimizer::AdamW(adam) => adam.decayed,
            Optimizer::RmsProp(rmsprop) => rmsprop.decayed,
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
    /// What decays.
    pub decayed: Decayed,
}

/// `rmsprop(lr 0.001, alpha 0.99, eps 1e-8, momentum 0, decay 0)`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// The learning rate at its highest.
    pub rate: f64,
    /// How much of the running mean of squares stays at each step.
    pub alpha: f64,
    /// Added to the mean's root.
    pub eps: f64,
    /// Momentum.
    pub momentum: f64,
    /// Weight decay.
    pub decay: f64,
    /// What decays.
    pub decayed: Decayed,
}

/// `sgd(lr 0.01, momentum 0.9, decay 5e-4)`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate at its highest.
    pub rate: f64,
    /// Momentum.
    pub momentum: f64,
    /// How it is used.
    pub form: Momentum,
    /// Weight decay.
    pub decay: f64,
    /// What decays.
    pub decayed: Decayed,
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
        number("decay", decay, Range::Decay),
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
            number("decay", 5e-4, Range::Decay),
            number("nesterov", 0.0, Range::Word),
        ],
        apart: None,
        make: |n| Optimizer::Sgd(sgd(n)),
    },
    Named { word: "adam", numbers: ADAM, apart: None, make: |n| Optimizer::Adam(moments(n)) },
    Named { word: "adamw", numbers: ADAMW, apart: None, make: |n| Optimizer::AdamW(moments(n)) },
    Named {
        word: "rmsprop",
        numbers: &[
            // Hinton's rate, and PyTorch's other numbers.
            number("lr", 1e-3, Range::Positive),
            number("alpha", 0.99, Range::Share),
            number("eps", 1e-8, Range::Positive),
            number("momentum", 0.0, Range::Share),
            number("decay", 0.0, Range::Decay),
        ],
        apart: None,
        make: |n| Optimizer::RmsProp(rmsprop(n)),
    },
];

fn sgd(n: &[Given]) -> Sgd {
    let form = if n[3].is_said { Momentum::Nesterov } else { Momentum::Classical };
    Sgd { rate: n[0].number, momentum: n[1].number, form, decay: n[2].number, decayed: decayed(&n[2]) }
}

fn moments(n: &[Given]) -> Adam {
    let (beta1, beta2, eps) = (n[1].number, n[2].number, n[3].number);
    Adam { rate: n[0].number, beta1, beta2, eps, decay: n[4].number, decayed: decayed(&n[4]) }
}

fn rmsprop(n: &[Given]) -> RmsProp {
    let (alpha, eps, momentum) = (n[1].number, n[2].number, n[3].number);
    RmsProp { rate: n[0].number, alpha, eps, momentum, decay: n[4].number, decayed: decayed(&n[4]) }
}

fn decayed(decay: &Given) -> Decayed {
    if decay.is_of_weights { Decayed::Weights } else { Decayed::All }
}

impl Default for Optimizer {
    /// `sgd(lr 0.01, momentum 0.9, decay 5e-4)`
    fn default() -> Self {
        OPTIMIZERS[0].plain()
    }
}
