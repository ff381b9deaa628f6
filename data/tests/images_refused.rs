//! Folders and pictures that are none: each with a message that says what to do.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use fovea_data::{Clause, DataError, Images, Split, Unfit};
use fovea_graph::stop;
use image::ImageFormat;
use support::{colour, encoded, folder, four, grey, images, open, open_sized, save, says, unfit, write};

fn refused(root: &Path) -> Unfit {
    unfit(open(images(root)))
}

#[test]
fn folders_without_classes() {
    let root = folder();
    says(&refused(&root.path().join("nowhere")), &["nowhere`: there is no such folder", "a folder a class"]);
    says(&refused(root.path()), &["there is no folder in it"]);
    save(&root.path().join("1.png"), &grey(2, 2, 0));
    says(&refused(&root.path().join("1.png")), &["1.png`: this is a file, not a folder"]);
    save(&root.path().join("2.png"), &grey(2, 2, 0));
    says(&refused(root.path()), &["it holds 2 pictures and no folder", "cats/1.png"]);
    save(&root.path().join("cats/1.png"), &grey(2, 2, 0));
    says(&refused(root.path()), &["2 pictures stand beside the folders", "`1.png` first"]);
}

#[test]
fn classes_that_cannot_be_learned() {
    let root = folder();
    save(&root.path().join("cats/1.png"), &grey(2, 2, 0));
    says(&refused(root.path()), &["it has one class, `cats`"]);
    fs::create_dir(root.path().join("dogs")).unwrap();
    says(&refused(root.path()), &["dogs`: the folder of this class has no file in it"]);
    save(&root.path().join("dogs/1.png"), &grey(2, 2, 0));
    says(&refused(root.path()), &["each class has one picture", "2 pictures", "two or more"]);
    let train = folder();
    four(&train.path().join("train"));
    says(&refused(train.path()), &["it has one class, `train`", "`test/` or `val/`"]);
    save(&train.path().join("test/c/1.png"), &grey(4, 6, 0));
    says(&refused(train.path()), &["test/c`", "train` has no such folder", "a, b"]);
    let split = Images { split: Some(Split::default()), ..images(train.path()) };
    fs::rename(train.path().join("test/c"), train.path().join("test/b")).unwrap();
    let split = unfit(open(split));
    assert_eq!(split.clause, Clause::Split);
    says(&split, &["the folder is split already", "leave `split` out"]);
}

#[test]
fn pictures_of_several_sizes() {
    let root = folder();
    four(root.path());
    save(&root.path().join("b/3.png"), &grey(5, 6, 0));
    let found = refused(root.path());
    says(&found, &["b/3.png`: it is 5x6, but `", "a/1.png` is 4x6", "size 64x64"]);
    assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("5x6"), Some("4x6")));
    assert!(open_sized(images(root.path()), Some([4, 6])).is_ok());
    let error = open_sized(images(root.path()), Some([0, 6])).unwrap_err();
    assert!(matches!(error, DataError::Size { height: 0, width: 6 }));
}

/// A file in place of a good one.
fn with(bytes: &[u8]) -> Unfit {
    let root = folder();
    four(root.path());
    write(&root.path().join("b/0.png"), bytes);
    match open(images(root.path())) {
        Err(DataError::Unfit(unfit)) => *unfit,
        spec => unfit(spec.unwrap().load()),
    }
}

/// A png that claims a size, with checksums as they should be.
fn claims(width: u32, height: u32) -> Vec<u8> {
    let mut png = encoded(&grey(1, 1, 0), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = png[12..29].iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    });
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

#[test]
fn files_that_are_no_pictures() {
    let png = encoded(&colour(30, 20, [1, 2, 3]), ImageFormat::Png);
    says(&with(b""), &["b/0.png`: the file is empty", "`skip broken`"]);
    says(&with(b"hello, world"), &["it is no png, jpeg, webp, bmp or gif"]);
    says(&with(&png[..30]), &["b/0.png`"]);
    says(&with(&claims(60_000, 60_000)), &["it claims 60000x60000 pixels", "67 million"]);
    says(&with(&claims(0, 4)), &["b/0.png`"]);
    let mut wrong = encoded(&grey(4, 6, 77), ImageFormat::Png);
    let middle = wrong.len() - 20;
    wrong[middle] ^= 0x55;
    says(&with(&wrong), &["b/0.png`"]);
    let jpeg = encoded(&colour(4, 6, [90, 2, 3]), ImageFormat::Jpeg);
    says(&with(&jpeg[..100]), &["b/0.png`"]);
}

#[test]
fn half_a_picture_is_none() {
    let noisy = image::RgbImage::from_fn(60, 40, |x, y| image::Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, x as u8]));
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
        let whole = encoded(&noisy.clone().into(), format);
        let root = folder();
        four(root.path());
        let path = root.path().join("b/0.png");
        for (bytes, is_whole) in
            [(&whole[..], true), (&whole[..whole.len() / 2], false), (&whole[..whole.len() - 40], false)]
        {
            write(&path, bytes);
            let read = open_sized(images(root.path()), Some([4, 6])).and_then(|spec| spec.load());
            assert_eq!(read.is_ok(), is_whole, "{format:?} of {} bytes, {} whole: {read:?}", bytes.len(), whole.len());
        }
    }
}

/// Any file cut anywhere is refused, or read where only what ends it is missing; nothing panics.
#[test]
fn files_cut_or_spoiled_anywhere() {
    let root = folder();
    four(root.path());
    let path = root.path().join("b/3.png");
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
        let whole = encoded(&colour(4, 6, [200, 100, 0]), format);
        for cut in (0..whole.len()).step_by(7) {
            let mut spoiled = whole.clone();
            spoiled[cut] ^= 0xFF;
            for bytes in [&whole[..cut], &spoiled] {
                write(&path, bytes);
                let read = open_sized(images(root.path()), Some([4, 6])).and_then(|spec| spec.load());
                match read {
                    Ok(data) => assert_eq!(data.images.held().unwrap().len_of(ndarray::Axis(0)), 5),
                    Err(DataError::Unfit(unfit)) => assert_eq!(unfit.path, path),
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn what_changes_between_looking_and_reading() {
    let root = folder();
    four(root.path());
    let spec = open(images(root.path())).unwrap();
    assert_eq!(spec, open(images(root.path())).unwrap());
    let path = root.path().join("b/1.png");
    save(&path, &grey(40, 60, 1));
    says(&unfit(spec.load()), &["b/1.png`: it has changed since", "again"]);
    fs::remove_file(&path).unwrap();
    says(&unfit(spec.load()), &["b/1.png`: it has changed since"]);
    assert_ne!(spec, open(images(root.path())).unwrap());
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_never_without_end() {
    use std::os::unix::fs::symlink;
    let root = folder();
    four(root.path());
    symlink(root.path().join("a/1.png"), root.path().join("b/link.png")).unwrap();
    symlink(root.path().join("b"), root.path().join("b/round")).unwrap();
    symlink(root.path(), root.path().join("a/up")).unwrap();
    fs::create_dir(root.path().join("a/more")).unwrap();
    save(&root.path().join("a/more/deep/9.png"), &grey(4, 6, 3));
    // All of `b` is under `a`, too, by way of the link up: once.
    let counts = open(images(root.path())).unwrap().counts();
    assert_eq!(counts.train + counts.test, 3 + 3 + 3);
    fs::remove_file(root.path().join("a/up")).unwrap();
    let data = open(images(root.path())).unwrap().load().unwrap();
    assert_eq!(data.labels.classes(), [0, 0, 0, 1, 1, 1]);
    symlink(root.path().join("gone.png"), root.path().join("b/dead.png")).unwrap();
    says(&refused(root.path()), &["b/dead.png`: the link leads nowhere"]);
    fs::remove_file(root.path().join("b/dead.png")).unwrap();
    std::process::Command::new("mkfifo").arg(root.path().join("b/pipe.png")).status().unwrap();
    says(&refused(root.path()), &["b/pipe.png`: it is neither a file nor a folder"]);
}

#[test]
fn what_programs_leave_behind_is_not_read() {
    let root = folder();
    four(root.path());
    for name in [".DS_Store", "a/.DS_Store", "a/Thumbs.db", "b/desktop.ini", "a/._1.png", ".git/config", "README.md"] {
        write(&root.path().join(name), b"something else");
    }
    assert_eq!(open(images(root.path())).unwrap().load().unwrap().labels.len(), 4);
}

#[test]
fn names_may_be_of_every_script() {
    let root = folder();
    let names = ["猫", "собака", "طائر", "Äpfel und Birnen", "🐟", "%s{}\\"];
    for name in names {
        save(&root.path().join(name).join("é ü.png"), &grey(2, 2, 1));
        save(&root.path().join(name).join("二.png"), &grey(2, 2, 2));
    }
    let data = open(images(root.path())).unwrap().load().unwrap();
    let mut expected = names.map(String::from);
    expected.sort();
    let mut found = data.classes.clone();
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(data.labels.len(), 12);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_shown_as_far_as_they_go() {
    use std::os::unix::ffi::OsStrExt;
    let root = folder();
    four(root.path());
    let odd = root.path().join(std::ffi::OsStr::from_bytes(b"c\xFF\x1B[31m"));
    save(&odd.join("1.png"), &grey(4, 6, 1));
    assert_eq!(open(images(root.path())).unwrap().class_names(), ["a", "b", "c\u{FFFD}\u{FFFD}[31m"]);
}

#[test]
fn whoever_breaks_off_is_answered() {
    let root = folder();
    four(root.path());
    let source = fovea_data::DataSource::Images(images(root.path()));
    let interrupted = |error| match error {
        DataError::Interrupted(interrupted) => interrupted,
        other => panic!("{other:?}"),
    };
    let open = |stop: &dyn stop::Stop| fovea_data::DataSpec::open_unless("mine", source.clone(), None, stop);
    assert!(stop::looks(|stop| open(stop).map_err(interrupted)) > 4);
    let spec = open(&stop::Never).unwrap();
    assert!(stop::looks(|stop| spec.load_unless(stop).map_err(interrupted)) > 0);
}
