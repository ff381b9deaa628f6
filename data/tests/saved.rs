//! Data written out as pictures, and read again.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use fovea_data::{DataSource, DataSpec, Dataset, Labels, Normalize, save_pictures};
use fovea_graph::Never;
use fovea_graph::stop::At;
use support::{digits, folder, images, open, says, unfit};

fn few(count: usize) -> Dataset {
    let shapes = DataSpec::open("shapes", DataSource::Shapes { seed: 0 }, Some([12, 10])).unwrap().load().unwrap();
    let indices: Vec<usize> = (0..count).collect();
    let images = shapes.images.select(&indices, &Never).unwrap().into();
    let labels = Labels::Class(shapes.labels.classes()[..count].to_vec());
    Dataset { images, labels, train: indices[..count / 2].to_vec(), test: indices[count / 2..].to_vec(), ..shapes }
}

#[test]
fn what_is_written_is_what_is_read() {
    let root = folder();
    for (name, data) in [("shapes", few(60)), ("digits", digits())] {
        let path = root.path().join(name);
        assert_eq!(save_pictures(&data, &path, &Never).unwrap(), data.images.len());
        let read = open(images(&path)).unwrap().load().unwrap();
        let mut classes = data.classes.clone();
        classes.sort();
        assert_eq!(read.classes, classes);
        // Read by class, and there by number.
        let class = |data: &Dataset, index: usize| data.classes[data.labels.class(index).unwrap() as usize].clone();
        let mut order: Vec<usize> = (0..data.images.len()).collect();
        order.sort_by_key(|&index| class(&data, index));
        for (place, &index) in order.iter().enumerate() {
            assert_eq!(class(&read, place), class(&data, index));
            let [found, expected] =
                [(&read, place), (&data, index)].map(|(data, at)| data.images.get(at, &Never).unwrap());
            assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 0.5 / 255.0 + 1e-6));
        }
    }
}

/// Other pictures than those of its parts are not the data's.
#[test]
fn of_a_part_of_other_data_the_part_alone_is_written() {
    let root = folder();
    let part = Dataset { train: vec![3, 17], validation: vec![8], test: vec![5], ..few(20) };
    assert_eq!(save_pictures(&part, &root.path().join("x"), &Never).unwrap(), 4);
    let names = |class: &str| fs::read_dir(root.path().join("x").join(class)).unwrap().count();
    assert_eq!(part.classes.iter().map(|class| names(class)).sum::<usize>(), 4);
    let class = &part.classes[part.labels.class(17).unwrap() as usize];
    assert!(root.path().join("x").join(class).join("17.png").is_file());
}

#[test]
fn nothing_is_written_over_and_nothing_is_left_half_done() {
    let root = folder();
    let (path, data) = (root.path().join("shapes"), few(40));
    fs::create_dir(&path).unwrap();
    fs::write(path.join("mine.txt"), "mine").unwrap();
    says(&unfit(save_pictures(&data, &path, &Never)), &["something in it already", "not there yet"]);
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    let other = root.path().join("other");
    assert!(save_pictures(&data, &other, &At::look(20)).is_err());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "it was broken off");
    says(&unfit(save_pictures(&data, &root.path().join("nowhere/shapes/..//x\0"), &Never)), &["cannot be written"]);
    let scenes = DataSpec::of_builtin("scenes").unwrap().load().unwrap();
    says(&unfit(save_pictures(&scenes, &other, &Never)), &["one class each"]);
    let slashed = Dataset { classes: data.classes.iter().map(|class| format!("{class}/x")).collect(), ..data };
    save_pictures(&Dataset { normalize: Normalize::Raw, ..slashed }, &other, &Never).unwrap();
    assert!(other.join("circle-x").is_dir());
}
