//! Files as people have them: the built-in data, written as folders of pictures and as arrays.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;

use fovea_data::{DataSpec, Dataset};
use fovea_graph::Never;
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
    let labels: Vec<i64> = digits.labels.classes().iter().map(|&label| i64::from(label)).collect();
    write_npy(root.join("y.npy"), &ndarray::Array1::from(labels)).unwrap();
}

/// Writes arrays as `d.npz`, `x` and `y`, as `numpy.savez` does.
pub fn archive(root: &Path) {
    let mut archive = zip::ZipWriter::new(std::fs::File::create(root.join("d.npz")).unwrap());
    let plain = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for name in ["x.npy", "y.npy"] {
        archive.start_file(name, plain).unwrap();
        archive.write_all(&std::fs::read(root.join(name)).unwrap()).unwrap();
    }
    archive.finish().unwrap();
}

/// Writes two kinds of wave as `wave.csv`: 64 numbers a row, then `class`.
pub fn waves(path: &Path) {
    let mut rows = (0..64).map(|at| format!("t{at},")).collect::<String>() + "class\n";
    for n in 0..80 {
        let level = |at: usize| ((at as f32 * if n % 2 == 0 { 0.2 } else { 0.5 }) + n as f32).sin();
        rows += &(0..64).map(|at| format!("{:.4},", level(at))).collect::<String>();
        rows += if n % 2 == 0 { "slow\n" } else { "fast\n" };
    }
    std::fs::write(path, rows).unwrap();
}

/// Writes houses as `houses.csv`: `rooms` and `age`, then the `price`, and whether there are `garden` and `cellar`.
pub fn houses(path: &Path) {
    let row = |n: usize| {
        let (rooms, age) = (n % 7 + 1, n * 5 % 13);
        let price = 0.5 * rooms as f64 - 0.1 * age as f64;
        format!("{rooms},{age},{price:.2},{},{}\n", u8::from(rooms > 3), u8::from(age > 6))
    };
    let rows = (0..120).map(row).collect::<String>();
    std::fs::write(path, format!("rooms,age,price,garden,cellar\n{rows}")).unwrap();
}

/// Writes scenes as `in/`, and the classes of their pixels as `masks/`.
pub fn masks(root: &Path, count: usize) {
    let scenes = builtin("scenes");
    ["in", "masks"].iter().for_each(|folder| std::fs::create_dir_all(root.join(folder)).unwrap());
    for index in 0..count {
        let name = format!("{index}.png");
        picture(&root.join("in").join(&name), &scenes, index);
        let classes: Vec<u8> = scenes.labels.of(index, &Never).unwrap().iter().map(|&class| class as u8).collect();
        let [height, width] = [scenes.shape()[0] as u32, scenes.shape()[1] as u32];
        ImageBuffer::<Luma<u8>, _>::from_raw(width, height, classes)
            .unwrap()
            .save(root.join("masks").join(&name))
            .unwrap();
    }
}

/// Writes the digits as MNIST's four files.
pub fn mnist(folder: &Path) {
    let digits = builtin("digits");
    std::fs::create_dir_all(folder).unwrap();
    for (name, indices) in [("train", &digits.train), ("t10k", &digits.test)] {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for &index in indices {
            let values = digits.images.get(index, &Never).unwrap();
            pixels.extend(values.iter().map(|value| (value * 255.0).round() as u8));
            labels.push(digits.labels.class(index).unwrap() as u8);
        }
        let idx = |magic: u32, dims: &[u32], bytes: &[u8]| {
            let head: Vec<u8> = [&[magic], dims].concat().iter().flat_map(|word| word.to_be_bytes()).collect();
            [&head, bytes].concat()
        };
        let count = indices.len() as u32;
        std::fs::write(folder.join(format!("{name}-images-idx3-ubyte")), idx(0x803, &[count, 8, 8], &pixels)).unwrap();
        std::fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), idx(0x801, &[count], &labels)).unwrap();
    }
}

/// What examples speak of: `pets/`, two folders of pictures, and `labels.csv` of the same; arrays, a table, masks and MNIST.
pub fn examples(root: &Path) {
    let classes = ["cats", "dogs"];
    pictures(&root.join("pets"), "shapes", &classes, 100);
    let rows = classes.iter().flat_map(|class| (0..100).map(move |n| format!("{class}/{n}.png,{class}\n")));
    std::fs::write(root.join("labels.csv"), format!("file,class\n{}", rows.collect::<String>())).unwrap();
    arrays(root);
    archive(root);
    waves(&root.join("wave.csv"));
    houses(&root.join("houses.csv"));
    masks(root, 20);
    mnist(&root.join("mnist"));
}
