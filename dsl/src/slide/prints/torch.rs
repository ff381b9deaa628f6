//! What torchsummary and torchinfo print: a line a module, in the order in which they ran.

mod blocks;
mod fields;

use std::ops::Range;

use super::super::draft::{Bytes, Claim, Join, Order, Printed, Stated};
use super::super::figure::{Unread, What};
use super::super::number::Number;
use super::super::size::Size;
use super::super::{layers_up_to, line_of};
use super::shape::count;
use super::{Layer, LayerKind, MOST_LAYERS, Print, Tool};

/// A module as a line lists it.
#[derive(Debug, Default)]
struct Entry {
    /// Its class: `Conv2d`.
    class: String,
    /// Its class with its number: `Conv2d: 1-1`, `Conv2d-1`.
    name: String,
    place: Range<usize>,
    /// How many modules it stands inside of.
    depth: usize,
    input: Option<Stated<Vec<usize>>>,
    output: Option<Stated<Vec<usize>>>,
    parameters: Option<(Number, Range<usize>)>,
    operations: Option<(Number, Range<usize>)>,
    window: Option<Stated<Vec<usize>>>,
}

/// Reads what the two print; `None` where a text has no such table.
pub fn read(plain: &str) -> Option<Print> {
    let head = plain.find("Layer (type")?;
    let line = plain[head..].lines().next().unwrap_or_default();
    if !line.contains("Output Shape") && !line.contains("Param #") {
        return None;
    }
    let is_tree = line.contains("depth-idx") || plain.contains("\u{251c}\u{2500}");
    let form = if is_tree { "a summary by torchinfo" } else { "a summary by torchsummary" };
    let mut entries = fields::entries(plain, head, is_tree);
    entries.truncate(MOST_LAYERS + 1);
    if entries.is_empty() {
        return None;
    }
    let mut print = Print { form, is_tree, tool: Tool::Torch, ..Print::default() };
    if is_tree {
        blocks::tree(plain, entries, &mut print);
    } else {
        blocks::list(plain, entries, &mut print);
    }
    totals(plain, is_tree, &mut print);
    Some(print)
}

/// A module as a layer.
fn layer(entry: &Entry, kind: LayerKind, from: Vec<usize>) -> Layer {
    Layer {
        name: entry.name.clone(),
        kind,
        place: entry.place.clone(),
        from,
        input: entry.input.clone(),
        output: entry.output.clone(),
        order: Order::ChannelsFirst,
        parameters: entry.parameters.clone(),
        operations: entry.operations.clone(),
        window: entry.window.clone(),
        ..Layer::default()
    }
}

/// A module that cannot be read.
fn unread(plain: &str, entry: &Entry, print: &mut Print, expected: &str) {
    print.unread.push(Unread {
        line: line_of(plain, entry.place.start),
        found: plain[entry.place.clone()].split_whitespace().collect::<Vec<_>>().join(" "),
        place: entry.place.clone(),
        expected: expected.to_string(),
        read: layers_up_to(print.layers.len(), print.layers.last().map_or("", |layer| &layer.name)),
    });
}

/// Classes of modules.
const KINDS: &[(&str, LayerKind)] = &[
    ("Conv1d", LayerKind::Conv),
    ("Conv2d", LayerKind::Conv),
    ("Conv3d", LayerKind::Conv),
    ("ConvTranspose1d", LayerKind::Deconv),
    ("ConvTranspose2d", LayerKind::Deconv),
    ("MaxPool1d", LayerKind::MaxPool),
    ("MaxPool2d", LayerKind::MaxPool),
    ("MaxPool3d", LayerKind::MaxPool),
    ("AvgPool1d", LayerKind::MeanPool),
    ("AvgPool2d", LayerKind::MeanPool),
    ("AdaptiveAvgPool1d", LayerKind::AdaptiveMean),
    ("AdaptiveAvgPool2d", LayerKind::AdaptiveMean),
    ("AdaptiveMaxPool2d", LayerKind::GlobalMax),
    ("Linear", LayerKind::Fc),
    ("BatchNorm1d", LayerKind::Bn),
    ("BatchNorm2d", LayerKind::Bn),
    ("BatchNorm3d", LayerKind::Bn),
    ("LocalResponseNorm", LayerKind::Lrn),
    ("ZeroPad2d", LayerKind::ZeroPad),
    ("Upsample", LayerKind::Upsample),
    ("UpsamplingNearest2d", LayerKind::Upsample),
    ("Flatten", LayerKind::Flatten),
    ("Dropout", LayerKind::Word("dropout 0.5")),
    ("Dropout2d", LayerKind::Word("dropout 0.5")),
    ("ReLU", LayerKind::Word("relu")),
    ("ReLU6", LayerKind::Word("relu")),
    ("LeakyReLU", LayerKind::Word("leaky 0.1")),
    ("ELU", LayerKind::Word("elu")),
    ("GELU", LayerKind::Word("gelu")),
    ("Sigmoid", LayerKind::Word("sigmoid")),
    ("Tanh", LayerKind::Word("tanh")),
    ("Softmax", LayerKind::Word("softmax")),
    ("LogSoftmax", LayerKind::Word("softmax")),
    ("Identity", LayerKind::Nothing),
];

fn kind_of(class: &str) -> Option<LayerKind> {
    KINDS.iter().find(|(known, _)| *known == class).map(|(_, kind)| kind.clone())
}

/// Modules that are chains of others.
const CHAINS: [&str; 3] = ["Sequential", "ModuleList", "ModuleDict"];

/// `Total params: 61,706`, and what else stands below.
fn totals(plain: &str, is_tree: bool, print: &mut Print) {
    let mut start = 0;
    for line in plain.split_inclusive('\n') {
        let place = start..start + line.trim_end().len();
        start += line.len();
        let text = plain[place.clone()].trim_start();
        let colon = place.end - text.len() + text.find(':').map_or(text.len(), |at| at + 1);
        let what = match () {
            () if text.starts_with("Total params") => What::Parameters,
            () if text.starts_with("Trainable params") => What::Parameters,
            () if text.starts_with("Non-trainable params") => What::Frozen,
            () if text.starts_with("Total mult-adds") => What::Operations,
            () => {
                print.totals.extend(size(plain, &place, colon, is_tree));
                continue;
            }
        };
        let unit = &plain[place.start..colon].to_ascii_lowercase();
        let thousands = match () {
            () if what != What::Operations => 0,
            () if unit.contains("(k)") || unit.contains("kilo") => 1,
            () if unit.contains("(m)") || unit.contains("mega") => 2,
            () if unit.contains("(g)") || unit.contains("giga") => 3,
            () if unit.contains("(t)") || unit.contains("tera") => 4,
            () => 0,
        };
        if let Some((number, place)) = count(plain, colon..place.end) {
            let value = Printed::Number(number.in_thousands(thousands));
            print.totals.push(Claim { what, place, value });
        }
    }
}

/// `Forward/backward pass size (MB): 62.79`: torchsummary's MB are of 1024 and it counts all outputs, torchinfo's are
/// of
/// 1000 and it counts those of layers with parameters.
fn size(plain: &str, line: &Range<usize>, colon: usize, is_tree: bool) -> Option<Claim> {
    let heading = plain[line.start..colon].trim();
    let megabyte: u128 = if is_tree { 1_000_000 } else { 1 << 20 };
    let of = match heading.split(" size").next()?.to_ascii_lowercase().as_str() {
        "input" => Bytes::Input,
        "params" => Bytes::Counted(What::Parameters),
        "forward/backward pass" if is_tree => Bytes::Weighted,
        "forward/backward pass" => Bytes::Listed,
        "estimated total" if is_tree => Bytes::WithWeighted,
        "estimated total" => Bytes::WithListed,
        _ => return None,
    };
    let unit = if heading.contains("(GB)") { megabyte * megabyte.isqrt() } else { megabyte };
    let (size, place) = Size::read(plain, colon..line.end, unit, of)?;
    Some(Claim { what: What::Memory, place, value: Printed::Size(size) })
}

/// A joint of several branches, which no line lists.
fn joint(entry: &Entry, join: Join, from: Vec<usize>) -> Layer {
    Layer {
        name: entry.name.clone(),
        kind: LayerKind::Merge(join),
        place: entry.place.clone(),
        from,
        ..Layer::default()
    }
}
