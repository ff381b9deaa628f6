//! `weights(content 1, style 100, variation 10)`: how much each loss of a style transfer counts.

use super::super::about::{Clause, Offer, clause};
use super::named::{self, Named, Range, number};

/// `weights(content 1, style 100, variation 10)`: how much each loss counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StyleWeights {
    /// How far from the photograph's maps.
    pub content: f64,
    /// How far from the painting's Gram matrices.
    pub style: f64,
    /// How rough.
    pub variation: f64,
}

/// How much each loss counts.
pub(in crate::verb) const STYLE_WEIGHTS: Clause<StyleWeights> = Clause {
    about: clause("weights", "weights(content 1, style 100)", &[Offer::Parentheses]),
    read: |parts, opened| parts.numbers(opened, &COUNTS),
    form: named::form,
};

/// Its numbers.
pub(crate) const COUNTS: Named<StyleWeights> = Named {
    word: "weights",
    numbers: &[
        number("content", 1.0, Range::Least0),
        number("style", 100.0, Range::Least0),
        number("variation", 10.0, Range::Least0),
    ],
    apart: None,
    make: |n| StyleWeights { content: n[0].number, style: n[1].number, variation: n[2].number },
};

impl Default for StyleWeights {
    fn default() -> Self {
        COUNTS.plain()
    }
}
