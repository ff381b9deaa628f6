//! Filters that slide over a map, as far as a slide says them.

use std::ops::Range;

use super::super::layers::{self, Made};
use super::super::scan::{Spot, number_behind};

/// What is done with a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Conv,
    Pool,
    Transposed,
}

/// In which order a slide writes the sizes of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// `32x32x3`
    #[default]
    ChannelsLast,
    /// `3x32x32`
    ChannelsFirst,
}

impl Order {
    /// The order of an image of these sizes: height and width are those that are alike.
    pub fn of(sizes: &[usize]) -> Self {
        match sizes {
            [first, second, third] if second == third && first != second => Order::ChannelsFirst,
            _ => Order::ChannelsLast,
        }
    }

    /// Sizes that are written in this order, channels last.
    pub fn read(self, sizes: &[usize]) -> Vec<usize> {
        match (self, sizes) {
            (Order::ChannelsFirst, [channels, sides @ ..]) if sides.len() == 2 => vec![sides[0], sides[1], *channels],
            _ => sizes.to_vec(),
        }
    }

    /// Sizes, channels last, as a slide of this order prints them.
    pub fn print(self, sizes: &[usize]) -> String {
        match (self, sizes) {
            (Order::ChannelsFirst, [height, width, channels]) => layers::printed(&[*channels, *height, *width]),
            _ => layers::printed(sizes),
        }
    }
}

/// Filters, as far as they are said.
#[derive(Clone, Debug, Default)]
pub(super) struct Filters {
    pub place: Range<usize>,
    pub window: [usize; 2],
    pub depth: Option<usize>,
    pub count: Option<usize>,
    pub stride: Option<usize>,
    pub pad: Option<usize>,
    pub kind: Kind,
    /// What they slide over: height, width and, where it is said, depth.
    pub map: Vec<usize>,
    pub order: Order,
    /// Whether a figure of their output was judged.
    pub is_judged: bool,
}

impl Filters {
    /// Takes up the stride and the padding that these words say, where they are not known.
    pub fn set(&mut self, spots: &[Spot<'_>]) {
        let stride = || number_behind(spots, &["stride", "strides"]).map(|(stride, _)| stride);
        let pad = || number_behind(spots, &["pad", "padding"]).map(|(pad, _)| pad);
        (self.stride, self.pad) = (self.stride.or_else(stride), self.pad.or_else(pad));
    }

    fn stride(&self) -> usize {
        self.stride.unwrap_or(if self.kind == Kind::Pool { self.window[0] } else { 1 })
    }

    /// What they make; `count` of them, where the slide does not say how many.
    pub fn made(&self, count: Option<usize>) -> Option<Made> {
        let window = layers::sizes(&self.window);
        let (stride, pad) = (self.stride(), self.pad.unwrap_or(0));
        let channels = self.map.get(2).copied().or(self.depth).unwrap_or(1);
        let map = [self.map[0], self.map[1], channels];
        let count = self.count.or(count).unwrap_or(1);
        let layer = match self.kind {
            Kind::Pool => format!("pool {window} /{stride} pad {pad}"),
            Kind::Conv => format!("conv {count} {window} /{stride} pad {pad}"),
            Kind::Transposed => format!("deconv {count} {window} /{stride} pad {pad}"),
        };
        layers::made(&map, &layer)
    }

    /// What they make, printed as the slide prints sizes; two sizes, where nothing is said of channels.
    pub fn print(&self, made: &Made) -> String {
        let is_flat = self.map.len() == 2 && self.depth.is_none() && self.count.is_none();
        self.order.print(&made.output[..if is_flat { 2 } else { 3 }])
    }

    /// `10 filters of 5×5 on 32×32×3 at stride 1 with padding 2`
    pub fn describe(&self) -> String {
        let what = match (self.kind, self.count) {
            (Kind::Pool, _) => "a pool".to_string(),
            (Kind::Transposed, Some(count)) if count != 1 => format!("{count} transposed filters"),
            (Kind::Transposed, _) => "a transposed filter".to_string(),
            (Kind::Conv, Some(count)) if count != 1 => format!("{count} filters"),
            (Kind::Conv, _) => "a filter".to_string(),
        };
        let pad = self.pad.filter(|pad| *pad > 0).map_or(String::new(), |pad| format!(" with padding {pad}"));
        let (window, map) = (layers::printed(&self.window), self.order.print(&self.map));
        format!("{what} of {window} on {map} at stride {}{pad}", self.stride())
    }

    /// What of the map no window reaches, where the windows do not divide it.
    pub fn left_over(&self) -> String {
        let padded = |axis: usize| self.map[axis].saturating_add(self.pad.unwrap_or(0).saturating_mul(2));
        let span = |axis: usize| padded(axis).checked_sub(self.window[axis]);
        let rest = |axis: usize| span(axis).and_then(|span| span.checked_rem(self.stride())).unwrap_or(0);
        match rest(0).max(rest(1)) {
            rest if rest > 0 && self.kind != Kind::Transposed => {
                format!("; the windows do not divide it, {rest} at its end are left out")
            }
            _ => String::new(),
        }
    }

    /// What was taken for granted.
    pub fn unsaid(&self) -> &'static str {
        match (self.stride, self.pad) {
            (None, None) => " at stride 1 without padding",
            (None, Some(_)) => " at stride 1",
            (Some(_), None) => " without padding",
            (Some(_), Some(_)) => "",
        }
    }

    /// `: 75 weights and a bias`
    pub fn parameters(&self, made: &Made) -> String {
        if self.kind == Kind::Pool || self.map.len() < 3 && self.depth.is_none() {
            return String::new();
        }
        let count = self.count.unwrap_or(1);
        let weights = made.parameters.saturating_sub(count);
        let biases = if count == 1 { "a bias".to_string() } else { format!("{count} biases") };
        format!(": {weights} weights and {biases}")
    }
}
