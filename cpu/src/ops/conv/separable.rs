//! A convolution of each channel alone and the 1×1 convolution of what it gives, each with what follows it, in one step of
//! inference: what the first gives is never stored as a map.
//!
//! A task computes some lines of the first for all channels into its own memory, 170 KiB of the second-level cache on AVX2, 340 on
//! AVX-512, as rows of the product that multiplies them by the second's filters: nothing is gathered. Saved are a write of
//! the map between and two reads (one of them to own the lines that are written): of MobileNet's first pair at batch 8, 112² of
//! 32 and 64 channels, 39 of 103 MB.
//! Where that map is small it stays in a cache anyway, and two steps share out their work better.
//!
//! Source: A. G. Howard et al., "MobileNets", arXiv:1704.04861.

use std::collections::HashMap;
use std::fmt;

use fovea_graph::{Graph, NodeId, Op};
use pulp::{Simd, WithSimd};

use super::fused::{self, Fused, Operands};
use super::{Forward, is_of};
use crate::geometry::Geometry;
use crate::ops::Call;
use crate::ops::depthwise::Slide;
use crate::ops::kernel::{Kernel, Way};
use crate::product::{Cut, Factor, Memory, Product, Rows, TILE, Tiles};
use crate::scratch::Scratch;
use crate::simd::LINE;
use crate::threads::Threads;

/// Both convolutions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Separable {
    /// That of each channel alone, and what follows it.
    first: (Geometry, Fused),
    /// The 1×1 one, and what follows it.
    second: (Geometry, Fused),
    /// The second as a product.
    cut: Cut,
    /// Lines of the map between that a task computes at a time.
    lines: usize,
    /// How often.
    times: usize,
}

impl fmt::Display for Separable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first: (_, first), second: (_, second), cut, lines, .. } = self;
        let plural = if *lines == 1 { "" } else { "s" };
        write!(f, "depthwise{first}; {lines} line{plural} at a time, product {cut}{second}")
    }
}

impl Separable {
    /// How these two are computed together, where that is worth it.
    fn new(first: (Geometry, Fused), second: (Geometry, Fused), cut: Cut) -> Option<Self> {
        /// Elements of the map between from which on it is not stored.
        const LARGE: usize = 1 << 16;
        /// Tasks that two threads share out evenly, and that are enough for many.
        const FEWEST: usize = 14;
        const TASKS: usize = 64;
        let (g, all) = (&first.0, first.0.rows() / first.0.out[2]);
        let lines = lines(g, &cut, all / FEWEST)?;
        let has_statistics = first.1.statistics || second.1.statistics;
        let is_alone = g.group_filters() == 1 && !first.1.add && second.0.groups == 1 && !has_statistics;
        let is_point = [second.0.window, second.0.stride] == [[1; 3]; 2] && second.0.pad == [0; 3];
        // Panels that leave the second-level cache come anew for each task: on AVX2 two steps are faster then. On AVX-512 one
        // was, before products went through all rows with some columns; it was not measured since.
        let stays = cut.is_wide() || cut.is_one_block();
        let is_large = g.rows() * g.filters >= LARGE && stays;
        let times = all.div_ceil(lines).div_ceil(TASKS);
        (is_alone && is_point && is_large).then_some(Self { first, second, cut, lines, times })
    }

    /// Rows of the map between that a task has at a time.
    fn rows(&self) -> usize {
        self.lines * self.first.0.out[2]
    }

    /// Elements of a row of the map between, as a task has it: not a power of two, so that rows share no set of the cache.
    fn row(&self) -> usize {
        self.cut.piece.next_multiple_of(LINE) + LINE
    }

    /// Elements of the tiles that a task has to itself.
    fn own(&self) -> usize {
        self.cut.pieces(0..self.cut.depth).count() * self.rows() * self.row() + TILE
    }
}

/// Lines of the map between, so many at most, whose elements stay in the second-level cache, and whose rows fill tiles best;
/// none where they leave a tenth of them empty, or a line is too much.
fn lines(g: &Geometry, cut: &Cut, most: usize) -> Option<usize> {
    /// Elements, by the columns of a panel.
    const OWN: usize = 2700;
    /// Rows.
    const MOST: usize = 512;
    let width = g.out[2];
    let most = ((OWN * cut.width / g.filters).min(MOST) / width).min(most);
    // Of a thousand rows that are computed, those that are wanted.
    let filled = |lines: usize| lines * width * 1000 / (lines * width).next_multiple_of(cut.tile);
    (1..=most).max_by_key(|&lines| filled(lines)).filter(|&lines| filled(lines) >= 900)
}

/// Those of the chains, each a convolution with what follows it, that are computed together, two by two, and how.
pub fn pairs(
    graph: &Graph,
    chains: &[Vec<NodeId>],
    next: impl Fn(NodeId) -> Option<NodeId>,
    threads: &Threads,
) -> Vec<(Vec<NodeId>, Kernel)> {
    let by_first: HashMap<NodeId, &Vec<NodeId>> = chains.iter().map(|chain| (chain[0], chain)).collect();
    let is_depthwise = |id: NodeId| matches!(&graph.node(id).op, Op::Conv(conv) if conv.groups > 1);
    let pair = |first: &Vec<NodeId>| {
        let behind = first.last().filter(|_| is_depthwise(first[0])).and_then(|&last| next(last))?;
        let nodes = [&first[..], by_first.get(&behind)?].concat();
        kernel(graph, &nodes, 1, threads).map(|kernel| (nodes, kernel))
    };
    chains.iter().filter_map(pair).collect()
}

/// The kernel of two such chains, done in so many rounds.
pub(super) fn kernel(graph: &Graph, nodes: &[NodeId], rounds: usize, threads: &Threads) -> Option<Kernel> {
    let (first, second) = halves(graph, nodes)?;
    let of = |nodes: &[NodeId]| {
        fused::recognised(graph, nodes).and_then(|_| fused::kernel_in_rounds(graph, nodes, rounds, threads))
    };
    let (one, other) = (of(first)?, of(second)?);
    let (Way::Conv(g, Forward::Depthwise, before), Way::Conv(h, Forward::Product(cut), behind)) = (one.way, other.way)
    else {
        return None;
    };
    let separable = Separable::new((g, before), (h, behind), cut)?;
    let scratch = Scratch::each(separable.own() + cut.workspace());
    let inputs: usize = first.iter().map(|&id| graph.node(id).inputs.len()).sum();
    let behind = other.wants.iter().map(|wanted| wanted.behind(inputs));
    let wants = one.wants.iter().cloned().chain(behind).collect();
    Some(Kernel { way: Way::Separable(Box::new(separable)), scratch, wants })
}

/// The two chains of a group.
fn halves<'a>(graph: &Graph, nodes: &'a [NodeId]) -> Option<(&'a [NodeId], &'a [NodeId])> {
    let second = nodes.iter().skip(1).position(|&id| matches!(graph.node(id).op, Op::Conv(_)))?;
    Some(nodes.split_at(second + 1))
}

/// Whether these nodes are the two convolutions, each of its sizes and with what follows it, done in so many rounds.
pub fn is_separable(separable: &Separable, rounds: usize, graph: &Graph, nodes: &[NodeId]) -> bool {
    let is = |(g, fused): &(Geometry, Fused), nodes: &[NodeId]| {
        fused::recognised(graph, nodes) == Some(*fused) && is_of(g, rounds, graph, graph.node(nodes[0]))
    };
    halves(graph, nodes).is_some_and(|(first, second)| {
        let joins = first.last().is_some_and(|last| graph.node(second[0]).inputs[0] == *last);
        joins && is(&separable.first, first) && is(&separable.second, second)
    })
}

/// Both convolutions.
pub fn separable(separable: &Separable, graph: &Graph, nodes: &[NodeId], call: Call<'_>) {
    let (first, second) = halves(graph, nodes).unwrap_or((nodes, &[]));
    let activation = |nodes: &[NodeId]| match nodes.first().map(|&id| &graph.node(id).op) {
        Some(Op::Conv(conv)) => conv.activation,
        _ => None,
    };
    let (inputs, prepared) = (&call.memory.inputs, &call.memory.prepared);
    let (before, behind) = inputs.split_at(first.iter().map(|&id| graph.node(id).inputs.len()).sum());
    let [(g, one), (h, other)] = [separable.first, separable.second];
    let (one, other) = ((one, activation(first)), (other, activation(second)));
    let first = fused::operands(&g, one, before, prepared.first().copied());
    let slide = Slide::forward(&g, first.x, first.filters, first.epilogue);
    let second = fused::operands(&h, other, behind, prepared.get(1).copied());
    let rows = separable.rows() * separable.times;
    let (memory, each) = (Memory::new(call.memory.output), separable.own() + separable.cut.workspace());
    call.team.tasks(g.rows().div_ceil(rows), call.memory.workspace, each, |task, workspace| {
        let rows = task * rows..((task + 1) * rows).min(g.rows());
        call.team.vectors().dispatch(Run { separable, slide, second, rows, memory, workspace });
    });
}

/// Some rows of the result.
struct Run<'a> {
    separable: &'a Separable,
    slide: Slide<'a>,
    second: Operands<'a>,
    rows: std::ops::Range<usize>,
    memory: Memory,
    workspace: &'a mut [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { separable, slide, second, rows, memory, workspace } = self;
        let (cut, together, row) = (&separable.cut, separable.rows(), separable.row());
        let (made, workspace) = workspace.split_at_mut(separable.own());
        for start in rows.clone().step_by(together) {
            let end = (start + together).min(rows.end);
            for (piece, channels) in cut.pieces(0..cut.depth).enumerate() {
                slide.rows(simd, start..end, channels, &mut made[piece * together * row..], row);
            }
            let product = Product::<_, Rows<'_>, _> {
                left: &Tiles { data: made, row, piece: cut.piece, rows: together },
                right: Factor::Packed(second.filters),
                place: |_, row| (start + row) * cut.columns,
                epilogue: second.epilogue,
            };
            product.rows(simd, cut, 0..end - start, memory, workspace);
        }
    }
}
