//! What a launch is told of each tensor: where its values lie, and the numbers of its updates.

use fovea_graph::op::{AdamMean, AdamSquare, AdamStep, NesterovStep, RmsVelocity, Running, SgdStep, SgdVelocity};
use fovea_graph::{Graph, Node, NodeId, Op};

use super::super::Range;
use super::Entry;
use crate::kernels::{AdamEntry, ClipEntry, RmsEntry, RunningEntry, SgdEntry};
use crate::view::{In, InOut, Out};

pub(super) fn sgd_entry(graph: &Graph, entry: &Entry, locate: &dyn Fn(NodeId) -> Range) -> SgdEntry {
    let mut made = SgdEntry {
        w: InOut::none(),
        g: In::none(),
        v: InOut::none(),
        new_v: Out::none(),
        new_w: Out::none(),
        clip: In::none(),
        first_block: entry.first_block,
        momentum: 0.0,
        decay: 0.0,
        factor: 1.0,
        nesterov: 0,
        gradient: entry.names[0],
        update: entry.names[1],
    };
    for &id in &entry.nodes {
        let node = graph.node(id);
        let input = |i: usize| locate(node.inputs[i]);
        made.w = input(0).update();
        match &node.op {
            Op::SgdVelocity(SgdVelocity { momentum, decay }) => {
                (made.g, made.v, made.new_v) = (input(1).read(), input(2).update(), locate(id).write());
                (made.momentum, made.decay) = (*momentum as f32, *decay as f32);
                made.clip = clip_of(node, 3, locate);
            }
            Op::NesterovStep(NesterovStep { momentum, decay, factor }) => {
                (made.g, made.new_w, made.clip) = (input(1).read(), locate(id).write(), clip_of(node, 3, locate));
                (made.momentum, made.decay) = (*momentum as f32, *decay as f32);
                (made.factor, made.nesterov) = (*factor as f32, 1);
                if entry.nodes.len() == 1 {
                    made.v = input(2).update();
                }
            }
            Op::SgdStep(SgdStep { factor }) => {
                (made.new_w, made.factor) = (locate(id).write(), *factor as f32);
                if entry.nodes.len() == 1 {
                    made.v = input(1).update();
                }
            }
            _ => {}
        }
    }
    made
}

/// Where the factor of clipped gradients lies, which may stand behind an update's `own` inputs.
fn clip_of(node: &Node, own: usize, locate: &dyn Fn(NodeId) -> Range) -> In<f32> {
    node.inputs.get(own).map_or(In::none(), |&id| locate(id).read())
}

pub(super) fn rms_entry(graph: &Graph, entry: &Entry, locate: &dyn Fn(NodeId) -> Range) -> RmsEntry {
    let mut made = RmsEntry {
        w: InOut::none(),
        g: In::none(),
        v: InOut::none(),
        b: InOut::none(),
        new_v: Out::none(),
        new_b: Out::none(),
        new_w: Out::none(),
        clip: In::none(),
        factor: 1.0,
        first_block: entry.first_block,
        square_stays: 0.0,
        square_enters: 0.0,
        square_decay: 0.0,
        momentum: 0.0,
        decay: 0.0,
        eps: 0.0,
        gradient: entry.names[0],
        update: entry.names[1],
    };
    for &id in &entry.nodes {
        let node = graph.node(id);
        let input = |i: usize| locate(node.inputs[i]);
        made.w = input(0).update();
        match &node.op {
            Op::AdamSquare(AdamSquare { beta, decay }) => {
                (made.g, made.v, made.new_v) = (input(1).read(), input(2).update(), locate(id).write());
                made.clip = clip_of(node, 3, locate);
                (made.square_stays, made.square_enters, made.square_decay) =
                    (*beta as f32, (1.0 - beta) as f32, *decay as f32);
            }
            Op::RmsVelocity(RmsVelocity { momentum, eps, decay }) => {
                (made.g, made.b, made.new_b) = (input(1).read(), input(2).update(), locate(id).write());
                made.clip = clip_of(node, 4, locate);
                (made.momentum, made.eps, made.decay) = (*momentum as f32, *eps as f32, *decay as f32);
                if !entry.nodes.contains(&node.inputs[3]) {
                    made.v = input(3).update();
                }
            }
            Op::SgdStep(SgdStep { factor }) => {
                (made.new_w, made.factor) = (locate(id).write(), *factor);
                if !entry.nodes.contains(&node.inputs[1]) {
                    made.b = input(1).update();
                }
            }
            _ => {}
        }
    }
    made
}

pub(super) fn clip_entry(
    graph: &Graph,
    entry: &Entry,
    (locate, factor): (&dyn Fn(NodeId) -> Range, NodeId),
    scratch: Range,
) -> ClipEntry {
    let Op::ClipFactor(ref op) = graph.node(factor).op else { unreachable!("the family says so") };
    ClipEntry {
        g: locate(entry.nodes[0]).read(),
        norms: scratch.update(),
        clip: locate(factor).write(),
        first_block: entry.first_block,
        limit: op.limit,
    }
}

pub(super) fn adam_entry(graph: &Graph, entry: &Entry, locate: &dyn Fn(NodeId) -> Range) -> AdamEntry {
    let mut made = AdamEntry {
        w: InOut::none(),
        g: In::none(),
        m: InOut::none(),
        v: InOut::none(),
        new_m: Out::none(),
        new_v: Out::none(),
        new_w: Out::none(),
        clip: In::none(),
        beta1: 0.0,
        beta2: 0.0,
        factor: 1.0,
        first_block: entry.first_block,
        mean_stays: 0.0,
        mean_enters: 0.0,
        mean_decay: 0.0,
        square_stays: 0.0,
        square_enters: 0.0,
        square_decay: 0.0,
        eps: 0.0,
        decay: 0.0,
        gradient: entry.names[0],
        update: entry.names[1],
    };
    for &id in &entry.nodes {
        let node = graph.node(id);
        let input = |i: usize| locate(node.inputs[i]);
        made.w = input(0).update();
        match &node.op {
            Op::AdamMean(AdamMean { beta, decay }) => {
                made.clip = clip_of(node, 3, locate);
                (made.g, made.m, made.new_m) = (input(1).read(), input(2).update(), locate(id).write());
                (made.mean_stays, made.mean_enters, made.mean_decay) =
                    (*beta as f32, (1.0 - beta) as f32, *decay as f32);
            }
            Op::AdamSquare(AdamSquare { beta, decay }) => {
                made.clip = clip_of(node, 3, locate);
                (made.g, made.v, made.new_v) = (input(1).read(), input(2).update(), locate(id).write());
                (made.square_stays, made.square_enters, made.square_decay) =
                    (*beta as f32, (1.0 - beta) as f32, *decay as f32);
            }
            Op::AdamStep(AdamStep { beta1, beta2, eps, decay, factor }) => {
                (made.new_w, made.factor) = (locate(id).write(), *factor);
                (made.beta1, made.beta2, made.eps, made.decay) = (*beta1, *beta2, *eps as f32, *decay as f32);
                if entry.nodes.len() == 1 {
                    (made.m, made.v) = (input(1).update(), input(2).update());
                }
            }
            _ => {}
        }
    }
    made
}

pub(super) fn running_entry(graph: &Graph, entry: &Entry, locate: &dyn Fn(NodeId) -> Range) -> RunningEntry {
    let (id, node) = (entry.nodes[0], graph.node(entry.nodes[0]));
    let Op::Running(Running { momentum, correction }) = node.op else { unreachable!("the family says so") };
    RunningEntry {
        r: locate(node.inputs[0]).update(),
        s: locate(node.inputs[1]).read(),
        new_r: locate(id).write(),
        first_block: entry.first_block,
        stays: (1.0 - momentum) as f32,
        enters: (momentum * correction) as f32,
    }
}
