//! What is inside a layer: filters over images, weights, maps, vectors.

use fovea::display::{Makes, SlidingWindow};
use fovea::picture::{Face, Picture, Plane, Theme, Tile, TileRow, Values, convolution, layer, values};
use fovea_graph::Tensor;
use fovea_graph::window::{Rounding, Window};

use super::{HOSTILE, digit, names, noise, numbered, scene};

/// An image of whole numbers below 10, or of noise.
pub fn numbers(rows: usize, columns: usize, channels: usize, value: impl Fn(usize) -> f32) -> Tensor {
    let values = (0..rows * columns * channels).map(value).collect();
    Tensor::from_shape_vec(vec![rows, columns, channels], values).unwrap()
}

/// A filter over an image; the result's numbers are any.
pub fn slid(title: &str, image: Tensor, filter: Tensor, [stride, pad, dilate]: [usize; 3], theme: Theme) -> Picture {
    let axis =
        |axis: usize| Window { size: filter.shape()[axis], stride, dilate, pad: [pad; 2], rounding: Rounding::Floor };
    let windows = [axis(0), axis(1)];
    let extent = [0, 1].map(|axis| windows[axis].output(image.shape()[axis]).unwrap());
    let channels = if filter.shape()[2] == 1 { image.shape()[2] } else { 1 };
    let result = numbers(extent[0], extent[1], channels, |i| (noise(i) * 12.0).round() as f32 / 4.0);
    let slide = SlidingWindow { image: &image, makes: Makes::Sum(&filter), result: &result, windows: &windows };
    convolution(title, &slide, theme).unwrap()
}

/// A pooling of an image, the window as given.
pub fn pooled(title: &str, image: Tensor, windows: [Window; 2], makes: Makes<'_>, theme: Theme) -> Picture {
    let extent = [0, 1].map(|axis| windows[axis].output(image.shape()[axis]).unwrap());
    let result = numbers(extent[0], extent[1], image.shape()[2], |i| (noise(i) * 12.0).round() as f32 / 4.0);
    convolution(title, &SlidingWindow { image: &image, makes, result: &result, windows: &windows }, theme).unwrap()
}

pub fn slides(theme: Theme) -> Vec<(&'static str, Picture)> {
    let bits = |rows, columns| numbers(rows, columns, 1, |i| f32::from(noise(i) > 0.0));
    let shades = |side: usize, channels| numbers(side, side, channels, |i| (noise(i / 40) * 0.5 + 0.5) as f32);
    let any = |side: usize, channels: usize| numbers(side, side, channels, |i| noise(i + 7) as f32 * 1.2345);
    let broken = numbers(5, 5, 1, |i| [f32::NAN, f32::INFINITY, -1e30, 0.0][i % 4]);
    let window = |size, stride, pad, rounding| [Window { size, stride, dilate: 1, pad: [pad; 2], rounding }; 2];
    let [whole, cut] = [window(2, 2, 0, Rounding::Floor), window(3, 2, 1, Rounding::Ceil)];
    vec![
        ("slide-pooled", pooled("a 4x4 image pooled", bits(4, 4), whole, Makes::Max, theme)),
        ("slide-pooled-beyond", pooled("", any(6, 1), cut, Makes::Mean, theme)),
        ("slide-pooled-large", pooled("digits[3] pooled", shades(28, 1), whole, Makes::Max, theme)),
        ("slide-lecture", slid("a 5x5 image convolved with a 3x3 filter", bits(5, 5), bits(3, 3), [1, 0, 1], theme)),
        ("slide-padded", slid("padding and a stride", bits(6, 4), any(3, 1), [2, 1, 1], theme)),
        ("slide-dilated", slid(HOSTILE, bits(7, 7), any(2, 1), [1, 0, 3], theme)),
        ("slide-widest", slid("twelve cells", bits(12, 12), any(6, 1), [1, 0, 1], theme)),
        ("slide-one", slid("", bits(1, 1), bits(1, 1), [1, 0, 1], theme)),
        ("slide-large", slid("digits[3] convolved with a filter", shades(28, 1), any(3, 1), [1, 1, 1], theme)),
        ("slide-huge", slid("larger than the page", shades(150, 1), any(11, 1), [4, 5, 1], theme)),
        ("slide-colour", slid("a colour picture", shades(32, 3), any(5, 1), [1, 2, 1], theme)),
        ("slide-summed", slid("a learned filter", shades(32, 3), any(5, 3), [2, 2, 1], theme)),
        ("slide-broken", slid("no numbers", broken.clone(), broken, [1, 2, 1], theme)),
        ("slide-line", slid("one row", bits(1, 40), any(1, 1), [1, 0, 1], theme)),
    ]
}

pub fn plane(side: usize, seed: usize, lift: f64) -> Face {
    let value = |i: usize| (noise(i + seed * 97) + lift).max(if lift > 0.0 { 0.0 } else { f64::MIN }) as f32;
    Face::Numbers(Plane { rows: side, columns: side, values: (0..side * side).map(value).collect() })
}

pub fn tile(caption: String, face: Face) -> Tile {
    Tile { caption, face, is_silent: false }
}

pub fn insides(theme: Theme) -> Vec<(&'static str, Picture)> {
    let row = |label: &str, count: usize, side: usize, lift: f64| TileRow {
        label: label.to_string(),
        tiles: (0..count).map(|i| tile(i.to_string(), plane(side, i, lift))).collect(),
    };
    let grid = |rows: usize, columns: usize, side: usize| -> Vec<TileRow> {
        (0..rows).map(|i| row(&i.to_string(), columns, side, 0.0)).collect()
    };
    let of = |title: &str, note: &str, rows: &[TileRow]| {
        layer("weights", title, note, rows, [rows.len(), rows[0].tiles.len()], theme).unwrap()
    };
    let colours = |i: usize| tile(i.to_string(), Face::Picture(scene(7 + i % 2, 7)));
    let mut silent = row("", 12, 14, 0.2);
    silent.tiles[5] = Tile {
        face: Face::Numbers(Plane { rows: 14, columns: 14, values: vec![0.0; 196] }),
        is_silent: true,
        ..silent.tiles[5].clone()
    };
    silent.tiles.insert(0, tile("digits[3]".into(), Face::Picture(digit(3, 28))));
    let broken = Face::Numbers(Plane { rows: 2, columns: 2, values: vec![f32::NAN, f32::INFINITY, -1.0, 0.0] });
    let vector = |label: &str, count: usize, lift: f64| Values {
        label: label.to_string(),
        values: (0..count).map(|i| noise(i) + lift).collect(),
    };
    let shown = |title: &str, vectors: &[Values], names: &[String]| values(title, vectors, names, theme).unwrap();
    vec![
        ("filters-6", of("lenet.conv1: 6 filters of 5x5x1", "all on one scale", &[row("", 6, 5, 0.0)])),
        ("filters-16x6", of("lenet.conv2: 16 filters of 5x5x6", "a row a filter", &grid(16, 6, 5))),
        ("filters-24x24", of("more than there is room for", "a row a filter", &grid(24, 24, 3))),
        ("filters-1", of("one", "", &[row("", 1, 3, 0.0)])),
        ("filters-1x1", of(HOSTILE, HOSTILE, &[row(HOSTILE, 3, 1, 0.0)])),
        (
            "filters-colour",
            of(
                "alexnet.conv1",
                "each on its own scale",
                &[TileRow { label: String::new(), tiles: (0..30).map(colours).collect() }],
            ),
        ),
        (
            "filters-broken",
            of("no numbers", "", &[TileRow { label: String::new(), tiles: vec![tile(HOSTILE.into(), broken)] }]),
        ),
        ("features-12", of("q.relu1 on digits[3]: 12 maps of 14x14", "crossed out: 0 everywhere", &[silent])),
        ("features-4x9", of("q.relu1 on digits[0..4]", "all on one scale", &grid(4, 9, 14))),
        ("features-large", of("224x224", "all on one scale", &[row("", 8, 224, 0.3)])),
        ("values-10", shown("q.softmax1 on digits[3]: 10 values", &[vector("digits[3]", 10, 1.0)], &numbered(10))),
        (
            "values-120",
            shown("q.fc1 on digits[0..2]", &[vector("digits[0]", 120, 0.0), vector(HOSTILE, 120, -0.5)], &[]),
        ),
        ("values-4096", shown("many", &[vector("a", 4096, 0.0)], &names(&[HOSTILE]))),
        (
            "values-broken",
            shown("none", &[Values { label: "b".into(), values: vec![f64::NAN, f64::INFINITY, 0.0] }], &[]),
        ),
    ]
}
