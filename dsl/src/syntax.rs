//! The syntax tree: what was written, with where. Nothing is looked up or computed here.
//!
//! Every node prints (`Display`) as text that parses back to the same tree, spans aside.

use fovea_graph::Span;

/// A text: statements in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// The statements.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// All its words.
    pub span: Span,
    /// It ended in `;`: its result is not shown.
    pub silent: bool,
}

/// The kinds of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `net NAME = chain where …`
    Net(NetDef),
    /// `block NAME(parameters) = chain`
    Block(BlockDef),
    /// `let width = 16, depth = 3`
    Let(Vec<Binding>),
    /// `slide NAME`, and a slide's own text in the lines below
    Slide(SlideDef),
    /// Everything else: a verb and its parts, read strictly by [`crate::command`].
    Verb(Verb),
}

/// A word that a user gave or named.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// As written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// `net NAME = chain where bindings`
#[derive(Clone, Debug, PartialEq)]
pub struct NetDef {
    /// Its name, perhaps with dots.
    pub name: Name,
    /// What it computes.
    pub chain: Chain,
    /// Its `where`.
    pub bindings: Vec<Binding>,
}

/// `block basic(c, s=1) = chain`
#[derive(Clone, Debug, PartialEq)]
pub struct BlockDef {
    /// Its name.
    pub name: Name,
    /// What a call gives it.
    pub parameters: Vec<Parameter>,
    /// What it computes.
    pub chain: Chain,
}

/// `slide NAME` or `%%slide NAME`, and the text of a slide.
#[derive(Clone, Debug, PartialEq)]
pub struct SlideDef {
    /// What the slide is called.
    pub name: Name,
    /// Its text as it was pasted, from the line below the name on; every line of it ends in a line feed.
    pub text: String,
    /// Where that stands.
    pub span: Span,
}

/// `s=1`
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name inside the block.
    pub name: Name,
    /// What it is where a call does not say.
    pub default: Option<Expr>,
}

/// `width = 16`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// What is bound.
    pub name: Name,
    /// To what.
    pub value: Expr,
}

/// Items joined by dashes.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The items.
    pub items: Vec<Item>,
    /// `, softmax 10`
    pub head: Option<Head>,
    /// All of it.
    pub span: Span,
}

/// `, softmax 10` at the end of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The number of classes, where it is written.
    pub classes: Option<Expr>,
    /// From the word `softmax` on.
    pub span: Span,
}

/// One link of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// `as NAME`
    pub alias: Option<Name>,
    /// All of it.
    pub span: Span,
}

/// The kinds of items.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `INPUT`: the input, its shape left open.
    Input,
    /// `28x28x1`, `784`: a statement of what flows here.
    Shape(Vec<Expr>),
    /// A layer and its options.
    Layer(Layer),
    /// `( … )^3`; several repetitions stand from the innermost to the outermost.
    Group(Chain, Vec<Times>),
    /// `concat( … | … )`, `add( … | … )`; repetitions as behind a group.
    Join(Join, Vec<Times>),
    /// `bottleneck(64, s=2)`: a block and its arguments; repetitions as behind a group.
    Call(Call, Vec<Times>),
    /// `c1`, `e{3,2,1}`, `vgg16.pool5`: a named value (a branch begins there), another net up to a layer (a chain begins
    /// there), or a block without arguments; which it is, `resolve` tells. `step` picks one of a family.
    Reference(Name, Option<Expr>),
    /// `id`: the empty chain, as a branch.
    Identity,
    /// `shortcut`, `shortcut zeros`, as a branch of `add`.
    Shortcut(Shortcut),
    /// `aux 0.3 ( … )`: a side classifier and its loss's weight.
    Aux(Option<Expr>, Chain),
}

/// Branches that join.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// How they join.
    pub word: JoinWord,
    /// Where that word stands.
    pub word_span: Span,
    /// The branches; each is a chain, `id` and `shortcut` chains of one item.
    pub branches: Vec<Chain>,
}

/// How branches join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinWord {
    /// Along the channels.
    Concat,
    /// Element by element.
    Add,
}

/// What a shortcut does where its branch and the other differ in shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// `shortcut`: a 1×1 convolution with batch normalisation (option B of K. He et al., arXiv:1512.03385).
    Projection,
    /// `shortcut zeros`: every stride-th position, and channels of zeros behind its own (option A there).
    Zeros,
}

/// A block and its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The block's name.
    pub block: Name,
    /// By position, or by name.
    pub arguments: Vec<Argument>,
}

/// `^3`, `*N`, `×{2,3}`, `^i=3`
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// The name of the turn (0, 1, …) inside the group.
    pub variable: Option<Name>,
    /// How many turns.
    pub count: Expr,
    /// From the sign on.
    pub span: Span,
}

/// The layers of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LayerWord {
    /// Convolution.
    Conv,
    /// Pooling, max unless it says otherwise.
    Pool,
    /// `maxpool`, `max pool`.
    MaxPool,
    /// `avgpool`, `average pool`.
    AvgPool,
    /// Fully connected.
    Fc,
    /// max(x, 0).
    Relu,
    /// To a vector.
    Flatten,
    /// Zeroes at random.
    Dropout,
    /// Softmax over channels.
    Softmax,
    /// Transposed convolution.
    Deconv,
    /// The inverse of a max pool.
    Unpool,
    /// A larger map.
    Upsample,
    /// A leaky rectifier.
    Leaky,
    /// The logistic function.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// Exponential linear unit.
    Elu,
    /// Gaussian error linear unit.
    Gelu,
    /// Batch normalisation.
    Bn,
    /// Local response normalisation.
    Lrn,
    /// A map cut at its edges.
    Crop,
    /// Zeros around a map.
    Pad,
}

/// A layer and its options, in the order written.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Which layer.
    pub word: LayerWord,
    /// Where the word stands (a number glued to it is not part of this).
    pub word_span: Span,
    /// Its options.
    pub options: Vec<LayerOption>,
}

impl Layer {
    /// Its word and its options, without the name that an `as` gives it.
    pub fn span(&self) -> Span {
        self.options.iter().fold(self.word_span, |span, option| span.to(option.span))
    }
}

/// One option of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerOption {
    /// What it says.
    pub kind: OptionKind,
    /// All its words.
    pub span: Span,
}

/// What an option says; which layers take it is decided in `resolve`.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionKind {
    /// A bare number, list or name: `64`, `{64,128}`, `4*c`, `(16*2^i)`; also what a dash glues to a word (`FC-4096`).
    Value(Expr),
    /// `5x5`, `3x3x3`, `{3,5}x{3,5}`: at least two numbers.
    Size(Vec<Expr>),
    /// A number glued to the word without a dash: `conv3`, `POOL2`, `FC4096`, `conv3x3`.
    Glued(Vec<Expr>),
    /// `/2`, `stride 2`, `/2x1`.
    Stride(Vec<Expr>),
    /// `pad 1`, `filters 64`, `size 5`, `groups 2`, `dilate 2`: the word in lower case and its value or sizes.
    Keyed(String, Vec<Expr>),
    /// `to 28x28`, `to input`, `to c1`.
    To(Target),
    /// `pool2` behind `unpool`; `p{3,2,1}` picks one of a family a turn.
    Of(Name, Option<Expr>),
    /// `same`, `valid`, `nobias`, `bilinear`, `bias`, `max`, `avg`, `ceil`, `global`: the word in lower case.
    Flag(String),
}

/// The size that a `deconv` or `crop` is to give.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A size: `to 28x28`.
    Size(Vec<Expr>),
    /// The net's input: `to input`.
    Input,
    /// A named layer: `to c1`; `to e{3,2,1}` picks one of a family a turn.
    Layer(Name, Option<Expr>),
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A number.
    Number(f64),
    /// A name: of a `let`, a `where`, a turn.
    Name(String),
    /// `{64, 128}`: steps with a repetition.
    List(Vec<Expr>),
    /// `{64,128}[i]`: the i-th of a list, from 0.
    Index(Box<Expr>, Box<Expr>),
    /// `-x`
    Negate(Box<Expr>),
    /// `a + b` and its like.
    Binary(Operator, Box<Expr>, Box<Expr>),
}

/// The operators, from the loosest to the tightest; `^` binds to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
}

/// A verb and its parts, loosely: `train lenet on digits for 10 epochs with sgd(lr 0.1), batch 64`.
#[derive(Clone, Debug, PartialEq)]
pub struct Verb {
    /// The verb's word, as written.
    pub word: Name,
    /// What follows, in order.
    pub parts: Vec<Part>,
}

/// One piece of a verb's statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of parts.
#[derive(Clone, Debug, PartialEq)]
pub enum PartKind {
    /// A word or dotted path: `digits`, `lenet.conv1`, `epochs`.
    Word(String),
    /// `digits[0..16]`, `digits.train[3]`, `conv2[5]`: a path, the first index and, for a range, the end.
    Select(String, Expr, Option<Expr>),
    /// A number, list or arithmetic in parentheses.
    Value(Expr),
    /// `conv1..pool2`: the first and the last layer of some that follow each other.
    Stretch(Name, Name),
    /// `28x28`
    Size(Vec<Expr>),
    /// `80/20`, `70/15/15`
    Ratio(Vec<f64>),
    /// `0.8..1.2`
    Range(f64, f64),
    /// `[1 0 1; 0 1 0]`: rows of numbers, at least one, all of one length.
    Matrix(Vec<Vec<Expr>>),
    /// `/2`, `/2x1`: a stride.
    Stride(Vec<Expr>),
    /// `"a string"`, without its quotes.
    Text(String),
    /// `sgd(lr 0.1, momentum 0.9)`: a word and its arguments, each with or without a key.
    Call(String, Vec<Argument>),
    /// `,`
    Comma,
    /// `=`
    Equals,
}

/// An argument of a [`PartKind::Call`].
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its key, `lr`.
    pub key: Option<Name>,
    /// Its value.
    pub value: Expr,
    /// The word behind its value: `weights` of `decay 5e-4 weights`.
    pub unit: Option<Name>,
}
