//! What Keras' `model.summary()` prints: in boxes since its third version, between lines of underscores before.

use std::ops::Range;

use super::super::draft::{Bytes, Claim, Join, Order, Printed, Remark, Stated};
use super::super::figure::{Unread, What};
use super::super::grid::{Grid, grids};
use super::super::number::Number;
use super::super::size::Size;
use super::super::{layers_up_to, line_of};
use super::shape::{count, shape, sizes};
use super::{Layer, LayerKind, MOST_LAYERS, Print, Tool};

/// A row of the print: its layer's name and type, shape, count and the layers that feed it, where they stand.
#[derive(Debug, Default)]
struct Entry {
    name: Vec<Range<usize>>,
    shape: Option<Stated<Vec<usize>>>,
    count: Option<(Number, Range<usize>)>,
    feeds: Vec<Range<usize>>,
}

/// Reads what Keras prints; `None` where a text has no such table.
pub fn read(plain: &str) -> Option<Print> {
    let has = |words: &str| plain.contains(words);
    if !(has("Layer (type)") && has("Output Shape") && has("Param #")) || has("depth-idx") {
        return None;
    }
    let table = grids(plain).into_iter().find(|grid| {
        grid.rows
            .first()
            .is_some_and(|row| row.text(0).starts_with("Layer (type") && row.text(1).starts_with("Output Shape"))
    });
    let entries = match table {
        Some(grid) => boxed(plain, &grid),
        None => lined(plain),
    };
    if entries.is_empty() {
        return None;
    }
    let mut print = Print { form: "a summary by Keras", tool: Tool::Keras, ..Print::default() };
    let mut names: Vec<String> = Vec::new();
    for entry in entries.iter().take(MOST_LAYERS + 1) {
        layer(plain, entry, &mut names, &mut print);
    }
    totals(plain, &mut print);
    Some(print)
}

/// The rows of a table in boxes.
fn boxed(plain: &str, grid: &Grid<'_>) -> Vec<Entry> {
    let mut entries: Vec<(Vec<Range<usize>>, Entry)> = Vec::new();
    for row in grid.rows.iter().skip(grid.heads.max(1)) {
        let cell = |column: usize| row.at(column).filter(|cell| !cell.is_empty()).map(|cell| cell.place.clone());
        if !row.continues {
            entries.push((Vec::new(), Entry::default()));
        }
        let Some((shape, entry)) = entries.last_mut() else { continue };
        entry.name.extend(cell(0));
        shape.extend(cell(1));
        entry.count = entry.count.clone().or_else(|| cell(2).and_then(|place| count(plain, place)));
        entry.feeds.extend(cell(3));
    }
    let with_shape = |(shape, entry): (Vec<Range<usize>>, Entry)| Entry { shape: sizes(plain, &shape), ..entry };
    entries.into_iter().map(with_shape).collect()
}

/// The rows of a table without boxes: a name with a type, a shape, a count, names; a line of names alone goes on.
fn lined(plain: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut start = 0;
    let mut is_inside = false;
    for line in plain.split_inclusive('\n') {
        let place = start..start + line.trim_end().len();
        start += line.len();
        let text = &plain[place.clone()];
        if text.contains("Layer (type") {
            is_inside = true;
        } else if text.trim_start().starts_with("Total params") {
            break;
        } else if is_inside && text.chars().any(char::is_alphanumeric) {
            match (line_entry(plain, place.clone()), entries.last_mut()) {
                (Some(entry), _) => entries.push(entry),
                (None, Some(last)) => last.feeds.push(place),
                (None, None) => {}
            }
        }
    }
    entries
}

/// One line of such a table, where a shape stands in it.
fn line_entry(plain: &str, place: Range<usize>) -> Option<Entry> {
    let text = &plain[place.clone()];
    let open = shape_start(text)?;
    let stated = shape(plain, place.start + open..place.end)?;
    let end = stated.place.as_ref().map_or(place.start, |place| place.end);
    let count = count(plain, end..place.end);
    let behind = count.as_ref().map_or(place.end, |(_, place)| place.end);
    let feeds = (!plain[behind..place.end].trim().is_empty()).then_some(behind..place.end);
    let name = place.start..place.start + open;
    Some(Entry { name: vec![name], shape: Some(stated), count, feeds: feeds.into_iter().collect() })
}

/// Where in a line a shape begins: the type's parentheses, which may be cut off, stand before it.
fn shape_start(text: &str) -> Option<usize> {
    let is_shape = |inner: &str| {
        inner.starts_with("None") || inner.starts_with(|c: char| c.is_ascii_digit() || c == '?') && inner.contains(',')
    };
    let begins = |&(at, _): &(usize, &str)| is_shape(text[at..].trim_start_matches(['(', '[']));
    let (at, _) = text.match_indices(['(', '[']).find(begins)?;
    Some(at)
}

/// Reads one entry as a layer.
fn layer(plain: &str, entry: &Entry, names: &mut Vec<String>, print: &mut Print) {
    let words: Vec<&str> = entry.name.iter().flat_map(|place| plain[place.clone()].split_whitespace()).collect();
    let words = words.join(" ");
    let (name, kind) = words.split_once('(').unwrap_or((&words, ""));
    let (name, kind) = (name.trim(), kind.trim_end_matches([')', ' ', '*']));
    let kind_words = words.split_once('(').map_or("", |(_, kind)| kind);
    let first = entry.name.first().cloned().unwrap_or(0..0);
    let first = first.start..first.start + plain[first.clone()].trim_end().len();
    let shape_end = entry.shape.as_ref().and_then(|shape| shape.place.as_ref()).map(|place| place.end);
    let end = entry.count.as_ref().map(|(_, place)| place.end).or(shape_end).unwrap_or(first.end);
    let found = kind_of(kind, name);
    // Of a type the first is enough.
    if found.is_none() && print.unread.iter().all(|unread| !unread.found.ends_with(kind_words)) {
        print.unread.push(Unread {
            line: line_of(plain, first.start),
            found: words.clone(),
            place: first.clone(),
            expected: "a layer of a convolutional network".to_string(),
            read: layers_up_to(print.layers.len(), print.layers.last().map_or("", |layer| &layer.name)),
        });
    }
    let from = feeds(plain, entry, names, print);
    names.push(name.to_string());
    print.layers.push(Layer {
        name: name.trim_end_matches('…').to_string(),
        kind: found.unwrap_or_default(),
        place: first.start..end.max(first.end),
        from,
        output: entry.shape.clone(),
        order: Order::ChannelsLast,
        parameters: entry.count.clone(),
        ..Layer::default()
    });
}

/// The layers that feed an entry, by position.
fn feeds(plain: &str, entry: &Entry, names: &[String], print: &mut Print) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for place in &entry.feeds {
        for word in plain[place.clone()].split(',') {
            let word = word.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '[' | ']'));
            let name = word.split('[').next().unwrap_or_default().trim_end_matches(['\'', ' ']);
            if name.is_empty() || name == "-" {
                continue;
            }
            let fits: Vec<usize> =
                (0..names.len()).rev().filter(|&at| is_named(&names[at], name) && !found.contains(&at)).collect();
            let exact = fits.iter().copied().find(|&at| names[at] == name && !name.ends_with('…'));
            // A name that is cut off is that of the first layer that feeds no other yet.
            let open = fits.iter().copied().rfind(|at| !print.is_fed.contains(at));
            let Some(feed) = exact.or(open).or(fits.first().copied()) else { continue };
            if exact.is_none() && fits.len() > 1 && print.remarks.is_empty() {
                let text = "names are cut off here: which layers are joined is taken from their order".to_string();
                print.remarks.push(Remark {
                    place: place.clone(),
                    what: What::Heading,
                    text,
                    layer: None,
                    assumed: false,
                });
            }
            found.push(feed);
            print.is_fed.insert(feed);
        }
    }
    found
}

/// Whether a layer's name is this one, as far as both are printed.
fn is_named(name: &str, other: &str) -> bool {
    let whole = |text: &str| text.trim_end_matches('…').to_string();
    let (short, long) = (whole(name), whole(other));
    match (name.ends_with('…'), other.ends_with('…')) {
        (false, false) => name == other,
        (true, false) => long.starts_with(&short),
        (false, true) => short.starts_with(&long),
        (true, true) => short.starts_with(&long) || long.starts_with(&short),
    }
}

/// Types of layers; a type may be cut off, and then its beginning decides.
const KINDS: &[(&str, LayerKind)] = &[
    ("InputLayer", LayerKind::Input),
    ("Conv2D", LayerKind::Conv),
    ("Convolution2D", LayerKind::Conv),
    ("Conv1D", LayerKind::Conv),
    ("Conv3D", LayerKind::Conv),
    ("Conv2DTranspose", LayerKind::Deconv),
    ("DepthwiseConv2D", LayerKind::Depthwise),
    ("SeparableConv2D", LayerKind::Separable),
    ("MaxPooling2D", LayerKind::MaxPool),
    ("MaxPooling1D", LayerKind::MaxPool),
    ("MaxPooling3D", LayerKind::MaxPool),
    ("MaxPool2D", LayerKind::MaxPool),
    ("AveragePooling2D", LayerKind::MeanPool),
    ("AveragePooling1D", LayerKind::MeanPool),
    ("GlobalAveragePooling2D", LayerKind::GlobalMean),
    ("GlobalAveragePooling1D", LayerKind::GlobalMean),
    ("GlobalMaxPooling2D", LayerKind::GlobalMax),
    ("GlobalMaxPooling1D", LayerKind::GlobalMax),
    ("Dense", LayerKind::Fc),
    ("BatchNormalization", LayerKind::Bn),
    ("ZeroPadding2D", LayerKind::ZeroPad),
    ("UpSampling2D", LayerKind::Upsample),
    ("Flatten", LayerKind::Flatten),
    ("Dropout", LayerKind::Word("dropout 0.5")),
    ("SpatialDropout2D", LayerKind::Word("dropout 0.5")),
    ("ReLU", LayerKind::Word("relu")),
    ("LeakyReLU", LayerKind::Word("leaky 0.1")),
    ("ELU", LayerKind::Word("elu")),
    ("Softmax", LayerKind::Word("softmax")),
    ("Add", LayerKind::Merge(Join::Add)),
    ("Concatenate", LayerKind::Merge(Join::Concat)),
    ("Multiply", LayerKind::Merge(Join::Multiply)),
    ("Maximum", LayerKind::Merge(Join::Max)),
    ("Rescaling", LayerKind::Nothing),
    ("Normalization", LayerKind::Nothing),
    ("RandomFlip", LayerKind::Nothing),
    ("RandomRotation", LayerKind::Nothing),
    ("RandomZoom", LayerKind::Nothing),
    ("GaussianNoise", LayerKind::Nothing),
    ("ActivityRegularization", LayerKind::Nothing),
    ("Identity", LayerKind::Nothing),
];

/// What a type is. `Activation` tells by its name, and is a rectifier where that does not.
fn kind_of(kind: &str, name: &str) -> Option<LayerKind> {
    let whole = kind.trim_end_matches('…');
    let is_activation = "Activation".starts_with(whole) && whole.len() > 3;
    if is_activation {
        let words = ["softmax", "sigmoid", "tanh", "elu", "gelu"];
        return Some(LayerKind::Word(words.into_iter().find(|word| name.contains(word)).unwrap_or("relu")));
    }
    let exact = KINDS.iter().find(|(known, _)| *known == whole);
    // A type that is cut off: the one that the layer's name tells of, else the first.
    let lower = name.to_lowercase();
    let named = || KINDS.iter().find(|(known, _)| known.starts_with(whole) && lower.contains(&known.to_lowercase()));
    let cut = || KINDS.iter().find(|(known, _)| whole.len() > 2 && known.starts_with(whole));
    exact.or_else(named).or_else(cut).map(|(_, kind)| kind.clone())
}

/// `(173.54 KB)` behind a count of numbers.
fn size(plain: &str, place: Range<usize>, what: What) -> Option<Claim> {
    let text = &plain[place.clone()];
    let open = text.find('(')?;
    let unit = text[open..].find(|c: char| c.is_ascii_alphabetic()).map(|at| &text[open + at..])?;
    let units = [("B", 0), ("KB", 1), ("MB", 2), ("GB", 3), ("TB", 4)];
    let letters = unit.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = if unit.starts_with("Byte") { "B" } else { &unit[..letters] };
    let (_, power) = units.iter().find(|(known, _)| *known == word)?;
    let (size, place) = Size::read(plain, place.start + open..place.end, 1024u128.pow(*power), Bytes::Counted(what))?;
    Some(Claim { what: What::Memory, place, value: Printed::Size(size) })
}

/// `Total params: 44,426 (173.54 KB)`, and those that training adjusts or not.
fn totals(plain: &str, print: &mut Print) {
    let mut start = 0;
    let mut has_optimizer = false;
    for line in plain.split_inclusive('\n') {
        let place = start..start + line.trim_end().len();
        start += line.len();
        let text = plain[place.clone()].trim_start();
        has_optimizer |= text.starts_with("Optimizer params");
        let what = match () {
            () if text.starts_with("Total params") => What::Stored,
            () if text.starts_with("Trainable params") => What::Parameters,
            () if text.starts_with("Non-trainable params") => What::Fixed,
            () => continue,
        };
        let Some((number, found)) = count(plain, place.clone()) else { continue };
        let size = size(plain, found.end..place.end, what);
        print.totals.push(Claim { what, place: found, value: Printed::Number(number) });
        print.totals.extend(size);
    }
    let is_stored =
        |claim: &Claim| matches!(&claim.value, Printed::Size(Size { of: Bytes::Counted(What::Stored), .. }));
    if has_optimizer {
        // The total counts what the optimizer stores, which is no part of the network.
        print.totals.retain(|claim| claim.what != What::Stored && !is_stored(claim));
    }
}
