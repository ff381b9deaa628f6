//! Pictures in folders.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use fovea_data::{Broken, Counts, Dataset, Images, Split};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, LumaA, Rgb, Rgba};
use ndarray::Axis;
use support::{colour, digits, encoded, folder, four, grey, images, open, open_sized, save, write};

/// The digits in a folder a class: `3/17.png`, grey, of the levels of a file.
fn written(root: &Path, digits: &Dataset, ending: &str) {
    for (i, picture) in digits.images.held().unwrap().outer_iter().enumerate() {
        let level = |x: u32, y: u32| Luma([(picture[[y as usize, x as usize, 0]] * 255.0).round() as u8]);
        let class = digits.labels.class(i).unwrap();
        save(&root.join(format!("{class}/{i}.{ending}")), &GrayImage::from_fn(8, 8, level).into());
    }
}

#[test]
fn digits_as_files_are_the_digits() {
    let (root, digits) = (folder(), digits());
    written(root.path(), &digits, "png");
    let spec = open(images(root.path())).unwrap();
    assert_eq!((spec.shape(), spec.positions(), spec.classes()), (vec![8, 8, 1], vec![], 10));
    assert_eq!(spec.class_names(), digits.classes);
    assert_eq!(spec.counts(), Counts { train: 1438, validation: 0, test: 359 });
    let read = spec.load().unwrap();
    assert_eq!((read.train.len(), read.test.len()), (1438, 359));
    // Folders are in the order of classes, files in that of their numbers.
    let mut order: Vec<usize> = (0..digits.labels.len()).collect();
    order.sort_by_key(|&i| digits.labels.class(i));
    for (place, &i) in order.iter().enumerate() {
        assert_eq!(read.labels.class(place), digits.labels.class(i));
        let levels = digits.images.held().unwrap().index_axis(Axis(0), i).mapv(|v| (v * 255.0).round() / 255.0);
        assert_eq!(read.images.held().unwrap().index_axis(Axis(0), place), levels);
    }
    let parts = size_of_val(&read.train[..]) + size_of_val(&read.test[..]);
    assert_eq!(spec.bytes(), (4 * read.images.held().unwrap().len() + 4 * read.labels.classes().len() + parts) as u64);
    assert_eq!((read.left_out.len(), read.remarks.len()), (0, 0));
    // Brought to size as those that ship are.
    let large = open_sized(images(root.path()), Some([20, 12])).unwrap().load().unwrap();
    let same =
        fovea_data::DataSpec::open("digits", fovea_data::DataSource::Digits, Some([20, 12])).unwrap().load().unwrap();
    for (place, &i) in order.iter().enumerate().step_by(97) {
        let [a, b] = [
            large.images.held().unwrap().index_axis(Axis(0), place),
            same.images.held().unwrap().index_axis(Axis(0), i),
        ];
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1.0 / 255.0));
    }
}

#[test]
fn every_format_gives_its_pixels() {
    let root = folder();
    let picture = DynamicImage::from(image::RgbImage::from_fn(9, 5, |x, y| Rgb([40 * y as u8, 25 * x as u8, 128])));
    let endings = ["png", "bmp", "gif", "webp", "jpeg", "jpg", "JPE"];
    for (class, ending) in ["a", "b"].iter().flat_map(|class| endings.map(|ending| (class, ending))) {
        let format = ImageFormat::from_extension(ending.to_lowercase()).unwrap_or(ImageFormat::Jpeg);
        write(&root.path().join(format!("{class}/x.{ending}")), &encoded(&picture, format));
    }
    let spec = open(images(root.path())).unwrap();
    assert_eq!(spec.shape(), [5, 9, 3]);
    let read = spec.load().unwrap();
    let expected = picture.to_rgb32f().into_raw();
    assert_eq!(read.images.held().unwrap().len_of(Axis(0)), 14);
    let mut exact = 0;
    for found in read.images.held().unwrap().outer_iter() {
        let largest = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(largest < 0.15, "{largest}");
        exact += usize::from(largest == 0.0);
    }
    // All but jpeg, and gif's palette, lose nothing.
    assert!(exact >= 6, "{exact}");
}

fn one_and(root: &Path, other: &DynamicImage) -> Dataset {
    four(root);
    save(&root.join("b/3.png"), other);
    open(images(root)).unwrap().load().unwrap()
}

fn last(data: &Dataset) -> Vec<f32> {
    data.images.held().unwrap().outer_iter().last().unwrap().iter().copied().collect()
}

#[test]
fn one_coloured_picture_makes_all_coloured() {
    let root = folder();
    let data = one_and(root.path(), &colour(4, 6, [255, 0, 51]));
    assert_eq!(data.shape(), [4, 6, 3]);
    assert_eq!(last(&data)[..3], [1.0, 0.0, 0.2]);
    assert!(data.images.held().unwrap().iter().take(72).all(|&value| value == 50.0 / 255.0));
}

#[test]
fn sixteen_bits_are_kept() {
    let picture = image::ImageBuffer::<Luma<u16>, _>::from_pixel(6, 4, Luma([1000])).into();
    let data = one_and(folder().path(), &picture);
    assert_eq!((data.shape(), last(&data)[0]), (&[4, 6, 1][..], 1000.0 / 65535.0));
}

#[test]
fn what_shines_through_is_white() {
    let clear = image::ImageBuffer::<LumaA<u8>, _>::from_pixel(6, 4, LumaA([0, 51])).into();
    let data = one_and(folder().path(), &clear);
    assert_eq!(data.shape(), [4, 6, 1]);
    assert!((last(&data)[0] - 0.8).abs() < 1e-6);
    let clear = image::RgbaImage::from_pixel(6, 4, Rgba([255, 0, 0, 0])).into();
    assert_eq!(last(&one_and(folder().path(), &clear))[..3], [1.0, 1.0, 1.0]);
}

/// A jpeg with a note of how it was held.
fn held(picture: &DynamicImage, orientation: u8) -> Vec<u8> {
    let jpeg = encoded(picture, ImageFormat::Jpeg);
    let exif =
        [b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], b"\0\0\0\0\0\0"].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], b"\xFF\xE1", &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn pictures_stand_upright() {
    let root = folder();
    // White above, black below, as it was taken; held by its side it has white on the right.
    let picture = GrayImage::from_fn(16, 8, |_, y| Luma([if y < 4 { 255 } else { 0 }])).into();
    for class in ["a", "b"] {
        for i in 0..2 {
            write(&root.path().join(format!("{class}/{i}.jpg")), &held(&picture, 6));
        }
    }
    let data = open(images(root.path())).unwrap().load().unwrap();
    assert_eq!(data.shape(), [16, 8, 1]);
    let first = data.images.held().unwrap().index_axis(Axis(0), 0);
    assert!(first[[3, 7, 0]] > 0.9 && first[[12, 7, 0]] > 0.9 && first[[3, 0, 0]] < 0.1, "{first}");
}

/// A jpeg of 8 × 8 pixels of one ink each of cyan, magenta, yellow and black, as printers have it: 255 is no ink.
fn printed(inks: [u8; 4]) -> Vec<u8> {
    let mut file = b"\xFF\xD8\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0\xFF\xDB\0\x43\0".to_vec();
    file.extend([8; 64]);
    file.extend(b"\xFF\xC0\0\x14\x08\0\x08\0\x08\x04\x01\x11\0\x02\x11\0\x03\x11\0\x04\x11\0");
    // Of differences, a code of four bits for each number of bits; of the rest one bit: nothing follows.
    file.extend(b"\xFF\xC4\0\x1C\0\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08");
    file.extend(b"\xFF\xC4\0\x14\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    file.extend(b"\xFF\xDA\0\x0E\x04\x01\0\x02\0\x03\0\x04\0\0\x3F\0");
    let mut bits = String::new();
    for ink in inks {
        let level = i32::from(ink) - 128;
        let size = 32 - level.unsigned_abs().leading_zeros();
        let number = if level < 0 { level + (1 << size) - 1 } else { level };
        bits += &format!("{size:04b}");
        if size > 0 {
            bits += &format!("{number:0width$b}", width = size as usize);
        }
        bits += "0";
    }
    while !bits.len().is_multiple_of(8) {
        bits += "1";
    }
    let byte = |at: usize| u8::from_str_radix(&bits[at..at + 8], 2).unwrap();
    for byte in (0..bits.len()).step_by(8).map(byte) {
        file.push(byte);
        if byte == 0xFF {
            file.push(0);
        }
    }
    file.extend(b"\xFF\xD9");
    file
}

#[test]
fn inks_become_colours() {
    let root = folder();
    // White, and red as much magenta and yellow; the third is that in half the light.
    let inks = [[255, 255, 255, 255], [255, 0, 0, 255], [255, 0, 0, 128]];
    for (i, inks) in inks.into_iter().enumerate() {
        write(&root.path().join(format!("a/{i}.jpg")), &printed(inks));
        write(&root.path().join(format!("b/{i}.jpg")), &printed(inks));
    }
    let data = open(images(root.path())).unwrap().load().unwrap();
    assert_eq!(data.shape(), [8, 8, 3]);
    let expected = [[1.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.5, 0.0, 0.0]];
    for (picture, expected) in data.images.held().unwrap().outer_iter().zip(expected) {
        let close = picture.iter().zip(expected.iter().cycle()).all(|(a, b)| (a - b).abs() < 0.02);
        assert!(close, "{:?}, not {expected:?}", picture.iter().take(3).collect::<Vec<_>>());
    }
}

#[test]
fn of_moving_pictures_the_first_is_taken() {
    let root = folder();
    four(root.path());
    let mut gif = Vec::new();
    let frames = [[255, 0, 0, 255], [0, 255, 0, 255]].map(|c| image::RgbaImage::from_pixel(6, 4, Rgba(c)));
    image::codecs::gif::GifEncoder::new(&mut gif).encode_frames(frames.map(image::Frame::new)).unwrap();
    write(&root.path().join("b/3.gif"), &gif);
    assert_eq!(last(&open(images(root.path())).unwrap().load().unwrap())[..3], [1.0, 0.0, 0.0]);
}

#[test]
fn sizes_are_brought_to_one_whatever_they_are() {
    let root = folder();
    four(root.path());
    save(&root.path().join("a/large.png"), &grey(300, 17, 200));
    save(&root.path().join("b/small.png"), &grey(1, 1, 10));
    let data = open_sized(images(root.path()), Some([8, 5])).unwrap().load().unwrap();
    assert_eq!(data.images.held().unwrap().shape(), [6, 8, 5, 1]);
    assert!(last(&data).iter().all(|value| (value - 10.0 / 255.0).abs() < 1e-6));
}

#[test]
fn parts_with_folders_of_their_own_stay() {
    for test in ["test", "val", "Validation"] {
        let root = folder();
        four(&root.path().join("train"));
        save(&root.path().join(test).join("b/1.png"), &grey(4, 6, 7));
        let spec = open(images(root.path())).unwrap();
        assert_eq!(spec.counts(), Counts { train: 4, validation: 0, test: 1 });
        let data = spec.load().unwrap();
        assert_eq!(
            (&data.test[..], data.labels.class(4), &data.classes[..]),
            (&[4][..], Some(1), &["a", "b"].map(String::from)[..])
        );
        assert!(data.remarks[0].ends_with("has no picture of a"), "{:?}", data.remarks);
    }
    let root = folder();
    for part in ["train", "test", "val"] {
        four(&root.path().join(part));
    }
    let data = open(images(root.path())).unwrap().load().unwrap();
    assert_eq!((data.train.len(), data.test.len()), (4, 4));
    assert!(data.remarks[0].contains("val` is not read"), "{:?}", data.remarks);
}

#[test]
fn a_class_may_be_called_train() {
    let root = folder();
    four(root.path());
    save(&root.path().join("train/1.png"), &grey(4, 6, 7));
    assert_eq!(open(images(root.path())).unwrap().class_names(), ["a", "b", "train"]);
}

#[test]
fn the_split_is_that_of_its_seed_and_takes_the_same_share_of_every_class() {
    let root = folder();
    for (class, count) in [("many", 40), ("few", 10), ("one", 1)] {
        for i in 0..count {
            save(&root.path().join(format!("{class}/{i}.png")), &grey(2, 2, i));
        }
    }
    let split = |test, seed| {
        let images = Images { split: Some(Split { test, validation: 0, seed }), ..images(root.path()) };
        open(images).unwrap().load().unwrap()
    };
    let counts = |data: &Dataset, part: &[usize]| {
        let mut counts = [0; 3];
        part.iter().for_each(|&i| counts[data.labels.class(i).unwrap() as usize] += 1);
        counts
    };
    let half = split(50, 0);
    assert_eq!(half.classes, ["few", "many", "one"]);
    assert_eq!((counts(&half, &half.train), counts(&half, &half.test)), ([5, 20, 1], [5, 20, 0]));
    assert_eq!(half.test, split(50, 0).test);
    assert_ne!(half.test, split(50, 1).test);
    let most = split(99, 0);
    assert_eq!(counts(&most, &most.train), [1, 1, 1]);
    // A third part comes out of the training part: what is for testing stays.
    let three = Images { split: Some(Split { test: 50, validation: 20, seed: 0 }), ..images(root.path()) };
    let three = open(three).unwrap();
    assert_eq!(three.counts(), Counts { train: 16, validation: 10, test: 25 });
    let three = three.load().unwrap();
    assert_eq!((&three.test, counts(&three, &three.validation)), (&half.test, [2, 8, 0]));
    assert!(three.validation.iter().all(|i| half.train.contains(i) && !three.train.contains(i)));
    assert_eq!(three.watched(), three.validation);
    let unsaid = open(images(root.path())).unwrap().load().unwrap();
    assert_eq!(unsaid.test, split(20, 0).test);
}

#[test]
fn broken_files_are_left_out_where_that_is_asked_for() {
    let root = folder();
    four(root.path());
    let whole = encoded(&grey(64, 64, 9), ImageFormat::Png);
    let noisy = GrayImage::from_fn(6, 4, |x, y| Luma([(x * 37 + y * 91) as u8])).into();
    let cut = encoded(&noisy, ImageFormat::Png);
    write(&root.path().join("a/0.png"), &cut[..cut.len() - 30]);
    write(&root.path().join("a/notes.txt"), b"not a picture");
    write(&root.path().join("b/empty.png"), b"");
    write(&root.path().join("b/head.png"), &whole[..20]);
    let images = Images { broken: Broken::Skip, ..images(root.path()) };
    let spec = open(images).unwrap();
    // What is broken behind its head is found when it is read.
    assert_eq!(spec.counts().train + spec.counts().test, 5);
    let data = spec.load().unwrap();
    assert_eq!(data.images.held().unwrap().shape(), [4, 4, 6, 1]);
    assert_eq!((data.train.len() + data.test.len(), data.labels.classes()), (4, &[0, 0, 1, 1][..]));
    let mut all = [&data.train[..], &data.test[..]].concat();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3]);
    assert_eq!(
        data.images.held().unwrap().iter().step_by(24).map(|v| (v * 255.0) as u8).collect::<Vec<_>>(),
        [50, 100, 50, 100]
    );
    assert_eq!(data.left_out.len(), 4, "{:?}", data.left_out);
    let named = |name: &str, why: &str| data.left_out.iter().any(|line| line.contains(name) && line.contains(why));
    assert!(named("a/notes.txt", "it is no png") && named("b/empty.png", "the file is empty"), "{:?}", data.left_out);
    assert!(named("a/0.png", ""), "{:?}", data.left_out);
}
