//! One convolution, step by step.

use fovea_graph::Tensor;
use fovea_graph::shape::join;
use fovea_graph::window::Window;

use super::Page;
use super::number::{self, short};
use super::table::matrix;

/// A filter that slid over an image. Image and result are `[height, width, channels]`. The filter has the image's channels
/// and one result, or it has one channel and went over each of the image's by itself.
#[derive(Clone, Copy, Debug)]
pub struct Convolution<'a> {
    /// What it slid over.
    pub image: &'a Tensor,
    /// The filter.
    pub filter: &'a Tensor,
    /// What came of it.
    pub result: &'a Tensor,
    /// How it slid, down and across.
    pub windows: &'a [Window; 2],
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

impl Convolution<'_> {
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

    /// The products that are summed at a position, as pixel and weight.
    pub fn products(&self, position: [usize; 2], channel: usize) -> Vec<(f64, f64)> {
        let pair = |(at, &weight): (ndarray::IxDyn, &f32)| {
            let is_apart = self.filter.shape()[2] == 1;
            let pixel = self.pixel(self.covered(position, [at[0], at[1]]), if is_apart { channel } else { at[2] });
            (pixel, f64::from(weight))
        };
        self.filter.indexed_iter().map(pair).collect()
    }

    /// `1·1 + 1·0 + … = 4`, with so many products written out at most.
    pub fn sum(&self, position: [usize; 2], channel: usize, most: usize) -> String {
        let products = self.products(position, channel);
        let factor = |value: f64| if value < 0.0 { format!("({})", short(value)) } else { short(value) };
        let shown = products.len().min(most);
        let mut terms: Vec<String> =
            products[..shown].iter().map(|&(pixel, weight)| format!("{}·{}", factor(pixel), factor(weight))).collect();
        if products.len() > shown {
            terms.push(format!("… ({} more)", number::count((products.len() - shown) as u64)));
        }
        format!("{} = {}", terms.join(" + "), short(self.value(position, channel)))
    }

    /// How many products of a sum are written out.
    pub fn most_products(&self) -> usize {
        let products = self.filter.len();
        if products > ALL_PRODUCTS { FIRST_PRODUCTS } else { products }
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

    /// `row 1, column 2`, and the channel where there are several.
    pub fn place(&self, [y, x]: [usize; 2], channel: usize) -> String {
        let of = if self.result.shape()[2] > 1 { format!(", channel {channel}") } else { String::new() };
        format!("row {y}, column {x}{of}")
    }

    /// The sizes, the result, where it is strongest, and how its first numbers came about.
    pub fn page(&self, title: &str) -> Page {
        let [rows, columns] = self.extent();
        let channels = self.result.shape()[2];
        let shape = if channels == 1 { &self.result.shape()[..2] } else { self.result.shape() };
        let mut head = format!("{title}: {}\n{}", join(shape), self.arithmetic());
        if channels > 1 {
            head += "\nthe filter goes over each channel by itself";
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
        let of = |axis: usize| formula(&self.windows[axis], self.image.shape()[axis], self.extent()[axis]);
        match (of(0), of(1)) {
            (height, width) if height == width => format!("height and width: {height}"),
            (height, width) => format!("height: {height}\nwidth: {width}"),
        }
    }

    /// Every sum, or the first few and that of the strongest answer.
    fn steps(&self) -> String {
        let [rows, columns] = self.extent();
        let steps = rows * columns;
        let most = self.most_products();
        let line = |position: [usize; 2], channel: usize| {
            format!("{}: {}", self.place(position, channel), self.sum(position, channel, most))
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
fn formula(window: &Window, map: usize, output: usize) -> String {
    let Window { size, stride, dilate, pad: [before, after], .. } = *window;
    let covered = window.extent().unwrap_or(size);
    let padded = match (before, after) {
        (0, 0) => map.to_string(),
        (before, after) if before == after => format!("{map} + 2·{before}"),
        (before, after) => format!("{map} + {before} + {after}"),
    };
    let quotient = match (map + before + after - covered).is_multiple_of(stride) {
        true => format!("({padded} − {covered})/{stride}"),
        false => format!("⌊({padded} − {covered})/{stride}⌋"),
    };
    let dilated = if dilate > 1 {
        format!(", where the filter covers ({size} − 1)·{dilate} + 1 = {covered}")
    } else {
        String::new()
    };
    format!("{quotient} + 1 = {output}{dilated}")
}
