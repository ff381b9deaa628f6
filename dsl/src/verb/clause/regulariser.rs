//! `with fourier, jitter(pixels 2), tv(weight 0.1)`: what keeps a picture that a net is to like in bounds.

use fovea_graph::Span;

use super::super::about::{Clause, Offer, clause};
use super::super::read::Parts;
use super::named::{self, Named, Range, number};

/// What keeps a picture in bounds while a value rises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Regulariser {
    /// Nothing does.
    Plain,
    /// The picture is shifted at random, anew at each step.
    Jitter {
        /// So many pixels at most, each way.
        pixels: usize,
    },
    /// Small pictures come first, each then enlarged and changed further.
    Octaves {
        /// How many sizes there are.
        count: usize,
        /// How many times as large each is as the one before.
        by: f64,
    },
    /// The picture is blurred.
    Blur {
        /// Gauss's deviation, in pixels.
        sigma: f64,
        /// At every so manieth step.
        every: usize,
    },
    /// Neighbours are to differ little.
    Tv {
        /// How much that counts beside the value, whose gradient counts 1.
        weight: f64,
    },
    /// Values are to stay near the mean.
    Decay {
        /// How much that counts.
        weight: f64,
    },
    /// Coarse parts move more than fine ones, in the start and at each step.
    Fourier {
        /// How fast amplitudes fall with the frequency.
        power: f64,
    },
}

/// Every regulariser.
pub(crate) const REGULARISERS: &[Named<Regulariser>] = &[
    Named {
        word: "fourier",
        numbers: &[number("power", 1.0, Range::Positive)],
        apart: None,
        make: |n| Regulariser::Fourier { power: n[0].number },
    },
    Named {
        word: "jitter",
        numbers: &[number("pixels", 2.0, Range::Count)],
        apart: None,
        make: |n| Regulariser::Jitter { pixels: n[0].number as usize },
    },
    Named {
        word: "octaves",
        numbers: &[number("count", 3.0, Range::Count), number("by", 1.5, Range::Positive)],
        apart: None,
        make: |n| Regulariser::Octaves { count: n[0].number as usize, by: n[1].number },
    },
    Named {
        word: "blur",
        numbers: &[number("sigma", 0.5, Range::Positive), number("every", 4.0, Range::Count)],
        apart: None,
        make: |n| Regulariser::Blur { sigma: n[0].number, every: n[1].number as usize },
    },
    Named {
        word: "tv",
        numbers: &[number("weight", 0.1, Range::Positive)],
        apart: None,
        make: |n| Regulariser::Tv { weight: n[0].number },
    },
    Named {
        word: "decay",
        numbers: &[number("weight", 0.5, Range::Positive)],
        apart: None,
        make: |n| Regulariser::Decay { weight: n[0].number },
    },
    Named { word: "plain", numbers: &[], apart: None, make: |_| Regulariser::Plain },
];

impl Regulariser {
    /// What holds where nothing is said.
    pub fn usual() -> Vec<Self> {
        [0, 1, 4].map(|at| REGULARISERS[at].plain()).to_vec()
    }
}

/// What keeps pictures in bounds, each with its place.
pub(in crate::verb) const BOUNDS: Clause<Vec<(Regulariser, Span)>> = Clause {
    about: clause("with", "with fourier, jitter(pixels 2), tv", &[Offer::List(&Offer::Regularisers)]),
    read: |parts, opened| {
        let all = parts.several(opened, "regulariser", REGULARISERS)?;
        all.iter().for_each(|&(one, span)| larger_each(parts, one, span));
        plain_alone(parts, &all);
        Some(all)
    },
    form: named::form,
};

fn larger_each(parts: &mut Parts<'_>, one: Regulariser, span: Span) {
    if let Regulariser::Octaves { count, by } = one
        && by <= 1.0
    {
        let error = parts.error(span, format!("each octave is larger than the one before: `by` is above 1, not {by}"));
        let error = error.found(by.to_string()).expected("a number above 1");
        parts.wrong(error.write(span, format!("octaves(count {count}, by 1.5)")));
    }
}

fn plain_alone(parts: &mut Parts<'_>, all: &[(Regulariser, Span)]) {
    let plain = all.iter().find(|(one, _)| *one == Regulariser::Plain);
    let other = all.iter().find(|(one, _)| *one != Regulariser::Plain);
    if let (Some(&(_, plain)), Some(&(_, other))) = (plain, other) {
        let error = parts.error(plain, "`plain` is without regularisers").also(other, "one stands here");
        parts.one_of_two(error.found("both").expected("`plain`, or regularisers"), other, plain);
    }
}
