//! What ops with one number a channel share: how short rows of channels fill vectors, and sums over positions.

use fovea_graph::Shape;

use super::Call;
use crate::simd::Vectors;
use crate::team::{CHUNK, Team};

/// How many lanes of a sum stay on the stack.
const STRIP: usize = 64;

/// Elements of a row: a whole number of positions, so that short rows of channels fill vectors too.
pub fn lanes(channels: usize) -> usize {
    let channels = channels.max(1);
    channels * (STRIP / channels).max(1)
}

/// Elements of one task of an op that goes row by row.
pub fn chunk(lanes: usize) -> usize {
    (CHUNK / lanes).max(1) * lanes
}

/// Numbers by channel, repeated to the length of a row: V vectors in `workspace`, which must hold `V · lanes`.
pub fn rows<const V: usize>(
    workspace: &mut [f32],
    channels: usize,
    of_channel: impl Fn(usize) -> [f64; V],
) -> [&[f32]; V] {
    let lanes = lanes(channels);
    for lane in 0..lanes.min(lanes * channels) {
        for (v, value) in of_channel(lane % channels).into_iter().enumerate() {
            workspace[v * lanes + lane] = value as f32;
        }
    }
    let workspace = &*workspace;
    std::array::from_fn(|v| &workspace[v * lanes..(v + 1) * lanes])
}

/// How a sum over positions is cut: each piece has its own partial sums, which are added in order at the end.
struct Cut {
    channels: usize,
    lanes: usize,
    /// Elements of a piece; a multiple of `lanes`.
    piece: usize,
}

impl Cut {
    /// Follows from the shape alone.
    fn new(x: &Shape) -> Self {
        const PIECES: usize = 64;
        let channels = x.channels().max(1);
        let lanes = lanes(channels);
        Self { channels, lanes, piece: CHUNK.max(x.elements() / PIECES).next_multiple_of(lanes) }
    }

    /// Elements of the partial sums: each is the sum of two f32, which together hold as much as f64 needs.
    fn workspace(&self, elements: usize) -> usize {
        elements.div_ceil(self.piece) * 2 * self.lanes
    }
}

/// The scratch memory of [`sums`] over a tensor of this shape.
pub fn workspace(x: &Shape) -> usize {
    Cut::new(x).workspace(x.elements())
}

/// `y[c] = result(c, Σ term(a, b, centre[c]))` over all positions, in f64; `a`, `b` and `centre` are numbers of inputs,
/// and without a centre that is 0.
pub fn sums(
    call: Call<'_>,
    [a, b]: [usize; 2],
    centre: Option<usize>,
    term: impl Fn(f64, f64, f64) -> f64 + Sync,
    result: impl Fn(usize, f64) -> f64,
) {
    let inputs = &call.memory.inputs;
    let (a, b, centre) = (inputs[a], inputs[b], centre.map(|centre| inputs[centre]));
    let cut = Cut::new(call.shapes[0]);
    let lanes = cut.lanes;
    let partial = &mut call.memory.workspace[..cut.workspace(a.len())];
    call.team.chunks(partial, 2 * lanes, |start, partial| {
        let begin = start / (2 * lanes) * cut.piece;
        let mine = begin..(begin + cut.piece).min(a.len());
        let (high, low) = partial.split_at_mut(lanes);
        for (strip, (high, low)) in high.chunks_mut(STRIP).zip(low.chunks_mut(STRIP)).enumerate() {
            let first = strip * STRIP;
            let mut middle = [0.0; STRIP];
            if let Some(centre) = centre {
                let lane = |i| f64::from(centre[(first + i) % cut.channels]);
                middle[..high.len()].iter_mut().enumerate().for_each(|(i, m)| *m = lane(i));
            }
            let rows = a[mine.clone()].chunks(lanes).zip(b[mine.clone()].chunks(lanes));
            let rows = rows.map(|(a, b)| (&a[first.min(a.len())..], &b[first.min(b.len())..]));
            let sums = strip_sums(call.team.vectors(), rows, &middle, high.len(), &term);
            for ((sum, high), low) in sums.into_iter().zip(high).zip(low) {
                *high = sum as f32;
                *low = (sum - f64::from(*high)) as f32;
            }
        }
    });
    for (c, y) in call.memory.output.iter_mut().enumerate() {
        let sum = |sums: &[f32]| -> f64 {
            let lanes_of_channel = (c..lanes).step_by(cut.channels);
            lanes_of_channel.map(|lane| f64::from(sums[lane]) + f64::from(sums[lanes + lane])).sum()
        };
        *y = result(c, partial.chunks_exact(2 * lanes).map(sum).sum()) as f32;
    }
}

/// The sums of the first `lanes` elements of every row.
fn strip_sums<'a>(
    vectors: Vectors,
    rows: impl Iterator<Item = (&'a [f32], &'a [f32])>,
    middle: &[f64; STRIP],
    lanes: usize,
    term: impl Fn(f64, f64, f64) -> f64,
) -> [f64; STRIP] {
    let mut sums = [0.0; STRIP];
    vectors.run(
        #[inline(always)]
        || {
            for (a, b) in rows {
                for (((sum, m), &a), &b) in sums[..lanes].iter_mut().zip(middle).zip(a).zip(b) {
                    *sum += term(f64::from(a), f64::from(b), *m);
                }
            }
        },
    );
    sums
}

/// The sum of equally long parts, in their order.
pub fn add_parts(team: &Team<'_>, parts: &[f32], output: &mut [f32]) {
    let len = output.len();
    team.chunks(output, CHUNK, |start, sum| {
        sum.copy_from_slice(&parts[start..start + sum.len()]);
        for part in parts.chunks_exact(len).skip(1) {
            let part = &part[start..start + sum.len()];
            team.vectors().run(
                #[inline(always)]
                || sum.iter_mut().zip(part).for_each(|(s, p)| *s += p),
            );
        }
    });
}
