//! What a net is asked beyond its answer, and filters that are put down: codes in the plane, transposed convolutions.

use fovea::display::{Resized, Transposed};
use fovea::picture::{Embedding, Image, Picture, Theme, embedding, transposed};
use fovea_graph::Tensor;
use fovea_graph::window::{Rounding, Window};

use super::inside::numbers;
use super::{HOSTILE, digit, noise, numbered};

/// Codes of classes in heaps, some at one place.
fn heaps(count: usize, classes: usize, theme: Theme) -> Picture {
    let place = |i: usize| {
        let class = (i % classes) as f64;
        let at = [10.0 * (class * 2.4).cos() + noise(i) * 2.0, 10.0 * (class * 2.4).sin() + noise(i + count) * 2.0];
        if i.is_multiple_of(97) { [0.5, 0.5] } else { at }
    };
    let points: Vec<[f64; 2]> = (0..count).map(place).collect();
    let labels: Vec<u32> = (0..count).map(|i| (i % classes) as u32).collect();
    let mut names = numbered(classes);
    names[classes - 1] = HOSTILE.into();
    let wrong: Vec<usize> = (0..count).step_by(41).collect();
    let image = |i: usize| -> fovea::picture::Result<Image> { Ok(digit(i % 10, 28)) };
    let what = Embedding {
        points: &points,
        labels: Some(&labels),
        classes: &names,
        ringed: (&wrong, HOSTILE),
        image: Some(&image),
    };
    embedding(HOSTILE, &what, theme).unwrap()
}

/// Codes of no class, at one place.
fn grey(theme: Theme) -> Picture {
    let what = Embedding { points: &[[3.0, 3.0]; 5], labels: None, classes: &[], ringed: (&[], ""), image: None };
    embedding("five at one place", &what, theme).unwrap()
}

/// A filter that each number puts down; the results' numbers are any.
fn put_down(image: &Tensor, filter: &Tensor, stride: usize, theme: Theme) -> Picture {
    let window = |axis: usize, stride: usize, pad: [usize; 2]| Window {
        size: filter.shape()[axis],
        stride,
        dilate: 1,
        pad,
        rounding: Rounding::Floor,
    };
    let back = [window(0, stride, [0; 2]), window(1, stride, [0; 2])];
    let same = [0, 1].map(|axis| window(axis, 1, [(filter.shape()[axis] - 1) / 2, filter.shape()[axis] / 2]));
    let [rows, columns] = [0, 1].map(|axis| (image.shape()[axis] - 1) * stride + filter.shape()[axis]);
    let any = |rows: usize, columns: usize| numbers(rows, columns, 1, |i| noise(i) as f32 * 1.5);
    let result = any(rows, columns);
    let larger = any(image.shape()[0] * stride, image.shape()[1] * stride);
    let resized = Resized { larger: &larger, result: &larger, windows: &same };
    transposed(HOSTILE, &Transposed { image, filter, result: &result, windows: &back, resized }, theme).unwrap()
}

pub fn asked(theme: Theme) -> Vec<(&'static str, Picture)> {
    let any = |side: usize| numbers(side, side, 1, |i| (noise(i + 3) * 9.0).round() as f32);
    vec![
        ("embedding-10", heaps(400, 10, theme)),
        ("embedding-30", heaps(900, 30, theme)),
        ("embedding-many", heaps(12_000, 6, theme)),
        ("embedding-grey", grey(theme)),
        ("deconv-2", put_down(&any(2), &any(3), 2, theme)),
        ("deconv-40", put_down(&any(40), &any(5), 2, theme)),
        ("deconv-1", put_down(&any(1), &numbers(1, 1, 1, |_| f32::NAN), 1, theme)),
    ]
}
