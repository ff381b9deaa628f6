//! What the head of a picture's file says.

/// What the head of a picture's file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Height and width, upright.
    pub size: [usize; 2],
    pub is_grey: bool,
    /// Whether a value has more than 8 bits.
    pub is_deep: bool,
}

/// The numbers of a mask's pixels.
pub(super) struct Mask {
    /// Height and width.
    pub size: [usize; 2],
    /// Row by row.
    pub numbers: Vec<u16>,
}
