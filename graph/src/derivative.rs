//! Gradients as outputs of a graph, and an input that is a state: what is asked of a net beside its result.

use crate::Shape;
use crate::autodiff::{Rules, gradients, gradients_along};
use crate::fuse::prune_unless;
use crate::graph::{Graph, Init, Role, State};
use crate::ids::{InputId, NodeId, StateId};
use crate::op::{Add, Fill, GradientError, Op};
use crate::stop::{Never, Stop};

/// The output of [`with_gradients`] that holds the gradient by the input or state `name`.
pub fn gradient_of(name: &str) -> String {
    format!("gradient of {name}")
}

/// The input of [`with_gradients`] with which the output `name`, of more than one element, is summed.
pub fn weights_of(name: &str) -> String {
    format!("weights of {name}")
}

/// Adds to a graph the gradients of its output `of` by the inputs and states `by`, each an output that [`gradient_of`]
/// names. An `of` of more than one element is summed with weights, a new input that [`weights_of`] names: with 1 at a
/// class's score and 0 elsewhere they are the gradients of this score.
///
/// # Errors
/// A name that is no output, input or state of the graph; an op without a gradient.
pub fn with_gradients(graph: &Graph, of: &str, by: &[&str]) -> Result<Graph, GradientError> {
    with_gradients_unless(graph.clone(), of, by, Rules::Gradient, &Never)
}

/// The same by other rules than the derivative's, of an `of` of more than one element, unless `stop`, which is asked for
/// every node, ends it.
///
/// # Errors
/// As [`with_gradients`]; [`GradientError::Interrupted`].
pub fn with_gradients_unless(
    mut graph: Graph,
    of: &str,
    by: &[&str],
    rules: Rules,
    stop: &dyn Stop,
) -> Result<Graph, GradientError> {
    let value = output(&graph, of)?;
    let reads = by.iter().map(|name| reads(&graph, name)).collect::<Result<Vec<_>, _>>()?;
    let all = reads.concat();
    let found = if graph.shape(value).rank() == 0 {
        gradients(&mut graph, value, &all, stop)?
    } else {
        let weights = graph.input(&weights_of(of), graph.shape(value).clone());
        gradients_along(&mut graph, value, weights, &all, rules, stop)?
    };
    let mut found = found.into_iter();
    for (name, reads) in by.iter().zip(&reads) {
        let parts: Vec<NodeId> = found.by_ref().take(reads.len()).flatten().collect();
        let shape = declared(&graph, name).cloned().ok_or_else(|| GradientError::NoVariable(name.to_string()))?;
        let sum = sum(&mut graph, &parts, shape)?;
        graph.output(&gradient_of(name), sum);
    }
    Ok(prune_unless(graph, stop)?)
}

/// The output of [`with_maps`] that holds the maps.
pub const MAPS: &str = "maps";

/// Adds to a graph the maps `[N, spatial…, C]` of a layer, or its last ones of more than one position that the output `of`
/// depends on, as the output [`MAPS`], and the gradient by them of `of`, summed with the input that [`weights_of`] names, as `gradient of maps`;
/// `stop` is asked for every node.
///
/// # Errors
/// As [`with_gradients`]; a graph without such maps.
pub fn with_maps(mut graph: Graph, of: &str, layer: Option<&str>, stop: &dyn Stop) -> Result<Graph, GradientError> {
    let value = output(&graph, of)?;
    let maps = match layer {
        Some(layer) => maps_of(&graph, layer),
        None => last_maps(&graph, value),
    };
    let maps = maps.ok_or(GradientError::NoMaps)?;
    let weights = graph.input(&weights_of(of), graph.shape(value).clone());
    let found = gradients_along(&mut graph, value, weights, &[maps], Rules::Gradient, stop)?;
    let parts: Vec<NodeId> = found.into_iter().flatten().collect();
    let shape = graph.shape(maps).clone();
    let sum = sum(&mut graph, &parts, shape)?;
    graph.output(MAPS, maps);
    graph.output(&gradient_of(MAPS), sum);
    Ok(prune_unless(graph, stop)?)
}

/// The last maps of more than one position that were computed on the way to a value.
fn last_maps(graph: &Graph, value: NodeId) -> Option<NodeId> {
    let mut needed = vec![false; graph.nodes.len()];
    needed[value.index()] = true;
    for id in graph.ids().rev().filter(|id| id.index() <= value.index()) {
        if !needed[id.index()] {
            continue;
        }
        if is_map(graph, id) {
            return Some(id);
        }
        graph.node(id).inputs.iter().for_each(|input| needed[input.index()] = true);
    }
    None
}

/// The value of the layer of this name, where it is maps.
fn maps_of(graph: &Graph, layer: &str) -> Option<NodeId> {
    let is_of = |id: &NodeId| graph.node(*id).layer.is_some_and(|of| graph.layers[of.index()].name == layer);
    graph.ids().rev().find(is_of).filter(|&id| is_map(graph, id))
}

/// Whether a node computes maps of more than one position.
fn is_map(graph: &Graph, id: NodeId) -> bool {
    let shape = graph.shape(id);
    let is_spread = shape.rank() > 2 && shape.spatial().iter().any(|&extent| extent > 1);
    is_spread && !matches!(graph.node(id).op, Op::Input(_) | Op::State(_) | Op::Fill(_))
}

/// The same graph, whose input `name` is a parameter instead, behind all other states and at first zero: so that the
/// picture follows a gradient, as in a style transfer.
///
/// # Errors
/// There is no such input.
pub fn input_as_parameter(graph: &Graph, name: &str) -> Result<Graph, GradientError> {
    let mut graph = graph.clone();
    let input = graph.find_input(name).ok_or_else(|| GradientError::NoVariable(name.to_string()))?;
    let shape = graph.inputs.remove(input.index()).shape;
    let state = StateId::new(graph.states.len());
    graph.states.push(State { name: name.to_string(), shape, role: Role::Parameter, init: Init::Zeros });
    for node in &mut graph.nodes {
        match &mut node.op {
            Op::Input(id) if *id == input => node.op = Op::State(state),
            Op::Input(id) if id.index() > input.index() => *id = InputId::new(id.index() - 1),
            _ => {}
        }
    }
    Ok(graph)
}

/// The value of the output `name`.
pub(crate) fn output(graph: &Graph, name: &str) -> Result<NodeId, GradientError> {
    graph.find_output(name).ok_or_else(|| GradientError::NoOutput(name.to_string()))
}

/// The nodes that read an input or a state.
fn reads(graph: &Graph, name: &str) -> Result<Vec<NodeId>, GradientError> {
    if declared(graph, name).is_none() {
        return Err(GradientError::NoVariable(name.to_string()));
    }
    let is = |id: &NodeId| match graph.node(*id).op {
        Op::Input(input) => graph.inputs[input.index()].name == name,
        Op::State(state) => graph.states[state.index()].name == name,
        _ => false,
    };
    Ok(graph.ids().filter(is).collect())
}

/// The shape of an input or a state.
fn declared<'a>(graph: &'a Graph, name: &str) -> Option<&'a Shape> {
    let input = graph.inputs.iter().find(|input| input.name == name).map(|input| &input.shape);
    input.or_else(|| graph.states.iter().find(|state| state.name == name).map(|state| &state.shape))
}

/// The sum of these values, of one shape; zeros where there are none.
pub(crate) fn sum(graph: &mut Graph, parts: &[NodeId], shape: Shape) -> Result<NodeId, GradientError> {
    let Some((&first, rest)) = parts.split_first() else {
        return Ok(graph.push(Op::Fill(Fill { shape, value: 0.0 }), &[], None)?);
    };
    let mut sum = first;
    for &part in rest {
        sum = graph.push(Op::Add(Add {}), &[sum, part], None)?;
    }
    Ok(sum)
}
