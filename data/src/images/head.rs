//! What the head of a picture's file says.

/// What the head of a picture's file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Height and width, upright.
    pub size: [usize; 2],
    pub is_grey: bool,
}

/// The most pixels that a picture may claim to have: 8192 × 8192.
pub(super) const MAX_PIXELS: u64 = 1 << 26;

impl Head {
    /// Itself, unless no picture has such a size, or none that may be read.
    pub fn possible(self) -> Result<Self, String> {
        let [height, width] = self.size;
        match (height as u64).saturating_mul(width as u64) {
            0 => Err("it has no pixels".into()),
            1..=MAX_PIXELS => Ok(self),
            _ => Err(format!(
                "it claims {height}x{width} pixels: pictures of up to {} million are read",
                MAX_PIXELS / 1_000_000
            )),
        }
    }
}
