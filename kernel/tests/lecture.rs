//! What the lecture shows on small things: the pooling slide, saliency, the library's texts, nets that data completes.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::path::Path;

use fovea::event::Output;
use fovea_data::DataSpec;
use fovea_graph::Tensor;
use fovea_train::Weights;
use serde_json::json;
use support::bench::Bench;

/// The pooling slide's numbers.
const SLIDE: &str = "pool [0 1 4 9; 3 2 5 8; 1 2 3 1; 3 1 7 4]";

/// The last result of a text.
fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

#[test]
fn the_pooling_slide() {
    let mut bench = Bench::new();
    let output = last(&mut bench, SLIDE);
    assert_eq!((&output.data["verb"], &output.data["takes"]), (&json!("pool"), &json!("max")));
    assert_eq!(output.data["output"], json!([[3.0, 9.0], [3.0, 7.0]]));
    assert_eq!(output.data["image"][1], json!([3.0, 2.0, 5.0, 8.0]));
    assert_eq!((&output.data["window"], &output.data["stride"]), (&json!([2, 2]), &json!([2, 2])));
    for words in [
        "a 4x4 image, max pooled by 2x2: 2x2",
        "height and width: (4 − 2)/2 + 1 = 2",
        "3 9\n3 7",
        "row 0, column 0: max(0, 1, 3, 2) = 3",
        "row 1, column 1: max(3, 1, 7, 4) = 7",
    ] {
        assert!(output.text.contains(words), "{words} in {}", output.text);
    }
    let svg = &output.pictures[0].svg;
    assert!((1..=4).all(|step| svg.contains(&format!(">step {step}<"))) && !svg.contains(">step 5<"));
    assert!(svg.contains(">max<") && !svg.contains(">filter"), "no filter is drawn");

    let mean = last(&mut bench, &format!("{SLIDE} avg"));
    assert_eq!(mean.data["output"], json!([[1.5, 6.5], [1.75, 3.75]]));
    assert!(mean.text.contains("row 0, column 1: (4 + 9 + 5 + 8)/4 = 6.5"), "{}", mean.text);
}

#[test]
fn two_pictures_pool_to_one_map() {
    let mut bench = Bench::new();
    let output = last(&mut bench, SLIDE);
    assert_eq!(
        output.data["alike"],
        json!([[2.0, 3.0, 8.0, 5.0], [1.0, 0.0, 9.0, 4.0], [1.0, 3.0, 4.0, 7.0], [2.0, 1.0, 1.0, 3.0]])
    );
    assert!(output.text.contains("another picture that pools to the same\n"), "{}", output.text);
    let svg = &output.pictures[1].svg;
    assert!(["the picture", "another", "the map of both"].iter().all(|caption| svg.contains(caption)));
    // Whatever the window, and windows cut off at the edges: both give the same.
    for clauses in ["", "avg", "1x2", "3x3 ceil", "2x2 pad 1", "2x3 avg same", "1x1/2", "2x2/3"] {
        let text = |matrix: &str| format!("pool {matrix} {clauses}");
        let output = last(&mut bench, &text("[0 1 4 9; 3 2 5 8; 1 2 3 1; 3 1 7 4]"));
        let other = &output.data["alike"];
        if clauses == "1x1/2" {
            assert!(other.is_null(), "a window of one number has one arrangement");
            continue;
        }
        let row = |row: &serde_json::Value| {
            row.as_array().unwrap().iter().map(|n| n.to_string()).collect::<Vec<_>>().join(" ")
        };
        let rows: Vec<String> = other.as_array().unwrap().iter().map(row).collect();
        assert_ne!(*other, output.data["image"], "{clauses}");
        let again = last(&mut bench, &text(&format!("[{}]", rows.join("; "))));
        assert_eq!(again.data["output"], output.data["output"], "{clauses}");
    }
    // Where windows overlap a number belongs to several, and places are not all forgotten.
    let overlapping = last(&mut bench, &format!("{SLIDE} 3x3/1"));
    assert!(overlapping.data["alike"].is_null() && overlapping.pictures.len() == 1);
    assert!(last(&mut bench, "pool [1 1; 1 1]").data["alike"].is_null());
}

#[test]
fn pooling_has_the_layers_window_stride_padding_and_rounding() {
    let mut bench = Bench::new();
    let mut gives = |clauses: &str, words: &str, rows: serde_json::Value| {
        let output = last(&mut bench, &format!("{SLIDE} {clauses}"));
        assert_eq!(output.data["output"], rows, "{clauses}");
        assert!(output.text.contains(words), "{clauses}: {}", output.text);
    };
    gives("3x3/1", "(4 − 3)/1 + 1 = 2", json!([[5.0, 9.0], [7.0, 8.0]]));
    gives("2x1 /2", "width: ⌊(4 − 1)/2⌋ + 1 = 2", json!([[3.0, 5.0], [3.0, 7.0]]));
    gives("size 3 ceil", "⌈(4 − 3)/3⌉ + 1 = 2", json!([[5.0, 9.0], [7.0, 4.0]]));
    gives("3x3/2 pad 1 max", "⌊(4 + 2·1 − 3)/2⌋ + 1 = 2", json!([[3.0, 9.0], [3.0, 8.0]]));
    // Padding is left out of the mean: four numbers of nine.
    gives(
        "3x3/2 pad 1 avg",
        "row 0, column 0: (0 + 1 + 3 + 2)/4 = 1.5",
        json!([[1.5, 29.0f32 / 6.0], [2.0, 33.0f32 / 9.0]]),
    );
    let wide = &bench.mistakes(&format!("{SLIDE} 5x5"))[0];
    assert_eq!(wide.message, "the window is larger than the image: along the height it covers 5, and the image has 4");
}

/// The gradients that a statement saves.
fn gradients(bench: &mut Bench, text: &str) -> Tensor {
    let file = bench.path("gradients.npy");
    last(bench, &format!("{text} save \"{file}\""));
    ndarray_npy::read_npy(Path::new(&file)).unwrap()
}

/// Two layers by hand, in f64: the score of a class for a raw picture.
fn score(weights: &Weights, raw: &[f64], class: usize) -> f64 {
    let [hidden, hidden_bias, out, out_bias] = [0, 1, 2, 3].map(|at| &weights.tensors[at].1);
    let standard = weights.standardisation.as_ref().unwrap();
    let (mean, deviation) = (f64::from(standard.mean[0]), f64::from(standard.deviation[0]));
    let x: Vec<f64> = raw.iter().map(|pixel| (pixel - mean) / deviation).collect();
    let product = |row: ndarray::ArrayViewD<'_, f32>, x: &[f64], bias: f32| {
        row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum::<f64>() + f64::from(bias)
    };
    let h: Vec<f64> = hidden.outer_iter().zip(hidden_bias).map(|(row, &bias)| product(row, &x, bias).tanh()).collect();
    product(out.index_axis(ndarray::Axis(0), class), &h, out_bias[class])
}

#[test]
fn saliency_is_the_slope_of_the_score() {
    let mut bench = Bench::new();
    let file = bench.path("q.safetensors");
    bench.ok(&format!(
        "net q = 8x8x1 - fc 6 - tanh, softmax 10\ntrain q on digits for 1 epochs with sgd(lr 0.03)\nsave q \"{file}\""
    ));
    let weights = Weights::load(&file).unwrap();
    let found = gradients(&mut bench, "saliency q on digits[0..3] class 3");
    assert_eq!(found.shape(), [3, 8, 8, 1]);
    let data = DataSpec::of_builtin("digits").unwrap().load().unwrap();
    for (picture, &at) in data.test[..3].iter().enumerate() {
        let raw: Vec<f64> = data
            .images
            .held()
            .unwrap()
            .index_axis(ndarray::Axis(0), at)
            .iter()
            .map(|&value| f64::from(value))
            .collect();
        for (pixel, &slope) in found.index_axis(ndarray::Axis(0), picture).iter().enumerate() {
            let moved = |by: f64| {
                let mut raw = raw.clone();
                raw[pixel] += by;
                score(&weights, &raw, 3)
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((f64::from(slope) - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{slope}, {expected}");
        }
    }
}

#[test]
fn saliency_says_what_it_looked_at() {
    let mut bench = Bench::new();
    bench.ok("net q = 8x8x1 - conv 4 - relu - pool, softmax 10\ntrain q on digits for 2 epochs with sgd(lr 0.03)");
    let predicted = last(&mut bench, "predict q on digits[0..3]").data["classes"].clone();
    let output = last(&mut bench, "saliency q on digits[0..3]");
    assert_eq!((&output.data["verb"], &output.data["classes"]), (&json!("saliency"), &predicted), "the likeliest");
    assert_eq!(output.data["samples"], json!(["digits[0]", "digits[1]", "digits[2]"]));
    let maps = output.data["maps"].as_array().unwrap();
    assert_eq!((maps.len(), maps[0].as_array().unwrap().len(), maps[0][0].as_array().unwrap().len()), (3, 8, 8));
    assert!(output.text.contains("digits[0]: class ") && output.text.contains("; steepest at row "), "{}", output.text);
    assert_eq!(output.pictures[0].svg.matches("<image").count(), 6, "each picture, and what it looks at");
    assert_eq!(last(&mut bench, "saliency q on digits[0] class 7").data["classes"], json!([7]));
    let wrong = &bench.mistakes("saliency q on digits[0] class 10")[0];
    assert_eq!(wrong.message, "`q` tells 10 classes, and none with number 10");
    assert_eq!(wrong.expected.as_deref(), Some("a number from 0 to 9"));
    let many = &bench.mistakes("saliency q on digits[0..100]")[0];
    assert_eq!(many.message, "100 pictures are too many to look at");
    let maps = "net m = 64x64x3 - conv 4 - relu - conv 4 1x1 - softmax\nsaliency m on scenes[0]";
    assert!(!bench.mistakes(maps).is_empty());
}

#[test]
fn maps_stand_side_by_side() {
    let mut bench = Bench::new();
    let file = bench.path("maps.npy");
    bench.ok("net q = 8x8x1 - conv 4 - relu - pool, softmax 10\ntrain q on digits for 2 epochs with sgd(lr 0.03)");
    let text =
        format!("saliency q on digits[0..2] with gradient, integrated(steps 400), guided, gradcam save \"{file}\"");
    let output = last(&mut bench, &text);
    let plain = last(&mut bench, "saliency q on digits[0..2]");
    assert_eq!((&plain.data["with"], &output.data["maps"]["gradient"]), (&json!(["gradient"]), &plain.data["maps"]));
    assert_eq!(output.data["with"], json!(["gradient", "integrated", "guided", "gradcam"]));
    assert_eq!(output.pictures[0].svg.matches("<image").count(), 10, "each picture, and four maps of it");
    assert!(output.text.contains("; gradcam most at row "), "{}", output.text);
    let kept = ndarray_npy::read_npy::<_, ndarray::ArrayD<f32>>(&file).unwrap();
    assert_eq!(kept.shape(), [2, 8, 8, 4]);
    // What the pixels are worth together is what the score has over that of a black picture.
    let black = bench.path("black.npy");
    ndarray_npy::write_npy(&black, &ndarray::Array4::<f32>::zeros((1, 8, 8, 1))).unwrap();
    let (scores, classes) = (bench.path("scores.npy"), output.data["classes"].clone());
    bench.ok(&format!("predict q on \"{black}\" save \"{scores}\""));
    let scores = ndarray_npy::read_npy::<_, ndarray::ArrayD<f32>>(&scores).unwrap();
    for sample in 0..2 {
        let class = classes[sample].as_u64().unwrap() as usize;
        let more = output.data["scores"][sample].as_f64().unwrap() - f64::from(scores[[0, class]]);
        let sum: f64 = kept.slice(ndarray::s![sample, .., .., 1]).iter().map(|&value| f64::from(value)).sum();
        assert!((sum - more).abs() < 0.01 * more.abs().max(1.0), "{sum}, {more}");
    }
    let none = &bench.mistakes("net v = 8x8x1 - fc 4 - relu, softmax 10\nsaliency v on digits[0] with gradcam")[0];
    assert_eq!(none.message, "`v` has no layer with maps for `gradcam` to weigh");
}

#[test]
fn maps_of_a_layer_are_weighed_and_kept_as_a_picture() {
    let mut bench = Bench::new();
    bench.ok(
        "net q = 8x8x1 - conv 4 - relu as r1 - dropout as d1 - pool - conv 6 - relu - pool - fc 5 - relu, softmax 10",
    );
    let (file, folder) = (bench.path("maps.png"), bench.path("x.npy"));
    let text =
        format!("saliency q on digits[0..2] with gradcam, gradcam(pool2), gradcam(r1), gradcam(d1) save \"{file}\"");
    let output = last(&mut bench, &text);
    assert_eq!(output.data["with"], json!(["gradcam", "gradcam(pool2)", "gradcam(r1)", "gradcam(d1)"]));
    let maps = &output.data["maps"];
    assert!(maps["gradcam"] == maps["gradcam(pool2)"] && maps["gradcam"] != maps["gradcam(r1)"], "the last maps");
    assert_eq!(maps["gradcam(r1)"], maps["gradcam(d1)"], "dropout does nothing here");
    let kept = image::open(&file).unwrap();
    assert!(kept.width() > 8 * kept.height() / 2 && kept.width() >= 64, "{}x{}", kept.width(), kept.height());
    let mut first = |text: &str| bench.mistakes(&format!("saliency q on digits[0] with {text}"))[0].clone();
    assert_eq!(first("gradcam(fc1)").message, "`fc1` gives 5, and no maps of more than one position");
    assert_eq!(first("gradcam(fc1)").mends[0].text, "pool2");
    assert_eq!(first("gradcam(conv3)").message, "`q` has no layer `conv3`");
    assert_eq!(first("gradcam(input)").message, "`input` is the picture itself");

    // Pictures without labels have classes all the same.
    ndarray_npy::write_npy(&folder, &ndarray::Array4::<f32>::from_elem((2, 8, 8, 1), 0.5)).unwrap();
    let output = last(&mut bench, &format!("data x = npy \"{folder}\"\nsaliency q on x[0] class 9"));
    assert!(output.text.contains("class 9, score "), "{}", output.text);
}

#[test]
fn a_nets_text_comes_from_the_library() {
    let mut bench = Bench::new();
    let output = last(&mut bench, "library resnet50");
    assert_eq!(output.data["net"], "resnet50");
    let text = output.data["text"].as_str().unwrap();
    assert!(output.text.contains("net resnet50 = 224x224x3 - conv 64 7x7/2"), "{}", output.text);
    assert!(output.text.contains("block bottleneck(c, s=1) =") && !output.text.contains("resnet101"));
    // It can be pasted as it stands.
    bench.ok(&format!("{text}summary resnet50"));
    let near = &bench.mistakes("library resnt50")[0];
    assert_eq!(
        (near.message.as_str(), near.expected.as_deref()),
        ("the library has no net `resnt50`", Some("resnet50"))
    );
    let own = &bench.mistakes("net mine = 8x8x1 - fc 3\nlibrary mine")[0];
    assert!(own.help.as_deref().unwrap().contains("`explain mine`"));
    assert!(last(&mut bench, "library").data["nets"].as_array().unwrap().len() > 20);
}

#[test]
fn data_completes_a_net_for_summary_explain_and_bench() {
    let mut bench = Bench::new();
    let net = "net q = input - conv 4 - relu - pool, softmax\n";
    let refused = bench.mistakes(&format!("{net}summary q"))[0].clone();
    assert!(refused.help.as_deref().unwrap().contains("`on` data"), "{refused:?}");
    let summary = last(&mut bench, &format!("{net}summary q on digits, batch 32 train"));
    assert_eq!((&summary.data["layers"][0]["output"], &summary.data["batch"]), (&json!([8, 8, 4]), &json!(32)));
    let explained = last(&mut bench, "explain q on digits");
    assert!(explained.text.contains("8x8x1"), "{}", explained.text);
    let timed = last(&mut bench, "bench q on digits train batch 2");
    assert_eq!((&timed.data["mode"], &timed.data["batch"]), (&json!("train"), &json!(2)));
    let other = &bench.mistakes("net r = 28x28x1 - conv 4 - relu, softmax 10\nsummary r on digits")[0];
    assert!(other.message.contains("28x28x1") && other.message.contains("8x8x1"), "{other:?}");
    assert_eq!(bench.mistakes("summary q on digits[3]")[0].message, "`summary` takes data as a whole");
}
