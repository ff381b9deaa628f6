//! Where the elements of a sliding window lie, on maps of any rank.

use ndarray::{Dimension, IxDyn};

/// Windows over a map, an entry an axis.
pub(super) struct Windows<'a> {
    /// The map's size.
    pub extent: &'a [usize],
    /// How many windows there are.
    pub count: &'a [usize],
    /// Elements of one window.
    pub size: &'a [usize],
    /// Steps between two windows.
    pub stride: &'a [usize],
    /// Steps between two elements of a window.
    pub dilate: &'a [usize],
    /// Padding before and after the map.
    pub pad: &'a [[usize; 2]],
}

impl Windows<'_> {
    /// Calls `visit(p, r, at)` for every window and each of its elements that lies on the map, in row-major order: the
    /// number of the window, of the element within it, and of the element on the map.
    pub(super) fn for_each(&self, mut visit: impl FnMut(usize, usize, usize)) {
        for (p, window) in ndarray::indices(IxDyn(self.count)).into_iter().enumerate() {
            for (r, element) in ndarray::indices(IxDyn(self.size)).into_iter().enumerate() {
                if let Some(at) = self.position(window.slice(), element.slice()) {
                    visit(p, r, at);
                }
            }
        }
    }

    /// Where an element of a window lies on the map; `None` on the padding.
    fn position(&self, window: &[usize], element: &[usize]) -> Option<usize> {
        let mut position = 0;
        for a in 0..self.extent.len() {
            let at = (window[a] * self.stride[a] + element[a] * self.dilate[a]).checked_sub(self.pad[a][0])?;
            if at >= self.extent[a] {
                return None;
            }
            position = position * self.extent[a] + at;
        }
        Some(position)
    }
}
