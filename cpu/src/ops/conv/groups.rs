//! Groups of few channels: neighbours that fill a vector together are computed as one.
//!
//! Filters of the joined group are zero at the channels of the others. A product's vectors hold filters (or, for the gradient
//! by the input, channels), and would be mostly empty with those of one group: the zeros cost no multiplication that is
//! not made anyway. The gradient by the filters is computed for all pairs of the joined group, of which those of one group
//! count: of 4 groups of 4 channels a quarter, in vectors of which a quarter would be filled.

use std::ops::Range;

use super::lines::{self, Lines};
use crate::geometry::Geometry;
use crate::ops::Call;
use crate::product::Right;

/// The filters of `conv` as the right factor: columns are filters of so many groups, steps of the depth all their channels.
pub struct Joined<'a> {
    /// The convolution, with its own groups.
    pub g: &'a Geometry,
    /// How many are one.
    pub groups: usize,
    /// The filters.
    pub w: &'a [f32],
}

impl Right for Joined<'_> {
    #[inline(always)]
    fn pack(&self, which: usize, depth: Range<usize>, columns: Range<usize>, width: usize, panels: &mut [f32]) {
        let (filters, channels) = (self.g.group_filters(), self.g.group_channels());
        let size = depth.len() * width;
        panels[..columns.len().div_ceil(width) * size].fill(0.0);
        for (n, column) in columns.enumerate() {
            let filter = which * self.groups * filters + column;
            let w = &self.w[filter * self.g.depth()..][..self.g.depth()];
            for (tap, w) in w.chunks_exact(channels).enumerate() {
                let first = (tap * self.groups + column / filters) * channels;
                for (step, &w) in (first..).zip(w).filter(|(step, _)| depth.contains(step)) {
                    panels[n / width * size + (step - depth.start) * width + n % width] = w;
                }
            }
        }
    }
}

/// How many groups are one in the gradient by the filters, and its cut, where that is a good way.
pub fn lines(g: &Geometry, lanes: usize) -> Option<(usize, Lines)> {
    let groups = g.neighbours(g.group_channels(), lanes);
    let cut = Lines::new(&g.with_groups(g.groups / groups), lanes)?;
    (groups > 1).then_some((groups, cut))
}

/// `conv_wgrad` of so many groups as one; inputs x and dy.
pub fn wgrad(g: &Geometry, groups: usize, cut: &Lines, call: Call<'_>) {
    let joined = g.with_groups(g.groups / groups);
    let (all, workspace) = call.memory.workspace.split_at_mut(joined.filters * joined.depth());
    lines::wgrad(&joined, cut, call.memory.inputs, all, workspace, call.team);
    let (depth, channels) = (g.depth(), g.group_channels());
    for (filter, (dw, all)) in
        call.memory.output.chunks_exact_mut(depth).zip(all.chunks_exact(joined.depth())).enumerate()
    {
        let own = filter / g.group_filters() % groups * channels;
        for (dw, all) in dw.chunks_exact_mut(channels).zip(all.chunks_exact(groups * channels)) {
            dw.copy_from_slice(&all[own..own + channels]);
        }
    }
}
