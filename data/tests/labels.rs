//! What labels are taken for: classes, several classes at once, numbers.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_data::{Arrays, DataSpec, Dataset, LabelKind, ReadAs, Split};
use fovea_graph::Never;
use support::{arrays, folder, npy, open, pair, unlabelled, write};

/// Data of four samples `(4, 2, 3)` with labels.
fn labelled(descr: &str, shape: &str, bytes: &[u8], read_as: Option<ReadAs>) -> (DataSpec, Dataset) {
    let root = folder();
    let [x, y] = pair(&root);
    write(&x, &npy("'|u1'", "False", "(4, 2, 3)", &[7; 24]));
    write(&y, &npy(descr, "False", shape, bytes));
    let spec = open(Arrays { read_as, ..arrays(&x, &y) }).unwrap();
    let data = spec.load().unwrap();
    assert_eq!(spec.labels(), data.labels.kind());
    assert_eq!((spec.positions(), data.labels.len()), (data.labels.positions().to_vec(), 4));
    (spec, data)
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn whole_numbers_are_classes_and_floats_are_numbers() {
    let (spec, data) = labelled("'<i2'", "(4,)", &[0, 0, 1, 0, 2, 0, 1, 0], None);
    assert_eq!((spec.labels(), spec.classes()), (LabelKind::Classes, 3));
    assert_eq!(data.labels.classes(), [0, 1, 2, 1]);
    let (spec, data) = labelled("'<f4'", "(4,)", &floats(&[0.0, 1.0, 2.5, -3.0]), None);
    assert_eq!((spec.labels(), spec.classes()), (LabelKind::Numbers(vec![1]), 0));
    assert_eq!((data.labels.get(2, &Never).unwrap(), data.labels.of(2, &Never).unwrap()), (vec![2.5], vec![]));
    assert_eq!((data.train.len(), data.test.len()), (3, 1));
    let doubles: Vec<u8> = (0..8).flat_map(|i| f64::from(i).to_be_bytes()).collect();
    let (spec, data) = labelled("'>f8'", "(4, 2)", &doubles, None);
    assert_eq!((spec.labels(), data.labels.get(3, &Never).unwrap()), (LabelKind::Numbers(vec![2]), vec![6.0, 7.0]));
    let (spec, data) = labelled("'<f4'", "(4, 2, 3)", &floats(&[0.25; 24]), None);
    assert_eq!((spec.labels(), data.labels.get(1, &Never).unwrap()), (LabelKind::Numbers(vec![2, 3]), vec![0.25; 6]));
}

#[test]
fn rows_of_zeros_and_ones_are_several_classes_at_once() {
    let rows = [1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0];
    let (spec, data) = labelled("'|u1'", "(4, 3)", &rows, None);
    assert_eq!((spec.labels(), spec.class_names().len()), (LabelKind::Several(3), 3));
    assert_eq!(data.labels.get(2, &Never).unwrap(), [1.0, 1.0, 1.0]);
    assert!(data.remarks.is_empty());
    let (spec, _) = labelled("'<f4'", "(4, 3)", &floats(&rows.map(f32::from)), None);
    assert_eq!(spec.labels(), LabelKind::Several(3));
    let (_, data) = labelled("'|b1'", "(4, 2)", &[1, 0, 0, 1, 0, 1, 1, 0], None);
    assert_eq!(data.labels.kind(), LabelKind::Several(2));
    assert!(data.remarks[0].contains("exactly one class a sample: `as classes`"), "{:?}", data.remarks);
}

#[test]
fn what_is_marked_as_no_class_is_none() {
    let mut masks = [0, 1, 2, 1, 0, 255].repeat(4);
    let (spec, data) = labelled("'|u1'", "(4, 2, 3)", &masks, None);
    assert_eq!((spec.classes(), spec.positions(), data.labels.of(1, &Never).unwrap()[5]), (3, vec![2, 3], 255));
    assert!(data.remarks[0].contains("positions of 255"), "{:?}", data.remarks);
    // A class that goes up to there is one.
    masks[3] = 254;
    assert_eq!(labelled("'|u1'", "(4, 2, 3)", &masks, None).0.classes(), 256);
}

#[test]
fn what_is_said_decides() {
    let numbers = Some(ReadAs::Numbers);
    let (spec, data) = labelled("'<i2'", "(4,)", &[0, 0, 1, 0, 254, 255, 1, 0], numbers);
    assert_eq!((spec.labels(), data.labels.get(2, &Never).unwrap()), (LabelKind::Numbers(vec![1]), vec![-2.0]));
    let (spec, _) = labelled("'|u1'", "(4, 2)", &[0, 1, 1, 0, 0, 1, 1, 0], numbers);
    assert_eq!(spec.labels(), LabelKind::Numbers(vec![2]));
    let (spec, _) = labelled("'|u1'", "(4, 2)", &[0, 1, 9, 0, 0, 1, 1, 0], numbers);
    assert_eq!(spec.labels(), LabelKind::Numbers(vec![2]));
    let classes = Some(ReadAs::Classes);
    let (_, data) = labelled("'|u1'", "(4, 2)", &[0, 1, 1, 0, 0, 1, 1, 0], classes);
    assert_eq!(data.labels.classes(), [1, 0, 1, 0]);
    let (spec, data) = labelled("'<f4'", "(4,)", &floats(&[0.0, 2.0, 1.0, 2.0]), classes);
    assert_eq!((spec.classes(), data.labels.classes()), (3, &[0, 2, 1, 2][..]));
}

#[test]
fn samples_without_labels_are_one_part_unless_they_are_split() {
    let root = folder();
    let [x, _] = pair(&root);
    write(&x, &npy("'|u1'", "False", "(10, 2, 3)", &[7; 60]));
    let spec = open(unlabelled(&x)).unwrap();
    assert_eq!((spec.labels(), spec.counts().train, spec.counts().test), (LabelKind::Nothing, 10, 0));
    let split = Some(Split::default());
    let spec = open(Arrays { split, ..unlabelled(&x) }).unwrap();
    assert_eq!((spec.counts().train, spec.counts().test), (8, 2));
}
