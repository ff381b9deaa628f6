//! What each op does on the CPU: one file a family. This file only hands over.

mod adam;
mod batch_norm;
mod bias;
mod channels;
mod clip;
mod concat;
pub mod conv;
mod depthwise;
mod dropout;
mod elementwise;
mod few;
mod frame;
pub mod kernel;
mod loss;
mod lrn;
mod matmul;
mod moments;
mod narrow;
mod norm;
mod one_pass;
mod overlap;
mod planar;
mod pool;
mod pool_gradient;
mod pool_windows;
mod rectified;
mod rmsprop;
mod sgd;
mod sign_step;
mod soft;
mod softmax;
mod unary;
mod update;
mod upsample;
mod winograd;

use fovea_graph::op::Transpose;
use fovea_graph::plan::{Group, Place};
use fovea_graph::{Feed, Graph, Node, NodeId, Op, Plan, Shape};

use crate::ops::conv::Fused;
use crate::ops::kernel::{Form, Kernel, Way};
use crate::storage::Operands;
use crate::team::Team;
use crate::threads::Threads;

pub use norm::Norm;
pub use one_pass::Rule;
pub use rectified::Rectified;

/// One evaluation of a step.
pub struct Call<'a> {
    /// What the plan has chosen.
    pub kernel: &'a Kernel,
    /// The shapes of the last node's inputs.
    pub shapes: &'a [&'a Shape],
    /// The last node's shape.
    pub shape: &'a Shape,
    /// Inputs, output and scratch memory.
    pub memory: Operands<'a>,
    /// What the step was given.
    pub feed: &'a Feed<'a>,
    /// The threads.
    pub team: &'a Team<'a>,
}

/// Neighbours that these threads compute in one step.
pub fn groups(graph: &Graph, threads: &Threads) -> Vec<Group> {
    let readers = graph.readers();
    let mut groups = conv::groups(graph, &readers, threads);
    groups.extend(norm::groups(graph, &readers));
    groups.extend(rectified::groups(graph, &readers, threads.count()));
    groups.extend(one_pass::groups(graph));
    groups
}

/// Whether a value stays from step to step: a state, where the graph writes none.
fn is_kept(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.node(id).op, Op::State(_)) && graph.updates.is_empty()
}

/// How it computes what is a product, on vectors of so many lanes.
fn product(graph: &Graph, id: NodeId, lanes: usize) -> Kernel {
    let node = graph.node(id);
    let (shapes, shape) = (graph.input_shapes(node), &node.shape);
    match &node.op {
        Op::Conv(op) => conv::choose(op, &shapes, shape, lanes, is_kept(graph, node.inputs[1])),
        Op::ConvDgrad(op) => conv::choose_dgrad(op, &shapes, shape, lanes),
        Op::ConvWgrad(op) => conv::choose_wgrad(op, &shapes, lanes),
        Op::Matmul(op) => matmul::choose(op, &shapes, shape, lanes, is_kept(graph, node.inputs[1])),
        _ => unreachable!("`choose` asks for these alone"),
    }
}

/// How this backend computes a node, on these threads.
pub fn choose(graph: &Graph, id: NodeId, threads: &Threads) -> Kernel {
    let node = graph.node(id);
    let shapes = graph.input_shapes(node);
    let plain = Kernel::plain;
    match &node.op {
        Op::Conv(_) | Op::ConvDgrad(_) | Op::ConvWgrad(_) | Op::Matmul(_) => {
            product(graph, id, threads.vectors().lanes())
        }
        Op::ChannelSum(_) | Op::ChannelMean(_) | Op::ChannelVariance(_) | Op::BatchNormScaleGrad(_) => {
            plain(channels::workspace(shapes[0], 1))
        }
        Op::BatchNorm(_) => plain(batch_norm::workspace(shapes[0])),
        Op::BatchNormDgrad(_) => plain(batch_norm::dgrad_workspace(shapes[0])),
        Op::LrnGrad(_) => plain(lrn::grad_workspace(shapes[0], threads.count())),
        Op::Upsample(_) | Op::UpsampleGrad(_) => {
            plain(upsample::workspace(&node.op, shapes[0], &node.shape, threads.count()))
        }
        Op::CrossEntropy(_) | Op::Correct(_) => plain(loss::workspace(shapes[0])),
        Op::SquaredError(_) | Op::PointwiseLoss(_) => plain(loss::workspace_of_squares(shapes[0])),
        Op::Overlap(_) => plain(overlap::workspace(shapes[0])),
        Op::ClipFactor(_) => plain(clip::workspace(&shapes)),
        Op::Input(_)
        | Op::State(_)
        | Op::Fill(_)
        | Op::Bias(_)
        | Op::Relu(_)
        | Op::ReluGrad(_)
        | Op::Pool(_)
        | Op::PoolGrad(_)
        | Op::Reshape(_)
        | Op::Dropout(_)
        | Op::Add(_)
        | Op::Softmax(_)
        | Op::SoftmaxGrad(_)
        | Op::CrossEntropyGrad(_)
        | Op::SquaredErrorGrad(_)
        | Op::LabelWeight(_)
        | Op::PointwiseLossGrad(_)
        | Op::OverlapGrad(_)
        | Op::Dice(_)
        | Op::DiceGrad(_)
        | Op::SgdVelocity(_)
        | Op::SgdStep(_)
        | Op::NesterovStep(_)
        | Op::RmsVelocity(_)
        | Op::SignStep(_)
        | Op::Unary(_)
        | Op::UnaryGrad(_)
        | Op::Concat(_)
        | Op::ChannelSlice(_)
        | Op::Frame(_)
        | Op::Running(_)
        | Op::Lrn(_)
        | Op::Scale(_)
        | Op::PoolPick(_)
        | Op::AdamMean(_)
        | Op::AdamSquare(_)
        | Op::AdamStep(_) => plain(0),
    }
}

/// Whether a plan's nodes can be computed in this way: for ops that have several it must be one of theirs, for their sizes.
pub fn suits(way: &Way, plan: &Plan, nodes: &[NodeId]) -> bool {
    let graph = &plan.graph;
    let &[id] = nodes else {
        let written = |id: NodeId| match plan.place(id) {
            Place::State(state) => Some(state),
            _ => None,
        };
        return match way {
            Way::Updates(rule) => one_pass::rule(graph, nodes, written) == Some(*rule),
            Way::Norm(norm) => norm::recognised(graph, nodes).is_some_and(|(known, _)| known == *norm),
            Way::Rectified(rectified) => rectified::recognised(graph, nodes) == Some(*rectified),
            Way::Conv(g, way, fused) => conv::is_group(g, (way, *fused), 1, graph, nodes),
            Way::Separable(separable) => conv::is_separable(separable, 1, graph, nodes),
            Way::Rounds(rounds) => conv::is_rounds(rounds, graph, nodes),
            _ => false,
        };
    };
    let node = graph.node(id);
    match (&node.op, way) {
        (Op::Matmul(op), Way::Product(cut)) => {
            [cut.rows, cut.columns, cut.depth] == matmul::sizes(op, &graph.input_shapes(node), &node.shape)
        }
        (Op::Matmul(op), Way::Thin(cut)) => {
            op.a == Transpose::No && cut.sizes == matmul::sizes(op, &graph.input_shapes(node), &node.shape)
        }
        (Op::Conv(_), Way::Conv(g, _, fused)) => *fused == Fused::default() && conv::is_of(g, 1, graph, node),
        (Op::ConvDgrad(_), Way::ConvDgrad(g, _)) => conv::is_of(g, 1, graph, node),
        (Op::ConvWgrad(_), Way::ConvWgrad(g, _)) => conv::is_of(g, 1, graph, node),
        (Op::Matmul(_) | Op::Conv(_) | Op::ConvDgrad(_) | Op::ConvWgrad(_), _) => false,
        (_, way) => *way == Way::Plain,
    }
}

/// Whether the op can write over its own input number `input`: only updates of states do.
pub fn works_in_place(node: &Node, input: usize) -> bool {
    match node.op {
        Op::SgdVelocity(_) => input == sgd::OLD_VELOCITY,
        Op::SgdStep(_) | Op::NesterovStep(_) => input == sgd::OLD_VALUE,
        Op::RmsVelocity(_) => input == rmsprop::OLD_VELOCITY,
        Op::AdamMean(_) | Op::AdamSquare(_) => input == adam::OLD_MOMENT,
        Op::AdamStep(_) => input == adam::OLD_VALUE,
        Op::Running(_) => input == batch_norm::OLD_STATISTIC,
        _ => false,
    }
}

/// A number that no element of an update's result exceeds, up to its sign, where its first inputs do not exceed these;
/// infinite, or no number, where none is known.
pub fn bound(op: &Op, inputs: [f64; 3], feed: &Feed<'_>) -> f64 {
    let [x, y, z] = inputs;
    match op {
        Op::SgdVelocity(op) => sgd::velocity_bound(op, x, y, z),
        Op::SgdStep(op) => sgd::step_bound(op, x, y, feed),
        Op::NesterovStep(op) => sgd::nesterov_bound(op, inputs, feed),
        Op::RmsVelocity(op) => rmsprop::velocity_bound(op, x, y, z),
        Op::AdamMean(op) => adam::mean_bound(op, x, y, z),
        Op::AdamSquare(op) => adam::square_bound(op, x, y, z),
        Op::AdamStep(op) => adam::step_bound(op, x, y, feed),
        Op::Running(op) => batch_norm::running_bound(op, x, y),
        _ => f64::INFINITY,
    }
}

/// Makes what a kernel wants of these values.
pub fn prepare(form: &Form, of: &[&[f32]], to: &mut [f32], team: &Team<'_>) {
    match form {
        Form::Same => to.copy_from_slice(of[0]),
        Form::Turned { rows } => depthwise::turn(of[0], *rows, to),
        Form::Filters(g, cut) => conv::pack_filters(g, cut, of[0], to, team),
        Form::Strassen(cut) => cut.pack(team, of[0], to),
        Form::Taps(g, phases) => conv::pack_taps(g, phases, of[0], to, team),
        Form::Weights(transpose, cut) => matmul::pack_weights(*transpose, cut, of[0], to, team),
        Form::Transformed(packing, direction) => winograd::transform(packing, *direction, of[0], to, team),
        Form::Folded { form, eps, has_bias } => conv::fold(form, *eps, *has_bias, of, to, team),
    }
}

/// Computes a step's nodes: one, or several in the one way that the kernel knows.
pub fn run(graph: &Graph, nodes: &[NodeId], call: Call<'_>) {
    match (nodes, &call.kernel.way) {
        (_, Way::Updates(rule)) => one_pass::run(*rule, graph, nodes, call),
        (_, Way::Norm(norm)) => norm::run(*norm, graph, nodes, call),
        (_, Way::Rectified(rectified)) => rectified::run(*rectified, graph, nodes, call),
        (_, Way::Separable(separable)) => conv::separable(separable, graph, nodes, call),
        (_, Way::Rounds(rounds)) => conv::rounds(rounds, graph, nodes, call),
        (&[id, ..], Way::Conv(..)) | (&[id], _) => run_node(&graph.node(id).op, call),
        _ => unreachable!("checked when it is compiled"),
    }
}

/// Computes a node.
pub fn run_node(op: &Op, call: Call<'_>) {
    match op {
        Op::Fill(op) => elementwise::fill(op, call),
        Op::Conv(op) => conv::forward(op, call),
        Op::ConvDgrad(_) => conv::dgrad(call),
        Op::ConvWgrad(_) => conv::wgrad(call),
        Op::Bias(_) => bias::bias(call),
        Op::ChannelSum(_) => bias::channel_sum(call),
        Op::Matmul(op) => matmul::matmul(op, call),
        Op::Relu(_) => elementwise::relu(call),
        Op::ReluGrad(_) => elementwise::relu_grad(call),
        Op::Pool(op) => pool::pool(op, call),
        Op::PoolGrad(op) => pool_gradient::pool_grad(op, call),
        Op::Dropout(op) => dropout::dropout(op, call),
        Op::Add(_) => elementwise::add(call),
        Op::Softmax(_) => softmax::softmax(call),
        Op::SoftmaxGrad(_) => softmax::softmax_grad(call),
        Op::CrossEntropy(op) => loss::cross_entropy(op, call),
        Op::CrossEntropyGrad(op) => loss::cross_entropy_grad(&op.loss, call),
        Op::SquaredError(_) => loss::squared_error(call),
        Op::SquaredErrorGrad(_) => loss::squared_error_grad(call),
        Op::LabelWeight(op) => loss::label_weight(op, call),
        Op::PointwiseLoss(op) => loss::pointwise(op, call),
        Op::PointwiseLossGrad(op) => loss::pointwise_grad(op, call),
        Op::Overlap(op) => overlap::overlap(op, call),
        Op::OverlapGrad(op) => overlap::overlap_grad(&op.overlap, call),
        Op::Dice(_) => overlap::dice(call),
        Op::DiceGrad(_) => overlap::dice_grad(call),
        Op::Correct(op) => loss::correct(op, call),
        Op::SgdVelocity(op) => sgd::velocity(op, call),
        Op::SgdStep(op) => sgd::step(op, call),
        Op::NesterovStep(op) => sgd::nesterov(op, call),
        Op::RmsVelocity(op) => rmsprop::velocity(op, call),
        Op::ClipFactor(op) => clip::factor(op, call),
        Op::SignStep(op) => sign_step::sign_step(op, call),
        Op::Unary(op) => unary::unary(op, call),
        Op::UnaryGrad(op) => unary::unary_grad(op, call),
        Op::Concat(_) => concat::concat(call),
        Op::ChannelSlice(op) => concat::slice(op, call),
        Op::Frame(op) => frame::frame(op, call),
        Op::Upsample(op) => upsample::upsample(op, call),
        Op::UpsampleGrad(op) => upsample::upsample_grad(op, call),
        Op::ChannelMean(_) => batch_norm::mean(call),
        Op::ChannelVariance(_) => batch_norm::variance(call),
        Op::BatchNorm(op) => batch_norm::forward(op, call),
        Op::BatchNormScaleGrad(op) => batch_norm::scale_grad(op, call),
        Op::BatchNormDgrad(op) => batch_norm::dgrad(op, call),
        Op::Running(op) => batch_norm::running(op, call),
        Op::Lrn(op) => lrn::lrn(op, call),
        Op::LrnGrad(op) => lrn::lrn_grad(op, call),
        Op::Scale(op) => elementwise::scale(op, call),
        Op::PoolPick(op) => pool::pool_pick(op, call),
        Op::AdamMean(op) => adam::mean(op, call),
        Op::AdamSquare(op) => adam::square(op, call),
        Op::AdamStep(op) => adam::step(op, call),
        Op::Input(_) | Op::State(_) | Op::Reshape(_) => {
            unreachable!("a plan has no step for an input, a state or a reshape: checked when it is compiled")
        }
    }
}
