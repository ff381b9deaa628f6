//! How far regions cover each other, and the Dice loss.

use fovea_graph::Shape;
use fovea_graph::op::Overlap;

use super::Call;
use super::loss::{Label, named};
use crate::team::CHUNK;

/// The scratch memory of `overlap`: three partial sums a class and task.
pub fn workspace(p: &Shape) -> usize {
    p.elements().div_ceil(rows(p.channels().max(1))) * 3 * p.channels()
}

/// Elements of a task: whole positions.
fn rows(channels: usize) -> usize {
    (CHUNK / channels).max(1) * channels
}

/// What is to be covered: a class a position, or a share of each class.
struct Regions<'a> {
    target: &'a [f32],
    channels: usize,
    ignore: Option<u32>,
    labelled: bool,
}

impl<'a> Regions<'a> {
    fn of(op: &Overlap, p: &Shape, target: (&'a [f32], &Shape)) -> Self {
        let (target, shape) = target;
        Self { target, channels: p.channels().max(1), ignore: op.ignore, labelled: shape != p }
    }

    /// The share of each class at a position; `None` where it does not count.
    fn at(&self, position: usize) -> Option<impl Fn(usize) -> f32> {
        let label = if self.labelled { self.target[position] } else { 0.0 };
        let class = match (self.labelled, named(label, self.channels, self.ignore)) {
            (false, _) => None,
            (true, Label::Ignored) => return None,
            (true, Label::Class(class)) => Some(class),
            (true, Label::Wrong) => Some(usize::MAX),
        };
        Some(move |k: usize| match class {
            None => self.target[position * self.channels + k],
            Some(usize::MAX) => f32::NAN,
            Some(class) => f32::from(u8::from(class == k)),
        })
    }
}

/// `Σ p·g`, `Σ p` and `Σ g` of each class.
pub fn overlap(op: &Overlap, call: Call<'_>) {
    let (p, channels) = (call.memory.inputs[0], call.shapes[0].channels().max(1));
    let regions = Regions::of(op, call.shapes[0], (call.memory.inputs[1], call.shapes[1]));
    let chunk = rows(channels);
    let partial = &mut call.memory.workspace[..p.len().div_ceil(chunk) * 3 * channels];
    call.team.chunks(partial, 3 * channels, |at, sums| {
        let start = at / (3 * channels) * chunk;
        let mine = &p[start..(start + chunk).min(p.len())];
        for k in 0..channels {
            let (mut both, mut told, mut there) = (0.0, 0.0, 0.0);
            for (i, p) in mine.chunks_exact(channels).enumerate() {
                let Some(share) = regions.at(start / channels + i) else { continue };
                let (p, g) = (f64::from(p[k]), f64::from(share(k)));
                both += p * g;
                told += p;
                there += g;
            }
            for (row, sum) in [both, told, there].into_iter().enumerate() {
                sums[row * channels + k] = sum as f32;
            }
        }
    });
    for (i, y) in call.memory.output.iter_mut().enumerate() {
        *y = partial.iter().skip(i).step_by(3 * channels).copied().map(f64::from).sum::<f64>() as f32;
    }
}

/// `dp = d[0, k]·g + d[1, k]` where a position counts, else 0.
pub fn overlap_grad(op: &Overlap, call: Call<'_>) {
    let (channels, d) = (call.shape.channels().max(1), call.memory.inputs[2]);
    let regions = Regions::of(op, call.shape, (call.memory.inputs[1], call.shapes[1]));
    call.team.chunks(call.memory.output, rows(channels), |start, out| {
        for (i, dp) in out.chunks_exact_mut(channels).enumerate() {
            match regions.at(start / channels + i) {
                None => dp.fill(0.0),
                Some(share) => {
                    dp.iter_mut().enumerate().for_each(|(k, dp)| *dp = d[k] * share(k) + d[channels + k]);
                }
            }
        }
    });
}

/// `1 − mean (2·s[0, k] + 1) / (s[1, k] + s[2, k] + 1)`.
pub fn dice(call: Call<'_>) {
    let sums = call.memory.inputs[0];
    let classes = sums.len() / 3;
    let covered = |k: usize| {
        let [both, told, there] = [0, 1, 2].map(|row| f64::from(sums[row * classes + k]));
        (told + there - 2.0 * both) / (told + there + 1.0)
    };
    call.memory.output[0] = ((0..classes).map(covered).sum::<f64>() / classes as f64) as f32;
}

/// Its gradient by the sums.
pub fn dice_grad(call: Call<'_>) {
    let (sums, dy) = (call.memory.inputs[0], f64::from(call.memory.inputs[1][0]));
    let classes = sums.len() / 3;
    for k in 0..classes {
        let [both, told, there] = [0, 1, 2].map(|row| f64::from(sums[row * classes + k]));
        let below = told + there + 1.0;
        let by_size = (2.0 * both + 1.0) / (below * below);
        for (row, slope) in [-2.0 / below, by_size, by_size].into_iter().enumerate() {
            call.memory.output[row * classes + k] = (slope * dy / classes as f64) as f32;
        }
    }
}
