//! Arrays that are no data: each with a message that says what to do.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use fovea_data::{Arrays, Clause, DataError, ReadAs, Unfit};
use fovea_graph::stop;
use support::{arrays, folder, npy, open, open_sized, pair, says, unfit, unlabelled, write};

/// What is wrong with a file of samples.
fn samples(bytes: &[u8]) -> Unfit {
    let root = folder();
    let path = root.path().join("x.npy");
    write(&path, bytes);
    let found = unfit(open(unlabelled(&path)).and_then(|spec| spec.load()));
    assert_eq!((found.clause, &found.path), (Clause::Samples, &path));
    found
}

/// What is wrong with labels of three samples.
fn labels(descr: &str, shape: &str, bytes: &[u8]) -> Unfit {
    labels_as(descr, shape, bytes, None)
}

/// The same for labels that are read as something.
fn labels_as(descr: &str, shape: &str, bytes: &[u8], read_as: Option<ReadAs>) -> Unfit {
    let root = folder();
    let [x, y] = pair(&root);
    write(&x, &npy("'|u1'", "False", "(3, 2, 2)", &[7; 12]));
    write(&y, &npy(descr, "False", shape, bytes));
    let found = unfit(open(Arrays { read_as, ..arrays(&x, &y) }));
    assert_eq!(found.path, y);
    found
}

#[test]
fn files_that_are_no_arrays() {
    let root = folder();
    says(&unfit(open(unlabelled(&root.path().join("gone.npy")))), &["gone.npy`: there is no such file", "an npy file"]);
    says(&unfit(open(unlabelled(root.path()))), &["this is no file"]);
    says(&samples(b""), &["the file is empty"]);
    says(&samples(b"PK\x03\x04 and so on, as archives begin"), &["the archive is broken"]);
    says(&samples(b"hello, world"), &["this is no npy file", "numpy.save"]);
    let good = npy("'<f4'", "False", "(2, 3)", &[0; 24]);
    says(&samples(&good[..40]), &["the file ends within its head"]);
    says(&samples(&npy("'<f4'", "Perhaps", "(2, 3)", &[0; 24])), &["its head is not understood"]);
    let mut later = good.clone();
    later[6] = 9;
    says(&samples(&later), &["x.npy`"]);
}

#[test]
fn files_that_are_cut_or_empty() {
    let good = npy("'<f4'", "False", "(2, 3)", &[0; 24]);
    let found = samples(&good[..good.len() - 1]);
    says(&found, &["the file is cut off: its head tells of (2, 3) float32", "bytes"]);
    says(&samples(&[&good[..], b"more"].concat()), &["goes on behind its array"]);
    says(&samples(&npy("'<f4'", "False", "(0, 28, 28)", b"")), &["the array is empty: (0, 28, 28)"]);
    says(&samples(&npy("'<f4'", "False", "(4, 0)", b"")), &["the array is empty: (4, 0)"]);
    says(&samples(&npy("'<f4'", "False", "(5,)", &[0; 20])), &["its samples have no extent", "(5,)"]);
    says(&samples(&npy("'<f4'", "False", "()", &[0; 4])), &["its samples have no extent"]);
    let huge = "(4294967296, 4294967296, 4294967296)";
    says(&samples(&npy("'<f8'", "False", huge, &[0; 8])), &["the file is cut off", "more than there can be"]);
}

#[test]
fn elements_that_are_no_samples() {
    let of = |descr: &str, size: usize| samples(&npy(descr, "False", "(2, 3)", &vec![0; 6 * size]));
    says(&of("'|O'", 8), &["its elements are object", "astype(\"float32\")"]);
    says(&of("'<i8'", 8), &["its elements are int64", "float32, float64, uint8 or bool", "astype(\"float32\")"]);
    says(&of("'<f2'", 2), &["float16"]);
    says(&of("'<c8'", 8), &["complex"]);
    says(&of("'<U3'", 12), &["text"]);
    says(&of("[('a', '<f4'), ('b', '<i8')]", 12), &["a record of several fields"]);
}

#[test]
fn values_that_are_no_numbers_are_counted_and_named() {
    let values = [0.0, f32::NAN, 1.0, f32::INFINITY, f32::NAN, 2.0].map(f32::to_le_bytes).concat();
    let found = samples(&npy("'<f4'", "False", "(3, 2)", &values));
    says(&found, &["3 values of it are no finite numbers (2 NaN, 1 infinite", "the first in sample 0", "nan_to_num"]);
    let values = [0.0, 1.0, 1e300, 0.0].map(f64::to_le_bytes).concat();
    says(&samples(&npy("'<f8'", "False", "(2, 2)", &values)), &["1 value", "too large for 32 bits", "in sample 1"]);
    says(&samples(&npy("'<f8'", "True", "(2, 2)", &values)), &["1 value", "in sample 0"]);
}

#[test]
fn labels_that_are_no_classes() {
    says(&labels("'|O'", "(3,)", &[0; 24]), &["its labels are object", "a class is a whole number"]);
    let floats = [0.0, f32::NAN, 1.0].map(f32::to_le_bytes).concat();
    says(&labels("'<f4'", "(3,)", &floats), &["1 value of it are no finite numbers", "the first in sample 1"]);
    let halves = [0.0, 0.5, 1.0].map(f32::to_le_bytes).concat();
    let found = labels_as("'<f4'", "(3,)", &halves, Some(ReadAs::Classes));
    says(&found, &["the label 0.5 of sample 1 is no class", "whole numbers"]);
    let found = labels_as("'|u1'", "(3, 2)", &[0, 1, 1, 1, 0, 0], Some(ReadAs::Classes));
    says(&found, &["sample 1 has several of its 2 numbers set", "without `as classes`"]);
    says(&labels("'|i1'", "(2,)", &[0, 1]), &["it labels 2 samples, and `", "x.npy` has 3 samples", "(2,)", "(3,)"]);
    says(&labels("'|i1'", "()", &[0]), &["it is one number"]);
    let found = labels("'|i1'", "(3, 5)", &[2; 15]);
    says(&found, &["it has 5 whole numbers a sample", "not only 0 and 1", "`as numbers`", "argmax(axis=1)"]);
    says(&labels("'|i1'", "(3, 2, 3)", &[0; 18]), &["do not lie on the samples", "(3, 2, 3)", "(3, 2, 2)"]);
    says(&labels("'|i1'", "(3,)", &[0, 1]), &["the file is cut off"]);
    says(&labels("'|i1'", "(3,)", &[0, 1, 255]), &["the label -1 of sample 2 is no class", "counted from 0"]);
    says(&labels("'<u8'", "(3,)", &[255; 24]), &["is no class", "classes below 65536"]);
    says(&labels("'|i1'", "(3,)", &[0; 3]), &["all its labels are 0"]);
}

#[test]
fn clauses_that_do_not_fit() {
    let root = folder();
    let [x, y] = pair(&root);
    write(&x, &npy("'|u1'", "False", "(3, 2, 2)", &[7; 12]));
    write(&y, &npy("'|u1'", "False", "(3,)", &[0, 1, 2]));
    let found = unfit(open(arrays(&x, &y)));
    says(&found, &["x.npy`: each class has one sample", "two or more of a class"]);
    write(&y, &npy("'|u1'", "False", "(3,)", &[0, 1, 1]));
    assert!(open(arrays(&x, &y)).is_ok());
    let found = unfit(open(Arrays { shape: Some(vec![5, 1]), ..arrays(&x, &y) }));
    assert_eq!(found.clause, Clause::Shape);
    says(&found, &["a sample has 4 values and cannot be 5x1", "as 2x2x1"]);
    let found = unfit(open_sized(arrays(&x, &y), Some([4, 4])));
    assert_eq!(found.clause, Clause::Size);
    says(&found, &["arrays keep the size they have"]);
}

#[test]
fn what_changes_between_looking_and_reading() {
    let root = folder();
    let [x, y] = pair(&root);
    write(&x, &npy("'|u1'", "False", "(3, 2, 2)", &[7; 12]));
    write(&y, &npy("'|u1'", "False", "(3,)", &[0, 1, 1]));
    let spec = open(arrays(&x, &y)).unwrap();
    assert_eq!(spec, open(arrays(&x, &y)).unwrap());
    write(&y, &npy("'|u1'", "False", "(3,)  ", &[0, 1, 0]));
    says(&unfit(spec.load()), &["y.npy`: it has changed since", "again"]);
    assert_ne!(spec, open(arrays(&x, &y)).unwrap());
    fs::remove_file(&x).unwrap();
    let interrupted = |error| match error {
        DataError::Interrupted(interrupted) => interrupted,
        other => panic!("{other:?}"),
    };
    write(&x, &npy("'|u1'", "False", "(3, 2, 2)", &[7; 12]));
    let spec = open(arrays(&x, &y)).unwrap();
    assert!(stop::looks(|stop| spec.load_unless(stop).map_err(interrupted)) > 0);
}

/// Whatever stands in a file, it is refused or read; nothing panics.
#[test]
fn files_cut_or_spoiled_anywhere() {
    let root = folder();
    let [x, y] = pair(&root);
    let samples = npy("'<f4'", "True", "(3, 2, 2)", &[0; 48]);
    let labels = npy("'<i2'", "False", "(3,)", &[0, 0, 1, 0, 1, 0]);
    for (path, whole) in [(&x, &samples), (&y, &labels)] {
        for at in 0..whole.len() {
            for byte in [0, b'9', b'(', b'\'', 0xFF] {
                write(&x, &samples);
                write(&y, &labels);
                let mut spoiled = whole.clone();
                spoiled[at] = byte;
                write(path, if byte == 0 { &whole[..at] } else { &spoiled });
                match open(arrays(&x, &y)).and_then(|spec| spec.load()) {
                    Ok(data) => assert!(data.images.held().unwrap().iter().all(|value| value.is_finite())),
                    Err(DataError::Unfit(_)) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    }
}
