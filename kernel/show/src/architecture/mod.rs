//! What a diagram of a net shows: boxes of layers, what flows between them, and blocks that are told once. Pictures and
//! text are drawn from this.

mod build;
mod label;
mod stretches;
mod words;

use std::ops::Range;

use serde::Serialize;

pub use build::{Depth, architecture};

use crate::display::number;

/// A net as its diagram shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Architecture {
    /// The net's name.
    pub net: String,
    /// Its boxes.
    #[serde(flatten)]
    pub diagram: Diagram,
    /// Blocks that stand in it as one box, a kind each.
    pub blocks: Vec<BlockKind>,
}

/// Boxes, and links between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diagram {
    /// The boxes; each stands behind those that it reads.
    pub boxes: Vec<LayerBox>,
    /// What flows, from box to box.
    pub links: Vec<Link>,
}

/// A block that is told once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlockKind {
    /// What it is called.
    pub name: String,
    /// How often it stands in the net.
    pub uses: usize,
    /// What is in it; the first box is what it is given.
    #[serde(flatten)]
    pub diagram: Diagram,
}

/// One or more layers that a diagram shows as one box.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerBox {
    /// What it does, by which it has its colour.
    pub family: Family,
    /// What it is: `conv 64 7×7/2`, `bottleneck`.
    pub label: String,
    /// What follows in the same box: `bn`, `relu`.
    pub then: Vec<String>,
    /// Of a block whose uses differ in their channels, those of this one, in order.
    pub channels: Vec<usize>,
    /// The sizes of its output, the least and the greatest of each; these differ where the box stands for several.
    pub output: Vec<[usize; 2]>,
    /// How many values that is for one picture, at least and at most.
    #[serde(skip)]
    pub values: [u64; 2],
    /// How often it stands there in a row.
    pub count: usize,
    /// What is different the first time: `first /2`.
    pub first: Option<String>,
    /// Which block it is, among the kinds of blocks.
    pub block: Option<usize>,
    /// Which block it is the first time, where that is another.
    pub lead: Option<usize>,
    /// The net's layers in it, by position.
    #[serde(skip)]
    pub layers: Range<usize>,
    /// How many of them are the first time's, where that is another.
    #[serde(skip)]
    pub lead_layers: usize,
    /// Their names, from the first to the last.
    pub names: [String; 2],
}

/// Something that flows from a box to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// From which box.
    pub from: usize,
    /// To which box.
    pub to: usize,
    /// What flows.
    pub flow: Flow,
}

/// What a link carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// A map.
    Map,
    /// Where a pooling found its maxima.
    Switches,
}

/// What a box does; each family has its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// The images, or what a block is given.
    Input,
    /// Convolutions.
    Convolution,
    /// Poolings.
    Pooling,
    /// Fully connected layers.
    Dense,
    /// What makes maps larger.
    Enlarging,
    /// Where branches meet.
    Join,
    /// Activations, norms and what else keeps a map's sizes.
    Pointwise,
    /// A block that is told elsewhere.
    Block,
}

impl Family {
    /// What a legend calls it.
    pub fn word(self) -> &'static str {
        match self {
            Family::Input => "input",
            Family::Convolution => "convolution",
            Family::Pooling => "pooling",
            Family::Dense => "fully connected",
            Family::Enlarging => "enlarging",
            Family::Join => "join",
            Family::Pointwise => "activation, norm",
            Family::Block => "block",
        }
    }
}

impl LayerBox {
    /// The sizes of its output: `56×56×64–256`.
    pub fn sizes(&self) -> String {
        sizes(&self.output)
    }

    /// What it is and what follows in it: `conv 64 7×7/2, bn, relu`, `inception 64, 96, 128, 16, 32, 32`.
    pub fn title(&self) -> String {
        let then = self.then.iter().map(|word| format!(", {word}")).collect::<String>();
        let channels = self.channels();
        let gap = if channels.is_empty() { "" } else { " " };
        format!("{}{gap}{channels}{then}", self.label)
    }

    /// The channels by which a block differs from the others of its kind: `64, 96, 128`.
    pub fn channels(&self) -> String {
        self.channels.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
    }

    /// `×3`; nothing for one.
    pub fn times(&self) -> Option<String> {
        (self.count > 1).then(|| format!("×{}", self.count))
    }

    /// The sizes of its output for one picture, and the memory of so many pictures' output: `56×56×256 · 25.7 MB`.
    pub fn traffic(&self, batch: usize) -> String {
        let [least, most] = self.values;
        let up_to = if least == most { "" } else { "up to " };
        // A value is an f32.
        let bytes = most.saturating_mul(4).saturating_mul(batch as u64);
        format!("{} · {up_to}{}", self.sizes(), number::bytes(bytes))
    }
}

/// `56×56×64–256`; where maps of several sizes are meant, `h×w×64–256`.
pub fn sizes(sizes: &[[usize; 2]]) -> String {
    let one = |[least, most]: &[usize; 2]| if least == most { least.to_string() } else { format!("{least}–{most}") };
    let mut shown: Vec<String> = sizes.iter().map(one).collect();
    let axes = sizes.len().saturating_sub(1);
    if sizes[..axes].iter().any(|[least, most]| least != most) {
        let letters: &[&str] = match axes {
            1 => &["n"],
            2 => &["h", "w"],
            _ => &["d", "h", "w"],
        };
        shown.iter_mut().zip(letters).for_each(|(shown, letter)| *shown = letter.to_string());
    }
    shown.join("×")
}

impl Diagram {
    /// Whether every box but the first reads the one before it, and none reads another: a chain without branches.
    pub fn is_chain(&self) -> bool {
        self.goes_through_all() && self.links.iter().all(|link| link.from + 1 == link.to)
    }

    /// Whether each box reads, first of all, the one before it: links that do not are ways around.
    pub fn goes_through_all(&self) -> bool {
        (1..self.boxes.len()).all(|to| self.links.iter().any(|link| link.from + 1 == to && link.to == to))
    }
}
