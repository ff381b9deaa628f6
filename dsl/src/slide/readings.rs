//! What would make a wrong figure right: every reading of its row is tried, those that change least first.

use std::ops::Range;

use super::draft::{Claim, Pad, Part, Pool, PoolKind, Printed, Row, Stated};
use super::expression::Expression;
use super::figure::{Correction, Figure, Verdict, What};
use super::figures::{Counts, counts, rewritten};
use super::judge::{Bench, figure, has_size, printed, spatial};
use super::measure::Measured;
use super::number::{Fit, Number, grouped};
use super::settle::Settled;
use super::write::sizes;

/// Strides that are tried.
const STRIDES: [usize; 4] = [1, 2, 3, 4];

/// Windows that are tried.
const WINDOWS: [usize; 7] = [1, 2, 3, 5, 7, 9, 11];

/// A reading with which a figure is right.
pub struct Right {
    /// In words: `pad 1; pad 2 gives it`.
    pub because: String,
    /// What would stand in the row.
    pub mend: Option<Correction>,
}

/// A part of a row with one of its numbers changed.
struct Variant {
    part: Part,
    /// What the number is called.
    knob: &'static str,
    /// It, as it would be written: `2`, `3x3`.
    to: String,
    /// What it is in the row, and where it is said.
    from: String,
    place: Option<Range<usize>>,
    /// The new numbers, to be written in the old ones' place.
    numbers: Vec<usize>,
}

/// Kinds of changes, those that are likelier first.
#[derive(Clone, Copy)]
enum Knob {
    Pad,
    Ceil,
    Stride,
    Filters,
    Window,
}

/// The reading with which a row gives the size that is printed.
pub fn output(bench: &Bench<'_>, row: &Row, claim: &Claim, input: &[usize]) -> Option<Right> {
    let gives = |parts: &[Part]| match &*bench.measurer.measure(parts, input, bench.settled.convention) {
        Ok(measured) => has_size(claim, &measured.output),
        Err(_) => false,
    };
    for knob in [Knob::Pad, Knob::Ceil, Knob::Stride, Knob::Filters, Knob::Window] {
        for at in spatial(&row.parts) {
            let is_right = |variant: &Variant| {
                let mut parts = row.parts.clone();
                parts[at] = variant.part.clone();
                gives(&parts)
            };
            if let Some(variant) = variants(&row.parts[at], knob, claim).into_iter().find(is_right) {
                return Some(variant.right(bench.text));
            }
        }
    }
    lost(row, gives)
}

impl Variant {
    fn right(self, text: &str) -> Right {
        let (knob, from, to) = (self.knob, self.from, self.to);
        let because = match &self.place {
            Some(_) => format!("{knob} {from}; {knob} {to} gives it"),
            None if from.is_empty() => format!("{knob} {to} gives it"),
            None => format!("{knob} {from} is assumed; {knob} {to} gives it"),
        };
        let numbers = self.numbers;
        let mend = self.place.and_then(|place| {
            let text = rewritten(&printed(text, &place), &numbers).unwrap_or_else(|| format!("{knob} {to}"));
            Some(Correction { place, text }).filter(|_| !numbers.is_empty())
        });
        Right { because: because.replace("  ", " "), mend }
    }
}

/// A part with one of its numbers changed in every way that is tried.
fn variants(part: &Part, knob: Knob, claim: &Claim) -> Vec<Variant> {
    match (part, knob) {
        (_, Knob::Pad) => pads(part),
        (Part::Pool(pool), Knob::Ceil) => ceiled(pool).into_iter().collect(),
        (_, Knob::Stride) => strides(part),
        (Part::Conv(_), Knob::Filters) => filters(part, claim).into_iter().collect(),
        (_, Knob::Window) => windows(part),
        _ => Vec::new(),
    }
}

/// The numbers of a convolution or a pool that a variant changes.
struct Knobs<'a> {
    window: &'a mut Stated<Vec<usize>>,
    stride: &'a mut Stated<Vec<usize>>,
    pad: &'a mut Stated<Pad>,
}

fn knobs(part: &mut Part) -> Option<Knobs<'_>> {
    match part {
        Part::Conv(conv) => Some(Knobs { window: &mut conv.window, stride: &mut conv.stride, pad: &mut conv.pad }),
        Part::Pool(pool) => Some(Knobs { window: &mut pool.window, stride: &mut pool.stride, pad: &mut pool.pad }),
        _ => None,
    }
}

fn pads(part: &Part) -> Vec<Variant> {
    let mut own = part.clone();
    let Some(Knobs { window, pad, .. }) = knobs(&mut own) else { return Vec::new() };
    let half = window.value.iter().max().map_or(0, |size| size.saturating_sub(1) / 2);
    let (from, place) = (pad_words(pad.value, half), pad.place.clone());
    let most = window.value.iter().max().copied().unwrap_or(0).min(12);
    let tried = std::iter::once(half).chain(0..most).filter(|&to| pad.value != Pad::By(to));
    let variant = |to: usize| {
        let mut part = part.clone();
        if let Some(knobs) = knobs(&mut part) {
            knobs.pad.value = Pad::By(to);
        }
        Variant { part, knob: "pad", to: to.to_string(), from: from.clone(), place: place.clone(), numbers: vec![to] }
    };
    tried.map(variant).collect()
}

fn pad_words(pad: Pad, half: usize) -> String {
    match pad {
        Pad::By(pad) => pad.to_string(),
        Pad::Same => "same".to_string(),
        Pad::Ceil => "ceil".to_string(),
        Pad::Convention => half.to_string(),
    }
}

fn ceiled(pool: &Pool) -> Option<Variant> {
    let part = Part::Pool(Pool { pad: Stated::usual(Pad::Ceil), ..pool.clone() });
    let (to, from) = ("a last window that reaches beyond the edge (`ceil`)".to_string(), String::new());
    Some(Variant { part, knob: "", to, from, place: None, numbers: Vec::new() })
}

fn strides(part: &Part) -> Vec<Variant> {
    let mut own = part.clone();
    let Some(Knobs { stride, .. }) = knobs(&mut own) else { return Vec::new() };
    let (from, place) = (words(&stride.value), stride.place.clone());
    let variant = |to: usize| {
        let mut part = part.clone();
        if let Some(knobs) = knobs(&mut part) {
            knobs.stride.value = vec![to];
        }
        Variant {
            part,
            knob: "stride",
            to: to.to_string(),
            from: from.clone(),
            place: place.clone(),
            numbers: vec![to],
        }
    };
    STRIDES.into_iter().filter(|&to| stride.value.iter().any(|&own| own != to)).map(variant).collect()
}

fn windows(part: &Part) -> Vec<Variant> {
    let mut own = part.clone();
    let Some(Knobs { window, .. }) = knobs(&mut own) else { return Vec::new() };
    let (from, place) = (sizes(&window.value), window.place.clone());
    let variant = |to: usize| {
        let mut part = part.clone();
        let numbers = vec![to; window.value.len()];
        if let Some(knobs) = knobs(&mut part) {
            knobs.window.value.clone_from(&numbers);
        }
        Variant { part, knob: "a window of", to: sizes(&numbers), from: from.clone(), place: place.clone(), numbers }
    };
    WINDOWS.into_iter().filter(|&to| window.value.iter().any(|&own| own != to)).map(variant).collect()
}

/// As many filters as the printed size has channels.
fn filters(part: &Part, claim: &Claim) -> Option<Variant> {
    let (Part::Conv(conv), Printed::Shape(shape, order)) = (part, &claim.value) else { return None };
    let to = *super::judge::arranged(shape, *order).last()?;
    let (from, place) = (conv.filters.value.to_string(), conv.filters.place.clone());
    let mut conv = conv.clone();
    conv.filters.value = to;
    let numbers = vec![to];
    Some(Variant { part: Part::Conv(conv), knob: "filters", to: to.to_string(), from, place, numbers })
}

fn words(numbers: &[usize]) -> String {
    match numbers {
        [one, others @ ..] if others.iter().all(|other| other == one) => one.to_string(),
        _ => sizes(numbers),
    }
}

/// A row that got lost before this one.
fn lost(row: &Row, gives: impl Fn(&[Part]) -> bool) -> Option<Right> {
    let pool = Part::Pool(Pool {
        kind: PoolKind::Max,
        window: Stated::usual(vec![2]),
        stride: Stated::usual(vec![2]),
        pad: Stated::usual(Pad::By(0)),
    });
    let with: Vec<Part> = std::iter::once(pool).chain(row.parts.iter().cloned()).collect();
    let lost =
        || Right { because: "a pool before it, 2x2 at stride 2, gives it: a row may be lost".to_string(), mend: None };
    if gives(&with) {
        return Some(lost());
    }
    // A row that is one too many does nothing to the size that the others give.
    (!row.parts.is_empty() && gives(&[])).then(|| Right {
        because: "without this row it would be right: the row may be one too many".to_string(),
        mend: None,
    })
}

/// Remarks on stated paddings with which the last window does not reach the edge.
pub fn uneven(bench: &Bench<'_>, row: &Row, input: &[usize]) -> Vec<Figure> {
    let mut remarks = Vec::new();
    // Only the first part's input is the row's.
    let Some(mut part) = spatial(&row.parts).next().map(|at| row.parts[at].clone()) else { return remarks };
    let own = part.clone();
    let Some(Knobs { window, stride, pad }) = knobs(&mut part) else { return remarks };
    let (Pad::By(padding), Some(place)) = (pad.value, pad.place.clone()) else { return remarks };
    let (Some(&side), Some(&size), Some(&step)) = (input.first(), window.value.first(), stride.value.first()) else {
        return remarks;
    };
    let rest = |pad: usize| side.checked_add(2 * pad)?.checked_sub(size)?.checked_rem(step);
    let Some(left) = rest(padding).filter(|&left| left > 0) else { return remarks };
    let gives = |pad: usize| {
        let mut part = own.clone();
        if let Some(knobs) = knobs(&mut part) {
            knobs.pad.value = Pad::By(pad);
        }
        match &*bench.measurer.measure(&[part], input, bench.settled.convention) {
            Ok(measured) => format!("pad {pad} ({})", sizes(&measured.output)),
            Err(_) => format!("pad {pad}"),
        }
    };
    let even: Vec<usize> = (0..=size.min(12) / 2).filter(|&pad| rest(pad) == Some(0)).take(2).collect();
    let offers = if even.is_empty() {
        "no padding".to_string()
    } else {
        even.iter().copied().map(gives).collect::<Vec<_>>().join(" or ")
    };
    let because = format!(
        "{side} + 2·{padding} − {size} = {} is no multiple of the stride {step}: {} at the far edge {} not seen; what divides evenly: {offers}",
        side + 2 * padding - size,
        fovea_graph::counted(left, "row"),
        if left == 1 { "is" } else { "are" },
    );
    let claim = Claim { what: What::Padding, place, value: Printed::Exact(0) };
    let computed = even.first().map_or(String::new(), |pad| format!("pad {pad}"));
    remarks.push(Figure {
        computed,
        verdict: Verdict::Remark,
        because: Some(because),
        ..figure(bench, Some(row), &claim)
    });
    remarks
}

/// A remark on a pool whose window is not square: a slip, more often than not.
pub fn oblong(bench: &Bench<'_>, row: &Row) -> Option<Figure> {
    let window = row.parts.iter().find_map(|part| match part {
        Part::Pool(pool) if pool.window.value.windows(2).any(|pair| pair[0] != pair[1]) => Some(&pool.window),
        _ => None,
    })?;
    let claim = Claim { what: What::Filters, place: window.place.clone()?, value: Printed::Exact(0) };
    let because = Some("the window is not square".to_string());
    Some(Figure { verdict: Verdict::Remark, because, ..figure(bench, Some(row), &claim) })
}

/// Why a count is not the printed one, and what would make it so.
pub fn count(claim: &Claim, measured: &Measured, settled: &Settled) -> (String, Option<Correction>) {
    let Counts { count, other } = counts(claim.what, measured, settled);
    match &claim.value {
        Printed::Expression(expression) => product(expression, count),
        Printed::Number(number) => (number_words(number, count, other), None),
        Printed::Exact(_) | Printed::Shape(..) | Printed::Size(_) => (format!("{} are there", grouped(count)), None),
    }
}

/// How a printed number must be read to be a count, or how far it is off.
pub fn number_words(number: &Number, count: u128, other: Option<(u128, &'static str)>) -> String {
    if let Some(reading) = number.reading(count) {
        return format!("it is {}: {}", grouped(count), reading.words());
    }
    if let Some((other, words)) = other {
        match (number.fit(other), number.reading(other)) {
            (Fit::No, Some(reading)) => return format!("{words} it is {}: {}", grouped(other), reading.words()),
            (Fit::No, None) => {}
            _ => return format!("{words} it is {}, which fits", grouped(other)),
        }
    }
    let off = number.value().filter(|&value| value > 0).map(|value| {
        let percent = 100.0 * (value as f64 - count as f64) / count.max(1) as f64;
        format!(", {percent:+.1} %")
    });
    let neither = if number.has_unit() { ": it fits neither K = 1000 nor K = 1024" } else { "" };
    format!("it is {}{}{neither}", grouped(count), off.unwrap_or_default())
}

/// The number of a product that would make it right.
fn product(expression: &Expression, count: u128) -> (String, Option<Correction>) {
    let Some(value) = expression.value else { return ("its value is too large to be told".to_string(), None) };
    let mends = expression.numbers.iter().filter_map(|(number, place)| {
        let wanted = count.checked_mul(*number)?;
        (value > 0 && wanted.is_multiple_of(value) && wanted > 0).then(|| (wanted / value, *number, place.clone()))
    });
    match mends.min_by_key(|(wanted, number, _)| wanted.abs_diff(*number)) {
        Some((wanted, number, place)) => {
            let because = format!(
                "it gives {}; with {wanted} in place of {number} it would be {}",
                grouped(value),
                grouped(count)
            );
            (because, Some(Correction { place, text: wanted.to_string() }))
        }
        None => (format!("it gives {}", grouped(value)), None),
    }
}
