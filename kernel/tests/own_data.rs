//! People's own data, from their files to a tested net, and what is said of files that are none.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::path::Path;

use fovea::event::Event;
use fovea::failure::Failure;
use fovea_dsl::Stage;
use serde_json::{Value, json};
use support::Place;
use support::bench::Bench;
use support::own::{DIGITS, arrays, pictures};

/// Learns a few hundred digits in some seconds.
const NET: &str = "net small = 8x8x1 - conv 8 - relu - conv 16 - relu - pool, softmax\n";

fn root(bench: &Bench) -> std::path::PathBuf {
    Path::new(&bench.path("")).to_path_buf()
}

/// A folder of digits, `each` of every one.
fn folder(bench: &Bench, each: usize) -> String {
    pictures(&root(bench).join("mine"), "digits", &DIGITS, each);
    bench.path("mine")
}

#[test]
fn a_net_learns_pictures_in_folders() {
    let mut bench = Bench::new();
    let folder = folder(&bench, 60);
    let text = format!(
        "data mine = images \"{folder}\" split 75/25\n{NET}train small on mine for 12 epochs with adam(lr 0.005), batch 32\n\
         test small on mine\npredict small on mine[0..3]\nshow mine.train[0]\nsaliency small on mine[0]\n\
         features small.conv1 on mine[0]\nsummary small on mine\n%who"
    );
    let outputs = bench.ok(&text);
    let data = &outputs[0].data;
    let keys: Vec<&String> = data.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["verb", "data", "shape", "classes", "train", "validation", "test", "by_class", "fingerprint", "left_out"]
    );
    let classes = ["eight", "five", "four", "nine", "one", "seven", "six", "three", "two", "zero"];
    assert_eq!((&data["data"], &data["shape"], &data["classes"]), (&json!("mine"), &json!([8, 8, 1]), &json!(classes)));
    assert_eq!((&data["train"], &data["test"], &data["left_out"]), (&json!(450), &json!(150), &json!([])));
    let by_class: Vec<Value> =
        classes.iter().map(|class| json!({ "class": class, "train": 45, "validation": 0, "test": 15 })).collect();
    assert_eq!(data["by_class"], json!(by_class));
    assert_eq!(data["validation"], json!(0));
    let (head, rest) = outputs[0].text.split_once('\n').unwrap();
    assert_eq!(head, "mine: 450 pictures to train on and 150 to test, 8x8x1, 10 classes");
    assert!(classes.iter().all(|class| rest.contains(class)) && rest.contains("45"), "{rest}");
    let tested = &outputs[3];
    assert!(tested.data["accuracy"].as_f64().unwrap() >= 0.9, "{}", tested.text);
    assert!(tested.text.contains("seven"), "the confusion has the folders' names: {}", tested.text);
    let said = &outputs[4].text;
    assert!(said.contains("3 pictures right") && said.contains("eight"), "{said}");
    assert_eq!(outputs[5].data["labels"], json!(["eight"]));
    let known = &outputs[9].data["data"][0];
    assert_eq!((&known["data"], &known["classes"], &known["train"]), (&json!("mine"), &json!(10), &json!(450)));
}

#[test]
fn a_net_learns_arrays() {
    let mut bench = Bench::new();
    arrays(&root(&bench));
    let (x, y) = (bench.path("x.npy"), bench.path("y.npy"));
    let text = format!(
        "data x = npy \"{x}\" labels \"{y}\" split 90/10\n{NET}train small on x for 4 epochs with adam(lr 0.005), batch 32\n\
         test small on x\npredict small on x[0..3]"
    );
    let outputs = bench.ok(&text);
    let data = &outputs[0].data;
    assert_eq!((&data["shape"], &data["train"], &data["test"]), (&json!([8, 8, 1]), &json!(1617), &json!(180)));
    assert_eq!(data["classes"].as_array().unwrap().len(), 10);
    let tested = outputs[3].data["accuracy"].as_f64().unwrap();
    assert!(tested >= 0.95, "{tested}");
    assert!(outputs[4].text.contains("3 of 3 pictures right"), "{}", outputs[4].text);
}

#[test]
fn built_in_data_says_how_many_there_are_of_a_class_as_data_only() {
    let mut bench = Bench::new();
    let digits = bench.ok("data digits").remove(0);
    assert_eq!(digits.text, "digits: 1437 pictures to train on and 360 to test, 8x8x1, 10 classes");
    let counts = digits.data["by_class"].as_array().unwrap();
    let sum = |part: &str| counts.iter().map(|class| class[part].as_u64().unwrap()).sum::<u64>();
    assert_eq!((counts.len(), sum("train"), sum("test")), (10, 1437, 360));
    assert_eq!(bench.ok("data scenes")[0].data["by_class"], json!([]), "a class a pixel");
}

#[test]
fn its_name_alone_shows_it_again_and_a_size_brings_it_to_another() {
    let mut bench = Bench::new();
    let folder = folder(&bench, 4);
    let first = bench.ok(&format!("data mine = images \"{folder}\" split 50/50")).remove(0);
    let again = bench.ok("data mine").remove(0);
    assert!(again.text.starts_with(&first.text), "{}", again.text);
    for (key, value) in first.data.as_object().unwrap() {
        assert_eq!(&again.data[key], value, "{key}");
    }
    // The values of twenty digits, and what they look like.
    assert_eq!((again.pictures.len(), &again.data["sizes"]), (1, &json!([[8, 8], [8, 8]])));
    let figure = |name: &str| again.data[name][0].as_f64().unwrap();
    assert!((0.2..0.4).contains(&figure("mean")) && (0.3..0.45).contains(&figure("deviation")), "{}", again.text);
    assert!(again.text.contains("values of the training part: mean 0.") && again.text.contains("files of 8x8"));
    let larger = bench.ok("data mine size 12x10\nshow mine[0]");
    assert_eq!(larger[0].data["shape"], json!([12, 10, 1]));
    assert_eq!(larger[0].data["train"], json!(20));
    let net = "net small = 8x8x1 - conv 4, softmax\ntest small on mine";
    assert!(bench.mistakes(net)[0].help.as_deref().unwrap().starts_with("`data mine size 8x8` before this"));
    bench.ok("%reset");
    assert_eq!(bench.mistakes("data mine")[0].stage, Stage::Names);
}

#[test]
fn names_that_are_taken_are_not_given() {
    let mut bench = Bench::new();
    let folder = folder(&bench, 2);
    let own = |name: &str| format!("data {name} = images \"{folder}\" split 50/50");
    for (before, name) in [("", "digits"), ("", "lenet"), ("net q = 8x8x1 - fc 4\n", "q")] {
        let text = format!("{before}{}", own(name));
        let mistake = bench.mistakes(&text).remove(0);
        assert_eq!((mistake.stage, &text[mistake.span().range()]), (Stage::Names, name));
        assert_eq!(mistake.mends[0].text, format!("my_{name}"));
    }
    let text = format!("{}\nnet mine = 8x8x1 - fc 4", own("mine"));
    let mistake = bench.mistakes(&text).remove(0);
    assert_eq!((&text[mistake.span().range()], mistake.mends[0].text.as_str()), ("mine", "my_mine"));
}

/// The only mistake of a text: the words it points at, and its message.
fn mistake(bench: &mut Bench, text: &str) -> (String, String) {
    let found = match bench.session.check("test", text) {
        Err(Failure::Mistakes(mistakes)) => mistakes,
        other => panic!("{text} gives {other:?}"),
    };
    let [mistake] = &found[..] else { panic!("{text}: {found:?}") };
    (text[mistake.span().range()].to_string(), mistake.message.clone())
}

#[test]
fn files_that_are_no_data_are_told_at_their_words_before_anything_runs() {
    let mut bench = Bench::new();
    let folder = folder(&bench, 3);
    arrays(&root(&bench));
    std::fs::write(bench.path("text.npy"), "no array").unwrap();
    ndarray_npy::write_npy(bench.path("few.npy"), &ndarray::arr1(&[1_i64, 2, 3])).unwrap();
    ndarray_npy::write_npy(bench.path("real.npy"), &ndarray::Array1::from_elem(1797, f32::NAN)).unwrap();
    pictures(&root(&bench).join("mixed"), "digits", &["a"], 2);
    pictures(&root(&bench).join("mixed"), "shapes", &["b"], 2);
    pictures(&root(&bench).join("broken"), "digits", &["a", "b"], 4);
    std::fs::write(bench.path("broken/b/odd.png"), "no picture").unwrap();
    pictures(&root(&bench).join("parted/train"), "digits", &["a", "b"], 4);
    pictures(&root(&bench).join("parted/test"), "digits", &["a", "b"], 4);
    let root = root(&bench);
    let path = |name: &str| format!("\"{}\"", root.join(name).display());
    let (x, y) = (path("x.npy"), path("y.npy"));
    let cases = [
        (format!("images {}", path("nowhere")), path("nowhere"), "no such folder"),
        (format!("images {x}"), x.clone(), "this is a file, not a folder"),
        (format!("images {}", path("mine/one")), path("mine/one"), "it holds 3 pictures and no folder"),
        (format!("images {}", path("mixed")), path("mixed"), "a net takes one size"),
        (format!("images {}", path("broken")), path("broken"), "odd.png"),
        (format!("images {} split 80/20", path("parted")), "80/20".to_string(), "split already"),
        (format!("images \"{folder}\" size 300x300"), "300x300".to_string(), "cannot be brought to 300x300"),
        (format!("npy {} labels {y}", path("nowhere.npy")), path("nowhere.npy"), "nowhere.npy"),
        (format!("npy {} labels {y}", path("text.npy")), path("text.npy"), "text.npy"),
        (format!("npy {x} labels {}", path("few.npy")), path("few.npy"), "3"),
        (format!("npy {x} labels {}", path("real.npy")), path("real.npy"), "real.npy"),
        (format!("npy {x} labels {y} shape 3x3"), "3x3".to_string(), "a sample has 64 values and cannot be 3x3"),
    ];
    for (source, words, message) in cases {
        let text = format!("seed 7\ndata mine = {source}");
        let (at, said) = mistake(&mut bench, &text);
        assert_eq!(at, words, "{text}: {said}");
        assert!(said.contains(message), "{text}: {said}");
    }
    let cut = bench.mistakes(&format!("data mine = images {} split 80/20", path("parted"))).remove(0);
    assert_eq!(cut.mends[0].text, "", "the split can be left out");
    assert_eq!(bench.mistakes(&format!("data x = npy {x} labels {y}\ndata x size 4x4")).len(), 1);
}

#[test]
fn a_check_reads_no_pixels_and_what_is_broken_is_left_out_if_asked() {
    let mut bench = Bench::new();
    let folder = folder(&bench, 6);
    let whole = std::fs::read(bench.path("mine/one/0.png")).unwrap();
    std::fs::write(bench.path("mine/one/0.png"), &whole[..whole.len() - 20]).unwrap();
    let text = format!("data mine = images \"{folder}\" split 50/50");
    assert!(bench.session.check("test", &text).is_ok(), "its head is whole");
    let found = bench.mistakes(&text).remove(0);
    assert_eq!(text[found.span().range()], format!("\"{folder}\""));
    assert!(found.message.contains("0.png"), "{}", found.message);
    let skipped = bench.ok(&format!("{text} skip broken")).remove(0);
    let left_out = skipped.data["left_out"].as_array().unwrap();
    assert!(left_out.len() == 1 && left_out[0].as_str().unwrap().contains("0.png"), "{left_out:?}");
    let count = |part: &str| skipped.data[part].as_u64().unwrap();
    assert_eq!(count("train") + count("test"), 59);
    assert!(skipped.text.contains("1 file left out"), "{}", skipped.text);
    // One part has a picture less than the check knew.
    let part = if count("train") < 30 { ".train" } else { "" };
    assert_eq!(bench.ok(&format!("show mine{part}"))[0].data["labels"].as_array().unwrap().len(), 29);
    let text = format!("show mine{part}[29]");
    let gone = bench.mistakes(&text).remove(0);
    assert_eq!((gone.stage, &text[gone.span().range()]), (Stage::Values, &text[5..]));
}

#[test]
fn a_file_that_goes_between_check_and_run_is_told_at_its_folder() {
    let mut bench = Bench::new();
    let folder = folder(&bench, 3);
    let text = format!("note \"first\"\ndata mine = images \"{folder}\" split 50/50\nshow mine");
    let gone = bench.path("mine/two/1.png");
    let ended = bench.session.run("test", &text, &mut |event| {
        // The first statement runs: all have been checked.
        if matches!(event, Event::Begin { .. }) && Path::new(&gone).exists() {
            std::fs::remove_file(&gone).unwrap();
        }
    });
    let Err(Failure::Mistakes(mistakes)) = ended else { panic!("{ended:?}") };
    assert_eq!(text[mistakes[0].span().range()], format!("\"{folder}\""));
    assert!(mistakes[0].message.contains("1.png") && mistakes[0].help.is_some(), "{}", mistakes[0].message);
    assert_eq!(bench.mistakes("show mine")[0].stage, Stage::Names, "the statement that failed declared nothing");
}

#[test]
fn a_folder_that_grew_is_read_anew_by_its_statement() {
    let mut bench = Bench::new();
    let folder = folder(&bench, 3);
    let text = format!("data mine = images \"{folder}\" split 50/50");
    let count = |outputs: &[fovea::event::Output]| {
        outputs[0].data["train"].as_u64().unwrap() + outputs[0].data["test"].as_u64().unwrap()
    };
    assert_eq!(count(&bench.ok(&text)), 30);
    pictures(&root(&bench).join("mine"), "digits", &DIGITS, 5);
    assert_eq!(count(&bench.ok("data mine")), 30, "as it was declared");
    assert_eq!(count(&bench.ok(&text)), 50);
}

#[test]
fn more_than_the_memory_holds_is_read_as_it_is_needed() {
    let mut bench = Bench::new();
    let x = bench.path("x.npy");
    let write = |order: &str| {
        let file = std::fs::File::create(&x).unwrap();
        let header = format!("{{'descr': '|u1', 'fortran_order': {order}, 'shape': (250000, 1000, 1000), }}");
        let header = format!("{header:<117}\n");
        std::io::Write::write_all(&mut &file, &[b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes()].concat()).unwrap();
        file.set_len(128 + 250_000 * 1000 * 1000).unwrap();
    };
    let labels: Vec<u8> = (0..250_000).map(|i| (i % 2) as u8).collect();
    ndarray_npy::write_npy(bench.path("y.npy"), &ndarray::Array1::from(labels)).unwrap();
    let text = format!("data x = npy \"{}\" labels \"{}\"", bench.path("x.npy"), bench.path("y.npy"));
    // A terabyte, once these are numbers of 32 bits: no more than a part of it is ever in memory.
    write("False");
    assert!(bench.session.check("test", &text).is_ok());
    // Samples that lie all over the file cannot be read so.
    write("True");
    let refused = bench.mistakes(&text).remove(0);
    assert_eq!(&text[refused.span().range()], &text[13..][..bench.path("x.npy").len() + 2]);
    assert!(refused.message.contains("Fortran order"), "{}", refused.message);
}

#[test]
fn samples_that_are_no_pictures_are_learned_too() {
    let mut bench = Bench::new();
    // Two kinds of line, of 16 values in 2 channels.
    let line = |(n, at, channel): (usize, usize, usize)| ((at * (1 + n % 2) + channel) as f32 / 2.0).sin();
    ndarray_npy::write_npy(bench.path("x.npy"), &ndarray::Array3::from_shape_fn((80, 16, 2), line)).unwrap();
    let kinds: Vec<i32> = (0..80).map(|n| n % 2).collect();
    ndarray_npy::write_npy(bench.path("y.npy"), &ndarray::Array1::from(kinds)).unwrap();
    let (x, y) = (bench.path("x.npy"), bench.path("y.npy"));
    let outputs = bench.ok(&format!(
        "data lines = npy \"{x}\" labels \"{y}\" shape 16x2\nnet q = 16x2 - conv 4 size 3 - relu - pool 2, softmax\n\
         train q on lines for 30 epochs with adam(lr 0.01), batch 16\ntest q on lines\npredict q on lines[0..2]"
    ));
    assert_eq!(outputs[0].text.lines().next(), Some("lines: 64 samples to train on and 16 to test, 16x2, 2 classes"));
    assert_eq!(outputs[3].data["accuracy"], json!(1.0));
    assert_eq!(outputs[4].data["classes"].as_array().unwrap().len(), 2);
    let shown = bench.mistakes("show lines[0]").remove(0);
    assert!(shown.message.contains("16x2"), "{}", shown.message);
}

#[test]
fn a_class_a_pixel_comes_of_arrays() {
    let mut bench = Bench::new();
    let images = ndarray::Array3::from_shape_fn((40, 8, 8), |(n, y, x)| ((n + y + x) % 7) as u8 * 36);
    let maps = images.mapv(|value| u8::from(value > 100));
    ndarray_npy::write_npy(bench.path("x.npy"), &images).unwrap();
    ndarray_npy::write_npy(bench.path("y.npy"), &maps).unwrap();
    let (x, y) = (bench.path("x.npy"), bench.path("y.npy"));
    let outputs = bench.ok(&format!(
        "data cells = npy \"{x}\" labels \"{y}\"\nnet q = 8x8x1 - conv 8 1x1 - relu - conv 2 1x1 - softmax\n\
         train q on cells for 30 epochs with adam(lr 0.02), batch 16\ntest q on cells\nshow cells[0]"
    ));
    assert!(outputs[3].data["accuracy"].as_f64().unwrap() > 0.95, "{}", outputs[3].text);
}

#[test]
fn a_missing_folder_is_told_by_check_at_its_words() {
    let place = Place::new();
    let text = "data pets = images \"pets/\" size 16x16\n";
    place.write("pets.fov", text);
    let check = place.run(&["check", "pets.fov"]);
    assert_eq!(check.status, Some(1));
    assert!(check.err.contains("pets.fov:1:20") && check.err.contains("no such folder"), "{}", check.err);
    support::own::examples(place.path());
    let check = place.run(&["check", "pets.fov"]);
    assert_eq!((check.status, place.files().iter().any(|file| file.starts_with("runs"))), (Some(0), false));
    let formatted = place.run(&["fmt", "pets.fov", "--check"]);
    assert_eq!(formatted.status, Some(0), "{}", formatted.err);
}

#[test]
fn data_is_written_out_as_pictures_and_nets_as_weights() {
    let mut bench = Bench::new();
    let folder = bench.path("pictures");
    let saved = bench.ok(&format!("data small = digits[0..60]\nsave small \"{folder}\"")).remove(1);
    assert_eq!((saved.text.as_str(), &saved.data["pictures"]), ("small: 60 pictures of 10 classes saved", &json!(60)));
    let read = bench.ok(&format!("data mine = images \"{folder}\"")).remove(0);
    assert_eq!(read.data["classes"], json!(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]));
    let again = format!("save small \"{folder}\"");
    let refused = bench.mistakes(&again).remove(0);
    assert_eq!(&again[refused.span().range()], format!("\"{folder}\""));
    assert!(refused.message.contains("something in it already"), "{}", refused.message);
}
