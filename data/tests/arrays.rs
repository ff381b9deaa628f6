//! Arrays in npy files.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use fovea_data::{Arrays, Counts, Split};
use fovea_graph::{Never, Tensor};
use ndarray::{Array, Array1, ArrayD, IxDyn, ShapeBuilder};
use ndarray_npy::write_npy;
use support::{arrays, digits, folder, npy, open, pair, unlabelled, write};

#[test]
fn digits_as_arrays_are_the_digits() {
    let (root, digits) = (folder(), digits());
    let [x, y] = pair(&root);
    let labels: Array1<i64> = digits.labels.classes().iter().map(|&label| i64::from(label)).collect();
    write_npy(&y, &labels).unwrap();
    let flat: ArrayD<f32> = digits.images.held().unwrap().clone().into_shape_with_order(vec![1797, 8, 8]).unwrap();
    let read = |arrays: Arrays| {
        let spec = open(arrays).unwrap();
        assert_eq!((spec.shape(), spec.classes(), spec.is_labelled()), (vec![8, 8, 1], 10, true));
        let data = spec.load().unwrap();
        assert_eq!(spec.counts(), Counts { train: data.train.len(), validation: 0, test: data.test.len() });
        assert_eq!((data.labels.classes(), &data.classes), (digits.labels.classes(), &digits.classes));
        data
    };
    write_npy(&x, &flat).unwrap();
    assert_eq!(read(arrays(&x, &y)).images.held(), digits.images.held());
    write_npy(&x, &digits.images.held().unwrap().mapv(f64::from)).unwrap();
    assert_eq!(read(arrays(&x, &y)).images.held(), digits.images.held());
    // Column by column, as MATLAB and `order="F"` have it.
    let mut columns = ArrayD::<f32>::zeros(IxDyn(&[1797, 8, 8, 1]).f());
    columns.assign(digits.images.held().unwrap());
    write_npy(&x, &columns).unwrap();
    assert!(std::fs::read(&x).unwrap()[..128].windows(4).any(|word| word == b"True"));
    assert_eq!(read(arrays(&x, &y)).images.held(), digits.images.held());
    // Bytes are levels.
    let levels = flat.mapv(|value| (value * 255.0).round() as u8);
    write_npy(&x, &levels).unwrap();
    let expected = levels.mapv(|level| f32::from(level) / 255.0).into_shape_with_order(vec![1797, 8, 8, 1]).unwrap();
    assert_eq!(read(arrays(&x, &y)).images.held(), Some(&expected));
    // 360 of 1797 are a fifth, as with the digits that ship; the seed's dice are the same.
    let split = Some(Split { test: 20, validation: 0, seed: 0 });
    let part = read(Arrays { split, ..arrays(&x, &y) });
    assert_eq!(part.test, read(arrays(&x, &y)).test);
    assert_ne!(
        part.test,
        read(Arrays { split: Some(Split { test: 20, validation: 0, seed: 1 }), ..arrays(&x, &y) }).test
    );
}

/// One array, written by hand, of whatever kind.
fn read(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Tensor {
    let root = folder();
    let path = root.path().join("x.npy");
    write(&path, &npy(descr, fortran, shape, data));
    open(unlabelled(&path)).unwrap().load().unwrap().images.held().unwrap().clone()
}

fn bytes<T, const N: usize>(values: &[T], of: impl Fn(&T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(of).collect()
}

#[test]
fn every_order_of_bytes_and_indices_is_read() {
    let values: Vec<f32> = (0..12).map(|i| i as f32 - 3.5).collect();
    let expected = Array::from_shape_vec(IxDyn(&[2, 3, 2, 1]), values.clone()).unwrap();
    let doubles: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
    assert_eq!(read("'<f4'", "False", "(2, 3, 2)", &bytes(&values, |v| v.to_le_bytes())), expected);
    assert_eq!(read("'>f4'", "False", "(2, 3, 2)", &bytes(&values, |v| v.to_be_bytes())), expected);
    assert_eq!(read("'<f8'", "False", "(2, 3, 2, 1)", &bytes(&doubles, |v| v.to_le_bytes())), expected);
    assert_eq!(read("'>f8'", "False", "(2, 3, 2, 1)", &bytes(&doubles, |v| v.to_be_bytes())), expected);
    let columns: Vec<f32> = expected.t().iter().copied().collect();
    assert_eq!(read("'<f4'", "True", "(2, 3, 2)", &bytes(&columns, |v| v.to_le_bytes())), expected);
    assert_eq!(read("'|b1'", "False", "(2, 1, 2)", &[0, 1, 1, 0]).into_raw_vec_and_offset().0, [0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn shapes_follow_the_samples() {
    let shape = |dims: &str, said: Option<Vec<usize>>| {
        let root = folder();
        let path = root.path().join("x.npy");
        write(&path, &npy("'|u1'", "False", dims, &[0; 48]));
        let spec = open(Arrays { shape: said, ..unlabelled(&path) }).unwrap();
        assert_eq!(spec.shape(), spec.load().unwrap().shape());
        spec.shape()
    };
    assert_eq!(shape("(2, 24)", None), [24, 1]);
    assert_eq!(shape("(2, 4, 6)", None), [4, 6, 1]);
    assert_eq!(shape("(2, 2, 4, 3)", None), [2, 4, 3]);
    assert_eq!(shape("(2, 2, 2, 2, 3)", None), [2, 2, 2, 3]);
    assert_eq!(shape("(2, 8, 3)", Some(vec![8, 3])), [8, 3]);
    assert_eq!(shape("(2, 24)", Some(vec![4, 2, 3])), [4, 2, 3]);
}

#[test]
fn samples_without_labels_are_one_part() {
    let root = folder();
    let path = root.path().join("x.npy");
    write(&path, &npy("'|u1'", "False", "(3, 2, 2)", &[7; 12]));
    let spec = open(unlabelled(&path)).unwrap();
    assert_eq!(
        (spec.classes(), spec.is_labelled(), spec.counts()),
        (0, false, Counts { train: 3, validation: 0, test: 0 })
    );
    let data = spec.load().unwrap();
    assert_eq!((data.train, data.labels.len(), spec.bytes()), (vec![0, 1, 2], 0, 3 * (16 + 8)));
}

fn labelled(root: &Path, shape: &str, labels: &[u8]) -> Arrays {
    let [x, y] = ["x.npy", "y.npy"].map(|name| root.join(name));
    write(&x, &npy("'|u1'", "False", "(6, 2, 1)", &[7; 12]));
    write(&y, &npy("'|i1'", "False", shape, labels));
    arrays(&x, &y)
}

#[test]
fn labels_of_whole_numbers_are_classes() {
    let root = folder();
    for shape in ["(6,)", "(6, 1)"] {
        let data = open(labelled(root.path(), shape, &[1, 1, 1, 3, 3, 3])).unwrap().load().unwrap();
        assert_eq!(data.labels.classes(), [1, 1, 1, 3, 3, 3]);
        assert_eq!(data.classes, ["0", "1", "2", "3"]);
        assert!(data.remarks[0].ends_with("counts 4 classes, and nothing is of class 0, 2"), "{:?}", data.remarks);
    }
    for (descr, one) in
        [("'>i8'", &[0, 0, 0, 0, 0, 0, 0, 1][..]), ("'<u2'", &[1, 0]), ("'|b1'", &[1]), ("'>u4'", &[0, 0, 0, 1])]
    {
        let [x, y] = pair(&root);
        let data = [vec![0; one.len()].as_slice(), one].concat().repeat(3);
        write(&y, &npy(descr, "False", "(6,)", &data));
        let data = open(arrays(&x, &y)).unwrap().load().unwrap();
        assert_eq!(data.labels.classes(), [0, 1, 0, 1, 0, 1]);
        assert!(data.remarks.is_empty());
    }
}

#[test]
fn labels_at_every_position_are_maps() {
    let root = folder();
    let spec = open(labelled(root.path(), "(6, 2, 1)", &[0, 1, 0, 1, 2, 1, 0, 1, 0, 1, 2, 1])).unwrap();
    assert_eq!((spec.positions(), spec.classes()), (vec![2, 1], 3));
    let data = spec.load().unwrap();
    assert_eq!((data.labels.positions(), data.labels.of(2, &Never).unwrap()), (&[2, 1][..], vec![2, 1]));
    assert_eq!((data.train.len(), data.test.len()), (5, 1));
}
