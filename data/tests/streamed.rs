//! Sets that are not held in memory: each sample is read when it is asked for, and is what it would be held.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};

use fovea_data::{Broken, DataSpec, Dataset, Images, Kept, Room};
use fovea_graph::{Never, Tensor};
use image::{ImageBuffer, Luma};
use ndarray::Axis;
use ndarray_npy::write_npy;
use support::{arrays, folder, grey, images, open, open_sized, pair, save, says, unfit, unlabelled, write};

/// Two classes of five pictures, 4 high and 6 wide, no two alike.
fn ten(root: &Path) {
    for (class, picture) in ["a", "b"].iter().zip(0u8..).flat_map(|(class, k)| (0..5).map(move |i| (class, k * 5 + i)))
    {
        let level = |x: u32, y: u32| Luma([picture * 20 + (y * 6 + x) as u8]);
        save(&root.join(format!("{class}/{picture}.png")), &ImageBuffer::from_fn(6, 4, level).into());
    }
}

/// Room for so many of the ten pictures in memory.
fn memory(pictures: u64) -> Room {
    Room::in_memory(pictures * 24)
}

/// A folder for decoded pictures, and nothing in memory.
fn disk(folder: &Path, most: u64) -> Room {
    Room { held: 0, kept: Some(Kept { folder: folder.join("kept"), most }) }
}

/// The files in the folder for decoded pictures.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("kept")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// All samples, in an order that is not theirs.
fn backwards(data: &Dataset) -> Tensor {
    assert!(data.images.held().is_none(), "they are held");
    let indices: Vec<usize> = (0..data.images.len()).rev().collect();
    let mut read = data.images.select(&indices, &Never).unwrap();
    read.invert_axis(Axis(0));
    let mut each: Vec<f32> = Vec::new();
    let forwards: Vec<usize> = (0..data.images.len()).collect();
    data.images.each(&forwards, &Never, |sample| each.extend(sample)).unwrap();
    assert!(read.iter().eq(each.iter()));
    read
}

fn held(spec: &DataSpec) -> Tensor {
    spec.load().unwrap().images.held().unwrap().clone()
}

#[test]
fn pictures_are_the_same_from_their_files_from_disk_and_from_memory() {
    let (root, cache) = (folder(), folder());
    ten(root.path());
    for size in [None, Some([3, 5])] {
        let spec = open_sized(images(root.path()), size).unwrap();
        let expected = held(&spec);
        for room in [memory(0), memory(3), disk(cache.path(), 1 << 20), disk(cache.path(), 1 << 20)] {
            let spec = spec.clone().within(room.clone()).unwrap();
            let data = spec.load().unwrap();
            assert_eq!(backwards(&data), expected, "{room:?}");
            assert_eq!((data.train.len(), data.test.len(), data.remarks.len()), (8, 2, 0));
            assert!(!spec.is_held() && spec.bytes() == room.held + 10 * 12, "{}", spec.bytes());
        }
    }
    // One file a size.
    assert_eq!(kept(cache.path()).len(), 2);
}

#[test]
fn pictures_of_more_than_eight_bits_keep_them() {
    let (root, cache) = (folder(), folder());
    ten(root.path());
    let deep = ImageBuffer::<Luma<u16>, _>::from_fn(6, 4, |x, y| Luma([(x * 10_000 + y * 77) as u16]));
    save(&root.path().join("a/deep.png"), &deep.into());
    let spec = open(images(root.path())).unwrap();
    let expected = held(&spec);
    assert!(expected.iter().any(|&value| (value * 255.0).fract() > 0.01));
    assert_eq!(backwards(&spec.clone().within(memory(2)).unwrap().load().unwrap()), expected);
    for _ in 0..2 {
        assert_eq!(backwards(&spec.clone().within(disk(cache.path(), 1 << 20)).unwrap().load().unwrap()), expected);
    }
}

#[test]
fn what_was_decoded_once_is_read_from_disk_and_whatever_is_wrong_there_is_decoded_anew() {
    let (root, cache) = (folder(), folder());
    ten(root.path());
    let room = disk(cache.path(), 1 << 20);
    let spec = open(images(root.path())).unwrap().within(room).unwrap();
    let expected = backwards(&spec.load().unwrap());
    let [file] = &kept(cache.path())[..] else { panic!("one file") };
    let whole = fs::read(file).unwrap();
    let mark =
        |at: u64, byte: u8| OpenOptions::new().write(true).open(file).unwrap().write_all_at(&[byte], at).unwrap();
    // The first pixel: this shows that it is read from there.
    mark(64, 255);
    assert_eq!(backwards(&spec.load().unwrap())[[0, 0, 0, 0]], 1.0);
    // Another version, another set, another count: each is written anew.
    for at in [15, 20, 48, 56] {
        mark(at, 200);
        assert_eq!(backwards(&spec.load().unwrap()), expected, "byte {at}");
        assert_eq!(fs::read(file).unwrap(), whole, "byte {at}");
    }
    for length in [0, 10, 64, whole.len() - 1] {
        fs::write(file, &whole[..length]).unwrap();
        assert_eq!(backwards(&spec.load().unwrap()), expected, "cut to {length}");
    }
    // A picture that is another is another set.
    save(&root.path().join("a/0.png"), &grey(4, 6, 7));
    let other = open(images(root.path())).unwrap().within(disk(cache.path(), 1 << 20)).unwrap();
    assert_eq!(backwards(&other.load().unwrap())[[0, 0, 0, 0]], 7.0 / 255.0);
    assert_eq!(kept(cache.path()).len(), 2);
}

#[test]
fn broken_pictures_are_left_out_from_disk_too() {
    let (root, cache) = (folder(), folder());
    ten(root.path());
    let whole = fs::read(root.path().join("b/7.png")).unwrap();
    write(&root.path().join("b/7.png"), &whole[..whole.len() - 20]);
    let skip = Images { broken: Broken::Skip, ..images(root.path()) };
    let spec = open(skip).unwrap();
    let (expected, why) = (held(&spec), spec.load().unwrap().left_out);
    assert_eq!((expected.shape()[0], why.len()), (9, 1));
    for _ in 0..2 {
        let data = spec.clone().within(disk(cache.path(), 1 << 20)).unwrap().load().unwrap();
        assert_eq!((backwards(&data), &data.left_out), (expected.clone(), &why));
    }
    // Whoever does not leave them out is told of it all the same.
    let refused = open(images(root.path())).unwrap().within(disk(cache.path(), 1 << 20)).unwrap().load();
    says(&unfit(refused), &["7.png", "skip broken"]);
}

#[test]
fn what_was_used_longest_ago_makes_way() {
    let (cache, roots) = (folder(), [folder(), folder(), folder()]);
    let specs = roots.each_ref().map(|root| {
        ten(root.path());
        // Two files fit: of 64 bytes and 240 pixels.
        open(images(root.path())).unwrap().within(disk(cache.path(), 2 * 304 + 100)).unwrap()
    });
    let of = |spec: &DataSpec| {
        let before = kept(cache.path());
        assert!(spec.load().unwrap().remarks.is_empty());
        kept(cache.path()).into_iter().find(|file| !before.contains(file))
    };
    fs::create_dir(cache.path().join("kept")).unwrap();
    let [first, second] = [of(&specs[0]).unwrap(), of(&specs[1]).unwrap()];
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    for file in [&first, &second] {
        fs::File::options().write(true).open(file).unwrap().set_modified(long_ago).unwrap();
    }
    // The first is used again, so the second goes.
    assert_eq!(of(&specs[0]), None);
    let third = of(&specs[2]).unwrap();
    let mut left = kept(cache.path());
    left.sort();
    let mut expected = vec![first, third];
    expected.sort();
    assert_eq!(left, expected);
}

#[test]
fn without_room_on_disk_pictures_are_decoded_as_they_are_asked_for() {
    let (root, cache) = (folder(), folder());
    ten(root.path());
    let spec = open(images(root.path())).unwrap();
    let expected = held(&spec);
    let read = |room: Room, why: &str| {
        let data = spec.clone().within(room).unwrap().load().unwrap();
        assert_eq!(backwards(&data), expected);
        assert!(data.remarks.iter().any(|remark| remark.contains(why)), "{:?}", data.remarks);
    };
    read(disk(cache.path(), 239), "more than is kept");
    fs::remove_dir(cache.path().join("kept")).unwrap();
    fs::write(cache.path().join("kept"), "a file").unwrap();
    read(disk(cache.path(), 1 << 20), "not kept on disk");
    fs::remove_file(cache.path().join("kept")).unwrap();
    // A disk that fills while it is written to.
    spec.clone().within(disk(cache.path(), 1 << 20)).unwrap().load().unwrap();
    let [file] = &kept(cache.path())[..] else { panic!("one file") };
    fs::remove_file(file).unwrap();
    symlink("/dev/full", file.with_extension(format!("{}.half", std::process::id()))).unwrap();
    read(disk(cache.path(), 1 << 20), "No space left");
    assert!(kept(cache.path()).is_empty(), "{:?}", kept(cache.path()));
}

#[test]
fn a_folder_that_changes_while_it_is_used_is_named() {
    let root = folder();
    ten(root.path());
    let data = open(images(root.path())).unwrap().within(memory(0)).unwrap().load().unwrap();
    fs::remove_file(root.path().join("b/6.png")).unwrap();
    says(&unfit(data.images.select(&[0, 6], &Never)), &["6.png", "changed", "data"]);
    save(&root.path().join("b/6.png"), &grey(4, 6, 7));
    says(&unfit(data.images.select(&[6], &Never)), &["6.png", "changed"]);
    assert!(data.images.select(&[0, 5], &Never).is_ok());
}

#[test]
fn arrays_are_read_from_their_file_by_number() {
    let folder = folder();
    let [x, y] = pair(&folder);
    let numbers = ndarray::Array3::from_shape_fn((12, 5, 3), |(n, i, j)| n as f64 - 0.1 * i as f64 + 0.01 * j as f64);
    write_npy(&y, &ndarray::Array1::from_shape_fn(12, |n| (n % 2) as i64)).unwrap();
    let levels = numbers.mapv(|v| (v * 20.0).abs() as u8);
    let big = support::npy(
        "'>f4'",
        "False",
        "(12, 15)",
        &numbers.iter().flat_map(|v| (*v as f32).to_be_bytes()).collect::<Vec<_>>(),
    );
    let writers: [&dyn Fn(); 4] = [
        &|| write_npy(&x, &numbers).unwrap(),
        &|| write_npy(&x, &numbers.mapv(|v| v as f32)).unwrap(),
        &|| write_npy(&x, &levels).unwrap(),
        &|| fs::write(&x, &big).unwrap(),
    ];
    for write in writers {
        write();
        let spec = open(arrays(&x, &y)).unwrap();
        assert_eq!(backwards(&spec.clone().within(memory(0)).unwrap().load().unwrap()), held(&spec));
    }
    let data = open(arrays(&x, &y)).unwrap().within(memory(0)).unwrap().load().unwrap();
    write_npy(&x, &levels).unwrap();
    says(&unfit(data.images.select(&[3], &Never)), &["x.npy", "changed"]);
}

#[test]
fn arrays_that_cannot_be_read_by_number_are_refused() {
    let folder = folder();
    let [x, _] = pair(&folder);
    let mut columns = ndarray::Array2::from_shape_fn((4, 3), |(n, i)| (n * 3 + i) as f32);
    write_npy(&x, &columns.t()).unwrap();
    let spec = open(unlabelled(&x)).unwrap();
    assert!(spec.load().is_ok(), "it fits");
    says(&unfit(spec.within(memory(0))), &["Fortran", "ascontiguousarray"]);
    columns[[2, 1]] = f32::NAN;
    write_npy(&x, &columns).unwrap();
    says(&unfit(open(unlabelled(&x)).unwrap().within(memory(0)).unwrap().load()), &["1 NaN", "sample 2"]);
}
