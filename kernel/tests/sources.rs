//! Where data comes from besides folders and arrays: tables, archives, masks, the classic sets, other data.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::path::Path;

use fovea::failure::Failure;
use fovea_dsl::{Diagnostic, Stage};
use serde_json::json;
use support::bench::Bench;
use support::own::{archive, arrays, examples, masks, mnist, waves};

/// Learns a few hundred digits in some seconds.
const NET: &str = "net small = 8x8x1 - conv 8 - relu - conv 16 - relu - pool, softmax\n";

fn root(bench: &Bench) -> std::path::PathBuf {
    Path::new(&bench.path("")).to_path_buf()
}

/// The only mistake of a text, and the words that it points at.
fn mistake(bench: &mut Bench, text: &str) -> (String, Diagnostic) {
    match bench.session.check("test", text) {
        Err(Failure::Mistakes(found)) if found.len() == 1 => {
            let found = found.into_iter().next().unwrap();
            (text[found.span().range()].to_string(), found)
        }
        other => panic!("{text} gives {other:?}"),
    }
}

#[test]
fn a_classic_set_is_read_from_its_folder_under_any_name() {
    let mut bench = Bench::new();
    let folder = root(&bench).join("my mnist");
    mnist(&folder);
    let folder = folder.display();
    let outputs = bench.ok(&format!(
        "data mnist \"{folder}\"\n{NET}train small on mnist for 4 epochs with adam(lr 0.005), batch 32\n\
         test small on mnist\ndata large = mnist \"{folder}\" size 12x10\nshow large[0..2]\ndata mnist size 9x9\ndata mnist"
    ));
    let data = &outputs[0].data;
    assert_eq!((&data["shape"], &data["train"], &data["test"]), (&json!([8, 8, 1]), &json!(1437), &json!(360)));
    assert!(outputs[0].text.contains("MNIST has 70,000 pictures in all") || outputs[0].text.contains("70000"));
    assert!(outputs[3].data["accuracy"].as_f64().unwrap() > 0.9, "{}", outputs[3].text);
    assert_eq!((&outputs[4].data["data"], &outputs[4].data["shape"]), (&json!("large"), &json!([12, 10, 1])));
    assert_eq!(outputs[7].data["shape"], json!([9, 9, 1]), "as it was declared last");
}

#[test]
fn rows_of_a_table_are_learned_by_a_net_in_one_dimension() {
    let mut bench = Bench::new();
    waves(&root(&bench).join("wave.csv"));
    let path = bench.path("wave.csv");
    let outputs = bench.ok(&format!(
        "data wave = csv \"{path}\" labels column \"class\" shape 64x1 split 75/25\n\
         net q = 64x1 - conv 4 size 5 - relu - pool 4, softmax\ntrain q on wave for 30 epochs with adam(lr 0.01), batch 16\n\
         test q on wave\npredict q on wave[0..3]\ndata flat = csv \"{path}\" labels column 65"
    ));
    let data = &outputs[0].data;
    assert_eq!((&data["shape"], &data["train"], &data["test"]), (&json!([64, 1]), &json!(60), &json!(20)));
    assert_eq!(data["classes"], json!(["fast", "slow"]));
    assert!(outputs[3].data["accuracy"].as_f64().unwrap() >= 0.95, "{}", outputs[3].text);
    assert!(outputs[4].text.contains("slow") && outputs[4].text.contains("fast"), "{}", outputs[4].text);
    assert_eq!((&outputs[5].data["shape"], &outputs[5].data["train"]), (&json!([64]), &json!(64)));
}

/// `[N, H, W, T, C]`: what moves down is of one class, what moves up of the other.
#[test]
fn volumes_of_arrays_are_learned() {
    let mut bench = Bench::new();
    let value = |(n, y, _, t, _): (usize, usize, usize, usize, usize)| {
        let place = if n % 2 == 0 { t + n % 3 } else { 5 - t - n % 3 };
        if y == place { 1.0f32 } else { 0.1 * ((n * 7 + y * 3 + t) % 5) as f32 }
    };
    ndarray_npy::write_npy(bench.path("x.npy"), &ndarray::Array5::from_shape_fn((60, 6, 5, 3, 1), value)).unwrap();
    ndarray_npy::write_npy(bench.path("y.npy"), &ndarray::Array1::from_shape_fn(60, |n| (n % 2) as i64)).unwrap();
    let (x, y) = (bench.path("x.npy"), bench.path("y.npy"));
    let outputs = bench.ok(&format!(
        "data clips = npy \"{x}\" labels \"{y}\"\nnet q = 6x5x3x1 - conv 4 3x3x3 - relu - conv 4 3x3x3 - relu, softmax\n\
         train q on clips for 20 epochs with adam(lr 0.01), batch 16\ntest q on clips"
    ));
    assert_eq!(outputs[0].data["shape"], json!([6, 5, 3, 1]));
    assert!(outputs[3].data["accuracy"].as_f64().unwrap() > 0.9, "{}", outputs[3].text);
}

#[test]
fn a_class_a_pixel_comes_of_masks() {
    let mut bench = Bench::new();
    masks(&root(&bench), 30);
    let (images, masks) = (bench.path("in"), bench.path("masks"));
    let outputs = bench.ok(&format!(
        "data land = images \"{images}\" masks \"{masks}\" size 16x16\nshow land[0..2]\n\
         net q = 16x16x3 - conv 8 - relu - conv 6 1x1 - softmax\ntrain q on land for 20 epochs with adam(lr 0.01), batch 8\n\
         test q on land"
    ));
    let data = &outputs[0].data;
    assert_eq!((&data["shape"], &data["train"], &data["test"]), (&json!([16, 16, 3]), &json!(24), &json!(6)));
    let classes = data["classes"].as_array().unwrap().len();
    assert!(
        outputs[0]
            .text
            .starts_with(&format!("land: 24 pictures to train on and 6 to test, 16x16x3, {classes} classes"))
    );
    assert!(outputs[1].pictures.len() == 1 && outputs[1].text.contains("one at every"), "{}", outputs[1].text);
    assert!(outputs[4].data["accuracy"].as_f64().unwrap() > 0.5, "{}", outputs[4].text);
}

#[test]
fn a_few_samples_of_other_data_are_learned_by_heart() {
    let mut bench = Bench::new();
    let outputs = bench.ok(&format!(
        "data few = digits.train[0..40]\n{NET}train small on few for 60 epochs with adam(lr 0.01), batch 40\ntest small on few\n\
         data tenth = digits part 0.1\ndata larger = digits[0..50] split 80/20 size 16x16\nshow larger[0..3]\n\
         data small_shapes = shapes size 16x16\ndata few\n%who"
    ));
    assert_eq!((&outputs[0].data["train"], &outputs[0].data["test"]), (&json!(40), &json!(40)));
    assert!(outputs[0].text.contains("the same samples are trained on and tested"), "{}", outputs[0].text);
    assert_eq!(outputs[3].data["accuracy"], json!(1.0));
    assert_eq!((&outputs[4].data["train"], &outputs[4].data["test"]), (&json!(144), &json!(36)));
    let larger = &outputs[5].data;
    assert_eq!((&larger["train"], &larger["test"], &larger["shape"]), (&json!(40), &json!(10), &json!([16, 16, 1])));
    assert_eq!(outputs[7].data["shape"], json!([16, 16, 3]));
    assert_eq!(outputs[8].data["train"], json!(40), "its name alone shows it again");
    let known: Vec<&str> =
        outputs[9].data["data"].as_array().unwrap().iter().map(|data| data["data"].as_str().unwrap()).collect();
    assert!(["few", "tenth", "larger", "small_shapes"].iter().all(|name| known.contains(name)), "{known:?}");
}

#[test]
fn labels_come_of_a_table_and_arrays_of_an_archive() {
    let mut bench = Bench::new();
    examples(&root(&bench));
    let path = |name: &str| format!("\"{}\"", bench.path(name));
    let (pets, labels, archive) = (path("pets"), path("labels.csv"), path("d.npz"));
    let text = format!(
        "data pets = images {pets} labels {labels} size 8x8\ndata again = images {pets} labels {labels} column \"class\" size 8x8\n\
         data d = npy {archive} x labels y shape 8x8x1"
    );
    let outputs = bench.ok(&text);
    assert_eq!((&outputs[0].data["classes"], &outputs[0].data["train"]), (&json!(["cats", "dogs"]), &json!(160)));
    assert_eq!(outputs[1].data["by_class"], outputs[0].data["by_class"]);
    assert_eq!((&outputs[2].data["shape"], &outputs[2].data["test"]), (&json!([8, 8, 1]), &json!(359)));
}

#[test]
fn a_third_part_is_for_validation() {
    let mut bench = Bench::new();
    arrays(&root(&bench));
    let (x, y) = (bench.path("x.npy"), bench.path("y.npy"));
    let outputs = bench.ok(&format!(
        "data x = npy \"{x}\" labels \"{y}\" split 70/15/15\n{NET}train small on x for 2 epochs with adam(lr 0.005), batch 32\n\
         data few = x part 0.1"
    ));
    let counts = |data: &serde_json::Value| ["train", "validation", "test"].map(|part| data[part].as_u64().unwrap());
    assert_eq!(counts(&outputs[0].data), [1257, 270, 270]);
    let head = "x: 1257 pictures to train on, 270 to validate with and 270 to test, 8x8x1,";
    assert_eq!(outputs[0].text.lines().next(), Some(head));
    assert!(outputs[0].text.contains("validation"), "{}", outputs[0].text);
    assert_eq!(counts(&outputs[3].data), [126, 27, 27], "a share of each part");
}

#[test]
fn a_set_that_cannot_be_fetched_says_which_files_to_put_where() {
    let place = support::Place::new();
    place.write("mnist.fov", "note \"first\"\ndata mnist size 14x14\nshow mnist[0]\n");
    let cache = place.path().join("cache");
    let mut run = place.command(&["run", "mnist.fov"]);
    run.env("FOVEA_CACHE", &cache).env("FOVEA_MIRROR", "http://127.0.0.1:1");
    let ran: support::Ran = run.output().unwrap().into();
    assert_eq!(ran.status, Some(1), "{}", ran.out);
    assert!(ran.out.contains("first"), "all was checked, and the first statement ran: {}", ran.out);
    let said = ran.err.replace('\n', " ");
    for words in ["mnist.fov:2:6", "MNIST cannot be fetched", "train-images-idx3-ubyte.gz", "data mnist \"mnist/\""] {
        assert!(said.contains(words), "{words}: {}", ran.err);
    }
    assert!(said.contains(&cache.join("data").join("mnist").display().to_string()), "{}", ran.err);
    // What stands there by hand is read.
    mnist(&cache.join("data/mnist"));
    let mut run = place.command(&["run", "mnist.fov", "--format", "json"]);
    run.env("FOVEA_CACHE", &cache).env("FOVEA_MIRROR", "http://127.0.0.1:1");
    let ran: support::Ran = run.output().unwrap().into();
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(ran.out.contains("\"train\":1437"), "{}", ran.out);
}

#[test]
fn files_are_told_by_a_net_without_being_declared() {
    let mut bench = Bench::new();
    let root = root(&bench);
    examples(&root);
    let path = |name: &str| root.join(name).display().to_string();
    let (pets, photo, folder, x) = (path("pets"), path("pets/cats/3.png"), path("pets/dogs"), path("x.npy"));
    let (images, masks) = (path("in"), path("masks"));
    let outputs = bench.ok(&format!(
        "data pets = images \"{pets}\" size 16x16\nnet q = 16x16x3 - conv 8 - relu - pool, softmax\n\
         train q on pets for 6 epochs with adam(lr 0.01), batch 16\npredict q on \"{photo}\"\npredict q on \"{folder}\"\n\
         net g = 8x8x1 - conv 4 - relu, softmax 10\npredict g on \"{x}\"\npredict g on \"{photo}\"\n\
         data land = images \"{images}\" masks \"{masks}\" size 16x16\n\
         net m = 16x16x3 - conv 8 - relu - conv 6 1x1 - softmax\ntrain m on land for 2 epochs with adam, batch 8\n\
         predict m on \"{images}\""
    ));
    let one = &outputs[3];
    assert_eq!((&one.data["pictures"], &one.data["data"]), (&json!([photo]), &json!(photo)));
    assert!(one.text.contains("cats") && one.text.contains("1 picture") && !one.text.contains('✗'), "{}", one.text);
    assert_eq!(one.pictures.len(), 1);
    let many = &outputs[4].data;
    assert_eq!((many["classes"].as_array().unwrap().len(), &many["pictures"][99]), (100, &json!("99.png")));
    let dogs = many["classes"].as_array().unwrap().iter().filter(|&class| *class == json!(1)).count();
    assert!(dogs > 80, "{dogs} of 100");
    assert_eq!(outputs[6].data["classes"].as_array().unwrap().len(), 1797);
    assert_eq!(outputs[7].data["classes"].as_array().unwrap().len(), 1, "colours become grey");
    let maps = &outputs[11];
    assert!(maps.text.contains("0.png: ") && maps.text.contains(" %"), "{}", maps.text);
    assert_eq!(maps.data["classes"].as_array().unwrap().len(), 20);
    let cases = [
        (format!("\"{}\"", path("none.jpg")), "there is no such file or folder"),
        (format!("\"{}\"", path("wave.csv")), "it is no png, jpeg, webp, bmp or gif"),
        (format!("\"{}\"", path("mnist")), "there is no picture in this folder"),
        (format!("\"{}\"", path("y.npy")), "its elements are int64"),
    ];
    for (file, message) in cases {
        let text = format!("predict g on {file}");
        let (at, found) = mistake(&mut bench, &text);
        assert!(at == file && found.message.contains(message), "{text}: {}", found.message);
    }
    let (_, meant) = mistake(&mut bench, "predict g on \"digits\"");
    assert_eq!(meant.mends[0].text, "digits");
    let (at, wide) = mistake(&mut bench, &format!("net w = 8x8x4 - fc 4 - relu, softmax 3\npredict w on \"{photo}\""));
    assert!(at.contains("3.png") && wide.message.contains("the net takes 8x8x4"), "{}", wide.message);
    let numbers = bench.ok(&format!("net p = 8x8x1 - fc 4\npredict p on \"{photo}\"")).pop().unwrap();
    assert!(numbers.text.contains("3.png"), "what a net ends in is told as it is: {}", numbers.text);
}

#[test]
fn mistakes_stand_at_the_words_that_caused_them() {
    let mut bench = Bench::new();
    let root = root(&bench);
    arrays(&root);
    archive(&root);
    waves(&root.join("wave.csv"));
    masks(&root, 4);
    std::fs::write(root.join("rows.csv"), "0.png,a\n1.png,b\n2.png,a\n3.png,b\n9.png,b\n").unwrap();
    std::fs::write(root.join("cells.csv"), "a,class\n1,up\n,down\n").unwrap();
    std::fs::remove_file(root.join("masks/2.png")).unwrap();
    let path = |name: &str| format!("\"{}\"", root.join(name).display());
    let (wave, x, d, inside) = (path("wave.csv"), path("x.npy"), path("d.npz"), path("in"));
    let cases = [
        (format!("mnist {inside}"), inside.clone(), "none of MNIST's files is in it"),
        (format!("cifar10 {}", path("none")), path("none"), "there is no such folder"),
        (format!("csv {} labels column 1", path("none.csv")), path("none.csv"), "there is no such file"),
        (format!("csv {} labels column \"class\"", path("cells.csv")), path("cells.csv"), "line 3, column 1 (`a`)"),
        (format!("csv {wave} labels column \"kind\""), "column \"kind\"".into(), "no column `kind`"),
        (format!("csv {wave} labels column 65 shape 8x9"), "8x9".into(), "a row has 64 values"),
        (format!("npy {d} labels y"), d.clone(), "the archive has 2 arrays: which one?"),
        (format!("npy {d} x labels z"), "z".into(), "there is no array `z` in the archive"),
        (format!("npy {x} y labels {}", path("y.npy")), format!("{x} y"), "this is one array, and no archive"),
        (format!("images {inside} masks {}", path("none")), path("none"), "there is no such folder"),
        (format!("images {inside} masks {}", path("masks")), path("masks"), "1 picture of"),
        (format!("images {inside} labels {}", path("rows.csv")), path("rows.csv"), "`9.png` (line 5)"),
        (format!("npy {x} masks {}", path("y.npy")), path("y.npy"), "a class a sample"),
        ("digits[0..2000]".into(), "digits[0..2000]".into(), "the test part of `digits` has 360 pictures"),
        ("nothing part 0.5".into(), "nothing".into(), "there is no data called `nothing`"),
    ];
    for (source, words, message) in cases {
        let text = format!("seed 7\ndata mine = {source}");
        let (at, found) = mistake(&mut bench, &text);
        assert_eq!(at, words, "{text}: {}", found.message);
        assert!(found.message.contains(message), "{text}: {}", found.message);
    }
    let (_, taken) = mistake(&mut bench, "data digits = shapes size 16x16");
    assert_eq!((taken.stage, taken.mends[0].text.as_str()), (Stage::Names, "my_digits"));
}
