//! Standardisation: by the training part alone.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_data::{Dataset, Labels, Normalize};
use fovea_graph::Tensor;
use fovea_train::Standardisation;
use ndarray::Array4;
use support::digits;

/// Three pictures of one pixel and three channels; the third picture is for testing and counts for nothing.
fn tiny() -> Dataset {
    let values = vec![1.0, 5.0, 0.1, 3.0, 5.0, 0.1, 100.0, -100.0, 9.0];
    let images = Array4::from_shape_vec((3, 1, 1, 3), values).unwrap().into_dyn().into();
    let (labels, classes) = (Labels::Class(vec![0, 1, 0]), vec!["a".into(), "b".into()]);
    Dataset { train: vec![0, 1], test: vec![2], ..Dataset::new("tiny", images, labels, classes) }
}

#[test]
fn standardisation_is_that_of_the_training_part_alone() {
    let data = tiny();
    let s = Standardisation::of(&data).unwrap();
    // Means 2, 5, 0.1; deviations 1 and twice 0, which becomes 1.
    assert_eq!((s.mean.as_slice(), s.deviation.as_slice()), (&[2.0, 5.0, 0.1][..], &[1.0, 1.0, 1.0][..]));
    let mut images = data.images.held().unwrap().clone();
    s.apply(&mut images);
    assert_eq!(images.iter().copied().collect::<Vec<_>>(), [-1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 98.0, -105.0, 8.9]);

    let mut seen_from_behind: Tensor = data.images.held().unwrap().clone().permuted_axes(vec![0, 2, 1, 3]);
    seen_from_behind.invert_axis(ndarray::Axis(0));
    s.apply(&mut seen_from_behind);
    assert_eq!(seen_from_behind[[2, 0, 0, 0]], -1.0);
}

#[test]
fn standardised_digits_have_mean_0_and_deviation_1() {
    let data = digits();
    let s = Standardisation::of(&data).unwrap();
    let mut images = data.images.held().unwrap().clone();
    s.apply(&mut images);
    let values: Vec<f64> =
        data.train.iter().flat_map(|&i| images.index_axis(ndarray::Axis(0), i).to_owned()).map(f64::from).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-6, "mean {mean}, variance {variance}");
}

#[test]
fn data_may_be_normalised_otherwise() {
    let of = |normalize| Standardisation::of(&Dataset { normalize, ..tiny() }).unwrap();
    let raw = of(Normalize::Raw);
    assert_eq!((raw.mean, raw.deviation), (vec![0.0; 3], vec![1.0; 3]));
    // What torchvision's weights say of their pictures: `transforms()` of `ResNet50_Weights.DEFAULT`.
    let imagenet = of(Normalize::Imagenet);
    assert_eq!((imagenet.mean, imagenet.deviation), (vec![0.485, 0.456, 0.406], vec![0.229, 0.224, 0.225]));
}
