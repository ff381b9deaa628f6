//! What ops with one number a channel share: how short rows of channels fill vectors, and sums over positions.
//!
//! Sums go through memory once. The terms of [`BLOCK`] rows are added in f32, off by at most `BLOCK · 2⁻²⁴` (4·10⁻⁶) of the
//! sum of their magnitudes and by some 3·10⁻⁷ as a rule; blocks and pieces are added in f64, in one order.

use std::ops::Range;

use fovea_graph::Shape;

use crate::statistics::BLOCK;
pub use crate::statistics::STRIP;
use crate::team::{CHUNK, Team};

/// Elements of a row: a whole number of positions and, where that is not too long, of vectors, so that short rows of
/// channels fill vectors too.
pub fn lanes(channels: usize) -> usize {
    const VECTOR: usize = 16;
    let channels = channels.max(1);
    let shared = 1 << channels.trailing_zeros().min(VECTOR.trailing_zeros());
    match channels * (VECTOR / shared) {
        vectors if vectors <= STRIP => vectors * (STRIP / 2 / vectors).max(1),
        _ => channels,
    }
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
    for c in 0..channels {
        for (v, value) in of_channel(c).into_iter().enumerate() {
            workspace[v * lanes..(v + 1) * lanes].iter_mut().skip(c).step_by(channels).for_each(|w| *w = value as f32);
        }
    }
    let workspace = &*workspace;
    std::array::from_fn(|v| &workspace[v * lanes..(v + 1) * lanes])
}

/// How a sum over positions is cut: each piece has its own partial sums, which are added in order at the end.
#[derive(Clone, Copy)]
struct Cut {
    channels: usize,
    lanes: usize,
    /// Elements of a piece; a multiple of `lanes`.
    piece: usize,
    elements: usize,
}

impl Cut {
    /// Follows from the shape alone.
    fn new(x: &Shape) -> Self {
        const PIECES: usize = 64;
        let channels = x.channels().max(1);
        let (lanes, elements) = (lanes(channels), x.elements());
        Self { channels, lanes, piece: CHUNK.max(elements / PIECES).next_multiple_of(lanes), elements }
    }

    /// How many pieces.
    fn pieces(&self) -> usize {
        self.elements.div_ceil(self.piece)
    }
}

/// The scratch memory of K sums a channel over a tensor of this shape: each partial sum is that of two f32, which
/// together hold as much as f64 needs.
pub fn workspace(x: &Shape, sums: usize) -> usize {
    let cut = Cut::new(x);
    cut.pieces() * sums * 2 * cut.lanes
}

/// The part of a piece that is summed at a time: some lanes of all its rows.
pub struct Strip {
    /// The elements of the piece.
    elements: Range<usize>,
    lanes: usize,
    /// Its first lane.
    first: usize,
    /// How many lanes.
    len: usize,
    channels: usize,
}

impl Strip {
    /// Where its part of each row lies; the last may be shorter. Four places of the piece come by turns, so that more than
    /// one page at a time is read ahead.
    #[inline(always)]
    pub fn rows(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        const PLACES: usize = 4;
        let (start, end, lanes, len) = (self.elements.start + self.first, self.elements.end, self.lanes, self.len);
        let count = end.saturating_sub(start).div_ceil(lanes);
        let apart = self.elements.len() / lanes / PLACES;
        (0..count).map(move |i| {
            let row = if i < PLACES * apart { i % PLACES * apart + i / PLACES } else { i };
            let from = start + row * lanes;
            from..end.min(from + len)
        })
    }

    /// How many lanes it has.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The numbers of its lanes' channels; without any, zeros.
    fn middle(&self, by_channel: Option<&[f32]>) -> [f32; STRIP] {
        let mut middle = [0.0; STRIP];
        if let Some(by_channel) = by_channel {
            let lanes = middle[..self.len].iter_mut().enumerate();
            lanes.for_each(|(i, lane)| *lane = by_channel[(self.first + i) % self.channels]);
        }
        middle
    }
}

/// `result(c, sums)` for every channel, of the K sums that `strip` finds for each lane of a strip; it may write the
/// strip's rows of the piece of `out` that it is given, where `out` is as long as a tensor of the shape.
pub fn reduce<const K: usize>(
    team: &Team<'_>,
    shape: &Shape,
    (workspace, out): (&mut [f32], &mut [f32]),
    strip: impl Fn(&Strip, &mut [f32], &mut [[f64; STRIP]; K]) + Sync,
    mut result: impl FnMut(usize, [f64; K]),
) {
    let cut = Cut::new(shape);
    let size = K * 2 * cut.lanes;
    let partial = &mut workspace[..cut.pieces() * size];
    let outs = out.chunks_mut(cut.piece).map(Some).chain(std::iter::repeat_with(|| None));
    let tasks = partial.chunks_exact_mut(size.max(1)).zip(outs).enumerate();
    team.each(tasks, &mut [], 0, |(piece, (partial, out)), _| {
        let (begin, out) = (piece * cut.piece, out.unwrap_or_default());
        let elements = begin..(begin + cut.piece).min(cut.elements);
        for first in (0..cut.lanes).step_by(STRIP) {
            let len = STRIP.min(cut.lanes - first);
            let this = Strip { elements: elements.clone(), lanes: cut.lanes, first, len, channels: cut.channels };
            let mut sums = [[0.0; STRIP]; K];
            strip(&this, out, &mut sums);
            for (k, sums) in sums.iter().enumerate() {
                let (high, low) = partial[k * 2 * cut.lanes..(k + 1) * 2 * cut.lanes].split_at_mut(cut.lanes);
                for ((sum, high), low) in sums.iter().zip(&mut high[first..first + len]).zip(&mut low[first..]) {
                    *high = *sum as f32;
                    *low = (sum - f64::from(*high)) as f32;
                }
            }
        }
    });
    totals([cut.channels, cut.lanes], partial, &mut result);
}

/// All pieces' sums together, channel by channel: `partial` is `[pieces, K, 2, lanes]`, of each sum the f32 nearest to it, and
/// what it leaves.
pub fn totals<const K: usize>(
    [channels, lanes]: [usize; 2],
    partial: &[f32],
    result: &mut impl FnMut(usize, [f64; K]),
) {
    for first in (0..channels).step_by(STRIP) {
        let len = STRIP.min(channels - first);
        let mut totals = [[0.0; STRIP]; K];
        for piece in partial.chunks_exact((K * 2 * lanes).max(1)) {
            for (k, totals) in totals.iter_mut().enumerate() {
                let (high, low) = piece[k * 2 * lanes..(k + 1) * 2 * lanes].split_at(lanes);
                for start in (first..lanes).step_by(channels) {
                    let parts = high[start..start + len].iter().zip(&low[start..start + len]);
                    totals.iter_mut().zip(parts).for_each(|(t, (h, l))| *t += f64::from(*h) + f64::from(*l));
                }
            }
        }
        (0..len).for_each(|c| result(first + c, std::array::from_fn(|k| totals[k][c])));
    }
}

/// `result(c, Σ term(a, centre[c]))` over all positions, where `a` is an element of each of the streams, which are tensors
/// of the shape; without a centre that is 0.
pub fn sums<const N: usize, const K: usize>(
    team: &Team<'_>,
    shape: &Shape,
    workspace: &mut [f32],
    (streams, centre): ([&[f32]; N], Option<&[f32]>),
    term: impl Fn([f32; N], f32) -> [f32; K] + Sync,
    result: impl FnMut(usize, [f64; K]),
) {
    let strip = |strip: &Strip, _: &mut [f32], sums: &mut [[f64; STRIP]; K]| {
        let middle = strip.middle(centre);
        team.vectors().run(
            #[inline(always)]
            || {
                in_blocks(
                    strip,
                    sums,
                    #[inline(always)]
                    |row, block| add_row(streams.map(|x| &x[row.clone()]), &middle, block, &term),
                );
            },
        );
    };
    reduce(team, shape, (workspace, &mut []), strip, result);
}

/// `result(c, Σ term([made, x], centre[c]))` over all positions, where `fill` makes elements of a tensor of the shape; they
/// are kept in `out`, where that is as long.
pub fn sums_of_made<const K: usize>(
    team: &Team<'_>,
    shape: &Shape,
    (workspace, out): (&mut [f32], &mut [f32]),
    fill: impl Fn(Range<usize>, &mut [f32]) + Sync,
    (x, centre): (&[f32], Option<&[f32]>),
    term: impl Fn([f32; 2], f32) -> [f32; K] + Sync,
    result: impl FnMut(usize, [f64; K]),
) {
    let strip = |strip: &Strip, out: &mut [f32], sums: &mut [[f64; STRIP]; K]| {
        let (middle, mut made, start) = (strip.middle(centre), [0.0; STRIP], strip.elements.start);
        team.vectors().run(
            #[inline(always)]
            || {
                in_blocks(
                    strip,
                    sums,
                    #[inline(always)]
                    |row, block| {
                        let made = match out.get_mut(row.start - start..row.end - start) {
                            Some(kept) => kept,
                            None => &mut made[..row.len()],
                        };
                        fill(row.clone(), made);
                        add_row([&*made, &x[row]], &middle, block, &term);
                    },
                );
            },
        );
    };
    reduce(team, shape, (workspace, out), strip, result);
}

/// Adds up what `add` adds for each row of a strip.
#[inline(always)]
fn in_blocks<const K: usize>(
    strip: &Strip,
    sums: &mut [[f64; STRIP]; K],
    mut add: impl FnMut(Range<usize>, &mut [[f32; STRIP]; K]),
) {
    let (mut block, mut left) = ([[0.0; STRIP]; K], BLOCK);
    for row in strip.rows() {
        add(row, &mut block);
        left -= 1;
        if left == 0 {
            flush(&mut block, sums);
            left = BLOCK;
        }
    }
    flush(&mut block, sums);
}

/// Adds the terms of one row.
#[inline(always)]
pub fn add_row<const N: usize, const K: usize>(
    row: [&[f32]; N],
    middle: &[f32; STRIP],
    block: &mut [[f32; STRIP]; K],
    term: impl Fn([f32; N], f32) -> [f32; K],
) {
    let n = row[0].len().min(STRIP);
    let row = row.map(|x| &x[..n]);
    for i in 0..n {
        let terms = term(std::array::from_fn(|s| row[s][i]), middle[i]);
        for k in 0..K {
            block[k][i] += terms[k];
        }
    }
}

/// Adds the sums of a block, which begins anew.
#[inline(always)]
fn flush<const K: usize>(block: &mut [[f32; STRIP]; K], sums: &mut [[f64; STRIP]; K]) {
    for (block, sums) in block.iter_mut().zip(sums) {
        sums.iter_mut().zip(&*block).for_each(|(sum, block)| *sum += f64::from(*block));
        block.fill(0.0);
    }
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
