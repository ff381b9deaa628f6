//! What a net is when its repetitions, blocks and branches are written out.

use fovea_graph::Span;

use crate::resolve::options::Options;
use crate::syntax::{Chain, Item, ItemKind, JoinWord, LayerWord, Shortcut};

/// A value that flows: the net's input, or what a step gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::resolve) struct Wire(usize);

impl Wire {
    /// The net's input.
    pub const INPUT: Wire = Wire(0);

    /// What the step at this position gives.
    pub fn of_step(position: usize) -> Self {
        Wire(position + 1)
    }

    /// The position of the step that gives it; none for the input.
    pub fn step(self) -> Option<usize> {
        self.0.checked_sub(1)
    }

    /// Its position among all values.
    pub fn index(self) -> usize {
        self.0
    }
}

/// One link of what the chain stands for.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::resolve) struct Step {
    pub kind: StepKind,
    /// What it reads.
    pub inputs: Vec<Wire>,
    /// The layer's name; empty for a check.
    pub name: String,
    /// The words that made it.
    pub span: Span,
    /// The use of a block that they stand in, by position in the table of uses.
    pub place: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every step is a layer")]
pub(in crate::resolve) enum StepKind {
    /// A layer.
    Layer(Options),
    /// The scores of a softmax: an `fc` with a unit a class, which the data tell where the text does not.
    Scores { classes: Option<usize>, bias: bool },
    /// Its inputs joined; a branch each.
    Join(JoinWord, Vec<Branch>),
    /// The first input, made fit to be added to the second one.
    Shortcut(Shortcut),
    /// A side classifier's result, and its loss's weight.
    Side(f64),
    /// A statement of what flows here.
    Check(Vec<usize>),
    /// Something that could not be read: a layer of this word, or a whole group. What flows behind it is not known.
    Gap(Option<LayerWord>),
}

/// A branch of a join as it was written, for mends.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::resolve) struct Branch {
    pub span: Span,
    /// What it is, where it is simple.
    pub kind: BranchKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::resolve) enum BranchKind {
    /// `id`
    Identity,
    /// A convolution, perhaps normalised, and nothing else: what `shortcut` brings itself.
    Projection,
    /// A layer's name, in the words that pick it: `c1`, `e{3,2,1}`.
    Named(String),
    /// Anything else.
    Chain,
}

impl Branch {
    pub fn of(chain: &Chain) -> Self {
        let is_layer = |item: &Item, words: &[LayerWord]| matches!(&item.kind, ItemKind::Layer(layer) if words.contains(&layer.word));
        let kind = match &chain.items[..] {
            [Item { kind: ItemKind::Identity, .. }] => BranchKind::Identity,
            [item @ Item { kind: ItemKind::Reference(..), alias: None, .. }] => BranchKind::Named(item.to_string()),
            [conv] if is_layer(conv, &[LayerWord::Conv]) => BranchKind::Projection,
            [conv, bn] if is_layer(conv, &[LayerWord::Conv]) && is_layer(bn, &[LayerWord::Bn]) => {
                BranchKind::Projection
            }
            _ => BranchKind::Chain,
        };
        Self { span: chain.span, kind }
    }
}

impl Step {
    /// Whether a layer comes of it.
    pub fn is_layer(&self) -> bool {
        !matches!(self.kind, StepKind::Check(_) | StepKind::Gap(None))
    }
}

/// The use of a block, or of a net that another begins inside of.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::resolve) struct Use {
    /// Whose: `bottleneck`.
    pub name: String,
    pub span: Span,
    /// The use that it stands in itself.
    pub place: Option<usize>,
}

/// A net written out.
pub(in crate::resolve) struct Expansion {
    pub steps: Vec<Step>,
    /// What flows out at the end.
    pub result: Wire,
    /// The uses of blocks.
    pub uses: Vec<Use>,
    /// The shape that the chain begins with, and where.
    pub input: Option<(Vec<usize>, Span)>,
    /// The name of the input.
    pub input_name: String,
    /// The net that this one begins inside of, and how many steps it takes from there.
    pub base: Option<(String, usize)>,
    /// Names that are no layer's own.
    pub named: Vec<(String, Wire)>,
}

/// The language's word for the layer that a step makes.
pub(super) fn word(kind: &StepKind) -> Option<&'static str> {
    let word = match kind {
        StepKind::Check(_) | StepKind::Gap(None) => return None,
        StepKind::Gap(Some(LayerWord::MaxPool | LayerWord::AvgPool)) => LayerWord::Pool,
        StepKind::Gap(Some(word)) => *word,
        StepKind::Scores { .. } => LayerWord::Fc,
        StepKind::Layer(options) => options.word(),
        StepKind::Join(JoinWord::Concat, _) => return Some("concat"),
        StepKind::Join(JoinWord::Add, _) => return Some("add"),
        StepKind::Shortcut(_) => return Some("shortcut"),
        StepKind::Side(_) => return Some("aux"),
    };
    Some(word.word())
}
