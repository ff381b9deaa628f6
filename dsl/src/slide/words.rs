//! What slides call layers.

use std::ops::Range;

/// A kind of layer, as a slide names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// The network's input.
    Input,
    /// Convolution.
    Conv,
    /// Transposed convolution.
    Deconv,
    /// Pooling, by its maximum unless something else is said.
    MaxPool,
    /// Pooling by the mean.
    MeanPool,
    /// Fully connected.
    Fc,
    /// Local response normalisation.
    Lrn,
    /// Batch normalisation.
    Bn,
    /// The rectifier.
    Relu,
    /// Dropout.
    Dropout,
    /// Softmax.
    Softmax,
    /// To a vector.
    Flatten,
    /// An inception module.
    Inception,
}

/// Names of layers in lower case, those of several words first.
const NAMES: &[(&str, LayerKind)] = &[
    ("local response normalization", LayerKind::Lrn),
    ("local response norm", LayerKind::Lrn),
    ("batch normalization", LayerKind::Bn),
    ("batch norm", LayerKind::Bn),
    ("fully connected", LayerKind::Fc),
    ("fully-connected", LayerKind::Fc),
    ("full connection", LayerKind::Fc),
    ("inner product", LayerKind::Fc),
    ("transposed conv", LayerKind::Deconv),
    ("max pooling", LayerKind::MaxPool),
    ("max-pooling", LayerKind::MaxPool),
    ("average pooling", LayerKind::MeanPool),
    ("avg pooling", LayerKind::MeanPool),
    ("mean pooling", LayerKind::MeanPool),
    ("max pool", LayerKind::MaxPool),
    ("max-pool", LayerKind::MaxPool),
    ("average pool", LayerKind::MeanPool),
    ("avg-pool", LayerKind::MeanPool),
    ("avg pool", LayerKind::MeanPool),
    ("soft-max", LayerKind::Softmax),
    ("maxpooling", LayerKind::MaxPool),
    ("maxpool", LayerKind::MaxPool),
    ("avgpool", LayerKind::MeanPool),
    ("subsampling", LayerKind::MeanPool),
    ("convolutional", LayerKind::Conv),
    ("convolution", LayerKind::Conv),
    ("batchnorm", LayerKind::Bn),
    ("inception", LayerKind::Inception),
    ("normalization", LayerKind::Lrn),
    ("deconvolution", LayerKind::Deconv),
    ("deconv", LayerKind::Deconv),
    ("pooling", LayerKind::MaxPool),
    ("dropout", LayerKind::Dropout),
    ("flatten", LayerKind::Flatten),
    ("softmax", LayerKind::Softmax),
    ("linear", LayerKind::Fc),
    ("input", LayerKind::Input),
    ("image", LayerKind::Input),
    ("dense", LayerKind::Fc),
    ("conv", LayerKind::Conv),
    ("pool", LayerKind::MaxPool),
    ("norm", LayerKind::Lrn),
    ("relu", LayerKind::Relu),
    ("lrn", LayerKind::Lrn),
    ("bn", LayerKind::Bn),
    ("fc", LayerKind::Fc),
];

/// A layer's name, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerName {
    /// What it names.
    pub kind: LayerKind,
    /// The number behind the word, `3` of `CONV3-64` and of `CONV3`.
    pub glued: Option<usize>,
    /// The number behind a dash, `64` of `CONV3-64` and of `FC-64`.
    pub dashed: Option<usize>,
    /// Where all of it stands.
    pub place: Range<usize>,
}

/// The layer's name that stands at byte `at` of `plain`, where a word begins there.
pub fn layer_name(plain: &str, at: usize) -> Option<LayerName> {
    let before = plain[..at].chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric()) {
        return None;
    }
    let rest = &plain.as_bytes()[at..];
    let begins = |name: &&(&str, LayerKind)| {
        rest.get(..name.0.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.0.as_bytes()))
    };
    // `CONVOLVE` and `poolside` are other words; `2d` may stand behind a name.
    let (name, kind) = NAMES.iter().filter(begins).find(|(name, _)| {
        let behind = plain[at + name.len()..].chars().next();
        behind.is_none_or(|c| !c.is_alphabetic() && c != '_')
    })?;
    let mut end = at + name.len();
    let number = |from: usize| {
        let digits = plain[from..].bytes().take_while(u8::is_ascii_digit).count();
        let behind = plain[from + digits..].chars().next();
        let is_word = behind.is_some_and(char::is_alphabetic) || digits > 6;
        plain[from..from + digits].parse::<usize>().ok().filter(|_| digits > 0 && !is_word).map(|n| (n, from + digits))
    };
    let glued = number(end);
    end = glued.map_or(end, |(_, behind)| behind);
    let dashed = plain[end..].starts_with('-').then(|| number(end + 1)).flatten();
    end = dashed.map_or(end, |(_, behind)| behind);
    Some(LayerName { kind: *kind, glued: glued.map(|(n, _)| n), dashed: dashed.map(|(n, _)| n), place: at..end })
}

/// The first layer's name in a stretch.
pub fn first_layer(plain: &str, within: Range<usize>) -> Option<LayerName> {
    let starts = plain.get(within.clone())?.char_indices().filter(|(_, c)| c.is_alphabetic());
    starts.map(|(offset, _)| within.start + offset).find_map(|at| layer_name(plain, at))
}
