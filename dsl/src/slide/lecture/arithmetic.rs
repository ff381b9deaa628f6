//! Sums and products with their result: `(32+2*2-5)/1+1 = 32`, `3 × 3 × 512 × 512 parameters = 2.359 million`.

use std::ops::Range;

use super::layers;
use super::scan::{Spot, Token, spots};
use super::sheet::Sheet;
use super::split::Line;
use crate::slide::expression::{Evaluated, Fraction, evaluate};
use crate::slide::figure::{Verdict, What};
use crate::slide::number::{Fit, Number, grouped};

/// Beginnings of words that may stand between a sum and its result.
const UNITS: &[&str] = &[
    "param",
    "weight",
    "neuron",
    "activation",
    "value",
    "number",
    "byte",
    "memory",
    "bias",
    "filter",
    "connection",
    "operation",
    "flop",
    "mac",
    "mult",
    "total",
    "pixel",
    "output",
    "input",
    "unit",
];

/// A sum and its result on a line. Places are bytes of the line.
struct Equation {
    left: Evaluated,
    /// Where the left side stands.
    place: Range<usize>,
    result: Range<usize>,
    printed: Printed,
    what: What,
}

/// What stands behind the sign.
enum Printed {
    Number(Number),
    /// Another sum.
    Sum(Fraction),
}

/// Reads the sums of a slide.
pub(super) fn read(sheet: &mut Sheet<'_>) {
    let lines: Vec<_> = sheet.free_lines().map(|(_, line)| line).collect();
    let mut convolution: Option<(Range<usize>, [usize; 3])> = None;
    for line in lines {
        convolution = stated(line).or(convolution);
        for equation in equations(&with_equals(line.plain)) {
            if let (What::Parameters, Some(factors)) = (equation.what, &equation.left.factors)
                && let Some((place, layer)) = convolution.take()
            {
                judge_stated(sheet, place, layer, factors);
            }
            judge(sheet, line, &equation);
        }
    }
}

/// A line with `≈`, `~` and `~=` as `=`, each byte at its place.
fn with_equals(plain: &str) -> String {
    let text = plain.replace('≈', "=  ").replace("~=", " =");
    let mut equals = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let is_alone = c == '~' && !text[..at].trim_end_matches(' ').ends_with('=');
        equals.push(if is_alone { '=' } else { c });
    }
    equals
}

/// The sums on a line.
fn equations(plain: &str) -> Vec<Equation> {
    /// The most equals signs of a line that are looked at.
    const MOST: usize = 64;
    let bytes = plain.as_bytes();
    let is_sign = |at: usize| {
        bytes[at] == b'='
            && !(at > 0 && b"<>=!:".contains(&bytes[at - 1]))
            && !matches!(bytes.get(at + 1), Some(b'=' | b'>'))
    };
    let signs = (0..bytes.len()).filter(|&at| is_sign(at)).take(MOST);
    signs.filter_map(|at| equation(plain, at)).collect()
}

/// The sum before the sign at `at` and its result behind it.
fn equation(plain: &str, at: usize) -> Option<Equation> {
    let (place, left) = left(plain, at)?;
    let behind = plain.get(at + 1..)?;
    let start = at + 1 + behind.len() - behind.trim_start_matches([' ', '~']).len();
    let rest = plain.get(start..)?;
    let sum: usize = rest.bytes().take(200).take_while(|b| b"0123456789.,()+-*/xX^ ".contains(b)).count();
    let longest = (1..=sum).rev().filter(|&end| b"0123456789)".contains(&rest.as_bytes()[end - 1])).take(40);
    let sum = longest.into_iter().find_map(|end| Some((end, evaluate(&rest[..end])?)));
    let number = Number::read(rest);
    let (length, printed) = match (number, sum) {
        (Some((number, length)), sum) if sum.as_ref().is_none_or(|(end, _)| *end <= length) => {
            (length, Printed::Number(number))
        }
        (_, Some((end, sum))) => (end, Printed::Sum(sum.value)),
        (Some((number, length)), None) => (length, Printed::Number(number)),
        (None, None) => return None,
    };
    let what = what(plain, place.start, at, start + length);
    Some(Equation { left, place, result: start..start + length, printed, what })
}

/// The longest sum that ends before `at`, words such as `parameters` between them left out.
fn left(plain: &str, at: usize) -> Option<(Range<usize>, Evaluated)> {
    const LONGEST: usize = 200;
    let bytes = plain.as_bytes();
    let is_word = |b: u8| b.is_ascii_alphabetic() || b == b' ';
    let end = (at.saturating_sub(40)..at).rev().find(|&n| !is_word(bytes[n])).map(|n| n + 1)?;
    let mut words = plain.get(end..at)?.split_whitespace();
    if !words.all(|word| UNITS.iter().any(|unit| word.to_ascii_lowercase().starts_with(unit))) {
        return None;
    }
    let is_part = |b: u8| b"0123456789.,()+-*/xX^ ".contains(&b);
    let first = (end.saturating_sub(LONGEST)..end).rev().take_while(|&n| is_part(bytes[n])).last()?;
    let begins = |n: &usize| {
        let is_first = *n == 0 || !(bytes[*n - 1].is_ascii_alphanumeric() || bytes[*n - 1] == b'.');
        is_first && (bytes[*n].is_ascii_digit() || bytes[*n] == b'(')
    };
    let starts = (first..end).filter(begins).take(40);
    let whole = |start: usize| evaluate(plain.get(start..end)?).map(|left| (start..end, left));
    starts.into_iter().find_map(whole).filter(|(_, left)| left.operators > 0)
}

/// What an equation counts, by the words before, in and behind it.
fn what(plain: &str, start: usize, sign: usize, end: usize) -> What {
    let before = plain.get(start.saturating_sub(24)..start).unwrap_or_default();
    let between = plain.get(start..sign).unwrap_or_default();
    let behind = plain.get(end..).unwrap_or_default();
    let behind: String =
        behind.chars().take(24).take_while(|c| c.is_ascii_alphabetic() || " ()".contains(*c)).collect();
    let words = format!("{between} {behind} {before}").to_ascii_lowercase();
    let has = |names: &[&str]| names.iter().any(|name| words.contains(name));
    match () {
        () if has(&["param", "weight"]) => What::Parameters,
        () if has(&["memory", "bytes", "neuron", "activation"]) => What::Memory,
        () if has(&["flop", "mac", "ops", "operation", "multipl"]) => What::Operations,
        () => What::Value,
    }
}

fn judge(sheet: &mut Sheet<'_>, line: &Line<'_>, equation: &Equation) {
    let value = equation.left.value;
    let place = line.place.start + equation.result.start..line.place.start + equation.result.end;
    let sum = line.plain.get(equation.place.clone()).unwrap_or_default().trim();
    let exact = value.count().map_or_else(|| format!("{}", value.float()), grouped);
    let (verdict, computed, because) = match &equation.printed {
        Printed::Sum(other) if *other == value => (Verdict::Agrees, exact, String::new()),
        Printed::Sum(other) => {
            let because = format!("{sum} is {exact}, and this is {}", other.float());
            (Verdict::Disagrees, exact, because)
        }
        Printed::Number(number) => match value.count() {
            Some(count) => judge_count(number, count, sum, equation.left.factors.as_deref()),
            None => judge_fraction(line.plain.get(equation.result.clone()).unwrap_or_default(), value, sum),
        },
    };
    sheet.judge(place, equation.what, computed, verdict, because);
}

fn judge_count(number: &Number, count: u128, sum: &str, factors: Option<&[u64]>) -> (Verdict, String, String) {
    match number.fit(count) {
        Fit::Exact => (Verdict::Agrees, number.write(count), String::new()),
        Fit::Rounds => (Verdict::Rounds, grouped(count), String::new()),
        Fit::No => {
            let reading = number.reading(count).map(|reading| format!("; {}", reading.words()));
            let reading = reading.or_else(|| other_factor(number, count, factors?)).unwrap_or_default();
            (Verdict::Disagrees, number.write(count), format!("{sum} is {}{reading}", grouped(count)))
        }
    }
}

/// The one factor in whose place another would make a product right.
fn other_factor(number: &Number, count: u128, factors: &[u64]) -> Option<String> {
    let printed = number.value().filter(|printed| *printed > 0)?;
    let fitting = |&factor: &u64| {
        let factor = u128::from(factor);
        let rest = count.checked_div(factor)?;
        (rest > 0 && printed.is_multiple_of(rest)).then(|| (factor, printed / rest))
    };
    let mut found: Vec<_> = factors.iter().filter_map(fitting).collect();
    found.dedup();
    let [(factor, other)] = found.as_slice() else { return None };
    Some(format!("; it would be right with {other} for {factor}"))
}

/// A value that is no whole number, or is below 0.
fn judge_fraction(printed: &str, value: Fraction, sum: &str) -> (Verdict, String, String) {
    let exact = format!("{}", (value.float() * 1e4).round() / 1e4);
    let decimals =
        printed.split_once('.').map_or(0, |(_, behind)| behind.bytes().take_while(u8::is_ascii_digit).count());
    let number: Option<f64> = printed.trim().replace(',', "").parse().ok();
    let is_near = |n: f64| (n - value.float()).abs() <= 0.5 * 0.1f64.powi(i32::try_from(decimals).unwrap_or(9)) + 1e-9;
    match number {
        Some(n) if (n - value.float()).abs() < 1e-12 => (Verdict::Agrees, exact, String::new()),
        Some(n) if decimals > 0 && is_near(n) => (Verdict::Rounds, exact, String::new()),
        Some(n) if n == value.float().floor() => {
            let because = format!("{sum} is {exact}: the window does not divide evenly, what is left over is cut");
            (Verdict::Remark, printed.to_string(), because)
        }
        _ => (Verdict::Disagrees, exact.clone(), format!("{sum} is {exact}")),
    }
}

/// `(3 × 3, 512) convolution`: where it stands, and its window and filters.
fn stated(line: &Line<'_>) -> Option<(Range<usize>, [usize; 3])> {
    let spots = spots(line);
    let is_conv = |spot: &Spot<'_>| spot.is_one_of(&["conv", "convolution", "convolutions"]);
    if !spots.iter().any(is_conv) {
        return None;
    }
    spots.windows(3).find_map(|three| match (&three[0].token, &three[1].token, &three[2].token) {
        (Token::Sizes(sizes), Token::Sign(b','), Token::Number(filters)) if sizes.len() == 2 => {
            Some((three[0].place.start..three[2].place.end, [sizes[0], sizes[1], *filters]))
        }
        _ => None,
    })
}

/// Holds a stated convolution against the product that is said to be its parameters.
fn judge_stated(sheet: &mut Sheet<'_>, place: Range<usize>, layer: [usize; 3], factors: &[u64]) {
    let [height, width, filters] = layer;
    let mut rest: Vec<usize> = factors.iter().filter_map(|&factor| usize::try_from(factor).ok()).collect();
    let is_all = layer.iter().all(|size| rest.iter().position(|n| n == size).map(|at| rest.remove(at)).is_some());
    let channels: Option<usize> = rest.iter().try_fold(1usize, |product, n| product.checked_mul(*n));
    let made = channels.filter(|_| is_all).and_then(|channels| {
        let conv = format!("conv {filters} {height}x{width} valid nobias");
        Some((channels, layers::made(&[height, width, channels], &conv)?))
    });
    let printed = sheet.text.get(place.clone()).unwrap_or_default().to_string();
    match made {
        Some((channels, made)) => {
            let count = grouped(made.parameters as u128);
            let because =
                format!("over {channels} channels it has {count} weights, the product below, biases left out");
            sheet.judge(place, What::Filters, printed, Verdict::Agrees, because);
        }
        None => {
            let product = factors.iter().map(ToString::to_string).collect::<Vec<_>>().join("·");
            let because =
                format!("the product below, {product}, is not that of a {height}×{width} window and {filters} filters");
            sheet.judge(place, What::Filters, "", Verdict::Disagrees, because);
        }
    }
}
