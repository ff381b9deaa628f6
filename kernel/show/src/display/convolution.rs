//! One convolution or one pooling, step by step.

use fovea_graph::Tensor;
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window};

use super::Page;
use super::number::{self, short};
use super::table::matrix;

/// A window that slid over an image. Image and result are `[height, width, channels]`.
#[derive(Clone, Copy, Debug)]
pub struct SlidingWindow<'a> {
    /// What it slid over.
    pub image: &'a Tensor,
    /// What was made of each window.
    pub makes: Makes<'a>,
    /// What came of it.
    pub result: &'a Tensor,
    /// How it slid, down and across.
    pub windows: &'a [Window; 2],
}

/// What is made of a window.
#[derive(Clone, Copy, Debug)]
pub enum Makes<'a> {
    /// The sum of the products with this filter. It has the image's channels and one result, or it has one channel and
    /// went over each of the image's by itself.
    Sum(&'a Tensor),
    /// The largest number, in each channel by itself.
    Max,
    /// The mean, in each channel by itself; padding is left out.
    Mean,
}

/// A result of more rows or columns is not written out.
const MOST_ROWS: usize = 16;
/// Nor is one whose lines are longer.
const WIDEST: usize = 100;

/// So many steps are written out, where there are no more; else the first few.
const ALL_STEPS: usize = 9;
const FIRST_STEPS: usize = 3;

/// So many products of a sum are written out, where there are no more; else the first few.
const ALL_PRODUCTS: usize = 12;
const FIRST_PRODUCTS: usize = 6;

impl<'a> SlidingWindow<'a> {
    /// The filter, where there is one.
    pub fn filter(&self) -> Option<&'a Tensor> {
        match self.makes {
            Makes::Sum(filter) => Some(filter),
            Makes::Max | Makes::Mean => None,
        }
    }

    /// Rows and columns of the window.
    pub fn size(&self) -> [usize; 2] {
        [self.windows[0].size, self.windows[1].size]
    }

    /// Rows and columns of the result.
    pub fn extent(&self) -> [usize; 2] {
        [self.result.shape()[0], self.result.shape()[1]]
    }

    /// The number of the result at a position.
    pub fn value(&self, position: [usize; 2], channel: usize) -> f64 {
        f64::from(self.result[[position[0], position[1], channel]])
    }

    /// Where on the image, perhaps on its padding, an element of the filter lies at a position.
    pub fn covered(&self, position: [usize; 2], element: [usize; 2]) -> [isize; 2] {
        let along = |axis: usize| {
            let Window { stride, dilate, pad, .. } = self.windows[axis];
            (position[axis] * stride + element[axis] * dilate) as isize - pad[0] as isize
        };
        [along(0), along(1)]
    }

    /// The image's value at a place; zero on the padding.
    pub fn pixel(&self, [y, x]: [isize; 2], channel: usize) -> f64 {
        let place = usize::try_from(y).ok().zip(usize::try_from(x).ok());
        place.and_then(|(y, x)| self.image.get([y, x, channel])).map_or(0.0, |&value| value.into())
    }

    /// Whether a place is on the image, not on its padding or beyond.
    pub fn is_inside(&self, [y, x]: [isize; 2]) -> bool {
        let within = |at: isize, axis: usize| (0..self.image.shape()[axis] as isize).contains(&at);
        within(y, 0) && within(x, 1)
    }

    /// The products that are summed at a position, as pixel and weight.
    fn products(&self, filter: &Tensor, position: [usize; 2], channel: usize) -> Vec<(f64, f64)> {
        let pair = |(at, &weight): (ndarray::IxDyn, &f32)| {
            let is_apart = filter.shape()[2] == 1;
            let pixel = self.pixel(self.covered(position, [at[0], at[1]]), if is_apart { channel } else { at[2] });
            (pixel, f64::from(weight))
        };
        filter.indexed_iter().map(pair).collect()
    }

    /// The numbers of the window at a position; what lies on padding is left out.
    fn covered_numbers(&self, position: [usize; 2], channel: usize) -> Vec<f64> {
        let [rows, columns] = self.size();
        let places = (0..rows).flat_map(|y| (0..columns).map(move |x| self.covered(position, [y, x])));
        places.filter(|&place| self.is_inside(place)).map(|place| self.pixel(place, channel)).collect()
    }

    /// `1·1 + 1·0 + … = 4`, `max(0, 1, 3, 2) = 3`, `(0 + 1 + 3 + 2)/4 = 1.5`, with so many terms written out at most.
    pub fn step(&self, position: [usize; 2], channel: usize, most: usize) -> String {
        let signed = |value: f64| if value < 0.0 { format!("({})", short(value)) } else { short(value) };
        let terms: Vec<String> = match self.makes {
            Makes::Sum(filter) => {
                let products = self.products(filter, position, channel);
                products.iter().map(|&(pixel, weight)| format!("{}·{}", signed(pixel), signed(weight))).collect()
            }
            Makes::Max => self.covered_numbers(position, channel).into_iter().map(short).collect(),
            Makes::Mean => self.covered_numbers(position, channel).into_iter().map(signed).collect(),
        };
        let (count, mut shown) = (terms.len(), terms);
        shown.truncate(most);
        if count > shown.len() {
            shown.push(format!("… ({} more)", number::count((count - shown.len()) as u64)));
        }
        let made = match self.makes {
            Makes::Sum(_) => shown.join(" + "),
            Makes::Max => format!("max({})", shown.join(", ")),
            Makes::Mean => format!("({})/{count}", shown.join(" + ")),
        };
        format!("{made} = {}", short(self.value(position, channel)))
    }

    /// How many terms of a step are written out.
    pub fn most_terms(&self) -> usize {
        let terms = self.filter().map_or(self.size().iter().product(), |filter| filter.len());
        if terms > ALL_PRODUCTS { FIRST_PRODUCTS } else { terms }
    }

    /// Where the result is largest in size, and in which channel.
    pub fn strongest(&self) -> ([usize; 2], usize) {
        let size = |value: f32| if value.is_nan() { 0.0 } else { value.abs() };
        let mut best = (-1.0, ([0, 0], 0));
        for (at, &value) in self.result.indexed_iter() {
            if size(value) > best.0 {
                best = (size(value), ([at[0], at[1]], at[2]));
            }
        }
        best.1
    }

    /// Whether it slid along a sequence: image, window and result have one row.
    pub fn is_line(&self) -> bool {
        [self.image.shape()[0], self.windows[0].size, self.extent()[0]] == [1; 3]
    }

    /// What the products of one channel sum to at a position, where the filter sums over several.
    pub fn partial(&self, position: [usize; 2], channel: usize) -> f64 {
        let Some(filter) = self.filter() else { return 0.0 };
        let product = |(at, &weight): (ndarray::IxDyn, &f32)| {
            let pixel = self.pixel(self.covered(position, [at[0], at[1]]), channel);
            if at[2] == channel { pixel * f64::from(weight) } else { 0.0 }
        };
        filter.indexed_iter().map(product).sum()
    }

    /// `row 1, column 2`, `position 2` of a sequence, and the channel where there are several.
    pub fn place(&self, [y, x]: [usize; 2], channel: usize) -> String {
        if self.is_line() {
            return format!("position {x}");
        }
        let of = if self.result.shape()[2] > 1 { format!(", channel {channel}") } else { String::new() };
        format!("row {y}, column {x}{of}")
    }

    /// The sizes, the result, where it is strongest, and how its first numbers came about.
    pub fn page(&self, title: &str) -> Page {
        let [rows, columns] = self.extent();
        let channels = self.result.shape()[2];
        let first = usize::from(self.is_line());
        let shape = if channels == 1 { &self.result.shape()[first..2] } else { self.result.shape() };
        let mut head = format!("{title}: {}\n{}", join(shape), self.arithmetic());
        if channels > 1 {
            head += match self.makes {
                Makes::Sum(_) => "\nthe filter goes over each channel by itself",
                Makes::Max | Makes::Mean => "\neach channel is pooled by itself",
            };
        }
        let written = match rows.max(columns) <= MOST_ROWS && channels == 1 {
            true => matrix([rows, columns], |y, x| self.value([y, x], 0)),
            false => String::new(),
        };
        let widest = written.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        let page = Page::default().text(head);
        let page = if (1..=WIDEST).contains(&widest) { page.code(written) } else { page.text(self.ends()) };
        let (position, channel) = self.strongest();
        let strongest =
            format!("strongest at {}: {}", self.place(position, channel), short(self.value(position, channel)));
        page.text(strongest).fold("step by step", Page::default().code(self.steps()))
    }

    /// The smallest and the largest number of the result.
    fn ends(&self) -> String {
        let values = || self.result.iter().map(|&value| f64::from(value));
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        format!("values from {} to {}", short(low), short(high))
    }

    /// `height: (5 − 3)/1 + 1 = 3`, for each axis or for both.
    pub fn arithmetic(&self) -> String {
        let of = |axis: usize| formula(self, axis);
        if self.is_line() {
            return format!("length: {}", of(1));
        }
        match (of(0), of(1)) {
            (height, width) if height == width => format!("height and width: {height}"),
            (height, width) => format!("height: {height}\nwidth: {width}"),
        }
    }

    /// Every sum, or the first few and that of the strongest answer.
    fn steps(&self) -> String {
        let [rows, columns] = self.extent();
        let steps = rows * columns;
        let most = self.most_terms();
        let line = |position: [usize; 2], channel: usize| {
            format!("{}: {}", self.place(position, channel), self.step(position, channel, most))
        };
        let shown = if steps > ALL_STEPS { FIRST_STEPS } else { steps };
        let mut lines: Vec<String> = (0..shown).map(|step| line([step / columns, step % columns], 0)).collect();
        if steps > shown {
            let (position, channel) = self.strongest();
            lines
                .push(format!("… and {} more positions; the strongest answer:", number::count((steps - shown) as u64)));
            lines.push(line(position, channel));
        }
        lines.join("\n")
    }
}

/// `(5 + 2·1 − 3)/2 + 1 = 3`; where the last window does not fit, the quotient in ⌊ ⌋.
fn formula(slide: &SlidingWindow<'_>, axis: usize) -> String {
    let (map, output) = (slide.image.shape()[axis], slide.extent()[axis]);
    let Window { size, stride, dilate, pad: [before, after], rounding } = slide.windows[axis];
    let covered = slide.windows[axis].extent().unwrap_or(size);
    let padded = match (before, after) {
        (0, 0) => map.to_string(),
        (before, after) if before == after => format!("{map} + 2·{before}"),
        (before, after) => format!("{map} + {before} + {after}"),
    };
    let quotient = match (map + before + after).saturating_sub(covered).is_multiple_of(stride) {
        true => format!("({padded} − {covered})/{stride}"),
        false if rounding == Rounding::Ceil => format!("⌈({padded} − {covered})/{stride}⌉"),
        false => format!("⌊({padded} − {covered})/{stride}⌋"),
    };
    let dilated = if dilate > 1 {
        format!(", where the filter covers ({size} − 1)·{dilate} + 1 = {covered}")
    } else {
        String::new()
    };
    format!("{quotient} + 1 = {output}{dilated}")
}
