//! `stride 2`, `pad 1x0`, `dilate 2`: how a window slides, down and across.

use super::super::about::{About, Clause, ClauseAbout, Offer, Sign, clause};
use super::super::form;
use super::super::read::{Opened, Parts};
use crate::syntax::{Argument, Expr, ExprKind, Part, PartKind};

/// Steps between windows.
pub(in crate::verb) const STRIDE: Clause<[usize; 2]> = Clause {
    about: ClauseAbout { sign: Some(Sign::Slash), ..clause("stride", "stride 2", &[Offer::Constants]) },
    read: |parts, opened| parts.steps(opened, 1, "the stride"),
    form: stride,
};

/// The window that is pooled; its word may be left out.
pub(in crate::verb) const WINDOW: Clause<[usize; 2]> = Clause {
    about: ClauseAbout { sign: Some(Sign::Size), ..clause("size", "3x3", &[Offer::Constants]) },
    read: |parts, opened| parts.steps(opened, 1, "the window"),
    form: form::NUMBER,
};

/// Zeros around the image.
pub(in crate::verb) const PAD: Clause<[usize; 2]> = Clause {
    about: clause("pad", "pad 1", &[Offer::Constants]),
    read: |parts, opened| parts.steps(opened, 0, "the padding"),
    form: form::NUMBER,
};

/// Steps between a window's elements.
pub(in crate::verb) const DILATE: Clause<[usize; 2]> = Clause {
    about: clause("dilate", "dilate 2", &[Offer::Constants]),
    read: |parts, opened| parts.steps(opened, 1, "the dilation"),
    form: form::NUMBER,
};

/// `/2`; a constant's name stands behind the word, `stride width`.
fn stride(verb: &About, parts: Vec<Part>) -> Vec<Part> {
    let stride = |part: Part| match part.kind {
        PartKind::Value(size) => Part { kind: PartKind::Stride(vec![size]), ..part },
        PartKind::Size(sizes) => Part { kind: PartKind::Stride(sizes), ..part },
        _ => part,
    };
    form::NUMBER(verb, parts).into_iter().map(stride).collect()
}

impl<'a> Parts<'a> {
    /// `stride 2`, `/2`, `pad 1x0`: a number, or one for the height and one for the width.
    fn steps(&mut self, opened: Opened<'a>, least: usize, what: &str) -> Option<[usize; 2]> {
        let numbers = match &opened.part.kind {
            PartKind::Stride(sizes) | PartKind::Size(sizes) => sizes.clone(),
            PartKind::Value(size) => vec![size.clone()],
            PartKind::Call(_, arguments) => match &arguments[..] {
                [Argument { key: None, value, unit: None }] => vec![value.clone()],
                _ => Vec::new(),
            },
            _ => match self.peek() {
                Some(Part { kind: PartKind::Size(sizes), .. }) => sizes.clone(),
                Some(Part { kind: PartKind::Value(value), .. }) => vec![value.clone()],
                Some(Part { kind: PartKind::Word(name), span }) if self.clause(name).is_none() => {
                    vec![Expr { kind: ExprKind::Name(name.clone()), span: *span }]
                }
                Some(Part { kind: PartKind::Ratio(numbers), span }) if numbers.len() == 2 => {
                    self.at += 1;
                    let (left, right) = (numbers[0], numbers[1]);
                    let error = self.error(*span, format!("`{left}/{right}` has two readings"));
                    let mend = format!("{left} /{right}");
                    let help = format!("write `{mend}` for `{}` {left} and stride {right}", opened.about.word);
                    self.wrong(error.here("the quotient, or a stride?").mend(*span, mend).help(help));
                    return None;
                }
                _ => {
                    self.lacks(opened, "its number");
                    return None;
                }
            },
        };
        if matches!(opened.part.kind, PartKind::Word(_)) {
            self.at += 1;
        }
        let mut counts = Vec::with_capacity(2);
        for number in &numbers {
            let count = self.scope.count(number, least, what);
            counts.push(self.keep(count)?);
        }
        match counts[..] {
            [both] => Some([both; 2]),
            [down, across] => Some([down, across]),
            _ => {
                let span = numbers.first().zip(numbers.last()).map_or(opened.part.span, |(a, b)| a.span.to(b.span));
                let error = self.error(span, format!("an image has a height and a width, and {what} is of those"));
                let error = error.found(format!("{} numbers", counts.len())).expected("one number or two");
                let error = error.mend(opened.part.span.to(span), opened.about.example);
                self.wrong(error.help(format!("write `{}`, say", opened.about.example)));
                None
            }
        }
    }
}
