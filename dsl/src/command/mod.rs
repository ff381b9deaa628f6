//! Verbs, strictly: each clause known, each number evaluated, each default that is the language's filled in.

mod convolve;
mod layers;
pub(crate) mod optimizer;
mod read;
pub(crate) mod table;
mod values;
mod verbs;

pub use verbs::command;
pub(crate) use verbs::unknown;

use fovea_graph::Span;

use crate::syntax::Name;

/// A statement that does something.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// `data digits size 28x28`
    Data(Data),
    /// `train lenet on digits for 10 epochs …`
    Train(Train),
    /// `test lenet on digits`
    Test {
        /// Which net.
        net: Name,
        /// On which data.
        data: Name,
    },
    /// `predict lenet on digits[0..16] save "logits.npy"`
    Predict {
        /// Which net.
        net: Name,
        /// On which samples.
        samples: Samples,
        /// Where the scores before the softmax go, as npy.
        save: Option<Path>,
    },
    /// `show digits`, `show digits[3]`, `show run 3`, `show run last`
    Show(Show),
    /// `summary lenet`, `summary vgg16 batch 32 train`
    Summary {
        /// Which net.
        net: Name,
        /// The batch whose training step's memory is planned; 1 unless it says otherwise.
        batch: usize,
    },
    /// `plot loss, accuracy of lenet`, `plot loss of run 3`
    Plot {
        /// Which curves, each with its words' place.
        curves: Vec<(Curve, Span)>,
        /// Of what; of several, the curves are in one picture.
        of: Vec<Subject>,
    },
    /// `save lenet "lenet.safetensors"`
    Save {
        /// Which net.
        net: Name,
        /// Where to.
        path: Path,
    },
    /// `load lenet "lenet.safetensors"`
    Load {
        /// Which net.
        net: Name,
        /// Where from.
        path: Path,
    },
    /// `seed 7`
    Seed(u64),
    /// `device cpu`, `device cuda:1`; alone it lists the devices.
    Device(Option<Name>),
    /// `theme dark`
    Theme(Theme),
    /// `explain lenet`
    Explain {
        /// Which net.
        net: Name,
    },
    /// `bench lenet train batch 64`
    Bench {
        /// Which net.
        net: Name,
        /// A training step, or inference unless it says otherwise.
        mode: BenchMode,
        /// Images a step; 1 unless it says otherwise.
        batch: usize,
    },
    /// `compare alexnet, vgg16`: a table and a plot.
    Compare {
        /// At least two nets.
        nets: Vec<Name>,
    },
    /// `convolve [1 1 0; 0 1 1; 0 1 0] with [1 0; 0 1] /2 pad 1`
    Convolve(Convolve),
    /// `filters lenet.conv1`, `filters lenet.conv1[5]`
    Filters {
        /// Of which layer, and which of them.
        layer: LayerRef,
    },
    /// `features lenet.conv1 on digits[3]`
    Features {
        /// Of which layer, and which channels.
        layer: LayerRef,
        /// On which samples.
        samples: Samples,
        /// Where the maps go, as npy.
        save: Option<Path>,
    },
    /// `%who`: the session's names.
    Who,
    /// `%reset`: the session forgets its names.
    Reset,
    /// `library`: the nets that come with the language.
    Library,
    /// `note "any text"`
    Note(String),
}

/// How pictures are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Ink on white paper.
    #[default]
    Light,
    /// For dark pages.
    Dark,
}

impl Theme {
    /// The words for them.
    pub const WORDS: [&'static str; 2] = ["light", "dark"];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme of a word, in any case.
    pub fn named(word: &str) -> Option<Self> {
        [Theme::Light, Theme::Dark].into_iter().find(|theme| theme.word().eq_ignore_ascii_case(word))
    }
}

/// A path as written, and where.
pub type Path = Name;

/// `data NAME …`
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The name it gets; for built-in data its own.
    pub name: Name,
    /// Height and width the pictures are brought to, where it says so, and where.
    pub size: Option<([usize; 2], Span)>,
}

/// `train NET …`
#[derive(Clone, Debug, PartialEq)]
pub struct Train {
    /// Which net.
    pub net: Name,
    /// On which data.
    pub data: Name,
    /// `further`: from the weights it has, not from its first ones.
    pub further: bool,
    /// How many epochs; 10 unless it says otherwise.
    pub epochs: usize,
    /// The optimizer and its numbers; sgd(lr 0.01, momentum 0.9, decay 5e-4) unless it says otherwise.
    pub optimizer: Optimizer,
    /// Images a step; 64 unless it says otherwise.
    pub batch: usize,
    /// Where `batch` or, by default, the whole statement stands.
    pub batch_span: Span,
    /// The learning rate's course; constant unless it says otherwise.
    pub schedule: Schedule,
    /// How long the rate rises from 0 to the schedule's, in a straight line; not at all unless it says so.
    pub warmup: Option<Period>,
    /// The statement's own seed.
    pub seed: Option<u64>,
    /// How often a checkpoint is written besides the usual ones.
    pub checkpoint: Option<Period>,
    /// The run that goes on, where it is to.
    pub resume: Option<RunRef>,
}

/// A stretch of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// So many steps, each a batch.
    Steps(usize),
    /// So many epochs.
    Epochs(usize),
}

/// How gradients become steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// Adam (D. Kingma and J. Ba, arXiv:1412.6980); the decay joins the gradient.
    Adam(Adam),
    /// AdamW (I. Loshchilov and F. Hutter, arXiv:1711.05101): the decay stands apart from the moments.
    AdamW(Adam),
}

impl Optimizer {
    /// The learning rate at its highest.
    pub fn rate(&self) -> f64 {
        match self {
            Optimizer::Sgd(sgd) => sgd.rate,
            Optimizer::Adam(adam) | Optimizer::AdamW(adam) => adam.rate,
        }
    }
}

/// `adam(lr 0.001, beta1 0.9, beta2 0.999, eps 1e-8, decay 0)`; AdamW's decay is 0.01 unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The learning rate at its highest.
    pub rate: f64,
    /// How much of the running mean of gradients stays at each step.
    pub beta1: f64,
    /// The same for their squares.
    pub beta2: f64,
    /// Added to the root of the squares' mean.
    pub eps: f64,
    /// Weight decay.
    pub decay: f64,
}

/// `sgd(lr 0.01, momentum 0.9, decay 5e-4)`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate at its highest.
    pub rate: f64,
    /// Momentum.
    pub momentum: f64,
    /// Weight decay.
    pub decay: f64,
}

/// The learning rate's course over a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The same at every step.
    Constant,
    /// Half a cosine from the rate to 0 (I. Loshchilov and F. Hutter, arXiv:1608.03983, without restarts).
    Cosine,
    /// `step(every 10, by 0.1)`: the rate times `by` after every so many epochs.
    Step {
        /// Epochs between two steps, at least 1.
        every: usize,
        /// What the rate is multiplied by, above 0.
        by: f64,
    },
}

/// `digits`, `digits[3]`, `digits[0..16]`, `digits.train[3]`
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The data's name.
    pub data: Name,
    /// `.train`; otherwise the test part.
    pub train: bool,
    /// First and end; all of them where nothing is said.
    pub range: Option<(usize, usize)>,
    /// All of it.
    pub span: Span,
}

/// `convolve IMAGE with FILTER …`
#[derive(Clone, Debug, PartialEq)]
pub struct Convolve {
    /// What is convolved.
    pub image: Pixels,
    /// With what.
    pub filter: Filter,
    /// Steps between windows, down and across; 1 unless it says otherwise.
    pub stride: [usize; 2],
    /// What is put around the image; nothing unless it says otherwise.
    pub padding: Padding,
    /// Steps between a window's elements, down and across; 1 unless it says otherwise.
    pub dilate: [usize; 2],
    /// The whole statement.
    pub span: Span,
}

/// An image.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// Numbers.
    Matrix(Matrix),
    /// One sample of data.
    Sample(Samples),
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Numbers.
    Matrix(Matrix),
    /// One filter of a layer.
    Layer(LayerRef),
}

/// `[1 0 1; 0 1 0]`
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Its rows, at least one, all of one length, which is at least 1.
    pub rows: Vec<Vec<f32>>,
    /// All of it.
    pub span: Span,
}

/// What is put around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: `valid`.
    Valid,
    /// As much as makes the result as large as the image, over the stride: `same`.
    Same,
    /// So many zeros, at the top and the bottom and at both sides.
    Zeros([usize; 2]),
}

/// `lenet.conv1`, `lenet.conv1[5]`, `lenet.conv1[0..8]`
#[derive(Clone, Debug, PartialEq)]
pub struct LayerRef {
    /// The net's name and the layer's, with a dot between them; both may have dots of their own.
    pub path: Name,
    /// First and end; all where nothing is said.
    pub range: Option<(usize, usize)>,
    /// All of it.
    pub span: Span,
}

/// What `show` shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Show {
    /// A sheet of samples with their labels.
    Samples(Samples),
    /// A training run: its program, its figures, its curves.
    Run(RunRef),
}

/// A training run on disk.
#[derive(Clone, Debug, PartialEq)]
pub enum RunRef {
    /// The newest.
    Last(Span),
    /// By number.
    Number(u32, Span),
}

/// What can be plotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Loss of training and test.
    Loss,
    /// Accuracy of training and test.
    Accuracy,
}

/// Of what.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The last run of a net.
    Net(Name),
    /// A run.
    Run(RunRef),
}

/// What `bench` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BenchMode {
    /// A training step.
    Train,
    /// Inference.
    Infer,
}
