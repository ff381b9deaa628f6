//! `clip 1.0`: how long all gradients together may be.

use super::super::about::{Clause, Offer, clause};
use super::super::form;
use super::named::Range;

/// The length that gradients are shortened to.
pub(in crate::verb) const CLIP: Clause<f64> = Clause {
    about: clause("clip", "clip 1", &[Offer::Constants]),
    read: |parts, opened| {
        let expr = parts.number(opened)?;
        let limit = parts.scope.number(&expr, "`clip`");
        let limit = parts.keep(limit)?;
        parts.in_range(limit, Range::Positive, expr.span, "clip");
        Some(limit)
    },
    form: form::NUMBER,
};
