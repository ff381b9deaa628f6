//! Passes that make a graph smaller without changing what it computes.

use crate::graph::Graph;
use crate::ids::NodeId;
use crate::op::{Activation, Op};
use crate::stop::{Interrupted, Never, Stop};
use crate::verify::checked;

/// Folds a bias and a ReLU into the convolution or matrix product before them, where nobody else reads the value in
/// between. The result is computed from the same products and sums, so nothing but memory traffic changes.
pub fn fuse(graph: &Graph) -> Graph {
    fuse_unless(graph.clone(), &Never).expect("nothing ends it")
}

/// The same, unless `stop`, which is asked for every node, ends it.
///
/// # Errors
/// [`Interrupted`].
pub fn fuse_unless(mut graph: Graph, stop: &dyn Stop) -> Result<Graph, Interrupted> {
    let readers = graph.readers();
    for id in stop.each(graph.ids()) {
        let id = id?;
        let Some(producer) = graph.node(id).inputs.first().copied() else { continue };
        if readers[producer.index()] != 1 {
            continue;
        }
        let Some((op, inputs)) = fused(&graph, id, producer) else { continue };
        // The reader takes the producer's place, so that its own readers need no change; the producer dies.
        let layer = graph.node(producer).layer;
        let node = &mut graph.nodes[id.index()];
        (node.op, node.inputs, node.layer) = (op, inputs, layer);
    }
    Ok(checked(prune_unless(graph, stop)?, "fuse"))
}

/// What `reader` and `producer` are together, if one op can be both.
fn fused(graph: &Graph, reader: NodeId, producer: NodeId) -> Option<(Op, Vec<NodeId>)> {
    let (reader, producer) = (graph.node(reader), graph.node(producer));
    let mut op = producer.op.clone();
    let activation = match &mut op {
        Op::Conv(conv) => &mut conv.activation,
        Op::Matmul(matmul) => &mut matmul.activation,
        _ => return None,
    };
    if activation.is_some() {
        return None;
    }
    let mut inputs = producer.inputs.clone();
    match reader.op {
        Op::Bias(_) if inputs.len() == 2 => inputs.push(reader.inputs[1]),
        Op::Relu(_) => *activation = Some(Activation::Relu),
        _ => return None,
    }
    Some((op, inputs))
}

/// Leaves out every node that no output, side result or update needs. The tables of inputs, states and layers stay whole.
pub fn prune(graph: Graph) -> Graph {
    prune_unless(graph, &Never).expect("nothing ends it")
}

/// The same, unless `stop`, which is asked for every node, ends it.
///
/// # Errors
/// [`Interrupted`].
pub fn prune_unless(mut graph: Graph, stop: &dyn Stop) -> Result<Graph, Interrupted> {
    let mut needed = vec![false; graph.nodes.len()];
    let roots = graph.outputs.iter().map(|&(_, id)| id).chain(graph.updates.iter().map(|&(_, id)| id));
    for id in roots.chain(graph.sides.iter().map(|&(_, id)| id)) {
        needed[id.index()] = true;
    }
    for id in stop.each(graph.ids().rev()) {
        let id = id?;
        if needed[id.index()] {
            for input in &graph.node(id).inputs {
                needed[input.index()] = true;
            }
        }
    }

    let mut renamed = vec![NodeId(u32::MAX); graph.nodes.len()];
    let mut kept = 0;
    for id in stop.each(graph.ids().filter(|id| needed[id.index()])) {
        let id = id?;
        for input in &mut graph.nodes[id.index()].inputs {
            *input = renamed[input.index()];
        }
        renamed[id.index()] = NodeId::new(kept);
        graph.nodes.swap(kept, id.index());
        kept += 1;
    }
    graph.nodes.truncate(kept);
    let outputs = graph.outputs.iter_mut().map(|(_, id)| id).chain(graph.sides.iter_mut().map(|(_, id)| id));
    for id in outputs.chain(graph.updates.iter_mut().map(|(_, id)| id)) {
        *id = renamed[id.index()];
    }
    Ok(checked(graph, "prune"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::parse;

    /// Pass tests are before-and-after texts.
    fn becomes(before: &str, after: &str) {
        let fused = fuse(&parse(before).expect("the text before parses"));
        assert_eq!(fused.to_string(), parse(after).expect("the text after parses").to_string());
    }

    const HEAD: &str = "graph t\n\
        input images 1x4x4x2\n\
        state conv1.filter 3x3x3x2 {\"role\":\"parameter\",\"init\":{\"he_normal\":{\"fan_in\":18}}}\n\
        state conv1.bias 3 {\"role\":\"parameter\",\"init\":\"zeros\"}\n\
        layer conv1 conv\nlayer relu1 relu\n";
    const CONV: &str = r#""stride":[1,1],"pad":[[1,1],[1,1]],"dilate":[1,1],"groups":1"#;

    #[test]
    fn bias_and_relu_become_part_of_the_convolution() {
        let before = format!(
            "{HEAD}%0 = input images : 1x4x4x2\n\
             %1 = state conv1.filter : 3x3x3x2 @conv1\n\
             %2 = conv %0 %1 {{{CONV}}} : 1x4x4x3 @conv1\n\
             %3 = state conv1.bias : 3 @conv1\n\
             %4 = bias %2 %3 : 1x4x4x3 @conv1\n\
             %5 = relu %4 : 1x4x4x3 @relu1\n\
             output result %5\n"
        );
        let after = format!(
            "{HEAD}%0 = input images : 1x4x4x2\n\
             %1 = state conv1.filter : 3x3x3x2 @conv1\n\
             %2 = state conv1.bias : 3 @conv1\n\
             %3 = conv %0 %1 %2 {{{CONV},\"activation\":\"relu\"}} : 1x4x4x3 @conv1\n\
             output result %3\n"
        );
        becomes(&before, &after);
    }

    #[test]
    fn a_value_that_somebody_else_reads_stays() {
        let text = format!(
            "{HEAD}%0 = input images : 1x4x4x2\n\
             %1 = state conv1.filter : 3x3x3x2 @conv1\n\
             %2 = conv %0 %1 {{{CONV}}} : 1x4x4x3 @conv1\n\
             %3 = relu %2 : 1x4x4x3 @relu1\n\
             %4 = add %2 %3 : 1x4x4x3\n\
             output result %4\n"
        );
        becomes(&text, &text);
    }
}
