//! A net in words: a row a layer, with every option and default filled in.

use std::fmt;

use fovea_graph::op::{Function, Interpolation, Lrn, PoolKind};
use fovea_graph::shape::join;
use fovea_graph::window::Rounding;

use super::{Kind, Layer, Net};

impl fmt::Display for Net {
    /// A row a layer: name, every option and default, input and output shape.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.layers.iter().map(|layer| layer.to_string()).collect();
        let names = self.layers.iter().map(|layer| layer.name.chars().count()).max().unwrap_or(0);
        let widest = kinds.iter().map(|kind| kind.chars().count()).max().unwrap_or(0);
        for (at, (layer, kind)) in self.layers.iter().zip(&kinds).enumerate() {
            write!(f, "{:names$}  {kind:widest$}  ", layer.name)?;
            let from = |&input: &usize| {
                let from = &self.layers[input];
                let shape = join(&from.output);
                if layer.inputs.len() == 1 && input + 1 == at { shape } else { format!("{} {shape}", from.name) }
            };
            let from: Vec<String> = layer.inputs.iter().map(from).collect();
            let arrow = if from.is_empty() { "" } else { " → " };
            writeln!(f, "{}{arrow}{}", from.join(", "), join(&layer.output))?;
        }
        Ok(())
    }
}

impl fmt::Display for Layer {
    /// The layer as it could be written, no default left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            // The language says to which size a map is cropped, its frame by how much.
            Kind::Frame(frame) if self.kind.word() == "crop" => {
                write!(f, "crop {}", join(&self.output[..frame.edges.len()]))
            }
            kind => write!(f, "{kind}"),
        }
    }
}

impl fmt::Display for Kind {
    /// The layer as it could be written, no default left out: `conv 6 5x5 stride 1 pad 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Kind::Conv { filters, size, stride, pad, dilate, groups, bias }
            | Kind::Deconv { filters, size, stride, pad, dilate, groups, bias } => {
                write!(f, "{word} {filters} {} stride {} pad {}", window(size), sizes(stride), pads(pad))?;
                if dilate.iter().any(|&d| d != 1) {
                    write!(f, " dilate {}", sizes(dilate))?;
                }
                if *groups != 1 {
                    write!(f, " groups {groups}")?;
                }
                f.write_str(if *bias { "" } else { " nobias" })
            }
            Kind::Pool(pool) | Kind::Unpool(pool) => {
                let kind = if pool.kind == PoolKind::Max { "max" } else { "avg" };
                let (size, stride, pad) = (window(&pool.size), sizes(&pool.stride), pads(&pool.pad));
                write!(f, "{word} {kind} {size} stride {stride} pad {pad}")?;
                f.write_str(if pool.rounding == Rounding::Ceil { " ceil" } else { "" })
            }
            Kind::Fc { units, bias } => write!(f, "fc {units}{}", if *bias { "" } else { " nobias" }),
            Kind::Dropout { rate } => write!(f, "dropout {rate}"),
            Kind::Upsample(upsample) => {
                let fill = match upsample.interpolation {
                    Interpolation::Nearest => "nearest",
                    Interpolation::Linear => "bilinear",
                };
                write!(f, "upsample {} {fill}", sizes(&upsample.factor))
            }
            Kind::Unary(Function::Leaky { slope }) => write!(f, "leaky {slope}"),
            Kind::BatchNorm { momentum, eps } => write!(f, "bn momentum {momentum} eps {eps}"),
            Kind::Lrn(Lrn { size, alpha, beta, k }) => write!(f, "lrn size {size} alpha {alpha} beta {beta} k {k}"),
            Kind::Frame(frame) => {
                let edges: Vec<[usize; 2]> =
                    frame.edges.iter().map(|edge| edge.map(|n| n.unsigned_abs() as usize)).collect();
                write!(f, "{word} {}", pads(&edges))
            }
            Kind::Widen(channels) => write!(f, "zeros {channels}"),
            Kind::Side(weight) => write!(f, "aux {weight}"),
            Kind::Input | Kind::Relu | Kind::Flatten | Kind::Softmax | Kind::Unary(_) | Kind::Concat | Kind::Add => {
                f.write_str(word)
            }
        }
    }
}

/// `3x3`; along one axis `size 3`, because a bare number is the filters.
fn window(size: &[usize]) -> String {
    match size {
        [one] => format!("size {one}"),
        _ => join(size),
    }
}

/// One number where all axes agree, else one an axis: `2`, `2x1`.
fn sizes(sizes: &[usize]) -> String {
    match sizes {
        [first, rest @ ..] if rest.iter().all(|n| n == first) => first.to_string(),
        _ => join(sizes),
    }
}

/// The same for paddings; where the two sides differ, `0+1`.
fn pads(pads: &[[usize; 2]]) -> String {
    let axis = |[before, after]: &[usize; 2]| match before == after {
        true => before.to_string(),
        false => format!("{before}+{after}"),
    };
    match pads {
        [first, rest @ ..] if rest.iter().all(|p| p == first) => axis(first),
        _ => pads.iter().map(axis).collect::<Vec<_>>().join("x"),
    }
}
