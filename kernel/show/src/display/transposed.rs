//! One transposed convolution, step by step, and how often it writes each position.

use fovea_graph::Tensor;
use fovea_graph::shape::join;
use fovea_graph::window::Window;

use super::convolution::{Makes, SlidingWindow};
use super::number::{of, short};
use super::page::Page;
use super::table::matrix;

/// A filter that each number of a map has put down once, times itself. All are `[height, width, 1]`.
#[derive(Clone, Copy, Debug)]
pub struct Transposed<'a> {
    /// The map.
    pub image: &'a Tensor,
    /// What each of its numbers puts down.
    pub filter: &'a Tensor,
    /// The sum of all that was put down.
    pub result: &'a Tensor,
    /// Of the convolution that leads back, from a map of the result's size, down and across.
    pub windows: &'a [Window; 2],
    /// The same another way.
    pub resized: Resized<'a>,
}

/// The map made as much larger first, each number repeated, and then convolved with the filter, its size kept (A. Odena, V.
/// Dumoulin, C. Olah, "Deconvolution and checkerboard artifacts", Distill, 2016).
#[derive(Clone, Copy, Debug)]
pub struct Resized<'a> {
    /// The larger map.
    pub larger: &'a Tensor,
    /// What the filter makes of it.
    pub result: &'a Tensor,
    /// Of that convolution.
    pub windows: &'a [Window; 2],
}

/// Results of more rows or columns are not written out, nor more steps than these.
const MOST_ROWS: usize = 16;
const STEPS: usize = 12;

impl Transposed<'_> {
    /// The convolution that leads back, whose windows are where the numbers of the map put the filter down.
    fn back(&self) -> SlidingWindow<'_> {
        SlidingWindow { image: self.result, makes: Makes::Sum(self.filter), result: self.image, windows: self.windows }
    }

    /// Where an element of the filter goes that the map's number at a position puts down; perhaps beyond the result.
    pub fn written_at(&self, position: [usize; 2], element: [usize; 2]) -> Option<[usize; 2]> {
        let back = self.back();
        let [y, x] = back.covered(position, element);
        back.is_inside([y, x]).then_some([y as usize, x as usize])
    }

    /// How often each position of the result is written, `[height, width, 1]`.
    pub fn written(&self) -> Tensor {
        let mut counts = Tensor::zeros(self.result.raw_dim());
        for position in places(self.image) {
            for [y, x] in places(self.filter).filter_map(|element| self.written_at(position, element)) {
                counts[[y, x, 0]] += 1.0;
            }
        }
        counts
    }

    /// How many products each position of the other way's result sums, `[height, width, 1]`.
    pub fn summed(&self) -> Tensor {
        let Resized { larger, result, windows } = self.resized;
        let slide = SlidingWindow { image: larger, makes: Makes::Sum(self.filter), result, windows };
        let count = |at: ndarray::IxDyn| {
            let inside = |element: &[usize; 2]| slide.is_inside(slide.covered([at[0], at[1]], *element));
            places(self.filter).filter(inside).count() as f32
        };
        Tensor::from_shape_fn(result.raw_dim(), count)
    }

    /// The result as far as the first `steps` numbers of the map have put the filter down.
    pub fn after(&self, steps: usize) -> Tensor {
        let mut sums = Tensor::zeros(self.result.raw_dim());
        for position in places(self.image).take(steps) {
            for element in places(self.filter) {
                if let Some([y, x]) = self.written_at(position, element) {
                    sums[[y, x, 0]] +=
                        self.image[[position[0], position[1], 0]] * self.filter[[element[0], element[1], 0]];
                }
            }
        }
        sums
    }

    /// Along which axes the stride does not divide the filter, so that neighbours are written differently often.
    fn uneven(&self) -> Vec<usize> {
        (0..2).filter(|&axis| !self.windows[axis].size.is_multiple_of(self.windows[axis].stride)).collect()
    }

    /// Whether neighbours are written differently often, far from the edge, too.
    pub fn is_uneven(&self) -> bool {
        !self.uneven().is_empty()
    }

    /// What the counts come to, in a sentence.
    pub fn verdict(&self) -> String {
        let counts = self.written();
        let (least, most) = ends(&counts);
        let times = match (least, most) {
            (1, 1) => "once".to_string(),
            (least, most) if least == most => of(most, "time"),
            (least, most) => format!("{least} to {}", of(most, "time")),
        };
        match self.uneven()[..] {
            [] if least == most => format!("each position is written {times}"),
            [] => {
                format!("each position is written {times}: the stride divides the filter, and only the edge has less")
            }
            [axis, ..] => {
                let Window { size, stride, .. } = self.windows[axis];
                let word = ["height", "width"][axis];
                format!(
                    "neighbours are written {times}: along the {word} stride {stride} does not divide the filter's {size}"
                )
            }
        }
    }

    /// The sizes, the result, the counts, and the same another way.
    pub fn page(&self, title: &str) -> Page {
        let size = |map: &Tensor| join(&map.shape()[..2]);
        let page = Page::default().text(format!("{title}: {}\n{}", size(self.result), self.arithmetic()));
        let page = written_out(page, self.result).fold("step by step", Page::default().code(self.steps()));
        let page = written_out(page.text(self.verdict()), &self.written());
        let [down, across] = [0, 1].map(|axis| self.windows[axis].stride);
        let factor = if down == across { down.to_string() } else { format!("{down}x{across}") };
        let Resized { result, .. } = self.resized;
        let head = format!("upsample {factor}, then convolve with the same filter: {}", size(result));
        let page = written_out(page.text(head), result);
        let (_, most) = ends(&self.summed());
        page.text(format!("each of its positions sums {}, but at the edge", of(most, "product")))
    }

    /// `height and width: (2 − 1)·2 + 3 = 5`
    fn arithmetic(&self) -> String {
        let formula = |axis: usize| {
            let Window { size, stride, pad, .. } = self.windows[axis];
            let cut = if pad[0] + pad[1] > 0 { format!(" − 2·{}", pad[0]) } else { String::new() };
            format!("({} − 1)·{stride} + {size}{cut} = {}", self.image.shape()[axis], self.result.shape()[axis])
        };
        match (formula(0), formula(1)) {
            (height, width) if height == width => format!("height and width: {height}"),
            (height, width) => format!("height: {height}\nwidth: {width}"),
        }
    }

    /// What each number of the map puts down, and where.
    fn steps(&self) -> String {
        let back = self.back();
        let line = |position: [usize; 2]| {
            let [y, x] = back.covered(position, [0, 0]);
            let value = short(self.image[[position[0], position[1], 0]].into());
            format!(
                "row {}, column {}: {value} times the filter, from row {y}, column {x} on",
                position[0], position[1]
            )
        };
        let all = self.image.len();
        let mut lines: Vec<String> = places(self.image).take(STEPS).map(line).collect();
        if all > STEPS {
            lines.push(format!("… and {} more", all - STEPS));
        }
        lines.join("\n")
    }
}

/// The rows and columns of a map.
fn places(map: &Tensor) -> impl Iterator<Item = [usize; 2]> {
    let (rows, columns) = (map.shape()[0], map.shape()[1]);
    (0..rows).flat_map(move |y| (0..columns).map(move |x| [y, x]))
}

/// The smallest and the largest of some counts.
fn ends(counts: &Tensor) -> (usize, usize) {
    let all = || counts.iter().map(|&count| count as usize);
    (all().min().unwrap_or(0), all().max().unwrap_or(0))
}

/// The numbers of a map, where they are few.
fn written_out(page: Page, map: &Tensor) -> Page {
    let (rows, columns) = (map.shape()[0], map.shape()[1]);
    if rows.max(columns) > MOST_ROWS {
        return page;
    }
    page.code(matrix([rows, columns], |y, x| f64::from(map[[y, x, 0]])))
}
