//! Files as people have them: the built-in data, written as folders of pictures and as arrays.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::Path;

use fovea_data::{DataSpec, Dataset};
use image::{ImageBuffer, Luma, Rgb};
use ndarray::Axis;
use ndarray_npy::write_npy;

/// What the folders of the digits are called.
pub const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

fn builtin(name: &str) -> Dataset {
    DataSpec::of_builtin(name).unwrap().load().unwrap()
}

/// Writes the first pictures of the classes, `each` of every one, as png files in a folder a class.
pub fn pictures(root: &Path, data: &str, classes: &[&str], each: usize) {
    let data = builtin(data);
    for (class, name) in classes.iter().enumerate() {
        std::fs::create_dir_all(root.join(name)).unwrap();
        let of_class = (0..data.labels.len()).filter(|&i| data.labels.class(i) == Some(class as u32));
        for (number, index) in of_class.take(each).enumerate() {
            picture(&root.join(name).join(format!("{number}.png")), &data, index);
        }
    }
}

fn picture(path: &Path, data: &Dataset, index: usize) {
    let pixels = data.images.held().unwrap().index_axis(Axis(0), index);
    let bytes: Vec<u8> = pixels.iter().map(|value| (value * 255.0).round() as u8).collect();
    let [height, width, channels] = *data.shape() else { panic!("no picture") };
    let (width, height) = (width as u32, height as u32);
    match channels {
        1 => ImageBuffer::<Luma<u8>, _>::from_raw(width, height, bytes).unwrap().save(path).unwrap(),
        _ => ImageBuffer::<Rgb<u8>, _>::from_raw(width, height, bytes).unwrap().save(path).unwrap(),
    }
}

/// Writes the digits as `x.npy`, `[N, 8, 8]`, and `y.npy`.
pub fn arrays(root: &Path) {
    let digits = builtin("digits");
    write_npy(root.join("x.npy"), &digits.images.held().unwrap().index_axis(Axis(3), 0)).unwrap();
    let labels: Vec<i64> = digits.labels.all().iter().map(|&label| i64::from(label)).collect();
    write_npy(root.join("y.npy"), &ndarray::Array1::from(labels)).unwrap();
}

/// What examples speak of: `pets/`, two folders of pictures, `x.npy` and `y.npy`.
pub fn examples(root: &Path) {
    pictures(&root.join("pets"), "shapes", &["cats", "dogs"], 100);
    arrays(root);
}
