//! Labels that are not held in memory, and arrays that do not lie in the order of their samples: each is read when it is
//! asked for, and is what it would be held.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use fovea_data::{
    ArrayFile, Arrays, Augmentation, ClassCounts, DataSource, DataSpec, Dataset, Images, Kept, Labelled, Normalize,
    PictureLabels, ReadAs, Room, Side, Which,
};
use fovea_graph::{Never, Tensor};
use image::{GrayImage, Luma};
use ndarray::{Array, Array3, ArrayD, Axis, ShapeBuilder};
use ndarray_npy::write_npy;
use support::{
    all, archive, arrays, colour, folder, images, npy, open, open_sized, pair, save, says, unfit, unlabelled,
};
use zip::CompressionMethod;

/// Nothing in memory, and a folder for what is kept.
fn disk(folder: &Path, most: u64) -> Room {
    Room { held: 0, kept: Some(Kept { folder: folder.join("kept"), most }) }
}

fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("kept")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// All labels, each read by itself from the last to the first.
fn labels(data: &Dataset) -> Vec<Vec<f32>> {
    let mut labels: Vec<Vec<f32>> =
        (0..data.labels.len()).rev().map(|sample| data.labels.get(sample, &Never).unwrap()).collect();
    labels.reverse();
    let mut together = Vec::new();
    data.labels.each(&(0..labels.len()).collect::<Vec<_>>(), &Never, |of| together.push(of.to_vec())).unwrap();
    assert_eq!(labels, together);
    labels
}

/// What is found of labels and values: the same wherever they are.
fn found(data: &Dataset) -> (ClassCounts, u64, Vec<f64>) {
    let measured = data.measured(&Never).unwrap();
    (ClassCounts::clone(&data.class_counts(&Never).unwrap()), measured.digest, measured.mean.clone())
}

/// Whether data are the same held and read by number, within this room.
fn same(spec: &DataSpec, room: &Room) -> Dataset {
    let (held, read) = (spec.load().unwrap(), spec.clone().within(room.clone()).unwrap().load().unwrap());
    assert!(held.labels.are_held() && !read.labels.are_held(), "{room:?}");
    assert_eq!((labels(&held), held.labels.kind(), found(&held)), (labels(&read), read.labels.kind(), found(&read)));
    assert_eq!((held.labels.positions(), all(&held)), (read.labels.positions(), all(&read)));
    read
}

/// Eleven samples of 6×4, in one channel.
fn samples() -> Array3<f32> {
    Array3::from_shape_fn((11, 6, 4), |(n, y, x)| n as f32 - 0.1 * y as f32 + 0.01 * x as f32)
}

#[test]
fn labels_of_every_kind_are_read_from_their_file_by_number() {
    let root = folder();
    let [x, y] = pair(&root);
    write_npy(&x, &samples()).unwrap();
    let mask = |(n, y, x): (usize, usize, usize)| (n + y * x) % 5;
    let several = |(n, k): (usize, usize)| (n + k) % 2;
    let as_read = |read_as| Arrays { read_as, ..arrays(&x, &y) };
    let spec = |read_as| open(as_read(read_as)).unwrap();
    for write in [
        &|| write_npy(&y, &Array::from_shape_fn((11, 6, 4), |at| mask(at) as u8)).unwrap(),
        &|| write_npy(&y, &Array::from_shape_fn((11, 6, 4), |at| mask(at) as i64 * 300)).unwrap(),
        &|| write_npy(&y, &Array::from_shape_fn((11, 3), |at| several(at) == 1)).unwrap(),
        &|| write_npy(&y, &Array::from_shape_fn((11, 3), |at| several(at) as f64)).unwrap(),
        &|| write_npy(&y, &Array::from_shape_fn((11, 2, 5), |(n, i, j)| n as f64 / 7.0 - (i * j) as f64)).unwrap(),
        &|| write_npy(&y, &Array::from_shape_fn(11, |n| n as f32 / 3.0)).unwrap(),
    ] as [&dyn Fn(); 6]
    {
        write();
        let data = same(&spec(None), &Room::in_memory(0));
        let spec = spec(None).within(Room::in_memory(0)).unwrap();
        assert!(!spec.labels_are_held() && spec.bytes() == 11 * 8, "{}", spec.bytes());
        // Whether they are there at all is found when they are read.
        fs::write(&y, b"others").unwrap();
        says(&unfit(data.labels.get(3, &Never)), &["y.npy", "changed", "data"]);
    }
    // A class a sample is held whatever there is room for.
    write_npy(&y, &Array::from_shape_fn((11, 4), |(n, k)| u8::from(n % 4 == k))).unwrap();
    let one = spec(Some(ReadAs::Classes)).within(Room::in_memory(0)).unwrap();
    assert!(one.labels_are_held() && one.bytes() == 11 * 12);
    let classes: Vec<u32> = (0..11).map(|n| n % 4).collect();
    assert_eq!(one.load().unwrap().labels.classes(), classes);
}

/// Six pictures with masks of four classes that are numbered oddly.
fn masked(root: &Path) -> Images {
    for at in 0..6u32 {
        save(&root.join(format!("in/{at}.png")), &colour(6, 10, [at as u8, 9, 0]));
        let mask = GrayImage::from_fn(10, 6, |x, y| Luma([[0, 7, 80, 255][((x * y + at) % 4) as usize]]));
        save(&root.join(format!("masks/{at}.png")), &mask.into());
    }
    Images { labels: PictureLabels::Masks(root.join("masks")), ..images(&root.join("in")) }
}

#[test]
fn masks_are_the_same_from_their_files_from_disk_and_from_memory() {
    let (root, cache) = (folder(), folder());
    let images = masked(root.path());
    for size in [None, Some([5, 7])] {
        let spec = open_sized(images.clone(), size).unwrap();
        // Nothing in memory, some of the masks, and on disk: written, then read.
        let pixels = size.map_or(60, |[height, width]| (height * width) as u64);
        for room in
            [Room::in_memory(0), Room::in_memory(3 * pixels), disk(cache.path(), 1 << 20), disk(cache.path(), 1 << 20)]
        {
            let data = same(&spec, &room);
            assert!(data.remarks.is_empty(), "{:?}", data.remarks);
        }
    }
    // Pictures and masks, at two sizes; a mask takes a byte a pixel.
    let mut lengths: Vec<u64> = kept(cache.path()).iter().map(|file| fs::metadata(file).unwrap().len()).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [35 * 6, 60 * 6, 3 * 35 * 6, 3 * 60 * 6].map(|bytes| 64 + bytes));
}

#[test]
fn whatever_is_wrong_with_kept_masks_they_are_read_anew() {
    let (root, cache) = (folder(), folder());
    let spec = open(masked(root.path())).unwrap().within(disk(cache.path(), 1 << 20)).unwrap();
    let expected = labels(&spec.load().unwrap());
    let of_masks = |file: &PathBuf| fs::metadata(file).unwrap().len() == 64 + 60 * 6;
    let file = kept(cache.path()).into_iter().find(of_masks).unwrap();
    let whole = fs::read(&file).unwrap();
    let mark = |at: u64, byte: u8| {
        OpenOptions::new().write(true).open(&file).unwrap().write_all_at(&[byte], at).unwrap();
    };
    mark(64, 3);
    assert_eq!(labels(&spec.load().unwrap())[0][0], 3.0, "it is read from there");
    for at in [15, 20, 48, 56] {
        mark(at, 200);
        assert_eq!(labels(&spec.load().unwrap()), expected, "byte {at}");
    }
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(labels(&spec.load().unwrap()), expected);
    // Where there is no room for them they stay in their files.
    let small = spec.clone().within(disk(folder().path(), 100)).unwrap().load().unwrap();
    assert_eq!(labels(&small), expected);
    assert!(small.remarks.iter().any(|remark| remark.contains("decoded masks are not kept")), "{:?}", small.remarks);
    // A mask that is another one is told, whoever is asked.
    save(&root.path().join("masks/2.png"), &GrayImage::from_pixel(10, 6, Luma([7])).into());
    says(&unfit(small.labels.get(2, &Never)), &["2.png", "changed"]);
}

/// Samples or labels in Fortran order: the elements in the order of memory, the first index fastest.
fn turned(values: &ArrayD<f32>) -> ArrayD<f32> {
    let mut turned = ArrayD::zeros(values.raw_dim().f());
    turned.assign(values);
    turned
}

#[test]
fn arrays_in_fortran_order_are_put_in_order_once() {
    let (root, cache) = (folder(), folder());
    let [x, y] = pair(&root);
    let volume = Tensor::from_shape_fn(vec![7, 3, 4, 2], |at| (at[0] * 1000 + at[1] * 100 + at[2] * 10 + at[3]) as f32);
    let target = Tensor::from_shape_fn(vec![7, 2, 3], |at| at[0] as f32 / 7.0 + at[1] as f32 - at[2] as f32);
    write_npy(&x, &turned(&volume)).unwrap();
    write_npy(&y, &turned(&target)).unwrap();
    let spec = open(arrays(&x, &y)).unwrap();
    let room = disk(cache.path(), 1 << 20);
    for _ in 0..2 {
        let data = same(&spec, &room);
        assert_eq!(all(&data), volume);
        assert_eq!(labels(&data).concat(), target.iter().copied().collect::<Vec<_>>());
    }
    assert_eq!(kept(cache.path()).len(), 2);
    // Levels of 8 bits take a byte each.
    let levels = turned(&volume).mapv(|value| (value as u32 % 256) as u8);
    write_npy(&x, &levels).unwrap();
    let data = open(arrays(&x, &y)).unwrap().within(room.clone()).unwrap().load().unwrap();
    assert_eq!(all(&data), levels.mapv(|level| f32::from(level) / 255.0));
    // A folder that is too small, and none.
    let spec = open(unlabelled(&x)).unwrap();
    says(&unfit(spec.clone().within(disk(cache.path(), 7 * 24 - 1))), &["Fortran", "0 MB", "ascontiguousarray"]);
    says(&unfit(spec.clone().within(Room::in_memory(0))), &["Fortran", "no cache folder", "ascontiguousarray"]);
    let spec = spec.within(disk(cache.path(), 1 << 20)).unwrap();
    // One that cannot be written to.
    let file = cache.path().join("kept");
    fs::remove_dir_all(&file).unwrap();
    fs::write(&file, "a file").unwrap();
    says(&unfit(spec.load()), &["Fortran", "cannot be put in order in the cache folder", "ascontiguousarray"]);
    fs::remove_file(&file).unwrap();
    let mut odd = turned(&volume);
    odd[[3, 1, 2, 1]] = f32::NAN;
    write_npy(&x, &odd).unwrap();
    says(&unfit(open(unlabelled(&x)).unwrap().within(room).unwrap().load()), &["1 NaN", "sample 3"]);
    assert!(kept(cache.path()).is_empty(), "nothing half-done");
}

#[test]
fn packed_arrays_are_unpacked_once() {
    let (root, cache) = (folder(), folder());
    let path = root.path().join("d.npz");
    let pixels: Vec<u8> = (0..240).collect();
    let masks: Vec<u8> = (0..240).map(|at| at % 3).collect();
    let numbers: Vec<f32> = (0..60).map(|at| at as f32 / 9.0).collect();
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let files = [
        ("x.npy", npy("'|u1'", "False", "(20, 4, 3)", &pixels)),
        ("turned.npy", npy("'|u1'", "True", "(20, 4, 3)", &pixels)),
        ("m.npy", npy("'|u1'", "False", "(20, 4, 3)", &masks)),
        ("y.npy", npy("'<f4'", "False", "(20, 3)", &bytes)),
    ];
    archive(&path, CompressionMethod::Deflated, &files);
    let member = |name: &str| ArrayFile { path: path.clone(), member: Some(name.into()) };
    let room = disk(cache.path(), 1 << 20);
    for (images, labels, labelled) in
        [("x", "m", Labelled::AtPositions), ("turned", "y", Labelled::AsShaped), ("x", "y", Labelled::AsShaped)]
    {
        let source = Arrays { images: member(images), labels: Some(member(labels)), labelled, ..unlabelled(&path) };
        let spec = open(source).unwrap();
        for _ in 0..2 {
            same(&spec, &room);
        }
        says(&unfit(spec.within(Room::in_memory(0))), &["packed", "no cache folder", "numpy.savez"]);
    }
    assert_eq!(kept(cache.path()).len(), 4);
    let fortran = Array3::from_shape_vec((20, 4, 3).f(), pixels).unwrap();
    let spec = open(Arrays { images: member("turned"), ..unlabelled(&path) }).unwrap().within(room).unwrap();
    assert_eq!(
        all(&spec.load().unwrap()),
        fortran.mapv(|level| f32::from(level) / 255.0).insert_axis(Axis(3)).into_dyn()
    );
}

/// What was found is of the very data: of others, made from them, it is found anew.
#[test]
fn what_is_found_belongs_to_the_data_that_it_was_found_of() {
    let data = support::digits();
    let first = found(&data);
    assert_eq!(first.0.all.iter().sum::<u64>(), 1797);
    assert_eq!(first.0.train.iter().sum::<u64>(), data.train.len() as u64);
    let fewer = Dataset { train: data.train[..20].to_vec(), ..data.clone() };
    assert!(found(&fewer).1 != first.1 && found(&fewer).2 != first.2);
    assert_eq!(found(&fewer).0.train.iter().sum::<u64>(), 20);
    let pale = Dataset { images: all(&data).mapv(|value| 0.5 * value).into(), ..data.clone() };
    assert_eq!((found(&pale).2[0], &found(&pale).0), (0.5 * first.2[0], &first.0));
    assert_eq!(found(&data), first);
}

/// Checkpoints carry it: whoever changes it takes from older runs that they can be resumed.
#[test]
fn the_digest_is_taken_a_word_at_a_time_in_this_order() {
    let scenes = DataSpec::open("scenes", DataSource::Scenes { seed: 0 }, Some([8, 6])).unwrap().load().unwrap();
    for data in [support::digits(), scenes] {
        let (labels, images, end) = (labels(&data).concat(), all(&data), u64::MAX);
        let of = |numbers: &[usize]| numbers.iter().map(|&n| n as u64).chain([end]).collect::<Vec<_>>();
        let mut words = of(images.shape());
        words.extend(of(data.labels.positions()));
        data.classes.iter().for_each(|class| words.extend(class.bytes().map(u64::from).chain([end])));
        words.extend([of(&data.train), of(&data.test)].concat());
        words.extend(labels.iter().map(|&label| label as u64));
        words.extend(images.iter().map(|value| u64::from(value.to_bits())));
        let digest = words.into_iter().fold(0xCBF2_9CE4_8422_2325, |digest: u64, word| {
            let digest = (digest ^ word).wrapping_mul(0x0000_0100_0000_01B3);
            digest ^ digest >> 32
        });
        assert_eq!(found(&data).1, digest);
    }
}

#[test]
fn a_fingerprint_is_that_of_the_data_and_not_of_their_name_or_place_in_memory() {
    let root = folder();
    let images = masked(root.path());
    let of = |size| open_sized(images.clone(), size).unwrap();
    let first = of(None).fingerprint();
    assert!(first.len() == 16 && first.bytes().all(|digit| digit.is_ascii_hexdigit()), "{first}");
    let other = DataSpec::open("other", DataSource::Images(images.clone()), None).unwrap();
    assert_eq!([of(None), other.within(Room::in_memory(0)).unwrap()].map(|spec| spec.fingerprint()), [&*first, &first]);
    assert_ne!(of(Some([3, 5])).fingerprint(), first);
    let flipped = of(None).seen([Augmentation::Flip].into_iter().collect(), Normalize::Own);
    assert_ne!(flipped.fingerprint(), first);
    let part = |spec: &DataSpec, end| {
        let which = Which::Range { side: Side::Train, first: 0, end: Some(end) };
        spec.part("few", which, None, &Never).unwrap().fingerprint()
    };
    assert!(part(&of(None), 2) != first && part(&of(None), 2) != part(&of(None), 3));
    assert_eq!(part(&of(None), 2), part(&of(None), 2));
    save(
        &root.path().join("masks/2.png"),
        &GrayImage::from_fn(10, 6, |x, _| Luma([[0, 7, 80, 255][x as usize % 4]])).into(),
    );
    assert_ne!(of(None).fingerprint(), first, "a mask is another one");
}
