//! What runs a step on the CPU, as plans carry it: chosen once by [`ops::choose`](crate::ops::choose), obeyed by
//! [`ops::run`](crate::ops::run), printed by `explain`.

use std::fmt;
use std::sync::{Arc, LazyLock};

use fovea_graph::op::Transpose;
use fovea_graph::plan::{self, Choice, Plan, Preparation, Step, Type};
use fovea_graph::{Graph, NodeId};

use crate::geometry::Geometry;
use crate::ops::conv::{Dgrad, Forward, Fused, Phase, Rounds, Separable, Wgrad};
use crate::ops::winograd::{Direction, Packing};
use crate::ops::{Norm, Rectified, Rule};
use crate::product::{Cut, Strassen, Thin};
use crate::scratch::Scratch;

/// An algorithm with all that was decided with it, and the memory that it needs beside its operands.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// How it is computed.
    pub way: Way,
    /// With what memory.
    pub scratch: Scratch,
    /// What it wants made of some of its inputs beforehand, in the order in which it reads it.
    pub wants: Vec<Wanted>,
}

/// What a kernel wants made of inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Of which; behind its nodes' inputs come those that [`Kernel::choice_with`] is given.
    pub inputs: Vec<usize>,
    /// What is made of them.
    pub form: Form,
    /// How many f32 that takes.
    pub len: usize,
}

impl Wanted {
    /// The same of a kernel that comes behind others, whose nodes have so many inputs.
    pub fn behind(&self, inputs: usize) -> Self {
        let of = self.inputs.iter().map(|input| input + inputs).collect();
        Self { inputs: of, form: self.form.clone(), len: self.len }
    }
}

/// What is made of values before kernels can use them. Its text says all of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// The values as they lie.
    Same,
    /// A matrix of so many rows, as its transpose.
    Turned {
        /// The rows of the matrix as it lies.
        rows: usize,
    },
    /// The filters of `conv` as the panels of its product.
    Filters(Geometry, Cut),
    /// The filters of `conv` as the panels of seven products.
    Strassen(Strassen),
    /// The filters of `conv_dgrad` as the panels of its products, a phase behind another.
    Taps(Geometry, Vec<(Phase, Cut)>),
    /// The filters of a convolution, or of its gradient by the input, transformed for Winograd's filtering.
    Transformed(Packing, Direction),
    /// The right factor of a product, transposed or not, as its panels.
    Weights(Transpose, Cut),
    /// Filters that batch normalisation is folded into, in some form, and behind them the bias that comes of it.
    Folded {
        /// What is made of the filters.
        form: Box<Form>,
        /// The normalisation's.
        eps: f64,
        /// Whether the convolution has a bias, too.
        has_bias: bool,
    },
}

/// How a node is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// The op's one way: what is cut follows from the shapes.
    Plain,
    /// A product of matrices.
    Product(Cut),
    /// A product of few rows.
    Thin(Thin),
    /// `conv`, and what follows it.
    Conv(Geometry, Forward, Fused),
    /// A convolution of each channel alone and a 1×1 convolution of what it gives, each with what follows it.
    Separable(Box<Separable>),
    /// Several convolutions with what follows them, for a few images at a time.
    Rounds(Box<Rounds>),
    /// `conv_dgrad`.
    ConvDgrad(Geometry, Dgrad),
    /// `conv_wgrad`.
    ConvWgrad(Geometry, Wgrad),
    /// The updates of one parameter and of its moments, in one pass over memory.
    Updates(Rule),
    /// Batch normalisation with its neighbours.
    Norm(Norm),
    /// The gradient of ReLU with its neighbours.
    Rectified(Rectified),
}

impl Kernel {
    /// The op's one way, with so much scratch memory for all threads together.
    pub fn plain(shared: usize) -> Self {
        Self::new(Way::Plain, Scratch::shared(shared))
    }

    /// Of this way, with this memory.
    pub fn new(way: Way, scratch: Scratch) -> Self {
        Self { way, scratch, wants: Vec::new() }
    }

    /// The same, but it wants this made of an input beforehand.
    pub fn with_wanted(mut self, input: usize, form: Form, len: usize) -> Self {
        self.wants.reserve_exact(1);
        self.wants.push(Wanted { inputs: vec![input], form, len });
        self
    }

    /// The kernel of a step, if it is the CPU's.
    pub fn of(step: &Step) -> Option<&Self> {
        step.kernel.downcast()
    }

    /// As a plan for so many threads takes it, for these nodes.
    pub fn choice(self, graph: &Graph, nodes: &[NodeId], threads: usize) -> Choice {
        self.choice_with(graph, (nodes, &[]), threads)
    }

    /// The same for a kernel that wants something made of others than these nodes' inputs: of states, or of what is fed.
    pub fn choice_with(self, graph: &Graph, (nodes, others): (&[NodeId], &[NodeId]), threads: usize) -> Choice {
        static PLAIN: LazyLock<Arc<dyn plan::Kernel>> = LazyLock::new(|| Arc::new(Kernel::plain(0)));
        let (bytes, wants) = (self.scratch.bytes(threads), self.wants.clone());
        if self.way == Way::Plain && bytes == 0 {
            return Choice::new(Arc::clone(&PLAIN), 0);
        }
        let all: Vec<NodeId> = nodes.iter().flat_map(|&id| &graph.node(id).inputs).chain(others).copied().collect();
        wants.into_iter().fold(Choice::new(Arc::new(self), bytes), |choice, Wanted { inputs, form, len }| {
            let of = inputs.iter().filter_map(|&input| all.get(input).copied()).collect();
            choice.with_prepared(Preparation { of, form: Arc::new(form), bytes: len * Type::F32.bytes() })
        })
    }

    /// Whether it is one for this step's nodes: for their ops, and of their sizes; with all prepared that it wants.
    pub fn suits(&self, plan: &Plan, step: &Step) -> bool {
        let prepared: Vec<_> = step.reads.iter().map(|&id| &plan.prepared[id.index()]).collect();
        let is_made = |made: &plan::Prepared, Wanted { form, len, .. }: &Wanted| {
            made.form.downcast() == Some(form) && made.bytes == len * Type::F32.bytes()
        };
        let is_prepared = prepared.len() == self.wants.len()
            && prepared.iter().zip(&self.wants).all(|(made, wanted)| is_made(made, wanted));
        is_prepared && crate::ops::suits(&self.way, plan, &step.nodes)
    }
}

impl plan::Kernel for Kernel {}

impl plan::Kernel for Form {}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Form::Same => f.write_str("as it lies"),
            Form::Turned { rows } => write!(f, "{rows} rows as columns"),
            Form::Filters(_, cut) => write!(f, "panels {}x{} in {}", cut.width, cut.piece, cut.times),
            Form::Strassen(cut) => write!(f, "seven panels {}x{}", cut.width(), cut.half()),
            // At stride 1 the taps are all, in one phase, however the map is padded.
            Form::Taps(g, phases) => {
                let join = |sizes: [usize; 3]| sizes.map(|size| size.to_string()).join("x");
                let (width, piece) = phases.first().map_or((0, 0), |(_, cut)| (cut.width, cut.piece));
                write!(f, "taps {width}x{piece} in {}", g.groups)?;
                if g.stride == [1; 3] {
                    return Ok(());
                }
                let [stride, pad, dilate] = [g.stride, g.pad, g.dilate].map(join);
                write!(f, ", {} phases of stride {stride} pad {pad} dilate {dilate}", phases.len())
            }
            Form::Transformed(packing, Direction::Forward) => packing.fmt(f),
            Form::Transformed(packing, Direction::Backward) => write!(f, "{packing}, turned"),
            Form::Weights(Transpose::No, cut) => write!(f, "panels {}x{}", cut.width, cut.piece),
            Form::Weights(Transpose::Yes, cut) => write!(f, "panels {}x{} of rows", cut.width, cut.piece),
            Form::Folded { form, eps, .. } => write!(f, "{form}, norm of eps {eps:?} folded"),
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Plain => Ok(()),
            Way::Product(cut) => write!(f, "product {cut}"),
            Way::Thin(cut) => write!(f, "thin product {cut}"),
            Way::Conv(_, way, fused) => write!(f, "{way}{fused}"),
            Way::Separable(separable) => separable.fmt(f),
            Way::Rounds(rounds) => rounds.fmt(f),
            Way::ConvDgrad(_, way) => way.fmt(f),
            Way::ConvWgrad(_, way) => way.fmt(f),
            Way::Updates(rule) => write!(f, "{rule} in one pass"),
            Way::Norm(norm) => norm.fmt(f),
            Way::Rectified(rectified) => rectified.fmt(f),
        }
    }
}
