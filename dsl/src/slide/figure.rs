//! What an audit says: every figure that a slide prints, with its place, what it is beside the network, and the verdict.

use std::fmt;
use std::ops::Range;

use serde::{Serialize, Serializer};

use crate::syntax::NetDef;

/// A slide that was read and judged. Places are bytes in the slide's own text.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// What the slide is called.
    pub name: String,
    /// What kind of slide it was read as: `a listing of layers`.
    pub form: &'static str,
    /// The networks that it defines.
    pub nets: Vec<SlideNet>,
    /// Every figure that it prints, and what it leaves open, in the order of the text.
    pub figures: Vec<Figure>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// A network that a slide defines.
#[derive(Clone, Debug, PartialEq)]
pub struct SlideNet {
    /// Its name: `alexnet`, `vgg.D`, `resnet.50`.
    pub name: String,
    /// It, in the language: `net vgg.D = 224x224x3 - …`.
    pub text: String,
    /// The same as a syntax tree; its spans point into the slide's own text, at the words that each layer was read from.
    pub definition: NetDef,
}

/// A figure of a slide, or something that it leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// The line of the slide's own text, from 1.
    pub line: usize,
    /// Where it stands there.
    #[serde(skip)]
    pub place: Range<usize>,
    /// The column's net, where the slide has several: `D`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<String>,
    /// The row that it belongs to: `CONV2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// What it counts.
    pub what: What,
    /// It, as the slide has it; empty where the slide says nothing.
    pub printed: String,
    /// What the network has, written as the slide writes it.
    pub computed: String,
    /// How the two stand to each other.
    pub verdict: Verdict,
    /// Why, and which reading would make it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What would be right, and in place of what.
    #[serde(skip)]
    pub mend: Option<Correction>,
}

/// What would stand in a slide were it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// In place of what; empty where it is to be added.
    pub place: Range<usize>,
    /// What would stand there.
    pub text: String,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// The size of a layer's input.
    Input,
    /// The size of a layer's output.
    Output,
    /// Numbers or bytes that an output takes.
    Memory,
    /// Parameters, those that training adjusts.
    Parameters,
    /// All numbers that are stored, the running means and variances of normalisation among them.
    Stored,
    /// Numbers that are stored and that training does not adjust.
    Fixed,
    /// Numbers that training could adjust and does not.
    Frozen,
    /// Parameters, where normalisation has no scale.
    Unscaled,
    /// All numbers that are stored, where normalisation has no scale.
    StoredUnscaled,
    /// Operations.
    Operations,
    /// Layers with weights.
    Layers,
    /// Which layer a figure belongs to.
    Label,
    /// A stated padding.
    Padding,
    /// A stated or assumed stride.
    Stride,
    /// How large a window is, or how many filters there are.
    Filters,
    /// What stands between layers: activations, normalisation.
    Activation,
    /// The end of a network: its classifier.
    Head,
    /// What joins the branches of a residual block.
    Shortcut,
    /// A name, or a heading.
    Heading,
    /// The number that a sum, a maximum or a formula gives.
    Value,
    /// The network that a pattern gives.
    Pattern,
}

impl What {
    /// Its word, in messages and as data.
    pub fn word(self) -> &'static str {
        match self {
            What::Input => "input",
            What::Output => "output",
            What::Memory => "memory",
            What::Parameters | What::Stored | What::Fixed | What::Frozen | What::Unscaled | What::StoredUnscaled => {
                "parameters"
            }
            What::Operations => "operations",
            What::Layers => "layers",
            What::Label => "label",
            What::Padding => "padding",
            What::Stride => "stride",
            What::Filters => "filters",
            What::Activation => "activation",
            What::Head => "head",
            What::Shortcut => "shortcut",
            What::Heading => "heading",
            What::Value => "value",
            What::Pattern => "pattern",
        }
    }
}

impl Serialize for What {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// How a printed figure stands to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is the network's.
    Agrees,
    /// The network's, rounded to the digits that are printed; K is 1000.
    Rounds,
    /// It is not.
    Disagrees,
    /// It is not, but only because of an earlier line.
    Follows,
    /// It is right, and something is remarkable about it.
    Remark,
    /// The slide does not say; this was filled in.
    Assumed,
}

impl Verdict {
    /// Its word, in messages and as data.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Agrees => "agrees",
            Verdict::Rounds => "rounds",
            Verdict::Disagrees => "disagrees",
            Verdict::Follows => "follows",
            Verdict::Remark => "remark",
            Verdict::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A place at which a slide could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The line of the slide's own text, from 1.
    pub line: usize,
    /// Where it stands there.
    #[serde(skip)]
    pub place: Range<usize>,
    /// What stands there.
    pub found: String,
    /// What was expected there.
    pub expected: String,
    /// How far the slide was read: `12 layers, up to CONV5`.
    pub read: String,
}
