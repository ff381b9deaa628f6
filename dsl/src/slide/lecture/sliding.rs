//! A window that slides over a grid of numbers.

use fovea_graph::window::{Rounding, Window};

/// A window that slides over a grid.
#[derive(Clone, Debug)]
pub(super) struct Sliding {
    pub image: Vec<Vec<f64>>,
    pub taking: Taking,
    pub stride: [usize; 2],
    pub pad: usize,
}

/// What is taken of a window.
#[derive(Clone, Debug)]
pub(super) enum Taking {
    /// The sum of products with a filter.
    Filter(Vec<Vec<f64>>),
    /// The largest of a window of so many rows and columns.
    Largest([usize; 2]),
    /// The mean.
    Mean([usize; 2]),
    /// The smallest: what a largest may have been mistaken for.
    Smallest([usize; 2]),
    /// The sum.
    Sum([usize; 2]),
}

impl Sliding {
    /// The rows and columns of its window.
    pub fn window(&self) -> [usize; 2] {
        match &self.taking {
            Taking::Filter(filter) => [filter.len(), filter.first().map_or(0, Vec::len)],
            Taking::Largest(window) | Taking::Mean(window) | Taking::Smallest(window) | Taking::Sum(window) => *window,
        }
    }

    fn image_size(&self) -> [usize; 2] {
        [self.image.len(), self.image.first().map_or(0, Vec::len)]
    }

    /// The rows and columns of its result.
    pub fn size(&self) -> Option<[usize; 2]> {
        size(self.image_size(), self.window(), self.stride, self.pad)
    }

    /// The number at a row and a column of its result.
    pub fn at(&self, at: [usize; 2]) -> Option<f64> {
        let size = self.size()?;
        if at[0] >= size[0] || at[1] >= size[1] {
            return None;
        }
        let seen = self.seen(at);
        let numbers = seen.iter().map(|(_, value)| *value);
        Some(match &self.taking {
            Taking::Filter(filter) => seen.iter().map(|([row, column], value)| filter[*row][*column] * value).sum(),
            Taking::Largest(_) => numbers.fold(f64::NEG_INFINITY, f64::max),
            Taking::Smallest(_) => numbers.fold(f64::INFINITY, f64::min),
            Taking::Sum(_) => numbers.sum(),
            Taking::Mean(_) => numbers.clone().sum::<f64>() / numbers.count().max(1) as f64,
        })
    }

    /// What the window sees of the image: where in the window, and the number; padding is left out.
    fn seen(&self, at: [usize; 2]) -> Vec<([usize; 2], f64)> {
        let [height, width] = self.window();
        let position = |axis: usize, inside: usize| (at[axis] * self.stride[axis] + inside).checked_sub(self.pad);
        let places = (0..height).flat_map(|row| (0..width).map(move |column| [row, column]));
        let value = |[row, column]: [usize; 2]| {
            let value = self.image.get(position(0, row)?)?.get(position(1, column)?)?;
            Some(([row, column], *value))
        };
        places.filter_map(value).collect()
    }

    /// What is taken, in words: `max of 2×2 at stride 2`.
    pub fn describe(&self) -> String {
        let [height, width] = self.window();
        let what = match &self.taking {
            Taking::Filter(_) => "a filter",
            Taking::Largest(_) => "a max pool",
            Taking::Mean(_) => "a mean pool",
            Taking::Smallest(_) => "a minimum",
            Taking::Sum(_) => "a sum",
        };
        let stride =
            if self.stride[0] == self.stride[1] { self.stride[0].to_string() } else { format!("{:?}", self.stride) };
        let pad = if self.pad > 0 { format!(" with padding {}", self.pad) } else { String::new() };
        format!("{what} of {height}×{width} at stride {stride}{pad}")
    }

    /// How the number at a place comes about.
    pub fn sum(&self, at: [usize; 2]) -> String {
        const MOST_TERMS: usize = 30;
        let seen = self.seen(at);
        if seen.len() > MOST_TERMS {
            return String::new();
        }
        let numbers = || seen.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(", ");
        let product = |&([row, column], value): &([usize; 2], f64), filter: &[Vec<f64>]| {
            format!("{value}·{}", filter[row][column])
        };
        match &self.taking {
            Taking::Filter(filter) => seen.iter().map(|term| product(term, filter)).collect::<Vec<_>>().join(" + "),
            Taking::Largest(_) => format!("the largest of {}", numbers()),
            Taking::Smallest(_) => format!("the smallest of {}", numbers()),
            Taking::Sum(_) => format!("the sum of {}", numbers()),
            Taking::Mean(_) => format!("the mean of {}", numbers()),
        }
    }

    /// The same with its filter turned by 180°.
    pub fn turned(&self) -> Option<Self> {
        let Taking::Filter(filter) = &self.taking else { return None };
        let turned = filter.iter().rev().map(|row| row.iter().rev().copied().collect()).collect();
        Some(Self { taking: Taking::Filter(turned), ..self.clone() })
    }

    /// What a number may have been taken for, and how.
    pub fn others(&self) -> Vec<(String, Self)> {
        let window = self.window();
        let pools = [
            ("it is the mean", Taking::Mean(window)),
            ("it is the smallest", Taking::Smallest(window)),
            ("it is the largest", Taking::Largest(window)),
            ("it is the sum", Taking::Sum(window)),
        ];
        if let Taking::Filter(_) = self.taking {
            let turned = self.turned().map(|turned| ("it is right for the filter turned by 180°".to_string(), turned));
            return turned.into_iter().collect();
        }
        let with = |(text, taking): (&str, Taking)| (text.to_string(), Self { taking, ..self.clone() });
        pools.into_iter().map(with).collect()
    }

    /// Takes the stride and the padding that give a result of this size, where some do.
    pub fn find(&mut self, wanted: [usize; 2]) {
        if let Some((stride, pad)) = readings(self.image_size(), self.window(), wanted).next() {
            (self.stride, self.pad) = ([stride; 2], pad);
        }
    }

    /// The stride and the padding that would give a result of this size, in words.
    pub fn reading(&self, wanted: [usize; 2]) -> Option<String> {
        let (stride, pad) = readings(self.image_size(), self.window(), wanted).next()?;
        Some(format!("stride {stride} with padding {pad} gives that"))
    }
}

/// The rows and columns that a window makes of a map.
pub(super) fn size(map: [usize; 2], window: [usize; 2], stride: [usize; 2], pad: usize) -> Option<[usize; 2]> {
    let axis = |at: usize| {
        let window =
            Window { size: window[at], stride: stride[at], dilate: 1, pad: [pad; 2], rounding: Rounding::Floor };
        window.output(map[at]).ok()
    };
    Some([axis(0)?, axis(1)?])
}

/// The strides and paddings with which a window makes a result of this size, the least first.
pub(super) fn readings(
    map: [usize; 2],
    window: [usize; 2],
    wanted: [usize; 2],
) -> impl Iterator<Item = (usize, usize)> {
    const MOST: usize = 16;
    let largest = window[0].max(window[1]).min(MOST);
    let settings = (1..=largest.max(4)).flat_map(move |stride| (0..largest).map(move |pad| (stride, pad)));
    settings.filter(move |&(stride, pad)| size(map, window, [stride; 2], pad) == Some(wanted))
}
