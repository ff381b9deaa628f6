//! What windows make of a side: the arithmetic by which windows, strides and paddings are looked for. What a network
//! has in
//! the end is computed on the network itself.

use super::super::draft::{Pad, Stated};

/// A window over a map, with its stride and its padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub window: Vec<usize>,
    pub stride: Vec<usize>,
    pub pad: Pad,
}

impl Geometry {
    /// What it makes of a map's sides; `None` where it does not fit.
    pub fn output(&self, sides: &[usize]) -> Option<Vec<usize>> {
        let axis = |(at, &side): (usize, &usize)| {
            let (window, stride) = (at_axis(&self.window, at)?, at_axis(&self.stride, at)?);
            self.side(side, window, stride)
        };
        sides.iter().enumerate().map(axis).collect()
    }

    fn side(&self, side: usize, window: usize, stride: usize) -> Option<usize> {
        let pad = match self.pad {
            Pad::Same => return Some(side.div_ceil(stride)),
            Pad::Ceil | Pad::By(0) => 0,
            Pad::By(pad) => pad,
            Pad::Convention => (window - 1) / 2,
        };
        let room = side.checked_add(2 * pad)?.checked_sub(window)?;
        Some(1 + if self.pad == Pad::Ceil { room.div_ceil(stride) } else { room / stride })
    }

    /// How unusual it is, for a convolution or a pool.
    pub fn surprise(&self, is_pool: bool) -> u32 {
        let largest = self.window.iter().copied().max().unwrap_or(1);
        let is_square = self.window.iter().all(|&size| size == largest);
        let stride = self.stride.iter().copied().max().unwrap_or(1);
        let half = largest.saturating_sub(1) / 2;
        let window = match (largest, is_pool) {
            (2, true) | (1 | 3 | 5 | 7, false) => 0,
            (3, true) | (9 | 11, false) => 1,
            (4 | 5, _) => 4,
            (6..=8, true) => 6,
            _ => 9,
        };
        let pad = match (self.pad, is_pool) {
            (Pad::By(0) | Pad::Convention | Pad::Same, _) => 0,
            (Pad::By(pad), _) if pad == half && largest % 2 == 1 => u32::from(is_pool),
            // At stride 1 only half padding and none are usual: a figure that another explains is more likely wrong.
            (Pad::By(_), false) if stride == 1 => 40,
            (Pad::By(_), _) => 6,
            (Pad::Ceil, _) => 8,
        };
        let step = match (stride, is_pool) {
            (1, false) => 0,
            (2, _) => 1,
            (stride, true) if stride == largest => 2,
            (1, true) => 4,
            _ => 5,
        };
        window + pad + step + if is_square { 0 } else { 8 }
    }
}

fn at_axis(sizes: &[usize], at: usize) -> Option<usize> {
    sizes.get(at).or_else(|| sizes.first()).copied().filter(|&size| size > 0)
}

/// The values of a stated size, or those that are tried.
pub fn stated_or(stated: Option<&Stated<Vec<usize>>>, tried: &[usize]) -> Vec<Vec<usize>> {
    stated.map_or_else(|| tried.iter().map(|&size| vec![size]).collect(), |stated| vec![stated.value.clone()])
}

/// A window's size on each axis, where one size stands for all.
pub fn spread(window: &[usize], rank: usize) -> Vec<usize> {
    if window.len() == 1 { vec![window[0]; rank] } else { window.to_vec() }
}
