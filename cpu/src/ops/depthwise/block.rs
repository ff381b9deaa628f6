//! What the innermost loops go over: positions next to one another, what of their windows lies on the map, and where.

use pulp::Simd;

use super::slide::{Line, Seen};
use crate::ops::conv::Windows;

/// Which of the places that windows see lie beside the map: the first of them, the last, or whichever.
pub(super) const FIRST: usize = 1;
pub(super) const LAST: usize = 2;
pub(super) const BOTH: usize = FIRST | LAST;
pub(super) const ANY: usize = 4;

/// What windows next to one another see of their lines of the map.
pub(super) struct View {
    channels: usize,
    /// The place on the line at which the first window begins.
    pub(super) first: isize,
    /// Behind the last place of the line that lies on the map and in a window.
    end: usize,
    /// Which of the first places lie on the map.
    on_map: u32,
}

impl View {
    /// The windows from the place `first` on, which see so many places.
    #[inline(always)]
    pub(super) fn new(windows: &Windows<'_>, first: isize, places: usize) -> Self {
        let end = windows.axes[2].map.min((first + places as isize).max(0) as usize);
        // Those behind the line's beginning, and before its end; 32 at most.
        let below = |count: isize| u32::MAX.checked_shr(32 - count.clamp(0, 32) as u32).unwrap_or(0);
        let on_map = below(end as isize - first) & !below(-first);
        Self { channels: windows.channels, first, end, on_map }
    }

    /// Which of the places lie beside the map: none, [`FIRST`], [`LAST`], [`BOTH`] or [`ANY`].
    #[inline(always)]
    pub(super) fn missing(&self, places: usize) -> usize {
        let last = 1u32.checked_shl(places as u32 - 1).unwrap_or(0);
        let all = last | last.wrapping_sub(1);
        match (all & !self.on_map, last) {
            (_, 0) => ANY,
            (0, _) => 0,
            (1, _) => FIRST,
            (gone, last) if gone == last => LAST,
            (gone, last) if gone == last | 1 => BOTH,
            _ => ANY,
        }
    }

    /// The vector at a place, counted from that of the `window`; zeros beside the map. W says how wide the windows are, if
    /// they see 32 places at most, `last` which place is the last.
    ///
    /// # Safety
    /// The line must lie on the map, the place, too, where it is not one of those that are `MISSING`, and the channels must fill
    /// a vector.
    #[inline(always)]
    pub(super) unsafe fn x<S: Simd, const W: usize, const MISSING: usize>(
        &self,
        simd: S,
        window: *const f32,
        i: usize,
        last: usize,
    ) -> S::f32s {
        let is_there = match (W, MISSING) {
            (0, _) => ((self.first + i as isize) as usize) < self.end,
            (_, ANY) => self.on_map >> i & 1 == 1,
            _ => !(MISSING & FIRST != 0 && i == 0 || MISSING & LAST != 0 && i == last),
        };
        if !is_there {
            return simd.splat_f32s(0.0);
        }
        // SAFETY: as was promised, the map has a vector at each place that is on it.
        unsafe { window.wrapping_add(i * self.channels).cast::<S::f32s>().read_unaligned() }
    }
}

/// Where the first tap of a window finds what it multiplies, and how far it is from there to the next one's, on the first two
/// axes: in elements of the map and of the filters.
#[derive(Clone, Copy)]
pub(super) struct Taps {
    pub(super) window: *const f32,
    pub(super) filters: *const f32,
    pub(super) planes: [isize; 2],
    pub(super) lines: [isize; 2],
}

impl Taps {
    /// Of channels that lie so many further.
    #[inline(always)]
    pub(super) fn further(self, channels: usize) -> Self {
        Self { window: self.window.wrapping_add(channels), filters: self.filters.wrapping_add(channels), ..self }
    }

    /// Of the next line or plane.
    #[inline(always)]
    pub(super) fn moved(self, [map, filters]: [isize; 2]) -> Self {
        Self { window: self.window.wrapping_offset(map), filters: self.filters.wrapping_offset(filters), ..self }
    }
}

/// Some positions of a line.
pub(super) struct Block<'l> {
    pub(super) line: &'l Line,
    pub(super) seen: &'l Seen,
    pub(super) view: View,
    /// The element of the result at which the first position begins.
    pub(super) element: usize,
    pub(super) count: usize,
    /// Which of a channel's numbers in the result.
    pub(super) which: usize,
}
