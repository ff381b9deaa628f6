//! The words of a chain: layers, their options, and words that people bring from elsewhere.

use super::elsewhere::{self, Operation};
use super::quoted;
use crate::diagnostic::{Diagnostic, Stage, list};
use crate::nearest::nearest;
use crate::options;
use crate::syntax::{LayerWord, Name};

/// Every layer: its word, what it is, and how it is written. Where a layer has two words, the first is the printed one.
const LAYERS: &[(&str, LayerWord, &str)] = &[
    ("conv", LayerWord::Conv, "conv 64 3x3"),
    ("deconv", LayerWord::Deconv, "deconv 64 4x4 /2"),
    ("pool", LayerWord::Pool, "pool 2x2"),
    ("maxpool", LayerWord::MaxPool, "maxpool 3x3 /2"),
    ("avgpool", LayerWord::AvgPool, "avgpool global"),
    ("unpool", LayerWord::Unpool, "unpool pool2"),
    ("upsample", LayerWord::Upsample, "upsample 2"),
    ("fc", LayerWord::Fc, "fc 120"),
    ("relu", LayerWord::Relu, "relu"),
    ("leaky", LayerWord::Leaky, "leaky 0.1"),
    ("sigmoid", LayerWord::Sigmoid, "sigmoid"),
    ("tanh", LayerWord::Tanh, "tanh"),
    ("elu", LayerWord::Elu, "elu"),
    ("gelu", LayerWord::Gelu, "gelu"),
    ("softmax", LayerWord::Softmax, "softmax"),
    ("bn", LayerWord::Bn, "bn"),
    ("lrn", LayerWord::Lrn, "lrn"),
    ("norm", LayerWord::Lrn, "norm"),
    ("dropout", LayerWord::Dropout, "dropout 0.5"),
    ("flatten", LayerWord::Flatten, "flatten"),
    ("crop", LayerWord::Crop, "crop 24x24"),
    ("pad", LayerWord::Pad, "pad 2"),
];

/// Words that stand where a layer stands and are part of the language's own grammar.
const LINKS: &[&str] = &["concat", "add", "aux", "id", "shortcut", "transposed", "fractional"];

/// Options that are one word.
const FLAGS: &[&str] = &["same", "valid", "nobias", "bias", "max", "avg", "ceil", "global", "nearest", "bilinear"];

/// Options that are a word and a value; no constant is called so.
const KEYS: &[&str] = &["stride", "pad", "dilate", "groups", "filters", "size"];

/// Options of one layer only, whose words elsewhere are free: `k` is a good name for a window.
const OWN_KEYS: &[(LayerWord, &[&str])] =
    &[(LayerWord::Bn, &["eps", "momentum"]), (LayerWord::Lrn, &["alpha", "beta", "k"])];

/// What a word says where a layer may stand.
#[derive(Debug, PartialEq)]
pub(crate) enum ChainWord {
    /// A layer, and the numbers glued to its word.
    Layer(LayerWord, Vec<f64>),
    /// `input`
    Input,
    /// A word of the language's own: `concat`, `id` and their like.
    Link(&'static str),
    /// Another program's word, and what it means; a user's own name may be written so too.
    Foreign(Operation),
    /// Anything else: a user's name.
    Other,
}

/// What `word` says where a layer may stand.
pub(crate) fn chain_word(word: &str) -> ChainWord {
    let word = word.to_lowercase();
    if word == "input" {
        return ChainWord::Input;
    }
    if let Some(link) = LINKS.iter().find(|&&link| link == word) {
        return ChainWord::Link(link);
    }
    if let Some(layer) = layer(&word) {
        return ChainWord::Layer(layer, Vec::new());
    }
    // A number may be a part of another program's word: `conv2d`, `relu6`.
    if let Some(operation) = elsewhere::operation(&word) {
        return ChainWord::Foreign(operation);
    }
    let letters = word.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(word.len());
    let (stem, digits) = word.split_at(letters);
    match layer(stem).zip(glued(digits)) {
        Some((layer, numbers)) => ChainWord::Layer(layer, numbers),
        None => ChainWord::Other,
    }
}

/// `3`, `3x3`, nothing: the numbers glued to a word.
fn glued(digits: &str) -> Option<Vec<f64>> {
    if digits.is_empty() {
        return Some(Vec::new());
    }
    digits.split(['x', '×']).map(|number| number.parse().ok().filter(|n: &f64| n.is_finite())).collect()
}

/// The layer of a word in lower case.
fn layer(word: &str) -> Option<LayerWord> {
    LAYERS.iter().find(|(name, ..)| *name == word).map(|&(_, layer, _)| layer)
}

impl LayerWord {
    fn row(self) -> &'static (&'static str, LayerWord, &'static str) {
        // Every layer has its row: a test goes through them.
        LAYERS.iter().find(|(_, layer, _)| *layer == self).unwrap_or(&LAYERS[0])
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// Whether it is one of the three words for pooling.
    pub(crate) fn is_pool(self) -> bool {
        matches!(self, LayerWord::Pool | LayerWord::MaxPool | LayerWord::AvgPool)
    }

    /// How it is written.
    pub(crate) fn example(self) -> &'static str {
        self.row().2
    }
}

/// The flag that `word` is, in lower case.
pub(crate) fn flag(word: &str) -> Option<&'static str> {
    let word = if word.eq_ignore_ascii_case("average") { "avg" } else { word };
    FLAGS.iter().find(|flag| flag.eq_ignore_ascii_case(word)).copied()
}

/// The option with a value that `word` opens behind any layer, in lower case.
pub(crate) fn key(word: &str) -> Option<&'static str> {
    KEYS.iter().find(|key| key.eq_ignore_ascii_case(word)).copied()
}

/// The option with a value that `word` opens behind `layer`, in lower case.
pub(crate) fn key_of(layer: LayerWord, word: &str) -> Option<&'static str> {
    let own = OWN_KEYS.iter().filter(|(this, _)| *this == layer).flat_map(|(_, keys)| *keys);
    key(word).or_else(|| own.copied().find(|key| key.eq_ignore_ascii_case(word)))
}

/// Whether `word` begins an option, whatever its layer.
pub(crate) fn is_option(word: &str) -> bool {
    flag(word).is_some() || key(word).is_some() || word.eq_ignore_ascii_case("to")
}

/// Whether a user may call something so: layer words, with or without a number behind them, are taken.
pub(crate) fn is_free(name: &str) -> bool {
    matches!(chain_word(name), ChainWord::Other | ChainWord::Foreign(_))
}

/// Whether a constant may be called so: option words are taken too, and `x` joins sizes.
pub(crate) fn is_free_for_constant(name: &str) -> bool {
    is_free(name) && !is_option(name) && !name.eq_ignore_ascii_case("x")
}

/// The layer that `word` is, misspelled: one of ours, or one of another program's where that is nearer.
pub(crate) fn nearest_layer(word: &str) -> Option<&'static str> {
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = short(stem).filter(|stem| stem.len() > 2)?;
    let ours = nearest(stem, layer_words().chain(["concat", "add", "shortcut"]));
    let theirs = elsewhere::misspelt(stem);
    let slips = |ours: &str| strsim::damerau_levenshtein(&stem.to_lowercase(), ours);
    match (ours, theirs) {
        (Some(ours), Some((other, _))) if slips(ours) <= other => Some(ours),
        (_, Some((_, theirs))) => Some(theirs),
        (ours, None) => ours,
    }
}

/// The word most like `word` among the options of `layer`.
pub(crate) fn nearest_option(layer: LayerWord, word: &str) -> Option<&'static str> {
    short(word).and_then(|word| nearest(word, options::of_layer(layer).iter().copied()))
}

fn short(word: &str) -> Option<&str> {
    Some(word).filter(|word| (2..=24).contains(&word.len()))
}

pub(crate) fn layer_words() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|&(word, ..)| word)
}

/// `input` and the words of the grammar that stand where a layer stands.
pub(crate) fn link_words() -> impl Iterator<Item = &'static str> {
    LINKS.iter().copied().chain(["input"])
}

/// What other programs call our layers.
pub(crate) fn foreign_words() -> impl Iterator<Item = &'static str> {
    elsewhere::words()
}

/// Every word that [`is_option`] takes.
pub(crate) fn option_words() -> impl Iterator<Item = &'static str> {
    FLAGS.iter().chain(KEYS).copied().chain(["average", "to"])
}

/// Every word of chains and of layers' options.
#[cfg(test)]
pub(crate) fn all_words() -> impl Iterator<Item = &'static str> {
    let own = OWN_KEYS.iter().flat_map(|(_, keys)| *keys);
    layer_words().chain(LINKS.iter().chain(FLAGS).chain(KEYS).chain(own).copied())
}

/// `conv, pool, … and pad`
pub(crate) fn all_layers() -> String {
    list(&layer_words().collect::<Vec<_>>(), "and")
}

/// What stands here as a layer is neither one nor a name that is known.
pub(crate) fn unknown_layer(stage: Stage, name: &Name) -> Diagnostic {
    let text = quoted(&name.text);
    if let ChainWord::Foreign(operation) = chain_word(&name.text) {
        return operation.refusal(stage, &text, name.span, "", name.span.end);
    }
    let error = Diagnostic::new(stage, name.span, format!("there is no layer `{text}`")).found(text.clone());
    match nearest_layer(&name.text).map(|near| (near, chain_word(near))) {
        // What is meant by another program's word, misspelled.
        Some((near, ChainWord::Foreign(operation))) => {
            operation.refusal(stage, near, name.span, "", name.span.end).found(text)
        }
        Some((near, _)) => error.expected(near).write(name.span, near),
        None => error.expected("a layer").help(format!("the layers are {}", all_layers())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::elsewhere::Way;
    use super::*;
    use crate::verb::words::{LAYERS_TOO, statements};

    #[test]
    fn statements_whose_words_are_layers_are_known() {
        for word in statements() {
            assert_eq!(LAYERS_TOO.contains(&word), !is_free(word), "{word}");
        }
    }

    #[test]
    fn every_layer_has_its_row() {
        for &(word, layer, example) in LAYERS {
            assert_eq!(chain_word(word), ChainWord::Layer(layer, vec![]));
            assert!(example.starts_with(word));
            assert!(is_free_for_constant(&format!("my_{word}")));
            // A layer without a row would answer with the first one's word.
            assert_eq!(layer == LayerWord::Conv, layer.word() == "conv");
        }
    }

    #[test]
    fn words_are_known_in_any_case_and_with_numbers() {
        assert_eq!(chain_word("CONV3x3"), ChainWord::Layer(LayerWord::Conv, vec![3.0, 3.0]));
        assert_eq!(chain_word("FC4096"), ChainWord::Layer(LayerWord::Fc, vec![4096.0]));
        assert!(matches!(chain_word("Conv2d"), ChainWord::Foreign(operation) if operation.way == Way::Word("conv")));
        assert_eq!(chain_word("bn2"), ChainWord::Layer(LayerWord::Bn, vec![2.0]));
        assert_eq!(chain_word("Concat"), ChainWord::Link("concat"));
        assert_eq!((key("k"), key_of(LayerWord::Lrn, "K"), key_of(LayerWord::Bn, "k")), (None, Some("k"), None));
        assert_eq!(chain_word("conv_a"), ChainWord::Other);
        assert!(!is_free("pool1") && !is_free("fc6") && is_free("x") && is_free("lenet"));
        assert!(!is_free_for_constant("pad") && !is_free_for_constant("x") && is_free_for_constant("N"));
        assert_eq!(nearest_layer("rellu"), Some("relu"));
        assert_eq!(nearest_option(LayerWord::Conv, "vald"), Some("valid"));
    }
}
