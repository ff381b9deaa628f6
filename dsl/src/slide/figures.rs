//! Counts beside printed numbers, and figures as they are listed.

use super::draft::{Claim, Operations, Printed};
use super::figure::{Figure, Verdict, What};
use super::measure::Measured;
use super::number::{Fit, grouped};
use super::settle::Settled;
use super::write::sizes;

/// What of a stretch a figure counts.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// As the slide's figures are read.
    pub count: u128,
    /// As they might have been meant.
    pub other: Option<(u128, &'static str)>,
}

/// The count that a figure is of.
pub fn counts(what: What, measured: &Measured, settled: &Settled) -> Counts {
    match what {
        What::Parameters if settled.biases => {
            Counts { count: measured.all(), other: Some((measured.weights, "without biases")) }
        }
        What::Parameters => Counts { count: measured.weights, other: Some((measured.all(), "with biases")) },
        What::Operations => {
            let flops = measured.macs.saturating_mul(2);
            match settled.operations {
                Operations::Darknet => {
                    let other = Some((measured.macs, "as MACs"));
                    Counts { count: flops.saturating_add(measured.pooled), other }
                }
                Operations::MultAdds => {
                    let other = Some((measured.macs, "without the additions of biases"));
                    Counts { count: measured.macs.saturating_add(measured.adds), other }
                }
                Operations::Macs => Counts { count: measured.macs, other: Some((flops, "as FLOPs, two a MAC")) },
                Operations::Flops => Counts { count: flops, other: Some((measured.macs, "as MACs")) },
            }
        }
        What::Stored => Counts {
            count: measured.all().saturating_add(measured.norms),
            other: Some((measured.all(), "without running means and variances")),
        },
        What::Unscaled => Counts { count: measured.all().saturating_sub(measured.norms / 2), other: None },
        What::StoredUnscaled => {
            Counts { count: measured.all().saturating_add(measured.norms - measured.norms / 2), other: None }
        }
        What::Fixed => Counts { count: measured.norms, other: None },
        What::Frozen => Counts { count: 0, other: None },
        What::Layers => Counts { count: measured.depth, other: None },
        _ => Counts { count: measured.elements(), other: None },
    }
}

/// Whether a claim fits; `None` where it does not.
pub fn verdict(claim: &Claim, count: u128) -> Option<Verdict> {
    let is_exact = match &claim.value {
        Printed::Number(number) => {
            return match number.fit(count) {
                Fit::Exact => Some(Verdict::Agrees),
                Fit::Rounds => Some(Verdict::Rounds),
                Fit::No => None,
            };
        }
        Printed::Exact(value) => *value == count,
        Printed::Expression(expression) => expression.value == Some(count),
        Printed::Shape(..) | Printed::Size(_) => false,
    };
    is_exact.then_some(Verdict::Agrees)
}

/// Whether a claim of a row fits what was measured.
pub fn fits(claim: &Claim, measured: &Measured, settled: &Settled) -> bool {
    match &claim.value {
        Printed::Shape(..) => super::judge::has_size(claim, &measured.output),
        _ => verdict(claim, counts(claim.what, measured, settled).count).is_some(),
    }
}

/// A count, written as a claim is.
pub fn written(claim: &Claim, count: u128) -> String {
    match &claim.value {
        Printed::Number(number) => number.write(count),
        _ => exact(count),
    }
}

/// A count, every digit of it.
pub fn exact(count: u128) -> String {
    if count >= 10_000 { grouped(count) } else { count.to_string() }
}

/// A shape, written as a claim's is printed.
pub fn shape(claim: &Claim, printed: &str, shape: &[usize]) -> String {
    use super::draft::Order;
    let mut wanted = shape.to_vec();
    if let Printed::Shape(claimed, order) = &claim.value {
        match order {
            Order::ChannelsFirst if wanted.len() > 1 => wanted.rotate_right(1),
            Order::WidthFirst if wanted.len() > 2 => wanted.swap(0, 1),
            Order::Spatial if wanted.len() > 1 => _ = wanted.pop(),
            Order::Spatial => wanted = vec![1; claimed.len()],
            Order::ChannelsFirst | Order::ChannelsLast | Order::WidthFirst => {}
        }
        if wanted.len() == 1 && claimed.len() > 1 && *order == Order::ChannelsLast {
            wanted = [vec![1; claimed.len() - 1], wanted].concat();
        }
    }
    rewritten(printed, &wanted).unwrap_or_else(|| sizes(&wanted))
}

/// A text with these numbers in place of its own, where it has as many.
pub fn rewritten(text: &str, numbers: &[usize]) -> Option<String> {
    let mut parts: Vec<(bool, String)> = Vec::new();
    for c in text.chars() {
        match parts.last_mut() {
            Some((is_number, part)) if *is_number == c.is_ascii_digit() => part.push(c),
            _ => parts.push((c.is_ascii_digit(), c.to_string())),
        }
    }
    if parts.iter().filter(|(is_number, _)| *is_number).count() != numbers.len() {
        return None;
    }
    let mut numbers = numbers.iter();
    let next = |(is_number, part): (bool, String)| {
        if is_number { numbers.next().map_or(part, usize::to_string) } else { part }
    };
    Some(parts.into_iter().map(next).collect())
}

/// Figures in the order of the text, and once what several nets' columns have in common.
pub fn merged(mut figures: Vec<Figure>) -> Vec<Figure> {
    figures.sort_by_key(|figure| (figure.place.start, figure.verdict == Verdict::Assumed, figure.place.end));
    let mut merged: Vec<Figure> = Vec::new();
    for figure in figures {
        let is_same = |known: &&mut Figure| {
            known.place == figure.place
                && (known.what, known.verdict) == (figure.what, figure.verdict)
                && known.computed == figure.computed
                && known.because == figure.because
        };
        let mut near = merged.iter_mut().rev().take_while(|known| known.place.start == figure.place.start);
        match near.find(is_same) {
            Some(known) if known.net != figure.net => known.net = None,
            Some(_) => {}
            None => merged.push(figure),
        }
    }
    merged
}
