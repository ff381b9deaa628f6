//! Another image that pools to the same map: what pooling forgets is where in its window a number was, to which G. Hinton
//! objects on the lecture's slide.

use std::ops::Range;

use fovea_graph::Tensor;
use fovea_graph::window::Window;
use ndarray::s;

use crate::display::matrix;

/// Images of more rows or columns are not written out.
const MOST_ROWS: usize = 16;

/// The image with the numbers of every window at other places of it: each turned by half, or, where that changes nothing,
/// moved on by one. None where windows overlap, one place then belonging to several, and where every window is the same
/// number all over.
pub fn other(image: &Tensor, windows: &[Window; 2]) -> Option<Tensor> {
    let apart = windows.iter().all(|window| window.stride >= window.size && window.dilate == 1);
    if !apart {
        return None;
    }
    let mut other = image.clone();
    for [from, to] in places(windows, [image.shape()[0], image.shape()[1]]) {
        for channel in 0..image.shape()[2] {
            let place = s![from[0]..to[0], from[1]..to[1], channel];
            let before: Vec<f32> = image.slice(place).iter().copied().collect();
            let turned: Vec<f32> = before.iter().rev().copied().collect();
            let moved = if turned == before { [&before[1..], &before[..1]].concat() } else { turned };
            other.slice_mut(place).iter_mut().zip(moved).for_each(|(value, moved)| *value = moved);
        }
    }
    (other != *image).then_some(other)
}

/// What of the image each window covers: rows and columns from and to, the end excluded.
pub fn places(windows: &[Window; 2], extent: [usize; 2]) -> Vec<[[usize; 2]; 2]> {
    let along = |axis: usize| -> Vec<Range<usize>> {
        let (window, extent) = (&windows[axis], extent[axis]);
        let place = |at: usize| {
            let from = (at * window.stride).saturating_sub(window.pad[0]);
            let to = (at * window.stride + window.size).saturating_sub(window.pad[0]);
            from.min(extent)..to.min(extent)
        };
        (0..window.output(extent).unwrap_or(0)).map(place).filter(|place| !place.is_empty()).collect()
    };
    let columns = along(1);
    let all = along(0)
        .into_iter()
        .flat_map(|rows| columns.iter().map(move |columns| [[rows.start, columns.start], [rows.end, columns.end]]));
    all.collect()
}

/// An image's numbers in rows; nothing where they are too many.
pub fn rows(image: &Tensor) -> String {
    let [rows, columns] = [image.shape()[0], image.shape()[1]];
    if rows.max(columns) > MOST_ROWS {
        return format!("{rows}x{columns}: as a picture below");
    }
    matrix([rows, columns], |row, column| image[[row, column, 0]].into())
}
