//! What other programs call the options of a layer, and what says the same here.

use super::{Operation, Way, windows};
use crate::parse::words::{ChainWord, chain_word, key_of};
use crate::syntax::LayerWord;

/// The layers that have an option.
#[derive(Clone, Copy)]
enum Of {
    Any,
    /// `conv`, `deconv` and the pools.
    Windows,
    Convs,
    Pools,
    /// `conv`, `deconv` and `fc`.
    Weighted,
    One(LayerWord),
}

/// What an option says here.
#[derive(Clone, Copy)]
enum Says {
    /// This word, with its value.
    Key(&'static str),
    /// Its value alone.
    Value,
    /// The padding: a number, `same` or `valid`.
    Padding,
    /// This word where it is true, and otherwise the second.
    Flag(&'static str, &'static str),
    /// The word that is its value.
    Kind,
    /// The value is what stays, and here it is what goes.
    Rest,
    /// A layer behind this one.
    Behind,
    /// Nothing: it holds anyway.
    Nothing,
}

use Of::{Any, Convs, One, Pools, Weighted, Windows};
use Says::{Behind, Flag, Key, Kind, Nothing, Padding, Rest, Value};

/// Each in lower case and without `_`. Single letters count only with `=` behind them: elsewhere they are good names.
const OPTIONS: &[(Of, &str, Says)] = &[
    (Windows, "size kernel kernelsize ksize filtersize window windowsize poolsize receptivefield k", Key("size")),
    (Windows, "stride strides subsample s", Key("stride")),
    (Windows, "pad pads padding paddings p", Padding),
    (Convs, "filters channels outchannels features numfilters nfilters nbfilter numoutput planes", Key("filters")),
    (Convs, "dilate dilation dilations dilationrate d", Key("dilate")),
    (Convs, "groups group cardinality g", Key("groups")),
    (Convs, "inchannels inplanes inputchannels", Nothing),
    (Weighted, "bias usebias biasterm withbias", Flag("bias", "nobias")),
    (Weighted, "nobias", Flag("nobias", "bias")),
    (Pools, "ceil ceilmode", Flag("ceil", "")),
    (Pools, "global globalpool globalpooling", Flag("global", "")),
    (Pools, "type mode method kind op", Kind),
    (Pools, "mean", Flag("avg", "max")),
    (
        One(LayerWord::Fc),
        "units outfeatures outputs numoutput numunits hidden hiddensize size width neurons nodes n",
        Value,
    ),
    (One(LayerWord::Fc), "infeatures inchannels inputdim inputsize", Nothing),
    (One(LayerWord::Dropout), "p rate prob probability ratio dropoutratio dropprob", Value),
    (One(LayerWord::Dropout), "keep keepprob", Rest),
    (One(LayerWord::Leaky), "alpha slope negativeslope leak leakiness a", Value),
    (One(LayerWord::Elu), "alpha", Nothing),
    (One(LayerWord::Bn), "epsilon", Key("eps")),
    (One(LayerWord::Bn), "numfeatures channels features axis affine center trackrunningstats", Nothing),
    (One(LayerWord::Lrn), "n localsize depthradius window", Key("size")),
    (One(LayerWord::Lrn), "bias", Key("k")),
    (One(LayerWord::Upsample), "factor scale scalefactor size stride", Value),
    (One(LayerWord::Upsample), "mode interpolation method", Kind),
    (One(LayerWord::Pad), "padding pad size p", Value),
    (One(LayerWord::Crop), "size", Value),
    (One(LayerWord::Softmax), "dim axis", Nothing),
    (Any, "activation act activationfn nonlinearity", Behind),
    (
        Any,
        "inplace trainable dataformat dtype name seed paddingmode kernelinitializer biasinitializer inputshape inputdim \
         outputpadding countincludepad returnindices aligncorners training device",
        Nothing,
    ),
];

/// What an option of another program is here.
#[derive(Debug, PartialEq)]
pub(crate) enum Spelling {
    /// To be written so; empty where it is to be left out.
    Here(String),
    /// A layer behind this one, in our words or another program's.
    Behind(String),
}

/// What `word` with a value behind it says behind `layer`, where other programs write it so.
pub(crate) fn spelling(layer: LayerWord, word: &str, value: &str) -> Option<Spelling> {
    let value = plain(value);
    let here = |text: String| Some(Spelling::Here(text));
    match says(layer, word)? {
        Key("stride" | "dilate") if value == "1" => here(String::new()),
        Key(key) if is_number_like(&value) => {
            let is_size = key == "size" && value.contains('x');
            here(if is_size { value } else { format!("{key} {value}") })
        }
        Value if is_number_like(&value) => here(value),
        Padding => match value.as_str() {
            "same" | "valid" => here(value),
            "none" | "0" | "false" if layer.is_pool() => here(String::new()),
            "none" | "0" | "false" => here("valid".to_string()),
            _ if is_number_like(&value) => here(format!("pad {value}")),
            _ => None,
        },
        Flag(yes, no) => truth(&value).and_then(|is_true| here(if is_true { yes } else { no }.to_string())),
        Kind => match value.as_str() {
            "max" | "avg" | "nearest" | "bilinear" => here(value),
            "average" | "mean" => here("avg".to_string()),
            "linear" if layer == LayerWord::Upsample => here("bilinear".to_string()),
            _ => None,
        },
        Rest if value.parse::<f64>().is_ok() => here(what_goes(&value)),
        Behind => match value.as_str() {
            "none" | "linear" | "null" | "identity" => here(String::new()),
            word if word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) => {
                Some(Spelling::Behind(value))
            }
            _ => None,
        },
        Nothing => here(String::new()),
        _ => None,
    }
}

/// What stands behind another program's word, as it is written here: `64 size 3 pad 1` for `(3, 64, 3, padding=1)`.
pub(crate) fn along(operation: Operation, word: &str, options: &str) -> String {
    let Way::Word(ours) = operation.way else { return options.to_string() };
    let ChainWord::Layer(layer, _) = chain_word(ours) else { return options.to_string() };
    let arguments: Vec<&str> = match options.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')) {
        Some(inside) => parted(inside),
        None if options.contains('=') => options.split_whitespace().collect(),
        None => return options.to_string(),
    };
    // A call's defaults are the other program's.
    let is_call = options.starts_with('(') && word != ours;
    let positions = positions(layer, word);
    // One number alone is what the layer makes, whatever stands first in the other program.
    let bare = arguments.iter().filter(|argument| !argument.contains('=')).count();
    let mut keys =
        positions.iter().skip(usize::from(bare == 1 && positions.first().is_some_and(|key| key.starts_with("in_"))));
    let (mut own, mut behind) = (Vec::new(), String::new());
    for argument in arguments {
        let said = match argument.split_once('=') {
            // Keras's is what stays of the running figures, and ours what is taken of the new ones.
            Some((key, value)) if key.trim() == "momentum" && word.to_lowercase().contains("normali") => {
                spelling(layer, "momentum", &what_goes(value))
            }
            Some((key, value)) => spelling(layer, key.trim(), value),
            None => keys.next().and_then(|key| spelling(layer, key, argument)),
        };
        match said {
            Some(Spelling::Here(text)) => own.push(text.strip_prefix("filters ").unwrap_or(&text).to_string()),
            Some(Spelling::Behind(next)) => behind = format!("- {}", super::ours(&next)),
            None => {}
        }
    }
    own.retain(|text| !text.is_empty());
    if is_call {
        own = windows::written(layer, axes(word), own);
    }
    own.push(behind);
    own.join(" ").trim_end().to_string()
}

/// What goes, where a share stays: 0.2 for 0.8, and not 0.19999999999999996.
fn what_goes(stays: &str) -> String {
    stays.trim().parse::<f64>().map_or(stays.to_string(), |stays| (((1.0 - stays) * 1e4).round() / 1e4).to_string())
}

/// How many axes another program's word says that there are: 2 for `Conv2d`.
fn axes(word: &str) -> Option<usize> {
    let lower = word.to_lowercase();
    (1..=3).find(|axes| lower.contains(&format!("{axes}d")))
}

/// The arguments between commas that stand in no bracket.
pub(super) fn parted(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let commas = text.split(|c| {
        depth += i32::from(matches!(c, '(' | '[')) - i32::from(matches!(c, ')' | ']'));
        c == ',' && depth == 0
    });
    commas.map(str::trim).filter(|argument| !argument.is_empty()).collect()
}

/// What a layer's arguments without a key are, in order, in the program that writes its word so.
fn positions(layer: LayerWord, word: &str) -> &'static [&'static str] {
    // PyTorch's `Conv2d` begins with the channels that it is given, Keras's `Conv2D` does not.
    let is_torch = word.ends_with('d') && word.contains(|c: char| c.is_ascii_digit());
    match layer {
        LayerWord::Conv | LayerWord::Deconv if is_torch => {
            &["in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"]
        }
        LayerWord::Conv | LayerWord::Deconv => &["filters", "kernel_size", "strides", "padding"],
        LayerWord::Pool | LayerWord::MaxPool | LayerWord::AvgPool => &["kernel_size", "stride", "padding"],
        LayerWord::Fc if word.to_lowercase().ends_with("linear") => &["in_features", "units", "bias"],
        LayerWord::Fc => &["units"],
        LayerWord::Dropout => &["p"],
        LayerWord::Leaky => &["slope"],
        LayerWord::Bn => &["num_features"],
        LayerWord::Lrn => &["n", "alpha", "beta", "k"],
        LayerWord::Upsample => &["factor"],
        LayerWord::Pad => &["padding"],
        LayerWord::Crop => &["size"],
        _ => &[],
    }
}

/// The option that `word` is here, behind any layer, where it stands alone: `pad` for `padding`.
pub(crate) fn key(word: &str) -> Option<&'static str> {
    let word = bare(word);
    OPTIONS.iter().filter(|(_, words, _)| words.split(' ').any(|other| other == word && word.len() > 1)).find_map(
        |(_, _, says)| match says {
            Key(key) | Flag(key, _) => Some(*key),
            Padding => Some("pad"),
            _ => None,
        },
    )
}

/// Whether a number behind `word` can only be its value, though no `=` stands between them.
pub(crate) fn takes_number(layer: LayerWord, word: &str) -> bool {
    let single = matches!(layer, LayerWord::Dropout | LayerWord::Leaky | LayerWord::Fc | LayerWord::Upsample);
    says(layer, word).is_some() && (single || word.len() > 1)
}

fn says(layer: LayerWord, word: &str) -> Option<Says> {
    let word = bare(word);
    let fits = |of: Of| match of {
        Any => true,
        Windows => layer.is_pool() || matches!(layer, LayerWord::Conv | LayerWord::Deconv),
        Convs => matches!(layer, LayerWord::Conv | LayerWord::Deconv),
        Pools => layer.is_pool(),
        Weighted => matches!(layer, LayerWord::Conv | LayerWord::Deconv | LayerWord::Fc),
        One(one) => one == layer,
    };
    let found = OPTIONS.iter().find(|(of, words, _)| fits(*of) && words.split(' ').any(|other| other == word));
    found.map(|&(.., says)| says).or_else(|| key_of(layer, &word).map(Key))
}

/// The word without what only some programs put into it; a `_` at its ends makes it a name.
fn bare(word: &str) -> String {
    let word = word.to_lowercase();
    if word.starts_with('_') || word.ends_with('_') { word } else { word.replace('_', "") }
}

/// A value in the language's own form: `3x3` for `(3, 3)`, a word without its quotes, in lower case.
fn plain(value: &str) -> String {
    let value = value.trim().trim_matches(['"', '\'']).to_lowercase();
    match value.strip_prefix(['(', '[']).and_then(|inside| inside.strip_suffix([')', ']'])) {
        Some(inside) if inside.contains(',') => {
            inside.split(',').map(str::trim).filter(|size| !size.is_empty()).collect::<Vec<_>>().join("x")
        }
        Some(inside) if truth(inside).is_some() => inside.to_string(),
        _ => value,
    }
}

/// Whether a value may stand where a number does: a number, a size, a list, arithmetic in parentheses, a name.
fn is_number_like(value: &str) -> bool {
    truth(value).is_none_or(|_| matches!(value, "0" | "1"))
        && !value.is_empty()
        && !matches!(value, "none" | "same" | "valid")
}

fn truth(value: &str) -> Option<bool> {
    match value {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "none" | "off" | "0" => Some(false),
        _ => None,
    }
}
