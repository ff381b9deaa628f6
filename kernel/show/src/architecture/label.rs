//! What stands in a box.

use fovea_dsl::net::{Kind, Net};
use fovea_graph::op::{Interpolation, Pool, PoolKind};

use super::Family;

/// The family of a layer.
pub(super) fn family(kind: &Kind) -> Family {
    match kind {
        Kind::Input => Family::Input,
        Kind::Conv { .. } => Family::Convolution,
        Kind::Pool(_) => Family::Pooling,
        Kind::Fc { .. } => Family::Dense,
        Kind::Deconv { .. } | Kind::Unpool(_) | Kind::Upsample(_) => Family::Enlarging,
        Kind::Concat | Kind::Add => Family::Join,
        Kind::Relu
        | Kind::Flatten
        | Kind::Dropout { .. }
        | Kind::Softmax
        | Kind::Unary(_)
        | Kind::BatchNorm { .. }
        | Kind::Lrn(_)
        | Kind::Frame(_)
        | Kind::Widen(_)
        | Kind::Side(_) => Family::Pointwise,
    }
}

/// What a box says of a layer that stands for several of one kind, by position; what differs among them is a range.
pub(super) fn label(net: &Net, layers: &[usize]) -> String {
    let Some(kind) = layers.first().map(|&first| &net.layers[first].kind) else { return String::new() };
    let over =
        |figure: &dyn Fn(&Kind) -> Vec<usize>| spread(layers.iter().map(|&layer| figure(&net.layers[layer].kind)));
    let steps = |figure: &dyn Fn(&Kind) -> Vec<usize>| match over(figure) {
        steps if steps == "1" => String::new(),
        steps => format!("/{steps}"),
    };
    match kind {
        Kind::Conv { size, dilate, groups, .. } | Kind::Deconv { size, dilate, groups, .. } => {
            let filters = over(&|kind| filters(kind).into_iter().collect());
            let inputs = net.layers[layers[0]].inputs.first().and_then(|&input| net.layers[input].output.last());
            let is_depthwise = *groups > 1 && inputs == Some(groups);
            let mut label = format!("{} {filters} {}{}", kind.word(), window(size), steps(&stride));
            if is_depthwise {
                label += " depthwise";
            } else if *groups > 1 {
                label += &format!(" groups {}", over(&|kind| groups_of(kind).into_iter().collect()));
            }
            if dilate.iter().any(|&step| step > 1) {
                label += &format!(" dilate {}", even(dilate));
            }
            label
        }
        Kind::Pool(pool) => {
            let word = if pool.kind == PoolKind::Max { "max pool" } else { "avg pool" };
            if is_global(net, layers[0], pool) {
                format!("{word} global")
            } else {
                format!("{word} {}{}", window(&pool.size), steps(&stride))
            }
        }
        Kind::Unpool(pool) => format!("unpool {}", window(&pool.size)),
        Kind::Upsample(upsample) => {
            let how = if upsample.interpolation == Interpolation::Linear { " bilinear" } else { "" };
            format!("upsample ×{}{how}", even(&upsample.factor))
        }
        Kind::Fc { .. } => format!("fc {}", over(&|kind| filters(kind).into_iter().collect())),
        Kind::Dropout { rate } => format!("dropout {rate}"),
        Kind::Side(weight) => format!("aux {weight}"),
        Kind::Widen(_) => {
            format!("zeros {}", over(&|kind| if let Kind::Widen(more) = kind { vec![*more] } else { vec![] }))
        }
        _ => kind.word().to_string(),
    }
}

/// The word of a layer that follows in a box; none where it says nothing.
pub(super) fn then(kind: &Kind) -> Option<String> {
    (!matches!(kind, Kind::Flatten)).then(|| kind.word().to_string())
}

/// Whether a pooling leaves one value a channel.
fn is_global(net: &Net, layer: usize, pool: &Pool) -> bool {
    let input = net.layers[layer].inputs.first().map(|&input| &net.layers[input].output[..]);
    input.is_some_and(|input| input.len() > 1 && input[..input.len() - 1] == pool.size[..])
}

fn filters(kind: &Kind) -> Option<usize> {
    match kind {
        Kind::Conv { filters, .. } | Kind::Deconv { filters, .. } => Some(*filters),
        Kind::Fc { units, .. } => Some(*units),
        _ => None,
    }
}

fn groups_of(kind: &Kind) -> Option<usize> {
    match kind {
        Kind::Conv { groups, .. } | Kind::Deconv { groups, .. } => Some(*groups),
        _ => None,
    }
}

fn stride(kind: &Kind) -> Vec<usize> {
    match kind {
        Kind::Conv { stride, .. } | Kind::Deconv { stride, .. } => stride.clone(),
        Kind::Pool(pool) => pool.stride.clone(),
        _ => Vec::new(),
    }
}

/// `3×3`; along one axis `size 3`.
fn window(size: &[usize]) -> String {
    match size {
        [one] => format!("size {one}"),
        _ => size.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}

/// One number where all axes agree: `2`, `2×1`.
fn even(sizes: &[usize]) -> String {
    match sizes {
        [first, rest @ ..] if rest.iter().all(|size| size == first) => first.to_string(),
        _ => sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}

/// Numbers of several layers: one, or from the least to the greatest.
fn spread(figures: impl Iterator<Item = Vec<usize>>) -> String {
    let mut all: Vec<Vec<usize>> = figures.collect();
    all.sort();
    match (all.first(), all.last()) {
        (Some(least), Some(most)) if least == most => even(least),
        (Some(least), Some(most)) => format!("{}–{}", even(least), even(most)),
        _ => String::new(),
    }
}
