//! How fast pictures of a folder are read: `cargo bench -p fovea-data --bench reading -- FOLDER HEIGHT WIDTH`, a line a way:
//! its name and pictures a second. Without a folder, one of 2,000 small pictures is made. The first pass decodes all files in
//! order; then batches of 64 are asked for in a random order, as training does. The last line is five epochs as a program has
//! them: all heads looked at, all files decoded once and kept, and read five times.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use fovea_data::{Broken, DataSource, DataSpec, Images, PictureLabels, Room, Samples};
use fovea_graph::Never;
use fovea_graph::philox::{Purpose, Stream};

const BATCH: usize = 64;
const EPOCHS: usize = 5;

fn main() {
    // `cargo bench` adds a word of its own.
    let said: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let made = tempfile::tempdir().unwrap();
    let (folder, size) = match &said[..] {
        [folder, height, width] => (PathBuf::from(folder), [height, width].map(|side| side.parse().unwrap())),
        _ => (make(made.path()), [32, 32]),
    };
    let images = Images { folder, labels: PictureLabels::Folders, broken: Broken::Refuse, split: None };
    let open = || DataSpec::open("folder", DataSource::Images(images.clone()), Some(size)).unwrap();
    let spec = open();
    let kept = tempfile::tempdir().unwrap();
    let files = spec.clone().within(Room::in_memory(0)).unwrap();
    let count = files.counts().all();

    let began = Instant::now();
    let data = files.load().unwrap();
    tell("first pass", count, began);
    walk("from files", &data.images);
    let stored = Room { held: 0, ..Room::with_folder(kept.path().to_path_buf()) };
    let stored = spec.clone().within(stored).unwrap();
    let began = Instant::now();
    stored.load().unwrap();
    tell("first pass, kept", count, began);
    let began = Instant::now();
    let data = stored.load().unwrap();
    println!("found again  {:.3} s", began.elapsed().as_secs_f64());
    walk("from disk", &data.images);
    walk("from memory", &spec.load().unwrap().images);
    let began = Instant::now();
    let data = open().within(Room::with_folder(kept.path().join("anew"))).unwrap().load().unwrap();
    (0..EPOCHS).for_each(|_| read(&data.images));
    tell("five epochs", EPOCHS * count, began);
}

fn walk(name: &str, samples: &Samples) {
    let began = Instant::now();
    read(samples);
    tell(name, samples.len(), began);
}

/// All samples once, in a random order.
fn read(samples: &Samples) {
    let order = Stream::new(1, Purpose::Shuffle, 0).permutation(samples.len());
    let mut values = vec![0.0; BATCH * samples.size()];
    for batch in order.chunks(BATCH) {
        samples.read(batch, &mut values[..batch.len() * samples.size()], &Never).unwrap();
    }
}

fn tell(name: &str, count: usize, began: Instant) {
    println!("{name}  {:.0}", count as f64 / began.elapsed().as_secs_f64());
}

/// Pictures of 64 × 64 pixels in two classes.
fn make(root: &Path) -> PathBuf {
    for i in 0..2_000u32 {
        let folder = root.join(["a", "b"][i as usize % 2]);
        std::fs::create_dir_all(&folder).unwrap();
        let noise = |x: u32, y: u32| (x * 7 + y * 13 + i * 31 + x * y * (i % 17)) as u8;
        let picture = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([noise(x, y), noise(y, x), (x + y) as u8]));
        picture.save(folder.join(format!("{i}.png"))).unwrap();
    }
    root.to_path_buf()
}
