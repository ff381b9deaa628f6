//! Pictures with a class at every pixel.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use fovea_data::{Broken, Clause, Counts, Images, Labels, PictureLabels};
use fovea_graph::Never;
use image::{DynamicImage, GrayImage, ImageBuffer, Luma};
use support::{colour, folder, grey, images, open, open_sized, save, says, unfit, write};

/// The class of a pixel: four corners.
fn corner(x: u32, y: u32, [height, width]: [u32; 2]) -> u8 {
    u8::from(x >= width / 2) + 2 * u8::from(y >= height / 2)
}

/// A png with a palette of 256 colours, and `bits` a pixel.
fn palette([height, width]: [u32; 2], bits: png::BitDepth) -> Vec<u8> {
    let per = bits as u32;
    let mut bytes = Vec::new();
    for y in 0..height {
        let mut row = vec![0u8; (width * per).div_ceil(8) as usize];
        for x in 0..width {
            let place = x * per;
            row[(place / 8) as usize] |= corner(x, y, [height, width]) << (8 - per - place % 8);
        }
        bytes.extend(row);
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(bits);
    let colours = 1usize << per.min(8);
    encoder.set_palette((0..colours * 3).map(|at| (at * 37 % 256) as u8).collect::<Vec<_>>());
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    file
}

fn levels(size: [u32; 2], of: impl Fn(u32, u32) -> u8) -> DynamicImage {
    GrayImage::from_fn(size[1], size[0], |x, y| Luma([of(x, y)])).into()
}

fn masked(root: &Path) -> Images {
    Images { labels: PictureLabels::Masks(root.join("masks")), ..images(&root.join("in")) }
}

/// Pictures `1` to `n` of 6×10.
fn pictures(root: &Path, n: u32) -> Images {
    for at in 1..=n {
        save(&root.join(format!("in/{at}.png")), &colour(6, 10, [at as u8, 0, 0]));
    }
    masked(root)
}

#[test]
fn palettes_and_grey_levels_are_classes_of_pixels() {
    let root = folder();
    let images = pictures(root.path(), 6);
    let mask = |at: u32, bytes: Vec<u8>| write(&root.path().join(format!("masks/{at}.png")), &bytes);
    let size = [6, 10];
    for (at, bits) in [(1, png::BitDepth::Two), (2, png::BitDepth::Four), (3, png::BitDepth::Eight)] {
        mask(at, palette(size, bits));
    }
    save(&root.path().join("masks/4.png"), &levels(size, |x, y| corner(x, y, size)));
    save(&root.path().join("masks/5.bmp"), &levels(size, |x, y| corner(x, y, size)));
    let deep = ImageBuffer::from_fn(10, 6, |x, y| Luma([u16::from(corner(x, y, size))]));
    save(&root.path().join("masks/6.png"), &DynamicImage::ImageLuma16(deep));
    let spec = open(images).unwrap();
    assert_eq!(
        (spec.shape(), spec.positions(), spec.counts()),
        (vec![6, 10, 3], vec![6, 10], Counts { train: 5, validation: 0, test: 1 })
    );
    assert_eq!(spec.class_names(), ["0", "1", "2", "3"]);
    let data = spec.load().unwrap();
    let expected: Vec<u32> = (0..60).map(|at| u32::from(corner(at % 10, at / 10, size))).collect();
    for picture in 0..6 {
        assert_eq!(data.labels.of(picture, &Never).unwrap(), expected, "mask {}", picture + 1);
    }
}

#[test]
fn masks_are_brought_to_size_by_the_nearest_pixel_and_numbers_become_classes() {
    let root = folder();
    let images = pictures(root.path(), 2);
    for at in 1..=2 {
        let mask = levels([6, 10], |x, y| if corner(x, y, [6, 10]) == 3 { 255 } else { 7 });
        save(&root.path().join(format!("masks/{at}.png")), &mask);
    }
    let spec = open_sized(images, Some([3, 20])).unwrap();
    assert_eq!((spec.class_names(), spec.positions()), (&["7".to_string(), "255".to_string()][..], vec![3, 20]));
    let data = spec.load().unwrap();
    let Labels::Map(maps) = &data.labels else { panic!("{:?}", data.labels) };
    assert_eq!((maps.len(), maps.shape()), (2, &[3, 20][..]));
    let expected: Vec<u32> = (0..60).map(|at| u32::from(at % 20 >= 10 && at / 20 >= 1)).collect();
    // The middle of three rows is that of the fourth of six.
    assert_eq!(data.labels.of(1, &Never).unwrap(), expected);
}

#[test]
fn what_does_not_fit_is_said() {
    let root = folder();
    let path = |name: &str| root.path().join(name);
    let set = pictures(root.path(), 3);
    let said = |set: &Images| unfit(open(set.clone()));
    let none = said(&set);
    says(&none, &["masks", "there is no such folder"]);
    assert_eq!(none.clause, Clause::Labels);
    let mask = levels([6, 10], |x, y| corner(x, y, [6, 10]));
    save(&path("masks/1.png"), &mask);
    says(&said(&set), &["2 pictures of", "has no mask in it", "2.png", "3.png", "skip broken"]);
    save(&path("masks/2.png"), &mask);
    save(&path("masks/3.png"), &mask);
    save(&path("masks/4.png"), &mask);
    says(&said(&set), &["1 mask of it has no picture", "4.png"]);
    std::fs::remove_file(path("masks/4.png")).unwrap();
    assert!(open(set.clone()).is_ok());
    save(&path("masks/2.png"), &levels([5, 10], |_, _| 1));
    let wrong = said(&set);
    says(&wrong, &["in/2.png", "masks/2.png", "it is 5x10, and the picture 6x10"]);
    save(&path("masks/2.png"), &colour(6, 10, [1, 2, 3]));
    says(&said(&set), &["masks/2.png", "it is in colour"]);
    #[cfg(unix)]
    {
        std::fs::remove_file(path("masks/2.png")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("masks/2.png")).status().unwrap().success());
        says(&said(&set), &["masks/2.png", "neither a file nor a folder"]);
        std::fs::remove_file(path("masks/2.png")).unwrap();
    }
    write(&path("masks/2.png"), b"no picture");
    says(&said(&set), &["masks/2.png", "no png"]);
    let skipped = open(Images { broken: Broken::Skip, ..set.clone() }).unwrap();
    assert_eq!(
        (skipped.counts(), skipped.load().unwrap().left_out.len()),
        (Counts { train: 1, validation: 0, test: 1 }, 1)
    );
    let many = ImageBuffer::from_fn(10, 6, |x, y| Luma([(x * 6 + y) as u16 * 9]));
    save(&path("masks/2.png"), &DynamicImage::ImageLuma16(many));
    assert!(open(set.clone()).is_ok(), "60 numbers");
    for at in 1..=3 {
        save(&path(&format!("in/{at}.png")), &grey(20, 20, 9));
        let many = ImageBuffer::from_fn(20, 20, |x, y| Luma([(x * 20 + y) as u16]));
        save(&path(&format!("masks/{at}.png")), &DynamicImage::ImageLuma16(many));
    }
    says(&said(&set), &["400 different numbers", "at most 256", "smoothly"]);
    for at in 1..=3 {
        save(&path(&format!("masks/{at}.png")), &grey(20, 20, 9));
    }
    says(&said(&set), &["all pixels of all masks are 9"]);
    save(&path("masks/1.png"), &grey(20, 20, 8));
    let spec = open(set).unwrap();
    save(&path("masks/1.png"), &levels([20, 20], |x, _| x as u8));
    says(&unfit(spec.load()), &["it has changed since the data were declared"]);
}
