//! Two pictures that pool to one map.

use fovea_graph::Tensor;

use super::palette::Theme;
use super::small::{SmallMap, draw_small_maps};
use super::{Error, Picture, Result};

/// The longest side of a map, in pixels.
const SIDE: f64 = 190.0;

/// A picture, another, and the map that both pool to, `[rows, columns, 1]` each, the `windows` outlined: rows and columns from
/// and to, the end excluded.
///
/// Fails with [`Error::Empty`] where a map has no numbers.
pub fn alike(
    title: &str,
    [one, other, map]: [&Tensor; 3],
    windows: &[[[usize; 2]; 2]],
    theme: Theme,
) -> Result<Picture> {
    if [one, other, map].iter().any(|map| map.is_empty()) {
        return Err(Error::Empty { what: "a picture or a map without numbers" });
    }
    let panel = |caption: &str, map: &Tensor, outlined: &[_]| SmallMap {
        caption: caption.into(),
        map: map.clone(),
        most: SIDE,
        outlined: outlined.to_vec(),
    };
    let row =
        vec![panel("the picture", one, windows), panel("another", other, windows), panel("the map of both", map, &[])];
    draw_small_maps(("pool", title), &[row], "The map does not say where in its window a number was", theme)
}
