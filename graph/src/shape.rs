//! Shapes: dimensions in the order N, H, W, C (1-D: N, L, C; 3-D: N, H, W, T, C; a vector: N, C; a scalar: none).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most elements one tensor may have: 2^40, so that bytes and counts of operations stay far from overflow.
pub const MAX_ELEMENTS: usize = 1 << 40;

/// The dimensions of a tensor; their product is known to be at most [`MAX_ELEMENTS`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<usize>", into = "Vec<usize>")]
pub struct Shape(Vec<usize>);

/// A shape whose number of elements is beyond [`MAX_ELEMENTS`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tensor of {} has more than 2^40 elements", join(.0))]
pub struct TooLarge(pub Vec<usize>);

impl Shape {
    /// A shape of these dimensions, or an error where their product is beyond [`MAX_ELEMENTS`].
    pub fn new(dims: impl Into<Vec<usize>>) -> Result<Self, TooLarge> {
        let dims = dims.into();
        let product = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        match product {
            Some(n) if n <= MAX_ELEMENTS => Ok(Self(dims)),
            _ => Err(TooLarge(dims)),
        }
    }

    /// The shape of a single number.
    pub fn scalar() -> Self {
        Self(Vec::new())
    }

    /// All dimensions.
    pub fn dims(&self) -> &[usize] {
        &self.0
    }

    /// The number of dimensions, the batch and the channels among them.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.0.iter().product()
    }

    /// The first dimension: images in a batch, filters of a convolution. 1 for a scalar.
    pub fn batch(&self) -> usize {
        self.0.first().copied().unwrap_or(1)
    }

    /// The dimensions between the first and the last: H and W of N, H, W, C.
    pub fn spatial(&self) -> &[usize] {
        match self.0.len() {
            0 | 1 => &[],
            n => &self.0[1..n - 1],
        }
    }

    /// The last dimension. 1 for a scalar.
    pub fn channels(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// Elements over channels: N·H·W.
    pub fn positions(&self) -> usize {
        self.0.split_last().map_or(1, |(_, rest)| rest.iter().product())
    }
}

impl TryFrom<Vec<usize>> for Shape {
    type Error = TooLarge;
    fn try_from(dims: Vec<usize>) -> Result<Self, TooLarge> {
        Self::new(dims)
    }
}

impl From<Shape> for Vec<usize> {
    fn from(shape: Shape) -> Self {
        shape.0
    }
}

impl fmt::Display for Shape {
    /// `64x28x28x1`; a scalar is `scalar`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("scalar") } else { f.write_str(&join(&self.0)) }
    }
}

/// Dimensions as a user writes them: `28x28x1`.
pub fn join(dims: &[usize]) -> String {
    dims.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}
