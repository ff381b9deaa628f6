//! What follows the sums of a convolution or a product while they are at hand: a bias, a shortcut, an activation, in this
//! order. Each saves a pass over the map: a read and a write, the shortcut a second read.

use fovea_graph::op::Activation;
use pulp::Simd;

use crate::math::rectify;

/// What follows the sums.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// Added by column: one number a filter.
    pub bias: Option<&'a [f32]>,
    /// Added by element: another map of the result's shape.
    pub shortcut: Option<&'a [f32]>,
    /// Applied last.
    pub activation: Option<Activation>,
}

impl Epilogue<'_> {
    /// A bias and an activation.
    pub fn new<'a>(bias: Option<&'a [f32]>, activation: Option<Activation>) -> Epilogue<'a> {
        Epilogue { bias, shortcut: None, activation }
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

    /// Whether it goes as far as a map of so many elements and columns.
    pub fn covers(&self, [elements, columns]: [usize; 2]) -> bool {
        self.shortcut.is_none_or(|shortcut| elements <= shortcut.len())
            && self.bias.is_none_or(|bias| columns <= bias.len())
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
        // What is not a number stays so: it is not below zero.
        Activation::Relu => {
            let zero = simd.splat_f32s(0.0);
            simd.select_f32s(simd.less_than_f32s(x, zero), zero, x)
        }
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
