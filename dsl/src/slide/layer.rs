//! What a slide says of one layer, behind its name: `96 11x11 filters at stride 4, pad 1 memory: 55*55*96 = 290K`.

use std::ops::Range;

use super::draft::{Claim, Conv, Operations, Pad, Part, Pool, PoolKind, Printed, Stated};
use super::expression::leading;
use super::figure::What;
use super::number::Number;
use super::tokens::{Token, size, span, tokens};
use super::words::{LayerKind, LayerName};

/// What is said of a layer.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// `11x11`
    pub window: Option<Stated<Vec<usize>>>,
    /// `stride 4`
    pub stride: Option<Stated<Vec<usize>>>,
    /// `pad 1`
    pub pad: Option<Stated<Pad>>,
    /// `96 … filters`, `4096 neurons`
    pub filters: Option<Stated<usize>>,
    /// `groups 2`
    pub groups: Option<usize>,
    /// A mean and not a maximum is said.
    pub is_mean: bool,
    /// A share: `dropout 0.5`.
    pub share: Option<f64>,
    /// Its figures.
    pub claims: Vec<Claim>,
    /// `(not counting biases)`
    pub biases: Option<bool>,
    /// Whether operations are MACs or FLOPs, where it says.
    pub operations: Option<Operations>,
}

/// What usually stands where a layer does not say.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    /// The slide's other rows state paddings, so that one that states none has none.
    pub states_pads: bool,
    /// The window of pools.
    pub pool_window: Option<usize>,
    /// The channels of the layer's printed output.
    pub channels: Option<usize>,
}

/// Words that count filters.
const FILTERS: &[&str] = &[
    "filter", "filters", "kernel", "kernels", "maps", "channels", "neurons", "units", "outputs", "nodes", "neuron",
    "ch",
];

/// Reads what stands at `place`.
pub fn described(plain: &str, place: Range<usize>) -> Described {
    let all = tokens(plain, place.clone());
    let mut said = Described::default();
    let first = (0..all.len()).find(|&at| counted(&all[at..]).is_some()).unwrap_or(all.len());
    options(plain, &all[..first], &mut said);
    let mut at = first;
    while let Some((what, operations, taken)) = all.get(at..).and_then(counted) {
        let start = at + taken;
        let end = (start..all.len()).find(|&at| counted(&all[at..]).is_some()).unwrap_or(all.len());
        said.operations = said.operations.or(operations);
        figures(plain, what, &all[start..end], &mut said.claims);
        if all[start..end].iter().any(|token| token.is_any(&["bias", "biases"])) {
            let is_without = all[start..end].iter().any(|token| token.is_any(&["not", "no", "without", "excluding"]));
            said.biases = Some(!is_without);
        }
        at = end;
    }
    said
}

/// A word that says what the figures behind it count, `memory:`; and how many tokens it takes.
fn counted(tokens: &[Token<'_>]) -> Option<(What, Option<Operations>, usize)> {
    let colon = |at: usize| tokens.get(at).is_some_and(|token| token.is_sign(':') || token.is_sign('='));
    let first = tokens.first()?;
    if first.is("mult") && tokens.get(2).is_some_and(|token| token.is_any(&["adds", "add"])) {
        return Some((What::Operations, Some(Operations::Macs), 3 + usize::from(colon(3))));
    }
    let (what, operations) = count_word(first)?;
    colon(1).then_some((what, operations, 2))
}

/// What a word says that figures count: `params`, `memory`, `FLOPs`.
pub fn count_word(token: &Token<'_>) -> Option<(What, Option<Operations>)> {
    Some(match () {
        () if token.is_any(&["memory", "mem", "activations"]) => (What::Memory, None),
        () if token.is_any(&["params", "param", "parameters", "weights", "parameter"]) => (What::Parameters, None),
        () if token.is_any(&["macs", "mac", "madds", "madd"]) => (What::Operations, Some(Operations::Macs)),
        () if token.is_any(&["flops", "flop", "bflops", "gflops", "mflops"]) => {
            (What::Operations, Some(Operations::Flops))
        }
        () if token.is_any(&["ops", "operations", "op"]) => (What::Operations, None),
        () => return None,
    })
}

/// `(3*3*64)*64 = 36,864`, or one of the two.
fn figures(plain: &str, what: What, tokens: &[Token<'_>], claims: &mut Vec<Claim>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let start = token.place.start;
        let (value, end) = if let Some((expression, end)) = leading(plain, start) {
            (Printed::Expression(expression), end)
        } else if let Some((number, length)) = Number::read(&plain[start..]).filter(|_| token.number().is_some()) {
            (Printed::Number(number), start + length)
        } else {
            at += 1;
            continue;
        };
        claims.push(Claim { what, place: start..end, value });
        at += tokens[at..].iter().take_while(|token| token.place.start < end).count();
    }
}

/// Sizes, strides, paddings and counts, in any order.
fn options(plain: &str, tokens: &[Token<'_>], said: &mut Described) {
    let mut at = 0;
    while at < tokens.len() {
        at += option(plain, &tokens[at..], said).max(1);
    }
}

/// Reads one option; how many tokens it takes, 0 where none begins here.
fn option(plain: &str, tokens: &[Token<'_>], said: &mut Described) -> usize {
    let token = &tokens[0];
    let keyed = |words: &[&str]| token.is_any(words).then(|| value_behind(tokens)).flatten();
    if let Some((sizes, taken)) = keyed(&["stride", "strides", "s"]) {
        said.stride.get_or_insert(Stated::said(sizes, span(&tokens[..taken])));
        return taken;
    }
    if let Some((sizes, taken)) = keyed(&["pad", "padding", "p"]) {
        said.pad.get_or_insert(Stated::said(Pad::By(sizes[0]), span(&tokens[..taken])));
        return taken;
    }
    if let Some((sizes, taken)) = keyed(&["groups", "group", "g"]) {
        said.groups.get_or_insert(sizes[0]);
        return taken;
    }
    if let Some(pad) = token.is_any(&["same", "valid"]).then(|| if token.is("same") { Pad::Same } else { Pad::By(0) }) {
        said.pad.get_or_insert(Stated::said(pad, token.place.clone()));
        return 1;
    }
    said.is_mean |= token.is_any(&["avg", "average", "mean"]);
    if let Some((sizes, taken)) = size(tokens) {
        // A third size is a filter's depth, which follows from the map.
        let window = if sizes.len() == 3 { sizes[..2].to_vec() } else { sizes };
        said.window.get_or_insert(Stated::said(window, span(&tokens[..taken])));
        return taken + slash(&tokens[taken..], said);
    }
    let Some(number) = token.number() else { return 0 };
    share(plain, token, said);
    let behind = &tokens[1..];
    let counts = behind.first().is_some_and(|next| next.is_any(FILTERS) || next.is("feature"));
    let before_size = size(behind).is_some();
    if counts || before_size {
        said.filters.get_or_insert(Stated::said(number, token.place.clone()));
    }
    1
}

/// `/2` behind a size.
fn slash(tokens: &[Token<'_>], said: &mut Described) -> usize {
    match tokens {
        [sign, next, ..] if sign.is_sign('/') && next.number().is_some() => {
            said.stride.get_or_insert(Stated::said(vec![next.number().unwrap_or(1)], span(&tokens[..2])));
            2
        }
        _ => 0,
    }
}

/// `0.5`, `40%`
fn share(plain: &str, token: &Token<'_>, said: &mut Described) {
    let text = &plain[token.place.start..];
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let value = text[..end].trim_end_matches('.').parse::<f64>().ok();
    let is_percent = text[end..].trim_start().starts_with('%');
    let share = value.map(|value| if is_percent { value / 100.0 } else { value });
    said.share = said.share.or(share.filter(|share| (0.0..1.0).contains(share)));
}

/// The number or the sizes behind a word, perhaps behind `=`, `:` or `of`; with the word, how many tokens.
fn value_behind(tokens: &[Token<'_>]) -> Option<(Vec<usize>, usize)> {
    let joint = tokens.get(1).is_some_and(|token| token.is_any(&["of"]) || token.is_sign('=') || token.is_sign(':'));
    let at = 1 + usize::from(joint);
    if let Some((sizes, taken)) = tokens.get(at..).and_then(size) {
        return Some((sizes, at + taken));
    }
    Some((vec![tokens.get(at)?.number()?], at + 1))
}

/// What a layer does; an error is what was expected of it.
pub fn part(name: &LayerName, said: &Described, usual: Usual) -> Result<Vec<Part>, String> {
    let word = |word: &str| Ok(vec![Part::Word(word.to_string())]);
    match name.kind {
        LayerKind::Input => Ok(Vec::new()),
        LayerKind::Conv | LayerKind::Deconv => conv(name, said, usual).map(|conv| vec![Part::Conv(conv)]),
        LayerKind::MaxPool | LayerKind::MeanPool => Ok(vec![Part::Pool(pool(name, said, usual))]),
        LayerKind::Fc => {
            let large = name.glued.filter(|&units| units > 99);
            let stated = name.dashed.or(large).map(|units| Stated::said(units, name.place.clone()));
            let units = said.filters.clone().or(stated).or_else(|| usual.channels.map(Stated::usual));
            units.map(|units| vec![Part::Fc(units)]).ok_or_else(|| "how many units: `FC: 4096 neurons`".to_string())
        }
        LayerKind::Lrn => Ok(vec![Part::Lrn]),
        LayerKind::Bn => Ok(vec![Part::Bn]),
        LayerKind::Relu => word("relu"),
        LayerKind::Dropout => Ok(vec![Part::Word(format!("dropout {}", said.share.unwrap_or(0.5)))]),
        LayerKind::Softmax => word("softmax"),
        LayerKind::Flatten => word("flatten"),
        LayerKind::Inception => {
            Err("a table for an inception module: its branches have no place on a line".to_string())
        }
    }
}

fn conv(name: &LayerName, said: &Described, usual: Usual) -> Result<Conv, String> {
    let glued = name.glued.filter(|_| name.dashed.is_some() || said.window.is_none());
    let window = said.window.clone().or_else(|| glued.map(|size| Stated::said(vec![size, size], name.place.clone())));
    let Some(window) = window else { return Err("the size of its filters: `96 11x11 filters`".to_string()) };
    let dashed = name.dashed.map(|filters| Stated::said(filters, name.place.clone()));
    let filters = said.filters.clone().or(dashed).or_else(|| usual.channels.map(Stated::usual));
    let Some(filters) = filters else { return Err("how many filters: `96 11x11 filters`".to_string()) };
    Ok(Conv {
        filters,
        window,
        stride: said.stride.clone().unwrap_or_else(|| Stated::usual(vec![1])),
        pad: said.pad.clone().unwrap_or_else(|| unstated(usual)),
        groups: said.groups.unwrap_or(1),
        bias: true,
        transposed: name.kind == LayerKind::Deconv,
    })
}

fn pool(name: &LayerName, said: &Described, usual: Usual) -> Pool {
    let glued = usual.pool_window.map(|size| Stated::said(vec![size, size], name.place.clone()));
    let window = said.window.clone().or(glued).unwrap_or_else(|| Stated::usual(vec![2, 2]));
    let is_mean = said.is_mean || name.kind == LayerKind::MeanPool;
    Pool {
        kind: if is_mean { PoolKind::Mean } else { PoolKind::Max },
        stride: said.stride.clone().unwrap_or_else(|| Stated::usual(window.value.clone())),
        pad: said.pad.clone().unwrap_or_else(|| unstated(usual)),
        window,
    }
}

fn unstated(usual: Usual) -> Stated<Pad> {
    Stated::usual(if usual.states_pads { Pad::By(0) } else { Pad::Convention })
}
