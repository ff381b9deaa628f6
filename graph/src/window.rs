//! The arithmetic of sliding windows, along one axis; the only place where an output size is computed.
//!
//! Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

use serde::{Deserialize, Serialize};

/// What happens to a last window that only partly lies on the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// It is left out.
    #[default]
    Floor,
    /// It counts, provided that it begins on the map or on the padding before it (PyTorch's `ceil_mode`).
    Ceil,
}

/// A window along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Elements that the window covers.
    pub size: usize,
    /// Steps between two windows.
    pub stride: usize,
    /// Steps between two elements of a window; 1 is a dense one.
    pub dilate: usize,
    /// Padding before and after the map.
    pub pad: [usize; 2],
    /// Whether a partial last window counts.
    pub rounding: Rounding,
}

/// Why a window does not slide over a map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The window, dilated, is larger than the padded map.
    #[error("the window covers {extent}, but the map has {map}{}", if *.padded == *.map { String::new() } else { format!(" ({} with its padding)", .padded) })]
    TooLarge {
        /// What the window covers, dilation counted.
        extent: usize,
        /// The size of the map.
        map: usize,
        /// The size of the map with its padding.
        padded: usize,
    },
    /// A size, stride or dilation of zero.
    #[error("the window's {0} is 0; it must be at least 1")]
    Zero(&'static str),
    /// A padding as wide as the window, so that a window could lie on padding alone.
    #[error("the padding {pad} is as wide as the window, {extent}; at most {} makes sense", .extent - 1)]
    OnlyPadding {
        /// The padding.
        pad: usize,
        /// What the window covers.
        extent: usize,
    },
    /// Beyond what can be counted.
    #[error("the sizes are too large to be counted")]
    Overflow,
}

impl Window {
    /// What the window covers on the map: (size − 1)·dilate + 1.
    pub fn extent(&self) -> Result<usize, WindowError> {
        for (what, n) in [("size", self.size), ("stride", self.stride), ("dilation", self.dilate)] {
            if n == 0 {
                return Err(WindowError::Zero(what));
            }
        }
        (self.size - 1).checked_mul(self.dilate).and_then(|n| n.checked_add(1)).ok_or(WindowError::Overflow)
    }

    /// How many windows fit on a map of `map` elements.
    pub fn output(&self, map: usize) -> Result<usize, WindowError> {
        let extent = self.extent()?;
        let padded = map
            .checked_add(self.pad[0])
            .and_then(|n| n.checked_add(self.pad[1]))
            .filter(|&n| n <= crate::shape::MAX_ELEMENTS)
            .ok_or(WindowError::Overflow)?;
        if extent > padded {
            return Err(WindowError::TooLarge { extent, map, padded });
        }
        if let Some(&pad) = self.pad.iter().find(|&&pad| pad >= extent && pad > 0) {
            return Err(WindowError::OnlyPadding { pad, extent });
        }
        let span = padded - extent;
        Ok(match self.rounding {
            Rounding::Floor => span / self.stride + 1,
            Rounding::Ceil => {
                let count = span.div_ceil(self.stride) + 1;
                // A window that begins on the far padding would see nothing of the map.
                if (count - 1) * self.stride >= map + self.pad[0] { count - 1 } else { count }
            }
        })
    }

    /// The padding that makes the output ⌈map/stride⌉, the odd one at the far end (`same`).
    pub fn same_padding(size: usize, stride: usize, dilate: usize, map: usize) -> Result<[usize; 2], WindowError> {
        let extent = Window { size, stride, dilate, pad: [0, 0], rounding: Rounding::Floor }.extent()?;
        let output = map.div_ceil(stride);
        let needed = (output.saturating_sub(1)).checked_mul(stride).and_then(|n| n.checked_add(extent));
        let total = needed.ok_or(WindowError::Overflow)?.saturating_sub(map);
        Ok([total / 2, total - total / 2])
    }

    /// The padding that keeps the size of an odd window at stride 1: (extent − 1)/2 on both sides.
    pub fn half_padding(size: usize, dilate: usize) -> Result<[usize; 2], WindowError> {
        let extent = Window { size, stride: 1, dilate, pad: [0, 0], rounding: Rounding::Floor }.extent()?;
        Ok([(extent - 1) / 2; 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(size: usize, stride: usize, pad: usize) -> Window {
        Window { size, stride, dilate: 1, pad: [pad, pad], rounding: Rounding::Floor }
    }

    #[test]
    fn sizes_of_the_lectures_layers() {
        assert_eq!(window(11, 4, 0).output(227), Ok(55)); // AlexNet, conv1
        assert_eq!(window(3, 2, 0).output(55), Ok(27)); // AlexNet, overlapping pool
        assert_eq!(window(7, 2, 3).output(224), Ok(112)); // ResNet, conv1
        assert_eq!(window(3, 2, 1).output(112), Ok(56)); // ResNet, pool
        assert_eq!(Window { rounding: Rounding::Ceil, ..window(3, 2, 0) }.output(112), Ok(56)); // GoogLeNet, pool
    }

    #[test]
    fn a_partial_window_on_the_far_padding_is_left_out() {
        // PyTorch: MaxPool1d(2, stride 2, padding 1, ceil_mode) of 5 elements has 3 outputs, not 4.
        assert_eq!(Window { rounding: Rounding::Ceil, ..window(2, 2, 1) }.output(5), Ok(3));
    }

    #[test]
    fn a_window_larger_than_its_map_is_an_error() {
        assert_eq!(window(5, 1, 0).output(3), Err(WindowError::TooLarge { extent: 5, map: 3, padded: 3 }));
        let dilated = Window { dilate: 1 << 62, ..window(9, 1, 0) };
        assert_eq!(dilated.output(3), Err(WindowError::Overflow));
        assert_eq!(window(0, 1, 0).output(3), Err(WindowError::Zero("size")));
    }

    #[test]
    fn same_padding_puts_the_odd_one_at_the_far_end() {
        assert_eq!(Window::same_padding(2, 1, 1, 5), Ok([0, 1]));
        assert_eq!(Window::same_padding(3, 2, 1, 224), Ok([0, 1]));
        assert_eq!(Window::same_padding(1, 2, 1, 7), Ok([0, 0]));
    }
}
