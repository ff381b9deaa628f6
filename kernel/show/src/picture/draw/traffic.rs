//! What flows along a link in training: its sizes, and the memory it takes.

use crate::architecture::LayerBox;
use crate::display::number;

/// Pictures a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// How many pictures a step takes.
    pub batch: usize,
}

impl Traffic {
    /// `56×56×256 · 3.2 MB`
    pub(super) fn of(self, one: &LayerBox) -> String {
        // A value is an f32.
        let values = one.output.iter().fold(4u64, |all, size| all.saturating_mul(size[1] as u64));
        let bytes = values.saturating_mul(self.batch as u64);
        let most = if one.output.iter().any(|[least, most]| least != most) { "up to " } else { "" };
        format!("{} · {most}{}", one.sizes(), number::bytes(bytes))
    }
}
