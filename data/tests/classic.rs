//! The classic sets, from files written by hand: plain, packed, in archives, in the places that others put them.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use fovea_data::{ClassicSet, Counts};
use support::{all, classic, folder, open, open_sized, says, unfit, write};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn idx(magic: u32, dims: &[u32], bytes: &[u8]) -> Vec<u8> {
    let head: Vec<u8> = [&[magic], dims].concat().iter().flat_map(|word| word.to_be_bytes()).collect();
    [&head, bytes].concat()
}

/// Pixel `i` of picture `n` of a part that begins at `first`.
fn pixel(first: usize, n: usize, i: usize) -> u8 {
    ((first + 31 * n + 7 * i) % 256) as u8
}

fn pictures(first: usize, count: usize, size: usize) -> Vec<u8> {
    (0..count * size).map(|at| pixel(first, at / size, at % size)).collect()
}

/// MNIST with 20 pictures to train on and 10 to test, 6×5; each file by its name.
fn mnist() -> [(&'static str, Vec<u8>); 4] {
    let labels = |count: u32| idx(0x801, &[count], &(0..count).map(|n| (n % 10) as u8).collect::<Vec<_>>());
    [
        ("train-images-idx3-ubyte", idx(0x803, &[20, 6, 5], &pictures(0, 20, 30))),
        ("train-labels-idx1-ubyte", labels(20)),
        ("t10k-images-idx3-ubyte", idx(0x803, &[10, 6, 5], &pictures(100, 10, 30))),
        ("t10k-labels-idx1-ubyte", labels(10)),
    ]
}

fn put(folder: &Path, packed: bool) {
    for (name, bytes) in mnist() {
        if packed {
            write(&folder.join(format!("{name}.gz")), &gzip(&bytes));
        } else {
            write(&folder.join(name), &bytes);
        }
    }
}

/// CIFAR's records with `labels` bytes before each picture: class `n % 10`.
fn records(first: usize, count: usize, labels: usize) -> Vec<u8> {
    let record = |n: usize| {
        let label = (0..labels).map(move |at| if at + 1 == labels { (n % 10) as u8 } else { 99 });
        label.chain((0..3072).map(move |i| pixel(first, n, i)))
    };
    (0..count).flat_map(record).collect()
}

fn cifar10() -> Vec<(String, Vec<u8>)> {
    let batch = |n: usize| (format!("data_batch_{n}.bin"), records(n * 10, 10, 1));
    (1..=5).map(batch).chain([("test_batch.bin".to_string(), records(0, 10, 1))]).collect()
}

fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("cifar-10-batches-bin/{name}"), &bytes[..]).unwrap();
    }
    archive.into_inner().unwrap()
}

#[test]
fn mnist_is_read_plain_and_packed_wherever_others_put_it() {
    let root = folder();
    let plain = root.path().join("plain");
    put(&plain, false);
    put(&root.path().join("packed"), true);
    put(&root.path().join("torch/MNIST/raw"), true);
    for (name, bytes) in mnist() {
        // As they are kept at Kaggle: with dots, each in a folder of its own.
        let dotted = name.replace("-idx", ".idx");
        write(&root.path().join("kaggle").join(&dotted).join(&dotted), &bytes);
    }
    let spec = open(classic(ClassicSet::Mnist, &plain)).unwrap();
    assert_eq!((spec.shape(), spec.counts()), (vec![6, 5, 1], Counts { train: 20, validation: 0, test: 10 }));
    assert_eq!(spec.class_names()[3], "3");
    let data = spec.load().unwrap();
    assert!(data.train.iter().copied().eq(0..20) && data.test.iter().copied().eq(20..30));
    assert_eq!(data.labels.classes()[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    let images = all(&data);
    let value = |n: usize, y: usize, x: usize| images[[n, y, x, 0]] * 255.0;
    assert_eq!(value(3, 2, 4), f32::from(pixel(0, 3, 14)));
    assert_eq!(value(25, 5, 0), f32::from(pixel(100, 5, 25)));
    assert!(data.remarks[0].contains("MNIST has 70000 pictures in all, and these files 30"), "{:?}", data.remarks);
    for other in ["packed", "torch", "kaggle"] {
        let other = open(classic(ClassicSet::Mnist, &root.path().join(other))).unwrap();
        assert_eq!(all(&other.load().unwrap()), images);
    }
    let larger = open_sized(classic(ClassicSet::Fashion, &plain), Some([12, 10])).unwrap();
    assert_eq!((larger.shape(), larger.class_names()[9].as_str()), (vec![12, 10, 1], "Ankle boot"));
    assert_eq!(all(&larger.load().unwrap()).shape(), [30, 12, 10, 1]);
}

#[test]
fn cifar_is_read_from_its_files_and_from_its_archive() {
    let root = folder();
    let files = cifar10();
    for (name, bytes) in &files {
        write(&root.path().join("bin/cifar-10-batches-bin").join(name), bytes);
    }
    write(&root.path().join("tar/cifar-10-binary.tar.gz"), &gzip(&tar(&files)));
    let read = |folder: &str| {
        let spec = open(classic(ClassicSet::Cifar10, &root.path().join(folder))).unwrap();
        assert_eq!((spec.shape(), spec.counts()), (vec![32, 32, 3], Counts { train: 50, validation: 0, test: 10 }));
        assert_eq!(spec.class_names()[6], "frog");
        spec.load().unwrap()
    };
    let data = read("bin");
    // Plane by plane: green is the second.
    let images = all(&data);
    assert_eq!(images[[23, 4, 5, 1]] * 255.0, f32::from(pixel(30, 3, 1024 + 4 * 32 + 5)));
    assert_eq!((data.labels.class(23), data.labels.len()), (Some(3), 60));
    assert_eq!(all(&read("tar")), images);
    write(&root.path().join("hundred/train.bin"), &records(0, 20, 2));
    write(&root.path().join("hundred/test.bin"), &records(5, 10, 2));
    let spec = open(classic(ClassicSet::Cifar100, &root.path().join("hundred"))).unwrap();
    assert_eq!((spec.classes(), spec.class_names()[99].as_str()), (100, "worm"));
    assert_eq!(spec.load().unwrap().labels.class(13), Some(3), "the fine label, not the coarse one");
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let root = folder();
    let place = root.path().join("mnist");
    let said = |set| unfit(open(classic(set, &place)));
    says(&said(ClassicSet::Mnist), &["there is no such folder", "train-images-idx3-ubyte.gz", "https://"]);
    std::fs::create_dir_all(&place).unwrap();
    says(&said(ClassicSet::Mnist), &["none of MNIST's files is in it", "ossci-datasets"]);
    says(&said(ClassicSet::Cifar10), &["none of CIFAR-10's files", "cifar-10-binary.tar.gz", "cs.toronto.edu"]);
    std::fs::create_dir_all(place.join("cifar-10-batches-py")).unwrap();
    says(&said(ClassicSet::Cifar10), &["files for Python, and those for C are read"]);
    put(&place, false);
    std::fs::remove_file(place.join("t10k-labels-idx1-ubyte")).unwrap();
    says(&said(ClassicSet::Mnist), &["of MNIST's files it lacks t10k-labels-idx1-ubyte"]);
    put(&place, false);
    let spoiled = |name: &str, bytes: Vec<u8>, words: &[&str]| {
        let whole = std::fs::read(place.join(name)).unwrap();
        write(&place.join(name), &bytes);
        says(&said(ClassicSet::Mnist), words);
        write(&place.join(name), &whole);
    };
    let images = std::fs::read(place.join("train-images-idx3-ubyte")).unwrap();
    spoiled("train-images-idx3-ubyte", images[..300].to_vec(), &["train-images-idx3-ubyte", "cut off", "616 bytes"]);
    spoiled("train-images-idx3-ubyte", images[..9].to_vec(), &["ends within its head"]);
    spoiled("train-images-idx3-ubyte", Vec::new(), &["the file is empty"]);
    spoiled("train-images-idx3-ubyte", b"GIF89a of a cat".to_vec(), &["no IDX file of pictures"]);
    spoiled("train-images-idx3-ubyte", idx(0x803, &[0, 6, 5], &[]), &["it has no pictures"]);
    spoiled("t10k-images-idx3-ubyte", idx(0x803, &[10, 5, 5], &[0; 250]), &["are 5x5x1", "are 6x5x1"]);
    spoiled("train-labels-idx1-ubyte", idx(0x801, &[19], &[0; 19]), &["labels 19 pictures", "has 20"]);
    spoiled("train-labels-idx1-ubyte", idx(0x801, &[20], &[0; 11]), &["cut off"]);
    spoiled("train-labels-idx1-ubyte", idx(0x801, &[20], &[12; 20]), &["the label 12 of picture 0", "0 to 9"]);
    write(&place.join("test.bin"), &[0; 100]);
    write(&place.join("train.bin"), &records(0, 2, 2));
    says(&said(ClassicSet::Cifar100), &["test.bin", "no whole number of records", "3074"]);
}

#[test]
fn packed_files_that_are_spoiled_and_files_that_change_are_said() {
    let root = folder();
    put(root.path(), true);
    let name = root.path().join("train-images-idx3-ubyte.gz");
    let whole = std::fs::read(&name).unwrap();
    // Its head can be unpacked, and that there is no more is seen when it is read.
    write(&name, &whole[..whole.len() - 20]);
    let spec = open(classic(ClassicSet::Mnist, root.path())).unwrap();
    says(&unfit(spec.load()), &["train-images", "get it again"]);
    let mut spoiled = whole.clone();
    spoiled[4..40].fill(0xFF);
    write(&name, &spoiled);
    let wrong = open(classic(ClassicSet::Mnist, root.path())).and_then(|spec| spec.load());
    says(&unfit(wrong), &["train-images", "get it again"]);
    write(&name, &whole);
    let spec = open(classic(ClassicSet::Mnist, root.path())).unwrap();
    write(&name, &gzip(&idx(0x803, &[20, 6, 5], &[1; 600])));
    says(&unfit(spec.load()), &["it has changed since the data were declared"]);
    let long = gzip(&idx(0x803, &[20, 6, 5], &[1; 601]));
    write(&name, &long);
    says(&unfit(open(classic(ClassicSet::Mnist, root.path())).unwrap().load()), &["too long", "616 bytes"]);
}
