//! The built-in digits, their split and their sizes.
#![allow(clippy::unwrap_used)]

use fovea_data::{DataError, DataSource, DataSpec, Dataset};
use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Luma};

fn digits() -> Dataset {
    DataSpec::of_builtin("digits").unwrap().load().unwrap()
}

fn sized(height: usize, width: usize) -> Result<Dataset, DataError> {
    DataSpec::open("digits", DataSource::Digits, Some([height, width]))?.load()
}

#[test]
fn names_shapes_and_classes_are_known_without_loading() {
    assert_eq!(DataSpec::builtin("digits"), Some(DataSource::Digits));
    assert_eq!(DataSpec::builtin("mnist"), None);
    for name in DataSpec::builtin_names() {
        let spec = DataSpec::open(name, DataSpec::builtin(name).unwrap(), Some([12, 9])).unwrap();
        let data = spec.load().unwrap();
        assert_eq!(data.shape(), spec.shape());
        assert_eq!((&data.name[..], &data.classes[..]), (spec.name(), spec.class_names()));
        assert_eq!((data.train.len(), data.test.len()), (spec.counts().train, spec.counts().test));
        let parts = size_of_val(&data.train[..]) + size_of_val(&data.test[..]);
        assert_eq!(
            spec.bytes(),
            (4 * data.images.held().unwrap().len() + 4 * data.labels.len() * data.labels.size() + parts) as u64
        );
    }
}

/// The first picture as scikit-learn's documentation prints it.
#[test]
fn pictures_are_those_of_the_file() {
    let data = digits();
    assert_eq!(data.images.held().unwrap().shape(), [1797, 8, 8, 1]);
    let first: Vec<f32> = data.images.held().unwrap().iter().take(24).map(|v| v * 16.0).collect();
    let known = [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0];
    assert_eq!(first, known.map(|v: u8| f32::from(v)));
    assert_eq!(data.labels.classes()[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(data.images.held().unwrap().iter().all(|v| (0.0..=1.0).contains(v)));
    assert!(data.attribution.contains("CC BY 4.0"));
}

#[test]
fn the_split_is_exact_and_takes_the_same_share_of_every_class() {
    let data = digits();
    assert_eq!((data.train.len(), data.test.len()), (1437, 360));
    let mut all: Vec<usize> = data.train.iter().chain(&data.test).copied().collect();
    all.sort_unstable();
    assert_eq!(all, (0..1797).collect::<Vec<_>>());

    let count = |part: &[usize]| {
        let mut counts = [0; 10];
        part.iter().for_each(|&i| counts[data.labels.classes()[i] as usize] += 1);
        counts
    };
    // 360/1797 of 178 182 177 183 181 182 181 179 174 180, by largest remainders, worked out by hand.
    assert_eq!(count(&data.test), [36, 37, 35, 37, 36, 36, 36, 36, 35, 36]);
    assert_eq!(count(&data.train), [142, 145, 142, 146, 145, 146, 145, 143, 139, 144]);
}

/// Once and for all: whoever changes these changes every figure that was ever reported.
#[test]
fn the_split_never_changes() {
    let data = digits();
    let sum = |part: &[usize]| part.iter().enumerate().map(|(i, &p)| (i + 1) * p).sum::<usize>();
    assert_eq!(data.test[..8], SPLIT_BEGINS);
    assert_eq!(sum(&data.test), SPLIT_SUM);
    assert_eq!(sized(28, 28).unwrap().test, data.test);
}
const SPLIT_BEGINS: [usize; 8] = [3, 5, 7, 8, 11, 16, 17, 19];
const SPLIT_SUM: usize = 77_164_689;

/// Bilinear interpolation between pixel centres, the outermost carried on to the edge, in f64.
fn bilinear(data: &Dataset, picture: usize, [y, x]: [f64; 2]) -> f64 {
    let around = |at: f64| {
        let low = at.floor();
        let index = |v: f64| v.clamp(0.0, 7.0) as usize;
        ([index(low), index(low + 1.0)], at - low)
    };
    let ((ys, fy), (xs, fx)) = (around(y), around(x));
    let row = |y: usize| {
        let at = |x: usize| f64::from(data.images.held().unwrap()[[picture, y, x, 0]]);
        at(xs[0]) * (1.0 - fx) + at(xs[1]) * fx
    };
    row(ys[0]) * (1.0 - fy) + row(ys[1]) * fy
}

#[test]
fn larger_sizes_are_bilinear_and_stay_in_range() {
    let (small, large) = (digits(), sized(28, 20).unwrap());
    assert_eq!(large.shape(), [28, 20, 1]);
    assert!(large.images.held().unwrap().iter().all(|v| (0.0..=1.0).contains(v)));
    let centre = |i: usize, n: f64| (i as f64 + 0.5) * 8.0 / n - 0.5;
    for picture in [0, 1, 77, 1796] {
        for y in 0..28 {
            for x in 0..20 {
                let expected = bilinear(&small, picture, [centre(y, 28.0), centre(x, 20.0)]);
                let found = f64::from(large.images.held().unwrap()[[picture, y, x, 0]]);
                assert!((found - expected).abs() < 1e-6, "picture {picture} at {y}, {x}: {found}, not {expected}");
            }
        }
    }
}

#[test]
fn sizes_out_of_bounds_are_refused() {
    for [height, width] in [[0, 28], [28, 0], [257, 8], [8, usize::MAX]] {
        let error = sized(height, width).unwrap_err().to_string();
        assert_eq!(error, format!("`size {height}x{width}`: a side has 1 to 256 pixels"));
    }
    assert_eq!(sized(1, 3).unwrap().shape(), [1, 3, 1]);
    assert_eq!(sized(8, 8).unwrap().images.held(), digits().images.held());
}

/// Larger, smaller and both, bit by bit as the `image` crate's triangle filter has it.
#[test]
fn sizes_are_those_of_another_implementation() {
    let small = digits();
    for [height, width] in [[28, 28], [28, 20], [5, 3], [16, 4], [1, 9], [256, 7]] {
        let sized = sized(height, width).unwrap();
        for picture in [0, 17, 1796] {
            let grey = |x, y| Luma([small.images.held().unwrap()[[picture, y as usize, x as usize, 0]]]);
            let source = ImageBuffer::from_fn(8, 8, grey);
            let expected = resize(&source, width as u32, height as u32, FilterType::Triangle);
            for (x, y, Luma([value])) in expected.enumerate_pixels() {
                let found = sized.images.held().unwrap()[[picture, y as usize, x as usize, 0]];
                assert_eq!(found, value.clamp(0.0, 1.0), "{height}x{width}, picture {picture}, row {y}, column {x}");
            }
        }
    }
}
