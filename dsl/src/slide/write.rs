//! What a slide states, written in the language.

use std::fmt::Write as _;
use std::ops::Range;

use super::draft::{Conv, DraftNet, Pad, Part, Pool, PoolKind, Residual, Row};
use super::graph;

/// How what a slide leaves open is filled in, for all of its rows alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Convention {
    /// Convolutions whose padding is not stated.
    pub conv: Unstated,
    /// Pools whose padding is not stated.
    pub pool: Unstated,
    /// What a shortcut does where shapes differ.
    pub shortcut: Shortcut,
    /// Which convolution of a bottleneck takes the stride.
    pub stride: StrideAt,
}

/// A padding that is not stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Unstated {
    /// Half the window, `(k-1)/2`: at stride 1 the size stays.
    #[default]
    Half,
    /// None.
    Zero,
}

/// What a shortcut does where shapes differ: options B and A of K. He et al., arXiv:1512.03385.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shortcut {
    /// A 1×1 convolution.
    #[default]
    Projection,
    /// Zeros for the channels that lack.
    Identity,
}

/// Which convolution of a bottleneck takes the stride.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StrideAt {
    /// The first with a window, as torchvision has it.
    #[default]
    Window,
    /// The first, as the paper has it.
    First,
}

/// A text, and which words of the slide each stretch of it was read from.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Stretches of it, and where on the slide they come from.
    pub origins: Vec<(Range<usize>, Range<usize>)>,
}

/// A whole net: `net NAME = 224x224x3 - …`. Rows of one text that follow each other are a group.
pub fn net(name: &str, input: &[usize], net: &DraftNet, convention: Convention) -> Written {
    if graph::is_graph(net) {
        return graph::net(name, input, net, convention).unwrap_or_default();
    }
    let mut written = Written { text: format!("net {name} = {}", sizes(input)), origins: Vec::new() };
    let rank = rank(input);
    let rows: Vec<(String, &Row)> = net
        .rows
        .iter()
        .map(|row| (chain(&row.parts, rank, convention), row))
        .filter(|(text, _)| !text.is_empty())
        .collect();
    let mut at = 0;
    while at < rows.len() {
        let (text, row) = &rows[at];
        let times = rows[at..].iter().take_while(|(other, _)| other == text).count();
        let start = written.text.len();
        let group = if times > 1 { format!(" - ({text})^{times}") } else { format!(" - {text}") };
        written.text += &group;
        let place = row.place.start..rows[at + times - 1].1.place.end.max(row.place.end);
        written.origins.push((start..written.text.len(), place));
        at += times;
    }
    written
}

/// How many spatial axes maps of this shape have.
pub fn rank(shape: &[usize]) -> usize {
    shape.len().saturating_sub(1).max(1)
}

/// Parts as a chain; parts of one text that follow each other are a group.
pub fn chain(parts: &[Part], rank: usize, convention: Convention) -> String {
    let is_layer = |part: &&Part| !matches!(part, Part::Rows(_));
    let items: Vec<String> = parts.iter().filter(is_layer).map(|part| item(part, rank, convention)).collect();
    let mut texts: Vec<String> = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let times = items[at..].iter().take_while(|other| **other == items[at]).count();
        texts.push(if times > 1 { format!("({})^{times}", items[at]) } else { items[at].clone() });
        at += times;
    }
    texts.join(" - ")
}

fn item(part: &Part, rank: usize, convention: Convention) -> String {
    match part {
        Part::Rows(_) => String::new(),
        Part::Conv(conv) => self::conv(conv, rank, convention),
        Part::Pool(pool) => self::pool(pool, rank, convention),
        Part::PoolAll(PoolKind::Max) => "pool max global".to_string(),
        Part::PoolAll(PoolKind::Mean) => "pool avg global".to_string(),
        Part::Fc(units) => format!("fc {}", units.value),
        Part::Lrn => "lrn".to_string(),
        Part::Bn => "bn".to_string(),
        Part::Word(word) => word.clone(),
        Part::Concat(branches) => {
            let branch =
                |parts: &Vec<Part>| if parts.is_empty() { "id".to_string() } else { chain(parts, rank, convention) };
            format!("concat({})", branches.iter().map(branch).collect::<Vec<_>>().join(" | "))
        }
        Part::Residual(residual) => self::residual(residual, rank, convention),
    }
}

fn conv(conv: &Conv, rank: usize, convention: Convention) -> String {
    let word = if conv.transposed { "deconv" } else { "conv" };
    let mut text = format!("{word} {}{}", conv.filters.value, window(&conv.window.value, rank));
    if conv.transposed || conv.stride.value.iter().any(|&step| step != 1) {
        text += &stride(&conv.stride.value, rank);
    }
    let half = half(&conv.window.value).unwrap_or(0);
    let is_usual =
        !conv.transposed && conv.pad.value == Pad::By(half) && conv.window.value.iter().all(|size| size % 2 == 1);
    if !is_usual || conv.window.value.iter().any(|&size| size != conv.window.value[0]) {
        text += &pad(conv.pad.value, convention.conv);
    }
    if conv.groups > 1 {
        let _ = write!(text, " groups {}", conv.groups);
    }
    if !conv.bias {
        text += " nobias";
    }
    text
}

fn pool(pool: &Pool, rank: usize, convention: Convention) -> String {
    let kind = if pool.kind == PoolKind::Mean { " avg" } else { "" };
    // The language's pools have no padding unless they say so.
    let pad = match (pool.pad.value, convention.pool) {
        (Pad::Convention, Unstated::Half) => {
            half(&pool.window.value).map_or(String::new(), |half| format!(" pad {half}"))
        }
        (Pad::Convention, Unstated::Zero) | (Pad::By(0), _) => String::new(),
        (Pad::By(pad), _) => format!(" pad {pad}"),
        (Pad::Same, _) => " same".to_string(),
        (Pad::Ceil, _) => " ceil".to_string(),
    };
    let is_apart = spread(&pool.stride.value, rank) != spread(&pool.window.value, rank);
    let stride = if is_apart { stride(&pool.stride.value, rank) } else { String::new() };
    format!("pool{kind}{}{stride}{pad}", window(&pool.window.value, rank))
}

/// Half padding of a window, where it is some.
fn half(window: &[usize]) -> Option<usize> {
    window.iter().map(|&size| size.saturating_sub(1) / 2).max().filter(|&half| half > 0)
}

fn pad(pad: Pad, unstated: Unstated) -> String {
    match (pad, unstated) {
        (Pad::Convention, Unstated::Half) => String::new(),
        (Pad::Convention, Unstated::Zero) | (Pad::By(0), _) => " valid".to_string(),
        (Pad::By(pad), _) => format!(" pad {pad}"),
        (Pad::Same | Pad::Ceil, _) => " same".to_string(),
    }
}

fn window(window: &[usize], rank: usize) -> String {
    match spread(window, rank) {
        sizes if sizes.len() == 1 => format!(" size {}", sizes[0]),
        sizes => format!(" {}", self::sizes(&sizes)),
    }
}

fn stride(stride: &[usize], rank: usize) -> String {
    match spread(stride, rank) {
        sizes if sizes.iter().all(|&size| size == 1) => " /1".to_string(),
        sizes if sizes.iter().all(|&size| size == sizes[0]) => format!(" /{}", sizes[0]),
        sizes => format!(" /{}", self::sizes(&sizes)),
    }
}

/// One size for all axes, or one an axis.
fn spread(sizes: &[usize], rank: usize) -> Vec<usize> {
    if sizes.len() == 1 { vec![sizes[0]; rank] } else { sizes.to_vec() }
}

/// A branch with normalisation behind each convolution and rectifiers between, a shortcut, and a rectifier behind the sum.
fn residual(residual: &Residual, rank: usize, convention: Convention) -> String {
    let convs = &residual.convs;
    let is_window = |conv: &Conv| conv.window.value.iter().any(|&size| size > 1);
    let at = match convention.stride {
        StrideAt::First => 0,
        StrideAt::Window => convs.iter().position(is_window).unwrap_or(0),
    };
    let link = |(turn, conv): (usize, &Conv)| {
        let mut conv = conv.clone();
        if turn == at {
            conv.stride.value = vec![residual.stride.value];
        }
        format!("{} - bn", self::conv(&conv, rank, convention))
    };
    let branch = convs.iter().enumerate().map(link).collect::<Vec<_>>().join(" - relu - ");
    let zeros = if convention.shortcut == Shortcut::Identity { " zeros" } else { "" };
    format!("add({branch} | shortcut{zeros}) - relu")
}

/// `224x224x3`
pub fn sizes(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}
