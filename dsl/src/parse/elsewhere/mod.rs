//! What other programs call the operations of a net, by meaning, and the way to each of them here.
//!
//! A word is looked up here before its spelling is compared with anything: `silu` is no `relu`.

mod call;
pub(crate) mod options;
mod read;
mod windows;

use super::quoted;
use super::words::{self, ChainWord};
use crate::diagnostic::{Diagnostic, Stage};
use fovea_graph::Span;

/// What another program's word means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Operation {
    /// What it is, in a few words; empty where it is a layer of this language.
    pub meaning: &'static str,
    /// The way to it here.
    pub way: Way,
}

/// The way to an operation of another program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// The same layer by another word: its options go along.
    Word(&'static str),
    /// The same operation, written otherwise; `N` is the channels that flow, `M` the layer's own number.
    Written(&'static str),
    /// There is none; this layer is nearest in meaning.
    Nearest(&'static str),
    /// There is none.
    Absent,
}

use Way::{Absent, Nearest, Word, Written};

impl Operation {
    /// What to say of `word`, which stands for this operation at `span`; `options` go along, and reach to `end`.
    pub fn refusal(self, stage: Stage, word: &str, span: Span, options: &str, end: u32) -> Diagnostic {
        let word = quoted(word);
        let error = |message: String| Diagnostic::new(stage, span, message).found(word.clone());
        let whole = Span { end, ..span };
        match self.way {
            Word(ours) => {
                let mend = [ours, options].join(" ");
                error(format!("`{word}` is called `{ours}` here")).expected(ours).write(whole, mend.trim_end())
            }
            Written(form) => {
                // The layer's own number, where it was said.
                let own = options.split([' ', ',']).next().map(|first| first.trim_start_matches('('));
                let own = own.filter(|first| first.parse::<u32>().is_ok());
                let mend = own.map_or(form.to_string(), |own| form.replace('M', own));
                let error = error(format!("`{word}` is written `{form}` here")).expected(form);
                let error = error.write(whole, mend.clone());
                match self.meaning {
                    "" => error,
                    meaning => error.help(format!("write `{mend}`, {meaning}")),
                }
            }
            Nearest(ours) => error(format!("`{word}` is {}, which is no layer here", self.meaning))
                .expected(ours)
                .mend(whole, ours)
                .help(format!("the nearest in meaning is `{ours}`")),
            Absent => error(format!("`{word}` is {}, which is no layer here", self.meaning))
                .expected("a layer")
                .help(format!("nothing here does the same; the layers are {}", words::all_layers())),
        }
    }
}

/// Each with its words in lower case, without `_` and without axes (`2d`): PyTorch's, Keras's, TensorFlow's, ONNX's,
/// Caffe's, darknet's, and what papers write.
const OPERATIONS: &[(&str, Way, &str)] = &[
    // Layers of this language by another word.
    ("convolution convolutional convolve convlayer spatialconvolution", Word("conv"), ""),
    ("maxpooling maxpoollayer spatialmaxpooling", Word("maxpool"), ""),
    ("averagepool averagepooling avgpooling meanpool meanpooling", Word("avgpool"), ""),
    ("pooling subsampling subsample", Word("pool"), ""),
    (
        "linear dense denselayer innerproduct ip fully fullyconnected fullconnection connected affine gemm matmul",
        Word("fc"),
        "",
    ),
    ("rectifier rectify rectified rectifiedlinear", Word("relu"), ""),
    ("leakyrelu lrelu leakyrectify leakyrectifier", Word("leaky"), ""),
    ("logistic sigm", Word("sigmoid"), ""),
    ("batchnorm batchnormalization batchnormalisation batchnormalize bnorm", Word("bn"), ""),
    (
        "localresponsenorm localresponsenormalization localresponsenormalisation localresponse crossmaplrn",
        Word("lrn"),
        "",
    ),
    (
        "convtranspose convtransposed transposedconv transposeconv transposedconvolution tconv deconvolution \
         deconvolutional deconvolve upconv upconvolution fractionallystridedconv",
        Word("deconv"),
        "",
    ),
    ("upsampling upsamplenearest resize interpolate resizenearestneighbor", Word("upsample"), ""),
    ("maxunpool maxunpooling unpooling", Word("unpool"), ""),
    ("drop dropoutlayer", Word("dropout"), ""),
    ("flat", Word("flatten"), ""),
    ("zeropad zeropadding constantpad padding", Word("pad"), ""),
    ("identity noop passthrough", Word("id"), ""),
    // The same, written otherwise.
    (
        "gap globalavgpool globalavgpooling globalaveragepool globalaveragepooling globalpool globalpooling",
        Written("pool avg global"),
        "",
    ),
    ("gmp globalmaxpool globalmaxpooling adaptivemaxpool adaptivemaxpooling", Written("pool max global"), ""),
    ("adaptiveavgpool adaptiveaveragepool adaptivepool adaptiveavgpooling", Written("pool avg global"), ""),
    (
        "depthwise depthwiseconv depthwiseconvolution dwconv convdw dw",
        Written("conv N groups N"),
        "N being the channels that flow",
    ),
    (
        "sepconv separable separableconv separableconvolution depthwiseseparable depthwiseseparableconv dsconv",
        Written("conv N groups N - conv M 1x1"),
        "N being the channels that flow and M its own",
    ),
    ("pointwise pointwiseconv pointwiseconvolution pwconv pw", Written("conv M 1x1"), "M being its channels"),
    ("groupconv groupedconv groupconvolution", Written("conv M groups 2"), "with any number of groups"),
    ("dilatedconv dilatedconvolution atrous atrousconv", Written("conv M dilate 2"), "with any step"),
    ("logsoftmax softmaxlayer", Written("softmax"), "and training takes the logarithm itself"),
    (
        "softmaxwithloss softmaxloss crossentropy crossentropyloss nllloss categoricalcrossentropy",
        Written("softmax"),
        "and training a net that ends in it minimises the cross-entropy",
    ),
    (
        "concatenate concatenation cat depthconcat filterconcat route merge",
        Written("concat(conv 64 | id)"),
        "with any branches",
    ),
    ("eltwise elementwise elementwiseadd addition plus sum", Written("add(conv 64 | id)"), "with any branches"),
    (
        "residual res resblock residualblock residualunit skip skipconnection",
        Written("add(conv 64 - relu - conv 64 | shortcut)"),
        "with any layers in its branches",
    ),
    ("convbn", Written("conv M - bn"), "M being its filters"),
    ("convrelu", Written("conv M - relu"), "M being its filters"),
    ("convbnrelu cbr cbl convbnact", Written("conv M - bn - relu"), "M being its filters"),
    ("inputlayer", Written("input"), "and a shape alone, `28x28x1`, declares it"),
    // Activations that are not here.
    ("silu swish", Nearest("gelu"), "x·sigmoid(x)"),
    ("mish", Nearest("gelu"), "x·tanh(softplus(x))"),
    ("hardswish hswish", Nearest("gelu"), "x·relu6(x+3)/6"),
    ("quickgelu", Nearest("gelu"), "x·sigmoid(1.702·x)"),
    ("relu6", Nearest("relu"), "a relu that is cut off at 6"),
    ("thresholdedrelu threshold", Nearest("relu"), "a relu with a threshold"),
    ("softplus", Nearest("relu"), "log(1 + exp(x)), a smooth relu"),
    ("crelu", Nearest("relu"), "relu of x beside relu of -x"),
    ("squaredrelu", Nearest("relu"), "the square of relu"),
    ("prelu", Nearest("leaky"), "a leaky relu whose slope is learned"),
    ("rrelu", Nearest("leaky"), "a leaky relu whose slope is random"),
    ("selu celu", Nearest("elu"), "a scaled elu"),
    ("hardsigmoid hsigmoid", Nearest("sigmoid"), "a sigmoid of straight lines"),
    ("logsigmoid", Nearest("sigmoid"), "the logarithm of the sigmoid"),
    ("hardtanh htanh softsign", Nearest("tanh"), "a tanh of another form"),
    ("glu geglu swiglu reglu", Absent, "a gated linear unit"),
    ("maxout", Absent, "the largest of several linear units"),
    // Normalisations that are not here.
    ("layernorm layernormalization layernormalisation ln", Nearest("bn"), "normalisation over a sample's values"),
    ("groupnorm groupnormalization groupnormalisation gn", Nearest("bn"), "normalisation over groups of channels"),
    (
        "instancenorm instancenormalization instancenormalisation inorm",
        Nearest("bn"),
        "normalisation over a sample's channel",
    ),
    ("rmsnorm grn frn filterresponsenorm", Nearest("bn"), "normalisation by the root of the mean square"),
    ("syncbatchnorm syncbn ghostbatchnorm", Nearest("bn"), "batch normalisation over other batches"),
    ("weightnorm spectralnorm weightstandardization", Absent, "normalisation of the weights"),
    // Dropout of other things than single values.
    ("spatialdropout featuredropout", Nearest("dropout"), "dropout of whole channels"),
    ("alphadropout", Nearest("dropout"), "dropout that keeps mean and variance"),
    ("gaussiandropout", Nearest("dropout"), "multiplication by random numbers"),
    ("droppath stochasticdepth dropconnect dropblock cutout", Absent, "dropout of paths, weights or areas"),
    ("gaussiannoise noise", Absent, "random numbers that are added"),
    // Maps and shapes.
    (
        "pixelshuffle subpixel subpixelconv depthtospace",
        Nearest("deconv"),
        "channels that are spread over a larger map",
    ),
    ("pixelunshuffle spacetodepth reorg focus patchmerging", Nearest("conv"), "positions that become channels"),
    ("cropping", Nearest("crop"), "a cut by so much at each edge, where `crop` says what is left"),
    ("centercrop centrecrop", Word("crop"), ""),
    ("reflectionpad replicationpad reflectpad mirrorpad circularpad", Nearest("pad"), "padding by what is at the edge"),
    (
        "reshape view squeeze unsqueeze expanddims permute transpose rearrange",
        Nearest("flatten"),
        "another shape of the same values",
    ),
    (
        "lppool fractionalmaxpool stochasticpool blurpool roipool roialign spp sppf aspp",
        Nearest("pool"),
        "another pooling",
    ),
    ("repeatvector tile repeat upsamplebicubic", Nearest("upsample"), "values that are repeated"),
    ("deformconv deformableconv partialconv lconv locallyconnected", Nearest("conv"), "a convolution of another kind"),
    ("bilinear", Absent, "a product of two inputs"),
    // What is no layer of a convolutional net here.
    ("multiply mul product eltwiseprod gate hadamard", Absent, "the product of branches"),
    ("subtract sub maximum minimum average", Absent, "arithmetic on branches other than `add`"),
    (
        "se seblock selayer squeezeexcite squeezeexcitation squeezeandexcitation cbam eca",
        Absent,
        "channels weighted by a gate",
    ),
    ("lstm gru rnn bilstm simplernn convlstm bidirectional recurrent timedistributed", Absent, "recurrence"),
    ("attention selfattention multiheadattention mha mhsa transformer encoderlayer", Absent, "attention"),
    ("embedding positionalencoding positionembedding tokenembedding", Absent, "a table of learned vectors"),
    ("lambda custom", Absent, "a function of the user's"),
    ("exp log sqrt square pow power abs neg sign clip clamp scale", Absent, "a function of single values"),
    ("biasadd addbias", Absent, "a bias of its own, which `conv` and `fc` have"),
    ("yolo detection region anchor priorbox", Absent, "the detection of objects"),
];

/// What may stand before a word of another program: `nn.ReLU`.
const MODULES: &[&str] = &[
    "nn",
    "f",
    "torch",
    "functional",
    "tf",
    "keras",
    "layers",
    "slim",
    "contrib",
    "flax",
    "linen",
    "eqx",
    "mx",
    "gluon",
];

/// The shortest word here with which another's spelling is compared.
const SHORTEST: usize = 4;
/// From so many letters on a word may have two slips.
const LONG: usize = 8;

/// What `word` means to another program; nothing where it is a word of ours, or of nobody's.
pub(crate) fn operation(word: &str) -> Option<Operation> {
    let lower = word.to_lowercase();
    let bare = bare(&lower);
    if let Some(&(_, way, meaning)) = OPERATIONS.iter().find(|(words, ..)| words.split(' ').any(|word| word == bare)) {
        return Some(Operation { meaning, way });
    }
    if bare == lower {
        return None;
    }
    // Of whole channels, and not of single values.
    if bare == "dropout" && lower.ends_with("2d") | lower.ends_with("3d") {
        return operation("spatialdropout");
    }
    // `conv2d`, `max_pool`, `nn.ReLU`: ours but for what is around it.
    match words::chain_word(&bare) {
        ChainWord::Layer(_, numbers) if numbers.is_empty() => words::layer_words().find(|&ours| ours == bare),
        ChainWord::Link(ours) => Some(ours),
        _ => None,
    }
    .map(|ours| Operation { meaning: "", way: Word(ours) })
}

/// The word without module, `_` and axes: `convtranspose` of `nn.conv_transpose2d`.
fn bare(lower: &str) -> String {
    let name = match lower.rsplit_once('.') {
        Some((modules, name)) if modules.split('.').all(|module| MODULES.contains(&module)) => name,
        _ => lower,
    };
    let joined = name.replace('_', "");
    ["1d", "2d", "3d"].iter().fold(joined, |word, axes| word.replace(axes, ""))
}

/// The layer of ours that a word of anybody's is, where it is one; else the word.
pub(crate) fn ours(word: &str) -> String {
    match operation(word) {
        Some(Operation { way: Word(ours) | Written(ours) | Nearest(ours), .. }) => ours.to_string(),
        _ => word.to_string(),
    }
}

/// The words that are long enough for another spelling to be one of them by mistake.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().flat_map(|(words, ..)| words.split(' ')).filter(|word| word.len() >= SHORTEST)
}

/// The word here that `word` is with a slip of the hand, or two in a long one, and how many slips that is.
pub(crate) fn misspelt(word: &str) -> Option<(usize, &'static str)> {
    let word = bare(&word.to_lowercase());
    let slips = |known: &'static str| (strsim::damerau_levenshtein(&word, known), known);
    let near = |&(slips, known): &(usize, &str)| slips <= if known.len() < LONG { 1 } else { 2 };
    words().map(slips).filter(near).min_by_key(|&(slips, _)| slips)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::diagnostic::Source;
    use fovea_graph::SourceId;

    #[test]
    fn every_way_leads_to_something_of_ours() {
        let is_ours = |word: &str| matches!(words::chain_word(word), ChainWord::Layer(..) | ChainWord::Link("id"));
        let mut met = Vec::new();
        for (words, way, meaning) in OPERATIONS {
            match way {
                Word(ours) => assert!(is_ours(ours) && meaning.is_empty(), "{words}"),
                Nearest(ours) => assert!(is_ours(ours) && !meaning.is_empty(), "{words}"),
                Absent => assert!(!meaning.is_empty(), "{words}"),
                Written(form) => {
                    let source = Source {
                        id: SourceId(0),
                        name: String::new(),
                        text: format!("net q = {}", form.replace('M', "64")),
                    };
                    assert_eq!(crate::parse::parse(&source).1, [], "{form}");
                }
            }
            for word in words.split_whitespace() {
                assert_eq!(operation(word).unwrap(), Operation { meaning, way: *way }, "{word} stands twice");
                assert!(words::is_free(word), "{word} is a word of ours");
                met.push(word);
            }
        }
        met.sort_unstable();
        assert!(met.windows(2).all(|pair| pair[0] != pair[1]) && met.len() > 200);
    }

    #[test]
    fn modules_axes_and_signs_around_a_word_do_not_matter() {
        let way = |word: &str| operation(word).map(|operation| operation.way);
        for word in ["conv2d", "Conv3D", "nn.Conv1d", "tf.keras.layers.Conv2D", "F.conv2d", "Convolution"] {
            assert_eq!(way(word), Some(Word("conv")), "{word}");
        }
        assert_eq!(way("F.max_pool2d"), Some(Word("maxpool")));
        assert_eq!(way("conv_transpose2d"), Some(Word("deconv")));
        assert_eq!(way("Dropout2d"), Some(Nearest("dropout")));
        assert_eq!(way("nn.Dropout"), Some(Word("dropout")));
        assert_eq!((way("conv"), way("rleu"), way("mine.conv"), way("my_conv")), (None, None, None, None));
    }
}
