//! Generated data.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea_data::{DataError, DataSource, DataSpec, Dataset, Room};
use fovea_graph::Never;

fn drawn(source: DataSource, size: Option<[usize; 2]>) -> Dataset {
    DataSpec::open("drawn", source, size).unwrap().load().unwrap()
}

fn both(seed: u64) -> [DataSource; 2] {
    [DataSource::Shapes { seed }, DataSource::Scenes { seed }]
}

#[test]
fn pictures_are_not_drawn_any_further_once_the_flag_is_set() {
    for source in both(3).into_iter().chain([DataSource::Digits]) {
        let spec = DataSpec::open("drawn", source, Some([64, 64])).unwrap();
        let (stop, begun) = (AtomicBool::new(false), Barrier::new(2));
        let ended = std::thread::scope(|scope| {
            scope.spawn(|| {
                begun.wait();
                stop.store(true, Ordering::Relaxed);
            });
            begun.wait();
            // Set now or soon: what is drawn again and again ends.
            (0..1_000).find_map(|_| spec.load_unless(&stop).err())
        });
        assert!(matches!(ended, Some(DataError::Interrupted(_))), "{spec:?} gives {ended:?}");
    }
}

#[test]
fn the_seed_decides_every_value() {
    for (source, other) in both(3).into_iter().zip(both(4)) {
        let [a, b, c] = [source.clone(), source, other].map(|source| drawn(source, Some([16, 16])));
        let labels = |data: &Dataset| -> Vec<f32> {
            let mut labels = Vec::new();
            let all: Vec<usize> = (0..data.labels.len()).collect();
            data.labels.each(&all, &Never, |of| labels.extend(of)).unwrap();
            labels
        };
        assert!(a.images.held() == b.images.held() && labels(&a) == labels(&b));
        assert!(a.images.held() != c.images.held() && labels(&a) != labels(&c));
    }
}

#[test]
fn values_are_levels_of_a_picture_file() {
    for source in both(0) {
        for &value in drawn(source, Some([9, 16])).images.held().unwrap().iter() {
            let level = value * 255.0;
            assert!((0.0..=255.0).contains(&level) && (level - level.round()).abs() < 1e-4, "{value}");
        }
    }
}

#[test]
fn every_kind_of_shape_comes_equally_often() {
    let data = drawn(DataSource::Shapes { seed: 0 }, None);
    assert_eq!((data.shape(), data.classes.len()), (&[32, 32, 3][..], 10));
    for part in [&data.train, &data.test] {
        let mut counts = [0; 10];
        part.iter().for_each(|&i| counts[data.labels.class(i).unwrap() as usize] += 1);
        assert_eq!(counts, [part.len() / 10; 10]);
    }
    assert!(data.train.iter().all(|i| !data.test.contains(i)));
}

/// What a scene shows stays what it is at another size, and everything there is in a name is to be seen.
#[test]
fn scenes_have_a_class_at_every_pixel() {
    let spec = DataSpec::of_builtin("scenes").unwrap();
    let data = spec.load().unwrap();
    assert_eq!((data.labels.positions(), spec.positions()), (&[64, 64][..], vec![64, 64]));
    let of = |i: usize| data.labels.of(i, &Never).unwrap();
    assert_eq!((data.labels.len(), of(699).len(), of(700).len()), (700, 4096, 0));
    let shares = |data: &Dataset, pictures: &[usize]| {
        let mut shares = [0.0; 6];
        for label in pictures.iter().flat_map(|&i| data.labels.of(i, &Never).unwrap()) {
            shares[label as usize] += 1.0;
        }
        shares.map(|share: f64| share / (pictures.len() * data.labels.per_picture()) as f64)
    };
    for part in [&data.train, &data.test] {
        let shares = shares(&data, part);
        assert!(shares.iter().all(|share| (0.01..0.55).contains(share)), "{shares:?}");
    }
    let large = drawn(DataSource::Scenes { seed: 0 }, Some([96, 96]));
    for i in 0..20 {
        for (a, b) in shares(&data, &[i]).into_iter().zip(shares(&large, &[i])) {
            assert!((a - b).abs() < 0.02, "scene {i}: {a} and {b}");
        }
    }
    // The upper left corner is sky in nearly all of them, the lower middle never.
    let at = |y: usize, x: usize| (0..700).filter(|&i| of(i)[64 * y + x] == 0).count();
    assert!(at(0, 0) > 650 && at(63, 32) == 0, "{} and {}", at(0, 0), at(63, 32));
}

/// Large ones are kept on disk; whatever is wrong there, they are drawn anew.
#[test]
fn what_takes_long_to_draw_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let everything = |data: &Dataset| {
        let mut all: Vec<f32> = data.images.held().unwrap().iter().copied().collect();
        (0..data.labels.len()).for_each(|i| all.extend(data.labels.get(i, &Never).unwrap()));
        all
    };
    let files = || fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    for (source, size, kept) in [
        (DataSource::Shapes { seed: 3 }, [32, 32], 0),
        (DataSource::Shapes { seed: 3 }, [44, 44], 1),
        (DataSource::Scenes { seed: 3 }, [78, 78], 3),
    ] {
        let spec = DataSpec::open("drawn", source, Some(size)).unwrap();
        let expected = everything(&spec.load().unwrap());
        let spec = spec.within(Room::with_folder(folder.path().to_path_buf())).unwrap();
        for _ in 0..2 {
            let data = spec.load().unwrap();
            assert!(everything(&data) == expected && data.remarks.is_empty());
            assert_eq!(fs::read_dir(folder.path()).map_or(0, Iterator::count), kept);
        }
        for file in files() {
            let whole = fs::read(&file).unwrap();
            fs::write(&file, &whole[..whole.len() - 1]).unwrap();
        }
        assert!(everything(&spec.load().unwrap()) == expected, "files that are cut off");
    }
    // The first level of a picture: this shows that it is read from there.
    let spec = DataSpec::open("drawn", DataSource::Shapes { seed: 3 }, Some([44, 44])).unwrap();
    let spec = spec.within(Room::with_folder(folder.path().to_path_buf())).unwrap();
    let first = spec.load().unwrap().images.held().unwrap()[[0, 0, 0, 0]];
    for file in files() {
        let mut bytes = fs::read(&file).unwrap();
        bytes[64] ^= 1;
        fs::write(&file, bytes).unwrap();
    }
    assert!(spec.load().unwrap().images.held().unwrap()[[0, 0, 0, 0]] != first);
}
