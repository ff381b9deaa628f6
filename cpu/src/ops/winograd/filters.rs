//! The filters, transformed and packed: `[panel, point, channel, column]`, where a panel is [`VECTORS`] vectors of filters.
//!
//! 36 numbers of each 3×3 filter at F(4×4): four times the bytes. Filters that stay are transformed once, as the plan prepares them.
//! Of others a step of many tiles writes its own once and reads them back from the outer caches; where tiles are few, each task
//! makes those of its own panel, some channels at a time, and they never leave the second-level cache.
//!
//! Nine reads, about 60 operations and 36 writes a channel and vector of filters; where vectors run over what lies apart in
//! memory, a small piece is turned first. They show where filters are many and maps small: 2 maps of 14² by 512 filters of 512
//! channels run at 113 % of a core's peak (effective) on AVX-512 and 127 % on AVX2, where 2 of 56² by 256 of 256 reach 261 and 260 %.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::kernel::VECTORS;
use super::plane::WINDOW;
use super::points::{Four, Points, Six, both_axes};
use crate::team::Team;

/// Elements between points, so that those of one place do not all fall into the same set of a cache.
pub const GAP: usize = 16;

/// Channels that are turned at a time.
const PIECE: usize = 16;
/// The most filters of a panel.
const WIDEST: usize = VECTORS * 16;
/// Taps of a filter.
const TAPS: usize = WINDOW * WINDOW;

/// Which way round filters `[k, 3, 3, c]` are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// As they are: k filters of c channels.
    Forward,
    /// c filters of k channels, turned around.
    Backward,
}

/// The filters of a convolution, as a step finds them.
#[derive(Clone, Copy)]
pub struct Filters<'a> {
    /// `[k, 3, 3, c]`.
    pub data: &'a [f32],
    /// Which way round.
    pub direction: Direction,
}

/// How the transformed filters lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Filters of the convolution.
    pub filters: usize,
    /// Their channels.
    pub channels: usize,
    /// Points of a tile.
    pub points: usize,
    /// Filters of a panel.
    pub width: usize,
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} points of {}x{} in panels of {}", self.points, self.filters, self.channels, self.width)
    }
}

impl Packing {
    /// Panels of filters.
    pub fn panels(&self) -> usize {
        self.filters.div_ceil(self.width)
    }

    /// Elements from point to point, with so many channels.
    pub fn point(&self, channels: usize) -> usize {
        channels * self.width + GAP
    }

    /// Elements of so many channels of a panel.
    pub fn panel(&self, channels: usize) -> usize {
        self.points * self.point(channels)
    }

    /// Elements of all.
    pub fn len(&self) -> usize {
        self.panels() * self.panel(self.channels)
    }

    /// Whether this panel has one vector of filters only.
    pub fn is_narrow(&self, panel: usize) -> bool {
        self.filters - panel * self.width <= self.width / VECTORS
    }
}

/// Transforms and packs all filters.
pub fn transform(packing: &Packing, direction: Direction, data: &[f32], packed: &mut [f32], team: &Team<'_>) {
    let filters = Filters { data, direction };
    match packing.points {
        16 => pack::<Four, 2, 4>(team, packing, filters, packed),
        _ => pack::<Six, 4, 6>(team, packing, filters, packed),
    }
}

fn pack<P: Points<OUT, WINDOW, TILE>, const OUT: usize, const TILE: usize>(
    team: &Team<'_>,
    packing: &Packing,
    filters: Filters<'_>,
    packed: &mut [f32],
) {
    let panels = packed.chunks_exact_mut(packing.panel(packing.channels)).enumerate();
    team.each(panels, &mut [], 0, |(panel, packed), _| {
        let channels = 0..packing.channels;
        team.vectors().dispatch(Piece::<P, OUT, TILE>::new(packing, filters, panel, channels, packed));
    });
}

/// Some channels of a panel.
pub struct Piece<'a, P, const OUT: usize, const TILE: usize> {
    packing: &'a Packing,
    filters: Filters<'a>,
    panel: usize,
    channels: Range<usize>,
    packed: &'a mut [f32],
    points: PhantomData<P>,
}

/// Taps, channels and filters of a piece.
type Turned = [[[f32; WIDEST]; PIECE]; TAPS];

impl<'a, P, const OUT: usize, const TILE: usize> Piece<'a, P, OUT, TILE> {
    /// To be written to the beginning of `packed`.
    pub fn new(
        packing: &'a Packing,
        filters: Filters<'a>,
        panel: usize,
        channels: Range<usize>,
        packed: &'a mut [f32],
    ) -> Self {
        Self { packing, filters, panel, channels, packed, points: PhantomData }
    }

    /// Turns filters `[filter, tap, channel]`: `count` from `first` on.
    #[inline(always)]
    fn turn(&self, [first, count]: [usize; 2], channels: Range<usize>, turned: &mut Turned) {
        for f in 0..count.min(WIDEST) {
            for (tap, turned) in turned.iter_mut().enumerate() {
                let at = ((first + f) * TAPS + tap) * self.packing.channels;
                let from = &self.filters.data[at + channels.start..at + channels.end];
                for (turned, &from) in turned.iter_mut().zip(from) {
                    turned[f] = from;
                }
            }
        }
    }

    /// Copies filters `[channel, the last tap first, filter]`.
    #[inline(always)]
    fn copy(&self, [first, count]: [usize; 2], channels: Range<usize>, turned: &mut Turned) {
        for (c, channel) in channels.enumerate() {
            for (tap, turned) in turned.iter_mut().enumerate() {
                let at = (channel * TAPS + TAPS - 1 - tap) * self.packing.filters + first;
                turned[c][..count].copy_from_slice(&self.filters.data[at..at + count]);
            }
        }
    }
}

impl<P: Points<OUT, WINDOW, TILE>, const OUT: usize, const TILE: usize> WithSimd for Piece<'_, P, OUT, TILE> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut turned: Turned = [[[0.0; WIDEST]; PIECE]; TAPS];
        let (width, point) = (self.packing.width, self.packing.point(self.channels.len()));
        let first = self.panel * width;
        let filters = [first, (self.packing.filters - first).min(width)];
        let vectors = if self.packing.is_narrow(self.panel) { 1 } else { VECTORS };
        for start in self.channels.clone().step_by(PIECE) {
            let channels = start..(start + PIECE).min(self.channels.end);
            let place = start - self.channels.start;
            match self.filters.direction {
                Direction::Forward => self.turn(filters, channels.clone(), &mut turned),
                Direction::Backward => self.copy(filters, channels.clone(), &mut turned),
            }
            for (c, _) in channels.enumerate() {
                for column in (0..vectors).map(|v| v * S::F32_LANES) {
                    both_axes(
                        simd.splat_f32s(0.0),
                        #[inline(always)]
                        |values| P::filter(simd, values),
                        #[inline(always)]
                        |line, tap| S::as_simd_f32s(&turned[line * WINDOW + tap][c][column..][..S::F32_LANES]).0[0],
                        #[inline(always)]
                        |line, column_point, value| {
                            let at = (line * TILE + column_point) * point + (place + c) * width + column;
                            S::as_mut_simd_f32s(&mut self.packed[at..at + S::F32_LANES]).0[0] = value;
                        },
                    );
                }
            }
        }
    }
}
