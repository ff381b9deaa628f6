//! Arrays in archives, as `numpy.savez` and `numpy.savez_compressed` write them.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use fovea_data::{ArrayFile, Arrays, Clause, Counts, Labelled};
use support::{all, archive, arrays, folder, npy, open, says, unfit, unlabelled, write};
use zip::CompressionMethod;

/// 20 samples of 4×3 bytes, and their classes.
fn both() -> [(&'static str, Vec<u8>); 2] {
    let pixels: Vec<u8> = (0..240).collect();
    let classes: Vec<u8> = (0..20).map(|n| n % 2).collect();
    [("x.npy", npy("'|u1'", "False", "(20, 4, 3)", &pixels)), ("y.npy", npy("'|u1'", "False", "(20,)", &classes))]
}

fn member(path: &Path, name: &str) -> ArrayFile {
    ArrayFile { path: path.to_path_buf(), member: Some(name.into()) }
}

#[test]
fn members_are_read_as_they_lie_there_and_packed() {
    let root = folder();
    let path = root.path().join("d.npz");
    let [x, y] = ["x.npy", "y.npy"].map(|name| root.path().join(name));
    for (name, bytes) in both() {
        write(&root.path().join(name), &bytes);
    }
    let alone = open(arrays(&x, &y)).unwrap().load().unwrap();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        archive(&path, method, &both());
        let source = Arrays { images: member(&path, "x"), labels: Some(member(&path, "y")), ..unlabelled(&path) };
        let spec = open(source.clone()).unwrap();
        assert_eq!((spec.shape(), spec.counts()), (vec![4, 3, 1], Counts { train: 16, validation: 0, test: 4 }));
        let data = spec.load().unwrap();
        assert_eq!((all(&data), data.labels.classes()), (all(&alone), alone.labels.classes()));
        // Of an archive with one array its name may be left out.
        archive(&root.path().join("one.npz"), method, &both()[..1]);
        let one = open(Arrays { images: root.path().join("one.npz").into(), ..source }).unwrap();
        assert_eq!(all(&one.load().unwrap()), all(&alone));
    }
}

#[test]
fn what_is_wrong_with_archives_is_said() {
    let root = folder();
    let path = root.path().join("d.npz");
    let of = |name: Option<&str>| {
        let images = ArrayFile { path: path.clone(), member: name.map(str::to_string) };
        Arrays { images, ..unlabelled(&path) }
    };
    archive(&path, CompressionMethod::Stored, &both());
    says(&unfit(open(of(None))), &["the archive has 2 arrays: which one?", "`x`, `y`"]);
    says(&unfit(open(of(Some("z")))), &["there is no array `z` in the archive", "`x`, `y`"]);
    let whole = std::fs::read(&path).unwrap();
    write(&path, &whole[..whole.len() - 30]);
    says(&unfit(open(of(Some("x")))), &["the archive is broken"]);
    archive(&path, CompressionMethod::Stored, &[("notes.txt", b"none".to_vec())]);
    says(&unfit(open(of(None))), &["there is no array in the archive"]);
    archive(&path, CompressionMethod::Stored, &[("x.npy", b"none of ours".to_vec())]);
    says(&unfit(open(of(None))), &["this is no npy file"]);
    archive(&path, CompressionMethod::Deflated, &[("x.npy", both()[0].1[..100].to_vec())]);
    says(&unfit(open(of(None))), &["cut off"]);
    // What is packed is found to be spoiled when it is unpacked.
    archive(&path, CompressionMethod::Deflated, &both());
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.windows(2).position(|pair| pair == b"PK").unwrap() + 200;
    bytes[middle..middle + 20].fill(0x55);
    write(&path, &bytes);
    let spoiled = unfit(open(of(Some("x"))).and_then(|spec| spec.load()));
    says(&spoiled, &["it cannot be unpacked"]);
    assert_eq!(spoiled.clause, Clause::Samples);
    write(&path, &both()[0].1);
    says(&unfit(open(of(Some("x")))), &["this is one array, and no archive with an array `x`"]);
    archive(&path, CompressionMethod::Stored, &both());
    let spec = open(of(Some("x"))).unwrap();
    archive(&path, CompressionMethod::Deflated, &both());
    says(&unfit(spec.load()), &["it has changed since the data were declared"]);
}

#[test]
fn masks_are_arrays_with_a_class_at_every_position() {
    let root = folder();
    let [x, y, m] = ["x.npy", "y.npy", "m.npy"].map(|name| root.path().join(name));
    for (name, bytes) in both() {
        write(&root.path().join(name), &bytes);
    }
    let maps: Vec<u8> = (0..240).map(|at| at % 3).collect();
    write(&m, &npy("'|u1'", "False", "(20, 4, 3)", &maps));
    let masked = |masks: &Path| Arrays { labelled: Labelled::AtPositions, ..arrays(&x, masks) };
    assert_eq!(open(masked(&m)).unwrap().positions(), [4, 3]);
    says(&unfit(open(masked(&y))), &["it has a class a sample", "(20, 4, 3)", "`labels` is before"]);
}
