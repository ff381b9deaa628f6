//! Cards: a layer by its options, one a line.
//!
//! ```text
//! 1-d convolution with
//! - filters: 1
//! - filter size: 2
//! - stride: 2
//! ```

use std::ops::Range;

use super::layers;
use super::scan::{Spot, Token, spots};
use super::sheet::Sheet;
use crate::slide::figure::{Verdict, What};

/// A card.
#[derive(Default)]
struct Card {
    /// Its heading's words.
    place: Range<usize>,
    /// How many axes the map has.
    axes: usize,
    is_pool: bool,
    filters: Option<usize>,
    window: Option<(usize, Range<usize>)>,
    stride: Option<(usize, Range<usize>)>,
    pad: Option<(usize, Range<usize>)>,
    input: Option<usize>,
    output: Option<(usize, Range<usize>)>,
}

/// Reads the cards of a slide.
pub(super) fn read(sheet: &mut Sheet<'_>) {
    let mut at = 0;
    while at < sheet.lines.len() {
        let Some((card, end)) = card(sheet, at) else {
            at += 1;
            continue;
        };
        judge(sheet, &card);
        sheet.take(at..end);
        at = end;
    }
}

/// The card whose heading stands on a line, and the line behind it.
fn card(sheet: &Sheet<'_>, at: usize) -> Option<(Card, usize)> {
    /// Empty lines between a heading and its options, or between two of them.
    const MOST_EMPTY: usize = 8;
    if !sheet.is_free(at) {
        return None;
    }
    let mut card = heading(&spots(&sheet.lines[at]))?;
    let (mut end, mut empty) = (at + 1, 0);
    for (index, line) in sheet.lines.iter().enumerate().skip(at + 1) {
        if line.is_blank() {
            empty += 1;
            if empty > MOST_EMPTY {
                break;
            }
            continue;
        }
        if !sheet.is_free(index) || !option(&mut card, &spots(line)) {
            break;
        }
        (end, empty) = (index + 1, 0);
    }
    (card.window.is_some() && (card.stride.is_some() || card.filters.is_some())).then_some((card, end))
}

/// `1-d convolution with`
fn heading(spots: &[Spot<'_>]) -> Option<Card> {
    const CONVOLUTIONS: &[&str] = &["convolution", "convolutional", "conv"];
    const POOLS: &[&str] = &["pool", "pooling", "maxpool"];
    if spots.len() > 10 {
        return None;
    }
    let at = spots.iter().position(|spot| spot.is_one_of(CONVOLUTIONS) || spot.is_one_of(POOLS))?;
    let ends = spots.last()?;
    if !(ends.token == Token::Sign(b':') || ends.is_one_of(&["with", "layer"]) || at + 1 == spots.len()) {
        return None;
    }
    let axes = spots[..at].iter().find_map(Spot::number).filter(|axes| (1..=3).contains(axes));
    let is_pool = spots[at].is_one_of(POOLS);
    Some(Card { place: spots[0].place.start..ends.place.end, axes: axes.unwrap_or(0), is_pool, ..Card::default() })
}

/// Takes up an option, `- filter size: 2`; whether it is one.
fn option(card: &mut Card, spots: &[Spot<'_>]) -> bool {
    let Some(begin) = spots.iter().position(|spot| spot.word().is_some()).filter(|&at| at < 3) else { return false };
    let Some(colon) = spots.iter().position(|spot| matches!(spot.token, Token::Sign(b':' | b'='))) else {
        return false;
    };
    if colon < begin || spots.len() < colon + 2 || colon - begin > 4 {
        return false;
    }
    let key = |words: &[&str]| spots[begin..colon].iter().any(|spot| spot.is_one_of(words));
    let value = &spots[colon + 1];
    let number = value.number().or_else(|| value.sizes().filter(|s| s.iter().all(|n| *n == s[0])).map(|s| s[0]));
    let placed = number.map(|number| (number, value.place.clone()));
    match () {
        () if key(&["stride", "strides"]) => card.stride = placed,
        () if key(&["padding", "pad"]) => card.pad = placed,
        () if key(&["size", "kernel", "window"]) && !key(&["input", "output"]) => {
            card.axes = card.axes.max(value.sizes().map_or(0, <[usize]>::len));
            card.window = placed;
        }
        () if key(&["outputs", "output"]) => card.output = placed,
        () if key(&["inputs", "input", "length"]) => card.input = number,
        () if key(&["filters", "channels", "maps"]) => card.filters = number,
        () => {}
    }
    true
}

/// Judges what a card prints, and says what follows from it.
fn judge(sheet: &mut Sheet<'_>, card: &Card) {
    let Some((window, _)) = card.window else { return };
    let stride = card.stride.as_ref().map_or(1, |(stride, _)| *stride);
    let pad = card.pad.as_ref().map_or(0, |(pad, _)| *pad);
    if let Some((pad, place)) = card.pad.clone().filter(|(pad, _)| *pad > 0 && *pad >= window) {
        let because = format!("a window of {window} with padding {pad} lies on padding alone");
        sheet.judge(place, What::Padding, format!("{}", window.saturating_sub(1)), Verdict::Disagrees, because);
        return;
    }
    if let Some((_, place)) = card.stride.clone().filter(|(stride, _)| *stride > window) {
        let because = format!("between windows of {window}, {} inputs of {stride} are never read", stride - window);
        sheet.judge(place, What::Stride, stride.to_string(), Verdict::Remark, because);
    }
    let axes = card.axes.max(1);
    let outputs = |n: usize| {
        let mut input = vec![n; axes];
        input.push(1);
        layers::made(&input, &text(card, window, stride, pad, axes))
    };
    if let (Some(input), Some((_, place))) = (card.input, card.output.clone()) {
        let said = card.output.as_ref().map(|(output, _)| *output);
        let computed = outputs(input).map(|made| made.output[0]);
        let verdict = if computed == said { Verdict::Agrees } else { Verdict::Disagrees };
        let because = format!("n inputs give {} outputs, and n is {input}", formula(window, stride, pad));
        sheet.judge(place, What::Output, computed.map_or(String::new(), |n| n.to_string()), verdict, because);
        return;
    }
    let Some(example) = (window.max(2) * 4..).take(1).find_map(|n| Some((n, outputs(n)?))) else {
        sheet.judge(card.place.clone(), What::Filters, "", Verdict::Disagrees, "no map has a layer of these sizes");
        return;
    };
    sheet.say(card.place.clone(), describe(card, window, stride, pad, &example));
}

/// The card's layer in the language.
fn text(card: &Card, window: usize, stride: usize, pad: usize, axes: usize) -> String {
    let size = if axes == 1 { format!("size {window}") } else { layers::sizes(&vec![window; axes]) };
    match card.is_pool {
        true => format!("pool {size} /{stride} pad {pad}"),
        false => format!("conv {} {size} /{stride} pad {pad}", card.filters.unwrap_or(1)),
    }
}

/// How many outputs n inputs have.
fn formula(window: usize, stride: usize, pad: usize) -> String {
    let constant = |number: usize, sign: char| if number == 0 { String::new() } else { format!(" {sign} {number}") };
    if stride == 1 {
        let (more, less) = (2 * pad + 1, window);
        let rest = if more < less { constant(less - more, '−') } else { constant(more - less, '+') };
        return format!("n{rest}");
    }
    let padded = if pad > 0 { format!("n + 2·{pad}") } else { "n".to_string() };
    format!("⌊({padded} − {window})/{stride}⌋ + 1")
}

/// What a card states, and what follows.
fn describe(card: &Card, window: usize, stride: usize, pad: usize, example: &(usize, layers::Made)) -> String {
    let (n, made) = example;
    let axes = if card.axes > 0 { format!("{}-D ", card.axes) } else { String::new() };
    let kind = if card.is_pool { "pool" } else { "convolution" };
    let filters = card.filters.filter(|_| !card.is_pool);
    let count = filters.map_or(String::new(), |n| format!(", {n} filter{}", if n == 1 { "" } else { "s" }));
    let padding = if pad > 0 { format!(" with padding {pad}") } else { String::new() };
    let outputs = formula(window, stride, pad);
    let parameters = match filters {
        Some(_) if made.parameters > 0 => format!("; {} parameters with biases", made.parameters),
        _ => String::new(),
    };
    format!(
        "a {axes}{kind}{count} of {window} at stride {stride}{padding}: \
         n inputs give {outputs} outputs, {n} give {}{parameters}",
        made.output[0]
    )
}
