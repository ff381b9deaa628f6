//! What Darknet prints of a network when it loads it: a line a layer, sizes as width × height × channels.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::draft::{Claim, Join, Order, Printed, Stated};
use super::super::figure::{Unread, What};
use super::super::number::Number;
use super::super::{layers_up_to, line_of};
use super::shape::LARGEST;
use super::{Layer, LayerKind, Print, Tool};

/// Words that begin a layer's line, behind its number.
const KINDS: &[(&str, LayerKind)] = &[
    ("conv", LayerKind::Conv),
    ("max", LayerKind::MaxPool),
    ("maxpool", LayerKind::MaxPool),
    ("avg", LayerKind::GlobalMean),
    ("connected", LayerKind::Fc),
    ("softmax", LayerKind::Word("softmax")),
    ("dropout", LayerKind::Word("dropout 0.5")),
    ("upsample", LayerKind::Upsample),
    ("route", LayerKind::Merge(Join::Concat)),
    ("res", LayerKind::Merge(Join::Add)),
    ("shortcut", LayerKind::Merge(Join::Add)),
    ("yolo", LayerKind::Nothing),
    ("detection", LayerKind::Nothing),
    ("region", LayerKind::Nothing),
    ("cost", LayerKind::Nothing),
];

/// Words of layers that the language has no word for.
const OTHERS: [&str; 8] = ["reorg", "crnn", "rnn", "lstm", "local", "scale", "sam", "deconv"];

/// Reads what Darknet prints; `None` where a text has no such lines.
pub fn read(plain: &str) -> Option<Print> {
    let mut print = Print { form: "a listing by Darknet", tool: Tool::Darknet, ..Print::default() };
    let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
    let mut start = 0;
    for line in plain.split_inclusive('\n') {
        let place = start..start + line.trim_end().len();
        start += line.len();
        let items = items(plain, place.clone());
        if let [Item::Word("Total", _), Item::Word("BFLOPS", _), Item::Number(number, place), ..] = items.as_slice() {
            let value = Printed::Number(number.in_thousands(3));
            print.totals.push(Claim { what: What::Operations, place: place.clone(), value });
            continue;
        }
        let [Item::Number(number, _), Item::Word(word, _), rest @ ..] = items.as_slice() else { continue };
        let Some(number) = number.value().and_then(|number| usize::try_from(number).ok()) else { continue };
        let word = word.to_ascii_lowercase();
        let at = print.layers.len();
        match KINDS.iter().find(|(known, _)| *known == word) {
            Some((_, kind)) => {
                let place = super::super::grid::trimmed(plain, place);
                let layer = Layer {
                    name: format!("{word} {number}"),
                    kind: kind.clone(),
                    place,
                    order: Order::WidthFirst,
                    ..Layer::default()
                };
                print.layers.push(described(layer, rest, &numbers, at));
                numbers.insert(number, at);
            }
            None if OTHERS.contains(&word.as_str()) => print.unread.push(Unread {
                line: line_of(plain, place.start),
                found: plain[place.clone()].split_whitespace().collect::<Vec<_>>().join(" "),
                place: super::super::grid::trimmed(plain, place),
                expected: "a layer of a convolutional network".to_string(),
                read: layers_up_to(at, print.layers.last().map_or("", |layer| &layer.name)),
            }),
            None => {}
        }
    }
    let has_sizes = print.layers.iter().filter(|layer| layer.input.is_some() && layer.output.is_some()).count();
    (has_sizes >= 2).then_some(print)
}

/// A word, a number or a sign of a line.
enum Item<'a> {
    Word(&'a str, Range<usize>),
    Number(Number, Range<usize>),
    /// `x`, between sizes.
    Times,
    Slash,
    Arrow,
    Other,
}

fn items(plain: &str, line: Range<usize>) -> Vec<Item<'_>> {
    let mut found = Vec::new();
    let mut at = line.start;
    while let Some(c) = plain[at..line.end].chars().next() {
        let rest = &plain[at..line.end];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (item, length) = match c {
            'x' if letters == 1 => (Item::Times, 1),
            _ if letters > 0 => (Item::Word(&rest[..letters], at..at + letters), letters),
            '0'..='9' => {
                let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
                match Number::read(&rest[..digits]) {
                    Some((number, length)) => (Item::Number(number, at..at + length), length),
                    None => (Item::Other, digits),
                }
            }
            '/' => (Item::Slash, 1),
            '-' if rest.starts_with("->") => (Item::Arrow, 2),
            _ => (Item::Other, c.len_utf8()),
        };
        if !(matches!(item, Item::Other) && c.is_whitespace()) {
            found.push(item);
        }
        at += length;
    }
    found
}

/// Numbers that `x` joins, and what stands before them.
struct Group {
    sizes: Vec<usize>,
    place: Range<usize>,
    number: Number,
    is_behind_slash: bool,
    is_behind_arrow: bool,
}

fn groups(items: &[Item<'_>]) -> Vec<Group> {
    let mut found: Vec<Group> = Vec::new();
    let (mut is_open, mut is_behind_slash, mut is_behind_arrow) = (false, false, false);
    for item in items {
        match item {
            Item::Number(number, place) => {
                let size = number
                    .value()
                    .and_then(|value| usize::try_from(value).ok())
                    .filter(|&size| size <= LARGEST)
                    .unwrap_or(0);
                match found.last_mut().filter(|_| is_open) {
                    Some(group) => {
                        group.sizes.push(size);
                        group.place.end = place.end;
                    }
                    None => found.push(Group {
                        sizes: vec![size],
                        place: place.clone(),
                        number: *number,
                        is_behind_slash,
                        is_behind_arrow,
                    }),
                }
                (is_open, is_behind_slash) = (false, false);
            }
            Item::Times => is_open = true,
            Item::Slash => is_behind_slash = true,
            Item::Arrow => (is_open, is_behind_arrow) = (false, true),
            Item::Word(..) | Item::Other => is_open = false,
        }
    }
    found
}

/// Fills in what stands behind a layer's word.
fn described(mut layer: Layer, items: &[Item<'_>], numbers: &BTreeMap<usize, usize>, at: usize) -> Layer {
    let groups = groups(items);
    let sized = |group: &Group| {
        let mut sizes = group.sizes.clone();
        if sizes.len() == 3 {
            sizes.swap(0, 1);
        }
        Some(Stated::said(sizes, group.place.clone())).filter(|stated| stated.value.iter().all(|&size| size > 0))
    };
    let is_map = |group: &&Group| group.sizes.len() >= 3;
    layer.input = groups.iter().find(|group| is_map(group) && !group.is_behind_arrow).and_then(sized);
    layer.output = groups.iter().find(|group| group.is_behind_arrow).and_then(sized);
    let single = |group: &&Group| group.sizes.len() == 1;
    match layer.kind {
        LayerKind::Conv | LayerKind::MaxPool => windowed(&mut layer, &groups),
        LayerKind::Fc => layer.input = groups.iter().find(|group| !group.is_behind_arrow).and_then(sized),
        LayerKind::Upsample => {
            // `2x  208 x 208 x 64`: the factor is not a size.
            if let Some(group) = groups.iter().find(|group| group.sizes.len() == 4) {
                layer.stride = Some(Stated::said(vec![group.sizes[0]], group.place.clone()));
                layer.input = None;
            } else if let Some(group) = groups.iter().find(single) {
                layer.stride = Some(Stated::said(group.sizes.clone(), group.place.clone()));
            }
        }
        LayerKind::Merge(join) => merged(&mut layer, join, &groups, numbers, at),
        LayerKind::Word("softmax") => (layer.input, layer.output) = (None, groups.first().and_then(sized)),
        _ => {}
    }
    let flops =
        groups.iter().rfind(single).filter(|group| group.is_behind_arrow || layer.kind == LayerKind::Merge(Join::Add));
    let is_last = |group: &&Group| {
        items
            .iter()
            .rev()
            .any(|item| matches!(item, Item::Word("BF" | "BFLOPs" | "BFLOPS", place) if place.start >= group.place.end))
    };
    layer.operations = flops.filter(is_last).map(|group| (group.number.in_thousands(3), group.place.clone()));
    layer
}

/// `32  3 x 3 / 1`, also with groups (`64/ 32`) and without filters.
fn windowed(layer: &mut Layer, groups: &[Group]) {
    let before: Vec<&Group> = groups.iter().take_while(|group| group.sizes.len() < 3).collect();
    let Some(window) = before.iter().position(|group| group.sizes.len() == 2) else { return };
    let said = |group: &Group| {
        Some(Stated::said(group.sizes.clone(), group.place.clone())).filter(|said| !said.value.contains(&0))
    };
    layer.window = said(before[window]);
    layer.stride = before.get(window + 1).filter(|group| group.is_behind_slash).and_then(|group| said(group));
    if let Some(filters) =
        before[..window].iter().find(|group| !group.is_behind_slash).filter(|group| group.sizes[0] > 0)
    {
        layer.filters = Some(Stated::said(filters.sizes[0], filters.place.clone()));
    }
    let groups = before[..window].iter().find(|group| group.is_behind_slash).map(|group| group.sizes[0]);
    layer.groups = groups.filter(|&groups| groups > 0);
}

/// Fills in the layers that are joined, by their numbers.
fn merged(layer: &mut Layer, join: Join, groups: &[Group], numbers: &BTreeMap<usize, usize>, at: usize) {
    let named = groups.iter().take_while(|group| group.sizes.len() == 1 && !group.is_behind_arrow);
    let named = named.filter_map(|group| numbers.get(&group.sizes[0]).copied());
    if join == Join::Add {
        layer.from = at.checked_sub(1).into_iter().chain(named.take(1)).collect();
        // `outputs: 208 x 208 x 64` without an arrow is the output.
        layer.output = layer.output.take().or_else(|| layer.input.take());
    } else {
        layer.from = named.collect();
    }
    if layer.from.len() < 2 {
        layer.kind = LayerKind::Nothing;
    }
}
