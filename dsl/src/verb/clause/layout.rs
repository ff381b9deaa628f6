//! `with tsne(perplexity 30, steps 1000)`, `with pca`: how codes are brought to the plane.

use super::super::about::{Clause, Offer, clause};
use super::named::{self, Named, Range, number};

/// How codes are brought to the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// The first two principal components.
    Pca,
    /// t-SNE: neighbours stay neighbours.
    Tsne(Neighbourly),
}

/// `tsne(perplexity 30, steps 1000, theta 0.5, random)`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbourly {
    /// How many neighbours each has, softly counted; where it is not said, 30 or as many as there can be.
    pub perplexity: Option<f64>,
    /// Steps of the descent.
    pub steps: usize,
    /// From how far away points are taken together, where there are many.
    pub theta: f64,
    /// `random`: points begin anywhere, not at their principal components.
    pub is_random: bool,
}

/// How codes are brought to the plane.
pub(in crate::verb) const LAYOUT: Clause<Layout> = Clause {
    about: clause("with", "with tsne(perplexity 30, steps 1000)", &[Offer::Layouts]),
    read: |parts, opened| parts.named(opened, "layout", LAYOUTS),
    form: named::form,
};

/// Every layout.
pub(crate) const LAYOUTS: &[Named<Layout>] = &[
    Named {
        word: "tsne",
        numbers: &[
            number("perplexity", 30.0, Range::Positive),
            number("steps", 1000.0, Range::Count),
            number("theta", 0.5, Range::Share),
            number("random", 0.0, Range::Word),
        ],
        apart: None,
        make: |n| {
            let perplexity = n[0].is_said.then_some(n[0].number);
            let (steps, theta, is_random) = (n[1].number as usize, n[2].number, n[3].is_said);
            Layout::Tsne(Neighbourly { perplexity, steps, theta, is_random })
        },
    },
    Named { word: "pca", numbers: &[], apart: None, make: |_| Layout::Pca },
];

impl Default for Layout {
    /// t-SNE with every number its default.
    fn default() -> Self {
        LAYOUTS[0].plain()
    }
}
