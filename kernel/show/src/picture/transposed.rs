//! A transposed convolution: every number puts the filter down, and how often each position is written, beside a map that is
//! made larger first and convolved then.

use fovea_graph::Tensor;

use super::palette::Theme;
use super::small::{MOST_CELLS, SmallMap, draw_small_maps};
use super::{Error, Picture, Result};
use crate::display::{Transposed, number};

/// So many steps are drawn.
const STEPS: usize = 9;

// Distances in pixels.

/// The longest side of a map, and of a step.
const SIDE: f64 = 190.0;
const SMALL: f64 = 92.0;

/// The map, the filter, what comes of them and how often each position is written; the other way below; then the steps.
///
/// Fails with [`Error::Empty`] where a map has no numbers.
pub fn transposed(title: &str, what: &Transposed<'_>, theme: Theme) -> Result<Picture> {
    if [what.image, what.filter, what.result].iter().any(|map| map.is_empty()) {
        return Err(Error::Empty { what: "a map, a filter or a result without numbers" });
    }
    let panel =
        |caption: String, map: &Tensor| SmallMap { caption, map: map.clone(), most: SIDE, outlined: Vec::new() };
    let size = |map: &Tensor| format!("{}×{}", map.shape()[0], map.shape()[1]);
    let other = &what.resized;
    let rows = [
        vec![
            panel(format!("map {}", size(what.image)), what.image),
            panel(format!("filter {}", size(what.filter)), what.filter),
            panel(format!("deconv: result {}", size(what.result)), what.result),
        ],
        vec![
            panel("deconv: how often each is written".into(), &what.written()),
            panel("upsample, conv: how many products each sums".into(), &what.summed()),
        ],
        vec![
            panel(format!("upsample: {}", size(other.larger)), other.larger),
            panel(format!("upsample, conv: result {}", size(other.result)), other.result),
        ],
        steps(what),
    ];
    draw_small_maps(("deconv", title), &rows, &what.verdict(), theme)
}

/// The result as it grows, the filter's last place outlined.
fn steps(what: &Transposed<'_>) -> Vec<SmallMap> {
    let count = what.image.len();
    let longest = what.result.shape()[0].max(what.result.shape()[1]);
    if count > STEPS || longest > MOST_CELLS {
        return Vec::new();
    }
    let columns = what.image.shape()[1];
    let step = |step: usize| {
        let position = [step / columns, step % columns];
        let (rows, wide) = (what.filter.shape()[0], what.filter.shape()[1]);
        let written = (0..rows).flat_map(|y| (0..wide).map(move |x| [y, x]));
        let written: Vec<[usize; 2]> = written.filter_map(|element| what.written_at(position, element)).collect();
        let end = |axis: usize, take: fn(usize, usize) -> usize| written.iter().map(|at| at[axis]).reduce(take);
        let outlined = end(0, usize::min).zip(end(1, usize::min)).zip(end(0, usize::max).zip(end(1, usize::max)));
        let outlined = outlined.map(|((y, x), (last_y, last_x))| [[y, x], [last_y + 1, last_x + 1]]);
        let value = number::short(what.image[[position[0], position[1], 0]].into());
        SmallMap {
            caption: format!("step {}: {value} × filter", step + 1),
            map: what.after(step + 1),
            most: SMALL,
            outlined: outlined.into_iter().collect(),
        }
    };
    (0..count).map(step).collect()
}
