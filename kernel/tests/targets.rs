//! What nets are trained toward, from files to tested nets: themselves, numbers, several classes at once, masks.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::path::Path;

use fovea_data::{DataSource, DataSpec};
use fovea_graph::philox::{Purpose, Stream};
use ndarray::{Array1, Array2, Array3, Array4, Axis};
use ndarray_npy::{WritableElement, write_npy};
use support::bench::Bench;

fn write<A: WritableElement, D: ndarray::Dimension>(bench: &Bench, name: &str, array: &ndarray::Array<A, D>) -> String {
    let path = bench.path(name);
    write_npy(Path::new(&path), array).unwrap();
    path
}

fn number(data: &serde_json::Value, key: &str) -> f64 {
    data[key].as_f64().unwrap_or_else(|| panic!("no {key} in {data}"))
}

/// Pictures 12x12x1 with spots of 2x2 in cells that do not touch, and how many there are.
fn spots(count: usize) -> (Array4<f32>, Array1<f32>) {
    let mut pictures = Array4::zeros((count, 12, 12, 1));
    let mut counts = Array1::zeros(count);
    for i in 0..count {
        let draw = Stream::new(1, Purpose::Data, i as u32);
        let cells = draw.permutation(16);
        let spots = draw.below(100, 7) as usize;
        for &cell in &cells[..spots] {
            let (y, x) = (3 * (cell / 4), 3 * (cell % 4));
            pictures.slice_mut(ndarray::s![i, y..y + 2, x..x + 2, 0]).fill(1.0);
        }
        counts[i] = spots as f32;
    }
    (pictures, counts)
}

#[test]
fn a_regression_counts_spots() {
    let mut bench = Bench::new();
    let (pictures, counts) = spots(240);
    let (x, y) = (write(&bench, "x.npy", &pictures), write(&bench, "y.npy", &counts));
    let outputs = bench.ok(&format!(
        "data spots = npy \"{x}\" labels \"{y}\"\n\
         net counter = 12x12x1 - conv 4 - relu - pool - conv 8 - relu - pool avg global - fc 1\n\
         train counter on spots for 30 epochs with adam(lr 0.01), batch 16, loss huber\n\
         test counter on spots\npredict counter on spots[0..3]\nsave counter \"{}\"",
        bench.path("counter.safetensors")
    ));
    assert!(outputs[0].text.starts_with("spots: 192 pictures to train on and 48 to test, 12x12x1, 1 number a sample"));
    let epochs = outputs[2].data["epochs"].as_array().unwrap();
    assert!(epochs[29]["rmse"].as_f64().unwrap() < epochs[0]["rmse"].as_f64().unwrap(), "{}", outputs[2].text);
    assert!(outputs[2].text.contains("test RMSE"), "{}", outputs[2].text);
    let tested = &outputs[3].data;
    // The counts are spread by 2: a net that has learnt nothing is as far off.
    assert!(number(tested, "rmse") < 0.3 && number(tested, "r2") > 0.97, "{}", outputs[3].text);
    assert!(tested.get("accuracy").is_none() && tested.get("confusion").is_none(), "{tested}");
    assert!(outputs[3].text.contains("RMSE 0.") && outputs[3].text.contains("R² 0.9"), "{}", outputs[3].text);
    assert_eq!(outputs[3].pictures[0].name, "scatter");
    let said = outputs[4].data["values"].as_array().unwrap();
    assert_eq!((said.len(), said[0].as_array().unwrap().len()), (3, 1));
    assert!(outputs[4].text.contains("; is "), "{}", outputs[4].text);
    // What it was trained toward goes with its weights.
    let again = bench.ok(&format!("load counter \"{}\"\ntest counter on spots", bench.path("counter.safetensors")));
    assert_eq!(again[1].data["rmse"], tested["rmse"]);
}

/// Pictures 12x12x1 with any of a bar across, a bar down and a block, somewhere; and which of them.
fn patterns(count: usize) -> (Array4<f32>, Array2<u8>) {
    let mut pictures = Array4::zeros((count, 12, 12, 1));
    let mut there = Array2::zeros((count, 3));
    for i in 0..count {
        let draw = Stream::new(2, Purpose::Data, i as u32);
        let at = |n: u64, below: u64| draw.below(n, below) as usize;
        for kind in 0..3 {
            if at(kind, 2) == 0 {
                continue;
            }
            there[[i, kind as usize]] = 1;
            let (y, x) = (at(10 + kind, 5), at(20 + kind, 5));
            let (tall, wide) = [(1, 7), (7, 1), (3, 3)][kind as usize];
            pictures.slice_mut(ndarray::s![i, y..y + tall, x..x + wide, 0]).fill(1.0);
        }
    }
    (pictures, there)
}

#[test]
fn a_net_tells_several_classes_at_once() {
    let mut bench = Bench::new();
    let (pictures, there) = patterns(400);
    let (x, y) = (write(&bench, "x.npy", &pictures), write(&bench, "y.npy", &there));
    let outputs = bench.ok(&format!(
        "data marks = npy \"{x}\" labels \"{y}\"\n\
         net n = 12x12x1 - conv 8 - relu - conv 12 - relu - pool - conv 12 - relu - pool max global - fc 3 - sigmoid\n\
         train n on marks for 20 epochs with adam(lr 0.01), batch 16\ntest n on marks\npredict n on marks[0..2]"
    ));
    assert!(outputs[0].text.contains("any of 3 classes at"), "{}", outputs[0].text);
    let tested = &outputs[3].data;
    let f1: Vec<f64> = tested["f1"].as_array().unwrap().iter().map(|f1| f1.as_f64().unwrap()).collect();
    assert!(f1.len() == 3 && f1.iter().all(|&f1| f1 > 0.9), "{}", outputs[3].text);
    assert!(number(tested, "accuracy") > 0.93 && number(tested, "exact") > 0.8, "{tested}");
    assert_eq!(tested["precision"].as_array().unwrap().len(), 3);
    assert!(outputs[3].text.contains("mean F1") && outputs[3].text.contains("recall"), "{}", outputs[3].text);
    assert!(outputs[2].data["epochs"][0]["mean_f1"].is_f64(), "{}", outputs[2].data);
    assert_eq!(outputs[4].data["probabilities"].as_array().unwrap().len(), 2);
}

#[test]
fn an_autoencoder_takes_noise_away() {
    let mut bench = Bench::new();
    let outputs = bench.ok("net coder = 8x8x1 - fc 48 - relu - fc 64 - sigmoid\n\
         train coder on digits for 12 epochs with adam(lr 0.005) toward itself, batch 32, noise 0.3\n\
         test coder on digits\npredict coder on digits[0..4]");
    let tested = &outputs[2].data;
    // The noise itself is 0.3.
    assert!(number(tested, "rmse") < 0.17, "{}", outputs[2].text);
    assert!(tested.get("r2").is_none() && tested.get("accuracy").is_none(), "{tested}");
    assert!(outputs[2].pictures[0].alt.contains("gives back"), "{}", outputs[2].pictures[0].alt);
    let clean: Vec<f64> = outputs[3].data["rmse"].as_array().unwrap().iter().map(|e| e.as_f64().unwrap()).collect();
    assert!(clean.len() == 4 && clean.iter().all(|&error| error < 0.17), "{clean:?}");
    assert_eq!(outputs[3].pictures.len(), 1);
}

/// Scenes 24x32 with their classes, whose border belongs to none.
fn masks(bench: &Bench, count: usize) -> [String; 2] {
    let scenes = DataSpec::open("scenes", DataSource::Scenes { seed: 0 }, Some([24, 32])).unwrap().load().unwrap();
    let indices: Vec<usize> = (0..count).collect();
    let pictures = scenes.images.held().unwrap().select(Axis(0), &indices);
    let labels: Vec<u8> = indices
        .iter()
        .flat_map(|&i| scenes.labels.of(i, &fovea_graph::Never).unwrap())
        .map(|label| label as u8)
        .collect();
    let mut labels = Array3::from_shape_vec((count, 24, 32), labels).unwrap();
    labels.slice_mut(ndarray::s![.., 0, ..]).fill(255);
    labels.slice_mut(ndarray::s![.., .., 0]).fill(255);
    [write(bench, "x.npy", &pictures), write(bench, "m.npy", &labels)]
}

const UNET: &str = "net u = 24x32x3 - [conv {12,24} - bn - relu as e - pool]^2 - conv 32 - bn - relu\n    \
                    - [concat(deconv {24,12} 2x2/2 | e{2,1}) - conv {24,12} - bn - relu]^2 - conv 6 1x1 - softmax\n";

#[test]
fn a_u_net_learns_masks_and_passes_over_what_is_ignored() {
    let mut bench = Bench::new();
    let [x, m] = masks(&bench, 120);
    let outputs = bench.ok(&format!(
        "data land = npy \"{x}\" labels \"{m}\"\n{UNET}\
         train u on land for 6 epochs with adam(lr 0.01), batch 8, schedule cosine, ignore 255\ntest u on land\n\
         predict u on land[0..2]"
    ));
    assert!(outputs[0].text.contains("255"), "{}", outputs[0].text);
    let tested = &outputs[3].data;
    let iou = tested["iou"].as_array().unwrap();
    assert!(iou.len() == 6 && number(tested, "mean_iou") > 0.5, "{}", outputs[3].text);
    // Nothing of the border is counted: 24 test pictures of 23 x 31.
    let counted: u64 = tested["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(counted, 24 * 23 * 31);
    assert!(outputs[2].text.contains("test mean IoU"), "{}", outputs[2].text);
    let wrong = bench.mistakes("train u on land for 1 epochs, batch 8");
    assert!(wrong[0].message.contains("a label 255 of 6 classes: `ignore 255` leaves it out"), "{wrong:?}");
}

#[test]
fn regions_can_be_trained_by_how_they_cover_each_other() {
    let mut bench = Bench::new();
    let [x, m] = masks(&bench, 40);
    let outputs = bench.ok(&format!(
        "data land = npy \"{x}\" labels \"{m}\"\n{UNET}\
         train u on land for 3 epochs with adam(lr 0.01), batch 8, loss dice, ignore 255\ntest u on land"
    ));
    let epochs = outputs[2].data["epochs"].as_array().unwrap();
    assert!(number(&epochs[2], "loss") < number(&epochs[0], "loss") && number(&epochs[0], "loss") < 1.0);
}

#[test]
fn weights_and_smoothing_change_the_training_and_not_the_test() {
    let mut bench = Bench::new();
    let net = "net q = 8x8x1 - fc 16 - relu, softmax\n";
    let train = |more: &str| format!("{net}train q on digits for 2 epochs, batch 64, seed 3{more}\ntest q on digits");
    let plain = bench.ok(&train(""));
    let balanced = bench.ok(&train(", weights balanced"));
    let smooth = bench.ok(&train(", smooth 0.2"));
    let loss = |outputs: &[fovea::event::Output]| number(&outputs[1].data["epochs"][1], "loss");
    assert!(loss(&plain) != loss(&balanced) && loss(&smooth) > loss(&plain));
    let tested = &plain[2].data;
    assert_eq!(tested["f1"].as_array().unwrap().len(), 10);
    assert!(number(tested, "top5") >= number(tested, "accuracy"));
    let ignoring = bench.ok(&train(", ignore 9"));
    let row: Vec<u64> = serde_json::from_value(ignoring[2].data["confusion"][9].clone()).unwrap();
    assert_eq!(row, [0; 10]);
}

#[test]
fn a_run_that_takes_noise_away_goes_on_to_the_same_bits() {
    let mut bench = Bench::new();
    let net = "net coder = 8x8x1 - fc 16 - relu - fc 64\n";
    let clauses = "toward itself, batch 64, noise 0.2, seed 5";
    bench.ok(&format!("{net}train coder on digits for 2 epochs {clauses}"));
    let whole = bench.ok(&format!("train coder on digits for 4 epochs {clauses}"));
    let resumed = bench.ok("train coder on digits for 4 epochs resume run 1");
    assert_eq!(whole[0].data["epochs"][3]["loss"], resumed[0].data["epochs"][3]["loss"]);
    let wrong = bench.mistakes("train coder on digits for 6 epochs resume run 1, noise 0.3");
    assert!(wrong[0].message.contains("run 1 began with `noise 0.2`"), "{wrong:?}");
    let wrong = bench.mistakes("train coder on digits resume run 1, loss l1");
    assert!(wrong[0].message.contains("run 1 began without `loss`"), "{wrong:?}");
}

#[test]
fn samples_without_labels_are_predicted_and_given_back() {
    let mut bench = Bench::new();
    let (pictures, _) = spots(60);
    let x = write(&bench, "x.npy", &pictures);
    let outputs = bench.ok(&format!(
        "data spots = npy \"{x}\"\nnet coder = 12x12x1 - fc 8 - relu - fc 144\n\
         train coder on spots for 2 epochs with adam toward itself, batch 16\npredict coder on spots[0..3]\n\
         net told = 12x12x1 - fc 8 - relu, softmax 4\npredict told on spots[0..2]"
    ));
    assert!(
        outputs[0].text.contains("60 pictures to train on and 0 to test, 12x12x1, no labels"),
        "{}",
        outputs[0].text
    );
    assert_eq!(outputs[3].data["rmse"].as_array().unwrap().len(), 3);
    assert_eq!(outputs[5].data["probabilities"].as_array().unwrap().len(), 2);
}

/// What is said of a program that does not fit, each with both shapes or ends and the mend.
#[test]
fn a_net_and_a_target_that_do_not_fit_say_so() {
    let mut bench = Bench::new();
    let (pictures, counts) = spots(20);
    let (_, there) = patterns(20);
    let (x, y) = (write(&bench, "x.npy", &pictures), write(&bench, "y.npy", &counts));
    let z = write(&bench, "z.npy", &there);
    bench.ok(&format!(
        "data bare = npy \"{x}\"\ndata ages = npy \"{x}\" labels \"{y}\"\ndata tags = npy \"{x}\" labels \"{z}\"\n\
         net seven = 12x12x1 - fc 7\nnet three = 12x12x1 - fc 3\nnet classes = 12x12x1 - fc 3 - relu, softmax 4\n\
         net yes = 12x12x1 - fc 3 - sigmoid\nnet q = 8x8x1 - fc 4 - relu, softmax 10"
    ));
    let cases = [
        ("train seven on ages", "`seven` gives 7, and the labels of `ages` are 1", "end the net with `fc 1`"),
        (
            "train seven on bare toward itself",
            "`seven` gives 7, and the samples of `bare` are 12x12x1",
            "`fc 144`, or with a map of 12x12x1",
        ),
        ("train yes on bare toward itself", "`yes` gives 3, and the samples", "`fc 144 - sigmoid`"),
        ("train classes on bare", "`bare` has no labels to train toward", "`toward itself` trains an autoencoder"),
        ("train three on tags", "`tags` has any of 3 classes at once, and `three` ends in fc", "`fc 3 - sigmoid`"),
        ("train q on digits, loss huber", "`loss mse`, `l1` and `huber` measure numbers", "leave it out"),
        ("train three on ages, weights balanced", "`weights balanced` is for", "leave it out"),
        ("train three on ages, ignore 3", "`ignore` leaves out labels that are classes", "leave it out"),
        ("train three on ages, smooth 0.1", "`smooth` is for", "leave it out"),
        ("train q on digits, noise 0.2", "`noise` is what a net learns to take away", "`toward itself, noise 0.2`"),
        ("train q on digits, smooth 1.5", "1.5 is not a share above 0 and below 1", ""),
        ("train q on digits toward nothing", "`toward`", "`itself`"),
        ("train q on digits, loss hinge", "there is no loss `hinge`", ""),
    ];
    for (text, message, help) in cases {
        let wrong = &bench.mistakes(text)[0];
        let all = format!("{} {:?}", wrong.message, wrong);
        assert!(wrong.message.contains(message), "{text}: {}", wrong.message);
        assert!(all.contains(help), "{text}: {all}");
    }
}
