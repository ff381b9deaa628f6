//! The figures of tests beside scikit-learn's.
#![allow(clippy::unwrap_used)]

use fovea_tests::goldens::Goldens;
use fovea_train::figures::{ClassFigures, Counts, Distances, Several, area_under_curve, by_class, is_among, mean};
use ndarray::{Array2, Ix2};

fn table(goldens: &Goldens, key: &str) -> Array2<f32> {
    goldens.input(key).into_dimensionality::<Ix2>().unwrap()
}

fn number(goldens: &Goldens, key: &str) -> f64 {
    goldens.output(key).sum()
}

fn near(found: Option<f64>, expected: f64, what: &str) {
    // What scikit-learn has as not a number is not there.
    let is = found.map_or(expected.is_nan(), |found| (found - expected).abs() <= 1e-12);
    assert!(is, "{what}: {found:?}, not {expected}");
}

/// A column of the figures of all classes.
fn compare(goldens: &Goldens, key: &str, counts: &[Counts], of: fn(ClassFigures) -> Option<f64>) {
    let expected = goldens.output(key);
    assert!(expected.len() <= counts.len(), "{key}");
    for (class, expected) in expected.iter().enumerate() {
        near(of(counts[class].figures()), *expected, &format!("{key} of class {class}"));
    }
}

#[test]
fn classes() {
    let goldens = Goldens::open("figures.npz");
    let (truth, told) = (goldens.input("classes.truth"), goldens.input("classes.told"));
    let mut confusion = vec![vec![0; 7]; 7];
    truth.iter().zip(&told).for_each(|(&truth, &told)| confusion[truth as usize][told as usize] += 1);
    let expected: Vec<u64> = goldens.output("classes.confusion").iter().map(|&count| count as u64).collect();
    assert_eq!(confusion.concat(), expected);
    let counts = by_class(&confusion);
    compare(&goldens, "classes.precision", &counts, |figures| figures.precision);
    compare(&goldens, "classes.recall", &counts, |figures| figures.recall);
    compare(&goldens, "classes.f1", &counts, |figures| figures.f1);
    compare(&goldens, "classes.iou", &counts, |figures| figures.iou);
    assert_eq!(counts[6].figures(), ClassFigures::default());
    let iou = goldens.output("classes.iou");
    near(mean(counts.iter().map(|counts| counts.figures().iou)), iou.mean().unwrap(), "mean IoU");
    let scores = table(&goldens, "classes.scores");
    for k in [1, 5] {
        let rows = scores.rows().into_iter().zip(&truth);
        let right = rows.filter(|(row, truth)| is_among(row.as_slice().unwrap(), **truth as usize, k)).count();
        near(Some(right as f64 / 500.0), number(&goldens, &format!("classes.top{k}")), &format!("top {k}"));
    }
}

#[test]
fn several_classes_at_once() {
    let goldens = Goldens::open("figures.npz");
    let (truth, told) = (table(&goldens, "several.truth"), table(&goldens, "several.told"));
    let mut several = Several::default();
    truth
        .rows()
        .into_iter()
        .zip(told.rows())
        .for_each(|(t, p)| several.add(p.as_slice().unwrap(), t.as_slice().unwrap()));
    compare(&goldens, "several.precision", &several.counts, |figures| figures.precision);
    compare(&goldens, "several.recall", &several.counts, |figures| figures.recall);
    compare(&goldens, "several.f1", &several.counts, |figures| figures.f1);
    compare(&goldens, "several.iou", &several.counts, |figures| figures.iou);
    near(Some(several.exact as f64 / several.rows as f64), number(&goldens, "several.exact"), "exact");
    near(Some(several.right as f64 / (4 * several.rows) as f64), number(&goldens, "several.right"), "right");
    let scores = table(&goldens, "several.scores");
    for (class, expected) in goldens.output("several.auc").iter().enumerate() {
        let column = scores.column(class).into_iter().zip(truth.column(class));
        let found = area_under_curve(column.map(|(&score, &truth)| (f64::from(score), truth > 0.5)));
        near(found, *expected, &format!("area of class {class}"));
    }
}

#[test]
fn numbers() {
    let goldens = Goldens::open("figures.npz");
    for name in ["one", "three", "far"] {
        let [truth, told] = ["truth", "told"].map(|key| table(&goldens, &format!("{name}.{key}")));
        let mut distances = Distances::default();
        assert_eq!((distances.rmse(), distances.r2()), (None, None));
        truth
            .rows()
            .into_iter()
            .zip(told.rows())
            .for_each(|(t, p)| distances.add(p.as_slice().unwrap(), t.as_slice().unwrap()));
        near(distances.rmse(), number(&goldens, &format!("{name}.rmse")), name);
        near(distances.r2(), number(&goldens, &format!("{name}.r2")), name);
    }
}

#[test]
fn numbers_without_spread() {
    let of = |told: &[f32]| {
        let mut distances = Distances::default();
        told.iter().for_each(|told| distances.add(&[*told], &[2.0]));
        distances.r2()
    };
    // As scikit-learn has them.
    assert_eq!((of(&[2.0, 2.0]), of(&[2.0, 3.0]), of(&[2.0])), (Some(1.0), Some(0.0), None));
}

#[test]
fn a_curve_has_an_area_where_it_has_two_sides_and_numbers() {
    assert_eq!(area_under_curve([(0.5, true), (0.5, false)]), Some(0.5));
    assert_eq!(area_under_curve([(0.9, true), (0.1, false)]), Some(1.0));
    assert_eq!((area_under_curve([(0.5, true)]), area_under_curve([])), (None, None));
    assert_eq!(area_under_curve([(f64::NAN, true), (0.1, false)]), None);
}

#[test]
fn scores_that_are_no_numbers_are_never_among_the_highest() {
    assert!(!is_among(&[f32::NAN, 1.0], 0, 5) && !is_among(&[1.0], 3, 5));
    assert!(is_among(&[1.0, 1.0, 1.0], 1, 2) && !is_among(&[1.0, 1.0, 1.0], 2, 2));
}
