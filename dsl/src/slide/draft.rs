//! What a slide states of its networks, before anything is computed: what every reader of a form gives, and the judge takes.

use std::ops::Range;

use super::expression::Expression;
use super::figure::{Unread, What};
use super::number::Number;
use super::size::Size;

/// A slide's networks as it states them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// What kind of slide it is: `a listing of layers`.
    pub form: &'static str,
    /// The networks, a column each where there are several.
    pub nets: Vec<DraftNet>,
    /// What is remarkable about its text, whatever the numbers.
    pub remarks: Vec<Remark>,
    /// What could not be read. A slide in which something stands here defines no net.
    pub unread: Vec<Unread>,
    /// What its figures count.
    pub counts: Counts,
}

/// What a slide's figures count, as far as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whether parameters include biases; `None`: the slide does not say.
    pub biases: Option<bool>,
    /// What operations are; `None`: the slide's word means neither for certain (`ops`).
    pub operations: Option<Operations>,
}

/// What is counted as operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operations {
    /// Multiplications whose product is added (`MACs`, `mult-adds`).
    Macs,
    /// Floating-point operations: two a MAC (`FLOPs`).
    Flops,
    /// Two a MAC, one for every number that a pool looks at or a sum adds: as Darknet counts.
    Darknet,
    /// MACs, and one for every bias that is added, and for every number that normalisation learns: as torchinfo counts.
    MultAdds,
}

/// Something that is remarkable about a slide's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where.
    pub place: Range<usize>,
    /// What of.
    pub what: What,
    /// What is remarkable.
    pub text: String,
    /// The row that it belongs to.
    pub layer: Option<String>,
    /// Whether it is only what was filled in.
    pub assumed: bool,
}

/// A network as a slide states it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftNet {
    /// Its column: `D`, `50`; empty where the slide has one network.
    pub name: String,
    /// The shape of its input, height × width × channels, where the slide says.
    pub input: Option<Stated<Vec<usize>>>,
    /// Its rows, in order.
    pub rows: Vec<Row>,
    /// What is said of the whole network.
    pub totals: Vec<Claim>,
    /// The rows are all there is: no classifier is filled in behind them.
    pub is_whole: bool,
}

/// A row of a slide: what it does, and the figures that stand in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// What it is called: `CONV2`, `inception (3a)`.
    pub name: String,
    /// Where it stands: in a table of several networks, its cell.
    pub place: Range<usize>,
    /// What it does, in order.
    pub parts: Vec<Part>,
    /// Its figures.
    pub claims: Vec<Claim>,
}

/// A value, and where the slide says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// The words that say it, `pad 1`; `None` where it is what usually stands there.
    pub place: Option<Range<usize>>,
}

impl<T> Stated<T> {
    /// What the slide says.
    pub fn said(value: T, place: Range<usize>) -> Self {
        Self { value, place: Some(place) }
    }

    /// What it does not say, and usually stands there.
    pub fn usual(value: T) -> Self {
        Self { value, place: None }
    }
}

/// Something that a row does. Sizes have an entry a spatial axis, or one for all.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// What flows in is not what the row above gives but what these rows do. It stands first, if at all.
    Rows(Rows),
    /// Convolution.
    Conv(Conv),
    /// Pooling.
    Pool(Pool),
    /// A pool over the whole map.
    PoolAll(PoolKind),
    /// Fully connected.
    Fc(Stated<usize>),
    /// Local response normalisation.
    Lrn,
    /// Batch normalisation.
    Bn,
    /// An activation or another layer without a size, by the language's word: `relu`, `softmax`, `flatten`, `dropout 0.5`.
    Word(String),
    /// Branches joined along the channels.
    Concat(Vec<Vec<Part>>),
    /// A residual block: a branch and a shortcut, added, and a rectifier.
    Residual(Residual),
}

/// The rows that feed a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Which, by their position; all of them stand above.
    pub rows: Vec<usize>,
    /// How several are joined.
    pub join: Join,
}

/// How several maps become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Join {
    /// Their sum.
    #[default]
    Add,
    /// One behind the other, along the channels.
    Concat,
    /// Their product.
    Multiply,
    /// The larger of their numbers.
    Max,
}

/// A residual block.
#[derive(Clone, Debug, PartialEq)]
pub struct Residual {
    /// The convolutions of the branch that the slide shows. Normalisation and rectifiers between them are filled in.
    pub convs: Vec<Conv>,
    /// How much smaller its output is; which convolution takes the step is a convention.
    pub stride: Stated<usize>,
}

/// A convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// How many filters; `usual` where the output's size alone says it.
    pub filters: Stated<usize>,
    /// The window.
    pub window: Stated<Vec<usize>>,
    /// The stride.
    pub stride: Stated<Vec<usize>>,
    /// The padding.
    pub pad: Stated<Pad>,
    /// Separate convolutions.
    pub groups: usize,
    /// Whether there is a bias.
    pub bias: bool,
    /// Whether it enlarges: a transposed convolution.
    pub transposed: bool,
}

/// A pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// Maximum or mean.
    pub kind: PoolKind,
    /// The window.
    pub window: Stated<Vec<usize>>,
    /// The stride.
    pub stride: Stated<Vec<usize>>,
    /// The padding.
    pub pad: Stated<Pad>,
}

/// What a pool takes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest.
    Max,
    /// The mean.
    Mean,
}

/// How a map is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pad {
    /// So many zeros on every side.
    By(usize),
    /// So that the output has ⌈n / stride⌉ elements.
    Same,
    /// A pool without padding whose last window may reach beyond the edge.
    Ceil,
    /// As the slide's other rows do: the judge decides, and says so.
    Convention,
}

/// A figure of a slide.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// What it counts.
    pub what: What,
    /// Where it stands.
    pub place: Range<usize>,
    /// What it says.
    pub value: Printed,
}

/// What a figure says.
#[derive(Clone, Debug, PartialEq)]
pub enum Printed {
    /// A shape, in the order in which it is printed.
    Shape(Vec<usize>, Order),
    /// A number.
    Number(Number),
    /// A count that is not rounded: of layers.
    Exact(u128),
    /// A printed product.
    Expression(Expression),
    /// A size in bytes.
    Size(Size),
}

/// What a size in bytes is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// Numbers that are counted elsewhere too.
    Counted(What),
    /// The network's input.
    Input,
    /// The outputs of all layers that are listed, on the way there and back.
    Listed,
    /// Those of layers with parameters.
    Weighted,
    /// Input, parameters and the listed outputs together.
    WithListed,
    /// Input, parameters and the outputs of layers with parameters together.
    WithWeighted,
}

/// In which order a slide prints a shape's sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Height, width, channels.
    #[default]
    ChannelsLast,
    /// Channels, height, width.
    ChannelsFirst,
    /// Height and width alone.
    Spatial,
    /// Width, height, channels.
    WidthFirst,
}
