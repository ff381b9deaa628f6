//! What runs a step on the CPU, as plans carry it: chosen once by [`ops::choose`](crate::ops::choose), obeyed by
//! [`ops::run`](crate::ops::run), printed by `explain`.

use std::fmt;
use std::sync::Arc;

use fovea_graph::Graph;
use fovea_graph::plan::{self, Choice, Step, Type};

use crate::geometry::Geometry;
use crate::ops::conv::{Dgrad, Forward, Wgrad};
use crate::product::Cut;

/// An algorithm with all that was decided with it, and the memory that it needs beside its operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// How it is computed.
    pub way: Way,
    /// With what memory.
    pub scratch: Scratch,
}

/// How a node is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// The op's one way: what is cut follows from the shapes.
    Plain,
    /// A product of matrices.
    Product(Cut),
    /// `conv`.
    Conv(Geometry, Forward),
    /// `conv_dgrad`.
    ConvDgrad(Geometry, Dgrad),
    /// `conv_wgrad`.
    ConvWgrad(Geometry, Wgrad),
}

/// How much memory a kernel needs beside its operands, in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scratch {
    /// Of the step's scratch memory, what all threads share.
    pub shared: usize,
    /// Of the same, what each thread has to itself.
    pub each: usize,
}

impl Scratch {
    /// So much for all threads together.
    pub fn shared(shared: usize) -> Self {
        Self { shared, ..Self::default() }
    }

    /// Both.
    pub fn and(self, other: Self) -> Self {
        Self { shared: self.shared + other.shared, each: self.each + other.each }
    }

    /// Enough for the one as well as for the other.
    pub fn either(self, other: Self) -> Self {
        Self { shared: self.shared.max(other.shared), each: self.each.max(other.each) }
    }

    /// The bytes of a step's scratch memory for so many threads.
    pub fn bytes(&self, threads: usize) -> usize {
        (self.shared + threads * self.each) * Type::F32.bytes()
    }
}

impl Kernel {
    /// The op's one way, with so much scratch memory for all threads together.
    pub fn plain(shared: usize) -> Self {
        Self { way: Way::Plain, scratch: Scratch::shared(shared) }
    }

    /// The kernel of a step, if it is the CPU's.
    pub fn of(step: &Step) -> Option<&Self> {
        step.kernel.downcast()
    }

    /// As a plan for so many threads takes it.
    pub fn choice(self, threads: usize) -> Choice {
        let bytes = self.scratch.bytes(threads);
        Choice::new(Arc::new(self), bytes)
    }

    /// Whether it is one for this step's node: for its op, and of its sizes.
    pub fn suits(&self, graph: &Graph, step: &Step) -> bool {
        crate::ops::suits(&self.way, graph, graph.node(step.node))
    }
}

impl plan::Kernel for Kernel {}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Plain => Ok(()),
            Way::Product(cut) => write!(f, "product {cut}"),
            Way::Conv(_, way) => way.fmt(f),
            Way::ConvDgrad(_, way) => way.fmt(f),
            Way::ConvWgrad(_, way) => way.fmt(f),
        }
    }
}
