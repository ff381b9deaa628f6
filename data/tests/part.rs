//! Parts of other data.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use fovea_data::{Counts, DataSource, DataSpec, Labels, Side, Split, Which};
use fovea_graph::Never;
use support::{digits, folder, four, images, open};

fn builtin(name: &str) -> DataSpec {
    DataSpec::of_builtin(name).unwrap()
}

#[test]
fn samples_by_their_numbers_are_trained_on_and_tested() {
    let whole = digits();
    let range = Which::Range { side: Side::Train, first: 10, end: Some(40) };
    let few = builtin("digits").part("few", range, None, &Never).unwrap();
    assert_eq!(
        (few.name(), few.counts(), few.shape()),
        ("few", Counts { train: 30, validation: 0, test: 30 }, vec![8, 8, 1])
    );
    let data = few.load().unwrap();
    assert_eq!((&data.name[..], &data.train[..], &data.test[..]), ("few", &whole.train[10..40], &whole.train[10..40]));
    assert!(data.remarks[0].contains("trained on and tested"), "{:?}", data.remarks);
    let rest = Which::Range { side: Side::Test, first: 300, end: None };
    let parted = builtin("digits").part("few", rest, Some(Split { test: 50, validation: 0, seed: 0 }), &Never).unwrap();
    let data = parted.load().unwrap();
    assert_eq!(parted.counts(), Counts { train: 30, validation: 0, test: 30 });
    let both: BTreeSet<usize> = data.train.iter().chain(&data.test).copied().collect();
    assert_eq!(both, whole.test[300..].iter().copied().collect());
    assert!(data.remarks.is_empty());
}

#[test]
fn a_share_has_the_same_of_every_class_and_of_both_sides() {
    let share = Which::Share { millionths: 100_000 };
    let few = builtin("digits").part("few", share, None, &Never).unwrap();
    assert_eq!(few.counts(), Counts { train: 144, validation: 0, test: 36 });
    let (data, whole) = (few.load().unwrap(), digits());
    for (some, all) in [(&data.train, &whole.train), (&data.test, &whole.test)] {
        let count =
            |samples: &[usize], class| samples.iter().filter(|&&i| whole.labels.class(i) == Some(class)).count();
        assert!(some.iter().all(|i| all.contains(i)) && some.is_sorted());
        for class in 0..10 {
            let exact = count(all, class) as f64 / 10.0;
            assert!((count(some, class) as f64 - exact).abs() < 1.0, "{} of class {class}", count(some, class));
        }
    }
    assert_eq!(few.load().unwrap().train, data.train, "the same at every call");
    let tiny = builtin("digits").part("few", Which::Share { millionths: 1 }, None, &Never).unwrap();
    assert_eq!(tiny.counts(), Counts { train: 1, validation: 0, test: 1 });
    // A class a pixel has no classes to keep the share of.
    let scenes = builtin("scenes").part("few", share, None, &Never).unwrap();
    assert_eq!(scenes.counts(), Counts { train: 60, validation: 0, test: 10 });
    let data = scenes.load().unwrap();
    assert!(matches!(data.labels, Labels::Map(_)) && data.train.len() == 60);
}

#[test]
fn parts_of_parts_of_files_and_at_other_sizes() {
    let root = folder();
    four(root.path());
    let pictures = open(images(root.path())).unwrap();
    let side = |side| Which::Range { side, first: 0, end: None };
    let train = pictures.part("some", side(Side::Train), None, &Never).unwrap();
    let counts = pictures.counts();
    assert_eq!(train.counts(), Counts { train: counts.train, validation: 0, test: counts.train });
    let again = train.part("fewer", Which::Range { side: Side::Test, first: 0, end: Some(1) }, None, &Never).unwrap();
    assert_eq!((again.counts(), again.load().unwrap().test.len()), (Counts { train: 1, validation: 0, test: 1 }, 1));
    let sized = DataSpec::open("large", again.source().clone(), Some([8, 8])).unwrap();
    assert_eq!((sized.shape(), sized.load().unwrap().shape().to_vec()), (vec![8, 8, 1], vec![8, 8, 1]));
    let small = DataSpec::open("small", builtin("shapes").source().clone(), Some([16, 16])).unwrap();
    assert!(small.is_own() && !builtin("shapes").is_own());
    assert!(matches!(small.source(), DataSource::Shapes { .. }));
}
