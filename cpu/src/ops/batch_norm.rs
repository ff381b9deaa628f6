//! Batch normalisation. Statistics are summed in f64; what follows from them by channel is worked out once, so that every
//! element costs one read and one write.
//!
//! Source: S. Ioffe and C. Szegedy, "Batch normalization", arXiv:1502.03167.

use fovea_graph::Shape;
use fovea_graph::op::{BatchNorm, BatchNormDgrad, BatchNormScaleGrad, Running, Statistics};

use super::Call;
use super::channels::{chunk, lanes, rows, sums};
use super::update::{size, update};

/// Which input of `Running` it may write over.
pub const OLD_STATISTIC: usize = 0;

/// `mean of x[…, c]`.
pub fn mean(call: Call<'_>) {
    let (n, memory) = (call.shapes[0].positions() as f64, call.memory);
    let streams = ([memory.inputs[0]], None);
    sums(
        call.team,
        call.shapes[0],
        memory.workspace,
        streams,
        |x, _| x,
        |c, [sum]| memory.output[c] = (sum / n) as f32,
    );
}

/// `mean of (x[…, c] − mean[c])²`; inputs x and mean.
pub fn variance(call: Call<'_>) {
    let (n, memory) = (call.shapes[0].positions() as f64, call.memory);
    sums(
        call.team,
        call.shapes[0],
        memory.workspace,
        ([memory.inputs[0]], Some(memory.inputs[1])),
        #[inline(always)]
        |[x], mean| [(x - mean) * (x - mean)],
        |c, [sum]| memory.output[c] = (sum / n) as f32,
    );
}

/// Scratch memory of [`forward`]: three numbers a channel.
pub fn workspace(x: &Shape) -> usize {
    3 * lanes(x.channels())
}

/// What a normalisation does with each channel, repeated to the length of a row.
#[derive(Clone, Copy)]
pub struct Normalised<'a>([&'a [f32]; 3]);

impl<'a> Normalised<'a> {
    /// From mean, variance, scale and shift; the workspace is that of [`workspace`].
    pub fn new(workspace: &'a mut [f32], op: &BatchNorm, [mean, variance, scale, shift]: [&[f32]; 4]) -> Self {
        Self(rows(workspace, mean.len(), |c| {
            [f64::from(mean[c]), f64::from(scale[c]) / deviation(variance[c], op.eps), f64::from(shift[c])]
        }))
    }

    /// Means, factors and shifts from the lane of this element on.
    #[inline(always)]
    pub fn lanes(&self, element: usize) -> [&'a [f32]; 3] {
        self.0.map(|row| &row[element % row.len()..])
    }

    /// `scale/σ · (x − mean) + shift` for a row, or its beginning.
    #[inline(always)]
    pub fn row(&self, x: &'a [f32]) -> impl Iterator<Item = f32> + use<'a> {
        let Self([means, factors, shifts]) = *self;
        let all = x.iter().zip(means).zip(factors).zip(shifts);
        all.map(|(((x, mean), factor), shift)| (x - mean) * factor + shift)
    }
}

/// `scale/σ · (x − mean) + shift`; inputs x, mean, variance, scale, shift.
pub fn forward(op: &BatchNorm, call: Call<'_>) {
    let [x, mean, variance, scale, shift] = call.memory.inputs[..] else {
        unreachable!("the graph has checked the arity")
    };
    let lanes = lanes(mean.len());
    let by_channel = Normalised::new(call.memory.workspace, op, [mean, variance, scale, shift]);
    call.team.chunks(call.memory.output, chunk(lanes), |start, out| {
        call.team.vectors().run(
            #[inline(always)]
            || {
                let rows = out.chunks_mut(lanes).zip(x[start..].chunks(lanes));
                rows.for_each(|(y, x)| y.iter_mut().zip(by_channel.row(x)).for_each(|(y, norm)| *y = norm));
            },
        );
    });
}

/// `Σ dy · (x − mean) / σ`; inputs x, mean, variance, dy.
pub fn scale_grad(op: &BatchNormScaleGrad, call: Call<'_>) {
    let memory = call.memory;
    let [x, mean, variance, dy] = memory.inputs[..] else { unreachable!("the graph has checked the arity") };
    sums(
        call.team,
        call.shapes[0],
        memory.workspace,
        ([x, dy], Some(mean)),
        #[inline(always)]
        |[x, dy], mean| [(x - mean) * dy],
        |c, [sum]| memory.output[c] = (sum / deviation(variance[c], op.eps)) as f32,
    );
}

/// Scratch memory of [`dgrad`]: four numbers a channel.
pub fn dgrad_workspace(x: &Shape) -> usize {
    4 * lanes(x.channels())
}

/// What [`gradient_row`] needs of each channel, repeated to the length of a row, from mean, variance, scale, dscale and
/// dshift over n positions; the workspace is that of [`dgrad_workspace`].
pub fn gradient_rows<'a>(
    workspace: &'a mut [f32],
    op: &BatchNormDgrad,
    n: f64,
    [mean, variance, scale, dscale, dshift]: [&[f32]; 5],
) -> [&'a [f32]; 4] {
    rows(workspace, mean.len(), |c| {
        let deviation = deviation(variance[c], op.eps);
        let (shift, slope) = (f64::from(dshift[c]) / n, f64::from(dscale[c]) / n / deviation);
        [f64::from(mean[c]), f64::from(scale[c]) / deviation, shift, slope]
    })
}

/// `scale/σ · (dy − dshift/n − (x − mean)/σ · dscale/n)`, with running statistics `scale/σ · dy`, for a row or part of it.
#[inline(always)]
pub fn gradient_row(op: &BatchNormDgrad, by_channel: [&[f32]; 4], x: &[f32], dy: &[f32], dx: &mut [f32]) {
    let [means, factors, shifts, slopes] = by_channel;
    match op.statistics {
        Statistics::Batch => {
            let channels = means.iter().zip(factors).zip(shifts).zip(slopes);
            for (((dx, x), dy), (((mean, factor), shift), slope)) in dx.iter_mut().zip(x).zip(dy).zip(channels) {
                *dx = (dy - shift - (x - mean) * slope) * factor;
            }
        }
        Statistics::Running => dx.iter_mut().zip(dy).zip(factors).for_each(|((dx, dy), factor)| *dx = dy * factor),
    }
}

/// The gradient by x; inputs x, mean, variance, scale, dy, dscale, dshift.
pub fn dgrad(op: &BatchNormDgrad, call: Call<'_>) {
    let [x, mean, variance, scale, dy, dscale, dshift] = call.memory.inputs[..] else {
        unreachable!("the graph has checked the arity")
    };
    let (lanes, n) = (lanes(mean.len()), call.shape.positions() as f64);
    let by_channel = gradient_rows(call.memory.workspace, op, n, [mean, variance, scale, dscale, dshift]);
    call.team.chunks(call.memory.output, chunk(lanes), |start, out| {
        let known = x[start..].chunks(lanes).zip(dy[start..].chunks(lanes));
        call.team.vectors().run(
            #[inline(always)]
            || out.chunks_mut(lanes).zip(known).for_each(|(dx, (x, dy))| gradient_row(op, by_channel, x, dy, dx)),
        );
    });
}

/// `r ← (1 − momentum)·r + momentum·correction·s`; inputs r and s.
pub fn running(op: &Running, call: Call<'_>) {
    let (stays, enters) = ((1.0 - op.momentum) as f32, (op.momentum * op.correction) as f32);
    let s = call.memory.inputs[1];
    update(call, OLD_STATISTIC, |r, i| {
        for (r, &s) in r.iter_mut().zip(&s[i..]) {
            *r = stays * *r + enters * s;
        }
    });
}

/// What the statistic at most is, by what r and s at most are.
pub fn running_bound(op: &Running, r: f64, s: f64) -> f64 {
    size(1.0 - op.momentum) * r + size(op.momentum * op.correction) * s
}

/// σ = `√(variance + eps)`.
pub fn deviation(variance: f32, eps: f64) -> f64 {
    (f64::from(variance) + eps).sqrt()
}
