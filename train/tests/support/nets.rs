//! Small nets.

use fovea_graph::op::{Matmul, Reshape, Softmax, Transpose};
use fovea_graph::window::Rounding;
use fovea_graph::{Graph, Init, NodeId, Op, Role, Shape, Span, State, op};
use fovea_train::{Forward, Mode};

/// Softmax regression, `HxWx1, softmax K`, with dropout in front where `dropout` is above 0.
pub fn regression(side: usize, classes: usize, dropout: f64) -> Forward {
    Box::new(move |batch, mode| {
        let mut g = Graph::new("regression");
        let shape = |dims: &[usize]| Shape::new(dims);
        let x = g.input("images", shape(&[batch, side, side, 1])?);
        let layer = Some(g.layer("fc1", "fc", Span::default()));
        let flat = shape(&[batch, side * side])?;
        let mut y = g.push(Op::Reshape(Reshape { shape: flat }), &[x], layer)?;
        if let (Mode::Train, true) = (mode, dropout > 0.0) {
            y = g.push(Op::Dropout(op::Dropout { rate: dropout, stream: 0 }), &[y], layer)?;
        }
        let parameter = |name: &str, dims: &[usize], init| {
            Ok::<_, fovea_train::NetworkError>(State {
                name: name.into(),
                shape: shape(dims)?,
                role: Role::Parameter,
                init,
            })
        };
        let weight = parameter("fc1.weight", &[classes, side * side], Init::HeNormal { fan_in: side * side })?;
        let (_, weight) = g.state(weight, layer);
        let (_, bias) = g.state(parameter("fc1.bias", &[classes], Init::Zeros)?, layer);
        let y = g.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), &[y, weight], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Softmax(Softmax {}), &[y], layer)?;
        g.output("result", y);
        Ok(g)
    })
}

/// `SxSx1 - conv 8 - relu - pool - dropout 0.2, softmax K`.
pub fn convolutional(side: usize, classes: usize) -> Forward {
    Box::new(move |batch, mode| {
        let mut g = Graph::new("convolutional");
        let state = |name: &str, dims: &[usize], init| {
            Shape::new(dims).map(|shape| State { name: name.into(), shape, role: Role::Parameter, init })
        };
        let x = g.input("images", Shape::new([batch, side, side, 1])?);
        let layer = Some(g.layer("conv1", "conv", Span::default()));
        let (_, filter) = g.state(state("conv1.filter", &[8, 3, 3, 1], Init::HeNormal { fan_in: 9 })?, layer);
        let (_, bias) = g.state(state("conv1.bias", &[8], Init::Zeros)?, layer);
        let conv = op::Conv { pad: vec![[1, 1]; 2], ..op::Conv::plain(2) };
        let y = g.push(Op::Conv(conv), &[x, filter], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Relu(op::Relu {}), &[y], layer)?;
        let (kind, rounding) = (op::PoolKind::Max, Rounding::Floor);
        let pool = op::Pool { kind, size: vec![2; 2], stride: vec![2; 2], pad: vec![[0, 0]; 2], rounding };
        let mut y = g.push(Op::Pool(pool), &[y], layer)?;
        if mode == Mode::Train {
            y = g.push(Op::Dropout(op::Dropout { rate: 0.2, stream: 0 }), &[y], layer)?;
        }
        let flat = (side / 2).pow(2) * 8;
        let layer = Some(g.layer("fc1", "fc", Span::default()));
        let y = g.push(Op::Reshape(Reshape { shape: Shape::new([batch, flat])? }), &[y], layer)?;
        let (_, weight) = g.state(state("fc1.weight", &[classes, flat], Init::HeNormal { fan_in: flat })?, layer);
        let (_, bias) = g.state(state("fc1.bias", &[classes], Init::Zeros)?, layer);
        let y = g.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), &[y, weight], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Softmax(Softmax {}), &[y], layer)?;
        g.output("result", y);
        Ok(g)
    })
}

/// `SxSx1 - conv 6 nobias - bn - relu - pool - dropout 0.2, softmax K`.
pub fn normalised(side: usize, classes: usize) -> Forward {
    Box::new(move |batch, mode| {
        let mut g = Graph::new("normalised");
        let x = g.input("images", Shape::new([batch, side, side, 1])?);
        let y = normalised_layer(&mut g, x, 6, mode)?;
        let (kind, rounding) = (op::PoolKind::Max, Rounding::Floor);
        let pool = op::Pool { kind, size: vec![2; 2], stride: vec![2; 2], pad: vec![[0, 0]; 2], rounding };
        let layer = g.node(y).layer;
        let mut y = g.push(Op::Pool(pool), &[y], layer)?;
        if mode == Mode::Train {
            y = g.push(Op::Dropout(op::Dropout { rate: 0.2, stream: 0 }), &[y], layer)?;
        }
        let flat = (side / 2).pow(2) * 6;
        let layer = Some(g.layer("fc1", "fc", Span::default()));
        let y = g.push(Op::Reshape(Reshape { shape: Shape::new([batch, flat])? }), &[y], layer)?;
        let (_, weight) = g.state(parameter("fc1.weight", &[classes, flat], flat)?, layer);
        let (_, bias) = g.state(parameter("fc1.bias", &[classes], 0)?, layer);
        let y = g.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), &[y, weight], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Softmax(Softmax {}), &[y], layer)?;
        g.output("result", y);
        Ok(g)
    })
}

/// `HxWx3 - conv 8 nobias - bn - relu - conv K 1x1 - softmax`: a class at every position.
pub fn per_position(height: usize, width: usize, classes: usize) -> Forward {
    Box::new(move |batch, mode| {
        let mut g = Graph::new("per_position");
        let x = g.input("images", Shape::new([batch, height, width, 3])?);
        let y = normalised_layer(&mut g, x, 8, mode)?;
        let layer = Some(g.layer("conv2", "conv", Span::default()));
        let (_, filter) = g.state(parameter("conv2.filter", &[classes, 1, 1, 8], 8)?, layer);
        let (_, bias) = g.state(parameter("conv2.bias", &[classes], 0)?, layer);
        let y = g.push(Op::Conv(op::Conv::plain(2)), &[y, filter], layer)?;
        let y = g.push(Op::Bias(op::Bias {}), &[y, bias], layer)?;
        let y = g.push(Op::Softmax(Softmax {}), &[y], layer)?;
        g.output("result", y);
        Ok(g)
    })
}

/// A parameter that begins by He's distribution, or at zero where the fan-in is 0.
fn parameter(name: &str, dims: &[usize], fan_in: usize) -> Result<State, fovea_train::NetworkError> {
    let init = if fan_in == 0 { Init::Zeros } else { Init::HeNormal { fan_in } };
    Ok(State { name: name.into(), shape: Shape::new(dims)?, role: Role::Parameter, init })
}

/// `conv FILTERS nobias - bn - relu`; momentum 0.1.
pub fn normalised_layer(
    g: &mut Graph,
    x: NodeId,
    filters: usize,
    mode: Mode,
) -> Result<NodeId, fovea_train::NetworkError> {
    let &[batch, height, width, channels] = g.shape(x).dims() else { return Err("not a picture".into()) };
    let layer = Some(g.layer("conv1", "conv", Span::default()));
    let (_, filter) = g.state(parameter("conv1.filter", &[filters, 3, 3, channels], 9 * channels)?, layer);
    let conv = op::Conv { pad: vec![[1, 1]; 2], ..op::Conv::plain(2) };
    let y = g.push(Op::Conv(conv), &[x, filter], layer)?;

    let layer = Some(g.layer("bn1", "bn", Span::default()));
    let of = |name: &str, role, init| {
        Ok::<_, fovea_train::NetworkError>(State {
            name: format!("bn1.{name}"),
            shape: Shape::new([filters])?,
            role,
            init,
        })
    };
    let (_, scale) = g.state(of("scale", Role::Parameter, Init::Ones)?, layer);
    let (_, shift) = g.state(of("shift", Role::Parameter, Init::Zeros)?, layer);
    let (mean_id, old_mean) = g.state(of("mean", Role::Running, Init::Zeros)?, layer);
    let (variance_id, old_variance) = g.state(of("variance", Role::Running, Init::Ones)?, layer);
    let (statistics, mean, variance) = match mode {
        Mode::Infer => (op::Statistics::Running, old_mean, old_variance),
        Mode::Train => {
            let mean = g.push(Op::ChannelMean(op::ChannelMean {}), &[y], layer)?;
            let variance = g.push(Op::ChannelVariance(op::ChannelVariance {}), &[y, mean], layer)?;
            let n = (batch * height * width) as f64;
            for (id, old, new, correction) in
                [(mean_id, old_mean, mean, 1.0), (variance_id, old_variance, variance, n / (n - 1.0))]
            {
                let running = op::Running { momentum: 0.1, correction };
                let followed = g.push(Op::Running(running), &[old, new], layer)?;
                g.updates.push((id, followed));
            }
            (op::Statistics::Batch, mean, variance)
        }
    };
    let norm = op::BatchNorm { eps: 1e-5, statistics };
    let y = g.push(Op::BatchNorm(norm), &[y, mean, variance, scale, shift], layer)?;
    Ok(g.push(Op::Relu(op::Relu {}), &[y], layer)?)
}
