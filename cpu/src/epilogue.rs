//! What follows the sums of a convolution or a product while they are at hand: a bias, a shortcut, an activation, in this
//! order. Each saves a pass over the map: a read and a write, the shortcut a second read.

use fovea_graph::op::Activation;
use pulp::Simd;

use crate::math::rectify;
use crate::simd::{Span, each, rectified};
use crate::statistics::Statistics;

/// What follows the sums.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// Added by column: one number a filter.
    pub bias: Option<&'a [f32]>,
    /// Added by element: another map of the result's shape.
    pub shortcut: Option<&'a [f32]>,
    /// Applied last.
    pub activation: Option<Activation>,
    /// Sums by column of what is written, where whoever writes whole rows of the map gathers them.
    pub statistics: Option<Statistics<'a>>,
}

impl Epilogue<'_> {
    /// A bias and an activation.
    pub fn new<'a>(bias: Option<&'a [f32]>, activation: Option<Activation>) -> Epilogue<'a> {
        Epilogue { bias, activation, ..Epilogue::default() }
    }

    /// To whole positions of so many filters, the first of which is element `start` of the map.
    #[inline(always)]
    pub fn positions(&self, start: usize, filters: usize, y: &mut [f32]) {
        if let Some(bias) = self.bias {
            for row in y.chunks_exact_mut(filters) {
                row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
            }
        }
        if let Some(shortcut) = self.shortcut {
            y.iter_mut().zip(&shortcut[start..]).for_each(|(y, s)| *y += s);
        }
        match self.activation {
            Some(Activation::Relu) => y.iter_mut().for_each(|y| *y = rectify(*y)),
            None => {}
        }
    }

    /// To one number: element `at` of the map, of column `column`.
    #[inline(always)]
    pub fn number(&self, at: usize, column: usize, mut sum: f32) -> f32 {
        if let Some(bias) = self.bias {
            sum += bias[column];
        }
        if let Some(shortcut) = self.shortcut {
            sum += shortcut[at];
        }
        match self.activation {
            Some(Activation::Relu) => rectify(sum),
            None => sum,
        }
    }

    /// The furthest that a row of so many columns may begin, counted from this element of the map, where it begins with this
    /// column; none where what follows does not go as far as one.
    pub fn furthest(&self, [element, column]: [usize; 2], columns: usize) -> Option<usize> {
        let has_bias = self.bias.is_none_or(|bias| column + columns <= bias.len());
        let room = self.shortcut.map_or(Some(usize::MAX), |shortcut| shortcut.len().checked_sub(element + columns));
        room.filter(|_| has_bias)
    }

    /// To M rows of V vectors of sums, of the columns from `column` on; each row begins so many elements behind `start` on the
    /// map.
    ///
    /// # Safety
    /// What is there of the vectors must be so in the bias from `column` on, and in the shortcut from the rows' elements on
    /// ([`Self::furthest`]).
    #[inline(always)]
    pub unsafe fn finish<S: Simd, const M: usize, const V: usize, const WHOLE: bool>(
        &self,
        simd: S,
        sums: &mut [[S::f32s; V]; M],
        column: usize,
        (start, rows): (usize, &[usize]),
        span: Span<S, V, WHOLE>,
    ) {
        if let Some(bias) = self.bias {
            let mut added = [simd.splat_f32s(0.0); V];
            for (v, added) in added.iter_mut().enumerate() {
                // SAFETY: as was promised.
                *added = unsafe { span.load(simd, bias.as_ptr().wrapping_add(column), v) };
            }
            each!(sums, |_, v, sum| simd.add_f32s(sum, added[v]));
        }
        if let Some(shortcut) = self.shortcut {
            let from = shortcut.as_ptr().wrapping_add(start);
            // SAFETY: as was promised.
            each!(sums, |m, v, sum| simd.add_f32s(sum, unsafe { span.load(simd, from.wrapping_add(rows[m]), v) }));
        }
        if let Some(activation) = self.activation {
            each!(sums, |_, _, sum| activate(simd, activation, sum));
        }
    }

    /// To a vector, of which `count` elements are wanted: from element `at` of the map on, of the columns from `column` on.
    #[inline(always)]
    pub fn vector<S: Simd>(&self, simd: S, at: usize, column: usize, count: usize, mut sum: S::f32s) -> S::f32s {
        if let Some(bias) = self.bias {
            sum = simd.add_f32s(sum, some(simd, &bias[column..column + count]));
        }
        if let Some(shortcut) = self.shortcut {
            sum = simd.add_f32s(sum, some(simd, &shortcut[at..at + count]));
        }
        self.activation.map_or(sum, |activation| activate(simd, activation, sum))
    }
}

/// The activation of each element.
#[inline(always)]
pub fn activate<S: Simd>(simd: S, activation: Activation, x: S::f32s) -> S::f32s {
    match activation {
        Activation::Relu => rectified(simd, x),
    }
}

/// A vector or its beginning; zeros behind it.
#[inline(always)]
fn some<S: Simd>(simd: S, x: &[f32]) -> S::f32s {
    match S::as_simd_f32s(x).0 {
        [whole, ..] => *whole,
        [] => simd.partial_load_f32s(x),
    }
}
