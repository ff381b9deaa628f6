//! Files of data, as people have them.
#![allow(dead_code)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use fovea_data::{
    Arrays, Broken, Classic, ClassicSet, DataError, DataSource, DataSpec, Dataset, Home, Images, Labelled,
    PictureLabels, Table, Unfit,
};
use fovea_graph::{Never, Tensor};
use image::{DynamicImage, ImageFormat};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A folder that goes when it is dropped.
pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The digits that ship.
pub fn digits() -> Dataset {
    DataSpec::of_builtin("digits").unwrap().load().unwrap()
}

/// All samples of data.
pub fn all(data: &Dataset) -> Tensor {
    data.images.select(&(0..data.images.len()).collect::<Vec<_>>(), &Never).unwrap()
}

/// Writes a file, and the folders that it is in.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A picture as a file of it.
pub fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Writes a picture; the ending says the format.
pub fn save(path: &Path, picture: &DynamicImage) {
    write(path, &encoded(picture, ImageFormat::from_path(path).unwrap()));
}

/// A grey picture of one level.
pub fn grey(height: u32, width: u32, level: u8) -> DynamicImage {
    image::GrayImage::from_pixel(width, height, image::Luma([level])).into()
}

/// A coloured picture of one colour.
pub fn colour(height: u32, width: u32, colour: [u8; 3]) -> DynamicImage {
    image::RgbImage::from_pixel(width, height, image::Rgb(colour)).into()
}

/// Pictures of a folder, where nobody says more.
pub fn images(folder: &Path) -> Images {
    Images { folder: folder.to_path_buf(), labels: PictureLabels::Folders, broken: Broken::Refuse, split: None }
}

/// Two classes, `a` and `b`, with two grey pictures each, 4 high and 6 wide.
pub fn four(root: &Path) {
    for (class, picture) in ["a", "b"].iter().flat_map(|class| [1, 2].map(|picture| (class, picture))) {
        save(&root.join(format!("{class}/{picture}.png")), &grey(4, 6, picture * 50));
    }
}

/// Opens data of files.
pub fn open(source: impl Into<Source>) -> Result<DataSpec, DataError> {
    open_sized(source, None)
}

pub fn open_sized(source: impl Into<Source>, size: Option<[usize; 2]>) -> Result<DataSpec, DataError> {
    DataSpec::open("mine", source.into().0, size)
}

/// Files of either kind.
pub struct Source(DataSource);

impl From<Images> for Source {
    fn from(images: Images) -> Self {
        Self(DataSource::Images(images))
    }
}

impl From<Arrays> for Source {
    fn from(arrays: Arrays) -> Self {
        Self(DataSource::Arrays(arrays))
    }
}

impl From<Table> for Source {
    fn from(table: Table) -> Self {
        Self(DataSource::Table(table))
    }
}

impl From<Classic> for Source {
    fn from(classic: Classic) -> Self {
        Self(DataSource::Classic(classic))
    }
}

/// A classic set in a folder.
pub fn classic(set: ClassicSet, folder: &Path) -> Classic {
    Classic { set, home: Home::Folder(folder.to_path_buf()) }
}

/// What is wrong with files.
pub fn unfit<T: std::fmt::Debug>(result: Result<T, DataError>) -> Unfit {
    match result {
        Err(DataError::Unfit(unfit)) => *unfit,
        other => panic!("{other:?}"),
    }
}

/// Whether a mistake says all of these.
pub fn says(unfit: &Unfit, words: &[&str]) {
    let more = [&unfit.found, &unfit.expected, &unfit.help].map(|more| more.clone().unwrap_or_default());
    let all = format!("{unfit}\n{}", more.join("\n"));
    assert!(words.iter().all(|word| all.contains(word)), "{all}\nlacks one of {words:?}");
}

/// An npy file's bytes, version 1.
pub fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let length = u16::try_from(head.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], head.as_bytes(), data].concat()
}

/// An archive of files, packed so.
pub fn archive(path: &Path, method: CompressionMethod, files: &[(&str, Vec<u8>)]) {
    let mut archive = ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

/// Arrays with labels, where nobody says more.
pub fn arrays(images: &Path, labels: &Path) -> Arrays {
    Arrays { labels: Some(labels.to_path_buf().into()), ..unlabelled(images) }
}

/// Arrays without labels.
pub fn unlabelled(images: &Path) -> Arrays {
    let images = images.to_path_buf().into();
    Arrays { images, labels: None, read_as: None, labelled: Labelled::AsShaped, shape: None, split: None }
}

/// Where a folder's `x.npy` and `y.npy` are.
pub fn pair(folder: &TempDir) -> [PathBuf; 2] {
    ["x.npy", "y.npy"].map(|name| folder.path().join(name))
}
