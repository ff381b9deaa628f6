//! What follows a convolution in its own step: in inference batch normalisation, a shortcut and ReLU, in training the mean and
//! the variance that the normalisation behind it needs.
//!
//! With statistics that are states, batch normalisation is a number by which a filter is multiplied and one that is added to its
//! bias: `w' = w · s/σ`, `b' = shift + (b − mean) · s/σ`, σ = √(variance + eps). Both are worked out in f64, once for as long as the
//! states stay what they are. Shortcut and ReLU are done to the sums while they are at hand. A map is so written once, and read
//! only where it is a shortcut, instead of written three times and read four times. In training each task sums what it has written
//! while that lies in a cache, which saves a read of the map.

use std::collections::HashSet;
use std::fmt;

use fovea_graph::op::{Activation, BatchNorm, Conv};
use fovea_graph::plan::Group;
use fovea_graph::{Graph, NodeId, Op};

use super::{Forward, choose_for, is_of, of_forward, rounds, separable};
use crate::epilogue::Epilogue;
use crate::geometry::Geometry;
use crate::ops::batch_norm::deviation;
use crate::ops::kernel::{Form, Kernel, Wanted, Way};
use crate::ops::{is_kept, prepare};
use crate::scratch::Scratch;
use crate::statistics::Statistics;
use crate::team::Team;
use crate::threads::Threads;

/// What a convolution's step computes beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fused {
    /// Batch normalisation, folded into filters and bias.
    pub norm: bool,
    /// Whether a shortcut is added.
    pub add: bool,
    /// Whether the result is rectified.
    pub relu: bool,
    /// Whether the mean and the variance of the result's channels are worked out, too.
    pub statistics: bool,
}

impl fmt::Display for Fused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.norm, ", norm folded"),
            (self.add, ", shortcut"),
            (self.relu, ", relu"),
            (self.statistics, ", mean and variance"),
        ];
        parts.iter().filter(|(is, _)| *is).try_for_each(|(_, text)| f.write_str(text))
    }
}

/// Convolutions and what follows them; `readers` says how often each value is read.
pub fn groups(graph: &Graph, readers: &[usize], threads: &Threads) -> Vec<Group> {
    // By value: the last node that reads it, and the first variance.
    let (mut last, mut variance) = (vec![None; graph.nodes.len()], vec![None; graph.nodes.len()]);
    for id in graph.ids() {
        let node = graph.node(id);
        node.inputs.iter().for_each(|input| last[input.index()] = Some(id));
        if let Op::ChannelVariance(_) = node.op {
            variance[node.inputs[0].index()].get_or_insert(id);
        }
    }
    let next = |id: NodeId| last[id.index()].filter(|_| readers[id.index()] == 1);
    let mut taken = vec![false; graph.nodes.len()];
    // From the last on: of two convolutions that are added the later one adds, when the other is there.
    let convolutions = graph.ids().rev().filter(|&id| matches!(graph.node(id).op, Op::Conv(_)));
    let chain = |id: NodeId| {
        let mut nodes = vec![id];
        while let Some(reader) = next(nodes[nodes.len() - 1]).filter(|reader| !taken[reader.index()]) {
            nodes.push(reader);
            if recognised(graph, &nodes).is_none() {
                nodes.pop();
                break;
            }
        }
        // Read by others as well, so often in all.
        if readers[id.index()] > 2
            && let (&[conv], Some(variance)) = (&nodes[..], variance[id.index()])
        {
            nodes.extend(statistics_behind(graph, conv, variance));
        }
        nodes.iter().for_each(|id| taken[id.index()] = true);
        nodes
    };
    let chains: Vec<Vec<NodeId>> = convolutions.map(chain).collect();
    let pairs = separable::pairs(graph, &chains, next, threads);
    let paired: HashSet<NodeId> = pairs.iter().flat_map(|(pair, _)| pair.iter().copied()).collect();
    let alone = chains.into_iter().filter(|nodes| !paired.contains(&nodes[0])).map(|nodes| (nodes, None));
    let steps: Vec<_> = pairs.into_iter().map(|(nodes, kernel)| (nodes, Some(kernel))).chain(alone).collect();
    let rounds = rounds::groups(graph, steps.iter().map(|(nodes, _)| &nodes[..]), next, threads);
    let grouped: HashSet<NodeId> = rounds.iter().flat_map(|group| group.nodes.iter().copied()).collect();
    let group = |(nodes, known): (Vec<NodeId>, Option<Kernel>)| {
        let kernel = known.or_else(|| kernel_in_rounds(graph, &nodes, 1, threads))?;
        Some(Group { choice: kernel.choice(graph, &nodes, threads.count()), nodes })
    };
    let others = steps.into_iter().filter(|(nodes, _)| nodes.len() > 1 && !grouped.contains(&nodes[0]));
    let others: Vec<Group> = others.filter_map(group).collect();
    rounds.into_iter().chain(others).collect()
}

/// The kernel of a convolution, or of two, with what follows each, done in so many rounds.
pub(super) fn kernel_in_rounds(graph: &Graph, nodes: &[NodeId], rounds: usize, threads: &Threads) -> Option<Kernel> {
    match recognised(graph, nodes) {
        Some(fused) => kernel(graph, nodes, (fused, rounds), threads),
        None => separable::kernel(graph, nodes, rounds, threads),
    }
}

/// This variance of a convolution's result, and the mean before it.
fn statistics_behind(graph: &Graph, conv: NodeId, variance: NodeId) -> Vec<NodeId> {
    let mean = graph.node(variance).inputs[1];
    let fits = recognised(graph, &[conv, mean, variance]).is_some();
    if fits { vec![mean, variance] } else { Vec::new() }
}

/// What these nodes, in this order, are together.
pub fn recognised(graph: &Graph, nodes: &[NodeId]) -> Option<Fused> {
    let (first, rest) = nodes.split_first()?;
    let Op::Conv(Conv { activation, .. }) = &graph.node(*first).op else { return None };
    // What has its own activation is followed by nothing more.
    if activation.is_some() && !rest.is_empty() {
        return None;
    }
    if let [mean, variance] = rest
        && let [Op::ChannelMean(_), Op::ChannelVariance(_)] = [mean, variance].map(|&id| &graph.node(id).op)
    {
        let fits = graph.node(*mean).inputs == [*first] && graph.node(*variance).inputs == [*first, *mean];
        return fits.then_some(Fused { statistics: true, ..Fused::default() });
    }
    let is_state = |id: &NodeId| matches!(graph.node(*id).op, Op::State(_));
    let (mut fused, mut last) = (Fused::default(), *first);
    for &id in rest {
        let node = graph.node(id);
        let before = fused;
        match &node.op {
            Op::BatchNorm(_) if before == Fused::default() => {
                let states = graph.node(*first).inputs[1..].iter().chain(&node.inputs[1..]);
                let is_constant = graph.updates.is_empty() && states.clone().all(is_state);
                fused.norm = node.inputs[0] == last && is_constant;
            }
            Op::Add(_) if !before.add && !before.relu => {
                fused.add = node.inputs.iter().filter(|&&input| input == last).count() == 1;
            }
            Op::Relu(_) if !before.relu => fused.relu = node.inputs == [last],
            _ => {}
        }
        if fused == before {
            return None;
        }
        last = id;
    }
    Some(fused)
}

/// The kernel of such nodes, done in so many rounds.
fn kernel(graph: &Graph, nodes: &[NodeId], (fused, rounds): (Fused, usize), threads: &Threads) -> Option<Kernel> {
    let node = graph.node(nodes[0]);
    let Op::Conv(op) = &node.op else { return None };
    let whole = of_forward(op, &graph.input_shapes(node), &node.shape);
    let g = Geometry { batch: whole.batch / rounds, ..whole };
    let kernel = choose_for(g, threads.vectors().lanes(), is_kept(graph, node.inputs[1]));
    let Way::Conv(g, way, _) = kernel.way else { return None };
    if fused.statistics {
        let scratch = kernel.scratch.and(Scratch::shared(Statistics::workspace(way.parts(&g)?, g.filters)));
        return Some(Kernel { way: Way::Conv(g, way, fused), scratch, wants: kernel.wants });
    }
    let way = Way::Conv(g, way, fused);
    let Some(&Op::BatchNorm(BatchNorm { eps, .. })) = nodes.get(1).map(|&id| &graph.node(id).op) else {
        return Some(Kernel { way, ..kernel });
    };
    let own = node.inputs.len();
    let (form, len) = match kernel.wants.into_iter().next() {
        Some(Wanted { form, len, .. }) => (form, len),
        None => (Form::Same, g.filters * g.depth()),
    };
    // The filters, the bias where there is one, and the normalisation's.
    let inputs = (1..own).chain(own + 1..own + 5).collect();
    let form = Form::Folded { form: Box::new(form), eps, has_bias: own == 3 };
    Some(Kernel { way, wants: vec![Wanted { inputs, form, len: len + g.filters }], scratch: kernel.scratch })
}

/// The form of folded filters, and behind it the bias.
pub fn fold(form: &Form, eps: f64, has_bias: bool, of: &[&[f32]], to: &mut [f32], team: &Team<'_>) {
    let (w, own) = (of[0], if has_bias { of[1] } else { &[] });
    let [mean, variance, scale, shift] = of[of.len() - 4..] else { unreachable!("the kernel asks for four") };
    let filters = mean.len();
    let (made, bias) = to.split_at_mut(to.len() - filters);
    let factor = |k: usize| f64::from(scale[k]) / deviation(variance[k], eps);
    for (k, bias) in bias.iter_mut().enumerate() {
        let given = own.get(k).map_or(0.0, |&b| f64::from(b));
        *bias = (f64::from(shift[k]) + (given - f64::from(mean[k])) * factor(k)) as f32;
    }
    let (mut folded, each) = (vec![0.0; w.len()], (w.len() / filters.max(1)).max(1));
    team.chunks(&mut folded, each, |start, to| {
        let factor = factor(start / each);
        to.iter_mut().zip(&w[start..]).for_each(|(to, &w)| *to = (f64::from(w) * factor) as f32);
    });
    prepare(form, &[&folded], made, team);
}

/// What a convolution's kernel reads.
#[derive(Clone, Copy)]
pub struct Operands<'a> {
    /// The map.
    pub x: &'a [f32],
    /// The filters: as they were prepared, else as they lie.
    pub filters: &'a [f32],
    /// What follows.
    pub epilogue: Epilogue<'a>,
}

/// Finds the operands of `conv`, which has this activation itself, and of what follows it: among the inputs of its nodes, and what
/// was made of its filters.
pub fn operands<'a>(
    g: &Geometry,
    (fused, own): (Fused, Option<Activation>),
    inputs: &[&'a [f32]],
    prepared: Option<&'a [f32]>,
) -> Operands<'a> {
    // Behind those of the convolution come those of the normalisation, both of the sum, and ReLU's; or of mean and variance.
    let statistics = if fused.statistics { 3 } else { 0 };
    let behind = statistics + usize::from(fused.relu) + if fused.add { 2 } else { 0 } + if fused.norm { 5 } else { 0 };
    let given = if inputs.len() - behind == 3 { Some(inputs[2]) } else { None };
    let (filters, bias) = match prepared {
        Some(made) if fused.norm => {
            let (filters, bias) = made.split_at(made.len() - g.filters);
            (filters, Some(bias))
        }
        made => (made.unwrap_or(inputs[1]), given),
    };
    let summed = inputs.len() - behind + if fused.norm { 5 } else { 0 };
    let shortcut =
        fused.add.then(|| inputs[summed..summed + 2].iter().copied().find(|other| !other.is_empty())).flatten();
    let activation = if fused.relu { Some(Activation::Relu) } else { own };
    Operands { x: inputs[0], filters, epilogue: Epilogue { bias, shortcut, activation, statistics: None } }
}

/// Whether these nodes are a convolution of these sizes and what follows it, done in so many rounds, and this way can compute both.
pub fn is_group(g: &Geometry, (way, fused): (&Forward, Fused), rounds: usize, graph: &Graph, nodes: &[NodeId]) -> bool {
    let is_able = !fused.statistics || way.parts(g).is_some();
    is_able
        && recognised(graph, nodes) == Some(fused)
        && nodes.first().is_some_and(|&id| is_of(g, rounds, graph, graph.node(id)))
}
