//! What nets say of files whatever they were trained toward, and tables whose labels are numbers, from the text on.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use ndarray::{Array2, Array3, Array4};
use ndarray_npy::write_npy;
use support::bench::Bench;

/// Twenty pictures 8x8x1, of two numbers each, any of two classes at once, and one of two classes at every position.
fn files(bench: &Bench) -> [String; 4] {
    let [x, n, k, m] = ["x.npy", "n.npy", "k.npy", "m.npy"].map(|name| bench.path(name));
    let value = |n: usize, at: usize| ((n * 31 + at * 17) % 23) as f32 / 23.0;
    write_npy(&x, &Array4::from_shape_fn((20, 8, 8, 1), |(n, y, x, _)| value(n, 8 * y + x))).unwrap();
    write_npy(&n, &Array2::from_shape_fn((20, 2), |(n, at)| value(n, at) + 0.01)).unwrap();
    write_npy(&k, &Array2::from_shape_fn((20, 2), |(n, at)| u8::from(value(n, at) > 0.5))).unwrap();
    write_npy(&m, &Array3::from_shape_fn((20, 8, 8), |(n, y, x)| u8::from(value(n, 8 * y + x) > 0.5))).unwrap();
    [x, n, k, m]
}

#[test]
fn files_are_told_by_nets_that_end_in_anything() {
    let mut bench = Bench::new();
    let [x, n, k, m] = files(&bench);
    let mut told = |labels: &str, end: &str, toward: &str| {
        let data = if labels.is_empty() { String::new() } else { format!(" labels \"{labels}\"") };
        let outputs = bench.ok(&format!(
            "data d = npy \"{x}\"{data}\nnet q = 8x8x1 - conv 2 - relu - {end}\ntrain q on d for 1 epochs batch 8{toward}\n\
             predict q on \"{x}\" save \"{}\"",
            bench.path("said.npy")
        ));
        let saved: ndarray::ArrayD<f32> = ndarray_npy::read_npy(bench.path("said.npy")).unwrap();
        assert_eq!(saved.shape()[0], 20);
        outputs.into_iter().next_back().unwrap()
    };
    let numbers = told(&n, "fc 2", "");
    assert_eq!(numbers.data["values"][19].as_array().unwrap().len(), 2);
    assert!(numbers.text.contains("x.npy[0]: ") && !numbers.text.contains("; is"), "{}", numbers.text);
    assert_eq!(numbers.pictures.len(), 1);
    let several = told(&k, "fc 2 - sigmoid", "");
    assert_eq!(several.data["probabilities"][0].as_array().unwrap().len(), 2);
    assert!(several.text.contains("any of 2 classes at once") && several.text.contains('%'), "{}", several.text);
    assert_eq!((several.data["classes"].as_array().unwrap().len(), several.pictures.len()), (20, 1));
    let itself = told("", "fc 64 - sigmoid", " toward itself");
    assert_eq!((itself.data["rmse"].as_array().unwrap().len(), itself.pictures.len()), (20, 1));
    for end in ["conv 2 1x1 - softmax", "conv 1 1x1 - sigmoid"] {
        let maps = told(&m, end, "");
        assert_eq!(maps.data["classes"][0].as_array().unwrap().len(), 64, "{end}");
        assert_eq!(maps.pictures[0].name, "maps");
    }
}

/// A net that was never trained has no names to give: its numbers are told.
#[test]
fn an_untrained_net_tells_its_numbers() {
    let mut bench = Bench::new();
    let [x, ..] = files(&bench);
    let outputs = bench.ok(&format!("net q = 8x8x1 - fc 1 - sigmoid\npredict q on \"{x}\""));
    assert_eq!(outputs[1].data["values"][0].as_array().unwrap().len(), 1);
}

#[test]
fn a_table_of_numbers_is_learnt_and_so_are_columns_of_yes_and_no() {
    let mut bench = Bench::new();
    let path = bench.path("houses.csv");
    support::own::houses(std::path::Path::new(&path));
    let outputs = bench.ok(&format!(
        "data houses = csv \"{path}\" labels column \"price\"\nnet h = 4 - fc 1\n\
         train h on houses for 60 epochs with adam(lr 0.05), batch 16\ntest h on houses\npredict h on houses[0..2]"
    ));
    assert!(outputs[0].text.contains("1 number a sample"), "{}", outputs[0].text);
    assert!(outputs[3].data["r2"].as_f64().unwrap() > 0.95, "{}", outputs[3].text);
    let outputs = bench.ok(&format!(
        "data what = csv \"{path}\" labels column \"garden\", \"cellar\"\nnet w = 3 - fc 8 - relu - fc 2 - sigmoid\n\
         train w on what for 60 epochs with adam(lr 0.02), batch 16\ntest w on what"
    ));
    let tested = &outputs[3];
    assert!(tested.text.contains("garden") && tested.text.contains("AUC"), "{}", tested.text);
    assert!(tested.data["auc"].as_array().unwrap().iter().all(|area| area.as_f64().unwrap() > 0.9), "{}", tested.data);
    let outputs = bench.ok(&format!(
        "data whole = csv \"{path}\"\nnet a = 5 - fc 2 - fc 5\ntrain a on whole for 1 epochs batch 16 toward itself"
    ));
    assert!(outputs[0].text.contains("120") && outputs[2].data["epochs"][0]["loss"].is_f64(), "{}", outputs[0].text);
}
